package fit_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/num/dual"
)

// TestNISTDifferences runs NIST's problems, all 54, on values alone.
func TestNISTDifferences(t *testing.T) {
	worst := 11.0
	for _, s := range testfuncs.NISTSets() {
		calls := 0
		m := fit.Model{Parameters: parameterNames(len(s.Certified)), Func: fit.Differences(func(b, x []float64) float64 {
			calls++
			return s.Curve(nil, b, x)
		})}
		for k, start := range s.Starts {
			r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), nil)
			if err != nil {
				t.Errorf("%s start %d: %v", s.Name, k+1, err)
				continue
			}
			index, sign := relabel(s.Name, r.Estimate)
			var value, stdDev []float64
			for i, j := range index {
				value, stdDev = append(value, sign[i]*r.Estimate[j]), append(stdDev, r.StdErr[j])
			}
			v, d := lre(value, s.Certified), lre(stdDev, s.StdDev)
			perPoint := float64(calls) / float64(r.Evaluations*len(s.Y)*len(s.Certified))
			calls = 0
			t.Logf("%-10s start %d: digits of parameters %4.1f, of standard errors %4.1f, %d evaluations, %.2f values for each parameter", s.Name, k+1, v, d, r.Evaluations, perPoint)
			worst = min(worst, v)
			if v < 6 || d < 6 && s.Name != "Lanczos1" {
				t.Errorf("%s start %d: %.1f digits of the parameters, %.1f of the standard errors", s.Name, k+1, v, d)
			}
			if perPoint > 15 {
				t.Errorf("%s start %d: %.1f values for each parameter and point, want 4 and few more", s.Name, k+1, perPoint)
			}
		}
	}
	t.Logf("worst %.1f", worst)
}

// TestDifferences: ten digits where |b| is the scale of b, and seven where its step has to be looked for.
func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name    string
		f       func(b, x []float64) float64
		b, want float64
		digits  float64
	}{
		{"exp", func(b, x []float64) float64 { return math.Exp(b[0]) }, 2, math.Exp(2), 10},
		{"exp of large", func(b, x []float64) float64 { return math.Exp(b[0] / 1e20) }, 2e20, math.Exp(2) / 1e20, 10},
		{"steep", func(b, x []float64) float64 { return math.Sin(1e6 * b[0]) }, 1.2, 1e6 * math.Cos(1.2e6), 7},
		{"zero", func(b, x []float64) float64 { return 3 + 2*b[0] }, 0, 2, 7}, // f feels h by 1e-9 of itself or more
		{"small by chance", func(b, x []float64) float64 { return 3 + 2*b[0] }, 1e-17, 2, 7},
		{"zero, small scale", func(b, x []float64) float64 { return math.Exp(1e12 * b[0]) }, 0, 1e12, 7},
		{"beside a pole", func(b, x []float64) float64 { return math.Log(b[0] - 1) }, 1 + 1e-5, 1e5, 5},
		{"no influence", func(b, x []float64) float64 { return x[0] }, 3, 0, 11},
		{"far tail", func(b, x []float64) float64 { return 1 + math.Exp(-(b[0]-40)*(b[0]-40)) }, 3, 0, 11},
	} {
		grad := []float64{math.NaN()}
		x := []float64{1}
		f := fit.Differences(c.f)(grad, []float64{c.b}, x)
		if f != c.f([]float64{c.b}, x) || !(math.Abs(grad[0]-c.want) <= math.Pow(10, -c.digits)*math.Max(math.Abs(c.want), 1e-290)) && !(c.want == 0 && math.Abs(grad[0]) < 1e-10) {
			t.Errorf("%s: derivative %v, want %v", c.name, grad[0], c.want)
		}
	}
	if v := fit.Differences(func(b, x []float64) float64 { return math.NaN() })([]float64{0}, []float64{1}, nil); !math.IsNaN(v) {
		t.Errorf("NaN gives %v", v)
	}
	f := fit.Differences(func(b, x []float64) float64 { return b[0] * math.Exp(b[1]*x[0]) })
	grad, b, x := make([]float64, 2), []float64{1, 2}, []float64{0.5}
	if n := testing.AllocsPerRun(100, func() { f(grad, b, x) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestDual: derivatives are those by hand, for one value and for several.
func TestDual(t *testing.T) {
	one := fit.Dual(func(b []dual.Number, x []float64) dual.Number {
		return dual.Mul(b[0], dual.Exp(dual.Scale(-x[0], b[1])))
	})
	two := func(dst, b []dual.Number, x []float64) {
		dst[0] = dual.Mul(b[0], dual.Exp(dual.Scale(-x[0], b[1])))
		dst[1] = dual.Mul(b[0], b[1])
	}
	b, x := []float64{3, 0.7}, []float64{1.3}
	e := math.Exp(-0.7 * 1.3)
	grad := make([]float64, 2)
	if f := one(grad, b, x); lre([]float64{f, one(nil, b, x), grad[0], grad[1]}, []float64{3 * e, 3 * e, e, -3 * 1.3 * e}) < 10.9 {
		t.Errorf("%v, %v", f, grad)
	}
	want := []float64{e, -3 * 1.3 * e, 0.7, 3}
	for name, v := range map[string]func(dst, jac, b, x []float64){
		"dual": fit.VectorDual(two),
		"differences": fit.VectorDifferences(func(dst, b, x []float64) {
			dst[0], dst[1] = b[0]*math.Exp(-x[0]*b[1]), b[0]*b[1]
		}),
	} {
		dst, jac, alone := make([]float64, 2), make([]float64, 4), make([]float64, 2)
		v(dst, jac, b, x)
		v(alone, nil, b, x)
		if lre(dst, []float64{3 * e, 2.1}) < 10.9 || lre(alone, dst) < 10.9 || lre(jac, want) < 9.5 {
			t.Errorf("%s: %v, %v, want %v", name, dst, jac, want)
		}
		if n := testing.AllocsPerRun(100, func() { v(dst, jac, b, x) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestCheck: right derivatives pass, and each wrong one is named.
func TestCheck(t *testing.T) {
	x := column(0.5, 1, 2)
	for _, s := range testfuncs.NISTSets() {
		if err := nistModel(s).Check(s.Starts[1], s.X[:min(len(s.X), 20)]); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	wrong := fit.Model{Parameters: []string{"a", "k"}, Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0] = e
			if x[0] > 1 {
				grad[1] = b[0] * x[0] * e
			} else {
				grad[1] = -b[0] * x[0] * e
			}
		}
		return b[0] * e
	}}
	if err := wrong.Check([]float64{2, 0.3}, x[:2]); err != nil {
		t.Errorf("right at the first two: %v", err)
	}
	if err := wrong.Check([]float64{2, 0.3}, x); err == nil || !strings.HasPrefix(err.Error(), "fit: the derivative by k at x[2] = [2] is 2.19524") {
		t.Errorf("error %v", err)
	}
	vector := fit.Model{Parameters: []string{"a", "k"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		dst[0], dst[1] = b[0], b[0]*b[1]*x[0]
		if jac != nil {
			jac[0], jac[1], jac[2] = 1, 0, b[1]*x[0]
		}
	}}
	if err := vector.Check([]float64{2, 0.3}, x); err == nil || !strings.HasPrefix(err.Error(), "fit: the derivative of output 1 by k at x[0] = [0.5] is NaN") {
		t.Errorf("error %v", err)
	}
}
