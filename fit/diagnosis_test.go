package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// TestDiagnosis: each remarkable thing is said where it is so, and nothing is said about NIST's fits but where they met
// parameters at which the curve is not finite.
func TestDiagnosis(t *testing.T) {
	d := decayData()
	abc := starts(decay.Parameters, []float64{3, 1, 0.3})
	one := func(p fit.Parameter) []fit.Parameter {
		all := starts(decay.Parameters, []float64{3, 1, 0.3})
		for j := range all {
			if all[j].Name == p.Name {
				all[j] = p
			}
		}
		return all
	}
	product := fit.Model{Parameters: []string{"a", "b", "c"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = b[1]*x[0], b[0]*x[0], 1
		}
		return b[0]*b[1]*x[0] + b[2]
	}}
	late := fit.Model{Parameters: []string{"a", "s"}, Func: func(grad, b, x []float64) float64 { // no s beyond x = 0
		idle := math.Max(0, 1-10*x[0])
		if grad != nil {
			grad[0], grad[1] = x[0], idle
		}
		return b[0]*x[0] + b[1]*idle
	}}
	root := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = math.Log(b[1]+x[0]), b[0]/(b[1]+x[0])
		}
		return b[0] * math.Log(b[1]+x[0])
	}}
	var logs fit.Data
	for i := range 7 {
		v := float64(i)
		logs.X, logs.Y = append(logs.X, []float64{v}), append(logs.Y, 3*math.Log(0.01+v)+0.01*math.Sin(7*v))
	}
	wrong := fit.Model{Parameters: decay.Parameters, Func: func(grad, b, x []float64) float64 {
		f := decay.Func(grad, b, x)
		if grad != nil {
			grad[1] = -grad[1]
		}
		return f
	}}
	double := func(grad, b []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = 0, 0, 2
		}
		return 2 * b[2]
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		m      fit.Model
		d      fit.Data
		params []fit.Parameter
		s      *fit.Settings
		want   []string
	}{
		{"nothing", nil, decay, d, abc, nil, nil},
		{"bound", nil, decay, d, one(fit.Parameter{Name: "c", Start: 0.7, Lower: 0.6, Upper: 1}), nil,
			[]string{"c is at its lower bound, 0.6: error bars of the others hold with c fixed there."}},
		{"upper bound and tie", nil, decay, d, []fit.Parameter{{Name: "a", Tied: double}, {Name: "k", Start: 1}, {Name: "c", Start: 0.3, Lower: 0, Upper: 0.4}}, nil,
			[]string{"c is at its upper bound, 0.4: error bars of the others hold with c fixed there.", "There are no error bars of a: they are tied to parameters at a bound."}},
		{"limit", nil, decay, d, abc, &fit.Settings{Iterations: 1, AdamSteps: -1},
			[]string{"The search has not converged within its limit", "There are no error bars of a, k, c: the estimate is no minimum."}},
		{"wrong derivative", nil, wrong, d, abc, nil,
			[]string{"No step lowers the sum of squares although the derivatives promise it: a derivative is wrong (Model.Check finds which)", "There are no error bars of a, k, c: the estimate is no minimum."}},
		{"cancelled", cancelled, decay, d, abc, nil,
			[]string{"The search has been ended from outside", "a is still at its start, 3", "k is still at its start, 1", "c is still at its start, 0.3", "There are no error bars of a, k, c"}},
		{"product", nil, product, fit.Data{X: column(0, 1, 2, 3, 4), Y: []float64{1.1, 2.9, 5.2, 6.8, 9}}, starts(product.Parameters, []float64{1, 1, 0.3}), nil,
			[]string{"The data do not determine one combination of parameters: the curve stays the same if a by "}},
		{"no degrees of freedom", nil, line, fit.Data{X: column(1, 2), Y: []float64{3, 5}}, starts(line.Parameters, []float64{7, 7}), nil,
			[]string{"There are no error bars of a, b: there are as many free parameters as responses, so that nothing is left to tell the errors from."}},
		{"leverage", nil, late, fit.Data{X: column(0, 1, 2, 3), Y: []float64{5, 1.1, 1.9, 3}}, starts(late.Parameters, []float64{3, 3}), nil,
			[]string{"Nothing in the data can contradict s: ", "The curve follows y[0] = 5, at x = [0], whatever it is (leverage 1.000)"}},
		{"not finite", nil, root, logs, starts(root.Parameters, []float64{1, 5}), nil,
			[]string{"The search met parameters where the curve or a derivative is not finite ", "The curve follows y[0] = "}},
		{"ran away", nil, decay, fit.Data{X: d.X, Y: d.Y}, starts(decay.Parameters, []float64{3, -1, 0}), nil,
			[]string{"a, k, c may be on the way to infinity"}},
		{"scale", nil, line, fit.Data{X: column(1, 2, 3, 4, 5), Y: []float64{1, 2, 3, 4, 9}}, starts(line.Parameters, []float64{0.1, 0.9}), &fit.Settings{Loss: fit.Tukey{}},
			[]string{"The scale of the residuals is 0 or does not settle", "There are no error bars of a, b: the estimate is no minimum."}},
	} {
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		r, err := fit.Curve(c.ctx, c.m, c.d, c.params, c.s)
		if r == nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := r.Diagnosis()
		ok := len(got) == len(c.want)
		for i := range got {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q (%v)", c.name, got, c.want, err)
		}
	}

	// The combination is true: along it the curve stays the same.
	r, _ := fit.Curve(t.Context(), product, fit.Data{X: column(0, 1, 2, 3, 4), Y: []float64{1.1, 2.9, 5.2, 6.8, 9}}, starts(product.Parameters, []float64{2, 1, 0.3}), nil)
	text := r.Diagnosis()[0]
	if !strings.Contains(text, "a by +1 % changes and b by -1 %") && !strings.Contains(text, "a by -1 % changes and b by +1 %") {
		t.Errorf("%s: want opposite changes of 1 %%", text)
	}
}

