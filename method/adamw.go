package method

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
)

// AdamW is Adam with a decay of x toward a center that the gradient's scale does not change.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α λ (x - c)
//	x ← x - α (m/c₁) / (√(v/c₂) + ε)
//
// All operations are component by component; m and v start at 0 and are kept, two vectors of the length of x. The bias
// corrections are c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ after k steps. Where v and ε are 0, x only decays.
//
// A steady gradient leads to a distance of 1/λ from c, whatever its size; in noise of standard deviation σ around a
// minimum c with curvature h the mean square of the distance is about ασ/2(h+λσ) for small α. A penalty λ(x-c)²/2 in
// the objective is something else: there, Adam divides the pull to c by √v with the rest of the gradient.
//
// Prefer it to Adam where a prior value of the parameters is known, or to keep those bounded that the data do not
// determine. The decay biases the answer: it is not wanted in a fit whose parameters the data determine.
//
// Reference: I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019, Algorithm 2, where c is 0 and the
// decay is multiplied by the Schedule but not by α: its λ is the αλ of here.
type AdamW struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.001, for the weights of neural networks.
	StepSize float64
	// WeightDecay is λ in [0, ∞), in units of 1/x; 0 is none. A product αλ above 1 throws x beyond the center.
	WeightDecay float64
	// Center is c, of the length of x. If it is nil, 0 is used.
	Center []float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize, and so the decay, by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
}

// Init implements optimize.Method.
func (r *AdamW) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdamW) Reset(dim int) {
	r.moments.reset("method: AdamW", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: AdamW.WeightDecay", r.WeightDecay)
	r.checkCenter(dim)
	for i, c := range r.Center {
		hyper.Finite(fmt.Sprintf("method: AdamW.Center[%d]", i), c)
	}
}

func (r *AdamW) checkCenter(dim int) {
	if r.Center != nil && len(r.Center) != dim {
		panic(fmt.Sprintf("method: AdamW.Center has length %d, want %d", len(r.Center), dim))
	}
}

// Step implements stochopt.Rule.
func (r *AdamW) Step(x, grad []float64) {
	hyper.Lengths("method: AdamW.Step", x, grad, len(r.m))
	r.checkCenter(len(x))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	decay := alpha * r.WeightDecay
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, as in Adam
	alpha *= root / r.c1
	eps *= root
	if r.Center == nil {
		kernel.AdamW(r.Concurrent, x, grad, r.m, r.v, b1, b2, alpha, eps, decay)
		return
	}
	kernel.AdamWCenter(r.Concurrent, x, grad, r.m, r.v, r.Center, b1, b2, alpha, eps, decay)
}

// MarshalBinary returns the state: k, c₁, c₂, m and v. The exported fields are not part of it.
func (r *AdamW) MarshalBinary() ([]byte, error) { return r.marshal("AdamW") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdamW) UnmarshalBinary(data []byte) error { return r.unmarshal("AdamW", data) }
