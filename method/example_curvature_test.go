package method_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/optimize"
)

// noisyHess is the product of the Hessian of noisy and v.
func noisyHess(dst, _, v []float64, _ stochopt.Sample) error {
	dst[0], dst[1] = v[0], 10*v[1]
	return nil
}

// Two evaluations make a step. It is the length of a Newton step times 1, 1/2, 1/3, ..., as for a mean.
func ExampleOLBFGS() {
	iterations(4000, &method.OLBFGS{StepSize: 1, Schedule: schedule.InverseTime(1)})
	// Output:
	// [1.001 2.001]
}

// Products from differences of two gradients of one draw: the noise, which does not depend on x, falls out.
func ExampleAdaHessian() {
	hv := gradient.HessVecDifferences(noisy.Oracle, 0)
	iterations(2000, &method.AdaHessian{HessVec: hv, HessPeriod: 10, Schedule: schedule.InverseTime(0.1)})
	// Output:
	// [0.986 2.001]
}

func ExampleSophia() {
	iterations(2000, &method.Sophia{HessVec: noisyHess, Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.018 1.998]
}

// The answer is θ, whichever of the two evaluations of a step is the last.
func ExampleSAM() {
	iterations(4000, &method.SAM{Rule: &method.SGD{StepSize: 0.005}})
	iterations(4001, &method.SAM{Rule: &method.SGD{StepSize: 0.005}})
	// Output:
	// [0.980 2.000]
	// [0.985 1.994]
}

// The steps of SGD fall whenever it has reached its own noise. The second run ends by itself, when that of a hundredth of its
// first steps is reached.
func ExampleDropWhenStationary() {
	iterations(20000, &method.SGD{StepSize: 0.1})
	iterations(20000, &method.DropWhenStationary{Rule: &method.SGD{StepSize: 0.1}})

	m := &method.DropWhenStationary{Rule: &method.SGD{StepSize: 0.1}, Minimum: 0.01}
	s := &optimize.Settings{Converger: m.Converger(), MajorIterations: 100000}
	result, err := stochopt.Minimize(context.Background(), noisy, []float64{5, 5}, s, m)
	fmt.Printf("%.3f after %d iterations, %v, %v\n", result.X, result.MajorIterations, result.Status, err)
	// Output:
	// [1.314 2.002]
	// [1.019 2.001]
	// [0.985 1.995] after 7572 iterations, StepConvergence, <nil>
}

func ExampleAdafactor() {
	iterations(2000, &method.Adafactor{})
	// Output:
	// [0.969 1.993]
}

func ExampleSWATS() {
	iterations(2000, &method.SWATS{StepSize: 0.1, Tolerance: 1e-3})
	// Output:
	// [0.978 1.986]
}

func ExampleWNGrad() {
	iterations(20000, &method.WNGrad{Initial: 50})
	// Output:
	// [1.135 1.993]
}

// A plain loop asks Draw for the Sample of every gradient.
func ExampleSAM_Draw() {
	r := &method.SAM{Rule: &method.SGD{StepSize: 0.1}}
	x, g := []float64{5, 5}, make([]float64, 2)
	r.Reset(len(x))
	next := stochopt.Sample{Seed: 1}
	for range 6 {
		s, err := r.Draw(next)
		if err != nil {
			fmt.Println(err)
			return
		}
		if s == next {
			next.Step++
		}
		noisy.Oracle(g, x, s)
		r.Step(x, g)
		fmt.Printf("draw %d: %.3f\n", s.Step, x)
	}
	// Output:
	// draw 0: [5.006 5.050]
	// draw 0: [4.597 1.792]
	// draw 1: [4.640 1.767]
	// draw 1: [4.192 2.050]
	// draw 2: [4.239 2.032]
	// draw 2: [3.879 2.194]
}

func ExampleAdEMAMix() {
	iterations(20000, &method.AdEMAMix{StepSize: 0.01, Beta3: 0.99, Schedule: schedule.Linear(20000, 0)})
	// Output:
	// [1.060 2.004]
}

func ExampleNovoGrad() {
	iterations(2000, &method.NovoGrad{Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.016 1.999]
}

func ExampleNormalizedSGD() {
	iterations(2000, &method.NormalizedSGD{Momentum: 0.9, Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.010 1.999]
}

// All values are above 0 but for noise.
func ExampleMoMo() {
	iterations(2000, &method.MoMo{MaxStep: 0.1, Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.031 1.998]
}

func ExampleCautious() {
	iterations(2000, &method.Cautious{Rule: &stochopt.Adam{Schedule: schedule.Linear(2000, 0)}})
	// Output:
	// [1.005 1.998]
}

// NAdam with decoupled decay to a prior value.
func ExampleDecay() {
	iterations(2000, &method.Decay{Rule: &method.NAdam{StepSize: 0.1}, Rate: 0.01, Center: []float64{1.5, 2}})
	// Output:
	// [1.035 1.974]
}

func ExampleFromage() {
	iterations(2000, &method.Fromage{Schedule: schedule.Linear(2000, 0)})
	// Output:
	// [1.020 1.999]
}

func ExampleSMORMS3() {
	iterations(2000, &method.SMORMS3{StepSize: 0.1})
	// Output:
	// [0.983 1.994]
}
