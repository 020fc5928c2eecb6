package stochopt_test

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// curvature are Rules that measure the curvature, or look at f around x, and some more relatives of Adam.
var curvature = []row{
	{
		name: "SAM SGD",
		make: func() tested { return &method.SAM{Rule: &method.SGD{Momentum: 0.9}} },
		defaults: func() tested {
			return &method.SAM{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Radius: 0.05}
		},
		bad: map[string]func() tested{
			"method: SAM.Rule is nil": func() tested { return &method.SAM{} },
			"method: SAM.Radius = -1": func() tested { return &method.SAM{Rule: &method.SGD{}, Radius: -1} },
			"method: SAM.Rule holds a *method.OLBFGS": func() tested {
				return &method.SAM{Rule: &method.Clip{Rule: &method.OLBFGS{}, Value: 1}}
			},
			"method: SAM.Radius = +Inf": func() tested { return &method.SAM{Rule: &method.SGD{}, Radius: inf} },
		},
		firstStep: func(g float64) float64 { return -0.05 },
		scaleFree: true,
		mixes:     true,
		chooses:   true,
		estimates: true,
		floor:     1e-3 * 0.25 * 1.9 / (0.1 * (3.8 - 1e-3)), // SGD's: g grows by 1 + ρ/|g|, 0.7 %
		reach:     1,
	},
	{
		name: "OLBFGS",
		make: func() tested { return &method.OLBFGS{} },
		defaults: func() tested {
			return &method.OLBFGS{StepSize: 0.01, FirstStep: 1e-3, Curvature: 1e-6, Memory: 10}
		},
		bad: map[string]func() tested{
			"method: OLBFGS.StepSize = -1":   func() tested { return &method.OLBFGS{StepSize: -1} },
			"method: OLBFGS.FirstStep = NaN": func() tested { return &method.OLBFGS{FirstStep: nan} },
			"method: OLBFGS.MaxStep = -1":    func() tested { return &method.OLBFGS{MaxStep: -1} },
			"method: OLBFGS.Damping = +Inf":  func() tested { return &method.OLBFGS{Damping: inf} },
			"method: OLBFGS.Curvature = 1":   func() tested { return &method.OLBFGS{Curvature: 1} },
			"method: Accumulate.Rule is a *method.OLBFGS": func() tested {
				return &method.Accumulate{Rule: &method.OLBFGS{}}
			},
			"method: OLBFGS.Memory = -1": func() tested { return &method.OLBFGS{Memory: -1} },
		},
		firstStep: func(g float64) float64 { return 1e-3 },
		scaleFree: true,
		mixes:     true,
		chooses:   true,
		floor:     0.01 * 0.25 / (2 - 0.01), // ασ²/h²(2-α): H is exact, as the noise does not depend on x
		reach:     0.5,
	},
	{
		name: "AdaHessian",
		make: func() tested { return &method.AdaHessian{HessVec: coupledHess} },
		defaults: func() tested {
			return &method.AdaHessian{HessVec: coupledHess, StepSize: 0.15, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-4, Power: 1, HessPeriod: 1}
		},
		bad: map[string]func() tested{
			"method: AdaHessian.HessVec is nil": func() tested { return &method.AdaHessian{} },
			"method: Scale.Rule is a *method.AdaHessian": func() tested {
				return &method.Scale{Rule: &method.AdaHessian{HessVec: coupledHess}, Unit: func(int) float64 { return 2 }}
			},
			"method: AdaHessian.StepSize = -1":   func() tested { return &method.AdaHessian{HessVec: coupledHess, StepSize: -1} },
			"method: AdaHessian.Beta1 = 1":       func() tested { return &method.AdaHessian{HessVec: coupledHess, Beta1: 1} },
			"method: AdaHessian.Beta2 = NaN":     func() tested { return &method.AdaHessian{HessVec: coupledHess, Beta2: nan} },
			"method: AdaHessian.Epsilon = -1":    func() tested { return &method.AdaHessian{HessVec: coupledHess, Epsilon: -1} },
			"method: AdaHessian.Power = 1.5":     func() tested { return &method.AdaHessian{HessVec: coupledHess, Power: 1.5} },
			"method: AdaHessian.HessPeriod = -1": func() tested { return &method.AdaHessian{HessVec: coupledHess, HessPeriod: -1} },
			"method: AdaHessian.MaxStep = NaN":   func() tested { return &method.AdaHessian{HessVec: coupledHess, MaxStep: nan} },
			"method: AdaHessian.Blocks = [1 0]":  func() tested { return &method.AdaHessian{HessVec: coupledHess, Blocks: []int{1, 0}} },
		},
		firstStep: func(g float64) float64 { return 0.15 * abs(g) / (1 + 1e-4) },
		mixes:     true,
		chooses:   true,
		tuned:     func() tested { return &method.AdaHessian{HessVec: identityHess} },
		floor:     0.015 * 0.25 * 1.9 / (0.1 * (3.8 - 0.015)), // momentum's at the step size α(1-β₁)/h
		reach:     0.5,
	},
	{
		name: "Sophia",
		make: func() tested { return &method.Sophia{HessVec: coupledHess} },
		defaults: func() tested {
			return &method.Sophia{HessVec: coupledHess, StepSize: 0.01, Beta1: 0.96, Beta2: 0.99, Gamma: 0.01, Epsilon: 1e-12, HessPeriod: 10}
		},
		bad: map[string]func() tested{
			"method: Sophia.HessVec is nil": func() tested { return &method.Sophia{} },
			"method: Freeze.Rule holds a *method.Sophia": func() tested {
				return &method.Freeze{Rule: &method.Clip{Rule: &method.Sophia{HessVec: coupledHess}, Value: 1}}
			},
			"method: Sophia.StepSize = -1":      func() tested { return &method.Sophia{HessVec: coupledHess, StepSize: -1} },
			"method: Sophia.Beta1 = 1":          func() tested { return &method.Sophia{HessVec: coupledHess, Beta1: 1} },
			"method: Sophia.Beta2 = NaN":        func() tested { return &method.Sophia{HessVec: coupledHess, Beta2: nan} },
			"method: Sophia.Gamma = -1":         func() tested { return &method.Sophia{HessVec: coupledHess, Gamma: -1} },
			"method: Sophia.Epsilon = -1":       func() tested { return &method.Sophia{HessVec: coupledHess, Epsilon: -1} },
			"method: Sophia.WeightDecay = +Inf": func() tested { return &method.Sophia{HessVec: coupledHess, WeightDecay: inf} },
			"method: Sophia.HessPeriod = -1":    func() tested { return &method.Sophia{HessVec: coupledHess, HessPeriod: -1} },
		},
		firstStep: func(g float64) float64 { return 0.01 * min(1, 0.04*abs(g)/1e-4) },
		scaleFree: true, // as far as the bound holds
		mixes:     true,
		chooses:   true,
		tuned:     func() tested { return &method.Sophia{HessVec: identityHess} },
		reach:     0.3,
	},
	{
		name: "DropWhenStationary SGD",
		make: func() tested { return &method.DropWhenStationary{Rule: &method.SGD{Momentum: 0.9}} },
		defaults: func() tested {
			return &method.DropWhenStationary{
				Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9},
				Test: &stopping.Distance{Slope: 0.6, Ratio: 2, First: 8}, Factor: 0.5,
			}
		},
		bad: map[string]func() tested{
			"method: DropWhenStationary.Rule is nil":  func() tested { return &method.DropWhenStationary{} },
			"method: DropWhenStationary.Factor = 1":   func() tested { return &method.DropWhenStationary{Rule: &method.SGD{}, Factor: 1} },
			"method: DropWhenStationary.Minimum = 2":  func() tested { return &method.DropWhenStationary{Rule: &method.SGD{}, Minimum: 2} },
			"method: DropWhenStationary.Minimum = -1": func() tested { return &method.DropWhenStationary{Rule: &method.SGD{}, Minimum: -1} },
			"stopping: Pflug.BurnIn = -1": func() tested {
				return &method.DropWhenStationary{Rule: &method.SGD{}, Test: &stopping.Pflug{BurnIn: -1}}
			},
		},
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) },
		mixes:     true,
		tuned:     func() tested { return &method.DropWhenStationary{Rule: &method.SGD{Momentum: 0.9}, Minimum: 0.1} },
		reach:     1,
	},
	{
		name: "DropWhenStationary Adam, soon",
		make: func() tested {
			return &method.DropWhenStationary{Rule: &stochopt.Adam{}, Test: &stopping.Pflug{}, Minimum: 0.1}
		},
		defaults: func() tested {
			return &method.DropWhenStationary{
				Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
				Test: &stopping.Pflug{}, Factor: 0.5, Minimum: 0.1,
			}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     1,
	},
	{
		name: "DropWhenStationary Adam on plateaus",
		make: func() tested {
			return &method.DropWhenStationary{Rule: &stochopt.Adam{}, Test: &stopping.Plateau{Patience: 1, Batch: 1, Absolute: 1}, Minimum: 0.1}
		},
		defaults: func() tested {
			return &method.DropWhenStationary{
				Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
				Test: &stopping.Plateau{Patience: 1, Batch: 1, Absolute: 1, Relative: 1e-4}, Factor: 0.5, Minimum: 0.1,
			}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     1,
	},
	{
		name: "Adafactor",
		make: func() tested { return &method.Adafactor{} },
		defaults: func() tested {
			return &method.Adafactor{StepSize: 0.01, MinScale: 1e-3, ClipRMS: 1, Epsilon: 1e-30, DecayPower: 0.8}
		},
		bad: map[string]func() tested{
			"method: Adafactor.StepSize = -1":    func() tested { return &method.Adafactor{StepSize: -1} },
			"method: Adafactor.MinScale = NaN":   func() tested { return &method.Adafactor{MinScale: nan} },
			"method: Adafactor.ClipRMS = -1":     func() tested { return &method.Adafactor{ClipRMS: -1} },
			"method: Adafactor.Epsilon = -1":     func() tested { return &method.Adafactor{Epsilon: -1} },
			"method: Adafactor.DecayPower = -1":  func() tested { return &method.Adafactor{DecayPower: -1} },
			"method: Adafactor.Blocks = [3], of": func() tested { return &method.Adafactor{Blocks: []int{3}} },
		},
		firstStep: func(g float64) float64 { return 1e-5 * abs(g) / math.Sqrt(g*g+1e-30) },
		scaleFree: true,
		mixes:     true,
		reach:     0.2,
	},
	{
		name: "SWATS",
		make: func() tested { return &method.SWATS{} },
		defaults: func() tested {
			return &method.SWATS{StepSize: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Tolerance: 1e-9}
		},
		bad: map[string]func() tested{
			"method: SWATS.StepSize = -1":   func() tested { return &method.SWATS{StepSize: -1} },
			"method: SWATS.Beta1 = 1":       func() tested { return &method.SWATS{Beta1: 1} },
			"method: SWATS.Beta2 = NaN":     func() tested { return &method.SWATS{Beta2: nan} },
			"method: SWATS.Epsilon = -1":    func() tested { return &method.SWATS{Epsilon: -1} },
			"method: SWATS.Tolerance = NaN": func() tested { return &method.SWATS{Tolerance: nan} },
		},
		firstStep: func(g float64) float64 { return 0.03 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.03 * 0.5 / 2, // Adam's: it does not switch
		reach:     1,
	},
	{
		name: "SWATS, soon",
		make: func() tested { return &method.SWATS{Tolerance: 0.3, StepSize: 0.1, Beta2: 0.9} },
		defaults: func() tested {
			return &method.SWATS{Tolerance: 0.3, StepSize: 0.1, Beta1: 0.9, Beta2: 0.9, Epsilon: 1e-8}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     0.5,
	},
	{
		name:     "WNGrad",
		make:     func() tested { return &method.WNGrad{} },
		defaults: func() tested { return &method.WNGrad{StepSize: 3, Initial: 1} },
		bad: map[string]func() tested{
			"method: WNGrad.StepSize = -1": func() tested { return &method.WNGrad{StepSize: -1} },
			"method: WNGrad.Initial = NaN": func() tested { return &method.WNGrad{Initial: nan} },
		},
		firstStep: func(g float64) float64 { return 3 * abs(g) / (1 + g*g) },
		mixes:     true,
		reach:     0.2,
	},
	{
		name: "AdEMAMix",
		make: func() tested { return &method.AdEMAMix{} },
		defaults: func() tested {
			return &method.AdEMAMix{StepSize: 0.3, Beta1: 0.9, Beta2: 0.999, Beta3: 0.9999, Mix: 5, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: AdEMAMix.StepSize = -1": func() tested { return &method.AdEMAMix{StepSize: -1} },
			"method: AdEMAMix.Beta1 = 1":     func() tested { return &method.AdEMAMix{Beta1: 1} },
			"method: AdEMAMix.Beta2 = NaN":   func() tested { return &method.AdEMAMix{Beta2: nan} },
			"method: AdEMAMix.Beta3 = 1":     func() tested { return &method.AdEMAMix{Beta3: 1} },
			"method: AdEMAMix.Mix = +Inf":    func() tested { return &method.AdEMAMix{Mix: inf} },
			"method: AdEMAMix.Epsilon = -1":  func() tested { return &method.AdEMAMix{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.3 * (1 + 5*1e-4) * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		tuned:     func() tested { return &method.AdEMAMix{StepSize: 0.02, Beta3: 0.99} },
		reach:     1,
	},
	{
		name:     "NovoGrad",
		make:     func() tested { return &method.NovoGrad{} },
		defaults: func() tested { return &method.NovoGrad{StepSize: 0.003, Beta1: 0.9, Beta2: 0.25, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: NovoGrad.StepSize = -1":      func() tested { return &method.NovoGrad{StepSize: -1} },
			"method: NovoGrad.Beta1 = 1":          func() tested { return &method.NovoGrad{Beta1: 1} },
			"method: NovoGrad.Beta2 = NaN":        func() tested { return &method.NovoGrad{Beta2: nan} },
			"method: NovoGrad.Epsilon = -1":       func() tested { return &method.NovoGrad{Epsilon: -1} },
			"method: NovoGrad.WeightDecay = +Inf": func() tested { return &method.NovoGrad{WeightDecay: inf} },
			"method: NovoGrad.Blocks = [3], of":   func() tested { return &method.NovoGrad{Blocks: []int{3}} },
		},
		firstStep: func(g float64) float64 { return 0.003 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		cycles:    true,
		floor:     0.003 / math.Sqrt(200*0.25) * 0.25 / (2 * 0.1), // momentum's, as |g| is σ√n
		reach:     1,
	},
	{
		name:     "NormalizedSGD",
		make:     func() tested { return &method.NormalizedSGD{} },
		defaults: func() tested { return &method.NormalizedSGD{StepSize: 0.01} },
		bad: map[string]func() tested{
			"method: NormalizedSGD.StepSize = -1":  func() tested { return &method.NormalizedSGD{StepSize: -1} },
			"method: NormalizedSGD.Momentum = 1":   func() tested { return &method.NormalizedSGD{Momentum: 1} },
			"method: NormalizedSGD.Momentum = NaN": func() tested { return &method.NormalizedSGD{Momentum: nan} },
		},
		firstStep:  func(g float64) float64 { return 0.01 },
		scaleFree:  true,
		mixes:      true,
		cycles:     true,
		memoryless: true,
		floor:      0.01 / math.Sqrt(200*0.25) * 0.25 / 2, // that of gradient descent, as |g| is σ√n
		reach:      0.2,
	},
	{
		name:      "NormalizedSGD momentum",
		make:      func() tested { return &method.NormalizedSGD{Momentum: 0.9} },
		defaults:  func() tested { return &method.NormalizedSGD{StepSize: 0.01, Momentum: 0.9} },
		firstStep: func(g float64) float64 { return 0.01 },
		scaleFree: true,
		mixes:     true,
		cycles:    true,
		reach:     0.2,
	},
	{
		name:     "MoMo",
		make:     func() tested { return &method.MoMo{} },
		defaults: func() tested { return &method.MoMo{MaxStep: 1, Beta: 0.9} },
		bad: map[string]func() tested{
			"method: MoMo.Minimum = NaN": func() tested { return &method.MoMo{Minimum: nan} },
			"method: MoMo.MaxStep = -1":  func() tested { return &method.MoMo{MaxStep: -1} },
			"method: MoMo.Beta = 1":      func() tested { return &method.MoMo{Beta: 1} },
		},
		firstStep: func(g float64) float64 { return abs(g) / 2 }, // f is |g|²/2
		mixes:     true,
		tuned:     func() tested { return &method.MoMo{MaxStep: 0.1, Minimum: -100} },
		floor:     0.01 * 0.25 * 1.9 / (0.1 * (3.8 - 0.01)), // momentum's at the step size (1-β)α, as f* is far below
		reach:     1,
	},
	{
		name: "Cautious Adam",
		make: func() tested { return &method.Cautious{Rule: &stochopt.Adam{}} },
		defaults: func() tested {
			return &method.Cautious{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
		},
		bad:       map[string]func() tested{"method: Cautious.Rule is nil": func() tested { return &method.Cautious{} }},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		reach:     1,
	},
	{
		name: "Decay Adam",
		make: func() tested { return &method.Decay{Rule: &stochopt.Adam{}} },
		defaults: func() tested {
			return &method.Decay{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Rate: 1e-5}
		},
		bad: map[string]func() tested{
			"method: Decay.Rule is nil":   func() tested { return &method.Decay{} },
			"method: Decay.Rate = 1.5":    func() tested { return &method.Decay{Rule: &stochopt.Adam{}, Rate: 1.5} },
			"method: Decay.Center has le": func() tested { return &method.Decay{Rule: &stochopt.Adam{}, Center: []float64{1}} },
			"method: Decay.Center[1] = N": func() tested { return &method.Decay{Rule: &stochopt.Adam{}, Center: []float64{1, nan}} },
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.1 * 0.5 / 2, // Adam's
		reach:     1,
	},
	{
		name:     "Fromage",
		make:     func() tested { return &method.Fromage{} },
		defaults: func() tested { return &method.Fromage{StepSize: 0.01} },
		bad: map[string]func() tested{
			"method: Fromage.StepSize = -1":    func() tested { return &method.Fromage{StepSize: -1} },
			"method: Fromage.Blocks = [3], of": func() tested { return &method.Fromage{Blocks: []int{3}} },
		},
		firstStep:  func(g float64) float64 { return 0.01 * abs(g) / math.Hypot(1, 0.01) },
		mixes:      true,
		memoryless: true,
		reach:      0.2,
	},
	{
		name:     "SMORMS3",
		make:     func() tested { return &method.SMORMS3{} },
		defaults: func() tested { return &method.SMORMS3{StepSize: 0.3, Epsilon: 1e-16} },
		bad: map[string]func() tested{
			"method: SMORMS3.StepSize = -1": func() tested { return &method.SMORMS3{StepSize: -1} },
			"method: SMORMS3.Epsilon = NaN": func() tested { return &method.SMORMS3{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 {
			return abs(g) * min(0.3, 0.25*g*g/(0.5*g*g+1e-16)) / (math.Sqrt(0.5*g*g) + 1e-16)
		},
		scaleFree: true,
		reach:     0.5,
	},
}

// identityHess is the product of the Hessian of |x|²/2 and v.
func identityHess(dst, _, v []float64, _ stochopt.Sample) error {
	copy(dst, v)
	return nil
}

// coupledHess is the product of v and a matrix of 1 on the diagonal and 0.1 elsewhere.
func coupledHess(dst, _, v []float64, _ stochopt.Sample) error {
	var sum float64
	for _, e := range v {
		sum += 0.1 * e
	}
	for i, e := range v {
		dst[i] = sum + 0.9*e
	}
	return nil
}

// curvatureGolden are their files of testdata/golden.
var curvatureGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"sam": func(h map[string]float64) stochopt.Rule {
		return &method.SAM{Rule: goldenInner(h), Radius: h["rho"]}
	},
	"olbfgs": func(h map[string]float64) stochopt.Rule {
		return &method.OLBFGS{
			StepSize: h["lr"], FirstStep: h["first"], MaxStep: h["max"], Damping: h["damping"], Curvature: orZero(h["curvature"]),
			Memory: int(h["memory"]), Schedule: func(k int) float64 { return 1 / (1 + h["decay"]*float64(k)) },
		}
	},
	"adahessian": func(h map[string]float64) stochopt.Rule {
		r := &method.AdaHessian{
			HessVec: goldenHess(h), StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]),
			Power: h["power"], HessPeriod: int(h["period"]), MaxStep: h["max"],
		}
		if n := int(h["block"]); n > 0 {
			r.Blocks = []int{n, 4 - n}
		}
		return r
	},
	"sophia": func(h map[string]float64) stochopt.Rule {
		return &method.Sophia{
			HessVec: goldenHess(h), StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Gamma: h["gamma"],
			Epsilon: orZero(h["eps"]), WeightDecay: h["decay"], HessPeriod: int(h["period"]),
		}
	},
	"dropwhenstationary": func(h map[string]float64) stochopt.Rule {
		test := []optimize.Converger{
			&stopping.Plateau{Patience: int(h["patience"]), Relative: h["relative"], Absolute: h["absolute"], Batch: int(h["batch"])},
			&stopping.Distance{First: int(h["first"]), Ratio: h["ratio"], Slope: h["slope"]},
			&stopping.Pflug{},
		}[int(h["test"])]
		return &method.DropWhenStationary{Rule: goldenInner(h), Test: test, Factor: h["factor"], Minimum: h["minimum"]}
	},
	"adafactor": func(h map[string]float64) stochopt.Rule {
		r := &method.Adafactor{
			StepSize: h["lr"], MinScale: h["floor"], ClipRMS: h["clip"], Epsilon: orZero(h["eps"]), DecayPower: h["power"],
		}
		if n := int(h["block"]); n > 0 {
			r.Blocks = []int{n, 4 - n}
		}
		return r
	},
	"swats": func(h map[string]float64) stochopt.Rule {
		return &method.SWATS{
			StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), Tolerance: h["tol"],
		}
	},
	"wngrad": func(h map[string]float64) stochopt.Rule {
		return &method.WNGrad{StepSize: h["lr"], Initial: h["b0"]}
	},
	"ademamix": func(h map[string]float64) stochopt.Rule {
		return &method.AdEMAMix{
			StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Beta3: orZero(h["beta3"]), Mix: orZero(h["mix"]),
			Epsilon: orZero(h["eps"]),
		}
	},
	"novograd": func(h map[string]float64) stochopt.Rule {
		r := &method.NovoGrad{
			StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), WeightDecay: h["decay"],
		}
		if n := int(h["block"]); n > 0 {
			r.Blocks = []int{n, 4 - n}
		}
		return r
	},
	"normalizedsgd": func(h map[string]float64) stochopt.Rule {
		return &method.NormalizedSGD{StepSize: h["lr"], Momentum: h["momentum"]}
	},
	"momo": func(h map[string]float64) stochopt.Rule {
		return &method.MoMo{Minimum: h["minimum"], MaxStep: h["lr"], Beta: orZero(h["beta"])}
	},
	"decay": func(h map[string]float64) stochopt.Rule {
		return &method.Decay{Rule: goldenInner(h), Rate: h["rate"]}
	},
	"cautious": func(h map[string]float64) stochopt.Rule { return &method.Cautious{Rule: goldenInner(h)} },
	"fromage": func(h map[string]float64) stochopt.Rule {
		r := &method.Fromage{StepSize: h["lr"]}
		if n := int(h["block"]); n > 0 {
			r.Blocks = []int{n, 4 - n}
		}
		return r
	},
	"smorms3": func(h map[string]float64) stochopt.Rule {
		return &method.SMORMS3{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
	},
}

// goldenHess are the Hessians of testdata/golden/curvature.py.
func goldenHess(h map[string]float64) func(dst, x, v []float64, s stochopt.Sample) error {
	if h["hess"] == 1 {
		return func(dst, x, v []float64, _ stochopt.Sample) error {
			a := x[0]
			dst[0] = (1200*a*a-400*x[1]+2)*v[0] - 400*a*v[1]
			dst[1] = -400*a*v[0] + 200*v[1]
			return nil
		}
	}
	return func(dst, _, v []float64, _ stochopt.Sample) error {
		unit := []float64{1e-2, 1, 10, 1e3}
		for i := range dst {
			dst[i] = 0
			for j, e := range v {
				a := 1.0
				if i == j {
					a = 3
				}
				if i == j && j == 3 {
					a = -3
				}
				dst[i] += a * unit[i] * unit[j] * e
			}
		}
		return nil
	}
}
