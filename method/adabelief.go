package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
)

// AdaBelief divides a running mean of the gradient by how far gradients are from it.
//
//	m ← β₁ m + (1-β₁) g
//	s ← β₂ s + (1-β₂) (g-m)² + ε
//	x ← x - α (m/c₁) / (√(s/c₂) + ε)
//
// All operations are component by component; m and s start at 0 and are kept, two vectors of the length of x. The bias
// corrections are c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ after k steps. Where s and ε are 0, x stays.
//
// The first step has the length α/β₁. A gradient much larger than its noise makes steps much longer than Adam's,
// and a steady gradient makes them grow with every step: 5 α in step 100, 39 α in step 2000, up to what ε allows, which
// adds up in s to ε/(1-β₂). In noise of standard deviation σ around a minimum with curvature h the mean square of the
// distance is about (α/2h)(σ/β₁)√((1+β₁)/2), 8 % more than Adam's.
//
// Prefer it to Adam where noise dominates all gradients, and not for objectives without noise.
//
// Reference: J. Zhuang, T. Tang, Y. Ding, S. Tatikonda, N. Dvornek, X. Papademetris, J. S. Duncan, AdaBelief optimizer: adapting stepsizes by
// the belief in observed gradients, NeurIPS 2020, Algorithm 2, with the default ε of the authors' code. That has
// RAdam's warm-up and a decay as in AdamW besides, both switched on. Some programs add ε outside the root only, or add none.
type AdaBelief struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the authors have 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory, where s is nothing but ε, set
	// stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of s. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of g² where it is added to s and of g outside the root. If it is 0, 1e-16 is used; for none set
	// stochopt.Zero. It should be far below (1-β₂) g²: the 1e-8 of Adam would make a gradient of 0.003 look like noise.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments    // v is s
}

// Init implements optimize.Method.
func (r *AdaBelief) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaBelief) Reset(dim int) {
	r.moments.reset("method: AdaBelief", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
}

// Step implements stochopt.Rule.
func (r *AdaBelief) Step(x, grad []float64) {
	hyper.Lengths("method: AdaBelief.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-16)
	r.count(b1, b2)
	alpha /= r.c1
	correct := 1 / math.Sqrt(r.c2)
	m, s := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		e := b1 * (g - m[i]) // g - m with the new m, which would cancel for steady gradients
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		s[i] = float64(b2*s[i]) + float64((1-b2)*e*e) + eps
		if d := float64(math.Sqrt(s[i])*correct) + eps; d > 0 {
			x[i] -= float64(alpha*m[i]) / d
		}
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and s. The exported fields are not part of it.
func (r *AdaBelief) MarshalBinary() ([]byte, error) { return r.marshal("AdaBelief") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaBelief) UnmarshalBinary(data []byte) error { return r.unmarshal("AdaBelief", data) }
