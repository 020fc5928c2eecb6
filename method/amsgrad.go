package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// AMSGrad is Adam with the greatest v so far in place of v.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	w ← max(w, v)
//	x ← x - α m / (√w + ε)
//	x ← x - α (m/c₁) / (√(w/c₂) + ε)      Corrected
//
// All operations are component by component; m, v and w start at 0 and are kept, three vectors of the length of x. The bias
// corrections are c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ after k steps. Where w and ε are 0, x stays.
//
// Without corrections the factor α/(√w+ε) of m never grows. That is what the proof of convergence needs and Adam lacks,
// which can go the wrong way where large gradients are rare. The price: one large gradient, as from a bad start, makes
// all later steps short. The first step has the length α (1-β₁)/√(1-β₂), 3.2 α at the defaults; Corrected, α.
//
// Prefer it to Adam where rare large gradients carry the information, from a start that is not far off.
//
// Reference: S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, Algorithm 2, which has no ε. The
// corrected form is that of torch; others take the maximum of v/c₂, which holds on to the noise of the first steps.
type AMSGrad struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none, that of Adam 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Corrected selects the second form of the step.
	Corrected bool
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	w []float64 // greatest v so far
}

// Init implements optimize.Method.
func (r *AMSGrad) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AMSGrad) Reset(dim int) {
	r.moments.reset("method: AMSGrad", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	r.w = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AMSGrad) Step(x, grad []float64) {
	hyper.Lengths("method: AMSGrad.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	correct := 1.0
	if r.Corrected {
		alpha /= r.c1
		correct = 1 / math.Sqrt(r.c2)
	}
	kernel.AMSGrad(r.Concurrent, x, grad, r.m, r.v, r.w, b1, b2, alpha, correct, eps)
}

func (r *AMSGrad) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.w)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and w. The exported fields are not part of it.
func (r *AMSGrad) MarshalBinary() ([]byte, error) { return state.Marshal("AMSGrad", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AMSGrad) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AMSGrad", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.w = s.Vectors[2]
	}
	return err
}
