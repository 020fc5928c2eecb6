package testfuncs_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/testfuncs"
)

// all returns every Objective of the package whose files are tested together here, small and with noise.
func all() []testfuncs.Objective {
	data := testfuncs.Data{Terms: 8, Block: 5, Dim: 3, Scale: 1.3, Seed: 1}
	gauss, uniform, cauchy := testfuncs.BBOBNoise(2, true)
	list := append(testfuncs.Classical(), testfuncs.SimOpt()...)
	return append(list,
		testfuncs.Sphere(3), testfuncs.Ellipsoid(4, 100),
		testfuncs.Quadratic([]float64{1, 10, 100}, covariance, 1),
		testfuncs.RandomCurvature([]float64{1, 3}, 0.5, 0.2),
		testfuncs.LeastSquares(data).Objective, testfuncs.Logistic(data, 0.01).Objective, testfuncs.Robust(data, 0.5).Objective,
		testfuncs.CounterexampleC(10).Objective,
		testfuncs.Rosenbrock(2).With(testfuncs.Additive{Value: 1, Grad: 2}),
		testfuncs.Rosenbrock(2).With(testfuncs.Multiplicative{Sigma: 0.1}),
		testfuncs.Rosenbrock(2).With(testfuncs.HeavyTailed{Nu: 2, Value: 1, Grad: 2}),
		testfuncs.Rosenbrock(2).With(gauss), testfuncs.Rosenbrock(2).With(uniform), testfuncs.Rosenbrock(2).With(cauchy),
	)
}

// inside returns a feasible point near the start.
func inside(o testfuncs.Objective, r *rand.Rand) []float64 {
	x := slices.Clone(o.Start)
	for i, v := range x {
		x[i] += (0.1*math.Abs(v) + 0.01) * (2*r.Float64() - 1)
	}
	if o.Project != nil {
		o.Project(x)
	}
	return x
}

// Grad is the gradient of Func, Minimum the value at the Minimizers, which are feasible points of rest.
func TestObjectives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	names := map[string]bool{}
	for _, o := range all() {
		if names[o.Name] || o.Name == "" {
			t.Errorf("the name %q is not one of its own", o.Name)
		}
		names[o.Name] = true
		exact := stochopt.Problem{Func: o.Func, Grad: o.Grad}.Evaluator()
		for range 5 {
			x := inside(o, r)
			if report, err := gradient.Check(exact, x, stochopt.Sample{}); err != nil || !report.OK {
				t.Errorf("%s at %v: %v %v", o.Name, x, report, err)
			}
		}
		if len(o.Minimizers) == 0 {
			t.Errorf("%s: no minimizer", o.Name)
		}
		start := o.Func(o.Start)
		for _, x := range o.Minimizers {
			if f := o.Func(x); !(math.Abs(f-o.Minimum) <= 1e-12*start) {
				t.Errorf("%s: value %v at %v, want %v", o.Name, f, x, o.Minimum)
			}
			g, g0 := make([]float64, len(x)), make([]float64, len(x))
			o.Grad(g, x)
			o.Grad(g0, o.Start)
			for i := range g {
				if math.Abs(g[i]) > 1e-8*(1+math.Abs(g0[i])) {
					t.Errorf("%s: gradient %v at the minimizer %v", o.Name, g, x)
					break
				}
			}
			for range 50 { // no value near by is smaller
				y := slices.Clone(x)
				for i := range y {
					y[i] += 1e-3 * (1 + math.Abs(y[i])) * r.NormFloat64()
				}
				if f := o.Func(y); f < o.Minimum-1e-12*start {
					t.Errorf("%s: value %v at %v is below the minimum %v", o.Name, f, y, o.Minimum)
				}
			}
			if o.Project != nil {
				y := slices.Clone(x)
				o.Project(y)
				if !slices.Equal(x, y) {
					t.Errorf("%s: the minimizer %v is not feasible", o.Name, x)
				}
			}
		}
	}
}

