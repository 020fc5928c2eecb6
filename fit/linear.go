package fit

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// linearized is the problem min ‖J δ + r‖² at one point, made ready to be solved for any damping:
//
//	[J/D  r] = Q [R c; 0 ρ],   R = U S Vᵀ
//
// J has the columns cols of the Jacobian. The scales D of the columns make S independent of the units of the parameters.
// JᵀJ is never formed, which would cost half of the digits.
type linearized struct {
	m, n  int
	cols  []int     // of the Jacobian, in ascending order; the others do not move
	scale []float64 // D, of all columns of the Jacobian

	a   []float64 // the columns of [J/D r], one after the other, then the Householder vectors
	r   []float64 // R, column by column, each of length k = len(cols)
	tau []float64 // of the Householder reflections I + tau v vᵀ
	c   []float64 // the first k of Qᵀ r
	svd svd
	uc  []float64 // Uᵀ c, the residuals in the coordinates of S
}

func newLinearized(m, n int) *linearized {
	return &linearized{
		m: m, n: n,
		cols:  make([]int, 0, n),
		scale: make([]float64, n),
		a:     make([]float64, m*(n+1)),
		r:     make([]float64, n*n),
		tau:   make([]float64, n),
		c:     make([]float64, n),
		svd:   newSVD(n),
		uc:    make([]float64, n),
	}
}

// equilibrate sets the scales to the lengths of the columns at p, or 1 where that is 0.
func (l *linearized) equilibrate(c *curve, p *point) {
	for j := range l.scale {
		l.scale[j] = c.columnNorm(p, j)
		if l.scale[j] == 0 {
			l.scale[j] = 1
		}
	}
}

// column is a column of a.
func (l *linearized) column(j int) blas64.Vector {
	return blas64.Vector{N: l.m, Inc: 1, Data: l.a[j*l.m : (j+1)*l.m]}
}

// factor takes the Jacobian, a row for each residual, and the residuals. It reports whether the factors are finite.
func (l *linearized) factor(jac, res []float64) bool {
	k := len(l.cols)
	for i, j := range l.cols {
		a, d := l.column(i).Data, l.scale[j]
		for row := range a {
			a[row] = jac[row*l.n+j] / d
		}
	}
	copy(l.column(k).Data, res)
	return l.decompose(k)
}

// decompose factors the first k columns of a and applies Qᵀ to the next.
func (l *linearized) decompose(k int) bool {
	l.c, l.uc = l.c[:k], l.uc[:k]
	for i := range k {
		// The Householder reflection that takes column i, from row i on, to a multiple of the first axis.
		v := blas64.Vector{N: l.m - i, Inc: 1, Data: l.column(i).Data[i:]}
		diagonal := norm(v.Data)
		if v.Data[0] > 0 {
			diagonal = -diagonal
		}
		l.tau[i] = 0
		if diagonal != 0 {
			pivot := v.Data[0] - diagonal
			blas64.Scal(1/pivot, v)
			v.Data[0] = 1
			tau := pivot / diagonal // -2/‖v‖²
			l.tau[i] = tau
			for j := i + 1; j <= k; j++ {
				w := blas64.Vector{N: v.N, Inc: 1, Data: l.column(j).Data[i:]}
				blas64.Axpy(tau*blas64.Dot(v, w), v, w)
			}
		}
		l.column(i).Data[i] = diagonal
	}
	for j := range k {
		r := l.r[j*k : (j+1)*k]
		copy(r[:j+1], l.column(j).Data)
		clear(r[j+1:])
		l.c[j] = l.column(k).Data[j]
		for _, v := range r[:j+1] {
			if !finite(v) {
				return false
			}
		}
		if !finite(l.c[j]) {
			return false
		}
	}
	if !l.svd.factor(l.r, k) {
		return false
	}
	for j := range k {
		l.uc[j] = l.svd.project(j, l.c)
	}
	return true
}

// rank is the number of singular values above rankTolerance times the largest.
func (l *linearized) rank() int {
	k := len(l.cols)
	for k > 0 && l.svd.s[k-1] <= rankTolerance*l.svd.s[0] {
		k--
	}
	return k
}

