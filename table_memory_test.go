package stochopt_test

import (
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
)

// growing is 1-γ/t in step t = k+1: a memory under which nothing is forgotten at γ = 1.
func growing(gamma float64) func(k int) float64 {
	return func(k int) float64 { return 1 - gamma/float64(k+1) }
}

// memories are methods whose memory of squares grows.
var memories = []row{
	{
		name: "Adam, growing memory",
		make: func() tested { return &stochopt.Adam{Beta2Schedule: growing(1)} },
		defaults: func() tested {
			return &stochopt.Adam{StepSize: 0.1, Beta1: 0.9, Beta2: 0.5, Epsilon: 1e-8, Beta2Schedule: growing(1)}
		},
		firstStep: func(g float64) float64 { return 0.1 * abs(g) / (abs(g) + 1e-8) },
		scaleFree: true,
		reach:     1, // as Adam
	},
	{
		name: "RMSProp, growing memory",
		make: func() tested { return &method.RMSProp{RhoSchedule: growing(0.5)} },
		defaults: func() tested {
			return &method.RMSProp{StepSize: 0.01, Rho: 0.5, Epsilon: 1e-8, RhoSchedule: growing(0.5)}
		},
		firstStep: func(g float64) float64 { return 0.01 * abs(g) / (math.Sqrt(0.5)*abs(g) + 1e-8) },
		scaleFree: true,
		reach:     0.1,
	},
}

// memoriesGolden are their files of testdata/golden.
var memoriesGolden = map[string]func(h map[string]float64) stochopt.Rule{
	"adamnc": func(h map[string]float64) stochopt.Rule {
		return &stochopt.Adam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Epsilon: orZero(h["eps"]), Beta2Schedule: growing(1), Schedule: schedule.InverseRoot(0)}
	},
	"rmsprop_memory": func(h map[string]float64) stochopt.Rule {
		return &method.RMSProp{StepSize: h["lr"], Epsilon: orZero(h["eps"]), RhoSchedule: growing(h["gamma"]), Schedule: schedule.InverseRoot(0)}
	},
}

// TestMemoriesGoldenCanFail: another hyperparameter, and a memory of RMSProp that is a step late, are found. (Adam's
// bias correction makes up for that.)
func TestMemoriesGoldenCanFail(t *testing.T) {
	late := func(gamma float64) func(k int) float64 { return func(k int) float64 { return growing(gamma)(k + 1) } }
	for _, test := range []struct {
		file, mistake string
		rule          func(h map[string]float64) stochopt.Rule
	}{
		{"adamnc", "constant", basicGolden["adam"]},
		{"adamnc", "γ", func(h map[string]float64) stochopt.Rule {
			r := memoriesGolden["adamnc"](h).(*stochopt.Adam)
			r.Beta2Schedule = growing(0.99)
			return r
		}},
		{"adamnc", "β₁", func(h map[string]float64) stochopt.Rule { h["beta1"] *= 0.99; return memoriesGolden["adamnc"](h) }},
		{"adamnc", "ε", func(h map[string]float64) stochopt.Rule { h["eps"] *= 2; return memoriesGolden["adamnc"](h) }},
		{"rmsprop_memory", "late", func(h map[string]float64) stochopt.Rule {
			r := memoriesGolden["rmsprop_memory"](h).(*method.RMSProp)
			r.RhoSchedule = late(h["gamma"])
			return r
		}},
		{"rmsprop_memory", "γ", func(h map[string]float64) stochopt.Rule {
			h["gamma"] *= 0.99
			return memoriesGolden["rmsprop_memory"](h)
		}},
		{"rmsprop_memory", "ε", func(h map[string]float64) stochopt.Rule { h["eps"] *= 2; return memoriesGolden["rmsprop_memory"](h) }},
	} {
		var d float64
		for _, c := range readGolden(t, test.file) {
			d = max(d, c.deviation(test.rule(c.Hyper), nil))
		}
		if !(d > 1e6*goldenTol) {
			t.Errorf("%s, another %s: off by %.2g only", test.file, test.mistake, d)
		}
	}
}

// TestMemorySchedules: a memory outside of [0, 1) is refused, and 1-1/t for RMSProp at 1/√t is AdaGrad; 1-0.5/t is not.
func TestMemorySchedules(t *testing.T) {
	for _, b := range []float64{1, -0.1, nan} {
		bad := func(int) float64 { return b }
		for name, r := range map[string]stochopt.Rule{
			"stochopt: Adam.Beta2Schedule(0) = ": &stochopt.Adam{Beta2Schedule: bad},
			"method: RMSProp.RhoSchedule(0) = ":  &method.RMSProp{RhoSchedule: bad},
		} {
			r.Reset(1)
			if text := panicOf(func() { r.Step([]float64{1}, []float64{1}) }); len(text) < len(name) || text[:len(name)] != name {
				t.Errorf("memory %v: panic %q, want %q", b, text, name)
			}
		}
	}
	grads := make([][]float64, 50)
	for k := range grads {
		grads[k] = []float64{math.Sin(float64(k * k)), float64(k%3) - 1}
	}
	x0 := []float64{0, 0}
	want := path(&method.AdaGrad{StepSize: 0.3, Epsilon: stochopt.Zero}, x0, grads)
	for _, gamma := range []float64{1, 0.5} {
		r := &method.RMSProp{StepSize: 0.3, Epsilon: stochopt.Zero, RhoSchedule: growing(gamma), Schedule: schedule.InverseRoot(0)}
		got := path(r, x0, grads)
		if off := math.Hypot(got[0]-want[0], got[1]-want[1]); (off <= 1e-13) != (gamma == 1) {
			t.Errorf("γ = %v: ends at %v, AdaGrad at %v", gamma, got, want)
		}
	}
}
