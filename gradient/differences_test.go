package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/diff/fd"
)

var fourPoint = fd.Formula{
	Stencil:    []fd.Point{{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -2. / 3}, {Loc: 1, Coeff: 2. / 3}, {Loc: 2, Coeff: -1. / 12}},
	Derivative: 1,
}

func TestDifferencesScales(t *testing.T) {
	for _, c := range []struct {
		name    string
		formula fd.Formula
		tol     float64
	}{
		{"central", fd.Formula{}, 1e-9},
		{"forward", fd.Forward, 1e-7},
		{"backward", fd.Backward, 1e-7},
		{"four points", fourPoint, 1e-11},
	} {
		for s := 1e-6; s < 2e10; s *= 10 {
			square := gradient.Func(func(x []float64) float64 { return x[0] / s * x[0] / s })
			exp := gradient.Func(func(x []float64) float64 { return math.Exp(x[0] / s) })
			scaled := gradient.Differences{Formula: c.formula, Scale: []float64{s}}
			check := func(what string, d gradient.Differences, f stochopt.Oracle, x, want float64) {
				t.Helper()
				_, g := evaluate(t, d.Oracle(f), []float64{x}, stochopt.Sample{})
				if e := math.Abs(g[0]/want - 1); !(e < c.tol) {
					t.Errorf("%s, %s, scale %v: relative error %v", c.name, what, s, e)
				}
			}
			check("square", scaled, square, s, 2/s)
			check("exp", scaled, exp, s, math.E/s)
			check("exp at 0", scaled, exp, 0, 1/s)
			check("exp at -s", scaled, exp, -s, 1/math.E/s)
			if c.name == "central" || s >= 1 {
				check("square, Scale nil", gradient.Differences{Formula: c.formula}, square, s, 2/s)
			}
		}
	}
	// The companion: one fixed step for all scales.
	g := fd.Derivative(func(x float64) float64 { return x / 1e10 * x / 1e10 }, 1e10, nil)
	if math.Abs(g/2e-10-1) < 0.5 {
		t.Error("a fixed step is right at 1e10 as well: the test cannot fail")
	}
}

// The step is the difference of the abscissas: for f = x the quotient is exactly 1.
func TestDifferencesStepIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	identity := gradient.Func(func(x []float64) float64 { return x[0] })
	inexact := 0
	for range 20_000 {
		x := math.Copysign(math.Exp(20*r.Float64()), r.NormFloat64())
		for _, formula := range []fd.Formula{fd.Central, fd.Forward, fd.Backward} {
			if _, g := evaluate(t, gradient.Differences{Formula: formula}.Oracle(identity), []float64{x}, stochopt.Sample{}); g[0] != 1 {
				t.Fatalf("at %v: %v", x, g[0])
			}
		}
		settings := fd.Settings{Formula: fd.Central, Step: math.Cbrt(0x1p-52) * math.Abs(x)}
		if fd.Derivative(func(x float64) float64 { return x }, x, &settings) != 1 {
			inexact++
		}
	}
	if inexact == 0 {
		t.Error("a step that is not adjusted is exact as well: the test cannot fail")
	}
	// Where a sum passes a power of two, it rounds more coarsely than x.
	for k := range 100 {
		for _, two := range []float64{2, -2} {
			x := two * (1 - float64(k)*0x1p-53)
			if _, g := evaluate(t, gradient.Differences{}.Oracle(identity), []float64{x}, stochopt.Sample{}); g[0] != 1 {
				t.Fatalf("at %v: %v", x, g[0])
			}
		}
	}
	// Far too small a step becomes the smallest that is safe.
	for _, c := range []struct {
		d       gradient.Differences
		x, most float64
	}{
		{gradient.Differences{Noise: 1e-300, Bound: []float64{1e300}}, 1e10, 1e-4},
		{gradient.Differences{Scale: []float64{5e-324}}, 0, 1e-300},
	} {
		f := func(x []float64) float64 {
			if d := math.Abs(x[0] - c.x); d > c.most {
				t.Errorf("step %v at %v, want <= %v", d, c.x, c.most)
			}
			return x[0]
		}
		if _, g := evaluate(t, c.d.Oracle(gradient.Func(f)), []float64{c.x}, stochopt.Sample{}); g[0] != 1 {
			t.Errorf("smallest step at %v: %v", c.x, g[0])
		}
	}
}

