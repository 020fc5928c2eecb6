package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/diff/fd"
)

// curves are functions with the derivatives of orders 1, 2 and 3.
var curves = []struct {
	name          string
	f, d1, d2, d3 func(t float64) float64
}{
	{"exp", math.Exp, math.Exp, math.Exp, math.Exp},
	{"2+sin", func(t float64) float64 { return 2 + math.Sin(t) }, math.Cos,
		func(t float64) float64 { return -math.Sin(t) }, func(t float64) float64 { return -math.Cos(t) }},
	{"cube", func(t float64) float64 { return t * t * t }, func(t float64) float64 { return 3 * t * t },
		func(t float64) float64 { return 6 * t }, func(float64) float64 { return 6 }},
	{"log", math.Log, func(t float64) float64 { return 1 / t },
		func(t float64) float64 { return -1 / (t * t) }, func(t float64) float64 { return 2 / (t * t * t) }},
	{"1/(1+t²)", func(t float64) float64 { return 1 / (1 + t*t) },
		func(t float64) float64 { return -2 * t / math.Pow(1+t*t, 2) },
		func(t float64) float64 { return (6*t*t - 2) / math.Pow(1+t*t, 3) },
		func(t float64) float64 { return 24 * t * (1 - t*t) / math.Pow(1+t*t, 4) }},
}

// The error of a difference whose Noise and Bound are measured is at most slack times the least that theory allows, and
// it beats the fixed step of diff/fd by the factor that theory says, or more than 1/slack of it: for f(x/s) at x about
// 1.3 s, s from 1e-6 to 1e8, and noise from 0 to 0.01 |f|. slack is 2: in the mean over many draws the error is 1.02 to
// 1.15 times the least, but 1.42 times for 2+sin in noise of 0.01 |f|, whose best step is beyond what Tuned looks at;
// five standard errors of a root mean square of 100 draws are 35 %.
func TestTunedAccuracy(t *testing.T) {
	const slack, n = 2, 100
	r := rand.New(rand.NewPCG(1, 2))
	var levels, within, worst, untunedWorst, most, least float64
	least = math.Inf(1)
	for _, c := range curves {
		for _, formula := range []fd.Formula{fd.Central, fd.Forward} {
			for _, s := range []float64{1e-6, 1e-3, 1, 1e3, 1e8} {
				for _, relative := range []float64{0, 1e-12, 1e-9, 1e-6, 1e-3, 1e-2} {
					var tuned, fixed, untuned, best, predicted float64 // sums of squared errors of s times the derivative
					for range n {
						m := 1.3 + 0.1*r.NormFloat64()
						x := []float64{s * m}
						sigma := relative * math.Abs(c.f(m))
						f := noisy(sigma, r.Uint64(), func(x float64) float64 { return c.f(x / s) })
						line := func(v float64) float64 { y, _ := f(nil, []float64{v}, stochopt.Sample{}); return y }
						d, err := gradient.Differences{Formula: formula, Scale: []float64{s}}.Tuned(f, x, stochopt.Sample{})
						if err != nil {
							t.Fatalf("%s, s = %v, noise %v: %v", c.name, s, relative, err)
						}
						if relative > 0 {
							levels++
							if off := math.Abs(math.Log2(d.Noise / sigma)); off <= 2 {
								within++
							}
						}
						square := func(g float64) float64 { return (g*s - c.d1(m)) * (g*s - c.d1(m)) }
						_, g := evaluate(t, d.Oracle(f), x, stochopt.Sample{})
						tuned += square(g[0])
						fixed += square(fd.Derivative(line, x[0], &fd.Settings{Formula: formula}))
						// The companion: a step for rounding.
						blind := gradient.Differences{Formula: formula, Noise: 0x1p-53, Bound: []float64{1 / (s * s * s)}}
						if formula.Stencil[0].Loc == 0 {
							blind.Bound[0] = 1 / (s * s)
						}
						_, g = evaluate(t, blind.Oracle(f), x, stochopt.Sample{})
						untuned += square(g[0])

						// Rounding is noise as well: that of f, between 0.29 and 0.58 of 2^-53 |f|, and that of x/s.
						atLeast := max(sigma, 0.29*0x1p-53*math.Abs(c.f(m)))
						atMost := max(sigma, 0x1p-53*(math.Abs(c.f(m))+math.Abs(m*c.d1(m))))
						h := formula.Step / s
						if formula.Stencil[0].Loc == 0 {
							best += math.Sqrt2 * atMost * math.Abs(c.d2(m))
							predicted += 2 * atLeast * atLeast / (h * h)
						} else {
							best += 0.36056 * math.Pow(atMost, 4./3) * math.Pow(math.Abs(c.d3(m)), 2./3)
							predicted += atLeast * atLeast / (2 * h * h)
						}
						if h > 1e-3 { // else truncation does not matter
							exact := fd.Derivative(c.f, m, &fd.Settings{Formula: formula, Step: h})
							predicted += (exact - c.d1(m)) * (exact - c.d1(m))
						}
					}
					ratio := math.Sqrt(tuned / best)
					beats, promised := math.Sqrt(fixed/tuned), math.Sqrt(predicted/best)
					if !(ratio <= slack) {
						t.Errorf("%s, s = %v, noise %v, %d: error %.2f times the least", c.name, s, relative, len(formula.Stencil), ratio)
					}
					if beats < promised/slack { // NaN where the fixed step leaves the domain
						t.Errorf("%s, s = %v, noise %v: fixed step beaten by %.3g, theory %.3g", c.name, s, relative, beats, promised)
					}
					worst, untunedWorst = max(worst, ratio), max(untunedWorst, math.Sqrt(untuned/best))
					if beats-beats == 0 {
						most, least = max(most, beats), min(least, beats)
					}
				}
			}
		}
	}
	t.Logf("error at most %.2f times the least; diff/fd beaten by %.2g to %.2g; %.2f%% of %v levels within a factor 4",
		worst, least, most, 100*within/levels, levels)
	if math.Abs(within/levels-0.989) > 0.01 {
		t.Errorf("%v of the noise levels are within a factor 4, want 0.989", within/levels)
	}
	if untunedWorst < 100 {
		t.Errorf("without Tuned the error is at most %v times the least: the test cannot fail", untunedWorst)
	}
}

