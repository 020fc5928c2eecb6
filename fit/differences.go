package fit

import (
	"math"

	"github.com/stochopt/stochopt/internal/freelist"
)

// Differences returns a Model.Func of a curve without derivatives. These are central differences at two steps, combined to
// cancel the error of the second order (Richardson),
//
//	∂f/∂bⱼ ≈ (4 D(h) - D(2h))/3,  D(h) = (f(bⱼ+h) - f(bⱼ-h))/2h
//
// with h = |bⱼ|/10000, which costs four values of f for each parameter. Where D(h) and D(2h) differ by more than 1e-4 of
// themselves, or f is not finite, h is divided by 10, up to eight times. Where f hardly feels h, by less than 1e-9 of
// itself, since bⱼ is 0 or small only by chance, h is multiplied by 100, up to twelve times. Of all steps that have been
// tried the one with the least expected error of truncation and rounding, |D(2h) - D(h)| + 2⁻⁵²|f|/h, is used. Ten digits
// of the derivatives are usual, and seven where the step has been multiplied. f must be smooth, and have no noise beyond its rounding errors: the digits of the
// solution of a differential equation with a tolerance of 1e-6 are not enough.
//
// Prefer derivatives written by hand, Dual or a formula, whose last digits are right. f must keep neither slice.
//
// Reference: L. F. Richardson, The approximate arithmetical solution by finite differences of physical problems, Phil.
// Trans. R. Soc. A 210, 1911.
func Differences(f func(b, x []float64) float64) func(grad, b, x []float64) float64 {
	vector := VectorDifferences(func(dst, b, x []float64) { dst[0] = f(b, x) })
	var free freelist.Slices[float64]
	return func(grad, b, x []float64) float64 {
		if grad == nil {
			return f(b, x)
		}
		dst := free.Take(1)
		defer free.Put(dst)
		vector(dst, grad, b, x)
		return dst[0]
	}
}

// VectorDifferences is Differences for a Model.Vector: f stores the values in dst. The step of a parameter is chosen for all
// values at a point together, by their lengths as vectors.
func VectorDifferences(f func(dst, b, x []float64)) func(dst, jac, b, x []float64) {
	var free freelist.Slices[float64]
	return func(dst, jac, b, x []float64) {
		f(dst, b, x)
		if jac == nil {
			return
		}
		m, n := len(dst), len(b)
		work := free.Take(n + 5*m)
		defer free.Put(work)
		d := differences{f: f, x: x, b: work[:n], value: dst, best: work[n : n+m]}
		for k := range d.at {
			d.at[k] = work[n+(k+1)*m : n+(k+2)*m]
		}
		copy(d.b, b)
		for j := range b {
			d.derivative(j)
			for k, v := range d.best {
				jac[k*n+j] = v
			}
		}
	}
}

// differences are those of one point.
type differences struct {
	f           func(dst, b, x []float64)
	b, x, value []float64
	best        []float64    // derivatives at the best step
	at          [4][]float64 // f at bⱼ-2h, -h, +h, +2h
}

// derivative sets best to the derivatives by b[j].
func (d *differences) derivative(j int) {
	h := 1e-4 * math.Abs(d.b[j])
	if h == 0 {
		h = 1e-20
	}
	least := math.Inf(1)
	for k := range d.best {
		d.best[k] = math.NaN()
	}
	try := func(h float64) (visible, smooth bool) {
		visible, smooth, size := d.step(j, h)
		if size < least {
			least = size
			for k := range d.best {
				d.best[k] = d.combine(k, h)
			}
		}
		return visible, smooth
	}
	visible, smooth := try(h)
	if visible && smooth {
		return
	}
	if !smooth {
		for range 8 {
			h /= 10
			if _, smooth = try(h); smooth {
				return
			}
		}
		return
	}
	for range 12 {
		h *= 100
		if visible, smooth = try(h); visible || !smooth {
			return
		}
	}
}

// step asks for f at the steps ±h and ±2h, and returns whether it feels them, whether D(h) and D(2h) agree, and the expected
// error.
func (d *differences) step(j int, h float64) (visible, smooth bool, size float64) {
	v := d.b[j]
	up := v + h
	h = up - v // exact
	for k, t := range [4]float64{-2, -1, 1, 2} {
		d.b[j] = v + t*h
		d.f(d.at[k], d.b, d.x)
	}
	d.b[j] = v
	var f, near, apart float64
	for k, y := range d.value {
		inner, outer := (d.at[2][k]-d.at[1][k])/2, (d.at[3][k]-d.at[0][k])/4
		near = math.Hypot(near, inner)
		apart = math.Hypot(apart, outer-inner)
		f = math.Hypot(f, y)
		f = max(f, math.Abs(d.at[0][k]), math.Abs(d.at[3][k]))
	}
	if !finite(near) || !finite(apart) || h == 0 {
		return false, false, math.Inf(1)
	}
	rounding := 0x1p-52 * f
	return near > 1e-9*f || f == 0, apart <= 1e-4*near+4*rounding, (apart + rounding) / h
}

// combine is the derivative of value k.
func (d *differences) combine(k int, h float64) float64 {
	return (8*(d.at[2][k]-d.at[1][k]) - (d.at[3][k] - d.at[0][k])) / (12 * h)
}
