package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// SM3 goes along a running mean of the directions of AdaGrad.
//
//	s ← s + g²
//	m ← β m + (1-β) g/√s
//	x ← x - α m
//
// All operations are component by component; s and m start at 0 and are kept, two vectors of the length of x. Where s is 0,
// g/√s is 0.
//
// The method is known for the s of a matrix, which it bounds by one number for each row and column. The variables here are a
// vector, whose cover is its components, and there s is that of AdaGrad. What is left is the mean: the first gradient moves x by
// α in all, as in AdaGrad, but over some 1/(1-β) steps. Prefer it to AdaGrad where a second vector does not
// matter: longer steps suit it, and in docs/stepsizes.md it is a quarter of a digit better.
//
// Reference: R. Anil, V. Gupta, T. Koren, Y. Singer, Memory-efficient adaptive optimization, NeurIPS 2019, SM3-II with
// momentum. Some programs add 1e-8 to s under the root.
type SM3 struct {
	// StepSize is α, in units of x. If it is 0, 3 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has it tuned.
	StepSize float64
	// Beta is β in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero, which makes it AdaGrad.
	Beta float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	s, m       []float64 // sum of g²; running mean of g/√s
}

// Init implements optimize.Method.
func (r *SM3) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SM3) Reset(dim int) {
	hyper.Dim("method: SM3.Reset", dim)
	hyper.NonNegative("method: SM3.StepSize", r.StepSize)
	hyper.Unit("method: SM3.Beta", r.Beta)
	r.k, r.s, r.m = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *SM3) Step(x, grad []float64) {
	hyper.Lengths("method: SM3.Step", x, grad, len(r.s))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3), r.Schedule, r.k)
	beta := hyper.Or(r.Beta, 0.9)
	s, m := r.s[:len(x)], r.m[:len(x)]
	for i, g := range grad[:len(x)] {
		s[i] += float64(g * g)
		m[i] *= beta
		if s[i] > 0 {
			m[i] += (1 - beta) * g / math.Sqrt(s[i])
		}
		x[i] -= float64(alpha * m[i])
	}
	r.k++
}

func (r *SM3) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.s, r.m}}
}

// MarshalBinary returns the state: k, s and m. The exported fields are not part of it.
func (r *SM3) MarshalBinary() ([]byte, error) { return state.Marshal("SM3", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SM3) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("SM3", data, r.state())
	if err == nil {
		r.k, r.s, r.m = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
