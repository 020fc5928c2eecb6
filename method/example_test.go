package method_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

func ExampleSGD() {
	p := stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
		grad[0], grad[1] = x[0]-1, 10*(x[1]-2)
		return (x[0]-1)*(x[0]-1)/2 + 5*(x[1]-2)*(x[1]-2)
	}}
	result, err := stochopt.Minimize(context.Background(), p, []float64{5, 5}, nil, &method.SGD{StepSize: 0.05, Momentum: 0.5})
	fmt.Printf("%.3f %v\n", result.X, err)
	// Output:
	// [1.000 2.000] <nil>
}
