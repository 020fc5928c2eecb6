package fit_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// wavy are responses around a line, with errors that are known.
func wavy(n int) (x [][]float64, y, sigma []float64) {
	for i := range n {
		v := float64(i) / 3
		x = append(x, []float64{v})
		sigma = append(sigma, 0.1+0.05*float64(i%4))
		y = append(y, 1+2*v+sigma[i]*math.Sin(float64(5*i)))
	}
	return x, y, sigma
}

// TestSigma: Sigma does what dividing both sides by it does, and a common factor of it changes nothing but ResidualSD.
// Taken as they are, they scale the error bars.
func TestSigma(t *testing.T) {
	x, y, sigma := wavy(11)
	byHand := fit.Model{Parameters: line.Parameters, Func: func(grad, b, x []float64) float64 {
		f := line.Func(grad, b, x[:1]) / x[1]
		for j := range grad {
			grad[j] /= x[1]
		}
		return f
	}}
	wide, divided, third := make([][]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		wide[i], divided[i], third[i] = []float64{x[i][0], sigma[i]}, y[i]/sigma[i], sigma[i]/3
	}
	start := starts(line.Parameters, []float64{1, 1})
	run := func(m fit.Model, d fit.Data, s *fit.Settings) *fit.Result {
		r, err := fit.Curve(t.Context(), m, d, start, s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	want := run(byHand, fit.Data{X: wide, Y: divided}, nil)
	r := run(line, fit.Data{X: x, Y: y, Sigma: sigma}, nil)
	if lre(r.Estimate, want.Estimate) < 10.9 || lre(r.StdErr, want.StdErr) < 10.9 || lre([]float64{r.RSS}, []float64{want.RSS}) < 10.9 {
		t.Errorf("%+v, by hand %+v", r, want)
	}
	plain := run(line, fit.Data{X: x, Y: y}, nil)
	if lre(plain.Estimate, want.Estimate) > 5 {
		t.Error("the weights make no difference: the test tests nothing")
	}
	q := run(line, fit.Data{X: x, Y: y, Sigma: third}, nil)
	if lre(q.Estimate, want.Estimate) < 10.9 || lre(q.StdErr, want.StdErr) < 10.9 || lre([]float64{q.ResidualSD}, []float64{3 * want.ResidualSD}) < 10.9 {
		t.Errorf("with a third of sigma %+v, want %+v", q, want)
	}
	a := run(line, fit.Data{X: x, Y: y, Sigma: sigma}, &fit.Settings{AbsoluteSigma: true})
	b := run(line, fit.Data{X: x, Y: y, Sigma: third}, &fit.Settings{AbsoluteSigma: true})
	for j := range a.StdErr {
		if lre([]float64{a.StdErr[j], 3 * b.StdErr[j]}, []float64{want.StdErr[j] / want.ResidualSD, a.StdErr[j]}) < 10.9 {
			t.Errorf("absolute: standard errors %v and %v, relative %v at ResidualSD %v", a.StdErr, b.StdErr, want.StdErr, want.ResidualSD)
		}
	}
	// The normal quantile, not Student's.
	if lo, hi := a.Interval(0, 0.95); lre([]float64{hi - lo}, []float64{2 * 1.9599639845400545 * a.StdErr[0]}) < 10.9 {
		t.Errorf("interval %v to %v around %v ± %v", lo, hi, a.Estimate[0], a.StdErr[0])
	}
	// Two points and two parameters leave errors if these are known: that of a response at x = 0 is that of a.
	e := run(line, fit.Data{X: column(0, 1), Y: []float64{3, 5}, Sigma: []float64{0.5, 2}}, &fit.Settings{AbsoluteSigma: true})
	if lre(e.StdErr, []float64{0.5, math.Hypot(0.5, 2)}) < 10.9 {
		t.Errorf("without degrees of freedom %v, want 0.5 and √(0.5²+2²)", e.StdErr)
	}
}

// TestFixed: a fixed slope leaves the mean of y - b x, which has its standard error.
func TestFixed(t *testing.T) {
	x, y, _ := wavy(11)
	params := []fit.Parameter{{Name: "b", Start: 2, Fixed: true}, {Name: "a", Start: 0}, {Name: "unused", Start: 5, Fixed: true}}
	r, err := fit.Curve(t.Context(), line, fit.Data{X: x, Y: y}, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	var mean, sum float64
	for i := range y {
		mean += (y[i] - 2*x[i][0]) / 11
	}
	for i := range y {
		d := y[i] - 2*x[i][0] - mean
		sum += d * d
	}
	if !slices.Equal(r.Parameters, []string{"b", "a", "unused"}) || r.DF != 10 || r.Rank != 1 ||
		lre([]float64{r.Estimate[1], r.StdErr[1], r.RSS}, []float64{mean, math.Sqrt(sum / 10 / 11), sum}) < 10.9 {
		t.Errorf("%+v, want the mean %v ± %v", r, mean, math.Sqrt(sum/10/11))
	}
	if r.Estimate[0] != 2 || r.StdErr[0] != 0 || r.Estimate[2] != 5 || r.Cov.At(0, 1) != 0 {
		t.Errorf("the fixed ones are %v ± %v", r.Estimate, r.StdErr)
	}
	if _, err := fit.Curve(t.Context(), line, fit.Data{X: x, Y: y}, []fit.Parameter{{Name: "a", Fixed: true}, {Name: "b", Fixed: true}}, nil); err == nil || err.Error() != "fit: no parameter is free" {
		t.Errorf("all fixed: %v", err)
	}
}

// TestSharedParameters: two lines of one slope are the linear model with two constants.
func TestSharedParameters(t *testing.T) {
	x, y, _ := wavy(11)
	other := make([]float64, 7)
	for i := range other {
		other[i] = y[i+2] - 3
	}
	second := fit.Model{Parameters: []string{"b", "c"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = x[0], 1
		}
		return b[0]*x[0] + b[1]
	}}
	sets := []fit.Set{{Model: line, Data: fit.Data{X: x, Y: y}}, {Model: second, Data: fit.Data{X: x[2:9], Y: other}}}
	r, err := fit.Curves(t.Context(), sets, starts([]string{"a", "b", "c"}, []float64{0, 1, 0}), nil)
	if err != nil {
		t.Fatal(err)
	}
	joint := fit.Model{Parameters: []string{"a", "b", "c"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = 1-x[1], x[0], x[1]
		}
		return b[0]*(1-x[1]) + b[1]*x[0] + b[2]*x[1]
	}}
	var d fit.Data
	for i := range x {
		d.X, d.Y = append(d.X, []float64{x[i][0], 0}), append(d.Y, y[i])
	}
	for i := range other {
		d.X, d.Y = append(d.X, []float64{x[i+2][0], 1}), append(d.Y, other[i])
	}
	want, err := fit.Curve(t.Context(), joint, d, starts(joint.Parameters, []float64{0, 1, 0}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 18 || r.DF != 15 || lre(r.Estimate, want.Estimate) < 10.9 || lre(r.StdErr, want.StdErr) < 10.9 {
		t.Errorf("%+v, want %+v", r, want)
	}
	alone, err := fit.Curve(t.Context(), line, sets[0].Data, starts(line.Parameters, []float64{0, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lre(alone.Estimate, want.Estimate[:2]) > 5 {
		t.Error("the second set makes no difference: the test tests nothing")
	}
}

// TestVector: a model with two outputs is two sets that share all parameters.
func TestVector(t *testing.T) {
	x, y, sigma := wavy(9)
	curved := fit.Model{Parameters: line.Parameters, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = b[1], b[0]
		}
		return b[0]*b[1] + x[0]
	}}
	both := fit.Model{Parameters: line.Parameters, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		if jac == nil {
			dst[0], dst[1] = line.Func(nil, b, x), curved.Func(nil, b, x)
			return
		}
		dst[0], dst[1] = line.Func(jac[:2], b, x), curved.Func(jac[2:], b, x)
	}}
	z, width := make([]float64, len(y)), make([]float64, len(y))
	var d fit.Data
	d.X = x
	for i := range y {
		z[i], width[i] = 2+x[i][0]+0.1*math.Cos(float64(3*i)), 0.2+0.1*float64(i%2)
		d.Y, d.Sigma = append(d.Y, y[i], z[i]), append(d.Sigma, sigma[i], width[i])
	}
	params := starts(line.Parameters, []float64{0.5, 1})
	r, err := fit.Curve(t.Context(), both, d, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fit.Curves(t.Context(), []fit.Set{{Model: line, Data: fit.Data{X: x, Y: y, Sigma: sigma}}, {Model: curved, Data: fit.Data{X: x, Y: z, Sigma: width}}}, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 18 || lre(r.Estimate, want.Estimate) < 10 || lre(r.StdErr, want.StdErr) < 10 || lre([]float64{r.RSS}, []float64{want.RSS}) < 10 {
		t.Errorf("%+v, as two sets %+v", r, want)
	}
}
