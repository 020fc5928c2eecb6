package fit

import (
	"cmp"
	"context"
	"errors"

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
	loss      Loss
	absolute  bool

	afterAdam     bool
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
		loss:      s.Loss,
		absolute:  s.AbsoluteSigma,
	}
}

// run searches from first, which it leaves as it is.
func (f *search) run(ctx context.Context, first *point) (*point, optimize.Status, error) {
	best, status, err := f.squares(ctx, first)
	if f.loss == nil || errors.Is(err, errCancelled) || errors.Is(err, errRecorder) {
		return best, status, err
	}
	// A search that has lost its way among outliers is no reason to stop here.
	return f.robust(ctx, f.loss, f.absolute, best)
}

// squares searches for the least sum of squares.
func (f *search) squares(ctx context.Context, first *point) (*point, optimize.Status, error) {
	lm := f.lm
	best, status, err := lm.run(ctx, f.c.clone(first), f.scale, f.limit)
	if f.adamSteps <= 0 || errors.Is(err, errCancelled) || errors.Is(err, errRecorder) {
		return best, status, err
	}
	p, errWay := f.travel(ctx, first)
	if errWay == nil {
		var other *point
		var statusOther optimize.Status
		if err == nil {
			lm.known = best
		}
		other, statusOther, errWay = lm.run(ctx, p, f.scale, f.limit)
		lm.known = nil
		bar := best.f - lm.tie(best.f)
		if err != nil && errWay == nil {
			bar = best.f + lm.tie(best.f)
		}
		if other.f < bar && !errors.Is(errWay, errKnown) {
			best, status, err, f.afterAdam = other, statusOther, errWay, true
		}
	}
	if errors.Is(errWay, errCancelled) || errors.Is(errWay, errRecorder) {
		status, err = optimize.Failure, errWay
	}
	return best, status, err
}
