package infer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/infer"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/project"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/mat"
)

// parabola is Σ (x_i - i - 1)²/2 + ξ·x.
func parabola(grad, x []float64, s stochopt.Sample) (f float64, err error) {
	pcg := s.PCG()
	r := rand.New(&pcg)
	for i, v := range x {
		d, xi := v-float64(i+1), r.NormFloat64()
		f += d*d/2 + xi*v
		if grad != nil {
			grad[i] = d + xi
		}
	}
	return f, nil
}

func estimate(t *testing.T, p stochopt.Problem, x0 []float64, o *infer.Options) *infer.Result {
	t.Helper()
	r, err := infer.Estimate(context.Background(), p, x0, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Half-widths of 0 ask for nothing, so that the budget is used up; one that is not 0 ends the run as soon as it is met.
func TestZeroHalfWidths(t *testing.T) {
	p := stochopt.Problem{Oracle: parabola, Seed: 1}
	for _, scaling := range []bool{false, true} {
		for _, c := range []struct {
			widths []float64
			all    bool // of the budget is used
		}{{nil, true}, {[]float64{0, 0}, true}, {[]float64{0, 1}, false}} {
			r := estimate(t, p, []float64{0, 0},
				&infer.Options{HalfWidth: c.widths, RandomScaling: scaling, MaxSamples: 20_000})
			if r.Status != infer.Estimated || (r.Counts.Total() == 20_000) != c.all {
				t.Errorf("HalfWidth %v, RandomScaling %v: %v after %d draws of 20000, want all: %v", c.widths, scaling, r.Status,
					r.Counts.Total(), c.all)
			}
		}
	}
}

// The half-widths asked for are met, with about the draws that they need.
func TestHalfWidths(t *testing.T) {
	p := stochopt.Problem{Oracle: parabola, Seed: 1}
	for _, c := range []struct {
		o     infer.Options
		want  []float64
		draws float64 // (1.96/half-width)²
	}{
		{infer.Options{HalfWidth: []float64{0.05, 0.02}}, []float64{0.05, 0.02}, 9604},
		{infer.Options{Relative: 0.02}, []float64{0.02, 0.04}, 9604},
		{infer.Options{HalfWidth: []float64{0.03, 0}, Relative: 0.01}, []float64{0.03, 0.02}, 9604},
		{infer.Options{HalfWidth: []float64{0.05, 0.05}, Level: 0.99}, []float64{0.05, 0.05}, 2654},
	} {
		level := c.o.Level
		if level == 0 {
			level = 0.95
		}
		r := estimate(t, p, []float64{0, 0}, &c.o)
		if r.Status != infer.Estimated || float64(r.EffectiveSamples) > 1.15*c.draws || float64(r.EffectiveSamples) < 0.9*c.draws {
			t.Errorf("%+v: %v of %d evaluations, want about %.0f: %v", c.o, r.Status, r.EffectiveSamples, c.draws, r.Diagnosis)
		}
		for i, w := range c.want {
			if lo, hi := r.Interval(i, level); !((hi-lo)/2 <= w*1.0001*math.Max(1, math.Abs(r.X[i])/float64(i+1))) {
				t.Errorf("%+v: half-width of x[%d] %v, want %v", c.o, i, (hi-lo)/2, w)
			}
			if math.Abs(r.X[i]-float64(i+1)) > 5*r.StdErr[i] {
				t.Errorf("%+v: x = %v ± %v", c.o, r.X, r.StdErr)
			}
		}
	}
	// A budget that is too small for them.
	r := estimate(t, p, []float64{0, 0}, &infer.Options{HalfWidth: []float64{1e-3, 1}, MaxSamples: 5000})
	if r.Status != infer.Wide || len(r.Diagnosis) != 1 || !strings.Contains(r.Diagnosis[0], "about 3") || r.Counts.Total() != 5000 {
		t.Errorf("%v, %q, %+v", r.Status, r.Diagnosis, r.Counts)
	}
}

// F is unbiased at X with the standard error it says, from draws that have not been used before.
func TestValue(t *testing.T) {
	seen := map[stochopt.Sample]bool{}
	var again int
	p := stochopt.Problem{Seed: 3, FirstStep: 100, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil && seen[s] {
			again++
		}
		seen[s] = true
		if s.Step < 100 || s.Seed != 3 {
			t.Errorf("Sample %+v", s)
		}
		return parabola(grad, x, s)
	}}
	r := estimate(t, p, []float64{0, 0}, &infer.Options{MaxSamples: 20_000})
	sd := math.Sqrt(5 / float64(r.Counts.Verify)) // ξ·x at (1, 2)
	if math.Abs(r.F) > 5*sd || math.Abs(r.FStdErr/sd-1) > 0.2 {
		t.Errorf("F = %v ± %v, want 0 ± %v", r.F, r.FStdErr, sd)
	}
	if again >= r.Counts.Probe { // the probes of H alone share Samples
		t.Errorf("%d evaluations of known Samples, %d probes", again, r.Counts.Probe)
	}
	if want := r.Counts.Total() - again; len(seen) != want {
		t.Errorf("%d Samples, want %d", len(seen), want)
	}
}

// Budgets are kept to the draw, whatever they are.
func TestBudget(t *testing.T) {
	for _, scaling := range []bool{false, true} {
		for _, samples := range []int{1, 3} {
			for _, budget := range []int{3, 10, 64, 100, 300, 500, 777, 1000, 2000, 5003} {
				var calls atomic.Int64
				p := stochopt.Problem{Samples: samples, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
					calls.Add(1)
					return parabola(grad, x, s)
				}}
				r := estimate(t, p, []float64{0, 0}, &infer.Options{MaxSamples: budget, RandomScaling: scaling})
				if n := int(calls.Load()); n > budget || n != r.Counts.Total() {
					t.Errorf("budget %d, Samples %d: %d draws, counted %d: %+v", budget, samples, n, r.Counts.Total(), r.Counts)
				}
				if r.Status == infer.Unsure && len(r.Diagnosis) == 0 || r.Status == infer.Estimated && math.IsNaN(r.StdErr[0]) {
					t.Errorf("budget %d: %v, %v, %q", budget, r.Status, r.StdErr, r.Diagnosis)
				}
				if budget <= 100 && (r.Status != infer.Unsure || !strings.Contains(strings.Join(r.Diagnosis, "\n"), "too small")) {
					t.Errorf("budget %d: %v, %q", budget, r.Status, r.Diagnosis)
				}
				if budget == 5003 && (r.Status != infer.Estimated || r.Counts.Total() < budget-samples) && samples == 1 {
					t.Errorf("budget %d: %v, %+v, %q", budget, r.Status, r.Counts, r.Diagnosis)
				}
			}
		}
	}
}

