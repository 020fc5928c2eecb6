package stochopt_test

import "github.com/stochopt/stochopt"

// wrappers are Rules that hold a Rule.
var wrappers = []row{}

// wrappersGolden are their files of testdata/golden.
var wrappersGolden = map[string]func(h map[string]float64) stochopt.Rule{}
