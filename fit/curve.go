package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Settings are the choices that Curve leaves to its user. The zero value is right for most fits.
type Settings struct {
	// Iterations limits the iterations of each of the two Levenberg-Marquardt runs. If it is 0, 2000 is used.
	Iterations int
	// AdamSteps is the number of steps of Adam before the second run, each one evaluation of the whole curve. If it is 0,
	// 300 is used; if it is negative, there is no second run.
	AdamSteps int
	// StepSize is Adam's, relative to the start: each step changes a parameter by about StepSize times its start value.
	// If it is 0, 0.01 is used.
	StepSize float64
	// AbsoluteSigma says that Sigma are the standard deviations themselves: error bars are not scaled by the residuals.
	AbsoluteSigma bool
	// Loss is the function of the residuals that is minimized. If it is nil, that is least squares.
	Loss Loss
	// Recorder, if not nil, is told of each iteration: X are the parameters, F is the objective. An error of it ends the
	// fit.
	Recorder optimize.Recorder
}

// Result is a fitted curve.
type Result struct {
	Parameters []string      // the names, as in the Model
	Estimate   []float64     // b, in the order of Parameters
	StdErr     []float64     // standard errors of Estimate, the roots of the diagonal of Cov
	Cov        *mat.SymDense // covariance of Estimate, s² (JᵀJ)⁻¹ with J = ∂f/∂b at Estimate

	RSS        float64 // residual sum of squares
	ResidualSD float64 // s = √(RSS/DF), the standard deviation of a response around the curve
	N          int     // number of points
	DF         int     // degrees of freedom, N minus the number of parameters
	Rank       int     // number of independent directions of b that change the curve at Estimate

	// RanAway names parameters that may be on their way to infinity, or to where the curve no longer changes with them: at
	// Estimate the derivatives promise that changing these lowers RSS by more than a millionth, but no step does. It is
	// nil at a minimum; the 27 fits of NIST's problems have promises below 1e-20 of RSS or of the order of its rounding
	// error. Where it is not nil, do not trust Estimate or StdErr: start elsewhere, or choose a simpler curve. High
	// correlations alone are no sign of it: those of a line over calendar years are above 0.99999.
	RanAway []string

	// Status tells how the search ended: optimize.FunctionConvergence if no step can lower RSS beyond its rounding error,
	// optimize.StepConvergence if a step is below that of Estimate, optimize.IterationLimit, or optimize.Failure.
	Status optimize.Status
	// AfterAdam tells which of the two runs found Estimate: that from the end of Adam's way, or that from the start.
	AfterAdam bool
	// Iterations counts the iterations of Levenberg-Marquardt, and Evaluations those of the whole curve (N calls of Func
	// each), of both runs.
	Iterations, Evaluations int

	sets       []Set       // what has been fitted
	parameters []Parameter // as handed to Curve
	settings   Settings
}

