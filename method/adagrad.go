package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
	"github.com/stochopt/stochopt/internal/state"
)

// AdaGrad divides the gradient by the root of the sum of its squares.
//
//	s ← s + g²
//	x ← x - α g / (√s + ε)
//
// All operations are component by component; s starts at 0 and is kept, one vector of the length of x. Where s and ε are
// 0, x stays.
//
// The first step has the length α whatever the gradient, no step is longer, and in noise the steps decay like α/√k without a
// schedule, and with them the noise of x: around a minimum with curvature h its mean square is about ασ/(2h√k).
// What s has taken in it never forgets, so that a start with steep gradients makes all later steps short.
//
// Prefer it to Adam for convex objectives, for gradients that are mostly 0, and where the last iterate should come to
// rest; let α be the distance to the minimum, if known.
//
// Reference: J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR 12,
// 2011, Algorithm 1 with diagonal matrices; AdaGradFull is that with full ones. Some implementations start s above 0,
// which makes small gradients make small steps.
type AdaGrad struct {
	// StepSize is α, in units of x. If it is 0, 1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none.
	StepSize float64
	// Epsilon is ε, in units of the gradient, outside the root; δ in the paper. If it is 0, 1e-10 is used; for none set
	// stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	s          []float64 // sum of g²
}

// Init implements optimize.Method.
func (r *AdaGrad) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaGrad) Reset(dim int) {
	hyper.Dim("method: AdaGrad.Reset", dim)
	hyper.NonNegative("method: AdaGrad.StepSize", r.StepSize)
	hyper.NonNegative("method: AdaGrad.Epsilon", r.Epsilon)
	r.k, r.s = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AdaGrad) Step(x, grad []float64) {
	hyper.Lengths("method: AdaGrad.Step", x, grad, len(r.s))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	eps := hyper.Or(r.Epsilon, 1e-10)
	kernel.AdaGrad(r.Concurrent, x, grad, r.s, alpha, eps)
	r.k++
}

// StepSparse is Step for a gradient that is grad[j] in the variable index[j], and 0 in all others, which stay where they are: to the last
// bit, in the time of the variables in index. index is strictly increasing.
func (r *AdaGrad) StepSparse(x, grad []float64, index []int) {
	replay.Sparse("method: AdaGrad.StepSparse", x, grad, index, len(r.s))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	eps := hyper.Or(r.Epsilon, 1e-10)
	for j, i := range index {
		kernel.AdaGrad(1, x[i:i+1], grad[j:j+1], r.s[i:i+1], alpha, eps)
	}
	r.k++
}

// CatchUp does nothing: x is always of the present iterate.
func (r *AdaGrad) CatchUp(x []float64, index []int) {
	replay.Catch("method: AdaGrad.CatchUp", x, index, len(r.s))
}

// CatchUpBefore does nothing: variables that the last step has not moved are as they were before.
func (r *AdaGrad) CatchUpBefore(x []float64, index []int) {
	replay.Catch("method: AdaGrad.CatchUpBefore", x, index, len(r.s))
}

func (r *AdaGrad) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.s}}
}

// MarshalBinary returns the state: k and s. The exported fields are not part of it.
func (r *AdaGrad) MarshalBinary() ([]byte, error) { return state.Marshal("AdaGrad", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaGrad) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaGrad", data, r.state())
	if err == nil {
		r.k, r.s = s.Counters[0], s.Vectors[0]
	}
	return err
}
