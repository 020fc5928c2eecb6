package gradient

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// SkipNonFinite returns the Oracle that passes over draws of o with a value or gradient component that is NaN or infinite:
// it draws again, at most n times, and returns the last draw as it is if none was finite, which ends a run.
//
//	draw 0 at s; draw j = 1, ..., n at s with Probe ((Probe n) + j), complemented
//
// It is for simulations that fail now and then. What a method sees then is the objective given that the draw is finite:
// where failures depend on x, its minimum is another. It does not help where f is not finite at x whatever the draw.
// Errors of o are returned as they are: they are its own way to end a run.
//
// o is always asked for the gradient as well, so that a value alone is that of the same draw; it must have one. (Differences
// go inside: all their values must be of one draw.) One inside another would try the same draws again. It keeps a few
// gradients.
//
// SkipNonFinite panics if o is nil or n < 1.
func SkipNonFinite(o stochopt.Oracle, n int) stochopt.Oracle {
	switch {
	case o == nil:
		panic("gradient: SkipNonFinite of a nil Oracle")
	case n < 1:
		panic(fmt.Sprintf("gradient: SkipNonFinite with n = %d draws more, want >= 1", n))
	}
	var unwanted freelist.Slices[float64] // gradients
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad == nil {
			grad = unwanted.Take(len(x))
			defer unwanted.Put(grad)
		}
		f, err := o(grad, x, s)
		for j, t := 1, s; j <= n && err == nil && !finiteDraw(f, grad); j++ {
			t.Probe = ^(s.Probe*n + j)
			f, err = o(grad, x, t)
		}
		return f, err
	}
}
