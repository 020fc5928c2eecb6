package gradient

import (
	"cmp"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
)

// Smoothing estimates gradients from values along random directions u, which are standard normal or, with Sphere,
// uniform on the unit sphere.
//
//	g = S⁻¹ u (f(x + μSu) - f(x - μSu)) / 2μ    central
//	g = S⁻¹ u (f(x + μSu) - f(x)) / μ           Forward
//	g multiplied by n, the number of variables, on the Sphere
//
// S = diag(Scale). The mean of g is exactly the gradient of a smoothed f, the mean of f(x + μSu) over u (on the Sphere:
// over the ball), which exists even where f has kinks or jumps; for a quadratic f it is ∇, the gradient of f.
//
// On a quadratic with the Hessian A, with S = 1 and an error of standard deviation σ in each value that the two ends do
// not share, the covariance matrix of one direction is
//
//	central    |∇|² + ∇∇ᵀ + σ²/2μ²
//	Forward    the same with 2σ²/μ², and (μ²/4) (((tr A)² + 2 tr A²) + 4 (tr A) A + 8A²) more
//	Sphere     n/(n+2) (|∇|² + 2∇∇ᵀ) - ∇∇ᵀ + nσ²/2μ²    central
//
// where numbers stand for multiples of the unit matrix. The mean over Directions has this divided by their number. All
// values of a draw are given the same Sample.
//
// A draw costs the value of f at x, which is what it returns, and two for each direction (central) or one (Forward).
// The directions are taken from a stream of their own of the Sample. E|g|² is (n+2)|∇|² for normal directions and n|∇|²
// on the Sphere, as for SPSA; its points are all μ away from x, where normal ones are about √n μ. Forward costs half as
// much for a direction; take it where noise cancels and μ can be small. Prefer Smoothing to SPSA where f is not smooth:
// its directions are not bound to the diagonals of a cube.
//
// Reference: Y. Nesterov, V. Spokoiny, Random gradient-free minimization of convex functions, Foundations of
// Computational Mathematics 17, 2017. A. D. Flaxman, A. T. Kalai, H. B. McMahan, Online convex optimization in the
// bandit setting, SODA 2005, for the sphere.
type Smoothing struct {
	// Width is μ > 0, in units of Scale. If it is 0, 0.01 is used, which is for noise that cancels: a first draw that
	// finds two values at the same x and Sample, by one value more, is then an error. Set Width, even to 0.01, for an
	// f that does not repeat its values.
	Width float64
	// Forward takes differences to the value at x, instead of central ones.
	Forward bool
	// Sphere takes directions on the unit sphere, instead of normal ones.
	Sphere bool
	// Scale is S, the unit of each variable, > 0. f should bend over distances of about Scale_i. If it is nil, it is 1
	// for all.
	Scale []float64
	// Directions is how many directions are averaged in a draw. If it is 0, it is 1.
	Directions int
	// Concurrent is how many of the Directions are worked on at once; f must then be safe for concurrent use. The
	// result does not depend on it. If it is 0, it is 1.
	Concurrent int
}

// Oracle returns the Oracle whose value is f and whose gradient is the estimate. f is asked for values only. An error
// of f is returned, and a panic passed on in the goroutine of the caller; of several, that of the direction of least
// index. Normal directions have no bound, so f may be evaluated anywhere. The draw fails if a width is lost in the
// rounding of x.
//
// Oracle panics if f is nil or a field is out of range; the Oracle panics if Scale does not have the length of x.
func (e Smoothing) Oracle(f stochopt.Oracle) stochopt.Oracle {
	if e.Directions < 0 {
		panic(fmt.Sprintf("gradient: Smoothing.Directions = %d, want >= 0", e.Directions))
	}
	n := max(1, e.Directions)
	ds := newDirections("Smoothing", smoothingDirections, f, e.Width, e.Scale, n, e.Concurrent)
	mu := cmp.Or(e.Width, 0.01)
	type draw struct {
		stochopt.Sample
		f float64 // at x
	}
	mean := average.New(n, max(1, e.Concurrent), func(grad, x []float64, s draw, j int) (float64, error) {
		d := ds.get(s.Sample, j, len(x))
		defer ds.put(d)
		factor := 1.0
		if e.Sphere {
			d.sphere()
			factor = float64(len(x))
		} else {
			d.normals()
		}
		up, err := d.value(x, mu, s.Sample)
		if err != nil {
			return 0, err
		}
		slope := (up - s.f) / mu
		if !e.Forward {
			down, err := d.value(x, -mu, s.Sample)
			if err != nil {
				return 0, err
			}
			slope = (up - down) / (2 * mu)
		}
		clear(grad)
		d.add(grad, factor*slope)
		return 0, nil
	})
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		v, err := f(nil, x, s)
		if grad == nil || err != nil {
			return v, err
		}
		if err := ds.check(grad, x, mu); err != nil {
			return v, err
		}
		if err := ds.repeats(v, x, s); err != nil {
			return v, err
		}
		_, err = mean.Eval(grad, x, draw{s, v})
		return v, err
	}
}
