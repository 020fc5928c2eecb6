package stochopt_test

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// peers are further relatives of gradient descent, AdaGrad and Adam, which optax has.
var peers = []row{
	{
		name:     "OptimisticSGD",
		make:     func() tested { return &method.OptimisticSGD{} },
		defaults: func() tested { return &method.OptimisticSGD{StepSize: 3e-4, Optimism: 1} },
		bad: map[string]func() tested{
			"method: OptimisticSGD.StepSize = -1":  func() tested { return &method.OptimisticSGD{StepSize: -1} },
			"method: OptimisticSGD.Optimism = NaN": func() tested { return &method.OptimisticSGD{Optimism: nan} },
		},
		firstStep: func(g float64) float64 { return 3e-4 * abs(g) },
		tuned:     func() tested { return &method.OptimisticSGD{StepSize: 1e-3} },
		floor:     optimisticFloor(1e-3, 0.5),
		reach:     0.05,
	},
	{
		name:     "MoMoAdam",
		make:     func() tested { return &method.MoMoAdam{} },
		defaults: func() tested { return &method.MoMoAdam{MaxStep: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: MoMoAdam.Minimum = NaN": func() tested { return &method.MoMoAdam{Minimum: nan} },
			"method: MoMoAdam.MaxStep = -1":  func() tested { return &method.MoMoAdam{MaxStep: -1} },
			"method: MoMoAdam.Beta1 = 1":     func() tested { return &method.MoMoAdam{Beta1: 1} },
			"method: MoMoAdam.Beta2 = NaN":   func() tested { return &method.MoMoAdam{Beta2: nan} },
			"method: MoMoAdam.Epsilon = -1":  func() tested { return &method.MoMoAdam{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return min(0.1*abs(g)/(abs(g)+1e-8), abs(g)/2) }, // f is |g|²/2
		scaleFree: true,                                                                       // as far as f is above f*
		mixes:     true,
		tuned:     func() tested { return &method.MoMoAdam{Minimum: -1e4} },
		floor:     0.1 * 0.5 / 2, // Adam's, as f* is far below
		reach:     1,
	},
	{
		name:     "SM3",
		make:     func() tested { return &method.SM3{} },
		defaults: func() tested { return &method.SM3{StepSize: 3, Beta: 0.9} },
		bad: map[string]func() tested{
			"method: SM3.StepSize = -1": func() tested { return &method.SM3{StepSize: -1} },
			"method: SM3.Beta = 1":      func() tested { return &method.SM3{Beta: 1} },
		},
		firstStep: func(g float64) float64 { return 0.3 },
		scaleFree: true,
		reach:     0.5,
	},
	{
		name: "SimplifiedAdEMAMix",
		make: func() tested { return &method.SimplifiedAdEMAMix{} },
		defaults: func() tested {
			return &method.SimplifiedAdEMAMix{StepSize: 3e-4, Beta1: 0.99, Beta2: 0.95, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: SimplifiedAdEMAMix.StepSize = -1": func() tested { return &method.SimplifiedAdEMAMix{StepSize: -1} },
			"method: SimplifiedAdEMAMix.Beta1 = 1":     func() tested { return &method.SimplifiedAdEMAMix{Beta1: 1} },
			"method: SimplifiedAdEMAMix.Beta2 = NaN":   func() tested { return &method.SimplifiedAdEMAMix{Beta2: nan} },
			"method: SimplifiedAdEMAMix.Mix = +Inf":    func() tested { return &method.SimplifiedAdEMAMix{Mix: inf} },
			"method: SimplifiedAdEMAMix.Epsilon = -1":  func() tested { return &method.SimplifiedAdEMAMix{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 3e-4 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		cycles:    true,
		tuned:     func() tested { return &method.SimplifiedAdEMAMix{StepSize: 1e-3, Beta1: 0.9, Mix: 10} },
		reach:     1,
	},
	{
		name: "MARS",
		make: func() tested { return &method.MARS{} },
		defaults: func() tested {
			return &method.MARS{StepSize: 0.03, Beta1: 0.95, Beta2: 0.99, Gamma: 0.025, MaxNorm: 1, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: MARS.StepSize = -1": func() tested { return &method.MARS{StepSize: -1} },
			"method: MARS.Beta1 = 1":     func() tested { return &method.MARS{Beta1: 1} },
			"method: MARS.Beta2 = NaN":   func() tested { return &method.MARS{Beta2: nan} },
			"method: MARS.Gamma = -1":    func() tested { return &method.MARS{Gamma: -1} },
			"method: MARS.MaxNorm = NaN": func() tested { return &method.MARS{MaxNorm: nan} },
			"method: MARS.Epsilon = -1":  func() tested { return &method.MARS{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.03 * min(abs(g), 1) / (min(abs(g), 1) + 1e-8) },
		scaleFree: true, // as far as g is above C
		mixes:     true,
		tuned:     func() tested { return &method.MARS{StepSize: 0.1} },
		reach:     1,
	},
	{
		name: "Clip SGD by ratio",
		make: func() tested { return &method.Clip{Rule: &method.SGD{Momentum: 0.9}, Ratio: 1, MinScale: 15} },
		defaults: func() tested {
			return &method.Clip{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Ratio: 1, MinScale: 15}
		},
		bad: map[string]func() tested{
			"method: Clip.Ratio = -1":       func() tested { return &method.Clip{Rule: &method.SGD{}, Ratio: -1} },
			"method: Clip.MinScale = NaN":   func() tested { return &method.Clip{Rule: &method.SGD{}, Ratio: 1, MinScale: nan} },
			"method: Clip.Blocks = [1], of": func() tested { return &method.Clip{Rule: &method.SGD{}, Ratio: 1, Blocks: []int{1}} },
		},
		firstStep: func(g float64) float64 { return 1e-3 * min(abs(g), 15) },
		mixes:     true,
		floor:     1e-3 * 0.25 * 1.9 / (0.1 * (3.8 - 1e-3)), // SGD's: 15 is twice the norm of the noise in 200 components
		reach:     0.05,
	},
}

// optimisticFloor is the variance of x ← (1-2α) x + α x' - 2α n + α n', with noise n of standard deviation σ.
func optimisticFloor(alpha, sigma float64) float64 {
	a, b, s := 1-2*alpha, alpha, sigma*sigma
	cross := -2 * alpha * alpha * s
	noise := 4*alpha*alpha*s + alpha*(alpha-2*a*alpha)*s
	return (noise + a*(1+b)*cross/(1-b)) / (1 - b*b - a*a*(1+b)/(1-b))
}

// peersGolden are their files of testdata/golden.
var peersGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"optimisticsgd": func(h map[string]float64) stochopt.Rule {
		return &method.OptimisticSGD{StepSize: h["lr"], Optimism: orZero(h["optimism"])}
	},
	"momoadam": func(h map[string]float64) stochopt.Rule {
		return &method.MoMoAdam{
			Minimum: h["minimum"], MaxStep: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]),
		}
	},
	"sm3": func(h map[string]float64) stochopt.Rule {
		return &method.SM3{StepSize: h["lr"], Beta: orZero(h["beta"])}
	},
	"simplifiedademamix": func(h map[string]float64) stochopt.Rule {
		return &method.SimplifiedAdEMAMix{
			StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Mix: h["mix"], Epsilon: orZero(h["eps"]),
		}
	},
	"mars": func(h map[string]float64) stochopt.Rule {
		return &method.MARS{
			StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Gamma: orZero(h["gamma"]), MaxNorm: h["norm"],
			Epsilon: orZero(h["eps"]),
		}
	},
	"agc": func(h map[string]float64) stochopt.Rule {
		r := &method.Clip{Rule: goldenInner(h), Ratio: h["ratio"], MinScale: h["floor"], Norm: h["norm"]}
		if n := int(h["block"]); n > 0 {
			r.Blocks = []int{n, 4 - n}
		}
		return r
	},
}
