package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// MichaelisMenten is the rate of an enzyme at the concentration x >= 0 of its substrate, and Langmuir's isotherm,
//
//	f(x) = vmax x/(km + x)
//
// It is vmax/2 at x = km.
func MichaelisMenten() fit.Model {
	return model("MichaelisMenten", []string{"vmax", "km"}, func(g, b []float64, x float64) float64 {
		d := b[1] + x
		g[0], g[1] = x/d, -b[0]*x/(d*d)
		return b[0] * x / d
	}, func(p points) []float64 {
		s := scan{
			grid:  [][]float64{geometric(1e-4*p.hi, 1e3*p.hi, 60)},
			terms: 1,
			basis: func(phi, theta []float64, x float64) { phi[0] = x / (theta[0] + x) },
		}
		theta, c, _ := s.best(p.thin(thinned))
		return []float64{c[0], theta[0]}
	}, positive("km"))
}

// Hill is the response to the concentration x >= 0 of a ligand that binds cooperatively,
//
//	f(x) = maximum xⁿ/(halfⁿ + xⁿ),   n = coefficient
//
// It is maximum/2 at half, the EC50. For coefficient < 0 it falls from maximum at x = 0.
func Hill() fit.Model {
	return model("Hill", []string{"maximum", "half", "coefficient"}, func(g, b []float64, x float64) float64 {
		s, h, n := saturation(b[1], b[2], x)
		g[0], g[1], g[2] = s, b[0]*h, b[0]*n
		return b[0] * s
	}, guessHill(false), positive("half"))
}

// Hill4 is Hill between two responses, the logistic curve of log x with four parameters that dose-response curves are
// fitted with,
//
//	f(x) = lower + (upper - lower) xⁿ/(halfⁿ + xⁿ),   n = coefficient
//
// Guess has lower < upper, so that the sign of coefficient tells whether the curve rises.
func Hill4() fit.Model {
	return model("Hill4", []string{"lower", "upper", "half", "coefficient"}, func(g, b []float64, x float64) float64 {
		s, h, n := saturation(b[2], b[3], x)
		d := b[1] - b[0]
		rest, _, _ := saturation(b[2], -b[3], x) // 1-s
		g[0], g[1], g[2], g[3] = rest, s, d*h, d*n
		return b[0] + d*s
	}, guessHill(true), positive("half"))
}

// saturation is s = xⁿ/(hⁿ + xⁿ) with ∂s/∂h and ∂s/∂n.
func saturation(h, n, x float64) (s, byHalf, byCoefficient float64) {
	if x == 0 {
		if n < 0 {
			s = 1
		}
		return s, 0, 0
	}
	d := math.Log(x / h)
	s = 1 / (1 + math.Exp(-n*d))
	slope := s / (1 + math.Exp(n*d))
	return s, -slope * n / h, slope * d
}

func guessHill(two bool) guess {
	return func(p points) []float64 {
		low := p.hi
		for _, x := range p.x {
			if x > 0 {
				low = min(low, x)
			}
		}
		s := scan{
			grid:  [][]float64{geometric(low/5, p.hi*5, 33), bothSigns(geometric(0.25, 16, 14))},
			terms: 1,
			basis: func(phi, theta []float64, x float64) {
				phi[0], _, _ = saturation(theta[0], theta[1], x)
				if two {
					phi[1] = 1
				}
			},
		}
		if two {
			s.terms, s.grid[1] = 2, geometric(0.25, 16, 14)
		}
		theta, c, _ := s.best(p)
		if !two {
			return []float64{c[0], theta[0], theta[1]}
		}
		lower, upper, n := c[1], c[0]+c[1], theta[1]
		if lower > upper {
			lower, upper, n = upper, lower, -n
		}
		return []float64{lower, upper, theta[0], n}
	}
}
