package stochopt_test

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// uncorrected is the first step of Adam without bias correction, in step sizes.
func uncorrected(g, eps float64) float64 {
	return 0.1 * abs(g) / (math.Sqrt(1-0.999)*abs(g) + eps)
}

// soon is a Schedule that decays like 1/k. What these methods find for the distance never shrinks, in noise they
// circle at this distance.
func soon(k int) float64 { return 1 / (1 + float64(k)/50) }

// automatic are the methods that choose their own step size or need no horizon.
var automatic = []row{
	{
		name:     "ScheduleFreeSGD",
		make:     func() tested { return &method.ScheduleFreeSGD{} },
		defaults: func() tested { return &method.ScheduleFreeSGD{StepSize: 3e-3, Beta: 0.9} },
		bad: map[string]func() tested{
			"method: ScheduleFreeSGD.StepSize = -1":      func() tested { return &method.ScheduleFreeSGD{StepSize: -1} },
			"method: ScheduleFreeSGD.Beta = 1":           func() tested { return &method.ScheduleFreeSGD{Beta: 1} },
			"method: ScheduleFreeSGD.Power = -1":         func() tested { return &method.ScheduleFreeSGD{Power: -1} },
			"method: ScheduleFreeSGD.WeightDecay = +Inf": func() tested { return &method.ScheduleFreeSGD{WeightDecay: inf} },
		},
		firstStep: func(g float64) float64 { return 3e-3 * abs(g) },
		estimates: true,
		reach:     0.06,
	},
	{
		name: "ScheduleFreeAdam",
		make: func() tested { return &method.ScheduleFreeAdam{} },
		defaults: func() tested {
			return &method.ScheduleFreeAdam{StepSize: 0.3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: ScheduleFreeAdam.StepSize = NaN":   func() tested { return &method.ScheduleFreeAdam{StepSize: nan} },
			"method: ScheduleFreeAdam.Beta1 = 1":        func() tested { return &method.ScheduleFreeAdam{Beta1: 1} },
			"method: ScheduleFreeAdam.Beta2 = -1":       func() tested { return &method.ScheduleFreeAdam{Beta2: -1} },
			"method: ScheduleFreeAdam.Epsilon = -1":     func() tested { return &method.ScheduleFreeAdam{Epsilon: -1} },
			"method: ScheduleFreeAdam.Power = NaN":      func() tested { return &method.ScheduleFreeAdam{Power: nan} },
			"method: ScheduleFreeAdam.WeightDecay = -1": func() tested { return &method.ScheduleFreeAdam{WeightDecay: -1} },
		},
		firstStep: func(g float64) float64 { return 0.3 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		estimates: true,
		reach:     0.06,
	},
	{
		name:     "DoG",
		make:     func() tested { return &method.DoG{} },
		defaults: func() tested { return &method.DoG{Factor: 1, Epsilon: 1e-8} }, // InitialDistance depends on x0
		bad: map[string]func() tested{
			"method: DoG.InitialDistance = -1": func() tested { return &method.DoG{InitialDistance: -1} },
			"method: DoG.Factor = NaN":         func() tested { return &method.DoG{Factor: nan} },
			"method: DoG.Epsilon = -1":         func() tested { return &method.DoG{Epsilon: -1} },
			"method: DoG.Blocks = [1 2]":       func() tested { return &method.DoG{Blocks: []int{1, 2}} },
		},
		firstStep: func(g float64) float64 { return 1e-6 * abs(g) / math.Sqrt(g*g+1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     0.5,
	},
	{
		name:     "DoWG",
		make:     func() tested { return &method.DoWG{} },
		defaults: func() tested { return &method.DoWG{InitialDistance: 1e-4, Factor: 1} },
		bad: map[string]func() tested{
			"method: DoWG.InitialDistance = -1": func() tested { return &method.DoWG{InitialDistance: -1} },
			"method: DoWG.Factor = NaN":         func() tested { return &method.DoWG{Factor: nan} },
		},
		firstStep: func(g float64) float64 { return 1e-4 },
		scaleFree: true,
		mixes:     true,
		tuned:     func() tested { return &method.DoWG{Factor: 0.2} },
		reach:     0.1,
	},
	{
		name: "Prodigy",
		make: func() tested { return &method.Prodigy{} },
		defaults: func() tested {
			return &method.Prodigy{InitialDistance: 1e-6, Factor: 1, Coefficient: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: Prodigy.InitialDistance = -1": func() tested { return &method.Prodigy{InitialDistance: -1} },
			"method: Prodigy.Factor = NaN":         func() tested { return &method.Prodigy{Factor: nan} },
			"method: Prodigy.Coefficient = -1":     func() tested { return &method.Prodigy{Coefficient: -1} },
			"method: Prodigy.Growth = -1":          func() tested { return &method.Prodigy{Growth: -1} },
			"method: Prodigy.Beta1 = 1":            func() tested { return &method.Prodigy{Beta1: 1} },
			"method: Prodigy.Beta2 = -1":           func() tested { return &method.Prodigy{Beta2: -1} },
			"method: Prodigy.Epsilon = -1":         func() tested { return &method.Prodigy{Epsilon: -1} },
			"method: Prodigy.WeightDecay = +Inf":   func() tested { return &method.Prodigy{WeightDecay: inf} },
		},
		firstStep: func(g float64) float64 { return 1e-6 * uncorrected(g, 1e-8) },
		scaleFree: true,
		mixes:     true,
		tuned:     func() tested { return &method.Prodigy{InitialDistance: 1e-2, Schedule: soon} },
		reach:     0.2,
	},
	{
		name:     "DAdaptSGD",
		make:     func() tested { return &method.DAdaptSGD{} },
		defaults: func() tested { return &method.DAdaptSGD{InitialDistance: 1e-6, Factor: 1} },
		bad: map[string]func() tested{
			"method: DAdaptSGD.InitialDistance = -1": func() tested { return &method.DAdaptSGD{InitialDistance: -1} },
			"method: DAdaptSGD.Factor = NaN":         func() tested { return &method.DAdaptSGD{Factor: nan} },
			"method: DAdaptSGD.Momentum = 1":         func() tested { return &method.DAdaptSGD{Momentum: 1} },
			"method: DAdaptSGD.Growth = -1":          func() tested { return &method.DAdaptSGD{Growth: -1} },
		},
		firstStep: func(g float64) float64 { return 1e-6 },
		scaleFree: true,
		mixes:     true,
		tuned:     func() tested { return &method.DAdaptSGD{InitialDistance: 1e-2, Schedule: soon} },
		reach:     0.1,
	},
	{
		name: "DAdaptAdam",
		make: func() tested { return &method.DAdaptAdam{} },
		defaults: func() tested {
			return &method.DAdaptAdam{InitialDistance: 1e-6, Factor: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: DAdaptAdam.InitialDistance = -1": func() tested { return &method.DAdaptAdam{InitialDistance: -1} },
			"method: DAdaptAdam.Factor = NaN":         func() tested { return &method.DAdaptAdam{Factor: nan} },
			"method: DAdaptAdam.Growth = -1":          func() tested { return &method.DAdaptAdam{Growth: -1} },
			"method: DAdaptAdam.Beta1 = 1":            func() tested { return &method.DAdaptAdam{Beta1: 1} },
			"method: DAdaptAdam.Beta2 = -1":           func() tested { return &method.DAdaptAdam{Beta2: -1} },
			"method: DAdaptAdam.Epsilon = -1":         func() tested { return &method.DAdaptAdam{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 1e-6 * uncorrected(g, 1e-8) },
		scaleFree: true,
		mixes:     true,
		tuned:     func() tested { return &method.DAdaptAdam{InitialDistance: 0.1, Schedule: soon} },
		reach:     0.5,
	},
	{
		name:     "PolyakStep",
		make:     func() tested { return &method.PolyakStep{} },
		defaults: func() tested { return &method.PolyakStep{Factor: 1} },
		bad: map[string]func() tested{
			"method: PolyakStep.Minimum = NaN":  func() tested { return &method.PolyakStep{Minimum: nan} },
			"method: PolyakStep.Minimum = -Inf": func() tested { return &method.PolyakStep{Minimum: -inf} },
			"method: PolyakStep.Factor = -1":    func() tested { return &method.PolyakStep{Factor: -1} },
		},
		firstStep:  func(g float64) float64 { return abs(g) / 2 }, // the value is g²/2
		mixes:      true,
		memoryless: true,
		tuned:      func() tested { return &method.PolyakStep{Schedule: soon} },
		reach:      0.2,
	},
	{
		name:     "SPS",
		make:     func() tested { return &method.SPS{} },
		defaults: func() tested { return &method.SPS{MaxStep: 1, Divisor: 0.5} },
		bad: map[string]func() tested{
			"method: SPS.Minimum = NaN": func() tested { return &method.SPS{Minimum: nan} },
			"method: SPS.MaxStep = -1":  func() tested { return &method.SPS{MaxStep: -1} },
			"method: SPS.Divisor = -1":  func() tested { return &method.SPS{Divisor: -1} },
			"method: SPS.Growth = 0.5":  func() tested { return &method.SPS{Growth: 0.5} },
		},
		firstStep:  func(g float64) float64 { return abs(g) }, // the value is g²/2
		mixes:      true,
		memoryless: true,
		tuned:      func() tested { return &method.SPS{MaxStep: 0.1} },
		reach:      0.2,
	},
	{
		name:      "SPS, bounded by the step before",
		make:      func() tested { return &method.SPS{MaxStep: 0.1, Growth: 1.1} },
		defaults:  func() tested { return &method.SPS{MaxStep: 0.1, Divisor: 0.5, Growth: 1.1} },
		firstStep: func(g float64) float64 { return 0.11 * abs(g) }, // the value is g²/2
		mixes:     true,
		tuned:     func() tested { return &method.SPS{MaxStep: 0.1, Growth: 1} },
		reach:     0.2,
	},
	{
		name:     "COCOB",
		make:     func() tested { return &method.COCOB{} },
		defaults: func() tested { return &method.COCOB{Alpha: 100, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: COCOB.Alpha = -1":    func() tested { return &method.COCOB{Alpha: -1} },
			"method: COCOB.Epsilon = NaN": func() tested { return &method.COCOB{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) / max(abs(g), 1e-8) },
		scaleFree: true,
		reach:     0.1,
	},
	{
		name:     "FTRL",
		make:     func() tested { return &method.FTRL{} },
		defaults: func() tested { return &method.FTRL{StepSize: 1, Beta: 1} },
		bad: map[string]func() tested{
			"method: FTRL.StepSize = -1": func() tested { return &method.FTRL{StepSize: -1} },
			"method: FTRL.Beta = NaN":    func() tested { return &method.FTRL{Beta: nan} },
			"method: FTRL.L1 = -1":       func() tested { return &method.FTRL{L1: -1} },
			"method: FTRL.L2 = +Inf":     func() tested { return &method.FTRL{L2: inf} },
		},
		firstStep: func(g float64) float64 { return abs(g) / (1 + abs(g)) },
		reach:     0.08,
	},
	{
		name:     "RDA",
		make:     func() tested { return &method.RDA{} },
		defaults: func() tested { return &method.RDA{StepSize: 3e-3} },
		bad: map[string]func() tested{
			"method: RDA.StepSize = -1": func() tested { return &method.RDA{StepSize: -1} },
			"method: RDA.L1 = NaN":      func() tested { return &method.RDA{L1: nan} },
		},
		firstStep: func(g float64) float64 { return 3e-3 * abs(g) },
		tuned: func() tested { // at its own √k F falls like 1/k, and never ceases to fall; at k it is SGD
			return &method.RDA{StepSize: 0.1, Schedule: func(k int) float64 { return math.Sqrt(float64(k + 1)) }}
		},
		floor: 0.1 * 0.25 / (2 - 0.1),
		reach: 0.5,
	},
	{
		name: "Mechanic",
		make: func() tested { return &method.Mechanic{Rule: &method.SGD{}} },
		defaults: func() tested {
			return &method.Mechanic{Rule: &method.SGD{StepSize: 1e-3}, InitialScale: 1e-8, Decay: 0.01, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: Mechanic.Rule = nil":        func() tested { return &method.Mechanic{} },
			"method: Mechanic.InitialScale = -1": func() tested { return &method.Mechanic{Rule: &method.SGD{}, InitialScale: -1} },
			"method: Mechanic.Decay = NaN":       func() tested { return &method.Mechanic{Rule: &method.SGD{}, Decay: nan} },
			"method: Mechanic.Epsilon = -1":      func() tested { return &method.Mechanic{Rule: &method.SGD{}, Epsilon: -1} },
			"method: SGD.Momentum = 1":           func() tested { return &method.Mechanic{Rule: &method.SGD{Momentum: 1}} },
		},
		firstStep: func(g float64) float64 { return 0 },
		mixes:     true,
		tuned: func() tested {
			return &method.Mechanic{Rule: &method.SGD{StepSize: 0.1, Schedule: soon}, InitialScale: 0.1}
		},
		reach: 1,
	},
}

// automaticGolden are their files of testdata/golden.
var automaticGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"schedulefreesgd": func(h map[string]float64) stochopt.Rule {
		return &method.ScheduleFreeSGD{StepSize: h["lr"], Beta: orZero(h["beta"]), Power: h["power"], WeightDecay: h["decay"]}
	},
	"schedulefreeadam": func(h map[string]float64) stochopt.Rule {
		return &method.ScheduleFreeAdam{StepSize: h["lr"], Beta1: orZero(h["beta"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]),
			Power: h["power"], WeightDecay: h["decay"]}
	},
	"dog": func(h map[string]float64) stochopt.Rule {
		return &method.DoG{InitialDistance: h["r0"], Factor: h["factor"], Epsilon: orZero(h["eps"]), Blocks: goldenBlocks(h)}
	},
	"dowg": func(h map[string]float64) stochopt.Rule {
		return &method.DoWG{InitialDistance: h["r0"], Factor: h["factor"]}
	},
	"dadaptsgd": func(h map[string]float64) stochopt.Rule {
		return &method.DAdaptSGD{InitialDistance: h["d0"], Factor: h["factor"], Momentum: h["momentum"], Growth: h["growth"]}
	},
	"dadaptadam": func(h map[string]float64) stochopt.Rule {
		return &method.DAdaptAdam{InitialDistance: h["d0"], Factor: h["factor"], Growth: h["growth"], Beta1: orZero(h["beta1"]),
			Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"prodigy": func(h map[string]float64) stochopt.Rule {
		return &method.Prodigy{InitialDistance: h["d0"], Factor: h["factor"], Coefficient: h["coef"], Growth: h["growth"],
			Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), WeightDecay: h["decay"]}
	},
	"polyakstep": func(h map[string]float64) stochopt.Rule {
		return &method.PolyakStep{Minimum: h["minimum"], Factor: h["factor"]}
	},
	"sps": func(h map[string]float64) stochopt.Rule {
		return &method.SPS{Minimum: h["minimum"], MaxStep: h["max"], Divisor: h["c"], Growth: h["growth"]}
	},
	"cocob": func(h map[string]float64) stochopt.Rule {
		return &method.COCOB{Alpha: h["alpha"], Epsilon: orZero(h["eps"])}
	},
	"ftrl": func(h map[string]float64) stochopt.Rule {
		return &method.FTRL{StepSize: h["alpha"], Beta: orZero(h["beta"]), L1: h["l1"], L2: h["l2"]}
	},
	"rda": func(h map[string]float64) stochopt.Rule {
		return &method.RDA{StepSize: h["alpha"], L1: h["l1"]}
	},
	"mechanic": func(h map[string]float64) stochopt.Rule {
		return &method.Mechanic{Rule: &method.SGD{StepSize: h["lr"], Momentum: h["momentum"]}, InitialScale: h["s0"],
			Decay: orZero(h["decay"]), Epsilon: orZero(h["eps"])}
	},
}
