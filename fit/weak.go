package fit

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// weakness is how many times its size a parameter must be able to change within the errors before it is asked whether
// the data determine it.
const weakness = 100

// determined is the number of directions of u at the minimum p that the data determine, where lm.lin has been factored
// with full rank. s is the standard deviation of a residual, and scale the change of each u that matters.
//
// With columns of J in units of the sizes of u, the larger of |u| and scale, a direction with the singular value t moves
// the curve by t if u changes by its size. If s > 100 t, a step of one standard error changes u by more than 100
// sizes. That is no fault where the curve is linear so far, as in a straight line whose slope happens to be 0. But where
// the objective does not rise there by s², within a factor of 2, the derivatives say nothing about what the data tell of
// this direction: it is weak. So it is with the width and the centre of a peak that has come to rest between two points.
//
// Weak directions are the last ones of lm.lin then, which is left in units of the sizes; without any it is as it was.
func (l *levenberg) determined(p *point, scale []float64, s float64) int {
	lin, c := l.lin, l.c
	n := len(lin.cols)
	size := make([]float64, c.n)
	suspect := false
	for i, j := range lin.cols {
		size[j] = scale[j]
		if c.params[c.free[j]].Transform == Identity {
			size[j] = max(size[j], math.Abs(p.u[j]))
		}
		var se float64
		for k := range n {
			se = math.Hypot(se, lin.svd.right(k)[i]/lin.svd.s[k])
		}
		if size[j] == 0 { // nothing is known of it
			size[j] = weakness * s / lin.scale[j]
		}
		suspect = suspect || s*se > weakness*size[j]*lin.scale[j]
	}
	if !suspect {
		return n
	}
	for _, j := range lin.cols {
		lin.scale[j] = 1 / size[j]
	}
	if lin.factor(p.jac, p.r) {
		rank := n
		for k := n - 1; k >= 0; k-- {
			if s > weakness*lin.svd.s[k] && !l.linear(p, k, s) {
				lin.svd.last(k, rank)
				rank--
			}
		}
		if rank < n {
			return rank
		}
	}
	lin.equilibrate(c, p)
	lin.factor(p.jac, p.r)
	return n
}

// linear reports whether the objective rises by s², within a factor of 2, if u goes by one standard error along direction
// k, on each side that is between the bounds, if there is one.
func (l *levenberg) linear(p *point, k int, s float64) bool {
	lin, c := l.lin, l.c
	inside := false
	trial := newPoint(c, p.u)
	for _, sign := range []float64{-1, 1} {
		clear(l.delta)
		for i, j := range lin.cols {
			l.delta[j] = sign * s / lin.svd.s[k] * lin.svd.right(k)[i] / lin.scale[j]
		}
		if c.outside(p.u, l.delta) {
			continue
		}
		inside = true
		for j, d := range l.delta {
			trial.u[j] = p.u[j] + d
		}
		if rise := s * s; !c.compute(trial) || !(trial.f-p.f > rise/2 && trial.f-p.f < 2*rise) {
			return false
		}
	}
	return inside
}

// last makes singular value k the last of the first n, and moves those between up.
func (f *svd) last(k, n int) {
	for ; k+1 < n; k++ {
		f.s[k], f.s[k+1] = f.s[k+1], f.s[k]
		blas64.Swap(column(f.w, f.k, k), column(f.w, f.k, k+1))
		blas64.Swap(column(f.v, f.k, k), column(f.v, f.k, k+1))
	}
}
