package fit_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// parabola is b0 + b1 x + b2 x².
var parabola = fit.Model{
	Parameters: []string{"b0", "b1", "b2"},
	Func: func(grad, b, x []float64) float64 {
		t := x[0]
		if grad != nil {
			grad[0], grad[1], grad[2] = 1, t, t*t
		}
		return b[0] + (b[1]+b[2]*t)*t
	},
}

// TestCovarianceFactor compares the covariance of a linear problem with the closed form s² (XᵀX)⁻¹ and with the factor
// that belongs to the Hessian of each function that one may have minimized.
func TestCovarianceFactor(t *testing.T) {
	const n, p = 12, 3
	x, y := make([][]float64, n), make([]float64, n)
	design := mat.NewDense(n, p, nil)
	for i := range n {
		v := float64(i)/4 - 1
		x[i] = []float64{v}
		y[i] = 1 - 2*v + 0.5*v*v + 0.1*math.Sin(float64(7*i))
		design.SetRow(i, []float64{1, v, v * v})
	}
	r, err := fit.Curve(t.Context(), parabola, fit.Data{X: x, Y: y}, starts(parabola.Parameters, []float64{1, 1, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	var gram mat.Dense
	gram.Mul(design.T(), design)
	s2 := r.RSS / (n - p)
	for _, c := range []struct {
		name            string
		hessian, factor float64 // times XᵀX, times H⁻¹
	}{
		{"RSS/2", 1, s2},
		{"RSS", 2, 2 * s2},
		{"RSS/n", 2. / n, 2 * s2 / n},
		{"negative log-likelihood at s", 1 / s2, 1},
	} {
		var h, inv mat.Dense
		h.Scale(c.hessian, &gram)
		if err := inv.Inverse(&h); err != nil {
			t.Fatal(err)
		}
		for i := range p {
			for j := range p {
				if got, want := r.Cov.At(i, j), c.factor*inv.At(i, j); math.Abs(got-want) > 1e-10*math.Abs(want) {
					t.Errorf("%s: covariance %d, %d is %v, want %v", c.name, i, j, got, want)
				}
			}
		}
	}
	for i := range p {
		if got, want := r.StdErr[i], math.Sqrt(r.Cov.At(i, i)); got != want {
			t.Errorf("standard error %d is %v, the root of the variance %v", i, got, want)
		}
	}
}

// TestInterval compares with quantiles of Student's distribution as tables have them.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		df    int
		level float64
		want  float64
	}{
		{1, 0.95, 12.706204736174694},
		{2, 0.95, 4.302652729749462},
		{9, 0.95, 2.262157162798205},
		{12, 0.95, 2.178812829667229},
		{30, 0.99, 2.749995653567231},
		{1, 0.5, 1},                     // tan(π/4)
		{2, 0.5, 0.8164965809277260327}, // √(2/3)
	} {
		r := &fit.Result{Estimate: []float64{0, 10}, StdErr: []float64{1, 2}, DF: c.df}
		for i, se := range r.StdErr {
			lo, hi := r.Interval(i, c.level)
			if lre([]float64{r.Estimate[i] - lo, hi - r.Estimate[i]}, []float64{se * c.want, se * c.want}) < 9 {
				t.Errorf("%d degrees of freedom, level %v: %v to %v around %v, want ± %v", c.df, c.level, lo, hi, r.Estimate[i], se*c.want)
			}
		}
	}
}

// TestCoverage simulates a linear model with 12 points, 3 parameters and normal errors, where t-intervals are exact: of
// the nominal 95 % intervals for a parameter, for the mean at a point and for the next response there, 95 ± 0.8 % must
// cover (five standard errors of the count). The companion with normal quantiles must fail: it covers 92.2 %.
func TestCoverage(t *testing.T) {
	const sets, n = 20000, 12
	rng := rand.New(rand.NewPCG(9, 32))
	b := []float64{2, -1, 0.5}
	at := []float64{1, 0.7, 0.49} // gradient of the curve at x = 0.7
	value := func(b []float64) float64 { return parabola.Func(nil, b, at[1:2]) }
	x, y := make([][]float64, n), make([]float64, n)
	for i := range n {
		x[i] = []float64{2*float64(i)/(n-1) - 1}
	}
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 3}.Quantile(0.975)
	normal := distuv.UnitNormal.Quantile(0.975)
	gradient := mat.NewVecDense(3, at)

	var parameter, mean, next, withNormal float64
	for range sets {
		for i := range n {
			y[i] = parabola.Func(nil, b, x[i]) + 0.3*rng.NormFloat64()
		}
		r, err := fit.Curve(t.Context(), parabola, fit.Data{X: x, Y: y}, starts(parabola.Parameters, []float64{1, 1, 1}), &fit.Settings{AdamSteps: -1})
		if err != nil {
			t.Fatal(err)
		}
		if lo, hi := r.Interval(2, 0.95); lo <= b[2] && b[2] <= hi {
			parameter += 100. / sets
		}
		v := mat.Inner(gradient, r.Cov, gradient)
		miss := math.Abs(value(r.Estimate) - value(b))
		if miss <= student*math.Sqrt(v) {
			mean += 100. / sets
		}
		if miss <= normal*math.Sqrt(v) {
			withNormal += 100. / sets
		}
		if math.Abs(value(r.Estimate)-value(b)-0.3*rng.NormFloat64()) <= student*math.Sqrt(v+r.ResidualSD*r.ResidualSD) {
			next += 100. / sets
		}
	}
	t.Logf("coverage in %%: parameter %.2f, mean %.2f, next response %.2f; mean with normal quantiles %.2f", parameter, mean, next, withNormal)
	for _, c := range []float64{parameter, mean, next} {
		if math.Abs(c-95) > 0.8 {
			t.Errorf("intervals cover %.2f %%, want 95 ± 0.8", c)
		}
	}
	if withNormal >= 93.5 {
		t.Errorf("with normal quantiles %.2f %% are covered, want less than 93.5: the test cannot tell the two apart", withNormal)
	}
}
