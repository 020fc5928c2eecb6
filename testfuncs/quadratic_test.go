package testfuncs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/mat"
)

var covariance = mat.NewSymDense(3, []float64{
	2, 0.5, -0.3,
	0.5, 1, 0.2,
	-0.3, 0.2, 0.5,
})

// hessian returns A of a quadratic, by differences of its gradient, which are exact but for rounding.
func hessian(o testfuncs.Objective) *mat.SymDense {
	n := len(o.Start)
	x, g, g0 := make([]float64, n), make([]float64, n), make([]float64, n)
	o.Grad(g0, x)
	a := mat.NewSymDense(n, nil)
	for i := range n {
		x[i] = 1
		o.Grad(g, x)
		x[i] = 0
		for j := range i + 1 {
			a.SetSym(i, j, g[j]-g0[j])
		}
	}
	return a
}

func TestQuadraticSpectrum(t *testing.T) {
	lambda := []float64{0.5, 3, 70, 1e4}
	o := testfuncs.Quadratic(lambda, nil, 7)
	var e mat.EigenSym
	a := hessian(o)
	if !e.Factorize(a, false) {
		t.Fatal("no eigenvalues")
	}
	for i, l := range e.Values(nil) {
		if math.Abs(l-lambda[i]) > 1e-9*lambda[3] {
			t.Errorf("eigenvalue %v, want %v", l, lambda[i])
		}
	}
	if math.Abs(a.At(0, 1)) < 1 {
		t.Errorf("the axes are not rotated: %v", mat.Formatted(a))
	}
	// The same distance along each axis: f = Σ λ/2.
	if f := o.Func(o.Start); math.Abs(f/5036.75-1) > 1e-12 {
		t.Errorf("value at the start %v, want 5036.75", f)
	}
	if other := testfuncs.Quadratic(lambda, nil, 8); other.Start[0] == o.Start[0] {
		t.Error("another seed gives the same axes")
	}
}

// Mean and covariance of the noise, at a point away from the minimum.
func TestQuadraticNoise(t *testing.T) {
	o := testfuncs.Quadratic([]float64{1, 10, 100}, covariance, 1)
	x := []float64{2, 0, -1}
	exact := make([]float64, 3)
	o.Grad(exact, x)
	f0 := o.Func(x)
	const draws = 40_000
	var sum [3][3]float64
	var mean [3]float64
	grad := make([]float64, 3)
	for k := range draws {
		f, err := o.Oracle(grad, x, stochopt.Sample{Step: k})
		if err != nil {
			t.Fatal(err)
		}
		want := f0
		for i := range grad {
			grad[i] -= exact[i]
			want += grad[i] * (x[i] - 1)
			mean[i] += grad[i] / draws
			for j := range i + 1 {
				sum[i][j] += grad[i] * grad[j] / draws
			}
		}
		if math.Abs(f-want) > 1e-11*f0 {
			t.Fatalf("value %v is not that of the gradient's draw, %v", f, want)
		}
	}
	for i := range 3 {
		near(t, fmt.Sprintf("mean noise %d", i), mean[i], 0, math.Sqrt(covariance.At(i, i)/draws))
		for j := range i + 1 {
			s := covariance.At(i, j)
			se := math.Sqrt((covariance.At(i, i)*covariance.At(j, j) + s*s) / draws)
			near(t, fmt.Sprintf("covariance %d %d", i, j), sum[i][j], s, se)
		}
	}
	far(t, "covariance 0 0", sum[0][0], math.Sqrt2, 2*math.Sqrt(2./draws)) // of a root that is taken twice
	// A singular covariance.
	o = testfuncs.Quadratic([]float64{1, 1}, mat.NewSymDense(2, []float64{1, 1, 1, 1}), 1)
	_, g := evaluate(t, o.Oracle, []float64{1, 1}, stochopt.Sample{})
	if math.Abs(g[0]-g[1]) > 1e-7 || g[0] == 0 {
		t.Errorf("noise of a covariance of ones: %v", g)
	}
}

