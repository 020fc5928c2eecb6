package stochopt_test

import (
	"encoding"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// tested is what every method of the module is.
type tested interface {
	stochopt.Rule
	optimize.Method
	optimize.Statuser
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// methods lists every method once, in families. Everything in conformance_test.go, property_test.go and
// convergence_test.go runs on each row.
var methods = slices.Concat(basic, averages, variants, automatic, wrappers, curvature, gains, sums, peers, memories)

// row is a method, or a setting that makes it another method.
type row struct {
	name string
	make func() tested // with its defaults, or what makes it another method

	// defaults is make with the documented defaults written out.
	defaults func() tested
	// bad are settings that Reset must refuse, by the field its panic names.
	bad map[string]func() tested
	// firstStep is the length of the first step from the gradient g, in a component; negative if it is a step up.
	firstStep func(g float64) float64
	// scaleFree methods take the same first step if the gradient is multiplied by a constant.
	scaleFree bool
	// mixes is set for methods that do not work coordinate by coordinate.
	mixes bool
	// memoryless methods take each step from the present gradient alone.
	memoryless bool
	// chooses is set for methods that choose their draws, which a plain optimize.Problem cannot be asked for.
	chooses bool
	// frozen is set for methods of terms that stay what they are. Their draws are always those of the first Steps, so that
	// a run does not see its FirstStep, and an objective whose noise depends on the Sample is none that is noisy: its
	// minimum is that of the mean of these draws. Gradients of terms that are not asked for equally often have a mean, which
	// a stop may take for a drive against which x is held, and say StepConvergence.
	frozen bool
	// estimates is set for methods whose answer is not the iterate. Their runs evaluate F at the answer as well.
	estimates bool
	// cycles is set for methods whose steps do not shrink. Without noise they end in a cycle around the minimum, of which the
	// minimum need not be the middle, and stop with StepConvergence.
	cycles bool
	// noisy methods add noise of their own, which the gradients do not show: a stop may take x for held and the gradient for
	// a drive, and say StepConvergence.
	noisy bool
	// tuned is what the tests run that want x to get somewhere; nil is make.
	tuned func() tested
	// floor is the stationary mean square of a component of x on |x|²/2 with gradient noise of standard deviation 0.5, for
	// tuned; 0 if no closed form is known.
	floor float64
	// reach is the value of |x|²/2 that tuned must reach from 112.5 under noise of standard deviation up to 1.
	reach float64
}

// run is tuned, or make if that is nil.
func (r row) run() tested {
	if r.tuned != nil {
		return r.tuned()
	}
	return r.make()
}

// basic are the methods that the others are relatives of.
var basic = []row{
	{
		name: "Adam",
		make: func() tested { return &stochopt.Adam{} },
		defaults: func() tested {
			return &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"stochopt: Adam.StepSize = -1":   func() tested { return &stochopt.Adam{StepSize: -1} },
			"stochopt: Adam.StepSize = NaN":  func() tested { return &stochopt.Adam{StepSize: nan} },
			"stochopt: Adam.StepSize = +Inf": func() tested { return &stochopt.Adam{StepSize: inf} },
			"stochopt: Adam.Beta1 = 1":       func() tested { return &stochopt.Adam{Beta1: 1} },
			"stochopt: Adam.Beta1 = NaN":     func() tested { return &stochopt.Adam{Beta1: nan} },
			"stochopt: Adam.Beta2 = -0.5":    func() tested { return &stochopt.Adam{Beta2: -0.5} },
			"stochopt: Adam.Epsilon = NaN":   func() tested { return &stochopt.Adam{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.1 * 0.5 / 2, // ασ/2h at h = 1, for αh small against σ
		reach:     1,
	},
	{
		name:     "SGD",
		make:     func() tested { return &method.SGD{} },
		defaults: func() tested { return &method.SGD{StepSize: 1e-3} },
		bad: map[string]func() tested{
			"method: SGD.StepSize = -1":  func() tested { return &method.SGD{StepSize: -1} },
			"method: SGD.Momentum = 1":   func() tested { return &method.SGD{Momentum: 1} },
			"method: SGD.Momentum = NaN": func() tested { return &method.SGD{Momentum: nan} },
			"method: SGD.Dampening = -1": func() tested { return &method.SGD{Dampening: -1} },
		},
		firstStep:  func(g float64) float64 { return 1e-3 * abs(g) },
		memoryless: true,
		floor:      1e-3 * 0.25 / (2 - 1e-3), // ασ²/h(2-αh)
		reach:      0.01,
	},
	{
		name:      "SGD momentum",
		make:      func() tested { return &method.SGD{Momentum: 0.9} },
		defaults:  func() tested { return &method.SGD{StepSize: 1e-3, Momentum: 0.9} },
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) },
		floor:     1e-3 * 0.25 * 1.9 / (0.1 * (3.8 - 1e-3)), // ασ²(1+μ)/h(1-μ)(2(1+μ)-αh)
		reach:     0.05,
	},
	{
		name:      "SGD Nesterov",
		make:      func() tested { return &method.SGD{Momentum: 0.9, Nesterov: true} },
		defaults:  func() tested { return &method.SGD{StepSize: 1e-3, Momentum: 0.9, Nesterov: true} },
		firstStep: func(g float64) float64 { return 1e-3 * 1.9 * abs(g) },
		floor:     1e-3 * 0.25 / (2 * 0.1), // to first order in αh, as without Nesterov
		reach:     0.05,
	},
}
