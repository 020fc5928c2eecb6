package method_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// SGD works component by component, so that many paths are run at once, one in each component. The objective is λx²/2
// with gradients λx + sξ, ξ normal; q = 1-αλ.

// TestSGDStationary: the variances that the forms keep in noise are far enough apart to tell one from the other.
func TestSGDStationary(t *testing.T) {
	const lambda, s, alpha, mu, paths, steps = 2, 1.5, 0.1, 0.9, 20000, 400
	const q, noise = 1 - alpha*lambda, alpha * s * s / lambda

	// Nesterov's iterate x' = y - αg(y) belongs to the stored point y = x + μ(x-x_prev). It is autoregressive of order two, with
	// coefficients q(1+μ) and -qμ, and its variance and first correlation give the variance of y.
	const nesterov = noise * (1 + mu*q) / ((1 - mu*q) * (1 + q*(1+2*mu)))
	const corr = q * (1 + mu) / (1 + q*mu)
	forms := []struct {
		name      string
		rule      *method.SGD
		law, want float64 // by the formula and in figures, to tell a mistyped formula
	}{
		{"plain", &method.SGD{}, noise / (2 - alpha*lambda), 0.0625},
		{"heavy ball", &method.SGD{Momentum: mu}, noise * (1 + mu) / ((1 - mu) * (2*(1+mu) - alpha*lambda)), 0.59375},
		{"damped", &method.SGD{Momentum: mu, Dampening: mu}, noise * (1 + mu) / (2*(1+mu) - alpha*(1-mu)*lambda), 0.056548},
		{"Nesterov, stored", &method.SGD{Momentum: mu, Nesterov: true}, nesterov * ((1+mu)*(1+mu) + mu*mu - 2*mu*(1+mu)*corr), 0.29810},
		{"Nesterov, iterate", nil, nesterov, 0.21329}, // found on the way of the one before
	}
	x := make([][]float64, len(forms))
	for f := range forms {
		x[f] = make([]float64, paths)
		if r := forms[f].rule; r != nil {
			r.StepSize = alpha
			r.Reset(paths)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	xi, g := make([]float64, paths), make([]float64, paths)
	for range steps {
		for i := range xi {
			xi[i] = rnd.NormFloat64()
		}
		for f, form := range forms {
			if form.rule == nil {
				continue
			}
			floats.ScaleTo(g, lambda, x[f])
			floats.AddScaled(g, s, xi)
			if form.rule.Nesterov {
				floats.AddScaledTo(x[f+1], x[f], -alpha, g)
			}
			form.rule.Step(x[f], g)
		}
	}
	for f, form := range forms {
		if math.Abs(form.law/form.want-1) > 1e-4 {
			t.Errorf("%s: the formula gives %v, want %v", form.name, form.law, form.want)
		}
		// The standard error of the variance is 1%.
		v := stat.PopVariance(x[f], nil)
		if !(math.Abs(v/form.law-1) <= 0.05) {
			t.Errorf("%s: variance %v, want %v", form.name, v, form.law)
		}
		for _, other := range forms {
			if other.name != form.name && math.Abs(v/other.law-1) <= 0.05 {
				t.Errorf("%s: variance %v is that of %s", form.name, v, other.name)
			}
		}
	}
}

// TestSGDTransient: without momentum, x has mean qᵗx₀ and variance α²s²(1-q²ᵗ)/(1-q²) after t steps.
func TestSGDTransient(t *testing.T) {
	const lambda, s, alpha, x0, paths = 2, 1.5, 0.1, 5, 20000
	const q = 1 - alpha*lambda
	r := &method.SGD{StepSize: alpha}
	r.Reset(paths)
	rnd := rand.New(rand.NewPCG(3, 4))
	x, g := make([]float64, paths), make([]float64, paths)
	floats.AddConst(x0, x)
	for k := 1; k <= 50; k++ {
		for i := range g {
			g[i] = lambda*x[i] + s*rnd.NormFloat64()
		}
		r.Step(x, g)
		if !slices.Contains([]int{1, 2, 5, 50}, k) {
			continue
		}
		mean, variance := stat.PopMeanVariance(x, nil)
		wantMean := math.Pow(q, float64(k)) * x0
		want := alpha * alpha * s * s * (1 - math.Pow(q, float64(2*k))) / (1 - q*q)
		if z := (mean - wantMean) / math.Sqrt(want/paths); !(math.Abs(z) <= 5) {
			t.Errorf("step %d: mean %v, want %v: %.1f standard errors", k, mean, wantMean, z)
		}
		if !(math.Abs(variance/want-1) <= 5*math.Sqrt(2.0/paths)) {
			t.Errorf("step %d: variance %v, want %v", k, variance, want)
		}
	}
}

// TestSGDDecreasingSteps: with α = 1/(λt) in step t = 1, 2, ... the first step forgets x₀, and x is the mean of t draws from
// then on: its variance is s²/(λ²t). A schedule that starts one step late does not forget.
func TestSGDDecreasingSteps(t *testing.T) {
	const lambda, s, x0, paths, steps = 2, 1.5, 5, 20000, 50
	run := func(first int) (mean, variance float64) {
		r := &method.SGD{StepSize: 1 / float64(lambda), Schedule: func(k int) float64 { return 1 / float64(k+first) }}
		r.Reset(paths)
		rnd := rand.New(rand.NewPCG(5, 6))
		x, g := make([]float64, paths), make([]float64, paths)
		floats.AddConst(x0, x)
		for range steps {
			for i := range g {
				g[i] = lambda*x[i] + s*rnd.NormFloat64()
			}
			r.Step(x, g)
		}
		return stat.PopMeanVariance(x, nil)
	}
	const want = s * s / (lambda * lambda * steps)
	mean, variance := run(1)
	if z := mean / math.Sqrt(want/paths); !(math.Abs(z) <= 5) {
		t.Errorf("mean %v, want 0: %.1f standard errors", mean, z)
	}
	if !(math.Abs(variance/want-1) <= 5*math.Sqrt(2.0/paths)) {
		t.Errorf("variance %v, want %v", variance, want)
	}
	if mean, _ := run(2); mean/math.Sqrt(want/paths) < 50 {
		t.Errorf("one step late: mean %v cannot be told from 0", mean)
	}
}

// TestSGDStability: with exact gradients x goes to 0 just below α = 2(1+μ)/((1-τ)λ) and away just above.
func TestSGDStability(t *testing.T) {
	const lambda = 2.0
	for _, r := range []*method.SGD{
		{},
		{Momentum: 0.5},
		{Momentum: 0.9},
		{Momentum: 0.9, Dampening: 0.9},
		{Momentum: 0.5, Dampening: 0.3},
	} {
		for _, side := range []float64{0.99, 1.01} {
			r.StepSize = side * 2 * (1 + r.Momentum) / ((1 - r.Dampening) * lambda)
			r.Reset(1)
			x := []float64{1}
			for range 10000 {
				r.Step(x, []float64{lambda * x[0]})
			}
			if away := !(math.Abs(x[0]) < 1e-3); away != (side > 1) {
				t.Errorf("μ = %v, τ = %v, α = %v of the limit: x = %v in the end", r.Momentum, r.Dampening, side, x[0])
			}
		}
	}
}

// TestSGDSteadyGradient: the steps that a steady gradient g leads to in the end.
func TestSGDSteadyGradient(t *testing.T) {
	const alpha, g = 0.1, -3.0
	for _, test := range []struct {
		rule *method.SGD
		want float64 // step by -αg
	}{
		{&method.SGD{}, 1},
		{&method.SGD{Momentum: 0.9}, 10},
		{&method.SGD{Momentum: 0.9, Dampening: 0.9}, 1},
		{&method.SGD{Momentum: 0.9, Dampening: 0.5}, 5},
		{&method.SGD{Momentum: 0.9, Nesterov: true}, 10},
	} {
		test.rule.StepSize = alpha
		test.rule.Reset(1)
		x := []float64{0}
		for range 1000 {
			x[0] = 0
			test.rule.Step(x, []float64{g})
		}
		if step := x[0] / (-alpha * g); !(math.Abs(step/test.want-1) <= 1e-12) {
			t.Errorf("μ = %v, τ = %v: step %v αg, want %v αg", test.rule.Momentum, test.rule.Dampening, step, test.want)
		}
	}
}
