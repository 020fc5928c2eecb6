package gradient

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stochopt/stochopt"
	"golang.org/x/exp/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Control says where the randomness of an objective comes from.
type Control int

const (
	// Deterministic objectives give the same bits for all Samples.
	Deterministic Control = iota
	// Seeded objectives are functions of x and the Sample.
	Seeded
	// Uncontrolled objectives have randomness of their own: equal Samples give different draws. There are no common random
	// numbers then and runs cannot be repeated; Differences and Check must be told the noise.
	Uncontrolled
)

// String returns the name of c in lower case.
func (c Control) String() string {
	switch c {
	case Deterministic:
		return "deterministic"
	case Seeded:
		return "seeded"
	case Uncontrolled:
		return "uncontrolled"
	}
	return fmt.Sprintf("Control(%d)", int(c))
}

// Inspection is what Inspect has found out about an objective at a point.
type Inspection struct {
	Control Control
	// Draws is how many Samples were drawn. NonFinite of them had a value or gradient component that was NaN or infinite
	// (or too large to be squared), and Errors ended with an error or panic; FirstError is the first of these.
	Draws, NonFinite, Errors int
	FirstError               error
	// Split tells that a value alone differs from the value that is drawn together with the gradient, from the same Sample: the
	// objective takes random numbers in another order when it is not asked for the gradient.
	Split bool
	// Mean and SD are those of the value of a draw.
	Mean, SD float64
	// Gradient is the mean gradient, nil if the objective has none, and GradientSD the standard deviation of a draw of each
	// component.
	Gradient, GradientSD []float64
	// Signal is the signal-to-noise ratio of one draw of the gradient, |E g|/√(E |g - E g|²), estimated without bias in its
	// square; 0 where no signal is seen and +Inf where there is no noise. Averaging n draws multiplies it by √n.
	Signal float64
	// ValueTime and GradientTime are the median times of a call for the value alone and for both.
	ValueTime, GradientTime time.Duration
	// Check is how the gradient compares with differences of values, of the component that is worst or, if all are right
	// and Hidden is set, that of which least is known; it is the zero Report if there is no gradient or no good draw.
	Check Report
	// PerDraw tells that Check holds for a single draw: its gradient is the derivative of its value. Otherwise Check compares
	// means over draws, and Expected is the error of that comparison in one standard error and the truncation error.
	PerDraw bool
	// Hidden tells that Check.OK says little: the error of the comparison in Check.Component, and perhaps in others, is so large
	// that the gradient would have been found right with the wrong sign as well.
	Hidden bool
	// Flat are the components that are exactly 0 in all draws although the value of a draw, which is the same for all small
	// steps of that variable, jumps at a wider one: the objective counts, compares or rounds, and a derivative of single draws
	// misses what its mean does. (Or it is constant around x, and a method that follows the gradient will stay there.)
	Flat []int
}

