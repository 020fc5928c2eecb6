package stopping_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// TestTargetLevel: six looks at a point whose mean value is the target.
func TestTargetLevel(t *testing.T) {
	runs := stopping.Runs(2000)
	for _, sigma := range []float64{0, 3} {
		draws := 0
		rule := func(mean float64) int {
			return stopsWithin(runs, 1, 1<<6-1, func(r *rand.Rand) optimize.Converger {
				return &stopping.Target{Value: 10, Sigma: sigma, Draws: 200, First: 1, Draw: func(_ []float64, i int) (float64, error) {
					draws++
					return mean + 3*r.NormFloat64(), nil
				}}
			})
		}
		stopping.AtMost(t, fmt.Sprintf("Sigma %v, at the target", sigma), rule(10), runs, 0.05)
		draws = 0
		stopping.AtMost(t, fmt.Sprintf("Sigma %v, far above it", sigma), rule(40), runs, 0.001)
		t.Logf("%.1f draws in a look far above", float64(draws)/float64(runs)/6)
		draws = 0
		stopping.AtLeast(t, fmt.Sprintf("Sigma %v, half a standard deviation below", sigma), rule(8.5), runs, 0.995)
		t.Logf("%.1f draws half a standard deviation below", float64(draws)/float64(runs))
	}
	// The companion: a draw below the target ends the run, as in gonum where Func is taken at its word.
	lucky := stopsWithin(runs, 1, 1<<6-1, func(r *rand.Rand) optimize.Converger {
		return &again{look: func() optimize.Converger { return below{16, r} }}
	})
	stopping.AtLeast(t, "a lucky draw two standard deviations down", lucky, runs, 1-math.Pow(0.97725, 63))
}

// below stops at a draw, of mean 22 and standard deviation 3, at or below target.
type below struct {
	target float64
	r      *rand.Rand
}

func (b below) Init(int) {}
func (b below) Converged(*optimize.Location) optimize.Status {
	if 22+3*b.r.NormFloat64() <= b.target {
		return optimize.FunctionThreshold
	}
	return optimize.NotTerminated
}

func TestTargetErrors(t *testing.T) {
	broken := errors.New("broken")
	c := &stopping.Target{First: 1, Draw: func([]float64, int) (float64, error) { return 0, broken }}
	c.Init(1)
	if s := c.Converged(&optimize.Location{X: []float64{1}}); s != optimize.Failure || !errors.Is(c.Err(), broken) {
		t.Errorf("%v, error %v", s, c.Err())
	}
	c.Draw = func([]float64, int) (float64, error) { return math.NaN(), nil }
	c.Init(1)
	if s := c.Converged(&optimize.Location{X: []float64{1}}); s != optimize.Failure || c.Err() == nil {
		t.Errorf("%v, error %v", s, c.Err())
	}
}

// A plain gonum program: the run ends when the mean of F is shown to be at most 1, not at the first draw below 1.
func ExampleTarget() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + 5*rnd.NormFloat64() },
		Grad: func(grad, x []float64) { grad[0] = 2*(x[0]-3) + rnd.NormFloat64() },
	}
	c := &stopping.Target{Value: 1, Draw: func(x []float64, _ int) (float64, error) { return p.Func(x), nil }}
	r, err := optimize.Minimize(p, []float64{20}, &optimize.Settings{Converger: c}, &method.SGD{StepSize: 0.002})
	mean, radius := c.Mean()
	fmt.Printf("%v after %d iterations: F = %.2f ± %.2f, error %v\n", r.Status, r.MajorIterations, mean, radius, err)
	// Output:
	// FunctionThreshold after 960 iterations: F = 0.19 ± 0.81, error <nil>
}
