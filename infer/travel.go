package infer

import (
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// window gathers major iterations of travel.
type window struct {
	x, g, f moments
	from    []float64 // the iterate that the present move is from
	moves   int
	move    []float64 // Σ (x - from)², every 16 iterates
}

func newWindow(dim int) window {
	return window{x: newMoments(dim), g: newMoments(dim), f: newMoments(1), move: make([]float64, dim)}
}

func (w *window) reset() {
	w.x.reset()
	w.g.reset()
	w.f.reset()
	clear(w.move)
	w.moves = 0
}

func (w *window) add(x, g []float64) {
	if w.x.n%lag == 0 {
		if w.x.n > 0 {
			w.moves++
			for i, v := range x {
				w.move[i] += float64((v - w.from[i]) * (v - w.from[i]))
			}
		}
		w.from = append(w.from[:0], x...)
	}
	w.x.add(x)
	if len(g) != len(x) {
		return
	}
	w.g.add(g)
}

func (w *window) merge(o window) {
	for i, v := range o.move {
		w.move[i] += v
	}
	w.moves += o.moves
	w.x.merge(o.x)
	w.g.merge(o.g)
	w.f.merge(o.f)
}

// windows is a Recorder that gathers windows of 64, 64, 128, 256, ... major iterations: the last ones of a
// stopping.Stationary, whose windows they are.
type windows struct {
	run       *run
	now, last window
	f         [1]float64
	size      int
	seen      int // windows
}

// Init implements optimize.Recorder.
func (w *windows) Init() error {
	w.now, w.last, w.size = newWindow(w.run.n), newWindow(w.run.n), 64
	return nil
}

// Record implements optimize.Recorder.
func (w *windows) Record(loc *optimize.Location, op optimize.Operation, stats *optimize.Stats) error {
	if op != optimize.MajorIteration {
		return nil
	}
	w.now.add(loc.X, loc.Gradient)
	w.f[0] = loc.F
	w.now.f.add(w.f[:])
	if w.now.x.n == w.size {
		w.close(stats.FuncEvaluations)
		if w.seen++; w.seen > 1 {
			w.size *= 2
		}
	}
	return nil
}

func (w *windows) close(evaluations int) {
	w.run.result.Trace = append(w.run.result.Trace, Look{
		Travelling: true,
		Samples:    evaluations * w.run.rep,
		X:          slices.Clone(w.now.x.mean),
		F:          w.now.f.mean[0],
	})
	if len(w.run.result.Trace) == 1 {
		w.run.result.Signal = signal(w.now.g)
	}
	w.now, w.last = w.last, w.now
	w.now.reset()
}

// final returns the last window: the present one if it is half full, or else together with the one before. The Recorder
// is not told of the iteration that ends a run.
func (w *windows) final(evaluations int) window {
	if 2*w.now.x.n >= w.size {
		w.close(evaluations)
	} else {
		w.last.merge(w.now)
	}
	return w.last
}

// goThere travels, and makes the mean of the last window the iterate.
func (r *run) goThere(x0 []float64) error {
	rec := &windows{run: r}
	rec.Init()
	limit := max(1, r.budget/2)
	p := r.problem
	res, err := stochopt.Minimize(r.ctx, p, x0, &optimize.Settings{
		Converger:       &stopping.Stationary{Margin: 0.25},
		FuncEvaluations: limit,
		Recorder:        rec,
	}, &stochopt.Sequential{Rule: r.o.Rule})
	if res != nil {
		r.travel = res.Stats.FuncEvaluations
		r.spent, r.step = r.travel, r.travel
		r.result.X, r.result.F = res.X, res.F
	}
	if err != nil {
		return err
	}
	if res.Status == optimize.FunctionEvaluationLimit {
		r.say("travel was not seen to have arrived when half of the budget was spent, after %d draws", r.travel*r.rep)
	}
	r.where = rec.final(r.travel)
	if r.where.x.n > 0 {
		copy(r.x, r.where.x.mean)
	} else {
		copy(r.x, res.X)
	}
	if err := r.project(r.x, nil, make([]float64, r.n)); err != nil {
		return err
	}
	r.result.F = r.result.FStdErr // NaN until it is verified
	r.result.X = slices.Clone(r.x)
	return nil
}
