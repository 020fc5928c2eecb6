package stochopt

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// Minimize searches for a minimum of p from x0. Arguments and results mean what they mean in optimize.Minimize, with
// these differences:
//
//   - A Rule runs in a plain loop on the caller's goroutine, without channels and without allocation in a step. The
//     Result is, to the last bit, that of optimize.Minimize(p.Optimize(), x0, settings, method), which spends about two
//     microseconds a step in channels. Any other method is handed to optimize.Minimize.
//   - The run ends when ctx does, after the evaluation under way, with the status optimize.Failure, an error that wraps
//     the cause, and the last point. If ctx has ended before the run starts there is no Result.
//   - If settings.Converger is nil, a stopping.Stationary with its defaults is used, because gonum's own default mistakes
//     noise for convergence. Where a Rule answers with something else than its iterates, such as their mean, a second one looks at the
//     iterates, for answers have no gradient, and both must agree. It tells that the run travels no more, which without noise may be a circle of the
//     size of the step around the minimum: look at Result.Gradient, and let the step size decay. A method whose step size
//     decays over a given number of iterations travels no more long before it has come to rest: give it that number as
//     MajorIterations, and optimize.NeverTerminate{} as Converger.
//   - If p.Project is not nil, a Rule's iterates stay in the feasible set.
//   - If p.Sparse is not nil, a step may take the time of the variables in its draw instead of all, as Sparse says. A nil Converger then is
//     optimize.NeverTerminate, and there must be a limit, in settings or as a deadline of ctx: a gradient that is 0 in nearly all draws hides
//     in their scatter, and stopping.Stationary takes it for none.
//   - If method is nil, it is &Adam{} if p has a gradient, and otherwise gonum's NelderMead, which is not made for noise: it
//     keeps the luckiest draw.
//
// There is no limit of iterations or time unless settings or ctx set one, but for a Sparse.
//
// Each evaluation averages p.Samples draws but counts as one in Stats. The F of the Result is the mean of the draws at X
// and so an estimate; Problem.Evaluator gives an independent one. The X of the Result has no error bars: infer.Estimate has.
func Minimize(ctx context.Context, p Problem, x0 []float64, settings *optimize.Settings, method optimize.Method) (result *optimize.Result, err error) {
	start := time.Now()
	if len(x0) == 0 {
		panic("stochopt: Minimize needs at least one variable, len(x0) = 0")
	}
	eval := newEvaluator(&p)
	var set optimize.Settings
	if settings != nil {
		set = *settings
	}
	if set.Converger == nil && p.Sparse != nil {
		if _, ends := ctx.Deadline(); !ends && set.MajorIterations == 0 && set.FuncEvaluations == 0 && set.GradEvaluations == 0 && set.Runtime == 0 {
			panic("stochopt: Minimize: a run on a Sparse ends at a limit: set Settings.MajorIterations, FuncEvaluations, GradEvaluations or Runtime, " +
				"a deadline of ctx, or Settings.Converger")
		}
		set.Converger = optimize.NeverTerminate{}
	}
	if set.Converger == nil {
		set.Converger = &stopping.Stationary{}
		defer func() {
			if result != nil && result.Status == optimize.Failure && err == nil { // all that it fails for
				err = errors.New("stochopt: Minimize: all gradients are exactly 0 although F varies, so they are not those of F; an objective " +
					"that counts or jumps needs differences whose step fits, as gradient.Differences.Tuned finds it")
			}
		}()
	}
	if method == nil && eval.hasGrad {
		method = &Adam{}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, cancelled(err)
	}
	d, ok := method.(interface{ driver() *Sequential })
	if !ok {
		if set.Concurrent > 1 && p.sampled() && !p.PerPoint {
			panic("stochopt: Minimize: with Settings.Concurrent > 1, the draws of an Oracle would depend on scheduling: set Problem.PerPoint")
		}
		o := p.Optimize()
		status := o.Status
		o.Status = func() (optimize.Status, error) {
			s, err := status()
			if err == nil && ctx.Err() != nil {
				return optimize.Failure, cancelled(context.Cause(ctx))
			}
			return s, err
		}
		return optimize.Minimize(o, x0, &set, method)
	}
	l := &loop{
		ctx:       ctx,
		limited:   ctx.Done() != nil || set.FuncEvaluations > 0 || set.GradEvaluations > 0,
		eval:      eval,
		method:    method,
		driver:    d.driver(),
		settings:  &set,
		byDefault: settings == nil || settings.Converger == nil,
		timed:     set.Recorder != nil || set.Runtime > 0,
		start:     start,
		best:      optimize.Location{X: make([]float64, len(x0)), F: math.Inf(1)},
	}
	return l.minimize(x0)
}
