package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Lion moves every variable by α, against the sign of a mean of past gradients in which the last one weighs more.
//
//	c ← β₁ m + (1-β₁) g
//	x ← x - α (sign c + λ x)
//	m ← β₂ m + (1-β₂) g
//
// All operations are component by component; m starts at 0 and is kept, one vector of the length of x; sign 0 is 0. At
// β₁ = β₂ this is Signum with weight decay.
//
// At λ = 0 every step has the length α in every component, so that Lion, once near a minimum, goes to and fro around
// it at a distance of several α: let Schedule decay. With λ > 0 the minimum is sought in |x| <= 1/λ, softly. As only
// signs count, skewed noise draws x to where the median of the gradient vanishes rather than its mean, less than with
// signs of single gradients since c averages.
//
// Prefer it to Adam for many variables of like scale and noisy gradients, where half of Adam's memory or steps of even
// length matter; its α is best 3 to 10 times smaller and its λ as many times greater than those of AdamW.
//
// Reference: X. Chen, C. Liang, D. Huang, E. Real, et al., Symbolic discovery of optimization algorithms, NeurIPS 2023,
// Algorithm 2, with another default for α.
type Lion struct {
	// StepSize is α, in units of x. If it is 0, 0.01 is used, which suits a few parameters of the order of 1; the 1e-4 of the
	// paper suits the many small weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the weight of the past in the direction. If it is 0, 0.9 is used; for none set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of m. If it is 0, 0.99 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// WeightDecay is λ, in units of 1/x; 0 is none.
	WeightDecay float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m          []float64 // running mean of g
}

// Init implements optimize.Method.
func (r *Lion) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Lion) Reset(dim int) {
	hyper.Dim("method: Lion.Reset", dim)
	hyper.NonNegative("method: Lion.StepSize", r.StepSize)
	hyper.Unit("method: Lion.Beta1", r.Beta1)
	hyper.Unit("method: Lion.Beta2", r.Beta2)
	hyper.NonNegative("method: Lion.WeightDecay", r.WeightDecay)
	r.k, r.m = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Lion) Step(x, grad []float64) {
	hyper.Lengths("method: Lion.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	b1, b2, lambda := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.99), r.WeightDecay
	kernel.Lion(r.Concurrent, x, grad, r.m, b1, b2, alpha, lambda)
	r.k++
}

func (r *Lion) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m}}
}

// MarshalBinary returns the state: k and m. The exported fields are not part of it.
func (r *Lion) MarshalBinary() ([]byte, error) { return state.Marshal("Lion", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Lion) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Lion", data, r.state())
	if err == nil {
		r.k, r.m = s.Counters[0], s.Vectors[0]
	}
	return err
}
