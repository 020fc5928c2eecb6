package gradient

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/num/hyperdual"
)

// HessVec returns the product of the Hessian with a vector, dst = ∇²f(x, s) v, of a function that is written over the
// hyper-dual numbers of gonum.org/v1/gonum/num/hyperdual. It is exact to rounding:
//
//	f(x + ε₁ v + ε₂ e_i, s) = f + ε₁ ∇f·v + ε₂ ∂f/∂x_i + ε₁ε₂ (∇²f v)_i,  ε₁² = ε₂² = 0
//
// A product costs n values of f for n variables, and a multiplication of hyper-dual numbers is 9 of float64; it keeps
// one vector of hyper-dual numbers. HessVecDifferences costs two gradients, whatever n.
//
// What Dual says about f, its randomness, comparisons and arguments near 0 holds here too, one derivative higher: where
// ∇f has jumps in x the product misses them. HessVec panics if f is nil, the product if the lengths of dst, x and v
// differ.
//
// Reference: J. A. Fike, J. J. Alonso, The development of hyper-dual numbers for exact second-derivative calculations,
// AIAA paper 2011-886, 2011.
func HessVec(f func(x []hyperdual.Number, s stochopt.Sample) hyperdual.Number) func(dst, x, v []float64, s stochopt.Sample) error {
	if f == nil {
		panic("gradient: HessVec of nil")
	}
	var points freelist.Slices[hyperdual.Number]
	return func(dst, x, v []float64, s stochopt.Sample) error {
		productLengths("HessVec", dst, x, v)
		z := points.Take(len(x))
		defer points.Put(z)
		for i := range x {
			z[i] = hyperdual.Number{Real: x[i], E1mag: v[i]}
		}
		var value float64
		for i := range z {
			z[i].E2mag = 1
			y := f(z, s)
			z[i].E2mag = 0
			if i == 0 {
				value = y.Real
			} else if err := same("HessVec", value, y.Real); err != nil {
				return err
			}
			dst[i] = y.E1E2mag
		}
		return nil
	}
}

// HessVecDifferences returns the product of the Hessian with a vector by a central difference of the gradient of o.
//
//	∇²f(x, s) v ≈ (g(x + r v, s) - g(x - r v, s))/(2r),  r = 2^-17 max(‖x‖∞, size)/‖v‖∞
//
// Both gradients are of one and the same Sample. With different ones the variance of a component would be that of the
// gradient divided by 2r², which is 1e10 for x and v of size 1. size is the typical size of the variables: f bends over
// distances of size when x is near 0, and of ‖x‖∞ when that is larger. If it is 0, it is 1. r is a power of two within
// a factor 2 of the formula, so that multiplication by r is exact. No variable is moved by more than 1.6e-5 max(‖x‖∞,
// size).
//
// The error is r²|∂³g/∂v³|/6 from truncation and about ε(|g| + |∇²f||x|)/r from rounding, ε = 2^-52. 2^-17 is near ∛ε,
// which balances the two: both are about 1e-10 of the terms of the product where f scales as assumed. Variables of very
// different sizes are best rescaled to one. Where o makes its gradient by Differences, the error of that is divided by
// r: 1e-10 becomes 1e-5.
//
// A product costs two gradients and keeps two vectors. For v = 0 nothing is evaluated. An error of o is returned.
// HessVecDifferences panics if o is nil or size is negative or not finite, the product if the lengths of dst, x and v
// differ.
//
// Reference: J. Nocedal, S. J. Wright, Numerical optimization, second edition, Springer, 2006, section 8.1.
func HessVecDifferences(o stochopt.Oracle, size float64) func(dst, x, v []float64, s stochopt.Sample) error {
	if o == nil {
		panic("gradient: HessVecDifferences of nil")
	}
	if !(size >= 0) || math.IsInf(size, 1) {
		panic(fmt.Sprintf("gradient: HessVecDifferences with size = %v, want finite and >= 0", size))
	}
	if size == 0 {
		size = 1
	}
	var vectors freelist.Slices[float64]
	return func(dst, x, v []float64, s stochopt.Sample) error {
		productLengths("HessVecDifferences", dst, x, v)
		if len(v) == 0 || floats.Norm(v, math.Inf(1)) == 0 {
			clear(dst)
			return nil
		}
		_, ex := math.Frexp(max(floats.Norm(x, math.Inf(1)), size))
		_, ev := math.Frexp(floats.Norm(v, math.Inf(1)))
		r := math.Ldexp(1, ex-ev-17)
		at, g := vectors.Take(len(x)), vectors.Take(len(x))
		defer vectors.Put(at)
		defer vectors.Put(g)
		floats.AddScaledTo(at, x, r, v)
		if _, err := o(g, at, s); err != nil {
			return err
		}
		floats.AddScaledTo(at, x, -r, v)
		if _, err := o(dst, at, s); err != nil {
			return err
		}
		for i := range dst {
			dst[i] = (g[i] - dst[i]) / (2 * r)
		}
		return nil
	}
}

// productLengths panics if the lengths of dst, x and v differ.
func productLengths(what string, dst, x, v []float64) {
	if len(dst) != len(x) || len(v) != len(x) {
		panic(fmt.Sprintf("gradient: %s: len(dst) = %d, len(x) = %d, len(v) = %d", what, len(dst), len(x), len(v)))
	}
}

// Hutchinson returns the estimator of the diagonal of the Hessian H by n products of it with random vectors.
//
//	diag H ≈ (1/n) Σ_k u_k ∘ (H u_k),  the components of u_k are 1 or -1 with probability 1/2
//
// It is unbiased for the draw that the Sample names. With a symmetric H that the Sample determines, component i has the
// variance
//
//	(1/n) Σ_(j≠i) H_ij²
//
// so one product gives a diagonal H exactly; probes with normal components would add 2 H_ii²/n. product is one of
// HessVec, HessVecDifferences or your own. All n products are given the Sample s itself; the signs come from a
// stream of their own. A draw costs n products and keeps two vectors.
//
// An error of product is returned, with dst undefined. Hutchinson panics if product is nil or n < 1, the estimator if
// the lengths of dst and x differ.
//
// Reference: C. Bekas, E. Kokiopoulou, Y. Saad, An estimator for the diagonal of a matrix, Applied Numerical
// Mathematics 57(11-12):1214-1229, 2007, after M. F. Hutchinson, Communications in Statistics 18(3):1059-1076, 1989,
// for the trace.
func Hutchinson(product func(dst, x, v []float64, s stochopt.Sample) error, n int) func(dst, x []float64, s stochopt.Sample) error {
	if product == nil {
		panic("gradient: Hutchinson of nil")
	}
	if n < 1 {
		panic(fmt.Sprintf("gradient: Hutchinson with n = %d products, want >= 1", n))
	}
	var vectors freelist.Slices[float64]
	return func(dst, x []float64, s stochopt.Sample) error {
		if len(dst) != len(x) {
			panic(fmt.Sprintf("gradient: Hutchinson: len(dst) = %d, len(x) = %d", len(dst), len(x)))
		}
		u, p := vectors.Take(len(x)), vectors.Take(len(x))
		defer vectors.Put(u)
		defer vectors.Put(p)
		pcg := stream(s, hutchinson)
		clear(dst)
		for range n {
			signs(u, &pcg)
			if err := product(p, x, u, s); err != nil {
				return err
			}
			for i := range dst {
				dst[i] += u[i] * p[i] / float64(n)
			}
		}
		return nil
	}
}
