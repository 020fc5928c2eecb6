package fit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Settings are the choices that Curve leaves to its user. The zero value is right for most fits.
type Settings struct {
	// Iterations limits the iterations of each Levenberg-Marquardt run. If it is 0, 2000 is used.
	Iterations int
	// AdamSteps is the number of steps of Adam before the second run, each one evaluation of the whole curve. If it is 0,
	// 30 is used; if it is negative, there is no second run.
	AdamSteps int
	// StepSize is Adam's, relative to the Scale of the parameters, which is |Start| if nothing else is said: each step
	// changes a parameter by about StepSize times its Scale. If it is 0, 0.1 is used. Steps of 0.01, ten times as many, find
	// minima no more often.
	StepSize float64
	// Starts is a number of further searches, by Levenberg-Marquardt from random starts: uniform between the bounds, if both
	// are finite (for a parameter with the transform Log, in u); else Start times exp(z/2), z a standard normal number,
	// or Scale times z where Start is 0 (z if that is 0, too); u + z for other parameters with a transform. From 648 random
	// starts of NIST's problems, the 54 of NIST with factors exp(0.2 z) and exp(0.6 z), the default finds the certified
	// minimum 574 times, with 10 starts more 629 times.
	Starts int
	// Seed is that of the random starts; the same seed gives the same starts.
	Seed uint64
	// AbsoluteSigma says that Sigma are the standard deviations themselves: error bars are not scaled by the residuals.
	AbsoluteSigma bool
	// Loss is the function of the residuals that is minimized. If it is nil, that is least squares.
	Loss Loss
	// Recorder, if not nil, is told of each iteration but those on a sample: X are the parameters, F is the objective. An
	// error of it ends the fit.
	Recorder optimize.Recorder
}

// Result is a fitted curve.
type Result struct {
	Parameters []string      // the names, as in the Model
	Estimate   []float64     // b, in the order of Parameters
	StdErr     []float64     // standard errors of Estimate, the roots of the diagonal of Cov
	Cov        *mat.SymDense // covariance of Estimate

	RSS        float64 // sum of squares of the residuals, each divided by its Sigma
	ResidualSD float64 // √(RSS/DF), the standard deviation of a residual; with a Loss 1.4826 times the median of |r|
	Objective  float64 // what has been minimized: RSS, or F of the Loss
	N          int     // number of responses
	DF         int     // degrees of freedom, N minus the number of directions of b, at no bound, that change the curve
	Rank       int     // number of independent directions of b that the data determine

	// AtBound names parameters that have ended at a bound. What the data say about the others holds with these as they
	// are: their error bars, DF and Rank are those of a fit in which the parameters at a bound are Fixed. The error bars
	// of the parameters at a bound, and of those tied to them, are NaN: the estimate is no normal variable there.
	AtBound []string

	// RanAway names parameters that may be on their way to infinity, or to where the curve no longer changes with them: at
	// Estimate the derivatives promise that changing these lowers RSS by more than a millionth, but no step does. It is
	// nil at a minimum; the 27 fits of NIST's problems have promises below 1e-20 of RSS or of the order of its rounding
	// error. Where it is not nil, do not trust Estimate or StdErr: start elsewhere, or choose a simpler curve. High
	// correlations alone are no sign of it: those of a line over calendar years are above 0.99999.
	RanAway []string

	// Saturated names parameters that rest on responses through which the curve passes whatever they are, so that nothing in
	// the data can contradict them: all where DF is 0, the one of a term that only one point feels, or those of a peak too
	// many that has come to rest on three points. Their error bars are right if the errors of these responses are like
	// those of the others. It is nil with a Loss and for Passes.
	Saturated []string

	// Status tells how the search ended: optimize.FunctionConvergence if no step can lower RSS beyond its rounding error,
	// optimize.StepConvergence if a step is below that of Estimate, optimize.IterationLimit, or optimize.Failure.
	Status optimize.Status
	// AfterAdam tells which of the two runs found Estimate: that from the end of Adam's way, or that from the start.
	AfterAdam bool
	// FromStart is the number of the random start, 1 to Settings.Starts, that led to Estimate, or 0 if none did better.
	FromStart int
	// Iterations counts the iterations of Levenberg-Marquardt, and Evaluations those of the whole curve, with derivatives or
	// without, of all runs but those on a sample.
	Iterations, Evaluations int

	root       *mat.Dense  // Cov is s² root rootᵀ where it is finite, with s = 1 if AbsoluteSigma is set
	sets       []Set       // what has been fitted, nil for Passes
	passed     *passed     // what Passes has seen of it, else nil
	parameters []Parameter // as handed to Curve
	settings   Settings

	// For Diagnosis.
	failure  error       // of the search
	null     [][]float64 // directions of b along which the curve does not change
	weak     []string    // parameters that change along directions of which the derivatives tell nothing
	leverage []float64   // of each response
	rejected int         // steps to where the curve is not finite
	last     *PointError // the last of these
}

