package stochopt

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/kernel"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// Oracle is a stochastic first-order oracle. It returns one draw of the objective at x and, if grad is not nil, stores
// one draw of the gradient in grad, which has the length of x: value and gradient of the same draw, named by s. It must
// store every component, and not modify or keep x. An error ends the run.
type Oracle func(grad, x []float64, s Sample) (f float64, err error)

// Problem is an objective as its user has it: exactly one of Func, Func and Grad, FuncGrad, Oracle, or Sparse. The other fields
// say how it is sampled and where it is defined.
//
// If Samples and Concurrent call for several evaluations at once, the functions must be safe for concurrent use.
type Problem struct {
	// Func returns the value at x. Like the others it must not modify or keep x.
	Func func(x []float64) float64
	// Grad stores the gradient at x in grad.
	Grad func(grad, x []float64)
	// FuncGrad returns the value at x and stores the gradient in grad, which is never nil.
	FuncGrad func(grad, x []float64) float64
	// Oracle draws value and gradient at x.
	Oracle Oracle
	// Sparse draws value and gradient where a draw depends on few of the variables.
	Sparse *Sparse

	// Seed is handed to Oracle or Sparse in every Sample. Equal Seeds give equal runs.
	Seed uint64
	// FirstStep is the Step of the first Sample. To go on where a run of a Rule without Estimate and Draw has stopped, add the number
	// of its evaluations less one, because the last point is evaluated again.
	FirstStep int
	// Samples is how many draws, Replicate = 0, 1, ..., are averaged in each evaluation. If it is 0, it is 1.
	Samples int
	// Concurrent is how many goroutines a run may use: that many of the Samples are drawn at once, and in Minimize as many share a
	// step of many variables, as Sequential.Concurrent says. The result does not depend on it. If it is 0, it is 1.
	Concurrent int
	// PerPoint makes the draw a function of the point: Probe is a hash of x and Step stays FirstStep. It is needed for
	// methods that evaluate several points at once, such as gonum's CmaEsChol with Settings.Concurrent > 1, where the order
	// of evaluations, and so their Steps, would depend on scheduling.
	PerPoint bool
	// Project, if not nil, replaces x by the nearest point of the feasible set (Euclidean projection). Minimize calls it
	// on the initial point and after every step of a Rule; for another method a point outside ends the run.
	Project func(x []float64)
}

// Optimize returns p as an optimize.Problem for one run of optimize.Minimize. Every call of Func starts a draw, in the
// order FirstStep, FirstStep + 1, ..., which a following call of Grad at the same point shares. For a second run that is
// to equal the first, call Optimize again.
//
// If p has an Oracle or Sparse and not PerPoint, points must be evaluated one after the other; an evaluation that overlaps another
// ends the run.
//
// An error or panic of the objective, or a draw that is not finite, ends the run with the status optimize.Failure and an
// *EvaluationError. So does a point outside the feasible set: optimize.Problem cannot carry a projection, which
// Sequential has a field for.
//
// A method that chooses its draws (a Rule with Draw, such as method.SAM) must be told here, and it alone: it ends a run on an
// optimize.Problem that does not ask it.
//
// Optimize panics if p has no objective or more than one, or if there is more than one method.
func (p Problem) Optimize(method ...optimize.Method) optimize.Problem {
	if len(method) > 1 {
		panic(fmt.Sprintf("stochopt: Problem.Optimize for %d methods, want one", len(method)))
	}
	h := &host{eval: newEvaluator(&p)}
	if len(method) == 1 {
		if d, ok := method[0].(interface{ driver() *Sequential }); ok {
			h.driver = d.driver()
		}
	}
	h.wantGrad = h.eval.hasGrad
	o := optimize.Problem{Func: h.fun, Status: h.status}
	if h.eval.hasGrad {
		o.Grad = h.grad
	}
	return o
}

// Evaluator returns p as an Oracle: the mean of the Samples at x, with Replicate = n s.Replicate, ..., n s.Replicate + n-1
// for n Samples, an error in place of a panic, and an *EvaluationError for a draw that is not finite. The Sample given
// takes the place of Seed and FirstStep; so p can be evaluated at the Result of a run on draws that the run has not seen:
//
//	f, err := p.Evaluator()(nil, result.X, stochopt.Sample{Seed: p.Seed + 1})
//
// Asked for the gradient of a Problem that has none, it returns an error. Evaluator panics if p has no objective or more than one.
func (p Problem) Evaluator() Oracle {
	e := newEvaluator(&p)
	return func(grad, x []float64, s Sample) (float64, error) {
		if grad != nil && !e.hasGrad {
			return math.NaN(), fmt.Errorf("stochopt: Problem.Evaluator: the Problem has no gradient: %w", optimize.ErrMissingGrad)
		}
		return e.evaluate(grad, x, s)
	}
}

