package models

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// points are data by ascending x, and what a look at them tells.
type points struct {
	x, y, w []float64 // w is 1/σ
	lo, hi  float64   // the ends of x
	span    float64   // hi - lo
	gap     float64   // the median distance of neighbouring different x
	least   float64   // the least of these distances
}

// look sorts d, or says why n parameters of the model called name cannot be guessed from it.
func look(name string, d fit.Data, n int) (points, error) {
	fail := func(format string, a ...any) (points, error) {
		return points{}, fmt.Errorf("models: %s: "+format, append([]any{name}, a...)...)
	}
	if len(d.X) != len(d.Y) || d.Sigma != nil && len(d.Sigma) != len(d.Y) {
		return fail("%d x, %d y and %d sigma, want one of each for every point", len(d.X), len(d.Y), len(d.Sigma))
	}
	order := make([]int, len(d.X))
	for i, x := range d.X {
		order[i] = i
		if len(x) < 1 {
			return fail("x[%d] is empty, want one predictor", i)
		}
		if v := x[0]; math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("x[%d] is %v; leave the point out", i, v)
		}
		if v := d.Y[i]; math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("y[%d] is %v; leave the point out", i, v)
		}
		if d.Sigma != nil && !(d.Sigma[i] > 0 && d.Sigma[i] <= math.MaxFloat64) {
			return fail("sigma[%d] is %v, want > 0", i, d.Sigma[i])
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(d.X[i][0], d.X[j][0]) })
	p := points{}
	flat := true
	var gaps []float64
	for k, i := range order {
		x, w := d.X[i][0], 1.0
		if d.Sigma != nil {
			w = 1 / d.Sigma[i]
		}
		if k > 0 && x > p.x[k-1] {
			gaps = append(gaps, x-p.x[k-1])
		}
		p.x, p.y, p.w = append(p.x, x), append(p.y, d.Y[i]), append(p.w, w)
		flat = flat && p.y[k] == p.y[0]
	}
	if len(gaps)+1 < n || len(order) == 0 {
		return fail("%d different x for %d parameters; measure at more, or choose a curve with fewer parameters",
			min(len(gaps)+1, len(order)), n)
	}
	if flat && n > 1 && name != "Line" && name != "Polynomial" {
		return fail("all y are %v, which tells nothing of the curve; fit Constant, or set the starts yourself", p.y[0])
	}
	p.lo, p.hi = p.x[0], p.x[len(p.x)-1]
	p.span = p.hi - p.lo
	if len(gaps) > 0 {
		slices.Sort(gaps)
		p.least, p.gap = gaps[0], gaps[len(gaps)/2]
	}
	return p, nil
}

// thin returns means of neighbours, at most n of them, with the weights of means. Ends, gaps and span stay.
func (p points) thin(n int) points {
	if len(p.x) <= n {
		return p
	}
	t := p
	t.x, t.y, t.w = nil, nil, nil
	for k := range n {
		from, to := k*len(p.x)/n, (k+1)*len(p.x)/n
		var x, y, w float64
		for i := from; i < to; i++ {
			w2 := p.w[i] * p.w[i]
			x, y, w = x+w2*p.x[i], y+w2*p.y[i], w+w2
		}
		t.x, t.y, t.w = append(t.x, x/w), append(t.y, y/w), append(t.w, math.Sqrt(w))
	}
	return t
}

// window returns points from to to, with their own ends and span.
func (p points) window(from, to int) points {
	p.x, p.y, p.w = p.x[from:to], p.y[from:to], p.w[from:to]
	p.lo, p.hi = p.x[0], p.x[len(p.x)-1]
	p.span = p.hi - p.lo
	return p
}

// noise is an estimate of the variance of the weighted y around a smooth curve, from the median square of their second
// or fourth differences, whichever is less.
func (p points) noise() float64 {
	least := math.Inf(1)
	for _, stencil := range [][]float64{{1, -2, 1}, {1, -4, 6, -4, 1}} {
		var squares []float64
		for i := range max(0, len(p.x)-len(stencil)+1) {
			var d float64
			for k, c := range stencil {
				d += p.w[i+k] * c * p.y[i+k]
			}
			squares = append(squares, d*d/dot(stencil, stencil))
		}
		if len(squares) == 0 {
			return 0
		}
		slices.Sort(squares)
		least = min(least, squares[len(squares)/2]/0.4549) // the median of χ² with one degree of freedom
	}
	return least
}
