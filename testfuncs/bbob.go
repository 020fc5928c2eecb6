package testfuncs

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

// BBOBNoisy returns the function f101 to f130 of the suite bbob-noisy, in dim variables, in its instance 1, 2, ...
//
//	F(x) = f(x) + 100 Σ max(0, |x_i| - 5)² + f*
//
// where f >= 0 is one of eight functions, with the value 0 at the minimizer x* of the instance, and f*, x* and the
// rotations in f are those of the published programs: drawn by a generator whose seed follows from the instance. Func is F
// and Minimum is f*. The suite has dim = 2, 3, 5, 10, 20 and 40 and the instances 1 to 15; its region of interest is
// [-5, 5] in each variable, x* is in it, and runs begin at Start = 0 or at random in [-4, 4].
//
//	                      moderate noise    severe noise
//	                      G    U    C       G    U    C
//	sphere                101  102  103     107  108  109
//	Rosenbrock            104  105  106     110  111  112
//	step ellipsoid                          113  114  115
//	ellipsoid                               116  117  118
//	different powers                        119  120  121
//	Schaffer F7                             122  123  124
//	Griewank-Rosenbrock                     125  126  127
//	Gallagher, 101 peaks                    128  129  130
//
// The noise G, U, C is Gaussian, Uniform and Cauchy of BBOBNoise. It acts on f alone, not on the penalty, and not where
// f < 1e-8, the precision that the suite asks for. A run is judged by F: the suite counts the evaluations until
// F - f* <= 10^2, ..., 10^-8.
//
// Grad, and the gradient of a draw, which is that of the drawn value with the random numbers fixed, are exact for the
// sphere, Rosenbrock, the ellipsoid, the different powers and Griewank-Rosenbrock. The other three have flat steps, kinks
// or oscillations without limit and no Grad: put their Oracles into gradient.Differences where that makes sense.
//
// BBOBNoisy panics unless 101 <= function <= 130, 2 <= dim <= 40 and 1 <= instance <= 10000.
//
// Reference: S. Finck, N. Hansen, R. Ros, A. Auger, Real-parameter black-box optimization benchmarking 2009: noisy
// functions definitions, INRIA research report RR-6869, 2009.
func BBOBNoisy(function, dim, instance int) Objective {
	switch {
	case function < 101 || function > 130:
		panic(fmt.Sprintf("testfuncs: BBOBNoisy: function = %d, want 101 to 130", function))
	case dim < 2 || dim > 40:
		panic(fmt.Sprintf("testfuncs: BBOBNoisy: dim = %d, want 2 to 40", dim))
	case instance < 1 || instance > 10000:
		panic(fmt.Sprintf("testfuncs: BBOBNoisy: instance = %d, want 1 to 10000", instance))
	}
	k := (function - 101) / 3 // sphere, Rosenbrock, and then all with severe noise
	severe := k >= 2
	if severe {
		k -= 2
	}
	base := bbobBases[k]
	seed := base.seed + 10000*instance
	f, least := base.make(dim, seed)
	offset := bbobOffset(seed)
	gauss, uniform, cauchy := BBOBNoise(dim, severe)
	noise := [...]Noise{gauss, uniform, cauchy}[(function-101)%3]
	name := fmt.Sprintf("bbob-noisy f%d (%s), dim = %d, instance %d", function, base.name, dim, instance)
	var free generators

	// draw is F, or a draw of it with the noise n.
	draw := func(grad, x []float64, s stochopt.Sample, n Noise) float64 {
		length(name, x, dim)
		r := free.get(s, bbobVectors*dim)
		defer free.put(r)
		value := f(grad, x, r.work)
		if n != nil {
			value = n.Draw(value, grad, r.Rand)
		}
		var penalty float64
		for i, v := range x {
			if d := math.Abs(v) - 5; d > 0 {
				penalty += float64(100 * d * d)
				if grad != nil {
					grad[i] += math.Copysign(200*d, v)
				}
			}
		}
		return value + penalty + offset
	}
	o := Objective{
		Name:       name,
		Start:      make([]float64, dim),
		Func:       func(x []float64) float64 { return draw(nil, x, stochopt.Sample{}, nil) },
		Minimum:    offset,
		Minimizers: [][]float64{least},
	}
	if base.smooth {
		o.Grad = func(grad, x []float64) { draw(grad, x, stochopt.Sample{}, nil) }
	}
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil && !base.smooth {
			return math.NaN(), fmt.Errorf("testfuncs: %s has no gradient; put it into gradient.Differences", name)
		}
		return draw(grad, x, s, noise), nil
	}
	return o
}

// bbobBase is one of the eight functions f. seed is that of instance 0. make returns f, which stores its gradient in grad
// unless that is nil or f not smooth and works in work, of bbobVectors dim numbers, and its minimizer.
type bbobBase struct {
	name   string
	seed   int
	smooth bool
	make   func(dim, seed int) (f bbobFunction, least []float64)
}

