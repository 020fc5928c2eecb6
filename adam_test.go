package stochopt_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// In this file Δ is the step x - x', and α is StepSize. Adam works component by component, so that many sequences of
// gradients are run at once, one in each component.

// delta stores in dst the step that r makes with grad. It starts at 0, where the step is not rounded into x.
func delta(dst []float64, r stochopt.Rule, grad []float64) {
	clear(dst)
	r.Step(dst, grad)
	floats.Scale(-1, dst)
}

// sharpest is the greatest |Δ|/α that gradients can bring about in step t at ε = 0, by the Cauchy-Schwarz inequality:
// Δ/α = Σ aᵢgᵢ / √(Σ wᵢgᵢ²), the sums over i <= t, is at most √(Σ aᵢ²/wᵢ), attained by gᵢ in proportion to aᵢ/wᵢ.
func sharpest(b1, b2 float64, t int) float64 {
	var ones1, ones2, ratios float64
	for k := range t {
		ones1 += math.Pow(b1, float64(k))
		ones2 += math.Pow(b2, float64(k))
		ratios += math.Pow(b1*b1/b2, float64(k))
	}
	return math.Sqrt(ones2*ratios) / ones1
}

// TestAdamStepBound: no gradients make a step longer than the sharp bound, and some make one just as long.
func TestAdamStepBound(t *testing.T) {
	const alpha, paths, steps = 0.1, 2000, 200
	for _, b := range [][2]float64{{0.9, 0.999}, {0.9, 0.95}, {0, 0.999}, {0.9, 0.81}, {0.9, 0.5}} {
		b1, b2 := b[0], b[1]
		a := &stochopt.Adam{StepSize: alpha, Beta1: orZero(b1), Beta2: b2, Epsilon: stochopt.Zero}

		rnd := rand.New(rand.NewPCG(1, 2))
		g, d := make([]float64, paths), make([]float64, paths)
		a.Reset(paths)
		for k := 1; k <= steps; k++ {
			for i := range g {
				g[i] = rnd.NormFloat64() * math.Pow(10, -3+6*rnd.Float64())
			}
			delta(d, a, g)
			if longest, bound := floats.Norm(d, math.Inf(1)), alpha*sharpest(b1, b2, k); !(longest <= bound*(1+1e-12)) {
				t.Fatalf("β = %v: Δ = %v in step %d, want <= %v", b, longest, k, bound)
			}
		}

		if b1 == 0 {
			continue // attained by a gradient after zeros: TestAdamSwitchOn
		}
		a.Reset(1)
		growth := 1.0
		for k := 1; k <= steps; k++ {
			growth *= b2 / b1
			delta(d[:1], a, []float64{growth})
			bound := alpha * sharpest(b1, b2, k)
			if slices.Contains([]int{1, 2, 10, 50, 200}, k) && !(math.Abs(d[0]/bound-1) <= 1e-9) {
				t.Errorf("β = %v: Δ = %v in step %d from growing gradients, want %v", b, d[0], k, bound)
			}
		}
	}
}

// TestAdamPublishedBound: with the defaults |Δ| <= α (1-β₁)/√(1-β₂), section 2.1 of the paper, does not hold for all
// gradients, nor does |Δ| <= α where the paper has that. The bounds of TestAdamStepBound are needed.
func TestAdamPublishedBound(t *testing.T) {
	for _, test := range []struct {
		b1, b2, published float64
		after             int
	}{
		{0.9, 0.999, 0.1 / math.Sqrt(0.001), 400},
		{0.9, 0.99, 1, 10},
		{0.9, 0.5, 1, 10},
	} {
		a := &stochopt.Adam{StepSize: 1, Beta1: test.b1, Beta2: test.b2, Epsilon: stochopt.Zero}
		a.Reset(1)
		d := []float64{0}
		for k := range test.after {
			delta(d, a, []float64{math.Pow(test.b2/test.b1, float64(k))})
		}
		if !(d[0] > test.published*1.01) {
			t.Errorf("β = %v, %v: Δ = %v α after %d steps, want more than %v", test.b1, test.b2, d[0], test.after, test.published)
		}
	}
}

