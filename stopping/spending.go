package stopping

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// The functions of this file are for tests that are looked at a known number of times. With unlimited looks, the tests of
// this package spend Level/(k(k+1)) at look k; where the looks are scheduled, these boundaries have more power.

// Pocock returns the constant c for which |z_k| > c at any of the given number of equally spaced looks has the
// probability level, where z_k is the standardized sum of all values up to look k: 2.413 for 5 looks at 0.05. A naive c
// of 1.96 is exceeded with probability 0.142. The cost is about looks² operations times 10⁴. It panics if level is not in
// (0, 1) or looks < 1.
//
// Reference: S. J. Pocock, Group sequential methods in the design and analysis of clinical trials, Biometrika 64, 1977.
func Pocock(level float64, looks int) float64 {
	checkLooks("Pocock", level, looks)
	return constant(level, looks, func(_ int, c float64) float64 { return c })
}

// OBrienFleming returns the boundaries c √(K/k), k = 1, ..., K, of |z_k| at K equally spaced looks that are crossed with
// probability level: strict at first, and at the last near to that of a single look, c = 2.040 for 5 looks at 0.05. Cost and
// panics are those of Pocock.
//
// Reference: P. C. O'Brien, T. R. Fleming, A multiple testing procedure for clinical trials, Biometrics 35, 1979.
func OBrienFleming(level float64, looks int) []float64 {
	checkLooks("OBrienFleming", level, looks)
	shape := func(k int, c float64) float64 { return c * math.Sqrt(float64(looks)/float64(k)) }
	c := constant(level, looks, shape)
	bounds := make([]float64, looks)
	for i := range bounds {
		bounds[i] = shape(i+1, c)
	}
	return bounds
}

func checkLooks(name string, level float64, looks int) {
	if !(level > 0 && level < 1) || looks < 1 {
		panic(fmt.Sprintf("stopping: %s(%v, %d): want a level in (0, 1) and at least one look", name, level, looks))
	}
}

// constant returns the c for which the boundaries shape(k, c) at equally spaced looks are crossed with probability level.
func constant(level float64, looks int, shape func(k int, c float64) float64) float64 {
	t, bounds := make([]float64, looks), make([]float64, looks)
	for i := range t {
		t[i] = float64(i+1) / float64(looks)
	}
	return root(func(c float64) float64 {
		for i := range bounds {
			bounds[i] = shape(i+1, c)
		}
		return math.Log(Crossing(t, bounds) / level)
	}, distuv.UnitNormal.Quantile(1-level/2), distuv.UnitNormal.Quantile(1-level/2/float64(looks)))
}

// SpendPocock returns the spending function level ln(1 + (e-1)t) of Lan and DeMets, whose boundaries are much like Pocock's.
func SpendPocock(level float64) func(t float64) float64 {
	return func(t float64) float64 { return level * math.Log1p((math.E-1)*t) }
}

// SpendOBrienFleming returns the spending function 2 - 2Φ(z/√t), z the normal quantile for 1 - level/2, of Lan and DeMets:
// it spends the two-sided level as a whole, and its boundaries for |z| at 5 looks are 4.383, 3.100, 2.553, 2.254, 2.064.
func SpendOBrienFleming(level float64) func(t float64) float64 {
	z := distuv.UnitNormal.Quantile(1 - level/2)
	return func(t float64) float64 { return 2 * distuv.UnitNormal.Survival(z/math.Sqrt(t)) }
}

// SpendOBrienFlemingSides is the other convention for two-sided tests, which the tables of clinical trials have: each side
// spends level/2 by SpendOBrienFleming. The boundaries at 5 looks are 4.877, 3.357, 2.680, 2.290, 2.031.
func SpendOBrienFlemingSides(level float64) func(t float64) float64 {
	side := SpendOBrienFleming(level / 2)
	return func(t float64) float64 { return 2 * side(t) }
}

