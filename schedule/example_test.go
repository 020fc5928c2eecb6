package schedule_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/optimize"
)

// Adam with a step that decays comes closer to the minimum than noise lets it at a constant step.
func Example() {
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		noise := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 3 + noise
		}
		return (x[0]-3)*(x[0]-3)/2 + noise*x[0], nil
	}}
	settings := &optimize.Settings{MajorIterations: 1001, Converger: optimize.NeverTerminate{}}
	m := &stochopt.Adam{Schedule: schedule.Multiply(schedule.Warmup(20), schedule.Cosine(1000, 0))}
	result, err := stochopt.Minimize(context.Background(), p, []float64{0}, settings, m)
	fmt.Printf("%.1f %v\n", result.X[0], err)
	// Output:
	// 3.0 <nil>
}

func ExampleJoin() {
	// Warm up, hold, then decay as 1-√u, which WarmupStableDecay does not have.
	s := schedule.Join([]int{100, 900}, schedule.Warmup(100), schedule.Constant(1), func(k int) float64 {
		return 1 - math.Sqrt(min(1, float64(k)/100))
	})
	for _, k := range []int{0, 99, 500, 900, 925, 1000} {
		fmt.Printf("%.3f ", s(k))
	}
	fmt.Println()
	// Output:
	// 0.010 1.000 1.000 1.000 0.500 0.000
}