// On a finite data set, the error bars are those of the minimizer of its mean, and Cov·n/N is the covariance of that as
// an estimate from N data: the sandwich of least squares without assumptions about the variances.
func TestFiniteData(t *testing.T) {
	const n = 400
	sum := testfuncs.LeastSquares(testfuncs.Data{Terms: n, Dim: 2, Seed: 1})
	best := sum.Minimizers[0]
	h, s := mat.NewSymDense(2, nil), mat.NewSymDense(2, nil)
	for i := range n {
		g, up := make([]float64, 2), make([]float64, 2)
		sum.Terms.Term(g, best, i)
		s.SymRankOne(s, 1.0/n, mat.NewVecDense(2, g))
		for j := range 2 { // a term is a parabola
			x := []float64{best[0], best[1]}
			x[j]++
			clear(up)
			sum.Terms.Term(up, x, i)
			for k := range j + 1 {
				h.SetSym(k, j, h.At(k, j)+(up[k]-g[k])/n)
			}
		}
	}
	var v mat.Dense
	v.Product(inverse(h), s, inverse(h))
	r := estimate(t, stochopt.Problem{Oracle: sum.Terms.Sampled(1), Seed: 2}, sum.Start, nil)
	if r.Status != infer.Estimated {
		t.Fatal(r.Status, r.Diagnosis)
	}
	for i := range 2 {
		if math.Abs(r.X[i]-best[i]) > 5*r.StdErr[i] {
			t.Errorf("X[%d] = %v ± %v, want the minimizer of the data %v", i, r.X[i], r.StdErr[i], best[i])
		}
		for j := range 2 {
			got, want := r.Cov.At(i, j)*float64(r.EffectiveSamples)/n, v.At(i, j)/n
			if scale := math.Sqrt(v.At(i, i)*v.At(j, j)) / n; math.Abs(got-want) > 0.5*scale { // 5 s.e. at 200 degrees of freedom
				t.Errorf("Cov·n/N [%d, %d] = %v, want %v", i, j, got, want)
			}
		}
		if statistical := math.Sqrt(v.At(i, i) / n); r.StdErr[i] > statistical/5 {
			t.Errorf("StdErr[%d] = %v is no Monte Carlo error: that of the data is %v", i, r.StdErr[i], statistical)
		}
	}
}

