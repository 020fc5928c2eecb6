package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
)

// SimplifiedAdEMAMix is AdEMAMix with one mean of the gradient, to which the present gradient is added once more.
//
//	m ← β₁ m + g
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α (m + γ g) / (√(v/c₂) + ε)
//
// All operations are component by component; m and v start at 0 and are kept, two vectors of the length of x. c₂ is Adam's
// bias correction; m is a sum and has none. Where v and ε are 0, x stays.
//
// A steady gradient moves x by (1+γ)α in the first step and by (1/(1-β₁)+γ)α in the end: α is to be smaller than that of Adam
// by the factor 1-β₁. γ is how much more the present gradient weighs, beside 1/(1-β₁) of all in m;
// the best depends on the noise. Prefer it to AdEMAMix for two vectors in place of three.
//
// Reference: D. Morwani, N. Vyas, H. Zhang, S. Kakade, Connections between schedule-free optimizers, AdEMAMix, and accelerated
// SGD variants, 2025, with constant β₁; the authors' program lets it grow from 0.9 over the run. Decay is left out.
type SimplifiedAdEMAMix struct {
	// StepSize is α, in units of x. If it is 0, 0.0003 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the authors' program has 0.0001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.99 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.95 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Mix is γ, without unit. The default is 0, as in the authors' program.
	Mix float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
}

// Init implements optimize.Method.
func (r *SimplifiedAdEMAMix) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SimplifiedAdEMAMix) Reset(dim int) {
	r.moments.reset("method: SimplifiedAdEMAMix", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: SimplifiedAdEMAMix.Mix", r.Mix)
}

// Step implements stochopt.Rule.
func (r *SimplifiedAdEMAMix) Step(x, grad []float64) {
	hyper.Lengths("method: SimplifiedAdEMAMix.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-4), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.99), hyper.Or(r.Beta2, 0.95), hyper.Or(r.Epsilon, 1e-8)
	mix := hyper.Or(r.Mix, 0)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n2 := 1 - b2
	alpha *= root
	eps *= root
	m, v := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + g
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			x[i] -= alpha * (m[i] + float64(mix*g)) / d
		}
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and v. The exported fields are not part of it.
func (r *SimplifiedAdEMAMix) MarshalBinary() ([]byte, error) { return r.marshal("SimplifiedAdEMAMix") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SimplifiedAdEMAMix) UnmarshalBinary(data []byte) error {
	return r.unmarshal("SimplifiedAdEMAMix", data)
}
