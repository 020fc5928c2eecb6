package stochopt_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
)

// TestZeroGradients: where gradients are 0 though F varies, as the differences of a count are, the default stop is an
// error of Minimize, not only a status, for a caller who looks at the error alone would take x0 for the answer. A user's
// own Converger decides for itself.
func TestZeroGradients(t *testing.T) {
	count := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		clear(grad)
		return math.Floor(10*x[0]*x[0]) + float64(s.Rand().IntN(3)), nil
	}
	r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: count}, []float64{3}, nil, &stochopt.Adam{})
	if err == nil || !strings.Contains(err.Error(), "all gradients are exactly 0 although F varies") || r.Status != optimize.Failure || r.X[0] != 3 {
		t.Error(outcome(r, err))
	}
	s := &optimize.Settings{Converger: &stopAfter{n: 9, status: optimize.Failure}}
	if r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: count}, []float64{3}, s, &stochopt.Adam{}); err != nil || r.Status != optimize.Failure {
		t.Error(outcome(r, err))
	}
}

// TestNoGradientStored: an Oracle that has values only and does not say so is told what to do.
func TestNoGradientStored(t *testing.T) {
	values := func(_, x []float64, _ stochopt.Sample) (float64, error) { return x[0] * x[1], nil }
	for _, run := range drivers {
		r, err := run.run(stochopt.Problem{Oracle: values}, []float64{3, 4}, nil, &stochopt.Adam{})
		if err == nil || !strings.Contains(err.Error(), "make a gradient by package stochopt/gradient") || r.Status != optimize.Failure {
			t.Errorf("%s: %s", run.name, outcome(r, err))
		}
	}
	// One that stores some components is told which is missing.
	some := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			grad[0] = 1
		}
		return x[0], nil
	}
	if _, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: some}, []float64{3, 4}, nil, &stochopt.Adam{}); err == nil || !strings.Contains(err.Error(), "gradient component 1 is NaN") {
		t.Error(err)
	}
}
