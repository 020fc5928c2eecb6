package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
)

// ACProp divides the gradient by how far the gradients before it were from their mean.
//
//	x ← x - α g / (√(s/c₂) + ε)                  not in the first step
//	m ← β₁ m + (1-β₁) g
//	s ← β₂ s + (1-β₂) (g-m)² + ε
//
// All operations are component by component; m and s start at 0 and are kept, two vectors of the length of x. The bias
// correction is c₂ = 1-β₂ᵏ⁻¹ in step k = 2, 3, ... In the first step, which has no s, x stays, and so it does where s and ε are 0.
//
// s is AdaBelief's, but it does not hold the g that it divides: so the mean of a step has the direction of the mean of g,
// component by component, if gradients are independent, where a divisor that holds g makes light of rare large gradients and
// may lead away from the minimum. The price is that a step has no bound: a gradient much larger than all before it is
// multiplied by α/√s, and one after nothing but 0 by α √((1-β₂)/ε), 3e6 α at the defaults. In noise of standard deviation σ around a minimum with
// curvature h the mean square of the distance is about (α/2h)(σ/β₁)√((1+β₁)/2), as AdaBelief's.
//
// Prefer it to AdaBelief where rare large gradients carry the information, and no gradient is long 0 and then is not.
//
// Reference: J. Zhuang, Y. Ding, T. Tang, N. Dvornek, S. Tatikonda, J. S. Duncan, Momentum centering and asynchronous update for
// adaptive gradient methods, NeurIPS 2021. ε is where the authors' code has it, which makes
// a step α g, of another unit, at first, and can divide m instead of g.
type ACProp struct {
	// StepSize is α, in units of x. If it is 0, 0.01 is used, the choice of docs/stepsizes.md for a few variables of the order of
	// 1; the authors have 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory, where s is nothing but ε, set
	// stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of s. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of g² where it is added to s and of g outside the root. If it is 0, 1e-16 is used; for none set
	// stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments    // v is s
}

// Init implements optimize.Method.
func (r *ACProp) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *ACProp) Reset(dim int) {
	r.moments.reset("method: ACProp", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
}

// Step implements stochopt.Rule.
func (r *ACProp) Step(x, grad []float64) {
	hyper.Lengths("method: ACProp.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-16)
	var correct float64
	if r.k == 0 {
		alpha = 0
	} else {
		correct = 1 / math.Sqrt(r.c2) // of the steps before
	}
	r.count(b1, b2)
	m, s := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		if d := float64(math.Sqrt(s[i])*correct) + eps; d > 0 && alpha > 0 {
			x[i] -= float64(alpha*g) / d
		}
		e := b1 * (g - m[i]) // g - m with the new m, which would cancel for steady gradients
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		s[i] = float64(b2*s[i]) + float64((1-b2)*e*e) + eps
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and s. The exported fields are not part of it.
func (r *ACProp) MarshalBinary() ([]byte, error) { return r.marshal("ACProp") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *ACProp) UnmarshalBinary(data []byte) error { return r.unmarshal("ACProp", data) }