// TestAdamSwitchOn: a gradient that is 0 for long and then 1. The step is longest some ten steps after that, and while v
// and ε are 0 there is none.
func TestAdamSwitchOn(t *testing.T) {
	const zeros, b2 = 20000, 0.999
	for _, b1 := range []float64{0.9, 0} {
		a := &stochopt.Adam{StepSize: 1, Beta1: orZero(b1), Beta2: b2, Epsilon: stochopt.Zero}
		a.Reset(1)
		d := []float64{0}
		for k := range zeros {
			if delta(d, a, []float64{0}); d[0] != 0 {
				t.Fatalf("Δ = %v from gradients of 0, step %d", d[0], k)
			}
		}
		for n := 1; n <= 80; n++ {
			delta(d, a, []float64{1})
			want := (1 - math.Pow(b1, float64(n))) / math.Sqrt(1-math.Pow(b2, float64(n)))
			if !(math.Abs(d[0]/want-1) <= 1e-8) { // β₂ to the power of 20000 is 2e-9
				t.Errorf("β₁ = %v: Δ = %v α after %d ones, want %v α", b1, d[0], n, want)
			}
			if b1 == 0.9 && n == 10 && !(math.Abs(d[0]-6.5279) <= 1e-4) { // twice the published bound
				t.Errorf("Δ = %.5f α after ten ones, want 6.5279 α", d[0])
			}
		}
	}
}

// TestAdamScale: gradients c g instead of g leave Δ as it is, with the sign of c, if ε = 0, and otherwise act as ε/|c| does.
func TestAdamScale(t *testing.T) {
	const alpha, dim, steps = 0.1, 50, 200
	rnd := rand.New(rand.NewPCG(3, 4))
	grads := make([][]float64, steps)
	for k := range grads {
		grads[k] = make([]float64, dim)
		for i := range grads[k] {
			grads[k][i] = rnd.NormFloat64()
		}
	}
	// run returns all steps with gradients c g, and ε.
	run := func(c, eps float64) []float64 {
		a := &stochopt.Adam{StepSize: alpha, Epsilon: orZero(eps)}
		a.Reset(dim)
		all := make([]float64, 0, steps*dim)
		g, d := make([]float64, dim), make([]float64, dim)
		for k := range grads {
			floats.ScaleTo(g, c, grads[k])
			delta(d, a, g)
			all = append(all, d...)
		}
		return all
	}
	for _, test := range []struct{ c, eps, tol float64 }{
		{c: math.Ldexp(1, -400)}, // powers of 2 change no digits
		{c: math.Ldexp(1, -3)},
		{c: 2},
		{c: math.Ldexp(1, 400)},
		{c: -1},
		{c: -1, eps: 1e-3},
		{c: math.Ldexp(1, -20), eps: 1e-3},
		{c: -math.Ldexp(1, 20), eps: 1e-3},
		// m may cancel: 1e-12 of α, not of Δ.
		{c: 3, tol: 1e-12 * alpha},
		{c: -0.7, tol: 1e-12 * alpha},
		{c: 3, eps: 1e-3, tol: 1e-12 * alpha},
		{c: -1e-6, eps: 1e-8, tol: 1e-12 * alpha},
		{c: 1e8, eps: 10, tol: 1e-12 * alpha},
	} {
		got, want := run(test.c, test.eps), run(1, test.eps/math.Abs(test.c))
		floats.Scale(math.Copysign(1, test.c), want)
		if d := floats.Distance(got, want, math.Inf(1)); !(d <= test.tol) {
			t.Errorf("c = %g, ε = %g: steps differ by up to %.2g, want <= %.2g", test.c, test.eps, d, test.tol)
		}
	}
	// And ε stops a gradient from being scaled up: this must differ.
	const eps = 1e-3
	if d := floats.Distance(run(math.Ldexp(1, -20), eps), run(1, eps), math.Inf(1)); !(d > alpha/2) {
		t.Errorf("c = 2⁻²⁰, ε = %g: steps differ by up to %.2g only", eps, d)
	}
}

