package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Additive is normal noise of constant size.
//
//	f + Value N_0,  ∇f + Grad (N_1, ..., N_n)
//
// N_0, ..., N_n are independent standard normal numbers, so the noise of the gradient is not that of the value: two
// points that share a Sample share both, and differences of values are exact. The means are f and ∇f.
type Additive struct {
	// Value is the standard deviation of the value, in units of f, >= 0.
	Value float64
	// Grad is the standard deviation of each component of the gradient, in units of the gradient, >= 0.
	Grad float64
}

// Draw implements Noise.
func (a Additive) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	f += float64(a.Value * r.NormFloat64())
	for i := range grad {
		grad[i] += float64(a.Grad * r.NormFloat64())
	}
	return f
}

// String returns a description.
func (a Additive) String() string {
	return fmt.Sprintf("additive noise %v, gradient %v", a.Value, a.Grad)
}

func (a Additive) check() {
	nonNegative("Additive.Value", a.Value)
	nonNegative("Additive.Grad", a.Grad)
}

// Multiplicative is normal noise in proportion to the objective.
//
//	(1 + σ N) f,  (1 + σ N) ∇f
//
// N is one standard normal number: value and gradient belong to the same draw, and the noise vanishes at a minimum
// of 0. The means are f and ∇f.
type Multiplicative struct {
	// Sigma is σ, the relative standard deviation, >= 0. Above 0.3 or so, draws of the wrong sign are to be expected.
	Sigma float64
}

// Draw implements Noise.
func (m Multiplicative) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	factor := 1 + float64(m.Sigma*r.NormFloat64())
	for i := range grad {
		grad[i] *= factor
	}
	return f * factor
}

// String returns a description.
func (m Multiplicative) String() string { return fmt.Sprintf("multiplicative noise %v", m.Sigma) }

func (m Multiplicative) check() { nonNegative("Multiplicative.Sigma", m.Sigma) }

// HeavyTailed is Additive noise with Student's t distribution in place of the normal.
//
//	f + Value T_0,  ∇f + Grad (T_1, ..., T_n)
//
// T_0, ..., T_n are independent with Nu degrees of freedom. The means are f and ∇f for Nu > 1, the variances Value²
// Nu/(Nu-2) and Grad² Nu/(Nu-2) for Nu > 2 and infinite otherwise. At Nu = 1, Cauchy's distribution, there are no
// means; the medians are f and ∇f.
//
// Reference for the draw: R. W. Bailey, Polar generation of random variates with the t-distribution, Mathematics of
// Computation 62, 1994.
type HeavyTailed struct {
	// Nu is the number of degrees of freedom, >= 1. It need not be an integer.
	Nu float64
	// Value is the scale of the value's noise, in units of f, >= 0.
	Value float64
	// Grad is the scale of the noise of each component of the gradient, >= 0.
	Grad float64
}

// Draw implements Noise.
func (h HeavyTailed) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	f += float64(h.Value * student(h.Nu, r))
	for i := range grad {
		grad[i] += float64(h.Grad * student(h.Nu, r))
	}
	return f
}

// student returns √(ν (U^(-2/ν) - 1)) cos 2πV.
func student(nu float64, r *rand.Rand) float64 {
	u := 1 - r.Float64() // not 0
	return math.Sqrt(nu*math.Expm1(-2/nu*math.Log(u))) * math.Cos(2*math.Pi*r.Float64())
}

// String returns a description.
func (h HeavyTailed) String() string {
	return fmt.Sprintf("t noise (ν = %v) %v, gradient %v", h.Nu, h.Value, h.Grad)
}

func (h HeavyTailed) check() {
	if !(h.Nu >= 1) || math.IsInf(h.Nu, 1) {
		panic(fmt.Sprintf("testfuncs: HeavyTailed.Nu = %v, want finite and >= 1", h.Nu))
	}
	nonNegative("HeavyTailed.Value", h.Value)
	nonNegative("HeavyTailed.Grad", h.Grad)
}

// The models of bbob-noisy add 1.01e-8, so that what is disturbed stays above what is not.
const bbobFloor, bbobShift = 1e-8, 1.01e-8

// BBOBNoise returns the three models of noise of bbob-noisy in the given dimension, >= 2.
//
//	             moderate                                severe
//	BBOBGaussian β = 0.01                                β = 1
//	BBOBUniform  α = 0.01 (0.49 + 1/dim), β = 0.01       α = 0.49 + 1/dim, β = 1
//	BBOBCauchy   α = 0.01, p = 0.05                      α = 1, p = 0.2
//
// They are made for objectives whose minimum is 0: where f < 1e-8 there is no noise, neither on the value nor on the
// gradient. Each gradient is that of the value drawn. None of the three leaves the mean of the value alone, but it
// (or, for BBOBCauchy, the median) is an increasing function of f, so that the minimizer stays.
//
// Reference: S. Finck, N. Hansen, R. Ros, A. Auger, Real-parameter black-box optimization benchmarking 2009: noisy
// functions definitions, INRIA research report 6869, 2009.
func BBOBNoise(dim int, severe bool) (BBOBGaussian, BBOBUniform, BBOBCauchy) {
	if dim < 2 {
		panic(fmt.Sprintf("testfuncs: BBOBNoise in dimension %d, want >= 2", dim))
	}
	alpha := 0.49 + 1/float64(dim)
	if severe {
		return BBOBGaussian{Beta: 1}, BBOBUniform{Alpha: alpha, Beta: 1}, BBOBCauchy{Alpha: 1, P: 0.2}
	}
	return BBOBGaussian{Beta: 0.01}, BBOBUniform{Alpha: 0.01 * alpha, Beta: 0.01}, BBOBCauchy{Alpha: 0.01, P: 0.05}
}

