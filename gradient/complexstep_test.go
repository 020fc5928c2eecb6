package gradient_test

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/floats/scalar"
)

func complexRosenbrock(x []complex128) (f complex128) {
	for i := range len(x) - 1 {
		a, b := 1-x[i], x[i+1]-x[i]*x[i]
		f += a*a + 100*b*b
	}
	return f
}

func rosenbrockGrad(grad, x []float64) {
	clear(grad)
	for i := range len(x) - 1 {
		a, b := 1-x[i], x[i+1]-x[i]*x[i]
		grad[i] += -2*a - 400*x[i]*b
		grad[i+1] += 200 * b
	}
}

func TestComplexStepRosenbrock(t *testing.T) {
	o := gradient.ComplexStep(complexRosenbrock)
	r := rand.New(rand.NewPCG(1, 2))
	x, want := make([]float64, 5), make([]float64, 5)
	for range 1000 {
		for i := range x {
			x[i] = 3 * r.NormFloat64()
		}
		f, grad := evaluate(t, o, x, stochopt.Sample{})
		rosenbrockGrad(want, x)
		if v := rosenbrock(x); !scalar.EqualWithinRel(f, v, 1e-14) {
			t.Errorf("value at %v: %v, want %v", x, f, v)
		}
		if d := floats.Distance(grad, want, 2); d > 1e-14*floats.Norm(want, 2) {
			t.Errorf("gradient at %v: %v, want %v", x, grad, want)
		}
		if v, err := o(nil, x, stochopt.Sample{}); v != f || err != nil {
			t.Errorf("value alone: %v, want %v, %v", v, f, err)
		}
	}
}

// Derivatives are exact to rounding for arguments and scales from 1e-60 to 1e150, where differences are far from it.
func TestComplexStepScales(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(z complex128) complex128
		df   func(t float64) float64
		tol  float64
	}{
		{"exp", cmplx.Exp, math.Exp, 1e-15},
		{"sin", cmplx.Sin, math.Cos, 1e-15},
		{"cos", cmplx.Cos, func(t float64) float64 { return -math.Sin(t) }, 1e-15},
		{"tan", cmplx.Tan, func(t float64) float64 { return 1 / (math.Cos(t) * math.Cos(t)) }, 1e-14},
		{"tanh", cmplx.Tanh, func(t float64) float64 { return 1 / (math.Cosh(t) * math.Cosh(t)) }, 1e-14},
		{"atanh", cmplx.Atanh, func(t float64) float64 { return 1 / (1 - t*t) }, 1e-14},
		{"asinh", cmplx.Asinh, func(t float64) float64 { return 1 / math.Sqrt(1+t*t) }, 1e-14},
		{"log", cmplx.Log, func(t float64) float64 { return 1 / t }, 1e-15},
		{"sqrt", cmplx.Sqrt, func(t float64) float64 { return 0.5 / math.Sqrt(t) }, 1e-15},
		{"cube", func(z complex128) complex128 { return z * z * z }, func(t float64) float64 { return 3 * t * t }, 1e-15},
		{"quotient", func(z complex128) complex128 { return z / (1 + z*z) }, func(t float64) float64 { return (1 - t*t) / ((1 + t*t) * (1 + t*t)) }, 1e-14},
		{"power", func(z complex128) complex128 { return cmplx.Pow(z, 2.5) }, func(t float64) float64 { return 2.5 * math.Pow(t, 1.5) }, 1e-14},
	} {
		for _, s := range []float64{1e-60, 1e-6, 1, 1e8, 1e150} {
			o := gradient.ComplexStep(func(x []complex128) complex128 { return c.f(x[0] / complex(s, 0)) })
			for _, m := range []float64{0.1, 0.7, 0.9} {
				_, g := evaluate(t, o, []float64{m * s}, stochopt.Sample{})
				if want := c.df(m * s / s); !scalar.EqualWithinRel(g[0]*s, want, c.tol) {
					t.Errorf("%s(x/%v) at %v: %v, want %v", c.name, s, m*s, g[0]*s, want)
				}
			}
		}
	}
	// The companion: a step of 1e-5 is not exact.
	const h = 1e-5
	if g := imag(cmplx.Exp(complex(0.7, h))) / h; scalar.EqualWithinRel(g, math.Exp(0.7), 1e-14) {
		t.Error("a large step is exact as well: the test cannot fail")
	}
}

