package infer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Options say how Estimate works and what is asked of it.
type Options struct {
	// Rule travels. If it is nil, it is a stochopt.Adam with its defaults. One whose Estimate is a mean moves too
	// little to tell the size of steps, which RandomScaling needs.
	Rule stochopt.Rule
	// MaxSamples is the budget: draws of the objective in all, where an evaluation of a Problem takes Problem.Samples
	// of them. It is never exceeded. If it is 0, 100 000 is used. Fewer than 3000 evaluations are hardly ever enough.
	// See Counts for what they are spent on.
	MaxSamples int
	// Level is that of the intervals whose half-widths are asked for, in (0, 1). If it is 0, 0.95 is used.
	Level float64
	// HalfWidth asks for half-widths of the intervals in units of x, one for each variable; 0, or nil for all, asks
	// for none.
	HalfWidth []float64
	// Relative asks for half-widths as a part of |x|, >= 0; 0 asks for none. Where both are asked for, the wider one is
	// enough. If nothing is asked for, the budget is used up.
	Relative float64
	// RandomScaling makes the intervals by random scaling, and no Hessian is measured. They are too short: on a logistic
	// regression, as measured by "stochopt reproduce coverage", nominal 95 % intervals cover 89 to 93 %. The
	// iterates mix slowly, so that the scaling does not see all of their scatter, and their mean is biased by the
	// start and by the curvature. Prefer the Hessian, which is the default, where n allows it.
	RandomScaling bool
}

// Status tells what became of an estimate.
type Status int

const (
	// Estimated results have valid error bars that are as narrow as asked for, or nothing was asked for.
	Estimated Status = iota
	// Wide results have valid error bars; the budget ended before they were as narrow as asked for.
	Wide
	// Unsure results have no error bars. Diagnosis tells why.
	Unsure
	// Failed estimates have ended with an error; what is in the Result is what was known by then.
	Failed
)

// String returns the name of s.
func (s Status) String() string {
	return [...]string{"Estimated", "Wide", "Unsure", "Failed"}[s]
}

// Result is an estimate with its error bars.
type Result struct {
	// X is the estimate, made of EffectiveSamples evaluations.
	X []float64
	// StdErr is the standard error of X, NaN where it is missing. With random scaling it is √(6 V_n/n), which is right
	// in the mean of its square only: use Interval.
	StdErr []float64
	// Cov is the covariance of X, H⁻¹SH⁻¹/EffectiveSamples. It is nil with random scaling, or without error bars.
	Cov *mat.SymDense
	// DF is how many degrees of freedom StdErr has, by the scatter of the draws behind H and S.
	DF []float64
	// Scaled tells that the intervals are made by random scaling.
	Scaled bool
	// EffectiveSamples is the number n of evaluations in X, each of Problem.Samples draws: the error bars are those of
	// the mean of n independent observations of H⁻¹g.
	EffectiveSamples int
	// PredictedFloor and MeasuredFloor are the root mean square distances of single iterates from X over the last
	// epoch: as they should be by H, S and the size of the steps, and as they were. The prediction is NaN where there
	// is no H. Late iterates are few independent ones, so a factor of 2 means nothing; where they differ by much more,
	// something that is assumed here does not hold.
	PredictedFloor, MeasuredFloor []float64
	// Signal is the signal-to-noise ratio |E g|/√(E|g - E g|²) of an evaluation over the first 64 iterates of travel,
	// estimated without bias in its square; 0 where no signal was seen. The number of evaluations in which travel sees
	// its way is about its inverse square. It is NaN if travel was shorter.
	Signal float64
	// F is the mean value at X over fresh draws and FStdErr its standard error; NaN if there were none.
	F, FStdErr float64
	// Counts tells where the draws went.
	Counts Counts
	// Trace is the course of both phases: at the ends of the windows of travel, and of the epochs of estimation.
	Trace []Look
	// Status is what became of it, Diagnosis what was noticed, in plain words.
	Status    Status
	Diagnosis []string
}

// Counts are numbers of draws.
type Counts struct {
	Travel int // on the way, by the Rule
	Burn   int // estimating, not in the mean
	Mean   int // estimating, in the mean
	Probe  int // for the Hessian, and to see whether the Sample determines the draw
	Verify int // at X, for F and to see whether it is the minimizer
}

// Total is the sum.
func (c Counts) Total() int { return c.Travel + c.Burn + c.Mean + c.Probe + c.Verify }

