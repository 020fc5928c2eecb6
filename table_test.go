package stochopt_test

import (
	"encoding"

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

// methods lists every method once. Everything in conformance_test.go, property_test.go and convergence_test.go runs on
// each row.
var methods = []struct {
	name string
	make func() tested // with its defaults, or what makes it another method

	// defaults is make with the documented defaults written out.
	defaults func() tested
	// bad are settings that Reset must refuse, by the field its panic names.
	bad map[string]func() tested
	// firstStep is the length of the first step from the gradient g, in a component.
	firstStep func(g float64) float64
	// scaleFree methods move by the same step if the gradient is multiplied by a constant.
	scaleFree bool
	// floor bounds the final value of the noisy sphere of convergence_test.go, with its reason there.
	floor float64
}{
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
		floor:     0.1 * 0.5 / 2, // ασ/2h a component at h = 1 (methods.md 1.3)
	},
	{
		name:     "SGD",
		make:     func() tested { return &method.SGD{} },
		defaults: func() tested { return &method.SGD{StepSize: 0.01} },
		bad: map[string]func() tested{
			"method: SGD.StepSize = -1":  func() tested { return &method.SGD{StepSize: -1} },
			"method: SGD.Momentum = 1":   func() tested { return &method.SGD{Momentum: 1} },
			"method: SGD.Momentum = NaN": func() tested { return &method.SGD{Momentum: nan} },
			"method: SGD.Dampening = -1": func() tested { return &method.SGD{Dampening: -1} },
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) },
		floor:     0.01 * 0.25 / 2, // ασ²/2h
	},
	{
		name:      "SGD momentum",
		make:      func() tested { return &method.SGD{Momentum: 0.9} },
		defaults:  func() tested { return &method.SGD{StepSize: 0.01, Momentum: 0.9} },
		firstStep: func(g float64) float64 { return 0.01 * abs(g) },
		floor:     0.01 * 0.25 / (2 * 0.1), // ασ²/2h(1-μ)
	},
	{
		name:      "SGD Nesterov",
		make:      func() tested { return &method.SGD{Momentum: 0.9, Nesterov: true} },
		defaults:  func() tested { return &method.SGD{StepSize: 0.01, Momentum: 0.9, Nesterov: true} },
		firstStep: func(g float64) float64 { return 0.01 * 1.9 * abs(g) },
		floor:     0.01 * 0.25 / (2 * 0.1),
	},
}
