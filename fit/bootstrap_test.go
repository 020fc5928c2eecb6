package fit_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
)

// constant is the curve b.
var constant = fit.Model{Parameters: []string{"b"}, Func: func(grad, b, x []float64) float64 {
	if grad != nil {
		grad[0] = 1
	}
	return b[0]
}}

// TestBootstrapMoments compares mean and standard deviation of the estimates of a linear model with their closed forms,
// A S Aᵀ for the weighted pseudoinverse A and the variances S of the errors that are put on.
func TestBootstrapMoments(t *testing.T) {
	const replicates = 20000
	g := readProblems(t)["parabola"]
	r := g.fit(t, nil)
	n := len(g.Y)
	e := r.Residuals()
	pseudo := weightedInverse(g)
	var mean, square float64 // of the residuals that are resampled
	for i, raw := range e.Raw {
		z := raw / g.Sigma[i] / math.Sqrt(1-e.Leverage[i])
		mean += z / float64(n)
		square += z * z / float64(n)
	}
	variances := map[fit.Resampling][]float64{}
	for _, kind := range []fit.Resampling{fit.ResampleResiduals, fit.ResampleNormal, fit.ResampleSigns} {
		for i := range n {
			s2 := g.Sigma[i] * g.Sigma[i]
			switch kind {
			case fit.ResampleResiduals:
				s2 *= square - mean*mean
			case fit.ResampleNormal:
				s2 *= r.ResidualSD * r.ResidualSD
			case fit.ResampleSigns:
				s2 = math.Pow(e.Raw[i]/(1-e.Leverage[i]), 2)
			}
			variances[kind] = append(variances[kind], s2)
		}
	}
	sd := func(kind fit.Resampling, j int) float64 {
		var sum float64
		for i, v := range variances[kind] {
			sum += pseudo.At(j, i) * pseudo.At(j, i) * v
		}
		return math.Sqrt(sum)
	}
	const tol = 5 * 0.7071 // standard errors of an SD of normal variables, over √replicates
	for kind := range variances {
		b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Seed: 3, Replicates: replicates, Resampling: kind, Concurrent: 2})
		if err != nil {
			t.Fatal(err)
		}
		for j := range r.Parameters {
			want := sd(kind, j)
			if got := b.StdErr(j); math.Abs(got/want-1) > tol/math.Sqrt(replicates) {
				t.Errorf("resampling %d, %s: standard error %v, want %v", kind, r.Parameters[j], got, want)
			}
			if bias := b.Bias(j); math.Abs(bias) > 5*want/math.Sqrt(replicates) {
				t.Errorf("resampling %d, %s: bias %v of a linear model with standard error %v", kind, r.Parameters[j], bias, want)
			}
		}
		for other := range variances {
			var apart float64
			for j := range r.Parameters {
				apart = max(apart, math.Abs(sd(kind, j)/sd(other, j)-1))
			}
			// Residuals are scaled to the variance of normal errors; these two TestBootstrapTogether tells apart.
			signs := kind == fit.ResampleSigns || other == fit.ResampleSigns
			if kind != other && signs && apart < 2*tol/math.Sqrt(replicates) {
				t.Errorf("resampling %d and %d differ by %v in theory: the test cannot tell them apart", kind, other, apart)
			}
		}
	}
}

// weightedInverse is (XᵀWX)⁻¹XᵀW of the parabola.
func weightedInverse(g *problem) *mat.Dense {
	x, w := mat.NewDense(len(g.X), 3, nil), mat.NewDense(len(g.X), 3, nil)
	for i, v := range g.X {
		for j, f := range []float64{1, v, v * v} {
			x.Set(i, j, f)
			w.Set(i, j, f/(g.Sigma[i]*g.Sigma[i]))
		}
	}
	var gram, inverse mat.Dense
	gram.Mul(w.T(), x)
	if err := inverse.Solve(&gram, w.T()); err != nil {
		panic(err)
	}
	return &inverse
}

