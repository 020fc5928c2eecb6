package fit

import (
	"context"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// ErrScale is the error of a fit with a Loss whose scale of the residuals is 0, since the curve passes through half of the
// points or more, or does not settle. Set Sigma and Settings.AbsoluteSigma, or choose another Loss.
var ErrScale = errors.New("fit: the scale of the residuals, by which the Loss tells outliers, is 0 or does not settle; set Sigma and AbsoluteSigma")

// robust searches twice for a minimum of the Loss. The one way begins at that of least squares and goes over that of Huber's
// loss, which is convex in the residuals and so leads to outliers that are told apart. The other begins at the start,
// which outliers may have made least squares leave. Of two minima it returns that with the lower objective at the smaller of the two
// scales, and the first if they do not differ.
func (f *search) robust(ctx context.Context, start, squares []float64) (*point, optimize.Status, error) {
	c := f.c
	p, status, err := f.losses(ctx, squares, Huber{}, f.loss)
	s := c.s
	if !ended(err) {
		q, statusQ, errQ := f.losses(ctx, start, f.loss)
		t := c.s
		switch {
		case ended(errQ):
			status, err = optimize.Failure, errQ
		case errQ != nil:
		case err != nil || f.at(q, min(s, t)) < (1-1e-9)*f.at(p, min(s, t)):
			p, s, status, err = q, t, statusQ, errQ
		}
	}
	if c.loss != nil && !math.IsInf(f.at(p, s), 1) {
		f.residualScale = s
		if f.absolute {
			f.residualScale = f.rawScale(p)
		}
	}
	return p, status, err
}

// at evaluates p with the scale s and returns the objective, +Inf where it is not finite.
func (f *search) at(p *point, s float64) float64 {
	f.c.s = s
	if !f.c.compute(p) {
		return math.Inf(1)
	}
	return p.f
}

// losses goes from u to the minimum of one loss after the other, the last of which is that of the fit.
func (f *search) losses(ctx context.Context, u []float64, losses ...Loss) (*point, optimize.Status, error) {
	c := f.c
	c.loss, c.s = nil, 1
	p := f.lm.take(u)
	if !c.eval(p) {
		return p, optimize.Failure, errFactor
	}
	if !f.absolute {
		c.s = scaleOf(p.r)
	}
	var status optimize.Status
	var err error
	for _, l := range losses {
		if p, status, err = f.settle(ctx, l, f.absolute, p); err != nil {
			break
		}
	}
	c.loss = f.loss
	return p, status, err
}

// settle minimizes the objective of loss from p, and repeats it with the scale that belongs to the residuals there, until
// the scale stays the same. Where the scale becomes too large it is g(s) < s, where too small g(s) > s: the next s is where
// the line through the last two differences is 0 or, where that is not between the two sides known, g(s).
func (f *search) settle(ctx context.Context, loss Loss, absolute bool, p *point) (*point, optimize.Status, error) {
	c := f.c
	c.loss = loss
	lo, hi := 0.0, math.Inf(1)
	var last, lastGap float64
	for range 100 {
		if !(c.s > 0) {
			return p, optimize.Failure, ErrScale
		}
		q := f.lm.take(p.u)
		if !c.eval(q) {
			return p, optimize.Failure, errFactor
		}
		f.lm.give(p)
		q, status, err := f.lm.run(ctx, q, f.scale, f.limit)
		p = q
		if err != nil || absolute {
			return p, status, err
		}
		next := f.rawScale(p)
		gap := next - c.s
		if math.Abs(gap) <= 1e-12*c.s {
			return p, status, nil
		}
		if gap > 0 {
			lo = max(lo, c.s)
		} else {
			hi = min(hi, c.s)
		}
		if last != 0 {
			if root := c.s - gap*(c.s-last)/(gap-lastGap); root > lo && root < hi {
				next = root
			}
		}
		if last != 0 && !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if hi-lo <= 1e-12*hi {
			return p, status, nil // a jump of the median: both sides are as near as can be
		}
		last, lastGap, c.s = c.s, gap, next
	}
	return p, optimize.Failure, ErrScale
}

// rawScale is the scale of the residuals at p without their weights.
func (f *search) rawScale(p *point) float64 {
	c, q := f.c, f.lm.take(p.u)
	loss := c.loss
	c.loss = nil
	c.eval(q)
	c.loss = loss
	f.lm.give(q)
	return scaleOf(q.r)
}

// scaleOf is 1.4826 times the median of |r|, the standard deviation of normal residuals.
func scaleOf(r []float64) float64 {
	a := make([]float64, len(r))
	for i, v := range r {
		a[i] = math.Abs(v)
	}
	slices.Sort(a)
	n := len(a)
	return (a[n/2] + a[(n-1)/2]) / 2 / 0.6744897501960817
}

// weigh turns residual i at p and its derivatives into those of a linear problem with the gradient of the objective, and
// returns its part of the objective. With ψ = ρ'(z) r, the objective has the second derivatives Σ ψ' ∇r ∇rᵀ, up to those of
// the curve. Where ψ' is less than a tenth of ρ', which is the weight of iteratively reweighted least squares and never too
// small, that tenth stands for it: so the linear problem stays convex, and is Newton's where residuals are small.
//
// Reference: B. Triggs, P. F. McLauchlan, R. I. Hartley, A. W. Fitzgibbon, Bundle adjustment: a modern synthesis, Vision
// Algorithms: Theory and Practice, LNCS 1883, 2000, section 4.3.
func (c *curve) weigh(p *point, i int) float64 {
	r := p.r[i]
	p.rss += float64(r * r)
	if c.loss == nil {
		return float64(r * r)
	}
	z := (r / c.s) * (r / c.s)
	rho, d1, d2 := c.loss.Rho(z)
	slope := d1 + 2*z*d2 // ψ'
	h := max(slope, 0.1*d1)
	if d1 == 0 {
		h = 0
	}
	root := math.Sqrt(h)
	p.bend[i], p.r[i] = 0, 0
	if h > 0 {
		p.bend[i], p.r[i] = slope/h, d1*r/root
	}
	row := p.row(i)
	for j := range row {
		row[j] *= root
	}
	return c.s * c.s * rho
}