// Curve fits m to the responses y at the predictors x by least squares. The predictors x[i] of point i are handed to
// Func as they are; all have the same length, which may be 0. If s is nil, defaults are used.
//
// It searches twice, by Levenberg-Marquardt from start and by Levenberg-Marquardt from the best point on the way of Adam
// (AdamSteps steps on log RSS, in units of the start), and returns the result with the lower RSS; of two that differ by
// no more than rounding or 1e-9 of RSS, the first. From poor starts the second run finds minima that the first misses, and
// the other way round (TestPerturbedStarts counts them). Neither is a global search.
//
// The estimate is improved until rounding ends it: on the 27 reference problems of NIST's StRD, from both starts,
// parameters and standard errors agree with the certified ones to nine digits or more (TestNIST). Where DF is 0 the curve passes through the points and says nothing
// about its error: StdErr, Cov and ResidualSD are NaN. Otherwise they are s²(JᵀJ)⁻¹ of the linearized curve, which is
// exact for linear models with independent normal errors of equal variance, and a good approximation where the curve is
// close to linear within a few StdErr.
//
// All points weigh the same. If the errors of the responses have different standard deviations σᵢ, known up to a common
// factor, divide both sides by them: y[i]/σᵢ, and a Func that returns f/σ and stores ∂f/∂b/σ, with σ a part of x[i]. If σ
// is right ResidualSD is near 1; StdErr is estimated from the residuals and does not depend on the factor.
//
// Input that cannot be fitted is an error and no Result: fewer points than parameters, lengths of x and y that differ, a
// NaN or infinity in x, y or start, a curve that is not finite at the start (a *PointError), a parameter without influence there. With
// these errors there is a Result:
//
//   - *RankError: the minimum is found, but the data do not determine all parameters. StdErr is +Inf for these.
//   - ErrNotConverged: Iterations was not enough. Estimate is the best point; error bars are NaN.
//   - ErrNoDecrease: no step lowers RSS although the derivatives promise it, so these are wrong or the curve is not
//     smooth. Estimate is the best point; error bars are NaN.
//   - The cause of a cancelled ctx: Estimate is the best point so far, error bars are NaN.
//
// Curve panics if Func is nil, if start has not the length of Parameters or both are empty, or if a setting is out of
// range.
func Curve(ctx context.Context, m Model, d Data, p []Parameter, s *Settings) (*Result, error) {
	return Curves(ctx, []Set{{m, d}}, p, s)
}

// Curves fits several sets of data at once. Parameters of the same name are shared.
func Curves(ctx context.Context, sets []Set, params []Parameter, s *Settings) (*Result, error) {
	m, x, y := sets[0].Model, sets[0].X, sets[0].Y
	start := make([]float64, len(params))
	for j, p := range params {
		start[j] = p.Start
	}
	var set Settings
	if s != nil {
		set = *s
	}
	checkUse(m, start, set)
	if err := checkData(m, x, y, start); err != nil {
		return nil, err
	}
	if set.Iterations == 0 {
		set.Iterations = 2000
	}
	if set.AdamSteps == 0 {
		set.AdamSteps = 300
	}
	if set.StepSize == 0 {
		set.StepSize = 0.01
	}

	c := &curve{f: m.Func, x: x, y: y, n: len(start)}
	first := newPoint(c, start)
	for i := range first.jac {
		first.jac[i] = math.NaN() // to notice a Func that stores nothing
	}
	if !c.eval(first, true) {
		return nil, notFinite(m, c, first)
	}
	for j, name := range m.Parameters {
		if c.columnNorm(first, j) == 0 {
			advice := ""
			if slices.Contains(start, 0) {
				advice = "; start from values other than 0"
			}
			return nil, fmt.Errorf("fit: %s has no influence at the start (%s): the derivative of the curve by it is 0 at all points%s",
				name, assignments(m.Parameters, start), advice)
		}
	}

	lm := newLevenberg(c)
	best, status, err := lm.run(ctx, first.clone(), set.Iterations)
	var after bool
	if set.AdamSteps > 0 && !errors.Is(err, errCancelled) {
		p, errWay := travel(ctx, c, first, set.AdamSteps, set.StepSize)
		if errWay == nil {
			var other *point
			var statusOther optimize.Status
			other, statusOther, errWay = lm.run(ctx, p, set.Iterations)
			bar := best.rss - lm.tie(best.rss)
			if err != nil && errWay == nil {
				bar = best.rss + lm.tie(best.rss)
			}
			if other.rss < bar {
				best, status, err, after = other, statusOther, errWay, true
			}
		}
		if errors.Is(errWay, errCancelled) {
			status, err = optimize.Failure, errWay
		}
	}

	r := &Result{
		Parameters:  append([]string(nil), m.Parameters...),
		Estimate:    best.b,
		RSS:         best.rss,
		N:           len(y),
		DF:          len(y) - len(start),
		Status:      status,
		AfterAdam:   after,
		Iterations:  lm.iterations,
		Evaluations: c.evaluations,
		sets:        sets,
		parameters:  params,
		settings:    set,
	}
	errRank := r.infer(lm, best, err == nil)
	switch {
	case errors.Is(err, errCancelled):
		err = fmt.Errorf("fit: cancelled after %d evaluations of the curve: %w", c.evaluations, context.Cause(ctx))
	case err == nil:
		err = errRank
	}
	return r, err
}

