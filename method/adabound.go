package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// AdaBound goes over from Adam to gradient descent with momentum: it keeps Adam's step sizes, one for each variable,
// between bounds that close in on one value.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	η ← α/c₁ / (√(v/c₂) + ε), or the nearer of aγk/(γk+1) and a(γk+1)/(γk) if that is outside of them
//	x ← x - η m
//
// All operations are component by component; m and v start at 0, c₁ and c₂ are Adam's bias corrections, and k = 1, 2,
// ... counts the steps. Where root and ε are 0, x stays. With AMSBound, v in the third line is the greatest v so far.
// It keeps three vectors of the length of x.
//
// The bounds are in the units of SGD's step size, x²/f, and so is a: set FinalStepSize to what SGD with Momentum and
// Dampening of β₁ would be given. Near the end AdaBound is stable for a h < 2(1+β₁)/(1-β₁) on a curvature h, and it
// diverges after about 1/γ steps if a is too great. Until then the upper bound is loose, but the lower one, k γ a at
// first, rises above Adam's step where gradients are large. It is not invariant to the scale of the gradient.
//
// Prefer it to Adam where the start is far and badly scaled and the end is to be as with SGD.
//
// Reference: L. Luo, Y. Xiong, Y. Liu, X. Sun, Adaptive gradient methods with dynamic bound of learning rate, ICLR
// 2019, Algorithms 2 and 3. They have no bias correction and divide η by √k; the authors' program does as is done
// here, apart from ε, which it adds before the bias correction.
type AdaBound struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, which suits a few parameters of the order of 1; the 0.001 of
	// the paper suits the many small weights of neural networks.
	StepSize float64
	// FinalStepSize is a, in units of x²/f. If it is 0, 0.1 is used.
	FinalStepSize float64
	// Gamma is γ, how fast the bounds close in, the inverse of a number of steps. If it is 0, 0.001 is used.
	Gamma float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// AMSBound lets the unbounded step sizes never grow, as AMSGrad does.
	AMSBound bool
	// Schedule, if not nil, multiplies StepSize and FinalStepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	most []float64 // greatest v so far
}

// Init implements optimize.Method.
func (r *AdaBound) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaBound) Reset(dim int) {
	r.moments.reset("method: AdaBound", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: AdaBound.FinalStepSize", r.FinalStepSize)
	hyper.NonNegative("method: AdaBound.Gamma", r.Gamma)
	r.most = make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AdaBound) Step(x, grad []float64) {
	hyper.Lengths("method: AdaBound.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	a := hyper.StepSize(hyper.Or(r.FinalStepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	gk := cmp.Or(r.Gamma, 1e-3) * float64(r.k)
	low, high := a*gk/(gk+1), a*(gk+1)/gk
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2 := 1-b1, 1-b2
	alpha *= root / r.c1
	eps *= root
	m, v, most := r.m[:len(x)], r.v[:len(x)], r.most[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		s := float64(b2*v[i]) + float64(n2*g*g)
		v[i] = s
		top := max(most[i], s)
		most[i] = top
		if r.AMSBound {
			s = top
		}
		if d := math.Sqrt(s) + eps; d > 0 {
			x[i] -= float64(min(max(alpha/d, low), high) * m[i])
		}
	}
}

func (r *AdaBound) state() state.State {
	s := r.moments.state()
	s.Vectors = append(s.Vectors, r.most)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m, v and its greatest values. The exported fields are not part of it.
func (r *AdaBound) MarshalBinary() ([]byte, error) { return state.Marshal("AdaBound", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaBound) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaBound", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.most = s.Vectors[2]
	}
	return err
}
