package gradient_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/num/dual"
)

func dualRosenbrock(x []dual.Number, _ stochopt.Sample) (f dual.Number) {
	for i := range len(x) - 1 {
		a := dual.Sub(dual.Number{Real: 1}, x[i])
		b := dual.Sub(x[i+1], dual.Mul(x[i], x[i]))
		f = dual.Add(f, dual.Add(dual.Mul(a, a), dual.Scale(100, dual.Mul(b, b))))
	}
	return f
}

func TestDualRosenbrock(t *testing.T) {
	evaluations := 0
	o := gradient.Dual(func(x []dual.Number, s stochopt.Sample) dual.Number {
		evaluations++
		return dualRosenbrock(x, s)
	})
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
	if evaluations != 1000*(5+1) {
		t.Errorf("%d values, want %d: n for a gradient, 1 for a value", evaluations, 1000*(5+1))
	}
}

// The elementary functions of dual have the derivatives of the tables.
func TestDualFunctions(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(dual.Number) dual.Number
		df   func(t float64) float64
	}{
		{"Exp", dual.Exp, math.Exp},
		{"Log", dual.Log, func(t float64) float64 { return 1 / t }},
		{"Sqrt", dual.Sqrt, func(t float64) float64 { return 0.5 / math.Sqrt(t) }},
		{"Sin", dual.Sin, math.Cos},
		{"Atan", dual.Atan, func(t float64) float64 { return 1 / (1 + t*t) }},
		{"Asin", dual.Asin, func(t float64) float64 { return 1 / math.Sqrt(1-t*t) }},
		{"Tanh", dual.Tanh, func(t float64) float64 { return 1 / (math.Cosh(t) * math.Cosh(t)) }},
		{"Inv", dual.Inv, func(t float64) float64 { return -1 / (t * t) }},
		{"PowReal", func(z dual.Number) dual.Number { return dual.PowReal(z, 2.5) }, func(t float64) float64 { return 2.5 * math.Pow(t, 1.5) }},
		{"Abs", func(z dual.Number) dual.Number { return dual.Abs(dual.Scale(-2, z)) }, func(float64) float64 { return 2 }},
	} {
		o := gradient.Dual(func(x []dual.Number, _ stochopt.Sample) dual.Number { return c.f(x[0]) })
		for _, x := range []float64{1e-6, 0.3, 0.9} {
			if _, g := evaluate(t, o, []float64{x}, stochopt.Sample{}); !scalar.EqualWithinRel(g[0], c.df(x), 1e-14) {
				t.Errorf("%s at %v: %v, want %v", c.name, x, g[0], c.df(x))
			}
		}
	}
}

// Near 0 the derivatives of Sqrt and PowReal are not what they should be, as documented, and that of Mul is.
func TestDualNearZero(t *testing.T) {
	at := func(f func(x []dual.Number) dual.Number, x ...float64) []float64 {
		_, g := evaluate(t, gradient.Dual(func(x []dual.Number, _ stochopt.Sample) dual.Number { return f(x) }), x, stochopt.Sample{})
		return g
	}
	sqrt := func(x []dual.Number) dual.Number { return dual.Sqrt(x[0]) }
	power := func(x []dual.Number) dual.Number { return dual.PowReal(x[0], 2) }
	square := func(x []dual.Number) dual.Number { return dual.Mul(x[0], x[0]) }
	if g := at(sqrt, 1e-20); scalar.EqualWithinRel(g[0], 5e9, 1e-3) {
		t.Errorf("Sqrt at 1e-20 has the right derivative %v: mend the documentation", g[0])
	}
	if g := at(sqrt, 0, 1); !math.IsInf(g[0], 1) || !math.IsInf(g[1], 1) {
		t.Errorf("Sqrt at 0: gradient %v: mend the documentation", g)
	}
	if g := at(power, 1e-17); g[0] == 2e-17 {
		t.Errorf("PowReal at 1e-17 has the right derivative %v: mend the documentation", g[0])
	}
	if g := at(square, 1e-17); g[0] != 2e-17 {
		t.Errorf("Mul at 1e-17: derivative %v", g[0])
	}
	for _, x := range []float64{0, math.Copysign(0, -1)} {
		if g := at(func(x []dual.Number) dual.Number { return dual.Abs(x[0]) }, x); math.Abs(g[0]) != 1 {
			t.Errorf("Abs at 0: derivative %v", g[0])
		}
	}
}

