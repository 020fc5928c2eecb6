package fit_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// rows is a Source of data in memory.
type rows struct {
	fit.Data
	outputs int
	next    int
	passes  int
}

func (r *rows) Rewind() error {
	r.next = 0
	r.passes++
	return nil
}

func (r *rows) Next(p *fit.Point) error {
	if r.next == len(r.X) {
		return io.EOF
	}
	i, o := r.next, max(1, r.outputs)
	r.next++
	p.X, p.Y = append(p.X[:0], r.X[i]...), append(p.Y[:0], r.Y[i*o:(i+1)*o]...)
	if r.Sigma != nil {
		p.Sigma = append(p.Sigma[:0], r.Sigma[i*o:(i+1)*o]...)
	}
	return nil
}

// same compares two results to a number of digits.
func same(t *testing.T, what string, got, want *fit.Result, digits float64) {
	t.Helper()
	n := len(want.Estimate)
	var a, b []float64
	for i := range n {
		for j := range i + 1 {
			a, b = append(a, got.Cov.At(i, j)), append(b, want.Cov.At(i, j))
		}
	}
	for _, c := range []struct {
		name      string
		got, want []float64
	}{
		{"estimates", got.Estimate, want.Estimate},
		{"standard errors", got.StdErr, want.StdErr},
		{"covariance", a, b},
		{"RSS and residual standard deviation", []float64{got.RSS, got.ResidualSD}, []float64{want.RSS, want.ResidualSD}},
	} {
		for k := len(c.want) - 1; k >= 0; k-- { // of fixed parameters
			if c.want[k] == 0 && c.got[k] == 0 {
				c.got, c.want = slices.Delete(slices.Clone(c.got), k, k+1), slices.Delete(slices.Clone(c.want), k, k+1)
			}
		}
		if d := lre(c.got, c.want); !(d >= digits) {
			t.Errorf("%s: %s %v, Curve has %v: %.1f digits, want %v", what, c.name, c.got, c.want, d, digits)
		}
	}
	gs, ws := got.Statistics(), want.Statistics()
	g := []float64{gs.ChiSquare, gs.ReducedChiSquare, gs.RMSE, gs.R2, gs.AdjustedR2, gs.LogLikelihood, gs.AIC, gs.AICc, gs.BIC}
	w := []float64{ws.ChiSquare, ws.ReducedChiSquare, ws.RMSE, ws.R2, ws.AdjustedR2, ws.LogLikelihood, ws.AIC, ws.AICc, ws.BIC}
	if d := lre(g, w); !(d >= digits) {
		t.Errorf("%s: statistics %+v, Curve has %+v", what, gs, ws)
	}
	if got.N != want.N || got.DF != want.DF || got.Rank != want.Rank {
		t.Errorf("%s: N %d, DF %d, rank %d, Curve has %d, %d, %d", what, got.N, got.DF, got.Rank, want.N, want.DF, want.Rank)
	}
	for i := range n {
		gl, gh := got.Interval(i, 0.9)
		wl, wh := want.Interval(i, 0.9)
		if d := lre([]float64{gl, gh}, []float64{wl, wh}); !(d >= digits) {
			t.Errorf("%s: interval %v to %v, Curve has %v to %v", what, gl, gh, wl, wh)
		}
	}
}

