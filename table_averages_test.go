package stochopt_test

import (
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// averages are AdaGrad and the methods with running means of the gradient and its square.
var averages = []row{
	{
		name: "AdamW",
		make: func() tested { return &method.AdamW{WeightDecay: 0.2} },
		defaults: func() tested {
			return &method.AdamW{StepSize: 0.1, WeightDecay: 0.2, Center: []float64{0, 0, 0}, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		},
		bad: map[string]func() tested{
			"method: AdamW.StepSize = -1":               func() tested { return &method.AdamW{StepSize: -1} },
			"method: AdamW.WeightDecay = -1":            func() tested { return &method.AdamW{WeightDecay: -1} },
			"method: AdamW.WeightDecay = NaN":           func() tested { return &method.AdamW{WeightDecay: nan} },
			"method: AdamW.Center has length 1, want 2": func() tested { return &method.AdamW{Center: []float64{1}} },
			"method: AdamW.Beta1 = 1":                   func() tested { return &method.AdamW{Beta1: 1} },
			"method: AdamW.Beta2 = NaN":                 func() tested { return &method.AdamW{Beta2: nan} },
			"method: AdamW.Epsilon = +Inf":              func() tested { return &method.AdamW{Epsilon: inf} },
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) }, // nothing decays at 0
		scaleFree: true,
		floor:     adamWFloor(0.1, 0.2, 0.9, 0.5),
		reach:     0.2,
	},
	{
		name:     "AMSGrad",
		make:     func() tested { return &method.AMSGrad{} },
		defaults: func() tested { return &method.AMSGrad{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: AMSGrad.StepSize = NaN": func() tested { return &method.AMSGrad{StepSize: nan} },
			"method: AMSGrad.Beta1 = -1":     func() tested { return &method.AMSGrad{Beta1: -1} },
			"method: AMSGrad.Beta2 = 1":      func() tested { return &method.AMSGrad{Beta2: 1} },
			"method: AMSGrad.Epsilon = -1":   func() tested { return &method.AMSGrad{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.1 * 0.1 * abs(g) / (math.Sqrt(0.001)*abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.1 * 0.5 / 2, // that of Adam: the greatest of the means of 1000 squares is little more than their mean
		reach:     0.3,
	},
	{
		name: "AMSGrad corrected",
		make: func() tested { return &method.AMSGrad{Corrected: true} },
		defaults: func() tested {
			return &method.AMSGrad{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Corrected: true}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.1 * 0.5 / 2,
		reach:     0.3,
	},
	{
		name:     "RMSProp",
		make:     func() tested { return &method.RMSProp{} },
		defaults: func() tested { return &method.RMSProp{StepSize: 0.01, Rho: 0.9, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: RMSProp.StepSize = +Inf": func() tested { return &method.RMSProp{StepSize: inf} },
			"method: RMSProp.Rho = 1":         func() tested { return &method.RMSProp{Rho: 1} },
			"method: RMSProp.Rho = NaN":       func() tested { return &method.RMSProp{Rho: nan} },
			"method: RMSProp.Epsilon = -1":    func() tested { return &method.RMSProp{Epsilon: -1} },
			"method: RMSProp.Momentum = 1":    func() tested { return &method.RMSProp{Momentum: 1} },
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) / (math.Sqrt(0.1)*abs(g) + 1e-8) },
		scaleFree: true,
		tuned:     func() tested { return &method.RMSProp{Rho: 0.999} },
		floor:     0.01 * 0.5 / 2, // ασ/2h, for ρ near 1
		reach:     0.05,
	},
	{
		name: "RMSProp centered, momentum",
		make: func() tested { return &method.RMSProp{Centered: true, Momentum: 0.5} },
		defaults: func() tested {
			return &method.RMSProp{StepSize: 0.01, Rho: 0.9, Epsilon: 1e-8, Centered: true, Momentum: 0.5}
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) / (math.Sqrt(0.1-0.01)*abs(g) + 1e-8) },
		scaleFree: true,
		tuned:     func() tested { return &method.RMSProp{Rho: 0.999, Centered: true, Momentum: 0.5} },
		floor:     0.01 / (1 - 0.5) * 0.5 / 2, // ασ/2h(1-μ)
		reach:     0.1,
	},
	{
		name:     "AdaGrad",
		make:     func() tested { return &method.AdaGrad{} },
		defaults: func() tested { return &method.AdaGrad{StepSize: 1, Epsilon: 1e-10} },
		bad: map[string]func() tested{
			"method: AdaGrad.StepSize = -1": func() tested { return &method.AdaGrad{StepSize: -1} },
			"method: AdaGrad.Epsilon = NaN": func() tested { return &method.AdaGrad{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return abs(g) / (abs(g) + 1e-10) },
		scaleFree: true,
		reach:     0.1,
	},
	{
		name:     "AdaMax",
		make:     func() tested { return &method.AdaMax{} },
		defaults: func() tested { return &method.AdaMax{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999} },
		bad: map[string]func() tested{
			"method: AdaMax.StepSize = -1": func() tested { return &method.AdaMax{StepSize: -1} },
			"method: AdaMax.Beta1 = NaN":   func() tested { return &method.AdaMax{Beta1: nan} },
			"method: AdaMax.Beta2 = 1":     func() tested { return &method.AdaMax{Beta2: 1} },
		},
		firstStep: func(g float64) float64 { return 0.1 },
		scaleFree: true,
		reach:     0.2,
	},
	{
		name:     "NAdam",
		make:     func() tested { return &method.NAdam{} },
		defaults: func() tested { return &method.NAdam{StepSize: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: NAdam.StepSize = NaN":      func() tested { return &method.NAdam{StepSize: nan} },
			"method: NAdam.Beta1 = 1":           func() tested { return &method.NAdam{Beta1: 1} },
			"method: NAdam.Beta2 = -1":          func() tested { return &method.NAdam{Beta2: -1} },
			"method: NAdam.Epsilon = -1":        func() tested { return &method.NAdam{Epsilon: -1} },
			"method: NAdam.MomentumDecay = NaN": func() tested { return &method.NAdam{MomentumDecay: nan} },
			"method: NAdam.MomentumDecay = -1":  func() tested { return &method.NAdam{MomentumDecay: -1} },
		},
		firstStep: func(g float64) float64 { return 0.03 * (1 + 0.9/1.9) * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.03 * 0.5 / 2, // as Adam, to first order in α
		reach:     0.1,
	},
	{
		name: "NAdam scheduled",
		make: func() tested { return &method.NAdam{MomentumDecay: 0.004} },
		defaults: func() tested {
			return &method.NAdam{StepSize: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, MomentumDecay: 0.004}
		},
		firstStep: func(g float64) float64 {
			mu := func(k float64) float64 { return 0.9 * (1 - math.Pow(0.96, 0.004*k)/2) }
			return 0.03 * (1 + 0.1*mu(2)/(1-mu(1)*mu(2))) * abs(g) / (abs(g) + 1e-8)
		},
		scaleFree: true,
		floor:     0.03 * 0.5 / 2,
		reach:     0.1,
	},
	{
		name:     "RAdam",
		make:     func() tested { return &method.RAdam{} },
		defaults: func() tested { return &method.RAdam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} },
		bad: map[string]func() tested{
			"method: RAdam.StepSize = NaN":            func() tested { return &method.RAdam{StepSize: nan} },
			"method: RAdam.Beta1 = 1":                 func() tested { return &method.RAdam{Beta1: 1} },
			"method: RAdam.Beta2 = 1":                 func() tested { return &method.RAdam{Beta2: 1} },
			"method: RAdam.Beta2 = 0.6, want > 0.6":   func() tested { return &method.RAdam{Beta2: 0.6} },
			"method: RAdam.Beta2 = 1e-200, want > 0.": func() tested { return &method.RAdam{Beta2: stochopt.Zero} },
			"method: RAdam.Epsilon = -1":              func() tested { return &method.RAdam{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0 }, // it is scale-free, but so is 0/0
		floor:     0.1 * 0.5 / 2,                        // as Adam, once r is near 1
		reach:     0.3,
	},
	{
		name: "RAdam with momentum at the start",
		make: func() tested { return &method.RAdam{MomentumStart: true} },
		defaults: func() tested {
			return &method.RAdam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, MomentumStart: true}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) },
		floor:     0.1 * 0.5 / 2,
		reach:     0.3,
	},
	{
		name:     "AdaDelta",
		make:     func() tested { return &method.AdaDelta{} },
		defaults: func() tested { return &method.AdaDelta{StepSize: 1, Rho: 0.95, Epsilon: 1e-6} },
		bad: map[string]func() tested{
			"method: AdaDelta.StepSize = -1": func() tested { return &method.AdaDelta{StepSize: -1} },
			"method: AdaDelta.Rho = 1":       func() tested { return &method.AdaDelta{Rho: 1} },
			"method: AdaDelta.Epsilon = NaN": func() tested { return &method.AdaDelta{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) / math.Sqrt(0.05*g*g+1e-6) },
		// With ε = 1e-3 and noise of 0.1, g is multiplied by √(ε/(σ²+ε)) = 0.3 and more: too much for a steady end.
		tuned: func() tested { return &method.AdaDelta{Epsilon: 1e-4} },
		reach: 0.5,
	},
	{
		name:     "AdaGradNorm",
		make:     func() tested { return &method.AdaGradNorm{} },
		defaults: func() tested { return &method.AdaGradNorm{StepSize: 1} },
		bad: map[string]func() tested{
			"method: AdaGradNorm.StepSize = -1": func() tested { return &method.AdaGradNorm{StepSize: -1} },
			"method: AdaGradNorm.Initial = -1":  func() tested { return &method.AdaGradNorm{Initial: -1} },
		},
		firstStep: func(g float64) float64 { return 1 },
		scaleFree: true,
		mixes:     true,
		reach:     0.1,
	},
	{
		name:     "Yogi",
		make:     func() tested { return &method.Yogi{} },
		defaults: func() tested { return &method.Yogi{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-3} },
		bad: map[string]func() tested{
			"method: Yogi.StepSize = -1":  func() tested { return &method.Yogi{StepSize: -1} },
			"method: Yogi.Beta1 = 1":      func() tested { return &method.Yogi{Beta1: 1} },
			"method: Yogi.Beta2 = NaN":    func() tested { return &method.Yogi{Beta2: nan} },
			"method: Yogi.Epsilon = +Inf": func() tested { return &method.Yogi{Epsilon: inf} },
		},
		firstStep: func(g float64) float64 { return 0.1 * 0.1 * abs(g) / (math.Sqrt(0.001)*abs(g) + 1e-3) },
		floor:     0.1 * 0.25 / (2 * (math.Sqrt(2.366*0.25) + 1e-3)), // ασ²/2h(√v+ε); v/σ² is the median of χ² with 3 degrees of freedom
		reach:     0.25,
	},
	{
		name: "Yogi from the first square",
		make: func() tested { return &method.Yogi{FirstSquare: true} },
		defaults: func() tested {
			return &method.Yogi{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-3, FirstSquare: true}
		},
		firstStep: func(g float64) float64 { return 0.1 * 0.1 * abs(g) / (abs(g) + 1e-3) },
		floor:     0.1 * 0.25 / (2 * (math.Sqrt(2.366*0.25) + 1e-3)),
		reach:     0.1,
	},
	{
		name:     "AdaBelief",
		make:     func() tested { return &method.AdaBelief{} },
		defaults: func() tested { return &method.AdaBelief{StepSize: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-16} },
		bad: map[string]func() tested{
			"method: AdaBelief.StepSize = -1": func() tested { return &method.AdaBelief{StepSize: -1} },
			"method: AdaBelief.Beta1 = 1":     func() tested { return &method.AdaBelief{Beta1: 1} },
			"method: AdaBelief.Beta2 = NaN":   func() tested { return &method.AdaBelief{Beta2: nan} },
			"method: AdaBelief.Epsilon = -1":  func() tested { return &method.AdaBelief{Epsilon: -1} },
		},
		firstStep: func(g float64) float64 { return 0.03 * abs(g) / (math.Sqrt(0.81*g*g+1e-16/0.001) + 1e-16) },
		scaleFree: true,
		floor:     0.03 * 0.5 / 2 * math.Sqrt(0.95) / 0.9, // (α/2h)(σ/β₁)√((1+β₁)/2)
		reach:     0.2,
	},
	{
		name:     "AdaGradFull",
		make:     func() tested { return &method.AdaGradFull{} },
		defaults: func() tested { return &method.AdaGradFull{StepSize: 1, Epsilon: 1e-10} },
		bad: map[string]func() tested{
			"method: AdaGradFull.StepSize = -1": func() tested { return &method.AdaGradFull{StepSize: -1} },
			"method: AdaGradFull.Epsilon = NaN": func() tested { return &method.AdaGradFull{Epsilon: nan} },
		},
		firstStep: func(g float64) float64 { return abs(g) / (abs(g) + 1e-10) },
		scaleFree: true,
		mixes:     true,
		reach:     0.1,
	},
}

// adamWFloor is the stationary variance of AdamW at curvature 1 and noise of standard deviation sigma, where v is its square:
// that of the process x ← φ₁ x + φ₂ x', x' being x of the step before, with noise of α (1-β₁). To first order in α it
// is ασ/2(1+λσ).
func adamWFloor(alpha, lambda, b, sigma float64) float64 {
	phi1, phi2 := 1-alpha*lambda+b-alpha/sigma*(1-b), -b*(1-alpha*lambda)
	return alpha * alpha * (1 - b) * (1 - b) * (1 - phi2) / ((1 + phi2) * ((1-phi2)*(1-phi2) - phi1*phi1))
}

// averagesGolden are their files of testdata/golden.
var averagesGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"adamw": func(h map[string]float64) stochopt.Rule {
		return &method.AdamW{StepSize: h["lr"], WeightDecay: h["decay"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"amsgrad": func(h map[string]float64) stochopt.Rule {
		return &method.AMSGrad{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"amsgrad_corrected": func(h map[string]float64) stochopt.Rule {
		return &method.AMSGrad{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), Corrected: true}
	},
	"rmsprop": func(h map[string]float64) stochopt.Rule {
		return &method.RMSProp{StepSize: h["lr"], Rho: orZero(h["rho"]), Epsilon: orZero(h["eps"]), Momentum: h["momentum"], Centered: h["centered"] == 1}
	},
	"adagrad": func(h map[string]float64) stochopt.Rule {
		return &method.AdaGrad{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
	},
	"adamax": func(h map[string]float64) stochopt.Rule {
		return &method.AdaMax{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"])}
	},
	"nadam":                goldenNAdam,
	"nadam_scheduled":      goldenNAdam,
	"radam":                goldenRAdam,
	"radam_momentum_start": goldenRAdam,
	"radam_torch":          goldenRAdam,
	"adadelta": func(h map[string]float64) stochopt.Rule {
		return &method.AdaDelta{StepSize: h["lr"], Rho: orZero(h["rho"]), Epsilon: orZero(h["eps"])}
	},
	"adagradnorm": func(h map[string]float64) stochopt.Rule {
		return &method.AdaGradNorm{StepSize: h["lr"], Initial: h["initial"]}
	},
	"yogi": func(h map[string]float64) stochopt.Rule {
		return &method.Yogi{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), FirstSquare: h["first_square"] == 1}
	},
	"adabelief": func(h map[string]float64) stochopt.Rule {
		return &method.AdaBelief{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"])}
	},
	"adagradfull": func(h map[string]float64) stochopt.Rule {
		return &method.AdaGradFull{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
	},
}

func goldenNAdam(h map[string]float64) stochopt.Rule {
	return &method.NAdam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), MomentumDecay: h["psi"]}
}

func goldenRAdam(h map[string]float64) stochopt.Rule {
	return &method.RAdam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), MomentumStart: h["momentum_start"] == 1}
}

// TestAveragesGoldenCanFail holds each file to a method that is nearly the right one, which the comparison must tell from it.
func TestAveragesGoldenCanFail(t *testing.T) {
	const visible = 1e6 * goldenTol
	for _, test := range []struct {
		file, mistake string
		rule          func(h map[string]float64) stochopt.Rule
	}{
		{"adamw", "no decay", basicGolden["adam"]},
		{"adamw", "decay in the gradient", func(h map[string]float64) stochopt.Rule {
			return &coupled{Rule: basicGolden["adam"](h), decay: h["decay"]}
		}},
		{"amsgrad", "corrected", averagesGolden["amsgrad_corrected"]},
		{"amsgrad_corrected", "not corrected", averagesGolden["amsgrad"]},
		{"amsgrad_corrected", "no maximum", basicGolden["adam"]},
		{"rmsprop", "not centered", func(h map[string]float64) stochopt.Rule {
			h["centered"] = 0
			return averagesGolden["rmsprop"](h)
		}},
		{"rmsprop", "momentum as a running mean", func(h map[string]float64) stochopt.Rule {
			h["lr"] *= 1 - h["momentum"]
			return averagesGolden["rmsprop"](h)
		}},
		{"adagrad", "a mean for the sum", func(h map[string]float64) stochopt.Rule {
			return &method.RMSProp{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
		}},
		{"adamax", "Adam", basicGolden["adam"]},
		{"nadam", "Adam", basicGolden["adam"]},
		{"nadam", "scheduled", func(h map[string]float64) stochopt.Rule { h["psi"] = 0.004; return goldenNAdam(h) }},
		{"nadam_scheduled", "constant", func(h map[string]float64) stochopt.Rule { h["psi"] = 0; return goldenNAdam(h) }},
		{"radam", "momentum at the start", func(h map[string]float64) stochopt.Rule { h["momentum_start"] = 1; return goldenRAdam(h) }},
		{"radam", "Adam", basicGolden["adam"]},
		{"adadelta", "twice ε", func(h map[string]float64) stochopt.Rule { h["eps"] *= 2; return averagesGolden["adadelta"](h) }},
		{"adagradnorm", "one sum for each component", averagesGolden["adagrad"]},
		{"yogi", "Adam's v", averagesGolden["amsgrad"]},
		{"yogi", "v from 0", func(h map[string]float64) stochopt.Rule { h["first_square"] = 0; return averagesGolden["yogi"](h) }},
		{"adabelief", "Adam", basicGolden["adam"]},
		{"adabelief", "no ε", func(h map[string]float64) stochopt.Rule { h["eps"] = 0; return averagesGolden["adabelief"](h) }},
		{"adagradfull", "diagonal", averagesGolden["adagrad"]},
	} {
		var d float64
		for _, c := range readGolden(t, test.file) {
			d = max(d, c.deviation(test.rule(c.Hyper), nil))
		}
		if !(d > visible) {
			t.Errorf("%s, %s: off by %.2g only, want > %g", test.file, test.mistake, d, visible)
		}
	}
}

// coupled adds a decay to the gradient.
type coupled struct {
	stochopt.Rule
	decay float64
}

func (r *coupled) Step(x, grad []float64) {
	for i := range grad {
		grad[i] += r.decay * x[i]
	}
	r.Rule.Step(x, grad)
}
