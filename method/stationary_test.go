package method_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// TestSGDCovariance: with Hessian A and gradient noise of covariance S, the iterates of gradient descent keep a covariance Σ with
// AΣ + ΣA - αAΣA = αS, and the mean of T of them from the minimum has Σ A⁻¹(I-Qᵏ)S(I-Qᵏ)A⁻¹/T², Q = I-αA, which tends to
// A⁻¹SA⁻¹/T for every α. Without the correlation of the noise, both are others.
func TestSGDCovariance(t *testing.T) {
	const paths, n = 10000, 120
	a := mat.NewDense(2, 2, []float64{2, 0.8, 0.8, 1})
	half := mat.NewDense(2, 2, []float64{1, 0, 0.5, 1.3}) // S is half halfᵀ
	var s, inverse mat.Dense
	s.Mul(half, half.T())
	if err := inverse.Inverse(a); err != nil {
		t.Fatal(err)
	}
	sandwich := func(l, m *mat.Dense) *mat.Dense { // l m lᵀ
		var p, q mat.Dense
		p.Mul(l, m)
		q.Mul(&p, l.T())
		return &q
	}
	law := func(alpha float64, s *mat.Dense) (stationary, mean *mat.Dense) {
		q := mat.NewDense(2, 2, []float64{1 - alpha*2, -alpha * 0.8, -alpha * 0.8, 1 - alpha})
		stationary, mean = mat.NewDense(2, 2, nil), mat.NewDense(2, 2, nil)
		power := mat.NewDense(2, 2, []float64{1, 0, 0, 1})
		for k := range 3000 {
			var noise, left, next mat.Dense
			noise.Scale(alpha*alpha, s)
			stationary.Add(sandwich(q, stationary), &noise)
			next.Mul(power, q)
			power.Copy(&next)
			if k < n {
				left.Sub(mat.NewDiagDense(2, []float64{1, 1}), power)
				next.Mul(&inverse, &left)
				mean.Add(mean, sandwich(&next, s))
			}
		}
		mean.Scale(1./(n*n), mean)
		return stationary, mean
	}
	for _, alpha := range []float64{0.1, 0.3} {
		stationary, mean := law(alpha, &s)
		var left, right, middle mat.Dense
		left.Mul(a, stationary)
		right.Mul(stationary, a)
		middle.Scale(alpha, sandwich(a, stationary))
		left.Add(&left, &right)
		left.Sub(&left, &middle)
		right.Scale(alpha, &s)
		if !mat.EqualApprox(&left, &right, 1e-12) {
			t.Fatalf("α = %v: the law does not fulfil its equation", alpha)
		}
		alone, _ := law(alpha, mat.NewDense(2, 2, []float64{s.At(0, 0), 0, 0, s.At(1, 1)}))

		rnd := rand.New(rand.NewPCG(51, 52))
		r := &method.Average{Rule: &method.SGD{StepSize: alpha}}
		x := steps(r, n, make([]float64, 2*paths), func(g, x []float64) {
			for p := range paths {
				u, v := rnd.NormFloat64(), rnd.NormFloat64()
				for i := range 2 {
					g[2*p+i] = a.At(i, 0)*x[2*p] + a.At(i, 1)*x[2*p+1] + half.At(i, 0)*u + half.At(i, 1)*v
				}
			}
		})
		dst := make([]float64, 2*paths)
		r.Estimate(dst, x)
		for _, c := range []struct {
			name string
			x    []float64
			want *mat.Dense
			not  *mat.Dense
		}{{"iterate", x, stationary, alone}, {"mean", dst, mean, nil}} {
			var got mat.SymDense
			stat.CovarianceMatrix(&got, mat.NewDense(paths, 2, c.x), nil)
			for i := range 2 {
				for j := range i + 1 {
					w := c.want.At(i, j)
					se := math.Sqrt((c.want.At(i, i)*c.want.At(j, j) + w*w) / paths)
					if !(math.Abs(got.At(i, j)-w) <= 5*se) {
						t.Errorf("α = %v, %s: covariance %d %d is %v, want %v ± %v", alpha, c.name, i, j, got.At(i, j), w, se)
					}
					if c.not != nil && i != j && math.Abs(got.At(i, j)-c.not.At(i, j)) <= 5*se {
						t.Errorf("α = %v: noise without correlation would do as well", alpha)
					}
				}
			}
		}
	}
}

