package stochopt_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// sfoCase is a run of SFO: the terms that it asks for and the points where, one after the other, without repetitions.
type sfoCase struct {
	Name, Mistake, Objective string
	X0                       []float64
	Terms                    int
	Seed                     uint64
	Asked                    []int
	Points                   [][]float64
}

// sfoTerms are the terms of testdata/golden/sfo.py, operation by operation.
var sfoTerms = map[string]func(grad, x []float64, i int) float64{
	"rosenbrock": func(grad, x []float64, i int) (f float64) {
		if i%4 == 2 {
			f = 100
		}
		for j := 0; j < len(x); j += 2 {
			a, b := x[j], x[j+1]
			c, s := float64(10+5*(i%4)), float64(i-3)/16
			r, q := b-float64(a*a)-s, 1-a+s
			f += float64(c*r*r) + float64(q*q)
			grad[j] = float64(-4*c*a*r) - float64(2*q)
			grad[j+1] = 2 * c * r
		}
		return f
	},
	"scales": func(grad, x []float64, i int) (f float64) {
		for j, v := range x {
			h := math.Ldexp(1, 4*j-10) * (1 + float64((i+j)%3)/4)
			u := v - float64((3*i+j)%5-2)/4
			f += float64(h * (float64(u*u/2) + float64(u*u*u*u/16)))
			grad[j] = h * (u + float64(u*u*u/4))
		}
		return f
	},
	"chain": func(grad, x []float64, i int) (f float64) {
		for j, v := range x {
			u := v - float64((i+2*j)%7)/4
			f += float64(u*u*u*u/8) + float64(u*u/4)
			grad[j] = float64(u*u*u/2) + u/2
		}
		for j := range len(x) - 1 {
			k := float64(1 + (i+j)%3)
			u := x[j+1] - x[j]
			f += float64(k * u * u / 2)
			grad[j] -= float64(k * u)
			grad[j+1] += float64(k * u)
		}
		return f
	},
}

func readSFOGolden(t *testing.T) []sfoCase {
	t.Helper()
	data, err := os.ReadFile("testdata/golden/sfo.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []sfoCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// deviation follows c and returns how far the points are from its own, relative to the longest way of the component from the
// start so far, and the evaluation at which another term is asked for, or -1.
func (c *sfoCase) deviation(t *testing.T) (worst float64, other int) {
	r := &method.SFO{Terms: c.Terms, Seed: c.Seed}
	x, g, far := slices.Clone(c.X0), make([]float64, len(c.X0)), make([]float64, len(c.X0))
	r.Reset(len(x))
	last := stochopt.Sample{Step: -1}
	for k := 0; k < len(c.Points); {
		s, err := r.Draw(stochopt.Sample{})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.Clone(x)
		f := sfoTerms[c.Objective](g, x, s.Step)
		r.Observe(f)
		r.Step(x, g)
		if repeated := s == last; repeated {
			last.Step = -1
			continue
		}
		if last.Step = -1; slices.Equal(x, at) { // it will be repeated
			last = s
		}
		if s.Step != c.Asked[k] {
			return worst, k
		}
		for i, w := range c.Points[k] {
			far[i] = max(far[i], abs(w-c.X0[i]))
			if at[i] != w {
				worst = max(worst, abs(at[i]-w)/far[i])
			}
		}
		k++
	}
	return worst, -1
}

// TestGoldenSFO holds SFO to a reference in 40 digits, over hundreds of evaluations in the whole space and in a subspace that is
// reduced 13 times, with rejected steps, and tells it from references that have a mistake. The tolerance is not smaller since the
// first steps are as short as 1e-8 of x, of which rounding is another 1e-8, and errors of rounding grow on the way: a
// thousandfold over the 200 evaluations of the first case.
func TestGoldenSFO(t *testing.T) {
	const tol = 1e-8
	mistakes := 0
	for _, c := range readSFOGolden(t) {
		d, other := c.deviation(t)
		t.Logf("%s, %q: off by %.2g, another term at %d of %d", c.Name, c.Mistake, d, other, len(c.Points))
		if c.Mistake == "" && (other >= 0 || !(d <= tol)) {
			t.Errorf("%s: off by %.2g, want <= %g; another term at %d", c.Name, d, tol, other)
		}
		if c.Mistake != "" {
			mistakes++
			if other < 0 && d < 1e4*tol {
				t.Errorf("%s, %s: off by %.2g only", c.Name, c.Mistake, d)
			}
		}
	}
	if mistakes != 14 {
		t.Errorf("%d mistakes, want 14", mistakes)
	}
}
