package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Adafactor is RMSProp with a memory that grows, and steps that are a fraction of the size of x.
//
//	v ← b v + (1-b) (g² + ε),  b = 1 - tᵖ        in step t = 1, 2, ..., with p = -0.8
//	u = g / √v,  u ← u / max(1, rms(u)/d)
//	x ← x - max(ξ, rms(x)) min(α, 1/√t) u
//
// rms is the root mean square over a whole block of variables, such as the weights of one layer; everything else is
// component by component. v is kept and u, two vectors of the length of x. As b is 0 at first, nothing is to be
// corrected. Where v is 0, x stays.
//
// The scale of the gradient does not matter, and no step of a block is longer than α d times the greater of rms(x) and
// ξ in its root mean square. As with LAMB, x has an origin. v forgets over a time that grows like t to the power 0.8,
// too slowly for a run through regions of different gradients. Prefer it to LAMB where there is no step size to be
// tuned; Adam otherwise.
//
// Reference: N. Shazeer, M. Stern, Adafactor: adaptive learning rates with sublinear memory cost, ICML 2018, Algorithm
// 5: the form for vectors. What the name stands for, factors of v for a matrix, saves nothing for these.
type Adafactor struct {
	// StepSize is α, the greatest step in units of the size of x. If it is 0, 0.01 is used.
	StepSize float64
	// MinScale is ξ, in units of x, the size at which a block near 0 is taken. If it is 0, 1e-3 is used; for none set
	// stochopt.Zero, and a block at 0 cannot move.
	MinScale float64
	// ClipRMS is d, without unit. If it is 0, 1 is used.
	ClipRMS float64
	// Epsilon is ε, in units of g². If it is 0, 1e-30 is used; for none set stochopt.Zero.
	Epsilon float64
	// DecayPower is -p > 0. If it is 0, 0.8 is used.
	DecayPower float64
	// Blocks are the lengths of the blocks, in the order of x, positive and with the sum dim. If it is empty, x is one
	// block.
	Blocks []int
	// Schedule, if not nil, multiplies the step by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	v          []float64 // running mean of g²
	u          scratch
}

// Init implements optimize.Method.
func (r *Adafactor) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Adafactor) Reset(dim int) {
	hyper.Dim("method: Adafactor.Reset", dim)
	hyper.NonNegative("method: Adafactor.StepSize", r.StepSize)
	hyper.NonNegative("method: Adafactor.MinScale", r.MinScale)
	hyper.NonNegative("method: Adafactor.ClipRMS", r.ClipRMS)
	hyper.NonNegative("method: Adafactor.Epsilon", r.Epsilon)
	hyper.NonNegative("method: Adafactor.DecayPower", r.DecayPower)
	checkBlocks("method: Adafactor.Blocks", r.Blocks, dim)
	r.k, r.v = 0, make([]float64, dim)
	r.u.of(dim)
}

// Step implements stochopt.Rule.
func (r *Adafactor) Step(x, grad []float64) {
	hyper.Lengths("method: Adafactor.Step", x, grad, len(r.v))
	t := float64(r.k + 1)
	step := hyper.StepSize(min(hyper.Or(r.StepSize, 0.01), 1/math.Sqrt(t)), r.Schedule, r.k)
	forget := math.Pow(t, -hyper.Or(r.DecayPower, 0.8))
	eps, floor, most := hyper.Or(r.Epsilon, 1e-30), hyper.Or(r.MinScale, 1e-3), cmp.Or(r.ClipRMS, 1)
	v, u := r.v[:len(x)], r.u.of(len(x))
	for i, g := range grad[:len(x)] {
		v[i] = float64((1-forget)*v[i]) + float64(forget*(float64(g*g)+eps))
		u[i] = 0
		if v[i] > 0 {
			u[i] = g / math.Sqrt(v[i])
		}
	}
	for j, from := 0, 0; from < len(x); j++ {
		to := blockEnd(r.Blocks, j, from, len(x))
		a := max(floor, rms(x[from:to])) * step / max(1, rms(u[from:to])/most)
		for i := from; i < to; i++ {
			x[i] -= float64(a * u[i])
		}
		from = to
	}
	r.k++
}

// rms is the root mean square.
func rms(v []float64) float64 { return kernel.Norm(v) / math.Sqrt(float64(len(v))) }

func (r *Adafactor) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.v}}
}

// MarshalBinary returns the state: k and v. The exported fields are not part of it.
func (r *Adafactor) MarshalBinary() ([]byte, error) {
	return state.Marshal("Adafactor", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Adafactor) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Adafactor", data, r.state())
	if err == nil {
		r.k, r.v = s.Counters[0], s.Vectors[0]
	}
	return err
}
