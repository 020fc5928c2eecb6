package method

import (
	"cmp"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// WNGrad is gradient descent with a step size that falls with the squared lengths of the gradients over itself.
//
//	b ← b + |g|²/b
//	x ← x - α g / b
//
// b is one number for all components and starts at b₀; no vector is kept.
//
// b² grows by 2|g|² a step while |g| is small beside b: so WNGrad ends as AdaGradNorm with α/√2. But it begins
// otherwise: a first gradient that is long beside b₀ takes b to |g|²/b₀, for good, and the first step has the length α
// b₀/|g|. b₀ must be of the order of the first gradients. Prefer AdaGradNorm, which has no such number.
//
// Reference: X. Wu, R. Ward, L. Bottou, WNGrad: learn the learning rate in gradient descent, arXiv:1803.02865, 2018,
// Algorithm 1, where α is 1. Programs that multiply |g|² by α² have a b, and a b₀, that is α times this one.
type WNGrad struct {
	// StepSize is α, in units of x. If it is 0, 3 is used, the choice of docs/stepsizes.md for a few variables of the order
	// of 1; the paper has 1.
	StepSize float64
	// Initial is b₀ > 0, in units of the gradient. If it is 0, 1 is used.
	Initial float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential     // optimize.Method
	k          int // steps taken
	dim        int // of Reset
	b          float64
}

// Init implements optimize.Method.
func (r *WNGrad) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *WNGrad) Reset(dim int) {
	hyper.Dim("method: WNGrad.Reset", dim)
	hyper.NonNegative("method: WNGrad.StepSize", r.StepSize)
	hyper.NonNegative("method: WNGrad.Initial", r.Initial)
	r.k, r.dim, r.b = 0, dim, cmp.Or(r.Initial, 1)
}

// Step implements stochopt.Rule.
func (r *WNGrad) Step(x, grad []float64) {
	hyper.Lengths("method: WNGrad.Step", x, grad, r.dim)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3), r.Schedule, r.k)
	n := kernel.Norm(grad)
	r.b += float64(n * (n / r.b))
	for i, g := range grad {
		x[i] -= float64(alpha * (g / r.b))
	}
	r.k++
}

func (r *WNGrad) state() state.State {
	return state.State{Counters: []int{r.k, r.dim}, Scalars: []float64{r.b}}
}

// MarshalBinary returns the state: k, the number of variables and b. The exported fields are not part of it.
func (r *WNGrad) MarshalBinary() ([]byte, error) { return state.Marshal("WNGrad", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *WNGrad) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("WNGrad", data, r.state())
	if err == nil {
		r.k, r.dim, r.b = s.Counters[0], s.Counters[1], s.Scalars[0]
	}
	return err
}
