package stochopt_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/optimize/functions"
)

// An objective that can only be sampled: every evaluation draws new noise, from the stream of its Sample.
func ExampleMinimize() {
	p := stochopt.Problem{
		Seed: 1,
		Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			rnd := s.Rand()
			f := rnd.NormFloat64()
			for i, v := range x {
				d := v - float64(i+1)
				f += d * d
				if grad != nil {
					grad[i] = 2*d + rnd.NormFloat64()
				}
			}
			return f, nil
		},
	}
	result, err := stochopt.Minimize(context.Background(), p, []float64{10, -10}, nil, &stochopt.Adam{StepSize: 0.01})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f\n", result.X)
	fmt.Println(result.Status)
	// Output:
	// [1 2]
	// FunctionConvergence
}

// Adam as a method of an existing gonum program.
func ExampleAdam() {
	f := functions.ExtendedRosenbrock{}
	p := optimize.Problem{Func: f.Func, Grad: f.Grad}
	settings := &optimize.Settings{MajorIterations: 20000, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(p, []float64{-1.2, 1}, settings, &stochopt.Adam{})
	fmt.Printf("%.2f %v %v\n", result.X, result.Status, err)
	// Output:
	// [1.00 1.00] IterationLimit <nil>
}

// A Rule in a plain loop: ask for the gradient at x, tell it to Step.
func ExampleAdam_Step() {
	x, g := []float64{5}, make([]float64, 1)
	a := &stochopt.Adam{StepSize: 0.5}
	a.Reset(len(x))
	for range 300 {
		g[0] = 2 * (x[0] - 3)
		a.Step(x, g)
	}
	fmt.Printf("%.2f\n", x[0])
	// Output:
	// 3.00
}

// A step size that decays brings the iterates closer than the noise floor of a constant one.
func ExampleAdam_schedule() {
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		noise := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 4 + noise
		}
		return (x[0]-4)*(x[0]-4)/2 + noise*x[0], nil
	}}
	settings := &optimize.Settings{MajorIterations: 100000, Converger: optimize.NeverTerminate{}}
	m := &stochopt.Adam{Schedule: func(k int) float64 { return 1 / math.Sqrt(1+float64(k)) }}
	result, err := stochopt.Minimize(context.Background(), p, []float64{0}, settings, m)
	fmt.Printf("%.1f %v\n", result.X[0], err)
	// Output:
	// 4.0 <nil>
}

// A Problem for any method of gonum: value and gradient of a point are one draw.
func ExampleProblem_Optimize() {
	p := stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
		grad[0] = 2 * (x[0] - 1)
		return (x[0] - 1) * (x[0] - 1)
	}}
	result, err := optimize.Minimize(p.Optimize(), []float64{8}, nil, &optimize.LBFGS{})
	fmt.Printf("%.3f %v\n", result.X, err)
	// Output:
	// [1.000] <nil>
}

// The stream of a Sample depends on its fields alone.
func ExampleSample_Rand() {
	s := stochopt.Sample{Seed: 7, Step: 3}
	fmt.Println(s.Rand().IntN(100) == s.Rand().IntN(100))
	s.Replicate++
	fmt.Println(stochopt.Sample{Seed: 7, Step: 3}.Rand().Uint64() == s.Rand().Uint64())
	// Output:
	// true
	// false
}

// signDescent is a Rule of one's own.
type signDescent struct{ dim int }

func (r *signDescent) Reset(dim int) { r.dim = dim }

func (r *signDescent) Step(x, grad []float64) {
	for i, g := range grad {
		if g != 0 {
			x[i] -= math.Copysign(0.01, g)
		}
	}
}

// A Rule of one's own as a gonum method, here on the half-space x₁ >= 1.
func ExampleSequential() {
	p := optimize.Problem{
		Func: func(x []float64) float64 { return x[0]*x[0] + x[1]*x[1] },
		Grad: func(grad, x []float64) { grad[0], grad[1] = 2*x[0], 2*x[1] },
	}
	m := &stochopt.Sequential{
		Rule:    &signDescent{},
		Project: func(x []float64) { x[0] = max(x[0], 1) },
	}
	settings := &optimize.Settings{MajorIterations: 1000, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(p, []float64{3, 3}, settings, m)
	fmt.Printf("%.2f at x₁ = %.0f, %v\n", result.F, result.X[0], err)
	// Output:
	// 1.00 at x₁ = 1, <nil>
}

// The state of a method, carried to another process.
func ExampleAdam_MarshalBinary() {
	grad := func(x []float64) []float64 { return []float64{2 * x[0]} }
	a, x := &stochopt.Adam{}, []float64{9}
	a.Reset(1)
	for range 10 {
		a.Step(x, grad(x))
	}
	state, _ := a.MarshalBinary()

	b, y := &stochopt.Adam{}, []float64{x[0]}
	if err := b.UnmarshalBinary(state); err != nil {
		fmt.Println(err)
	}
	for range 10 {
		a.Step(x, grad(x))
		b.Step(y, grad(y))
	}
	fmt.Println(x[0] == y[0])
	// Output:
	// true
}
