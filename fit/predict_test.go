package fit_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// TestBands compares with numpy and the quantiles of scipy.
func TestBands(t *testing.T) {
	for name, g := range readProblems(t) {
		for _, absolute := range []bool{false, true} {
			r := g.fit(t, &fit.Settings{AbsoluteSigma: absolute})
			b, err := r.Predict(g.model, fit.Data{X: column(g.Bands.X...), Sigma: g.Bands.Sigma}, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			want := g.Bands.Relative
			if absolute {
				want = g.Bands.Absolute
			}
			near(t, name+": value", b.Value, g.Bands.Value, 1e-8, 0)
			near(t, name+": standard error", b.StdErr, want.SE, 1e-7, 0)
			for what, c := range map[string]struct {
				band fit.Band
				half []float64
			}{
				"confidence":   {b.Confidence, want.Confidence},
				"simultaneous": {b.Simultaneous, want.Simultaneous},
				"prediction":   {b.Prediction, want.Prediction},
			} {
				lo, hi := make([]float64, len(b.Value)), make([]float64, len(b.Value))
				for i, v := range b.Value {
					lo[i], hi[i] = v-c.band.Lower[i], c.band.Upper[i]-v
				}
				near(t, name+": "+what+", below", lo, c.half, 1e-7, 0)
				near(t, name+": "+what+", above", hi, c.half, 1e-7, 0)
			}
		}
	}
}

// TestPredictOther takes another function of the parameters, the half-life with its error bar, and a vector-valued one.
func TestPredictOther(t *testing.T) {
	g := readProblems(t)["decay"]
	r := g.fit(t, nil)
	half := fit.Model{Parameters: []string{"k"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0] = -math.Ln2 / (b[0] * b[0])
		}
		return math.Ln2 / b[0]
	}}
	b, err := r.Predict(half, fit.Data{X: [][]float64{nil}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	k := r.Estimate[1]
	near(t, "half-life", []float64{b.Value[0], b.StdErr[0]}, []float64{math.Ln2 / k, math.Ln2 / (k * k) * r.StdErr[1]}, 1e-12, 0)
	if !math.IsNaN(b.Prediction.Lower[0]) {
		t.Errorf("a prediction from %v without Sigma, want NaN, for the fit had Sigma", b.Prediction.Lower[0])
	}

	both := fit.Model{Parameters: []string{"c", "k"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		dst[0], dst[1] = x[0]*b[0], b[0]+b[1]
		if jac != nil {
			copy(jac, []float64{x[0], 0, 1, 1})
		}
	}}
	b, err = r.Predict(both, fit.Data{X: column(1, 2)}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	sum := math.Sqrt(r.Cov.At(1, 1) + r.Cov.At(2, 2) + 2*r.Cov.At(1, 2))
	near(t, "outputs", b.StdErr, []float64{r.StdErr[2], sum, 2 * r.StdErr[2], sum}, 1e-10, 0)

	for want, call := range map[string]func() (*fit.Bands, error){
		"no parameter a1": func() (*fit.Bands, error) {
			return r.Predict(fit.Model{Parameters: []string{"a1"}, Func: half.Func}, fit.Data{}, 0.9)
		},
		"Sigma has length 1, want 4": func() (*fit.Bands, error) {
			return r.Predict(both, fit.Data{X: column(1, 2), Sigma: []float64{1}}, 0.9)
		},
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestPredictFixed has a parameter fixed and one tied: the first has no error, the second that of its function.
func TestPredictFixed(t *testing.T) {
	g := readProblems(t)["decay"]
	params := starts(g.model.Parameters, g.Start)
	params[2].Fixed = true
	params[0].Tied = func(grad, b []float64) float64 {
		if grad != nil {
			clear(grad)
			grad[1] = 12
		}
		return 12 * b[1]
	}
	r, err := fit.Curve(t.Context(), g.model, g.data(), params, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Predict(g.model, fit.Data{X: column(0, 1, 1e9)}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	k := r.Estimate[1]
	slope := math.Exp(-k) * (12 - 12*k) // of 12 k exp(-k) by k
	near(t, "standard errors", b.StdErr, []float64{12 * r.StdErr[1], math.Abs(slope) * r.StdErr[1], 0}, 1e-10, 0)
	var sum float64
	for _, h := range r.Residuals().Leverage {
		sum += h
	}
	near(t, "sum of leverages", []float64{sum}, []float64{1}, 1e-10, 0)
	if c := r.Correlation(); math.Abs(c.At(0, 1)-1) > 1e-12 || !math.IsNaN(c.At(1, 2)) {
		t.Errorf("correlation of the tied is %v and of the fixed %v, want 1 and NaN", c.At(0, 1), c.At(1, 2))
	}
}
