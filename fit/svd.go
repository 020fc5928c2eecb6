package fit

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// svd is the singular value decomposition A = U S Vᵀ of a small square matrix by one-sided Jacobi rotations: columns of A
// are turned in pairs until all are orthogonal, A V = U S. Small singular values keep their relative accuracy where A is a
// well-conditioned matrix times a diagonal one. At the sizes of a fit, 2 to 10, it takes a tenth to a third of the time
// of LAPACK's Dgesvd in gonum, and allocates nothing.
//
// Reference: J. Demmel, K. Veselić, Jacobi's method is more accurate than QR, SIAM J. Matrix Anal. Appl. 13, 1992,
// algorithm 4.1.
type svd struct {
	k    int
	s    []float64 // descending
	w, v []float64 // U S and V, column by column
}

func newSVD(n int) svd {
	return svd{s: make([]float64, n), w: make([]float64, n*n), v: make([]float64, n*n)}
}

func column(a []float64, k, j int) blas64.Vector {
	return blas64.Vector{N: k, Inc: 1, Data: a[j*k : (j+1)*k]}
}

// factor decomposes a, k columns of length k. It reports whether the rotations have converged.
func (f *svd) factor(a []float64, k int) bool {
	f.k, f.s = k, f.s[:k]
	copy(f.w, a[:k*k])
	clear(f.v)
	for j := range k {
		f.v[j*k+j] = 1
	}
	tolerance := float64(k) * 0x1p-52 // the rounding error of a product of columns
	for range 60 {
		turned := false
		for p := range k {
			for q := p + 1; q < k; q++ {
				x, y := f.w[p*k:(p+1)*k], f.w[q*k:(q+1)*k]
				var xx, yy, xy float64
				for i := range x {
					xx += x[i] * x[i]
					yy += y[i] * y[i]
					xy += x[i] * y[i]
				}
				if !(math.Abs(xy) > tolerance*math.Sqrt(xx)*math.Sqrt(yy)) {
					continue
				}
				turned = true
				zeta := (yy - xx) / (2 * xy)
				t := math.Copysign(1/(math.Abs(zeta)+math.Sqrt(1+zeta*zeta)), zeta)
				cos := 1 / math.Sqrt(1+t*t)
				sin := cos * t
				rotate(x, y, cos, sin)
				rotate(f.v[p*k:(p+1)*k], f.v[q*k:(q+1)*k], cos, sin)
			}
		}
		if !turned {
			for j := range k {
				f.s[j] = norm(f.w[j*k : (j+1)*k])
			}
			f.sort()
			return true
		}
	}
	return false
}

func rotate(x, y []float64, cos, sin float64) {
	for i, a := range x {
		b := y[i]
		x[i] = cos*a - sin*b
		y[i] = sin*a + cos*b
	}
}

// sort puts the singular values in descending order.
func (f *svd) sort() {
	for i := range f.k {
		top := i
		for j := i + 1; j < f.k; j++ {
			if f.s[j] > f.s[top] {
				top = j
			}
		}
		if top != i {
			f.s[i], f.s[top] = f.s[top], f.s[i]
			blas64.Swap(column(f.w, f.k, i), column(f.w, f.k, top))
			blas64.Swap(column(f.v, f.k, i), column(f.v, f.k, top))
		}
	}
}

// right is the right singular vector of s[j].
func (f *svd) right(j int) []float64 { return f.v[j*f.k : (j+1)*f.k] }

// project is the product of the left singular vector of s[j] and c, 0 where s[j] is.
func (f *svd) project(j int, c []float64) float64 {
	if f.s[j] == 0 {
		return 0
	}
	var sum float64
	for i, w := range f.w[j*f.k : (j+1)*f.k] {
		sum += w / f.s[j] * c[i]
	}
	return sum
}
