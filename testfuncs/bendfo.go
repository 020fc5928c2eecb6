package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stochopt/stochopt"
)

// BenDFO returns the 53 problems on which Moré and Wild compare derivative-free methods, in their order and their smooth
// form, without noise; BenDFOWith returns the other forms.
//
//	f(x) = Σ F_i(x)²,  i = 1, ..., m
//
// The problems are 22 least squares problems of the literature, most of them of Moré, Garbow and Hillstrom, with 2 to 12
// variables and m = 2 to 65, from the standard start and for some from ten times that. The formulas of the F_i are at
// the functions in this file. The gradient is exact. Minimum is the least value known, to 12 digits or more: from starts
// 13, 14, 16, 33 and 38 (counted from 1) descent ends in a local one, 48.984254 twice, 17.428693, 0.0065039548 and
// 1.7898136.
//
// A solver has solved a problem at the tolerance τ when it has seen an x with
//
//	f(x) <= f* + τ (f(x0) - f*)
//
// where f* is the least value that any of the solvers compared has found, and the data profile of a solver is the share of
// problems that it has solved as a function of the evaluations used, in units of n+1: package profile makes them. Moré
// and Wild take τ = 1e-1, 1e-3, 1e-5, 1e-7 and at most 100 (n+1) evaluations.
//
// References: J. J. Moré, S. M. Wild, Benchmarking derivative-free optimization algorithms, SIAM Journal on Optimization
// 20(1):172-191, 2009. J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing unconstrained optimization software, ACM
// Transactions on Mathematical Software 7(1):17-41, 1981, for the data of problems 8 to 10, 17 and 18 and the names.
func BenDFO() []Objective { return BenDFOWith(BenDFOSmooth, 0) }

// BenDFOKind is a form of the BenDFO problems.
type BenDFOKind int

// The forms. z and u are drawn anew for each F_i and each Sample; σ is the argument sigma of BenDFOWith.
const (
	// BenDFOSmooth is f(x) = Σ F_i².
	BenDFOSmooth BenDFOKind = iota
	// BenDFONonDiff is Σ |F_i|, piecewise smooth; Bard, Kowalik and Osborne, Jennrich and Sampson, Brown almost-linear and
	// both of Osborne's are cut off: at max(x_j, 0) in place of x_j. Func is that sum.
	BenDFONonDiff
	// BenDFOWild3 is (1 + 0.001 φ(x)) f(x): φ, in [-1, 1], oscillates over distances of about 0.01 and stands for the errors of a
	// computation that is deterministic.
	//
	//	φ = z (4 z² - 3),  z = 0.9 sin(100 ‖x‖₁) cos(100 ‖x‖_∞) + 0.1 cos(‖x‖₂)
	BenDFOWild3
	// BenDFORelWild is (1 + σ φ) f.
	BenDFORelWild
	// BenDFOAbsWild is f + φ.
	BenDFOAbsWild
	// BenDFONoisy3 is Σ (F_i (1 + u_i))², u uniform on [-0.001, 0.001]. Its mean is (1 + 1e-6/3) f.
	BenDFONoisy3
	// BenDFORelNormal is Σ (F_i (1 + z_i))², z normal with mean 0 and standard deviation σ. Its mean is (1 + σ²) f.
	BenDFORelNormal
	// BenDFORelUniform is the same with z uniform, mean 0 and standard deviation σ.
	BenDFORelUniform
	// BenDFOAbsNormal is Σ (F_i + z_i)², z normal with mean 0 and standard deviation σ. Its mean is f + m σ².
	BenDFOAbsNormal
	// BenDFOAbsUniform is the same with z uniform, mean 0 and standard deviation σ.
	BenDFOAbsUniform
)

var bendfoKinds = [...]string{"smooth", "nondiff", "wild3", "relwild", "abswild", "noisy3", "relnormal", "reluniform", "absnormal", "absuniform"}

// String returns the name of the form in the published programs.
func (k BenDFOKind) String() string {
	if k < 0 || int(k) >= len(bendfoKinds) {
		return fmt.Sprintf("BenDFOKind(%d)", int(k))
	}
	return bendfoKinds[k]
}

