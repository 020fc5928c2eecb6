package stochopt_test

import (
	"maps"
	"testing"
)

// TestGoldenGainsCanFail changes one hyperparameter of a case at a time: the comparison finds each in some case.
func TestGoldenGainsCanFail(t *testing.T) {
	more := func(v float64) float64 { return v*1.01 + 1e-9 }
	for name, changes := range map[string]map[string]func(v float64) float64{
		"adasqrt":       {"lr": more, "eps": more},
		"acprop":        {"lr": more, "beta1": less, "beta2": less, "eps": more},
		"nadamax":       {"lr": more, "beta1": less, "beta2": less},
		"deltabardelta": {"lr": more, "kappa": more, "phi": less, "theta": less, "least": more},
		"eve":           {"lr": more, "beta1": less, "beta2": less, "beta3": less, "limit": more, "eps": more, "minimum": more},
	} {
		cases := readGolden(t, name)
		for hyper, change := range changes {
			found := 0
			for _, c := range cases {
				h := maps.Clone(c.Hyper)
				h[hyper] = change(h[hyper])
				if d := c.deviation(gainsGolden[name](h), nil); d > 1e4*goldenTol {
					found++
				}
			}
			if found == 0 {
				t.Errorf("%s with another %s does not differ in any of %d cases", name, hyper, len(cases))
			}
		}
	}
}