// Inspect draws o at x from n Samples, with the Steps from s.Step on, and finds out what kind of objective it is: whether its
// randomness is controlled by the Sample, how large its noise is, how often it fails, what it costs, and whether its
// gradient is right. It is meant to be called once before a run.
//
// Each Sample is drawn for the value alone and for value and gradient, and up to 16 of them once more at the end. If the
// values do not change with the Sample at all, the gradient is checked once, by Check. If they do, Check is applied to one
// draw; an estimator of the gradient whose draws are right in the mean only (a score function, a draw of its own
// randomness) fails that, and is then compared in the mean, with central differences D_j(h) of the same draws,
//
//	mean_j (g_j - D_j(h)) ± √(se² + τ² + (ρ/h)²)
//	τ = max(|D(10h) - D(h)|/10, |D(100h) - D(10h)|/1000),  ρ = max |D(10h') - D(h')| h' for h' < h
//
// where τ is ten times what the truncation of a smooth function would be and ρ is for its roughness, at the step h that has
// the smallest such error and does not contradict a smaller one by 5 errors, for at most 10 variables, evenly spread. The
// steps go down by tens from max(|x_i|, 1) to 1e-5 max(|x_i|, 1e-10), or to 1e-5 if x_i = 0. It counts as right within 5
// errors, or more if there are few draws: within the quantile of t that has the probability of 5 standard deviations of a
// normal number. The differences of an objective that jumps, or whose noise is not controlled, can be so uncertain that this
// says little: look at Check.Expected.
//
// Flat is decided for at most 10 variables, evenly spread, Hidden for all components that are compared.
//
// An objective whose first 8 calls for a gradient end with an error, or store no component, is taken to have values only.
//
// At one x the noise of SVRG, SARAH, SAG and SAGA vanishes: from Step 0 on, Inspect calls them deterministic and compares
// the gradient of the whole sum. Inspect the noise of Sum.Shuffled instead. An Oracle that carries the state of a run is
// left where the draws of Inspect have brought it: Reset it before a run that does not begin with Step 0.
//
// It takes n values and n draws of value and gradient, 16 draws more, 20 to 60 values a variable for Check, and 12 n values
// for each variable that is compared in the mean, with 2 n more for each power of ten by which |x_i| is below 1, and as
// much with n = 16 for a component that is exactly 0. The error tells that there were no good draws, or none beside x.
// Inspect panics if o is nil, x is empty or n < 8.
func Inspect(o stochopt.Oracle, x []float64, s stochopt.Sample, n int) (Inspection, error) {
	switch {
	case o == nil:
		panic("gradient: Inspect of a nil Oracle")
	case len(x) == 0:
		panic("gradient: Inspect at an x without variables")
	case n < 8:
		panic(fmt.Sprintf("gradient: Inspect of n = %d draws, want >= 8", n))
	}
	in := &inspector{x: slices.Clone(x), s: s, eval: stochopt.Problem{Oracle: o}.Evaluator()}
	in.draw(n)
	if len(in.f) < 2 {
		err := fmt.Errorf("gradient: Inspect: %d of %d draws at x are not finite and %d end with an error, the first with: %w",
			in.NonFinite, n, in.Errors, in.FirstError)
		if notStored(in.FirstError) {
			err = fmt.Errorf("%w; %s", err, hintStore)
		}
		return in.Inspection, err
	}
	in.Mean, in.SD = meanSD(in.f)
	in.classify()
	if len(in.g) > 1 {
		in.signal()
		if err := in.check(); err != nil {
			return in.Inspection, err
		}
		in.flat()
	}
	return in.Inspection, nil
}

// inspector is a call of Inspect.
type inspector struct {
	Inspection
	x    []float64
	s    stochopt.Sample
	eval stochopt.Oracle
	good []drawn
	f    []float64   // their values
	g    [][]float64 // and gradients, if there are any
}

// drawn is a draw without fault.
type drawn struct {
	s     stochopt.Sample
	alone float64 // the value without the gradient
}

// draw makes the draws and counts their faults.
func (in *inspector) draw(n int) {
	in.Draws = n
	type outcome struct {
		drawn
		f       float64
		g       []float64
		err     error
		refused bool // err is that of the call for the gradient, other than for numbers in it that are not finite
	}
	all := make([]outcome, n)
	var values, both []float64
	timed := func(grad []float64, s stochopt.Sample, times *[]float64) (float64, error) {
		start := time.Now()
		f, err := in.eval(grad, in.x, s)
		*times = append(*times, float64(time.Since(start)))
		return f, err
	}
	hasGradient, refused := false, 0
	for k := range all {
		d := &all[k]
		d.s = in.s
		d.s.Step += k
		d.alone, d.err = timed(nil, d.s, &values)
		d.f = d.alone
		if d.err != nil || !hasGradient && refused == 8 {
			continue
		}
		g := slices.Repeat([]float64{math.NaN()}, len(in.x))
		f, err := timed(g, d.s, &both)
		if d.refused = err != nil && (!notFinite(err) || !hasGradient && !in.stores(d.s)); d.refused {
			refused++
		} else {
			hasGradient = true
		}
		d.f, d.g, d.err = f, g, err
	}
	for _, d := range all {
		if d.refused && !hasGradient {
			d.f, d.g, d.err = d.alone, nil, nil
		}
		switch {
		case d.err == nil:
			in.good, in.f = append(in.good, d.drawn), append(in.f, d.f)
			in.Split = in.Split || d.f != d.alone
			if d.g != nil {
				in.g = append(in.g, d.g)
			}
			continue
		case notFinite(d.err):
			in.NonFinite++
		default:
			in.Errors++
		}
		if in.FirstError == nil {
			in.FirstError = d.err
		}
	}
	in.ValueTime = time.Duration(stats.Median(values))
	if hasGradient {
		in.GradientTime = time.Duration(stats.Median(both))
	}
}

// stores reports whether the objective stores, or adds to, a component of the gradient at all.
func (in *inspector) stores(s stochopt.Sample) bool {
	const unlikely = 0x1.9ac3p-987
	grad := slices.Repeat([]float64{unlikely}, len(in.x))
	in.eval(grad, in.x, s)
	return slices.ContainsFunc(grad, func(g float64) bool { return g != unlikely })
}