// What is wrong is said, and there are no error bars then.
func TestDiagnosis(t *testing.T) {
	own := rand.New(rand.NewPCG(1, 2))
	noisy := func(f func(x []float64, xi float64) (f, g0, g1 float64)) stochopt.Oracle {
		return func(grad, x []float64, s stochopt.Sample) (float64, error) {
			pcg := s.PCG()
			v, g0, g1 := f(x, rand.New(&pcg).NormFloat64())
			if grad != nil {
				grad[0], grad[1] = g0, g1
			}
			return v, nil
		}
	}
	for _, c := range []struct {
		name   string
		p      stochopt.Problem
		status infer.Status
		say    string
		bars   bool
	}{
		{"well", stochopt.Problem{Oracle: parabola}, infer.Estimated, "", true},
		{"uncontrolled noise", stochopt.Problem{Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			return parabola(grad, x, stochopt.Sample{Seed: own.Uint64()})
		}}, infer.Estimated, "not controlled by the Sample", true},
		{"no noise", stochopt.Problem{Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			return noisy(func(x []float64, _ float64) (f, g0, g1 float64) {
				return x[0]*x[0] + x[1]*x[1], 2 * x[0], 2 * x[1]
			})(grad, x, stochopt.Sample{})
		}}, infer.Unsure, "no noise", false},
		{"noise in one variable", stochopt.Problem{Oracle: noisy(func(x []float64, xi float64) (f, g0, g1 float64) {
			return x[0]*x[0]/2 + math.Exp(x[1]) - x[1] + xi*x[0], x[0] + xi, math.Exp(x[1]) - 1
		})}, infer.Estimated, "", true},
		{"flat", stochopt.Problem{Oracle: noisy(func(x []float64, xi float64) (f, g0, g1 float64) {
			d := x[0] + x[1] - 1
			return d*d/2 + xi*d, d + xi, d + xi
		})}, infer.Unsure, "a direction of x[0], x[1]", false},
		{"bound", stochopt.Problem{Oracle: parabola, Project: project.Box(nil, []float64{3, 1.5})}, infer.Unsure,
			"x[1] at the boundary", false},
		{"bound, inactive", stochopt.Problem{Oracle: parabola, Project: project.Box(nil, []float64{3, 4})}, infer.Estimated, "", true},
		{"on the way", stochopt.Problem{Oracle: noisy(func(x []float64, xi float64) (f, g0, g1 float64) {
			w := math.Hypot(1, x[0]-1e6)
			return w + x[1]*x[1]/2 + xi*x[1], (x[0] - 1e6) / w, x[1] + xi
		})}, infer.Unsure, "flat along a direction of x[0]", false},
	} {
		r := estimate(t, c.p, []float64{0, 0}, &infer.Options{MaxSamples: 20_000})
		said := strings.Join(r.Diagnosis, "\n")
		if r.Status != c.status || !strings.Contains(said, c.say) || c.name == "well" && said != "" {
			t.Errorf("%s: %v, %q", c.name, r.Status, r.Diagnosis)
		}
		if bars := !math.IsNaN(r.StdErr[0]); bars != c.bars || bars && r.Scaled == (r.Cov != nil) {
			t.Errorf("%s: error bars %v", c.name, r.StdErr)
		}
		if math.IsNaN(r.F) || r.Counts.Total() > 20_000 {
			t.Errorf("%s: F = %v, %+v", c.name, r.F, r.Counts)
		}
		if lo, _ := r.Interval(0, 0.9); math.IsNaN(lo) == c.bars {
			t.Errorf("%s: interval from %v", c.name, lo)
		}
		t.Logf("%s: %v %.3f ± %.3f %q", c.name, r.Status, r.X, r.StdErr, r.Diagnosis)
		if c.name == "bound" && (math.Abs(r.X[0]-1) > 0.1 || math.Abs(r.X[1]-1.5) > 0.01) {
			t.Errorf("at the bound: X = %v", r.X)
		}
	}
}

