package stochopt_test

import (
	"math"

	"github.com/stochopt/stochopt/method"
)

// sums are the methods for sums of terms. Here the terms differ by their noise only, and not at all without it.
var sums = []row{
	{
		name: "SFO",
		make: func() tested { return &method.SFO{Terms: 30} },
		defaults: func() tested {
			return &method.SFO{Terms: 30, HessianInit: 1e5, History: 10, MinStep: 1e-8}
		},
		bad: map[string]func() tested{
			"method: SFO.Terms = 0":         func() tested { return &method.SFO{} },
			"method: SFO.Terms = -1":        func() tested { return &method.SFO{Terms: -1} },
			"method: SFO.HessianInit = -1":  func() tested { return &method.SFO{Terms: 30, HessianInit: -1} },
			"method: SFO.HessianInit = NaN": func() tested { return &method.SFO{Terms: 30, HessianInit: nan} },
			"method: SFO.History = -1":      func() tested { return &method.SFO{Terms: 30, History: -1} },
			"method: SFO.MinStep = +Inf":    func() tested { return &method.SFO{Terms: 30, MinStep: inf} },
			"method: SFO.MinStep = -1":      func() tested { return &method.SFO{Terms: 30, MinStep: -1} },
		},
		firstStep: func(g float64) float64 { return math.Max(abs(g)/2e5, 1e-8) }, // of two terms, one of which is known
		mixes:     true,
		chooses:   true,
		frozen:    true,
		reach:     4 * 0.5 / 30 * 3, // the mean of 30 draws is 1/30 from the minimum in the mean square of each of 4 components
	},
}