// usesSigma reports whether the form has a free size of its noise.
func (k BenDFOKind) usesSigma() bool {
	switch k {
	case BenDFORelWild, BenDFORelNormal, BenDFORelUniform, BenDFOAbsNormal, BenDFOAbsUniform:
		return true
	}
	return false
}

// BenDFOWith returns the 53 problems in the form kind. sigma is the σ of the forms that have one; if it is 0, 0.001 is
// used, as published.
//
// The gradient of a draw is that of the drawn value with z or u fixed, so its mean is the gradient of the mean, (1 + σ²)
// ∇f or ∇f: the minimizer is that of f. (The published programs return other gradients for these forms.) Func and Grad
// are f and ∇f, but for BenDFONonDiff; so the wild forms are judged without φ here, and with it in the published
// profiles. The Oracles of the wild forms have no gradient, as φ has none that would help: put them into
// gradient.Differences, with Noise set to what φ does to the value. The gradient of BenDFONonDiff is Σ sign(F_i) ∇F_i,
// with sign(0) = 0 and nothing for variables below 0 where these are cut off; its Minimum is known only where all F_i can
// be 0, and else NaN.
//
// BenDFOWith panics if there is no such kind, if sigma is negative, infinite or NaN, and if it is not 0 in a form that
// has no σ.
func BenDFOWith(kind BenDFOKind, sigma float64) []Objective {
	switch {
	case kind < 0 || int(kind) >= len(bendfoKinds):
		panic(fmt.Sprintf("testfuncs: BenDFOWith: kind = %v, want one of the ten forms", kind))
	case !(sigma >= 0) || math.IsInf(sigma, 1):
		panic(fmt.Sprintf("testfuncs: BenDFOWith: sigma = %v, want finite and >= 0", sigma))
	case sigma != 0 && !kind.usesSigma():
		panic(fmt.Sprintf("testfuncs: BenDFOWith: sigma = %v, but %v has no sigma", sigma, kind))
	case sigma == 0:
		sigma = 1e-3
	}
	var all []Objective
	for k, c := range bendfoCases {
		p := &bendfoProblems[c.problem-1]
		least := bendfoMinimum(c)
		o := Objective{
			Name:    fmt.Sprintf("BenDFO %d, %s, n = %d", k+1, p.name, c.n),
			Start:   p.start(c.n),
			Minimum: least.value,
		}
		if c.times10 {
			o.Name += ", 10 x start"
			for j := range o.Start {
				o.Start[j] *= 10
			}
		}
		if least.at != nil {
			o.Minimizers = [][]float64{slices.Clone(least.at)}
		}
		if kind != BenDFOSmooth {
			o.Name += ", " + kind.String()
		}
		f := squares{dim: c.n, count: c.m, residual: func(grad, x []float64, i int) float64 {
			return p.residual(grad, x, i+1, c.m)
		}}
		f.set(&o)
		kind.apply(&o, f, p.cutOff, sigma)
		all = append(all, o)
	}
	return all
}