// Any Rule travels.
func TestRules(t *testing.T) {
	for _, rule := range []stochopt.Rule{
		&method.SGD{StepSize: 0.1}, &method.SGD{StepSize: 0.05, Momentum: 0.9}, &method.DoG{}, &stochopt.Adam{StepSize: 0.01},
		&method.Lion{StepSize: 0.01}, &method.Average{Rule: &stochopt.Adam{}},
	} {
		for _, scaling := range []bool{false, true} {
			if _, mean := rule.(*method.Average); mean && scaling {
				continue // its answers move too little to tell a step size, which Estimate notices
			}
			r := estimate(t, stochopt.Problem{Oracle: parabola, Seed: 5}, []float64{3, -1},
				&infer.Options{Rule: rule, MaxSamples: 20_000, RandomScaling: scaling})
			if r.Status != infer.Estimated {
				t.Errorf("%T, scaling %v: %v %q", rule, scaling, r.Status, r.Diagnosis)
				continue
			}
			for i, x := range r.X {
				if e := math.Abs(x - float64(i+1)); !(e < 5/math.Sqrt(float64(r.EffectiveSamples))) {
					t.Errorf("%T, scaling %v: X = %.4f ± %.4f", rule, scaling, r.X, r.StdErr)
				}
			}
		}
	}
}

func TestFaults(t *testing.T) {
	bad := errors.New("bad")
	for _, at := range []int{0, 100, 1500, 3000, 4990} {
		calls := 0
		p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if calls++; calls > at {
				return 0, bad
			}
			return parabola(grad, x, s)
		}}
		r, err := infer.Estimate(context.Background(), p, []float64{0, 0}, &infer.Options{MaxSamples: 5000})
		var e *stochopt.EvaluationError
		if !errors.Is(err, bad) || !errors.As(err, &e) || r.Status != infer.Failed || !math.IsNaN(r.StdErr[0]) || r.Counts.Total() != at+1 {
			t.Errorf("error at evaluation %d: %v, %+v", at, err, r)
		}
	}
	// A panic, and a cancelled context.
	calls := 0
	ctx, cancel := context.WithCancelCause(context.Background())
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		switch calls++; calls {
		case 2000:
			panic("at the disco")
		case 4000:
			cancel(bad)
		}
		return parabola(grad, x, s)
	}}
	r, err := infer.Estimate(ctx, p, []float64{0, 0}, &infer.Options{MaxSamples: 5000})
	var pe *stochopt.PanicError
	if !errors.As(err, &pe) || r.Status != infer.Failed {
		t.Errorf("%v, %+v", err, r)
	}
	calls = 2001
	r, err = infer.Estimate(ctx, p, []float64{0, 0}, &infer.Options{MaxSamples: 5000})
	if !errors.Is(err, bad) || r.Status != infer.Failed || calls != 4000 || len(r.Trace) == 0 {
		t.Errorf("%v after %d, %+v", err, calls, r)
	}
	if _, err = infer.Estimate(ctx, p, []float64{0, 0}, nil); !errors.Is(err, bad) || calls != 4000 {
		t.Errorf("%v after %d", err, calls)
	}
}