// checkUse panics on misuse.
func checkUse(m Model, start []float64, s Settings) {
	switch {
	case m.Func == nil:
		panic("fit: Model.Func is nil")
	case len(m.Parameters) == 0:
		panic("fit: Model.Parameters is empty")
	case len(start) != len(m.Parameters):
		panic(fmt.Sprintf("fit: len(start) = %d, want %d, the length of Model.Parameters", len(start), len(m.Parameters)))
	case s.Iterations < 0:
		panic(fmt.Sprintf("fit: Settings.Iterations = %d, want >= 0", s.Iterations))
	case !(s.StepSize >= 0) || math.IsInf(s.StepSize, 0):
		panic(fmt.Sprintf("fit: Settings.StepSize = %v, want >= 0", s.StepSize))
	}
}

// checkData returns the first thing wrong with the data.
func checkData(m Model, x [][]float64, y, start []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("fit: x has %d points, y has %d", len(x), len(y))
	}
	if len(y) < len(start) {
		return fmt.Errorf("fit: too few points, %d for %d parameters", len(y), len(start))
	}
	for i := range x {
		if len(x[i]) != len(x[0]) {
			return fmt.Errorf("fit: x[%d] has length %d, x[0] has %d", i, len(x[i]), len(x[0]))
		}
		for k, v := range x[i] {
			if !finite(v) {
				return fmt.Errorf("fit: x[%d][%d] is %v", i, k, v)
			}
		}
		if !finite(y[i]) {
			return fmt.Errorf("fit: y[%d] is %v", i, y[i])
		}
	}
	for j, v := range start {
		if !finite(v) {
			return fmt.Errorf("fit: the start of %s is %v", m.Parameters[j], v)
		}
	}
	return nil
}

// PointError says that the curve or a derivative of it is not finite at the start, and at which point.
type PointError struct {
	Point     int       // the index of the first such point
	X         []float64 // its predictors
	Parameter string    // the one by which the derivative is not finite, or "" if the curve itself is not
	Value     float64   // of the curve or of the derivative, NaN or infinite
	Start     string    // the start, as in b1 = 2, b2 = 3
}

// Error implements error.
func (e *PointError) Error() string {
	what := fmt.Sprintf("the curve is %v", e.Value)
	switch {
	case e.Parameter != "" && math.IsNaN(e.Value):
		what = fmt.Sprintf("the derivative by %s was not stored or is NaN", e.Parameter)
	case e.Parameter != "":
		what = fmt.Sprintf("the derivative by %s is %v", e.Parameter, e.Value)
	}
	return fmt.Sprintf("fit: %s at the start (%s), x[%d] = %v", what, e.Start, e.Point, e.X)
}

// notFinite says what is not finite at p, the start.
func notFinite(m Model, c *curve, p *point) error {
	at := assignments(m.Parameters, p.b)
	for i, r := range p.r {
		if !finite(r) {
			return &PointError{Point: i, X: c.x[i], Value: r, Start: at}
		}
	}
	for i := range p.r {
		for j, d := range p.row(i) {
			if !finite(d) {
				return &PointError{Point: i, X: c.x[i], Parameter: m.Parameters[j], Value: d, Start: at}
			}
		}
	}
	return fmt.Errorf("fit: the sum of squares overflows at the start (%s); rescale the data", at)
}

// assignments is b1 = 2, b2 = 3.
func assignments(names []string, b []float64) string {
	var s []string
	for j, name := range names {
		s = append(s, fmt.Sprintf("%s = %v", name, b[j]))
	}
	return strings.Join(s, ", ")
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
