package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
)

// QHAdam is Adam in which the gradient and its square are mixed into their running means once more.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	x ← x - α ((1-ν₁) g + ν₁ m/c₁) / (√((1-ν₂) g² + ν₂ v/c₂) + ε)
//
// All operations are component by component; m and v start at 0 and are kept, two vectors of the length of x; c₁ and
// c₂ are Adam's bias corrections. Where root and ε are 0, x stays.
//
// ν₁ = ν₂ = 1 is Adam, ν₁ = 0 and ν₂ = 1 is RMSProp with bias correction, and ν₁ = ν₂ = 0 signSGD. As in Adam the
// first step has the length α. A ν₂ below 1 bounds the steps that a gradient out of the ordinary brings about: at ν₁ =
// 0 by α/√(1-ν₂).
//
// Prefer it to Adam where a long memory β₁ is wanted in large noise, but without its delay.
//
// Reference: J. Ma, D. Yarats, Quasi-hyperbolic momentum and Adam for deep learning, ICLR 2019, section 4.
type QHAdam struct {
	// StepSize is α, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none, that of Adam 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.995 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Nu1 is ν₁ in [0, 1], the weight of m. If it is 0, 0.7 is used; for none set stochopt.Zero.
	Nu1 float64
	// Nu2 is ν₂ in [0, 1], the weight of v. If it is 0, 1 is used; for none set stochopt.Zero.
	Nu2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
}

// Init implements optimize.Method.
func (r *QHAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *QHAdam) Reset(dim int) {
	r.moments.reset("method: QHAdam", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Between("method: QHAdam.Nu1", r.Nu1, 0, 1)
	hyper.Between("method: QHAdam.Nu2", r.Nu2, 0, 1)
}

// Step implements stochopt.Rule.
func (r *QHAdam) Step(x, grad []float64) {
	hyper.Lengths("method: QHAdam.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.995), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	nu1, nu2 := hyper.Or(r.Nu1, 0.7), hyper.Or(r.Nu2, 1)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2, wm, wg := 1-b1, 1-b2, nu1/r.c1, 1-nu1
	alpha *= root
	eps *= root
	if nu2 == 1 {
		kernel.NAdam(1, x, grad, r.m, r.v, b1, b2, wm, wg, alpha, 1, eps)
		return
	}
	now := (1 - nu2) * r.c2
	m, v := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		s := float64(now*g*g) + float64(nu2*v[i])
		if d := math.Sqrt(s) + eps; d > 0 {
			x[i] -= float64(alpha*(float64(wm*m[i])+float64(wg*g))) / d
		}
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and v. The exported fields are not part of it.
func (r *QHAdam) MarshalBinary() ([]byte, error) { return r.marshal("QHAdam") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *QHAdam) UnmarshalBinary(data []byte) error { return r.unmarshal("QHAdam", data) }
