package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Exponential decays for rate > 0 and grows for rate < 0,
//
//	f(x) = amplitude exp(-rate x)
//
// The time constant is 1/rate, the half-life log(2)/rate. amplitude is the value at x = 0: where x is far from there,
// as calendar years are, subtract the first.
func Exponential() fit.Model {
	return model("Exponential", []string{"amplitude", "rate"}, exponentials(1, false), guessExponentials(1, false))
}

// ExponentialOffset decays to offset for rate > 0 and grows away from it for rate < 0,
//
//	f(x) = amplitude exp(-rate x) + offset
//
// It saturates where amplitude is negative and rate positive. See Exponential.
func ExponentialOffset() fit.Model {
	return model("ExponentialOffset", []string{"amplitude", "rate", "offset"}, exponentials(1, true), guessExponentials(1, true))
}

// DoubleExponential is a sum of two exponentials,
//
//	f(x) = amplitude1 exp(-rate1 x) + amplitude2 exp(-rate2 x)
//
// Guess has rate1 > rate2. Data determine the four only if the rates differ by a factor of about two or more, or the
// noise is low. See Exponential.
func DoubleExponential() fit.Model {
	return model("DoubleExponential", []string{"amplitude1", "rate1", "amplitude2", "rate2"},
		exponentials(2, false), guessExponentials(2, false))
}

// DoubleExponentialOffset is a sum of two exponentials and a constant,
//
//	f(x) = amplitude1 exp(-rate1 x) + amplitude2 exp(-rate2 x) + offset
//
// See DoubleExponential.
func DoubleExponentialOffset() fit.Model {
	return model("DoubleExponentialOffset", []string{"amplitude1", "rate1", "amplitude2", "rate2", "offset"},
		exponentials(2, true), guessExponentials(2, true))
}

func exponentials(n int, offset bool) curve {
	return func(g, b []float64, x float64) (f float64) {
		for k := 0; k < 2*n; k += 2 {
			e := math.Exp(-b[k+1] * x)
			g[k], g[k+1] = e, -b[k]*x*e
			f += b[k] * e
		}
		if offset {
			g[2*n] = 1
			f += b[2*n]
		}
		return f
	}
}

func guessExponentials(n int, offset bool) guess {
	return func(p points) []float64 {
		// From a curve that is nearly a line over the data to one that has decayed at the second point.
		rates := bothSigns(geometric(0.03/p.span, max(30/p.span, 3/p.least), 40/n))
		s := scan{grid: [][]float64{rates}, terms: n}
		if offset {
			s.terms++
		}
		if n == 2 {
			s.grid = append(s.grid, rates)
			s.valid = func(theta, _ []float64) bool { return theta[0] > theta[1] }
		}
		// 1 at the end where it is largest.
		origin := func(rate float64) float64 {
			if rate > 0 {
				return p.lo
			}
			return p.hi
		}
		s.basis = func(phi, theta []float64, x float64) {
			for k, rate := range theta {
				phi[k] = math.Exp(-rate * (x - origin(rate)))
			}
			if offset {
				phi[n] = 1
			}
		}
		theta, c, _ := s.best(p.thin(thinned))
		var b []float64
		for k, rate := range theta {
			b = append(b, c[k]*math.Exp(rate*origin(rate)), rate)
		}
		return append(b, c[n:]...)
	}
}
