package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// NAdam is Adam with Nesterov's look ahead: the newest gradient counts more than in m.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	n = β₁ m/(1-β₁ᵏ⁺¹) + (1-β₁) g/(1-β₁ᵏ)
//	x ← x - α n / (√(v/c₂) + ε)
//
// in step k = 1, 2, ... All operations are component by component; m and v start at 0 and are kept, two vectors of the length
// of x. The bias correction is c₂ = 1-β₂ᵏ. Where v and ε are 0, x stays. With a MomentumDecay ψ > 0 the momentum of the
// step grows from about β₁/2 to β₁, while m is as before:
//
//	μₖ = β₁ (1 - 0.96^(kψ)/2)
//	p ← p μₖ, from p = 1
//	n = μₖ₊₁ m/(1-p μₖ₊₁) + (1-μₖ) g/(1-p)
//
// The first step has the length α (1 + β₁/(1+β₁)), 1.47 α at the default β₁, whatever the gradient, and no step is longer than
// 8.4 α without ψ. A steady gradient moves x by α a step in the end. In noise NAdam keeps as far from the minimum as Adam.
//
// Prefer it to Adam where the noise is small beside the gradient.
//
// Reference: T. Dozat, Incorporating Nesterov momentum into Adam, ICLR 2016 workshop. The author's report has v/c₂
// multiplied by β₂, and lets m decay by μₖ. The form with ψ is that of torch.
type NAdam struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; torch has 0.002, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// MomentumDecay is ψ >= 0, in units of 1/step. If it is 0, the momentum is constant; torch has 0.004.
	MomentumDecay float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	p float64 // product of the μₖ
}

// Init implements optimize.Method.
func (r *NAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *NAdam) Reset(dim int) {
	r.moments.reset("method: NAdam", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: NAdam.MomentumDecay", r.MomentumDecay)
	r.p = 1
}

// Step implements stochopt.Rule.
func (r *NAdam) Step(x, grad []float64) {
	hyper.Lengths("method: NAdam.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	wm := b1 / (float64(b1*r.c1) + (1 - b1)) // weights of m and g in n; c₁ = 1-β₁ᵏ
	wg := (1 - b1) / r.c1
	if psi := r.MomentumDecay; psi > 0 {
		mu := b1 * (1 - 0.5*math.Pow(0.96, float64(r.k)*psi))
		next := b1 * (1 - 0.5*math.Pow(0.96, float64(r.k+1)*psi))
		r.p *= mu
		wm = next / (1 - float64(r.p*next))
		wg = (1 - mu) / (1 - r.p)
	}
	correct := 1 / math.Sqrt(r.c2)
	kernel.NAdam(r.Concurrent, x, grad, r.m, r.v, b1, b2, wm, wg, alpha, correct, eps)
}

func (r *NAdam) state() state.State {
	s := r.moments.state()
	s.Scalars = append(s.Scalars, r.p)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, p, m and v. The exported fields are not part of it.
func (r *NAdam) MarshalBinary() ([]byte, error) { return state.Marshal("NAdam", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *NAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("NAdam", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.p = s.Scalars[2]
	}
	return err
}