var bbobBases = [...]bbobBase{
	{"sphere", 1, true, bbobSphere},
	{"Rosenbrock", 8, true, bbobRosenbrock},
	{"step ellipsoid", 7, false, bbobStep},
	{"ellipsoid", 10, true, bbobEllipsoid},
	{"different powers", 14, true, bbobPowers},
	{"Schaffer F7", 17, false, bbobSchaffer},
	{"Griewank-Rosenbrock", 19, true, bbobGriewankRosenbrock},
	{"Gallagher", 21, false, bbobGallagher},
}

// bbobVectors is how many vectors of length dim a bbobFunction works in.
const bbobVectors = 3

type bbobFunction func(grad, x, work []float64) float64

// bbobSphere is Σ (x - x*)_i².
func bbobSphere(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	return func(grad, x, _ []float64) float64 {
		var sum float64
		for i, v := range x {
			d := v - least[i]
			sum += float64(d * d)
			if grad != nil {
				grad[i] = 2 * d
			}
		}
		return sum
	}, least
}

// bbobRosenbrock is Σ 100 (z_i² - z_(i+1))² + (z_i - 1)² with z = max(1, √dim/8) (x - x*) + 1, where x* is in [-3, 3].
func bbobRosenbrock(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	for i := range least {
		least[i] *= 0.75
	}
	scale := max(1, math.Sqrt(float64(dim))/8)
	return func(grad, x, work []float64) float64 {
		z := work[:dim]
		for i, t := range x {
			z[i] = float64(scale*(t-least[i])) + 1
		}
		clear(grad)
		var sum float64
		for i := range dim - 1 {
			a, b := float64(z[i]*z[i])-z[i+1], z[i]-1
			sum += float64(100*a*a) + float64(b*b)
			if grad != nil {
				grad[i] += scale * (400*a*z[i] + 2*b)
				grad[i+1] -= scale * 200 * a
			}
		}
		return sum
	}, least
}

// bbobStep has flat steps: h = 10^(e/2) R (x - x*), e = (i-1)/(dim-1), each h_i rounded to an integer if |h_i| > 0.5 and
// else to tenths, z = Q h, and f = 0.1 max(|h_1|/10⁴, Σ 100ᵉ z_i²) with the h_1 before rounding.
func bbobStep(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	r, q := bbobRotation(dim, seed), bbobRotation(dim, seed+1e6)
	stretch, scale := bbobPowersOf(math.Sqrt(10), dim), bbobPowersOf(100, dim)
	return func(_, x, work []float64) float64 {
		d, h, z := work[:dim], work[dim:2*dim], work[2*dim:3*dim]
		r.rotate(h, floats.SubTo(d, x, least))
		first := math.Abs(h[0])
		for i, t := range h {
			t *= stretch[i]
			if math.Abs(t) > 0.5 {
				h[i] = math.Floor(t + 0.5)
			} else {
				h[i] = math.Floor(10*t+0.5) / 10
			}
		}
		q.rotate(z, h)
		var sum float64
		for i, t := range z {
			sum += float64(scale[i] * t * t)
		}
		return 0.1 * max(1e-4*first, sum)
	}, least
}

// bbobEllipsoid is Σ 10^(4e) z_i² with z = T(R (x - x*)), e = (i-1)/(dim-1) and T of bbobOscillate.
func bbobEllipsoid(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	r := bbobRotation(dim, seed+1e6)
	scale := bbobPowersOf(1e4, dim)
	return func(grad, x, work []float64) float64 {
		d, z := work[:dim], work[dim:2*dim]
		r.rotate(z, floats.SubTo(d, x, least))
		var sum float64
		for i, t := range z {
			y, slope := bbobOscillate(t)
			sum += float64(scale[i] * y * y)
			z[i] = 2 * scale[i] * y * slope
		}
		if grad != nil {
			r.back(grad, z)
		}
		return sum
	}, least
}

// bbobPowers is √(Σ |z_i|^(2+4e)) with z = R (x - x*), e = (i-1)/(dim-1). Its gradient at x*, where it has a kink, is
// taken as 0.
func bbobPowers(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	r := bbobRotation(dim, seed+1e6)
	return func(grad, x, work []float64) float64 {
		d, z := work[:dim], work[dim:2*dim]
		r.rotate(z, floats.SubTo(d, x, least))
		var sum float64
		for i, t := range z {
			p := 2 + 4*float64(i)/float64(dim-1)
			y := math.Pow(math.Abs(t), p)
			sum += y
			z[i] = 0
			if t != 0 {
				z[i] = p * y / t
			}
		}
		f := math.Sqrt(sum)
		if grad != nil {
			if f > 0 {
				for i := range z {
					z[i] /= 2 * f
				}
			}
			r.back(grad, z)
		}
		return f
	}, least
}

