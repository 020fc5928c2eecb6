package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Prodigy is Adam with a step size that grows to the distance of the minimum.
//
//	a = γ d
//	s ← √β₂ s + (d/d₀) a g
//	R ← √β₂ R + (d/d₀) a <g, x₀ - x>
//	m ← β₁ m + (1-β₁) d g
//	v ← β₂ v + (1-β₂) d² g²
//	d ← max(d, q R/|s|₁)
//	x ← x - a (m/(√v + dε) + λ x)
//
// a keeps the old d in the last line. d starts at d₀, and x₀ is the iterate of the first Step after Reset. <·,·> and |·|₁, the
// sum of absolute values, run over all variables, the rest is component by component. It keeps x₀, s, m and v, four vectors.
// Where v and ε are 0, m does not move x, and where s is 0, d stays.
//
// Until d has grown the steps are Adam's of the length d₀, without bias correction: the first is d₀ (1-β₁)/√(1-β₂), 3.2 d₀ at the
// defaults. On a convex function with exact gradients d stays below the greatest component of x₀ - x*. d
// never falls: let Schedule decay, or average, to come close to the minimum. Where noise drowns the gradient, d stays near d₀
// for long; a d₀ of a thousandth of the expected distance helps.
//
// Prefer it to Adam where no step size is known, and to DoG where the scales of the gradient's components differ.
//
// Reference: K. Mishchenko, A. Defazio, Prodigy: an expeditiously adaptive parameter-free learner, ICML 2024,
// Algorithm 4, as in the authors' program, without its optional bias correction and safeguard for warm-up.
type Prodigy struct {
	// InitialDistance is d₀, a guess of the distance of the minimum that is too small, in units of x. If it is 0, 1e-6 is used.
	InitialDistance float64
	// Factor is γ, without unit. If it is 0, 1 is used.
	Factor float64
	// Coefficient is q, which multiplies the estimates of the distance. If it is 0, 1 is used.
	Coefficient float64
	// Growth, if not 0, is the greatest factor by which d grows in a step, at least 1. It bounds the first rise too, which
	// the authors' program does not.
	Growth float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v, s and R. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the gradient, outside the root. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// WeightDecay is λ, in units of 1/x, decoupled from m and v; 0 is none.
	WeightDecay float64
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential            // optimize.Method
	k           int       // steps taken
	d, top      float64   // the distance, and what it would be without Growth
	sum         float64   // R
	x0, s, m, v []float64 // the start, the weighted sum of g, running means of dg and d²g²
}

// Init implements optimize.Method.
func (r *Prodigy) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Prodigy) Reset(dim int) {
	hyper.Dim("method: Prodigy.Reset", dim)
	hyper.NonNegative("method: Prodigy.InitialDistance", r.InitialDistance)
	hyper.NonNegative("method: Prodigy.Factor", r.Factor)
	hyper.NonNegative("method: Prodigy.Coefficient", r.Coefficient)
	if r.Growth != 0 {
		hyper.Between("method: Prodigy.Growth", r.Growth, 1, math.MaxFloat64)
	}
	hyper.Unit("method: Prodigy.Beta1", r.Beta1)
	hyper.Unit("method: Prodigy.Beta2", r.Beta2)
	hyper.NonNegative("method: Prodigy.Epsilon", r.Epsilon)
	hyper.NonNegative("method: Prodigy.WeightDecay", r.WeightDecay)
	r.k, r.d, r.top, r.sum = 0, 0, 0, 0
	r.x0, r.s, r.m, r.v = make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *Prodigy) Step(x, grad []float64) {
	hyper.Lengths("method: Prodigy.Step", x, grad, len(r.x0))
	gamma, d0, coef := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k), hyper.Or(r.InitialDistance, 1e-6), hyper.Or(r.Coefficient, 1)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-8)
	if r.k == 0 {
		copy(r.x0, x)
		r.d, r.top = d0, d0
	}
	d, b3 := r.d, math.Sqrt(b2)
	a := gamma * d
	weight := d / d0 * a
	x0, s, m, v := r.x0[:len(x)], r.s[:len(x)], r.m[:len(x)], r.v[:len(x)]
	dot, norm := 0.0, 0.0
	for i, g := range grad[:len(x)] {
		dot += float64(g * (x0[i] - x[i]))
		s[i] = float64(b3*s[i]) + float64(weight*g)
		norm += math.Abs(s[i])
		dg := d * g
		m[i] = float64(b1*m[i]) + float64((1-b1)*dg)
		v[i] = float64(b2*v[i]) + float64((1-b2)*dg*dg)
	}
	r.sum = float64(b3*r.sum) + float64(weight*dot)
	if norm > 0 {
		r.top = max(r.top, coef*r.sum/norm)
	}
	r.d = r.top
	if r.Growth > 0 {
		r.d = min(r.top, r.Growth*d)
	}
	for i := range x {
		u := float64(r.WeightDecay * x[i])
		if q := math.Sqrt(v[i]) + float64(r.d*eps); q > 0 {
			u += m[i] / q
		}
		x[i] -= float64(a * u)
	}
	r.k++
}

func (r *Prodigy) state() state.State {
	return state.State{
		Counters: []int{r.k}, Scalars: []float64{r.d, r.top, r.sum}, Vectors: [][]float64{r.x0, r.s, r.m, r.v},
	}
}

// MarshalBinary returns the state: k, d with and without Growth, R, x₀, s, m and v. The exported fields are not part of it.
func (r *Prodigy) MarshalBinary() ([]byte, error) { return state.Marshal("Prodigy", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Prodigy) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Prodigy", data, r.state())
	if err == nil {
		r.k, r.d, r.top, r.sum = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Scalars[2]
		r.x0, r.s, r.m, r.v = s.Vectors[0], s.Vectors[1], s.Vectors[2], s.Vectors[3]
	}
	return err
}
