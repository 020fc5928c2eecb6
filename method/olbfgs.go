package method

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/floats"
)

// OLBFGS is the quasi-Newton method L-BFGS with differences of gradients of one draw, which noise does not spoil.
//
//	p = H g                              g: gradient at x
//	x ← x - α p, s = -α p                or as far in the direction of -g as FirstStep says, before there is a pair
//	y = g' - g + λ s                     g': gradient at the new x, of the draw of g
//	keep the pair (s, y) if <s,y> > δ ‖s‖ ‖y‖, forget the oldest of more than m
//
// H is the inverse of the Hessian that L-BFGS makes of the pairs by its two loops, from the mean of their <s,y>/<y,y>
// times the identity. A step takes two evaluations: the second leaves x and forms the pair. It keeps 2m+3 vectors of
// the length of x, and a step costs about 4m products of vectors besides.
//
// The difference of two gradients of different draws is noise/‖s‖ instead of curvature: ordinary L-BFGS fails on that.
// Here noise that does not depend on x falls out of y, and other noise makes y that of the draw. Around a minimum with
// curvature h in noise of standard deviation σ the iterates of a constant α have the variance ασ²/h²(2-α), as far as H
// is the inverse of the Hessian: that takes the more memory the worse the condition is, and steep directions have a
// multiple of it otherwise. So in the end α must fall: with schedule.InverseTime(1/τ), which is τ/(τ+k), and ατ >= 1 it
// falls like 1/k, the fastest way.
//
// It is for smooth objectives whose noise is small, ill-conditioned rather than rough, with more variables than a full
// matrix is wanted for. Neither the units of f (and of λ) nor a turn of the variables change anything. Where the
// curvature of draws may vanish, λ bounds H by about 1/λ; where it may be negative, which no pair shows, MaxStep bounds
// the step.
//
// The gradients must reach it as they are: put it neither in Accumulate nor in Clip or Noise.
//
// In a plain loop ask Draw for the Sample of every gradient.
//
// Reference: N. N. Schraudolph, J. Yu, S. Günter, A stochastic quasi-Newton method for online convex optimization,
// AISTATS 2007, the method oLBFGS; A. Mokhtari, A. Ribeiro, Global convergence of online limited memory BFGS, JMLR 16,
// 2015. There the first step is 1e-10 g, which a curvature below 1e-6 rounds off, and every pair is kept, which takes
// convex draws.
type OLBFGS struct {
	// StepSize is α, without unit: 1 is Newton's step. If it is 0, 0.01 is used, the choice of docs/stepsizes.md for a few
	// variables of the order of 1; the papers have about 0.1 and less.
	StepSize float64
	// FirstStep is the length of the steps before there is a pair, in units of x. If it is 0, 1e-3 is used. It should
	// be too short to matter, and long beside the rounding of x.
	FirstStep float64
	// MaxStep bounds the length of every step, in units of x; 0 is no bound.
	MaxStep float64
	// Damping is λ, in units of the curvature; 0 is none.
	Damping float64
	// Curvature is δ in [0, 1), the least cosine between s and y. If it is 0, 1e-6 is used; for none set stochopt.Zero.
	Curvature float64
	// Memory is m, read by Reset. If it is 0, 10 is used.
	Memory int
	// Schedule, if not nil, multiplies StepSize and FirstStep by Schedule(k) in step k = 0, 1, ..., of two evaluations.
	Schedule func(k int) float64

	sequential             // optimize.Method
	twoStep                // half: x has moved
	k, pairs   int         // steps taken; pairs kept
	s, y       [][]float64 // of the pairs, the oldest first
	sy, scale  []float64   // <s,y> and <s,y>/<y,y> of the pairs
	from, grad []float64   // x and g before the step
	p, a       scratch
}

// Init implements optimize.Method.
func (r *OLBFGS) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *OLBFGS) Reset(dim int) {
	hyper.Dim("method: OLBFGS.Reset", dim)
	hyper.NonNegative("method: OLBFGS.StepSize", r.StepSize)
	hyper.NonNegative("method: OLBFGS.FirstStep", r.FirstStep)
	hyper.NonNegative("method: OLBFGS.MaxStep", r.MaxStep)
	hyper.NonNegative("method: OLBFGS.Damping", r.Damping)
	hyper.Unit("method: OLBFGS.Curvature", r.Curvature)
	hyper.NonNegative("method: OLBFGS.Memory", float64(r.Memory))
	m := r.memory()
	r.twoStep, r.k, r.pairs = twoStep{}, 0, 0
	r.s, r.y = vectors(m, dim), vectors(m, dim)
	r.sy, r.scale = make([]float64, m), make([]float64, m)
	r.from, r.grad = make([]float64, dim), make([]float64, dim)
	r.p.of(dim)
	r.a.of(m)
}

