package fit_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
)

// decay is a exp(-k x) + c.
var decay = fit.Model{Parameters: []string{"a", "k", "c"}, Func: func(grad, b, x []float64) float64 {
	e := math.Exp(-b[1] * x[0])
	if grad != nil {
		grad[0], grad[1], grad[2] = e, -b[0]*x[0]*e, 1
	}
	return b[0]*e + b[2]
}}

func decayData() fit.Data {
	var d fit.Data
	for i := range 30 {
		v := float64(i) / 5
		d.X, d.Y = append(d.X, []float64{v}), append(d.Y, 4*math.Exp(-0.8*v)+0.5+0.05*math.Sin(float64(7*i)))
	}
	return d
}

func mustFit(t *testing.T, m fit.Model, d fit.Data, params []fit.Parameter, s *fit.Settings) *fit.Result {
	t.Helper()
	r, err := fit.Curve(t.Context(), m, d, params, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTied: with a tied to 2k + q, the fit is that of the model with the tie written into it; error bars of the tied one are
// those of the delta method. q is in no model.
func TestTied(t *testing.T) {
	d := decayData()
	tie := func(grad, b []float64) float64 { // in the order q, a, k, c
		if grad != nil {
			grad[0], grad[1], grad[2], grad[3] = 2*b[0], 0, 2, 0
		}
		return 2*b[2] + b[0]*b[0]
	}
	r := mustFit(t, decay, d, []fit.Parameter{{Name: "q", Start: 1}, {Name: "a", Tied: tie}, {Name: "k", Start: 1}, {Name: "c", Start: 0.3}}, nil)
	written := fit.Model{Parameters: []string{"q", "k", "c"}, Func: func(grad, b, x []float64) float64 {
		a := 2*b[1] + b[0]*b[0]
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1], grad[2] = 2*b[0]*e, 2*e-a*x[0]*e, 1
		}
		return a*e + b[2]
	}}
	want := mustFit(t, written, d, starts(written.Parameters, []float64{1, 1, 0.3}), nil)
	if lre([]float64{r.Estimate[0], r.Estimate[2], r.Estimate[3]}, want.Estimate) < 9 || lre([]float64{r.StdErr[0], r.StdErr[2], r.StdErr[3]}, want.StdErr) < 9 ||
		r.DF != want.DF || r.Rank != 3 {
		t.Errorf("%+v, with the tie in the model %+v", r, want)
	}
	g := mat.NewVecDense(3, []float64{2 * want.Estimate[0], 2, 0})
	se := math.Sqrt(mat.Inner(g, want.Cov, g))
	if lre([]float64{r.Estimate[1], r.StdErr[1]}, []float64{2*want.Estimate[1] + want.Estimate[0]*want.Estimate[0], se}) < 9 {
		t.Errorf("tied %v ± %v, want ± %v", r.Estimate[1], r.StdErr[1], se)
	}
	// The covariance of the tied one with c is that of the delta method, too.
	var cg mat.VecDense
	cg.MulVec(want.Cov, g)
	if lre([]float64{r.Cov.At(1, 3)}, []float64{cg.AtVec(2)}) < 9 {
		t.Errorf("covariance %v, want %v", r.Cov.At(1, 3), cg.AtVec(2))
	}
	// The search in log k finds the same.
	l := mustFit(t, decay, d, []fit.Parameter{{Name: "q", Start: 1}, {Name: "a", Tied: tie}, {Name: "k", Start: 1, Transform: fit.Log}, {Name: "c", Start: 0.3}}, nil)
	if lre(l.Estimate, r.Estimate) < 9 || lre(l.StdErr, r.StdErr) < 9 {
		t.Errorf("%v ± %v, in log k %v ± %v", r.Estimate, r.StdErr, l.Estimate, l.StdErr)
	}
	// And a, free, is what the reparametrized fit has: q only renames it.
	free := mustFit(t, decay, d, starts(decay.Parameters, []float64{3, 1, 0.3}), nil)
	if lre([]float64{r.Estimate[1], r.StdErr[1], r.RSS}, []float64{free.Estimate[0], free.StdErr[0], free.RSS}) < 9 {
		t.Errorf("tied a is %v ± %v, free %v ± %v", r.Estimate[1], r.StdErr[1], free.Estimate[0], free.StdErr[0])
	}
}

