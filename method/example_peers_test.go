package method_test

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
)

// x minimizes xy and y maximizes it: its component of the gradient is negated. Gradient descent goes away from (0, 0).
func ExampleOptimisticSGD() {
	saddle := func(r stochopt.Rule) {
		x, g := []float64{1, 1}, make([]float64, 2)
		r.Reset(2)
		for range 500 {
			g[0], g[1] = x[1], -x[0]
			r.Step(x, g)
		}
		fmt.Printf("%.3f\n", x)
	}
	saddle(&method.SGD{StepSize: 0.1})
	saddle(&method.OptimisticSGD{StepSize: 0.1})
	// Output:
	// [15.960 5.903]
	// [0.074 0.085]
}

// All values are above 0 but for noise.
func ExampleMoMoAdam() {
	iterations(2000, &method.MoMoAdam{Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.032 1.998]
}

func ExampleSM3() {
	iterations(2000, &method.SM3{})
	// Output:
	// [0.961 2.003]
}

func ExampleSimplifiedAdEMAMix() {
	iterations(2000, &method.SimplifiedAdEMAMix{Beta1: 0.9, StepSize: 0.01, Mix: 10, Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [0.989 2.001]
}

func ExampleMARS() {
	iterations(2000, &method.MARS{Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.007 2.000]
}

// No step is longer than 0.1·0.02 of the length of x.
func ExampleClip_ratio() {
	iterations(2000, &method.Clip{Rule: &method.SGD{StepSize: 0.02}, Ratio: 0.1})
	// Output:
	// [1.019 2.007]
}
