package fit

import (
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/num/dual"
)

// Dual returns a Model.Func of a curve that is written over the dual numbers of gonum.org/v1/gonum/num/dual. Its
// derivatives are exact to rounding and cost a value of f for each parameter. Numbers that are no parameters enter as
// dual.Number{Real: v}; comparisons must ask for Real. f must keep neither slice. Where dual numbers have their traps,
// gradient.Dual says; Model.Check finds them.
func Dual(f func(b []dual.Number, x []float64) dual.Number) func(grad, b, x []float64) float64 {
	var free freelist.Slices[dual.Number]
	return func(grad, b, x []float64) float64 {
		z := free.Take(len(b))
		defer free.Put(z)
		for i, v := range b {
			z[i] = dual.Number{Real: v}
		}
		if grad == nil {
			return f(z, x).Real
		}
		var value float64
		for j := range b {
			z[j].Emag = 1
			y := f(z, x)
			z[j].Emag = 0
			value, grad[j] = y.Real, y.Emag
		}
		return value
	}
}

// VectorDual is Dual for a Model.Vector: f stores the values in dst.
func VectorDual(f func(dst, b []dual.Number, x []float64)) func(dst, jac, b, x []float64) {
	var free freelist.Slices[dual.Number]
	return func(dst, jac, b, x []float64) {
		n := len(b)
		z := free.Take(n + len(dst))
		defer free.Put(z)
		z, y := z[:n:n], z[n:]
		for i, v := range b {
			z[i] = dual.Number{Real: v}
		}
		if jac == nil {
			f(y, z, x)
			for k := range dst {
				dst[k] = y[k].Real
			}
			return
		}
		for j := range b {
			z[j].Emag = 1
			f(y, z, x)
			z[j].Emag = 0
			for k := range dst {
				dst[k], jac[k*n+j] = y[k].Real, y[k].Emag
			}
		}
	}
}