// Look is the state of an estimate at one time.
type Look struct {
	// Travelling tells the phase.
	Travelling bool
	// Samples is the number of draws so far.
	Samples int
	// X is the mean of the window while travelling, later the estimate.
	X []float64
	// F is the mean of the values drawn, at iterates and not at X, over the window or epoch.
	F float64
	// StdErr is that of X, nil where it is not known.
	StdErr []float64
}

// Interval returns the confidence interval of variable i at a level such as 0.95: X ± t StdErr with Student's t, or
// that of RandomScaling. It is NaN without error bars. It panics if there is no such variable or the level is not in
// (0, 1).
func (r *Result) Interval(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	component("Result.Interval", i, len(r.X))
	half := r.quantile(i, level) * r.StdErr[i]
	return r.X[i] - half, r.X[i] + half
}

// quantile is the half-width of an interval in units of StdErr.
func (r *Result) quantile(i int, level float64) float64 {
	switch {
	case math.IsNaN(r.StdErr[i]):
		return math.NaN()
	case r.Scaled:
		return CriticalValue(level) / math.Sqrt(6)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: r.DF[i]}.Quantile((1 + level) / 2)
}

const (
	power        = 0.6  // of the decay of the steps
	stiffness    = 0.1  // of the steps with the inverse of H
	firstEpoch   = 256  // steps
	fewestEpochs = 5    // of that length that must be possible after travel
	lag          = 16   // steps that a move is measured over
	fewest       = 16   // evaluations to verify with
	enoughDF     = 200  // degrees of freedom with which H is measured no further
	enoughDraws  = 32   // Samples with which H is trusted
	mostProbes   = 4000 // Samples that H is measured with
	agreement    = 1e-3 // level of the test whether epochs agree
	atRest       = 1e-3 // level of the test whether X is the minimizer
)

