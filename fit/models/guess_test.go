package models_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/fit/models"
)

// A simulation draws parameters of a model for data between 0 and 1, or lo and hi.
type simulation struct {
	name   string
	m      fit.Model
	lo, hi float64
	few    int // least number of points
	draw   func(u uniform) []float64
}

// uniform draws a number between lo and hi.
type uniform func(lo, hi float64) float64

func (u uniform) sign() float64 {
	if u(0, 1) < 0.5 {
		return -1
	}
	return 1
}

func (u uniform) log(lo, hi float64) float64 { return math.Exp(u(math.Log(lo), math.Log(hi))) }

var simulations = []simulation{
	{"Constant", models.Constant(), 0, 1, 3, func(u uniform) []float64 { return []float64{u(-5, 5)} }},
	{"Line", models.Line(), 0, 1, 5, func(u uniform) []float64 { return []float64{u(-5, 5), u(-5, 5)} }},
	{"Polynomial", models.Polynomial(4), -1, 3, 8, func(u uniform) []float64 {
		return []float64{u(-5, 5), u(-5, 5), u(-5, 5), u(-5, 5), u(-5, 5)}
	}},
	{"Exponential", models.Exponential(), 0, 1, 6, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u.sign() * u.log(0.3, 10)}
	}},
	{"ExponentialOffset", models.ExponentialOffset(), 0, 1, 8, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u.sign() * u.log(1, 10), u(-5, 5)}
	}},
	{"DoubleExponential", models.DoubleExponential(), 0, 1, 20, func(u uniform) []float64 {
		slow := u.log(0.5, 3)
		return []float64{u.sign() * u.log(0.5, 2), slow * u.log(5, 10), u.sign() * u.log(0.5, 2), slow}
	}},
	{"DoubleExponentialOffset", models.DoubleExponentialOffset(), 0, 1, 30, func(u uniform) []float64 {
		slow := u.log(2, 4)
		return []float64{u.sign() * u.log(0.5, 2), slow * u.log(5, 10), u.sign() * u.log(0.5, 2), slow, u(-1, 1)}
	}},
	{"Power", models.Power(), 0.1, 20, 6, func(u uniform) []float64 { return []float64{u.sign() * u.log(0.1, 10), u(-3, 3)} }},
	{"Arrhenius", models.Arrhenius(), 280, 600, 6, func(u uniform) []float64 {
		return []float64{u.log(1e3, 1e12), u(2e4, 1.2e5)}
	}},
	{"Logistic", models.Logistic(), 0, 1, 8, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u.sign() * u.log(5, 40), u(0.2, 0.8)}
	}},
	{"Logistic4", models.Logistic4(), 0, 1, 10, func(u uniform) []float64 {
		return []float64{u(-3, -0.5), u(0.5, 3), u.sign() * u.log(6, 40), u(0.2, 0.8)}
	}},
	{"Gompertz", models.Gompertz(), 0, 1, 8, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u.sign() * u.log(5, 30), u(0.2, 0.7)}
	}},
	{"Gompertz4", models.Gompertz4(), 0, 1, 12, func(u uniform) []float64 {
		s := u.sign()
		return []float64{-s * u(0.5, 3), s * u(0.5, 3), u.sign() * u.log(6, 30), u(0.3, 0.7)}
	}},
	{"MichaelisMenten", models.MichaelisMenten(), 0, 10, 6, func(u uniform) []float64 { return []float64{u.log(0.1, 100), u.log(0.3, 10)} }},
	{"Hill", models.Hill(), 0, 10, 8, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(1, 5), u.sign() * u.log(1, 6)}
	}},
	{"Hill4", models.Hill4(), 0, 10, 12, func(u uniform) []float64 {
		return []float64{u(-3, -0.5), u(0.5, 3), u(1.5, 5), u.sign() * u.log(1.5, 6)}
	}},
	{"Gaussian", models.Gaussian(), 0, 1, 10, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.1, 0.9), u.log(0.05, 0.3)}
	}},
	{"Lorentzian", models.Lorentzian(), 0, 1, 10, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.1, 0.9), u.log(0.05, 0.3)}
	}},
	{"PseudoVoigt", models.PseudoVoigt(), 0, 1, 20, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.2, 0.8), u.log(0.1, 0.4), u(0.1, 0.9)}
	}},
	{"Voigt", models.Voigt(), 0, 1, 20, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.2, 0.8), u.log(0.05, 0.15), u.log(0.05, 0.15)}
	}},
	{"ExponentialGaussian", models.ExponentialGaussian(), 0, 1, 30, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.2, 0.5), u.log(0.03, 0.08), u.log(0.05, 0.2)}
	}},
	{"ErrorStep", models.ErrorStep(), 0, 1, 10, func(u uniform) []float64 {
		return []float64{u.sign() * u.log(0.1, 10), u(0.2, 0.8), u.log(0.05, 0.3)}
	}},
	{"Sinusoid", models.Sinusoid(), 0, 1, 12, func(u uniform) []float64 {
		return []float64{u.log(0.1, 10), u.log(0.7, 4), u(-3, 3)}
	}},
	{"Sinusoid, many periods", models.Sinusoid(), 0, 1, 200, func(u uniform) []float64 {
		return []float64{u.log(0.1, 10), u.log(1, 60), u(-3, 3)}
	}},
	{"SinusoidOffset", models.SinusoidOffset(), 0, 1, 16, func(u uniform) []float64 {
		return []float64{u.log(0.1, 10), u.log(0.9, 4), u(-3, 3), u(-10, 10)}
	}},
	{"DampedOscillation", models.DampedOscillation(), 0, 1, 30, func(u uniform) []float64 {
		return []float64{u.log(0.1, 10), u(0, 5), u.log(1, 8), u(-3, 3)}
	}},
	{"DampedOscillationOffset", models.DampedOscillationOffset(), 0, 1, 30, func(u uniform) []float64 {
		return []float64{u.log(0.1, 10), u(0, 5), u.log(1, 8), u(-3, 3), u(-5, 5)}
	}},
}

