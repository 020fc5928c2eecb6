package models

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// isLinear reports whether the derivatives do not depend on the parameters. A derivative that is 0 at all points tells
// nothing: that of a peak is so where all points are far from the parameters tried.
func isLinear(t fit.Model, x [][]float64) bool {
	n := len(t.Parameters)
	one, other, g, h := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for j := range n {
		one[j], other[j] = 1, float64(j)+2.5
	}
	felt := make([]bool, n)
	for _, at := range x {
		f := t.Func(g, one, at)
		t.Func(h, other, at)
		var sum float64
		for j := range g {
			if g[j] != h[j] {
				return false
			}
			felt[j] = felt[j] || g[j] != 0
			sum += g[j]
		}
		if math.Abs(f-sum) > 1e-9*(math.Abs(f)+math.Abs(sum)) {
			return false
		}
	}
	return !slices.Contains(felt, false)
}

// fitBackground fits the linear terms by least squares with weights that are found by iteration: those of bias, or of
// least absolute deviations.
func (p *peeling) fitBackground(terms []int, bias float64) error {
	n := 0
	for _, k := range terms {
		n += len(p.s[k].Parameters)
	}
	if n == 0 {
		return nil
	}
	design, zero := make([][]float64, len(p.d.Y)), make([]float64, n)
	for i, x := range p.d.X {
		design[i] = make([]float64, n)
		from := 0
		for _, k := range terms {
			to := from + len(p.s[k].Parameters)
			p.s[k].Func(design[i][from:to], zero[from:to], x)
			from = to
		}
	}
	l := newLinear(points{x: make([]float64, len(design)), y: p.d.Y, w: make([]float64, len(design))}, n)
	left := make([]float64, len(design))
	var c []float64
	for round := range 20 {
		var size float64
		for _, r := range left {
			size += math.Abs(r) / float64(len(left))
		}
		for i, r := range left {
			w := 1.0
			switch {
			case round == 0:
			case bias == 0:
				w = 1 / math.Sqrt(math.Abs(r)+0.01*size+math.SmallestNonzeroFloat64)
			case r > 0:
				w = math.Sqrt(bias)
			default:
				w = math.Sqrt(1 - bias)
			}
			l.p.w[i] = w / p.sigma(i)
			for j, v := range design[i] {
				l.column[j][i] = l.p.w[i] * v
			}
		}
		var rss float64
		if c, rss = l.solve(); math.IsInf(rss, 0) {
			return fmt.Errorf("models: Sum: the linear terms are not finite at the data")
		}
		for i, row := range design {
			left[i] = p.d.Y[i] - dot(row, c)
		}
	}
	for _, k := range terms {
		m := len(p.s[k].Parameters)
		for j, name := range p.s[k].Parameters {
			p.parameters[k] = append(p.parameters[k], fit.Parameter{Name: name, Start: c[j]})
		}
		c = c[m:]
	}
	return nil
}