// bbobSchaffer is the square of the mean over i < dim of √s_i (1 + sin²(50 s_i^(1/5))), s_i = √(z_i² + z_(i+1)²), where
// y = R (x - x*), y_i is raised to the power 1 + e √y_i / 2 if it is positive, and z_i = 10^(e/2) (Q y)_i,
// e = (i-1)/(dim-1).
func bbobSchaffer(dim, seed int) (bbobFunction, []float64) {
	least := bbobPoint(dim, seed)
	q, r := bbobRotation(dim, seed), bbobRotation(dim, seed+1e6)
	stretch := bbobPowersOf(math.Sqrt(10), dim)
	return func(_, x, work []float64) float64 {
		d, y, z := work[:dim], work[dim:2*dim], work[2*dim:3*dim]
		r.rotate(y, floats.SubTo(d, x, least))
		for i, t := range y {
			if t > 0 {
				y[i] = math.Pow(t, 1+0.5*float64(i)/float64(dim-1)*math.Sqrt(t))
			}
		}
		q.rotate(z, y)
		for i := range z {
			z[i] *= stretch[i]
		}
		var sum float64
		for i := range dim - 1 {
			s := math.Hypot(z[i], z[i+1])
			sine := math.Sin(50 * math.Pow(s, 0.2))
			sum += math.Sqrt(s) * (1 + float64(sine*sine))
		}
		mean := sum / float64(dim-1)
		return mean * mean
	}, least
}

// bbobGriewankRosenbrock is 1 + the mean over i < dim of s_i/4000 - cos s_i, with the terms s_i of Rosenbrock's function
// of z = max(1, √dim/8) R x + 1/2. Its minimizer is where all z_i are 1.
func bbobGriewankRosenbrock(dim, seed int) (bbobFunction, []float64) {
	r := bbobRotation(dim, seed)
	scale := max(1, math.Sqrt(float64(dim))/8)
	least := make([]float64, dim)
	r.back(least, slices.Repeat([]float64{0.5 / scale}, dim))
	return func(grad, x, work []float64) float64 {
		z, slope := work[:dim], work[dim:2*dim]
		r.rotate(z, x)
		for i := range z {
			z[i] = float64(scale*z[i]) + 0.5
		}
		clear(slope)
		var sum float64
		for i := range dim - 1 {
			a, b := float64(z[i]*z[i])-z[i+1], z[i]-1
			s := float64(100*a*a) + float64(b*b)
			sine, cosine := math.Sincos(s)
			sum += s/4000 - cosine
			d := (1.0/4000 + sine) * scale / float64(dim-1)
			slope[i] += d * (400*a*z[i] + 2*b)
			slope[i+1] -= d * 200 * a
		}
		if grad != nil {
			r.back(grad, slope)
		}
		return 1 + sum/float64(dim-1)
	}, least
}

// bbobGallagher is T(10 - max_k w_k exp(-Σ c_ki (R (x - y_k))_i² / (2 dim)))², T of bbobOscillate, with 101 peaks y_k in
// [-5, 5]. The first, of height w = 10, is the minimizer and shrunk by 0.8; the others have w from 1.1 to 9.1. The c_ki
// are a permutation of c^(j/(dim-1) - 1/2), j = 0, ..., dim-1, with c = √1000 for the first peak and a permutation of
// 1000^(l/99), l = 0, ..., 99, for the others.
func bbobGallagher(dim, seed int) (bbobFunction, []float64) {
	const peaks = 101
	r := bbobRotation(dim, seed)
	order := bbobPermutation(peaks-1, seed)
	type peak struct {
		height float64
		centre []float64 // R y
		weight []float64 // c_ki / (2 dim)
	}
	all := make([]peak, peaks)
	u := bbobUniforms(peaks*dim, seed)
	var least []float64
	for k := range all {
		y := make([]float64, dim)
		for i := range y {
			y[i] = 10*u[k*dim+i] - 5
		}
		condition, height := math.Sqrt(1000), 10.0
		if k == 0 {
			for i := range y {
				y[i] *= 0.8
			}
			least = y
		} else {
			condition = math.Pow(1000, float64(order[k-1])/(peaks-2))
			height = 1.1 + 8*float64(k-1)/(peaks-2)
		}
		p := peak{height: height, centre: make([]float64, dim), weight: make([]float64, dim)}
		r.rotate(p.centre, y)
		for i, j := range bbobPermutation(dim, seed+1000*k) {
			p.weight[i] = math.Pow(condition, float64(j)/float64(dim-1)-0.5) / (2 * float64(dim))
		}
		all[k] = p
	}
	return func(_, x, work []float64) float64 {
		z := work[:dim]
		r.rotate(z, x)
		var top float64
		for _, p := range all {
			var sum float64
			for i, t := range z {
				d := t - p.centre[i]
				sum += float64(p.weight[i] * d * d)
			}
			top = max(top, p.height*math.Exp(-sum))
		}
		y, _ := bbobOscillate(10 - top)
		return y * y
	}, least
}
