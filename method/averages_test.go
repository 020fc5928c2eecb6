package method_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// In this file Δ is the step x - x', and α is StepSize.

// stepped returns the step that r makes with the gradient. It starts at 0, where the step is not rounded into x.
func stepped(r stochopt.Rule, grad ...float64) []float64 {
	x := make([]float64, len(grad))
	r.Step(x, grad)
	floats.Scale(-1, x)
	return x
}

// wild draws gradients over six orders of magnitude.
func wild(rnd *rand.Rand, n int) []float64 {
	g := make([]float64, n)
	for i := range g {
		g[i] = rnd.NormFloat64() * math.Pow(10, -3+6*rnd.Float64())
	}
	return g
}

func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol*math.Abs(b) }

// TestScaleFree: at ε = 0, multiplying all gradients by a power of two changes no bit of the iterates. The companions are
// not scale-free.
func TestScaleFree(t *testing.T) {
	const zero = stochopt.Zero
	for _, test := range []struct {
		name string
		rule stochopt.Rule
		free bool
	}{
		{"AdamW", &method.AdamW{WeightDecay: 0.1, Epsilon: zero}, true},
		{"AdamW, ε", &method.AdamW{WeightDecay: 0.1}, false},
		{"AMSGrad", &method.AMSGrad{Epsilon: zero}, true},
		{"AMSGrad corrected", &method.AMSGrad{Epsilon: zero, Corrected: true}, true},
		{"RMSProp", &method.RMSProp{Epsilon: zero, Momentum: 0.5}, true},
		{"RMSProp centered", &method.RMSProp{Epsilon: zero, Centered: true}, true},
		{"AdaGrad", &method.AdaGrad{Epsilon: zero}, true},
		{"AdaMax", &method.AdaMax{}, true},
		{"NAdam", &method.NAdam{Epsilon: zero}, true},
		{"NAdam scheduled", &method.NAdam{Epsilon: zero, MomentumDecay: 0.004}, true},
		{"RAdam", &method.RAdam{Epsilon: zero}, true},
		{"RAdam, momentum at the start", &method.RAdam{Epsilon: zero, MomentumStart: true}, false},
		{"AdaDelta", &method.AdaDelta{}, false},
		{"AdaGradNorm", &method.AdaGradNorm{}, true},
		{"AdaGradNorm, b₀", &method.AdaGradNorm{Initial: 1}, false},
		{"Yogi", &method.Yogi{Epsilon: zero}, true},
		{"Yogi, first square", &method.Yogi{Epsilon: zero, FirstSquare: true}, true},
		{"Yogi, ε", &method.Yogi{}, false},
		{"AdaBelief", &method.AdaBelief{Epsilon: zero}, true},
		{"AdaBelief, ε", &method.AdaBelief{Epsilon: 1e-8}, false},
		{"AdaGradFull", &method.AdaGradFull{Epsilon: zero}, true},
	} {
		end := func(scale float64) []float64 {
			rnd := rand.New(rand.NewPCG(1, 2))
			x := []float64{1, -2, 3}
			test.rule.Reset(3)
			for range 50 {
				g := wild(rnd, 3)
				floats.Scale(scale, g)
				test.rule.Step(x, g)
			}
			return x
		}
		want := end(1)
		for _, k := range []int{-60, -3, 1, 60} {
			if got := end(math.Ldexp(1, k)); slices.Equal(got, want) != test.free {
				t.Errorf("%s: gradients times 2^%d lead to %v, without that to %v", test.name, k, got, want)
			}
		}
	}
}

