package stochopt_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// Logistic regression on texts: each depends on the weights of its own words, of a million. The cost is looked at after every
// ten epochs, so that the steps in between need not care for all weights.
func ExampleSparse() {
	texts := []struct {
		words []int // in increasing order
		good  bool
	}{
		{[]int{7, 1200, 999_999}, true},
		{[]int{7, 52_000}, false},
		{[]int{1200, 310_000}, true},
		{[]int{52_000, 310_000, 999_999}, false},
	}
	sum := gradient.FiniteSum{N: len(texts), Term: func(grad, w []float64, i int) float64 {
		var z float64
		for _, j := range texts[i].words {
			z += w[j]
		}
		sign := 1.0
		if !texts[i].good {
			sign = -1
		}
		if grad != nil {
			for _, j := range texts[i].words {
				grad[j] -= sign / (1 + math.Exp(sign*z))
			}
		}
		return math.Log1p(math.Exp(-sign * z))
	}}
	words := func(dst []int, i int) []int { return append(dst, texts[i].words...) }
	p := stochopt.Problem{Seed: 1, Sparse: gradient.SparseSum{Sum: sum, Support: words}.Shuffled(1)}

	w := make([]float64, 1_000_000)
	report, err := gradient.CheckSparse(p.Sparse, w, stochopt.Sample{})
	fmt.Println(report.OK, err)

	m := &method.AdaGrad{StepSize: 0.5}
	settings := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 10*len(texts) + 1}
	for range 3 {
		result, err := stochopt.Minimize(context.Background(), p, w, settings, m)
		if err != nil {
			fmt.Println(err)
			return
		}
		w, m.Warm = result.X, true
		p.FirstStep += result.FuncEvaluations - 1
		cost, _ := sum.Full()(nil, w, stochopt.Sample{})
		fmt.Printf("%.3f\n", cost)
	}
	// Output:
	// true <nil>
	// 0.090
	// 0.050
	// 0.035
}
