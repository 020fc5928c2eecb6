package method

import (
	"cmp"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Accumulate takes one step of Rule with the mean of n gradients.
//
//	b ← b + g
//	x ← step of Rule with b/n, b ← 0        in every n-th step
//
// In the steps between x stays and Rule knows nothing of them, so that its decays and its Schedule count its own steps. Values are
// averaged likewise for a Rule that wants them. It keeps b and one more vector of the length of x besides what Rule keeps.
//
// It divides the variance of the gradient by n without more evaluations at once, for a Rule whose steps do not
// average enough themselves. With stochopt.Problem, Samples does the same and may run concurrently.
type Accumulate struct {
	// Rule gets the means. It must not choose its draws, nor hold a Rule that does: it would not see the gradients of them.
	Rule stochopt.Rule
	// Count is n. If it is 0, 4 is used.
	Count int

	sequential           // optimize.Method
	j, seen    int       // gradients and values in the sums
	f          float64   // sum of values
	b          []float64 // sum of gradients
	mean       scratch
}

// Init implements optimize.Method.
func (r *Accumulate) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Accumulate) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: Accumulate.Count", float64(r.Count))
	r.held().reset(dim)
	r.held().refuseDraw()
	r.j, r.seen, r.f, r.b = 0, 0, 0, make([]float64, dim)
	r.mean.of(dim)
}

// Observe takes in the value at x.
func (r *Accumulate) Observe(f float64) {
	r.f += f
	r.seen++
}

// Step implements stochopt.Rule.
func (r *Accumulate) Step(x, grad []float64) {
	hyper.Lengths("method: Accumulate.Step", x, grad, len(r.b))
	b := r.b[:len(x)]
	for i, g := range grad[:len(x)] {
		b[i] += g
	}
	r.j++
	if r.j < cmp.Or(r.Count, 4) {
		return
	}
	mean := r.mean.of(len(x))
	for i, v := range b {
		mean[i] = v / float64(r.j)
	}
	if r.seen > 0 {
		r.held().observe(r.f / float64(r.seen))
	}
	r.Rule.Step(x, mean)
	r.j, r.seen, r.f = 0, 0, 0
	clear(b)
}

// Estimate is that of Rule.
func (r *Accumulate) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Accumulate) Unwrap() stochopt.Rule { return r.Rule }

func (r *Accumulate) held() held { return held{"Accumulate", r.Rule} }

func (r *Accumulate) state() state.State {
	return state.State{Counters: []int{r.j, r.seen}, Scalars: []float64{r.f}, Vectors: [][]float64{r.b}}
}

// MarshalBinary returns the state: the sums, what they count, and the state of Rule. The exported fields are not part of it.
func (r *Accumulate) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Accumulate) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.j, r.seen, r.f, r.b = s.Counters[0], s.Counters[1], s.Scalars[0], s.Vectors[0]
	}
	return err
}
