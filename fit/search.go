package fit

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/optimize"
)

// search is the way to the minimum: Levenberg-Marquardt from the start, and again from the end of Adam's way.
type search struct {
	c         *curve
	lm        *levenberg
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

func newSearch(c *curve, s Settings, scale []float64) *search {
	return &search{
		c:         c,
		lm:        newLevenberg(c),
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

// run searches from first, which it leaves as it is.
func (f *search) run(ctx context.Context, first *point) (*point, optimize.Status, error) {
	best, status, err := f.squares(ctx, first)
	for k := range f.starts {
		if ended(err) {
			break
		}
		best, status, err = f.again(ctx, k, best, status, err)
	}
	if f.loss == nil || ended(err) {
		return best, status, err
	}
	return f.robust(ctx, first, best)
}

// squares searches for the least sum of squares.
func (f *search) squares(ctx context.Context, first *point) (*point, optimize.Status, error) {
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
		return best, status, err
	}
	bar := best.f - lm.tie(best.f)
	if err != nil && errOther == nil {
		bar = best.f + lm.tie(best.f)
	}
	if other.f < bar {
		take()
		best, status, err = other, statusOther, errOther
	}
	if ended(errOther) {
		status, err = optimize.Failure, errOther
	}
	return best, status, err
}

// ended reports whether the search has been ended from outside.
func ended(err error) bool { return errors.Is(err, errCancelled) || errors.Is(err, errRecorder) }

// again searches from random start k.
func (f *search) again(ctx context.Context, k int, best *point, status optimize.Status, err error) (*point, optimize.Status, error) {
	p := newPoint(f.c, f.c.random(rand.New(rand.NewPCG(f.seed, uint64(k))), f.scale))
	if !f.c.eval(p) {
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
