package gradient

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

// given is an Oracle whose batches can be given.
type given interface {
	Oracle() stochopt.Oracle
	only(i ...int)
}

func (c *batch) only(i ...int) { c.fixed = i }

// TestVarianceGolden compares the iterates of SGD with those of the papers' algorithms, from testdata/variance.py.
func TestVarianceGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/variance.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		A     [][]float64
		Y     []float64
		Cases []struct {
			Method          string
			Batch, Period   int
			StepSize, Gamma float64
			Batches         [][]int
			Iterates        [][]float64
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	fs := FiniteSum{N: len(file.Y), Term: func(grad, x []float64, i int) float64 {
		r := floats.Dot(file.A[i], x) - file.Y[i]
		if grad != nil {
			for k, a := range file.A[i] {
				grad[k] += r * a
			}
		}
		return r * r / 2
	}}
	seen := map[string]bool{}
	for _, c := range file.Cases {
		seen[c.Method] = true
		makes := map[string]func(period int) given{
			"SVRG":  func(m int) given { return &SVRG{Sum: fs, Batch: c.Batch, Period: m} },
			"SARAH": func(m int) given { return &SARAH{Sum: fs, Batch: c.Batch, Period: m, Gamma: c.Gamma} },
			"SAGA":  func(int) given { return &SAGA{Sum: fs, Batch: c.Batch} },
			"SAG":   func(int) given { return &SAG{Sum: fs, Batch: c.Batch} },
		}
		deviation := func(m given) (worst float64) {
			o := m.Oracle()
			x, grad := make([]float64, 5), make([]float64, 5)
			for k, want := range c.Iterates {
				m.only(c.Batches[k]...)
				if _, err := o(grad, x, stochopt.Sample{Step: k}); err != nil {
					t.Fatal(err)
				}
				for i, g := range grad {
					x[i] -= c.StepSize * g
					worst = max(worst, math.Abs(x[i]-want[i]))
				}
			}
			return worst
		}
		if d := deviation(makes[c.Method](c.Period)); !(d <= 1e-12) {
			t.Errorf("%s, batch %d: iterates deviate by %v", c.Method, c.Batch, d)
		}
		if c.Period > 0 {
			if d := deviation(makes[c.Method](c.Period + 1)); d < 1e-6 {
				t.Errorf("%s, batch %d: another Period deviates by %v only: the test cannot fail", c.Method, c.Batch, d)
			}
		}
	}
	if len(seen) != 4 || len(file.Cases) != 9 {
		t.Errorf("%d cases of %v", len(file.Cases), seen)
	}
}

// quadratics is 1-D, with terms a_i (x-c_i)²/2 + d_i.
func quadratics(n int, equal bool) (fs FiniteSum, a []float64) {
	var c, d []float64
	pcg := stochopt.Sample{Seed: 5}.Rand()
	for range n {
		a, c, d = append(a, 0.5+pcg.Float64()), append(c, pcg.NormFloat64()), append(d, pcg.NormFloat64())
	}
	if equal {
		a = slices.Repeat([]float64{1.25}, n)
	}
	return FiniteSum{N: n, Term: func(grad, x []float64, i int) float64 {
		if grad != nil {
			grad[0] += a[i] * (x[0] - c[i])
		}
		return a[i]*(x[0]-c[i])*(x[0]-c[i])/2 + d[i]
	}}, a
}

// course is a run of six draws at these points, whose last is looked at with each term as its batch.
var course = []float64{2, 1.5, 1.7, 0.9, 0.4, -0.3}

// enumerate returns mean and variance of gradient and value at the end of course over all batches of one term.
func enumerate(t *testing.T, m given, n int) (g, f, varG, varF float64) {
	t.Helper()
	o := m.Oracle()
	grad := make([]float64, 1)
	last := len(course) - 1
	for k, x := range course[:last] {
		m.only((7 * k) % n)
		if _, err := o(grad, []float64{x}, stochopt.Sample{Step: k}); err != nil {
			t.Fatal(err)
		}
	}
	gs, vs := make([]float64, n), make([]float64, n)
	for i := range n {
		m.only(i)
		if _, err := o(nil, []float64{9}, stochopt.Sample{Step: last}); err != nil { // lest SARAH return what it has
			t.Fatal(err)
		}
		v, err := o(grad, []float64{course[last]}, stochopt.Sample{Step: last})
		if err != nil {
			t.Fatal(err)
		}
		gs[i], vs[i] = grad[0], v
		g += grad[0] / float64(n)
		f += v / float64(n)
	}
	for i := range n {
		varG += (gs[i] - g) * (gs[i] - g) / float64(n)
		varF += (vs[i] - f) * (vs[i] - f) / float64(n)
	}
	return g, f, varG, varF
}

func close12(a, b float64) bool { return math.Abs(a-b) <= 1e-12*(1+math.Abs(b)) }

