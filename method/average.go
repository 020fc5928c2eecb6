package method

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Average leaves the steps to Rule and answers with a running mean of the iterates.
//
//	x̄ ← x̄ + w (x - x̄)
//	w = (γ+1)/(γ+j)           uniform for γ = 0, weights that grow like jᵞ otherwise
//	w = (1-d)/(1-dʲ)          exponential
//
// j = 1, 2, ... counts the iterates from a start on; the initial point is not among them. x̄ is the Estimate, which
// optimize.Minimize reports and evaluates: where it is not the iterate, an iteration calls Func once more. It is kept, one
// vector of the length of x, besides what Rule keeps. If Rule has an Estimate of its own, that is the answer until the start.
// Under a projection the mean is of projected iterates, so in a convex set it is feasible.
//
// In noise, a method at constant step keeps a distance from the minimum that its mean does not: after T steps on a quadratic
// with curvature H and gradient noise of covariance S, the uniform mean has the covariance H⁻¹SH⁻¹/T, the least possible,
// whatever the step size; at finite T the start still shows, unless Start is past it or γ is 1 to 8. The exponential mean
// is of about (1+d)/(1-d) iterates and keeps a floor. No mean removes the bias that a constant step has where f is not
// quadratic. Where there is no noise, the uniform mean goes on improving like 1/T after the iterates have arrived, and a
// run may not stop before its limits. Prefer Average for the last digits in noise, when it is known how many steps the way there takes, and
// TailAverage when not.
//
// Reference: D. Ruppert, Efficient estimations from a slowly convergent Robbins-Monro process, 1988, and B. T. Polyak, A. B.
// Juditsky, Acceleration of stochastic approximation by averaging, SIAM Journal on Control and Optimization 30, 1992
// (uniform). O. Shamir, T. Zhang, Stochastic gradient descent for non-smooth optimization, ICML 2013 (γ).
type Average struct {
	// Rule takes the steps.
	Rule stochopt.Rule
	// Start is the number of steps whose iterates are left out; 0 is none.
	Start int
	// Power is γ >= 0; 0 is the uniform mean.
	Power float64
	// Decay is d in [0, 1) of the exponential mean; 0 is none. Not both of Power and Decay may be set.
	Decay float64

	sequential           // optimize.Method
	k          int       // steps taken
	c          float64   // 1-dʲ, as a running mean of 1
	mean       []float64 // x̄ of all iterates but the present one
}

// Init implements optimize.Method.
func (r *Average) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Average) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: Average.Start", float64(r.Start))
	hyper.NonNegative("method: Average.Power", r.Power)
	hyper.Unit("method: Average.Decay", r.Decay)
	if r.Power > 0 && r.Decay > 0 {
		panic("method: Average.Power and Average.Decay are both set, want one of them")
	}
	r.held().reset(dim)
	r.k, r.c, r.mean = 0, 0, make([]float64, dim)
}

// Observe passes the value on to Rule.
func (r *Average) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule. It takes x into the mean before it moves it, since only then is x projected.
func (r *Average) Step(x, grad []float64) {
	hyper.Lengths("method: Average.Step", x, grad, len(r.mean))
	if r.k > r.Start {
		var w float64
		w, r.c = r.weight()
		kernel.Mix(r.Concurrent, r.mean, r.mean, x, w)
	}
	r.Rule.Step(x, grad)
	r.k++
}

// Estimate stores the mean of the iterates, the last of which is x.
func (r *Average) Estimate(dst, x []float64) {
	if r.k <= r.Start {
		r.held().estimate(dst, x)
		return
	}
	w, _ := r.weight()
	kernel.Mix(r.Concurrent, dst, r.mean, x, w)
}

// weight returns w for the present iterate, and its c.
func (r *Average) weight() (w, c float64) {
	if d := r.Decay; d > 0 {
		c = float64(d*r.c) + (1 - d)
		return (1 - d) / c, c
	}
	return (r.Power + 1) / (r.Power + float64(r.k-r.Start)), 0
}

// Unwrap returns Rule.
func (r *Average) Unwrap() stochopt.Rule { return r.Rule }

func (r *Average) held() held { return held{"Average", r.Rule} }

func (r *Average) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.c}, Vectors: [][]float64{r.mean}}
}

// MarshalBinary returns the state: k, 1-dʲ, x̄ of all iterates but the present one, and the state of Rule. The exported fields
// are not part of it. To go on, take the iterate along, not the Result of a run, which is the mean.
func (r *Average) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Average) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.k, r.c, r.mean = s.Counters[0], s.Scalars[0], s.Vectors[0]
	}
	return err
}