// Spending returns the boundaries of |z_k| at looks made at the fractions t_1 < t_2 < ... of all information (values, or
// 1/variance of the estimate), for which the probability of the first crossing being at look k is spent(t_k) -
// spent(t_(k-1)). Neither the number of looks nor their times need be fixed beforehand, only the function, so long as
// they do not depend on the values of z. It is the level of the null hypothesis that z has mean 0 and independent normal
// increments. A boundary is +Inf where nothing is spent. It panics if t is not increasing in (0, 1], or spent decreases.
//
// Reference: K. K. G. Lan, D. L. DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70, 1983.
func Spending(t []float64, spent func(t float64) float64) []float64 {
	checkTimes("Spending", t)
	b := make([]float64, len(t))
	var w walk
	before := 0.0
	for k, v := range t {
		part := spent(v) - before
		if !(part >= 0 && part < 1) {
			panic(fmt.Sprintf("stopping: Spending: the function spends %v at look %d, want it in [0, 1)", part, k))
		}
		before += part
		w.to(v)
		switch {
		case part < 1e-15: // below the rounding of the integrals
			b[k] = math.Inf(1)
		default:
			b[k] = root(func(c float64) float64 { return math.Log(w.cross(c) / part) }, 0.5, 8)
		}
		w.survive(b[k])
	}
	return b
}

// Crossing returns the probability that |z_k| > bounds_k at any look, for looks at the information fractions t and z of mean
// 0 with independent normal increments, by recursive integration: to about 10 digits.
//
// Reference: P. Armitage, C. K. McPherson, B. C. Rowe, Repeated significance tests on accumulating data, Journal of the Royal
// Statistical Society A 132, 1969.
func Crossing(t, bounds []float64) float64 {
	checkTimes("Crossing", t)
	if len(bounds) != len(t) {
		panic(fmt.Sprintf("stopping: Crossing: len(bounds) = %d, want len(t) = %d", len(bounds), len(t)))
	}
	var w walk
	var sum float64
	for k, v := range t {
		w.to(v)
		sum += w.cross(bounds[k])
		w.survive(bounds[k])
	}
	return sum
}

func checkTimes(name string, t []float64) {
	before := 0.0
	for i, v := range t {
		if !(v > before && v <= 1) {
			panic(fmt.Sprintf("stopping: %s: t[%d] = %v after %v, want it to increase in (0, 1]", name, i, v, before))
		}
		before = v
	}
}

// walk is a Brownian motion that has not crossed a boundary at the looks so far: y are nodes, mass the weights of an
// integral times the density there.
type walk struct {
	t, sd   float64 // time of the next look, and standard deviation since the one before
	y, mass []float64
}

// to sets the time of the next look.
func (w *walk) to(t float64) {
	if w.y == nil {
		w.y, w.mass = []float64{0}, []float64{1}
	}
	w.t, w.sd = t, math.Sqrt(t-w.t)
}

// cross returns the probability of |z| > c at the next look.
func (w *walk) cross(c float64) float64 {
	b := c * math.Sqrt(w.t)
	var sum float64
	for i, y := range w.y {
		sum += float64(w.mass[i] * (math.Erfc((b-y)/(math.Sqrt2*w.sd)) + math.Erfc((b+y)/(math.Sqrt2*w.sd))) / 2)
	}
	return sum
}

// survive goes to the next look and keeps what has |z| <= c there.
func (w *walk) survive(c float64) {
	b := min(c, 10) * math.Sqrt(w.t)
	y := make([]float64, 40+int(3*b/w.sd)) // two nodes in each standard deviation of the kernel, and 40
	mass := make([]float64, len(y))
	quad.Legendre{}.FixedLocations(y, mass, -b, b)
	for j, v := range y {
		var density float64
		for i, u := range w.y {
			d := (v - u) / w.sd
			density += float64(w.mass[i] * math.Exp(-d*d/2))
		}
		mass[j] *= density / (w.sd * math.Sqrt(2*math.Pi))
	}
	w.y, w.mass = y, mass
}

// root returns the zero of a decreasing function, near [low, high], by the Illinois method.
func root(f func(float64) float64, low, high float64) float64 {
	a, b := low, high
	fa, fb := f(a), f(b)
	for fa < 0 && a > 0 {
		b, fb = a, fa
		a = max(0, a-1)
		fa = f(a)
	}
	for fb > 0 {
		a, fa = b, fb
		b++
		fb = f(b)
	}
	for fa != 0 && fb != 0 && b-a > 1e-12*b {
		x := b - fb*(b-a)/(fb-fa)
		if !(x > a && x < b) {
			x = (a + b) / 2
		}
		fx := f(x)
		switch {
		case math.Abs(fx) < 1e-11:
			return x
		case fx < 0:
			b, fb, fa = x, fx, fa/2
		default:
			a, fa, fb = x, fx, fb/2
		}
	}
	switch {
	case fa == 0:
		return a
	case fb == 0:
		return b
	}
	return (a + b) / 2
}