// apply brings the smooth objective o with the residuals of f into the form k.
func (k BenDFOKind) apply(o *Objective, f squares, cutOff bool, sigma float64) {
	// of returns the Oracle of a sum of terms that depend on one residual each.
	of := func(term func(r float64, rng *rand.Rand) (value, slope float64)) stochopt.Oracle {
		sum := f.terms(o.Name, term)
		return func(grad, x []float64, s stochopt.Sample) (float64, error) { return sum(grad, x, s), nil }
	}
	relative := func(draw func(rng *rand.Rand) float64) stochopt.Oracle {
		return of(func(r float64, rng *rand.Rand) (value, slope float64) {
			q := 1 + draw(rng)
			y := r * q
			return y * y, 2 * y * q
		})
	}
	absolute := func(draw func(rng *rand.Rand) float64) stochopt.Oracle {
		return of(func(r float64, rng *rand.Rand) (value, slope float64) {
			y := r + draw(rng)
			return y * y, 2 * y
		})
	}
	wild := func(distort func(f, phi float64) float64) stochopt.Oracle {
		smooth, name := o.Func, o.Name
		return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				return math.NaN(), fmt.Errorf("testfuncs: %s has no gradient; put it into gradient.Differences", name)
			}
			return distort(smooth(x), bendfoWild(x)), nil
		}
	}
	normal := func(rng *rand.Rand) float64 { return sigma * rng.NormFloat64() }
	uniform := func(width float64) func(rng *rand.Rand) float64 { // on [-width, width]
		return func(rng *rand.Rand) float64 { return width * (2*rng.Float64() - 1) }
	}
	switch k {
	case BenDFOSmooth:
	case BenDFONonDiff:
		nonDiff(o, f, cutOff)
	case BenDFOWild3:
		o.Oracle = wild(func(f, phi float64) float64 { return (1 + float64(1e-3*phi)) * f })
	case BenDFORelWild:
		o.Oracle = wild(func(f, phi float64) float64 { return (1 + float64(sigma*phi)) * f })
	case BenDFOAbsWild:
		o.Oracle = wild(func(f, phi float64) float64 { return f + phi })
	case BenDFONoisy3:
		o.Oracle = relative(uniform(1e-3))
	case BenDFORelNormal:
		o.Oracle = relative(normal)
	case BenDFORelUniform:
		o.Oracle = relative(uniform(math.Sqrt(3) * sigma))
	case BenDFOAbsNormal:
		o.Oracle = absolute(normal)
	case BenDFOAbsUniform:
		o.Oracle = absolute(uniform(math.Sqrt(3) * sigma))
	}
}

// nonDiff makes o the sum of the absolute values.
func nonDiff(o *Objective, f squares, cutOff bool) {
	if cutOff {
		smooth := f.residual
		var free generators
		f.residual = func(grad, x []float64, i int) float64 {
			m := free.get(stochopt.Sample{}, f.dim)
			defer free.put(m)
			positive := m.work[:f.dim]
			for j, v := range x {
				positive[j] = max(v, 0)
			}
			r := smooth(grad, positive, i)
			for j := range grad {
				if x[j] < 0 {
					grad[j] = 0
				}
			}
			return r
		}
	}
	sum := f.terms(o.Name, func(r float64, _ *rand.Rand) (value, slope float64) {
		switch {
		case r > 0:
			return r, 1
		case r < 0:
			return -r, -1
		}
		return r, 0 // 0, or NaN
	})
	o.Func = func(x []float64) float64 { return sum(nil, x, stochopt.Sample{}) }
	o.Grad = func(grad, x []float64) { sum(grad, x, stochopt.Sample{}) }
	o.Oracle = o.exact()
	if o.Minimum != 0 {
		o.Minimum, o.Minimizers = math.NaN(), nil
	}
}

// bendfoWild is φ.
func bendfoWild(x []float64) float64 {
	var one, two, inf float64 // norms
	for _, v := range x {
		one += math.Abs(v)
		two += float64(v * v)
		inf = max(inf, math.Abs(v))
	}
	z := float64(0.9*math.Sin(100*one)*math.Cos(100*inf)) + float64(0.1*math.Cos(math.Sqrt(two)))
	return z * (float64(4*z*z) - 3)
}

// bendfoProblems are the 22 least squares problems. residual returns F_i(x), i = 1, ..., m, and, if grad is not nil,
// stores its gradient in grad. start returns the standard start.
var bendfoProblems = [...]struct {
	name     string
	residual func(grad, x []float64, i, m int) float64
	start    func(n int) []float64
	cutOff   bool // the absolute values are those at max(x, 0)
}{
	{"linear full rank", linearFullRank, startAll(1), false},
	{"linear rank 1", linearRankOne, startAll(1), false},
	{"linear rank 1 with zero columns and rows", linearRankOneZeros, startAll(1), false},
	{"Rosenbrock", rosenbrockResidual, startAt(-1.2, 1), false},
	{"helical valley", helicalValley, startAt(-1, 0, 0), false},
	{"Powell singular", powellSingular, startAt(3, -1, 0, 1), false},
	{"Freudenstein and Roth", freudensteinRoth, startAt(0.5, -2), false},
	{"Bard", bard, startAt(1, 1, 1), true},
	{"Kowalik and Osborne", kowalikOsborne, startAt(0.25, 0.39, 0.415, 0.39), true},
	{"Meyer", meyer, startAt(0.02, 4000, 250), false},
	{"Watson", watson, startAll(0.5), false},
	{"Box 3-d", box, startAt(0, 10, 20), false},
	{"Jennrich and Sampson", jennrichSampson, startAt(0.3, 0.4), true},
	{"Brown and Dennis", brownDennis, startAt(25, 5, -5, -1), false},
	{"Chebyquad", chebyquad, chebyquadStart, false},
	{"Brown almost-linear", brownAlmostLinear, startAll(0.5), true},
	{"Osborne 1", osborne1, startAt(0.5, 1.5, 1, 0.01, 0.02), true},
	{"Osborne 2", osborne2, startAt(1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), true},
	{"Bdqrtic", bdqrtic, startAll(1), false},
	{"Cube", cube, startAll(0.5), false},
	{"Mancino", mancino, mancinoStart, false},
	{"Heart8ls", heart8ls, startAt(-0.3, -0.39, 0.3, -0.344, -1.2, 2.69, 1.59, -1.5), false},
}

