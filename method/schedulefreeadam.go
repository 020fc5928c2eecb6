package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// ScheduleFreeAdam is RMSProp, with Adam's bias correction, whose answer is a running mean of its iterates; the gradient
// is taken between both, which takes the place of Adam's first running mean.
//
//	y = (1-β₁) z + β₁ x
//	v ← β₂ v + (1-β₂) g²
//	z ← z - α (g/(√(v/c₂) + ε) + λ y)
//	x ← (1-c) x + c z,  c = w/Σw,  w = kʳ α²
//
// g is the gradient at y, k = 1, 2, ... counts the steps, α in w is the greatest so far, and c₂ = 1-β₂ᵏ. x is the mean of
// all z with the weights w. Where v and ε are 0, g does not move z.
//
// As in ScheduleFreeSGD the iterate that Step moves is y, and the answer is x: Estimate returns it, and it is the X of a
// Result. It keeps z, x and v, three vectors, starts z and x from the iterate of the first Step after Reset, and afresh in every
// component in which the iterate has been moved from outside. To go on from a stored state give it the last iterate, not
// the answer.
//
// The first step has the length α in every component. Prefer it to Adam when the answer is to come closer to the
// minimum than Adam's constant distance and the length of the run is not known: the noise of x decays like that of a
// mean. A short warm-up by Schedule helps.
//
// Reference: A. Defazio, X. A. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, The road less scheduled, NeurIPS
// 2024, Algorithm 1, with the weights of the authors' program and the bias correction in the root.
type ScheduleFreeAdam struct {
	// StepSize is α, in units of x. If it is 0, 0.3 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the authors' program has 0.0025, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the part of x in y. If it is 0, 0.9 is used; for none set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Power is r >= 0: later iterates weigh more, by their number to this power. 0 is none.
	Power float64
	// WeightDecay is λ, in units of 1/x, decoupled from v; 0 is none.
	WeightDecay float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	free       scheduleFree
	c2         float64   // running mean of 1
	v          []float64 // running mean of g²
}

// Init implements optimize.Method.
func (r *ScheduleFreeAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *ScheduleFreeAdam) Reset(dim int) {
	hyper.Dim("method: ScheduleFreeAdam.Reset", dim)
	hyper.NonNegative("method: ScheduleFreeAdam.StepSize", r.StepSize)
	hyper.Unit("method: ScheduleFreeAdam.Beta1", r.Beta1)
	hyper.Unit("method: ScheduleFreeAdam.Beta2", r.Beta2)
	hyper.NonNegative("method: ScheduleFreeAdam.Epsilon", r.Epsilon)
	hyper.NonNegative("method: ScheduleFreeAdam.Power", r.Power)
	hyper.NonNegative("method: ScheduleFreeAdam.WeightDecay", r.WeightDecay)
	r.free.reset(dim)
	r.c2, r.v = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *ScheduleFreeAdam) Step(y, grad []float64) {
	hyper.Lengths("method: ScheduleFreeAdam.Step", y, grad, len(r.v))
	alpha, b1 := hyper.StepSize(hyper.Or(r.StepSize, 0.3), r.Schedule, r.free.k), hyper.Or(r.Beta1, 0.9)
	b2, eps := hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	before, c := r.free.next(y, alpha, b1, r.Power)
	r.c2 = float64(b2*r.c2) + (1 - b2)
	kernel.ScheduleFreeAdam(r.Concurrent, y, grad, r.free.z, r.free.x, r.v, before, b2, r.c2, eps, alpha, r.WeightDecay, c, b1)
}

// Estimate stores x, the answer that belongs to the iterate y.
func (r *ScheduleFreeAdam) Estimate(dst, y []float64) { r.free.estimate(dst, y) }

func (r *ScheduleFreeAdam) state() state.State {
	s := r.free.state()
	s.Scalars, s.Vectors = append(s.Scalars, r.c2), append(s.Vectors, r.v)
	return s
}

// MarshalBinary returns the state: k, β₁, the greatest α, Σw, c₂, z, x and v. The exported fields are not part of it.
func (r *ScheduleFreeAdam) MarshalBinary() ([]byte, error) {
	return state.Marshal("ScheduleFreeAdam", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *ScheduleFreeAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("ScheduleFreeAdam", data, r.state())
	if err == nil {
		r.free.restore(s)
		r.c2, r.v = s.Scalars[3], s.Vectors[2]
	}
	return err
}
