package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// DAdaptSGD is dual averaging, or gradient descent with momentum, with a step size that grows to the distance of the
// minimum.
//
//	a = γ d/|g₁|
//	R ← R + a <g, s>
//	s ← s + a g
//	d ← max(d, 2R/|s|)
//	x ← μ x + (1-μ)(x₀ - s)
//
// g₁ is the first gradient that is not 0; until then nothing moves. d starts at d₀, R and s at 0, and x₀ is the iterate of
// the first Step after Reset. <·,·> and the Euclidean length |·| run over all variables. It keeps x₀ and s, two vectors.
// With μ = 0 the point x₀ - s is a function of the state: a projection from outside has no lasting effect on it.
//
// A step of the length 1e150 or more, after a first gradient next to 0, is not taken, since the sums would overflow.
//
// The first step has the length (1-μ) d₀ whatever the gradient. On a convex function with exact subgradients and μ = 0, R/|s| is at
// most the distance |x₀ - x*|, so that d <= 2|x₀ - x*| for ever if that holds for d₀. Noise gives no such guarantee: a lucky
// product makes d too large for good, and heavy noise keeps R negative and d at d₀. Let Schedule decay, or average, to come
// close to the minimum.
//
// Prefer it to SGD where no step size is known and the noise is small.
//
// Reference: A. Defazio, K. Mishchenko, Learning-rate-free learning by D-Adaptation, ICML 2023, as in the authors'
// program, whose factor 2 the bound d <= |x₀ - x*| of the paper's analysis would not have.
type DAdaptSGD struct {
	// InitialDistance is d₀, a guess of the distance of the minimum that is too small, in units of x. If it is 0, 1e-6 is used.
	InitialDistance float64
	// Factor is γ, without unit. If it is 0, 1 is used.
	Factor float64
	// Momentum is μ in [0, 1); 0 is none.
	Momentum float64
	// Growth, if not 0, is the greatest factor by which d grows in a step, at least 1.
	Growth float64
	// Schedule, if not nil, multiplies Factor by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	d, sum, g1 float64   // the distance, R, |g₁|
	x0, s      []float64 // the start, the weighted sum of g
}

// Init implements optimize.Method.
func (r *DAdaptSGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *DAdaptSGD) Reset(dim int) {
	hyper.Dim("method: DAdaptSGD.Reset", dim)
	hyper.NonNegative("method: DAdaptSGD.InitialDistance", r.InitialDistance)
	hyper.NonNegative("method: DAdaptSGD.Factor", r.Factor)
	hyper.Unit("method: DAdaptSGD.Momentum", r.Momentum)
	if r.Growth != 0 {
		hyper.Between("method: DAdaptSGD.Growth", r.Growth, 1, math.MaxFloat64)
	}
	r.k, r.d, r.sum, r.g1 = 0, 0, 0, 0
	r.x0, r.s = make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *DAdaptSGD) Step(x, grad []float64) {
	hyper.Lengths("method: DAdaptSGD.Step", x, grad, len(r.x0))
	gamma := hyper.StepSize(hyper.Or(r.Factor, 1), r.Schedule, r.k)
	if r.k == 0 {
		copy(r.x0, x)
		r.d = hyper.Or(r.InitialDistance, 1e-6)
	}
	r.k++
	if r.g1 == 0 {
		if r.g1 = math.Sqrt(kernel.SumSquares(grad)); r.g1 == 0 {
			return
		}
	}
	a, mu := gamma*r.d/r.g1, r.Momentum
	if !(a*math.Sqrt(kernel.SumSquares(grad)) < 1e150) {
		return // R and |s|² would overflow
	}
	x0, s := r.x0[:len(x)], r.s[:len(x)]
	dot, norm := 0.0, 0.0
	for i, g := range grad[:len(x)] {
		dot += float64(g * s[i])
		s[i] += float64(a * g)
		norm += float64(s[i] * s[i])
		x[i] = float64(mu*x[i]) + float64((1-mu)*(x0[i]-s[i]))
	}
	r.sum += float64(a * dot)
	r.d = grow(r.d, 2*r.sum, math.Sqrt(norm), r.Growth)
}

// grow returns num/den where that is greater than d, but no more than growth times d unless growth is 0.
func grow(d, num, den, growth float64) float64 {
	if !(den > 0) {
		return d
	}
	e := num / den
	if growth > 0 {
		e = min(e, growth*d)
	}
	return max(d, e)
}

func (r *DAdaptSGD) state() state.State {
	return state.State{Counters: []int{r.k}, Scalars: []float64{r.d, r.sum, r.g1}, Vectors: [][]float64{r.x0, r.s}}
}

// MarshalBinary returns the state: k, d, R, |g₁|, x₀ and s. The exported fields are not part of it.
func (r *DAdaptSGD) MarshalBinary() ([]byte, error) {
	return state.Marshal("DAdaptSGD", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *DAdaptSGD) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("DAdaptSGD", data, r.state())
	if err == nil {
		r.k, r.d, r.sum, r.g1 = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Scalars[2]
		r.x0, r.s = s.Vectors[0], s.Vectors[1]
	}
	return err
}
