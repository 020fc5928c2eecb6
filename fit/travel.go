package fit

import (
	"context"
	"math"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
)

// travel takes steps of Adam from p on the logarithm of the objective and returns the point with the lowest one on the
// way, p itself included. The way ends early where the curve is not finite. Bounds are kept by
// projection. Adam's variables are u/scale, where scale is
// that of the search or, where it is 0, the change of u that moves the curve by the length of the residuals; so the way
// does not depend on units.
//
// The logarithm keeps the size of the gradient while the objective falls by orders of magnitude, which Adam's memory of a thousand
// steps would otherwise answer by standing still.
func (f *search) travel(ctx context.Context, p *point) (*point, error) {
	c := f.c
	a := &stochopt.Adam{StepSize: f.stepSize}
	a.Reset(c.n)
	best, here := c.clone(p), c.clone(p)
	scale, u, g := make([]float64, c.n), make([]float64, c.n), make([]float64, c.n)
	for j, v := range p.u {
		scale[j] = f.scale[j]
		if scale[j] == 0 {
			scale[j] = math.Sqrt(p.f) / c.columnNorm(p, j)
		}
		if scale[j] == 0 || !finite(scale[j]) {
			return best, nil // a perfect start
		}
		u[j] = v / scale[j]
	}
	for range f.adamSteps {
		if ctx.Err() != nil {
			return best, errCancelled
		}
		if err := f.lm.progress.record(c, here, optimize.MajorIteration); err != nil {
			return best, err
		}
		if here.f == 0 {
			break
		}
		clear(g)
		for i, r := range here.r {
			for j, d := range here.row(i) {
				g[j] += float64(r * d)
			}
		}
		for j := range g {
			g[j] *= 2 * scale[j] / here.f
			if !finite(g[j] * g[j]) {
				return best, nil
			}
		}
		a.Step(u, g)
		for j := range u {
			here.u[j] = min(max(scale[j]*u[j], c.lower[j]), c.upper[j])
			if c.atBound(here.u, j) != 0 {
				u[j] = here.u[j] / scale[j]
			}
		}
		if !c.eval(here) {
			break
		}
		if here.f < best.f {
			best.set(here)
		}
	}
	return best, nil
}
