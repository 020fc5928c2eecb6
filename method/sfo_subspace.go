package method

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// space is the subspace that SFO works in: the span of k orthonormal vectors of n components. When they are to be more than
// most, they are reduced to the least that hold what is known last. If most is n the space is whole and needs no vectors.
type space struct {
	n, least, most int
	k              int
	p              []float64 // the vectors, one after the other

	// Scratch, of a space that is not whole.
	w       []float64 // of n components
	q       []float64 // new basis in terms of the old one, most × least
	tau     []float64
	lapack  []float64
	v       []float64 // of most components
	columns []float64 // some components of all vectors
}

const spaceColumns = 64 // that are changed to a new basis at once

// size is for the positions and gradients of the terms, one more gradient, and x.
func (s *space) size(n, terms int) {
	s.n = n
	s.least = min(2*terms+2, n)
	s.most = min((3*s.least+1)/2, n)
	if s.whole() {
		s.k = n
		return
	}
	s.w, s.v = make([]float64, n), make([]float64, s.most)
	s.q, s.tau = make([]float64, s.most*s.least), make([]float64, s.least)
	s.columns = make([]float64, s.most*spaceColumns)
	q := blas64.General{Rows: s.most, Cols: s.least, Stride: s.least, Data: s.q}
	need := []float64{0}
	lapack64.Geqrf(q, s.tau, need, -1)
	most := int(need[0])
	lapack64.Orgqr(q, s.tau, need, -1)
	s.lapack = make([]float64, max(most, int(need[0])))
}

func (s *space) whole() bool { return s.most == s.n }

// numbers is the length of p.
func (s *space) numbers() int {
	if s.whole() {
		return 0
	}
	return s.n * s.most
}

func (s *space) vector(j int) []float64 { return s.p[j*s.n : (j+1)*s.n] }

// move adds the step, given in the subspace, to x.
func (s *space) move(x, step []float64) {
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

// place stores the components of v in the subspace, which is extended to hold v, in c, a vector of r.at. By Gram and Schmidt,
// again where little of v is outside, up to three times.
func (r *SFO) place(c, v []float64) {
	s := &r.space
	if s.whole() {
		copy(c, v)
		return
	}
	clear(c)
	length := floats.Norm(v, 2)
	if length == 0 {
		return
	}
	w := s.w
	floats.ScaleTo(w, 1/length, v)
	for range 3 {
		for j := range s.k {
			d := floats.Dot(s.vector(j), w)
			floats.AddScaled(w, -d, s.vector(j))
			c[j] += float64(d * length)
		}
		outside := floats.Norm(w, 2)
		if outside < sfoEps {
			return
		}
		floats.Scale(1/outside, w)
		length *= outside
		if outside > 0.1 {
			break
		}
	}
	if s.k == s.most {
		r.collapse(c)
	}
	copy(s.vector(s.k), w)
	c[s.k] = length
	s.k++
}

// collapse reduces the subspace to the span of the last positions and gradients of all active terms, the vector c that is
// being placed, and x, and random vectors up to the number of dimensions that all terms will need.
func (r *SFO) collapse(c []float64) {
	s := &r.space
	q := blas64.General{Rows: s.k, Cols: s.least, Stride: s.least, Data: s.q[:s.k*s.least]}
	rnd := r.random()
	for i := range q.Data {
		q.Data[i] = rnd.NormFloat64()
	}
	n := 0
	column := func(v []float64) {
		for i := range q.Rows {
			q.Data[i*q.Stride+n] = v[i]
		}
		n++
	}
	for i := range r.terms {
		if t := &r.terms[i]; t.active {
			column(t.last.d)
			column(t.last.p)
		}
	}
	column(c)
	column(r.at.p)
	lapack64.Geqrf(q, s.tau, s.lapack, len(s.lapack))
	lapack64.Orgqr(q, s.tau, s.lapack, len(s.lapack))

	// P ← P Q, some components at a time.
	for from := 0; from < s.n; from += spaceColumns {
		width := min(spaceColumns, s.n-from)
		old := blas64.General{Rows: s.k, Cols: width, Stride: width, Data: s.columns[:s.k*width]}
		for j := range s.k {
			copy(old.Data[j*width:(j+1)*width], s.vector(j)[from:])
		}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, q, old, 0, blas64.General{Rows: s.least, Cols: width, Stride: s.n, Data: s.p[from:]})
	}
	// Rounding errors must not add up over many changes.
	for i := range s.least {
		for j := range i {
			floats.AddScaled(s.vector(i), -floats.Dot(s.vector(j), s.vector(i)), s.vector(j))
		}
		floats.Scale(1/floats.Norm(s.vector(i), 2), s.vector(i))
	}
	change := func(v []float64) { // to the new basis
		copy(s.v, v)
		clear(v)
		blas64.Gemv(blas.Trans, 1, q, blas64.Vector{N: q.Rows, Inc: 1, Data: s.v}, 0, blas64.Vector{N: s.least, Inc: 1, Data: v})
	}
	for _, p := range [...]*point{&r.at, &r.rejected, &r.back} {
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
	s.k = s.least
	r.sumUp()
}
