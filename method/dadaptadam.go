package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// DAdaptAdam is Adam with a step size that grows to the distance of the minimum.
//
//	a = γ d
//	R ← √β₂ R + (1-√β₂) a <g, s/(√v + ε)>
//	m ← β₁ m + (1-β₁) a g
//	v ← β₂ v + (1-β₂) g²
//	s ← √β₂ s + (1-√β₂) a g
//	d ← max(d, R/((1-√β₂) |s|₁))
//	x ← x - m/(√v + ε)
//
// The first line has the s and v of the step before. d starts at d₀, all else at 0. <·,·> and |·|₁, the sum of absolute values,
// run over all variables, the rest is component by component. It keeps m, v and s, three vectors, and does not remember where
// it started. Where v and ε are 0, m does not move x, and where s is 0, d stays.
//
// Until d has grown the steps are Adam's of the length d₀, without bias correction: the first is d₀ (1-β₁)/√(1-β₂), 3.2 d₀ at the
// defaults. On convex functions with exact subgradients d stays below the greatest component of x₀ - x* if β₁ = 0, as far as seen (to half of
// it); with momentum x overshoots, and d has come to 3.5 times that. In noise R may be negative for thousands of steps, and d stays at d₀; a lucky product makes d too large for good.
// Prefer Prodigy, whose d grows faster, or Adam. Let Schedule decay, or average, to come close to the minimum.
//
// Reference: A. Defazio, K. Mishchenko, Learning-rate-free learning by D-Adaptation, ICML 2023, Algorithm 5, as in the
// authors' program, without its optional bias correction.
type DAdaptAdam struct {
	// InitialDistance is d₀, a guess of the distance of the minimum that is too small, in units of x. If it is 0, 1e-6 is used.
	InitialDistance float64
	// Factor is γ, without unit. If it is 0, 1 is used.
	Factor float64
	// Growth, if not 0, is the greatest factor by which d grows in a step, at least 1.
	Growth float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v, s and R. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	d, sum     float64   // the distance, R
	m, v, s    []float64 // running means of ag, g², and of ag with the memory √β₂
}

// Init implements optimize.Method.
func (r *DAdaptAdam) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *DAdaptAdam) Reset(dim int) {
	hyper.Dim("method: DAdaptAdam.Reset", dim)
	hyper.NonNegative("method: DAdaptAdam.InitialDistance", r.InitialDistance)
	hyper.NonNegative("method: DAdaptAdam.Factor", r.Factor)
	if r.Growth != 0 {
		hyper.Between("method: DAdaptAdam.Growth", r.Growth, 1, math.MaxFloat64)
	}
	hyper.Unit("method: DAdaptAdam.Beta1", r.Beta1)
	hyper.Unit("method: DAdaptAdam.Beta2", r.Beta2)
	hyper.NonNegative("method: DAdaptAdam.Epsilon", r.Epsilon)
	r.k, r.d, r.sum = 0, 0, 0
	r.m, r.v, r.s = make([]float64, dim), make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *DAdaptAdam) Step(x, grad []float64) {
	hyper.Lengths("method: DAdaptAdam.Step", x, grad, len(r.m))
	gamma := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	if r.k == 0 {
		r.d = hyper.Or(r.InitialDistance, 1e-6)
	}
	a, b3 := gamma*r.d, math.Sqrt(b2)
	m, v, s := r.m[:len(x)], r.v[:len(x)], r.s[:len(x)]
	dot, norm := 0.0, 0.0
	for i, g := range grad[:len(x)] {
		if q := math.Sqrt(v[i]) + eps; q > 0 {
			dot += float64(g * (s[i] / q))
		}
		m[i] = float64(b1*m[i]) + float64((1-b1)*a*g)
		v[i] = float64(b2*v[i]) + float64((1-b2)*g*g)
		s[i] = float64(b3*s[i]) + float64((1-b3)*a*g)
		norm += math.Abs(s[i])
		if q := math.Sqrt(v[i]) + eps; q > 0 {
			x[i] -= m[i] / q
		}
	}
	r.sum = float64(b3*r.sum) + float64((1-b3)*a*dot)
	r.d = grow(r.d, r.sum, (1-b3)*norm, r.Growth)
	r.k++
}

func (r *DAdaptAdam) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.d, r.sum}, Vectors: [][]float64{r.m, r.v, r.s}}
}

// MarshalBinary returns the state: k, d, R, m, v and s. The exported fields are not part of it.
func (r *DAdaptAdam) MarshalBinary() ([]byte, error) {
	return state.Marshal("DAdaptAdam", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *DAdaptAdam) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("DAdaptAdam", data, r.state())
	if err == nil {
		r.k, r.d, r.sum = s.Counters[0], s.Scalars[0], s.Scalars[1]
		r.m, r.v, r.s = s.Vectors[0], s.Vectors[1], s.Vectors[2]
	}
	return err
}