// TestSharpStepBounds: where Δ = α Σ aᵢgᵢ / √(Σ wᵢgᵢ²), or with the greatest √wᵢ|gᵢ| for the root, no gradients make a longer step than the
// Cauchy-Schwarz (or Hölder) inequality allows, and some make one as long. A bound is wrong if it is passed, or if the
// worst gradients stay below.
func TestSharpStepBounds(t *testing.T) {
	const zero, steps = stochopt.Zero, 300
	growing := func(ratio float64) func(i int) float64 {
		return func(i int) float64 { return math.Pow(ratio, float64(i)) }
	}
	rate := func(b1, b2 float64) float64 { // limit for Adam without what NAdam adds
		return (1 - b1) / math.Sqrt((1-b2)*(1-b1*b1/b2))
	}
	for _, test := range []struct {
		name  string
		rule  stochopt.Rule
		bound float64 // of |Δ|/α in all steps
		worst func(i int) float64
		wrong float64 // too low a bound
	}{
		{"RMSProp", &method.RMSProp{StepSize: 1, Epsilon: zero}, 1 / math.Sqrt(0.1), growing(1e3), 1},
		{"AdaGrad", &method.AdaGrad{StepSize: 1, Epsilon: zero}, 1, growing(1e3), 0.9},
		{"AdaGradNorm", &method.AdaGradNorm{StepSize: 1}, 1, growing(1e3), 0.9},
		{"AdaGradFull", &method.AdaGradFull{StepSize: 1, Epsilon: zero}, 1, growing(1e3), 0.9},
		{"AdaMax", &method.AdaMax{StepSize: 1}, 0.1 / (1 - 0.9/0.999), growing(0.999), 1}, // 1 is the bound of the paper
		{"AdaMax, β₂ = .95", &method.AdaMax{StepSize: 1, Beta2: 0.95}, 1.9, growing(0.95), 1},
		{"AMSGrad", &method.AMSGrad{StepSize: 1, Beta2: 0.95, Epsilon: zero}, rate(0.9, 0.95), growing(0.95 / 0.9), 1},
	} {
		rnd := rand.New(rand.NewPCG(1, 2))
		longest := func(grad func(k int) float64) float64 {
			test.rule.Reset(1)
			var most float64
			for k := range steps {
				// The worst gradients must not overflow before the last step; only their ratios count.
				if g := grad(k); math.Abs(g) < 1e140 {
					most = max(most, math.Abs(stepped(test.rule, g)[0]))
				}
			}
			return most
		}
		for range 50 {
			if most := longest(func(int) float64 { return wild(rnd, 1)[0] }); !(most <= test.bound*(1+1e-12)) {
				t.Errorf("%s: a step of %v α, want <= %v", test.name, most, test.bound)
			}
		}
		most := longest(test.worst)
		if !near(most, test.bound, 1e-2) || !(most <= test.bound*(1+1e-12)) {
			t.Errorf("%s: the longest step is %v α, want %v", test.name, most, test.bound)
		}
		if most <= test.wrong {
			t.Errorf("%s: the longest step is %v α, which a bound of %v allows", test.name, most, test.wrong)
		}
	}
}

// TestAdaMaxStepBound attains the bound α (1-β₁)/(1-β₁/β₂) by gradients β₂ⁱ.
func TestAdaMaxStepBound(t *testing.T) {
	r := &method.AdaMax{StepSize: 1, Beta2: 0.95}
	r.Reset(1)
	var last float64
	for i := range 1000 {
		last = stepped(r, math.Pow(0.95, float64(i)))[0]
	}
	if !near(last, 1.9, 1e-9) {
		t.Errorf("Δ = %v α, want 1.9 α", last)
	}
}