// TestSGDRandomCurvature: where the curvature varies from draw to draw with the variance τ², the stationary variance is
// αs²/(2λ - α(λ²+τ²)), and there is one for α < 2λ/(λ²+τ²) only.
func TestSGDRandomCurvature(t *testing.T) {
	const lambda, tau, s, paths = 1, 1, 1.5, 20000
	variance := func(alpha float64, n int) float64 {
		rnd := rand.New(rand.NewPCG(53, 54))
		return stat.PopVariance(steps(&method.SGD{StepSize: alpha}, n, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				h := lambda + tau*(2*float64(rnd.IntN(2))-1)
				g[i] = h*v + s*rnd.NormFloat64()
			}
		}), nil)
	}
	const alpha = 0.1
	// The kurtosis of x is 3.33 here: the standard error is 1.1 %.
	want := alpha * s * s / (2*lambda - alpha*(lambda*lambda+tau*tau))
	v := variance(alpha, 200)
	if !(math.Abs(v/want-1) <= 0.055) {
		t.Errorf("variance %v, want %v", v, want)
	}
	if steady := alpha * s * s / (lambda * (2 - alpha*lambda)); math.Abs(v/steady-1) < 0.03 {
		t.Errorf("variance %v is that of a steady curvature", v)
	}
	if v := variance(1.1, 200); v < 1e3*s*s { // the limit is 1, for a steady curvature 2
		t.Errorf("variance %v beyond the limit", v)
	}
}

// TestSGDGain: with α = c/k, k times the variance tends to c²s²/(2cλ-1) for cλ > 1/2, which is least, s²/λ², at cλ = 1.
func TestSGDGain(t *testing.T) {
	const lambda, s, paths, n = 2, 1.5, 4000, 1000
	for _, c := range []float64{0.4, 0.5, 1} {
		rnd := rand.New(rand.NewPCG(55, 56))
		r := &method.SGD{StepSize: c, Schedule: func(k int) float64 { return 1 / float64(k+1) }}
		x := steps(r, n, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = lambda*v + s*rnd.NormFloat64()
			}
		})
		want := c * c * s * s / (2*c*lambda - 1)
		if v := n * stat.PopVariance(x, nil); !(math.Abs(v/want-1) <= 5*math.Sqrt(2./paths)) {
			t.Errorf("c = %v: k times the variance is %v, want %v", c, v, want)
		}
		if least := s * s / (lambda * lambda); want < least*(1-1e-12) || (want > least*(1+1e-12)) != (c != 0.5) {
			t.Errorf("c = %v: %v, the least is %v", c, want, least)
		}
	}
}

// TestSGDCorrelation: iterates k steps apart have the correlation qᵏ, q = 1-αλ.
func TestSGDCorrelation(t *testing.T) {
	const alpha, paths = 0.1, 20000
	rnd := rand.New(rand.NewPCG(57, 58))
	r := &method.SGD{StepSize: alpha}
	r.Reset(paths)
	x, g := make([]float64, paths), make([]float64, paths)
	var at []float64
	for k := -100; k <= 20; k++ {
		if k == 0 {
			at = append(at, x...)
		}
		if k == 1 || k == 5 || k == 20 {
			want := math.Pow(1-alpha, float64(k))
			if c := stat.Correlation(at, x, nil); !(math.Abs(c-want) <= 5*(1-want*want)/math.Sqrt(paths)) {
				t.Errorf("%d steps apart: correlation %v, want %v", k, c, want)
			}
		}
		for i, v := range x {
			g[i] = v + rnd.NormFloat64()
		}
		r.Step(x, g)
	}
}