// A draw is a function of x and Sample alone, its value does not depend on whether the gradient is asked for, every
// component is stored, and nothing is allocated.
func TestDraws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, o := range all() {
		x := inside(o, r)
		before := slices.Clone(x)
		s := stochopt.Sample{Seed: 3, Step: 4, Probe: 5, Replicate: 6}
		want, grad := evaluate(t, o.Oracle, x, s)
		if i := slices.IndexFunc(grad, math.IsNaN); i >= 0 {
			t.Errorf("%s: component %d is not stored", o.Name, i)
		}
		if f, err := o.Oracle(nil, x, s); f != want || err != nil {
			t.Errorf("%s: value alone %v %v, with gradient %v", o.Name, f, err, want)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				g := make([]float64, len(x))
				for k := range 20 {
					o.Oracle(g, x, stochopt.Sample{Step: k})
					if f, err := o.Oracle(g, x, s); f != want || err != nil || !slices.Equal(g, grad) {
						t.Errorf("%s: %v %v %v, want %v %v", o.Name, f, g, err, want, grad)
						return
					}
				}
			})
		}
		wg.Wait()
		if !slices.Equal(x, before) {
			t.Errorf("%s: x was changed", o.Name)
		}
		k := 0
		if n := testing.AllocsPerRun(20, func() {
			o.Oracle(grad, x, stochopt.Sample{Step: k})
			o.Func(x)
			o.Grad(grad, x)
			k++
		}); n != 0 {
			t.Errorf("%s: %v allocations", o.Name, n)
		}
	}
}

func TestWith(t *testing.T) {
	o := testfuncs.Rosenbrock(2).With(testfuncs.Additive{Value: 1, Grad: 2})
	if want := "Rosenbrock 2, additive noise 1, gradient 2"; o.Name != want {
		t.Errorf("name %q, want %q", o.Name, want)
	}
	o = testfuncs.Sphere(1)
	o.Grad = nil
	if _, err := o.With(testfuncs.Additive{}).Oracle(make([]float64, 1), []float64{1}, stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "sphere 1") {
		t.Errorf("without Grad: %v", err)
	}
	wantPanic(t, "With of a nil Noise", func() { o.With(nil) })
	for want, n := range map[string]testfuncs.Noise{
		"testfuncs: Additive.Value = -1, want finite and >= 0":      testfuncs.Additive{Value: -1},
		"testfuncs: Additive.Grad = NaN, want finite and >= 0":      testfuncs.Additive{Grad: math.NaN()},
		"testfuncs: Multiplicative.Sigma = -1":                      testfuncs.Multiplicative{Sigma: -1},
		"testfuncs: HeavyTailed.Nu = 0, want finite and >= 1":       testfuncs.HeavyTailed{},
		"testfuncs: HeavyTailed.Value = +Inf, want finite and >= 0": testfuncs.HeavyTailed{Nu: 2, Value: math.Inf(1)},
		"testfuncs: HeavyTailed.Grad = -2":                          testfuncs.HeavyTailed{Nu: 2, Grad: -2},
		"testfuncs: BBOBGaussian.Beta = -1":                         testfuncs.BBOBGaussian{Beta: -1},
		"testfuncs: BBOBUniform.Alpha = 1, want in [0, 1)":          testfuncs.BBOBUniform{Alpha: 1},
		"testfuncs: BBOBUniform.Beta = -1":                          testfuncs.BBOBUniform{Beta: -1},
		"testfuncs: BBOBCauchy.Alpha = -1":                          testfuncs.BBOBCauchy{Alpha: -1},
		"testfuncs: BBOBCauchy.P = 2, want in [0, 1]":               testfuncs.BBOBCauchy{P: 2},
	} {
		wantPanic(t, want, func() { o.With(n) })
	}
}

func BenchmarkOracle(b *testing.B) {
	for _, o := range []testfuncs.Objective{
		testfuncs.Sphere(3).With(testfuncs.Additive{Value: 1, Grad: 1}),
		testfuncs.Sphere(3).With(testfuncs.HeavyTailed{Nu: 2, Value: 1, Grad: 1}),
		testfuncs.MM1Queue(),
		testfuncs.ActivityNetwork(),
		testfuncs.Logistic(testfuncs.Data{Terms: 30, Block: 40, Dim: 12}, 0.01).Objective,
	} {
		b.Run(o.Name, func(b *testing.B) {
			grad := make([]float64, len(o.Start))
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				o.Oracle(grad, o.Start, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}