// notFinite reports whether err, of a draw, is that of a number that is not finite.
func notFinite(err error) bool {
	var fault *stochopt.EvaluationError
	return errors.As(err, &fault) && fault.Err == nil
}

// classify draws some of the Samples again, those first that differ with and without gradient.
func (in *inspector) classify() {
	order := make([]int, len(in.f))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		split := func(k int) int { // 0 if it does
			if in.f[k] != in.good[k].alone {
				return 0
			}
			return 1
		}
		return split(a) - split(b)
	})
	for _, k := range order[:min(16, len(order))] {
		if !in.repeats(k) {
			in.Control = Uncontrolled
			in.Split = false // nothing is known of it
			return
		}
	}
	seeded := in.Split
	for k, f := range in.f {
		seeded = seeded || f != in.f[0] || in.g != nil && !slices.Equal(in.g[k], in.g[0])
	}
	if seeded {
		in.Control = Seeded
	}
}

// repeats reports whether draw k comes out the same once more.
func (in *inspector) repeats(k int) bool {
	d := in.good[k]
	if in.g != nil {
		g := make([]float64, len(in.x))
		if f, err := in.eval(g, in.x, d.s); err != nil || f != in.f[k] || !slices.Equal(g, in.g[k]) {
			return false
		}
		if d.alone == in.f[k] {
			return true
		}
	}
	f, err := in.eval(nil, in.x, d.s)
	return err == nil && f == d.alone
}

// signal summarizes the gradients.
func (in *inspector) signal() {
	n := float64(len(in.g))
	in.Gradient, in.GradientSD = make([]float64, len(in.x)), make([]float64, len(in.x))
	column := make([]float64, len(in.g))
	for i := range in.x {
		for k, g := range in.g {
			column[k] = g[i]
		}
		in.Gradient[i], in.GradientSD[i] = meanSD(column)
	}
	noise := floats.Norm(in.GradientSD, 2)
	length := floats.Norm(in.Gradient, 2)
	switch {
	case noise == 0 && length > 0:
		in.Signal = math.Inf(1)
	case noise > 0:
		ratio := length / noise
		in.Signal = math.Sqrt(max(0, ratio*ratio-1/n))
	}
}

// meanSD returns the mean and the standard deviation of v, exactly if all are the same.
func meanSD(v []float64) (mean, sd float64) {
	if !slices.ContainsFunc(v, func(a float64) bool { return a != v[0] }) {
		return v[0], 0
	}
	return stat.MeanStdDev(v, nil)
}

// check compares the gradient with differences of values, of one draw if that is enough and else in the mean over draws.
func (in *inspector) check() error {
	if in.Control != Uncontrolled {
		var worst finding
		negligible := in.negligible()
		if negligible == 0 {
			negligible = math.Inf(1) // for there is no sign
		}
		err := components(in.eval, in.x, indices(len(in.x)), in.good[0].s, func(r Report) { worst.add(r, r.doubt(withinExpected, negligible)) })
		if err == nil && (worst.OK || in.Control == Deterministic) {
			in.Check, in.Hidden, in.PerDraw = worst.Report, worst.doubt > 1, true
			return nil
		}
		if err != nil && in.Control == Deterministic {
			return err
		}
	}
	var worst finding
	x := slices.Clone(in.x)
	for _, i := range in.compared() {
		if r, bound, ok := in.mean(x, i); ok { // else there are no finite values beside x
			worst.add(r, r.doubt(bound, in.negligible()))
		}
	}
	in.Check, in.Hidden = worst.Report, worst.doubt > 1
	if !worst.any {
		return errors.New("gradient: Inspect: no finite values of the objective beside x, along none of the variables looked at")
	}
	return nil
}

// compared returns the variables that are compared in the mean, at most 10, evenly spread.
func (in *inspector) compared() []int {
	v := make([]int, min(10, len(in.x)))
	for d := range v {
		v[d] = d * len(in.x) / len(v)
	}
	return v
}

// finding is the Report that matters most of those added: the worst; if all are right and a wrong sign could be hidden in one,
// that of the largest doubt.
type finding struct {
	any bool
	Report
	doubt float64
}

func (w *finding) add(r Report, doubt float64) {
	ahead := r.worse(w.Report)
	if r.OK && w.OK && max(doubt, w.doubt) > 1 {
		ahead = doubt > w.doubt
	}
	if !w.any || ahead {
		*w = finding{true, r, doubt}
	}
}

