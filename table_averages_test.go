package stochopt_test

import "github.com/stochopt/stochopt"

// averages are AdaGrad and the methods with running means of the gradient and its square.
var averages = []row{}

// averagesGolden are their files of testdata/golden.
var averagesGolden = map[string]func(h map[string]float64) stochopt.Rule{}