// TestNAdamSteps: the first step, and the longest. Adam's differ.
func TestNAdamSteps(t *testing.T) {
	const b1, b2 = 0.9, 0.999
	zero := stochopt.Zero
	// After many zeros the bias corrections are 1, and Δ/α = Σ aᵢgᵢ/√(Σ wᵢgᵢ²) with aᵢ = (1-β₁)β₁·β₁ⁿ⁻ⁱ and 1-β₁ more for the newest. The
	// worst gradients are in proportion to aᵢ/wᵢ.
	const n = 400
	worst := make([]float64, n)
	for i := range worst {
		worst[i] = math.Pow(b1/b2, float64(n-1-i)) * b1
	}
	worst[n-1] += 1
	bound := (1 - b1) / math.Sqrt(1-b2) * math.Sqrt((1+b1)*(1+b1)+b1*b1*(b1*b1/b2)/(1-b1*b1/b2))
	if !near(bound, 8.415, 1e-4) {
		t.Errorf("the formula gives %v", bound)
	}
	for _, test := range []struct {
		rule           stochopt.Rule
		first, longest float64
	}{
		{&method.NAdam{StepSize: 1, Epsilon: zero}, 1 + b1/(1+b1), bound},
		{&method.AdamW{StepSize: 1, Epsilon: zero}, 1, 0},
	} {
		test.rule.Reset(1)
		if d := stepped(test.rule, -5)[0]; !near(d, -test.first, 1e-14) {
			t.Errorf("%T: first step %v α, want %v α", test.rule, d, -test.first)
		}
		test.rule.Reset(1)
		for range 30000 {
			test.rule.Step([]float64{0}, []float64{0})
		}
		var last float64
		for _, g := range worst {
			last = stepped(test.rule, g)[0]
		}
		if near(last, bound, 1e-9) != (test.longest > 0) {
			t.Errorf("%T: last step %v α, the bound is %v α", test.rule, last, bound)
		}
	}
}

// TestAdamWWithoutDecay: with λ = 0 AdamW is Adam, bit for bit; with λ it is not.
func TestAdamWWithoutDecay(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	rules := []stochopt.Rule{&stochopt.Adam{StepSize: 0.1}, &method.AdamW{StepSize: 0.1}, &method.AdamW{StepSize: 0.1, WeightDecay: 1e-3}}
	x := make([][]float64, len(rules))
	for i, r := range rules {
		r.Reset(3)
		x[i] = []float64{1, -2, 0.5}
	}
	for range 100 {
		g := wild(rnd, 3)
		for i, r := range rules {
			r.Step(x[i], g)
		}
	}
	if !slices.Equal(x[0], x[1]) || slices.Equal(x[0], x[2]) {
		t.Errorf("Adam %v, AdamW at λ = 0 %v and at 1e-3 %v", x[0], x[1], x[2])
	}
}

// TestAdamWSteadyGradient: from x = c and with a steady gradient x - c is -(1-(1-αλ)ᵏ) sign(g)/λ after k steps. With the decay
// in the gradient, where Adam divides it, it is not.
func TestAdamWSteadyGradient(t *testing.T) {
	const alpha, lambda, c = 0.01, 0.3, 2.5
	w := &method.AdamW{StepSize: alpha, WeightDecay: lambda, Center: []float64{c, c, c}, Epsilon: stochopt.Zero}
	a := &stochopt.Adam{StepSize: alpha, Epsilon: stochopt.Zero}
	grad := []float64{3, -1e-6, 1e5}
	x, y := []float64{c, c, c}, []float64{c, c, c}
	w.Reset(3)
	a.Reset(3)
	for k := 1; k <= 1000; k++ {
		w.Step(x, grad)
		coupled := slices.Clone(grad)
		for i := range coupled {
			coupled[i] += lambda * (y[i] - c)
		}
		a.Step(y, coupled)
		for i, g := range grad {
			want := -math.Copysign(1, g) / lambda * (1 - math.Pow(1-alpha*lambda, float64(k)))
			if !near(x[i]-c, want, 1e-10) {
				t.Fatalf("step %d: x - c = %v, want %v", k, x[i]-c, want)
			}
			if k == 1000 && near(y[i]-c, want, 1e-2) {
				t.Errorf("a decay in the gradient follows the law: %v", y[i]-c)
			}
		}
	}
}

// TestAdamWBounded: whatever the gradients, x stays within C/λ of the center, where Cα is the longest step of Adam. Adam
// does not.
func TestAdamWBounded(t *testing.T) {
	const lambda, steps = 2.0, 6000
	bound := 0.1 / math.Sqrt(0.001*(1-0.81/0.999)) / lambda
	for _, decay := range []float64{lambda, 0} {
		r := &method.AdamW{StepSize: 0.1, WeightDecay: decay}
		r.Reset(2)
		rnd := rand.New(rand.NewPCG(1, 2))
		x := []float64{0, 0}
		var farthest float64
		for k := range steps {
			g := wild(rnd, 2)
			if k < 3000 { // one that grows, again and again, beside a steady one
				g = []float64{math.Pow(1.11, float64(k%1000)), 1}
			}
			r.Step(x, g)
			farthest = max(farthest, floats.Norm(x, math.Inf(1)))
		}
		if (farthest <= bound) != (decay > 0) {
			t.Errorf("λ = %v: x gets as far as %v, the bound is %v", decay, farthest, bound)
		}
	}
}