// Gradient descent on a rotated quadratic settles to the covariance that solves AΣ + ΣA - αAΣA = αS.
func TestQuadraticStationary(t *testing.T) {
	o := testfuncs.Quadratic([]float64{1, 3, 9}, covariance, 2)
	const alpha, paths, steps = 0.1, 5000, 60 // 0.9^120 is 3e-6
	a := hessian(o)
	var e mat.EigenSym
	e.Factorize(a, true)
	l := e.Values(nil)
	var v, rotated, want mat.Dense
	e.VectorsTo(&v)
	rotated.Product(v.T(), covariance, &v)
	rotated.Apply(func(i, j int, s float64) float64 { return alpha * s / (l[i] + l[j] - alpha*l[i]*l[j]) }, &rotated)
	want.Product(&v, &rotated, v.T())
	var got [3][3]float64
	grad := make([]float64, 3)
	for p := range paths {
		x := []float64{1, 1, 1}
		for k := range steps {
			o.Oracle(grad, x, stochopt.Sample{Seed: uint64(p), Step: k})
			for i := range x {
				x[i] -= alpha * grad[i]
			}
		}
		for i := range x {
			for j := range i + 1 {
				got[i][j] += (x[i] - 1) * (x[j] - 1) / paths
			}
		}
	}
	for i := range 3 {
		for j := range i + 1 {
			s := want.At(i, j)
			near(t, fmt.Sprintf("covariance %d %d", i, j), got[i][j], s, math.Sqrt((want.At(i, i)*want.At(j, j)+s*s)/paths))
		}
	}
	// Without the term of second order in A the variance along the stiffest axis is 0.55 of itself.
	var along float64
	for i := range 3 {
		for j := range 3 {
			along += v.At(i, 2) * v.At(j, 2) * got[max(i, j)][min(i, j)]
		}
	}
	var s2 float64
	for i := range 3 {
		for j := range 3 {
			s2 += v.At(i, 2) * v.At(j, 2) * covariance.At(i, j)
		}
	}
	far(t, "variance along axis 2", along, alpha*s2/(2*l[2]), along*math.Sqrt(2./paths))
}

// descend returns the mean square after steps of gradient descent from 1 with one axis for each of the paths.
func descend(t *testing.T, lambda, tau, sigma, alpha float64, paths, steps int) float64 {
	t.Helper()
	const axes = 100
	l := make([]float64, axes)
	for i := range l {
		l[i] = lambda
	}
	o := testfuncs.RandomCurvature(l, tau, sigma)
	grad := make([]float64, axes)
	var sum float64
	for p := range paths / axes {
		x := append([]float64(nil), o.Start...)
		for k := range steps {
			if _, err := o.Oracle(grad, x, stochopt.Sample{Seed: uint64(p), Step: k}); err != nil {
				t.Fatal(err)
			}
			for i := range x {
				x[i] -= alpha * grad[i]
			}
		}
		for _, v := range x {
			sum += v * v / float64(paths)
		}
	}
	return sum
}

// second returns mean and standard deviation of the square after steps of x ← (1 - α(λ+τη)) x - ασξ from 1, by their
// recursions.
func second(lambda, tau, sigma, alpha float64, steps int) (mean, sd float64) {
	m, v, b := 1-alpha*lambda, alpha*alpha*tau*tau, alpha*alpha*sigma*sigma
	m2, m4 := m*m+v, m*m*m*m+6*m*m*v+3*v*v
	x2, x4 := 1.0, 1.0
	for range steps {
		x2, x4 = m2*x2+b, m4*x4+6*m2*x2*b+3*b*b
	}
	return x2, math.Sqrt(x4 - x2*x2)
}

func TestRandomCurvatureStationary(t *testing.T) {
	const lambda, tau, sigma, alpha, paths, steps = 2, 1, 1.5, 0.1, 20_000, 60
	got := descend(t, lambda, tau, sigma, alpha, paths, steps)
	want := alpha * sigma * sigma / (2*lambda - alpha*(lambda*lambda+tau*tau)) // 0.0643
	_, sd := second(lambda, tau, sigma, alpha, steps)
	near(t, "stationary variance", got, want, sd/math.Sqrt(paths))
	if math.Abs(got/want-1) > 0.05 {
		t.Errorf("stationary variance %v, want %v within 5 %%", got, want)
	}
	// The same where the curvature decides: α at 0.8 of the limit 2λ/(λ²+τ²) = 0.4.
	const tau2, alpha2 = 2.449489742783178, 0.32
	got = descend(t, lambda, tau2, sigma, alpha2, paths, steps)
	want = alpha2 * sigma * sigma / (2*lambda - alpha2*(lambda*lambda+tau2*tau2))
	_, sd = second(lambda, tau2, sigma, alpha2, steps)
	if rho := math.Pow(1-alpha2*lambda, 2) + alpha2*alpha2*6; math.Pow(rho, steps) > 1e-6 {
		t.Fatalf("not stationary: %v", rho)
	}
	if !(math.Abs(got-want) < math.Abs(got-alpha2*sigma*sigma/(lambda*(2-alpha2*lambda)))) {
		t.Errorf("stationary variance %v agrees with the law without random curvature, not with %v (sd %v)", got, want, sd)
	}
}