// rankTolerance is the ratio of singular values below which a direction counts as undetermined: some hundred rounding
// errors, as columns of J have length 1. The lowest ratio among NIST's problems is 2e-5.
const rankTolerance = 1e-13

// step stores δ = -D⁻¹ V S/(S²+λ) Uᵀc in delta, without undetermined directions, and 0 for other columns. It returns
// ‖D δ‖, the decrease of the sum of squares in the linear problem, and half the slope of the sum of squares along δ.
func (l *linearized) step(delta []float64, lambda float64) (length, decrease, slope float64) {
	clear(delta)
	for k := range l.rank() {
		s, c := l.svd.s[k], l.uc[k]
		q := s*s + lambda
		w := s * c / q
		left := lambda / q // part of c that remains
		length += w * w
		decrease += c * c * (1 - left*left)
		slope -= s * w * c
		for i, v := range l.svd.right(k) {
			delta[l.cols[i]] -= v * w
		}
	}
	for _, j := range l.cols {
		delta[j] /= l.scale[j]
	}
	return math.Sqrt(length), decrease, slope
}

// projection is the length of the residuals' projection on the tangent plane, 0 at a minimum.
func (l *linearized) projection() float64 { return norm(l.uc[:l.rank()]) }

// leftRow stores in u the components of the left singular vectors of J/D that belong to the residual with the derivatives
// row.
func (l *linearized) leftRow(u, row []float64) {
	for k := range u {
		var sum float64
		for i, v := range l.svd.right(k) {
			j := l.cols[i]
			sum += row[j] / l.scale[j] * v
		}
		u[k] = sum / l.svd.s[k]
	}
}

// second stores in dst the solution of min ‖J δ + g‖² + λ ‖D δ‖² for other residuals g, which it overwrites, and returns
// ‖D δ‖.
func (l *linearized) second(dst, g []float64, lambda float64) float64 {
	k := len(l.cols)
	for i := range k {
		v := blas64.Vector{N: l.m - i, Inc: 1, Data: l.column(i).Data[i:]}
		w := blas64.Vector{N: l.m - i, Inc: 1, Data: g[i:]}
		diagonal := v.Data[0]
		v.Data[0] = 1
		blas64.Axpy(l.tau[i]*blas64.Dot(v, w), v, w)
		v.Data[0] = diagonal
	}
	clear(dst)
	var length float64
	for j := range l.rank() {
		s := l.svd.s[j]
		w := s * l.svd.project(j, g[:k]) / (s*s + lambda)
		length += w * w
		for i, v := range l.svd.right(j) {
			dst[l.cols[i]] -= v * w
		}
	}
	for _, j := range l.cols {
		dst[j] /= l.scale[j]
	}
	return math.Sqrt(length)
}

// damping is the least λ >= 0 whose step is no longer than radius, or a little less. 1/‖D δ‖ is a concave function of λ
// and nearly linear, so that Newton's iteration on it converges from the left in a few steps; a tenth above radius is
// near enough (Moré 1978, section 5).
func (l *linearized) damping(radius float64) float64 {
	var lambda float64
	for range 100 {
		var sum, slope float64 // ‖D δ‖² and half its derivative
		for k := range l.rank() {
			q := l.svd.s[k]*l.svd.s[k] + lambda
			w := l.svd.s[k] * l.uc[k] / q
			sum += w * w
			slope -= w * w / q
		}
		length := math.Sqrt(sum)
		if length <= 1.1*radius {
			break
		}
		lambda -= (length - radius) / radius * sum / slope
	}
	return lambda
}

// norm is the length of v.
func norm(v []float64) float64 {
	x := blas64.Vector{N: len(v), Inc: 1, Data: v}
	if s := blas64.Dot(x, x); s > 1e-280 && s < 1e280 {
		return math.Sqrt(s)
	}
	return blas64.Nrm2(x) // three times slower, safe from overflow and underflow
}