// rough is f with noise that is a function of x and the Sample.
func rough(sigma float64, f func(x []float64) float64) stochopt.Oracle {
	return func(_, x []float64, s stochopt.Sample) (float64, error) {
		h := uint64(s.Step)
		for _, v := range x {
			h = (h^math.Float64bits(v))*0x9e3779b97f4a7c15 + 1
			h ^= h >> 29
		}
		return f(x) + sigma*rand.New(rand.NewPCG(h, s.Seed)).NormFloat64(), nil
	}
}

func TestTunedConcurrent(t *testing.T) {
	const n = 12
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Pow(10, float64(i-6))
	}
	f := func(x []float64) (sum float64) {
		for i, v := range x {
			sum += math.Exp(v / math.Pow(10, float64(i-6)))
		}
		return sum
	}
	s := stochopt.Sample{Seed: 1, Step: 2}
	for _, sigma := range []float64{0, 1e-9, 1e-4} {
		d := gradient.Differences{Scale: slices.Clone(x)}
		o := rough(sigma, f)
		var calls atomic.Int64
		counted := func(grad, x []float64, at stochopt.Sample) (float64, error) {
			calls.Add(1)
			if grad != nil || at != s {
				t.Errorf("asked for a gradient or at %+v", at)
			}
			return o(grad, x, at)
		}
		keep := slices.Clone(x)
		one, err := d.Tuned(counted, x, s)
		if err != nil {
			t.Fatal(err)
		}
		if c := calls.Load(); c > 29+2*4*n {
			t.Errorf("noise %v: %d values", sigma, c)
		}
		d.Concurrent = 5
		for range 5 {
			many, err := d.Tuned(counted, x, s)
			if err != nil || many.Noise != one.Noise || !slices.Equal(many.Bound, one.Bound) || many.Concurrent != 5 {
				t.Errorf("5 variables at once: %+v, %v, want %+v", many, err, one)
			}
		}
		if !slices.Equal(x, keep) || d.Noise != 0 || d.Bound != nil {
			t.Error("x or the receiver is changed")
		}
		_, grad := evaluate(t, one.Oracle(o), x, s)
		for i, g := range grad {
			noise := max(sigma, 2e-15) // rounding of a sum of about 30
			if e := math.Abs(g*x[i] - math.E); e > 10*0.6*math.Pow(noise, 2./3)*math.Cbrt(math.E) {
				t.Errorf("noise %v: error %v along x[%d]", sigma, e, i)
			}
			if m := one.Bound[i] * x[i] * x[i] * x[i]; m < math.E/2 || m > math.E*2 {
				t.Errorf("noise %v: Bound %v of size e along x[%d]", sigma, m, i)
			}
		}
	}
}

