package fit_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// inPoints returns m with a Points that does what its Func does, and a Func that must not be called.
func inPoints(t *testing.T, m fit.Model, calls *atomic.Int64) fit.Model {
	f := m.Func
	m.Func = func(grad, b, x []float64) float64 {
		t.Error("Func is called in spite of Points")
		return f(grad, b, x)
	}
	m.Points = func(dst, jac, b []float64, x [][]float64) {
		calls.Add(1)
		if len(dst) != len(x) || jac != nil && len(jac) != len(x)*len(b) || len(x) == 0 {
			t.Errorf("%d points with %d values, %d derivatives", len(x), len(dst), len(jac))
		}
		for i := range x {
			var grad []float64
			if jac != nil {
				grad = jac[i*len(b) : (i+1)*len(b)]
			}
			dst[i] = f(grad, b, x[i])
		}
	}
	return m
}

// TestPoints: what evaluates a curve does it by Points, with the same bits, for more points than one call has.
func TestPoints(t *testing.T) {
	d := fit.Data{}
	for i := range 1200 {
		x := float64(i%97) / 20
		d.X, d.Y = append(d.X, []float64{x}), append(d.Y, 3*math.Exp(-0.8*x)+0.5+0.1*math.Sin(float64(i*i)))
	}
	weighted := d
	for i := range d.Y {
		weighted.Sigma = append(weighted.Sigma, 0.1+0.01*float64(i%7))
	}
	other := fit.Data{X: d.X[:40], Y: d.Y[100:140]}
	p := starts(relaxation.Parameters, []float64{1, 2, 0})
	transformed := []fit.Parameter{{Name: "c", Start: 0}, {Name: "k", Start: 2, Transform: fit.Log}, {Name: "a", Start: 1}}
	fixed := []fit.Parameter{{Name: "a", Start: 3, Fixed: true}, {Name: "k", Start: 2}, {Name: "c"}}
	two := append(starts(saturation.Parameters, []float64{1, 2}), fit.Parameter{Name: "c"})
	for name, run := range map[string]func(m, second fit.Model) (any, error){
		"Curve": func(m, _ fit.Model) (any, error) { return compact(fit.Curve(t.Context(), m, d, p, nil)) },
		"Sigma": func(m, _ fit.Model) (any, error) { return compact(fit.Curve(t.Context(), m, weighted, p, nil)) },
		"Transform": func(m, _ fit.Model) (any, error) {
			return compact(fit.Curve(t.Context(), m, weighted, transformed, nil))
		},
		"Fixed": func(m, _ fit.Model) (any, error) { return compact(fit.Curve(t.Context(), m, d, fixed, nil)) },
		"Loss": func(m, _ fit.Model) (any, error) {
			return compact(fit.Curve(t.Context(), m, d, p, &fit.Settings{Loss: fit.Huber{}}))
		},
		"Starts": func(m, _ fit.Model) (any, error) {
			return compact(fit.Curve(t.Context(), m, d, p, &fit.Settings{Starts: 2}))
		},
		"Curves": func(m, second fit.Model) (any, error) {
			return compact(fit.Curves(t.Context(), []fit.Set{{Model: m, Data: weighted}, {Model: second, Data: other}}, two, nil))
		},
		"Passes": func(m, _ fit.Model) (any, error) {
			return compact(fit.Passes(t.Context(), m, &rows{Data: weighted}, p, nil))
		},
		"Stream": func(m, _ fit.Model) (any, error) {
			src := &rows{Data: weighted}
			r, err := fit.Stream(t.Context(), m, func(q *fit.Point) error {
				if src.next == len(d.X) {
					src.next = 0
				}
				return src.Next(q)
			}, p, &fit.StreamSettings{Points: 3000})
			return []any{r.Estimate, r.N}, err
		},
		"after a fit": func(m, _ fit.Model) (any, error) {
			r, err := fit.Curve(t.Context(), m, d, p, nil)
			if err != nil {
				return nil, err
			}
			profile, err := r.Profile(t.Context(), 1, 0.95)
			if err != nil {
				return nil, err
			}
			bands, err := r.Predict(m, weighted, 0.95)
			if err != nil {
				return nil, err
			}
			b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: 5, Concurrent: 2})
			if err != nil {
				return nil, err
			}
			return []any{profile, bands, b.Estimates, b.StdErrs, r.Residuals(), r.Statistics()}, nil
		},
	} {
		want, err := run(relaxation, saturation)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var calls, second atomic.Int64
		got, err := run(inPoints(t, relaxation, &calls), inPoints(t, saturation, &second))
		if err != nil {
			t.Errorf("%s with Points: %v", name, err)
			continue
		}
		if calls.Load() == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v with %d calls of Points, want %v", name, got, calls.Load(), want)
		}
		moved := relaxation
		moved.Points = func(dst, jac, b []float64, x [][]float64) {
			inPoints(t, relaxation, new(atomic.Int64)).Points(dst, jac, b, x)
			dst[len(dst)-1] += 1e-3
		}
		if off, _ := run(moved, saturation); reflect.DeepEqual(off, want) {
			t.Errorf("%s: the last value of a call does not matter", name)
		}
	}
}

