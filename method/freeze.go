package method

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Freeze leaves some variables as they are. Rule works on the others as if the frozen ones did not exist: it is reset for
// their number, sees their components of x and the gradient only, and so neither its state nor any norm that it takes
// knows of the frozen ones.
//
// It keeps two vectors of the length of x besides what Rule keeps for the free variables. Use it to minimize over some of the
// variables with the others given, in turns for instance; a gradient of 0 in their place would do for most Rules, but not for
// those that divide by a norm or go by the length of x.
type Freeze struct {
	// Rule moves the free variables.
	Rule stochopt.Rule
	// Frozen reports whether x[i] stays. It is read by Reset. Nil freezes none; at least one variable must be free.
	Frozen func(i int) bool

	sequential       // optimize.Method
	dim        int   // of Reset
	free       []int // the free variables
	x, g       scratch
}

// Init implements optimize.Method.
func (r *Freeze) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Freeze) Reset(dim int) {
	r.held().check(dim)
	var free []int
	for i := range dim {
		if r.Frozen == nil || !r.Frozen(i) {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		panic(fmt.Sprintf("method: Freeze.Frozen freezes all of %d variables", dim))
	}
	r.held().reset(len(free))
	r.held().refuseHessVec()
	r.dim, r.free = dim, free
	r.x.of(len(free))
	r.g.of(len(free))
}

// Observe passes the value on to Rule.
func (r *Freeze) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Freeze) Step(x, grad []float64) {
	hyper.Lengths("method: Freeze.Step", x, grad, r.dim)
	fx, fg := r.x.of(len(r.free)), r.g.of(len(r.free))
	for j, i := range r.free {
		fx[j], fg[j] = x[i], grad[i]
	}
	r.Rule.Step(fx, fg)
	for j, i := range r.free {
		x[i] = fx[j]
	}
}

// Estimate is that of Rule for the free variables, and x for the frozen ones.
func (r *Freeze) Estimate(dst, x []float64) {
	fx, fd := r.x.of(len(r.free)), r.g.of(len(r.free))
	for j, i := range r.free {
		fx[j] = x[i]
	}
	r.held().estimate(fd, fx)
	copy(dst, x)
	for j, i := range r.free {
		dst[i] = fd[j]
	}
}

// Unwrap returns Rule.
func (r *Freeze) Unwrap() stochopt.Rule { return r.Rule }

func (r *Freeze) held() held { return held{"Freeze", r.Rule} }

// state has the free variables as a vector with 1 where one is free.
func (r *Freeze) state() state.State {
	mask := make([]float64, r.dim)
	for _, i := range r.free {
		mask[i] = 1
	}
	return state.State{Vectors: [][]float64{mask}}
}

// MarshalBinary returns the state: which variables are free, and the state of Rule. The exported fields are not part of it.
func (r *Freeze) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Freeze) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim, r.free = len(s.Vectors[0]), nil
		for i, v := range s.Vectors[0] {
			if v == 1 {
				r.free = append(r.free, i)
			}
		}
	}
	return err
}
