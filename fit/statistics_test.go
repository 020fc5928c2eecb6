package fit_test

import (
	"math"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
)

// TestStatistics compares with numpy, statsmodels and lmfit. Where these count or leave out other constants it says which.
func TestStatistics(t *testing.T) {
	for name, g := range readProblems(t) {
		want := g.Statistics
		n, p := float64(len(g.Y)), float64(len(g.Estimate))
		for _, absolute := range []bool{false, true} {
			r := g.fit(t, &fit.Settings{AbsoluteSigma: absolute})
			s := r.Statistics()
			near(t, name+": chi-square, reduced, RMSE", []float64{s.ChiSquare, s.ReducedChiSquare, s.RMSE},
				[]float64{want.ChiSquare, want.Reduced, want.RMSE}, 1e-9, 0)
			near(t, name+": 1 - R2", []float64{1 - s.R2, 1 - s.AdjustedR2}, []float64{1 - want.R2, 1 - want.Adjusted}, 1e-9, 0)
			like := want.Relative
			if absolute {
				like = want.Absolute
			}
			near(t, name+": likelihood", []float64{s.LogLikelihood, s.AIC, s.AICc, s.BIC}, []float64{like.LogLik, like.AIC, like.AICc, like.BIC}, 1e-9, 1)
			if !absolute {
				// lmfit: N log(χ²/N) + 2p, and log N in place of 2: without constants, and without counting s.
				var logs float64
				for _, v := range g.Sigma {
					logs += math.Log(v)
				}
				constants := n*(1+math.Log(2*math.Pi)) + 2*logs
				near(t, name+": lmfit", []float64{s.ReducedChiSquare, s.AIC - 2 - constants, s.BIC - math.Log(n) - constants},
					[]float64{want.LMFit.RedChi, want.LMFit.AIC, want.LMFit.BIC}, 1e-8, 1)
				if near := math.Abs(s.AIC - constants - want.LMFit.AIC); near < 1 {
					t.Errorf("%s: the AIC that counts s and lmfit's, which does not, differ by %v, want 2", name, near)
				}
			}
			c := r.Correlation()
			for i := range int(p) {
				for j := range int(p) {
					near(t, name+": correlation", []float64{c.At(i, j)}, []float64{want.Correlation[i][j]}, 1e-8, 0)
				}
			}
		}
	}
}

// TestResiduals compares with numpy, which agrees with the influence of statsmodels.
func TestResiduals(t *testing.T) {
	for name, g := range readProblems(t) {
		want := g.Statistics
		e := g.fit(t, nil).Residuals()
		near(t, name+": raw", e.Raw, want.Raw, 1e-8, 1e-3)
		near(t, name+": leverage", e.Leverage, want.Leverage, 1e-8, 0)
		near(t, name+": standardized", e.Standardized, want.Standardized, 1e-7, 0.1)
		near(t, name+": studentized", e.Studentized, want.Studentized, 1e-7, 0.1)
		for i, f := range e.Fitted {
			if f+e.Raw[i] != g.Y[i] && math.Abs(f+e.Raw[i]-g.Y[i]) > 1e-12*math.Abs(g.Y[i]) {
				t.Errorf("%s: fitted and residual %d sum to %v, want %v", name, i, f+e.Raw[i], g.Y[i])
			}
		}
		e = g.fit(t, &fit.Settings{AbsoluteSigma: true}).Residuals()
		near(t, name+": standardized, absolute", e.Standardized, want.StandardizedAbsolute, 1e-7, 0.1)
		near(t, name+": studentized, absolute", e.Studentized, want.StandardizedAbsolute, 1e-7, 0.1)
	}
}

