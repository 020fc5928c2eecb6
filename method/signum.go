package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Signum moves every variable by α, against the sign of the gradient's running mean.
//
//	m ← μ m + (1-μ) g
//	x ← x - α sign m
//
// All operations are component by component; m starts at 0 and is kept, one vector of the length of x; sign 0 is 0. With
// μ = 0, the zero value, this is signSGD. Since the sign does not know the length of m, μ means here what it means in
// SGD, with or without dampening.
//
// Every step has the length α in every component, whatever the gradients. In normal noise of standard deviation σ
// around a minimum with curvature h, signSGD keeps a distance of √(√(π/2) ασ/2h): to come closer let Schedule decay.
// In skewed noise it goes to where the median of the gradient vanishes, which is not the minimum; a μ near 1 mends
// most of that.
//
// Prefer it where gradients have outliers or unknown scales and the noise is symmetric, or where only the sign of a
// gradient can be had.
//
// Reference: J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, signSGD: compressed optimisation for non-convex
// problems, ICML 2018, Algorithms 1 and 2, with another default for α.
type Signum struct {
	// StepSize is α, in units of x. If it is 0, 0.01 is used, which suits a few parameters of the order of 1; the 1e-4 of the
	// paper suits the many small weights of neural networks.
	StepSize float64
	// Momentum is μ in [0, 1), the memory of m; 0 is none, which is signSGD. The paper has 0.9.
	Momentum float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m          []float64 // running mean of g
}

// Init implements optimize.Method.
func (r *Signum) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Signum) Reset(dim int) {
	hyper.Dim("method: Signum.Reset", dim)
	hyper.NonNegative("method: Signum.StepSize", r.StepSize)
	hyper.Unit("method: Signum.Momentum", r.Momentum)
	r.k, r.m = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Signum) Step(x, grad []float64) {
	hyper.Lengths("method: Signum.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	mu := r.Momentum
	kernel.Lion(1, x, grad, r.m, mu, mu, alpha, 0) // with one memory for both
	r.k++
}

func (r *Signum) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m}}
}

// MarshalBinary returns the state: k and m. The exported fields are not part of it.
func (r *Signum) MarshalBinary() ([]byte, error) { return state.Marshal("Signum", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Signum) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Signum", data, r.state())
	if err == nil {
		r.k, r.m = s.Counters[0], s.Vectors[0]
	}
	return err
}
