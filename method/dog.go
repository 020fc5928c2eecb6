package method

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// DoG is gradient descent whose step size is the distance travelled over the root of the sum of the squared gradients.
//
//	r ← max(r, |x - x₀|)
//	G ← G + |g|²
//	x ← x - γ r/√(G + ε) g
//
// |·| is the Euclidean length over all variables, or over those of a block, which then has an r and a G of its own; x₀ is the
// iterate of the first Step after Reset, where r starts at r₀ and G at 0. It keeps x₀, one vector. Where G and ε are 0, x stays.
//
// The first step has the length r₀ whatever the gradient, if that is not small beside √ε, and the steps grow until x has
// gone about as far as the minimum is. No scale of f is needed, but the variables should be of comparable size: one step
// size serves all, or all of a block. On a convex function with exact subgradients the mean of the iterates with the weights r has
// f(mean) - f* <= r(2d + r)√G/Σr, where d is the greatest distance from the minimum so far.
//
// Prefer it where no step size is known. Its steps become shorter only like 1/√k, so that the mean of the iterates, with later ones
// weighing more, is a better answer than the last in noise. A huge gradient at the start shortens all later steps.
//
// Reference: M. Ivgi, O. Hinder, Y. Carmon, DoG is SGD's best friend, ICML 2023, equation (DoG), with the ε and r₀ of the
// authors' program. With Blocks it is L-DoG of the paper, for which nothing is proved; for a form with a logarithm in the root, T-DoG, more
// is.
type DoG struct {
	// InitialDistance is r₀, the length of the first step, in units of x. It must be below the distance of the minimum. If
	// it is 0, 1e-6 (1 + |x₀|) is used.
	InitialDistance float64
	// Factor is γ, without unit. If it is 0, 1 is used.
	Factor float64
	// Epsilon is ε, in units of |g|², inside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one block. Their
	// number must not change between Reset and the last Step.
	Blocks []int
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	r, sum     []float64 // of each block the greatest distance, and G
	x0         []float64 // the start
}

// Init implements optimize.Method.
func (r *DoG) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *DoG) Reset(dim int) {
	hyper.Dim("method: DoG.Reset", dim)
	hyper.NonNegative("method: DoG.InitialDistance", r.InitialDistance)
	hyper.NonNegative("method: DoG.Factor", r.Factor)
	hyper.NonNegative("method: DoG.Epsilon", r.Epsilon)
	checkBlocks("method: DoG.Blocks", r.Blocks, dim)
	n := r.blocks()
	r.k, r.r, r.sum, r.x0 = 0, make([]float64, n), make([]float64, n), make([]float64, dim)
}

func (r *DoG) blocks() int { return max(1, len(r.Blocks)) }

// Step implements stochopt.Rule.
func (r *DoG) Step(x, grad []float64) {
	hyper.Lengths("method: DoG.Step", x, grad, len(r.x0))
	factor, eps := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k), hyper.Or(r.Epsilon, 1e-8)
	if len(r.r) != r.blocks() {
		panic(fmt.Sprintf("method: DoG.Step: %d blocks, want the %d of Reset", r.blocks(), len(r.r)))
	}
	if r.k == 0 {
		copy(r.x0, x)
	}
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		x, grad := x[from:to], grad[from:to]
		if r.k == 0 {
			r.r[j] = hyper.Or(r.InitialDistance, 1e-6*(1+math.Sqrt(kernel.SumSquares(x))))
		}
		r.r[j] = max(r.r[j], distance(x, r.x0[from:to]))
		r.sum[j] += kernel.SumSquares(grad)
		if d := math.Sqrt(r.sum[j] + eps); d > 0 {
			alpha := factor * r.r[j] / d
			for i, g := range grad {
				x[i] -= float64(alpha * g)
			}
		}
		from = to
	}
	r.k++
}

func (r *DoG) state() state.State {
	s := state.State{Counters: []int{r.k}, Scalars: slices.Concat(r.r, r.sum), Vectors: [][]float64{r.x0}}
	if r.r == nil { // before Reset
		s.Scalars = make([]float64, 2*r.blocks())
	}
	return s
}

// MarshalBinary returns the state: k, r, G and x₀. The exported fields are not part of it.
func (r *DoG) MarshalBinary() ([]byte, error) { return state.Marshal("DoG", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *DoG) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("DoG", data, r.state())
	if err == nil {
		n := len(s.Scalars) / 2
		r.k, r.r, r.sum, r.x0 = s.Counters[0], s.Scalars[:n:n], s.Scalars[n:], s.Vectors[0]
	}
	return err
}

// distance returns |x - y|.
func distance(x, y []float64) float64 {
	sum := 0.0
	for i, e := range x {
		d := e - y[i]
		sum += float64(d * d)
	}
	return math.Sqrt(sum)
}
