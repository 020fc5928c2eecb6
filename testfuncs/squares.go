package testfuncs

import (
	"math/rand/v2"

	"github.com/stochopt/stochopt"
)

// squares is a sum of squares of residuals.
//
//	F(x) = Σ r_i(x)²,  ∇F = 2 Σ r_i ∇r_i,  i = 0, ..., count-1
type squares struct {
	dim, count int
	// residual returns r_i(x) and, if grad is not nil, stores its gradient in grad.
	residual func(grad, x []float64, i int) float64
}

// set makes o, whose Name is set, the objective F without noise.
func (q squares) set(o *Objective) {
	sum := q.terms(o.Name, func(r float64, _ *rand.Rand) (value, slope float64) { return r * r, 2 * r })
	o.Func = func(x []float64) float64 { return sum(nil, x, stochopt.Sample{}) }
	o.Grad = func(grad, x []float64) { sum(grad, x, stochopt.Sample{}) }
	o.Oracle = o.exact()
}

// terms returns a function for Σ t(r_i(x)) and its gradient, where t gives the value and slope of a term and may draw
// from the stream of the Sample, which the terms share in the order of i. It is safe for concurrent use.
func (q squares) terms(name string, t func(r float64, rng *rand.Rand) (value, slope float64)) func(grad, x []float64, s stochopt.Sample) float64 {
	var free generators
	return func(grad, x []float64, s stochopt.Sample) float64 {
		length(name, x, q.dim)
		r := free.get(s, q.dim)
		defer free.put(r)
		var gi []float64 // ∇r_i
		if grad != nil {
			gi = r.work[:q.dim]
			clear(grad)
		}
		var sum float64
		for i := range q.count {
			value, slope := t(q.residual(gi, x, i), r.Rand)
			sum += value
			for j, g := range gi {
				grad[j] += float64(slope * g)
			}
		}
		return sum
	}
}