// Curve fits m to the data d by least squares, or by the Loss of s. params are the parameters of m, in any order, and those
// that Tied ones depend on. If s is nil, defaults are used.
//
//	RSS(b) = Σ ((f(xᵢ; b) - yᵢ)/σᵢ)²  is least, with Lower <= b <= Upper
//
// It searches twice, by Levenberg-Marquardt from the start and by Levenberg-Marquardt from the best point on the way of Adam
// (AdamSteps steps on log RSS, in units of Scale), and returns the result with the lower RSS; of two that differ by
// no more than rounding or 1e-9 of RSS, the first. From poor starts the second run finds minima that the first misses, and
// the other way round (TestPerturbedStarts counts them); it ends where it comes upon the minimum of the first. Neither is a
// global search: Settings.Starts adds more.
//
// Where there are more than 20 000 points, Levenberg-Marquardt from the start has all of them. Adam and the random starts
// have a random sample of 10 000, always the same, which is searched as fewer points are; from where that ends the second
// run has all points again. With several sets each that is so large has its own sample. The sample leads to a minimum, and
// the estimate is that of all points.
//
// The estimate is improved until rounding ends it: on the 27 reference problems of NIST's StRD, from both starts,
// parameters and standard errors agree with the certified ones to nine digits or more (TestNIST; the standard errors of
// Lanczos1 to three, for its residuals are rounding errors of the data), and to eight with derivatives by Differences
// (TestNISTDifferences).
//
// Standard errors are those of the linearized curve, from s² (JᵀJ)⁻¹ with s = ResidualSD, which is exact for linear
// models with independent normal errors of standard deviations in proportion to σ, and a good approximation where the
// curve is close to linear within a few StdErr. With AbsoluteSigma s is 1. With a Loss they are from the sandwich
// H⁻¹GH⁻¹ N/DF, which asks neither for normal errors nor for equal ones; with 60 responses and 3 parameters its 95 %
// intervals cover 92 to 94 % (TestRobustSimulation); with fewer see Bootstrap. Where DF is 0 the curve passes through the
// responses and says nothing about their errors: Saturated names all parameters, and StdErr, Cov and ResidualSD are NaN,
// unless AbsoluteSigma is set. The standard errors of parameters with a Transform and of Tied ones are by the delta method;
// those of Fixed ones are 0.
//
// Input that cannot be fitted is an error and no Result: names that are missing or twice, a Set without points, fewer
// responses than free parameters, lengths that differ, a NaN or infinity, responses over Sigma above 1e140 or all below
// 1e-140, a start outside its bounds, a curve that is not finite at the start (a *PointError), a parameter without
// influence there, wrong derivatives of a Tied one. With these errors there is a Result, whose Diagnosis says more:
//
//   - *RankError: the minimum is found, but the data do not determine all parameters. StdErr is +Inf for these.
//   - ErrNotConverged: Iterations was not enough. Estimate is the best point; error bars are NaN.
//   - ErrNoDecrease: no step lowers the objective although the derivatives promise it, so these are wrong (Model.Check tells)
//     or the curve is not smooth. Estimate is the best point; error bars are NaN.
//   - ErrScale: a Loss has no scale. Estimate is the last point; error bars are NaN.
//   - The cause of a cancelled ctx, or an error of the Recorder: Estimate is the best point so far, error bars are NaN.
//
// Curve panics if m is incomplete or a setting is out of range.
func Curve(ctx context.Context, m Model, d Data, params []Parameter, s *Settings) (*Result, error) {
	return Curves(ctx, []Set{{m, d}}, params, s)
}

// Curves fits several sets of data at once, each with its own model. A parameter whose name is in several models is shared by
// them. Without Sigma, and with Sigmas in proportion, all responses have the same scale s: give Sigma where the sets differ.
func Curves(ctx context.Context, sets []Set, params []Parameter, s *Settings) (*Result, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	checkUse(sets, params, set)
	sets, params = slices.Clone(sets), slices.Clone(params)
	if err := checkNames(sets, params); err != nil {
		return nil, err
	}
	co := newCoordinates(params)
	if err := checkInput(sets, co); err != nil {
		return nil, err
	}
	c := newCurve(sets, co)
	c.robust = set.Loss != nil
	if err := checkSize(c.sizeY); err != nil {
		return nil, err
	}
	u, scale := co.start()
	first, err := c.first(u)
	if err != nil {
		return nil, err
	}
	return c.fit(ctx, first, scale, sets, set, c.m)
}

// fit searches from first, with n residuals.
func (c *curve) fit(ctx context.Context, first *point, scale []float64, sets []Set, set Settings, n int) (*Result, error) {
	f := newSearch(c, sets, set, scale)
	var err error
	if f.lm.progress, err = newProgress(set.Recorder); err != nil {
		return nil, err
	}
	best, status, err := first, optimize.Failure, f.lm.progress.record(c, first, optimize.InitIteration)
	if err == nil {
		best, status, err = f.run(ctx, first)
	}
	if c.err != nil {
		status, err = optimize.Failure, c.err
	}
	if err == nil {
		if err = f.lm.progress.record(c, best, optimize.PostIteration); err != nil {
			status = optimize.Failure
		}
	}

	r := &Result{
		Parameters:  make([]string, len(c.params)),
		Estimate:    best.b,
		Objective:   best.f,
		RSS:         best.rss,
		ResidualSD:  f.residualScale,
		N:           n,
		Status:      status,
		AfterAdam:   f.afterAdam,
		FromStart:   f.fromStart,
		Iterations:  f.lm.iterations,
		Evaluations: c.evaluations,
		sets:        sets,
		parameters:  c.params,
		settings:    set,
	}
	for i, p := range c.params {
		r.Parameters[i] = p.Name
	}
	r.failure = err
	if r.rejected = c.rejected; r.rejected > 0 && c.bad.set >= 0 {
		r.last = &PointError{Set: c.bad.set, Point: c.bad.point, X: c.bad.x, Start: c.assignments(c.badB)}
	}
	errRank := r.infer(f.lm, best, scale, err == nil)
	r.Evaluations = c.evaluations
	switch {
	case errors.Is(err, errCancelled):
		err = fmt.Errorf("fit: cancelled after %d evaluations of the curve: %w", c.evaluations, context.Cause(ctx))
	case err == nil && c.err != nil: // the source of Passes
		err = c.err
	case err == nil:
		err = errRank
	}
	return r, err
}
