package stochopt_test

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// gains are methods that set the gain of a step by the sums, signs or values of the steps before.
var gains = []row{
	{
		name:     "AdaSqrt",
		make:     func() tested { return &method.AdaSqrt{} },
		defaults: func() tested { return &method.AdaSqrt{StepSize: 1, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: AdaSqrt.StepSize = -1": func() tested { return &method.AdaSqrt{StepSize: -1} },
			"method: AdaSqrt.Epsilon = NaN": func() tested { return &method.AdaSqrt{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return abs(g) / (g*g + 1e-8) },
		tuned:     func() tested { return &method.AdaSqrt{StepSize: 1, Epsilon: 1} },
		reach:     0.1,
	},
	{
		name:     "ACProp",
		make:     func() tested { return &method.ACProp{} },
		defaults: func() tested { return &method.ACProp{StepSize: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-16} },
		bad: map[string]func() tested{
			"method: ACProp.StepSize = -1":  func() tested { return &method.ACProp{StepSize: -1} },
			"method: ACProp.Beta1 = 1":      func() tested { return &method.ACProp{Beta1: 1} },
			"method: ACProp.Beta2 = NaN":    func() tested { return &method.ACProp{Beta2: nan} },
			"method: ACProp.Epsilon = +Inf": func() tested { return &method.ACProp{Epsilon: inf} },
		},
		firstStep: func(g float64) float64 { return 0 },
		floor:     0.01 * 0.5 / 2 * math.Sqrt(0.95) / 0.9, // as AdaBelief
		reach:     0.2,
	},
	{
		name:      "NadaMax",
		make:      func() tested { return &method.AdaMax{Nesterov: true} },
		defaults:  func() tested { return &method.AdaMax{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Nesterov: true} },
		firstStep: func(g float64) float64 { return 0.1 * (1 + 0.9/1.9) },
		scaleFree: true,
		reach:     0.2,
	},
	{
		name: "DeltaBarDelta",
		make: func() tested { return &method.DeltaBarDelta{} },
		defaults: func() tested {
			return &method.DeltaBarDelta{StepSize: 1e-3, Increase: 0.2, Decrease: 0.8, Memory: 0.5, MinGain: 0.01}
		},
		bad: map[string]func() tested{
			"method: DeltaBarDelta.StepSize = -1":   func() tested { return &method.DeltaBarDelta{StepSize: -1} },
			"method: DeltaBarDelta.Increase = +Inf": func() tested { return &method.DeltaBarDelta{Increase: inf} },
			"method: DeltaBarDelta.Decrease = 1":    func() tested { return &method.DeltaBarDelta{Decrease: 1} },
			"method: DeltaBarDelta.Memory = NaN":    func() tested { return &method.DeltaBarDelta{Memory: nan} },
			"method: DeltaBarDelta.MinGain = -1":    func() tested { return &method.DeltaBarDelta{MinGain: -1} },
		},
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) },
		reach:     0.1,
	},
	{
		name: "Eve",
		make: func() tested { return &method.Eve{} },
		defaults: func() tested {
			return &method.Eve{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Beta3: 0.999, Limit: 10, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: Eve.Minimum = NaN": func() tested { return &method.Eve{Minimum: nan} },
			"method: Eve.StepSize = -1": func() tested { return &method.Eve{StepSize: -1} },
			"method: Eve.Beta1 = 1":     func() tested { return &method.Eve{Beta1: 1} },
			"method: Eve.Beta2 = NaN":   func() tested { return &method.Eve{Beta2: nan} },
			"method: Eve.Beta3 = -1":    func() tested { return &method.Eve{Beta3: -1} },
			"method: Eve.Limit = 0.5":   func() tested { return &method.Eve{Limit: 0.5} },
			"method: Eve.Epsilon = -1":  func() tested { return &method.Eve{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     0.5,
	},
}

// gainsGolden are their files of testdata/golden.
var gainsGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"adasqrt": func(h map[string]float64) stochopt.Rule {
		return &method.AdaSqrt{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
	},
	"acprop": func(h map[string]float64) stochopt.Rule {
		return &method.ACProp{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"nadamax": func(h map[string]float64) stochopt.Rule {
		return &method.AdaMax{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Nesterov: true}
	},
	"deltabardelta": func(h map[string]float64) stochopt.Rule {
		return &method.DeltaBarDelta{
			StepSize: h["lr"], Increase: orZero(h["kappa"]), Decrease: orZero(h["phi"]), Memory: orZero(h["theta"]), MinGain: h["least"],
		}
	},
	"eve": func(h map[string]float64) stochopt.Rule {
		return &method.Eve{
			Minimum: h["minimum"], StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Beta3: orZero(h["beta3"]),
			Limit: h["limit"], Epsilon: orZero(h["eps"]),
		}
	},
}
