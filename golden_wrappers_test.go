package stochopt_test

import (
	"maps"
	"testing"
)

// TestGoldenWrappersCanFail changes one hyperparameter of a case at a time, as an index off by one or a wrong form would: the
// comparison finds each.
func TestGoldenWrappersCanFail(t *testing.T) {
	for name, changes := range map[string]map[string]func(v float64) float64{
		"clip": {
			"value": func(v float64) float64 { return v + 0.01 },
			"norm":  func(v float64) float64 { return v + 0.01 },
		},
		"lookahead": {
			"sync": func(v float64) float64 { return v + 1 },
			"slow": func(v float64) float64 { return 1 - v*0.9 },
		},
		"accumulate": {"count": func(v float64) float64 { return v + 1 }},
		"freeze":     {"frozen": func(v float64) float64 { return v + 1 }},
		"scale":      {"base": func(v float64) float64 { return 1 / v }},
		"average": {
			"start": func(v float64) float64 { return v + 1 },
			"power": func(v float64) float64 { return v + 1 },
		},
	} {
		for hyper, change := range changes {
			var found int
			cases := readGolden(t, name)
			for _, c := range cases {
				if name == "average" && hyper == "power" && c.Hyper["decay"] > 0 {
					found++ // not both may be set
					continue
				}
				h := maps.Clone(c.Hyper)
				h[hyper] = change(h[hyper])
				if c.deviation(wrappersGolden[name](h), nil) > 1e6*goldenTol {
					found++
				}
			}
			if found < len(cases)/2 {
				t.Errorf("%s with another %s differs in %d of %d cases", name, hyper, found, len(cases))
			}
		}
	}
}
