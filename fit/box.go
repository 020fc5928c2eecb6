package fit

import "math"

// box solves the linear problem between bounds,
//
//	min ‖R d + c‖² + λ ‖d‖²   with lo <= d <= hi
//
// where lo <= 0 <= hi, by an active set: the problem is solved for the variables that are not held; the way to its
// solution ends at the first bound, where that variable is held; at the end of a way without bounds the held variable
// whose derivative points most inwards is released.
//
// Reference: P. B. Stark, R. L. Parker, Bounded-variable least squares: an algorithm and applications, Computational
// Statistics 10, 1995.
type box struct {
	lin    *linearized // of the variables that are not held
	d      []float64
	lo, hi []float64
	held   []int8 // -1 at lo, +1 at hi
	z, rd  []float64
}

func newBox(n int) *box {
	return &box{
		lin:  newLinearized(n, n),
		d:    make([]float64, n),
		lo:   make([]float64, n),
		hi:   make([]float64, n),
		held: make([]int8, n),
		z:    make([]float64, n),
		rd:   make([]float64, n),
	}
}

// solve takes R and c from l, lo and hi from b, and leaves d and held. It returns what linearized.step does, or false where
// the factors are not finite.
func (b *box) solve(l *linearized, lambda float64) (length, decrease, slope float64, ok bool) {
	k := len(l.cols)
	d, held := b.d[:k], b.held[:k]
	clear(d)
	clear(held)
	// Each way but the last holds or releases one; the limit is for rounding errors, and d is feasible at any time.
	for range 10 * k {
		if ok := b.free(l, lambda); !ok {
			return 0, 0, 0, false
		}
		reach, hit := 1.0, -1
		for j := range k {
			if held[j] != 0 {
				continue
			}
			bound := b.hi[j]
			if b.z[j] < d[j] {
				bound = b.lo[j]
			}
			if b.z[j] > b.hi[j] || b.z[j] < b.lo[j] {
				if t := (bound - d[j]) / (b.z[j] - d[j]); t < reach || hit < 0 {
					reach, hit = t, j
				}
			}
		}
		for j := range k {
			if held[j] == 0 {
				d[j] = min(max(d[j]+reach*(b.z[j]-d[j]), b.lo[j]), b.hi[j])
			}
		}
		if hit >= 0 {
			if held[hit] = 1; b.z[hit] < d[hit] {
				held[hit] = -1
			}
			d[hit] = b.hi[hit]
			if held[hit] < 0 {
				d[hit] = b.lo[hit]
			}
			continue
		}
		release, worst := -1, 0.0
		b.product(l)
		for j := range k {
			if held[j] == 0 {
				continue
			}
			// The derivative inwards.
			w := lambda * d[j]
			for i := range k {
				w += l.r[j*k+i] * (l.c[i] + b.rd[i])
			}
			if w *= -float64(held[j]); w < worst {
				worst, release = w, j
			}
		}
		if release < 0 || worst > -1e-14*norm(l.c) {
			break
		}
		held[release] = 0
	}
	b.product(l)
	for i, v := range b.rd[:k] {
		slope += v * l.c[i]
		decrease -= v * (v + 2*l.c[i])
	}
	return norm(d), decrease, slope, true
}

// product sets rd = R d.
func (b *box) product(l *linearized) {
	k := len(l.cols)
	clear(b.rd)
	for j := range k {
		for i := range j + 1 {
			b.rd[i] += l.r[j*k+i] * b.d[j]
		}
	}
}

// free sets z to the solution in which held variables are where they are.
func (b *box) free(l *linearized, lambda float64) bool {
	k := len(l.cols)
	f := b.lin
	f.m, f.cols = k, f.cols[:0]
	for j := range k {
		if b.held[j] == 0 {
			f.cols = append(f.cols, j)
			f.scale[j] = 1
		}
	}
	if len(f.cols) == 0 {
		return true
	}
	for i, j := range f.cols {
		copy(f.column(i).Data, l.r[j*k:(j+1)*k])
	}
	rhs := f.column(len(f.cols)).Data
	copy(rhs, l.c)
	for j := range k {
		if b.held[j] != 0 {
			for i := range k {
				rhs[i] += l.r[j*k+i] * b.d[j]
			}
		}
	}
	if !f.decompose(len(f.cols)) {
		return false
	}
	f.step(b.z[:k], lambda)
	return true
}

// outside reports whether u + delta leaves the bounds.
func (c *coordinates) outside(u, delta []float64) bool {
	for j, d := range delta {
		if v := u[j] + d; v < c.lower[j] || v > c.upper[j] {
			return true
		}
	}
	return false
}

// atBound is -1 where u[j] is at its lower bound, 1 at its upper one, else 0.
func (c *coordinates) atBound(u []float64, j int) int {
	switch u[j] {
	case c.lower[j]:
		return -1
	case c.upper[j]:
		return 1
	}
	return 0
}

// bounded reports whether there are any bounds.
func (c *coordinates) bounded() bool {
	for j := range c.lower {
		if !math.IsInf(c.lower[j], -1) || !math.IsInf(c.upper[j], 1) {
			return true
		}
	}
	return false
}
