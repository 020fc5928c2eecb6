package stochopt

import (
	"math"

	"github.com/stochopt/stochopt/internal/kernel"
	"gonum.org/v1/gonum/optimize"
)

// isPlain reports whether plain can carry out the run.
func (l *loop) isPlain(dim int) bool {
	d, set := l.driver, l.settings
	return dim <= kernel.Few && l.eval.mean == nil && d.drawer == nil && d.estimator == nil &&
		set.Recorder == nil && !(set.GradientThreshold > 0) && !l.timed
}

// plain does the same as spin from an evaluation of the iterate at loc on, in the commonest runs: with one draw in an iteration, of
// few variables, where the answer is the iterate and nobody looks on but the Converger. What spin does by calls and in
// parts would cost as much there as the step.
func (l *loop) plain(loc *optimize.Location) (optimize.Operation, optimize.Status, error) {
	d, e, b, set := l.driver, l.eval, &l.best, l.settings
	x := loc.X
	loc.Gradient, l.spare = l.spare, loc.Gradient // l.best has the former
	if loc.Gradient == nil {
		loc.Gradient = nans(make([]float64, len(x)))
	}
	if b.Gradient == nil {
		b.Gradient = nans(make([]float64, len(x)))
	}
	grad := loc.Gradient
	for {
		l.sample = e.sample(l.draws, x)
		l.draws++
		var f float64
		var err error
		l.inside = inObjective
		if fg := e.problem.FuncGrad; fg != nil { // as in call, without the call
			f = fg(grad, x)
			if f-f != 0 || !kernel.FewSquarable(grad) {
				f, err = math.NaN(), badDraw(f, grad, x, l.sample)
			}
		} else {
			f, err = e.call(grad, x, &l.sample)
		}
		l.inside = elsewhere
		if err != nil || l.limited {
			if status, err := l.evaluated(loc, evaluation, f, err); status != optimize.NotTerminated || err != nil {
				return evaluation, status, err
			}
		} else { // what evaluated would do
			loc.F = f
			l.stats.FuncEvaluations++
			l.stats.GradEvaluations++
		}
		d.k++
		d.announced = true

		b.F = f
		bx, bg, g := b.X[:len(x)], b.Gradient[:len(x)], grad[:len(x)]
		for i, v := range x {
			bx[i], bg[i] = v, g[i]
		}
		l.stats.MajorIterations++
		if status := set.Converger.Converged(b); status != optimize.NotTerminated {
			return optimize.MajorIteration, status, nil
		}
		if n := set.MajorIterations; n > 0 && l.stats.MajorIterations >= n {
			return optimize.MajorIteration, optimize.IterationLimit, nil
		}

		l.inside = inRule
		if d.observer != nil {
			d.observer.Observe(f)
		}
		d.Rule.Step(x, grad)
		if d.Project != nil {
			d.Project(x)
		}
		l.inside = elsewhere
		if !kernel.FewFinite(x) {
			_, op := d.fail(d.finite())
			return op, optimize.NotTerminated, nil
		}
	}
}
