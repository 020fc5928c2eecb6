package gradient

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/stat"
)

// SPSA estimates gradients from values by simultaneous perturbation: all variables are moved at once, each by the same
// number of its units and with a random sign, so that a gradient of any number of variables takes two values beside
// the one at x.
//
//	g_i = (f(x + c_k SΔ) - f(x - c_k SΔ)) / (2 c_k S_i Δ_i),  Δ_i = ±1,  c_k = c/(k+1)ᵞ
//
// k is the Step of the Sample, S = diag(Scale). On a quadratic the estimate is unbiased; in general its bias is of the
// order of c_k². With S = 1, the gradient ∇ of f, and an error of standard deviation σ in each value that the two ends
// do not share, one direction has
//
//	Var g_i = |∇|² - ∇_i² + σ²/(2c_k²)     E|g|² = n (|∇|² + σ²/(2c_k²))    for n variables
//
// and the mean over Directions has the variance divided by their number. All values of a draw are given the same
// Sample: noise that is a smooth function of x and the Sample is no part of σ, and c may be small. Where f does not
// repeat its values, or jumps, as a simulation that counts does, c must be so large that the difference shows in the
// noise: see Calibrate.
//
// A draw costs a value of f at x, which is what it returns, and two for each direction. The signs are taken from a
// stream of their own of the Sample. The estimate is √n times as long as the gradient, so mostly noise, which methods
// with a running mean stand well. Prefer SPSA to Differences when there are many variables and values are noisy or
// dear; for a few variables and smooth values Differences costs the same and errs less.
//
// Reference: J. C. Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient
// approximation, IEEE Transactions on Automatic Control 37, 1992.
type SPSA struct {
	// Width is c > 0, in units of Scale. If it is 0, 0.01 is used, which is for noise that cancels: a first draw that
	// finds two values at the same x and Sample, by one value more, is then an error. Set Width, even to 0.01, for an
	// f that does not repeat its values.
	Width float64
	// Decay is γ >= 0, how fast the width falls; at 0 it is constant, which suits noise that cancels. Where it does
	// not, and the step size falls like 1/kᵃ, the run converges for a/6 <= γ < a - 1/2, as γ = 0.101 is for a = 0.602.
	// With Problem.PerPoint, k does not count.
	Decay float64
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
// index. f is evaluated at c_k S_i beside x, so beside the feasible set when x is near its edge. The draw fails if a
// width is lost in the rounding of x.
//
// Oracle panics if f is nil or a field is out of range; the Oracle panics if Scale does not have the length of x or the
// Step of the Sample is negative.
func (e SPSA) Oracle(f stochopt.Oracle) stochopt.Oracle {
	hyper.NonNegative("gradient: SPSA.Decay", e.Decay)
	if e.Directions < 0 {
		panic(fmt.Sprintf("gradient: SPSA.Directions = %d, want >= 0", e.Directions))
	}
	n := max(1, e.Directions)
	ds := newDirections("SPSA", spsaDirections, f, e.Width, e.Scale, n, e.Concurrent)
	mean := average.New(n, max(1, e.Concurrent), func(grad, x []float64, s stochopt.Sample, j int) (float64, error) {
		d := ds.get(s, j, len(x))
		defer ds.put(d)
		signs(d.u, &d.pcg)
		c := width(e.Width, e.Decay, s.Step)
		up, err := d.value(x, c, s)
		if err != nil {
			return 0, err
		}
		down, err := d.value(x, -c, s)
		clear(grad)
		d.add(grad, (up-down)/(2*c)) // 1/Δ is Δ
		return 0, err
	})
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		v, err := f(nil, x, s)
		if grad == nil || err != nil {
			return v, err
		}
		if s.Step < 0 {
			panic(fmt.Sprintf("gradient: SPSA: Sample.Step = %d, want >= 0", s.Step))
		}
		if err := ds.check(grad, x, width(e.Width, e.Decay, s.Step)); err != nil {
			return v, err
		}
		if err := ds.repeats(v, x, s); err != nil {
			return v, err
		}
		_, err = mean.Eval(grad, x, s)
		return v, err
	}
}

