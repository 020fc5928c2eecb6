package stochopt_test

import (
	"maps"
	"testing"
)

// TestGoldenPeersCanFail changes one hyperparameter of a case at a time, as a wrong form of it would: the comparison finds
// each in some case.
func TestGoldenPeersCanFail(t *testing.T) {
	more := func(v float64) float64 { return v*1.01 + 1e-9 }
	for name, changes := range map[string]map[string]func(v float64) float64{
		"optimisticsgd":      {"lr": more, "optimism": more},
		"momoadam":           {"lr": more, "beta1": less, "beta2": less, "eps": more, "minimum": more},
		"sm3":                {"lr": more, "beta": less},
		"simplifiedademamix": {"lr": more, "beta1": less, "beta2": less, "mix": more, "eps": more},
		"mars":               {"lr": more, "beta1": less, "beta2": less, "gamma": more, "norm": more, "eps": more},
		"agc": {"lr": more, "ratio": more, "floor": more, "norm": more,
			"block": func(v float64) float64 { return 3 - v }},
	} {
		cases := readGolden(t, name)
		for hyper, change := range changes {
			found := 0
			for _, c := range cases {
				if hyper == "block" && c.Hyper["block"] == 0 {
					continue
				}
				h := maps.Clone(c.Hyper)
				h[hyper] = change(h[hyper])
				if d := c.deviation(peersGolden[name](h), nil); d > 1e4*goldenTol {
					found++
				}
			}
			if found == 0 {
				t.Errorf("%s with another %s does not differ in any of %d cases", name, hyper, len(cases))
			}
		}
	}
}