// doubt returns the error within which r counts as right, bound times what is expected, in units of the difference that a wrong
// sign makes. An error up to negligible makes no doubt.
func (r Report) doubt(bound, negligible float64) float64 {
	within := bound * r.Expected
	if !r.OK || within <= negligible {
		return 0
	}
	return within / (2 * min(math.Abs(r.Supplied), math.Abs(r.Estimate)))
}

// negligible is an error that is nothing beside the whole gradient, as that of rounding is for a component that is 0.
func (in *inspector) negligible() float64 {
	return 1e-8 * math.Hypot(floats.Norm(in.Gradient, 2), floats.Norm(in.GradientSD, 2))
}

// flat finds the components that are 0 in all draws while values jump.
func (in *inspector) flat() {
	if in.Control == Uncontrolled {
		return
	}
	x := slices.Clone(in.x)
	for _, i := range in.compared() {
		if in.Gradient[i] == 0 && in.GradientSD[i] == 0 && in.jumps(x, i) {
			in.Flat = append(in.Flat, i)
		}
	}
}

// jumps reports whether the value of a draw goes, from a step along variable i to ten times as much, from no change at all to one
// of half its digits: one that is smooth would not be constant before.
func (in *inspector) jumps(x []float64, i int) bool {
	v := in.x[i]
	defer func() { x[i] = v }()
	draws := in.good[:min(16, len(in.good))]
	if in.Control == Deterministic {
		draws = draws[:1]
	}
	top, bottom := reach(v)
	for _, d := range draws {
		wider := math.NaN() // what 10h changed
		for h := top; h > 5e-6*bottom; h /= 10 {
			change := max(math.Abs(in.value(x, i, v+h, d.s)-d.alone), math.Abs(in.value(x, i, v-h, d.s)-d.alone))
			if change == 0 {
				if wider > 0x1p-26*math.Abs(d.alone) {
					return true
				}
				break
			}
			wider = change
		}
	}
	return false
}

// value returns that at x with x_i = at, and NaN for an error. It changes x.
func (in *inspector) value(x []float64, i int, at float64, s stochopt.Sample) float64 {
	x[i] = at
	f, err := in.eval(nil, x, s)
	if err != nil {
		return math.NaN()
	}
	return f
}

// reach returns the widest step from v and the size of v in proportion to which the smallest one is.
func reach(v float64) (top, bottom float64) {
	if v == 0 {
		return 1, 1
	}
	return max(math.Abs(v), 1), max(math.Abs(v), 1e-10)
}

// rung is what one step of differences says: of D(h), its mean and standard error over the draws, and of g - D(h).
type rung struct {
	h              float64
	n              float64 // draws that are finite beside x
	d, se          float64
	off, seOff     float64
	rough, expects float64 // error by roughness, as smaller steps show it; all of the error of off
}

// mean compares component i in the mean over the draws, which is right within bound times the error expected; ok is false if
// there are no values beside x.
func (in *inspector) mean(x []float64, i int) (best Report, bound float64, ok bool) {
	v := in.x[i]
	defer func() { x[i] = v }()
	top, bottom := reach(v)
	var ladder []rung
	for h := top; h > 5e-6*bottom; h /= 10 {
		if r, ok := in.rung(x, i, h); ok {
			ladder = append(ladder, r)
		} else {
			ladder = nil // the wider ones are on the other side of a gap
		}
	}
	slices.Reverse(ladder)
	best.Component, best.Expected = i, math.Inf(1)
	for _, g := range in.g {
		best.Supplied += g[i] / float64(len(in.g))
	}
	var rough float64 // the largest |D(10h) - D(h)| h
	for k := range len(ladder) - 1 {
		r := &ladder[k]
		wider := math.Abs(ladder[k+1].d - r.d)
		if k == 0 {
			rough = wider * r.h
		}
		r.rough = rough / r.h
		rough = max(rough, wider*r.h)
		truncation := wider / 10
		if k+2 < len(ladder) { // or D(10h) and D(h) may be near each other by chance
			truncation = max(truncation, math.Abs(ladder[k+2].d-ladder[k+1].d)/1000)
		}
		r.expects = floats.Norm([]float64{r.seOff, truncation, r.rough}, 2)
		if r.expects < best.Expected && agrees(*r, ladder[:k]) {
			best.Estimate, best.Difference, best.Expected = r.d, math.Abs(r.off), r.expects
			bound = distuv.StudentsT{Sigma: 1, Nu: r.n - 1}.Quantile(1 - fiveSigma)
			best.OK = best.Difference <= best.Expected*bound
			ok = true
		}
	}
	return best, bound, ok
}

