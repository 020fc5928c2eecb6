package fit

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// search is the way to the minimum: Levenberg-Marquardt from the start, and again from the end of Adam's way and from
// random starts or, where there are many points, from where such a search of a sample of them ends.
type search struct {
	c         *curve
	lm        *levenberg
	sets      []Set // the data, nil for Passes
	settings  Settings
	scale     []float64 // the change of each u that matters, 0 if it is not known
	limit     int       // of iterations of Levenberg-Marquardt
	adamSteps int
	stepSize  float64
	starts    int
	seed      uint64
	loss      Loss
	absolute  bool

	afterAdam     bool
	fromStart     int
	residualScale float64 // with a Loss
}

func newSearch(c *curve, sets []Set, s Settings, scale []float64) *search {
	return &search{
		c:         c,
		lm:        newLevenberg(c),
		sets:      sets,
		settings:  s,
		scale:     scale,
		limit:     cmp.Or(s.Iterations, 2000),
		adamSteps: cmp.Or(s.AdamSteps, 30),
		stepSize:  cmp.Or(s.StepSize, 0.1),
		starts:    s.Starts,
		seed:      s.Seed,
		loss:      s.Loss,
		absolute:  s.AbsoluteSigma,
	}
}

// run searches from first, which it uses as its own.
func (f *search) run(ctx context.Context, first *point) (*point, optimize.Status, error) {
	start := slices.Clone(first.u)
	best, status, err := f.squares(ctx, first)
	if f.loss == nil || ended(err) {
		return best, status, err
	}
	f.lm.give(best)
	return f.robust(ctx, start, slices.Clone(best.u))
}

// squares searches for the least sum of squares.
func (f *search) squares(ctx context.Context, first *point) (*point, optimize.Status, error) {
	if f.adamSteps <= 0 && f.starts == 0 {
		return f.lm.run(ctx, first, f.scale, f.limit)
	}
	if sample := sampleOf(f.sets); sample != nil {
		best, status, err := f.lm.run(ctx, first, f.scale, f.limit)
		if ended(err) {
			return best, status, err
		}
		return f.sampled(ctx, sample, best, status, err)
	}
	best, status, err := f.travelled(ctx, first)
	for k := range f.starts {
		if ended(err) {
			break
		}
		best, status, err = f.again(ctx, k, best, status, err)
	}
	return best, status, err
}

// sampled searches the sample, and all data from where that has ended.
func (f *search) sampled(ctx context.Context, sample []Set, best *point, status optimize.Status, err error) (*point, optimize.Status, error) {
	p, r := f.c.sampled(ctx, f.lm.take(best.u), sample, f.settings)
	if p == nil {
		return best, status, err
	}
	return f.compare(ctx, p, best, status, err, func() { f.afterAdam, f.fromStart = r.AfterAdam, r.FromStart })
}

// travelled searches from first and from the best point on Adam's way.
func (f *search) travelled(ctx context.Context, first *point) (*point, optimize.Status, error) {
	best, status, err := f.lm.run(ctx, f.c.clone(first), f.scale, f.limit)
	if f.adamSteps <= 0 || ended(err) {
		return best, status, err
	}
	p, errWay := f.travel(ctx, first)
	if errWay == nil {
		return f.compare(ctx, p, best, status, err, func() { f.afterAdam = true })
	}
	if ended(errWay) {
		status, err = optimize.Failure, errWay
	}
	return best, status, err
}

// compare searches from p and returns the better of what it finds and best; take is called if that is not best.
func (f *search) compare(ctx context.Context, p, best *point, status optimize.Status, err error, take func()) (*point, optimize.Status, error) {
	lm := f.lm
	if err == nil {
		lm.known = best
	}
	other, statusOther, errOther := lm.run(ctx, p, f.scale, f.limit)
	lm.known = nil
	if errors.Is(errOther, errKnown) {
		lm.give(other)
		return best, status, err
	}
	bar := best.f - lm.tie(best.f)
	if err != nil && errOther == nil {
		bar = best.f + lm.tie(best.f)
	}
	if other.f < bar {
		take()
		best, other, status, err = other, best, statusOther, errOther
	}
	lm.give(other)
	if ended(errOther) {
		status, err = optimize.Failure, errOther
	}
	return best, status, err
}

// ended reports whether the search has been ended from outside.
func ended(err error) bool { return errors.Is(err, errCancelled) || errors.Is(err, errRecorder) }

// again searches from random start k.
func (f *search) again(ctx context.Context, k int, best *point, status optimize.Status, err error) (*point, optimize.Status, error) {
	p := f.lm.take(f.c.random(rand.New(rand.NewPCG(f.seed, uint64(k))), f.scale))
	if !f.c.eval(p) {
		f.lm.give(p)
		return best, status, err
	}
	return f.compare(ctx, p, best, status, err, func() { f.fromStart, f.afterAdam = k+1, false })
}

// random draws a start as Settings.Starts says.
func (c *coordinates) random(rng *rand.Rand, scale []float64) []float64 {
	u, _ := c.start()
	for j, i := range c.free {
		z, v := rng.NormFloat64(), rng.Float64() // each parameter takes the same part of the stream
		lo, hi := c.lower[j], c.upper[j]
		switch {
		case finite(lo) && finite(hi):
			u[j] = lo + v*(hi-lo)
		case c.params[i].Transform != Identity:
			u[j] += z
		case u[j] == 0:
			u[j] = z * cmp.Or(scale[j], 1)
		default:
			u[j] *= math.Exp(z / 2)
		}
		u[j] = min(max(u[j], lo), hi)
	}
	return u
}
