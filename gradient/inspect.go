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
func (c Control) String() string { return [...]string{"deterministic", "seeded", "uncontrolled"}[c] }

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
// Equal Samples are drawn three times, with other draws between. If the values do not change with the Sample at all, the
// gradient is checked once, by Check. If they do, Check is applied to one draw; an estimator of the gradient whose draws
// are right in the mean only (a score function, a draw of its own randomness) fails that, and is then compared in the mean, with
// central differences D_j(h) of the same draws,
//
//	mean_j (g_j - D_j(h)) ± √(se² + ((D(10h) - D(h))/10)²)
//
// at the step h = 10^-1, ..., 10^-5 times max(|x_i|, 1) that has the smallest such error, for at most 10 variables, evenly spread. It
// counts as right within 5 errors. The differences of an objective that jumps, or whose noise is not controlled, can be so
// uncertain that this says little: look at Check.Expected.
//
// It takes n values, about n draws of value and gradient, and 12 n values for each variable that is compared in the mean. The error
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
	good []stochopt.Sample // draws without fault
	f    []float64         // their values
	g    [][]float64       // and gradients, if there are any
}

func (in *inspector) at(step int) stochopt.Sample {
	s := in.s
	s.Step += step
	return s
}

// draw makes the draws and counts their faults.
func (in *inspector) draw(n int) {
	in.Draws = n
	gradient, asked := true, false
	var values, both []float64
	timed := func(grad []float64, s stochopt.Sample, times *[]float64) (float64, error) {
		start := time.Now()
		f, err := in.eval(grad, in.x, s)
		*times = append(*times, float64(time.Since(start)))
		return f, err
	}
	for k := range n {
		s := in.at(k)
		f, err := timed(nil, s, &values)
		var g []float64
		if err == nil && gradient {
			g = slices.Repeat([]float64{math.NaN()}, len(in.x))
			var again float64
			again, err = timed(g, s, &both)
			var fault *stochopt.EvaluationError
			switch {
			case err == nil:
				in.Split = in.Split || again != f
				f = again
			case !asked && errors.As(err, &fault) && fault.Err != nil:
				gradient, g, err = false, nil, nil // it has values only
				both = nil
			}
			asked = true
		}
		var fault *stochopt.EvaluationError
		switch {
		case err == nil:
			in.good, in.f = append(in.good, s), append(in.f, f)
			if g != nil {
				in.g = append(in.g, g)
			}
		case errors.As(err, &fault) && fault.Err == nil:
			in.NonFinite++
		default:
			in.Errors++
		}
		if err != nil && in.FirstError == nil {
			in.FirstError = err
		}
	}
	in.ValueTime = time.Duration(stats.Median(values))
	if len(both) > 0 {
		in.GradientTime = time.Duration(stats.Median(both))
	}
}

// classify draws some of the Samples again.
func (in *inspector) classify() {
	seeded := false
	g := make([]float64, len(in.x))
	for k := range min(4, len(in.good)) {
		var grad []float64
		if in.g != nil {
			grad = g
		}
		f, err := in.eval(grad, in.x, in.good[k])
		if err != nil || f != in.f[k] || in.g != nil && !slices.Equal(g, in.g[k]) {
			in.Control = Uncontrolled
			in.Split = false // nothing is known of it
			return
		}
		seeded = seeded || f != in.f[0] || in.g != nil && !slices.Equal(g, in.g[0])
	}
	for k, f := range in.f {
		seeded = seeded || f != in.f[0] || in.g != nil && !slices.Equal(in.g[k], in.g[0])
	}
	if seeded || in.Split {
		in.Control = Seeded
	}
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
		report, err := Check(in.eval, in.x, in.good[0])
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
		return fmt.Errorf("gradient: Inspect: no finite values of the objective beside x = %v", in.x)
	}
	return nil
}

// mean compares component i in the mean over the draws; ok is false if there are no values beside x.
func (in *inspector) mean(x []float64, i int) (best Report, ok bool) {
	defer func() { x[i] = in.x[i] }()
	value := func(at float64, s stochopt.Sample) float64 {
		x[i] = at
		f, err := in.eval(nil, x, s)
		if err != nil {
			return math.NaN()
		}
		return f
	}
	best.Expected = math.Inf(1)
	wider := math.NaN() // D(10h)
	n := len(in.good)
	d, diff := make([]float64, n), make([]float64, n)
	var supplied float64
	for k := range n {
		supplied += in.g[k][i] / float64(n)
	}
	for h := max(math.Abs(in.x[i]), 1); h > 5e-6*max(math.Abs(in.x[i]), 1); h /= 10 {
		step := (in.x[i] + h) - in.x[i]
		for k, s := range in.good {
			d[k] = (value(in.x[i]+step, s) - value(in.x[i]-step, s)) / (2 * step)
			diff[k] = in.g[k][i] - d[k]
		}
		estimate := stat.Mean(d, nil)
		off, sd := stat.MeanStdDev(diff, nil)
		se := sd / math.Sqrt(float64(n))
		e := math.Hypot(se, (wider-estimate)/10)
		if e < best.Expected { // not for NaN, so not for the widest
			best = Report{Component: i, Supplied: supplied, Estimate: estimate, Difference: math.Abs(off), Expected: e}
			ok = true
		}
		wider = estimate
	}
	best.OK = best.Difference <= 5*best.Expected
	return best, ok
}

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
		}
	}
	line("Time", "%v a value%s", in.ValueTime, map[bool]string{true: fmt.Sprintf(", %v with gradient", in.GradientTime)}[in.GradientTime > 0])
	return b.String()
}
