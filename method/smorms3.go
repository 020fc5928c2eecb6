package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// SMORMS3 is RMSProp with a memory that is long where the gradient is noise, and a step that is short there.
//
//	r = 1/(n + 1)
//	m ← (1-r) m + r g
//	v ← (1-r) v + r g²
//	q = m²/(v + ε)
//	x ← x - g min(α, q)/(√v + ε)
//	n ← 1 + n (1-q)
//
// All operations are component by component; m and v start at 0, n at 1, and are kept, three vectors of the length of x.
//
// q is the share of the drive in the square of the gradient: near 1 far from a minimum, where the memory is two steps
// long, and near 0 in noise, where it grows and the steps become short by themselves. q is no less than about 1/2n by
// chance, so that the steps decay like 1/n. Prefer it to RMSProp where no Schedule is to be chosen, and a unit of x makes a
// difference of the gradient that is not small beside its noise. Otherwise the steps have decayed before x is at the minimum:
// from a distance of 3, with noise of standard deviation 1, it is within 0.01 after 30000 steps where the curvature is 1, and
// RMSProp within 0.07; but where the curvature is 0.01 it is still 1.7 away, and RMSProp 0.8.
//
// Reference: S. Funk, RMSprop loses to SMORMS3, beware the epsilon!, sifter.org, 2015.
type SMORMS3 struct {
	// StepSize is α, in units of x. If it is 0, 0.3 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; its author has 0.001, for the weights of neural networks.
	StepSize float64
	// Epsilon is ε, in units of g² in q and of g under the step. If it is 0, 1e-16 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m, v, n    []float64 // running means of g and g²; their memory
}

// Init implements optimize.Method.
func (r *SMORMS3) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SMORMS3) Reset(dim int) {
	hyper.Dim("method: SMORMS3.Reset", dim)
	hyper.NonNegative("method: SMORMS3.StepSize", r.StepSize)
	hyper.NonNegative("method: SMORMS3.Epsilon", r.Epsilon)
	r.k, r.m, r.v, r.n = 0, make([]float64, dim), make([]float64, dim), make([]float64, dim)
	for i := range r.n {
		r.n[i] = 1
	}
}

// Step implements stochopt.Rule.
func (r *SMORMS3) Step(x, grad []float64) {
	hyper.Lengths("method: SMORMS3.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.3), r.Schedule, r.k)
	eps := hyper.Or(r.Epsilon, 1e-16)
	m, v, n := r.m[:len(x)], r.v[:len(x)], r.n[:len(x)]
	for i, g := range grad[:len(x)] {
		w := 1 / (n[i] + 1)
		m[i] = float64((1-w)*m[i]) + float64(w*g)
		v[i] = float64((1-w)*v[i]) + float64(w*g*g)
		q := 0.0
		if d := v[i] + eps; d > 0 {
			q = m[i] * m[i] / d
		}
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			x[i] -= g * min(alpha, q) / d
		}
		n[i] = 1 + float64(n[i]*(1-q))
	}
	r.k++
}

func (r *SMORMS3) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m, r.v, r.n}}
}

// MarshalBinary returns the state: k, m, v and n. The exported fields are not part of it.
func (r *SMORMS3) MarshalBinary() ([]byte, error) { return state.Marshal("SMORMS3", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SMORMS3) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("SMORMS3", data, r.state())
	if err == nil {
		r.k, r.m, r.v, r.n = s.Counters[0], s.Vectors[0], s.Vectors[1], s.Vectors[2]
	}
	return err
}