// TestAdamWCenter: a center is a shift of the origin.
func TestAdamWCenter(t *testing.T) {
	c := []float64{3, -1, 100}
	there, here := &method.AdamW{StepSize: 0.1, WeightDecay: 0.5, Center: c}, &method.AdamW{StepSize: 0.1, WeightDecay: 0.5}
	x, y := []float64{1, 2, 3}, []float64{1, 2, 3}
	floats.Sub(y, c)
	there.Reset(3)
	here.Reset(3)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		g := wild(rnd, 3)
		there.Step(x, g)
		here.Step(y, g)
	}
	for i := range x {
		if math.Abs(x[i]-c[i]-y[i]) > 1e-12 {
			t.Errorf("component %d: %v from the center, want %v", i, x[i]-c[i], y[i])
		}
		if math.Abs(x[i]-y[i]) < 0.1 {
			t.Errorf("component %d: the center makes no difference", i)
		}
	}
}

// TestAMSGradRate: without momentum and corrections Δ/g never grows. It does with corrections, and in Adam.
func TestAMSGradRate(t *testing.T) {
	const zero = stochopt.Zero
	for _, test := range []struct {
		name    string
		rule    stochopt.Rule
		falling bool
	}{
		{"AMSGrad", &method.AMSGrad{Beta1: zero, Epsilon: zero}, true},
		{"corrected", &method.AMSGrad{Beta1: zero, Epsilon: zero, Corrected: true}, false},
		{"Adam", &stochopt.Adam{Beta1: zero, Epsilon: zero}, false},
	} {
		test.rule.Reset(1)
		rnd := rand.New(rand.NewPCG(1, 2))
		last, falling := math.Inf(1), true
		for range 200 {
			g := wild(rnd, 1)[0]
			rate := stepped(test.rule, g)[0] / g
			falling = falling && rate <= last*(1+1e-15)
			last = rate
		}
		if falling != test.falling {
			t.Errorf("%s: the rate never grows: %t, want %t", test.name, falling, test.falling)
		}
	}
}

// TestAMSGradConverges runs on the counterexample of its paper, section 3: slopes C, -1, -1, C, ... on [-1, 1], where -1 is best. With
// little memory Adam goes to 1, and AMSGrad to -1.
func TestAMSGradConverges(t *testing.T) {
	const c = 3.0
	decay := func(k int) float64 { return 1 / math.Sqrt(float64(k+1)) }
	for _, test := range []struct {
		rule stochopt.Rule
		low  float64
		high float64
	}{
		{&method.AMSGrad{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 1 / (1 + c*c), Schedule: decay}, -1, -0.9},
		{&method.AMSGrad{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 1 / (1 + c*c), Schedule: decay, Corrected: true}, -1, -0.9},
		{&stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 1 / (1 + c*c), Schedule: decay}, 0.9, 1},
	} {
		test.rule.Reset(1)
		x := []float64{1}
		for k := range 3000 {
			g := -1.0
			if k%3 == 0 {
				g = c
			}
			test.rule.Step(x, []float64{g})
			x[0] = min(max(x[0], -1), 1)
		}
		if x[0] < test.low || x[0] > test.high {
			t.Errorf("%T ends at %v, want %v to %v", test.rule, x[0], test.low, test.high)
		}
	}
}

