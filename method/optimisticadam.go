package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// OptimisticAdam is Adam that expects the next direction to be like the last: it goes twice its step and takes back
// the step before.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	u' ← u,  u ← (m/c₁) / (√(v/c₂) + ε)
//	x ← x - 2 α u + α u'
//
// All operations are component by component; m, v and u start at 0 and are kept, three vectors of the length of x; c₁ and
// c₂ are Adam's bias corrections. Where root and ε are 0, u is 0. The first step has the length 2 α; a steady gradient
// moves x by α in every later one. Both terms take the α of the present step.
//
// Prefer it for saddle points, where some of the variables minimize and others maximize (negate their components of
// the gradient) and Adam goes round in growing circles. For minimization alone Adam is better: the difference of two
// directions adds noise.
//
// Reference: C. Daskalakis, A. Ilyas, V. Syrgkanis, H. Zeng, Training GANs with optimism, ICLR 2018, Algorithm 1. Some
// programs start with u' = u, and so with a step of α.
type OptimisticAdam struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none, that of Adam 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	u []float64 // last direction
}

// Init implements optimize.Method.
func (r *OptimisticAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *OptimisticAdam) Reset(dim int) {
	r.moments.reset("method: OptimisticAdam", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	r.u = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *OptimisticAdam) Step(x, grad []float64) {
	hyper.Lengths("method: OptimisticAdam.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2, scale := 1-b1, 1-b2, root/r.c1
	eps *= root
	m, v, u := r.m[:len(x)], r.v[:len(x)], r.u[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		now := 0.0
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			now = float64(scale*m[i]) / d
		}
		x[i] -= float64(alpha * (2*now - u[i]))
		u[i] = now
	}
}

func (r *OptimisticAdam) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.u)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and u. The exported fields are not part of it.
func (r *OptimisticAdam) MarshalBinary() ([]byte, error) {
	return state.Marshal("OptimisticAdam", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *OptimisticAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("OptimisticAdam", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.u = s.Vectors[2]
	}
	return err
}
