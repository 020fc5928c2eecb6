package stochopt

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stochopt/stochopt/internal/kernel"
	"gonum.org/v1/gonum/optimize"
)

// sparseLoop is a loop for the draws of a Sparse that evaluates, counts and tests the limits in the same order, but touches
// in an iteration only the variables of its draw. X and the gradient of the Result are made when the run has ended.
type sparseLoop struct {
	*loop
	rule      sparser
	objective *Sparse
	at        *optimize.Location // the iterate; X may be behind, and Gradient is not used
	now, was  *sparseDraw        // the draw at the iterate, and the one whose gradient was the last step
	f         float64            // of the draw that has failed
	kept      bool               // l.best is that of the last major iteration, as in a loop
	stepping  bool               // in StepSparse
}

// sparse returns the sparseLoop that does what l does in less time, or nil.
func (l *loop) sparse() *sparseLoop {
	p, d, set := &l.eval.problem, l.driver, l.settings
	rule, ok := d.Rule.(sparser)
	if p.Sparse == nil || !ok || d.estimator != nil || d.drawer != nil {
		return nil
	}
	if p.Samples > 1 || p.PerPoint || d.Project != nil || set.Recorder != nil || set.GradientThreshold > 0 {
		return nil
	}
	switch set.Converger.(type) {
	case optimize.NeverTerminate, *optimize.NeverTerminate:
	default:
		return nil
	}
	return &sparseLoop{loop: l, rule: rule, objective: p.Sparse, now: &sparseDraw{}, was: &sparseDraw{}}
}

// ending tells what the Result of a run is.
type ending int

const (
	announced ending = iota // the iterate, the last major iteration
	evaluated               // the iterate, which is to become a major iteration
	failed                  // the last major iteration; the step from there or the evaluation after it has failed
)

func (l *sparseLoop) run(at *optimize.Location, known optimize.Operation) (optimize.Status, error) {
	d := l.driver
	loc, op := d.begin(at, known)
	l.at = at
	if op == optimize.MajorIteration { // with a gradient that is not sparse
		if status := l.loop.major(loc); status != optimize.NotTerminated {
			return status, nil
		}
		l.kept = true
		loc, op = d.next(loc, op)
	}
	if op == optimize.MethodDone {
		status, err := d.Status()
		if last := d.last(loc, op); last != nil {
			l.finish(last, false)
		}
		return status, err
	}
	return l.end(l.spin(op))
}

// spin goes on until the run ends or user code panics.
func (l *sparseLoop) spin(op optimize.Operation) (end ending, status optimize.Status, err error) {
	d := l.driver
	defer func() {
		if l.inside == elsewhere {
			return
		}
		v := recover()
		end, status = failed, optimize.Failure
		switch l.inside {
		case inObjective:
			err = panicked(v, nil, l.sample)
			l.count(op, l.f, err)
		case inRule:
			err = d.panicked(v)
			d.fail(err)
		}
		l.inside = elsewhere
	}()
	for {
		err := l.support()
		if err == nil {
			if err := l.catchUp(); err != nil {
				d.fail(err)
				return failed, optimize.Failure, err
			}
			err = l.draw()
		}
		l.count(op, l.f, err)
		if err != nil {
			return failed, optimize.Failure, err
		}
		if l.limited {
			if status, err := l.limits(); status != optimize.NotTerminated {
				return evaluated, status, err
			}
		}
		d.k++
		d.announced = true
		if status := l.major(); status != optimize.NotTerminated {
			return announced, status, nil
		}
		if err := l.step(); err != nil {
			d.fail(err)
			return failed, optimize.Failure, err
		}
		op = evaluation
	}
}

// support begins a draw at the iterate.
func (l *sparseLoop) support() error {
	l.sample = l.eval.sample(l.draws, nil)
	l.draws++
	l.inside = inObjective
	err := l.now.support(l.objective, len(l.at.X), l.sample)
	l.inside = elsewhere
	return l.failure(err)
}

// failure returns the error of a Support or Draw that has returned err. The field X is left to end.
func (l *sparseLoop) failure(err error) error {
	if err == nil {
		return nil
	}
	return &EvaluationError{Sample: l.sample, Component: -1, Err: err}
}

// catchUp brings x at the variables of the draw to the iterate, and keeps what it was there before the last step.
func (l *sparseLoop) catchUp() error {
	index, x := l.now.index, l.at.X
	if len(index) == 0 { // nil would be all
		return nil
	}
	l.inside = inRule
	if l.driver.announced {
		l.rule.CatchUpBefore(x, index)
		l.now.keep(x)
	}
	l.rule.CatchUp(x, index)
	l.inside = elsewhere
	return l.finite(index)
}

