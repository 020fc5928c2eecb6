package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Sophia is momentum with the step of every component divided by a running mean of the curvature, and bounded.
//
//	m ← β₁ m + (1-β₁) g
//	h ← β₂ h + (1-β₂) z (H z)            z: signs at random; in steps 0, n, 2n, ...
//	x ← x - α λ x
//	x ← x - α min(max(m/max(γh, ε), -1), 1)
//
// All operations but the product of Hessian and vector, H z, are component by component; m and h start at 0 and are
// kept, with z and z (H z) four vectors of the length of x. Nothing corrects the zeros that they start from. The mean
// of z (H z) is the diagonal of H. A product costs about two gradients.
//
// No step is longer than α in any component. Where the bound holds, or the curvature is not positive, it is a step of
// Signum; where it does not, one of Newton's method with the step size α/γ. In noise of standard deviation σ the bound
// holds nearly always where what is left of it in m, 0.14σ with the default β₁, is well above γh. Prefer it to
// AdaHessian where the curvature may vanish or be negative, to Signum where products are cheap.
//
// It cannot stand in Freeze or Scale, which have other variables than HessVec.
//
// In a plain loop ask Draw for the Sample of every gradient. An error of HessVec, or a product that is not finite,
// leaves x and the state as they are; the next Draw returns it, which ends a run.
//
// Reference: H. Liu, Z. Li, D. Hall, P. Liang, T. Ma, Sophia: a scalable stochastic second-order optimizer for language
// model pre-training, ICLR 2024, Algorithm 3 with the estimator of Algorithm 1, Sophia-H.
type Sophia struct {
	// HessVec stores the product of the Hessian at x and v in dst, all of the length of x: of the draw s, which is that of
	// the gradient at x (the first, if several are averaged). It must not change x or v or keep slices. Package gradient
	// makes it, exact by HessVec or from two gradients by HessVecDifferences.
	HessVec func(dst, x, v []float64, s stochopt.Sample) error
	// StepSize is α, in units of x. If it is 0, 0.01 is used; the paper has less than 0.001, for the weights of networks.
	StepSize float64
	// Beta1 is β₁ in [0, 1), the memory of m. If it is 0, 0.96 is used; for no memory set stochopt.Zero.
	Beta1 float64
	// Beta2 is β₂ in [0, 1), the memory of h. If it is 0, 0.99 is used; for no memory set stochopt.Zero.
	Beta2 float64
	// Gamma is γ, in units of 1/x. If it is 0, 0.01 is used.
	Gamma float64
	// Epsilon is ε, in units of g. If it is 0, 1e-12 is used; for none set stochopt.Zero.
	Epsilon float64
	// WeightDecay is λ in [0, ∞), in units of 1/x; 0 is none. The paper has 0.2.
	WeightDecay float64
	// HessPeriod is n. If it is 0, 10 is used.
	HessPeriod int
	// Schedule, if not nil, multiplies StepSize, and so the decay, by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	probe
	k    int       // steps taken
	m, h []float64 // running means of g and z (H z)
}

// Init implements optimize.Method.
func (r *Sophia) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *Sophia) Reset(dim int) {
	hyper.Dim("method: Sophia.Reset", dim)
	hyper.NonNegative("method: Sophia.StepSize", r.StepSize)
	hyper.Unit("method: Sophia.Beta1", r.Beta1)
	hyper.Unit("method: Sophia.Beta2", r.Beta2)
	hyper.NonNegative("method: Sophia.Gamma", r.Gamma)
	hyper.NonNegative("method: Sophia.Epsilon", r.Epsilon)
	hyper.NonNegative("method: Sophia.WeightDecay", r.WeightDecay)
	hyper.NonNegative("method: Sophia.HessPeriod", float64(r.HessPeriod))
	r.probe.reset("Sophia", dim, r.HessVec)
	r.k, r.m, r.h = 0, make([]float64, dim), make([]float64, dim)
}

// Step implements stochopt.Rule. It panics if Draw has not been called since the last Step, or if HessVec has failed.
func (r *Sophia) Step(x, grad []float64) {
	hyper.Lengths("method: Sophia.Step", x, grad, len(r.m))
	r.probe.ready("Sophia")
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 0.01), r.Schedule, r.k)
	b1, b2 := hyper.Or(r.Beta1, 0.96), hyper.Or(r.Beta2, 0.99)
	gamma, eps := hyper.Or(r.Gamma, 0.01), hyper.Or(r.Epsilon, 1e-12)
	m, h := r.m[:len(x)], r.h[:len(x)]
	if r.k%cmp.Or(r.HessPeriod, 10) == 0 {
		d := r.probe.diagonal(r.HessVec, x)
		if d == nil {
			return
		}
		for i, v := range d {
			h[i] = float64(b2*h[i]) + float64((1-b2)*v)
		}
	}
	decay := alpha * r.WeightDecay
	for i, g := range grad[:len(x)] {
		m[i] = float64(b1*m[i]) + float64((1-b1)*g)
		x[i] -= float64(decay * x[i])
		d := max(gamma*h[i], eps)
		if a := math.Abs(m[i]); a < d {
			x[i] -= float64(alpha * (m[i] / d))
		} else {
			x[i] -= float64(alpha * kernel.Sign(m[i]))
		}
	}
	r.k++
	r.probe.done()
}

func (r *Sophia) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.m, r.h}}
}

// MarshalBinary returns the state: k, m and h. The draw of a gradient with which no step has been taken, and the exported
// fields are not part of it.
func (r *Sophia) MarshalBinary() ([]byte, error) { return state.Marshal("Sophia", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Sophia) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("Sophia", data, r.state())
	if err == nil {
		r.probe.forget()
		r.k, r.m, r.h = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