// TestConstantStepBias: on eˣ-x a constant step moves the mean of the iterates by -αf‴s²/4λ² = -α/4, which averaging does not
// mend; twice the mean at α less that at 2α has no such bias.
func TestConstantStepBias(t *testing.T) {
	const paths, settle, measure = 2000, 300, 1500
	mean := func(alpha float64) float64 {
		rnd := rand.New(rand.NewPCG(59, 60))
		r := &method.Average{Rule: &method.SGD{StepSize: alpha}, Start: settle}
		x := steps(r, settle+measure, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = math.Exp(v) - 1 + rnd.NormFloat64()
			}
		})
		dst := make([]float64, paths)
		r.Estimate(dst, x)
		return stat.Mean(dst, nil)
	}
	const se = 1 / 1732.05 // 1/√(paths · measure), as the noise and the curvature are 1
	a, b := mean(0.05), mean(0.1)
	for _, c := range []struct{ got, want float64 }{{a, -0.0129}, {b, -0.0264}, {2*a - b, 0}} {
		// The figures are good to a unit of the last digit, and the difference has a bias of the order α².
		if !(math.Abs(c.got-c.want) <= 5*se+2e-4) {
			t.Errorf("mean %v, want %v", c.got, c.want)
		}
	}
	if math.Abs(a) < 10*se {
		t.Errorf("the bias %v cannot be told from noise of %v", a, se)
	}
}

// TestAdamMean: around a minimum of curvature h in noise σ, T times the variance of the mean of Adam's iterates tends to σ²/h² too, whatever
// the step size, where that of the last iterate is proportional to it.
func TestAdamMean(t *testing.T) {
	const h, sigma, paths, n = 2.0, 1.0, 1000, 6000
	for _, alpha := range []float64{0.01, 0.03} {
		rnd := rand.New(rand.NewPCG(61, 62))
		r := &method.Average{Rule: &stochopt.Adam{StepSize: alpha}, Start: 1000}
		x := steps(r, n, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = h*v + sigma*rnd.NormFloat64()
			}
		})
		mean := make([]float64, paths)
		r.Estimate(mean, x)
		// 5 standard errors, and a tenth for the law's first order.
		got := (n - 1000) * stat.PopVariance(mean, nil) / (sigma * sigma / (h * h))
		if !(math.Abs(got-1) <= 5*math.Sqrt(2./paths)+0.1) {
			t.Errorf("α = %v: T times the variance of the mean is %v σ²/h², want 1", alpha, got)
		}
		if last := stat.PopVariance(x, nil) / (alpha * sigma / (2 * h)); !(math.Abs(last-1) <= 5*math.Sqrt(2./paths)+0.1) {
			t.Errorf("α = %v: the variance of the last iterate is %v ασ/2h, want 1", alpha, last)
		}
	}
}

// TestPolyakRate: after T Polyak steps on a convex function with gradients of length G at most, the least f - f* is GD/√T at most, D the
// distance of the start. Steps a hundredth as long do not keep that.
func TestPolyakRate(t *testing.T) {
	const dim, T = 20, 400
	for _, factor := range []float64{1, 0.01} {
		r := &method.PolyakStep{Factor: factor}
		r.Reset(dim)
		x, g := make([]float64, dim), make([]float64, dim)
		for i := range x {
			x[i] = 1
		}
		far, least := floats.Norm(x, 2), math.Inf(1)
		for range T {
			f := 0.0 // the greatest |xᵢ|(1 + i/20), with gradients up to 2
			clear(g)
			at := 0
			for i, v := range x {
				if w := math.Abs(v) * (1 + float64(i)/dim); w > f {
					f, at = w, i
				}
			}
			if f > 0 {
				g[at] = math.Copysign(1+float64(at)/dim, x[at])
			}
			least = min(least, f)
			r.Observe(f)
			r.Step(x, g)
		}
		if ratio := least / (2 * far / math.Sqrt(T)); (ratio <= 1) != (factor == 1) {
			t.Errorf("factor %v: the least value is %v of its bound", factor, ratio)
		}
	}
}
