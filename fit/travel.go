package fit

import (
	"context"
	"math"

	"github.com/stochopt/stochopt"
)

// travel takes steps of Adam from p on log RSS and returns the point with the lowest RSS on the way, p itself included.
// The way ends early where the curve is not finite. The variables are u = b/σ, where σ is |b| at the start or, where that
// is 0, the change of b that moves the curve by the length of the residuals; so the way does not depend on units.
//
// The logarithm keeps the size of the gradient while RSS falls by orders of magnitude, which Adam's memory of a thousand
// steps would otherwise answer by standing still.
func travel(ctx context.Context, c *curve, p *point, steps int, size float64) (*point, error) {
	a := &stochopt.Adam{StepSize: size}
	a.Reset(c.n)
	best, here := p.clone(), p.clone()
	scale, u, g := make([]float64, c.n), make([]float64, c.n), make([]float64, c.n)
	for j, b := range p.b {
		scale[j] = math.Abs(b)
		if b == 0 {
			scale[j] = math.Sqrt(p.rss) / c.columnNorm(p, j)
		}
		if scale[j] == 0 || !finite(scale[j]) {
			return best, nil // a perfect start
		}
		u[j] = b / scale[j]
	}
	for range steps {
		if ctx.Err() != nil {
			return best, errCancelled
		}
		if here.rss == 0 {
			break
		}
		clear(g)
		for i, r := range here.r {
			for j, d := range here.row(i) {
				g[j] += float64(r * d)
			}
		}
		for j := range g {
			g[j] *= 2 * scale[j] / here.rss
			if !finite(g[j] * g[j]) {
				return best, nil
			}
		}
		a.Step(u, g)
		for j := range u {
			here.b[j] = scale[j] * u[j]
		}
		if !c.eval(here, false) {
			break
		}
		if here.rss < best.rss {
			best, here = here, best
			copy(here.b, best.b)
			copy(here.r, best.r)
			copy(here.jac, best.jac)
			here.rss = best.rss
		}
	}
	return best, nil
}
