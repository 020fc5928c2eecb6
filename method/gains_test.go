package method_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// TestAdaSqrtSteady: a steady gradient g moves x by α/g Σ 1/√k, the less the larger g; AdaGrad's way does not depend on g.
func TestAdaSqrtSteady(t *testing.T) {
	const n = 100
	var sum float64
	for k := range n {
		sum += 1 / math.Sqrt(float64(k+1))
	}
	for _, g := range []float64{1e-3, 1, 50} {
		steady := func(grad, _ []float64) { grad[0] = g }
		x := steps(&method.AdaSqrt{StepSize: 0.5, Epsilon: stochopt.Zero}, n, []float64{0}, steady)
		if want := -0.5 * sum / g; !near(x[0], want, 1e-12) {
			t.Errorf("g = %v: x = %v, want %v", g, x[0], want)
		}
		x = steps(&method.AdaGrad{StepSize: 0.5, Epsilon: stochopt.Zero}, n, []float64{0}, steady)
		if want := -0.5 * sum; !near(x[0], want, 1e-12) {
			t.Errorf("AdaGrad, g = %v: x = %v, want %v", g, x[0], want)
		}
	}
}

// TestACPropAlternating: of gradients ±a in turn m is (1-β₁)/(1+β₁) g and g-m is 2β₁/(1+β₁) g, so that the steps are
// α (1+β₁)/2β₁, whatever a; AdaBelief's, of m, are (1-β₁)/(1+β₁) times that.
func TestACPropAlternating(t *testing.T) {
	const b1 = 0.9
	zero := stochopt.Zero
	for _, a := range []float64{1e-3, 1, 1e5} {
		for _, c := range []struct {
			rule stochopt.Rule
			want float64
		}{
			{&method.ACProp{StepSize: 1, Beta2: zero, Epsilon: zero}, (1 + b1) / (2 * b1)},
			{&method.AdaBelief{StepSize: 1, Beta2: zero, Epsilon: zero}, (1 - b1) / (2 * b1)},
		} {
			c.rule.Reset(1)
			if _, ok := c.rule.(*method.ACProp); ok {
				if d := stepped(c.rule, a)[0]; d != 0 {
					t.Errorf("the first step is %v, want none", d)
				}
			}
			var last float64
			for k := range 1001 {
				last = stepped(c.rule, a*float64(1-2*(k%2)))[0]
			}
			if d := math.Abs(last); !near(d, c.want, 1e-12) {
				t.Errorf("%T, a = %v: a step of %v α, want %v α", c.rule, a, d, c.want)
			}
		}
	}
}

// TestACPropZeros: after nothing but zeros s/c₂ is ε/(1-β₂), and a gradient is multiplied by the inverse of its root. AdaBelief
// makes a step of less than α there.
func TestACPropZeros(t *testing.T) {
	for _, eps := range []float64{1e-16, 1e-8} {
		r := &method.ACProp{StepSize: 1, Epsilon: eps}
		r.Reset(1)
		for range 50 {
			if d := stepped(r, 0)[0]; d != 0 {
				t.Fatalf("a step of %v without a gradient", d)
			}
		}
		if d, want := stepped(r, 2)[0], 2/(math.Sqrt(eps/0.001)+eps); !near(d, want, 1e-12) {
			t.Errorf("ε = %v: a step of %v α, want %v α", eps, d, want)
		}
	}
	r := &method.AdaBelief{StepSize: 1}
	r.Reset(1)
	for range 50 {
		r.Step([]float64{0}, []float64{0})
	}
	if d := stepped(r, 2)[0]; d > 1 {
		t.Errorf("AdaBelief makes a step of %v α", d)
	}
}

// TestACPropRare: of gradients that are 20 once in ten and -1 otherwise, whose mean is 1.1, ACProp goes the right way with a short
// memory too. RMSProp, whose divisor holds the gradient, goes the wrong way.
func TestACPropRare(t *testing.T) {
	for _, c := range []struct {
		rule  stochopt.Rule
		right bool
	}{
		{&method.ACProp{StepSize: 1e-3, Beta2: 0.5}, true},
		{&method.RMSProp{StepSize: 1e-3, Rho: 0.5}, false},
	} {
		rnd := rand.New(rand.NewPCG(1, 7))
		x := steps(c.rule, 20000, []float64{0}, func(g, _ []float64) {
			if g[0] = -1; rnd.IntN(10) == 0 {
				g[0] = 20
			}
		})
		if right := x[0] < -1; right != c.right || math.Abs(x[0]) < 1 {
			t.Errorf("%T: x = %v", c.rule, x[0])
		}
	}
}

// TestNadaMaxSteps: the first step is α (1 + β₁/(1+β₁)), and gradients β₂ⁱ attain the bound of late ones. Those of AdaMax are others.
func TestNadaMaxSteps(t *testing.T) {
	const b1, b2 = 0.9, 0.95
	for _, c := range []struct {
		nesterov    bool
		first, late float64
	}{
		{true, 1 + b1/(1+b1), (1 - b1) * (1 + b1/(1-b1/b2))},
		{false, 1, (1 - b1) / (1 - b1/b2)},
	} {
		r := &method.AdaMax{StepSize: 1, Beta2: b2, Nesterov: c.nesterov}
		r.Reset(1)
		if d := stepped(r, -5)[0]; !near(d, -c.first, 1e-14) {
			t.Errorf("Nesterov %t: first step %v α, want %v α", c.nesterov, d, -c.first)
		}
		r.Reset(1)
		var last float64
		for i := range 1000 {
			last = stepped(r, math.Pow(b2, float64(i)))[0]
		}
		if !near(last, c.late, 1e-9) {
			t.Errorf("Nesterov %t: late step %v α, want %v α", c.nesterov, last, c.late)
		}
	}
}