// sampled reports whether p takes Samples.
func (p *Problem) sampled() bool { return p.Oracle != nil || p.Sparse != nil }

// evaluator evaluates a Problem: one call, all its Samples, errors instead of panics.
type evaluator struct {
	problem Problem
	oracle  Oracle // one draw
	hasGrad bool
	workers int                   // for what is done with one draw
	mean    *average.Mean[Sample] // nil for one draw
}

func newEvaluator(p *Problem) *evaluator {
	n := 0
	for _, set := range [...]bool{p.Func != nil, p.FuncGrad != nil, p.Oracle != nil, p.Sparse != nil} {
		if set {
			n++
		}
	}
	switch {
	case n == 0 && p.Grad != nil:
		panic("stochopt: Problem.Grad is set without Problem.Func")
	case n == 0:
		panic("stochopt: Problem has no objective: set one of Func, Func and Grad, FuncGrad, Oracle, Sparse")
	case n > 1 || p.Grad != nil && p.Func == nil:
		panic("stochopt: Problem has more than one objective: set one of Func, Func and Grad, FuncGrad, Oracle, Sparse")
	case p.Samples < 0:
		panic(fmt.Sprintf("stochopt: Problem.Samples = %d, want >= 0", p.Samples))
	case p.Concurrent < 0:
		panic(fmt.Sprintf("stochopt: Problem.Concurrent = %d, want >= 0", p.Concurrent))
	case p.FirstStep < 0:
		panic(fmt.Sprintf("stochopt: Problem.FirstStep = %d, want >= 0", p.FirstStep))
	case p.Sparse != nil:
		p.Sparse.check()
	}
	e := &evaluator{problem: *p, hasGrad: p.Func == nil || p.Grad != nil}
	switch {
	case p.Oracle != nil:
		e.oracle = p.Oracle
	case p.Sparse != nil:
		e.oracle = p.Sparse.oracle()
	case p.FuncGrad != nil:
		scratch := make(chan []float64, 8)                           // gradients nobody wants
		e.oracle = func(_, x []float64, _ Sample) (float64, error) { // of a value; call asks for both directly
			var g []float64
			select {
			case g = <-scratch:
			default:
			}
			if len(g) != len(x) {
				g = make([]float64, len(x))
			}
			f := p.FuncGrad(g, x)
			select {
			case scratch <- g:
			default:
			}
			return f, nil
		}
	default:
		e.oracle = func(grad, x []float64, _ Sample) (float64, error) {
			f := p.Func(x)
			if grad != nil {
				p.Grad(grad, x)
			}
			return f, nil
		}
	}
	e.workers = p.Concurrent
	if n := max(1, p.Samples); n > 1 {
		e.workers = 1
		e.mean = average.New(n, max(1, p.Concurrent), func(grad, x []float64, s Sample, i int) (float64, error) {
			s.Replicate = s.Replicate*n + i
			return e.draw(grad, x, s)
		})
	}
	return e
}

// sample returns the Sample of evaluation k of a run, at x.
func (e *evaluator) sample(k int, x []float64) Sample {
	if e.problem.PerPoint {
		return e.samplePerPoint(x)
	}
	return Sample{Seed: e.problem.Seed, Step: e.problem.FirstStep + k}
}

// samplePerPoint is apart for sample to be inlined.
//
//go:noinline
func (e *evaluator) samplePerPoint(x []float64) Sample {
	return Sample{Seed: e.problem.Seed, Step: e.problem.FirstStep, Probe: hashPoint(x)}
}

// evaluate returns the mean of the Samples at x. The value is NaN if there is an error.
func (e *evaluator) evaluate(grad, x []float64, s Sample) (f float64, err error) {
	if e.mean == nil {
		return e.draw(grad, x, s)
	}
	if f, err = e.mean.Eval(grad, x, s); err != nil {
		f = math.NaN()
	}
	return f, err
}

// draw returns one draw, checked, with an error in place of a panic.
func (e *evaluator) draw(grad, x []float64, s Sample) (f float64, err error) {
	defer func() {
		if v := recover(); v != nil {
			f, err = math.NaN(), panicked(v, x, s)
		}
	}()
	return e.call(grad, x, &s)
}

// call returns one draw, checked. It does not keep s, a pointer because that is faster.
func (e *evaluator) call(grad, x []float64, s *Sample) (f float64, err error) {
	if grad != nil && e.problem.FuncGrad != nil {
		f = e.problem.FuncGrad(grad, x)
	} else if f, err = e.oracle(grad, x, *s); err != nil {
		return math.NaN(), &EvaluationError{Sample: *s, Component: -1, X: slices.Clone(x), Err: err}
	}
	if len(grad) <= kernel.Few && f-f == 0 && kernel.FewSquarable(grad) {
		return f, nil
	}
	if !goodDraw(f, grad, e.workers) {
		return math.NaN(), badDraw(f, grad, x, *s)
	}
	return f, nil
}

