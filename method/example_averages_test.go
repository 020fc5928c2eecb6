package method_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// noisyLine is the fit of a line a + b t to data a = 1, b = 2 with noise, t = 0 ... 1: mean square of one residual.
func noisyLine(grad, x []float64, s stochopt.Sample) (float64, error) {
	r := s.Rand()
	t := r.Float64()
	res := x[0] + x[1]*t - (1 + 2*t + 0.1*r.NormFloat64())
	if grad != nil {
		grad[0], grad[1] = res, res*t
	}
	return res * res / 2, nil
}

// fitLine prints where m gets in n steps from 0.
func fitLine(m optimize.Method, n int) {
	s := &optimize.Settings{MajorIterations: n, Converger: optimize.NeverTerminate{}}
	result, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: noisyLine, Samples: 10}, []float64{0, 0}, s, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", result.X)
}

// slower is a Schedule for these fits.
func slower(k int) float64 { return 1 / (1 + float64(k)/200) }

func ExampleAdamW() {
	// The values expected before the data were seen hold x back, more where the data say little.
	fitLine(&method.AdamW{StepSize: 0.03, WeightDecay: 0.02, Center: []float64{1.5, 1}, Schedule: slower}, 2000)
	// Output:
	// [1.024 1.961]
}

func ExampleAMSGrad() {
	fitLine(&method.AMSGrad{StepSize: 0.02, Schedule: slower}, 2000)
	// Output:
	// [1.003 1.998]
}

func ExampleRMSProp() {
	fitLine(&method.RMSProp{StepSize: 0.02, Rho: 0.99, Schedule: slower}, 2000)
	// Output:
	// [0.996 1.996]
}

func ExampleRMSProp_centered() {
	fitLine(&method.RMSProp{StepSize: 0.005, Rho: 0.99, Centered: true, Momentum: 0.5, Schedule: slower}, 2000)
	// Output:
	// [0.999 2.000]
}

func ExampleAdaGrad() {
	fitLine(&method.AdaGrad{StepSize: 0.5}, 2000)
	// Output:
	// [0.994 1.984]
}

func ExampleAdaMax() {
	fitLine(&method.AdaMax{StepSize: 0.2, Schedule: slower}, 2000)
	// Output:
	// [0.996 1.998]
}

func ExampleNAdam() {
	fitLine(&method.NAdam{StepSize: 0.03, Schedule: slower}, 2000)
	// Output:
	// [1.006 1.992]
}

func ExampleNAdam_scheduled() {
	fitLine(&method.NAdam{StepSize: 0.03, MomentumDecay: 0.004, Schedule: slower}, 2000)
	// Output:
	// [1.009 1.985]
}

func ExampleRAdam() {
	fitLine(&method.RAdam{StepSize: 0.2, Schedule: slower}, 2000)
	// Output:
	// [0.994 1.993]
}

func ExampleAdaDelta() {
	// ε sets the size of the first steps.
	fitLine(&method.AdaDelta{Epsilon: 1e-5, Schedule: slower}, 2000)
	// Output:
	// [0.999 1.999]
}

func ExampleAdaGradNorm() {
	fitLine(&method.AdaGradNorm{}, 2000)
	// Output:
	// [0.986 1.978]
}

func ExampleYogi() {
	fitLine(&method.Yogi{StepSize: 0.02, Schedule: slower}, 2000)
	// Output:
	// [1.003 1.998]
}

func ExampleAdaBelief() {
	fitLine(&method.AdaBelief{StepSize: 0.02, Schedule: slower}, 2000)
	// Output:
	// [1.002 2.000]
}

func ExampleAdaGradFull() {
	fitLine(&method.AdaGradFull{StepSize: 0.5}, 2000)
	// Output:
	// [1.001 1.979]
}