// TestAdamConstantGradient: a constant gradient g moves x by α/(1+ε/|g|) in every step, the first included.
func TestAdamConstantGradient(t *testing.T) {
	const alpha, steps, eps = 0.001, 3000, 1e-8
	g := []float64{1, -2.5, 1e-3, -1e-8, 1e-12, 1e6, -1e100}
	// off is the greatest distance from that law, of all steps and components.
	off := func(r stochopt.Rule) float64 {
		x := make([]float64, len(g))
		r.Reset(len(g))
		var worst float64
		for k := 1; k <= steps; k++ {
			r.Step(x, g)
			for i := range g {
				worst = max(worst, math.Abs(x[i]+alpha*float64(k)*math.Copysign(1/(1+eps/math.Abs(g[i])), g[i])))
			}
		}
		return worst
	}
	if d := off(&stochopt.Adam{StepSize: alpha, Epsilon: eps}); !(d <= 1e-10) {
		t.Errorf("x is off by up to %.2g, want <= 1e-10", d)
	}
	// Without bias correction the first step is 3.162 α.
	r := &typedAdam{alpha: alpha, b1: 0.9, b2: 0.999, mistake: "no bias correction"}
	if d := off(r); !(d > alpha) {
		t.Errorf("without bias correction x is off by up to %.2g only", d)
	}
	r.Reset(1)
	d := []float64{0}
	if delta(d, r, []float64{5}); math.Abs(d[0]/alpha-3.1623) > 1e-4 {
		t.Errorf("without bias correction the first step is %.4f α, want 3.1623 α", d[0]/alpha)
	}
}

