package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// SWATS begins as Adam and goes on as gradient descent with momentum, at the step size that Adam's steps have had.
//
//	p = Adam's step from x,  x ← x + p                      first phase
//	r = |p|²/-<p,g>                                         where <p,g> is not 0
//	l ← β₂ l + (1-β₂) r
//	second phase from k = 2 on, if L = l/c₂ > 0 and |L - r| <= e L
//
//	b ← β₁ b + g                                            second phase
//	x ← x - (1-β₁) L b
//
// r is the step size at which p is the component along p of a step of gradient descent. b and l start at 0; c₂ is
// Adam's bias correction. Two vectors of the length of x are kept and a third for p.
//
// The end is gradient descent's, without a step size of one's own, and L has the right units, so that the scale of the
// gradient does not matter in either phase. But the condition may hold by chance, in noise above all, where r is
// negative now and then and wild where p and g are nearly orthogonal; or it may not hold in time, and then this is
// Adam. Prefer Adam with a Schedule.
//
// Reference: N. S. Keskar, R. Socher, Improving generalization performance by switching from Adam to SGD, arXiv:1712.07628,
// 2017, Algorithm 1. There the condition is |L - r| < e, which depends on units, and L may be negative.
type SWATS struct {
	// StepSize is α of Adam, in units of x. If it is 0, 0.03 is used, the choice of docs/stepsizes.md for a few variables
	// of the order of 1; the paper has 0.001, for the weights of neural networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m and b. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v and l. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε of Adam, in units of the gradient. If it is 0, 1e-8 is used; for none set stochopt.Zero.
	Epsilon float64
	// Tolerance is e, without unit. If it is 0, 1e-9 is used.
	Tolerance float64
	// Schedule, if not nil, multiplies StepSize, and L later, by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments    // m is b in the second phase
	p          scratch
	l          float64 // running mean of r
	step       float64 // L in the second phase, 0 in the first
}

// Init implements optimize.Method.
func (r *SWATS) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SWATS) Reset(dim int) {
	r.moments.reset("method: SWATS", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.NonNegative("method: SWATS.Tolerance", r.Tolerance)
	r.l, r.step = 0, 0
	r.p.of(dim)
}

// Step implements stochopt.Rule.
func (r *SWATS) Step(x, grad []float64) {
	hyper.Lengths("method: SWATS.Step", x, grad, len(r.m))
	b1 := hyper.Or(r.Beta1, 0.9)
	if r.step == 0 {
		r.adam(x, grad, b1, hyper.Or(r.Beta2, 0.999))
		return
	}
	alpha := hyper.StepSize(r.step, r.Schedule, r.k)
	kernel.SGD(1, x, grad, r.m, b1, 1, (1-b1)*alpha)
	r.k++
}

// adam is a step of the first phase.
func (r *SWATS) adam(x, grad []float64, b1, b2 float64) {
	alpha, eps := hyper.StepSize(hyper.Or(r.StepSize, 0.03), r.Schedule, r.k), hyper.Or(r.Epsilon, 1e-8)
	r.count(b1, b2)
	root := math.Sqrt(r.c2) // numerator and denominator are multiplied by it, which costs less than dividing v by c₂
	n1, n2 := 1-b1, 1-b2
	alpha *= root / r.c1
	eps *= root
	m, v, p := r.m[:len(x)], r.v[:len(x)], r.p.of(len(x))
	var along float64 // -<p,g>
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		step := 0.0
		if d := math.Sqrt(v[i]) + eps; d != 0 {
			step = -float64(alpha*m[i]) / d
		}
		p[i] = step
		x[i] += step
		along -= float64(step * g)
	}
	rate := kernel.SumSquares(p) / along
	if along == 0 || rate-rate != 0 {
		return
	}
	r.l = float64(b2*r.l) + float64((1-b2)*rate)
	l := r.l / r.c2
	if r.k > 1 && l > 0 && math.Abs(l-rate) <= cmp.Or(r.Tolerance, 1e-9)*l {
		r.step = l
		clear(m)
	}
}

func (r *SWATS) state() state.State {
	s := r.moments.state()
	s.Scalars = append(s.Scalars, r.l, r.step)
	return s
}

// MarshalBinary returns the state: k, c₁, c₂, m or b, v, l and L. The exported fields are not part of it.
func (r *SWATS) MarshalBinary() ([]byte, error) { return state.Marshal("SWATS", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *SWATS) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("SWATS", data, r.state())
	if err == nil {
		r.moments.set(s)
		r.l, r.step = s.Scalars[2], s.Scalars[3]
	}
	return err
}
