package method

import (
	"encoding"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// mechanicRates are the memories of the tuners of Mechanic.
var mechanicRates = [6]float64{0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999}

// Mechanic wraps a Rule and learns by what factor its way from the start is to be stretched.
//
//	h = <g + λ S (|g|/|x|) x, D>
//	M ← max(ρM, |h|),  V ← ρ²V + h²,  R ← max(0, ρR - s h)
//	s = (s₀ M/6 + R)/(√V + ε)
//	D ← D + u
//	x = x₀ + S D,  S = Σs
//
// D is the iterate of the wrapped Rule, started at 0, and u its step at its own step size. The second and third line are
// done for the six memories ρ = 0.9, 0.99, ..., 0.999999, each with its s; S is their sum, in the first line of the step before.
// <·,·> and the Euclidean length |·| run over all variables, and x₀ is the iterate of the first Step after Reset. It keeps x₀ and D,
// two vectors, and what the wrapped Rule keeps. x is a function of the state: a projection from outside
// has no lasting effect on it.
//
// The first step has the length 0, since there is no D, and it takes hundreds of steps until S has grown from s₀ to where it
// belongs. The step size of the wrapped Rule then does not matter, but the shape of its Schedule does. Only at the start it
// does: the first steps are about s₀ times those of the wrapped Rule, and where they are unstable x diverges. For gradient descent with step size α on a curvature h the limit is about s₀αh = 2, or h = 2e10 for α = 0.01 and the default s₀;
// set a smaller InitialScale there. A Rule that divides by the scale of the gradient, such as Adam, has no such limit. Prefer Mechanic where
// a method with a good Schedule is known, but no step size. Parts of the wrapped Rule that depend on x itself see D instead:
// its weight decay pulls to the start, and Decay here to 0.
//
// Observe and Estimate are passed on to the wrapped Rule, whose answer is stretched like its iterate.
//
// Reference: A. Cutkosky, A. Defazio, H. Mehta, Mechanic: a learning rate tuner, NeurIPS 2023, Algorithm 1. In the
// authors' program the wrapped method starts each step from x, so that its weight decay pulls to 0. Others cut h to the
// M of the step before where it enters R, and start with S = s₀ = 1e-6.
type Mechanic struct {
	// Rule is the method to tune. It must not be nil, nor choose its draws or hold a Rule that does: differences of D do not
	// belong to those of gradients at x.
	Rule stochopt.Rule
	// InitialScale is s₀, where S starts, without unit. If it is 0, 1e-8 is used.
	InitialScale float64
	// Decay is λ, without unit, which holds x to 0 in units of the gradient. If it is 0, 0.01 is used; for none set
	// stochopt.Zero.
	Decay float64
	// Epsilon is ε, in units of f. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64

	sequential           // optimize.Method
	k          int       // steps taken
	tuners     tuner     // one component for each memory
	x0, d      []float64 // the start, D
}

// tuner holds M, √V, R and s.
type tuner struct{ m, v, r, s [len(mechanicRates)]float64 }

// scale returns S.
func (t *tuner) scale() (sum float64) {
	for _, s := range t.s {
		sum += s
	}
	return sum
}

// Init implements optimize.Method.
func (r *Mechanic) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets the wrapped Rule as well.
func (r *Mechanic) Reset(dim int) {
	hyper.Dim("method: Mechanic.Reset", dim)
	if r.Rule == nil {
		panic("method: Mechanic.Rule = nil, want a Rule")
	}
	hyper.NonNegative("method: Mechanic.InitialScale", r.InitialScale)
	hyper.NonNegative("method: Mechanic.Decay", r.Decay)
	hyper.NonNegative("method: Mechanic.Epsilon", r.Epsilon)
	r.Rule.Reset(dim)
	held{"Mechanic", r.Rule}.refuseDraw()
	r.k, r.tuners, r.x0, r.d = 0, tuner{}, make([]float64, dim), make([]float64, dim)
}

// Observe passes the value at x on.
func (r *Mechanic) Observe(f float64) {
	if o, ok := r.Rule.(interface{ Observe(f float64) }); ok {
		o.Observe(f)
	}
}

// Step implements stochopt.Rule.
func (r *Mechanic) Step(x, grad []float64) {
	hyper.Lengths("method: Mechanic.Step", x, grad, len(r.x0))
	s0, decay, eps := hyper.Or(r.InitialScale, 1e-8), hyper.Or(r.Decay, 0.01), hyper.Or(r.Epsilon, 1e-8)
	if r.k == 0 {
		copy(r.x0, x)
	}
	t, x0, d := &r.tuners, r.x0[:len(x)], r.d[:len(x)]
	if n := kernel.Norm(x); n > 0 {
		decay *= t.scale() * (kernel.Norm(grad) / n)
	} else {
		decay = 0
	}
	h := 0.0
	for i, g := range grad[:len(x)] {
		h += float64((g + float64(decay*x[i])) * d[i])
	}
	for i, rho := range mechanicRates {
		t.m[i] = max(rho*t.m[i], math.Abs(h))
		t.v[i] = math.Hypot(rho*t.v[i], h) // V itself would overflow for h above 1e154, and with it all later s be 0
		t.r[i] = max(0, float64(rho*t.r[i])-float64(t.s[i]*h))
		t.s[i] = 0
		if q := t.v[i] + eps; q > 0 {
			t.s[i] = (float64(s0/float64(len(mechanicRates))*t.m[i]) + t.r[i]) / q
		}
	}
	r.Rule.Step(d, grad)
	scale := t.scale()
	for i := range x {
		x[i] = x0[i] + float64(scale*d[i])
	}
	r.k++
}

// Estimate stores the answer that belongs to the iterate x: that of the wrapped Rule, stretched, or x if it has none.
func (r *Mechanic) Estimate(dst, x []float64) {
	e, ok := r.Rule.(interface{ Estimate(dst, x []float64) })
	if !ok || r.k == 0 {
		copy(dst, x)
		return
	}
	e.Estimate(dst, r.d)
	scale := r.tuners.scale()
	for i, v := range dst {
		dst[i] = r.x0[i] + float64(scale*v)
	}
}

// Unwrap returns Rule.
func (r *Mechanic) Unwrap() stochopt.Rule { return r.Rule }

func (r *Mechanic) state(inner []byte) state.State {
	t := &r.tuners
	s := state.State{Counters: []int{r.k}, Vectors: [][]float64{r.x0, r.d}, Inner: inner}
	for i := range mechanicRates {
		s.Scalars = append(s.Scalars, t.m[i], t.v[i], t.r[i], t.s[i])
	}
	return s
}

// MarshalBinary returns the state: k, the M, √V, R and s of the six tuners, x₀, D and the state of the wrapped Rule. The
// exported fields are not part of it. It returns an error if the wrapped Rule has no MarshalBinary.
func (r *Mechanic) MarshalBinary() ([]byte, error) {
	m, ok := r.Rule.(encoding.BinaryMarshaler)
	if !ok {
		return nil, fmt.Errorf("stochopt: state of Mechanic: %T has no MarshalBinary", r.Rule)
	}
	inner, err := m.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return state.Marshal("Mechanic", r.state(inner)), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned, to r and to a Rule of the same kind in it. On an error
// both are unchanged.
func (r *Mechanic) UnmarshalBinary(data []byte) error {
	u, ok := r.Rule.(encoding.BinaryUnmarshaler)
	if !ok {
		return fmt.Errorf("stochopt: state of Mechanic: %T has no UnmarshalBinary", r.Rule)
	}
	s, err := state.Unmarshal("Mechanic", data, r.state([]byte{}))
	if err == nil {
		err = u.UnmarshalBinary(s.Inner)
	}
	if err == nil {
		r.k, r.x0, r.d = s.Counters[0], s.Vectors[0], s.Vectors[1]
		for i := range mechanicRates {
			v := s.Scalars[4*i:]
			r.tuners.m[i], r.tuners.v[i], r.tuners.r[i], r.tuners.s[i] = v[0], v[1], v[2], v[3]
		}
	}
	return err
}