// TestRMSPropIsAdam: with the bias correction of v, RMSProp is Adam without momentum; without it, it is not.
func TestRMSPropIsAdam(t *testing.T) {
	const rho, zero = 0.97, stochopt.Zero
	r := &method.RMSProp{StepSize: 0.1, Rho: rho, Epsilon: zero}
	a := &stochopt.Adam{StepSize: 0.1, Beta1: zero, Beta2: rho, Epsilon: zero}
	r.Reset(1)
	a.Reset(1)
	rnd := rand.New(rand.NewPCG(1, 2))
	for k := 1; k <= 50; k++ {
		g := wild(rnd, 1)[0]
		d, want := stepped(r, g)[0], stepped(a, g)[0]
		if !near(d*math.Sqrt(1-math.Pow(rho, float64(k))), want, 1e-12) {
			t.Errorf("step %d: corrected %v, Adam's %v", k, d*math.Sqrt(1-math.Pow(rho, float64(k))), want)
		}
		if near(d, want, 0.1) {
			t.Errorf("step %d: %v without correction, Adam's %v", k, d, want)
		}
	}
}

// TestRMSPropCentered: with a steady gradient g the variance after k steps is ρᵏ(1-ρᵏ)g², and at ε = 0 the step α/√(ρᵏ(1-ρᵏ)). The
// difference of the means of g² and g loses that to rounding, and becomes negative.
func TestRMSPropCentered(t *testing.T) {
	const rho, zero = 0.9, stochopt.Zero
	negative, lost := false, false
	for _, g := range []float64{0.1, 0.3, 0.7, 1.1, 3.3, 1e5} {
		r := &method.RMSProp{StepSize: 1, Centered: true, Epsilon: zero}
		r.Reset(1)
		var squares, mean float64
		for k := 1; k <= 600; k++ {
			pow := math.Pow(rho, float64(k))
			d := stepped(r, g)[0]
			// c comes as near to g as rounding lets it, 1e-16: the square of that is of no account while ρᵏ is above 1e-20.
			if want := 1 / math.Sqrt(pow*(1-pow)); pow > 1e-20 && !near(d, want, 1e-9) {
				t.Errorf("step %d: %v α, want %v α", k, d, want)
			}
			if !(d >= 0) || math.IsInf(d, 0) {
				t.Fatalf("step %d: %v", k, d)
			}
			squares = rho*squares + (1-rho)*g*g
			mean = rho*mean + (1-rho)*g
			v := squares - mean*mean
			negative = negative || v < 0
			lost = lost || pow > 1e-20 && !near(v, pow*(1-pow)*g*g, 0.1)
		}
	}
	if !negative || !lost {
		t.Errorf("the difference of the means becomes negative: %t, loses the variance: %t", negative, lost)
	}
}

// TestAdaGradSums: a steady gradient moves x by α Σ 1/√i in k steps; RMSProp's steps do not decay.
func TestAdaGradSums(t *testing.T) {
	r, other := &method.AdaGrad{StepSize: 0.5, Epsilon: stochopt.Zero}, &method.RMSProp{StepSize: 0.5}
	r.Reset(1)
	other.Reset(1)
	x, y := []float64{0}, []float64{0}
	var want float64
	for k := 1; k <= 1000; k++ {
		r.Step(x, []float64{-7})
		other.Step(y, []float64{-7})
		want += 0.5 / math.Sqrt(float64(k))
	}
	if !near(x[0], want, 1e-12) || near(y[0], want, 1) {
		t.Errorf("x = %v, want %v; RMSProp gets to %v", x[0], want, y[0])
	}
}

// TestAdaGradNoise: in noise around a minimum the mean square of x falls like ασ/(2h√k), to first order in α.
func TestAdaGradNoise(t *testing.T) {
	const alpha, h, sigma, paths = 0.1, 2, 1.5, 2000
	rnd := rand.New(rand.NewPCG(1, 2))
	r, steady := &method.AdaGrad{StepSize: alpha}, &method.RMSProp{StepSize: alpha, Rho: 0.999}
	for _, rule := range []stochopt.Rule{r, steady} {
		rule.Reset(paths)
		x, g := make([]float64, paths), make([]float64, paths)
		for k := 1; k <= 4000; k++ {
			for i := range g {
				g[i] = h*x[i] + sigma*rnd.NormFloat64()
			}
			rule.Step(x, g)
			if k != 1000 && k != 4000 {
				continue
			}
			// 15 %: the standard error is 3 %, the slow decay of the step adds 9 % to the formula at step 1000.
			ratio := stat.PopVariance(x, nil) / (alpha * sigma / (2 * h * math.Sqrt(float64(k))))
			if (math.Abs(ratio-1) < 0.15) != (rule == stochopt.Rule(r)) {
				t.Errorf("%T, step %d: mean square is %v of ασ/(2h√k)", rule, k, ratio)
			}
		}
	}
}

