package infer

import (
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// curvature is what is known of the Hessian: one matrix a Sample.
type curvature struct {
	draws []*mat.SymDense
	old   int           // how many of them are from before the mean, and go when there are enough others
	h     *mat.SymDense // their mean
	p     *mat.SymDense // preconditioner: the inverse of h made positive definite
	rho   float64       // mean eigenvalue of E (P½ H_k P½)², >= 1: a step of γ is stable below about 2/ρ
	scale []float64     // makes the diagonal of h 1
	value []float64     // eigenvalues of h so scaled
	se    []float64     // their standard errors
	vec   *mat.Dense    // eigenvectors, scaled likewise
}

// measure adds the Hessians of m Samples at x, by differences over ±by.
func (r *run) measure(x, by []float64, m int) error {
	r.part = &r.probes
	at, scratch, far := make([]float64, r.n), make([]float64, r.n), make([]float64, r.n)
	// end stores the gradient at x moved by d along variable j, or at x if that is not feasible, and returns the move.
	end := func(dst []float64, j int, d float64, s stochopt.Sample) (float64, error) {
		copy(at, x)
		at[j] += d
		moved := at[j] - x[j]
		if r.problem.Project != nil {
			copy(far, at)
			if err := r.project(far, nil, scratch); err != nil {
				return 0, err
			}
			if !slices.Equal(far, at) {
				copy(at, x)
				moved = 0
			}
		}
		_, err := r.draw(dst, at, s)
		return moved, err
	}
	g := make([]float64, r.n)
	h := mat.NewDense(r.n, r.n, nil)
	for range m {
		sample := r.sample()
		for j := range r.n {
			a, err := end(r.g, j, by[j], sample)
			if err != nil {
				return err
			}
			b, err := end(g, j, -by[j], sample)
			if err != nil {
				return err
			}
			floats.Sub(r.g, g)
			for i, d := range r.g {
				h.Set(i, j, d/(a-b)) // NaN if no end is feasible
			}
		}
		s := mat.NewSymDense(r.n, nil)
		for i := range r.n {
			for j := i; j < r.n; j++ {
				s.SetSym(i, j, (h.At(i, j)+h.At(j, i))/2)
			}
		}
		r.curve.draws = append(r.curve.draws, s)
	}
	return nil
}

// digest computes the rest from the draws. It reports false if they are not finite or the inverse overflows. Eigenvalues
// below their noise are raised to it before they are inverted. The noise is their own standard error, or, where a few
// draws may have missed what matters, that of all eigenvalues.
func (c *curvature) digest(n int, few bool) bool {
	m := float64(len(c.draws))
	c.h = mat.NewSymDense(n, nil)
	for _, d := range c.draws {
		c.h.AddSym(c.h, d)
	}
	c.h.ScaleSym(1/m, c.h)
	d := make([]float64, n)
	c.scale = d
	scaled := mat.NewSymDense(n, nil)
	for i := range d {
		d[i] = 1
		if v := math.Abs(c.h.At(i, i)); v > 0 {
			d[i] = 1 / math.Sqrt(v)
		}
	}
	for i := range d {
		for j := i; j < n; j++ {
			scaled.SetSym(i, j, c.h.At(i, j)*d[i]*d[j])
		}
	}
	var eig mat.EigenSym
	for _, v := range scaled.RawSymmetric().Data {
		if v-v != 0 {
			return false
		}
	}
	if !eig.Factorize(scaled, true) {
		return false
	}
	c.value = eig.Values(nil)
	c.vec = new(mat.Dense)
	eig.VectorsTo(c.vec)
	c.vec.Apply(func(i, _ int, v float64) float64 { return v * d[i] }, c.vec)
	c.se = make([]float64, n)
	c.p = mat.NewSymDense(n, nil)
	top := floats.Norm(c.value, math.Inf(1))
	for j := range c.value {
		u := c.vec.ColView(j)
		s := newMoments(1)
		for _, h := range c.draws {
			s.add([]float64{mat.Inner(u, h, u)})
		}
		if s.n > 1 {
			c.se[j] = math.Sqrt(s.variance(0) / m)
		}
	}
	for j, v := range c.value {
		noise := c.se[j]
		if few {
			noise = floats.Norm(c.se, 2) / math.Sqrt(float64(n))
		}
		c.p.SymRankOne(c.p, 1/max(math.Abs(v), noise, 1e-6*top), c.vec.ColView(j))
	}
	// tr (P H_k)²/n
	var sum float64
	draws := c.draws[:min(len(c.draws), 64)]
	var ph mat.Dense
	for _, h := range draws {
		ph.Mul(c.p, h)
		for i := range n {
			for j := range n {
				sum += float64(ph.At(i, j) * ph.At(j, i))
			}
		}
	}
	c.rho = max(1, sum/float64(n*len(draws)))
	return c.rho-c.rho == 0
}

// precondition stores P g.
func (c *curvature) precondition(dst, g []float64) {
	p := c.p.RawSymmetric()
	for i := range dst {
		var sum float64
		for j, v := range g {
			sum += float64(p.Data[min(i, j)*p.Stride+max(i, j)] * v)
		}
		dst[i] = sum
	}
}

// singular returns the direction in which h is not shown to be positive, or nil.
func (c *curvature) singular() mat.Vector {
	top := floats.Norm(c.value, math.Inf(1))
	for j, v := range c.value {
		if !(v > 3*c.se[j] && v > 1e-8*top) {
			return c.vec.ColView(j)
		}
	}
	return nil
}

// sandwich returns H⁻¹SH⁻¹ and the degrees of freedom of its diagonal, for S from n gradients. To first order,
//
//	δV_ii = -2 e_iᵀ P δH V e_i
//
// whose scatter over the Samples gives the variance of V_ii; that of S adds 2/n to its relative one.
func (c *curvature) sandwich(s *mat.SymDense, n int) (v *mat.SymDense, df []float64) {
	dim := s.SymmetricDim()
	var ps, psp mat.Dense
	ps.Mul(c.p, s)
	psp.Mul(&ps, c.p)
	v = mat.NewSymDense(dim, nil)
	for i := range dim {
		for j := i; j < dim; j++ {
			v.SetSym(i, j, (psp.At(i, j)+psp.At(j, i))/2)
		}
	}
	df = make([]float64, dim)
	var hv, phv mat.Dense
	m := newMoments(dim)
	row := make([]float64, dim)
	for _, h := range c.draws {
		hv.Mul(h, v)
		phv.Mul(c.p, &hv)
		for i := range row {
			row[i] = 2 * phv.At(i, i)
		}
		m.add(row)
	}
	for i := range df {
		var relative float64
		if w := v.At(i, i); w > 0 {
			relative = m.variance(i) / float64(len(c.draws)) / (w * w)
		}
		df[i] = 2 / (relative + 2/float64(n))
	}
	return v, df
}

// signal is |E v|/√(E|v - E v|²), estimated without bias in its square.
func signal(m moments) float64 {
	var mean, noise float64
	for i, v := range m.mean {
		mean += float64(v * v)
		noise += m.variance(i)
	}
	return math.Sqrt(max(0, mean-noise/float64(m.n)) / noise)
}
