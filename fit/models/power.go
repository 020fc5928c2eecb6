package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Power is a power law, for x > 0; at x = 0 it needs exponent > 0,
//
//	f(x) = amplitude x^exponent
func Power() fit.Model {
	return model("Power", []string{"amplitude", "exponent"}, func(g, b []float64, x float64) float64 {
		e := math.Pow(x, b[1])
		if x == 0 && b[1] > 0 {
			g[0], g[1] = 0, 0
			return 0
		}
		g[0], g[1] = e, b[0]*e*math.Log(x)
		return b[0] * e
	}, func(p points) []float64 {
		unit := p.hi
		s := scan{
			grid:  [][]float64{even(-8, 8, 65)},
			terms: 1,
			basis: func(phi, theta []float64, x float64) { phi[0] = math.Pow(x/unit, theta[0]) },
		}
		if p.lo >= 0 {
			s.grid[0] = even(0.05, 8, 65)
			if p.lo > 0 {
				s.grid[0] = even(-8, 8, 65)
			}
		}
		theta, c, _ := s.best(p)
		return []float64{c[0] * math.Pow(unit, -theta[0]), theta[0]}
	})
}

// GasConstant is R in J/(mol K), as it follows from the SI of 2019.
const GasConstant = 8.31446261815324

// Arrhenius is the rate of a reaction at the absolute temperature x in K, > 0,
//
//	f(x) = prefactor exp(-activation/(R x))
//
// The activation energy is in J/mol. The two are correlated above 0.99 as a rule.
func Arrhenius() fit.Model {
	return model("Arrhenius", []string{"prefactor", "activation"}, func(g, b []float64, x float64) float64 {
		e := math.Exp(-b[1] / (GasConstant * x))
		g[0], g[1] = e, -b[0]*e/(GasConstant*x)
		return b[0] * e
	}, func(p points) []float64 {
		// v = 1/x - 1/hi, and the energy in units in which v spans 1.
		unit := GasConstant / (1/p.lo - 1/p.hi)
		s := scan{
			grid:  [][]float64{bothSigns(geometric(0.02, 50, 40))},
			terms: 1,
			basis: func(phi, theta []float64, x float64) {
				phi[0] = math.Exp(-theta[0] * unit / GasConstant * (1/x - 1/p.hi))
			},
		}
		theta, c, _ := s.best(p.thin(thinned))
		e := theta[0] * unit
		return []float64{c[0] * math.Exp(e/(GasConstant*p.hi)), e}
	})
}
