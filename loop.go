package stochopt

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// loop is what optimize.Minimize does for a method with one task, without its goroutines and channels: it evaluates,
// counts, records, and tests the limits, in the same order.
type loop struct {
	ctx       context.Context
	eval      *evaluator
	method    optimize.Method
	driver    *Sequential
	settings  *optimize.Settings
	byDefault bool                 // the Converger is Minimize's own
	iterates  *stopping.Stationary // looks at the iterates, where the Converger looks at answers; or nil
	limited   bool                 // ctx can end, or evaluations are limited
	timed     bool                 // somebody looks at Stats.Runtime during the run
	start     time.Time

	inside place // where user code may panic now
	stats  optimize.Stats
	best   optimize.Location // the last major iteration; X is a copy
	spare  []float64         // the gradient before the present one, to draw the next into
	draws  int
	sample Sample // of the evaluation under way
}

func (l *loop) minimize(x0 []float64) (*optimize.Result, error) {
	set := l.settings
	if set.Recorder != nil {
		if err := set.Recorder.Init(); err != nil {
			return nil, err
		}
	}
	at, known := l.initial(x0)
	set.Converger.Init(len(x0))
	if set.Recorder != nil {
		l.stats.Runtime = time.Since(l.start)
		copy(l.best.X, x0)
		if err := set.Recorder.Record(&l.best, optimize.InitIteration, &l.stats); err != nil {
			return nil, err
		}
	}
	if _, err := l.method.Uses(optimize.Available{Grad: l.eval.hasGrad}); err != nil {
		panic(fmt.Sprintf("stochopt: Minimize: the method does not suit the Problem: %v", err))
	}
	l.method.Init(len(x0), 1)
	if l.byDefault && l.driver.estimator != nil {
		l.iterates = &stopping.Stationary{}
		l.iterates.Init(len(x0))
	}
	if d := l.driver; l.eval.problem.Project != nil {
		if d.Project != nil {
			panic("stochopt: Minimize: Project is set both in the Problem and in the method")
		}
		d.Project = l.eval.problem.Project
		defer func() { d.Project = nil }()
	}

	if n := l.eval.problem.Concurrent; n > 1 {
		defer l.driver.share(n)()
	}

	var status optimize.Status
	var err error
	if s := l.sparse(); s != nil {
		status, err = s.run(at, known)
	} else {
		status, err = l.run(at, known)
	}
	if set.Recorder != nil && err == nil {
		err = set.Recorder.Record(&l.best, optimize.PostIteration, &l.stats)
	}
	l.stats.Runtime = time.Since(l.start)
	return &optimize.Result{Location: l.best, Stats: l.stats, Status: status}, err
}

// initial returns the initial location and which of its fields are known.
func (l *loop) initial(x0 []float64) (*optimize.Location, optimize.Operation) {
	at := &optimize.Location{X: slices.Clone(x0)}
	v := l.settings.InitValues
	if v == nil {
		return at, optimize.NoOperation
	}
	if v.X != nil {
		panic("stochopt: Minimize: Settings.InitValues.X is set; the initial point is x0")
	}
	at.F = v.F
	if v.Gradient == nil {
		return at, optimize.FuncEvaluation
	}
	if len(v.Gradient) != len(x0) {
		panic(fmt.Sprintf("stochopt: Minimize: len(Settings.InitValues.Gradient) = %d, want len(x0) = %d", len(v.Gradient), len(x0)))
	}
	at.Gradient = v.Gradient
	return at, evaluation
}

// place tells which user code a panic comes from.
type place int

const (
	elsewhere   place = iota // a Converger or Recorder, whose panics are the caller's
	inObjective              // evaluating
	inRule                   // taking a step
)

func (l *loop) run(at *optimize.Location, known optimize.Operation) (optimize.Status, error) {
	loc, op := l.driver.begin(at, known)
	for {
		var status optimize.Status
		var err error
		loc, op, status, err = l.spin(loc, op)
		if status != optimize.NotTerminated || err != nil {
			if last := l.driver.last(loc, op); last != nil {
				l.finish(last, err != nil && op != optimize.MethodDone)
			}
			return status, err
		}
	}
}

// spin carries out operations until the run ends or user code panics, which is an error of the evaluation or step under
// way. One deferred call here costs less than one in each evaluation and step.
func (l *loop) spin(loc *optimize.Location, op optimize.Operation) (at *optimize.Location, doing optimize.Operation, status optimize.Status, err error) {
	d, plain := l.driver, l.isPlain(len(loc.X))
	defer func() {
		if l.inside == elsewhere {
			return
		}
		v := recover()
		switch l.inside {
		case inObjective:
			status, err = l.evaluated(loc, op, math.NaN(), panicked(v, loc.X, l.sample))
		case inRule:
			loc, op = d.fail(d.panicked(v))
		}
		l.inside = elsewhere
		at, doing = loc, op
	}()
	for {
		switch op {
		case optimize.MajorIteration:
			status = l.major(loc)
		case optimize.MethodDone:
			status, err = d.Status()
		default:
			if plain && op == evaluation {
				op, status, err = l.plain(loc)
				return loc, op, status, err
			}
			status, err = l.evaluate(loc, op)
		}
		if status != optimize.NotTerminated || err != nil {
			return loc, op, status, err
		}
		if l.settings.Recorder != nil {
			if err := l.record(loc, op); err != nil {
				return loc, op, optimize.Failure, err
			}
		}
		if op == optimize.MajorIteration {
			l.inside = inRule
			err := d.step()
			l.inside = elsewhere
			loc, op = d.stepped(err)
		} else {
			loc, op = d.evaluated(loc) // the evaluator has checked it
		}
	}
}

