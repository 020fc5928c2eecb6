package method

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// sfoSpace is the subspace that SFO works in: the span of k orthonormal vectors of n components. When they are to be more than
// most, they are reduced to the least that hold what is known last. If most is n the space is whole and needs no vectors.
type sfoSpace struct {
	n, least, most int
	k              int
	p              []float64 // the vectors, one after the other

	// Scratch, of a space that is not whole.
	w       []float64 // of n components
	q       []float64 // new vectors in terms of the old ones, one after the other
	v       []float64 // of most components
	columns []float64 // some components of all vectors
}

const sfoColumns = 64 // that are changed to a new basis at once

// size is for the positions and gradients of the terms, one more gradient, and x.
func (s *sfoSpace) size(n, terms int) {
	s.n = n
	s.least = min(2*terms+2, n)
	s.most = min((3*s.least+1)/2, n)
	if s.whole() {
		s.k = n
		return
	}
	s.w, s.v = make([]float64, n), make([]float64, s.most)
	s.q = make([]float64, s.least*s.most)
	s.columns = make([]float64, s.most*sfoColumns)
}

func (s *sfoSpace) whole() bool { return s.most == s.n }

// numbers is the length of p.
func (s *sfoSpace) numbers() int {
	if s.whole() {
		return 0
	}
	return s.n * s.most
}

func (s *sfoSpace) vector(j int) []float64 { return s.p[j*s.n : (j+1)*s.n] }

// move adds the step, given in the subspace, to x.
func (s *sfoSpace) move(x, step []float64) {
	if s.whole() {
		floats.Add(x, step)
		return
	}
	for j, c := range step {
		floats.AddScaled(x, c, s.vector(j))
	}
}

// locate makes r.at the evaluation of f and grad at x.
func (r *SFO) locate(x []float64, f float64, grad []float64) {
	r.terms[r.term].visits++
	r.total++
	r.place(r.at.p, x)
	if !finite(f, grad) {
		r.at.f = math.Inf(1)
		clear(r.at.d)
		return
	}
	r.at.f = f
	r.place(r.at.d, grad)
}

// place stores the components of v in the subspace, which is extended to hold v, in c, a vector of r.at.
func (r *SFO) place(c, v []float64) {
	s := &r.space
	if s.whole() {
		copy(c, v)
		return
	}
	clear(c)
	copy(s.w, v)
	length := outside(s.w, s.p[:s.k*s.n], c)
	if length == 0 {
		return
	}
	if s.k == s.most {
		r.collapse(c)
	}
	copy(s.vector(s.k), s.w)
	c[s.k] = length
	s.k++
}

// outside takes from w what is in the span of orthonormal vectors that stand one after the other, and adds its components to c.
// It returns the length of the rest, which is made a unit vector, or 0 if there is none but rounding errors. (Gram and Schmidt,
// again where the rest is small, up to three times.)
func outside(w, vectors, c []float64) (length float64) {
	n := len(w)
	length = floats.Norm(w, 2)
	if length == 0 {
		return 0
	}
	floats.Scale(1/length, w)
	for range 3 {
		for j := 0; j*n < len(vectors); j++ {
			v := vectors[j*n : (j+1)*n]
			d := floats.Dot(v, w)
			floats.AddScaled(w, -d, v)
			c[j] += float64(d * length)
		}
		rest := floats.Norm(w, 2)
		if rest < sfoEps {
			return 0
		}
		floats.Scale(1/rest, w)
		length *= rest
		if rest > 0.1 {
			break
		}
	}
	return length
}

// collapse reduces the subspace to the span of the last gradients and positions of all active terms, the vector c that is
// being placed, and x, and adds random vectors of the old one up to the number of dimensions that all terms will need.
func (r *SFO) collapse(c []float64) {
	s := &r.space
	k, n := s.k, 0
	keep := func(v []float64) {
		w := s.q[n*k : (n+1)*k]
		copy(w, v)
		if outside(w, s.q[:n*k], s.v) > 0 {
			n++
		}
	}
	for i := range r.terms {
		if t := &r.terms[i]; t.active {
			keep(t.last.d)
			keep(t.last.p)
		}
	}
	keep(c)
	keep(r.at.p)
	for rnd := r.random(); n < s.least; {
		for j := range s.v {
			s.v[j] = rnd.Float64() - 0.5
		}
		keep(s.v)
	}

	// P ← Q P, some components at a time. Rounding errors must not add up over many changes.
	q := blas64.General{Rows: n, Cols: k, Stride: k, Data: s.q}
	for from := 0; from < s.n; from += sfoColumns {
		width := min(sfoColumns, s.n-from)
		old := blas64.General{Rows: k, Cols: width, Stride: width, Data: s.columns}
		for j := range k {
			copy(old.Data[j*width:(j+1)*width], s.vector(j)[from:])
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, q, old, 0, blas64.General{Rows: n, Cols: width, Stride: s.n, Data: s.p[from:]})
	}
	for j := range n {
		outside(s.vector(j), s.p[:j*s.n], s.v)
	}

	change := func(v []float64) { // to the new vectors
		copy(s.v, v)
		clear(v)
		blas64.Gemv(blas.NoTrans, 1, q, vec(s.v[:k]), 0, vec(v[:n]))
	}
	for _, p := range [...]*sfoPoint{&r.at, &r.rejected, &r.back} {
		change(p.p)
		change(p.d)
	}
	for i := range r.terms {
		t := &r.terms[i]
		change(t.last.p)
		change(t.last.d)
		for j := range t.pairs {
			change(t.row(t.dp, j))
			change(t.row(t.dd, j))
		}
		for j := range t.columns {
			change(t.row(t.b, j))
		}
	}
	s.k = n
	r.sumUp()
}