// The third derivative of a parabola is 0: what is measured is a bound, and the step as large as the values that were
// seen.
func TestTunedParabola(t *testing.T) {
	const sigma = 1e-3
	for k := range 50 {
		f := noisy(sigma, uint64(k), func(x float64) float64 { return 1 + x*x })
		d, err := gradient.Differences{}.Tuned(f, []float64{2}, stochopt.Sample{Step: k})
		if err != nil {
			t.Fatal(err)
		}
		h := math.Cbrt(3 * d.Noise / d.Bound[0])
		if h < 0.1 || h > 0.375*2 {
			t.Errorf("step %v at x = 2", h)
		}
		if _, g := evaluate(t, d.Oracle(f), []float64{2}, stochopt.Sample{}); math.Abs(g[0]-4) > 5*sigma/(math.Sqrt2*h) {
			t.Errorf("derivative %v, want 4", g[0])
		}
	}
	// The companion: a bound without the noise lets the step grow beyond.
	d := gradient.Differences{Noise: sigma, Bound: []float64{1e-6}}
	far := 0.0
	f := gradient.Func(func(x []float64) float64 { far = max(far, math.Abs(x[0]-2)); return x[0] * x[0] })
	if evaluate(t, d.Oracle(f), []float64{2}, stochopt.Sample{}); far < 0.75 {
		t.Error("a small bound keeps the step small: the test cannot fail")
	}
}

func TestTunedCases(t *testing.T) {
	for _, c := range []struct {
		name   string
		d      gradient.Differences
		f      stochopt.Oracle
		x      float64
		want   float64
		tol    float64
		noise0 bool // Noise is 0
	}{
		{"constant", gradient.Differences{}, gradient.Func(func([]float64) float64 { return 3 }), 1, 0, 0, true},
		{"identity", gradient.Differences{}, gradient.Func(func(x []float64) float64 { return x[0] }), 7, 1, 1e-15, true},
		{"zero of sin", gradient.Differences{}, gradient.Func(func(x []float64) float64 { return math.Sin(x[0]) }), 0, 1, 1e-12, false},
		{"top of cos", gradient.Differences{}, gradient.Func(func(x []float64) float64 { return math.Cos(x[0]) }), 0, 0, 1e-12, false},
		{"large constant", gradient.Differences{}, gradient.Func(func(x []float64) float64 { return 1e9 + math.Sin(x[0]) }), 1, math.Cos(1), 1e-3, false},
		{"edge of a domain", gradient.Differences{}, noisy(1e-4, 1, math.Log), 0.01, 100, 10, false},
		{"Noise known", gradient.Differences{Noise: 1e-4}, noisy(1e-4, 1, math.Exp), 1, math.E, 0.02, false},
		{"four points", gradient.Differences{Formula: fourPoint}, noisy(1e-9, 1, math.Exp), 1, math.E, 1e-6, false},
		{"backward", gradient.Differences{Formula: fd.Backward}, noisy(1e-9, 1, math.Exp), 1, math.E, 5e-4, false},
		{"noise around 0", gradient.Differences{}, noisy(1e-3, 1, func(x float64) float64 { return x - 1 }), 1, 1, 0.02, false},
	} {
		d, err := c.d.Tuned(c.f, []float64{c.x}, stochopt.Sample{Seed: 1})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if (d.Noise == 0) != c.noise0 || (d.Bound == nil) != c.noise0 || c.d.Noise > 0 && d.Noise != c.d.Noise {
			t.Errorf("%s: Noise %v, Bound %v", c.name, d.Noise, d.Bound)
		}
		if _, g := evaluate(t, d.Oracle(c.f), []float64{c.x}, stochopt.Sample{Seed: 1}); !(math.Abs(g[0]-c.want) <= c.tol) {
			t.Errorf("%s: derivative %v, want %v, error %.2g with Noise %v, Bound %v", c.name, g[0], c.want, g[0]-c.want, d.Noise, d.Bound)
		}
	}
}