// panicked is the error of a draw whose evaluation has panicked with v.
func panicked(v any, x []float64, s Sample) error {
	return &EvaluationError{Sample: s, Component: -1, X: slices.Clone(x), Err: &PanicError{Value: v, Stack: debug.Stack()}}
}

// host is what the closures of an optimize.Problem share.
type host struct {
	eval   *evaluator
	driver *Sequential // of the method that runs, if it is a Rule and known

	mu       sync.Mutex
	err      error // not yet reported by status
	k        int   // draws used
	inFlight int
	wantGrad bool      // the gradient of the last value was asked for: draw it with the value
	stored   bool      // a gradient has been asked for
	nearest  []float64 // of the feasible set; scratch
	last     struct {
		x, g      []float64
		s         Sample
		ready     bool // g is drawn
		gradTaken bool
	}
}

// start begins an evaluation at x; the caller holds mu. It reports false if there must be none.
func (h *host) start(x []float64) bool {
	if h.eval.problem.Project != nil {
		if err := h.feasible(x); err != nil {
			h.fail(err)
			return false
		}
	}
	if h.inFlight > 0 && h.eval.problem.sampled() && !h.eval.problem.PerPoint {
		h.fail(fmt.Errorf("stochopt: several points are evaluated at once, so their draws would depend on scheduling: set Problem.PerPoint"))
		return false
	}
	return true
}

// open makes x the point of a new draw; the caller holds mu. It reports false if there must be none.
func (h *host) open(x []float64) bool {
	l := &h.last
	next := h.eval.sample(h.k, x)
	l.s = next
	if d := h.driver; d != nil {
		var err error
		if p := d.guard(func() { l.s, err = d.draw(next) }); p != nil {
			err = p
		}
		if err != nil {
			h.fail(err)
			return false
		}
	}
	if l.s == next {
		h.k++
	}
	l.x = append(l.x[:0], x...)
	l.ready, l.gradTaken = false, false
	return true
}

func (h *host) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

func (h *host) fun(x []float64) float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.start(x) {
		return math.NaN()
	}
	l := &h.last
	if l.ready && !l.gradTaken {
		h.wantGrad = false // the last gradient was drawn in vain
	}
	if !h.open(x) {
		return math.NaN()
	}
	if !h.wantGrad {
		return h.run(nil, x, l.s)
	}
	g := l.g // ours until it is put back
	l.g = nil
	if len(g) != len(x) {
		g = nans(make([]float64, len(x)))
	}
	s := l.s
	f := h.run(g, x, s)
	if slices.Equal(l.x, x) && l.s == s {
		if math.IsNaN(f) {
			g[0] = f // a draw that has failed fails for its gradient as well
		}
		l.g, l.ready = g, true
	}
	return f
}

func (h *host) grad(grad, x []float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.start(x) {
		grad[0] = math.NaN()
		return
	}
	l := &h.last
	if (!slices.Equal(l.x, x) || l.gradTaken) && !h.open(x) {
		grad[0] = math.NaN()
		return
	}
	l.gradTaken = true
	if l.ready {
		copy(grad, l.g)
		return
	}
	h.wantGrad = true
	if !h.stored {
		h.stored = true
		nans(grad)
	}
	if math.IsNaN(h.run(grad, x, l.s)) {
		grad[0] = math.NaN()
	}
}

// run evaluates without the lock that the caller holds.
func (h *host) run(grad, x []float64, s Sample) float64 {
	h.inFlight++
	h.mu.Unlock()
	defer func() { // also where the objective ends its goroutine
		h.mu.Lock()
		h.inFlight--
	}()
	f, err := h.eval.evaluate(grad, x, s)
	if err != nil {
		h.mu.Lock()
		h.fail(err)
		h.mu.Unlock()
	}
	return f
}

// status reports an error once. gonum calls it after each evaluation and at the start of a run.
func (h *host) status() (optimize.Status, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.err; err != nil {
		h.err = nil
		return optimize.Failure, err
	}
	return optimize.NotTerminated, nil
}

// feasible returns an error if the projection moves x by more than rounding.
func (h *host) feasible(x []float64) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("stochopt: Problem.Project: %w", &PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	h.nearest = append(h.nearest[:0], x...)
	h.eval.problem.Project(h.nearest)
	tol := 1e-9 * floats.Norm(x, math.Inf(1))
	for i, v := range x {
		if math.Abs(v-h.nearest[i]) > tol {
			return fmt.Errorf("stochopt: x[%d] = %v is outside the feasible set, whose nearest point has %v: iterates are kept inside "+
				"by stochopt.Minimize with a Rule, or by the field Project of Sequential", i, v, h.nearest[i])
		}
	}
	return nil
}