// TestRAdamRectification compares the steps with a steady gradient, which are αr, with the formula of the paper. The
// first that is not 0 tells its threshold from that of others.
func TestRAdamRectification(t *testing.T) {
	const b2 = 0.999
	r := &method.RAdam{StepSize: 1, Epsilon: stochopt.Zero}
	r.Reset(1)
	inf := 2/(1-b2) - 1
	figures := map[int]float64{6: 0.02577, 10: 0.0490, 100: 0.2153, 1000: 0.6453}
	for k := 1; k <= 2000; k++ {
		pow := math.Pow(b2, float64(k))
		rho := inf - 2*float64(k)*pow/(1-pow)
		var want float64
		if rho > 4 {
			want = math.Sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho))
		}
		d := stepped(r, -3)[0]
		if !near(d, -want, 1e-9) {
			t.Errorf("step %d: %v α, want %v α", k, d, -want)
		}
		if f, ok := figures[k]; ok && math.Abs(-d-f) > 2e-3*f {
			t.Errorf("step %d: %v α, want %v α", k, d, f)
		}
		if (d != 0) != (k > 4) {
			t.Errorf("step %d: %v α", k, d)
		}
	}
}

// TestRAdamMomentumStart: the first four steps are along m, the others those of the form that waits, and of nothing else.
func TestRAdamMomentumStart(t *testing.T) {
	paper, waits := &method.RAdam{StepSize: 1e-3, MomentumStart: true}, &method.RAdam{StepSize: 1e-3}
	paper.Reset(1)
	waits.Reset(1)
	var m float64
	for k := 1; k <= 20; k++ {
		g := 1e6 * math.Cos(float64(k))
		m = 0.9*m + 0.1*g
		d, later := stepped(paper, g)[0], stepped(waits, g)[0]
		if k <= 4 && !near(d, 1e-3*m/(1-math.Pow(0.9, float64(k))), 1e-12) {
			t.Errorf("step %d: %v, want α m/c₁", k, d)
		}
		if (d == later) != (k > 4) {
			t.Errorf("step %d: %v and, waiting, %v", k, d, later)
		}
	}
}

// TestAdaDelta: StepSize is a mere factor of steps that do not know it; ε is what lets them begin.
func TestAdaDelta(t *testing.T) {
	whole, half, none := &method.AdaDelta{}, &method.AdaDelta{StepSize: 0.5}, &method.AdaDelta{Epsilon: stochopt.Zero}
	for _, r := range []stochopt.Rule{whole, half, none} {
		r.Reset(1)
	}
	var v, u float64 // with a step that knows α = 0.5
	rnd := rand.New(rand.NewPCG(1, 2))
	differ := false
	for k := range 50 {
		g := wild(rnd, 1)[0]
		d, h, n := stepped(whole, g)[0], stepped(half, g)[0], stepped(none, g)[0]
		if 2*h != d || d == 0 || n != 0 {
			t.Errorf("step %d: %v, %v with half the factor, %v without ε", k, d, h, n)
		}
		v = 0.95*v + 0.05*g*g
		w := 0.5 * g * math.Sqrt(u+1e-6) / math.Sqrt(v+1e-6)
		u = 0.95*u + 0.05*w*w
		differ = differ || !near(w, h, 1e-3)
	}
	if !differ {
		t.Error("u made of αd cannot be told from u made of d")
	}
	whole.Reset(1)
	if d := stepped(whole, 1e3)[0]; !near(d, math.Sqrt(1e-6/0.05), 1e-9) {
		t.Errorf("first step %v, want √(ε/(1-ρ))", d)
	}
}

