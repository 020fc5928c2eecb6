package regret

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
)

// The bounds below are those of iterates in a box of the width W in every component, and of gradients that may be
// anything. s is the root of the sum of all squares of a component of the gradient so far, and T the number of rounds.

// GradientDescent bounds the regret of SGD without momentum, for steps η_t of any course:
//
//	R(T) <= (n W²/2) Σ max(1/η_t - 1/η_{t-1}, 0) + Σ η_t |g_t|²/2
//
// in n variables, with 1/η_0 = 0. For η_t = η/√t it grows like √T, with the factor √2 in front of W√n G at the best η
// for gradients of the length G.
//
// Reference: M. Zinkevich, Online convex programming and generalized infinitesimal gradient ascent, ICML 2003, theorem
// 1.
type GradientDescent struct {
	// Width is W. If it is 0, 2 is used, that of [-1, 1].
	Width float64
	// StepSize and Schedule are those of SGD. If StepSize is 0, 0.001 is used.
	StepSize float64
	Schedule func(k int) float64

	k             int
	inverse, rise float64 // 1/η_t, and the sum of its rises
	sum           float64 // Σ η |g|²
}

// Reset implements Bound.
func (b *GradientDescent) Reset() {
	hyper.NonNegative("regret: GradientDescent.Width", b.Width)
	hyper.NonNegative("regret: GradientDescent.StepSize", b.StepSize)
	b.k, b.inverse, b.rise, b.sum = 0, 0, 0, 0
}

// Add implements Bound.
func (b *GradientDescent) Add(grad []float64) float64 {
	eta := hyper.Or(b.StepSize, 1e-3)
	if b.Schedule != nil {
		eta *= b.Schedule(b.k)
	}
	b.k++
	b.rise += max(1/eta-b.inverse, 0)
	b.inverse = 1 / eta
	for _, g := range grad {
		b.sum += eta * g * g
	}
	w := hyper.Or(b.Width, 2)
	return float64(len(grad))*w*w/2*b.rise + b.sum/2
}

// StronglyConvex bounds the regret of SGD without momentum and with the step 1/(μt), on μ-strongly convex losses:
//
//	R(T) <= G²/2μ (1 + ln T)
//
// where G is the length of the longest gradient so far. It does not depend on a box.
//
// Reference: E. Hazan, A. Agarwal, S. Kale, Logarithmic regret algorithms for online convex optimization, Machine
// Learning 69, 2007, theorem 1.
type StronglyConvex struct {
	// Mu is μ > 0. If it is 0, 1 is used.
	Mu float64

	k       int
	longest float64 // squared
}

// Reset implements Bound.
func (b *StronglyConvex) Reset() {
	hyper.NonNegative("regret: StronglyConvex.Mu", b.Mu)
	b.k, b.longest = 0, 0
}

// Add implements Bound.
func (b *StronglyConvex) Add(grad []float64) float64 {
	var square float64
	for _, g := range grad {
		square += g * g
	}
	b.longest = max(b.longest, square)
	b.k++
	return b.longest / (2 * hyper.Or(b.Mu, 1)) * (1 + math.Log(float64(b.k)))
}

// AdaGrad bounds the regret of method.AdaGrad without Schedule:
//
//	R(T) <= Σ_i W²/2α (s + ε) + α s
//
// Reference: J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic
// optimization, JMLR 12, 2011, theorem 5.
type AdaGrad struct {
	// Width is W. If it is 0, 2 is used, that of [-1, 1].
	Width float64
	// StepSize and Epsilon are those of AdaGrad. If they are 0, 1 and 1e-10 are used.
	StepSize, Epsilon float64

	s sums
}

// Reset implements Bound.
func (b *AdaGrad) Reset() {
	hyper.NonNegative("regret: AdaGrad.Width", b.Width)
	hyper.NonNegative("regret: AdaGrad.StepSize", b.StepSize)
	hyper.NonNegative("regret: AdaGrad.Epsilon", b.Epsilon)
	b.s = nil
}

// Add implements Bound.
func (b *AdaGrad) Add(grad []float64) (sum float64) {
	w, alpha, eps := hyper.Or(b.Width, 2), hyper.Or(b.StepSize, 1), hyper.Or(b.Epsilon, 1e-10)
	b.s.add(grad)
	for _, s := range b.s {
		s = math.Sqrt(s)
		sum += w*w/(2*alpha)*(s+eps) + alpha*s
	}
	return sum
}

// AMSGrad bounds the regret of method.AMSGrad, not Corrected, with the Schedule 1/√(k+1) and β₁² < β₂:
//
//	R(T) <= Σ_i (2-β₁)/(4(1-β₁)) W² √T/α (√w + ε) + (1+β₁)/2 α √(1 + ln T)/√((1-β₂)(1-β₁²/β₂)) s
//
// with w as in AMSGrad. It holds for constant β₁; the theorem of the paper has one that decays, and greater factors.
//
// Reference for the method and the form of the bound: S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and
// beyond, ICLR 2018, theorem 4.
type AMSGrad struct {
	// Width is W. If it is 0, 2 is used, that of [-1, 1].
	Width float64
	// StepSize, Beta1, Beta2 and Epsilon are those of AMSGrad. If they are 0, 0.1, 0.9, 0.999 and 1e-8 are used.
	StepSize, Beta1, Beta2, Epsilon float64

	k    int
	s    sums
	v, w []float64
}

