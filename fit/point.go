package fit

import (
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
)

// A curve is the data of a fit and the function that goes through them.
type curve struct {
	f           func(grad, b, x []float64) float64
	x           [][]float64
	y           []float64
	n           int // number of parameters
	evaluations int
}

// A point is a place b with all that is known there.
type point struct {
	b   []float64
	r   []float64 // residuals f(xᵢ; b) - yᵢ
	jac []float64 // their derivatives by b, a row for each residual
	rss float64
}

func newPoint(c *curve, b []float64) *point {
	return &point{
		b:   slices.Clone(b),
		r:   make([]float64, len(c.y)),
		jac: make([]float64, len(c.y)*c.n),
	}
}

func (p *point) clone() *point {
	return &point{b: slices.Clone(p.b), r: slices.Clone(p.r), jac: slices.Clone(p.jac), rss: p.rss}
}

// row is the gradient of residual i.
func (p *point) row(i int) []float64 {
	n := len(p.b)
	return p.jac[i*n : (i+1)*n : (i+1)*n]
}

// eval computes residuals and derivatives at p.b and reports whether all are finite. If whole is false it gives up at the
// first that is not.
func (c *curve) eval(p *point, whole bool) bool {
	c.evaluations++
	p.rss = 0
	ok := true
	for i, x := range c.x {
		row := p.row(i)
		p.r[i] = c.f(row, p.b, x) - c.y[i]
		p.rss += float64(p.r[i] * p.r[i])
		for _, d := range row {
			ok = ok && finite(d)
		}
		ok = ok && finite(p.rss)
		if !ok && !whole {
			return false
		}
	}
	return ok
}

// columnNorm is the length of ∂f/∂bⱼ over all points.
func (c *curve) columnNorm(p *point, j int) float64 {
	return blas64.Nrm2(blas64.Vector{N: len(p.r), Inc: c.n, Data: p.jac[j:]})
}
