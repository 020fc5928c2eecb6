package models

import (
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Sinusoid is a wave around 0,
//
//	f(x) = amplitude sin(2π frequency x + phase)
//
// The period is 1/frequency; phase is in radians, at x = 0. Guess looks for frequencies up to half of one over the
// median distance of neighbouring x, in steps of a tenth of one over the length of x, which makes it a least-squares
// periodogram as those of Lomb and Scargle (J. D. Scargle, Studies in astronomical time series analysis II, Astrophys.
// J. 263, 1982); its amplitude is positive and its phase between -π and π.
func Sinusoid() fit.Model {
	return model("Sinusoid", []string{"amplitude", "frequency", "phase"}, wave(false, false), guessWave(false, false), positive("frequency"))
}

// SinusoidOffset is a wave around offset,
//
//	f(x) = amplitude sin(2π frequency x + phase) + offset
//
// See Sinusoid.
func SinusoidOffset() fit.Model {
	return model("SinusoidOffset", []string{"amplitude", "frequency", "phase", "offset"}, wave(false, true), guessWave(false, true),
		positive("frequency"))
}

// DampedOscillation is a wave that decays, or grows for rate < 0,
//
//	f(x) = amplitude exp(-rate x) sin(2π frequency x + phase)
//
// amplitude is that at x = 0. The quality factor is π frequency/rate. See Sinusoid.
func DampedOscillation() fit.Model {
	return model("DampedOscillation", []string{"amplitude", "rate", "frequency", "phase"}, wave(true, false), guessWave(true, false),
		positive("frequency"))
}

// DampedOscillationOffset is a wave that decays to offset,
//
//	f(x) = amplitude exp(-rate x) sin(2π frequency x + phase) + offset
//
// See DampedOscillation.
func DampedOscillationOffset() fit.Model {
	return model("DampedOscillationOffset", []string{"amplitude", "rate", "frequency", "phase", "offset"}, wave(true, true),
		guessWave(true, true), positive("frequency"))
}

func wave(damped, offset bool) curve {
	return func(g, b []float64, x float64) (f float64) {
		j, e := 1, 1.0
		if damped {
			e, j = math.Exp(-b[1]*x), 2
		}
		sin, cos := math.Sincos(2*math.Pi*b[j]*x + b[j+1])
		g[0] = e * sin
		f = b[0] * g[0]
		if damped {
			g[1] = -x * f
		}
		g[j], g[j+1] = b[0]*e*cos*2*math.Pi*x, b[0]*e*cos
		if offset {
			g[j+2] = 1
			f += b[j+2]
		}
		return f
	}
}

// guessWave scans frequency and, if damped, rate. Of many points it takes a window, which knows the high frequencies,
// and means of neighbours, which know the low ones; the start from a window is brought to all points by doubling it.
func guessWave(damped, offset bool) guess {
	return func(p points) []float64 {
		limit := 1000 // so that a guess takes no more than a fraction of a second
		if damped {
			limit = 200
		}
		// near are frequencies around f, which is known from the given span.
		near := func(f, span float64, q points) []float64 {
			return even(max(f-1/span, 0.1/q.span), f+1/span, 41)
		}
		part := p.window(0, min(limit, len(p.x)))
		s := newWaveScan(part, frequencies(part, damped), damped, offset)
		theta, c, rss := s.best(part)
		for n := len(part.x); n < len(p.x); {
			span := part.span
			n = min(2*n, len(p.x))
			part = p.window(0, n)
			s = newWaveScan(part, near(theta[0], span, part), damped, offset)
			theta, c, rss = s.best(part)
		}
		b := s.parameters(theta, c)
		if len(p.x) > limit {
			means := p.thin(limit)
			means.gap = p.span / float64(limit)
			s = newWaveScan(means, frequencies(means, damped), damped, offset)
			theta, _, _ = s.best(means)
			s = newWaveScan(p, near(theta[0], p.span, p), damped, offset)
			if theta, c, r := s.best(p); r < rss {
				return s.parameters(theta, c)
			}
		}
		return b
	}
}

// frequencies are those that p can tell apart. The peaks of damped waves are wider.
func frequencies(p points, damped bool) []float64 {
	step := 0.1 / p.span
	if damped {
		step = 0.25 / p.span
	}
	low, high := 0.1/p.span, 0.5/p.gap
	return even(low, max(high, 10*low), max(2, int((high-low)/step)+2))
}

// A waveScan has θ = frequency and, if damped, rate, and φ = e cos, e sin and, with an offset, 1, where e and the phase
// are counted from the ends of x.
type waveScan struct {
	scan
	p      points
	damped bool
}

func newWaveScan(p points, frequencies []float64, damped, offset bool) waveScan {
	s := waveScan{scan{grid: [][]float64{frequencies}, terms: 2}, p, damped}
	if damped {
		rates := geometric(0.3/p.span, 30/p.span, 9)
		s.grid = append(s.grid, append([]float64{-2 / p.span, -0.5 / p.span, 0}, rates...))
	}
	if offset {
		s.terms = 3
	}
	s.basis = func(phi, theta []float64, x float64) {
		e := 1.0
		if damped {
			e = math.Exp(-theta[1] * (x - s.origin(theta[1])))
		}
		sin, cos := math.Sincos(2 * math.Pi * theta[0] * (x - p.lo))
		phi[0], phi[1] = e*cos, e*sin
		if offset {
			phi[2] = 1
		}
	}
	return s
}

// origin is the end of x where the wave is largest.
func (s waveScan) origin(rate float64) float64 {
	if rate < 0 {
		return s.p.hi
	}
	return s.p.lo
}

// parameters turns θ and the factors of φ into those of the curve.
func (s waveScan) parameters(theta, c []float64) []float64 {
	b := []float64{math.Hypot(c[0], c[1])}
	if s.damped {
		b[0] *= math.Exp(theta[1] * s.origin(theta[1]))
		b = append(b, theta[1])
	}
	phase := math.Remainder(math.Atan2(c[0], c[1])-2*math.Pi*theta[0]*s.p.lo, 2*math.Pi)
	return append(append(b, theta[0], phase), c[2:]...)
}