// What the documentation excludes is wrong indeed, in silence or with an error, and Check finds the former.
func TestComplexStepExcluded(t *testing.T) {
	for name, f := range map[string]func(z complex128) complex128{
		"Abs":         func(z complex128) complex128 { return complex(cmplx.Abs(z), 0) },
		"Conj":        func(z complex128) complex128 { return z * cmplx.Conj(z) },
		"Asin":        cmplx.Asin,
		"Acos":        cmplx.Acos,
		"Atan":        cmplx.Atan,
		"Acosh of 2z": func(z complex128) complex128 { return cmplx.Acosh(3 * z) },
	} {
		rep, err := gradient.Check(gradient.ComplexStep(func(x []complex128) complex128 { return f(x[0]) }), []float64{0.7}, stochopt.Sample{})
		if err != nil || rep.OK {
			t.Errorf("%s: %v, %v", name, rep, err)
		}
	}
	for name, f := range map[string]func(z complex128) complex128{
		"Log":   cmplx.Log,
		"Sqrt":  cmplx.Sqrt,
		"Pow 2": func(z complex128) complex128 { return cmplx.Pow(z, 2) },
	} {
		o := gradient.ComplexStep(func(x []complex128) complex128 { return f(x[0]) })
		if _, err := o(make([]float64, 1), []float64{-0.7}, stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "want a real value") {
			t.Errorf("%s of a negative number: error %v", name, err)
		}
		if _, err := o(make([]float64, 1), []float64{0.7}, stochopt.Sample{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	branch := gradient.ComplexStep(func(x []complex128) complex128 {
		if real(x[0]) < 0 {
			return -x[0]
		}
		return x[0]
	})
	for _, x := range []float64{-2, 3} {
		if f, g := evaluate(t, branch, []float64{x}, stochopt.Sample{}); f != math.Abs(x) || g[0] != math.Copysign(1, x) {
			t.Errorf("branch at %v: %v, %v", x, f, g)
		}
	}
	// A value that is not finite is data.
	exp := gradient.ComplexStep(func(x []complex128) complex128 { return cmplx.Exp(x[0]) })
	if f, err := exp(nil, []float64{1000}, stochopt.Sample{}); !math.IsInf(f, 1) || err != nil {
		t.Errorf("overflow: %v, %v", f, err)
	}
}

// checkExactOracle checks what holds for ComplexStep and Dual alike: concurrent calls, no allocation, an unchanged x,
// panics.
func checkExactOracle(t *testing.T, o stochopt.Oracle, name string) {
	t.Helper()
	x := []float64{-1.2, 1, 0.3}
	s := stochopt.Sample{Seed: 1, Step: 2}
	wantF, want := evaluate(t, o, x, s)
	if !floats.Equal(x, []float64{-1.2, 1, 0.3}) {
		t.Error("x is changed")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			grad := make([]float64, 3)
			for range 50 {
				if f, err := o(grad, x, s); f != wantF || err != nil || !floats.Equal(grad, want) {
					t.Errorf("called concurrently: %v %v, %v, want %v %v", f, grad, err, wantF, want)
				}
			}
		})
	}
	wg.Wait()
	grad := make([]float64, 3)
	if n := testing.AllocsPerRun(100, func() { o(grad, x, stochopt.Sample{}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	wantPanic(t, "gradient: "+name+": len(grad) = 1, len(x) = 3", func() { o(grad[:1], x, s) })
	if _, err := o([]float64{}, nil, s); err != nil {
		t.Errorf("no variables: %v", err)
	}
}

func TestComplexStepOracle(t *testing.T) {
	checkExactOracle(t, gradient.ComplexStep(complexRosenbrock), "ComplexStep")
	wantPanic(t, "gradient: ComplexStep of nil", func() { gradient.ComplexStep(nil) })
}

func ExampleComplexStep() {
	o := gradient.ComplexStep(func(x []complex128) complex128 { return x[0]*x[0]*x[1] + cmplx.Sin(x[1]) })
	grad := make([]float64, 2)
	f, err := o(grad, []float64{3, 0}, stochopt.Sample{})
	fmt.Printf("%.4f %.4f %v\n", f, grad, err)
	// Output: 0.0000 [0.0000 10.0000] <nil>
}

func BenchmarkComplexStep(b *testing.B) {
	x, grad := []float64{-1.2, 1, 0.3, 2}, make([]float64, 4)
	o := gradient.ComplexStep(complexRosenbrock)
	b.ReportAllocs()
	for b.Loop() {
		o(grad, x, stochopt.Sample{})
	}
}