// finish makes last the result. Like gonum it tells the Recorder, unless that or the Problem has failed.
func (l *loop) finish(last *optimize.Location, failed bool) {
	if l.major(last) == optimize.NotTerminated && !failed && l.settings.Recorder != nil {
		l.record(last, optimize.MajorIteration)
	}
}

// record tells the Recorder what has been done at loc.
func (l *loop) record(loc *optimize.Location, op optimize.Operation) error {
	l.stats.Runtime = time.Since(l.start)
	return l.settings.Recorder.Record(loc, op, &l.stats)
}

// evaluate draws at loc, counts that, and tests the limits.
func (l *loop) evaluate(loc *optimize.Location, op optimize.Operation) (optimize.Status, error) {
	var grad []float64
	if op&optimize.GradEvaluation != 0 {
		loc.Gradient, l.spare = l.spare, loc.Gradient // l.best holds the former
		if loc.Gradient == nil {
			loc.Gradient = nans(make([]float64, len(loc.X)))
		}
		grad = loc.Gradient
	}
	var f float64
	var err error
	if l.driver.drawer == nil && l.eval.mean == nil {
		l.sample = l.eval.sample(l.draws, loc.X)
		l.draws++
		l.inside = inObjective
		f, err = l.eval.call(grad, loc.X, &l.sample)
		l.inside = elsewhere
	} else {
		f, err = l.draw(grad, loc.X)
	}
	return l.evaluated(loc, op, f, err)
}

// draw is the evaluation where there are several draws, or the Rule chooses which.
func (l *loop) draw(grad, x []float64) (float64, error) {
	next := l.eval.sample(l.draws, x)
	l.sample = next
	if l.driver.drawer != nil {
		l.inside = inRule
		s, err := l.driver.draw(next)
		l.inside = elsewhere
		if err != nil {
			return math.NaN(), err
		}
		l.sample = s
	}
	if l.sample == next {
		l.draws++
	}
	return l.eval.evaluate(grad, x, l.sample)
}

// evaluated counts an evaluation that has given f or an error, and tests the limits.
func (l *loop) evaluated(loc *optimize.Location, op optimize.Operation, f float64, err error) (optimize.Status, error) {
	if op&optimize.GradEvaluation != 0 {
		l.stats.GradEvaluations++
	}
	if op&optimize.FuncEvaluation != 0 {
		loc.F = f
		l.stats.FuncEvaluations++
	}
	if err != nil {
		if op&optimize.GradEvaluation != 0 {
			loc.Gradient[0] = math.NaN()
		}
		return optimize.Failure, err
	}
	if l.limited {
		return l.limits()
	}
	return optimize.NotTerminated, nil
}

// limits tests the limits of evaluations.
func (l *loop) limits() (optimize.Status, error) {
	switch set := l.settings; {
	case l.ctx.Err() != nil:
		return optimize.Failure, cancelled(context.Cause(l.ctx))
	case set.FuncEvaluations > 0 && l.stats.FuncEvaluations >= set.FuncEvaluations:
		return optimize.FunctionEvaluationLimit, nil
	case set.GradEvaluations > 0 && l.stats.GradEvaluations >= set.GradEvaluations:
		return optimize.GradientEvaluationLimit, nil
	}
	return optimize.NotTerminated, nil
}

func (l *loop) major(loc *optimize.Location) optimize.Status {
	b, set := &l.best, l.settings
	b.F, b.Gradient = loc.F, loc.Gradient
	if n := l.driver.Concurrent; n > 1 {
		kernel.Copy(n, b.X, loc.X)
	} else {
		copy(b.X, loc.X)
	}
	l.stats.MajorIterations++
	if l.timed {
		l.stats.Runtime = time.Since(l.start)
	}
	if set.GradientThreshold > 0 && loc.Gradient != nil && floats.Norm(loc.Gradient, math.Inf(1)) < set.GradientThreshold {
		return optimize.GradientThreshold
	}
	if status := l.converged(); status != optimize.NotTerminated {
		return status
	}
	if set.MajorIterations > 0 && l.stats.MajorIterations >= set.MajorIterations {
		return optimize.IterationLimit
	}
	if set.Runtime > 0 && l.stats.Runtime >= set.Runtime {
		return optimize.RuntimeLimit
	}
	return optimize.NotTerminated
}

// converged asks the Converger. By default it stops a run whose answers are no iterates when neither travel any more: a mean
// follows its iterates slowly, and has no gradient to show that they travel.
func (l *loop) converged() optimize.Status {
	status := l.settings.Converger.Converged(&l.best)
	if l.iterates == nil {
		return status
	}
	switch at := l.iterates.Converged(l.driver.at); at {
	case optimize.NotTerminated, optimize.Failure:
		return at
	}
	return status
}

// cancelled is the error of a run that its context has ended.
func cancelled(cause error) error {
	return fmt.Errorf("stochopt: Minimize: %w", cause)
}