// Reset implements Bound.
func (b *AMSGrad) Reset() {
	hyper.NonNegative("regret: AMSGrad.Width", b.Width)
	hyper.NonNegative("regret: AMSGrad.StepSize", b.StepSize)
	hyper.NonNegative("regret: AMSGrad.Epsilon", b.Epsilon)
	hyper.Unit("regret: AMSGrad.Beta1", b.Beta1)
	hyper.Unit("regret: AMSGrad.Beta2", b.Beta2)
	if b1, b2 := hyper.Or(b.Beta1, 0.9), hyper.Or(b.Beta2, 0.999); !(b1*b1 < b2) {
		panic(fmt.Sprintf("regret: AMSGrad.Beta1 = %v, want below the root of Beta2 = %v", b1, b2))
	}
	b.k, b.s, b.v, b.w = 0, nil, nil, nil
}

// Add implements Bound.
func (b *AMSGrad) Add(grad []float64) (sum float64) {
	w, alpha, eps := hyper.Or(b.Width, 2), hyper.Or(b.StepSize, 0.1), hyper.Or(b.Epsilon, 1e-8)
	b1, b2 := hyper.Or(b.Beta1, 0.9), hyper.Or(b.Beta2, 0.999)
	b.k++
	b.s.add(grad)
	if b.v == nil {
		b.v, b.w = make([]float64, len(grad)), make([]float64, len(grad))
	}
	t := float64(b.k)
	first := (2 - b1) / (4 * (1 - b1)) * w * w * math.Sqrt(t) / alpha
	second := (1 + b1) / 2 * alpha * math.Sqrt((1+math.Log(t))/((1-b2)*(1-b1*b1/b2)))
	for i, g := range grad {
		b.v[i] = b2*b.v[i] + (1-b2)*g*g
		b.w[i] = max(b.w[i], b.v[i])
		sum += first*(math.Sqrt(b.w[i])+eps) + second*math.Sqrt(b.s[i])
	}
	return sum
}

// AdamNC bounds the regret of stochopt.Adam with Beta2Schedule 1-1/(k+1) and Schedule 1/√(k+1):
//
//	R(T) <= Σ_i (2-β₁)/(4(1-β₁)) W²/α (s + √T ε) + (1+β₁)/(1-β₁) α s
//
// It is the bound of AdaGrad for β₁ = 0. The bias correction of m does not change it.
//
// Reference for the method: S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, theorem
// 5; the factors are not those of the paper.
type AdamNC struct {
	// Width is W. If it is 0, 2 is used, that of [-1, 1].
	Width float64
	// StepSize, Beta1 and Epsilon are those of Adam. If they are 0, 0.1, 0.9 and 1e-8 are used.
	StepSize, Beta1, Epsilon float64

	k int
	s sums
}

// Reset implements Bound.
func (b *AdamNC) Reset() {
	hyper.NonNegative("regret: AdamNC.Width", b.Width)
	hyper.NonNegative("regret: AdamNC.StepSize", b.StepSize)
	hyper.NonNegative("regret: AdamNC.Epsilon", b.Epsilon)
	hyper.Unit("regret: AdamNC.Beta1", b.Beta1)
	b.k, b.s = 0, nil
}

// Add implements Bound.
func (b *AdamNC) Add(grad []float64) (sum float64) {
	w, alpha, eps := hyper.Or(b.Width, 2), hyper.Or(b.StepSize, 0.1), hyper.Or(b.Epsilon, 1e-8)
	b1 := hyper.Or(b.Beta1, 0.9)
	b.k++
	b.s.add(grad)
	for _, s := range b.s {
		s = math.Sqrt(s)
		sum += (2-b1)/(4*(1-b1))*w*w/alpha*(s+math.Sqrt(float64(b.k))*eps) + (1+b1)/(1-b1)*alpha*s
	}
	return sum
}

// RMSProp bounds the regret of method.RMSProp, without Momentum and not Centered, with RhoSchedule 1-γ/(k+1), 0 < γ <=
// 1, and Schedule 1/√(k+1):
//
//	R(T) <= Σ_i W²/2α (√(T v) + √T ε) + (α/γ) √(T v)
//
// with v as in RMSProp. Reference: M. C. Mukkamala, M. Hein, Variants of RMSProp and Adagrad with logarithmic regret
// bounds, ICML 2017, section 4; the last factor is not that of the paper.
type RMSProp struct {
	// Width is W. If it is 0, 2 is used, that of [-1, 1].
	Width float64
	// StepSize and Epsilon are those of RMSProp. If they are 0, 0.01 and 1e-8 are used.
	StepSize, Epsilon float64
	// Gamma is γ in (0, 1]. If it is 0, 1 is used.
	Gamma float64

	k int
	v []float64
}

// Reset implements Bound.
func (b *RMSProp) Reset() {
	hyper.NonNegative("regret: RMSProp.Width", b.Width)
	hyper.NonNegative("regret: RMSProp.StepSize", b.StepSize)
	hyper.NonNegative("regret: RMSProp.Epsilon", b.Epsilon)
	hyper.Between("regret: RMSProp.Gamma", b.Gamma, 0, 1)
	b.k, b.v = 0, nil
}

// Add implements Bound.
func (b *RMSProp) Add(grad []float64) (sum float64) {
	w, alpha, eps, gamma := hyper.Or(b.Width, 2), hyper.Or(b.StepSize, 0.01), hyper.Or(b.Epsilon, 1e-8), hyper.Or(b.Gamma, 1)
	b.k++
	if b.v == nil {
		b.v = make([]float64, len(grad))
	}
	t := float64(b.k)
	for i, g := range grad {
		b.v[i] += gamma / t * (g*g - b.v[i])
		root := math.Sqrt(t * b.v[i])
		sum += w*w/(2*alpha)*(root+math.Sqrt(t)*eps) + alpha/gamma*root
	}
	return sum
}

// sums are those of the squares of a gradient's components.
type sums []float64

func (s *sums) add(grad []float64) {
	if *s == nil {
		*s = make(sums, len(grad))
	}
	for i, g := range grad {
		(*s)[i] += g * g
	}
}