// TestTiedWrong: wrong ties are told apart by what is wrong with them.
func TestTiedWrong(t *testing.T) {
	d := decayData()
	for want, tie := range map[string]func(grad, b []float64) float64{
		"fit: the derivative of the tied a by k is -2 at the start (a = 2, k = 1, c = 0.3), differences say 2": func(grad, b []float64) float64 {
			if grad != nil {
				grad[0], grad[1], grad[2] = 0, -2, 0
			}
			return 2 * b[1]
		},
		"fit: the derivative of the tied a by c was not stored or is NaN at the start": func(grad, b []float64) float64 {
			if grad != nil {
				grad[1] = 2
			}
			return 2 * b[1]
		},
		"fit: the tied a is NaN at the start": func(grad, b []float64) float64 { // depends on itself
			if grad != nil {
				grad[0], grad[1], grad[2] = 1, 2, 0
			}
			return b[0] + 2*b[1]
		},
	} {
		r, err := fit.Curve(t.Context(), decay, d, []fit.Parameter{{Name: "a", Tied: tie}, {Name: "k", Start: 1}, {Name: "c", Start: 0.3}}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) || r != nil {
			t.Errorf("%+v, %v, want %s", r, err, want)
		}
	}
	// Right at the start and wrong elsewhere: the fit cannot converge.
	late := func(grad, b []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = 0, 4*b[1], 0
			if math.Abs(b[1]-1) > 0.01 {
				grad[1] = -grad[1]
			}
		}
		return 2 * b[1] * b[1]
	}
	if r, err := fit.Curve(t.Context(), decay, d, []fit.Parameter{{Name: "a", Tied: late}, {Name: "k", Start: 1}, {Name: "c", Start: 0.3}}, nil); !errors.Is(err, fit.ErrNoDecrease) {
		t.Errorf("%+v, %v, want ErrNoDecrease", r, err)
	}
}

// TestTransforms: a search in log b and logit b finds the same estimate with the same standard error. Intervals are those of
// u, mapped back, and stay within the domain.
func TestTransforms(t *testing.T) {
	d := decayData()
	want := mustFit(t, decay, d, starts(decay.Parameters, []float64{3, 1, 0.3}), nil)
	params := []fit.Parameter{
		{Name: "a", Start: 3, Transform: fit.Log},
		{Name: "k", Start: 1, Lower: 0.2, Upper: 3, Transform: fit.Logit},
		{Name: "c", Start: 0.3, Lower: 0.01, Upper: 5, Transform: fit.Log},
	}
	r := mustFit(t, decay, d, params, nil)
	if lre(r.Estimate, want.Estimate) < 9 || lre(r.StdErr, want.StdErr) < 9 || lre([]float64{r.Cov.At(0, 1)}, []float64{want.Cov.At(0, 1)}) < 8 {
		t.Errorf("%v ± %v, without transforms %v ± %v", r.Estimate, r.StdErr, want.Estimate, want.StdErr)
	}
	lo, hi := want.Interval(0, 0.95)
	half := (hi - lo) / 2
	l, h := r.Interval(0, 0.95)
	a := want.Estimate[0]
	if lre([]float64{l, h}, []float64{a * math.Exp(-half/a), a * math.Exp(half/a)}) < 9 || l == lo {
		t.Errorf("interval %v to %v around %v", l, h, a)
	}
	logit := func(k float64) float64 { return math.Log((k - 0.2) / (3 - k)) }
	lo, hi = want.Interval(1, 0.95)
	k := want.Estimate[1]
	width := (hi - lo) / 2 * (2.8 / ((k - 0.2) * (3 - k)))
	if l, h := r.Interval(1, 0.95); lre([]float64{logit(l), logit(h)}, []float64{logit(k) - width, logit(k) + width}) < 9 {
		t.Errorf("interval %v to %v around %v", l, h, k)
	}
	// A bound of a log parameter is a bound of its logarithm.
	params[2].Lower = 0.6
	bound := mustFit(t, decay, d, append(params[:2:2], fit.Parameter{Name: "c", Start: 0.7, Lower: 0.6, Upper: 5, Transform: fit.Log}), nil)
	plain := mustFit(t, decay, d, []fit.Parameter{{Name: "a", Start: 3}, {Name: "k", Start: 1}, {Name: "c", Start: 0.7, Lower: 0.6, Upper: 5}}, nil)
	if bound.Estimate[2] != 0.6 || len(bound.AtBound) != 1 || !math.IsNaN(bound.StdErr[2]) || lre(bound.Estimate, plain.Estimate) < 9 || lre(bound.StdErr[:2], plain.StdErr[:2]) < 9 {
		t.Errorf("%+v, plain %+v", bound, plain)
	}
	fixed := mustFit(t, decay, d, []fit.Parameter{{Name: "a", Start: 3}, {Name: "k", Start: 1}, {Name: "c", Start: 0.6, Fixed: true}}, nil)
	if lre(fixed.StdErr[:2], plain.StdErr[:2]) < 9 || fixed.DF != plain.DF || fixed.Rank != plain.Rank {
		t.Errorf("error bars beside a bound %v, beside a fixed one %v", plain.StdErr, fixed.StdErr)
	}
}

