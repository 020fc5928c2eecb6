package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Eve is Adam with a step size that falls while the value of f goes up and down.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	d ← β₃ d + (1-β₃) min(max(|f-f'|/(min(f, f')-f*), 1/C), C)
//	x ← x - (α/d) (m/c₁) / (√(v/c₂) + ε)
//
// f is the value at x, of the sample of g, and f' that of the step before; Observe must be given f before every Step (a run
// under Minimize does). f* is a lower bound of f, often 0. All operations on vectors are component by component; m and v
// start at 0 and are kept, two vectors of the length of x. d starts at 1 and stays 1 in the first step. The bias
// corrections are c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ after k steps. Where v and ε are 0, x stays.
//
// The ratio is the relative change of what f has above f*, bounded by C; where f or f' is not above f*, it is C. So d goes
// to 1/C where values are nearly constant, and the step size to C α, on a plateau as well as at a minimum far above f*; and to C
// where the noise of f is many times its height above f*, and the step size to α/C.
//
// Prefer it to Adam only where f* is known and reached, and the values have little noise.
//
// Reference: H. Hayashi, J. Koushik, G. Neubig, Eve: a gradient based optimization method with locally and globally
// adaptive learning rates, arXiv:1611.01505, 2016.
type Eve struct {
	// Minimum is f*, a lower bound of f.
	Minimum float64
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the order of
	// 1 and f* = 0; ensmallen has 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Beta3 is β₃ in [0, 1), the memory of d. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta3 float64
	// Limit is C >= 1. If it is 0, 10 is used; 1 makes it Adam.
	Limit float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	f, last float64 // the value at x; that of the step before
	seen    int     // 1 if f has been observed since the last step
	d       float64
}

// Init implements optimize.Method.
func (r *Eve) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Eve) Reset(dim int) {
	r.moments.reset("method: Eve", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Finite("method: Eve.Minimum", r.Minimum)
	hyper.Unit("method: Eve.Beta3", r.Beta3)
	hyper.Between("method: Eve.Limit", hyper.Or(r.Limit, 10), 1, math.MaxFloat64)
	r.f, r.last, r.seen, r.d = 0, 0, 0, 1
}

// Observe takes the value at the x of the next Step.
func (r *Eve) Observe(f float64) { r.f, r.seen = f, 1 }

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *Eve) Step(x, grad []float64) {
	hyper.Lengths("method: Eve.Step", x, grad, len(r.m))
	needValue("Eve", r.seen)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	b3, limit := hyper.Or(r.Beta3, 0.999), hyper.Or(r.Limit, 10)
	if r.k > 0 {
		ratio := limit
		if height := min(r.f, r.last) - r.Minimum; height > 0 {
			ratio = min(max(math.Abs(r.f-r.last)/height, 1/limit), limit)
		}
		r.d = float64(b3*r.d) + float64((1-b3)*ratio)
	}
	r.last, r.f, r.seen = r.f, 0, 0
	r.count(b1, b2)
	alpha /= r.d * r.c1
	correct := 1 / math.Sqrt(r.c2)
	kernel.NAdam(1, x, grad, r.m, r.v, b1, b2, 1, 0, alpha, correct, eps) // without the weight of g
}

func (r *Eve) state() state.State {
	s := r.moments.state()
	s.Counters = append(s.Counters, r.seen)
	s.Scalars = append(s.Scalars, r.f, r.last, r.d)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, the value observed and the last, d, m and v. The exported fields are not part
// of it.
func (r *Eve) MarshalBinary() ([]byte, error) { return state.Marshal("Eve", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Eve) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Eve", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.seen, r.f, r.last, r.d = s.Counters[1], s.Scalars[2], s.Scalars[3], s.Scalars[4]
	}
	return err
}
