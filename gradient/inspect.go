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
	// Check is how the gradient compares with differences of values; it is the zero Report if there is no gradient or no
	// good draw.
	Check Report
	// PerDraw tells that Check holds for a single draw: its gradient is the derivative of its value. Otherwise Check compares
	// means over draws, and Expected is the error of that comparison in one standard error and the truncation error.
	PerDraw bool
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
// An objective whose first 8 calls for a gradient end with an error is taken to have values only.
//
// It takes n values and n draws of value and gradient, 16 draws more, 20 to 60 values a variable for Check, and 12 n values
// for each variable that is compared in the mean, with 2 n more for each power of ten by which |x_i| is below 1. The error
// tells that there were no good draws, or none beside x. Inspect panics if o is nil, x is empty or n < 8.
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
		return in.Inspection, fmt.Errorf("gradient: Inspect: %d of %d draws at x are not finite and %d end with an error, the first with: %w",
			in.NonFinite, n, in.Errors, in.FirstError)
	}
	in.Mean, in.SD = stat.MeanStdDev(in.f, nil)
	in.classify()
	if len(in.g) > 1 {
		in.signal()
		if err := in.check(); err != nil {
			return in.Inspection, err
		}
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
		refused bool // err is that of the call for the gradient, other than for numbers that are not finite
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
		if d.refused = err != nil && !notFinite(err); d.refused {
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
		in.Gradient[i], in.GradientSD[i] = stat.MeanStdDev(column, nil)
	}
	noise := floats.Norm(in.GradientSD, 2)
	length := floats.Norm(in.Gradient, 2)
	switch {
	case in.Control == Deterministic && length > 0:
		in.Signal = math.Inf(1)
	case noise > 0:
		ratio := length / noise
		in.Signal = math.Sqrt(max(0, ratio*ratio-1/n))
	}
}

// check compares the gradient with differences of values, of one draw if that is enough and else in the mean over draws.
func (in *inspector) check() error {
	if in.Control != Uncontrolled {
		report, err := Check(in.eval, in.x, in.good[0].s)
		if err == nil && (report.OK || in.Control == Deterministic) {
			in.Check, in.PerDraw = report, true
			return nil
		}
		if err != nil && in.Control == Deterministic {
			return err
		}
	}
	dims := min(10, len(in.x))
	in.Check = Report{Component: -1}
	x := slices.Clone(in.x)
	for d := range dims {
		i := d * len(in.x) / dims
		r, ok := in.mean(x, i)
		if !ok {
			continue // no finite values beside x
		}
		if in.Check.Component < 0 || r.worse(in.Check) {
			in.Check = r
		}
	}
	if in.Check.Component < 0 {
		in.Check = Report{}
		return errors.New("gradient: Inspect: no finite values of the objective beside x, along none of the variables looked at")
	}
	return nil
}

// rung is what one step of differences says: of D(h), its mean and standard error over the draws, and of g - D(h).
type rung struct {
	h              float64
	n              float64 // draws that are finite beside x
	d, se          float64
	off, seOff     float64
	rough, expects float64 // error by roughness, as smaller steps show it; all of the error of off
}

// mean compares component i in the mean over the draws; ok is false if there are no values beside x.
func (in *inspector) mean(x []float64, i int) (best Report, ok bool) {
	v := in.x[i]
	defer func() { x[i] = v }()
	top, bottom := max(math.Abs(v), 1), max(math.Abs(v), 1e-10)
	if v == 0 {
		bottom = 1
	}
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
			best.OK = best.Difference <= best.Expected*distuv.StudentsT{Sigma: 1, Nu: r.n - 1}.Quantile(1-fiveSigma)
			ok = true
		}
	}
	return best, ok
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
	value := func(at float64, s stochopt.Sample) float64 {
		x[i] = at
		f, err := in.eval(nil, x, s)
		if err != nil {
			return math.NaN()
		}
		return f
	}
	step := (v + h) - v
	var d, off []float64
	for k, draw := range in.good {
		q := (value(v+step, draw.s) - value(v-step, draw.s)) / (2 * step)
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

// fiveSigma is the probability that a normal number is 5 standard deviations above its mean.
var fiveSigma = distuv.UnitNormal.Survival(5)

// String returns the inspection as a few lines of text.
func (in Inspection) String() string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s%s\n", what, fmt.Sprintf(format, args...))
	}
	switch in.Control {
	case Deterministic:
		line("Randomness", "deterministic: all draws are the same")
	case Seeded:
		line("Randomness", "seeded: equal Samples give equal draws, different ones differ")
	case Uncontrolled:
		line("Randomness", "uncontrolled: equal Samples give different draws; take all randomness from the Sample")
	}
	if in.Split {
		line("", "a value alone is not that of the same draw with its gradient: draw the random numbers in one order")
	}
	if in.NonFinite+in.Errors > 0 {
		line("Failures", "%d of %d draws are not finite, %d end with an error; the first: %v", in.NonFinite, in.Draws, in.Errors, in.FirstError)
	}
	if in.Control == Deterministic {
		line("Value", "%.6g", in.Mean)
	} else {
		good := in.Draws - in.NonFinite - in.Errors
		line("Value", "%.6g ± %.2g, standard deviation of a draw %.3g", in.Mean, in.SD/math.Sqrt(float64(good)), in.SD)
	}
	if in.Gradient == nil {
		line("Gradient", "none; gradient.Differences makes one from values")
	} else {
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
			if in.Check.OK && !in.PerDraw && 5*in.Check.Expected > 2*floats.Norm(in.Gradient, 2) {
				line("", "but noise could hide even a wrong sign: take more draws")
			}
		}
	}
	line("Time", "%v a value%s", in.ValueTime, map[bool]string{true: fmt.Sprintf(", %v with gradient", in.GradientTime)}[in.GradientTime > 0])
	return b.String()
}
