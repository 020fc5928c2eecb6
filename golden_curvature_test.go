package stochopt_test

import (
	"maps"
	"testing"
)

// TestGoldenCurvatureCanFail changes one hyperparameter of a case at a time, as a wrong form of it would: the comparison finds
// each in some case.
func TestGoldenCurvatureCanFail(t *testing.T) {
	more := func(v float64) float64 { return v*1.01 + 1e-9 }
	plus := func(v float64) float64 { return v + 1 }
	for name, changes := range map[string]map[string]func(v float64) float64{
		"sam": {"rho": more},
		"olbfgs": {
			"lr": more, "first": more, "damping": more, "memory": plus, "decay": more,
			"max": func(v float64) float64 { return v * 1.01 },
		},
		"adahessian": {
			"lr": more, "beta1": less, "beta2": less, "eps": more, "period": plus,
			"power": func(v float64) float64 { return v * 0.99 },
		},
		"sophia": {"lr": more, "beta1": less, "beta2": less, "gamma": more, "decay": more, "period": plus},
		"dropwhenstationary": {
			"factor": more, "minimum": more, "patience": plus, "batch": plus, "first": plus, "ratio": plus,
			"relative": plus, "absolute": plus, "slope": func(v float64) float64 { return v / 2 },
		},
		"adafactor":     {"lr": more, "floor": more, "power": more, "clip": func(v float64) float64 { return v / 2 }},
		"swats":         {"lr": more, "beta1": less, "beta2": less, "eps": more},
		"wngrad":        {"lr": more, "b0": more},
		"ademamix":      {"lr": more, "beta1": less, "beta2": less, "beta3": less, "mix": more, "eps": more},
		"novograd":      {"lr": more, "beta1": less, "beta2": less, "eps": more, "decay": more},
		"normalizedsgd": {"lr": more, "momentum": less},
		"momo":          {"lr": more, "beta": less, "minimum": more},
		"decay":         {"rate": more},
		"fromage":       {"lr": more},
		"smorms3":       {"lr": more, "eps": more},
	} {
		cases := readGolden(t, name)
		for hyper, change := range changes {
			found := 0
			for _, c := range cases {
				h := maps.Clone(c.Hyper)
				h[hyper] = change(h[hyper])
				if d := c.deviation(curvatureGolden[name](h), nil); d > 1e4*goldenTol {
					found++
				}
			}
			if found == 0 {
				t.Errorf("%s with another %s does not differ in any of %d cases", name, hyper, len(cases))
			}
		}
	}
}

// less moves a decay in [0, 1) and keeps it there.
func less(v float64) float64 { return max(v*0.99, 0.01) }
