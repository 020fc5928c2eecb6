package fit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// TestProfile compares with ends from nested fits by scipy, and with lmfit.conf_interval. The t-intervals, which it
// must not confuse with them, are further off than the tolerance on the nonlinear problems and equal on the linear one.
func TestProfile(t *testing.T) {
	for name, g := range readProblems(t) {
		for _, absolute := range []bool{false, true} {
			r := g.fit(t, &fit.Settings{AbsoluteSigma: absolute})
			want := g.Profile.Relative
			if absolute {
				want = g.Profile.Absolute
			}
			for i := range r.Parameters {
				p, err := r.Profile(t.Context(), i, 0.95)
				if err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%s, %s, absolute %v", name, r.Parameters[i], absolute)
				width := want[i][1] - want[i][0]
				off := func(lo, hi float64) float64 {
					return max(math.Abs(lo-want[i][0]), math.Abs(hi-want[i][1])) / width
				}
				if d := off(p.Lower, p.Upper); !(d < 1e-8) {
					t.Errorf("%s: %v to %v, want %v: off by %.1g of the width", what, p.Lower, p.Upper, want[i], d)
				}
				linear := off(r.Interval(i, 0.95))
				if name == "parabola" && !(linear < 1e-8) {
					t.Errorf("%s: the t-interval of a linear model is off by %.1g", what, linear)
				}
				if name != "parabola" && linear < 1e-3 {
					t.Errorf("%s: the t-interval is within %.1g of the profile: the problem is too linear", what, linear)
				}
				if !absolute {
					if l := g.Statistics.LMFit.Profile[i]; !(off(l[0], l[1]) < 1e-3) {
						t.Errorf("%s: lmfit has %v", what, l)
					}
				}
				checkTrace(t, what, r, p, i)
			}
		}
	}
}

// checkTrace wants a trace in order that holds the estimate, reaches both ends, and has τ belong to the estimates.
func checkTrace(t *testing.T, what string, r *fit.Result, p *fit.Profile, i int) {
	t.Helper()
	estimate := false
	for k, q := range p.Trace {
		if q.Value != q.Estimate[i] {
			t.Errorf("%s: value %v, but the parameter is %v", what, q.Value, q.Estimate[i])
		}
		if k > 0 && !(q.Value >= p.Trace[k-1].Value && q.Root >= p.Trace[k-1].Root) {
			t.Errorf("%s: the trace does not rise from %v to %v", what, p.Trace[k-1], q)
		}
		estimate = estimate || q.Value == r.Estimate[i] && q.Root == 0
	}
	if !estimate {
		t.Errorf("%s: the estimate is not in the trace", what)
	}
	if p.Trace[0].Value > p.Lower+1e-9*(p.Upper-p.Lower) || p.Trace[len(p.Trace)-1].Value < p.Upper-1e-9*(p.Upper-p.Lower) {
		t.Errorf("%s: the trace does not reach the ends", what)
	}
}

// TestPuromycin compares with confint of R's MASS, which interpolates the profile, as printed by its authors.
func TestPuromycin(t *testing.T) {
	r := readProblems(t)["puromycin"].fit(t, nil)
	for i, want := range [][2]float64{{197.30212848, 229.29006490}, {0.04692517, 0.08615995}} {
		p, err := r.Profile(t.Context(), i, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, r.Parameters[i], []float64{p.Lower, p.Upper}, want[:], 2e-4, 0)
	}
}