// noisy is f with uncontrolled Gaussian noise: it pays no heed to the Sample.
func noisy(sigma float64, seed uint64, f func(x float64) float64) stochopt.Oracle {
	r := rand.New(rand.NewPCG(seed, 0))
	return gradient.Func(func(x []float64) float64 { return f(x[0]) + sigma*r.NormFloat64() })
}

// The mean squared error in noise is that of the theory at the best step h*, at h*/3 and at 3h*.
func TestDifferencesNoise(t *testing.T) {
	const sigma, n = 1e-6, 100_000
	mse := func(d gradient.Differences, f func(float64) float64, x, truth float64, seed uint64) (mean, se float64) {
		o := d.Oracle(noisy(sigma, seed, f))
		grad, at := make([]float64, 1), []float64{x}
		mean, _, se, _ = moments(n, func(int) float64 {
			if _, err := o(grad, at, stochopt.Sample{}); err != nil {
				t.Fatal(err)
			}
			return (grad[0] - truth) * (grad[0] - truth)
		})
		return mean, se
	}
	const mu = 3.0
	square := func(x float64) float64 { return mu / 2 * x * x }
	cube := func(x float64) float64 { return x * x * x }
	for i, k := range []float64{1, 1. / 3, 3} {
		// M/k² makes the forward step k h*, M/k³ the central one.
		got, se := mse(gradient.Differences{Formula: fd.Forward, Noise: sigma, Bound: []float64{mu / (k * k)}}, square, 0.7, 0.7*mu, uint64(i))
		best := math.Sqrt2 * sigma * mu
		near(t, fmt.Sprintf("forward at %.2g h*: MSE", k), got, best*(k*k+1/(k*k))/2, se)
		if k != 1 {
			far(t, "forward off h*", got, best, se)
		}

		got, se = mse(gradient.Differences{Noise: sigma, Bound: []float64{6 / (k * k * k)}}, cube, 0.7, 3*0.49, uint64(i))
		h := math.Cbrt(3 * sigma / 6)
		best = h*h*h*h + sigma*sigma/(2*h*h)
		near(t, fmt.Sprintf("central at %.2g h*: MSE", k), got, best*(math.Pow(k, 4)+2/(k*k))/3, se)
		if k != 1 {
			far(t, "central off h*", got, best, se)
		}
		if want := 0.36056 * math.Pow(sigma, 4./3) * math.Pow(6, 2./3); math.Abs(best/want-1) > 1e-4 {
			t.Errorf("best MSE of the central difference %v, documented %v", best, want)
		}
	}
	// The companion: the default step of diff/fd, 2e-8.
	r := rand.New(rand.NewPCG(9, 9))
	var worst float64
	for range 100 {
		g := fd.Derivative(func(x float64) float64 { return x*x + sigma*r.NormFloat64() }, 1, nil)
		worst = max(worst, math.Abs(g-2))
	}
	if worst < 10 {
		t.Errorf("the default step of diff/fd errs by no more than %v: the test cannot fail", worst)
	}
}

// In one dimension with four points: h* = 1.7013 (σ/M)^(1/5).
func TestDifferencesStepOfOtherStencils(t *testing.T) {
	for _, c := range []struct {
		formula fd.Formula
		p       float64
		want    float64
	}{{fd.Forward, 1, 1.6818}, {fd.Backward, 1, 1.6818}, {fd.Central, 2, 1.4422}, {fourPoint, 4, 1.7013}} {
		var far float64
		f := gradient.Func(func(x []float64) float64 { far = max(far, math.Abs(x[0])); return 0 })
		evaluate(t, gradient.Differences{Formula: c.formula, Noise: 1e-6, Bound: []float64{32}}.Oracle(f), []float64{0}, stochopt.Sample{})
		h := far
		if c.p == 4 {
			h /= 2
		}
		if got := h / math.Pow(1e-6/32, 1/(c.p+1)); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("order %v: h* = %v (σ/M)^(1/(p+1)), want %v", c.p, got, c.want)
		}
	}
}