// startAll returns the start whose variables are all v.
func startAll(v float64) func(n int) []float64 {
	return func(n int) []float64 { return slices.Repeat([]float64{v}, n) }
}

// startAt returns the start v.
func startAt(v ...float64) func(n int) []float64 {
	return func(int) []float64 { return slices.Clone(v) }
}

// linearFullRank: F_i = x_i - 2S/m - 1 for i <= n, -2S/m - 1 beyond, S = Σ x_j.
func linearFullRank(grad, x []float64, i, m int) float64 {
	var s float64
	for j, v := range x {
		s += v
		if grad != nil {
			grad[j] = -2 / float64(m)
		}
	}
	f := -2*s/float64(m) - 1
	if i <= len(x) {
		f += x[i-1]
		if grad != nil {
			grad[i-1]++
		}
	}
	return f
}

// linearRankOne: F_i = i S - 1, S = Σ j x_j.
func linearRankOne(grad, x []float64, i, _ int) float64 {
	var s float64
	for j, v := range x {
		s += float64(j+1) * v
		if grad != nil {
			grad[j] = float64(i * (j + 1))
		}
	}
	return float64(i)*s - 1
}

// linearRankOneZeros: F_i = (i-1) S - 1, S = Σ j x_j over 2 <= j <= n-1; F_m = -1.
func linearRankOneZeros(grad, x []float64, i, m int) float64 {
	clear(grad)
	if i == m {
		return -1
	}
	var s float64
	for j := 1; j < len(x)-1; j++ {
		s += float64(j+1) * x[j]
		if grad != nil {
			grad[j] = float64((i - 1) * (j + 1))
		}
	}
	return float64(i-1)*s - 1
}

// rosenbrockResidual: F_1 = 10 (x_2 - x_1²), F_2 = 1 - x_1.
func rosenbrockResidual(grad, x []float64, i, _ int) float64 {
	if i == 1 {
		store(grad, -20*x[0], 10)
		return 10 * (x[1] - x[0]*x[0])
	}
	store(grad, -1, 0)
	return 1 - x[0]
}

// store copies the gradient to grad unless that is nil.
func store(grad []float64, gradient ...float64) {
	copy(grad, gradient)
}

// helicalValley: F_1 = 10 (x_3 - 10 θ), F_2 = 10 (√(x_1² + x_2²) - 1), F_3 = x_3, where 2πθ is the angle of (x_1, x_2) in
// (-π/2, 3π/2). It is not differentiable where x_1 = x_2 = 0, and jumps where x_1 = 0 > x_2.
func helicalValley(grad, x []float64, i, _ int) float64 {
	r := math.Hypot(x[0], x[1])
	switch i {
	case 1:
		c := 100 / (2 * math.Pi * r * r)
		store(grad, c*x[1], -c*x[0], 10)
		var theta float64
		switch {
		case x[0] > 0:
			theta = math.Atan(x[1]/x[0]) / (2 * math.Pi)
		case x[0] < 0:
			theta = math.Atan(x[1]/x[0])/(2*math.Pi) + 0.5
		case x[1] != 0:
			theta = 0.25
		}
		return 10 * (x[2] - 10*theta)
	case 2:
		store(grad, 10*x[0]/r, 10*x[1]/r, 0)
		return 10 * (r - 1)
	}
	store(grad, 0, 0, 1)
	return x[2]
}