// TestOpenProfile has points so far on the plateau that any large rate fits: the interval has no upper end. With a
// bound it ends there, and with one more point on the slope by itself.
func TestOpenProfile(t *testing.T) {
	x, y := []float64{1, 2, 3, 4, 5, 6}, []float64{9.6, 10.4, 9.7, 10.2, 9.9, 10.3}
	profile := func(x, y []float64, rate fit.Parameter) *fit.Profile {
		t.Helper()
		rate.Name = "k"
		r, err := fit.Curve(t.Context(), saturation, fit.Data{X: column(x...), Y: y}, []fit.Parameter{{Name: "a", Start: 10}, rate}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Profile(t.Context(), 1, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := profile(x, y, fit.Parameter{Start: 2}); !(p.Lower > 1.5 && p.Lower < 2.5 && math.IsInf(p.Upper, 1)) {
		t.Errorf("from %v to %v, want about 2 to +Inf", p.Lower, p.Upper)
	}
	if p := profile(x, y, fit.Parameter{Start: 2, Transform: fit.Log}); !(p.Lower > 1.5 && p.Lower < 2.5 && math.IsInf(p.Upper, 1)) {
		t.Errorf("with Log from %v to %v, want about 2 to +Inf", p.Lower, p.Upper)
	}
	if p := profile(x, y, fit.Parameter{Start: 2, Lower: -50, Upper: 50}); !(p.Lower > 1.5 && p.Lower < 2.5 && p.Upper == 50) {
		t.Errorf("with a bound from %v to %v, want about 2 to 50", p.Lower, p.Upper)
	}
	if p := profile(x, y, fit.Parameter{Start: 2, Lower: -50, Upper: 50, Transform: fit.Logit}); !(p.Lower > 1.5 && p.Lower < 2.5 && p.Upper == 50) {
		t.Errorf("with Logit from %v to %v, want about 2 to 50", p.Lower, p.Upper)
	}
	if p := profile(append(x, 0.3), append(y, 4.8), fit.Parameter{Start: 2}); !(p.Lower > 0.5 && p.Lower < 3 && p.Upper < 10) {
		t.Errorf("with a point on the slope from %v to %v, want both ends", p.Lower, p.Upper)
	}
}

// TestProfileThroughNothing follows an amplitude to both sides of 0, where the rate beside it changes nothing.
func TestProfileThroughNothing(t *testing.T) {
	x := column(0, 0.5, 1, 1.5, 2, 3)
	y := []float64{0.4, -0.1, 0.5, -0.3, 0.2, -0.1}
	r, err := fit.Curve(t.Context(), saturation, fit.Data{X: x, Y: y}, []fit.Parameter{{Name: "a", Start: 1}, {Name: "k", Start: 1, Lower: 0.5, Upper: 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Profile(t.Context(), 0, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if !(p.Lower < 0 && p.Upper > 0 && p.Lower > -5 && p.Upper < 5) {
		t.Errorf("from %v to %v, want an interval around 0", p.Lower, p.Upper)
	}

	// With a bound at 0 the profile goes exactly there.
	y[3] = 0.4
	r, err = fit.Curve(t.Context(), saturation, fit.Data{X: x, Y: y}, []fit.Parameter{{Name: "a", Start: 1, Upper: 100}, {Name: "k", Start: 1, Lower: 0.5, Upper: 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = r.Profile(t.Context(), 0, 0.95); err != nil {
		t.Fatal(err)
	}
	if first := p.Trace[0]; !(r.Estimate[0] > 0.01) || p.Lower != 0 || first.Value != 0 || !(first.Root < 0 && first.Root > -3) {
		t.Errorf("from %v around %v, with %v first, want 0", p.Lower, r.Estimate[0], first)
	}
}

// TestProfileDomain has a curve that is defined on one side only: √(x - b) with the least x at 1. There the interval
// ends.
func TestProfileDomain(t *testing.T) {
	root := fit.Model{Parameters: []string{"b"}, Func: func(grad, b, x []float64) float64 {
		v := math.Sqrt(x[0] - b[0])
		if grad != nil {
			grad[0] = -0.5 / v
		}
		return v
	}}
	r, err := fit.Curve(t.Context(), root, fit.Data{X: column(1, 2, 3), Y: []float64{0.7, 0.4, 1.9}}, starts([]string{"b"}, []float64{0.5}), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Profile(t.Context(), 0, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.Upper-1) > 1e-6 || !(p.Lower < r.Estimate[0]) {
		t.Errorf("from %v to %v around %v, want an end at 1, beyond which the curve is NaN", p.Lower, p.Upper, r.Estimate[0])
	}
}

// TestLowerError starts in the wrong minimum of a frequency; its profile finds the better one.
func TestLowerError(t *testing.T) {
	sine := fit.Model{Parameters: []string{"omega"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0] = x[0] * math.Cos(b[0]*x[0])
		}
		return math.Sin(b[0] * x[0])
	}}
	var d fit.Data
	for i := range 20 {
		v := float64(i) / 4
		d.X, d.Y = append(d.X, []float64{v}), append(d.Y, math.Sin(2*v)+0.1*math.Sin(float64(50*i)))
	}
	r, err := fit.Curve(t.Context(), sine, d, starts([]string{"omega"}, []float64{4}), &fit.Settings{AdamSteps: -1})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Estimate[0]-2) < 0.5 {
		t.Fatalf("the fit has found the right frequency %v: start elsewhere", r.Estimate[0])
	}
	p, err := r.Profile(t.Context(), 0, 0.999999)
	var lower *fit.LowerError
	if !errors.As(err, &lower) || p != nil || !(lower.RSS < r.RSS) || !strings.Contains(err.Error(), "not the minimum") {
		t.Errorf("profile %v, error %v, want a LowerError", p, err)
	}
}

// TestNoProfile are the parameters and fits that have none.
func TestNoProfile(t *testing.T) {
	g := readProblems(t)["decay"]
	params := starts(g.model.Parameters, g.Start)
	params[2].Fixed = true
	params = append(params, fit.Parameter{Name: "half-life", Tied: func(grad, b []float64) float64 {
		if grad != nil {
			clear(grad)
			grad[1] = -math.Ln2 / (b[1] * b[1])
		}
		return math.Ln2 / b[1]
	}})
	r, err := fit.Curve(t.Context(), g.model, g.data(), params, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]string{2: "c is fixed", 3: "half-life is tied"} {
		if _, err := r.Profile(t.Context(), i, 0.95); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := r.Contour(t.Context(), 0, i, 0.95, 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("contour: error %v, want %s", err, want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := r.Profile(ctx, 0, 0.95); !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
	if _, err := r.Bootstrap(ctx, nil); !errors.Is(err, cause) {
		t.Errorf("bootstrap: error %v, want the cause", err)
	}
}

// TestSaturated has no degrees of freedom: ends are NaN, unless Sigma are absolute.
func TestSaturated(t *testing.T) {
	d := fit.Data{X: column(0, 1), Y: []float64{1, 3}, Sigma: []float64{0.1, 0.2}}
	for _, absolute := range []bool{false, true} {
		r, err := fit.Curve(t.Context(), line, d, starts(line.Parameters, []float64{1, 1}), &fit.Settings{AbsoluteSigma: absolute})
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Profile(t.Context(), 0, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := r.Interval(0, 0.95)
		if absolute {
			near(t, "ends", []float64{p.Lower, p.Upper}, []float64{1 - 0.1*1.959963984540054, 1 + 0.1*1.959963984540054}, 1e-8, 0)
			near(t, "t-interval", []float64{lo, hi}, []float64{p.Lower, p.Upper}, 1e-8, 0)
		} else if !math.IsNaN(p.Lower) || !math.IsNaN(p.Upper) || !math.IsNaN(lo) {
			t.Errorf("from %v to %v, want NaN", p.Lower, p.Upper)
		}
	}
}

// TestProfileAtBound has a falling line whose slope must not be negative: the estimate is at the bound and has no
// standard error, but a profile. With b the slope and x around its mean RSS(b) - RSS = b² Sxx - 2 b Sxy, from b = 0.
func TestProfileAtBound(t *testing.T) {
	x, y := []float64{-2, -1, 0, 1, 2}, []float64{1.3, 0.8, 1.1, 1.2, 0.7}
	params := starts(line.Parameters, []float64{1, 1})
	params[1].Upper = 100
	r, err := fit.Curve(t.Context(), line, fit.Data{X: column(x...), Y: y}, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Profile(t.Context(), 1, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	var sxx, sxy, mean, syy float64
	for i := range x {
		mean += y[i] / 5
	}
	for i := range x {
		sxx += x[i] * x[i]
		sxy += x[i] * y[i]
		syy += (y[i] - mean) * (y[i] - mean)
	}
	const t4 = 2.7764451051977987 // 4 degrees of freedom: the slope does not count
	upper := (sxy + math.Sqrt(sxy*sxy+sxx*t4*t4*syy/4)) / sxx
	if !math.IsNaN(r.StdErr[1]) || p.Lower != 0 || math.Abs(p.Upper-upper) > 1e-8*upper {
		t.Errorf("standard error %v, profile from %v to %v, want NaN, 0 to %v", r.StdErr[1], p.Lower, p.Upper, upper)
	}
	// The other parameter has both ends, and error bars.
	q, err := r.Profile(t.Context(), 0, 0.95)
	if err != nil || !(q.Lower < mean && q.Upper > mean) {
		t.Errorf("profile of the other from %v to %v, error %v", q.Lower, q.Upper, err)
	}
}
