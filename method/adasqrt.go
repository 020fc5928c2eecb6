package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// AdaSqrt divides the gradient by the sum of its squares, without a root, and multiplies by the root of their number.
//
//	v ← v + g²
//	x ← x - α √k g / (v + ε)
//
// in step k = 1, 2, ... All operations are component by component; v starts at 0 and is kept, one vector of the length of
// x. Where v and ε are 0, x stays.
//
// The steps of a steady gradient, and those in noise, decay like 1/√k, as AdaGrad's do, but are in inverse proportion to
// the gradient: a steady g moves x by about 2 α √k/g in k steps. Where the mean square of g is in proportion to the curvature, as
// that of the score of a likelihood is, this is Newton's scaling. Elsewhere a flat direction gets long steps, and the first
// step has the length α/g, however small g, down to √ε: a variable that starts at its minimum is thrown far away by the first noise,
// unless ε is of the order of the square of the noise or more.
//
// Prefer it to AdaGrad for likelihoods whose variables have different units.
//
// Reference: Y. Hu, L. Lin, S. Tang, Second-order information in first-order optimization methods, arXiv:1912.09926, 2019.
type AdaSqrt struct {
	// StepSize is α, in units of f. If it is 0, 1 is used, the choice of docs/stepsizes.md for a few variables of the order of 1;
	// ensmallen has 0.01.
	StepSize float64
	// Epsilon is ε, in units of g². If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	v          []float64 // sum of g²
}

// Init implements optimize.Method.
func (r *AdaSqrt) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaSqrt) Reset(dim int) {
	hyper.Dim("method: AdaSqrt.Reset", dim)
	hyper.NonNegative("method: AdaSqrt.StepSize", r.StepSize)
	hyper.NonNegative("method: AdaSqrt.Epsilon", r.Epsilon)
	r.k, r.v = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AdaSqrt) Step(x, grad []float64) {
	hyper.Lengths("method: AdaSqrt.Step", x, grad, len(r.v))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1), r.Schedule, r.k)
	eps := hyper.Or(r.Epsilon, 1e-8)
	r.k++
	alpha *= math.Sqrt(float64(r.k))
	v := r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		v[i] += float64(g * g)
		if d := v[i] + eps; d > 0 {
			x[i] -= float64(alpha*g) / d
		}
	}
}

func (r *AdaSqrt) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.v}}
}

// MarshalBinary returns the state: k and v. The exported fields are not part of it.
func (r *AdaSqrt) MarshalBinary() ([]byte, error) { return state.Marshal("AdaSqrt", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaSqrt) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaSqrt", data, r.state())
	if err == nil {
		r.k, r.v = s.Counters[0], s.Vectors[0]
	}
	return err
}