func TestTunedFailures(t *testing.T) {
	x, bad := []float64{1, 2}, errors.New("bad")
	calls := 0
	fails := func(after int) stochopt.Oracle {
		calls = 0
		return func(_, x []float64, _ stochopt.Sample) (float64, error) {
			if calls++; calls > after {
				return 0, bad
			}
			return math.Exp(x[0]) * math.Exp(x[1]), nil
		}
	}
	for _, after := range []int{0, 3, 7, 8, 11, 13} {
		if _, err := (gradient.Differences{}).Tuned(fails(after), x, stochopt.Sample{}); err != bad {
			t.Errorf("after %d values: error %v", after, err)
		}
	}
	lone := gradient.Func(func(y []float64) float64 {
		if y[1] != 2 {
			return math.NaN()
		}
		return math.Exp(y[0])
	})
	_, err := gradient.Differences{Noise: 1e-9}.Tuned(lone, x, stochopt.Sample{})
	if err == nil || !strings.Contains(err.Error(), "no estimate of the derivative of order 3 along x[1]") {
		t.Errorf("no values beside x: %v", err)
	}
	if _, err = (gradient.Differences{}).Tuned(lone, x, stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "no noise level in 28 values") {
		t.Errorf("no values on a line: %v", err)
	}
	f := gradient.Func(func(x []float64) float64 { return x[0] })
	wantPanic(t, "gradient: Differences.Oracle of nil", func() { gradient.Differences{}.Tuned(nil, x, stochopt.Sample{}) })
	wantPanic(t, "x without variables", func() { gradient.Differences{}.Tuned(f, nil, stochopt.Sample{}) })
	wantPanic(t, "len(Differences.Scale) = 1", func() { gradient.Differences{Scale: x[:1]}.Tuned(f, x, stochopt.Sample{}) })
	wantPanic(t, "Differences.Noise = -1", func() { gradient.Differences{Noise: -1}.Tuned(f, x, stochopt.Sample{}) })
}

// The central differences that measure derivatives are exact for polynomials of their order and the next.
func TestTunedDerivative(t *testing.T) {
	// For x^q/q! + x^(q+1) at 0, whatever h, the derivative of order q is 1; Bound adds the noise, which is far
	// smaller.
	for _, c := range []struct {
		formula fd.Formula
		q       int
	}{{fd.Forward, 2}, {fd.Central, 3}, {fourPoint, 5}} {
		f := gradient.Func(func(x []float64) float64 {
			return 1 + math.Pow(x[0], float64(c.q))/math.Gamma(float64(c.q+1)) + math.Pow(x[0], float64(c.q+1))
		})
		d, err := gradient.Differences{Formula: c.formula, Noise: 1e-13}.Tuned(f, []float64{0}, stochopt.Sample{})
		if err != nil || math.Abs(d.Bound[0]-1) > 0.03 {
			t.Errorf("order %d: %v, %v, want 1", c.q, d.Bound, err)
		}
	}
}

func ExampleDifferences_Tuned() {
	// A simulation with jumps: the fraction of 10 000 arrows within a distance x of the target.
	f := func(_, x []float64, s stochopt.Sample) (float64, error) {
		r, hits := s.Rand(), 0
		for range 10_000 {
			if math.Hypot(r.NormFloat64(), r.NormFloat64()) < x[0] {
				hits++
			}
		}
		return float64(hits) / 10_000, nil
	}
	x, grad := []float64{1}, make([]float64, 1)
	d, err := gradient.Differences{}.Tuned(f, x, stochopt.Sample{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = d.Oracle(f)(grad, x, stochopt.Sample{Seed: 1})
	fmt.Printf("0.61 within 0.06: %v, %v\n", math.Abs(grad[0]-0.61) < 0.06, err)
	// Output: 0.61 within 0.06: true, <nil>
}

func BenchmarkTuned(b *testing.B) {
	x := []float64{-1.2, 1, -1.2, 1}
	f := gradient.Func(rosenbrock)
	for b.Loop() {
		if _, err := (gradient.Differences{}).Tuned(f, x, stochopt.Sample{}); err != nil {
			b.Fatal(err)
		}
	}
}