// TestAdamBiasCorrection: m/c₁ and v/c₂ have the expectation of g and g² from the first step on. Neither is exported,
// but where ε is much greater than all gradients, and α equal to it, Δ is m/c₁; and with β₁ = 0, (αg/Δ)² is v/c₂.
func TestAdamBiasCorrection(t *testing.T) {
	const mu, paths, b1, b2 = 0.5, 100000, 0.9, 0.999
	const large = 1 << 60
	at := []int{1, 2, 5, 50}

	// memory is the variance of a corrected running mean with memory b in step t, of independent terms of variance 1.
	memory := func(b float64, t int) float64 {
		bt := math.Pow(b, float64(t))
		return (1 - b) / (1 + b) * (1 + bt) / (1 - bt)
	}
	// errors is the distance of the mean of s from want in standard errors.
	errors := func(s []float64, want, variance float64) float64 {
		return math.Abs(stat.Mean(s, nil)-want) / math.Sqrt(variance/paths)
	}
	mean := func(what string, k int, s []float64, want, variance float64) {
		t.Helper()
		if z := errors(s, want, variance); !(z <= 5) {
			t.Errorf("%s: mean in step %d is %v, want %v: %.1f standard errors", what, k, stat.Mean(s, nil), want, z)
		}
	}

	first := &stochopt.Adam{StepSize: large, Beta1: b1, Beta2: b2, Epsilon: large}
	second := &stochopt.Adam{StepSize: 1, Beta1: stochopt.Zero, Beta2: b2, Epsilon: stochopt.Zero}
	drift := &stochopt.Adam{StepSize: large, Beta1: b1, Beta2: b2, Epsilon: large}
	for _, a := range []*stochopt.Adam{first, second, drift} {
		a.Reset(paths)
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	g, d := make([]float64, paths), make([]float64, paths)
	for k := 1; k <= 50; k++ {
		for i := range g {
			g[i] = mu + rnd.NormFloat64()
		}
		check := slices.Contains(at, k)

		delta(d, first, g)
		if check {
			mean("m/c₁", k, d, mu, memory(b1, k))
			// The variance of a variance is twice its square, of normal numbers.
			if v := stat.Variance(d, nil) / memory(b1, k); !(math.Abs(v-1) <= 5*math.Sqrt(2.0/paths)) {
				t.Errorf("m/c₁: variance in step %d is %v times the law", k, v)
			}
		}
		if k == 1 { // m itself is too small by a factor 1-β₁
			r := &typedAdam{alpha: large, b1: b1, b2: b2, eps: large, mistake: "no bias correction"}
			r.Reset(paths)
			delta(d, r, g)
			if z := errors(d, mu, memory(b1, 1)); z < 50 {
				t.Errorf("m: the mean of step 1 is %.1f standard errors from μ only", z)
			}
			mean("m", k, d, (1-b1)*mu, (1-b1)*(1-b1))
		}

		delta(d, second, g)
		if check {
			for i := range d {
				r := g[i] / d[i]
				d[i] = r * r
			}
			mean("v/c₂", k, d, 1+mu*mu, (2+4*mu*mu)*memory(b2, k))
		}

		// A mean that drifts by 1/4 a step: m/c₁ lags behind by b1/(1-b1) steps in the end.
		floats.AddConst(0.25*float64(k), g)
		delta(d, drift, g)
		if check {
			bt := math.Pow(b1, float64(k))
			lag := b1/(1-b1) - float64(k)*bt/(1-bt)
			mean("m/c₁ of a drift", k, d, mu+0.25*(float64(k)-lag), memory(b1, k))
		}
	}
}

// TestAdamNoise: gradients of independent noise around r times their standard deviation. The steps do not get
// small at r = 0, and x wanders off as far as a random walk of steps α.
func TestAdamNoise(t *testing.T) {
	const alpha, paths, steps, sd = 0.01, 4000, 2000, 7.0
	for _, r := range []float64{0, 0.5, 1, 2} {
		a := &stochopt.Adam{StepSize: alpha, Epsilon: stochopt.Zero}
		a.Reset(paths)
		rnd := rand.New(rand.NewPCG(7, 8))
		g, d, x := make([]float64, paths), make([]float64, paths), make([]float64, paths)
		var squares, sum float64
		const from = steps / 2 // without the start, where all steps are of length α
		for k := range steps {
			for i := range g {
				g[i] = sd * (r + rnd.NormFloat64())
			}
			delta(d, a, g)
			floats.Sub(x, d)
			if k >= from {
				squares += floats.Dot(d, d)
				sum += floats.Sum(d)
			}
		}
		n := float64(paths * (steps - from))
		// The laws are those of β₂ → 1.
		rms, mean := math.Sqrt(squares/n)/alpha, sum/n/alpha
		wantRMS := math.Sqrt((r*r + 0.1/1.9) / (r*r + 1)) // .2294 and, at r = 1, .7255
		wantMean := r / math.Sqrt(1+r*r)
		if !(math.Abs(rms/wantRMS-1) <= 0.02) {
			t.Errorf("r = %v: rms Δ is %.4f α, want %.4f α", r, rms, wantRMS)
		}
		if !(math.Abs(mean-wantMean) <= 0.005) {
			t.Errorf("r = %v: mean Δ is %.4f α, want %.4f α", r, mean, wantMean)
		}
		if walk := stat.PopVariance(x, nil) / (alpha * alpha * steps); r == 0 && !(walk >= 0.9 && walk <= 1.1) {
			t.Errorf("variance of x is %.3f α²T, want 1", walk)
		}
	}
}

// TestAdamLongRun: in the long run the mean of Δ² is about α² at most, where v does not grow: it is bounded, for all T
// and all gradients with v₁ > 0, in terms of v_T/v₁. (An inequality for the logarithm, and Jensen's.)
func TestAdamLongRun(t *testing.T) {
	const b1, b2 = 0.9, 0.999
	// bound is that of the mean of Δ²/α² over T steps, given ln(v_T/v₁).
	bound := func(T int, growth float64) float64 {
		n := float64(T)
		return (1 - b1) / (1 - b1/b2) * (1 + growth - (n-1)*math.Log(b2)) / (n * (1 - b2))
	}
	rnd := rand.New(rand.NewPCG(9, 10))
	for _, test := range []struct {
		name  string
		steps int
		grad  func(k int) float64
	}{
		{"heavy tails", 20000, func(int) float64 { return rnd.NormFloat64() * math.Pow(10, -3+6*rnd.Float64()) }},
		{"steady", 100000, func(int) float64 { return 3 }},
		{"growing", 2500, func(k int) float64 { return math.Pow(b2/b1, float64(k)) }},
		{"rare", 20000, func(k int) float64 {
			if k%1000 == 0 {
				return 1
			}
			return 0
		}},
	} {
		a := &stochopt.Adam{StepSize: 1, Beta1: b1, Beta2: b2, Epsilon: stochopt.Zero}
		a.Reset(1)
		d := []float64{0}
		var squares, v, v1, mean, most float64
		for k := range test.steps {
			g := test.grad(k)
			delta(d, a, []float64{g})
			v = b2*v + (1-b2)*g*g
			if k == 0 {
				v1 = v
			}
			squares += d[0] * d[0]
			mean = squares / float64(k+1)
			if most = bound(k+1, math.Log(v/v1)); !(mean <= most*(1+1e-9)) {
				t.Fatalf("%s: mean Δ² is %v α² after %d steps, want <= %v", test.name, mean, k+1, most)
			}
		}
		if test.name == "steady" && mean < 0.9*most { // the bound is nearly attained
			t.Errorf("%s: mean Δ² is %v α², want about %v", test.name, mean, most)
		}
		if b := bound(test.steps, 0); test.name == "growing" && mean < 10*b { // and the growth of v belongs to it
			t.Errorf("%s: mean Δ² is %v α², want far above %v", test.name, mean, b)
		}
	}
}

// TestAdamFixedPoint: on λx²/2 with exact gradients and a constant α, Adam ends in 0 only if α λ (1-β₁) < 2 (1+β₁) ε, here
// for ε > 0.00263. Otherwise it goes on around 0, and a gradient as small as one likes is never reached.
func TestAdamFixedPoint(t *testing.T) {
	for _, test := range []struct{ eps, least, most float64 }{
		{0.0027, 0, 1e-9},
		{0.002, 5e-3, 1e-2},
		{1e-8, 1e-2, 4e-2},
	} {
		a := &stochopt.Adam{StepSize: 0.1, Epsilon: test.eps}
		a.Reset(1)
		x := []float64{1}
		var late float64 // the greatest |x| of the last 1000 steps
		for k := range 20000 {
			a.Step(x, []float64{x[0]})
			if k >= 19000 {
				late = max(late, math.Abs(x[0]))
			}
		}
		if !(late >= test.least && late <= test.most) {
			t.Errorf("ε = %g: |x| is up to %.2g in the end, want in [%g, %g]", test.eps, late, test.least, test.most)
		}
	}
}

// TestAdamNoiseFloor: around a minimum with curvature h, in noise of standard deviation σ, the iterates keep a distance of √(ασ/2h)
// (rms, first order in αh/σ), whatever β₁: ten times the noise is √10 times the distance, where SGD has ten times.
func TestAdamNoiseFloor(t *testing.T) {
	const alpha, h, paths, steps = 0.01, 1.0, 500, 4000
	for _, sigma := range []float64{0.1, 1, 10} {
		for _, b1 := range []float64{0, 0.9} {
			t.Run(fmt.Sprintf("σ=%g β₁=%g", sigma, b1), func(t *testing.T) {
				a := &stochopt.Adam{StepSize: alpha, Beta1: orZero(b1)}
				a.Reset(paths)
				want := math.Sqrt(alpha * sigma / (2 * h))
				rnd := rand.New(rand.NewPCG(11, 12))
				g, x := make([]float64, paths), make([]float64, paths)
				for i := range x {
					x[i] = want * rnd.NormFloat64()
				}
				var squares float64
				for k := range steps {
					for i := range g {
						g[i] = h*x[i] + sigma*rnd.NormFloat64()
					}
					a.Step(x, g)
					if k >= steps/2 {
						squares += floats.Dot(x, x)
					}
				}
				rms := math.Sqrt(squares / (paths * steps / 2))
				if ratio := rms / want; !(ratio >= 0.9 && ratio <= 1.03) {
					t.Errorf("rms x is %.4g, %.3f times √(ασ/2h)", rms, ratio)
				}
			})
		}
	}
}
