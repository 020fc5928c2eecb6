package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
)

// LAMB takes Adam's direction and makes the step a fraction of the length of x.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	u = (m/c₁) / (√(v/c₂) + ε) + λ x
//	x ← x - α u |x|/|u|, or x - α u if |x| or |u| is 0
//
// The lengths are those of a whole block of variables, such as the weights of one layer; everything else is component
// by component. m and v start at 0 and are kept; with u, whose components are 0 where root, ε and λ are, three vectors
// of the length of x. c₁ and c₂ are Adam's bias corrections.
//
// Every step has the length α |x|, so that α has no unit; but x has an origin: a block near 0 can hardly move, and a
// shift of x, or the logarithm of a variable in its place, makes another method. Prefer it only for blocks whose
// length means something, as in neural networks trained on very large samples.
//
// Reference: Y. You, J. Li, S. Reddi, et al., Large batch optimization for deep learning: training BERT in 76 minutes,
// ICLR 2020, Algorithm 2 with the identity for φ. Some programs leave the bias corrections out, or
// bound |x| by 10 above the line.
type LAMB struct {
	// StepSize is α, the length of a step in units of that of x. If it is 0, 0.003 is used, the choice of
	// docs/stepsizes.md for a few variables of the order of 1; the paper has none.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-6 is used; for none set stochopt.Zero.
	Epsilon float64
	// WeightDecay is λ, in units of 1/x; 0 is none. The paper has 0.01.
	WeightDecay float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one block.
	Blocks []int
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	u []float64 // direction, of no meaning between the steps
}

// Init implements optimize.Method.
func (r *LAMB) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *LAMB) Reset(dim int) {
	r.moments.reset("method: LAMB", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: LAMB.WeightDecay", r.WeightDecay)
	checkBlocks("method: LAMB.Blocks", r.Blocks, dim)
	r.u = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *LAMB) Step(x, grad []float64) {
	hyper.Lengths("method: LAMB.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-3), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-6)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2, scale, lambda := 1-b1, 1-b2, root/r.c1, r.WeightDecay
	eps *= root
	m, v, u := r.m[:len(x)], r.v[:len(x)], r.u[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		step := float64(lambda * x[i])
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			step += float64(scale*m[i]) / d
		}
		u[i] = step
	}
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		a, length := alpha, 1.0
		if lx, lu := kernel.Norm(x[from:to]), kernel.Norm(u[from:to]); lx > 0 && lu > 0 {
			a, length = alpha*lx, lu
		}
		for i := from; i < to; i++ {
			x[i] -= float64(a * (u[i] / length)) // where length is small, a/length may overflow
		}
		from = to
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and v. The exported fields are not part of it.
func (r *LAMB) MarshalBinary() ([]byte, error) { return r.marshal("LAMB") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *LAMB) UnmarshalBinary(data []byte) error {
	err := r.unmarshal("LAMB", data)
	if err == nil {
		r.u = make([]float64, len(r.m))
	}
	return err
}