// compact is what bits of a Result are compared by.
func compact(r *fit.Result, err error) (any, error) {
	if r == nil {
		return nil, err
	}
	return []any{r.Estimate, r.StdErr, r.Cov.RawSymmetric().Data, r.Objective, r.ResidualSD, r.Evaluations, r.Iterations}, err
}

// TestPointsNotFinite: the point is named whichever function is set, and a Func is not called after it.
func TestPointsNotFinite(t *testing.T) {
	var after bool
	m := fit.Model{Parameters: []string{"a"}, Func: func(grad, b, x []float64) float64 {
		after = after || x[0] > 2
		if grad != nil {
			grad[0] = 1 / x[0]
		}
		if x[0] == 2 {
			return math.NaN()
		}
		return b[0]
	}}
	d := fit.Data{X: column(-1, 1, 2, 3), Y: []float64{1, 2, 3, 4}}
	var calls atomic.Int64
	for _, m := range []fit.Model{m, inPoints(t, m, &calls)} {
		_, err := fit.Curve(t.Context(), m, d, starts(m.Parameters, []float64{1}), nil)
		var e *fit.PointError
		if !errors.As(err, &e) || e.Point != 2 || e.Parameter != "" {
			t.Errorf("error %v, want one at point 2", err)
		}
		if after && calls.Load() == 0 {
			t.Error("Func is called after NaN")
		}
		for _, p := range []fit.Parameter{{Name: "a", Start: 1}, {Name: "a", Start: 1, Transform: fit.Log}} {
			_, err = fit.Curve(t.Context(), m, fit.Data{X: column(-1, 1, 0, 3), Y: d.Y}, []fit.Parameter{p}, nil)
			if !errors.As(err, &e) || e.Point != 2 || e.Parameter != "a" || !math.IsInf(e.Value, 1) {
				t.Errorf("error %v, want one by a at point 2", err)
			}
		}
	}
	if calls.Load() == 0 {
		t.Error("no call of Points")
	}
}

// TestCheckPoints: Check finds a Points that is another function than Func.
func TestCheckPoints(t *testing.T) {
	x := column(0.5, 1, 2)
	right := inPoints(t, relaxation, new(atomic.Int64)).Points
	for want, change := range map[string]func(dst, jac []float64){
		"":                                 func(dst, jac []float64) {},
		"fit: Model.Points has the value ": func(dst, jac []float64) { dst[1] *= 1 + 1e-6 },
		"fit: the derivative by k at x[2] = [2] is NaN with Model.Points, -": func(dst, jac []float64) {
			if jac != nil {
				jac[7] = math.NaN()
			}
		},
		"fit: the derivative by c at x[0] = [0.5] is 1.001 with Model.Points, 1 with Func": func(dst, jac []float64) {
			if jac != nil {
				jac[2] = 1.001
			}
		},
		"fit: Model.Points has the value NaN at x[2] = [2]": func(dst, jac []float64) {
			if jac == nil {
				dst[2] = math.NaN() // which is asked for without derivatives alone
			}
		},
	} {
		m := relaxation
		m.Points = func(dst, jac, b []float64, x [][]float64) {
			right(dst, jac, b, x)
			change(dst, jac)
		}
		err := m.Check([]float64{2, 0.3, 0}, x)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
