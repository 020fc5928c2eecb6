package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
	"github.com/stochopt/stochopt/internal/state"
)

// RMSProp divides the gradient by a running root mean square of itself.
//
//	v ← ρ v + (1-ρ) g²
//	b ← μ b + g / (√v + ε)
//	x ← x - α b
//
// If Centered, a running variance stands for the mean square:
//
//	v ← ρ (v + (1-ρ) (g-c)²)
//	c ← c + (1-ρ) (g-c)
//
// All operations are component by component; v, b and c start at 0 and are kept, three vectors of the length of x. Where v
// and ε are 0, b takes nothing from g.
//
// Nothing corrects the zero that v starts from: the first step has the length α/√(1-ρ), 3.2 α at the default ρ, and
// without momentum no step is longer. With μ, a steady gradient moves x by α/(1-μ) a step. Centered, the first step is longer
// by 1/√ρ, a steady gradient is divided by a variance that goes to 0, and the steps grow until noise or ε stop that. In noise of standard deviation σ
// around a minimum with curvature h, and with ρ near 1, the iterates keep a mean square of about ασ/2h(1-μ).
//
// Prefer Adam, which is RMSProp with a momentum inside the division and corrected averages, unless the gradient changes its
// size on the way: RMSProp forgets faster at its default ρ.
//
// Reference: T. Tieleman, G. Hinton, Lecture 6.5, COURSERA: Neural networks for machine learning, 2012; A. Graves, Generating
// sequences with recurrent neural networks, arXiv:1308.0850, 2013, equations 38 to 41, for centered and momentum. Graves
// keeps the means of g² and g, whose difference v - c² is the v of here in exact arithmetic but can round to less than
// 0, and has ε inside the root, as
// have some programs for the plain form: there 1e-8 acts like 1e-4 here. RhoSchedule is from M. C. Mukkamala, M. Hein, Variants of
// RMSProp and Adagrad with logarithmic regret bounds, ICML 2017, Algorithm 3.
type RMSProp struct {
	// StepSize is α, in units of x. If it is 0, 0.01 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the lecture has none, torch has 0.01 too.
	StepSize float64
	// Rho is ρ in [0, 1), the memory of v and c. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Rho float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Momentum is μ in [0, 1); 0 is none.
	Momentum float64
	// Centered selects the variance of the gradient for v.
	Centered bool
	// RhoSchedule, if not nil, is ρ in step k = 0, 1, ... in place of Rho; it must be in [0, 1). 1-γ/(k+1) with 0 < γ <= 1 and a
	// Schedule of 1/√(k+1) have a regret of the order √T on all convex losses, where every constant ρ has some on which it is
	// of the order T. At γ = 1 that is AdaGrad.
	RhoSchedule func(k int) float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64
	// Lazy leaves x, v, b and c of a variable as they are where its gradient is exactly 0, in Step and in StepSparse, which is then
	// always fast. It is another method: v of a rare variable remembers as many gradients as that of a frequent one, not
	// those of as many steps, and momentum waits for the next gradient. Prefer it where the steps in between are what costs time:
	// with Centered, and with momentum.
	Lazy bool

	sequential            // optimize.Method
	k          int        // steps taken
	v          []float64  // running mean square or variance of g
	b          []float64  // momentum
	c          []float64  // running mean of g, if Centered
	log        replay.Log // steps that some variables have not taken
}

// Init implements optimize.Method.
func (r *RMSProp) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *RMSProp) Reset(dim int) {
	hyper.Dim("method: RMSProp.Reset", dim)
	hyper.NonNegative("method: RMSProp.StepSize", r.StepSize)
	hyper.Unit("method: RMSProp.Rho", r.Rho)
	hyper.NonNegative("method: RMSProp.Epsilon", r.Epsilon)
	hyper.Unit("method: RMSProp.Momentum", r.Momentum)
	r.k, r.v, r.b, r.c = 0, make([]float64, dim), make([]float64, dim), make([]float64, dim)
	r.log = replay.Log{}
}

// Step implements stochopt.Rule.
func (r *RMSProp) Step(x, grad []float64) {
	hyper.Lengths("method: RMSProp.Step", x, grad, len(r.v))
	r.catchAll(x)
	rho, mu, alpha, eps := r.next()
	if !r.Lazy {
		r.move(r.Concurrent, 0, len(x), x, grad, rho, mu, alpha, eps)
		return
	}
	for i, j := kernel.NonZero(grad, 0); i < j; i, j = kernel.NonZero(grad, j) {
		r.move(r.Concurrent, i, j, x, grad[i:j], rho, mu, alpha, eps)
	}
}

// move takes the step of the variables from i to j, of which grad is the gradient.
func (r *RMSProp) move(workers, i, j int, x, grad []float64, rho, mu, alpha, eps float64) {
	if r.Centered {
		kernel.RMSPropCentered(workers, x[i:j], grad, r.v[i:j], r.b[i:j], r.c[i:j], rho, mu, alpha, eps)
	} else {
		kernel.RMSProp(workers, x[i:j], grad, r.v[i:j], r.b[i:j], rho, mu, alpha, eps)
	}
}

// next counts a step and returns what it multiplies by.
func (r *RMSProp) next() (rho, mu, alpha, eps float64) {
	alpha = hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	rho = hyper.Memory("method: RMSProp.Rho", hyper.Or(r.Rho, 0.9), r.RhoSchedule, r.k)
	r.k++
	return rho, r.Momentum, alpha, hyper.Or(r.Epsilon, 1e-8)
}

func (r *RMSProp) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.v, r.b, r.c}, Inner: r.log.MarshalBinary()}
}

// MarshalBinary returns the state: k, v, b and c, and the steps that some variables have not taken. The exported fields are not part
// of it.
func (r *RMSProp) MarshalBinary() ([]byte, error) { return state.Marshal("RMSProp", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *RMSProp) UnmarshalBinary(data []byte) error {
	s, log, err := replay.State("RMSProp", data, r.state())
	if err == nil {
		r.k, r.v, r.b, r.c, r.log = s.Counters[0], s.Vectors[0], s.Vectors[1], s.Vectors[2], log
	}
	return err
}
