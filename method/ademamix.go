package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// AdEMAMix is Adam with a second, much longer running mean of the gradient.
//
//	m ← β₁ m + (1-β₁) g
//	l ← β₃ l + (1-β₃) g
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α (m/c₁ + γ l) / (√(v/c₂) + ε)
//
// All operations are component by component; m, l and v start at 0 and are kept, three vectors of the length of x. c₁
// and c₂ are Adam's bias corrections; l has none and comes in slowly. Where v and ε are 0, x stays.
//
// A steady gradient moves x by α a step at first and by (1+γ)α in the end. In noise the old gradients of l say where
// the valley leads; but l takes some 1/(1-β₃) steps to forget that it has turned, and x overshoots for as long. Prefer
// it to Adam for long runs in directions that persist, with a Schedule that decays; not for a few thousand steps.
//
// Reference: M. Pagliardini, P. Ablin, D. Grangier, The AdEMAMix optimizer: better, faster, older, ICLR 2025, Algorithm
// 1, with constant γ and β₃; the paper lets both grow to their values over the run. The paper's decay is left out.
type AdEMAMix struct {
	// StepSize is α, in units of x. If it is 0, 0.3 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has 0.001 or less, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Beta3 is β₃ in [0, 1), the memory of l. If it is 0, 0.9999 is used; for no memory set stochopt.Zero.
	Beta3 float64
	// Mix is γ, without unit. If it is 0, 5 is used; for 0 set stochopt.Zero, which makes it Adam.
	Mix float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	l []float64 // the longer mean of g
}

// Init implements optimize.Method.
func (r *AdEMAMix) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdEMAMix) Reset(dim int) {
	r.moments.reset("method: AdEMAMix", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Unit("method: AdEMAMix.Beta3", r.Beta3)
	hyper.NonNegative("method: AdEMAMix.Mix", r.Mix)
	r.l = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AdEMAMix) Step(x, grad []float64) {
	hyper.Lengths("method: AdEMAMix.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.3), r.Schedule, r.k)
	b1, b2, b3 := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Beta3, 0.9999)
	mix, eps := hyper.Or(r.Mix, 5), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2, n3, wm, wl := 1-b1, 1-b2, 1-b3, alpha*(root/r.c1), alpha*root*mix
	eps *= root
	m, l, v := r.m[:len(x)], r.l[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		l[i] = float64(b3*l[i]) + float64(n3*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		if d := math.Sqrt(v[i]) + eps; d != 0 {
			x[i] -= (float64(wm*m[i]) + float64(wl*l[i])) / d
		}
	}
}

func (r *AdEMAMix) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.l)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and l. The exported fields are not part of it.
func (r *AdEMAMix) MarshalBinary() ([]byte, error) { return state.Marshal("AdEMAMix", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdEMAMix) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdEMAMix", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.l = s.Vectors[2]
	}
	return err
}