// Estimate minimizes E f over the draws of p from x0, and returns the minimizer with the error bars that the draws leave
// it. o may be nil. The budget, Options.MaxSamples, is shared by four parts.
//
// Travel. Rule runs until a stopping.Stationary with a Margin of 0.25 ends it, or half of the budget is spent. Its last
// window tells how far the iterates scatter, and its mean is where the rest begins.
//
// Settle. 256 steps with the scale of the Rule frozen, and decaying, lead to a quieter place:
//
//	x ← x - γ P g,  P_i = 2 d_i/√v_i,  γ = (t0 + t)^-0.6,  t0 = (n+2)^(1/0.6)
//
// for n variables, where d_i is the root mean square of the distance that variable i moved in 16 iterations of the last
// window, and v_i the mean square of its gradient: no state of a Rule is needed. No variable takes a step longer than
// d_i/2.
//
// Estimate. The Hessian H is measured by differences of gradients on common Samples, and P is its inverse, made positive
// definite. In epochs of N steps
//
//	x ← x - γ P g,  γ = 0.1 (t0 + t)^-0.6,  X = x̄ - P ḡ
//
// with the means x̄ of the iterates and ḡ of the gradients taken there; t0 grows with the variance of the curvature.
// The last term takes away what the mean of the iterates still has of the start: on a quadratic, X is the minimizer
// less P times the mean noise. The next epoch begins at X, where H is measured again, with a tenth as many evaluations
// until its noise does not matter. N is 256 until the X of two epochs agree, that is, do not differ at the level 0.001.
// Then N doubles and X is that of all epochs together from the second of these on; should the X of a new epoch differ,
// what was before it is burnt. After each epoch the half-widths are compared with those asked for.
//
// Verify. At X, fresh draws, a fortieth of all at least, give F with its standard error; and by their mean gradient the
// step P g from X to the minimizer, variable by variable. If it is significant (at the level 0.001 for all variables
// together), X is not the minimizer and has no error bars.
//
// The error bars are the square roots of the diagonal of H⁻¹SH⁻¹/EffectiveSamples, S being the covariance of the
// gradients that X is made of, and the intervals use Student's t, with degrees of freedom that account for the noise in
// H and S. No estimate from as many gradients has a smaller covariance, to first order. This is asymptotic: the
// minimizer must be known so well that f is a parabola over the scatter of the iterates, a few StdErr. A combination of
// variables that is known much better than they are, across a narrow curved valley, can have a bias beyond the error
// that Cov gives it; it is the single variables that are verified.
//
// Where the noise does not obey the Sample, and with Options.RandomScaling, settling goes on instead, with four times
// the P above and the same longest step, so that the iterates forget one another sooner. X is the mean of the iterates
// since the last epoch that began in the first fifth of them, with the intervals of RandomScaling, which are somewhat
// too short (see Options.RandomScaling). Badly conditioned problems, which the inverse of H makes round, may take very
// long then.
//
// What they are errors of. Every evaluation is a new draw, and the error bars tell how far from the minimizer of E f
// the draws leave X, where E is over what the Oracle draws from. If every draw is an observation that has not been used
// before, from a stream or a simulation, that is the statistical error of the parameters. If draws are taken with
// replacement from a finite data set, E f is the mean over this data set, and the error bars are the Monte Carlo error
// of the optimizer alone: how far X is from the minimizer of the mean over the data, which goes to 0 as more draws are
// taken. The statistical error of the data, how far that minimizer would be with other data, is another thing, and not
// in it. If a draw is one datum of N, its covariance is Cov·EffectiveSamples/N; if both are wanted, the covariances
// add. Draws without replacement are not independent, and the Monte Carlo error then is less than told.
//
// The Samples are Step = FirstStep, FirstStep + 1, ... of the Problem's Seed; those for H are used at 2n points, and
// one is used twice to see whether the draw obeys it. So equal Problems give equal bits, whatever Concurrent is.
// Estimate keeps about six matrices n×n and one for each of the at most 4000 Samples that H is measured with; a step
// costs an evaluation and 2n² multiplications, a measurement n³ for each Sample kept. With RandomScaling it keeps some
// thirty vectors, and a step costs a few passes over them: prefer it for more than a few hundred variables.
//
// Diagnosis tells of: noise that does not obey the Sample, a gradient without noise, a Hessian not shown to be positive
// definite, variables at the boundary of the feasible set (where the law of the estimate is not normal), a travel or
// estimation that does not arrive, a budget too small. What it cannot see is that another minimum is lower: X is the
// one that travel led to.
//
// An error of the objective or the end of ctx ends the estimate; the Result then holds what is known, with the Status
// Failed. Estimate panics if p has no gradient or PerPoint set, if x0 is empty or not finite, or if an option is out
// of its range.
//
// Reference: B. T. Polyak, A. B. Juditsky, Acceleration of stochastic approximation by averaging, SIAM Journal on
// Control and Optimization 30, 1992, for means of iterates and their covariance; X. Chen, J. D. Lee, X. T. Tong, Y.
// Zhang, Annals of Statistics 48, 2020, for the plug-in of H and S; F. E. Satterthwaite, Biometrics Bulletin 2, 1946,
// for the degrees of freedom. The term P ḡ is the step of Le Cam's one-step estimator; epochs, agreement and
// verification are ours.
func Estimate(ctx context.Context, p stochopt.Problem, x0 []float64, o *Options) (*Result, error) {
	r := newRun(ctx, p, x0, o)
	err := r.estimate(x0)
	res := r.result
	r.counts()
	if err != nil {
		res.Status = Failed
		r.strip()
	}
	return res, err
}

// errSpent ends a part for which the budget does not suffice.
var errSpent = errors.New("infer: the budget is spent")

// run is an Estimate under way.
type run struct {
	ctx     context.Context
	problem stochopt.Problem
	oracle  stochopt.Oracle
	o       Options
	rep     int // draws in an evaluation
	n       int // variables
	budget  int // evaluations
	spent   int
	travel  int  // of them
	moves   int  // of them, for steps of estimation
	probes  int  // of them
	verify  int  // of them
	part    *int // the one of these that is being counted
	step    int  // next Sample
	result  *Result

	x, g    []float64 // iterate and gradient
	where   window    // the last window of travel
	epochs  []*epoch  // in the mean
	t       int       // steps taken
	hessian bool      // is measured
	curve   curvature
}

