package stochopt_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// TestStopOfMeans: the default stop of a Rule that answers with a mean looks at its iterates as well, and is as good as without the
// mean. From the answers, which have no gradient, a slow way along a valley is not seen.
func TestStopOfMeans(t *testing.T) {
	far := func(rule func() optimize.Method, converger func() optimize.Converger) (n int, mean float64) {
		const runs = 30
		for seed := range uint64(runs) {
			p := stochopt.Problem{Seed: seed, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
				a, b, rnd := 1-x[0], x[1]-x[0]*x[0], s.Rand()
				f := a*a + 100*b*b + rnd.NormFloat64()
				if grad != nil {
					grad[0], grad[1] = -2*a-400*x[0]*b+rnd.NormFloat64(), 200*b+rnd.NormFloat64()
				}
				return f, nil
			}}
			set := &optimize.Settings{Converger: converger(), MajorIterations: 100_000}
			r, err := stochopt.Minimize(t.Context(), p, []float64{-1.2, 1}, set, rule())
			if err != nil || r.Status != optimize.FunctionConvergence {
				t.Fatalf("seed %d: %v, %v", seed, r.Status, err)
			}
			d := floats.Distance(r.X, []float64{1, 1}, 2)
			if mean += d / runs; d > 0.5 {
				n++
			}
		}
		return n, mean
	}
	adam := func() optimize.Method { return &stochopt.Adam{StepSize: 0.01} }
	tail := func() optimize.Method { return &method.TailAverage{Rule: &stochopt.Adam{StepSize: 0.01}} }
	none := func() optimize.Converger { return nil }
	_, alone := far(adam, none)
	n, mean := far(tail, none)
	blind, _ := far(tail, func() optimize.Converger { return &stopping.Stationary{Margin: math.NaN()} })
	t.Logf("distance %.3f, of means %.3f; %d far away, %d by F alone", alone, mean, n, blind)
	if n > 0 || mean > alone {
		t.Errorf("distance %.3f, of means %.3f; %d are far away", alone, mean, n)
	}
	if blind == 0 {
		t.Error("F alone should not see the valley")
	}
}

// TestSparseNeedsLimit: Stationary takes gradients that are rare for none. So it is not the default for a Sparse, whose runs
// end at a limit, and must have one.
func TestSparseNeedsLimit(t *testing.T) {
	const dim = 20_000
	p := stochopt.Problem{Sparse: &stochopt.Sparse{ // (x_j - 1)² for one j in a draw
		Support: func(dst []int, s stochopt.Sample) ([]int, error) { return append(dst, s.Rand().IntN(dim)), nil },
		Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
			d := x[index[0]] - 1
			if grad != nil {
				grad[0] = 2 * d
			}
			return d*d + 5*s.Rand().NormFloat64(), nil
		},
	}}
	run := func(ctx context.Context, set *optimize.Settings) (*optimize.Result, error) {
		return stochopt.Minimize(ctx, p, make([]float64, dim), set, &method.AdaGrad{StepSize: 0.001})
	}
	blind, err := run(t.Context(), &optimize.Settings{Converger: &stopping.Stationary{}, MajorIterations: 50_000})
	if err != nil || blind.Status != optimize.FunctionConvergence {
		t.Errorf("%v, %v: Stationary should not see these gradients", blind.Status, err)
	}
	r, err := run(context.Background(), &optimize.Settings{MajorIterations: 50_000})
	if err != nil || r.Status != optimize.IterationLimit {
		t.Errorf("%v, %v, want the limit", r.Status, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := run(ctx, nil); err == nil {
		t.Error("a run ended before its deadline")
	}
	defer func() {
		if v, _ := recover().(string); !strings.HasPrefix(v, "stochopt: Minimize: a run on a Sparse ends at a limit: ") {
			t.Errorf("panic %q", v)
		}
	}()
	run(context.Background(), nil)
}