// TestStudentizedLeavesOut holds the studentized residuals of a linear model against fits without the point.
func TestStudentizedLeavesOut(t *testing.T) {
	g := readProblems(t)["parabola"]
	e := g.fit(t, nil).Residuals()
	for i := range g.Y {
		without := *g
		cut := func(v []float64) []float64 { return append(append([]float64(nil), v[:i]...), v[i+1:]...) }
		without.X, without.Y, without.Sigma = cut(g.X), cut(g.Y), cut(g.Sigma)
		r := without.fit(t, nil)
		b, err := r.Predict(g.model, fit.Data{X: column(g.X[i]), Sigma: g.Sigma[i : i+1]}, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		// The residual from the curve that does not know the point, over its standard deviation.
		sd := math.Hypot(b.StdErr[0], r.ResidualSD*g.Sigma[i])
		near(t, "left out", []float64{e.Studentized[i]}, []float64{(g.Y[i] - b.Value[0]) / sd}, 1e-8, 0)
	}
}

// TestLeverageOfCollinear wants the leverages of a cubic over calendar years, which do not change if years count from
// 2000. Singular values of its derivatives differ by a factor of 10¹⁰ and more, so that gᵀ Cov g keeps no digit.
func TestLeverageOfCollinear(t *testing.T) {
	cubic := fit.Model{Parameters: []string{"b0", "b1", "b2", "b3"}, Func: func(grad, b, x []float64) float64 {
		f, power := 0.0, 1.0
		for j := range b {
			if grad != nil {
				grad[j] = power
			}
			f += b[j] * power
			power *= x[0]
		}
		return f
	}}
	const n, zero = 21, 200.0
	var near0, year fit.Data
	for i := range n {
		v := float64(i-10) / 2
		near0.X, year.X = append(near0.X, []float64{v}), append(year.X, []float64{zero + v})
		y := math.Sin(float64(3 * i))
		near0.Y, year.Y = append(near0.Y, y), append(year.Y, y)
	}
	one := []float64{1, 1, 1, 1}
	want, err := fit.Curve(t.Context(), cubic, near0, starts(cubic.Parameters, one), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fit.Curve(t.Context(), cubic, year, starts(cubic.Parameters, one), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := got.Residuals().Leverage
	near(t, "leverage", h, want.Residuals().Leverage, 1e-5, 0)
	g := make([]float64, 4)
	var worst float64
	for i, x := range year.X {
		cubic.Func(g, one, x)
		v := mat.NewVecDense(4, g)
		product := mat.Inner(v, got.Cov, v) / (got.ResidualSD * got.ResidualSD)
		worst = max(worst, math.Abs(product-h[i])/h[i])
	}
	t.Logf("gᵀ Cov g is off by a factor up to %.2g", worst)
	if worst < 1e-4 {
		t.Errorf("gᵀ Cov g is as good, within %v: the problem is too easy", worst)
	}
}

// TestGroupedR2 fits the mean of each set: no line explains less, and R2 is 0 with either.
func TestGroupedR2(t *testing.T) {
	level := func(name string) fit.Model {
		return fit.Model{Parameters: []string{name}, Func: func(grad, b, x []float64) float64 {
			if grad != nil {
				grad[0] = 1
			}
			return b[0]
		}}
	}
	sets := []fit.Set{
		{level("low"), fit.Data{X: column(1, 2, 3), Y: []float64{1, 2, 4}, Sigma: []float64{1, 2, 1}}},
		{level("high"), fit.Data{X: column(1, 2, 3, 4), Y: []float64{101, 105, 99, 100}}},
	}
	r, err := fit.Curves(t.Context(), sets, starts([]string{"low", "high"}, []float64{1, 100}), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := r.Statistics()
	near(t, "R2 of means", []float64{s.R2, s.AdjustedR2}, []float64{0, 0}, 1e-12, 1)
	if h := r.Residuals().Leverage; math.Abs(h[3]-0.25) > 1e-12 || math.Abs(h[1]-1./9) > 1e-12 {
		t.Errorf("leverages %v, want 1/4 for each of the second set and 1/9 for the second point", h)
	}
}
