package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// AdaGradNorm is gradient descent with a step size that falls with the sum of the squared lengths of the gradients.
//
//	s ← s + |g|²
//	x ← x - α g / √s
//
// s is one number for all components and starts at b₀²; no vector is kept. Where s is 0, x stays.
//
// Without b₀ the first step has the length |Δx| = α whatever the gradient, and no step is longer. The direction is that of
// the gradient, so that turning the variables turns the iterates. Step size and noise need not be known for x to
// converge, but one large gradient early makes all later steps short.
//
// Prefer it to AdaGrad where the variables have one scale and the direction of the gradient is to be kept, to SGD where
// the curvature is not known.
//
// Reference: R. Ward, X. Wu, L. Bottou, AdaGrad stepsizes: sharp convergence over nonconvex landscapes, ICML 2019,
// Algorithm 1.
type AdaGradNorm struct {
	// StepSize is α, in units of x. If it is 0, 1 is used.
	StepSize float64
	// Initial is b₀ >= 0, in units of the gradient; 0 is none. The paper has it above 0, against the division by 0.
	Initial float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential         // optimize.Method
	k          int     // steps taken
	dim        int     // of Reset
	s          float64 // b₀² and the sum of |g|²
}

// Init implements optimize.Method.
func (r *AdaGradNorm) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaGradNorm) Reset(dim int) {
	hyper.Dim("method: AdaGradNorm.Reset", dim)
	hyper.NonNegative("method: AdaGradNorm.StepSize", r.StepSize)
	hyper.NonNegative("method: AdaGradNorm.Initial", r.Initial)
	r.k, r.dim, r.s = 0, dim, r.Initial*r.Initial
}

// Step implements stochopt.Rule.
func (r *AdaGradNorm) Step(x, grad []float64) {
	hyper.Lengths("method: AdaGradNorm.Step", x, grad, r.dim)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	r.s += kernel.SumSquares(grad)
	if b := math.Sqrt(r.s); b > 0 {
		step := alpha / b
		for i, g := range grad[:len(x)] {
			x[i] -= float64(step * g)
		}
	}
	r.k++
}

func (r *AdaGradNorm) state() state.State {
	return state.State{Counters: []int{r.k, r.dim}, Scalars: []float64{r.s}}
}

// MarshalBinary returns the state: k, the number of variables and s. The exported fields are not part of it.
func (r *AdaGradNorm) MarshalBinary() ([]byte, error) {
	return state.Marshal("AdaGradNorm", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaGradNorm) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaGradNorm", data, r.state())
	if err == nil {
		r.k, r.dim, r.s = s.Counters[0], s.Counters[1], s.Scalars[0]
	}
	return err
}
