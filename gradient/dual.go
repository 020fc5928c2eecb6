package gradient

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/num/dual"
)

// Dual returns the Oracle of a function that is written over the dual numbers of gonum.org/v1/gonum/num/dual, by
// forward automatic differentiation. Its gradient is exact to rounding:
//
//	f(x + ε e_i, s) = f(x, s) + ε ∂f/∂x_i,  ε² = 0
//
// A draw costs n values of f for n variables, the value with it; a value alone costs one. It keeps one vector of dual
// numbers of the length of x. Prefer it to Differences where f can be written so; for many variables a gradient by
// hand, or by the reverse mode of another package, costs less.
//
// f must take all its randomness from s. All values of a draw are given the same Sample, so the gradient is that of the
// draw whose value is returned; random numbers and data enter as dual.Number{Real: v}. Two values of one draw that
// differ are an error. The gradient of E f is the mean of such gradients where f is differentiable in x for almost all
// draws and Lipschitz; it is not where f counts, or accepts and rejects, by comparisons with x: there the derivative
// misses the jumps.
//
// Comparisons must ask for Real. At a kink, such as dual.Abs at 0, the derivative is one of the two sides. The
// derivatives of dual.Sqrt and dual.PowReal are wrong for arguments nearer to 0 than 1e-15, where gonum takes 1e-15
// instead, and that of dual.Sqrt at 0 is infinite even for variables that the argument does not depend on; write
// dual.Mul(v, v) for v².
//
// f must not keep or modify its argument; it may be called concurrently if the Oracle is. Dual panics if f is nil.
//
// Reference: A. Griewank, A. Walther, Evaluating derivatives, second edition, SIAM, 2008, section 3.1.
func Dual(f func(x []dual.Number, s stochopt.Sample) dual.Number) stochopt.Oracle {
	if f == nil {
		panic("gradient: Dual of nil")
	}
	var points freelist.Slices[dual.Number]
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		lengths("Dual", grad, x)
		z := points.Take(len(x))
		defer points.Put(z)
		for i, v := range x {
			z[i] = dual.Number{Real: v}
		}
		if len(grad) == 0 {
			return f(z, s).Real, nil
		}
		var value float64
		for i := range grad {
			z[i].Emag = 1
			y := f(z, s)
			z[i].Emag = 0
			if i == 0 {
				value = y.Real
			} else if err := same("Dual", value, y.Real); err != nil {
				return value, err
			}
			grad[i] = y.Emag
		}
		return value, nil
	}
}

// same returns an error if two values at the same x and Sample differ.
func same(what string, f, again float64) error {
	if f != again && f-f == 0 {
		return fmt.Errorf("gradient: %s: two values at the same x and Sample are %v and %v: take all randomness from Sample.Rand",
			what, f, again)
	}
	return nil
}
