package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// MoMoAdam is Adam with the Polyak step of a model of f as a bound: MoMo in the metric of Adam.
//
//	f̄ ← β₁ (f̄ + <m, x-y>) + (1-β₁) f
//	m ← β₁ m + (1-β₁) g,  y ← x
//	v ← β₂ v + (1-β₂) g²
//	D = √(v/c₂) + ε
//	x ← x - τ m/D,  τ = min(α/c₁, (f̄ - c₁ f*)/<m, m/D>)
//
// Operations on vectors are component by component, but for the products <,>. f̄, m and v start at 0; c₁ and c₂ are Adam's bias
// corrections. f and g are value and gradient at x of the same sample; Observe must be given f before every Step (a run
// under Minimize does). f* is a lower bound of f, often 0. Where f̄ is not above c₁ f*, x stays, and so does a component
// whose D is 0. m, v and y are kept, three vectors of the length of x.
//
// f̄/c₁ is the mean of the tangents of the last samples at x, and a step goes along Adam's direction to where it is f*, or
// is Adam's. So α may be chosen large, and near f* steps become short. The step does not know the noise: where f* is not
// reached it is Adam's. Prefer it to Adam where f* is known and about reached, and to MoMo where the scales of the variables
// differ.
//
// Reference: F. Schaipp, R. Ohana, M. Eickenberg, A. Defazio, R. M. Gower, MoMo: momentum models for adaptive learning
// rates, ICML 2024, MoMo-Adam, without decay and without an estimate of f*. There f̄ - <m,x> is kept instead, which
// cancels where x is far from 0.
type MoMoAdam struct {
	// Minimum is f*, a lower bound of f.
	Minimum float64
	// MaxStep is α, in units of x. If it is 0, 0.1 is used, that of Adam; some programs have 0.01, for the weights of
	// neural networks.
	MaxStep float64
	// Beta1 is β₁ in [0, 1), the memory of f̄ and m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies MaxStep by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	f    float64   // the value at x
	seen int       // 1 if f has been observed since the last step
	mean float64   // f̄
	y    []float64 // the x before
}

// Init implements optimize.Method.
func (r *MoMoAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *MoMoAdam) Reset(dim int) {
	r.moments.reset("method: MoMoAdam", dim, 0, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Finite("method: MoMoAdam.Minimum", r.Minimum)
	hyper.NonNegative("method: MoMoAdam.MaxStep", r.MaxStep)
	r.f, r.seen, r.mean, r.y = 0, 0, 0, make([]float64, dim)
}

// Observe takes the value at the x of the next Step.
func (r *MoMoAdam) Observe(f float64) { r.f, r.seen = f, 1 }

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *MoMoAdam) Step(x, grad []float64) {
	hyper.Lengths("method: MoMoAdam.Step", x, grad, len(r.m))
	needValue("MoMoAdam", r.seen)
	top := hyper.StepSize(hyper.Or(r.MaxStep, 0.1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	m, v, y := r.m[:len(x)], r.v[:len(x)], r.y[:len(x)]
	for i, e := range x {
		r.mean += float64(m[i] * (e - y[i]))
	}
	copy(y, x)
	r.mean = float64(b1*r.mean) + float64((1-b1)*r.f)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2 := 1-b1, 1-b2
	eps *= root
	var square float64
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			square += float64(m[i] * (m[i] / d))
		}
	}
	square *= root
	if gap := r.mean - float64(r.c1*r.Minimum); gap > 0 {
		tau := min(gap/square, top/r.c1) // the second where the square vanishes
		tau *= root
		for i := range x {
			if d := math.Sqrt(v[i]) + eps; d > 0 {
				x[i] -= float64(tau * (m[i] / d))
			}
		}
	}
	r.f, r.seen = 0, 0
}

func (r *MoMoAdam) state() state.State {
	s := r.moments.state()
	s.Counters = append(s.Counters, r.seen)
	s.Scalars = append(s.Scalars, r.f, r.mean)
	s.Vectors = append(s.Vectors, r.y)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, f̄, m, v, y and the value observed. The exported fields are not part of it.
func (r *MoMoAdam) MarshalBinary() ([]byte, error) { return state.Marshal("MoMoAdam", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *MoMoAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("MoMoAdam", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.seen, r.f, r.mean, r.y = s.Counters[1], s.Scalars[2], s.Scalars[3], s.Vectors[2]
	}
	return err
}