// TestLogTravels: from a start that is wrong by orders of magnitude the search in log k arrives, the plain one does not.
func TestLogTravels(t *testing.T) {
	d := decayData()
	want := mustFit(t, decay, d, starts(decay.Parameters, []float64{3, 1, 0.3}), nil)
	for _, transform := range []fit.Transform{fit.Identity, fit.Log} {
		r, err := fit.Curve(t.Context(), decay, d, []fit.Parameter{{Name: "a", Start: 1}, {Name: "k", Start: 300, Transform: transform}, {Name: "c", Start: 1}}, &fit.Settings{AdamSteps: -1})
		if found := err == nil && lre([]float64{r.RSS}, []float64{want.RSS}) > 8; found != (transform == fit.Log) {
			t.Errorf("transform %v: %+v, %v", transform, r, err)
		}
	}
}

// TestScale: Scale takes the place of |Start| in Adam's way and in the first step of Levenberg-Marquardt.
func TestScale(t *testing.T) {
	d := decayData()
	evaluations := func(scale float64) int {
		r := mustFit(t, decay, d, []fit.Parameter{{Name: "a", Start: 3}, {Name: "k", Start: 1, Scale: scale}, {Name: "c", Start: 0.25}}, nil)
		return r.Evaluations
	}
	same := mustFit(t, decay, d, starts(decay.Parameters, []float64{3, 1, 0.25}), nil).Evaluations
	if got := evaluations(1); got != same {
		t.Errorf("with |Start| as Scale %d evaluations, without %d", got, same)
	}
	if got := evaluations(1e-3); got == same {
		t.Error("Scale has no effect")
	}
}

func TestBadParameters(t *testing.T) {
	d := decayData()
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		p    fit.Parameter
		want string
	}{
		{fit.Parameter{Start: 1, Lower: 2, Upper: 1}, "fit: the bounds of k are [2, 1], want Lower < Upper; for a constant set Fixed"},
		{fit.Parameter{Start: 1, Lower: 0.5}, "fit: the bounds of k are [0.5, 0], want Lower < Upper; for a constant set Fixed, for no upper bound Upper: math.Inf(1)"},
		{fit.Parameter{Start: 1, Lower: 1, Upper: 1}, "fit: the bounds of k are [1, 1], want Lower < Upper; for a constant set Fixed"},
		{fit.Parameter{Start: 1, Lower: nan, Upper: 1}, "fit: the bounds of k are [NaN, 1], want Lower < Upper; for a constant set Fixed"},
		{fit.Parameter{Start: 3, Lower: 0, Upper: 2}, "fit: the start of k is 3, outside its bounds [0, 2]"},
		{fit.Parameter{Start: 3, Scale: -1}, "fit: the scale of k is -1, want a number > 0, or 0 for the default"},
		{fit.Parameter{Start: 0, Transform: fit.Log}, "fit: the start of k is 0, want > 0 for the transform Log"},
		{fit.Parameter{Start: 1, Upper: inf, Transform: fit.Logit}, "fit: the bounds of k are [0, +Inf], want finite ones for the transform Logit"},
		{fit.Parameter{Start: 1, Upper: 1, Transform: fit.Logit}, "fit: the start of k is 1, a bound; the transform Logit wants it between them"},
		{fit.Parameter{Start: inf, Fixed: true}, "fit: the start of k is +Inf"},
	} {
		c.p.Name = "k"
		r, err := fit.Curve(t.Context(), decay, d, []fit.Parameter{{Name: "a", Start: 1}, c.p, {Name: "c", Start: 1}}, nil)
		if err == nil || err.Error() != c.want || r != nil {
			t.Errorf("%+v: %+v, %v, want %s", c.p, r, err, c.want)
		}
	}
}
