package stochopt_test

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// variants are variants of momentum, signs and ratios.
var variants = []row{
	{
		name: "Lion",
		make: func() tested { return &method.Lion{} },
		defaults: func() tested {
			return &method.Lion{StepSize: 0.01, Beta1: 0.9, Beta2: 0.99}
		},
		bad: map[string]func() tested{
			"method: Lion.StepSize = -1":      func() tested { return &method.Lion{StepSize: -1} },
			"method: Lion.StepSize = NaN":     func() tested { return &method.Lion{StepSize: nan} },
			"method: Lion.Beta1 = 1":          func() tested { return &method.Lion{Beta1: 1} },
			"method: Lion.Beta2 = -0.5":       func() tested { return &method.Lion{Beta2: -0.5} },
			"method: Lion.WeightDecay = +Inf": func() tested { return &method.Lion{WeightDecay: inf} },
		},
		firstStep: func(g float64) float64 { return 0.01 },
		scaleFree: true,
		reach:     0.3,
	},
	{
		name: "signSGD",
		make: func() tested { return &method.Signum{} },
		defaults: func() tested {
			return &method.Signum{StepSize: 0.01}
		},
		bad: map[string]func() tested{
			"method: Signum.StepSize = -1":   func() tested { return &method.Signum{StepSize: -1} },
			"method: Signum.StepSize = +Inf": func() tested { return &method.Signum{StepSize: inf} },
			"method: Signum.Momentum = 1":    func() tested { return &method.Signum{Momentum: 1} },
			"method: Signum.Momentum = NaN":  func() tested { return &method.Signum{Momentum: nan} },
		},
		firstStep:  func(g float64) float64 { return 0.01 },
		scaleFree:  true,
		cycles:     true,
		memoryless: true,
		floor:      0.01 * 0.5 * 1.2533141 / 2, // √(π/2) ασ/2h at h = 1, for αh small against σ
		reach:      0.05,
	},
	{
		name: "Signum",
		make: func() tested { return &method.Signum{Momentum: 0.9} },
		defaults: func() tested {
			return &method.Signum{StepSize: 0.01, Momentum: 0.9}
		},
		firstStep: func(g float64) float64 { return 0.01 },
		scaleFree: true,
		cycles:    true,
		reach:     0.2,
	},
	{
		name: "AdaBound",
		make: func() tested { return &method.AdaBound{} },
		defaults: func() tested {
			return &method.AdaBound{StepSize: 0.1, FinalStepSize: 0.1, Gamma: 0.001, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: AdaBound.StepSize = -1":       func() tested { return &method.AdaBound{StepSize: -1} },
			"method: AdaBound.FinalStepSize = NaN": func() tested { return &method.AdaBound{FinalStepSize: nan} },
			"method: AdaBound.Gamma = -1":          func() tested { return &method.AdaBound{Gamma: -1} },
			"method: AdaBound.Beta1 = 1":           func() tested { return &method.AdaBound{Beta1: 1} },
			"method: AdaBound.Beta2 = NaN":         func() tested { return &method.AdaBound{Beta2: nan} },
			"method: AdaBound.Epsilon = -1":        func() tested { return &method.AdaBound{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return boundFirst(g) },
		reach:     0.25,
	},
	{
		name: "AMSBound",
		make: func() tested { return &method.AdaBound{AMSBound: true} },
		defaults: func() tested {
			return &method.AdaBound{StepSize: 0.1, FinalStepSize: 0.1, Gamma: 0.001, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, AMSBound: true}
		},
		firstStep: func(g float64) float64 { return boundFirst(g) },
		reach:     0.25,
	},
	{
		name: "QHM",
		make: func() tested { return &method.QHM{} },
		defaults: func() tested {
			return &method.QHM{StepSize: 3e-3, Beta: 0.999, Nu: 0.7}
		},
		bad: map[string]func() tested{
			"method: QHM.StepSize = -1": func() tested { return &method.QHM{StepSize: -1} },
			"method: QHM.Beta = 1":      func() tested { return &method.QHM{Beta: 1} },
			"method: QHM.Nu = 1.5":      func() tested { return &method.QHM{Nu: 1.5} },
			"method: QHM.Nu = NaN":      func() tested { return &method.QHM{Nu: nan} },
		},
		firstStep: func(g float64) float64 { return 3e-3 * (1 - 0.7*0.999) * abs(g) },
		floor:     qhmFloor(3e-3, 0.999, 0.7),
		reach:     0.004,
	},
	{
		name: "QHAdam",
		make: func() tested { return &method.QHAdam{} },
		defaults: func() tested {
			return &method.QHAdam{StepSize: 0.03, Beta1: 0.995, Beta2: 0.999, Nu1: 0.7, Nu2: 1, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: QHAdam.StepSize = -1":  func() tested { return &method.QHAdam{StepSize: -1} },
			"method: QHAdam.Beta1 = 1":      func() tested { return &method.QHAdam{Beta1: 1} },
			"method: QHAdam.Beta2 = NaN":    func() tested { return &method.QHAdam{Beta2: nan} },
			"method: QHAdam.Nu1 = -1":       func() tested { return &method.QHAdam{Nu1: -1} },
			"method: QHAdam.Nu2 = 1.1":      func() tested { return &method.QHAdam{Nu2: 1.1} },
			"method: QHAdam.Epsilon = +Inf": func() tested { return &method.QHAdam{Epsilon: inf} },
		},
		firstStep: func(g float64) float64 { return 0.03 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		reach:     0.08,
	},
	{
		name: "Rprop",
		make: func() tested { return &method.Rprop{} },
		defaults: func() tested {
			return &method.Rprop{StepSize: 0.01, Increase: 1.2, Decrease: 0.5, MinStep: 1e-6, MaxStep: 50}
		},
		bad: map[string]func() tested{
			"method: Rprop.StepSize = -1":  func() tested { return &method.Rprop{StepSize: -1} },
			"method: Rprop.Increase = 0.9": func() tested { return &method.Rprop{Increase: 0.9} },
			"method: Rprop.Decrease = 1":   func() tested { return &method.Rprop{Decrease: 1} },
			"method: Rprop.MinStep = 51":   func() tested { return &method.Rprop{MinStep: 51} },
			"method: Rprop.MaxStep = NaN":  func() tested { return &method.Rprop{MaxStep: nan} },
		},
		firstStep: func(g float64) float64 { return 0.01 },
		scaleFree: true,
		cycles:    true,
		tuned:     func() tested { return &method.Rprop{MinStep: 1e-3} }, // as short as noise makes its steps
		reach:     0.02,
	},
	{
		name: "Padam",
		make: func() tested { return &method.Padam{} },
		defaults: func() tested {
			return &method.Padam{StepSize: 0.01, Power: 0.125, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: Padam.StepSize = -1": func() tested { return &method.Padam{StepSize: -1} },
			"method: Padam.Power = 0.6":   func() tested { return &method.Padam{Power: 0.6} },
			"method: Padam.Beta1 = 1":     func() tested { return &method.Padam{Beta1: 1} },
			"method: Padam.Beta2 = NaN":   func() tested { return &method.Padam{Beta2: nan} },
			"method: Padam.Epsilon = -1":  func() tested { return &method.Padam{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) / math.Pow(abs(g)+1e-8, 0.25) },
		reach:     0.05,
	},
	{
		name: "Adan",
		make: func() tested { return &method.Adan{} },
		defaults: func() tested {
			return &method.Adan{StepSize: 0.03, Beta1: 0.98, Beta2: 0.92, Beta3: 0.99, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: Adan.StepSize = -1":    func() tested { return &method.Adan{StepSize: -1} },
			"method: Adan.Beta1 = 1":        func() tested { return &method.Adan{Beta1: 1} },
			"method: Adan.Beta2 = NaN":      func() tested { return &method.Adan{Beta2: nan} },
			"method: Adan.Beta3 = -0.5":     func() tested { return &method.Adan{Beta3: -0.5} },
			"method: Adan.Epsilon = -1":     func() tested { return &method.Adan{Epsilon: -1} },
			"method: Adan.WeightDecay = -1": func() tested { return &method.Adan{WeightDecay: -1} },
		},
		firstStep: func(g float64) float64 { return 0.03 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		reach:     0.06,
	},
	{
		name: "FTML",
		make: func() tested { return &method.FTML{} },
		defaults: func() tested {
			return &method.FTML{StepSize: 0.03, Beta1: 0.6, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: FTML.StepSize = -1": func() tested { return &method.FTML{StepSize: -1} },
			"method: FTML.Beta1 = 1":     func() tested { return &method.FTML{Beta1: 1} },
			"method: FTML.Beta2 = NaN":   func() tested { return &method.FTML{Beta2: nan} },
			"method: FTML.Epsilon = -1":  func() tested { return &method.FTML{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.03 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.4 * 0.03 * 0.5 / 2, // as Adam, with its step size in the long run
		reach:     0.06,
	},
	{
		name: "OptimisticAdam",
		make: func() tested { return &method.OptimisticAdam{} },
		defaults: func() tested {
			return &method.OptimisticAdam{StepSize: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: OptimisticAdam.StepSize = -1": func() tested { return &method.OptimisticAdam{StepSize: -1} },
			"method: OptimisticAdam.Beta1 = 1":     func() tested { return &method.OptimisticAdam{Beta1: 1} },
			"method: OptimisticAdam.Beta2 = NaN":   func() tested { return &method.OptimisticAdam{Beta2: nan} },
			"method: OptimisticAdam.Epsilon = -1":  func() tested { return &method.OptimisticAdam{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.06 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		reach:     0.15,
	},
	{
		name: "AggMo",
		make: func() tested { return &method.AggMo{} },
		defaults: func() tested {
			return &method.AggMo{StepSize: 3e-4, Momenta: []float64{0, 0.9, 0.99}}
		},
		bad: map[string]func() tested{
			"method: AggMo.StepSize = -1":    func() tested { return &method.AggMo{StepSize: -1} },
			"method: AggMo.Momenta[1] = 1":   func() tested { return &method.AggMo{Momenta: []float64{0, 1}} },
			"method: AggMo.Momenta[0] = NaN": func() tested { return &method.AggMo{Momenta: []float64{nan}} },
		},
		firstStep: func(g float64) float64 { return 3e-4 * abs(g) },
		reach:     0.05,
	},
	{
		name: "AccSGD",
		make: func() tested { return &method.AccSGD{} },
		defaults: func() tested {
			return &method.AccSGD{StepSize: 1e-3, Kappa: 1000, Xi: 10, SmallConst: 0.7}
		},
		bad: map[string]func() tested{
			"method: AccSGD.StepSize = -1":    func() tested { return &method.AccSGD{StepSize: -1} },
			"method: AccSGD.Kappa = 0.5":      func() tested { return &method.AccSGD{Kappa: 0.5} },
			"method: AccSGD.Xi = 40":          func() tested { return &method.AccSGD{Xi: 40} },
			"method: AccSGD.SmallConst = 1.5": func() tested { return &method.AccSGD{SmallConst: 1.5} },
		},
		firstStep: func(g float64) float64 { return accSGDFirst(1e-3, 1000, 10, 0.7) * abs(g) },
		floor:     qhmFloor(1e-3*0.7*11/1.7, 0.7*(1-0.0049)/(0.7+0.0049), 6/(0.7*11)), // AccSGD is this QHM
		reach:     0.03,
	},
	{
		name: "LARS",
		make: func() tested { return &method.LARS{Momentum: 0.9} },
		defaults: func() tested {
			return &method.LARS{StepSize: 3, Trust: 0.001, Momentum: 0.9}
		},
		bad: map[string]func() tested{
			"method: LARS.StepSize = -1":    func() tested { return &method.LARS{StepSize: -1} },
			"method: LARS.Trust = NaN":      func() tested { return &method.LARS{Trust: nan} },
			"method: LARS.Momentum = 1":     func() tested { return &method.LARS{Momentum: 1} },
			"method: LARS.WeightDecay = -1": func() tested { return &method.LARS{WeightDecay: -1} },
			"method: LARS.Blocks = [1 0 1]": func() tested { return &method.LARS{Blocks: []int{1, 0, 1}} },
			"method: LARS.Blocks = [1 2]":   func() tested { return &method.LARS{Blocks: []int{1, 2}} },
		},
		firstStep: func(g float64) float64 { return 3 * abs(g) },
		mixes:     true,
		reach:     0.001, // relative steps are short at this minimum, which is the origin
	},
	{
		name: "LAMB",
		make: func() tested { return &method.LAMB{} },
		defaults: func() tested {
			return &method.LAMB{StepSize: 3e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-6}
		},
		bad: map[string]func() tested{
			"method: LAMB.StepSize = -1":    func() tested { return &method.LAMB{StepSize: -1} },
			"method: LAMB.Beta1 = 1":        func() tested { return &method.LAMB{Beta1: 1} },
			"method: LAMB.Beta2 = NaN":      func() tested { return &method.LAMB{Beta2: nan} },
			"method: LAMB.Epsilon = -1":     func() tested { return &method.LAMB{Epsilon: -1} },
			"method: LAMB.WeightDecay = -1": func() tested { return &method.LAMB{WeightDecay: -1} },
			"method: LAMB.Blocks = [1 2]":   func() tested { return &method.LAMB{Blocks: []int{1, 2}} },
		},
		firstStep: func(g float64) float64 { return 3e-3 * abs(g) / (abs(g) + 1e-6) },
		scaleFree: true,
		mixes:     true,
		reach:     0.001, // likewise
	},
}

// boundFirst is the first step of AdaBound at its defaults, where m is 0.1 g and α/c₁ is 1. The bounds have hardly begun to
// close in: they are 1e-4 and 100.
func boundFirst(g float64) float64 {
	g = abs(g)
	return 0.1 * g * min(max(1/(g+1e-8), 0.1*0.001/1.001), 0.1*1001)
}

// qhmFloor is the stationary variance of QHM at curvature 1 and noise of standard deviation 0.5, from the equations
// that the covariances of x and m fulfil.
func qhmFloor(a, b, nu float64) float64 {
	num := 1 - b*b + a*b*(1+b) - a*b*nu*(1+3*b-2*b*nu)
	return 0.25 * a * num / ((1 - b + a*b*(1-nu)) * (2*(1+b) - a*(1+b-2*b*nu)))
}

// accSGDFirst is the first step of AccSGD from the gradient 1.
func accSGDFirst(alpha, kappa, xi, c float64) float64 {
	b := c * c * xi / kappa
	zeta := c / (c + b)
	return zeta*alpha + (1-zeta)*b*alpha*kappa/c
}

// variantsGolden are their files of testdata/golden.
var variantsGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"lion": func(h map[string]float64) stochopt.Rule {
		return &method.Lion{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), WeightDecay: h["decay"]}
	},
	"signum": func(h map[string]float64) stochopt.Rule {
		return &method.Signum{StepSize: h["lr"], Momentum: h["momentum"]}
	},
	"adabound": func(h map[string]float64) stochopt.Rule {
		return &method.AdaBound{StepSize: h["lr"], FinalStepSize: h["final"], Gamma: h["gamma"], Beta1: orZero(h["beta1"]),
			Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), AMSBound: h["amsbound"] == 1}
	},
	"qhm": func(h map[string]float64) stochopt.Rule {
		return &method.QHM{StepSize: h["lr"], Beta: orZero(h["beta"]), Nu: orZero(h["nu"])}
	},
	"qhadam": func(h map[string]float64) stochopt.Rule {
		return &method.QHAdam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Nu1: orZero(h["nu1"]),
			Nu2: orZero(h["nu2"]), Epsilon: orZero(h["eps"])}
	},
	"rprop": func(h map[string]float64) stochopt.Rule {
		return &method.Rprop{StepSize: h["lr"], Increase: h["increase"], Decrease: h["decrease"], MinStep: h["min"], MaxStep: h["max"]}
	},
	"padam": func(h map[string]float64) stochopt.Rule {
		return &method.Padam{StepSize: h["lr"], Power: orZero(h["power"]), Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"adan": func(h map[string]float64) stochopt.Rule {
		return &method.Adan{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Beta3: orZero(h["beta3"]),
			Epsilon: orZero(h["eps"]), WeightDecay: h["decay"]}
	},
	"ftml": func(h map[string]float64) stochopt.Rule {
		return &method.FTML{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"optimisticadam": func(h map[string]float64) stochopt.Rule {
		return &method.OptimisticAdam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"aggmo": func(h map[string]float64) stochopt.Rule {
		momenta := []float64{h["mu1"], h["mu2"], h["mu3"]}
		return &method.AggMo{StepSize: h["lr"], Momenta: momenta[:int(h["n"])]}
	},
	"accsgd": func(h map[string]float64) stochopt.Rule {
		return &method.AccSGD{StepSize: h["lr"], Kappa: h["kappa"], Xi: h["xi"], SmallConst: h["c"]}
	},
	"lars": func(h map[string]float64) stochopt.Rule {
		return &method.LARS{StepSize: h["lr"], Trust: h["trust"], Momentum: h["momentum"], WeightDecay: h["decay"], Blocks: goldenBlocks(h)}
	},
	"lamb": func(h map[string]float64) stochopt.Rule {
		return &method.LAMB{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]),
			WeightDecay: h["decay"], Blocks: goldenBlocks(h)}
	},
}

// goldenBlocks are a first block of h["block"] variables and one of the other, of 4; or none.
func goldenBlocks(h map[string]float64) []int {
	if n := int(h["block"]); n > 0 {
		return []int{n, 4 - n}
	}
	return nil
}