// E (x-ξ)⁴/4 with ξ ~ N(0, 1) has the gradient x³ + 3x.
func TestDualStochastic(t *testing.T) {
	draw := func(x []dual.Number, s stochopt.Sample) dual.Number {
		d := dual.Sub(x[0], dual.Number{Real: s.Rand().NormFloat64()})
		d = dual.Mul(d, d)
		return dual.Scale(0.25, dual.Mul(d, d))
	}
	const x = 0.8
	o := gradient.Dual(draw)
	mean, _, se, _ := moments(50_000, func(k int) float64 {
		_, g := evaluate(t, o, []float64{x}, stochopt.Sample{Seed: 7, Step: k})
		return g[0]
	})
	near(t, "mean gradient", mean, x*x*x+3*x, se)
	far(t, "mean gradient", mean, x*x*x, se)
	// One draw: (x-ξ)³ of the very ξ of the value.
	for k := range 100 {
		s := stochopt.Sample{Seed: 7, Step: k}
		d := x - s.Rand().NormFloat64()
		if f, g := evaluate(t, o, []float64{x}, s); !scalar.EqualWithinRel(f, d*d*d*d/4, 1e-14) || !scalar.EqualWithinRel(g[0], d*d*d, 1e-14) {
			t.Errorf("%+v: %v %v, want %v %v", s, f, g[0], d*d*d*d/4, d*d*d)
		}
	}
	// The derivative of a jump is not seen.
	count := gradient.Dual(func(x []dual.Number, s stochopt.Sample) (f dual.Number) {
		if s.Rand().Float64() < x[0].Real {
			f.Real = 1
		}
		return f
	})
	if _, g := evaluate(t, count, []float64{0.5}, stochopt.Sample{}); g[0] != 0 {
		t.Errorf("gradient of a count: %v", g[0])
	}
}

func TestDualUncontrolledNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := gradient.Dual(func(x []dual.Number, _ stochopt.Sample) dual.Number {
		return dual.Add(x[0], dual.Number{Real: r.NormFloat64()})
	})
	_, err := o(make([]float64, 2), []float64{1, 2}, stochopt.Sample{})
	if err == nil || !strings.Contains(err.Error(), "two values at the same x and Sample") {
		t.Errorf("error %v", err)
	}
	nan := gradient.Dual(func(x []dual.Number, _ stochopt.Sample) dual.Number { return dual.Log(dual.Add(x[0], x[1])) })
	if f, err := nan(make([]float64, 2), []float64{-1, -2}, stochopt.Sample{}); !math.IsNaN(f) || err != nil {
		t.Errorf("logarithm of a negative number: %v, %v", f, err)
	}
}

func TestDualOracle(t *testing.T) {
	checkExactOracle(t, gradient.Dual(dualRosenbrock), "Dual")
	wantPanic(t, "gradient: Dual of nil", func() { gradient.Dual(nil) })
}

func ExampleDual() {
	// The negative log-likelihood of the rate x of exponential waiting times, one sampled time a draw.
	o := gradient.Dual(func(x []dual.Number, s stochopt.Sample) dual.Number {
		wait := s.Rand().ExpFloat64() / 2 // the true rate is 2
		return dual.Sub(dual.Scale(wait, x[0]), dual.Log(x[0]))
	})
	grad := make([]float64, 1)
	for _, x := range []float64{1, 4} {
		_, err := gradient.Average(o, 100_000, 1)(grad, []float64{x}, stochopt.Sample{Seed: 1})
		fmt.Printf("%.2f %v\n", grad[0], err)
	}
	// Output:
	// -0.50 <nil>
	// 0.25 <nil>
}

func BenchmarkDual(b *testing.B) {
	x, grad := []float64{-1.2, 1, 0.3, 2}, make([]float64, 4)
	o := gradient.Dual(dualRosenbrock)
	b.ReportAllocs()
	for b.Loop() {
		o(grad, x, stochopt.Sample{})
	}
}
