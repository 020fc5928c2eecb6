package stopping_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// A noisy objective in a plain gonum program. With gonum's default this run ends after some 200 iterations, far away.
func ExampleStationary() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + 50*rnd.NormFloat64() },
		Grad: func(grad, x []float64) { grad[0] = 2*(x[0]-3) + rnd.NormFloat64() },
	}
	m := &stochopt.Adam{StepSize: 0.01}

	early, err := optimize.Minimize(p, []float64{20}, nil, m)
	fmt.Printf("gonum's default: x > 10 is %t, %v %v\n", early.X[0] > 10, early.Status, err)

	result, err := optimize.Minimize(p, []float64{20}, &optimize.Settings{Converger: &stopping.Stationary{}}, m)
	fmt.Printf("Stationary:      x = %.0f, %v %v\n", result.X[0], result.Status, err)
	// Output:
	// gonum's default: x > 10 is true, FunctionConvergence <nil>
	// Stationary:      x = 3, FunctionConvergence <nil>
}