// Theory: F = (x-ξ)²/2 has a difference quotient of variance s² with common random numbers, 241 without.
func TestDifferencesCommonRandomNumbers(t *testing.T) {
	const x, h, sd, n = 1.2, 0.1, 0.8, 50_000
	draw := func(_, x []float64, s stochopt.Sample) (float64, error) {
		d := x[0] - sd*s.Rand().NormFloat64()
		return d * d / 2, nil
	}
	d := gradient.Differences{Formula: fd.Forward, Noise: 1, Bound: []float64{math.Sqrt(8) / (h * h)}} // only to set h
	variance := func(f stochopt.Oracle) (v, se float64) {
		o := d.Oracle(f)
		_, v, _, se = moments(n, func(k int) float64 {
			_, g := evaluate(t, o, []float64{x}, stochopt.Sample{Seed: 5, Step: k})
			return g[0]
		})
		return v, se
	}
	got, se := variance(draw)
	near(t, "variance with common random numbers", got, sd*sd, se)
	calls := 0
	got, se = variance(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		calls++
		s.Probe = calls // the companion: another Sample at each end
		return draw(grad, x, s)
	})
	near(t, "variance without", got, (((x+h)*(x+h)+x*x)*sd*sd+sd*sd*sd*sd)/(h*h), se)
	if got < 200 {
		t.Errorf("variance without common random numbers %v, want about 241", got)
	}
}

func rosenbrock(x []float64) (f float64) {
	for i := range len(x) - 1 {
		a, b := 1-x[i], x[i+1]-x[i]*x[i]
		f += a*a + 100*b*b
	}
	return f
}

