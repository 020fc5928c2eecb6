package stochopt

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/stochopt/stochopt/internal/kernel"
	"gonum.org/v1/gonum/optimize"
)

// Sequential runs a Rule as an optimize.Method:
//
//	optimize.Minimize(p, x0, settings, &stochopt.Sequential{Rule: r})
//
// The methods of this module embed a Sequential and need not be wrapped. Every iteration evaluates value and gradient
// at the iterate, announces them as a major iteration, and then takes a step. If the Rule has an Estimate that differs
// from the iterate, the estimate and its value, for which Func is called once more, are announced instead. So the
// Result is always a point whose F has been evaluated, the last such point of the run.
//
// A value or gradient that is not finite, a step to a point that is not finite, or a panic of the Rule ends the run with
// the status optimize.Failure and an error; the Rule has then not seen the bad evaluation.
//
// A Sequential must not be used by two runs at once. Minimize does not call Run: a type that embeds a Sequential changes
// what a run does through its Rule.
type Sequential struct {
	// Rule is the method to run.
	Rule Rule `json:"-"`
	// Warm goes on from the present state of the Rule. Otherwise Init resets it.
	Warm bool `json:"-"`
	// Project, if not nil, replaces x by the nearest point of the feasible set, at the start and after every step. An Estimate that
	// differs from the iterate is projected as well.
	Project func(x []float64) `json:"-"`
	// Concurrent is how many goroutines share a step of many variables, 65536 or more. The result does not depend on it. If it is
	// 0, it is 1. Adam, AdamW, AMSGrad, AdaMax, NAdam, RMSProp, AdaGrad, SGD, Lion, ScheduleFreeSGD, ScheduleFreeAdam, Average and
	// TailAverage heed it. A method in a wrapper has its own; Minimize sets all of them from Problem.Concurrent where they are 0.
	Concurrent int `json:"-"`

	observer  observer  // the Rule, if it is one
	estimator estimator // the Rule, if it is one
	drawer    drawer    // the Rule or one inside it, if it is one
	asked     bool      // drawer has chosen the evaluation under way
	answering bool      // which is of the answer
	sample    Sample    // that drawer has chosen for the last evaluation at an iterate

	at        *optimize.Location // the iterate
	estimate  *optimize.Location // the answer, if it is not the iterate
	k         int                // evaluations at iterates so far
	announced bool               // there has been a major iteration
	status    optimize.Status
	err       error
}

// Uses implements optimize.Method. A gradient is needed.
func (s *Sequential) Uses(has optimize.Available) (optimize.Available, error) {
	if !has.Grad {
		return optimize.Available{}, fmt.Errorf("%w: set Grad, FuncGrad or Oracle of the problem, or estimate the gradient from "+
			"Func by package stochopt/gradient", optimize.ErrMissingGrad)
	}
	return optimize.Available{Grad: true}, nil
}

// Init implements optimize.Method. It resets the Rule unless Warm is set, and returns 1: points are evaluated one after
// the other. It panics if the Rule does, or is nil.
func (s *Sequential) Init(dim, tasks int) int {
	if s.Rule == nil {
		panic("stochopt: Sequential.Rule is nil")
	}
	if s.Concurrent < 0 {
		panic(fmt.Sprintf("stochopt: Sequential.Concurrent = %d, want >= 0", s.Concurrent))
	}
	if !s.Warm {
		s.Rule.Reset(dim)
	}
	s.observer, _ = s.Rule.(observer)
	s.estimator, _ = s.Rule.(estimator)
	s.drawer, s.asked, s.answering = chooser(s.Rule), false, false
	s.at, s.estimate = nil, nil
	if s.estimator != nil {
		s.estimate = &optimize.Location{X: make([]float64, dim)}
	}
	s.k, s.announced = 0, false
	s.status, s.err = optimize.NotTerminated, nil
	return 1
}

// Status implements optimize.Statuser.
func (s *Sequential) Status() (optimize.Status, error) { return s.status, s.err }

// Run implements optimize.Method.
func (s *Sequential) Run(operation chan<- optimize.Task, result <-chan optimize.Task, tasks []optimize.Task) {
	defer close(operation)
	task := tasks[0]
	loc, op := s.begin(task.Location, task.Op)
	for {
		task.Location, task.Op = loc, op
		operation <- task
		task = <-result
		if task.Op == optimize.PostIteration {
			break
		}
		loc, op = s.next(loc, op)
	}
	for range result { // the answer to the last operation
	}
	if last := s.last(loc, op); last != nil {
		operation <- optimize.Task{ID: tasks[0].ID, Op: optimize.MajorIteration, Location: last}
	}
}

// share sets Concurrent of s and of every Rule in it to n, where it is 0, and returns how to undo that.
func (s *Sequential) share(n int) (undo func()) {
	var set []*Sequential
	take := func(s *Sequential) {
		if s.Concurrent == 0 {
			s.Concurrent = n
			set = append(set, s)
		}
	}
	take(s)
	for r := s.Rule; r != nil; {
		if d, ok := r.(interface{ driver() *Sequential }); ok {
			take(d.driver())
		}
		u, ok := r.(interface{ Unwrap() Rule })
		if !ok {
			break
		}
		r = u.Unwrap()
	}
	return func() {
		for _, s := range set {
			s.Concurrent = 0
		}
	}
}

// driver gives Minimize the Sequential that a method embeds.
func (s *Sequential) driver() *Sequential { return s }

const evaluation = optimize.FuncEvaluation | optimize.GradEvaluation

