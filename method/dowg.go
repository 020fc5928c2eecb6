package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// DoWG is DoG with gradients that weigh the more, the farther x has travelled.
//
//	r ← max(r, |x - x₀|)
//	v ← v + r²|g|²
//	x ← x - γ r²/√v g
//
// |·| is the Euclidean length over all variables; x₀ is the iterate of the first Step after Reset, where r starts at r₀ and
// v at 0. It keeps x₀, one vector. Where v is 0, x stays.
//
// The first step has the length r₀ whatever the gradient, and no scale of f is needed. As gradients from near the start count for
// little, it recovers sooner than DoG from a small r₀ (on |x| from r₀ = 1e-9 it is half way in 35 steps, where DoG takes 149) and from a
// huge gradient there, and is noisier in the end: take a mean of the iterates, or let Schedule decay. On a convex
// function with exact subgradients and γ = 1 the mean of the iterates with the weights r² has
// f(mean) - f* <= r(2d + r)√v/Σr², where d is the greatest distance from the minimum so far.
//
// Prefer it to DoG where nothing is known of the distance, with a mean of the iterates as the answer.
//
// Reference: A. Khaled, K. Mishchenko, C. Jin, DoWG unleashed: an efficient universal parameter-free gradient descent
// method, NeurIPS 2023, Algorithm 1.
type DoWG struct {
	// InitialDistance is r₀, the length of the first step, in units of x. It must be below the distance of the minimum. If
	// it is 0, 1e-4 is used.
	InitialDistance float64
	// Factor is γ, without unit. If it is 0, 1 is used.
	Factor float64
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	r, v       float64   // the greatest distance, the weighted sum
	x0         []float64 // the start
}

// Init implements optimize.Method.
func (r *DoWG) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *DoWG) Reset(dim int) {
	hyper.Dim("method: DoWG.Reset", dim)
	hyper.NonNegative("method: DoWG.InitialDistance", r.InitialDistance)
	hyper.NonNegative("method: DoWG.Factor", r.Factor)
	r.k, r.r, r.v, r.x0 = 0, 0, 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *DoWG) Step(x, grad []float64) {
	hyper.Lengths("method: DoWG.Step", x, grad, len(r.x0))
	factor := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k)
	if r.k == 0 {
		copy(r.x0, x)
		r.r = hyper.Or(r.InitialDistance, 1e-4)
	}
	r.r = max(r.r, distance(x, r.x0))
	r2 := r.r * r.r
	r.v += float64(r2 * kernel.SumSquares(grad))
	if r.v > 0 {
		alpha := factor * r2 / math.Sqrt(r.v)
		for i, g := range grad {
			x[i] -= float64(alpha * g)
		}
	}
	r.k++
}

func (r *DoWG) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.r, r.v}, Vectors: [][]float64{r.x0}}
}

// MarshalBinary returns the state: k, r, v and x₀. The exported fields are not part of it.
func (r *DoWG) MarshalBinary() ([]byte, error) { return state.Marshal("DoWG", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *DoWG) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("DoWG", data, r.state())
	if err == nil {
		r.k, r.r, r.v, r.x0 = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Vectors[0]
	}
	return err
}
