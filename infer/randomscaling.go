package infer

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// RandomScaling records the iterates x_1, x_2, ... of a run and gives their mean with confidence intervals that need
// neither the Hessian nor the covariance of the gradient.
//
//	x̄_n = (1/n) Σ x_s,  V_n = n⁻² Σ s² (x̄_s - x̄_n)(x̄_s - x̄_n)ᵀ,  s = 1, ..., n
//	t = √n wᵀ(x̄_n - x*)/√(wᵀV_n w)
//
// V_n is no estimate of a covariance and does not settle as n grows: it is as random as x̄_n, in such a way that t has a
// known limit, W(1)/√∫B², with Brownian motion W and its bridge B. CriticalValue has its quantiles. The price of what
// is not estimated are intervals 1.3 times as wide on average as those of a known covariance, at 95 %.
//
// The limit holds where partial sums of the iterates behave like Brownian motion: for independent observations, and for
// stochastic gradient descent with steps that decay like t^-a, 1/2 < a < 1, or are constant and small, once the start
// is forgotten. Leave it out with Start. Where a constant step is not small, x̄_n has a bias that no interval of this
// kind knows of.
//
// It is an optimize.Recorder that adds up the major iterations, and can be fed by hand with Add. V_n is kept for single
// components, four vectors of the length of x, or with Full as a matrix, for contrasts. The sums are taken relative
// to the first iterate: where that is D away and the iterates vary by d, V_n has a relative error of about
// 2^-52 (D/d)². A RandomScaling must not be used by two runs at once.
//
// Reference: S. Lee, Y. Liao, M. H. Seo, Y. Shin, Fast and robust online inference with stochastic gradient descent via
// random scaling, AAAI 2022, algorithm 1.
type RandomScaling struct {
	// Start is the number of iterates that are left out, >= 0.
	Start int
	// Full keeps the matrix V_n, n(n+1)/2 numbers for n variables.
	Full bool

	seen int       // iterates, also those left out
	n    int       // in the mean
	ref  []float64 // the first in the mean
	mean []float64 // x̄_n - ref
	a    []float64 // Σ s² (x̄_s - ref)², or the upper triangle of that matrix
	b    []float64 // Σ s² (x̄_s - ref)
	c    float64   // Σ s²
}

// Init implements optimize.Recorder. It forgets everything, and panics if Start is negative.
func (r *RandomScaling) Init() error {
	if r.Start < 0 {
		panic(fmt.Sprintf("infer: RandomScaling.Start = %d, want >= 0", r.Start))
	}
	*r = RandomScaling{Start: r.Start, Full: r.Full}
	return nil
}

// Record implements optimize.Recorder.
func (r *RandomScaling) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration {
		r.Add(loc.X)
	}
	return nil
}

// Add takes the next iterate. It allocates at the first one only, and panics if the length of x changes.
func (r *RandomScaling) Add(x []float64) {
	if r.seen++; r.seen <= r.Start {
		return
	}
	if r.n == 0 {
		dim := len(x)
		r.ref = append([]float64(nil), x...)
		r.mean, r.b = make([]float64, dim), make([]float64, dim)
		if r.Full {
			dim = dim * (dim + 1) / 2
		}
		r.a = make([]float64, dim)
	}
	length("RandomScaling.Add", len(x), len(r.ref))
	r.n++
	s := float64(r.n)
	square := s * s
	r.c += square
	for i, v := range x {
		r.mean[i] += (v - r.ref[i] - r.mean[i]) / s
		r.b[i] += float64(square * r.mean[i])
	}
	k := 0
	for i, v := range r.mean {
		w := square * v
		if !r.Full {
			r.a[i] += float64(w * v)
			continue
		}
		for _, u := range r.mean[i:] {
			r.a[k] += float64(w * u)
			k++
		}
	}
}

// N returns the number of iterates in the mean.
func (r *RandomScaling) N() int { return r.n }

// Mean returns x̄_n, or nil before the first iterate.
func (r *RandomScaling) Mean() []float64 {
	if r.n == 0 {
		return nil
	}
	mean := make([]float64, len(r.mean))
	for i, v := range r.mean {
		mean[i] = r.ref[i] + v
	}
	return mean
}