func TestMisuse(t *testing.T) {
	x := []float64{0, 0}
	for text, f := range map[string]struct {
		p stochopt.Problem
		x []float64
		o infer.Options
	}{
		"Problem has no objective":              {stochopt.Problem{}, x, infer.Options{}},
		"the Problem has no gradient":           {stochopt.Problem{Func: func([]float64) float64 { return 0 }}, x, infer.Options{}},
		"Problem.PerPoint":                      {stochopt.Problem{Oracle: parabola, PerPoint: true}, x, infer.Options{}},
		"len(x0) = 0":                           {stochopt.Problem{Oracle: parabola}, nil, infer.Options{}},
		"x0[1] = +Inf":                          {stochopt.Problem{Oracle: parabola}, []float64{0, math.Inf(1)}, infer.Options{}},
		"Options.MaxSamples = -1":               {stochopt.Problem{Oracle: parabola}, x, infer.Options{MaxSamples: -1}},
		"Options.MaxSamples = 2, want at least": {stochopt.Problem{Oracle: parabola, Samples: 3}, x, infer.Options{MaxSamples: 2}},
		"Options.Level = 1":                     {stochopt.Problem{Oracle: parabola}, x, infer.Options{Level: 1}},
		"len(Options.HalfWidth) = 1":            {stochopt.Problem{Oracle: parabola}, x, infer.Options{HalfWidth: []float64{1}}},
		"Options.HalfWidth[1] = -2":             {stochopt.Problem{Oracle: parabola}, x, infer.Options{HalfWidth: []float64{1, -2}}},
		"Options.Relative = NaN":                {stochopt.Problem{Oracle: parabola}, x, infer.Options{Relative: math.NaN()}},
		"SGD.StepSize = -1":                     {stochopt.Problem{Oracle: parabola}, x, infer.Options{Rule: &method.SGD{StepSize: -1}}},
	} {
		wantPanic(t, text, func() { infer.Estimate(context.Background(), f.p, f.x, &f.o) })
	}
	r := estimate(t, stochopt.Problem{Oracle: parabola}, x, &infer.Options{MaxSamples: 3000})
	wantPanic(t, "Result.Interval: component 2 of 2", func() { r.Interval(2, 0.95) })
	wantPanic(t, "level = 0", func() { r.Interval(0, 0) })
}

func ExampleEstimate() {
	// The best rate of service of a queue, whose customers arrive at the rate 1 and stay for an exponential time of
	// rate x-1; a unit of service costs 1/4. The best is 3.
	p := stochopt.Problem{
		Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			stay := s.Rand().ExpFloat64() / (x[0] - 1)
			if grad != nil {
				grad[0] = 0.25 - stay/(x[0]-1)
			}
			return stay + x[0]/4, nil
		},
		Project: project.Box([]float64{1.2}, nil),
		Seed:    1,
	}
	r, err := infer.Estimate(context.Background(), p, []float64{5}, &infer.Options{HalfWidth: []float64{0.02}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r)
	// Output:
	// x[0] = 3.018 ± 0.010, 95 % interval 2.998 to 3.038
	// F = 1.260 ± 0.027
	// Estimated after 14258 draws
}

// TestString: what is not known is not printed as a number.
func TestString(t *testing.T) {
	r := &infer.Result{X: []float64{1234.56789, -0.25}, StdErr: []float64{2, math.NaN()}, DF: []float64{1e6, 0}, F: math.NaN(), FStdErr: math.NaN(),
		Status: infer.Unsure, Counts: infer.Counts{Travel: 3, Mean: 4}, Diagnosis: []string{"There is something."}}
	want := "x[0] = 1234.6 ± 2.0, 95 % interval 1230.6 to 1238.5\nx[1] = -0.25 without error bar\nUnsure after 7 draws\nThere is something.\n"
	if got := r.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.F, r.FStdErr = 5, 0.01
	if got := r.String(); !strings.Contains(got, "\nF = 5.000 ± 0.010\n") {
		t.Errorf("%q", got)
	}
}
