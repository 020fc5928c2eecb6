package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// PolyakStep is gradient descent with the step that would reach the minimum if f were linear on the way.
//
//	x ← x - (f - f*)/|g|² g
//
// f is the value at x, which Observe must be given before every Step (a run under Minimize does), f* is the least value of the
// objective, which must be known, and |g| the Euclidean length of the gradient. Where f <= f* or g = 0, x stays. It keeps no
// vector.
//
// On a convex function with exact values and gradients every step brings x closer to all minima: |x - x*|² falls by
// at least (f - f*)²/|g|². On |x|² every step halves x. The step does not depend on the scale of f. With an f* that is
// too low the steps are too long near the minimum and x does not settle. In noise value and gradient must be of the same sample, and the step
// is biased unless the samples share a minimum: prefer SPS, whose steps are bounded.
//
// Reference: B. T. Polyak, Introduction to optimization, Optimization Software, 1987, section 5.3.
type PolyakStep struct {
	// Minimum is f*, the least value of the objective.
	Minimum float64
	// Factor multiplies the step, without unit. If it is 0, 1 is used; below 2 x comes closer to all minima.
	Factor float64
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential         // optimize.Method
	k          int     // steps taken
	f          float64 // the value at x
	seen       int     // 1 if f has been observed since the last step
	dim        int
}

// Init implements optimize.Method.
func (r *PolyakStep) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *PolyakStep) Reset(dim int) {
	hyper.Dim("method: PolyakStep.Reset", dim)
	hyper.Finite("method: PolyakStep.Minimum", r.Minimum)
	hyper.NonNegative("method: PolyakStep.Factor", r.Factor)
	r.k, r.f, r.seen, r.dim = 0, 0, 0, dim
}

// Observe takes the value at the x of the next Step.
func (r *PolyakStep) Observe(f float64) { r.f, r.seen = f, 1 }

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *PolyakStep) Step(x, grad []float64) {
	hyper.Lengths("method: PolyakStep.Step", x, grad, r.dim)
	needValue("PolyakStep", r.seen)
	gap := r.f - r.Minimum
	alpha := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k)
	if sq := kernel.SumSquares(grad); sq > 0 && gap > 0 {
		if a := alpha * (gap / sq); a <= math.MaxFloat64 {
			for i, g := range grad {
				x[i] -= float64(a * g)
			}
		} else { // a overflows before its product with g does
			n := kernel.Norm(grad)
			a = alpha * (gap / n)
			for i, g := range grad {
				x[i] -= float64(a * (g / n))
			}
		}
	}
	r.k++
	r.f, r.seen = 0, 0
}

// needValue panics if no value has been seen.
func needValue(name string, seen int) {
	if seen == 0 {
		panic("method: " + name + ".Step: no value: call Observe with the value at x before every Step")
	}
}

func (r *PolyakStep) state() state.State {
	return state.State{Counters: []int{r.k, r.dim, r.seen}, Scalars: []float64{r.f}}
}

// MarshalBinary returns the state: k, the number of variables and the value observed. The exported fields are not part of it.
func (r *PolyakStep) MarshalBinary() ([]byte, error) {
	return state.Marshal("PolyakStep", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *PolyakStep) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("PolyakStep", data, r.state())
	if err == nil {
		r.k, r.dim, r.seen, r.f = s.Counters[0], s.Counters[1], s.Counters[2], s.Scalars[0]
	}
	return err
}
