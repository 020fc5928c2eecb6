package fit

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// A curve is the data of a fit and the functions that go through them, over the coordinates u.
type curve struct {
	*coordinates
	sets        []boundSet
	m, n        int // number of residuals, of u
	evaluations int
	sizeY       float64             // length of the vector y/σ
	bad         dataPoint           // where eval has given up
	rejected    int                 // how often it has
	badB        []float64           // and the parameters then
	robust      bool                // the fit has a Loss
	loss        Loss                // nil for least squares
	s           float64             // its scale
	pass        func(p *point) bool // takes the place of compute, where the data are not kept
	err         error               // of pass, which then ends the search through its context
}

// A boundSet is a Set whose parameters are known by their indices.
type boundSet struct {
	Set
	index  []int // of each parameter of the Model in b
	whole  bool  // the parameters of the Model are b
	direct bool  // and the derivatives by b are those by u
	b      []float64

	outputs int       // of a point
	block   int       // how many points are evaluated at a time
	jac     []float64 // derivatives of the outputs at these points by the parameters of the Model; nil if direct
	from    int       // the first of these points
}

// A dataPoint is the index of a set, that of a point in it, and the predictors there.
type dataPoint struct {
	set, point int
	x          []float64
}

// A point is a place u with all that is known there.
type point struct {
	u, b []float64
	r    []float64 // residuals (f(xᵢ; b) - yᵢ)/σᵢ
	jac  []float64 // their derivatives by u, a row for each residual
	f    float64   // the objective, ‖r‖² without a Loss
	rss  float64   // the sum of squares of the residuals
	bend []float64 // in a fit with a Loss: how much of its second derivative by the residual is in the square of r and jac

	slope     []float64 // ∂b/∂u of the free parameters
	ties      []float64 // values of the tied parameters
	tiedSlope []float64 // their derivatives by u, a row for each
	grad      []float64 // by b, of one tied parameter
}

func newCurve(sets []Set, co *coordinates) *curve {
	c := &curve{coordinates: co, n: len(co.free)}
	at := map[string]int{}
	for i, p := range co.params {
		at[p.Name] = i
	}
	for _, s := range sets {
		b := boundSet{Set: s, whole: len(s.Parameters) == len(co.params), outputs: max(s.Outputs, 1)}
		for j, name := range s.Parameters {
			b.index = append(b.index, at[name])
			b.whole = b.whole && at[name] == j
		}
		b.direct = b.whole && co.simple
		b.b = make([]float64, len(s.Parameters))
		b.block = max(1, blockSize/b.outputs)
		if n := len(s.X); n > 0 {
			b.block = min(b.block, n)
		}
		if !b.direct {
			b.jac = make([]float64, b.block*b.outputs*len(s.Parameters))
		}
		c.sets = append(c.sets, b)
		c.m += len(s.Y)
		for i, y := range s.Y {
			c.sizeY = math.Hypot(c.sizeY, y/s.sigma(i))
		}
	}
	return c
}

// sigma is the standard deviation of response i.
func (d *Data) sigma(i int) float64 {
	if d.Sigma == nil {
		return 1
	}
	return d.Sigma[i]
}

func newPoint(c *curve, u []float64) *point {
	p := &point{
		u:         append([]float64(nil), u...),
		b:         make([]float64, len(c.params)),
		r:         make([]float64, c.m),
		jac:       make([]float64, c.m*c.n),
		slope:     make([]float64, c.n),
		ties:      make([]float64, len(c.tied)),
		tiedSlope: make([]float64, len(c.tied)*c.n),
		grad:      make([]float64, len(c.params)),
	}
	if c.robust {
		p.bend = make([]float64, c.m)
	}
	for i, q := range c.params {
		p.b[i] = q.Start // of the fixed ones
	}
	return p
}

// set makes p the same as q.
func (p *point) set(q *point) {
	copy(p.u, q.u)
	copy(p.b, q.b)
	copy(p.r, q.r)
	copy(p.jac, q.jac)
	copy(p.bend, q.bend)
	copy(p.slope, q.slope)
	copy(p.ties, q.ties)
	copy(p.tiedSlope, q.tiedSlope)
	p.f, p.rss = q.f, q.rss
}

func (c *curve) clone(q *point) *point {
	p := newPoint(c, q.u)
	p.set(q)
	return p
}

// row is the gradient of residual i.
func (p *point) row(i int) []float64 {
	n := len(p.u)
	return p.jac[i*n : (i+1)*n : (i+1)*n]
}