func newRun(ctx context.Context, p stochopt.Problem, x0 []float64, o *Options) *run {
	r := &run{ctx: ctx, problem: p, n: len(x0), rep: max(1, p.Samples)}
	if o != nil {
		r.o = *o
	}
	r.oracle = p.Evaluator()
	switch {
	case r.n == 0:
		panic("infer: Estimate: len(x0) = 0, want at least one variable")
	case p.Func != nil && p.Grad == nil:
		panic("infer: Estimate: the Problem has no gradient: estimate it from Func by package gradient")
	case p.PerPoint:
		panic("infer: Estimate: Problem.PerPoint is set; every evaluation must be a new Sample")
	case r.o.MaxSamples < 0:
		panic(fmt.Sprintf("infer: Options.MaxSamples = %d, want > 0, or 0 for 100 000", r.o.MaxSamples))
	case !(r.o.Level >= 0 && r.o.Level < 1):
		panic(fmt.Sprintf("infer: Options.Level = %v, want in (0, 1), or 0 for 0.95", r.o.Level))
	case r.o.HalfWidth != nil && len(r.o.HalfWidth) != r.n:
		panic(fmt.Sprintf("infer: len(Options.HalfWidth) = %d, want len(x0) = %d", len(r.o.HalfWidth), r.n))
	case !(r.o.Relative >= 0) || math.IsInf(r.o.Relative, 1):
		panic(fmt.Sprintf("infer: Options.Relative = %v, want finite and >= 0", r.o.Relative))
	}
	for i, v := range x0 {
		if v-v != 0 {
			panic(fmt.Sprintf("infer: Estimate: x0[%d] = %v, want finite", i, v))
		}
	}
	for i, w := range r.o.HalfWidth {
		if !(w >= 0) {
			panic(fmt.Sprintf("infer: Options.HalfWidth[%d] = %v, want >= 0", i, w))
		}
	}
	r.o.MaxSamples = cmp.Or(r.o.MaxSamples, 100_000)
	r.o.Level = cmp.Or(r.o.Level, 0.95)
	if r.o.Rule == nil {
		r.o.Rule = &stochopt.Adam{}
	}
	r.budget = r.o.MaxSamples / r.rep
	if r.budget == 0 {
		panic(fmt.Sprintf("infer: Options.MaxSamples = %d, want at least Problem.Samples = %d", r.o.MaxSamples, r.rep))
	}
	r.x, r.g = slices.Clone(x0), make([]float64, r.n)
	r.result = &Result{X: slices.Clone(x0), Signal: math.NaN(), F: math.NaN(), FStdErr: math.NaN()}
	r.strip()
	return r
}

// strip takes the error bars away.
func (r *run) strip() {
	res := r.result
	res.StdErr, res.DF, res.Cov, res.Scaled = nans(r.n), nans(r.n), nil, false
}

// say adds to the diagnosis.
func (r *run) say(format string, args ...any) {
	r.result.Diagnosis = append(r.result.Diagnosis, fmt.Sprintf(format, args...))
}

// unsure ends without error bars.
func (r *run) unsure(format string, args ...any) {
	r.result.Status = Unsure
	r.strip()
	r.say(format, args...)
}

// counts sets Counts.
func (r *run) counts() {
	kept := r.result.EffectiveSamples
	r.result.Counts = Counts{
		Travel: r.travel * r.rep,
		Burn:   (r.moves - kept) * r.rep,
		Mean:   kept * r.rep,
		Probe:  r.probes * r.rep,
		Verify: r.verify * r.rep,
	}
}

// left is how many evaluations are left for estimating: a fortieth of the budget is kept to verify.
func (r *run) left() int { return r.budget - r.spent - max(fewest, r.budget/40) }

// sample returns the next Sample.
func (r *run) sample() stochopt.Sample {
	s := stochopt.Sample{Seed: r.problem.Seed, Step: r.problem.FirstStep + r.step}
	r.step++
	return s
}

// draw evaluates, if ctx and the budget let it.
func (r *run) draw(grad, x []float64, s stochopt.Sample) (float64, error) {
	if r.ctx.Err() != nil {
		return math.NaN(), fmt.Errorf("infer: Estimate: %w", context.Cause(r.ctx))
	}
	if r.spent >= r.budget {
		return math.NaN(), errSpent
	}
	r.spent++
	*r.part++
	return r.oracle(grad, x, s)
}

func (r *run) estimate(x0 []float64) error {
	if err := r.goThere(x0); err != nil {
		return err
	}
	obeys, noisy, err := r.inspect()
	if err != nil {
		return r.small(err)
	}
	r.hessian = obeys && noisy && !r.o.RandomScaling
	switch {
	case !noisy:
		r.unsure("the gradient has no noise: it is the same in 9 Samples where travel ended. X is that point; the methods of " +
			"gonum for exact gradients come closer")
	case r.hessian:
		err = r.byHessian()
	default:
		if !obeys {
			r.say("the noise is not controlled by the Sample: equal Samples give different draws, so the Hessian cannot be " +
				"measured by differences; the intervals are made by random scaling, and the run cannot be repeated")
		}
		err = r.byScaling()
	}
	if err != nil {
		return r.small(err)
	}
	return r.small(r.check())
}

