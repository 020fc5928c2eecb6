package stochopt_test

import "github.com/stochopt/stochopt"

// variants are variants of momentum, signs and ratios.
var variants = []row{}

// variantsGolden are their files of testdata/golden.
var variantsGolden = map[string]func(h map[string]float64) stochopt.Rule{}
