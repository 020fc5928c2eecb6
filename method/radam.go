package method

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// RAdam is Adam with a warm-up that follows from how many gradients v has seen.
//
//	m ← β₁ m + (1-β₁) g
//	v ← β₂ v + (1-β₂) g²
//	ρ = ρ∞ - 2k β₂ᵏ/(1-β₂ᵏ),   ρ∞ = 2/(1-β₂) - 1
//	r = √((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))
//	x ← x - α r (m/c₁) / (√(v/c₂) + ε)        if ρ > 4
//	x ← x - α m/c₁                            if not, and MomentumStart
//
// in step k = 1, 2, ... All operations are component by component; m and v start at 0 and are kept, two vectors of the length
// of x. The bias corrections are c₁ = 1-β₁ᵏ and c₂ = 1-β₂ᵏ. Where v and ε are 0, x stays in a step of the first kind.
//
// While ρ <= 4, in the first 4 steps at the default β₂, the variance of 1/√v does not exist for normal gradients of mean
// 0. By default x waits there. The steps of the paper, MomentumStart, have no divisor: their length is in units of
// the gradient. After the wait the steps grow from 0 to those of Adam: r is 0.05 in step 10, 0.22 in step 100 and 0.65
// in step 1000 at the default β₂.
//
// Prefer it to Adam if the first steps do harm; to a Schedule with a warm-up, if you do not want to choose its length.
//
// Reference: L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao, J. Han, On the variance of the adaptive learning rate and
// beyond, ICLR 2020, Algorithm 2, which has MomentumStart and no ε. Some implementations ask for ρ > 5, and add ε to the
// uncorrected √v.
type RAdam struct {
	// StepSize is α, in units of x. If it is 0, 0.1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none, that of Adam 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used. It must be above 0.6 without MomentumStart: ρ never
	// passes ρ∞, which is 4 there.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// MomentumStart takes the first steps along m instead of waiting. StepSize must then be short enough for SGD, too.
	MomentumStart bool
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	age float64 // c₂ times the mean age of a gradient in v; the newest is 1 old
}

// Init implements optimize.Method.
func (r *RAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *RAdam) Reset(dim int) {
	r.moments.reset("method: RAdam", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	if r.Beta2 != 0 && r.Beta2 <= 0.6 && !r.MomentumStart {
		panic(fmt.Sprintf("method: RAdam.Beta2 = %v, want > 0.6: x would never move", r.Beta2))
	}
	r.age = 0
}

// Step implements stochopt.Rule.
func (r *RAdam) Step(x, grad []float64) {
	hyper.Lengths("method: RAdam.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	// ρ is twice the mean age of the gradients in v, less 1, equation 4 of the paper. Summed up, it does not cancel.
	r.age = float64(b2*r.age) + r.c2
	rho, inf := 2*(r.age/r.c2)-1, 2/(1-b2)-1
	rectified := rho > 4
	alpha /= r.c1
	if rectified {
		alpha *= math.Sqrt((rho - 4) / (inf - 4) * ((rho - 2) / (inf - 2)) * (inf / rho))
	}
	correct := 1 / math.Sqrt(r.c2)
	m, v := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		v[i] = float64(b2*v[i]) + float64((1-b2)*g*g)
		d := float64(math.Sqrt(v[i])*correct) + eps
		switch {
		case rectified && d > 0:
			x[i] -= float64(alpha*m[i]) / d
		case !rectified && r.MomentumStart:
			x[i] -= float64(alpha * m[i])
		}
	}
}

func (r *RAdam) state() state.State {
	s := r.moments.state()
	s.Scalars = append(s.Scalars, r.age)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, the age of v, m and v. The exported fields are not part of it.
func (r *RAdam) MarshalBinary() ([]byte, error) { return state.Marshal("RAdam", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *RAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("RAdam", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.age = s.Scalars[2]
	}
	return err
}