// data simulates a set: few to 100 more points at random x, or at even ones, in any order, with normal errors of 1 to 5
// % of the range of the curve.
func (s simulation) data(rng *rand.Rand) (d fit.Data, b []float64) {
	u := uniform(func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() })
	b = s.draw(u)
	n := int(u.log(float64(s.few), float64(s.few)+100))
	lowest, highest := math.Inf(1), math.Inf(-1)
	even := u(0, 1) < 0.5
	for i := range n {
		x := u(s.lo, s.hi)
		if even {
			x = s.lo + (s.hi-s.lo)*float64(i)/float64(n-1)
		}
		f := s.m.Func(nil, b, []float64{x})
		lowest, highest = min(lowest, f), max(highest, f)
		d.X, d.Y = append(d.X, []float64{x}), append(d.Y, f)
	}
	size := u(0.01, 0.05) * (highest - lowest)
	if size == 0 {
		size = 0.05 * highest
	}
	for i := range d.Y {
		d.Y[i] += size * rng.NormFloat64()
	}
	rng.Shuffle(n, func(i, j int) { d.X[i], d.X[j], d.Y[i], d.Y[j] = d.X[j], d.X[i], d.Y[j], d.Y[i] })
	return d, b
}

// TestGuess fits 200 simulated sets of each model from its guess, by Levenberg-Marquardt alone, and from the true
// parameters. It counts the fits from the guess that end no higher. Guesses have to be right in 99 % or more. With -short
// there are 20 sets, and all have to be right.
func TestGuess(t *testing.T) {
	sets, want := 200, 198
	if testing.Short() {
		sets, want = 20, 20
	}
	for _, s := range simulations {
		t.Run(s.name, func(t *testing.T) { countFound(t, s, sets, want) })
	}
}

func countFound(t *testing.T, s simulation, sets, atLeast int) {
	rng := rand.New(rand.NewPCG(1, 7))
	found := 0
	var spent time.Duration
	for k := range sets {
		d, b := s.data(rng)
		begin := time.Now()
		p, err := s.m.Guess(d)
		spent += time.Since(begin)
		if err != nil {
			t.Errorf("set %d: %v", k, err)
			continue
		}
		truth := slices.Clone(p) // for the bounds
		for j, v := range b {
			truth[j].Start = v
		}
		got, want := minimum(t, s.m, d, p), minimum(t, s.m, d, truth)
		if got <= want*(1+1e-6) {
			found++
		} else {
			t.Logf("set %d, %d points: from the guess %.4v to %v, from the truth %.4v to %v", k, len(d.Y), starts(p), got, b, want)
		}
	}
	t.Logf("%-26s %d of %d, %v a guess", s.name, found, sets, (spent / time.Duration(sets)).Round(10*time.Microsecond))
	if found < atLeast {
		t.Errorf("%d of %d fits from the guess end in the minimum, want %d", found, sets, atLeast)
	}
}

// minimum is the sum of squares at the end of a fit.
func minimum(t *testing.T, m fit.Model, d fit.Data, p []fit.Parameter) float64 {
	r, err := fit.Curve(t.Context(), m, d, p, &fit.Settings{AdamSteps: -1})
	if r == nil {
		t.Errorf("%v from %v", err, starts(p))
		return math.Inf(1)
	}
	return r.RSS
}

func starts(p []fit.Parameter) []float64 {
	b := make([]float64, len(p))
	for j := range p {
		b[j] = p[j].Start
	}
	return b
}
