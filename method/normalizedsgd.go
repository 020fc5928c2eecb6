package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// NormalizedSGD takes steps of one length in the direction of a running mean of the gradient.
//
//	m ← μ m + (1-μ) g
//	x ← x - α m/|m|
//
// |m| is the Euclidean length over all variables; m starts at 0 and is kept, one vector of the length of x. Where m is
// 0, x stays.
//
// With the mean in front of the normalization single huge gradients decay in m, and it converges in noise of infinite
// variance, with a Schedule that decays. Without the mean, μ = 0, x comes to rest where the mean of g/|g| is 0, which
// is not the minimum if the noise is skewed. It cannot come to rest without a Schedule: the steps do not shrink. Prefer
// it to Signum where the direction of the gradient is to be kept, and to Clip where no bound is known.
//
// Reference: A. Cutkosky, H. Mehta, Momentum improves normalized SGD, ICML 2020, Algorithm 1.
type NormalizedSGD struct {
	// StepSize is α, the length of a step, in units of x. If it is 0, 0.01 is used.
	StepSize float64
	// Momentum is μ in [0, 1), the memory of m; 0 is none.
	Momentum float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m          []float64 // running mean of g
}

// Init implements optimize.Method.
func (r *NormalizedSGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *NormalizedSGD) Reset(dim int) {
	hyper.Dim("method: NormalizedSGD.Reset", dim)
	hyper.NonNegative("method: NormalizedSGD.StepSize", r.StepSize)
	hyper.Unit("method: NormalizedSGD.Momentum", r.Momentum)
	r.k, r.m = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *NormalizedSGD) Step(x, grad []float64) {
	hyper.Lengths("method: NormalizedSGD.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	mu, m := r.Momentum, r.m[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(mu*m[i]) + float64((1-mu)*g)
	}
	if n := kernel.Norm(m); n > 0 {
		for i, v := range m {
			x[i] -= float64(alpha * (v / n))
		}
	}
	r.k++
}

func (r *NormalizedSGD) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m}}
}

// MarshalBinary returns the state: k and m. The exported fields are not part of it.
func (r *NormalizedSGD) MarshalBinary() ([]byte, error) {
	return state.Marshal("NormalizedSGD", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *NormalizedSGD) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("NormalizedSGD", data, r.state())
	if err == nil {
		r.k, r.m = s.Counters[0], s.Vectors[0]
	}
	return err
}
