package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
)

// AdaHessian divides a running mean of the gradient by a running root mean square of the diagonal of the Hessian.
//
//	m ← β₁ m + (1-β₁) g
//	d = |z (H z)|                        z: signs at random
//	v ← β₂ v + (1-β₂) d²                 in steps 0, n, 2n, ...
//	x ← x - α (m/c₁) / (√(v/c₂)ᵏ + ε)
//
// All operations but the product of Hessian and vector, H z, are component by component; m and v start at 0 and are
// kept, with z and d four vectors of the length of x. c₁ = 1-β₁ʲ after j steps and c₂ = 1-β₂ⁱ after i products. The
// mean of z (H z) is the diagonal of H. A product costs about two gradients; n = 10 makes them cheap. Where v and ε are
// 0, x stays.
//
// On a sum of functions of single variables, with k = 1 and without ε, a change of their units changes nothing, and α =
// 1 without memory is Newton's method. The step is not bounded: where the curvature of f vanishes, and its gradient
// does not, it grows to α|m|/ε. Set MaxStep where x may pass such places, as on the flanks of most peaks. In noise of
// standard deviation σ around a minimum with curvature h the iterates have the variance ασ²/2h² for small α.
//
// Prefer it to Adam where the scales of variables differ by orders of magnitude and products are to be had. Off-diagonal
// elements of H are noise in d, which makes v greater and steps shorter.
//
// It cannot stand in Freeze or Scale, which have other variables than HessVec.
//
// In a plain loop ask Draw for the Sample of every gradient. An error of HessVec, or a product that is not finite,
// leaves x and the state as they are; the next Draw returns it, which ends a run.
//
// Reference: Z. Yao, A. Gholami, S. Shen, M. Mustafa, K. Keutzer, M. W. Mahoney, AdaHessian: an adaptive second order
// optimizer for machine learning, AAAI 2021, Algorithm 1. MaxStep is not in it; where n > 1, programs go on mixing the
// last d into v in every step.
type AdaHessian struct {
	// HessVec stores the product of the Hessian at x and v in dst, all of the length of x: of the draw s, which is that of
	// the gradient at x (the first, if several are averaged). It must not change x or v or keep slices. Package gradient
	// makes it, exact by HessVec or from two gradients by HessVecDifferences.
	HessVec func(dst, x, v []float64, s stochopt.Sample) error
	// StepSize is α, without unit if Power is 1. If it is 0, 0.15 is used.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.9 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of v. If it is 0, 0.999 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Epsilon is ε, in units of the curvature to the power k. If it is 0, 1e-4 is used; for none set stochopt.Zero.
	Epsilon float64
	// Power is k in [0, 1], the power of the Hessian. If it is 0, 1 is used; for k = 0 set stochopt.Zero.
	Power float64
	// Blocks are the lengths of blocks of variables, in the order of x, positive and with the sum dim: d is averaged
	// over each. If it is empty, d is not averaged.
	Blocks []int
	// HessPeriod is n. If it is 0, 1 is used.
	HessPeriod int
	// MaxStep bounds the step of every component, in units of x; 0 is no bound.
	MaxStep float64
	// Schedule, if not nil, multiplies StepSize by Schedule(j) in step j = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	moments
	probe
}

// Init implements optimize.Method.
func (r *AdaHessian) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AdaHessian) Reset(dim int) {
	r.moments.reset("method: AdaHessian", dim, r.StepSize, r.Beta1, r.Beta2, r.Epsilon)
	hyper.Between("method: AdaHessian.Power", r.Power, 0, 1)
	hyper.NonNegative("method: AdaHessian.HessPeriod", float64(r.HessPeriod))
	hyper.NonNegative("method: AdaHessian.MaxStep", r.MaxStep)
	checkBlocks("method: AdaHessian.Blocks", r.Blocks, dim)
	r.probe.reset("AdaHessian", dim, r.HessVec)
}

// Step implements stochopt.Rule. It panics if Draw has not been called since the last Step, or if HessVec has failed.
func (r *AdaHessian) Step(x, grad []float64) {
	hyper.Lengths("method: AdaHessian.Step", x, grad, len(r.m))
	r.probe.ready("AdaHessian")
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.15), r.Schedule, r.k)
	b1, b2, eps := hyper.Or(r.Beta1, 0.9), hyper.Or(r.Beta2, 0.999), hyper.Or(r.Epsilon, 1e-4)
	power := hyper.Or(r.Power, 1)
	if r.k%cmp.Or(r.HessPeriod, 1) == 0 {
		d := r.probe.diagonal(r.HessVec, x)
		if d == nil {
			return
		}
		r.absorb(d, b2)
	}
	r.k++
	r.c1 = float64(b1*r.c1) + (1 - b1)
	m, v := r.m[:len(x)], r.v[:len(x)]
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		root := math.Sqrt(v[i] / r.c2)
		if power != 1 {
			root = math.Pow(root, power)
		}
		if d := root + eps; d != 0 {
			step := alpha * (m[i] / r.c1) / d
			if r.MaxStep > 0 {
				step = min(max(step, -r.MaxStep), r.MaxStep)
			}
			x[i] -= step
		}
	}
	r.probe.done()
}

// absorb takes the squares of d, averaged over blocks, into v.
func (r *AdaHessian) absorb(d []float64, b2 float64) {
	r.c2 = float64(b2*r.c2) + (1 - b2)
	for j, from := 0, 0; len(r.Blocks) > 0 && from < len(d); j++ {
		to := blockEnd(r.Blocks, j, from, len(d))
		var mean float64
		for _, v := range d[from:to] {
			mean += math.Abs(v) / float64(to-from)
		}
		for i := from; i < to; i++ {
			d[i] = mean
		}
		from = to
	}
	for i, v := range d {
		r.v[i] = float64(b2*r.v[i]) + float64((1-b2)*v*v)
	}
}

// MarshalBinary returns the state: k, c₁, c₂, m and v. The draw of a gradient with which no step has been taken, and the
// exported fields are not part of it.
func (r *AdaHessian) MarshalBinary() ([]byte, error) { return r.marshal("AdaHessian") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AdaHessian) UnmarshalBinary(data []byte) error {
	err := r.unmarshal("AdaHessian", data)
	if err == nil {
		r.probe.forget()
	}
	return err
}
