package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Rprop is resilient propagation: every variable has a step length of its own, which grows while the gradient keeps its
// sign and shrinks when the sign changes.
//
//	d ← min(η₊ d, dmax)              if g has the sign of s
//	d ← max(η₋ d, dmin), g ← 0       if it has the opposite sign
//	x ← x - d sign g
//	s ← sign g
//
// All operations are component by component; d starts at StepSize and s at 0, and both are kept, two vectors of the
// length of x. After a change of sign x waits for one step, and the step after that is of the shortened length.
//
// Only signs count: neither the scale of the gradient nor that of any of its components makes a difference, and d
// finds out the scale of each variable. Prefer it for exact gradients of objectives whose variables are badly scaled
// but hardly correlated, and for full sums. Do not use it in noise: signs that change at random drive d to MinStep,
// and x goes on by that.
//
// Reference: C. Igel, M. Hüsken, Empirical evaluation of the improved Rprop learning algorithms, Neurocomputing 50,
// 2003, where it is iRprop⁻. M. Riedmiller, H. Braun, A direct adaptive method for faster backpropagation learning:
// the RPROP algorithm, ICNN 1993, whence the other defaults.
type Rprop struct {
	// StepSize is the first d, in units of x, if it is between MinStep and MaxStep. If it is 0, 0.01 is used, the choice
	// of docs/stepsizes.md for a few variables of the order of 1; torch has 0.01 too, the paper of 1993 has 0.1.
	StepSize float64
	// Increase is η₊ >= 1. If it is 0, 1.2 is used.
	Increase float64
	// Decrease is η₋ in [0, 1). If it is 0, 0.5 is used.
	Decrease float64
	// MinStep and MaxStep are dmin and dmax, in units of x. If they are 0, 1e-6 and 50 are used.
	MinStep, MaxStep float64

	sequential           // optimize.Method
	k          int       // steps taken
	d          []float64 // step lengths
	s          []float64 // signs of the last gradient, 0 after a change
}

// Init implements optimize.Method.
func (r *Rprop) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Rprop) Reset(dim int) {
	hyper.Dim("method: Rprop.Reset", dim)
	hyper.NonNegative("method: Rprop.StepSize", r.StepSize)
	hyper.Between("method: Rprop.Increase", cmp.Or(r.Increase, 1.2), 1, math.MaxFloat64)
	hyper.Unit("method: Rprop.Decrease", r.Decrease)
	hyper.NonNegative("method: Rprop.MaxStep", r.MaxStep)
	hyper.Between("method: Rprop.MinStep", cmp.Or(r.MinStep, 1e-6), 0, cmp.Or(r.MaxStep, 50))
	r.k, r.d, r.s = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Rprop) Step(x, grad []float64) {
	hyper.Lengths("method: Rprop.Step", x, grad, len(r.d))
	up, down := cmp.Or(r.Increase, 1.2), cmp.Or(r.Decrease, 0.5)
	least, most := cmp.Or(r.MinStep, 1e-6), cmp.Or(r.MaxStep, 50)
	d, s := r.d[:len(x)], r.s[:len(x)]
	if r.k == 0 {
		for i := range d {
			d[i] = min(max(cmp.Or(r.StepSize, 0.01), least), most)
		}
	}
	for i, g := range grad[:len(x)] {
		g = kernel.Sign(g)
		same := g * s[i]
		step := choose(same, max(down*d[i], least), d[i], min(up*d[i], most))
		g = choose(same, 0, g, g)
		d[i] = step
		x[i] -= float64(step * g)
		s[i] = g
	}
	r.k++
}

// choose returns one of three numbers by the sign of s: minus, plus, or zero, also where s is NaN. It has no branch, since a
// processor guesses random signs wrong half of the time.
func choose(s, minus, zero, plus float64) float64 {
	chosen := math.Float64bits(zero)
	if b := math.Float64bits(plus); s > 0 {
		chosen = b
	}
	if b := math.Float64bits(minus); s < 0 {
		chosen = b
	}
	return math.Float64frombits(chosen)
}

func (r *Rprop) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.d, r.s}}
}

// MarshalBinary returns the state: k, d and s. The exported fields are not part of it.
func (r *Rprop) MarshalBinary() ([]byte, error) { return state.Marshal("Rprop", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Rprop) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Rprop", data, r.state())
	if err == nil {
		r.k, r.d, r.s = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
