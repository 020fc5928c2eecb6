package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Fromage is gradient descent with steps that are a fraction of the length of x, and no growth of x.
//
//	x ← (x - α g |x|/|g|)/√(1+α²), or (x - α g)/√(1+α²) if |x| or |g| is 0
//
// The lengths are those of a whole block of variables, such as the weights of one layer. It keeps no vector.
//
// A step at a right angle to x leaves |x| as it is. As with LAMB x has an origin, and where the gradient is 0 x shrinks
// all the same, so that a minimum is no point of rest. Prefer it only for blocks whose direction means something and
// whose length does not, as in neural networks.
//
// Reference: J. Bernstein, A. Vahdat, Y. Yue, M.-Y. Liu, On the distance between two neural networks and the stability
// of learning, NeurIPS 2020, Algorithm 1.
type Fromage struct {
	// StepSize is α, the length of a step in units of that of x. If it is 0, 0.01 is used.
	StepSize float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one
	// block.
	Blocks []int
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential     // optimize.Method
	k, dim     int // steps taken; of Reset
}

// Init implements optimize.Method.
func (r *Fromage) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Fromage) Reset(dim int) {
	hyper.Dim("method: Fromage.Reset", dim)
	hyper.NonNegative("method: Fromage.StepSize", r.StepSize)
	checkBlocks("method: Fromage.Blocks", r.Blocks, dim)
	r.k, r.dim = 0, dim
}

// Step implements stochopt.Rule.
func (r *Fromage) Step(x, grad []float64) {
	hyper.Lengths("method: Fromage.Step", x, grad, r.dim)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	root := math.Hypot(1, alpha)
	shrink := alpha / root * (alpha / (1 + root)) // 1 - 1/root without cancellation
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		a, length := alpha, 1.0
		if lx, lg := kernel.Norm(x[from:to]), kernel.Norm(grad[from:to]); lx > 0 && lg > 0 {
			a, length = alpha*lx, lg
		}
		for i := from; i < to; i++ {
			x[i] -= float64(shrink*x[i]) + float64(a/root*(grad[i]/length))
		}
		from = to
	}
	r.k++
}

func (r *Fromage) state() state.State { return state.State{Counters: []int{r.k, r.dim}} }

// MarshalBinary returns the state: k and the number of variables. The exported fields are not part of it.
func (r *Fromage) MarshalBinary() ([]byte, error) { return state.Marshal("Fromage", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Fromage) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Fromage", data, r.state())
	if err == nil {
		r.k, r.dim = s.Counters[0], s.Counters[1]
	}
	return err
}
