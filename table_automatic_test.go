package stochopt_test

import "github.com/stochopt/stochopt"

// automatic are the methods that choose their own step size or need no horizon.
var automatic = []row{}

// automaticGolden are their files of testdata/golden.
var automaticGolden = map[string]func(h map[string]float64) stochopt.Rule{}
