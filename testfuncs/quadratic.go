package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/mat"
)

// Quadratic returns a quadratic with the given eigenvalues, > 0, along random axes, and normal noise of given
// covariance.
//
//	f(x) = (x-x*)'A(x-x*)/2 + ξ'(x-x*),  gradient A(x-x*) + ξ,  ξ ~ N(0, S),  A = Q diag(λ) Q'
//
// Q is a random rotation or reflection (Haar measure) by seed, x* = (1, ..., 1), and the start is x* + Q (1, ..., 1):
// the same distance along each axis. S is noise, in the coordinates of x; nil is no noise. Value and gradient belong
// to the same draw; their means are the quadratic, with minimum 0 at x*, and its gradient.
//
// In the steady state of gradient descent with constant step α the covariance Σ of x solves AΣ + ΣA - αAΣA = αS; in
// the axes of A, Σ_ij = αS_ij/(λ_i + λ_j - αλ_iλ_j).
//
// Quadratic panics if an eigenvalue is not positive, or noise has another size or is not positive semidefinite. It
// keeps A and a root of S, 2n² numbers; a draw takes 3n² multiplications.
func Quadratic(lambda []float64, noise mat.Symmetric, seed uint64) Objective {
	n := len(lambda)
	eigenvalues("Quadratic", lambda)
	q := rotation(n, rand.New(rand.NewPCG(seed, 0x51)))
	a := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			var sum float64
			for k, l := range lambda {
				sum += float64(q.At(i, k) * l * q.At(j, k))
			}
			a[i*n+j], a[j*n+i] = sum, sum
		}
	}
	var root []float64 // of S
	if noise != nil {
		root = squareRoot(noise, n)
	}
	minimizer, start := make([]float64, n), make([]float64, n)
	for i := range n {
		minimizer[i], start[i] = 1, 1
		for k := range n {
			start[i] += q.At(i, k)
		}
	}
	slope := func(x []float64, i int) (sum float64) { // component i of A(x-x*)
		for j, v := range x {
			sum += float64(a[i*n+j] * (v - 1))
		}
		return sum
	}
	f := func(x []float64) (sum float64) {
		length("Quadratic", x, n)
		for i, v := range x {
			sum += float64(slope(x, i) * (v - 1))
		}
		return sum / 2
	}
	grad := func(grad, x []float64) {
		length("Quadratic", x, n)
		for i := range x {
			grad[i] = slope(x, i)
		}
	}
	name := fmt.Sprintf("quadratic %d, condition %v, seed %d", n, slices.Max(lambda)/slices.Min(lambda), seed)
	o := smooth(name, f, grad, start, 0, minimizer)
	if root == nil {
		return o
	}
	var g generators
	o.Oracle = func(gr, x []float64, s stochopt.Sample) (float64, error) {
		y := f(x)
		if gr != nil {
			grad(gr, x)
		}
		r := g.get(s, n)
		defer g.put(r)
		z := r.work[:n]
		for i := range z {
			z[i] = r.NormFloat64()
		}
		for i, v := range x {
			var xi float64
			for j, z := range z {
				xi += float64(root[i*n+j] * z)
			}
			y += float64(xi * (v - 1))
			if gr != nil {
				gr[i] += xi
			}
		}
		return y, nil
	}
	return o
}

// RandomCurvature returns a quadratic along the axes whose curvature is random as well as its gradient.
//
//	f(x) = Σ (λ_i + τη_i) x_i²/2 + σξ_i x_i,  gradient (λ_i + τη_i) x_i + σξ_i
//
// η_i and ξ_i are independent standard normal numbers. The means are Σ λ_i x_i²/2 and its gradient, with minimum 0 at
// 0; the start is (1, ..., 1). So the noise grows with the distance, as that of minibatches does.
//
// Gradient descent with constant step α has in its steady state the variance ασ²/(2λ - α(λ²+τ²)) along an axis, which
// is finite if and only if α < 2λ/(λ²+τ²). Beyond, the second moment grows by the factor (1-αλ)² + α²τ² a step, even
// where αλ < 2.
//
// RandomCurvature panics if an eigenvalue λ_i is not positive, or tau or sigma negative.
func RandomCurvature(lambda []float64, tau, sigma float64) Objective {
	n := len(lambda)
	eigenvalues("RandomCurvature", lambda)
	nonNegative("RandomCurvature: tau", tau)
	nonNegative("RandomCurvature: sigma", sigma)
	lambda = slices.Clone(lambda)
	f := func(x []float64) (sum float64) {
		length("RandomCurvature", x, n)
		for i, v := range x {
			sum += float64(lambda[i] * v * v)
		}
		return sum / 2
	}
	grad := func(grad, x []float64) {
		length("RandomCurvature", x, n)
		for i, v := range x {
			grad[i] = lambda[i] * v
		}
	}
	name := fmt.Sprintf("random curvature %d, τ = %v, σ = %v", n, tau, sigma)
	o := smooth(name, f, grad, ones(n), 0, make([]float64, n))
	var g generators
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (f float64, err error) {
		length("RandomCurvature", x, n)
		r := g.get(s, 0)
		defer g.put(r)
		for i, v := range x {
			h := lambda[i] + float64(tau*r.NormFloat64())
			xi := sigma * r.NormFloat64()
			f += float64(h*v*v)/2 + float64(xi*v)
			if grad != nil {
				grad[i] = float64(h*v) + xi
			}
		}
		return f, nil
	}
	return o
}

// rotation returns a random orthogonal matrix: the Q of the QR factorization of a matrix of normal numbers, with the
// signs that make the diagonal of R positive. Reference: F. Mezzadri, How to generate random matrices from the
// classical compact groups, Notices of the AMS 54, 2007.
func rotation(n int, r *rand.Rand) *mat.Dense {
	z := mat.NewDense(n, n, vector(n*n, func(int) float64 { return r.NormFloat64() }))
	var qr mat.QR
	qr.Factorize(z)
	var q, u mat.Dense
	qr.QTo(&q)
	qr.RTo(&u)
	for j := range n {
		if u.At(j, j) < 0 {
			for i := range n {
				q.Set(i, j, -q.At(i, j))
			}
		}
	}
	return &q
}

// squareRoot returns the rows of the symmetric square root of s.
func squareRoot(s mat.Symmetric, n int) []float64 {
	if s.SymmetricDim() != n {
		panic(fmt.Sprintf("testfuncs: Quadratic: noise is a matrix of size %d, want %d", s.SymmetricDim(), n))
	}
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		panic("testfuncs: Quadratic: noise has no eigenvalues that can be computed")
	}
	values := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	for k, l := range values {
		if !(l >= -1e-12*values[n-1]) { // but for rounding
			panic(fmt.Sprintf("testfuncs: Quadratic: noise has the eigenvalue %v, want >= 0", l))
		}
		values[k] = math.Sqrt(max(l, 0))
	}
	root := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k, l := range values {
				root[i*n+j] += float64(v.At(i, k) * l * v.At(j, k))
			}
		}
	}
	return root
}

func eigenvalues(name string, lambda []float64) {
	if len(lambda) == 0 {
		panic(fmt.Sprintf("testfuncs: %s without eigenvalues", name))
	}
	for i, l := range lambda {
		if !(l > 0) || math.IsInf(l, 1) {
			panic(fmt.Sprintf("testfuncs: %s: lambda[%d] = %v, want finite and > 0", name, i, l))
		}
	}
}
