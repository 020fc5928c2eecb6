package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// SPS is gradient descent with the stochastic Polyak step, bounded.
//
//	x ← x - γ g,  γ = min((f - f*)/(c|g|²), γ₀)
//	x ← x - γ g,  γ ← min((f - f*)/(c|g|²), τ γ)      Growth τ
//
// In the second form the bound is a multiple of the step size before, from γ = γ₀ on, so that it needs no choice: the step size
// can fall at once but not rise at once.
//
// f and g are value and gradient at x of the same sample; Observe must be given f before every Step (a run under Minimize
// does). f* is a lower bound of the values of single samples, often 0, and |g| the Euclidean length. Where f <= f*
// or g = 0, x stays. It keeps no vector.
//
// If no sample has a gradient that changes faster than L, γ is between min(1/(2cL), γ₀) and γ₀. Where one x is the minimum of all
// samples (a model that fits all data), it converges at a rate that no constant step size beats without knowing L; otherwise to
// a neighbourhood only, the smaller the smaller γ₀. Prefer it to SGD for such models, and SGD where f* is not
// known.
//
// Reference: N. Loizou, S. Vaswani, I. Laradji, S. Lacoste-Julien, Stochastic Polyak step-size for SGD: an adaptive
// learning rate for fast convergence, AISTATS 2021, equation (4), SPSmax, and the authors' program for τ; the positive part of f - f* after G. Garrigos, R. M.
// Gower, F. Schaipp, Function value learning, 2023.
type SPS struct {
	// Minimum is f*, a lower bound of the values of single samples.
	Minimum float64
	// MaxStep is γ₀, in units of x²/f. If it is 0, 1 is used.
	MaxStep float64
	// Divisor is c, without unit. If it is 0, 0.5 is used.
	Divisor float64
	// Growth is τ, at least 1; 0 selects the first form. For samples of b of N terms the reference has 2 to the power b/N. MaxStep and
	// Schedule then count in the first step alone.
	Growth float64
	// Schedule, if not nil, multiplies MaxStep by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential         // optimize.Method
	k          int     // steps taken
	f          float64 // the value at x
	last       float64 // γ, if Growth
	seen       int     // 1 if f has been observed since the last step
	dim        int
}

// Init implements optimize.Method.
func (r *SPS) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SPS) Reset(dim int) {
	hyper.Dim("method: SPS.Reset", dim)
	hyper.Finite("method: SPS.Minimum", r.Minimum)
	hyper.NonNegative("method: SPS.MaxStep", r.MaxStep)
	hyper.NonNegative("method: SPS.Divisor", r.Divisor)
	if r.Growth != 0 {
		hyper.Between("method: SPS.Growth", r.Growth, 1, math.MaxFloat64)
	}
	r.k, r.f, r.last, r.seen, r.dim = 0, 0, 0, 0, dim
}

// Observe takes the value at the x of the next Step.
func (r *SPS) Observe(f float64) { r.f, r.seen = f, 1 }

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *SPS) Step(x, grad []float64) {
	hyper.Lengths("method: SPS.Step", x, grad, r.dim)
	needValue("SPS", r.seen)
	gap := r.f - r.Minimum
	top := hyper.StepSize(hyper.Or(r.MaxStep, 1), r.Schedule, r.k)
	if r.Growth > 0 {
		if r.k == 0 {
			r.last = top
		}
		top = r.Growth * r.last
	}
	if sq := kernel.SumSquares(grad); sq > 0 && gap > 0 {
		gamma := min(gap/(hyper.Or(r.Divisor, 0.5)*sq), top)
		r.last = gamma
		for i, g := range grad {
			x[i] -= float64(gamma * g)
		}
	}
	r.k++
	r.f, r.seen = 0, 0
}

func (r *SPS) state() state.State {
	return state.State{Counters: []int{r.k, r.dim, r.seen}, Scalars: []float64{r.f, r.last}}
}

// MarshalBinary returns the state: k, the number of variables, the value observed and γ. The exported fields are not part of it.
func (r *SPS) MarshalBinary() ([]byte, error) { return state.Marshal("SPS", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SPS) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("SPS", data, r.state())
	if err == nil {
		r.k, r.dim, r.seen = s.Counters[0], s.Counters[1], s.Counters[2]
		r.f, r.last = s.Scalars[0], s.Scalars[1]
	}
	return err
}
