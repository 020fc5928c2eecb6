package gradient

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// ComplexStep returns the Oracle of a function that is written over complex numbers. Its value is the real part of f at
// x, its gradient is exact to rounding:
//
//	∂f/∂x_i = Im f(x + i h e_i)/h + O(h²),  h = 2^-332 max(|x_i|, 1), rounded down to a power of two
//
// There is no difference, so nothing cancels and h can be so small, about 1e-100, that the O(h²) is far below rounding.
// A draw costs n + 1 values of f for n variables, a value alone costs one, and it keeps one complex vector of the
// length of x. Where f uses functions that math/cmplx lacks, or numbers that depend on the Sample, use Dual, which does
// the same for dual numbers.
//
// f must be real for real x and analytic there. That excludes, without any sign that the gradient is wrong,
//
//   - cmplx.Abs, cmplx.Conj, cmplx.Phase, and whatever drops the imaginary part: for |z| write z or -z by the sign of
//     real(z), for |z|² write z*z;
//   - comparisons of anything but real(z); with these, a branch is as right as it is for real numbers;
//   - cmplx.Asin, cmplx.Acos, cmplx.Atan and cmplx.Acosh, whose algorithms lose so small an imaginary part.
//
// Check compares such a gradient with differences of the value. An imaginary part of f(x) itself does show, and is an
// error: the logarithm, the root or a power of a negative number has one, even cmplx.Pow(z, 2), where z*z has none.
//
// f must not keep or modify its argument; it may be called concurrently if the Oracle is. ComplexStep panics if f is
// nil.
//
// Reference: W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review
// 40(1):110-112, 1998; J. R. R. A. Martins, P. Sturdza, J. J. Alonso, The complex-step derivative approximation, ACM
// Transactions on Mathematical Software 29(3):245-262, 2003.
func ComplexStep(f func(x []complex128) complex128) stochopt.Oracle {
	if f == nil {
		panic("gradient: ComplexStep of nil")
	}
	var points freelist.Slices[complex128]
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		lengths("ComplexStep", grad, x)
		z := points.Take(len(x))
		defer points.Put(z)
		for i, v := range x {
			z[i] = complex(v, 0)
		}
		y := f(z)
		if v := real(y); imag(y) != 0 && v-v == 0 {
			return v, fmt.Errorf("gradient: ComplexStep: f = %v at real x, want a real value", y)
		}
		for i := range grad {
			_, e := math.Frexp(max(math.Abs(x[i]), 1))
			h := math.Ldexp(1, e-333)
			z[i] = complex(x[i], h)
			grad[i] = imag(f(z)) / h
			z[i] = complex(x[i], 0)
		}
		return real(y), nil
	}
}

// lengths panics if grad is wanted and has not the length of x.
func lengths(what string, grad, x []float64) {
	if grad != nil && len(grad) != len(x) {
		panic(fmt.Sprintf("gradient: %s: len(grad) = %d, len(x) = %d", what, len(grad), len(x)))
	}
}