// eval computes residuals and derivatives at p.u and reports whether all are finite. It keeps count of where they are not.
func (c *curve) eval(p *point) bool {
	ok := c.compute(p)
	if !ok {
		c.rejected++
		c.badB = append(c.badB[:0], p.b...)
	}
	return ok
}

// compute computes residuals and derivatives at p.u and reports whether all are finite. It gives up at the first point of
// the data where they are not.
func (c *curve) compute(p *point) bool {
	c.evaluations++
	p.f, p.rss = 0, 0
	if c.pass != nil {
		return c.pass(p)
	}
	if !c.coordinates.set(p) {
		c.bad = dataPoint{-1, -1, nil}
		return false
	}
	first := 0
	for k := range c.sets {
		s := &c.sets[k]
		b := p.b
		if !s.whole {
			for j, i := range s.index {
				s.b[j] = p.b[i]
			}
			b = s.b
		}
		for s.from = 0; s.from < len(s.X); s.from += s.block {
			if i := c.evalBlock(s, p, b, first); i >= 0 {
				c.bad = dataPoint{k, i, s.X[i]}
				return false
			}
		}
		first += len(s.Y)
	}
	return true
}

// evalBlock does the points of s from s.from on, whose residuals begin at first. It returns the first point where something is not
// finite, or -1.
func (c *curve) evalBlock(s *boundSet, p *point, b []float64, first int) int {
	x := s.X[s.from:min(s.from+s.block, len(s.X))]
	at := s.from * s.outputs // of the response
	r := p.r[first+at : first+at+len(x)*s.outputs]
	n := len(s.index)
	jac := s.jac
	if s.direct {
		jac = p.jac[(first+at)*n:]
	}
	x = x[:s.evaluate(r, jac[:len(r)*n], b, x)]
	for i := range x {
		ok := true
		for k := i * s.outputs; k < (i+1)*s.outputs; k++ {
			row := p.row(first + at)
			if !s.direct {
				c.chain(row, p, s, jac[k*n:(k+1)*n])
			}
			r[k] -= s.Y[at]
			if s.Sigma != nil {
				r[k] /= s.Sigma[at]
				for j := range row {
					row[j] /= s.Sigma[at]
				}
			}
			ok = ok && finite(r[k])
			p.f += c.weigh(p, first+at)
			for _, d := range row {
				ok = ok && finite(d)
			}
			at++
		}
		if !ok || !finite(p.f) {
			return s.from + i
		}
	}
	return -1
}

// chain turns grad, by the parameters of the Model of s, into row, by u.
func (c *curve) chain(row []float64, p *point, s *boundSet, grad []float64) {
	clear(row)
	for j, g := range grad {
		switch k := c.place[s.index[j]]; {
		case k >= 0 && c.simple:
			row[k] += g
		case k >= 0:
			row[k] += float64(g * p.slope[k])
		case k <= tiedPlace:
			t := tiedPlace - k
			for l, d := range p.tiedSlope[t*c.n : (t+1)*c.n] {
				row[l] += float64(g * d)
			}
		}
	}
}

// columnNorm is the length of ∂r/∂uⱼ over all residuals.
func (c *curve) columnNorm(p *point, j int) float64 {
	var sum float64
	for i := j; i < len(p.jac); i += c.n {
		sum += float64(p.jac[i] * p.jac[i])
	}
	if sum > 1e-280 && sum < 1e280 {
		return math.Sqrt(sum)
	}
	return blas64.Nrm2(blas64.Vector{N: c.m, Inc: c.n, Data: p.jac[j:]})
}

// gradient is half the derivative of the objective by uⱼ.
func (c *curve) gradient(p *point, j int) float64 {
	var sum float64
	for i, r := range p.r {
		sum += float64(r * p.jac[i*c.n+j])
	}
	return sum
}

// values computes the residuals at p.u alone, and reports whether all are finite.
func (c *curve) values(p *point) bool {
	c.evaluations++
	if !c.coordinates.set(p) {
		return false
	}
	first := 0
	for k := range c.sets {
		s := &c.sets[k]
		b := p.b
		if !s.whole {
			for j, i := range s.index {
				s.b[j] = p.b[i]
			}
			b = s.b
		}
		for from := 0; from < len(s.X); from += s.block {
			x := s.X[from:min(from+s.block, len(s.X))]
			at := from * s.outputs
			r := p.r[first+at : first+at+len(x)*s.outputs]
			if s.evaluate(r, nil, b, x) < len(x) {
				return false
			}
			for k := range r {
				r[k] = (r[k] - s.Y[at]) / s.sigma(at)
				if !finite(r[k]) {
					return false
				}
				at++
			}
		}
		first += len(s.Y)
	}
	return true
}