// Beyond α = 2λ/(λ²+τ²) = 0.941 the second moment grows, where it would fall with the same but fixed curvature.
func TestRandomCurvatureDiverges(t *testing.T) {
	const lambda, tau, sigma, alpha, paths, steps = 2, 0.5, 0.1, 0.97, 40_000, 6
	got := descend(t, lambda, tau, sigma, alpha, paths, steps)
	want, sd := second(lambda, tau, sigma, alpha, steps)
	near(t, "second moment", got, want, sd/math.Sqrt(paths))
	if !(got > 1.5) {
		t.Errorf("second moment %v after %d steps beyond the limit: it has not grown", got, steps)
	}
	if fixed := descend(t, lambda, 0, sigma, alpha, paths, steps); !(fixed < 0.6) {
		t.Errorf("second moment %v of fixed curvature: it should fall", fixed)
	}
}

func TestQuadraticPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"testfuncs: Quadratic without eigenvalues":                         func() { testfuncs.Quadratic(nil, nil, 0) },
		"testfuncs: Quadratic: lambda[1] = 0, want finite and > 0":         func() { testfuncs.Quadratic([]float64{1, 0}, nil, 0) },
		"testfuncs: Quadratic: noise is a matrix of size 3, want 2":        func() { testfuncs.Quadratic([]float64{1, 1}, covariance, 0) },
		"testfuncs: Quadratic: noise has the eigenvalue -1, want >= 0":     func() { testfuncs.Quadratic([]float64{1, 1}, mat.NewSymDense(2, []float64{0, 1, 1, 0}), 0) },
		"testfuncs: RandomCurvature: lambda[0] = NaN, want finite and > 0": func() { testfuncs.RandomCurvature([]float64{math.NaN()}, 0, 0) },
		"testfuncs: RandomCurvature: tau = -1, want finite and >= 0":       func() { testfuncs.RandomCurvature([]float64{1}, -1, 0) },
		"testfuncs: RandomCurvature: sigma = -1, want finite and >= 0":     func() { testfuncs.RandomCurvature([]float64{1}, 0, -1) },
		"testfuncs: Quadratic: len(x) = 1, want 2":                         func() { testfuncs.Quadratic([]float64{1, 1}, nil, 0).Func([]float64{1}) },
		"testfuncs: RandomCurvature: len(x) = 2, want 1":                   func() { testfuncs.RandomCurvature([]float64{1}, 0, 0).Grad(nil, []float64{1, 2}) },
	} {
		wantPanic(t, want, f)
	}
}

func ExampleQuadratic() {
	noise := mat.NewDiagDense(2, []float64{0.01, 0.01})
	o := testfuncs.Quadratic([]float64{1, 100}, noise, 1)
	grad := make([]float64, 2)
	f, err := o.Oracle(grad, o.Start, stochopt.Sample{Seed: 1})
	fmt.Printf("%.4f %.4f %v\n", f, o.Func(o.Start), err)
	// Output: 50.6778 50.5000 <nil>
}

func ExampleRandomCurvature() {
	o := testfuncs.RandomCurvature([]float64{2}, 1, 0.5)
	grad := make([]float64, 1)
	var mean float64
	for k := range 10_000 {
		if _, err := o.Oracle(grad, []float64{3}, stochopt.Sample{Step: k}); err != nil {
			fmt.Println(err)
		}
		mean += grad[0] / 10_000
	}
	fmt.Printf("%.1f\n", mean) // λx
	// Output: 6.0
}