// small turns the end of the budget into a diagnosis.
func (r *run) small(err error) error {
	if err == errSpent {
		r.unsure("the budget of %d draws is too small: travel took %d, and the rest does not suffice to estimate and verify",
			r.o.MaxSamples, r.travel*r.rep)
		return nil
	}
	return err
}

// asked reports whether half-widths are asked for.
func (r *run) asked() bool {
	return r.o.Relative > 0 || slices.ContainsFunc(r.o.HalfWidth, func(w float64) bool { return w > 0 })
}

// excess returns the largest ratio of a half-width to what is asked for, squared: so many times the present
// EffectiveSamples would be enough.
func (r *run) excess() float64 {
	if !r.asked() {
		return math.Inf(1)
	}
	var most float64
	for i, x := range r.result.X {
		want := r.o.Relative * math.Abs(x)
		if r.o.HalfWidth != nil {
			want = max(want, r.o.HalfWidth[i])
		}
		if want == 0 && r.o.Relative == 0 {
			continue
		}
		q := r.result.quantile(i, r.o.Level) * r.result.StdErr[i] / want
		if math.IsNaN(q) { // no error bar
			return math.Inf(1)
		}
		most = max(most, q*q)
	}
	return most
}

// check verifies X.
func (r *run) check() error {
	res := r.result
	// As many draws as a fortieth of those so far, and what estimating has left over.
	m := max(fewest, r.spent/39)
	if !r.asked() || res.Status == Wide {
		m = max(m, r.budget-r.spent)
	}
	m = min(m, r.budget-r.spent)
	if m < fewest {
		return errSpent
	}
	f, g := newMoments(1), newMoments(r.n)
	r.part = &r.verify
	value, move := make([]float64, 1), make([]float64, r.n)
	for range m {
		v, err := r.draw(r.g, res.X, r.sample())
		if err != nil {
			return err
		}
		value[0] = v
		f.add(value)
		copy(move, r.g)
		if res.Cov != nil {
			r.curve.precondition(move, r.g)
		}
		g.add(move)
	}
	res.F, res.FStdErr = f.mean[0], math.Sqrt(f.variance(0)/float64(m))
	if res.Status == Unsure {
		return nil
	}
	limit := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m - 1)}.Quantile(1 - atRest/float64(2*r.n))
	for i, v := range g.mean {
		se := math.Sqrt(g.variance(i) * (1/float64(m) + 1/float64(max(1, res.EffectiveSamples))))
		if res.Cov != nil && math.Abs(v) <= r.slack(i) {
			continue
		}
		if math.Abs(v) > float64(limit*se) {
			what := fmt.Sprintf("component %d of the gradient", i)
			if res.Cov != nil {
				what = fmt.Sprintf("the step to the minimizer in x[%d]", i)
			}
			r.unsure("X is not the minimizer: on %d fresh evaluations %s is %.3g, %.1f standard errors from 0; "+
				"a larger budget or another start is needed", m, what, v, math.Abs(v)/se)
			return nil
		}
	}
	return nil
}

// inspect reports whether equal Samples give equal draws, and whether the gradient differs between Samples at all.
func (r *run) inspect() (obeys, noisy bool, err error) {
	a, b := make([]float64, r.n), make([]float64, r.n)
	r.part = &r.probes
	first := r.sample()
	fa, err := r.draw(a, r.x, first)
	if err != nil {
		return false, false, err
	}
	for range 8 {
		if _, err := r.draw(b, r.x, r.sample()); err != nil {
			return false, false, err
		}
		noisy = noisy || !slices.Equal(a, b)
	}
	fb, err := r.draw(b, r.x, first)
	if err != nil {
		return false, false, err
	}
	return fa == fb && slices.Equal(a, b), noisy, nil
}

// project applies Problem.Project and marks what it has moved.
func (r *run) project(x []float64, moved []int, scratch []float64) (err error) {
	if r.problem.Project == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("infer: Problem.Project: %w", &stochopt.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	copy(scratch, x)
	r.problem.Project(x)
	for i, v := range x {
		if moved != nil && v != scratch[i] {
			moved[i]++
		}
	}
	return nil
}

func nans(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}
