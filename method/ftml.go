package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// FTML follows the moving leader: x is the minimum of the sum of all past linear models, each with a quadratic around its
// point, in which the past is forgotten at the rate β₁.
//
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α (1-β₁)/c₁ g / (√(v/c₂) + ε)
//
// All operations are component by component; v starts at 0 and is kept, one vector of the length of x. c₁ and c₂ are
// Adam's bias corrections, 1-β₁ᵏ and 1-β₂ᵏ in step k = 1, 2, ... Where root and ε are 0, x stays.
//
// The reference writes x as -z/d, with d = c₁/α (√(v/c₂) + ε) and a vector z that takes up (1-β₁) g - (d - β₁ d of the
// step before) x in every step. As z is -d x from one step to the next, this is the same; written as above it needs
// neither z nor d, and x may be changed between the steps. So FTML is RMSProp with bias correction and a step size
// that falls from α to (1-β₁) α in the first 1/(1-β₁) steps or so: the first step has the length α, a steady gradient
// moves x by (1-β₁) α a step in the end, and no late step is longer than (1-β₁) α/√(1-β₂), 12.6 α at the defaults.
//
// Prefer it to Adam where the objective changes while it is being minimized, since it answers to the present gradient.
//
// Reference: S. Zheng, J. T. Kwok, Follow the moving leader in deep learning, ICML 2017, Algorithm 1.
type FTML struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of past models. If it is 0, 0.6 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	c1, c2     float64   // running means of 1
	v          []float64 // running mean of g²
}

// Init implements optimize.Method.
func (r *FTML) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *FTML) Reset(dim int) {
	hyper.Dim("method: FTML.Reset", dim)
	hyper.NonNegative("method: FTML.StepSize", r.StepSize)
	hyper.Unit("method: FTML.Beta1", r.Beta1)
	hyper.Unit("method: FTML.Beta2", r.Beta2)
	hyper.NonNegative("method: FTML.Epsilon", r.Epsilon)
	r.k, r.c1, r.c2, r.v = 0, 0, 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *FTML) Step(x, grad []float64) {
	hyper.Lengths("method: FTML.Step", x, grad, len(r.v))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.6), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.c1 = float64(b1*r.c1) + (1 - b1)
	r.c2 = float64(b2*r.c2) + (1 - b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n2 := 1 - b2
	alpha *= root * ((1 - b1) / r.c1)
	eps *= root
	v := r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			x[i] -= float64(alpha*g) / d
		}
	}
	r.k++
}

func (r *FTML) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.c1, r.c2}, Vectors: [][]float64{r.v}}
}

// MarshalBinary returns the state: k, c₁, c₂ and v. The exported fields are not part of it.
func (r *FTML) MarshalBinary() ([]byte, error) { return state.Marshal("FTML", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *FTML) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("FTML", data, r.state())
	if err == nil {
		r.k, r.c1, r.c2, r.v = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Vectors[0]
	}
	return err
}
