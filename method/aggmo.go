package method

import (
	"fmt"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// AggMo is gradient descent with several momenta at once, of which the fast damp the oscillations of the slow.
//
//	bⱼ ← μⱼ bⱼ + g                  for every μⱼ
//	x ← x - α (b₁ + ... + bₙ)/n
//
// The bⱼ start at 0 and are kept, n vectors of the length of x. With one μ it is SGD with that Momentum. A steady
// gradient moves x by α g times the mean of 1/(1-μⱼ) in the end, which is 37 at the default, and by α g in the first
// step: choose α anew with the μⱼ.
//
// Prefer it to a single momentum on deterministic objectives with a wide range of curvatures, where a μ great enough for
// the small ones would overshoot. It is not invariant to the scale of the gradient.
//
// Reference: J. Lucas, S. Sun, R. Zemel, R. Grosse, Aggregated momentum: stability through passive damping, ICLR 2019,
// equation 2.
type AggMo struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.0003 is used, the choice of docs/stepsizes.md for a few variables
	// of the order of 1; the paper has none, as none suits all scales of f.
	StepSize float64
	// Momenta are the μⱼ, each in [0, 1). If it is empty, 0, 0.9 and 0.99 are used. Their number must not change between
	// Reset and the last Step.
	Momenta []float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential             // optimize.Method
	k          int         // steps taken
	b          [][]float64 // one for each momentum
}

// Init implements optimize.Method.
func (r *AggMo) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AggMo) Reset(dim int) {
	hyper.Dim("method: AggMo.Reset", dim)
	hyper.NonNegative("method: AggMo.StepSize", r.StepSize)
	for j, mu := range r.Momenta {
		hyper.Unit(fmt.Sprintf("method: AggMo.Momenta[%d]", j), mu)
	}
	r.k, r.b = 0, make([][]float64, len(r.momenta()))
	for j := range r.b {
		r.b[j] = make([]float64, dim)
	}
}

// near is the number of variables that are moved by all momenta at once: so few that they stay in the nearest cache.
const near = 512

// Step implements stochopt.Rule.
func (r *AggMo) Step(x, grad []float64) {
	momenta := r.momenta()
	if len(r.b) != len(momenta) {
		panic(fmt.Sprintf("method: AggMo.Step: %d momenta, want the %d of Reset", len(momenta), len(r.b)))
	}
	hyper.Lengths("method: AggMo.Step", x, grad, len(r.b[0]))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-4), r.Schedule, r.k) / float64(len(momenta))
	for from := 0; from < len(x); from += near {
		to := min(from+near, len(x))
		for j, mu := range momenta {
			kernel.SGD(1, x[from:to], grad[from:to], r.b[j][from:to], mu, 1, alpha)
		}
	}
	r.k++
}

var defaultMomenta = []float64{0, 0.9, 0.99}

func (r *AggMo) momenta() []float64 {
	if len(r.Momenta) == 0 {
		return defaultMomenta
	}
	return r.Momenta
}

func (r *AggMo) state() state.State {
	b := r.b
	if b == nil { // before Reset
		b = make([][]float64, len(r.momenta()))
	}
	return state.State{Counters: []int{r.k}, Vectors: b}
}

// MarshalBinary returns the state: k and the bⱼ. The exported fields are not part of it.
func (r *AggMo) MarshalBinary() ([]byte, error) { return state.Marshal("AggMo", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AggMo) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AggMo", data, r.state())
	if err == nil {
		r.k, r.b = s.Counters[0], s.Vectors
	}
	return err
}