// TestVarianceExact: the mean and variance over all batches, in closed form.
func TestVarianceExact(t *testing.T) {
	const n = 20
	fs, a := quadratics(n, false)
	last := len(course) - 1
	x, before := course[last:], course[last-1:last]
	fullG, beforeG, start := make([]float64, 1), make([]float64, 1), make([]float64, 1)
	fullF := fs.full(fullG, x, nil, stochopt.Sample{})
	beforeF := fs.full(beforeG, before, nil, stochopt.Sample{})
	fs.full(start, course[:1], nil, stochopt.Sample{})
	var meanA, varA, var4 float64
	for _, v := range a {
		meanA += v / n
	}
	d := x[0] - course[0]
	for _, v := range a {
		varA += (v - meanA) * (v - meanA) / n
	}
	var4 = varA * d * d * d * d / 4

	g, f, vg, vf := enumerate(t, &SVRG{Sum: fs}, n)
	if !close12(g, fullG[0]) || !close12(f, fullF) || !close12(vg, varA*d*d) || !close12(vf, var4) {
		t.Errorf("SVRG: mean %v %v, want %v %v; variance %v %v, want %v %v", g, f, fullG[0], fullF, vg, vf, varA*d*d, var4)
	}
	g, f, vg, vf = enumerate(t, &SAGA{Sum: fs}, n)
	if !close12(g, fullG[0]) || !close12(f, fullF) || vg < 1e-3 || vf < 1e-3 {
		t.Errorf("SAGA: mean %v %v, want %v %v", g, f, fullG[0], fullF)
	}
	sagaVar := vg

	// SAG is biased: its mean lies a fraction 1/N of the way from the mean of the table to the gradient.
	g, f, vg, _ = enumerate(t, &SAG{Sum: fs}, n)
	table := start[0]
	for k := 1; k < last; k++ { // the tangents that the course has replaced
		table += a[(7*k)%n] * (course[k] - course[0]) / n
	}
	if want := table + (fullG[0]-table)/n; !close12(g, want) || close12(g, fullG[0]) || !close12(f, fullF) {
		t.Errorf("SAG: mean %v %v, want %v %v", g, f, want, fullF)
	}
	if want := sagaVar / n / n; !close12(vg/want, 1) {
		t.Errorf("SAG: variance %v, want %v", vg, want)
	}

	// SARAH: given the past, the mean is wrong by the error of the last estimate.
	sarah := &SARAH{Sum: fs}
	g, f, vg, vf = enumerate(t, sarah, n)
	v := sarah.past.v[0]
	step := x[0] - before[0]
	bias := v - beforeG[0]
	if want := fullG[0] + bias; !close12(g, want) || close12(g, fullG[0]) || !close12(vg, varA*step*step) {
		t.Errorf("SARAH: mean %v, want %v, variance %v, want %v", g, want, vg, varA*step*step)
	}
	if want := fullF + (sarah.past.f - beforeF) + bias*step; !close12(f, want) || !close12(vf, varA*step*step*step*step/4) {
		t.Errorf("SARAH: mean value %v, want %v, variance %v, want %v", f, want, vf, varA*step*step*step*step/4)
	}

	// Equal curvatures leave no noise in SVRG and SARAH, and SVRG at the snapshot has none anyway.
	same, _ := quadratics(n, true)
	for name, m := range map[string]given{"SVRG": &SVRG{Sum: same}, "SARAH": &SARAH{Sum: same}} {
		f := same.full(fullG, x, nil, stochopt.Sample{})
		if g, v, vg, vf := enumerate(t, m, n); !close12(g, fullG[0]) || !close12(v, f) || vg > 1e-28 || vf > 1e-28 {
			t.Errorf("%s with equal curvatures: %v %v, want %v %v; variances %v %v", name, g, v, fullG[0], f, vg, vf)
		}
	}
	at := &SVRG{Sum: fs}
	full := fs.full(fullG, course[:1], nil, stochopt.Sample{})
	for k := range 5 {
		at.only(k)
		if f, err := at.Oracle()(start, course[:1], stochopt.Sample{Step: k}); start[0] != fullG[0] || f != full || err != nil {
			t.Errorf("SVRG at the snapshot: %v %v, want %v %v", start[0], f, fullG[0], full)
		}
	}
}

// TestTableDrift: far from the minimum the mean takes up rounding errors that only a fresh sum removes.
func TestTableDrift(t *testing.T) {
	fs, _ := quadratics(20, false)
	drift := func(m *SAGA, draws int) float64 {
		o, grad, x := m.Oracle(), make([]float64, 1), make([]float64, 1)
		for k := range draws {
			x[0] = 1e9 * math.Exp(-0.5*float64(k)) // a table of large tangents that become small
			if _, err := o(grad, x, stochopt.Sample{Step: k}); err != nil {
				t.Fatal(err)
			}
		}
		drifted := slices.Clone(m.mean)
		m.average()
		return math.Abs(drifted[0] - m.mean[0])
	}
	if d := drift(&SAGA{Sum: fs}, 4*80+1); d > 1e-15 {
		t.Errorf("mean of the table is wrong by %v", d)
	}
	if d := drift(&SAGA{Sum: fs}, 79); d < 1e-9 {
		t.Errorf("before the first fresh sum the mean is wrong by %v only: the test cannot fail", d)
	}
}
