package method

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Scale gives every variable its own unit s. Rule works on u = x/s, the gradient for which is s g:
//
//	u  ← x/s
//	u' ← step of Rule from u with the gradient s g
//	x  ← s u'
//
// It keeps four vectors of the length of x besides what Rule keeps, u among them: while nobody else moves x, Rule gets back
// the u' it has returned, to the bit. A variable that Rule does not move keeps its bits.
//
// With Adam and all methods whose steps have a length in units of x, the step size of variable i becomes s α; with
// gradient descent it becomes s²α. Lengths, bounds and decays of Rule are in units of u. Use it where variables differ by
// orders of magnitude, with s the change of each that matters: its typical value, or the width of its range.
type Scale struct {
	// Rule works on u.
	Rule stochopt.Rule
	// Unit returns s > 0 of x[i], in units of x. It must be set, and is called in every Step.
	Unit func(i int) float64

	sequential           // optimize.Method
	dim        int       // of Reset
	at, u      []float64 // x after the last step, and x/s
	before, g  scratch
}

// Init implements optimize.Method.
func (r *Scale) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Scale) Reset(dim int) {
	r.held().check(dim)
	if r.Unit == nil {
		panic("method: Scale.Unit is nil")
	}
	for i := range dim {
		if s := r.Unit(i); !(s > 0) || s-s != 0 {
			panic(fmt.Sprintf("method: Scale.Unit(%d) = %v, want finite and > 0", i, s))
		}
	}
	r.held().reset(dim)
	r.held().refuseHessVec()
	r.dim = dim
	r.at, r.u = make([]float64, dim), make([]float64, dim)
	r.before.of(dim)
	r.g.of(dim)
}

// Observe passes the value on to Rule.
func (r *Scale) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Scale) Step(x, grad []float64) {
	hyper.Lengths("method: Scale.Step", x, grad, r.dim)
	u, before, g := r.u, r.before.of(r.dim), r.g.of(r.dim)
	r.from(u, x)
	copy(before, u)
	for i, v := range grad {
		g[i] = r.Unit(i) * v
	}
	r.Rule.Step(u, g)
	for i, v := range u {
		if v != before[i] {
			x[i] = r.Unit(i) * v
		}
	}
	copy(r.at, x)
}

// from stores x/s in u: what Rule has returned, to the bit, where x is what the last step has made of it.
func (r *Scale) from(u, x []float64) {
	for i, v := range x {
		if v == r.at[i] {
			u[i] = r.u[i]
		} else {
			u[i] = v / r.Unit(i)
		}
	}
}

// Estimate is that of Rule, in units of x.
func (r *Scale) Estimate(dst, x []float64) {
	hyper.Lengths("method: Scale.Estimate", x, dst, r.dim)
	u, e := r.before.of(r.dim), r.g.of(r.dim)
	r.from(u, x)
	r.held().estimate(e, u)
	for i, v := range e {
		dst[i] = x[i]
		if v != u[i] {
			dst[i] = r.Unit(i) * v
		}
	}
}

// Unwrap returns Rule.
func (r *Scale) Unwrap() stochopt.Rule { return r.Rule }

func (r *Scale) held() held { return held{"Scale", r.Rule} }

func (r *Scale) state() state.State {
	return state.State{Counters: []int{r.dim}, Vectors: [][]float64{r.at, r.u}}
}

// MarshalBinary returns the state: the number of variables, x, u and the state of Rule. The exported fields are not part of it.
func (r *Scale) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Scale) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim, r.at, r.u = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
