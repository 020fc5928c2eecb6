package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Profile is the likelihood of one parameter, with the best values of all others at each of its values.
type Profile struct {
	// Lower and Upper are the ends of the interval. They are infinite where the likelihood does not fall below the level
	// however far one goes; they are a bound of the parameter where it has not fallen there. They are NaN where
	// an error ended the search.
	Lower, Upper float64
	// Trace are the fits that have been made for it, in the order of Value. The one of the Result itself is among them.
	// Root over Value is a straight line for linear models; its curve shows how far t-intervals are off. The way of the
	// other parameters in Estimate is the trace that is plotted in the plane of two parameters.
	Trace []ProfilePoint
}

// ProfilePoint is a fit with one parameter fixed.
type ProfilePoint struct {
	Value    float64   // of the parameter
	Root     float64   // τ, the signed root
	Estimate []float64 // of all parameters, in the order of Result.Parameters
}

// LowerError says that a lower sum of squares has been found than that of Result.Estimate. Fit again from Estimate.
type LowerError struct {
	Estimate []float64 // the better one, of all parameters
	RSS      float64   // at Estimate
	Before   float64   // the RSS of the Result

	at string // Estimate, as in b1 = 2, b2 = 3
}

// Error implements error.
func (e *LowerError) Error() string {
	return fmt.Sprintf("fit: the estimate is not the minimum: RSS is %v there and %v at %s; start from these",
		e.Before, e.RSS, e.at)
}

// Profile returns the profile-likelihood interval of parameter i at a level such as 0.95: all values θ at which the best
// fit has |τ(θ)| <= t, with the signed root
//
//	τ(θ) = sign(θ-θ̂) √((RSS(θ) - RSS)/s²),   RSS(θ) the least sum of squares with the parameter fixed at θ
//
// and the (1+level)/2 quantile t of Student's distribution with DF degrees of freedom; with AbsoluteSigma, s is 1 and t
// the quantile of the normal distribution. It is the same as the test by F = τ² with 1 and DF degrees of freedom. For
// linear models it equals Interval. For others it is the better one, as it follows the curvature of RSS and depends on no
// coordinate; it costs some 15 short fits, each from the one before. Where RSS(θ) crosses the level
// more than once, the crossings next to the estimate count.
//
// If s is 0, both ends are the estimate; if there are no degrees of freedom, they are NaN. A LowerError says that the
// estimate is no minimum. Parameters that are fixed or tied have no profile, and fits by a Loss have no likelihood: these
// are errors. Profile panics if i or level is out of range.
//
// Reference: D. M. Bates, D. G. Watts, Nonlinear Regression Analysis and Its Applications, 1988, section 6.1.
func (r *Result) Profile(ctx context.Context, i int, level float64) (*Profile, error) {
	checkLevel(level)
	if err := r.profiled(i); err != nil {
		return nil, err
	}
	p := &Profile{Trace: []ProfilePoint{{r.Estimate[i], 0, slices.Clone(r.Estimate)}}}
	q := r.quantile((1 + level) / 2)
	switch {
	case math.IsNaN(r.scale()) || math.IsNaN(q):
		p.Lower, p.Upper = math.NaN(), math.NaN()
		return p, nil
	case r.scale() == 0:
		p.Lower, p.Upper = r.Estimate[i], r.Estimate[i]
		return p, nil
	}
	var errs [2]error
	for k, end := range []*float64{&p.Lower, &p.Upper} {
		sign := float64(2*k - 1)
		y := &ray{r: r, ctx: ctx, fixed: []int{i}, direction: []float64{sign * r.stride(i)}, q: q, steps: 4}
		d, err := y.end(r.tangent(i, y.direction[0]))
		var lower *LowerError
		if errors.As(err, &lower) {
			return nil, err
		}
		errs[k] = err
		*end = math.NaN()
		if err == nil {
			*end = y.value(0, d)
		}
		for _, t := range y.trace {
			p.Trace = append(p.Trace, ProfilePoint{t.estimate[i], sign * t.rise, t.estimate})
		}
	}
	slices.SortStableFunc(p.Trace, func(a, b ProfilePoint) int { return cmp.Compare(a.Value, b.Value) })
	return p, errors.Join(errs[:]...)
}

// profiled says why parameter i has no profile.
func (r *Result) profiled(i int) error {
	switch p := r.parameters[i]; {
	case p.Fixed:
		return fmt.Errorf("fit: %s is fixed and has no profile", p.Name)
	case p.Tied != nil:
		return fmt.Errorf("fit: %s is tied and has no profile; take those of the parameters that it depends on", p.Name)
	case r.settings.Loss != nil:
		return errors.New("fit: a fit by a Loss has no likelihood and no profile; use Bootstrap")
	}
	return nil
}

// quantile is that of a normal error over its standard deviation: Student's if this has been estimated.
func (r *Result) quantile(p float64) float64 {
	switch {
	case r.settings.AbsoluteSigma:
		return distuv.UnitNormal.Quantile(p)
	case r.DF == 0:
		return math.NaN()
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(r.DF)}.Quantile(p)
}

func checkLevel(level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("fit: level = %v, want a number in (0, 1)", level))
	}
}

// tangent is a point one step behind the estimate on the way that a linear model takes if parameter i changes.
func (r *Result) tangent(i int, step float64) rayPoint {
	b := slices.Clone(r.Estimate)
	for j := range b {
		if v := b[j] - step*r.Cov.At(i, j)/r.Cov.At(i, i); finite(v) {
			b[j] = v
		}
	}
	return rayPoint{-1, -1, b}
}
