package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// QHM is quasi-hyperbolic momentum: a step along the mean of the gradient and its running mean, with weights 1-ν and ν.
//
//	m ← β m + (1-β) g
//	x ← x - α ((1-ν) g + ν m)
//
// m starts at 0, is not corrected for that, and is kept, one vector of the length of x. A steady gradient moves x by α g
// in the end, and by (1-νβ) α g in the first step.
//
// It comprises other methods. ν = 0 is gradient descent; ν = 1 is SGD with Momentum and Dampening β; ν = β is
// Nesterov's form of SGD with Momentum β and step size (1-β) α; AccSGD is it with other letters.
//
// At the default β it forgets a gradient after thousands of steps. Prefer it to SGD with momentum where the noise is
// large and steps are many: a long memory then takes out noise at less cost in stability. It is not invariant to the
// scale of the gradient.
//
// Reference: J. Ma, D. Yarats, Quasi-hyperbolic momentum and Adam for deep learning, ICLR 2019, equations 3 and 4. The
// authors' program divides m by 1-βᵏ, so that its first step is α g.
type QHM struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.003 is used, the choice of docs/stepsizes.md for a few variables of
	// the order of 1; the paper has none, as none suits all scales of f.
	StepSize float64
	// Beta is β in [0, 1), the memory of m. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta float64
	// Nu is ν in [0, 1], the weight of m. If it is 0, 0.7 is used; for none set stochopt.Zero.
	Nu float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m          []float64 // running mean of g
}

// Init implements optimize.Method.
func (r *QHM) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *QHM) Reset(dim int) {
	hyper.Dim("method: QHM.Reset", dim)
	hyper.NonNegative("method: QHM.StepSize", r.StepSize)
	hyper.Unit("method: QHM.Beta", r.Beta)
	hyper.Between("method: QHM.Nu", r.Nu, 0, 1)
	r.k, r.m = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *QHM) Step(x, grad []float64) {
	hyper.Lengths("method: QHM.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-3), r.Schedule, r.k)
	beta, nu := hyper.Or(r.Beta, 0.999), hyper.Or(r.Nu, 0.7)
	m := r.m[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(beta*m[i]) + float64((1-beta)*g)
		x[i] -= float64(alpha * (float64((1-nu)*g) + float64(nu*m[i])))
	}
	r.k++
}

func (r *QHM) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m}}
}

// MarshalBinary returns the state: k and m. The exported fields are not part of it.
func (r *QHM) MarshalBinary() ([]byte, error) { return state.Marshal("QHM", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *QHM) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("QHM", data, r.state())
	if err == nil {
		r.k, r.m = s.Counters[0], s.Vectors[0]
	}
	return err
}
