package stopping_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// independent draws gradients of unit covariance and equal means.
func independent(mean float64, r *rand.Rand) func(grad, x []float64, i int) error {
	return func(grad, _ []float64, _ int) error {
		for i := range grad {
			grad[i] = mean + r.NormFloat64()
		}
		return nil
	}
}

func TestEvidence(t *testing.T) {
	runs := stopping.Runs(1500)
	look := func(dim, draws int, mean float64) int {
		return stopsWithin(runs, dim, 1, func(r *rand.Rand) optimize.Converger {
			return &stopping.Evidence{Draw: independent(mean, r), Draws: draws, Every: 1, Looks: 1}
		})
	}
	// One variable: the law is F(1, B-1), so a look stops with probability P(F < (B-1)/(B-3)).
	for _, b := range []float64{8, 32} {
		want := distuv.F{D1: 1, D2: b - 1}.CDF((b - 1) / (b - 3))
		stopping.Near(t, fmt.Sprintf("B = %v, D = 1", b), look(1, int(b), 0), runs, want)
	}
	// Many variables: the correction keeps the probability near 1/2, at 0.51 in the limit of a normal law of skewed
	// terms; without it, it would be 0.35.
	hundred := look(100, 32, 0)
	stopping.AtLeast(t, "D = 100", hundred, runs, 0.51)
	stopping.AtMost(t, "D = 100", hundred, runs, 0.56)
	uncorrected := 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 33))
		var z float64
		for range 100 {
			var sum, sq float64
			for range 32 {
				v := r.NormFloat64()
				sum += v
				sq += v * v
			}
			z += sum * sum / 32 / ((sq - sum*sum/32) / 31)
		}
		if z < 100 {
			uncorrected++
		}
	}
	stopping.Near(t, "D = 100, uncorrected", uncorrected, runs, 0.348)
	// No level: at half a standard deviation of mean in all, stops are frequent.
	stopping.AtLeast(t, "half a standard deviation", look(10, 32, 0.5/math.Sqrt(10)), runs, 0.12)

	// Looks in succession: three of probability p need p³.
	p := distuv.F{D1: 1, D2: 31}.CDF(31. / 29)
	three := stopsWithin(runs, 1, 3, func(r *rand.Rand) optimize.Converger {
		return &stopping.Evidence{Draw: independent(0, r), Every: 1}
	})
	stopping.Near(t, "three looks", three, runs, p*p*p)
}

func TestEvidenceVariables(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		draw func(grad, x []float64, i int) error
		want optimize.Status
	}{
		"all 0":        {func(grad, _ []float64, _ int) error { clear(grad); return nil }, optimize.GradientThreshold},
		"exact, not 0": {func(grad, _ []float64, i int) error { grad[0], grad[1] = 1, float64(i%2)-0.5; return nil }, optimize.NotTerminated},
		"one idle":     {func(grad, _ []float64, i int) error { grad[0], grad[1] = 0, float64(i%2)-0.5; return nil }, optimize.GradientThreshold},
		"error":        {func(_, _ []float64, _ int) error { return broken }, optimize.Failure},
		"not finite":   {func(grad, _ []float64, _ int) error { grad[1] = math.Inf(1); return nil }, optimize.Failure},
	} {
		e := &stopping.Evidence{Draw: c.draw, Every: 1, Looks: 1}
		e.Init(2)
		s := e.Converged(&optimize.Location{X: make([]float64, 2)})
		if s != c.want || (e.Err() != nil) != (s == optimize.Failure) || name == "error" && !errors.Is(e.Err(), broken) {
			t.Errorf("%s: %v, error %v, want %v", name, s, e.Err(), c.want)
		}
	}
}

func ExampleEvidence() {
	oracle := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		z := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 3 + z
		}
		return (x[0]-3)*(x[0]-3)/2 + x[0]*z, nil
	}
	p := stochopt.Problem{Oracle: oracle, Seed: 1}
	eval := p.Evaluator()
	c := &stopping.Evidence{Draw: func(grad, x []float64, i int) error {
		_, err := eval(grad, x, stochopt.Sample{Seed: p.Seed + 1, Step: i})
		return err
	}}
	m := &method.SGD{StepSize: 0.1, Schedule: schedule.InverseTime(0.01)}
	r, err := stochopt.Minimize(context.Background(), p, []float64{20}, &optimize.Settings{Converger: c}, m)
	fmt.Printf("%v after %d iterations, x = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// GradientThreshold after 512 iterations, x = 2.8, error <nil>
}
