package stochopt_test

import (
	"fmt"

	"github.com/stochopt/stochopt"
)

// Gradients that name the few variables they depend on: each draw has a word and its neighbour, of a hundred.
func ExampleAdam_StepSparse() {
	x, g := make([]float64, 100), make([]float64, 2)
	a := &stochopt.Adam{StepSize: 0.1, Schedule: func(k int) float64 { return 1 - float64(k)/20000 }}
	a.Reset(len(x))
	for k := range 20000 {
		word := k * 7 % 99
		index := []int{word, word + 1}
		a.CatchUp(x, index) // before x is read
		d := x[word] + x[word+1] - 3
		g[0], g[1] = 2*d, 2*d
		a.StepSparse(x, g, index)
	}
	a.CatchUp(x, nil) // to read all of x
	fmt.Printf("%.3f\n", x[0]+x[1])
	// Output:
	// 3.000
}
