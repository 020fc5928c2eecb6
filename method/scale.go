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
//	x  ← x + s (u' - u)
//
// It keeps two vectors of the length of x besides what Rule keeps. A variable that Rule does not move keeps its bits.
//
// With Adam and all methods whose steps have a length in units of x, the step size of variable i becomes s α; with
// gradient descent it becomes s²α. Lengths, bounds and decays of Rule are in units of u. Use it where variables differ by
// orders of magnitude, with s the change of each that matters: its typical value, or the width of its range.
type Scale struct {
	// Rule works on u.
	Rule stochopt.Rule
	// Unit returns s > 0 of x[i], in units of x. It must be set, and is called in every Step.
	Unit func(i int) float64

	sequential     // optimize.Method
	dim        int // of Reset
	u, g       scratch
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
	r.dim = dim
	r.u.of(dim)
	r.g.of(dim)
}

// Observe passes the value on to Rule.
func (r *Scale) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Scale) Step(x, grad []float64) {
	hyper.Lengths("method: Scale.Step", x, grad, r.dim)
	u, g := r.u.of(r.dim), r.g.of(r.dim)
	for i, v := range x {
		s := r.Unit(i)
		u[i], g[i] = v/s, s*grad[i]
	}
	r.Rule.Step(u, g)
	r.back(x, x, u)
}

// Estimate is that of Rule, in units of x.
func (r *Scale) Estimate(dst, x []float64) {
	hyper.Lengths("method: Scale.Estimate", x, dst, r.dim)
	u, e := r.u.of(r.dim), r.g.of(r.dim)
	for i, v := range x {
		u[i] = v / r.Unit(i)
	}
	r.held().estimate(e, u)
	r.back(dst, x, e)
}

// back stores the point that is u in units of s; x is near it.
func (r *Scale) back(dst, x, u []float64) {
	for i, v := range x {
		s := r.Unit(i)
		dst[i] = v + float64(s*(u[i]-v/s))
	}
}

func (r *Scale) held() held { return held{"Scale", r.Rule} }

func (r *Scale) state() state.State { return state.State{Counters: []int{r.dim}} }

// MarshalBinary returns the state: the number of variables and the state of Rule. The exported fields are not part of it.
func (r *Scale) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Scale) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim = s.Counters[0]
	}
	return err
}