// Passes is Curve, whatever the order of the points, and more than the sample.
func TestPassesAgainstCurve(t *testing.T) {
	const n = 30_000
	for _, q := range []population{decays(), bumps()} {
		d := keep(t, of(n, q.next(1)))
		p := starts(q.m.Parameters, q.start)
		want, err := fit.Curve(t.Context(), q.m, d, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, sorted := range []bool{false, true} {
			if sorted {
				slices.SortFunc(d.X, func(a, b []float64) int { return cmp.Compare(a[0], b[0]) })
				byX := map[float64]float64{}
				e := keep(t, of(n, q.next(1)))
				for i, x := range e.X {
					byX[x[0]] = e.Y[i]
				}
				for i, x := range d.X {
					d.Y[i] = byX[x[0]]
				}
			}
			src := &rows{Data: d}
			r, err := fit.Passes(t.Context(), q.m, src, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "sorted or not", r, want, 9)
			if r.N != n || src.passes != r.Evaluations+1 || src.passes > 12 {
				t.Errorf("%d passes, %d evaluations, N = %d", src.passes, r.Evaluations, r.N)
			}
			t.Logf("%v sorted %v: %d passes, %d iterations", q.m.Parameters, sorted, src.passes, r.Iterations)
		}
	}
}

// Damped steps, which a search on the sample that has ended early leaves for all data, ask for nothing but passes: the
// curve at single responses, of which geodesic acceleration is made, is not kept.
func TestPassesDamped(t *testing.T) {
	for _, name := range []string{"Bennett5", "MGH10"} {
		s := nistSet(t, name)
		m := nistModel(s)
		src := &rows{Data: fit.Data{X: s.X, Y: s.Y}}
		r, err := fit.Passes(t.Context(), m, src, starts(m.Parameters, s.Starts[0]), &fit.Settings{Iterations: 5, AdamSteps: -1})
		if !errors.Is(err, fit.ErrNotConverged) || src.passes != r.Evaluations+1 {
			t.Errorf("%s: %v, %d passes, %d evaluations, want one less", name, err, src.passes, r.Evaluations)
		}
	}
}

// NIST's problems, whose certified values are the measure.
func TestPassesNIST(t *testing.T) {
	for _, s := range testfuncs.NISTSets() {
		m := nistModel(s)
		for k, start := range s.Starts {
			r, err := fit.Passes(t.Context(), m, &rows{Data: fit.Data{X: s.X, Y: s.Y}}, starts(m.Parameters, start), nil)
			if err != nil {
				t.Errorf("%s, start %d: %v", s.Name, k+1, err)
				continue
			}
			index, sign := relabel(s.Name, r.Estimate)
			var value, stdDev []float64
			for i, j := range index {
				value, stdDev = append(value, sign[i]*r.Estimate[j]), append(stdDev, r.StdErr[j])
			}
			v, d := lre(value, s.Certified), lre(stdDev, s.StdDev)
			if v < wantDigits || d < wantDigits && s.Name != "Lanczos1" { // whose residuals are rounding
				t.Errorf("%s, start %d: %.1f digits of the parameters, %.1f of the standard errors", s.Name, k+1, v, d)
			}
		}
	}
}

// Standard deviations, vectors, and parameters that are fixed, tied, transformed, or in another order are those of
// Curve.
func TestPassesParameters(t *testing.T) {
	const n = 2000
	rng := rand.New(rand.NewPCG(3, 4))
	m := fit.Model{Parameters: []string{"a", "k", "c"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		var g [3]float64
		f := offsetDecay.Func(g[:], b, x)
		dst[0], dst[1] = f, 3*f+b[2]
		if jac != nil {
			for j, v := range g {
				jac[j], jac[3+j] = v, 3*v
			}
			jac[5]++
		}
	}}
	var d fit.Data
	f := make([]float64, 2)
	for i := range n {
		x := []float64{5 * float64(i) / n}
		m.Vector(f, nil, []float64{5, 0.7, 1}, x)
		d.X = append(d.X, x)
		for k, v := range f {
			sigma := 0.1 * (1 + float64(k)*x[0])
			d.Y, d.Sigma = append(d.Y, v+sigma*rng.NormFloat64()), append(d.Sigma, sigma)
		}
	}
	p := []fit.Parameter{
		{Name: "half", Start: 1, Transform: fit.Log},
		{Name: "k", Start: 2, Lower: 0.1, Upper: 10, Transform: fit.Logit},
		{Name: "c", Fixed: true, Start: 1},
		{Name: "a", Tied: func(grad, b []float64) float64 {
			if grad != nil {
				grad[0], grad[1], grad[2], grad[3] = 2, 0, 0, 0
			}
			return 2 * b[0]
		}},
	}
	for _, s := range []*fit.Settings{nil, {AbsoluteSigma: true}} {
		want, err := fit.Curve(t.Context(), m, d, p, s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := fit.Passes(t.Context(), m, &rows{Data: d, outputs: 2}, p, s)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "two responses", r, want, 8)
		band, err := r.Predict(m, fit.Data{X: d.X[:3]}, 0.95)
		if err != nil || !math.IsNaN(band.Prediction.Lower[0]) || math.IsNaN(band.Confidence.Lower[0]) {
			t.Errorf("%v: the prediction %+v of data with an unknown Sigma", err, band)
		}
	}

	// What cannot be determined is told as Curve tells it.
	flat := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = x[0], x[0]
		}
		return (b[0] + b[1]) * x[0]
	}}
	var rank *fit.RankError
	r, err := fit.Passes(t.Context(), flat, &rows{Data: fit.Data{X: d.X, Y: d.Y[:n]}}, starts(flat.Parameters, []float64{1, 2}), nil)
	if !errors.As(err, &rank) || rank.Rank != 1 || !math.IsInf(r.StdErr[0], 1) {
		t.Errorf("error %v, want a RankError", err)
	}
}

