package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
	"github.com/stochopt/stochopt/internal/state"
)

// SGD is stochastic gradient descent, with momentum where that is wanted.
//
//	b ← μ b + (1-τ) g
//	x ← x - α b              heavy ball
//	x ← x - α (g + μ b)      Nesterov
//
// b starts at 0 and is kept, one vector of the length of x. With μ = τ = 0 both are x ← x - α g. With τ = 0 a steady
// gradient moves x by α g/(1-μ) a step; with τ = μ, where b is a running mean of the gradient, by α g. The stored point of the Nesterov form
// is the one where the gradient is taken.
//
// On a curvature h, the method is stable for α h < 2(1+μ)/(1-τ) without Nesterov, and in noise of variance σ² the
// iterates keep a variance of about ασ²/(2h(1-μ)) at τ = 0. Unlike Adam it is not invariant to the scale of the gradient: α is
// in units of x²/f, and one α must suit all variables. Prefer it to Adam when the curvatures are alike and known, and for
// the last digits with a Schedule that decays like 1/k.
//
// Reference: H. Robbins, S. Monro, A stochastic approximation method, Annals of Mathematical Statistics 22, 1951. B. T. Polyak, Some
// methods of speeding up the convergence of iteration methods, USSR Computational Mathematics and Mathematical Physics 4,
// 1964. Y. Nesterov 1983 in the form of I. Sutskever, J. Martens, G. Dahl, G. Hinton, On the importance of initialization and momentum
// in deep learning, ICML 2013. Some implementations leave the first b undamped.
type SGD struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.001 is used, the choice of docs/stepsizes.md for a few variables of
	// the order of 1; the papers have none, as none suits all scales of f.
	StepSize float64
	// Momentum is μ in [0, 1); 0 is none.
	Momentum float64
	// Dampening is τ in [0, 1); 0 is none.
	Dampening float64
	// Nesterov selects the second form of the step.
	Nesterov bool
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential            // optimize.Method
	k          int        // steps taken
	b          []float64  // momentum
	log        replay.Log // steps that some variables have not taken
	moved      []int      // by the last step, if sparse
	sparse     bool       // the last step was a StepSparse without momentum
}

// Init implements optimize.Method.
func (r *SGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SGD) Reset(dim int) {
	hyper.Dim("method: SGD.Reset", dim)
	hyper.NonNegative("method: SGD.StepSize", r.StepSize)
	hyper.Unit("method: SGD.Momentum", r.Momentum)
	hyper.Unit("method: SGD.Dampening", r.Dampening)
	r.k, r.b = 0, make([]float64, dim)
	r.log, r.sparse = replay.Log{}, false
}

// Step implements stochopt.Rule.
func (r *SGD) Step(x, grad []float64) {
	hyper.Lengths("method: SGD.Step", x, grad, len(r.b))
	if !r.log.Empty() {
		r.log.MomentumAll(x, nil, r.b)
	}
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1e-3), r.Schedule, r.k)
	mu, damp := r.Momentum, 1-r.Dampening
	r.sparse = false
	if r.Nesterov {
		kernel.Nesterov(r.Concurrent, x, grad, r.b, mu, damp, alpha)
	} else {
		kernel.SGD(r.Concurrent, x, grad, r.b, mu, damp, alpha)
	}
	r.k++
}

func (r *SGD) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.b}, Inner: r.log.MarshalBinary()}
}

// MarshalBinary returns the state: k and b, and the steps that some variables have not taken. The exported fields are not part of it.
func (r *SGD) MarshalBinary() ([]byte, error) { return state.Marshal("SGD", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SGD) UnmarshalBinary(data []byte) error {
	s, log, err := replay.State("SGD", data, r.state())
	if err == nil {
		r.k, r.b, r.log, r.sparse = s.Counters[0], s.Vectors[0], log, false
	}
	return err
}