// TestBootstrapIntervals compares the three intervals for the mean of skewed numbers with scipy's and numpy's, which
// differ by up to four standard errors from one another. A quantile of 50 000 replicates has a standard error below a
// hundredth of the standard error of the mean at the percentiles, and of a fiftieth where densities are lower.
func TestBootstrapIntervals(t *testing.T) {
	want := readInferences(t).Bootstrap
	r, err := fit.Curve(t.Context(), constant, fit.Data{X: make([][]float64, len(want.Y)), Y: want.Y}, starts([]string{"b"}, []float64{1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Seed: 1, Replicates: 50000, Resampling: fit.ResampleCases, Concurrent: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.StdErr(0); math.Abs(got/want.SD-1) > 0.02 {
		t.Errorf("standard error %v, want %v", got, want.SD)
	}
	for name, c := range map[string]struct {
		f    func(int, float64) (float64, float64)
		want [2]float64
	}{
		"percentile":  {b.Percentile, want.Percentile},
		"BCa":         {b.BCa, want.BCa},
		"studentized": {b.Interval, want.Studentized},
	} {
		lo, hi := c.f(0, 0.95)
		if math.Abs(lo-c.want[0]) > 0.05*want.SD || math.Abs(hi-c.want[1]) > 0.15*want.SD {
			t.Errorf("%s: %v to %v, want %v", name, lo, hi, c.want)
		}
	}
}

// TestBootstrapEnds has nine replicates by hand: of the 80 % interval, ends are the order statistics of rank 1 and 9,
// of a wider one there are none, and a replicate that has failed moves the ends outwards by a rank.
func TestBootstrapEnds(t *testing.T) {
	b := &fit.Bootstrap{Estimate: []float64{0}}
	for _, v := range []float64{5, 3, 9, 1, 7, 2, 8, 4, 6} {
		b.Estimates = append(b.Estimates, []float64{v})
	}
	check := func(level, lo, hi float64) {
		t.Helper()
		if l, h := b.Percentile(0, level); !(math.Abs(l-lo) < 1e-12 || l == lo) || !(math.Abs(h-hi) < 1e-12 || h == hi) {
			t.Errorf("level %v: %v to %v, want %v to %v", level, l, h, lo, hi)
		}
	}
	inf := math.Inf(1)
	check(0.8, 1, 9)
	check(0.5, 2.5, 7.5)
	check(0.82, -inf, inf)
	b.Estimates[0] = nil // of 1 2 3 4 6 7 8 9 and one unknown
	b.Failed = 1
	check(0.6, 1, 9)
	check(0.5, 1.5, 8.5)
	check(0.8, -inf, inf)
}

// TestBootstrapConcurrent wants the same bits for any number of goroutines, and others for another seed.
func TestBootstrapConcurrent(t *testing.T) {
	g := readProblems(t)["puromycin"]
	g.model.Func = func(grad, b, x []float64) float64 {
		runtime.Gosched() // so that goroutines meet
		return michaelis.Func(grad, b, x)
	}
	r := g.fit(t, nil)
	for kind := fit.ResampleResiduals; kind <= fit.ResampleSigns; kind++ {
		run := func(seed uint64, concurrent int) string {
			b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Seed: seed, Replicates: 50, Concurrent: concurrent, Resampling: kind})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(b.Estimates, b.StdErrs, b.Failed)
		}
		one := run(1, 0)
		for _, concurrent := range []int{1, 2, 7} {
			if run(1, concurrent) != one {
				t.Errorf("resampling %d: other numbers with Concurrent %d", kind, concurrent)
			}
		}
		if run(2, 0) == one {
			t.Errorf("resampling %d: the same numbers with another seed", kind)
		}
	}
}

// TestBootstrapFailures draws from five points with two abscissas: in nearly a third of the replicates the second is
// missing, and there is no line through them.
func TestBootstrapFailures(t *testing.T) {
	const replicates = 2000
	d := fit.Data{X: column(1, 1, 1, 1, 2), Y: []float64{1, 1.2, 0.9, 1.1, 2}}
	r, err := fit.Curve(t.Context(), line, d, starts(line.Parameters, []float64{0, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: replicates, Resampling: fit.ResampleCases})
	if err != nil {
		t.Fatal(err)
	}
	p := math.Pow(0.8, 5) + math.Pow(0.2, 5)
	if share := float64(b.Failed) / replicates; math.Abs(share-p) > 5*math.Sqrt(p*(1-p)/replicates) {
		t.Errorf("%v of the replicates have failed, want %v", share, p)
	}
	var rank *fit.RankError
	if !errors.As(b.Err, &rank) {
		t.Errorf("error of the first %v, want a RankError", b.Err)
	}
	if lo, hi := b.Percentile(1, 0.95); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("interval from %v to %v, want infinities: a third of the replicates is unknown", lo, hi)
	}
	if lo, hi := b.Percentile(1, 0.2); math.IsInf(lo, -1) || math.IsInf(hi, 1) {
		t.Errorf("interval of 20 %% from %v to %v, want numbers", lo, hi)
	}
	if _, err := r.Bootstrap(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "leverage 1") {
		t.Errorf("residual bootstrap with a point of leverage 1: %v, want an error", err)
	}

	// At the second abscissa alone every replicate of two cases has a fifth of a chance or less; with one there is none.
	exact, err := fit.Curve(t.Context(), line, fit.Data{X: column(1, 2), Y: []float64{1, 2}}, starts(line.Parameters, []float64{0, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exact.Bootstrap(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "degrees of freedom") {
		t.Errorf("error %v, want one about degrees of freedom", err)
	}
}

// TestBootstrapTogether has two outputs with opposite residuals: where points stay whole their estimates move by
// opposite amounts, and only independent normal errors break this. The second set has no residuals, and its estimate
// must not move.
func TestBootstrapTogether(t *testing.T) {
	pair := fit.Model{Parameters: []string{"up", "down"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		copy(dst, b)
		if jac != nil {
			copy(jac, []float64{1, 0, 0, 1})
		}
	}}
	var d fit.Data
	for _, v := range []float64{0.3, -0.5, 0.1, 0.9, -0.2} {
		d.X, d.Y = append(d.X, nil), append(d.Y, 1+v, 5-v)
	}
	sets := []fit.Set{{Model: pair, Data: d}, {Model: constant, Data: fit.Data{X: make([][]float64, 4), Y: []float64{2, 2, 2, 2}}}}
	r, err := fit.Curves(t.Context(), sets, starts([]string{"up", "down", "b"}, []float64{1, 1, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind := fit.ResampleResiduals; kind <= fit.ResampleSigns; kind++ {
		b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: 100, Resampling: kind})
		if err != nil {
			t.Fatal(err)
		}
		apart := 0
		for _, e := range b.Estimates {
			if math.Abs(e[0]-r.Estimate[0]+(e[1]-r.Estimate[1])) > 1e-12 || math.Abs(e[2]-2) > 1e-12 {
				apart++
			}
		}
		if (kind == fit.ResampleNormal) != (apart > 90) || kind != fit.ResampleNormal && apart > 0 {
			t.Errorf("resampling %d: in %d of 100 replicates the outputs or the sets come apart", kind, apart)
		}
	}
}

// TestBootstrapSigma draws cases of which the first has a tiny Sigma: where it is drawn it alone makes the mean. That it
// is drawn has the probability 1 - (7/8)⁸ = 0.656.
func TestBootstrapSigma(t *testing.T) {
	const replicates = 2000
	d := fit.Data{X: make([][]float64, 8), Y: []float64{0, 1, 2, 3, 4, 5, 6, 7}, Sigma: []float64{1e-4, 1, 1, 1, 1, 1, 1, 1}}
	r, err := fit.Curve(t.Context(), constant, d, starts([]string{"b"}, []float64{1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: replicates, Resampling: fit.ResampleCases})
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0.0
	for _, e := range b.Estimates {
		if e[0] < 1e-3 {
			drawn++
		}
	}
	if p := 1 - math.Pow(7./8, 8); math.Abs(drawn/replicates-p) > 5*math.Sqrt(p*(1-p)/replicates) {
		t.Errorf("the heavy point makes %v of the means, want %v", drawn/replicates, p)
	}
}

func TestInferenceMisuse(t *testing.T) {
	r := readProblems(t)["misra1a"].fit(t, nil)
	for want, call := range map[string]func(){
		"fit: BootstrapSettings.Replicates = -1, want >= 0":                func() { r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: -1}) },
		"fit: BootstrapSettings.Concurrent = -2, want >= 0":                func() { r.Bootstrap(t.Context(), &fit.BootstrapSettings{Concurrent: -2}) },
		"fit: BootstrapSettings.Resampling = 4, want one of the constants": func() { r.Bootstrap(t.Context(), &fit.BootstrapSettings{Resampling: 4}) },
		"fit: level = 1, want a number in (0, 1)":                          func() { r.Profile(t.Context(), 0, 1) },
		"fit: level = 0, want a number in (0, 1)":                          func() { r.Contour(t.Context(), 0, 1, 0, 8) },
		"fit: level = NaN, want a number in (0, 1)":                        func() { r.Predict(saturation, fit.Data{}, math.NaN()) },
		"fit: Contour of a parameter with itself":                          func() { r.Contour(t.Context(), 1, 1, 0.95, 8) },
		"fit: Contour of 2 points, want >= 3":                              func() { r.Contour(t.Context(), 0, 1, 0.95, 2) },
		"fit: Model.Func and Model.Vector are nil":                         func() { r.Predict(fit.Model{}, fit.Data{}, 0.5) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			call()
		}()
	}
}

func BenchmarkBootstrap(b *testing.B) {
	r := readProblems(b)["misra1a"].fit(b, nil)
	for b.Loop() {
		s, err := r.Bootstrap(b.Context(), nil)
		if err != nil || s.Failed > 0 {
			b.Fatal(err, s)
		}
	}
}

func BenchmarkProfile(b *testing.B) {
	r := readProblems(b)["misra1a"].fit(b, nil)
	for b.Loop() {
		if _, err := r.Profile(b.Context(), 0, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

// TestInferenceRobust has a Loss and an outlier: the bootstrap of cases and the sandwich agree on the standard errors,
// both far below those of least squares, and bands rest on the sandwich.
func TestInferenceRobust(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	var d fit.Data
	for i := range 60 {
		v := float64(i) / 10
		d.X, d.Y = append(d.X, []float64{v}), append(d.Y, 1+2*v+0.3*rng.NormFloat64())
	}
	d.Y[3] += 30
	d.Y[50] += 20
	r, err := fit.Curve(t.Context(), line, d, starts(line.Parameters, []float64{1, 1}), &fit.Settings{Loss: fit.Tukey{}})
	if err != nil {
		t.Fatal(err)
	}
	squares, err := fit.Curve(t.Context(), line, d, starts(line.Parameters, []float64{1, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []fit.Resampling{fit.ResampleCases, fit.ResampleResiduals} {
		b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Resampling: kind, Replicates: 400, Concurrent: 2})
		if err != nil {
			t.Fatal(err)
		}
		for j, name := range r.Parameters {
			got, want := b.StdErr(j), r.StdErr[j]
			if b.Failed > 0 || math.Abs(got/want-1) > 0.3 || squares.StdErr[j] < 2*want {
				t.Errorf("resampling %d, %s: standard error %v, of the sandwich %v, of least squares %v; %d have failed", kind, name, got, want, squares.StdErr[j], b.Failed)
			}
		}
	}
	at0, err := r.Predict(line, fit.Data{X: column(0)}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "standard error at 0", at0.StdErr, r.StdErr[:1], 1e-12, 0)
	if s := r.Statistics(); !math.IsNaN(s.AIC) || !math.IsNaN(s.LogLikelihood) || s.ChiSquare < 1000 {
		t.Errorf("statistics of a fit by a Loss: %+v, want χ² with the outliers and no likelihood", s)
	}
	if _, err := r.Profile(t.Context(), 0, 0.95); err == nil || !strings.Contains(err.Error(), "Loss") {
		t.Errorf("profile of a fit by a Loss: %v, want an error", err)
	}
}