// finite returns an error if x is not finite at index.
func (l *sparseLoop) finite(index []int) error {
	for _, j := range index {
		if v := l.at.X[j]; v-v != 0 {
			return fmt.Errorf("stochopt: step %d moved x[%d] to %v; a smaller StepSize may help", l.driver.k-1, j, v)
		}
	}
	return nil
}

// errBadDraw stands for the error of badDraw until end knows X.
var errBadDraw = errors.New("stochopt: the draw is not finite")

// draw ends a draw at the iterate.
func (l *sparseLoop) draw() (err error) {
	l.inside = inObjective
	l.f, err = l.now.draw(l.objective, true, l.at.X, l.sample)
	l.inside = elsewhere
	if err == nil && (l.f-l.f != 0 || kernel.NotSquarable(1, l.now.grad) >= 0) {
		return errBadDraw
	}
	return l.failure(err)
}

// count counts an evaluation.
func (l *sparseLoop) count(op optimize.Operation, f float64, err error) {
	if op&optimize.GradEvaluation != 0 {
		l.stats.GradEvaluations++
	}
	if op&optimize.FuncEvaluation != 0 {
		l.stats.FuncEvaluations++
		l.at.F = f
		if err != nil {
			l.at.F = math.NaN()
		}
	}
}

// major is that of loop, without X and the gradient.
func (l *sparseLoop) major() optimize.Status {
	l.best.F, l.kept = l.at.F, false
	l.stats.MajorIterations++
	if l.timed {
		l.stats.Runtime = time.Since(l.start)
	}
	if set := l.settings; set.MajorIterations > 0 && l.stats.MajorIterations >= set.MajorIterations {
		return optimize.IterationLimit
	} else if set.Runtime > 0 && l.stats.Runtime >= set.Runtime {
		return optimize.RuntimeLimit
	}
	return optimize.NotTerminated
}

// step moves the iterate.
func (l *sparseLoop) step() error {
	l.now.keep(l.at.X)
	l.now, l.was = l.was, l.now
	l.now.index, l.now.x = l.now.index[:0], l.now.x[:0]
	l.inside, l.stepping = inRule, true
	if o := l.driver.observer; o != nil {
		o.Observe(l.at.F)
	}
	l.rule.StepSparse(l.at.X, l.was.grad, l.was.index)
	l.inside, l.stepping = elsewhere, false
	return l.finite(l.was.index)
}

// end makes the Result of a run that has ended, completes err, and returns with which status and error the run ends.
func (l *sparseLoop) end(end ending, status optimize.Status, err error) (optimize.Status, error) {
	x, d := l.at.X, l.driver
	if guarded := d.guard(func() {
		if end == failed && d.announced && !l.kept {
			if l.stepping { // a step that has panicked has not been taken
				l.rule.CatchUp(x, nil)
			} else {
				l.rule.CatchUpBefore(x, nil)
			}
			copy(l.best.X, x)
			l.now.restore(l.best.X)
			l.was.restore(l.best.X)
			l.best.Gradient = l.was.dense(len(x))
		}
		l.rule.CatchUp(x, nil)
	}); guarded != nil {
		if !d.announced { // a Rule that is not ready
			l.finish(&optimize.Location{X: x, F: l.at.F}, true)
		} else if !l.kept {
			copy(l.best.X, x) // as far as it has come
		}
		if err == nil {
			err = guarded
		}
		return optimize.Failure, err
	}
	switch end {
	case failed:
		if !d.announced {
			l.finish(&optimize.Location{X: x, F: l.at.F}, true)
		}
		if e, ok := err.(*EvaluationError); ok {
			e.X = slices.Clone(x)
		}
		if err == errBadDraw {
			err = badDraw(l.f, l.now.dense(len(x)), x, l.sample)
		}
	case evaluated:
		d.k++
		d.announced = true
		l.at.Gradient = l.now.dense(len(x))
		l.loop.major(l.at)
	case announced:
		copy(l.best.X, x)
		l.best.Gradient = l.now.dense(len(x))
	}
	if i := kernel.NotFinite(1, x); i >= 0 && end != failed {
		d.fail(fmt.Errorf("stochopt: the steps to %d moved x[%d] to %v; a smaller StepSize may help", d.k-1, i, x[i]))
		return d.Status()
	}
	return status, err
}