// generated is a Source that makes its points anew in each pass.
type generated struct {
	q    population
	n    int
	left int
	next fit.Next
	look func()
}

func (g *generated) Rewind() error {
	g.left, g.next = g.n, g.q.next(2)
	return nil
}

func (g *generated) Next(p *fit.Point) error {
	if g.left--; g.left < 0 {
		return io.EOF
	}
	if g.left%(g.n/4) == 0 {
		g.look()
	}
	return g.next(p)
}

// Memory does not grow with the number of points.
func TestPassesMemory(t *testing.T) {
	q := decays()
	heap := func(n int) int {
		return peak(func(look func()) {
			r, err := fit.Passes(t.Context(), q.m, &generated{q: q, n: n, look: look}, starts(q.m.Parameters, q.start), nil)
			if err != nil || r.N != n {
				t.Fatal(err, r.N)
			}
			for j, b := range q.b {
				if math.Abs(r.Estimate[j]-b) > 4.5*r.StdErr[j] {
					t.Errorf("%s = %v ± %v, want %v", r.Parameters[j], r.Estimate[j], r.StdErr[j], b)
				}
			}
		})
	}
	small, large := heap(100_000), heap(1_000_000)
	t.Logf("heap: %d bytes for 100 000 points, %d for 1 000 000", small, large)
	if large > 8<<20 || large-small > 1<<20 {
		t.Errorf("the heap grows from %d bytes for 100 000 points to %d for 1 000 000", small, large)
	}
}

// faulty is a Source with a fault in one of its passes, from 1.
type faulty struct {
	rows
	pass   int
	fault  func(p *fit.Point) error
	rewind error
}

func (f *faulty) Rewind() error {
	f.rows.Rewind()
	if f.passes == f.pass {
		return f.rewind
	}
	return nil
}

func (f *faulty) Next(p *fit.Point) error {
	if err := f.rows.Next(p); err != nil {
		return err
	}
	if f.passes == f.pass && f.fault != nil && f.next == 1001 {
		return f.fault(p)
	}
	return nil
}

