package method

import (
	"fmt"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// LARS is SGD with momentum in which a step is a fraction of the length of x, whatever the length of the gradient.
//
//	q = η |x| / (|g| + λ |x|), or 1 if |x| or |g| is 0
//	b ← μ b + α q (g + λ x)
//	x ← x - b
//
// The lengths are those of a whole block of variables, such as the weights of one layer. b starts at 0 and is kept, one
// vector of the length of x.
//
// Without momentum and decay a step has the length α η |x|, and the scale of the gradient does not matter. So α has no
// unit; but x has an origin: a block near 0 can hardly move, and a shift of x, or the logarithm of a variable in its
// place, makes another method. Prefer it only for blocks whose length means something, as in neural networks trained
// on very large samples.
//
// Reference: Y. You, I. Gitman, B. Ginsburg, Large batch training of convolutional networks, arXiv 1708.03888, 2017,
// Algorithm 1. The step for lengths of 0 is that of its implementations, some of which have |g + λx| below the line.
type LARS struct {
	// StepSize is α, a pure number. If it is 0, 3 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none.
	StepSize float64
	// Trust is η, the length of a step in units of that of x, at α = 1. If it is 0, 0.001 is used.
	Trust float64
	// Momentum is μ in [0, 1); 0 is none. The paper has 0.9.
	Momentum float64
	// WeightDecay is λ, in units of f/x²; 0 is none.
	WeightDecay float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one block.
	Blocks []int
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	b          []float64 // momentum
}

// Init implements optimize.Method.
func (r *LARS) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *LARS) Reset(dim int) {
	hyper.Dim("method: LARS.Reset", dim)
	hyper.NonNegative("method: LARS.StepSize", r.StepSize)
	hyper.NonNegative("method: LARS.Trust", r.Trust)
	hyper.Unit("method: LARS.Momentum", r.Momentum)
	hyper.NonNegative("method: LARS.WeightDecay", r.WeightDecay)
	checkBlocks("method: LARS.Blocks", r.Blocks, dim)
	r.k, r.b = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *LARS) Step(x, grad []float64) {
	hyper.Lengths("method: LARS.Step", x, grad, len(r.b))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3), r.Schedule, r.k)
	eta, mu, lambda := hyper.Or(r.Trust, 1e-3), r.Momentum, r.WeightDecay
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		b, x, grad := r.b[from:to], x[from:to], grad[from:to]
		num, den := 1.0, 1.0 // of q, whose own value may overflow
		if lx, lg := kernel.Norm(x), kernel.Norm(grad); lx > 0 && lg > 0 {
			num, den = eta*lx, lg+float64(lambda*lx)
		}
		for i, g := range grad {
			b[i] = float64(mu*b[i]) + float64(alpha*num*((g+float64(lambda*x[i]))/den))
			x[i] -= b[i]
		}
		from = to
	}
	r.k++
}

// checkBlocks panics unless blocks is empty or positive with the sum dim.
func checkBlocks(name string, blocks []int, dim int) {
	sum := 0
	for _, n := range blocks {
		if n <= 0 {
			panic(fmt.Sprintf("%s = %v, want positive lengths", name, blocks))
		}
		sum += n
	}
	if len(blocks) > 0 && sum != dim {
		panic(fmt.Sprintf("%s = %v, of sum %d, want the number of variables, %d", name, blocks, sum, dim))
	}
}

// blockEnd returns the end of block j, which begins at from.
func blockEnd(blocks []int, j, from, dim int) int {
	if len(blocks) == 0 {
		return dim
	}
	return from + blocks[j]
}

func (r *LARS) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.b}}
}

// MarshalBinary returns the state: k and b. The exported fields are not part of it.
func (r *LARS) MarshalBinary() ([]byte, error) { return state.Marshal("LARS", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *LARS) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("LARS", data, r.state())
	if err == nil {
		r.k, r.b = s.Counters[0], s.Vectors[0]
	}
	return err
}
