package profile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// Method is a method under comparison.
type Method struct {
	// Name tells it apart from the others.
	Name string
	// New returns the method for one run.
	New func() optimize.Method
	// Oracle, if not nil, makes the Oracle that the method is given from that of the problem, for estimators of gradients.
	Oracle func(o stochopt.Oracle) stochopt.Oracle
}

// Comparison is a set of methods on a set of problems.
type Comparison struct {
	Methods  []Method
	Problems []testfuncs.Objective
	// Seeds is how many runs are made of a method on a problem, with the seeds 1, 2, ... If it is 0, it is 1.
	Seeds int
	// Budget is the cost of a run: how many draws of the problem's Oracle, with or without gradient, it may take.
	Budget int
	// Concurrent is how many runs are made at once. The results do not depend on it. If it is 0, it is 1.
	Concurrent int
	// Progress, if not nil, is called after each run, from one goroutine at a time.
	Progress func(done, runs int)
}

// Results are those of a Comparison.
type Results struct {
	Methods  []string
	Problems []testfuncs.Objective
	Seeds    int
	Budget   int

	costs []int // the grid of costs at which runs are looked at
	runs  []run // by method, problem, seed
}

// run is what is kept of a run.
type run struct {
	best  []float64 // the least value of what was looked at, up to each cost of the grid
	final float64   // the value at its Result
	spent int       // draws taken
	err   error     // what ended it, if not the budget or the method
}

// errBudget ends a run that has used its budget.
var errBudget = errors.New("profile: the budget is used up")

// Run makes the runs. A run that fails, by diverging for instance, counts with the points it has announced before, and its
// error is kept for Failures. Run itself fails when ctx ends, or when a value is below the Minimum of its Objective, which is NaN
// where it is not known. It panics if there is nothing to run, Budget is not positive, a field of a Method or Objective that is
// needed is nil, or a method is made with a hyperparameter out of its range.
//
// The announced point is looked at when the costs 1, 2, ..., 50 are spent, and from there on at costs 2 % apart.
func (c Comparison) Run(ctx context.Context) (*Results, error) {
	seeds := max(1, c.Seeds)
	switch {
	case len(c.Methods) == 0 || len(c.Problems) == 0:
		panic(fmt.Sprintf("profile: Comparison of %d methods on %d problems", len(c.Methods), len(c.Problems)))
	case c.Budget <= 0:
		panic(fmt.Sprintf("profile: Comparison.Budget = %d, want > 0", c.Budget))
	case c.Seeds < 0 || c.Concurrent < 0:
		panic(fmt.Sprintf("profile: Comparison.Seeds = %d, Concurrent = %d, want >= 0", c.Seeds, c.Concurrent))
	}
	c.check()
	r := &Results{Problems: c.Problems, Seeds: seeds, Budget: c.Budget, costs: grid(c.Budget)}
	for _, m := range c.Methods {
		r.Methods = append(r.Methods, m.Name)
	}
	r.runs = make([]run, len(c.Methods)*len(c.Problems)*seeds)
	var next atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(max(1, c.Concurrent), len(r.runs)) {
		wg.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(r.runs) || ctx.Err() != nil {
					return
				}
				// Neighbours in time are the seeds of one method and problem, whose runs take about the same time.
				m, p, seed := k/seeds/len(c.Problems), k/seeds%len(c.Problems), k%seeds
				r.runs[k] = r.run(ctx, c.Methods[m], c.Problems[p], uint64(seed+1))
				mu.Lock()
				done++
				if c.Progress != nil {
					c.Progress(done, len(r.runs))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	for k, run := range r.runs {
		o := r.Problems[k/seeds%len(r.Problems)]
		if low := slices.Min(run.best); low < o.Minimum-1e-6*max(math.Abs(o.Minimum), o.Func(o.Start)-o.Minimum) {
			return nil, fmt.Errorf("profile: %s on %s has come to %v, below the Objective's Minimum of %v; set that to NaN if it is not known",
				r.Methods[k/seeds/len(r.Problems)], o.Name, low, o.Minimum)
		}
	}
	return r, nil
}

// check panics where a run would, in a goroutine of its own.
func (c Comparison) check() {
	for _, o := range c.Problems {
		switch {
		case len(o.Start) == 0:
			panic(fmt.Sprintf("profile: Objective %q has no Start", o.Name))
		case o.Func == nil || o.Oracle == nil:
			panic(fmt.Sprintf("profile: Objective %q has no Func or no Oracle", o.Name))
		}
	}
	for _, m := range c.Methods {
		if m.New == nil {
			panic(fmt.Sprintf("profile: Method %q has no New", m.Name))
		}
		made := m.New()
		if made == nil {
			panic(fmt.Sprintf("profile: New of Method %q returns nil", m.Name))
		}
		made.Init(len(c.Problems[0].Start), 1) // panics for hyperparameters that are out of range
	}
}

func grid(budget int) []int {
	var costs []int
	for c := 1; c <= budget; c = max(c+1, int(float64(c)*1.02)) {
		costs = append(costs, c)
	}
	if costs[len(costs)-1] < budget {
		costs = append(costs, budget)
	}
	return costs
}

// run runs a method on a problem.
func (r *Results) run(ctx context.Context, m Method, o testfuncs.Objective, seed uint64) (out run) {
	defer func() {
		if v := recover(); v != nil { // of Func, which the Recorder calls, or of New
			out = run{best: slices.Repeat([]float64{math.Inf(1)}, len(r.costs)), final: math.NaN(), err: &stochopt.PanicError{Value: v, Stack: debug.Stack()}}
		}
	}()
	w := &watch{f: o.Func, costs: r.costs, x: slices.Clone(o.Start), least: math.Inf(1)}
	counted := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if int(w.spent.Add(1)) > r.Budget {
			return 0, errBudget
		}
		return o.Oracle(grad, x, s)
	}
	p := stochopt.Problem{Oracle: counted, Seed: seed, Project: o.Project}
	if m.Oracle != nil {
		p.Oracle = m.Oracle(counted)
	}
	result, err := stochopt.Minimize(ctx, p, o.Start, &optimize.Settings{Converger: optimize.NeverTerminate{}, Recorder: w}, m.New())
	w.look(math.MaxInt)
	out = run{best: w.best, final: math.NaN(), spent: min(r.Budget, int(w.spent.Load()))}
	if result != nil {
		out.final = o.Func(result.X)
	}
	if !errors.Is(err, errBudget) {
		out.err = err
	}
	return out
}

// watch is the Recorder that judges a run.
type watch struct {
	f     func(x []float64) float64
	costs []int
	spent atomic.Int64
	x     []float64 // announced last
	least float64
	best  []float64
}

// Init implements optimize.Recorder.
func (w *watch) Init() error { return nil }

// Record implements optimize.Recorder.
func (w *watch) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration || op == optimize.PostIteration {
		w.look(int(w.spent.Load()))
		copy(w.x, loc.X)
	}
	return nil
}

// look looks at the point announced last, for the costs of the grid below spent that have not been looked at.
func (w *watch) look(spent int) {
	for looked := false; len(w.best) < len(w.costs) && w.costs[len(w.best)] < spent; looked = true {
		if !looked {
			if f := w.f(w.x); f < w.least {
				w.least = f
			}
		}
		w.best = append(w.best, w.least)
	}
}