// TestDeltaBarDeltaGain: the gain is 1 + κ (k-1) of a steady gradient, and has the mean κ/(1-φ) in noise.
func TestDeltaBarDeltaGain(t *testing.T) {
	const kappa, phi, n = 0.1, 0.9, 100000
	rnd := rand.New(rand.NewPCG(1, 3))
	for _, noise := range []bool{false, true} {
		r := &method.DeltaBarDelta{StepSize: 1, Increase: kappa, Decrease: phi}
		r.Reset(1)
		var mean, last float64
		for range n {
			g := 3.0
			if noise {
				g = rnd.NormFloat64()
			}
			last = stepped(r, g)[0] / g
			mean += last / n
		}
		if !noise {
			if want := 1 + kappa*(n-1); !near(last, want, 1e-9) {
				t.Errorf("gain %v of a steady gradient, want %v", last, want)
			}
			continue
		}
		// w' = w+κ or φw with equal odds: the autoregression with the coefficient a = (1+φ)/2 whose stationary variance is v.
		const a, m = (1 + phi) / 2, kappa / (1 - phi)
		square := (kappa*kappa + 2*kappa*m) / (1 - phi*phi)
		se := math.Sqrt((square - m*m) * (1 + a) / (1 - a) / n)
		if math.Abs(mean-m) > 5*se {
			t.Errorf("mean gain %v in noise, want %v within %v", mean, m, 5*se)
		}
	}
}

// TestDeltaBarDeltaScale: only signs choose the gains, so that gradients of any size, whose products vanish or overflow, lead to the
// same x in their unit, to the last bit. Those half of which are 0 lead elsewhere.
func TestDeltaBarDeltaScale(t *testing.T) {
	walk := func(unit float64, zeros int) float64 {
		r := rand.New(rand.NewPCG(1, 9))
		x := steps(&method.DeltaBarDelta{StepSize: 1}, 200, []float64{0}, func(grad, _ []float64) {
			grad[0] = math.Round(r.NormFloat64()*64) * unit * float64(1-r.IntN(zeros))
		})
		return x[0] / unit
	}
	for _, zeros := range []int{1, 2} {
		want := walk(1, zeros)
		for _, unit := range []float64{0x1p-700, 0x1p-500, 0x1p500, 0x1p1000} {
			if got := walk(unit, zeros); got != want {
				t.Errorf("unit %v: x = %v, want %v", unit, got, want)
			}
		}
		if other := walk(1, 3-zeros); other == want {
			t.Errorf("zeros change nothing: x = %v", other)
		}
	}
}

// TestEveLimits: after values that are all equal the step is C times Adam's, after values that halve d goes to 1, where it is Adam's, and
// after values that are below f* it is Adam's over C. With C = 1 it is Adam, to rounding.
func TestEveLimits(t *testing.T) {
	run := func(r *method.Eve, value func(k int) float64) float64 {
		r.Reset(1)
		var last float64
		for k := range 200 {
			r.Observe(value(k))
			last = stepped(r, 3)[0]
		}
		return last
	}
	eve := func(limit float64) *method.Eve {
		return &method.Eve{StepSize: 1, Beta3: 0.5, Limit: limit, Epsilon: stochopt.Zero}
	}
	for name, c := range map[string]struct {
		value func(k int) float64
		want  float64
	}{
		"equal":   {func(int) float64 { return 7 }, 10},
		"halving": {func(k int) float64 { return math.Ldexp(1, -k) }, 1},
		"below":   {func(int) float64 { return -1 }, 0.1},
	} {
		if got := run(eve(0), c.value); !near(got, c.want, 1e-12) {
			t.Errorf("%s: a step of %v α, want %v α", name, got, c.want)
		}
		if got := run(eve(1), c.value); !near(got, 1, 1e-12) {
			t.Errorf("%s, without a range: a step of %v α, want α", name, got)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	a, b, c := &method.Eve{StepSize: 0.1, Limit: 1}, &stochopt.Adam{StepSize: 0.1}, &method.Eve{StepSize: 0.1}
	var grads [][]float64
	for range 50 {
		grads = append(grads, wild(rnd, 2))
	}
	same := func(r *method.Eve) bool {
		r.Reset(2)
		b.Reset(2)
		x, y := []float64{0, 0}, []float64{0, 0}
		for k, g := range grads {
			r.Observe(float64(k))
			r.Step(x, g)
			b.Step(y, g)
		}
		return near(x[0], y[0], 1e-13) && near(x[1], y[1], 1e-13)
	}
	if !same(a) || same(c) {
		t.Errorf("Limit 1 is Adam: %t, Limit 10: %t", same(a), same(c))
	}
}