// powellSingular: F = x_1 + 10 x_2, √5 (x_3 - x_4), (x_2 - 2 x_3)², √10 (x_1 - x_4)².
func powellSingular(grad, x []float64, i, _ int) float64 {
	switch i {
	case 1:
		store(grad, 1, 10, 0, 0)
		return x[0] + 10*x[1]
	case 2:
		store(grad, 0, 0, math.Sqrt(5), -math.Sqrt(5))
		return math.Sqrt(5) * (x[2] - x[3])
	case 3:
		d := x[1] - 2*x[2]
		store(grad, 0, 2*d, -4*d, 0)
		return d * d
	}
	d := x[0] - x[3]
	store(grad, 2*math.Sqrt(10)*d, 0, 0, -2*math.Sqrt(10)*d)
	return math.Sqrt(10) * d * d
}

// freudensteinRoth: F_1 = -13 + x_1 + ((5 - x_2) x_2 - 2) x_2, F_2 = -29 + x_1 + ((1 + x_2) x_2 - 14) x_2.
func freudensteinRoth(grad, x []float64, i, _ int) float64 {
	v := x[1]
	if i == 1 {
		store(grad, 1, (10-3*v)*v-2)
		return -13 + x[0] + ((5-v)*v-2)*v
	}
	store(grad, 1, (2+3*v)*v-14)
	return -29 + x[0] + ((1+v)*v-14)*v
}

// bard: F_i = y_i - (x_1 + i/(x_2 (16-i) + x_3 min(i, 16-i))).
func bard(grad, x []float64, i, _ int) float64 {
	u, v := float64(i), float64(16-i)
	w := min(u, v)
	d := x[1]*v + x[2]*w
	store(grad, -1, u*v/(d*d), u*w/(d*d))
	return bardY[i-1] - (x[0] + u/d)
}

// kowalikOsborne: F_i = y_i - x_1 v_i (v_i + x_2)/(v_i (v_i + x_3) + x_4).
func kowalikOsborne(grad, x []float64, i, _ int) float64 {
	v := kowalikOsborneV[i-1]
	num, den := v*(v+x[1]), v*(v+x[2])+x[3]
	f := x[0] * num / den
	store(grad, -num/den, -x[0]*v/den, f*v/den, f/den)
	return kowalikOsborneY[i-1] - f
}

// meyer: F_i = x_1 exp(x_2/(5i + 45 + x_3)) - y_i.
func meyer(grad, x []float64, i, _ int) float64 {
	d := float64(5*i+45) + x[2]
	e := math.Exp(x[1] / d)
	store(grad, e, x[0]*e/d, -x[0]*e*x[1]/(d*d))
	return x[0]*e - meyerY[i-1]
}

// watson: with t = i/29, F_i = Σ_{j>=2} (j-1) x_j t^(j-2) - (Σ x_j t^(j-1))² - 1 for i <= 29; F_30 = x_1,
// F_31 = x_2 - x_1² - 1.
func watson(grad, x []float64, i, _ int) float64 {
	clear(grad)
	switch i {
	case 30:
		store(grad, 1)
		return x[0]
	case 31:
		store(grad, -2*x[0], 1)
		return x[1] - x[0]*x[0] - 1
	}
	t := float64(i) / 29
	var slope, value float64 // of the polynomial with the coefficients x
	for j := len(x) - 1; j >= 0; j-- {
		slope = slope*t + value
		value = value*t + x[j]
	}
	for j, p, below := 0, 1.0, 0.0; j < len(grad); j++ { // p is t^j, below is t^(j-1)
		grad[j] = float64(j)*below - 2*value*p
		p, below = p*t, p
	}
	return slope - value*value - 1
}

// box: F_i = exp(-i x_1/10) - exp(-i x_2/10) + (exp(-i) - exp(-i/10)) x_3.
func box(grad, x []float64, i, _ int) float64 {
	t := float64(i) / 10
	a, b, c := math.Exp(-t*x[0]), math.Exp(-t*x[1]), math.Exp(-float64(i))-math.Exp(-t)
	store(grad, -t*a, t*b, c)
	return a - b + c*x[2]
}

