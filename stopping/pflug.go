package stopping

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// Pflug stops a run when successive gradients have pointed against each other more than along.
//
// This is the statistic of Pflug, in the form of Chee and Toulis; it is a heuristic. After BurnIn major iterations
//
//	S ← S + g_k·g_(k-1)
//
// and the run is stopped with optimize.StepConvergence when S < 0. While a run travels, gradients agree; at the noise
// floor of SGD with step α on a quadratic of curvature h and noise of standard deviation s, E g·g' = -αhs²/(2-αh) in each
// component.
//
// What makes it a heuristic, and a bad one: the mean of a term is of the order of α s², and its standard deviation is
// about s², so that it takes far more than 1/(αh)² terms for a sum to say anything, and S < 0 is looked for in every
// iteration. Where a stage begins at the noise floor of a larger step, as after halving α, the first products have mean
// 0, and S < 0 within 10 of them in 80 % of the cases, at any α, long before the new floor is reached (Pesme et al. prove
// that the scheme fails for this reason). It is here for comparison with published work. Prefer Stationary or Window.
// Major iterations without a gradient are passed over. It keeps 1 vector of the length of x.
//
// References: G. C. Pflug, Non-asymptotic confidence bounds for stochastic approximation algorithms with constant step size,
// Monatshefte für Mathematik 110, 1990; J. Chee, P. Toulis, Convergence diagnostics for stochastic gradient descent with
// constant learning rate, AISTATS 2018; S. Pesme, A. Dieuleveut, N. Flammarion, ICML 2020.
type Pflug struct {
	// BurnIn is the number of gradients that are left out at the start; 0 is none.
	BurnIn int

	last []float64 // gradient
	k    int
	sum  float64
}

// Init implements optimize.Converger.
func (p *Pflug) Init(dim int) {
	if p.BurnIn < 0 {
		panic(fmt.Sprintf("stopping: Pflug.BurnIn = %d, want >= 0", p.BurnIn))
	}
	p.last, p.k, p.sum = zeros(p.last, dim), 0, 0
}

// Converged implements optimize.Converger.
func (p *Pflug) Converged(loc *optimize.Location) optimize.Status {
	if len(loc.Gradient) != len(p.last) {
		return optimize.NotTerminated
	}
	if p.k++; p.k > p.BurnIn+1 {
		p.sum += floats.Dot(loc.Gradient, p.last)
	}
	copy(p.last, loc.Gradient)
	if p.sum < 0 {
		return optimize.StepConvergence
	}
	return optimize.NotTerminated
}

func (p *Pflug) memory() memory {
	return memory{
		counters: []*int{&p.k},
		scalars:  []*float64{&p.sum},
		vectors:  []*[]float64{&p.last},
	}
}

// MarshalBinary returns the state: the last gradient, their number and the sum. The exported fields are not part of it.
func (p *Pflug) MarshalBinary() ([]byte, error) { return p.memory().marshal("Pflug") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error p is unchanged.
func (p *Pflug) UnmarshalBinary(data []byte) error {
	return unmarshal("Pflug", p, (*Pflug).memory, nil, data)
}
