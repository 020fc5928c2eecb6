package method_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// The misfit of 5000 counts to a decay, in 25 blocks of 200: at the minimum in 15 passes through the data.
func ExampleSFO() {
	const n, blocks = 5000, 25
	rnd := rand.New(rand.NewPCG(1, 1))
	t, y := make([]float64, n), make([]float64, n)
	for i := range t {
		t[i] = 5 * rnd.Float64()
		y[i] = 3*math.Exp(-0.7*t[i]) + 0.1*rnd.NormFloat64()
	}
	misfit := gradient.FiniteSum{N: n, Term: func(grad, x []float64, i int) float64 {
		e := math.Exp(-x[1] * t[i])
		d := x[0]*e - y[i]
		if grad != nil {
			grad[0] += d * e
			grad[1] -= d * x[0] * t[i] * e
		}
		return d * d / 2
	}}
	p := stochopt.Problem{Oracle: misfit.Blocks(blocks)}
	s := &optimize.Settings{GradEvaluations: 15 * blocks, Converger: optimize.NeverTerminate{}}
	result, err := stochopt.Minimize(context.Background(), p, []float64{1, 0.1}, s, &method.SFO{Terms: blocks})
	if err != nil {
		fmt.Println(err)
		return
	}
	grad := make([]float64, 2)
	f, _ := misfit.Full()(grad, result.X, stochopt.Sample{})
	fmt.Printf("%.4f, misfit %.5f, gradient below 1e-7: %t\n", result.X, f, math.Hypot(grad[0], grad[1]) < 1e-7)
	// Output:
	// [3.0019 0.6994], misfit 0.00496, gradient below 1e-7: true
}

// The mean of 50 frozen draws in place of an expectation (sample average approximation). An Oracle that takes all its
// randomness from the Sample needs nothing more. One with noise of its own is refused.
func ExampleSFO_frozenNoise() {
	source := rand.New(rand.NewPCG(1, 1))
	for _, frozen := range []bool{true, false} {
		p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			rnd := source
			if frozen {
				rnd = s.Rand()
			}
			z := rnd.NormFloat64()
			u := math.Exp(0.1*z) * x[0] // E u² = e^0.02 x²
			if grad != nil {
				grad[0] = u*u/x[0] - 1
			}
			return u*u/2 - x[0], nil
		}}
		s := &optimize.Settings{GradEvaluations: 1000, Converger: optimize.NeverTerminate{}}
		result, err := stochopt.Minimize(context.Background(), p, []float64{3}, s, &method.SFO{Terms: 50})
		fmt.Printf("%.2f %v, error: %t\n", result.X, result.Status, err != nil)
	}
	// Output:
	// [1.03] GradientEvaluationLimit, error: false
	// [3.00] Failure, error: true
}
