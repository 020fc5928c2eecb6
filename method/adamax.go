package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
)

// AdaMax divides a running mean of the gradient by the largest gradient of the recent past.
//
//	m ← β₁ m + (1-β₁) g
//	u ← max(β₂ u, |g|)
//	x ← x - α (m/c₁) / u
//
// All operations are component by component; m and u start at 0 and are kept, two vectors of the length of x. The bias
// correction is c₁ = 1-β₁ᵏ after k steps; u needs none. Where u is 0, x stays. With Nesterov, which makes it NadaMax, the
// step in place of m/c₁ has, as in NAdam,
//
//	n = β₁ m/(1-β₁ᵏ⁺¹) + (1-β₁) g/(1-β₁ᵏ)
//
// The first step has the length α whatever the gradient, a steady gradient moves x by α a step, and no step is longer than
// α (1-β₁)/(1-β₁/β₂), 1.01 α at the defaults and without bound for β₁ >= β₂. In noise the steps are shorter than Adam's, by
// the ratio of the extreme of about 1/(1-β₂) gradients to their root mean square. With Nesterov the first step has the length
// α (1 + β₁/(1+β₁)), 1.47 α at the default β₁, and late ones are no longer than α (1-β₁)(1 + β₁/(1-β₁/β₂)).
//
// Prefer it to Adam where no step must be longer than a given one: Adam's bound is seven times wider.
//
// Reference: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, Algorithm 2. Implementations that
// add an ε to u or |g| guard against u = 0 with it. T. Dozat, Incorporating Nesterov momentum into Adam, ICLR 2016 workshop.
type AdaMax struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.002, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of u. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Nesterov lets the newest gradient count more than in m.
	Nesterov bool
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments    // v is u
}

// Init implements optimize.Method.
func (r *AdaMax) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaMax) Reset(dim int) {
	r.moments.reset("method: AdaMax", dim, r.StepSize, r.Beta1, r.Beta2, 0)
}

// Step implements stochopt.Rule.
func (r *AdaMax) Step(x, grad []float64) {
	hyper.Lengths("method: AdaMax.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2 := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999)
	r.count(b1, b2)
	wm, wg := alpha/r.c1, 0.0 // weights of m and g
	if r.Nesterov {
		wm, wg = alpha*b1/(float64(b1*r.c1)+(1-b1)), alpha*(1-b1)/r.c1
	}
	kernel.AdaMax(r.Concurrent, x, grad, r.m, r.v, b1, b2, wm, wg)
}

// MarshalBinary returns the state: k, c₁, m and u. The exported fields are not part of it.
func (r *AdaMax) MarshalBinary() ([]byte, error) { return r.marshal("AdaMax") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaMax) UnmarshalBinary(data []byte) error { return r.unmarshal("AdaMax", data) }
