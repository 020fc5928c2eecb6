package method_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// bowl is (x-1)²/2 + 5(y-2)²/2.
func bowl(grad, x []float64) float64 {
	grad[0], grad[1] = x[0]-1, 5*(x[1]-2)
	return (x[0]-1)*(x[0]-1)/2 + 5*(x[1]-2)*(x[1]-2)/2
}

// descend runs 2000 steps of m on bowl.
func descend(m optimize.Method) {
	s := &optimize.Settings{MajorIterations: 2000, Converger: optimize.NeverTerminate{}}
	result, err := stochopt.Minimize(context.Background(), stochopt.Problem{FuncGrad: bowl}, []float64{5, 5}, s, m)
	fmt.Printf("%.3f %v\n", result.X, err)
}

func ExampleScheduleFreeSGD() {
	warmUp := func(k int) float64 { return min(1, float64(k+1)/50) }
	descend(&method.ScheduleFreeSGD{StepSize: 0.5, Schedule: warmUp})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleScheduleFreeAdam() {
	descend(&method.ScheduleFreeAdam{StepSize: 0.1})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleDoG() {
	descend(&method.DoG{})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleDoWG() {
	descend(&method.DoWG{})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleProdigy() {
	descend(&method.Prodigy{Schedule: func(k int) float64 { return (1 + math.Cos(math.Pi*float64(k)/2000)) / 2 }})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleDAdaptSGD() {
	descend(&method.DAdaptSGD{Schedule: func(k int) float64 { return 1 - float64(k)/2000 }})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleDAdaptAdam() {
	descend(&method.DAdaptAdam{InitialDistance: 0.01, Schedule: func(k int) float64 { return 1 - float64(k)/2000 }})
	// Output:
	// [1.000 2.000] <nil>
}

func ExamplePolyakStep() {
	descend(&method.PolyakStep{Minimum: 0})
	// Output:
	// [1.000 2.000] <nil>
}

// A line through points that lie on one: every sample has its minimum, 0, at the same parameters.
func ExampleSPS() {
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		t := s.Rand().NormFloat64()
		r := x[0] + x[1]*t - (3 - 2*t)
		if grad != nil {
			grad[0], grad[1] = r, r*t
		}
		return r * r / 2, nil
	}}
	result, err := stochopt.Minimize(context.Background(), p, []float64{0, 0}, &optimize.Settings{MajorIterations: 200}, &method.SPS{})
	fmt.Printf("%.3f %v\n", result.X, err)
	// Output:
	// [3.000 -2.000] <nil>
}

func ExampleCOCOB() {
	descend(&method.COCOB{})
	// Output:
	// [1.000 2.000] <nil>
}

func ExampleFTRL() {
	descend(&method.FTRL{StepSize: 1})
	// Output:
	// [1.000 2.000] <nil>
}

// With the penalty 2.5(|x| + |y|) the minimum is at 0 and 1.5; the way to the second is of the order 1/√k.
func ExampleRDA() {
	descend(&method.RDA{StepSize: 0.2, L1: 2.5})
	// Output:
	// [0.000 1.539] <nil>
}

func ExampleMechanic() {
	// A step size of 1e-4 is some thousand times too small. (Where Mechanic ends differs with the rounding of its steps.)
	for _, m := range []optimize.Method{&method.SGD{StepSize: 1e-4}, &method.Mechanic{Rule: &method.SGD{StepSize: 1e-4}}} {
		s := &optimize.Settings{MajorIterations: 2000, Converger: optimize.NeverTerminate{}}
		result, err := stochopt.Minimize(context.Background(), stochopt.Problem{FuncGrad: bowl}, []float64{5, 5}, s, m)
		fmt.Println(result.F < 0.1, err)
	}
	// Output:
	// false <nil>
	// true <nil>
}
