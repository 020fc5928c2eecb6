package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// ErrorStep is a step from 0 to height with the shape of the error function,
//
//	f(x) = height (1 + erf((x - center)/(σ √2)))/2
//
// It rises from 16 % to 84 % of height between center - σ and center + σ. Sum it with Constant or Line if it does not
// start at 0.
func ErrorStep() fit.Model {
	return model("ErrorStep", []string{"height", "center", "sigma"}, func(g, b []float64, x float64) float64 {
		u := (x - b[1]) / b[2]
		s := math.Erfc(-u/math.Sqrt2) / 2
		d := -b[0] * normal(u) / b[2]
		g[0], g[1], g[2] = s, d, d*u
		return b[0] * s
	}, func(p points) []float64 {
		grid := peakGrid(p, 80, 14)
		s := scan{grid: grid, terms: 1, basis: func(phi, theta []float64, x float64) {
			phi[0] = math.Erfc(-(x-theta[0])/(theta[1]*math.Sqrt2)) / 2
		}}
		theta, c, _ := s.best(p.thin(thinned))
		return []float64{c[0], theta[0], theta[1]}
	}, positive("sigma"))
}
