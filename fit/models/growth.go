package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Logistic is the S-shaped curve of growth with three parameters. It rises from 0 for rate > 0 and falls to 0 for
// rate < 0,
//
//	f(x) = asymptote/(1 + exp(-rate (x - midpoint)))
//
// It is asymptote/2 at midpoint, where its slope is asymptote rate/4.
func Logistic() fit.Model {
	return model("Logistic", []string{"asymptote", "rate", "midpoint"}, func(g, b []float64, x float64) float64 {
		s, r, m := sigmoid(b[1], x-b[2])
		g[0], g[1], g[2] = s, b[0]*r, b[0]*m
		return b[0] * s
	}, guessSigmoid(logistic, false))
}

// Logistic4 is Logistic between two asymptotes,
//
//	f(x) = lower + (upper - lower)/(1 + exp(-rate (x - midpoint)))
//
// Guess has lower < upper, so that the sign of rate tells whether the curve rises.
func Logistic4() fit.Model {
	return model("Logistic4", []string{"lower", "upper", "rate", "midpoint"}, func(g, b []float64, x float64) float64 {
		s, r, m := sigmoid(b[2], x-b[3])
		d := b[1] - b[0]
		g[0], g[1], g[2], g[3] = 1/(1+math.Exp(b[2]*(x-b[3]))), s, d*r, d*m // the first is 1-s
		return b[0] + d*s
	}, func(p points) []float64 {
		b := guessSigmoid(logistic, true)(p)
		if b[0] > b[1] { // the same curve
			b[0], b[1], b[2] = b[1], b[0], -b[2]
		}
		return b
	})
}

// sigmoid is s = 1/(1+exp(-k d)) with ∂s/∂k and -∂s/∂d.
func sigmoid(k, d float64) (s, byRate, byMidpoint float64) {
	s = 1 / (1 + math.Exp(-k*d))
	slope := s / (1 + math.Exp(k*d)) // s (1-s), right in both tails
	return s, slope * d, -slope * k
}

// Gompertz is the curve of growth that slows down early, with three parameters,
//
//	f(x) = asymptote exp(-exp(-rate (x - inflection)))
//
// It is asymptote/e at inflection, where its slope is asymptote rate/e. For rate < 0 it falls from asymptote to 0.
func Gompertz() fit.Model {
	return model("Gompertz", []string{"asymptote", "rate", "inflection"}, func(g, b []float64, x float64) float64 {
		s, r, m := doubleExp(b[1], x-b[2])
		g[0], g[1], g[2] = s, b[0]*r, b[0]*m
		return b[0] * s
	}, guessSigmoid(gompertz, false))
}

// Gompertz4 is Gompertz between two asymptotes,
//
//	f(x) = lower + (upper - lower) exp(-exp(-rate (x - inflection)))
//
// The curve is steeper on the side of lower. lower is the larger of the two where data ask for that.
func Gompertz4() fit.Model {
	return model("Gompertz4", []string{"lower", "upper", "rate", "inflection"}, func(g, b []float64, x float64) float64 {
		s, r, m := doubleExp(b[2], x-b[3])
		d := b[1] - b[0]
		g[0], g[1], g[2], g[3] = -math.Expm1(-math.Exp(-b[2]*(x-b[3]))), s, d*r, d*m // the first is 1-s
		return b[0] + d*s
	}, guessSigmoid(gompertz, true))
}

// doubleExp is s = exp(-exp(-k d)) with ∂s/∂k and -∂s/∂d.
func doubleExp(k, d float64) (s, byRate, byInflection float64) {
	e := math.Exp(-k * d)
	slope := math.Exp(-k*d - e) // s e, 0 where e overflows
	return math.Exp(-e), slope * d, -slope * k
}

func logistic(k, d float64) float64 { return 1 / (1 + math.Exp(-k*d)) }
func gompertz(k, d float64) float64 { return math.Exp(-math.Exp(-k * d)) }

// guessSigmoid scans rate and midpoint, for rising and falling curves apart. With two asymptotes the parameters are
// lower, upper, rate, midpoint.
func guessSigmoid(shape func(k, d float64) float64, two bool) guess {
	return func(p points) []float64 {
		rates := geometric(1/p.span, max(40/p.span, 4/p.least), 18)
		s := scan{terms: 1, basis: func(phi, theta []float64, x float64) {
			phi[0] = shape(theta[0], x-theta[1])
			if two {
				phi[1] = 1
			}
		}}
		if two {
			s.terms = 2
		}
		thin, middles := p.thin(thinned/2), even(p.lo-p.span/2, p.hi+p.span/2, 49)
		s.grid = [][]float64{rates, middles}
		theta, c, rss := s.best(thin)
		s.grid = [][]float64{negative(rates), middles}
		if other, d, r := s.best(thin); r < rss {
			theta, c = other, d
		}
		if !two {
			return []float64{c[0], theta[0], theta[1]}
		}
		return []float64{c[1], c[0] + c[1], theta[0], theta[1]}
	}
}