// TestWhere: NaN in the second output of the second set is found there.
func TestWhere(t *testing.T) {
	m := fit.Model{Parameters: []string{"a"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		dst[0], dst[1] = b[0]*x[0], b[0]*math.Log(x[0])
		if jac != nil {
			jac[0], jac[1] = x[0], math.Log(x[0])
		}
	}}
	good := fit.Data{X: column(1, 2), Y: []float64{1, 2, 3, 4}}
	bad := fit.Data{X: column(1, -2), Y: []float64{1, 2, 3, 4}}
	_, err := fit.Curves(t.Context(), []fit.Set{{Model: m, Data: good}, {Model: m, Data: bad}}, starts(m.Parameters, []float64{3}), nil)
	if err == nil || err.Error() != "fit: output 1 of the curve is NaN at the start (a = 3), set 1, x[1] = [-2]" {
		t.Errorf("error %v", err)
	}
	for want, d := range map[string]fit.Data{
		"fit: x has 2 points of 2 outputs, y has 3 values": {X: column(1, 2), Y: []float64{1, 2, 3}},
		"fit: y has 4 values, sigma has 1":                 {X: column(1, 2), Y: []float64{1, 2, 3, 4}, Sigma: []float64{1}},
		"fit: sigma[3] is 0, want a number > 0":            {X: column(1, 2), Y: []float64{1, 2, 3, 4}, Sigma: []float64{1, 1, 1, 0}},
		"fit: sigma[0] is NaN, want a number > 0":          {X: column(1, 2), Y: []float64{1, 2, 3, 4}, Sigma: []float64{math.NaN(), 1, 1, 0}},
		"fit: y[2] is NaN":                                 {X: column(1, 2), Y: []float64{1, 2, math.NaN(), 4}},
	} {
		if _, err := fit.Curve(t.Context(), m, d, starts(m.Parameters, []float64{3}), nil); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := fit.Curves(t.Context(), []fit.Set{{Model: m, Data: good}, {Model: m, Data: d}}, starts(m.Parameters, []float64{3}), nil); err == nil || err.Error() != strings.Replace(want, "fit: ", "fit: set 1: ", 1) {
			t.Errorf("error %v, want that of set 1: %s", err, want)
		}
	}
}
