package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Padam is partially adaptive: it divides by a power of the running root mean square, between none, as SGD with
// momentum, and the first, as AMSGrad.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	w ← max(w, v)
//	x ← x - α (m/c₁) / (√(w/c₂) + ε)²ᵖ
//
// All operations are component by component; m, v and w start at 0 and are kept, three vectors of the length of x; c₁ and
// c₂ are Adam's bias corrections. Where root and ε are 0, x stays. A step costs a power for each variable.
//
// At p = 1/2 this is AMSGrad with bias corrections. Multiplying the gradient by a constant c multiplies the steps by
// c¹⁻²ᵖ, so that α is in units of x times those of g²ᵖ⁻¹, and must be chosen anew with p. As w never falls, a single
// large gradient makes all later steps small.
//
// Prefer it where Adam is fast at first but SGD ends at a better point, and p can be tried out.
//
// Reference: J. Chen, D. Zhou, Y. Tang, Z. Yang, Y. Cao, Q. Gu, Closing the generalization gap of adaptive gradient
// methods in training deep neural networks, IJCAI 2020, Algorithm 1, which has neither bias corrections nor ε.
// Programs that take √c₂ for the correction at every p make the first steps too short.
type Padam struct {
	// StepSize is α, in units of x times those of the gradient to the power 2p-1. If it is 0, 0.01 is used, the choice
	// of docs/stepsizes.md for a few variables of the order of 1; the paper has 0.1, for the weights of neural networks.
	StepSize float64
	// Power is p in [0, 1/2]. If it is 0, 1/8 is used; for none, which is momentum alone, set stochopt.Zero.
	Power float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	w []float64 // greatest v so far
}

// Init implements optimize.Method.
func (r *Padam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Padam) Reset(dim int) {
	r.moments.reset("method: Padam", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Between("method: Padam.Power", r.Power, 0, 0.5)
	r.w = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Padam) Step(x, grad []float64) {
	hyper.Lengths("method: Padam.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	p := hyper.Or(r.Power, 0.125)
	r.count(b1, b2)
	m, v, w := r.m[:len(x)], r.v[:len(x)], r.w[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		v[i] = float64(b2*v[i]) + float64((1-b2)*g*g)
		w[i] = max(w[i], v[i])
		if d := math.Sqrt(w[i]/r.c2) + eps; d > 0 {
			x[i] -= float64(alpha*(m[i]/r.c1)) / math.Pow(d, 2*p)
		}
	}
}

func (r *Padam) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.w)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and w. The exported fields are not part of it.
func (r *Padam) MarshalBinary() ([]byte, error) { return state.Marshal("Padam", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Padam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Padam", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.w = s.Vectors[2]
	}
	return err
}
