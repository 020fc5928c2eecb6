package fit

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// linearized is the problem min ‖J δ + r‖² at one point, made ready to be solved for any damping:
//
//	[J/D  r] = Q [R c; 0 ρ],   R = U S Vᵀ
//
// The scales D of the columns make S independent of the units of the parameters. JᵀJ is never formed, which would cost
// half of the digits.
type linearized struct {
	n     int
	scale []float64 // D
	s     []float64 // singular values of J/D, descending
	v     mat.Dense // right singular vectors, in columns
	uc    []float64 // Uᵀ c, the residuals in the coordinates of S

	qr   blas64.General // [J/D r; 0], then its factors
	tau  []float64
	work []float64
	r, u mat.Dense
	svd  mat.SVD
}

func newLinearized(m, n int) *linearized {
	l := &linearized{
		n:     n,
		scale: make([]float64, n),
		s:     make([]float64, n),
		uc:    make([]float64, n),
		// A row of zeros leaves room for the column r where m = n.
		qr:   blas64.General{Rows: m + 1, Cols: n + 1, Stride: n + 1, Data: make([]float64, (m+1)*(n+1))},
		tau:  make([]float64, n+1),
		work: make([]float64, 1),
	}
	l.r.CloneFrom(mat.NewDense(n, n, nil))
	lapack64.Geqrf(l.qr, l.tau, l.work, -1)
	l.work = make([]float64, int(l.work[0]))
	return l
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

// factor takes the Jacobian, a row for each residual, and the residuals. It reports whether the factors are finite.
func (l *linearized) factor(jac, res []float64) bool {
	n := l.n
	row := func(i int) []float64 { return l.qr.Data[i*(n+1) : (i+1)*(n+1)] }
	for i, r := range res {
		for j, d := range l.scale {
			row(i)[j] = jac[i*n+j] / d
		}
		row(i)[n] = r
	}
	clear(row(len(res)))
	lapack64.Geqrf(l.qr, l.tau, l.work, len(l.work))
	for i := range n {
		for j := i; j <= n; j++ {
			if !finite(row(i)[j]) {
				return false
			}
			if j < n {
				l.r.Set(i, j, row(i)[j])
			}
		}
	}
	if !l.svd.Factorize(&l.r, mat.SVDFull) {
		return false
	}
	l.svd.Values(l.s)
	l.svd.UTo(&l.u)
	l.svd.VTo(&l.v)
	for k := range n {
		var sum float64
		for i := range n {
			sum += l.u.At(i, k) * row(i)[n]
		}
		l.uc[k] = sum
	}
	return true
}

// rank is the number of singular values above rankTolerance times the largest.
func (l *linearized) rank() int {
	k := l.n
	for k > 0 && l.s[k-1] <= rankTolerance*l.s[0] {
		k--
	}
	return k
}

// rankTolerance is the ratio of singular values below which a direction counts as undetermined: some hundred rounding
// errors, as columns of J have length 1. The lowest ratio among NIST's problems is 2e-5.
const rankTolerance = 1e-13

// step stores δ = -D⁻¹ V S/(S²+λ) Uᵀc in delta, without undetermined directions, and returns ‖D δ‖ and the decrease of
// the sum of squares in the linear problem.
func (l *linearized) step(delta []float64, lambda float64) (length, decrease float64) {
	clear(delta)
	for k := range l.rank() {
		s, c := l.s[k], l.uc[k]
		q := s*s + lambda
		w := s * c / q
		left := lambda / q // part of c that remains
		length += w * w
		decrease += c * c * (1 - left*left)
		for j := range delta {
			delta[j] -= l.v.At(j, k) * w
		}
	}
	for j, d := range l.scale {
		delta[j] /= d
	}
	return math.Sqrt(length), decrease
}

// slope is half the derivative of the sum of squares along the step of damping lambda.
func (l *linearized) slope(lambda float64) float64 {
	var sum float64
	for k := range l.rank() {
		w := l.s[k] * l.uc[k]
		sum -= w * w / (l.s[k]*l.s[k] + lambda)
	}
	return sum
}

// projection is the length of the residuals' projection on the tangent plane, 0 at a minimum.
func (l *linearized) projection() float64 {
	return blas64.Nrm2(blas64.Vector{N: l.rank(), Inc: 1, Data: l.uc})
}

// damping is the least λ >= 0 whose step is no longer than radius, or a little less. 1/‖D δ‖ is a concave function of λ
// and nearly linear, so that Newton's iteration on it converges from the left in a few steps; a tenth above radius is
// near enough (Moré 1978, section 5).
func (l *linearized) damping(radius float64) float64 {
	var lambda float64
	for range 100 {
		var sum, slope float64 // ‖D δ‖² and half its derivative
		for k := range l.rank() {
			q := l.s[k]*l.s[k] + lambda
			w := l.s[k] * l.uc[k] / q
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