// jennrichSampson: F_i = 2 + 2i - exp(i x_1) - exp(i x_2).
func jennrichSampson(grad, x []float64, i, _ int) float64 {
	t := float64(i)
	a, b := math.Exp(t*x[0]), math.Exp(t*x[1])
	store(grad, -t*a, -t*b)
	return 2 + 2*t - a - b
}

// brownDennis: with t = i/5, F_i = (x_1 + t x_2 - exp t)² + (x_3 + x_4 sin t - cos t)².
func brownDennis(grad, x []float64, i, _ int) float64 {
	t := float64(i) / 5
	s, c := math.Sincos(t)
	a, b := x[0]+t*x[1]-math.Exp(t), x[2]+x[3]*s-c
	store(grad, 2*a, 2*a*t, 2*b, 2*b*s)
	return a*a + b*b
}

// chebyquad: F_i is the mean over j of T_i(2 x_j - 1), less its integral: + 1/(i² - 1) for even i.
func chebyquad(grad, x []float64, i, _ int) float64 {
	n := float64(len(x))
	var sum float64
	for j, v := range x {
		t := 2*v - 1
		p0, p1 := 1.0, t   // T_k-1 and T_k
		d0, d1 := 0.0, 1.0 // and their derivatives
		for range i - 1 {
			d0, d1 = d1, 2*p1+2*t*d1-d0
			p0, p1 = p1, 2*t*p1-p0
		}
		sum += p1
		if grad != nil {
			grad[j] = 2 * d1 / n
		}
	}
	f := sum / n
	if i%2 == 0 {
		f += 1 / float64(i*i-1)
	}
	return f
}

// chebyquadStart is x_j = j/(n+1).
func chebyquadStart(n int) []float64 {
	x := make([]float64, n)
	for j := range x {
		x[j] = float64(j+1) / float64(n+1)
	}
	return x
}

// brownAlmostLinear: F_i = x_i + Σ x_j - (n+1) for i < n, F_n = Π x_j - 1.
func brownAlmostLinear(grad, x []float64, i, _ int) float64 {
	n := len(x)
	if i == n {
		f := 1.0
		for j, v := range x {
			f *= v
			if grad != nil {
				grad[j] = 1
				for k, w := range x {
					if k != j {
						grad[j] *= w
					}
				}
			}
		}
		return f - 1
	}
	f := x[i-1] - float64(n+1)
	for j, v := range x {
		f += v
		if grad != nil {
			grad[j] = 1
		}
	}
	if grad != nil {
		grad[i-1] = 2
	}
	return f
}

// osborne1: with t = 10 (i-1), F_i = y_i - (x_1 + x_2 exp(-x_4 t) + x_3 exp(-x_5 t)).
func osborne1(grad, x []float64, i, _ int) float64 {
	t := float64(10 * (i - 1))
	a, b := math.Exp(-x[3]*t), math.Exp(-x[4]*t)
	store(grad, -1, -a, -b, x[1]*t*a, x[2]*t*b)
	return osborne1Y[i-1] - (x[0] + x[1]*a + x[2]*b)
}

// osborne2: with t = (i-1)/10, F_i = y_i - x_1 exp(-x_5 t) - Σ x_k exp(-x_(k+4) (t - x_(k+7))²) over k = 2, 3, 4.
func osborne2(grad, x []float64, i, _ int) float64 {
	t := float64(i-1) / 10
	e := math.Exp(-x[4] * t)
	f := osborne2Y[i-1] - x[0]*e
	if grad != nil {
		grad[0], grad[4] = -e, x[0]*t*e
	}
	for k := 1; k <= 3; k++ {
		d := t - x[k+7]
		e := math.Exp(-x[k+4] * d * d)
		f -= x[k] * e
		if grad != nil {
			grad[k] = -e
			grad[k+4] = x[k] * d * d * e
			grad[k+7] = -2 * x[k] * x[k+4] * d * e
		}
	}
	return f
}

