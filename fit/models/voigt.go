package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/internal/faddeeva"
)

// Voigt is the convolution of a Gaussian of standard deviation σ and a Lorentzian of half width γ, the line of a
// resonance that is broadened by motion or by the instrument,
//
//	f(x) = area/(σ √(2π)) Re w(z),   z = (x - center + iγ)/(σ √2)
//
// with the Faddeeva function w, which is computed to 14 digits. Its full width at half maximum is 1.0692 γ + √(0.8664
// γ² + 5.5452 σ²) within 0.02 % (J. J. Olivero, R. L. Longbothum, Empirical fits to the Voigt line width, J. Quant.
// Spectrosc. Radiat. Transfer 17, 1977). σ must be > 0; at γ = 0, its lower bound, the peak is Gaussian.
func Voigt() fit.Model {
	return model("Voigt", []string{"area", "center", "sigma", "gamma"}, func(g, b []float64, x float64) float64 {
		s := b[2] * math.Sqrt2
		z := complex((x-b[1])/s, b[3]/s)
		w, d := faddeeva.W(z)
		n := 1 / (math.SqrtPi * s)
		a := b[0] * n / s
		g[0] = n * real(w)
		g[1] = -a * real(d)
		g[2] = -a * math.Sqrt2 * real(w+z*d)
		g[3] = -a * imag(d)
		return b[0] * g[0]
	}, func(p points) []float64 {
		grid := append(peakGrid(p, 40, 10), []float64{0.1, 0.5, 0.9}) // center, width, Lorentzian part of it
		split := func(theta []float64) (sigma, gamma float64) {
			return theta[1] * (1 - theta[2]) / 2.355, theta[1] * theta[2] / 2
		}
		s := scan{grid: grid, terms: 1, basis: func(phi, theta []float64, x float64) {
			sigma, gamma := split(theta)
			w, _ := faddeeva.W(complex((x-theta[0])/(sigma*math.Sqrt2), gamma/(sigma*math.Sqrt2)))
			phi[0] = real(w) / (sigma * math.Sqrt(2*math.Pi))
		}}
		theta, c, _ := s.best(p.thin(thinned / 2))
		sigma, gamma := split(theta)
		return []float64{c[0], theta[0], sigma, gamma}
	}, positive("sigma"), positive("gamma"))
}

// ExponentialGaussian is the convolution of a Gaussian of standard deviation σ around center and an exponential decay
// with time constant τ towards larger x, the exponentially modified Gaussian of chromatography,
//
//	f(x) = area/(2τ) exp(σ²/(2τ²) - (x-center)/τ) erfc((σ/τ - (x-center)/σ)/√2)
//
// Its mean is center + τ and its variance σ² + τ². For a tail to the left turn the sign of x.
func ExponentialGaussian() fit.Model {
	return model("ExponentialGaussian", []string{"area", "center", "sigma", "tau"}, func(g, b []float64, x float64) float64 {
		sigma, tau := b[2], b[3]
		u := (x - b[1]) / sigma
		n := normal(u) / sigma
		e := tailed(u, sigma/tau) / tau
		// The convolution solves τ f′ + f = area n, and ∂f/∂σ = σ f″.
		d := (n - e) / tau
		dd := (-u/sigma*n - d) / tau
		r := sigma / tau
		g[0] = e
		g[1] = -b[0] * d
		g[2] = b[0] * sigma * dd
		g[3] = b[0] / tau * (e*(u*r-r*r-1) + n*r*r)
		return b[0] * e
	}, func(p points) []float64 {
		s := scan{
			grid:  append(peakGrid(p, 40, 9), geometric(0.2, 8, 6)), // center, width, τ/σ
			terms: 1,
			basis: func(phi, theta []float64, x float64) {
				phi[0] = tailed((x-theta[0])/theta[1], 1/theta[2]) / (theta[1] * theta[2])
			},
		}
		theta, c, _ := s.best(p.thin(thinned / 2))
		return []float64{c[0], theta[0], theta[1], theta[1] * theta[2]}
	}, positive("sigma"), positive("tau"))
}

// tailed is exp(r²/2 - u r) erfc((r - u)/√2)/2, without overflow.
func tailed(u, r float64) float64 {
	q := (r - u) / math.Sqrt2
	if q < 0 {
		return math.Exp(r*(r/2-u)) * math.Erfc(q) / 2
	}
	w, _ := faddeeva.W(complex(0, q)) // exp(q²) erfc(q)
	return math.Exp(-u*u/2) * real(w) / 2
}
