package stopping_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// at gives its status in one iteration, k = 1, 2, ..., and counts how often it is asked.
type at struct {
	k      int
	status optimize.Status
	asked  int
}

func (a *at) Init(int) { a.asked = 0 }
func (a *at) Converged(*optimize.Location) optimize.Status {
	if a.asked++; a.asked == a.k {
		return a.status
	}
	return optimize.NotTerminated
}

func TestCombine(t *testing.T) {
	const f, g, s, x = optimize.FunctionConvergence, optimize.GradientThreshold, optimize.StepConvergence, optimize.Failure
	for name, c := range map[string]struct {
		c    optimize.Converger
		k    int
		want optimize.Status
	}{
		"all":              {stopping.All(&at{k: 5, status: f}, &at{k: 3, status: g}, &at{k: 4, status: s}), 5, f},
		"all at once":      {stopping.All(&at{k: 3, status: f}, &at{k: 3, status: g}), 3, g},
		"all, failure":     {stopping.All(&at{k: 5, status: f}, &at{k: 3, status: x}), 3, x},
		"all but one":      {stopping.All(&at{k: 5, status: f}, &at{}), 0, 0},
		"any":              {stopping.Any(&at{k: 5, status: f}, &at{k: 3, status: g}), 3, g},
		"any at once":      {stopping.Any(&at{k: 3, status: f}, &at{k: 3, status: g}), 3, f},
		"after":            {stopping.After(10, &at{k: 5, status: f}), 15, f},
		"after 0":          {stopping.After(0, &at{k: 5, status: f}), 5, f},
		"budget":           {stopping.Budget(4, &at{k: 5, status: f}), 4, optimize.IterationLimit},
		"budget not used":  {stopping.Budget(5, &at{k: 5, status: f}), 5, f},
		"all within limit": {stopping.All(stopping.Budget(8, &at{}), &at{k: 5, status: f}), 8, optimize.IterationLimit},
		"all past limit":   {stopping.All(stopping.Budget(3, &at{}), &at{k: 5, status: f}), 5, optimize.IterationLimit},
		"any after":        {stopping.Any(stopping.After(3, &at{k: 1, status: s}), &at{k: 7, status: f}), 4, s},
	} {
		for range 2 { // Init starts afresh
			c.c.Init(1)
			k, status := 0, optimize.NotTerminated
			for k < 20 && status == optimize.NotTerminated {
				k++
				status = c.c.Converged(&optimize.Location{})
			}
			if status != c.want || status != 0 && k != c.k {
				t.Errorf("%s: %v in iteration %d, want %v in %d", name, status, k, c.want, c.k)
			}
		}
	}
	for name, f := range map[string]func(){
		"All":    func() { stopping.All() },
		"Any":    func() { stopping.Any(&at{}, nil) },
		"After":  func() { stopping.After(-1, &at{}) },
		"Budget": func() { stopping.Budget(0, &at{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// The run ends when neither F nor x[0] moves, or after 100000 iterations.
func ExampleAll() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + rnd.NormFloat64() },
		Grad: func(grad, x []float64) { grad[0] = 2*(x[0]-3) + rnd.NormFloat64() },
	}
	c := stopping.Budget(100000, stopping.All(
		&stopping.Window{},
		&stopping.Window{Of: func(loc *optimize.Location) float64 { return loc.X[0] }, Tolerance: 0.1},
	))
	r, err := optimize.Minimize(p, []float64{20}, &optimize.Settings{Converger: c}, &method.SGD{StepSize: 0.01})
	fmt.Printf("%v after %d iterations, x = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// FunctionConvergence after 1024 iterations, x = 2.9, error <nil>
}

// The first 500 iterations do not count; then the run ends by either of two statements, each with half of the level.
func ExampleAny() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + rnd.NormFloat64() },
		Grad: func(grad, x []float64) { grad[0] = 2*(x[0]-3) + rnd.NormFloat64() },
	}
	value := func(x []float64, _ int) (float64, error) { return p.Func(x), nil }
	c := stopping.After(500, stopping.Any(
		&stopping.Window{Level: 0.025},
		&stopping.Target{Value: 0.5, Draw: value, Level: 0.025},
	))
	r, err := optimize.Minimize(p, []float64{20}, &optimize.Settings{Converger: c}, &method.SGD{StepSize: 0.002})
	fmt.Printf("%v after %d iterations, x = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// FunctionThreshold after 948 iterations, x = 3.3, error <nil>
}
