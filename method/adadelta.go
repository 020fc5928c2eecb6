package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// AdaDelta makes steps in proportion to the root mean square of its own recent steps.
//
//	v ← ρ v + (1-ρ) g²
//	d = g √(u+ε)/√(v+ε)
//	u ← ρ u + (1-ρ) d²
//	x ← x - α d
//
// All operations are component by component; v and u start at 0 and are kept, two vectors of the length of x. Where the
// divisor is 0, d is 0.
//
// Once u is large beside ε, a step has the unit of x by itself, and α is a mere factor. Until then ε is the step size: the
// first step has the length α√(ε/(1-ρ)), 0.0045 at the defaults, and it takes many steps to grow. At ε = 0 x
// never moves. In noise nothing settles the length of the steps.
//
// Prefer Adam, whose steps have a length that you choose; AdaDelta is here since it is well known.
//
// Reference: M. D. Zeiler, ADADELTA: an adaptive learning rate method, arXiv:1212.5701, 2012, Algorithm 1, which has no α. Many
// programs have ρ = 0.9.
type AdaDelta struct {
	// StepSize is α, a number without unit. If it is 0, 1 is used.
	StepSize float64
	// Rho is ρ in [0, 1), the memory of v and u. If it is 0, 0.95 is used; for no memory set stochopt.Zero.
	Rho float64
	// Epsilon is ε, inside the roots, which is in units of g² below and of x² above. If it is 0, 1e-6 is used; for none, where x
	// stays for ever, set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	v, u       []float64 // running means of g² and d²
}

// Init implements optimize.Method.
func (r *AdaDelta) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaDelta) Reset(dim int) {
	hyper.Dim("method: AdaDelta.Reset", dim)
	hyper.NonNegative("method: AdaDelta.StepSize", r.StepSize)
	hyper.Unit("method: AdaDelta.Rho", r.Rho)
	hyper.NonNegative("method: AdaDelta.Epsilon", r.Epsilon)
	r.k, r.v, r.u = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AdaDelta) Step(x, grad []float64) {
	hyper.Lengths("method: AdaDelta.Step", x, grad, len(r.v))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	rho, eps := hyper.Or(r.Rho, 0.95), hyper.Or(r.Epsilon, 1e-6)
	v, u := r.v[:len(x)], r.u[:len(x)]
	rest := 1 - rho
	for i, g := range grad[:len(x)] {
		v[i] = float64(rho*v[i]) + float64(rest*g*g)
		var d float64
		if s := v[i] + eps; s > 0 {
			d = g * math.Sqrt((u[i]+eps)/s)
		}
		u[i] = float64(rho*u[i]) + float64(rest*d*d)
		x[i] -= float64(alpha * d)
	}
	r.k++
}

func (r *AdaDelta) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.v, r.u}}
}

// MarshalBinary returns the state: k, v and u. The exported fields are not part of it.
func (r *AdaDelta) MarshalBinary() ([]byte, error) { return state.Marshal("AdaDelta", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaDelta) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaDelta", data, r.state())
	if err == nil {
		r.k, r.v, r.u = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
