package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Gaussian is the peak of the shape of a normal density,
//
//	f(x) = area/(σ √(2π)) exp(-(x-center)²/(2σ²))
//
// Its height is 0.398942 area/σ, its full width at half maximum 2√(2 log 2) σ = 2.354820 σ.
func Gaussian() fit.Model {
	return model("Gaussian", []string{"area", "center", "sigma"}, func(g, b []float64, x float64) float64 {
		u := (x - b[1]) / b[2]
		n := normal(u) / b[2]
		f := b[0] * n
		g[0], g[1], g[2] = n, f*u/b[2], f*(u*u-1)/b[2]
		return f
	}, guessPeak(normal), positive("sigma"))
}

// normal is the standard normal density.
func normal(u float64) float64 { return math.Exp(-u*u/2) / math.Sqrt(2*math.Pi) }

// Lorentzian is the peak of a resonance, with the shape of Cauchy's density,
//
//	f(x) = area/(π γ (1 + (x-center)²/γ²))
//
// Its height is area/(π γ), its full width at half maximum 2 γ.
func Lorentzian() fit.Model {
	return model("Lorentzian", []string{"area", "center", "gamma"}, func(g, b []float64, x float64) float64 {
		u := (x - b[1]) / b[2]
		n := cauchy(u) / b[2]
		f, q := b[0]*n, 1+u*u
		g[0], g[1], g[2] = n, f*2*u/(q*b[2]), f*(u*u-1)/(q*b[2])
		return f
	}, guessPeak(cauchy), positive("gamma"))
}

func cauchy(u float64) float64 { return 1 / (math.Pi * (1 + u*u)) }

// PseudoVoigt is the sum of a Lorentzian and a Gaussian of equal center and full width at half maximum,
//
//	f(x) = area [fraction L(x) + (1 - fraction) G(x)]
//	L(x) = 2/(π fwhm (1 + 4 u²)),   G(x) = 2/fwhm √(log(2)/π) exp(-4 log(2) u²),   u = (x - center)/fwhm
//
// It comes near to Voigt and needs no special function, but its parameters have no meaning of their own. fraction has
// the bounds 0 and 1.
func PseudoVoigt() fit.Model {
	return model("PseudoVoigt", []string{"area", "center", "fwhm", "fraction"}, func(g, b []float64, x float64) float64 {
		w := b[2]
		u := (x - b[1]) / w
		q := 1 + 4*u*u
		l, n := lorentzFWHM(u)/w, gaussFWHM(u)/w
		lc, nc := b[0]*b[3]*l, b[0]*(1-b[3])*n
		g[0] = b[3]*l + (1-b[3])*n
		g[1] = (lc*8*u/q + nc*8*math.Ln2*u) / w
		g[2] = (lc*(8*u*u/q-1) + nc*(8*math.Ln2*u*u-1)) / w
		g[3] = b[0] * (l - n)
		return lc + nc
	}, func(p points) []float64 {
		s := scan{
			grid:  peakGrid(p, 40, 10),
			terms: 2,
			basis: func(phi, theta []float64, x float64) {
				u := (x - theta[0]) / theta[1]
				phi[0], phi[1] = lorentzFWHM(u)/theta[1], gaussFWHM(u)/theta[1]
			},
			valid: func(_, c []float64) bool { return c[0]*c[1] >= 0 },
		}
		theta, c, _ := s.best(p.thin(thinned))
		area := c[0] + c[1]
		if area == 0 { // no grid point with both of one sign
			b := guessPeak(gaussFWHM)(p)
			return append(b, 0.5)
		}
		return []float64{area, theta[0], theta[1], min(max(c[0]/area, 0.01), 0.99)}
	}, positive("fwhm"), fit.Parameter{Name: "fraction", Upper: 1})
}

// lorentzFWHM and gaussFWHM have area 1 and full width 1.
func lorentzFWHM(u float64) float64 { return 2 / (math.Pi * (1 + 4*u*u)) }
func gaussFWHM(u float64) float64   { return 2 * math.Sqrt(math.Ln2/math.Pi) * math.Exp(-4*math.Ln2*u*u) }

// peakGrid are centers between the ends of x, and widths from half the distance of points to all of x.
func peakGrid(p points, centers, widths int) [][]float64 {
	return [][]float64{
		even(p.lo, p.hi, min(centers, 2*len(p.x))),
		geometric(min(p.gap/2, p.span/20), p.span, widths),
	}
}

// guessPeak scans center and width of a peak whose shape has area 1.
func guessPeak(shape func(u float64) float64) guess {
	return func(p points) []float64 {
		s := scan{
			grid:  peakGrid(p, 80, 14),
			terms: 1,
			basis: func(phi, theta []float64, x float64) { phi[0] = shape((x-theta[0])/theta[1]) / theta[1] },
		}
		theta, c, _ := s.best(p.thin(thinned))
		return []float64{c[0], theta[0], theta[1]}
	}
}
