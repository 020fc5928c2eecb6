package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// MoMo is momentum with the Polyak step of a model of f, which is made of the last values and gradients.
//
//	f̄ ← β (f̄ + <d, x-y>) + (1-β) f              f at first
//	d ← β d + (1-β) g,  y ← x                    g at first
//	x ← x - τ d,  τ = min(α, (f̄ - f*)/|d|²)
//
// f and g are value and gradient at x of the same sample; Observe must be given f before every Step (a run under
// Minimize does). f* is a lower bound of f, often 0, and |d| the Euclidean length. Where f̄ is not above f*, or d = 0,
// x stays. d and y are kept, two vectors of the length of x.
//
// f̄ is the mean of the tangents of the last samples at x, and a step goes down their slope d to where it is f*, or by
// α d. So α may be chosen large. The step does not know the noise: where f* is not reached it is α. Prefer it to SPS
// for its mean, and to SGD where f* is known.
//
// Reference: F. Schaipp, R. Ohana, M. Eickenberg, A. Defazio, R. M. Gower, MoMo: momentum models for adaptive learning
// rates, ICML 2024, Algorithm 1, without decay and without an estimate of f*. There f̄ - <d,x> is kept instead, which
// cancels where x is far from 0.
type MoMo struct {
	// Minimum is f*, a lower bound of f.
	Minimum float64
	// MaxStep is α, in units of x²/f. If it is 0, 1 is used.
	MaxStep float64
	// Beta is β in [0, 1), the memory of f̄ and d. If it is 0, 0.9 is used; for no memory set stochopt.Zero: that is
	// SPS with the Divisor 1.
	Beta float64
	// Schedule, if not nil, multiplies MaxStep by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	f          float64   // the value at x
	seen       int       // 1 if f has been observed since the last step
	mean       float64   // f̄
	d, y       []float64 // running mean of g; the x before
}

// Init implements optimize.Method.
func (r *MoMo) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *MoMo) Reset(dim int) {
	hyper.Dim("method: MoMo.Reset", dim)
	hyper.Finite("method: MoMo.Minimum", r.Minimum)
	hyper.NonNegative("method: MoMo.MaxStep", r.MaxStep)
	hyper.Unit("method: MoMo.Beta", r.Beta)
	r.k, r.f, r.seen, r.mean = 0, 0, 0, 0
	r.d, r.y = make([]float64, dim), make([]float64, dim)
}

// Observe takes the value at the x of the next Step.
func (r *MoMo) Observe(f float64) { r.f, r.seen = f, 1 }

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *MoMo) Step(x, grad []float64) {
	hyper.Lengths("method: MoMo.Step", x, grad, len(r.d))
	needValue("MoMo", r.seen)
	top := hyper.StepSize(hyper.Or(r.MaxStep, 1), r.Schedule, r.k)
	beta := hyper.Or(r.Beta, 0.9)
	if r.k == 0 {
		beta = 0
	}
	d, y := r.d[:len(x)], r.y[:len(x)]
	for i, v := range x {
		r.mean += float64(d[i] * (v - y[i]))
	}
	copy(y, x)
	r.mean = float64(beta*r.mean) + float64((1-beta)*r.f)
	for i, g := range grad[:len(x)] {
		d[i] = float64(beta*d[i]) + float64((1-beta)*g)
	}
	if gap := r.mean - r.Minimum; gap > 0 {
		tau := min(gap/kernel.SumSquares(d), top) // top where the square vanishes
		for i, v := range d {
			x[i] -= float64(tau * v)
		}
	}
	r.k++
	r.f, r.seen = 0, 0
}

func (r *MoMo) state() state.State {
	return state.State{Counters: []int{r.k, r.seen}, Scalars: []float64{r.f, r.mean}, Vectors: [][]float64{r.d, r.y}}
}

// MarshalBinary returns the state: k, f̄, d, y and the value observed. The exported fields are not part of it.
func (r *MoMo) MarshalBinary() ([]byte, error) { return state.Marshal("MoMo", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *MoMo) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("MoMo", data, r.state())
	if err == nil {
		r.k, r.seen, r.f, r.mean = s.Counters[0], s.Counters[1], s.Scalars[0], s.Scalars[1]
		r.d, r.y = s.Vectors[0], s.Vectors[1]
	}
	return err
}