// BBOBGaussian is the first model of BBOBNoise.
//
//	f exp(βN) + 1.01e-8,  exp(βN) ∇f
//
// N is standard normal. Where f >= 1e-8 the means are exp(β²/2) f + 1.01e-8 and exp(β²/2) ∇f: 1.65 f at β = 1.
type BBOBGaussian struct {
	// Beta is β >= 0.
	Beta float64
}

// Draw implements Noise.
func (g BBOBGaussian) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	factor := math.Exp(g.Beta * r.NormFloat64())
	if f < bbobFloor {
		return f
	}
	for i := range grad {
		grad[i] *= factor
	}
	return float64(f*factor) + bbobShift
}

// String returns a description.
func (g BBOBGaussian) String() string { return fmt.Sprintf("Gaussian noise β = %v", g.Beta) }

func (g BBOBGaussian) check() { nonNegative("BBOBGaussian.Beta", g.Beta) }

// BBOBUniform is the second model of BBOBNoise.
//
//	v = f U_1^β max(1, A^(α U_2)),  A = 1e9/(f + 1e-99)
//	v + 1.01e-8,  (v/f) (1 - α U_2) ∇f;  (v/f) ∇f where A < 1
//
// U_1 and U_2 are uniform in [0, 1). Where 1e-8 <= f <= 1e9 the mean of the value is f (A^α - 1)/((1+β) α ln A) +
// 1.01e-8, which increases with f for α < 1 but is far from f at the severe constants: in 5 dimensions 724 times f at
// f = 1000. The mean of the gradient is its gradient.
type BBOBUniform struct {
	// Alpha is α in [0, 1).
	Alpha float64
	// Beta is β >= 0.
	Beta float64
}

// Draw implements Noise.
func (u BBOBUniform) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	u1, u2 := r.Float64(), r.Float64()
	if f < bbobFloor {
		return f
	}
	factor, slope := math.Pow(u1, u.Beta), 1.0
	if a := 1e9 / (f + 1e-99); a > 1 {
		factor *= math.Pow(a, u.Alpha*u2)
		slope = 1 - float64(u.Alpha*u2)
	}
	for i := range grad {
		grad[i] *= factor * slope
	}
	return float64(f*factor) + bbobShift
}

// String returns a description.
func (u BBOBUniform) String() string {
	return fmt.Sprintf("uniform noise α = %.4g, β = %v", u.Alpha, u.Beta)
}

func (u BBOBUniform) check() {
	if !(u.Alpha >= 0 && u.Alpha < 1) {
		panic(fmt.Sprintf("testfuncs: BBOBUniform.Alpha = %v, want in [0, 1)", u.Alpha))
	}
	nonNegative("BBOBUniform.Beta", u.Beta)
}

// BBOBCauchy is the third model of BBOBNoise: seldom, but then wildly, disturbed values.
//
//	f + α max(0, 1000 + [U < p] N_1/(|N_2| + 1e-199)) + 1.01e-8,  ∇f
//
// U is uniform in [0, 1), N_1 and N_2 are standard normal. Where f >= 1e-8 the value is f + 1000α + 1.01e-8 with
// probability 1-p, which is its median as well. Its mean is infinite: what is cut off is only the lower tail. The
// noise does not depend on x, so the gradient is exact: this model is a test for methods that use values.
type BBOBCauchy struct {
	// Alpha is α >= 0, the scale.
	Alpha float64
	// P is p in [0, 1], how often there is a disturbance.
	P float64
}

// Draw implements Noise.
func (c BBOBCauchy) Draw(f float64, _ []float64, r *rand.Rand) float64 {
	u, n1, n2 := r.Float64(), r.NormFloat64(), r.NormFloat64()
	if f < bbobFloor {
		return f
	}
	v := 1000.0
	if u < c.P {
		v = max(0, v+n1/(math.Abs(n2)+1e-199))
	}
	return f + float64(c.Alpha*v) + bbobShift
}

// String returns a description.
func (c BBOBCauchy) String() string { return fmt.Sprintf("Cauchy noise α = %v, p = %v", c.Alpha, c.P) }

func (c BBOBCauchy) check() {
	nonNegative("BBOBCauchy.Alpha", c.Alpha)
	if !(c.P >= 0 && c.P <= 1) {
		panic(fmt.Sprintf("testfuncs: BBOBCauchy.P = %v, want in [0, 1]", c.P))
	}
}

func nonNegative(name string, v float64) {
	if !(v >= 0) || math.IsInf(v, 1) {
		panic(fmt.Sprintf("testfuncs: %s = %v, want finite and >= 0", name, v))
	}
}
