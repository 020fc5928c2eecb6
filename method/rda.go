package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// RDA is regularized dual averaging: x minimizes the mean of all gradients seen, as a linear function, plus λ|x|₁ and a
// quadratic that holds it to its start.
//
//	ḡ ← ḡ + (g - ḡ)/k
//	u = x₀ - α √k ḡ
//	x = sign(u) max(0, |u| - α λ √k)
//
// All operations are component by component; k = 1, 2, ... counts the steps, ḡ starts at 0 and x₀ is the iterate of the
// first Step after Reset. It keeps x₀ and ḡ, two vectors. x is a function of both: a projection from outside has no effect on the steps after it.
//
// With λ = 0 it is x₀ - α Σg/√k, whatever the order of the gradients, and the first step is α g, as in SGD. The λ of the penalty is
// that of the mean of f, and its zeros are exact, in noise too: prefer it to SGD with a penalty where the zeros matter. The guarantee, f
// - f* of the order 1/√k on convex functions, is for the mean of the iterates.
//
// Reference: Y. Nesterov, Primal-dual subgradient methods for convex problems, Mathematical Programming 120, 2009. L. Xiao, Dual
// averaging methods for regularized stochastic learning and online optimization, Journal of Machine Learning Research 11,
// 2010, Algorithm 1 with β = γ√k and γ = 1/α, both without a default for γ.
type RDA struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.003 is used, the choice of docs/stepsizes.md for a few variables of
	// the order of 1; the papers have none, as none suits all scales of f.
	StepSize float64
	// L1 is λ, in units of the gradient; 0 is none.
	L1 float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	x0, mean   []float64 // the start, ḡ
}

// Init implements optimize.Method.
func (r *RDA) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *RDA) Reset(dim int) {
	hyper.Dim("method: RDA.Reset", dim)
	hyper.NonNegative("method: RDA.StepSize", r.StepSize)
	hyper.NonNegative("method: RDA.L1", r.L1)
	r.k, r.x0, r.mean = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *RDA) Step(x, grad []float64) {
	hyper.Lengths("method: RDA.Step", x, grad, len(r.x0))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 3e-3), r.Schedule, r.k)
	if r.k == 0 {
		copy(r.x0, x)
	}
	r.k++
	k := float64(r.k)
	alpha *= math.Sqrt(k)
	part, shrink := 1/k, alpha*r.L1
	x0, mean := r.x0[:len(x)], r.mean[:len(x)]
	for i, g := range grad[:len(x)] {
		m := mean[i] + float64(part*(g-mean[i]))
		mean[i] = m
		x[i] = x0[i] - float64(alpha*m)
	}
	if r.L1 > 0 {
		for i, u := range x {
			x[i] = math.Copysign(max(0, math.Abs(u)-shrink), u)
		}
	}
}

func (r *RDA) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.x0, r.mean}}
}

// MarshalBinary returns the state: k, x₀ and ḡ. The exported fields are not part of it.
func (r *RDA) MarshalBinary() ([]byte, error) { return state.Marshal("RDA", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *RDA) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("RDA", data, r.state())
	if err == nil {
		r.k, r.x0, r.mean = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