// bdqrtic: with q = n-4, F_i = -4 x_i + 3 for i <= q; then, with k = i-q,
// F_i = x_k² + 2 x_(k+1)² + 3 x_(k+2)² + 4 x_(k+3)² + 5 x_n².
func bdqrtic(grad, x []float64, i, _ int) float64 {
	clear(grad)
	n := len(x)
	q := n - 4
	if i <= q {
		if grad != nil {
			grad[i-1] = -4
		}
		return -4*x[i-1] + 3
	}
	var f float64
	add := func(weight float64, j int) {
		f += weight * x[j] * x[j]
		if grad != nil {
			grad[j] = 2 * weight * x[j]
		}
	}
	k := i - q - 1
	for j := range 4 {
		add(float64(j+1), k+j)
	}
	add(5, n-1)
	return f
}

// cube: F_1 = x_1 - 1, F_i = 10 (x_i - x_(i-1)³).
func cube(grad, x []float64, i, _ int) float64 {
	clear(grad)
	if i == 1 {
		store(grad, 1)
		return x[0] - 1
	}
	v := x[i-2]
	if grad != nil {
		grad[i-2], grad[i-1] = -30*v*v, 10
	}
	return 10 * (x[i-1] - v*v*v)
}

// mancino: F_i = 1400 x_i + (i-50)³ + Σ_j v (sin⁵ ln v + cos⁵ ln v), v = √(x_i² + i/j), j = 1, ..., n.
func mancino(grad, x []float64, i, _ int) float64 {
	clear(grad)
	xi := x[i-1]
	f, slope := mancinoSum(xi, i, len(x))
	if grad != nil {
		grad[i-1] = 1400 + slope
	}
	d := float64(i - 50)
	return 1400*xi + d*d*d + f
}

// mancinoSum is the sum over j in F_i, and its derivative by x_i.
func mancinoSum(xi float64, i, n int) (f, slope float64) {
	for j := 1; j <= n; j++ {
		v := math.Sqrt(xi*xi + float64(i)/float64(j))
		s, c := math.Sincos(math.Log(v))
		s4, c4 := s*s*s*s, c*c*c*c
		f += v * (s4*s + c4*c)
		slope += xi / v * (s4*s + c4*c + 5*s*c*(s*s*s-c*c*c))
	}
	return f, slope
}

// mancinoStart is x_i = -8.710996e-4 ((i-50)³ + Σ_j v (sin⁵ ln v + cos⁵ ln v)), v = √(i/j).
func mancinoStart(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		d := float64(i + 1 - 50)
		f, _ := mancinoSum(0, i+1, n)
		x[i] = -8.710996e-4 * (d*d*d + f)
	}
	return x
}

// heart8ls: with x = (a, b, c, d, t, u, v, w) and the complex numbers α = a + ic, β = b + id, τ = t + iv, ω = u + iw, the
// F_i are the real and imaginary parts of α τᵏ + β ωᵏ + γ_k for k = 0, 1, 2, 3.
func heart8ls(grad, x []float64, i, _ int) float64 {
	alpha, beta := complex(x[0], x[2]), complex(x[1], x[3])
	tau, omega := complex(x[4], x[6]), complex(x[5], x[7])
	k, imaginary := (i-1)/2, i%2 == 0
	gamma := [...]complex128{0.69 + 0.044i, 1.57 + 1.31i, 2.65 - 2i, 12.6 - 9.48i}[k]
	p, q := complex(1, 0), complex(1, 0) // τᵏ, ωᵏ
	var dp, dq complex128                // and their derivatives, k τᵏ⁻¹ and k ωᵏ⁻¹
	for range k {
		dp, dq = dp*tau+p, dq*omega+q
		p, q = p*tau, q*omega
	}
	part := func(z complex128) float64 {
		if imaginary {
			return imag(z)
		}
		return real(z)
	}
	if grad != nil {
		// The derivative by the imaginary part of an argument is i times that by the real part.
		for j, d := range [...]complex128{p, q, p * 1i, q * 1i, alpha * dp, beta * dq, alpha * dp * 1i, beta * dq * 1i} {
			grad[j] = part(d)
		}
	}
	return part(alpha*p + beta*q + gamma)
}
