package stochopt_test

import (
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// wrappers are Rules that hold a Rule.
var wrappers = []row{
	{
		name: "Clip Adam by value",
		make: func() tested { return &method.Clip{Rule: &stochopt.Adam{}, Value: 3} },
		defaults: func() tested {
			return &method.Clip{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Value: 3}
		},
		bad: map[string]func() tested{
			"method: Clip.Rule is nil":                        func() tested { return &method.Clip{Value: 1} },
			"method: Clip.Value, Clip.Norm and Clip.Ratio ar": func() tested { return &method.Clip{Rule: &stochopt.Adam{}} },
			"method: Clip.Value = -1":                         func() tested { return &method.Clip{Rule: &stochopt.Adam{}, Value: -1} },
			"method: Clip.Value = NaN":                        func() tested { return &method.Clip{Rule: &stochopt.Adam{}, Value: nan} },
			"method: Clip.Norm = +Inf":                        func() tested { return &method.Clip{Rule: &stochopt.Adam{}, Norm: inf} },
			"stochopt: Adam.StepSize = -1, want finite and >": func() tested { return &method.Clip{Rule: &stochopt.Adam{StepSize: -1}, Value: 1} },
		},
		firstStep: func(g float64) float64 { return 0.1 * min(abs(g), 3) / (min(abs(g), 3) + 1e-8) },
		scaleFree: true,
		floor:     0.1 * 0.5 / 2, // Adam's: 3 is six standard deviations
		reach:     1,
	},
	{
		name:      "Clip SGD by norm",
		make:      func() tested { return &method.Clip{Rule: &method.SGD{Momentum: 0.9}, Norm: 15} },
		defaults:  func() tested { return &method.Clip{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Norm: 15} },
		firstStep: func(g float64) float64 { return 1e-3 * min(abs(g), 15) },
		mixes:     true,
		floor:     1e-3 * 0.25 * 1.9 / (0.1 * (3.8 - 1e-3)), // SGD's: 15 is twice the norm of the noise in 200 components
		reach:     0.05,
	},
	{
		name: "Lookahead Adam",
		make: func() tested { return &method.Lookahead{Rule: &stochopt.Adam{}} },
		defaults: func() tested {
			return &method.Lookahead{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, SyncPeriod: 5, SlowStepSize: 0.5}
		},
		bad: map[string]func() tested{
			"method: Lookahead.Rule is nil":        func() tested { return &method.Lookahead{} },
			"method: Lookahead.SyncPeriod = -1":    func() tested { return &method.Lookahead{Rule: &stochopt.Adam{}, SyncPeriod: -1} },
			"method: Lookahead.SlowStepSize = NaN": func() tested { return &method.Lookahead{Rule: &stochopt.Adam{}, SlowStepSize: nan} },
			"method: Lookahead.SlowStepSize = 1.1": func() tested { return &method.Lookahead{Rule: &stochopt.Adam{}, SlowStepSize: 1.1} },
			"method: Lookahead.SlowStepSize = -1":  func() tested { return &method.Lookahead{Rule: &stochopt.Adam{}, SlowStepSize: -1} },
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		reach:     1,
	},
	{
		name: "Lookahead SGD",
		make: func() tested { return &method.Lookahead{Rule: &method.SGD{}} },
		defaults: func() tested {
			return &method.Lookahead{Rule: &method.SGD{StepSize: 1e-3}, SyncPeriod: 5, SlowStepSize: 0.5}
		},
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) },
		tuned:     func() tested { return &method.Lookahead{Rule: &method.SGD{StepSize: 0.01}} }, // to be stationary in time
		floor:     lookaheadFloor(0.01, 0.25, 5, 0.5),
		reach:     0.2,
	},
	{
		name: "Freeze Adam",
		make: func() tested {
			return &method.Freeze{Rule: &stochopt.Adam{}, Frozen: func(i int) bool { return i == 4 }}
		},
		defaults: func() tested {
			return &method.Freeze{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Frozen: func(i int) bool { return i == 4 }}
		},
		bad: map[string]func() tested{
			"method: Freeze.Rule is nil": func() tested { return &method.Freeze{} },
			"method: Freeze.Frozen freezes all of 2 variables": func() tested {
				return &method.Freeze{Rule: &stochopt.Adam{}, Frozen: func(int) bool { return true }}
			},
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		floor:     0.1 * 0.5 / 2 * 199 / 200,
		reach:     1,
	},
	{
		name: "Scale Adam",
		make: func() tested { return &method.Scale{Rule: &stochopt.Adam{}, Unit: func(int) float64 { return 0.6 }} },
		defaults: func() tested {
			return &method.Scale{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Unit: func(int) float64 { return 0.6 }}
		},
		bad: map[string]func() tested{
			"method: Scale.Rule is nil": func() tested { return &method.Scale{Unit: func(int) float64 { return 1 }} },
			"method: Scale.Unit is nil": func() tested { return &method.Scale{Rule: &stochopt.Adam{}} },
			"method: Scale.Unit(1) = 0, want finite and > 0": func() tested {
				return &method.Scale{Rule: &stochopt.Adam{}, Unit: func(i int) float64 { return float64(1 - i) }}
			},
			"method: Scale.Unit(0) = NaN": func() tested { return &method.Scale{Rule: &stochopt.Adam{}, Unit: func(int) float64 { return nan }} },
		},
		firstStep: func(g float64) float64 { return 0.6 * 0.1 * 0.6 * abs(g) / (0.6*abs(g) + 1e-8) },
		scaleFree: true,
		floor:     0.6 * 0.1 * 0.5 / 2, // Adam's with the step size in units of x
		reach:     1,
	},
	{
		name: "Scale SGD",
		make: func() tested {
			return &method.Scale{Rule: &method.SGD{Momentum: 0.9}, Unit: func(i int) float64 { return float64(2 - i%2) }}
		},
		defaults: func() tested {
			return &method.Scale{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Unit: func(i int) float64 { return float64(2 - i%2) }}
		},
		firstStep: func(g float64) float64 { return 4e-3 * abs(g) },
		mixes:     true,
		// SGD's at the step sizes 0.004 and 0.001.
		floor: (4e-3*0.25*1.9/(0.1*(3.8-4e-3)) + 1e-3*0.25*1.9/(0.1*(3.8-1e-3))) / 2,
		reach: 0.25,
	},
	{
		name:     "Accumulate SGD",
		make:     func() tested { return &method.Accumulate{Rule: &method.SGD{Momentum: 0.9}} },
		defaults: func() tested { return &method.Accumulate{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Count: 4} },
		bad: map[string]func() tested{
			"method: Accumulate.Rule is nil": func() tested { return &method.Accumulate{} },
			"method: Accumulate.Count = -1":  func() tested { return &method.Accumulate{Rule: &stochopt.Adam{}, Count: -1} },
		},
		firstStep: func(g float64) float64 { return 0 },         // only the fourth moves x
		floor:     1e-3 * 0.25 / 4 * 1.9 / (0.1 * (3.8 - 1e-3)), // SGD's in a quarter of the noise
		reach:     0.01,
	},
	{
		name: "Noise SGD",
		make: func() tested {
			return &method.Noise{Rule: &method.SGD{Momentum: 0.9}, Variance: 1e-30, Power: 0.5, Seed: 1}
		},
		defaults: func() tested {
			return &method.Noise{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Variance: 1e-30, Power: 0.5, Seed: 1}
		},
		bad: map[string]func() tested{
			"method: Noise.Rule is nil":     func() tested { return &method.Noise{} },
			"method: Noise.Variance = -1":   func() tested { return &method.Noise{Rule: &stochopt.Adam{}, Variance: -1} },
			"method: Noise.Variance = +Inf": func() tested { return &method.Noise{Rule: &stochopt.Adam{}, Variance: inf} },
			"method: Noise.Power = NaN":     func() tested { return &method.Noise{Rule: &stochopt.Adam{}, Power: nan} },
		},
		firstStep: func(g float64) float64 {
			pcg := stochopt.Sample{Seed: 1, Probe: -1}.PCG()
			return 1e-3 * abs(g+1e-15*rand.New(&pcg).NormFloat64())
		},
		mixes: true,
		noisy: true,
		tuned: func() tested { return &method.Noise{Rule: &method.SGD{Momentum: 0.9}, Variance: 0.25, Seed: 1} },
		floor: 1e-3 * (0.25 + 0.25) * 1.9 / (0.1 * (3.8 - 1e-3)), // SGD's in noise of the sum of the variances
		reach: 0.05,
	},
	{
		name:     "Average SGD",
		make:     func() tested { return &method.Average{Rule: &method.SGD{Momentum: 0.9}, Start: 7} },
		defaults: func() tested { return &method.Average{Rule: &method.SGD{StepSize: 1e-3, Momentum: 0.9}, Start: 7} },
		bad: map[string]func() tested{
			"method: Average.Rule is nil": func() tested { return &method.Average{} },
			"method: Average.Start = -1":  func() tested { return &method.Average{Rule: &stochopt.Adam{}, Start: -1} },
			"method: Average.Power = NaN": func() tested { return &method.Average{Rule: &stochopt.Adam{}, Power: nan} },
			"method: Average.Decay = 1":   func() tested { return &method.Average{Rule: &stochopt.Adam{}, Decay: 1} },
			"method: Average.Power and Average.Decay are both set": func() tested {
				return &method.Average{Rule: &stochopt.Adam{}, Power: 1, Decay: 0.9}
			},
		},
		firstStep: func(g float64) float64 { return 1e-3 * abs(g) },
		estimates: true,
		// Where there is no noise, the uniform mean goes on improving like 1/T, and no run ends.
		tuned: func() tested { return &method.Average{Rule: &method.SGD{StepSize: 0.01}, Start: 20, Decay: 0.99} },
		floor: 0.01 * 0.25 / (2 - 0.01) * 0.01 / 1.99 * (1 + 0.99*0.99) / (1 - 0.99*0.99), // of the exponential mean of a process with the correlations 0.99ᵏ
		reach: 0.2,
	},
	{
		name: "TailAverage Adam",
		make: func() tested { return &method.TailAverage{Rule: &stochopt.Adam{}} },
		defaults: func() tested {
			return &method.TailAverage{Rule: &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
		},
		bad:       map[string]func() tested{"method: TailAverage.Rule is nil": func() tested { return &method.TailAverage{} }},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		estimates: true,
		reach:     1,
	},
	{
		name: "Lookahead of Clip of Accumulate of Adam",
		make: func() tested {
			return &method.Lookahead{Rule: &method.Clip{Rule: &method.Accumulate{Rule: &stochopt.Adam{}, Count: 1}, Value: 3}}
		},
		defaults: func() tested {
			return &method.Lookahead{Rule: &method.Clip{Rule: &method.Accumulate{Rule: &stochopt.Adam{}, Count: 1}, Value: 3}, SyncPeriod: 5, SlowStepSize: 0.5}
		},
		bad: map[string]func() tested{
			"method: Accumulate.Rule is nil": func() tested {
				return &method.Lookahead{Rule: &method.Clip{Rule: &method.Accumulate{}, Value: 3}}
			},
		},
		firstStep: func(g float64) float64 { return 0.1 * min(abs(g), 3) / (min(abs(g), 3) + 1e-8) },
		scaleFree: true,
		reach:     1,
	},
	// Wrappers of Rules whose answer is not their iterate.
	{
		name: "Clip ScheduleFreeSGD",
		make: func() tested { return &method.Clip{Rule: &method.ScheduleFreeSGD{StepSize: 0.5}, Norm: 15} },
		defaults: func() tested {
			return &method.Clip{Rule: &method.ScheduleFreeSGD{StepSize: 0.5, Beta: 0.9}, Norm: 15}
		},
		firstStep: func(g float64) float64 { return 0.5 * min(abs(g), 15) },
		mixes:     true,
		estimates: true,
		reach:     0.2,
	},
	{
		name: "Scale ScheduleFreeSGD",
		make: func() tested {
			return &method.Scale{Rule: &method.ScheduleFreeSGD{StepSize: 0.5}, Unit: func(i int) float64 { return 0.7 }}
		},
		defaults: func() tested {
			return &method.Scale{Rule: &method.ScheduleFreeSGD{StepSize: 0.5, Beta: 0.9}, Unit: func(i int) float64 { return 0.7 }}
		},
		firstStep: func(g float64) float64 { return 0.5 * 0.49 * abs(g) },
		estimates: true,
		reach:     0.2,
	},
	{
		name: "Freeze ScheduleFreeAdam",
		make: func() tested {
			return &method.Freeze{Rule: &method.ScheduleFreeAdam{StepSize: 0.1}, Frozen: func(i int) bool { return i == 4 }}
		},
		defaults: func() tested {
			return &method.Freeze{
				Rule:   &method.ScheduleFreeAdam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
				Frozen: func(i int) bool { return i == 4 },
			}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		mixes:     true,
		estimates: true,
		reach:     1,
	},
	{
		name: "Accumulate of Average of SGD",
		make: func() tested {
			return &method.Accumulate{Rule: &method.Average{Rule: &method.SGD{StepSize: 0.05}, Decay: 0.5}, Count: 3}
		},
		defaults: func() tested {
			return &method.Accumulate{Rule: &method.Average{Rule: &method.SGD{StepSize: 0.05}, Decay: 0.5}, Count: 3}
		},
		firstStep: func(g float64) float64 { return 0 }, // only the third moves x
		estimates: true,
		reach:     0.2,
	},
	{
		name: "Lookahead of Average of SGD",
		make: func() tested {
			return &method.Lookahead{Rule: &method.Average{Rule: &method.SGD{StepSize: 0.05}, Start: 3, Decay: 0.5}}
		},
		defaults: func() tested {
			return &method.Lookahead{Rule: &method.Average{Rule: &method.SGD{StepSize: 0.05}, Start: 3, Decay: 0.5}, SyncPeriod: 5, SlowStepSize: 0.5}
		},
		firstStep: func(g float64) float64 { return 0.05 * abs(g) },
		estimates: true,
		reach:     0.2,
	},
	{
		name: "Clip of Freeze of Scale of ScheduleFreeAdam",
		make: func() tested {
			return &method.Clip{Value: 3, Rule: &method.Freeze{
				Frozen: func(i int) bool { return i == 4 },
				Rule: &method.Scale{
					Rule: &method.ScheduleFreeAdam{StepSize: 0.1},
					Unit: func(i int) float64 { return 0.7 },
				},
			}}
		},
		defaults: func() tested {
			return &method.Clip{Value: 3, Rule: &method.Freeze{
				Frozen: func(i int) bool { return i == 4 },
				Rule: &method.Scale{
					Rule: &method.ScheduleFreeAdam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
					Unit: func(i int) float64 { return 0.7 },
				},
			}}
		},
		firstStep: func(g float64) float64 {
			g = 0.7 * min(abs(g), 3)
			return 0.7 * 0.1 * g / (g + 1e-8)
		},
		scaleFree: true,
		mixes:     true,
		estimates: true,
		reach:     1,
	},
	{
		name: "Mechanic of ScheduleFreeSGD",
		make: func() tested {
			return &method.Mechanic{Rule: &method.ScheduleFreeSGD{StepSize: 0.1}, InitialScale: 0.1}
		},
		defaults: func() tested {
			return &method.Mechanic{Rule: &method.ScheduleFreeSGD{StepSize: 0.1, Beta: 0.9}, InitialScale: 0.1, Decay: 0.01, Epsilon: 1e-8}
		},
		firstStep: func(g float64) float64 { return 0 },
		mixes:     true,
		estimates: true,
		tuned: func() tested {
			return &method.Mechanic{Rule: &method.ScheduleFreeSGD{StepSize: 0.1, Schedule: soon}, InitialScale: 0.1}
		},
		reach: 1,
	},
}

// lookaheadFloor is the mean variance of the iterates of Lookahead over gradient descent with step size alpha, on x²/2 in
// noise of the variance s2: from the point after a round, whose variance is slow, on to those of the next.
func lookaheadFloor(alpha, s2 float64, k int, a float64) float64 {
	q, v := 1-alpha, alpha*s2/(2-alpha)
	pow := func(j int) float64 { return math.Pow(q, float64(j)) }
	slow := a * a * v * (1 - pow(2*k)) / (1 - math.Pow(1-a+a*pow(k), 2))
	var mean float64
	for j := range k {
		mean += (pow(2*j)*slow + v*(1-pow(2*j))) / float64(k)
	}
	return mean
}

// wrappersGolden are their files of testdata/golden.
var wrappersGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"clip": func(h map[string]float64) stochopt.Rule {
		return &method.Clip{Rule: goldenInner(h), Value: h["value"], Norm: h["norm"]}
	},
	"lookahead": func(h map[string]float64) stochopt.Rule {
		return &method.Lookahead{Rule: goldenInner(h), SyncPeriod: int(h["sync"]), SlowStepSize: h["slow"]}
	},
	"accumulate": func(h map[string]float64) stochopt.Rule {
		return &method.Accumulate{Rule: goldenInner(h), Count: int(h["count"])}
	},
	"freeze": func(h map[string]float64) stochopt.Rule {
		return &method.Freeze{Rule: goldenInner(h), Frozen: func(i int) bool { return i == int(h["frozen"]) }}
	},
	"scale": func(h map[string]float64) stochopt.Rule {
		return &method.Scale{Rule: goldenInner(h), Unit: func(i int) float64 { return math.Pow(h["base"], float64(i)) }}
	},
	"average": func(h map[string]float64) stochopt.Rule {
		return &answers{rule: &method.Average{Rule: goldenInner(h), Start: int(h["start"]), Power: h["power"], Decay: h["decay"]}}
	},
	"asgd": func(h map[string]float64) stochopt.Rule { // the first mean is that of the second iterate after step t0
		return &answers{rule: &method.Average{Rule: &method.SGD{StepSize: h["lr"]}, Start: int(h["t0"]) + 1}}
	},
	"tail_average": func(h map[string]float64) stochopt.Rule {
		return &answers{rule: &method.TailAverage{Rule: goldenInner(h)}}
	},
}

func goldenInner(h map[string]float64) stochopt.Rule {
	if h["inner"] == 0 {
		return &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	}
	return &method.SGD{StepSize: h["lr"], Momentum: 0.9}
}

// answers makes a Rule whose iterates are the Estimates of rule, which has its own iterate at.
type answers struct {
	rule interface {
		stochopt.Rule
		Estimate(dst, x []float64)
	}
	at []float64
}

func (r *answers) Reset(dim int) {
	r.rule.Reset(dim)
	r.at = nil
}

func (r *answers) Step(x, grad []float64) {
	if r.at == nil {
		r.at = append(r.at, x...)
	}
	r.rule.Step(r.at, grad)
	r.rule.Estimate(x, r.at)
}