func TestPassesErrors(t *testing.T) {
	q := decays()
	data := keep(t, of(3000, q.next(1)))
	broken := errors.New("broken disk")
	for name, c := range map[string]struct {
		pass   int
		fault  func(p *fit.Point) error
		rewind error
		m      *fit.Model
		p      func(p []fit.Parameter)
		n      int
		want   string
	}{
		"first pass":  {pass: 1, fault: func(*fit.Point) error { return broken }, want: "reading point 1000: broken disk"},
		"start":       {pass: 2, fault: func(*fit.Point) error { return broken }, want: "reading point 1000: broken disk"},
		"later":       {pass: 4, fault: func(*fit.Point) error { return broken }, want: "reading point 1000: broken disk"},
		"rewind":      {pass: 4, rewind: broken, want: "fit: broken disk"},
		"NaN":         {pass: 1, fault: func(p *fit.Point) error { p.Y[0] = math.NaN(); return nil }, want: "response 0 of point 1000 is NaN"},
		"end":         {pass: 3, fault: func(p *fit.Point) error { return io.EOF }, want: "the data have 1000 points now, they had 3000 before"},
		"sigma":       {pass: 1, fault: func(p *fit.Point) error { p.Sigma = append(p.Sigma, 1); return nil }, want: "point 1000 has 1 standard deviations"},
		"width":       {pass: 1, fault: func(p *fit.Point) error { p.X = append(p.X, 1); return nil }, want: "point 1000 has 2 predictors"},
		"few":         {n: 2, want: "too few points, 2 for 3 parameters"},
		"none":        {n: -1, want: "too few points, 0 for 3 parameters"},
		"idle":        {p: func(p []fit.Parameter) { p[0].Start = 0 }, want: "k has no influence at the start"},
		"start value": {p: func(p []fit.Parameter) { p[0].Start = math.NaN() }, want: "the start of a is NaN"},
		"no grad": {m: &fit.Model{Parameters: q.m.Parameters, Func: func(_, b, x []float64) float64 { return q.m.Func(nil, b, x) }},
			want: "the derivative by a was not stored or is NaN at the start"},
	} {
		d, p, m := data, starts(q.m.Parameters, q.start), q.m
		if c.n != 0 {
			d.X, d.Y = d.X[:max(0, c.n)], d.Y[:max(0, c.n)]
		}
		if c.p != nil {
			c.p(p)
		}
		if c.m != nil {
			m = *c.m
		}
		r, err := fit.Passes(t.Context(), m, &faulty{rows: rows{Data: d}, pass: c.pass, fault: c.fault, rewind: c.rewind}, p, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(c.want, "disk") && !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if r != nil && (!math.IsNaN(r.StdErr[0]) || r.Status != optimize.Failure) {
			t.Errorf("%s: standard error %v, %v", name, r.StdErr[0], r.Status)
		}
	}

	// A curve that is not finite at one point, far behind the first block.
	at := data.X[2345][0]
	m := q.m
	m.Func = func(grad, b, x []float64) float64 {
		if x[0] == at {
			return math.Inf(1)
		}
		return q.m.Func(grad, b, x)
	}
	_, err := fit.Passes(t.Context(), m, &rows{Data: data}, starts(m.Parameters, q.start), nil)
	var e *fit.PointError
	if !errors.As(err, &e) || e.Point != 2345 || e.X[0] != at || !math.IsInf(e.Value, 1) {
		t.Errorf("%v, want a PointError at 2345", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	src := &faulty{rows: rows{Data: data}, pass: 3, fault: func(*fit.Point) error { cancel(); return nil }}
	if _, err := fit.Passes(ctx, q.m, src, starts(q.m.Parameters, q.start), nil); !errors.Is(err, context.Canceled) || src.passes > 4 {
		t.Errorf("cancelled: %v after %d passes", err, src.passes)
	}
}

func TestPassesMisuse(t *testing.T) {
	q := decays()
	p := starts(q.m.Parameters, q.start)
	for want, f := range map[string]func(){
		"which Passes does not keep": func() {
			r, _ := fit.Passes(t.Context(), q.m, &rows{Data: keep(t, of(100, q.next(1)))}, p, nil)
			r.Residuals()
		},
		"Source is nil":                       func() { fit.Passes(t.Context(), q.m, nil, p, nil) },
		"Settings.Iterations = -1":            func() { fit.Passes(t.Context(), q.m, &rows{}, p, &fit.Settings{Iterations: -1}) },
		"Model.Func and Model.Vector are nil": func() { fit.Passes(t.Context(), fit.Model{Parameters: q.m.Parameters}, &rows{}, p, nil) },
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, want) {
					t.Errorf("%q, want %s", v, want)
				}
			}()
			f()
		}()
	}
}
