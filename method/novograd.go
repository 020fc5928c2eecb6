package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// NovoGrad is momentum of gradients that are divided by a running root mean square of their lengths.
//
//	v ← β₂ v + (1-β₂) |g|²                  |g|² at first
//	m ← β₁ m + g/(√v + ε) + λ x
//	x ← x - α m
//
// v is one number for a whole block of variables, such as the weights of one layer; m starts at 0 and is kept, one
// vector of the length of x, with v a second. Where v and ε are 0, the gradient counts for nothing.
//
// The first step of a block has the length α whatever the gradient, and a steady gradient moves it by α/(1-β₁) a step. The
// direction within a block is that of the gradients, so that turning its variables turns the iterates. As β₂ is small, v is
// nearly |g|² of the last few steps: it is normalized gradient descent with momentum, and as such biased where noise is
// skewed. Prefer it to LAMB for blocks of one scale each; NormalizedSGD has the normalization behind the mean.
//
// Reference: B. Ginsburg, P. Castonguay, O. Hrinchuk, et al., Stochastic gradient methods with layer-wise adaptive
// moments for training of deep networks, arXiv:1905.11286, 2019, Algorithm 1.
type NovoGrad struct {
	// StepSize is α, in units of x. If it is 0, 0.003 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.01 or more, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.25 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// WeightDecay is λ, in units of 1/x; 0 is none. The paper has 0.001.
	WeightDecay float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one
	// block.
	Blocks []int
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m, v       []float64 // v holds √v of a block at its first variable
}

// Init implements optimize.Method.
func (r *NovoGrad) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *NovoGrad) Reset(dim int) {
	hyper.Dim("method: NovoGrad.Reset", dim)
	hyper.NonNegative("method: NovoGrad.StepSize", r.StepSize)
	hyper.Unit("method: NovoGrad.Beta1", r.Beta1)
	hyper.Unit("method: NovoGrad.Beta2", r.Beta2)
	hyper.NonNegative("method: NovoGrad.Epsilon", r.Epsilon)
	hyper.NonNegative("method: NovoGrad.WeightDecay", r.WeightDecay)
	checkBlocks("method: NovoGrad.Blocks", r.Blocks, dim)
	r.k, r.m, r.v = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *NovoGrad) Step(x, grad []float64) {
	hyper.Lengths("method: NovoGrad.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.003), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.25), hyper.Or(r.Epsilon, 1e-8)
	if r.k == 0 {
		b2 = 0
	}
	m := r.m[:len(x)]
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		// The root mean square is kept and not its square, which may vanish or overflow.
		v := math.Hypot(math.Sqrt(b2)*r.v[from], math.Sqrt(1-b2)*kernel.Norm(grad[from:to]))
		r.v[from] = v
		for i := from; i < to; i++ {
			m[i] = float64(b1*m[i]) + float64(r.WeightDecay*x[i])
			if d := v + eps; d != 0 {
				m[i] += grad[i] / d
			}
			x[i] -= float64(alpha * m[i])
		}
		from = to
	}
	r.k++
}

func (r *NovoGrad) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m, r.v}}
}

// MarshalBinary returns the state: k, m and √v. The exported fields are not part of it.
func (r *NovoGrad) MarshalBinary() ([]byte, error) { return state.Marshal("NovoGrad", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *NovoGrad) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("NovoGrad", data, r.state())
	if err == nil {
		r.k, r.m, r.v = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
