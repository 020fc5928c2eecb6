package method

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// SAM gives Rule the gradient at the worst point nearby, to find minima that are flat.
//
//	θ ← x, x ← θ + ρ g/‖g‖                     with the gradient at θ
//	x ← θ, then step of Rule from θ            with the gradient at θ + ρ g/‖g‖, of the same draw
//
// Where g is 0, both points are θ. A step takes two evaluations: after every other one the iterate is the point nearby.
// The answer is θ all the time; a run evaluates it once more where the iterate is not. It keeps θ, one vector of the
// length of x, besides what Rule keeps. Rule is shown the values at the point nearby alone, which belong to its
// gradients.
//
// To first order in ρ it minimizes f + ρ‖∇f‖ with the gradients of single draws. Without noise it does not come to rest but
// circles a minimum at a distance; in noise it minimizes f smoothed over a distance of ρ, whose minimum is another
// unless f is symmetric about it: with one variable, curvature h, third derivative f‴ and noise of standard deviation σ,
// great beside ρh, it is -ρ² f‴/2h(1+√(2/π)ρh/σ) away. Never use it to estimate parameters; its purpose is to find, among
// many minima, a wide one.
//
// The gradients of both points must reach it, and its points be left as they are: Accumulate, Cautious, DropWhenStationary,
// Lookahead and Mechanic refuse it. Inside it they may be.
//
// In a plain loop ask Draw for the Sample of every gradient.
//
// Reference: P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, Sharpness-aware minimization for efficiently improving
// generalization, ICLR 2021, Algorithm 1.
type SAM struct {
	// Rule takes the steps. It must not choose its draws, nor hold a Rule that does.
	Rule stochopt.Rule
	// Radius is ρ, in units of x. If it is 0, 0.05 is used.
	Radius float64

	sequential           // optimize.Method
	twoStep              // half: x is the point nearby
	theta      []float64 // θ, then
}

// Init implements optimize.Method.
func (r *SAM) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *SAM) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: SAM.Radius", r.Radius)
	r.held().reset(dim)
	r.held().refuseDraw()
	r.twoStep, r.theta = twoStep{}, make([]float64, dim)
}

// Observe passes the value on to Rule, if it is of the gradient that Rule gets.
func (r *SAM) Observe(f float64) {
	if r.half == 1 {
		r.held().observe(f)
	}
}

// Step implements stochopt.Rule.
func (r *SAM) Step(x, grad []float64) {
	hyper.Lengths("method: SAM.Step", x, grad, len(r.theta))
	if r.half == 1 {
		r.half = 0
		copy(x, r.theta)
		r.Rule.Step(x, grad)
		return
	}
	r.half = 1
	copy(r.theta, x)
	n := kernel.Norm(grad)
	if n == 0 {
		return
	}
	rho := hyper.Or(r.Radius, 0.05)
	for i, g := range grad {
		x[i] += float64(rho * (g / n))
	}
}

// Estimate stores θ, or what Rule makes of it.
func (r *SAM) Estimate(dst, x []float64) {
	if r.half == 1 {
		x = r.theta
	}
	r.held().estimate(dst, x)
}

// Unwrap returns Rule.
func (r *SAM) Unwrap() stochopt.Rule { return r.Rule }

func (r *SAM) held() held { return held{"SAM", r.Rule} }

func (r *SAM) state() state.State {
	return state.State{Counters: r.twoStep.counters(), Vectors: [][]float64{r.theta}}
}

// MarshalBinary returns the state: the half of the step under way, its draw, θ and the state of Rule. The exported
// fields are not part of it.
func (r *SAM) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SAM) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.twoStep, r.theta = twoStepOf(s.Counters), s.Vectors[0]
	}
	return err
}
