package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// OptimisticSGD is gradient descent that expects the gradient to go on changing as it did in the last step.
//
//	x ← x - α (g + b (g - g'))
//	g' ← g
//
// g' is the gradient of the step before, in the first step g itself, and is kept, one vector of the length of x.
//
// Prefer it for saddle points, where some of the variables minimize and others maximize (negate their components of the
// gradient): on xy gradient descent multiplies the distance by √(1+α²) in every step, and this, with b = 1 and α ≤ 1/2, by
// √((1+√(1-4α²))/2) < 1. For minimization alone SGD is better: the difference has the noise of two gradients, and α must be
// below 2/(3h) where the curvature is h, where that of SGD must be below 2/h.
//
// Reference: A. Mokhtari, A. Ozdaglar, S. Pattathil, A unified analysis of extra-gradient and optimistic gradient methods for
// saddle point problems: proximal point approach, AISTATS 2020, with the step sizes α and β = bα of the
// generalized method. Some programs start with g' = 0, and so with a step of (1+b) α g.
type OptimisticSGD struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.0003 is used, the choice of docs/stepsizes.md for a few variables
	// of the order of 1; the paper has none.
	StepSize float64
	// Optimism is b ≥ 0, without unit. If it is 0, 1 is used; for 0 set stochopt.Zero, which makes it gradient descent.
	Optimism float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	last       []float64 // g'
}

// Init implements optimize.Method.
func (r *OptimisticSGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *OptimisticSGD) Reset(dim int) {
	hyper.Dim("method: OptimisticSGD.Reset", dim)
	hyper.NonNegative("method: OptimisticSGD.StepSize", r.StepSize)
	hyper.NonNegative("method: OptimisticSGD.Optimism", r.Optimism)
	r.k, r.last = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *OptimisticSGD) Step(x, grad []float64) {
	hyper.Lengths("method: OptimisticSGD.Step", x, grad, len(r.last))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-4), r.Schedule, r.k)
	b := hyper.Or(r.Optimism, 1)
	last := r.last[:len(x)]
	if r.k == 0 {
		copy(last, grad)
	}
	for from := 0; from < len(x); from += near {
		to := min(from+near, len(x))
		kernel.SGD(1, x[from:to], grad[from:to], last[from:to], -b, 1+b, alpha) // last ← (1+b) g - b last, for the moment
		copy(last[from:to], grad[from:to])
	}
	r.k++
}

func (r *OptimisticSGD) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.last}}
}

// MarshalBinary returns the state: k and g'. The exported fields are not part of it.
func (r *OptimisticSGD) MarshalBinary() ([]byte, error) {
	return state.Marshal("OptimisticSGD", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *OptimisticSGD) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("OptimisticSGD", data, r.state())
	if err == nil {
		r.k, r.last = s.Counters[0], s.Vectors[0]
	}
	return err
}
