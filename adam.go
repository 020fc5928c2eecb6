package stochopt

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
	"github.com/stochopt/stochopt/internal/state"
)

type sequential = Sequential

// Adam divides a running mean of the gradient by the root of a running mean of its square.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α (m/c₁) / (√(v/c₂) + ε)
//
// All operations are component by component; m and v start at 0 and are kept, two vectors of the length of x. The bias
// corrections c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ after k steps are the same running means taken over ones. Where v and ε are 0, x
// stays.
//
// The first step has the length α in every component whose gradient is large beside ε, a steady gradient moves x by α a
// step, and no step is longer than 7.27 α at the default β₁ and β₂ (not α, as often said). So α is in units of x: choose it as
// the distance a step may go, and scale the variables if they differ by orders of magnitude. In noise of standard
// deviation σ around a minimum with curvature h the iterates keep a distance of about √(ασ/2h): to come closer let
// Schedule decay, or average.
//
// StepSparse is for gradients that are 0 in nearly all of very many variables.
//
// Prefer Adam to start with on any objective: it needs neither the scale of the gradient nor its noise. The Result of a
// run is the last point, not the luckiest. With optimize.Minimize, set Settings.Converger (a stopping.Stationary for
// instance): gonum's default ends a run after 100 iterations without a better F, which noise brings about early.
//
// Reference: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, Algorithm 1, with another default
// for α. Beta2Schedule is from S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, whose AdamNC does
// not correct m for its start.
//
// A value also has the fields Warm, Project and Concurrent of Sequential.
type Adam struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, which suits a few parameters of the order of 1; the 0.001 of
	// the paper suits the many small weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set Zero. Beta1 should be below √Beta2:
	// otherwise the length of a step has no bound.
	Beta2 float64
	// Beta2Schedule, if not nil, is β₂ in step k = 0, 1, ... in place of Beta2; it must be in [0, 1). With 1-1/(k+1) v is the
	// mean of all squares so far, and with a Schedule of 1/√(k+1) as well this is AdamNC: its regret is of the order √T on all
	// convex losses, where every constant β₂ has some on which it is of the order T.
	Beta2Schedule func(k int) float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) >= 0 in step k = 0, 1, ... How far a variable can travel at
	// all is about StepSize times the sum of the factors. Package schedule has the usual ones.
	Schedule func(k int) float64
	// Lazy leaves x, m and v of a variable as they are where its gradient is exactly 0, in Step and in StepSparse; c₁ and c₂ count all
	// steps. StepSparse is then always fast. It is another method: the momentum of a rare variable waits for its next
	// gradient, and its v remembers as many gradients as that of a frequent one, not those of as many steps. Prefer it where
	// variables come so rarely that their steps in between are what costs time. SparseAdam of torch is the same but for the ε
	// in its steps, which is not multiplied by √c₂, and for gradients that are 0 though the index names them, which it takes.
	Lazy bool

	sequential            // optimize.Method
	k          int        // steps taken
	c1, c2     float64    // running means of 1
	m, v       []float64  // running means of g and g²
	log        replay.Log // steps that some variables have not taken
}

// Init implements optimize.Method.
func (a *Adam) Init(dim, tasks int) int {
	a.sequential.Rule = a
	return a.sequential.Init(dim, tasks)
}

// Reset implements Rule.
func (a *Adam) Reset(dim int) {
	hyper.Dim("stochopt: Adam.Reset", dim)
	hyper.NonNegative("stochopt: Adam.StepSize", a.StepSize)
	hyper.Unit("stochopt: Adam.Beta1", a.Beta1)
	hyper.Unit("stochopt: Adam.Beta2", a.Beta2)
	hyper.NonNegative("stochopt: Adam.Epsilon", a.Epsilon)
	a.k, a.c1, a.c2 = 0, 0, 0
	a.m, a.v = make([]float64, dim), make([]float64, dim)
	a.log = replay.Log{}
}

// Step implements Rule.
func (a *Adam) Step(x, grad []float64) {
	hyper.Lengths("stochopt: Adam.Step", x, grad, len(a.m))
	if !a.log.Empty() {
		a.log.AdamAll(x, a.m, a.v)
	}
	b1, b2, alpha, eps := a.next()
	if !a.Lazy {
		kernel.Adam(a.Concurrent, x, grad, a.m, a.v, b1, b2, alpha, eps)
		return
	}
	for i, j := kernel.NonZero(grad, 0); i < j; i, j = kernel.NonZero(grad, j) {
		kernel.Adam(a.Concurrent, x[i:j], grad[i:j], a.m[i:j], a.v[i:j], b1, b2, alpha, eps)
	}
}

// next counts a step and returns what its kernel needs.
func (a *Adam) next() (b1, b2, alpha, eps float64) {
	alpha = hyper.StepSize(hyper.Or(a.StepSize, 0.1), a.Schedule, a.k)
	b1, eps = hyper.Or(a.Beta1, 0.9), hyper.Or(a.Epsilon, 1e-8)
	b2 = hyper.Memory("stochopt: Adam.Beta2", hyper.Or(a.Beta2, 0.999), a.Beta2Schedule, a.k)
	a.c1 = float64(b1*a.c1) + (1 - b1)
	a.c2 = float64(b2*a.c2) + (1 - b2)
	root := math.Sqrt(a.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	a.k++
	return b1, b2, alpha * (root / a.c1), eps * root
}

func (a *Adam) state() state.State {
	return state.State{Counters: []int{a.k}, Scalars: []float64{a.c1, a.c2}, Vectors: [][]float64{a.m, a.v}, Inner: a.log.MarshalBinary()}
}

// MarshalBinary returns the state: k, c₁, c₂, m and v, and the steps that some variables have not taken. The exported fields are not
// part of it.
func (a *Adam) MarshalBinary() ([]byte, error) { return state.Marshal("Adam", a.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error a is unchanged.
func (a *Adam) UnmarshalBinary(data []byte) error {
	s, log, err := replay.State("Adam", data, a.state())
	if err == nil {
		a.k, a.c1, a.c2, a.m, a.v, a.log = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Vectors[0], s.Vectors[1], log
	}
	return err
}