// TestTurning: turning start and gradients turns the iterates of the methods that do not work along axes.
func TestTurning(t *testing.T) {
	const c, s = 0.6, 0.8
	turn := func(v []float64) []float64 { // about two axes
		w := []float64{c*v[0] - s*v[1], s*v[0] + c*v[1], v[2]}
		return []float64{w[0], c*w[1] - s*w[2], s*w[1] + c*w[2]}
	}
	for _, test := range []struct {
		name  string
		rule  stochopt.Rule
		turns bool
	}{
		{"AdaGradNorm", &method.AdaGradNorm{}, true},
		{"AdaGradFull", &method.AdaGradFull{StepSize: 1}, true},
		{"AdaGrad", &method.AdaGrad{StepSize: 1}, false},
	} {
		end := func(f func([]float64) []float64) []float64 {
			rnd := rand.New(rand.NewPCG(1, 2))
			x := f([]float64{1, -2, 0.5})
			test.rule.Reset(3)
			for range 30 {
				test.rule.Step(x, f([]float64{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()}))
			}
			return x
		}
		got, want := end(turn), turn(end(slices.Clone))
		if floats.EqualApprox(got, want, 1e-11) != test.turns {
			t.Errorf("%s: turned it ends at %v, want %v", test.name, got, want)
		}
	}
}

// TestAdaGradFullIsAdaGrad: with gradients along the axes, and in one dimension, the matrix is the diagonal. With others it
// is not.
func TestAdaGradFullIsAdaGrad(t *testing.T) {
	for _, test := range []struct {
		name string
		grad func(rnd *rand.Rand, k int) []float64
		same bool
	}{
		{"one variable", func(rnd *rand.Rand, k int) []float64 { return wild(rnd, 1) }, true},
		{"along the axes", func(rnd *rand.Rand, k int) []float64 {
			g := make([]float64, 3)
			g[k%3] = rnd.NormFloat64()
			return g
		}, true},
		{"anywhere", func(rnd *rand.Rand, k int) []float64 { return wild(rnd, 3) }, false},
	} {
		rnd := rand.New(rand.NewPCG(1, 2))
		full, diagonal := &method.AdaGradFull{StepSize: 0.3, Epsilon: 0.1}, &method.AdaGrad{StepSize: 0.3, Epsilon: 0.1}
		same := true
		for k := range 60 {
			g := test.grad(rnd, k)
			if k == 0 {
				full.Reset(len(g))
				diagonal.Reset(len(g))
			}
			same = same && floats.EqualApprox(stepped(full, g...), stepped(diagonal, g...), 1e-13)
		}
		if same != test.same {
			t.Errorf("%s: the same as AdaGrad: %t, want %t", test.name, same, test.same)
		}
	}
}

// TestAdaGradFullDirections: no gradient, no step, in any direction; nor from a gradient that is lost in the rounding of a larger
// one. AdaGrad sees it.
func TestAdaGradFullDirections(t *testing.T) {
	r, diagonal := &method.AdaGradFull{StepSize: 1, Epsilon: stochopt.Zero}, &method.AdaGrad{StepSize: 1}
	r.Reset(3)
	x, normal := []float64{0, 0, 0}, []float64{2, -1, 1} // at right angles to the gradients
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a, b := rnd.NormFloat64(), rnd.NormFloat64()
		r.Step(x, []float64{a, 2*a + b, b})
	}
	if along := floats.Dot(x, normal); math.Abs(along) > 1e-13 || floats.Norm(x, 2) < 0.1 {
		t.Errorf("x = %v has come %v along a direction without gradients", x, along)
	}
	r.Reset(2)
	diagonal.Reset(2)
	if d, e := stepped(r, 1, 1e-9), stepped(diagonal, 1, 1e-9); !near(d[0], 1, 1e-15) || d[1] > 2e-9 || e[1] < 0.5 {
		t.Errorf("steps %v, AdaGrad's %v", d, e)
	}
}

