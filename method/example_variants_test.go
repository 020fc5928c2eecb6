package method_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// valley has its minimum at (1, 2) and curvatures 1 and 10.
var valley = stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
	a, b := x[0]-1, x[1]-2
	if grad != nil {
		grad[0], grad[1] = a, 10*b
	}
	return a*a/2 + 5*b*b
}}

// noisyValley is valley with noise of standard deviation 1 on the gradient.
var noisyValley = stochopt.Problem{Seed: 1, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
	r := s.Rand()
	f := valley.FuncGrad(grad, x)
	for i := range grad {
		grad[i] += r.NormFloat64()
	}
	return f, nil
}}

// fading lets a step size fall like 1/k after 100 steps.
func fading(k int) float64 { return 1 / (1 + float64(k)/100) }

func minimize(p stochopt.Problem, steps int, m optimize.Method) {
	result, err := stochopt.Minimize(context.Background(), p, []float64{5, 5}, &optimize.Settings{
		MajorIterations: steps,
		Converger:       optimize.NeverTerminate{},
	}, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", result.X)
}

// All steps of Lion are of the same length, which must decay for the last digits.
func ExampleLion() {
	minimize(noisyValley, 20000, &method.Lion{StepSize: 0.1, Schedule: fading})
	// Output:
	// [1.033 1.994]
}

func ExampleSignum() {
	minimize(noisyValley, 20000, &method.Signum{StepSize: 0.1, Momentum: 0.9, Schedule: fading})
	// Output:
	// [1.020 1.998]
}

// Without Momentum, Signum is signSGD.
func ExampleSignum_signSGD() {
	r := &method.Signum{StepSize: 0.5}
	x := []float64{0, 0, 0}
	r.Reset(len(x))
	r.Step(x, []float64{1e-9, -40, 0})
	fmt.Println(x)
	// Output:
	// [-0.5 0.5 0]
}

func ExampleAdaBound() {
	minimize(valley, 2000, &method.AdaBound{FinalStepSize: 0.05, Gamma: 0.01})
	// Output:
	// [1.000 2.000]
}

func ExampleQHM() {
	minimize(valley, 2000, &method.QHM{StepSize: 0.1, Beta: 0.95})
	// Output:
	// [1.000 2.000]
}

func ExampleQHAdam() {
	minimize(noisyValley, 20000, &method.QHAdam{Schedule: fading})
	// Output:
	// [1.008 2.000]
}

// Rprop is for exact gradients. It finds a step size for each variable.
func ExampleRprop() {
	minimize(valley, 100, &method.Rprop{})
	// Output:
	// [1.000 2.000]
}

func ExamplePadam() {
	minimize(valley, 1000, &method.Padam{StepSize: 0.05, Power: 0.25})
	// Output:
	// [1.000 2.000]
}

func ExampleAdan() {
	minimize(noisyValley, 20000, &method.Adan{Schedule: fading})
	// Output:
	// [1.011 2.000]
}

func ExampleFTML() {
	minimize(noisyValley, 20000, &method.FTML{StepSize: 0.1, Schedule: fading})
	// Output:
	// [1.009 2.000]
}

// In this game x[0] minimizes x[0]*x[1] and x[1] maximizes it. The large Epsilon makes the step sizes those of gradient
// descent, which would go round the saddle point in growing circles.
func ExampleOptimisticAdam() {
	r := &method.OptimisticAdam{StepSize: 100, Beta1: stochopt.Zero, Epsilon: 1000}
	x := []float64{1, 1}
	r.Reset(len(x))
	for range 2000 {
		r.Step(x, []float64{x[1], -x[0]})
	}
	fmt.Printf("%.3f\n", x)
	// Output:
	// [0.000 0.000]
}

func ExampleAggMo() {
	minimize(valley, 1000, &method.AggMo{StepSize: 0.01, Momenta: []float64{0, 0.9, 0.95}})
	// Output:
	// [1.000 2.000]
}

// Kappa is about the ratio of the curvatures.
func ExampleAccSGD() {
	minimize(valley, 500, &method.AccSGD{StepSize: 0.1, Kappa: 10, Xi: 3})
	// Output:
	// [1.000 2.000]
}

// The first two variables and the other three are scaled apart: each block moves by a thousandth of its length.
func ExampleLARS() {
	r := &method.LARS{StepSize: 1, Blocks: []int{2, 3}}
	x := []float64{3, 4, 0.1, 0.2, 0.2}
	r.Reset(len(x))
	r.Step(x, []float64{1, 0, 0, 50, 0})
	fmt.Printf("%.4f\n", x)
	// Output:
	// [2.9950 4.0000 0.1000 0.1997 0.2000]
}

func ExampleLAMB() {
	minimize(valley, 50000, &method.LAMB{StepSize: 0.05, Schedule: fading})
	// Output:
	// [1.000 2.000]
}