// width returns that of step k, where c = 0 selects the default.
func width(c, decay float64, k int) float64 {
	return cmp.Or(c, 0.01) / math.Pow(float64(k)+1, decay)
}

// Gains are the sequences of classical SPSA, which is gradient descent with a step size a_k and an estimate of width
// c_k, both decaying:
//
//	p := stochopt.Problem{Oracle: gains.SPSA.Oracle(f)}
//	m := &method.SGD{StepSize: gains.StepSize, Schedule: gains.Schedule}
//
// If Scale is not nil, put the SGD into a method.Scale with the same units.
type Gains struct {
	// SPSA has its Width and Decay set.
	SPSA SPSA
	// StepSize is a_0, that of the first step, in units of x²/f, or of 1/f in a method.Scale.
	StepSize float64
	// Schedule is a_k/a_0 = ((A+1)/(A+1+k))^0.602.
	Schedule func(k int) float64
}

// Calibrate chooses the gains of classical SPSA for a run of some number of steps from x0, by 20 draws.
//
//	a_k = a_0 ((A+1)/(A+1+k))^0.602    A = steps/10
//	c_k = c/(k+1)^0.101
//
// c is the standard deviation of f at x0 from Sample to Sample, unless Width is set. That suits noise that does not
// cancel, and variables whose change by Scale changes f by about 1; else choose Scale, or set Width. Where values do
// not vary, c is the default of Width. The exponent 0.101 is Decay, if that is set. a_0 is such that the mean length of
// the first move of each variable is move, in units of its Scale; the reference has a = a_0 (A+1)^0.602.
//
// The draws are s with Replicate = 20 s.Replicate, ..., 20 s.Replicate + 19; give s another Seed than that of the run,
// which is then independent of them. They cost 20 values for c and 20 draws of SPSA. Prefer Adam in front of a plain
// SPSA where the number of steps is not known: it needs no a_0.
//
// An error of f is returned; a gradient that is not finite or is 0 in all draws is an error too. Calibrate panics if
// steps < 1, move is not finite and > 0, or as Oracle does.
//
// Reference: J. C. Spall, Implementation of the simultaneous perturbation algorithm for stochastic optimization, IEEE
// Transactions on Aerospace and Electronic Systems 34, 1998.
func (e SPSA) Calibrate(f stochopt.Oracle, x0 []float64, s stochopt.Sample, steps int, move float64) (Gains, error) {
	const draws = 20
	switch {
	case steps < 1:
		panic(fmt.Sprintf("gradient: SPSA.Calibrate for %d steps, want >= 1", steps))
	case !(move > 0) || math.IsInf(move, 1):
		panic(fmt.Sprintf("gradient: SPSA.Calibrate with move = %v, want finite and > 0", move))
	}
	e.Scale = slices.Clone(e.Scale)
	e.Oracle(f) // panics for what is out of range
	first := s.Replicate * draws
	if e.Width == 0 {
		var values [draws]float64
		for j := range values {
			s.Replicate = first + j
			v, err := f(nil, x0, s)
			if err != nil {
				return Gains{}, err
			}
			values[j] = v
		}
		e.Width = stat.StdDev(values[:], nil)
		if e.Width-e.Width != 0 {
			return Gains{}, fmt.Errorf("gradient: SPSA.Calibrate: the values %v at x0 have no finite standard deviation", values)
		}
	}
	if e.Decay == 0 {
		e.Decay = 0.101
	}
	o, grad := e.Oracle(f), make([]float64, len(x0))
	var size float64 // mean of S|g|
	for j := range draws {
		s.Replicate = first + j
		if _, err := o(grad, x0, s); err != nil {
			return Gains{}, err
		}
		for i, g := range grad {
			if e.Scale != nil {
				g *= e.Scale[i]
			}
			size += math.Abs(g) / float64(draws*len(grad))
		}
	}
	if !(size > 0) || math.IsInf(size, 1) {
		return Gains{}, fmt.Errorf("gradient: SPSA.Calibrate: the mean size of a gradient component at x0 is %v", size)
	}
	return Gains{SPSA: e, StepSize: move / size, Schedule: schedule.Power(float64(steps)/10, 0.602)}, nil
}
