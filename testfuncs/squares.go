package testfuncs

import (
	"fmt"
	"math/rand/v2"
	"sync"

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
	free := &scratch{dim: q.dim, vectors: 1}
	return func(grad, x []float64, s stochopt.Sample) float64 {
		checkDim(name, x, q.dim)
		w := free.take(s)
		defer free.put(w)
		var gi []float64 // ∇r_i
		if grad != nil {
			gi = w.v[0]
			clear(grad)
		}
		var sum float64
		for i := range q.count {
			value, slope := t(q.residual(gi, x, i), w.rng)
			sum += value
			for j, g := range gi {
				grad[j] += float64(slope * g)
			}
		}
		return sum
	}
}

// checkDim panics if x does not have the number of variables of the objective.
func checkDim(name string, x []float64, dim int) {
	if len(x) != dim {
		panic(fmt.Sprintf("testfuncs: %s: len(x) = %d, want %d", name, len(x), dim))
	}
}

// scratch is a store of memory for objectives that work in vectors of their own, so that a draw does not allocate and
// draws may run at once.
type scratch struct {
	dim, vectors int

	mu   sync.Mutex
	free []*work
}

// work is the memory of one draw.
type work struct {
	v   [][]float64
	pcg rand.PCG
	rng *rand.Rand // on pcg
}

// take returns memory whose rng is at the start of the stream of s.
func (sc *scratch) take(s stochopt.Sample) *work {
	w := sc.pop()
	if w == nil {
		w = &work{v: make([][]float64, sc.vectors)}
		for i := range w.v {
			w.v[i] = make([]float64, sc.dim)
		}
		w.rng = rand.New(&w.pcg)
	}
	w.pcg = s.PCG()
	return w
}

func (sc *scratch) pop() *work {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	k := len(sc.free)
	if k == 0 {
		return nil
	}
	w := sc.free[k-1]
	sc.free = sc.free[:k-1]
	return w
}

func (sc *scratch) put(w *work) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.free = append(sc.free, w)
}