// TestYogiForgets: after a large gradient v falls by (1-β₂)g² a step. In Adam it is soon forgotten. v is read off a step without momentum.
func TestYogiForgets(t *testing.T) {
	const zero, steps = stochopt.Zero, 5000
	for _, test := range []struct {
		rule stochopt.Rule
		want float64
	}{
		{&method.Yogi{StepSize: 1, Beta1: zero, Epsilon: zero}, 10 - 0.001*0.01*steps}, // from (1-β₂)·100²
		{&method.Yogi{StepSize: 1, Beta1: zero, Epsilon: zero, FirstSquare: true}, 100*100 - 0.001*0.01*steps},
		{&stochopt.Adam{StepSize: 1, Beta1: zero, Epsilon: zero}, 0.01 + 10*math.Pow(0.999, steps)},
	} {
		test.rule.Reset(1)
		stepped(test.rule, 100)
		var last float64
		for range steps {
			last = stepped(test.rule, -0.1)[0]
		}
		if v := 0.1 * 0.1 / (last * last); !near(v, test.want, 0.02) {
			t.Errorf("%T: v = %v, want %v", test.rule, v, test.want)
		}
	}
}

// TestAdaBeliefSteadyGradient: its steps grow without end, while Adam's stay. The first tells the m in g - m from the one before, with
// which it would be α.
func TestAdaBeliefSteadyGradient(t *testing.T) {
	r, adam := &method.AdaBelief{StepSize: 1}, &stochopt.Adam{StepSize: 1}
	r.Reset(1)
	adam.Reset(1)
	want := map[int]float64{1: 1 / 0.9, 100: 5.0, 2000: 38.6}
	for k := 1; k <= 2000; k++ {
		d, a := stepped(r, 1)[0], stepped(adam, 1)[0]
		if w, ok := want[k]; ok && !near(d, w, 0.01) {
			t.Errorf("step %d: %v α, want %v α", k, d, w)
		}
		if !near(a, 1, 1e-6) {
			t.Fatalf("step %d: %v α in Adam", k, a)
		}
	}
	// ε adds up in s, to ε/(1-β₂): where that is much larger than the gradient's square, steps are that much shorter.
	r = &method.AdaBelief{StepSize: 1, Epsilon: 1e-8}
	r.Reset(1)
	var last float64
	for range 20000 {
		last = stepped(r, 1e-5)[0]
	}
	if want := 1e-5 / math.Sqrt(1e-8/0.001); !near(last, want, 0.01) {
		t.Errorf("ε = 1e-8: %v α in the end, want %v α", last, want)
	}
}

// TestStateOfAdaGradFull: a state with any byte changed is refused, or is one of two variables.
func TestStateOfAdaGradFull(t *testing.T) {
	r := &method.AdaGradFull{}
	r.Reset(2)
	good, _ := r.MarshalBinary()
	refused := false
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1
		r.Reset(2)
		if err := r.UnmarshalBinary(bad); err != nil {
			refused = refused || strings.Contains(err.Error(), "4 numbers are no matrix of 3 variables")
			if now, _ := r.MarshalBinary(); !slices.Equal(now, good) {
				t.Errorf("byte %d changed: %v, and so is the state", i, err)
			}
		}
		r.Step([]float64{1, 2}, []float64{3, 4})
	}
	if !refused {
		t.Error("no matrix of the wrong size was refused")
	}
}

// TestYogiStart: from v = 0 a steady gradient makes steps that grow to 6.6 α and shrink to α (1-β₁ᵏ)/√(k(1-β₂)). From its first
// square none is longer than α.
func TestYogiStart(t *testing.T) {
	for _, first := range []bool{false, true} {
		r := &method.Yogi{StepSize: 1, Epsilon: stochopt.Zero, FirstSquare: first}
		r.Reset(1)
		var longest float64
		for k := 1; k <= 500; k++ {
			d := stepped(r, -4)[0]
			want := 1 - math.Pow(0.9, float64(k))
			if !first {
				want /= math.Sqrt(0.001 * float64(k))
			}
			if !near(d, -want, 1e-12) {
				t.Errorf("first square %t, step %d: %v α, want %v α", first, k, d, -want)
			}
			longest = max(longest, -d)
		}
		if want := map[bool]float64{false: 6.55, true: 1}[first]; !near(longest, want, 1e-3) {
			t.Errorf("first square %t: the longest step is %v α, want %v α", first, longest, want)
		}
	}
}