func (r *OLBFGS) memory() int { return cmp.Or(r.Memory, 10) }

func vectors(n, dim int) [][]float64 {
	v := make([][]float64, n)
	for i := range v {
		v[i] = make([]float64, dim)
	}
	return v
}

// Step implements stochopt.Rule.
func (r *OLBFGS) Step(x, grad []float64) {
	hyper.Lengths("method: OLBFGS.Step", x, grad, len(r.from))
	if r.half == 1 {
		r.half = 0
		r.k++
		r.learn(x, grad)
		return
	}
	r.half = 1
	copy(r.from, x)
	copy(r.grad, grad)
	p := r.direction(grad)
	length := kernel.Norm(p)
	if length == 0 {
		return
	}
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	if r.pairs == 0 {
		alpha = hyper.StepSize(hyper.Or(r.FirstStep, 1e-3), r.Schedule, r.k) / length
	}
	if r.MaxStep > 0 {
		alpha = min(alpha, r.MaxStep/length)
	}
	for i, v := range p {
		x[i] -= float64(alpha * v)
	}
}

// direction returns H g.
func (r *OLBFGS) direction(grad []float64) []float64 {
	p, a := r.p.of(len(grad)), r.a.of(len(r.sy))
	copy(p, grad)
	var scale float64
	for i := r.pairs - 1; i >= 0; i-- {
		a[i] = floats.Dot(r.s[i], p) / r.sy[i]
		floats.AddScaled(p, -a[i], r.y[i])
		scale += r.scale[i]
	}
	if r.pairs > 0 {
		floats.Scale(scale/float64(r.pairs), p)
	}
	for i := range r.pairs {
		floats.AddScaled(p, a[i]-floats.Dot(r.y[i], p)/r.sy[i], r.s[i])
	}
	return p
}

// learn forms the pair of the step to x, where the gradient of the same draw is grad.
func (r *OLBFGS) learn(x, grad []float64) {
	last := len(r.sy) - 1
	i := min(r.pairs, last)
	s, y := r.p.of(len(x)), r.from // y takes the place of the x that is needed no more
	for j, from := range r.from {
		s[j] = x[j] - from
		y[j] = grad[j] - r.grad[j] + float64(r.Damping*s[j])
	}
	// <s,y> must be finite and so must be what it divides.
	sy, yy, cosine := floats.Dot(s, y), floats.Dot(y, y), hyper.Or(r.Curvature, 1e-6)
	if !(sy > cosine*kernel.Norm(s)*kernel.Norm(y)) || sy < 0x1p-1000 || sy > 0x1p1000 || yy < 0x1p-1000 || yy > 0x1p1000 {
		return
	}
	if r.pairs > last { // the oldest makes room
		rotate(r.s)
		rotate(r.y)
		copy(r.sy, r.sy[1:])
		copy(r.scale, r.scale[1:])
	} else {
		r.pairs++
	}
	copy(r.s[i], s)
	copy(r.y[i], y)
	r.sy[i], r.scale[i] = sy, sy/yy
}

// rotate moves the first of v to the end.
func rotate(v [][]float64) {
	first := v[0]
	copy(v, v[1:])
	v[len(v)-1] = first
}

func (r *OLBFGS) state() state.State {
	m := r.memory()
	if r.from == nil {
		return state.State{Counters: make([]int, twoStepCounters+2), Scalars: make([]float64, 2*m), Vectors: make([][]float64, 2*m+2)}
	}
	return state.State{
		Counters: append(r.twoStep.counters(), r.k, r.pairs),
		Scalars:  slices.Concat(r.sy, r.scale),
		Vectors:  slices.Concat(r.s, r.y, [][]float64{r.from, r.grad}),
	}
}

// MarshalBinary returns the state: k, the pairs, x and g before the step, its draw, and the half of it that is under
// way. The exported fields are not part of it.
func (r *OLBFGS) MarshalBinary() ([]byte, error) { return state.Marshal("OLBFGS", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned of a value with the same Memory. On an error r is
// unchanged.
func (r *OLBFGS) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("OLBFGS", data, r.state())
	if err != nil {
		return err
	}
	c, m := s.Counters[twoStepCounters:], len(s.Scalars)/2
	if c[1] > m {
		return fmt.Errorf("stochopt: state of OLBFGS: %d pairs in a memory of %d", c[1], m)
	}
	r.twoStep, r.k, r.pairs = twoStepOf(s.Counters), c[0], c[1]
	r.sy, r.scale = s.Scalars[:m:m], s.Scalars[m:]
	r.s, r.y, r.from, r.grad = s.Vectors[:m:m], s.Vectors[m:2*m:2*m], s.Vectors[2*m], s.Vectors[2*m+1]
	return nil
}