// agrees reports whether D(h) of r is that of all smaller steps but for their noise: a step much longer than f is smooth
// may seem to have converged, but to something else.
func agrees(r rung, smaller []rung) bool {
	for _, q := range smaller {
		if math.Abs(r.d-q.d) > 5*floats.Norm([]float64{r.expects, q.se, q.rough}, 2) {
			return false
		}
	}
	return true
}

// rung returns that of step h. A draw that fails beside x is left out, but half of them must not.
func (in *inspector) rung(x []float64, i int, h float64) (r rung, ok bool) {
	v := in.x[i]
	step := (v + h) - v
	var d, off []float64
	for k, draw := range in.good {
		q := (in.value(x, i, v+step, draw.s) - in.value(x, i, v-step, draw.s)) / (2 * step)
		if q-q == 0 {
			d, off = append(d, q), append(off, in.g[k][i]-q)
		}
	}
	if len(d) < max(2, len(in.good)/2) {
		return rung{}, false
	}
	r = rung{h: step, n: float64(len(d))}
	r.d, r.se = stat.MeanStdDev(d, nil)
	r.off, r.seOff = stat.MeanStdDev(off, nil)
	r.se /= math.Sqrt(r.n)
	r.seOff /= math.Sqrt(r.n)
	return r, true
}

// notStored reports whether err may be that of a component that the objective has not stored.
func notStored(err error) bool {
	var fault *stochopt.EvaluationError
	return errors.As(err, &fault) && fault.Err == nil && fault.Component >= 0 && math.IsNaN(fault.Value)
}

// hintStore tells what to do then.
const hintStore = "a component that is not stored, or is added to what grad held, is NaN: if the objective has values only, " +
	"return an error when grad is not nil, or make a gradient by gradient.Differences or SPSA"

// list returns v with commas.
func list(v []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]")
}

// fiveSigma is the probability that a normal number is 5 standard deviations above its mean.
var fiveSigma = distuv.UnitNormal.Survival(5)

// String returns the inspection as a few lines of text.
func (in Inspection) String() string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s%s\n", what, fmt.Sprintf(format, args...))
	}
	good := in.Draws - in.NonFinite - in.Errors
	switch {
	case good < 2: // nothing is known
	case in.Control == Deterministic:
		line("Randomness", "deterministic: all draws are the same")
	case in.Control == Seeded:
		line("Randomness", "seeded: equal Samples give equal draws, different ones differ")
	case in.Control == Uncontrolled:
		line("Randomness", "uncontrolled: equal Samples give different draws; take all randomness from the Sample")
	}
	if in.Split {
		line("", "a value alone is not that of the same draw with its gradient: draw the random numbers in one order")
	}
	if in.NonFinite+in.Errors > 0 {
		line("Failures", "%d of %d draws are not finite, %d end with an error; the first: %v", in.NonFinite, in.Draws, in.Errors, in.FirstError)
		if notStored(in.FirstError) {
			line("", "%s", hintStore)
		}
	}
	switch {
	case good < 2:
	case in.Control == Deterministic:
		line("Value", "%.6g", in.Mean)
	default:
		line("Value", "%.6g ± %.2g, standard deviation of a draw %.3g", in.Mean, in.SD/math.Sqrt(float64(good)), in.SD)
	}
	switch {
	case good < 2:
	case in.Gradient == nil:
		line("Gradient", "none: no component is stored, or asking for it is an error; gradient.Differences or SPSA makes one from values")
	default:
		if in.Control == Deterministic {
			line("Gradient", "of length %.4g", floats.Norm(in.Gradient, 2))
		} else {
			line("Gradient", "signal-to-noise ratio of a draw %.3g", in.Signal)
		}
		how := "in the mean over draws"
		if in.PerDraw {
			how = "of one draw"
		}
		if in.Check != (Report{}) {
			line("", "%s, %v", how, in.Check)
		}
		switch {
		case in.Hidden && in.PerDraw:
			line("", "but roughness of the values could hide even a wrong sign of component %d", in.Check.Component)
		case in.Hidden:
			line("", "but noise could hide even a wrong sign of component %d: take more draws", in.Check.Component)
		}
		if len(in.Flat) > 0 {
			line("", "but exactly 0 in all draws in component %v, although values differ over wider steps: the objective counts or jumps, or "+
				"is constant here; give Differences its Noise and Bound, or take SPSA or Smoothing with such a Width", list(in.Flat))
		}
	}
	line("Time", "%v a value%s", in.ValueTime, map[bool]string{true: fmt.Sprintf(", %v with gradient", in.GradientTime)}[in.GradientTime > 0])
	return b.String()
}
