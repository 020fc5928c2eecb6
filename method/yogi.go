package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
)

// Yogi is Adam with a v that changes by additions, so that small gradients cannot make it collapse.
//
//	m ← β₁ m + (1-β₁) g
//	v ← v - (1-β₂) sign(v-g²) g²
//	x ← x - α m / (√v + ε)
//
// All operations are component by component; m and v start at 0 and are kept, two vectors of the length of x. Nothing corrects
// the zeros that they start from. Where v and ε are 0, x stays.
//
// v grows as fast as Adam's, but falls by (1-β₂) g² a step at most. After large gradients it stays large for very long. From
// 0 it grows like the sum of squares of AdaGrad in the first 1/(1-β₂) steps, which a steady gradient makes up to 6.6 α long.
// In noise of variance σ² v settles at 2.37 σ² and not at σ²: half of the mean of g² comes from gradients above that.
//
// Prefer it to Adam where gradients are 0 or small most of the time; do not where the start is far off. ε is large on
// purpose, and with it Yogi is not invariant to the scale of the gradient: choose ε for the gradients at hand.
//
// Reference: M. Zaheer, S. J. Reddi, D. Sachan, S. Kale, S. Kumar, Adaptive methods for nonconvex optimization, NeurIPS 2018,
// Algorithm 2. Some implementations correct m and v for their start as in Adam, and start from 1e-6.
type Yogi struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.01, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1): v changes by at most (1-β₂) g². If it is 0, 0.999 is used; for β₂ = 0 set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-3 is used; for none set stochopt.Zero.
	Epsilon float64
	// FirstSquare starts v at the g² of the first step, as the paper recommends if that is the mean over a large sample.
	FirstSquare bool
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
}

// Init implements optimize.Method.
func (r *Yogi) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Yogi) Reset(dim int) {
	r.moments.reset("method: Yogi", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
}

// Step implements stochopt.Rule.
func (r *Yogi) Step(x, grad []float64) {
	hyper.Lengths("method: Yogi.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-3)
	m, v := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		sq := float64(g * g)
		switch {
		case r.k == 0 && r.FirstSquare:
			v[i] = sq
		case v[i] < sq:
			v[i] += float64((1 - b2) * sq)
		case v[i] > sq:
			v[i] -= float64((1 - b2) * sq)
		}
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			x[i] -= float64(alpha*m[i]) / d
		}
	}
	r.k++
}

// MarshalBinary returns the state: k, m and v. The exported fields are not part of it.
func (r *Yogi) MarshalBinary() ([]byte, error) { return r.marshal("Yogi") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Yogi) UnmarshalBinary(data []byte) error { return r.unmarshal("Yogi", data) }
