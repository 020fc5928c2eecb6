package method_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// noisy is a quadratic with its minimum at (1, 2), and normal noise on value and gradient.
var noisy = stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
	rnd := s.Rand()
	if grad != nil {
		grad[0], grad[1] = x[0]-1+rnd.NormFloat64(), 10*(x[1]-2)+rnd.NormFloat64()
	}
	return (x[0]-1)*(x[0]-1)/2 + 5*(x[1]-2)*(x[1]-2) + rnd.NormFloat64(), nil
}}

// iterations runs m for n iterations and prints where it ends.
func iterations(n int, m optimize.Method) {
	s := &optimize.Settings{MajorIterations: n, Converger: optimize.NeverTerminate{}}
	result, err := stochopt.Minimize(context.Background(), noisy, []float64{5, 5}, s, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", result.X)
}

func ExampleClip() {
	iterations(2000, &method.Clip{Rule: &method.SGD{StepSize: 0.01}, Norm: 5})
	// Output:
	// [0.963 1.997]
}

// The mean is nearer than any of the iterates.
func ExampleAverage() {
	iterations(20000, &method.SGD{StepSize: 0.1})
	iterations(20000, &method.Average{Rule: &method.SGD{StepSize: 0.1}, Start: 100})
	// Output:
	// [1.314 2.002]
	// [1.004 2.000]
}

func ExampleTailAverage() {
	iterations(20000, &method.TailAverage{Rule: &stochopt.Adam{}})
	// Output:
	// [1.005 2.001]
}

func ExampleLookahead() {
	iterations(2001, &method.Lookahead{Rule: &stochopt.Adam{}})
	// Output:
	// [0.964 2.002]
}

// The second variable stays at 5.
func ExampleFreeze() {
	iterations(2000, &method.Freeze{Rule: &stochopt.Adam{StepSize: 0.01}, Frozen: func(i int) bool { return i == 1 }})
	// Output:
	// [0.970 5.000]
}

// One step size for variables whose curvatures differ: in units of 1/√h they are alike.
func ExampleScale() {
	unit := []float64{1, 0.316}
	iterations(2000, &method.Scale{Rule: &method.SGD{StepSize: 0.01}, Unit: func(i int) float64 { return unit[i] }})
	// Output:
	// [0.963 1.999]
}

func ExampleAccumulate() {
	iterations(2001, &method.Accumulate{Rule: &stochopt.Adam{}, Count: 20})
	// Output:
	// [0.984 2.013]
}

// Noise takes gradient descent off a saddle point, where the gradient is 0.
func ExampleNoise() {
	p := stochopt.Problem{FuncGrad: func(grad, x []float64) float64 { // minima at (±1, 0), a saddle point at (0, 0)
		grad[0], grad[1] = x[0]*x[0]*x[0]-x[0], x[1]
		return x[0]*x[0]*x[0]*x[0]/4 - x[0]*x[0]/2 + x[1]*x[1]/2
	}}
	for _, m := range []optimize.Method{
		&method.SGD{StepSize: 0.1},
		&method.Noise{Rule: &method.SGD{StepSize: 0.1}, Power: 2, Seed: 1},
	} {
		s := &optimize.Settings{MajorIterations: 1000, Converger: optimize.NeverTerminate{}}
		result, err := stochopt.Minimize(context.Background(), p, []float64{0, 0}, s, m)
		fmt.Printf("%.3f %v\n", result.F, err)
	}
	// Output:
	// 0.000 <nil>
	// -0.250 <nil>
}
