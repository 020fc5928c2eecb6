package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// DeltaBarDelta gives every variable a gain of its own, which grows by a constant while the gradient keeps the sign of its
// mean, and shrinks by a factor when the sign is another.
//
//	w ← w + κ                  if g has the sign of m
//	w ← max(φ w, wmin)         if it has the opposite sign
//	x ← x - α w g
//	m ← θ m + (1-θ) g
//
// All operations are component by component; w starts at 1 and m at 0, and both are kept, two vectors of the length of x.
//
// The gain of a steady gradient is 1 + κ (k-1) in step k; where α w times the curvature is above 2, the signs change and w
// falls. In noise, whose signs are as often equal as opposite, w has the mean κ/(1-φ), 1 at the defaults. Unlike Rprop's, the
// steps are in proportion to the gradient, so that noise averages. There is no upper bound on w: a run of equal signs in a
// flat part makes the steps behind it too long.
//
// Prefer it to SGD for exact gradients, or small noise, where the variables have different curvatures and are hardly correlated.
//
// Reference: R. A. Jacobs, Increased rates of convergence through learning rate adaptation, Neural Networks 1, 1988, where α w
// is the rate and 1-φ is φ. The default constants and the least gain are those of programs for t-SNE, which have momentum
// besides.
type DeltaBarDelta struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.001 is used, the choice of
	// docs/stepsizes.md for a few variables of the order of 1.
	StepSize float64
	// Increase is κ >= 0. If it is 0, 0.2 is used; for gains that never grow set stochopt.Zero.
	Increase float64
	// Decrease is φ in [0, 1). If it is 0, 0.8 is used; for gains that fall to MinGain at once set stochopt.Zero.
	Decrease float64
	// Memory is θ in [0, 1), the memory of m. If it is 0, 0.5 is used; for none, to compare with the last gradient, set stochopt.Zero.
	Memory float64
	// MinGain is wmin > 0. If it is 0, 0.01 is used.
	MinGain float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	m, w       []float64 // running mean of g; gains
}

// Init implements optimize.Method.
func (r *DeltaBarDelta) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *DeltaBarDelta) Reset(dim int) {
	hyper.Dim("method: DeltaBarDelta.Reset", dim)
	hyper.NonNegative("method: DeltaBarDelta.StepSize", r.StepSize)
	hyper.NonNegative("method: DeltaBarDelta.Increase", r.Increase)
	hyper.Unit("method: DeltaBarDelta.Decrease", r.Decrease)
	hyper.Unit("method: DeltaBarDelta.Memory", r.Memory)
	hyper.NonNegative("method: DeltaBarDelta.MinGain", r.MinGain)
	r.k, r.m, r.w = 0, make([]float64, dim), make([]float64, dim)
	for i := range r.w {
		r.w[i] = 1
	}
}

// Step implements stochopt.Rule.
func (r *DeltaBarDelta) Step(x, grad []float64) {
	hyper.Lengths("method: DeltaBarDelta.Step", x, grad, len(r.m))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.001), r.Schedule, r.k)
	kappa, phi, theta := hyper.Or(r.Increase, 0.2), hyper.Or(r.Decrease, 0.8), hyper.Or(r.Memory, 0.5)
	least := cmp.Or(r.MinGain, 0.01)
	deltaBarDelta(x, grad, r.m, r.w, alpha, kappa, phi, theta, least)
	r.k++
}

// deltaBarDelta chooses the gain without a branch, since a processor guesses random signs wrong half of the time.
func deltaBarDelta(x, grad, m, w []float64, alpha, kappa, phi, theta, least float64) {
	rest := 1 - theta
	grad, m, w = grad[:len(x)], m[:len(x)], w[:len(x)]
	for i, g := range grad {
		gain, mean := w[i], m[i]
		same := signed(g, mean)
		chosen := math.Float64bits(gain)
		if more := math.Float64bits(gain + kappa); same > 0 {
			chosen = more
		}
		if less := max(math.Float64bits(phi*gain), math.Float64bits(least)); same < 0 { // bits of numbers >= 0 are in their order
			chosen = less
		}
		gain = math.Float64frombits(chosen)
		w[i] = gain
		x[i] -= float64(alpha * gain * g)
		m[i] = float64(theta*mean) + float64(rest*g)
	}
}

// signed returns a number with the sign of a b, also where that product vanishes, and 0 or NaN where a or b is 0.
func signed(a, b float64) float64 {
	const up = 0x1p600
	return (a * up) * (b * up)
}

func (r *DeltaBarDelta) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m, r.w}}
}

// MarshalBinary returns the state: k, m and w. The exported fields are not part of it.
func (r *DeltaBarDelta) MarshalBinary() ([]byte, error) {
	return state.Marshal("DeltaBarDelta", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *DeltaBarDelta) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("DeltaBarDelta", data, r.state())
	if err == nil {
		r.k, r.m, r.w = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