// begin returns the first operation. known says which fields of at are known besides X.
func (s *Sequential) begin(at *optimize.Location, known optimize.Operation) (*optimize.Location, optimize.Operation) {
	s.at = at
	at.Gradient = slices.Clone(at.Gradient) // it may be the user's
	if s.drawer != nil {
		known = optimize.NoOperation // not a draw that it has chosen
	}
	if known == optimize.NoOperation {
		at.F = math.NaN()
	} else if err := checkDraw(at.F, nil, at.X, Sample{}); err != nil {
		return s.fail(err)
	}
	if i := kernel.NotFinite(1, at.X); i >= 0 {
		return s.fail(fmt.Errorf("stochopt: the initial x[%d] is %v", i, at.X[i]))
	}
	if s.Project != nil {
		x := slices.Clone(at.X)
		if err := s.guard(func() { s.Project(at.X) }); err != nil {
			return s.fail(err)
		}
		if !slices.Equal(x, at.X) {
			known, at.F = optimize.NoOperation, math.NaN() // they belong to another point
		}
	}
	if op := evaluation &^ known; op != 0 {
		return at, op
	}
	return s.next(at, evaluation)
}

// next returns what to do after op has been done at loc.
func (s *Sequential) next(loc *optimize.Location, op optimize.Operation) (*optimize.Location, optimize.Operation) {
	if op == optimize.MajorIteration {
		var err error
		if panicked := s.guard(func() { err = s.step() }); panicked != nil {
			err = panicked
		}
		return s.stepped(err)
	}
	if err := checkDraw(loc.F, loc.Gradient, loc.X, Sample{Step: s.k}); err != nil {
		return s.fail(err)
	}
	if s.drawer != nil && !s.asked {
		return s.fail(fmt.Errorf("stochopt: %T chooses its draws, and the optimize.Problem does not ask it: run by stochopt.Minimize, or make "+
			"the optimize.Problem by stochopt.Problem{...}.Optimize(m), where m is the method given to optimize.Minimize, with all its wrappers", s.drawer))
	}
	s.asked = false
	return s.evaluated(loc)
}

// evaluated is next for an evaluation that is known to be finite.
func (s *Sequential) evaluated(loc *optimize.Location) (*optimize.Location, optimize.Operation) {
	if s.estimator != nil {
		return s.estimated(loc)
	}
	s.k++
	s.announced = true
	return loc, optimize.MajorIteration
}

// estimated is evaluated for a Rule with an Estimate.
func (s *Sequential) estimated(loc *optimize.Location) (*optimize.Location, optimize.Operation) {
	if loc == s.estimate {
		s.answering, s.announced = false, true
		return loc, optimize.MajorIteration
	}
	s.k++
	if err := s.guard(func() { s.estimator.Estimate(s.estimate.X, s.at.X) }); err != nil {
		return s.fail(err)
	}
	if slices.Equal(s.estimate.X, s.at.X) {
		s.announced = true
		return s.at, optimize.MajorIteration
	}
	if s.Project != nil { // a mean of points of the set is in it up to rounding, other answers need not be
		if err := s.guard(func() { s.Project(s.estimate.X) }); err != nil {
			return s.fail(err)
		}
	}
	s.answering = true
	return s.estimate, optimize.FuncEvaluation
}

// draw returns the draw to evaluate, if next is the first that has not been used. Answers are evaluated on the draw of
// their iterate.
func (s *Sequential) draw(next Sample) (_ Sample, err error) {
	if s.drawer == nil {
		return next, nil
	}
	s.asked = true
	if !s.answering {
		s.sample, err = s.drawer.Draw(next)
	}
	return s.sample, err
}

// stepped is next for a step that has ended with err.
func (s *Sequential) stepped(err error) (*optimize.Location, optimize.Operation) {
	if err != nil {
		return s.fail(err)
	}
	return s.at, evaluation
}

// step moves the iterate. It may panic.
func (s *Sequential) step() error {
	at := s.at
	if s.observer != nil {
		s.observer.Observe(at.F)
	}
	s.Rule.Step(at.X, at.Gradient)
	if s.Project != nil {
		s.Project(at.X)
	}
	return s.finite()
}

// finite returns an error if the step has moved the iterate to where it is not finite.
func (s *Sequential) finite() error {
	if i := kernel.NotFinite(s.Concurrent, s.at.X); i >= 0 {
		return fmt.Errorf("stochopt: step %d moved x[%d] to %v; a smaller StepSize may help", s.k-1, i, s.at.X[i])
	}
	return nil
}

// last returns the location to announce after the run has ended during op at loc, or nil. An evaluated point is not
// lost, and the Result of a run that ends before its first major iteration is the initial point.
func (s *Sequential) last(loc *optimize.Location, op optimize.Operation) *optimize.Location {
	if op&evaluation != 0 && goodDraw(loc.F, loc.Gradient, 1) {
		if loc, op = s.evaluated(loc); op == optimize.MajorIteration {
			return loc
		}
	}
	if s.announced {
		return nil
	}
	return &optimize.Location{X: s.at.X, F: s.at.F}
}

func (s *Sequential) fail(err error) (*optimize.Location, optimize.Operation) {
	s.status, s.err = optimize.Failure, err
	return s.at, optimize.MethodDone
}

// guard calls f and returns its panic as an error.
func (s *Sequential) guard(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = s.panicked(v)
		}
	}()
	f()
	return nil
}

func (s *Sequential) panicked(v any) error {
	return fmt.Errorf("stochopt: step %d of %T: %w", max(0, s.k-1), s.Rule, &PanicError{Value: v, Stack: debug.Stack()})
}