// v returns the component i, j of V_n; k is its place in r.a.
func (r *RandomScaling) v(i, j, k int) float64 {
	x, y := r.mean[i], r.mean[j]
	n := float64(r.n)
	return (r.a[k] - float64(r.b[i]*y) - float64(r.b[j]*x) + float64(r.c*x*y)) / (n * n)
}

// V returns the matrix V_n. It panics if Full is not set or there are fewer than two iterates in the mean.
func (r *RandomScaling) V() *mat.SymDense {
	r.ready("V")
	if !r.Full {
		panic("infer: RandomScaling.V without RandomScaling.Full")
	}
	v := mat.NewSymDense(len(r.mean), nil)
	k := 0
	for i := range r.mean {
		for j := i; j < len(r.mean); j++ {
			v.SetSym(i, j, r.v(i, j, k))
			k++
		}
	}
	return v
}

// Interval returns the confidence interval of component i at a level such as 0.95. It panics if there is no such
// component, the level is not in (0, 1), or there are fewer than two iterates in the mean.
func (r *RandomScaling) Interval(i int, level float64) (lo, hi float64) {
	r.ready("Interval")
	component("RandomScaling.Interval", i, len(r.mean))
	k := i
	if r.Full {
		k = i*len(r.mean) - i*(i-1)/2
	}
	return r.around(r.ref[i]+r.mean[i], r.v(i, i, k), level)
}

// Contrast returns the confidence interval of the linear combination wᵀx. It panics as Interval and V do.
func (r *RandomScaling) Contrast(w []float64, level float64) (lo, hi float64) {
	v := r.V()
	length("RandomScaling.Contrast", len(w), len(r.ref))
	u := mat.NewVecDense(len(w), w)
	return r.around(mat.Dot(u, mat.NewVecDense(len(w), r.Mean())), mat.Inner(u, v, u), level)
}

func (r *RandomScaling) around(mean, v, level float64) (lo, hi float64) {
	half := CriticalValue(level) * math.Sqrt(max(0, v)/float64(r.n))
	return mean - half, mean + half
}

func (r *RandomScaling) ready(what string) {
	if r.n < 2 {
		panic(fmt.Sprintf("infer: RandomScaling.%s of %d iterates in the mean, want >= 2", what, r.n))
	}
}

// CriticalValue returns the number that the t of RandomScaling exceeds in modulus with the probability 1 - level, in
// the limit of many iterates. It is 6.7473 for 0.95. The tail is the integral
//
//	P(|t| > c) = (2/π) ∫ √(u/sinh u) dθ,  u = c/sin θ,  0 < θ < π/2
//
// done by Gauss-Legendre quadrature and solved for c by bisection, to about ten digits for levels above 0.05 (for lower
// ones 1e-6). It panics if level is not in (0, 1).
//
// For the integral: given the bridge, t is normal with variance 1/∫B²; Craig's form of the normal tail turns its mean
// into the Laplace transform of ∫B², E exp(-λ∫B²) = √(√(2λ)/sinh √(2λ)). It reproduces the table of K. M. Abadir,
// P. Paruolo, Two mixed normal densities from cointegration analysis, Econometrica 65, 1997.
func CriticalValue(level float64) float64 {
	checkLevel(level)
	const nodes = 200
	theta, weight := make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(theta, weight, 0, math.Pi/2)
	tail := func(c float64) (sum float64) { // P(|t| > c)
		for i, w := range weight {
			u := c / math.Sin(theta[i])
			sum += float64(w * math.Sqrt(2*u/-math.Expm1(-2*u)*math.Exp(-u))) // √(u/sinh u) without overflow
		}
		return 2 / math.Pi * sum
	}
	hi := 8.0
	for tail(hi) > 1-level {
		hi *= 2
	}
	lo := 0.0
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid == lo || mid == hi {
			break
		}
		if tail(mid) > 1-level {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

func checkLevel(level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("infer: level = %v, want a number in (0, 1)", level))
	}
}

func component(what string, i, n int) {
	if i < 0 || i >= n {
		panic(fmt.Sprintf("infer: %s: component %d of %d", what, i, n))
	}
}

func length(what string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("infer: %s: length %d, want %d", what, got, want))
	}
}