func TestDifferencesConcurrent(t *testing.T) {
	x := make([]float64, 101)
	for i := range x {
		x[i] = math.Sin(float64(i))
	}
	keep := slices.Clone(x)
	f := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			t.Error("f is asked for a gradient")
		}
		runtime.Gosched()
		return rosenbrock(x) * (1 + s.Rand().Float64()), nil
	}
	s := stochopt.Sample{Seed: 3, Step: 4}
	wantF, want := evaluate(t, gradient.Differences{}.Oracle(f), x, s)
	o := gradient.Differences{Concurrent: 8}.Oracle(f)
	for range 20 {
		if gotF, got := evaluate(t, o, x, s); gotF != wantF || !slices.Equal(got, want) {
			t.Fatal("8 variables at once give other bits than one")
		}
	}
	var wg sync.WaitGroup
	for range 4 { // calls at once
		wg.Go(func() {
			for range 5 {
				grad := make([]float64, len(x))
				if gotF, err := o(grad, x, s); gotF != wantF || err != nil || !slices.Equal(grad, want) {
					t.Errorf("several calls at once give other bits than one: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if !slices.Equal(x, keep) {
		t.Error("x is changed")
	}
	if v, _ := f(nil, x, s); v != wantF {
		t.Error("value and differences are not of the same draw")
	}
	if _, g := evaluate(t, o, []float64{}, s); len(g) != 0 { // nothing to do
		t.Error("no variables")
	}
}

func TestDifferencesFailures(t *testing.T) {
	at := []float64{0, 0, 0, 0, 0, 0, 0, 0}
	failure := func(i int) error { return fmt.Errorf("failed at %d", i) }
	which := func(x []float64) int { return slices.IndexFunc(x, func(v float64) bool { return v != 0 }) }
	for _, concurrent := range []int{0, 1, 3, 8} {
		d := gradient.Differences{Concurrent: concurrent}
		o := d.Oracle(func(_, x []float64, _ stochopt.Sample) (float64, error) {
			if i := which(x); i >= 3 {
				return 0, failure(i)
			}
			return 0, nil
		})
		for range 20 {
			if _, err := o(make([]float64, 8), at, stochopt.Sample{}); err == nil || err.Error() != failure(3).Error() {
				t.Errorf("Concurrent %d: error %v, want that of variable 3", concurrent, err)
			}
			if _, err := o(nil, at, stochopt.Sample{}); err != nil {
				t.Errorf("Concurrent %d: value alone: %v", concurrent, err)
			}
		}
		o = d.Oracle(gradient.Func(func(x []float64) float64 {
			if i := which(x); i >= 3 {
				panic(fmt.Sprintf("boom at %d", i))
			}
			return 1
		}))
		for range 20 {
			wantPanic(t, "boom at 3", func() { o(make([]float64, 8), at, stochopt.Sample{}) })
		}
	}
	// Variable 4 fails after variable 3 has.
	started, failed := make(chan bool), make(chan bool)
	o := gradient.Differences{Concurrent: 8}.Oracle(func(_, x []float64, _ stochopt.Sample) (float64, error) {
		switch i := which(x); i {
		case 3:
			<-started
			close(failed)
			return 0, failure(i)
		case 4:
			close(started)
			<-failed
			time.Sleep(20 * time.Millisecond)
			return 0, failure(i)
		}
		return 0, nil
	})
	if _, err := o(make([]float64, 8), at, stochopt.Sample{}); err == nil || err.Error() != failure(3).Error() {
		t.Errorf("error %v, want that of variable 3", err)
	}
	o = gradient.Differences{Concurrent: 2}.Oracle(gradient.Func(func(x []float64) float64 {
		if which(x) == 5 {
			runtime.Goexit()
		}
		return 1
	}))
	if _, err := o(make([]float64, 8), at, stochopt.Sample{}); err == nil {
		t.Error("a value that ends its goroutine is no error")
	}
	bad := errors.New("bad")
	o = gradient.Differences{}.Oracle(func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 1, bad })
	if _, err := o(make([]float64, 8), at, stochopt.Sample{}); err != bad {
		t.Errorf("error at x: %v", err)
	}
	if _, err := gradient.Func(rosenbrock)(make([]float64, 2), []float64{0, 0}, stochopt.Sample{}); err == nil {
		t.Error("Func gives a gradient")
	}
}

func TestDifferencesPanics(t *testing.T) {
	f := gradient.Func(rosenbrock)
	second := fd.Central2nd
	third := fd.Formula{Derivative: 1, Stencil: []fd.Point{{Loc: 0, Coeff: -1}, {Loc: 1, Coeff: 2}}}
	half := fd.Formula{Derivative: 1, Stencil: []fd.Point{{Loc: 0, Coeff: -1}, {Loc: 2, Coeff: 1}}}
	nan := fd.Formula{Derivative: 1, Stencil: []fd.Point{{Loc: 0, Coeff: -1}, {Loc: math.NaN(), Coeff: 1}}}
	for want, d := range map[string]gradient.Differences{
		"Differences.Formula is for the derivative of order 2": {Formula: second},
		"the sum of Coeff*Loc^0 is 1":                          {Formula: third},
		"the sum of Coeff*Loc^1 is 2":                          {Formula: half},
		"the sum of Coeff*Loc^1 is NaN":                        {Formula: nan},
		"Differences.Noise = -1":                               {Noise: -1},
		"Differences.Noise = NaN":                              {Noise: math.NaN()},
		"without Differences.Bound":                            {Noise: 1},
		"Differences.Bound[1] = 0":                             {Noise: 1, Bound: []float64{1, 0}},
		"Differences.Scale[0] = +Inf":                          {Scale: []float64{math.Inf(1)}},
		"Differences.Concurrent = -1":                          {Concurrent: -1},
	} {
		wantPanic(t, want, func() { d.Oracle(f) })
	}
	wantPanic(t, "gradient: Differences.Oracle of nil", func() { gradient.Differences{}.Oracle(nil) })
	wantPanic(t, "gradient: Func of nil", func() { gradient.Func(nil) })
	x := []float64{1, 2}
	wantPanic(t, "len(Differences.Scale) = 1", func() { gradient.Differences{Scale: []float64{1}}.Oracle(f)(x, x, stochopt.Sample{}) })
	wantPanic(t, "len(Differences.Bound) = 1", func() {
		gradient.Differences{Noise: 1, Bound: []float64{1}}.Oracle(f)(x, x, stochopt.Sample{})
	})
	wantPanic(t, "len(grad) = 1", func() { gradient.Differences{}.Oracle(f)(x[:1], x, stochopt.Sample{}) })
}

func TestDifferencesAllocations(t *testing.T) {
	x, grad := make([]float64, 10), make([]float64, 10)
	o := gradient.Differences{}.Oracle(gradient.Func(rosenbrock))
	got := testing.AllocsPerRun(100, func() { o(grad, x, stochopt.Sample{}) })
	// diff/fd itself allocates its step and its sum, which its goroutines could share.
	one := testing.AllocsPerRun(100, func() { fd.Derivative(math.Sin, 1, &fd.Settings{Formula: fd.Central}) })
	if got > one*float64(len(x)) {
		t.Errorf("%v allocations for 10 variables, of which diff/fd makes %v for each", got, one)
	}
	t.Logf("%v allocations, diff/fd makes %v for each of 10 variables", got, one)
}

func ExampleDifferences() {
	f := func(x []float64) float64 { return x[0]*x[0]*x[1] + math.Sin(x[1]) }
	o := gradient.Differences{}.Oracle(gradient.Func(f))
	grad := make([]float64, 2)
	v, err := o(grad, []float64{3, 0}, stochopt.Sample{})
	fmt.Printf("%.4f %.4f %v\n", v, grad, err)
	// Output: 0.0000 [0.0000 10.0000] <nil>
}

// A simulation returns the height of a trajectory to about a millimetre.
func ExampleDifferences_noise() {
	r := rand.New(rand.NewPCG(1, 2))
	height := func(x []float64) float64 { return 10*x[0] - 4.9*x[0]*x[0] + 1e-3*r.NormFloat64() }
	d := gradient.Differences{Formula: fd.Forward, Noise: 1e-3, Bound: []float64{9.8}} // |f"| = 9.8
	grad := make([]float64, 1)
	if _, err := d.Oracle(gradient.Func(height))(grad, []float64{0.5}, stochopt.Sample{}); err != nil {
		fmt.Println(err)
	}
	rms := 1.1892 * math.Sqrt(1e-3*9.8)
	fmt.Printf("5.1 is within 3*%.2f of the estimate: %v\n", rms, math.Abs(grad[0]-5.1) < 3*rms)
	// Output: 5.1 is within 3*0.12 of the estimate: true
}

func BenchmarkDifferences(b *testing.B) {
	for _, n := range []int{2, 100} {
		x, grad := make([]float64, n), make([]float64, n)
		for _, c := range []int{1, 2} {
			b.Run(fmt.Sprintf("n=%d/concurrent=%d", n, c), func(b *testing.B) {
				o := gradient.Differences{Concurrent: c}.Oracle(gradient.Func(rosenbrock))
				b.ReportAllocs()
				for b.Loop() {
					o(grad, x, stochopt.Sample{})
				}
			})
		}
	}
}

// A function with randomness of its own is found at its first draw, unless its noise is stated.
func TestDifferencesUncontrolledNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noisy := gradient.Func(func(x []float64) float64 { return x[0]*x[0] + 0.1*r.NormFloat64() })
	g, x := make([]float64, 1), []float64{1}
	_, err := gradient.Differences{}.Oracle(noisy)(g, x, stochopt.Sample{})
	if err == nil || !strings.Contains(err.Error(), "two values at the same x and Sample") {
		t.Errorf("error %v", err)
	}
	if _, err := (gradient.Differences{Noise: 0.1, Bound: []float64{1}}).Oracle(noisy)(g, x, stochopt.Sample{}); err != nil {
		t.Errorf("with its noise stated: %v", err)
	}
	controlled := func(_, x []float64, s stochopt.Sample) (float64, error) {
		return x[0]*x[0] + 0.1*s.Rand().NormFloat64(), nil
	}
	if _, err := (gradient.Differences{}).Oracle(controlled)(g, x, stochopt.Sample{}); err != nil {
		t.Errorf("with the noise of its Sample: %v", err)
	}
}
