package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// MARS is Adam of a gradient that is corrected by its change since the last step, and bounded.
//
//	c = g + γ β₁/(1-β₁) (g - g'),  g' ← g
//	c ← c min(1, C/‖c‖)
//	m ← β₁ m + (1-β₁) c
//	v ← β₂ v + (1-β₂) c²
//	x ← x - α (m/c₁) / (√(v/c₂) + ε)
//
// All operations but the length ‖c‖ are component by component; m and v start at 0, g' is g in the first step. They
// are kept; with c, four vectors of the length of x. c₁ and c₂ are Adam's bias corrections. Where root and ε are 0, x stays.
//
// This is the approximate form: g' is the gradient of the last step, of another sample. Where the noise is small, or the
// samples of two steps have it in common, c runs ahead of m, which lags; in independent noise there is no
// reduction of variance, but some more of it. As C has a unit, another scale of f makes another
// method: far below C it is without a bound, and far above every step has the same weight in m and v.
//
// Reference: H. Yuan, Y. Liu, S. Wu, X. Zhou, Q. Gu, MARS: unleashing the power of variance reduction for training large models,
// 2024, in the form for AdamW with the approximate difference, without decay. Some programs start with g' = 0.
type MARS struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.003, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.95 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.99 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Gamma is γ, without unit. If it is 0, 0.025 is used; for 0 set stochopt.Zero, which makes it Adam of bounded gradients.
	Gamma float64
	// MaxNorm is C, in units of g. If it is 0, 1 is used.
	MaxNorm float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	last []float64 // g'
	c    scratch
}

// Init implements optimize.Method.
func (r *MARS) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *MARS) Reset(dim int) {
	r.moments.reset("method: MARS", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: MARS.Gamma", r.Gamma)
	hyper.NonNegative("method: MARS.MaxNorm", r.MaxNorm)
	r.last = make([]float64, dim)
	r.c.of(dim)
}

// Step implements stochopt.Rule.
func (r *MARS) Step(x, grad []float64) {
	hyper.Lengths("method: MARS.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.95), hyper.Or(r.Beta2, 0.99), hyper.Or(r.Epsilon, 1e-8)
	ahead := hyper.Or(r.Gamma, 0.025) * b1 / (1 - b1)
	top := hyper.Or(r.MaxNorm, 1)
	if r.k == 0 {
		copy(r.last, grad)
	}
	c, last := r.c.of(len(x)), r.last[:len(x)]
	for i, g := range grad[:len(x)] {
		c[i] = g + float64(ahead*(g-last[i]))
		last[i] = g
	}
	if n := kernel.Norm(c); n > top {
		shrink := top / n
		for i := range c {
			c[i] *= shrink
		}
	}
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // as in stochopt.Adam
	kernel.Adam(1, x, c, r.m, r.v, b1, b2, alpha*(root/r.c1), eps*root)
}

func (r *MARS) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.last)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and g'. The exported fields are not part of it.
func (r *MARS) MarshalBinary() ([]byte, error) { return state.Marshal("MARS", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *MARS) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("MARS", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.last = s.Vectors[2]
	}
	return err
}
