package method_test

import (
	"fmt"
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

// heavyTails are n gradients of dim components with scales from 1e-3 to 1e3.
func heavyTails(n, dim int, seed uint64) [][]float64 {
	rnd := rand.New(rand.NewPCG(seed, 1))
	grads := make([][]float64, n)
	for k := range grads {
		grads[k] = make([]float64, dim)
		for i := range grads[k] {
			grads[k][i] = rnd.NormFloat64() * math.Pow(10, -3+6*rnd.Float64())
		}
	}
	return grads
}

// iterates runs r from x0 over the gradients and returns all iterates.
func iterates(r stochopt.Rule, x0 []float64, grads [][]float64) [][]float64 {
	x, all := slices.Clone(x0), [][]float64{}
	r.Reset(len(x))
	for _, g := range grads {
		r.Step(x, g)
		all = append(all, slices.Clone(x))
	}
	return all
}

// apart is the greatest difference of two runs from x0, in units of the greatest distance from x0.
func apart(a, b [][]float64, x0 []float64) float64 {
	var far, worst float64
	for k := range a {
		far = max(far, floats.Distance(a[k], x0, math.Inf(1)), floats.Distance(b[k], x0, math.Inf(1)))
		worst = max(worst, floats.Distance(a[k], b[k], math.Inf(1)))
	}
	return worst / far
}

// TestEqualSettings: settings of one method that are settings of another, and some that nearly are.
func TestEqualSettings(t *testing.T) {
	const a, b = 0.01, 0.9
	zero := stochopt.Zero
	damped := &method.SGD{StepSize: a, Momentum: b, Dampening: b}
	adam := &stochopt.Adam{StepSize: a, Epsilon: 1e-3}

	// AccSGD as QHM, with κ = 100, ξ = 5, c = 0.7.
	const kappa, xi, c = 100, 5, 0.7
	const small = c * c * xi / kappa
	acc := &method.AccSGD{StepSize: a, Kappa: kappa, Xi: xi, SmallConst: c}
	accQHM := func(nu float64) *method.QHM {
		return &method.QHM{StepSize: a * c * (1 + xi) / (1 + c), Beta: c * (1 - small) / (c + small), Nu: nu}
	}
	for _, test := range []struct {
		what string
		r, s stochopt.Rule
		same bool
	}{
		{"Lion with one β is Signum", &method.Lion{Beta1: b, Beta2: b}, &method.Signum{Momentum: b}, true},
		{"Lion with two is not", &method.Lion{Beta1: b}, &method.Signum{Momentum: b}, false},
		{"Lion without memory is signSGD", &method.Lion{Beta1: zero}, &method.Signum{}, true},
		{"QHM ν=0 is gradient descent", &method.QHM{StepSize: a, Nu: zero}, &method.SGD{StepSize: a}, true},
		{"QHM ν=1 is damped momentum", &method.QHM{StepSize: a, Nu: 1, Beta: b}, damped, true},
		{"QHM ν=β is Nesterov's", &method.QHM{StepSize: a, Nu: b, Beta: b}, &method.SGD{StepSize: a * (1 - b), Momentum: b, Nesterov: true}, true},
		{"QHM ν=1 is not", &method.QHM{StepSize: a, Nu: 1, Beta: b}, &method.SGD{StepSize: a * (1 - b), Momentum: b, Nesterov: true}, false},
		{"AccSGD is a QHM", acc, accQHM((c*xi - 1) / (c * (1 + xi))), true},
		{"AccSGD is not any QHM", acc, accQHM(0.6), false},
		{"AggMo with one μ is momentum", &method.AggMo{StepSize: a, Momenta: []float64{b}}, &method.SGD{StepSize: a, Momentum: b}, true},
		{"AggMo with equal μ is momentum", &method.AggMo{StepSize: a, Momenta: []float64{b, b, b}}, &method.SGD{StepSize: a, Momentum: b}, true},
		{"AggMo in another order", &method.AggMo{Momenta: []float64{0.99, 0, 0.9}}, &method.AggMo{}, true},
		{"AggMo with other μ", &method.AggMo{Momenta: []float64{0, 0.9, 0.999}}, &method.AggMo{}, false},
		{"QHAdam ν=1 is Adam", &method.QHAdam{StepSize: a, Beta1: b, Nu1: 1, Epsilon: 1e-3}, adam, true},
		{"QHAdam is not", &method.QHAdam{StepSize: a, Beta1: b, Epsilon: 1e-3}, adam, false},
		{"QHAdam ν=0 is signSGD", &method.QHAdam{StepSize: a, Nu1: zero, Nu2: zero, Epsilon: zero}, &method.Signum{}, true},
		{"QHAdam ν₁=0 is FTML at its first step size", &method.QHAdam{StepSize: a, Nu1: zero}, &method.FTML{StepSize: a, Beta1: zero}, true},
		{"AdaBound is Adam at first", &method.AdaBound{StepSize: a, Gamma: 1e-13, Epsilon: 1e-3}, adam, true},
		{"AdaBound is momentum in the end", &method.AdaBound{StepSize: 1, FinalStepSize: a, Gamma: 1e15}, damped, true},
		{"AdaBound in between is not Adam", &method.AdaBound{StepSize: a, Epsilon: 1e-3}, adam, false},
		{"AdaBound in between is not momentum", &method.AdaBound{StepSize: 1, FinalStepSize: a}, damped, false},
		{"Padam p=1/2 is AMSBound without bounds", &method.Padam{StepSize: a, Power: 0.5}, &method.AdaBound{StepSize: a, Gamma: 1e-13, AMSBound: true}, true},
		{"Padam p=1/2 is not AdaBound", &method.Padam{StepSize: a, Power: 0.5}, &method.AdaBound{StepSize: a, Gamma: 1e-13}, false},
		{"Adan without β₁, β₂ is Adam without β₁", &method.Adan{StepSize: a, Beta1: zero, Beta2: zero}, &stochopt.Adam{StepSize: a, Beta1: zero, Beta2: 0.99}, true},
		{"Adan is not Adam", &method.Adan{StepSize: a}, &stochopt.Adam{StepSize: a, Beta1: 0.98, Beta2: 0.99}, false},
	} {
		grads := heavyTails(200, 5, 1)
		x0 := []float64{0, 1, -1, 0.1, 3}
		d := apart(iterates(test.r, x0, grads), iterates(test.s, x0, grads), x0)
		if test.same && !(d <= 1e-12) || !test.same && !(d > 1e-3) {
			t.Errorf("%s: the runs are %.2g apart", test.what, d)
		}
	}
}

// TestVariantsScale: gradients c g instead of g change no bit of a run if the method does not know their scale, c is a
// power of two and ε = 0. Those that know it go elsewhere.
func TestVariantsScale(t *testing.T) {
	zero := stochopt.Zero
	grads := heavyTails(100, 5, 2)
	x0 := []float64{0, 1, -1, 0.1, 3}
	for _, test := range []struct {
		rule stochopt.Rule
		free bool
	}{
		{&method.Lion{WeightDecay: 0.1}, true},
		{&method.Signum{Momentum: 0.9}, true},
		{&method.Rprop{}, true},
		{&method.QHAdam{Epsilon: zero, Nu2: 0.5}, true},
		{&method.Adan{Epsilon: zero, WeightDecay: 0.1}, true},
		{&method.FTML{Epsilon: zero}, true},
		{&method.OptimisticAdam{Epsilon: zero}, true},
		{&method.LARS{Momentum: 0.9, Blocks: []int{2, 3}}, true},
		{&method.LAMB{Epsilon: zero, WeightDecay: 0.1, Blocks: []int{2, 3}}, true},
		{&method.QHAdam{}, false},
		{&method.LARS{WeightDecay: 1}, false}, // λ is in units of g/x
		{&method.AdaBound{Epsilon: zero}, false},
		{&method.Padam{Epsilon: zero}, false},
		{&method.QHM{}, false},
		{&method.AggMo{}, false},
		{&method.AccSGD{}, false},
	} {
		want := iterates(test.rule, x0, grads)
		exponents := []int{-60, -3, 1, 60}
		if !test.free {
			exponents = []int{-3}
		}
		for _, exponent := range exponents {
			scaled := make([][]float64, len(grads))
			for k, g := range grads {
				scaled[k] = make([]float64, len(g))
				floats.ScaleTo(scaled[k], math.Ldexp(1, exponent), g)
			}
			if d := apart(iterates(test.rule, x0, scaled), want, x0); test.free != (d == 0) {
				t.Errorf("%T: gradients times 2^%d: the runs are %.2g apart", test.rule, exponent, d)
			}
		}
	}
	// Padam's steps grow like c¹⁻²ᵖ: by 64 for c = 256 at p = 1/8, where one that takes √ for the power keeps them.
	for _, test := range []struct{ power, want float64 }{{0.125, 64}, {0.25, 16}, {0.5, 1}, {zero, 256}} {
		r := &method.Padam{Power: test.power, Epsilon: zero}
		origin := make([]float64, 5)
		small := iterates(r, origin, grads)
		for _, g := range grads {
			floats.Scale(256, g)
		}
		large := iterates(r, origin, grads)
		for _, g := range grads {
			floats.Scale(1./256, g)
		}
		for _, x := range small {
			floats.Scale(test.want, x)
		}
		if d := apart(small, large, origin); !(d <= 1e-13) {
			t.Errorf("Padam, p = %g: steps from 256 times the gradients are not %v times as long: %.2g apart", test.power, test.want, d)
		}
	}
}

// TestSignsOnly: signSGD and Rprop do not see it if each component of each gradient has a scale of its own. Lion does.
func TestSignsOnly(t *testing.T) {
	grads, other := heavyTails(100, 5, 3), heavyTails(100, 5, 4)
	for k := range other {
		for i := range other[k] {
			other[k][i] = math.Copysign(other[k][i], grads[k][i])
		}
	}
	x0 := make([]float64, 5)
	for _, test := range []struct {
		rule stochopt.Rule
		only bool
	}{{&method.Signum{}, true}, {&method.Rprop{}, true}, {&method.Signum{Momentum: 0.9}, false}, {&method.Lion{}, false}} {
		if d := apart(iterates(test.rule, x0, grads), iterates(test.rule, x0, other), x0); test.only != (d == 0) {
			t.Errorf("%T: %.2g apart", test.rule, d)
		}
	}
}

// TestSignSteps: every step of Lion and Signum has the length α in every component, but for a direction of exactly 0.
func TestSignSteps(t *testing.T) {
	const alpha = 1. / 64 // x is a multiple of it, and not rounded
	for _, test := range []struct {
		rule stochopt.Rule
		all  bool
	}{
		{&method.Lion{StepSize: alpha}, true},
		{&method.Signum{StepSize: alpha}, true},
		{&method.Signum{StepSize: alpha, Momentum: 0.9}, true},
		{&method.Lion{StepSize: alpha, WeightDecay: 0.1}, false},
	} {
		before, all := make([]float64, 5), true
		for _, x := range iterates(test.rule, before, heavyTails(500, 5, 5)) {
			for i := range x {
				all = all && math.Abs(x[i]-before[i]) == alpha
			}
			before = x
		}
		if all != test.all {
			t.Errorf("%+v: all steps of length α: %t", test.rule, all)
		}
		if x := iterates(test.rule, []float64{0}, [][]float64{{0}, {0}}); x[1][0] != 0 {
			t.Errorf("%T: a gradient of 0 leads to %v", test.rule, x)
		}
	}
}

// TestLionBetas: after one gradient of 1 the mean is 1-β₂, and a second one of -b turns the direction if b exceeds
// β₁(1-β₂)/(1-β₁), 0.09. With β₂ and 1-β₂ exchanged, or the mean taken up before the direction, it would not be there.
func TestLionBetas(t *testing.T) {
	for _, test := range []struct {
		rule      stochopt.Rule
		threshold float64
	}{
		{&method.Lion{}, 0.09},
		{&method.Lion{Beta2: 0.01}, 8.91}, // exchanged
		{&method.Lion{Beta1: 0.99}, 0.99},
		{&method.Signum{Momentum: 0.9}, 0.9},
	} {
		for _, side := range []float64{0.99, 1.01} {
			x := iterates(test.rule, []float64{0}, [][]float64{{1}, {-test.threshold * side}})
			if onward := x[1][0] < x[0][0]; onward != (side < 1) {
				t.Errorf("%+v: gradients 1 and %v lead to %v", test.rule, -test.threshold*side, x)
			}
		}
	}
}

// TestLionDecay: with a steady gradient g and weight decay, x is -sign(g)(1-(1-αλ)ᵗ)/λ after t steps from 0. Decay that is
// added to the gradient instead has no part in it while λx is below g.
func TestLionDecay(t *testing.T) {
	const alpha, lambda, steps = 0.01, 0.5, 300
	r := &method.Lion{StepSize: alpha, WeightDecay: lambda}
	r.Reset(2)
	coupled := &method.Lion{StepSize: alpha}
	coupled.Reset(2)
	x, y, g := make([]float64, 2), make([]float64, 2), []float64{7, -1e-3}
	for k := 1; k <= steps; k++ {
		r.Step(x, g)
		coupled.Step(y, []float64{7 + lambda*y[0], -1e-3 + lambda*y[1]})
		want := -(1 - math.Pow(1-alpha*lambda, float64(k))) / lambda
		if math.Abs(x[0]-want) > 1e-13 || math.Abs(x[1]+want) > 1e-13 {
			t.Fatalf("step %d: %v, want ∓%v", k, x, want)
		}
	}
	if math.Abs(y[0]/x[0]-1) < 0.1 {
		t.Errorf("with decay in the gradient x is %v, without %v: cannot be told apart", y[0], x[0])
	}
}

// wander runs r on x²/2 from 0 in all components with gradient noise drawn by xi, and returns the mean and the mean square of x in the
// second half.
func wander(r stochopt.Rule, paths, steps int, xi func(rnd *rand.Rand) float64) (mean, square float64) {
	rnd := rand.New(rand.NewPCG(6, 7))
	x, g := make([]float64, paths), make([]float64, paths)
	r.Reset(paths)
	for k := range steps {
		for i := range g {
			g[i] = x[i] + xi(rnd)
		}
		r.Step(x, g)
		if k >= steps/2 {
			mean += stat.Mean(x, nil)
			square += floats.Dot(x, x) / float64(paths)
		}
	}
	n := float64(steps - steps/2)
	return mean / n, square / n
}

func normal(rnd *rand.Rand) float64 { return rnd.NormFloat64() }

// TestLionNoiseFloor: at the same α Lion keeps farther away from the minimum than Adam, and than signSGD.
func TestLionNoiseFloor(t *testing.T) {
	for _, test := range []struct {
		rule stochopt.Rule
		want float64 // rms of x, from a simulation of the formulas apart from this code
	}{
		{&method.Lion{StepSize: 1e-3}, 0.057},
		{&method.Lion{StepSize: 1e-2}, 0.159},
		{&stochopt.Adam{StepSize: 1e-3}, math.Sqrt(1e-3 / 2)},                        // 0.022, and here the closed forms
		{&stochopt.Adam{StepSize: 1e-2}, math.Sqrt(1e-2 / 2)},                        // 0.071
		{&method.Signum{StepSize: 1e-2}, math.Sqrt(math.Sqrt(math.Pi/2) * 1e-2 / 2)}, // 0.079
	} {
		if _, square := wander(test.rule, 150, 4000, normal); !(math.Abs(math.Sqrt(square)/test.want-1) <= 0.07) {
			t.Errorf("%T: rms x is %.4f, want %.3f", test.rule, math.Sqrt(square), test.want)
		}
	}
}

// TestSignBias: in skewed noise of mean 0 signSGD goes to where the median of the gradient vanishes. A long memory mends it,
// and methods without signs have no bias.
func TestSignBias(t *testing.T) {
	skewed := func(rnd *rand.Rand) float64 { return rnd.ExpFloat64() - 1 } // of median ln 2 - 1
	for _, test := range []struct {
		rule       stochopt.Rule
		least, top float64
	}{
		{&method.Signum{StepSize: 1e-3}, 0.29, 0.32},
		{&method.Signum{StepSize: 1e-3, Momentum: 0.99}, -0.03, 0.06},
		{&method.Lion{StepSize: 1e-3}, -0.03, 0.2},
		{&method.QHM{StepSize: 1e-2}, -0.01, 0.01},
	} {
		if mean, _ := wander(test.rule, 60, 8000, skewed); !(mean >= test.least && mean <= test.top) {
			t.Errorf("%+v: mean x is %.4f, want in [%v, %v]", test.rule, mean, test.least, test.top)
		}
	}
}

// TestAdaBoundStability: near its end AdaBound on λx²/2 is stable below a = 2(1+β₁)/((1-β₁)λ) only.
func TestAdaBoundStability(t *testing.T) {
	const lambda, limit = 2.0, 2 * 1.9 / 0.1 / 2
	for _, side := range []float64{0.97, 1.03} {
		r := &method.AdaBound{FinalStepSize: side * limit, Gamma: 1}
		r.Reset(1)
		x := []float64{1}
		for range 20000 {
			r.Step(x, []float64{lambda * x[0]})
		}
		if away := !(math.Abs(x[0]) < 1e-3); away != (side > 1) {
			t.Errorf("a = %v of the limit: x = %v in the end", side, x[0])
		}
	}
}

// TestAMSBound: with AMSBound a spike of the gradient shortens all later steps; otherwise it is forgotten.
func TestAMSBound(t *testing.T) {
	for _, ams := range []bool{true, false} {
		r := &method.AdaBound{Gamma: 1e-9, Beta2: 0.9, AMSBound: ams}
		r.Reset(1)
		x := []float64{0}
		r.Step(x, []float64{1e6})
		for range 1000 {
			r.Step(x, []float64{1})
		}
		x[0] = 0
		r.Step(x, []float64{1})
		if step := -x[0]; ams && !(step < 1e-6) || !ams && !(math.Abs(step-0.1) < 1e-3) {
			t.Errorf("AMSBound %t: step %v a thousand steps after the spike", ams, step)
		}
	}
}

// TestQHMFloor holds simulated variances on λx²/2 to the closed form, which is that of SGD's forms where QHM is one of them.
func TestQHMFloor(t *testing.T) {
	const lambda, s, alpha, b = 2, 1.5, 0.1, 0.9
	law := func(alpha, b, nu float64) float64 {
		a := alpha * lambda
		return a * s * s / (lambda * lambda) * (1 - b*b + a*b*(1+b) - a*b*nu*(1+3*b-2*b*nu)) /
			((1 - b + a*b*(1-nu)) * (2*(1+b) - a*(1+b-2*b*nu)))
	}
	for _, test := range []struct{ alpha, nu, want float64 }{
		{alpha, 0, 0.0625},                 // plain
		{alpha, 1, 0.056548},               // damped
		{alpha / (1 - b), b, 0.29810},      // Nesterov's stored point
		{alpha / (1 - b), 0.7, math.NaN()}, // no form of SGD
		{alpha, 0.5, math.NaN()},
	} {
		want := law(test.alpha, b, test.nu)
		if !(math.Abs(want/test.want-1) <= 1e-4) && !math.IsNaN(test.want) {
			t.Errorf("ν = %v: the formula gives %v, want %v", test.nu, want, test.want)
		}
		nu := test.nu
		if nu == 0 {
			nu = stochopt.Zero
		}
		// On x²/2 this is α λ, with noise of s/λ.
		r := &method.QHM{StepSize: test.alpha * lambda, Beta: b, Nu: nu}
		_, v := wander(r, 1000, 800, func(rnd *rand.Rand) float64 { return s / lambda * rnd.NormFloat64() })
		if !(math.Abs(v/want-1) <= 0.05) {
			t.Errorf("α = %v, ν = %v: variance %v, want %v", test.alpha, test.nu, v, want)
		}
	}
}

// TestSwitchOn: the step that a gradient of 1 brings about after many zeros, at ε = 0.
func TestSwitchOn(t *testing.T) {
	const zeros, b2 = 20000, 0.999
	zero := stochopt.Zero
	for _, test := range []struct {
		rule stochopt.Rule
		want float64
	}{
		{&method.QHAdam{StepSize: 1, Nu1: zero, Epsilon: zero}, 1 / math.Sqrt(1-b2)},
		{&method.QHAdam{StepSize: 1, Nu1: zero, Nu2: 0.75, Epsilon: zero}, 1 / math.Sqrt(0.25+0.75*(1-b2))}, // below 1/√(1-ν₂)
		{&method.QHAdam{StepSize: 1, Beta1: 0.9, Epsilon: zero}, (0.3 + 0.07) / math.Sqrt(1-b2)},
		{&method.FTML{StepSize: 1, Epsilon: zero}, 0.4 / math.Sqrt(1-b2)},
		{&method.OptimisticAdam{StepSize: 1, Epsilon: zero}, 2 * 0.1 / math.Sqrt(1-b2)},
		{&method.Padam{StepSize: 1, Power: 0.25, Epsilon: zero}, 0.1 / math.Pow(1-b2, 0.25)},
	} {
		test.rule.Reset(1)
		x := []float64{0}
		for k := range zeros {
			if test.rule.Step(x, []float64{0}); x[0] != 0 {
				t.Fatalf("%T: x = %v from gradients of 0, step %d", test.rule, x[0], k)
			}
		}
		if test.rule.Step(x, []float64{1}); !(math.Abs(-x[0]/test.want-1) <= 1e-8) { // β₂ to the power of 20000 is 2e-9
			t.Errorf("%+v: step %v, want %v", test.rule, -x[0], test.want)
		}
	}
}

// TestVariantsSteadyGradient: how far the steps go that a steady gradient g leads to in the end, by -αg or, of methods that do not know its
// scale, -α sign g.
func TestVariantsSteadyGradient(t *testing.T) {
	const alpha, g = 0.1, -3.0
	for _, test := range []struct {
		rule stochopt.Rule
		want float64
	}{
		{&method.QHM{StepSize: alpha}, -g},
		{&method.AggMo{StepSize: alpha}, -g * (1 + 10 + 100) / 3},
		{&method.AggMo{StepSize: alpha, Momenta: []float64{0.5, 0.75}}, -g * (2 + 4) / 2},
		{&method.AccSGD{StepSize: alpha}, -g * 0.7 * 11 / 1.7},
		{&method.QHAdam{StepSize: alpha}, 1},
		{&method.Adan{StepSize: alpha}, 1},
		{&method.OptimisticAdam{StepSize: alpha}, 1},
		{&method.FTML{StepSize: alpha, Beta1: 0.9}, 0.1},
		{&method.Padam{StepSize: alpha, Power: 0.25}, math.Sqrt(3)},
	} {
		test.rule.Reset(1)
		x, before := []float64{0}, 0.0
		for range 12000 { // QHM forgets in thousands
			before = x[0]
			test.rule.Step(x, []float64{g})
		}
		if step := (x[0] - before) / alpha; !(math.Abs(step/test.want-1) <= 1e-4) {
			t.Errorf("%+T: step %v α, want %v α", test.rule, step, test.want)
		}
	}
}

// TestFTMLSteps: with a steady gradient FTML's step k = 1, 2, ... is α(1-β₁)/(1-β₁ᵏ), and Adam's is α.
func TestFTMLSteps(t *testing.T) {
	const alpha, b1 = 0.1, 0.6
	r := &method.FTML{StepSize: alpha, Epsilon: stochopt.Zero}
	r.Reset(1)
	for k := 1; k <= 100; k++ {
		x := []float64{0}
		r.Step(x, []float64{-5})
		want := alpha * (1 - b1) / (1 - math.Pow(b1, float64(k)))
		if !(math.Abs(x[0]/want-1) <= 1e-12) {
			t.Fatalf("step %d is %v, want %v", k, x[0], want)
		}
	}
}

// TestRpropByHand: a run whose every number is known, and what the relatives of iRprop⁻ would make of it.
func TestRpropByHand(t *testing.T) {
	grads := [][]float64{{1}, {5}, {0.1}, {-3}, {-2}, {-1}, {0}, {-1}, {1}, {1}}
	// d: .1, .12, .144, then .072 and a pause, .072 (the pause is no sign), .0864, 0 is no sign either, .0864, .0432 and a
	// pause, .0432.
	want := []float64{-0.1, -0.22, -0.364, -0.364, -0.292, -0.2056, -0.2056, -0.1192, -0.1192, -0.1624}
	for k, x := range iterates(&method.Rprop{StepSize: 0.1}, []float64{0}, grads) {
		if math.Abs(x[0]-want[k]) > 1e-15 {
			t.Fatalf("step %d: x = %v, want %v", k, x[0], want[k])
		}
	}
	// Without the pause, and where the step is taken back.
	for what, other := range map[string][]float64{
		"no pause":   {-0.1, -0.22, -0.364, -0.292, -0.2056},
		"taken back": {-0.1, -0.22, -0.364, -0.22, -0.148},
	} {
		if slices.Equal(other, want[:len(other)]) {
			t.Errorf("%s: cannot be told apart", what)
		}
	}
	// The limits.
	x := iterates(&method.Rprop{StepSize: 0.1, MinStep: 0.08, MaxStep: 0.11}, []float64{0}, [][]float64{{1}, {1}, {-1}, {-1}})
	for k, want := range []float64{-0.1, -0.21, -0.21, -0.13} {
		if math.Abs(x[k][0]-want) > 1e-15 {
			t.Errorf("with limits, step %d: x = %v, want %v", k, x[k][0], want)
		}
	}
}

// TestRpropNoise: exact gradients bring Rprop from 1000 to 0 in some 50 steps. In noise as large as the gradient it has not come
// far after 20 times as many.
func TestRpropNoise(t *testing.T) {
	for _, noise := range []float64{0, 3000} {
		rnd := rand.New(rand.NewPCG(10, 11))
		r := &method.Rprop{StepSize: 0.1}
		r.Reset(1)
		x := []float64{1000}
		for range 1000 {
			r.Step(x, []float64{x[0] + noise*rnd.NormFloat64()})
		}
		if far := math.Abs(x[0]) > 500; far != (noise > 0) {
			t.Errorf("noise %v: x = %v in the end", noise, x[0])
		}
	}
}

// TestAdanSecondStep: after gradients 1 and 2, in figures. Programs that weigh the difference of gradients by 1-β₂ get another step.
func TestAdanSecondStep(t *testing.T) {
	const b1, b2, b3 = 0.98, 0.92, 0.99
	second := func(weight float64) float64 {
		m := (b1*(1-b1)*1 + (1-b1)*2) / (1 - b1*b1)
		d := (1 - b2) * 1 / (1 - b2*b2)
		ahead := 2 + weight*1
		v := (b3*(1-b3)*1 + (1-b3)*ahead*ahead) / (1 - b3*b3)
		return (m + weight*d) / math.Sqrt(v)
	}
	x := iterates(&method.Adan{StepSize: 1, Epsilon: stochopt.Zero}, []float64{0}, [][]float64{{1}, {2}})
	if step := x[0][0] - x[1][0]; math.Abs(step/second(b2)-1) > 1e-13 || math.Abs(step-0.9074) > 1e-4 {
		t.Errorf("second step %v, want %v", step, second(b2))
	}
	if w := second(1 - b2); math.Abs(w-second(b2)) < 0.01 {
		t.Errorf("with the other weight the step is %v: cannot be told apart", w)
	}
}

// TestAdanDecay: without gradient, x is divided by 1+αλ in every step. Multiplying by 1-αλ is something else.
func TestAdanDecay(t *testing.T) {
	const alpha, lambda, steps = 0.1, 0.5, 50
	grads := make([][]float64, steps)
	for k := range grads {
		grads[k] = []float64{0}
	}
	for _, eps := range []float64{0, stochopt.Zero} {
		x := iterates(&method.Adan{StepSize: alpha, WeightDecay: lambda, Epsilon: eps}, []float64{3}, grads)[steps-1][0]
		if want := 3 * math.Pow(1+alpha*lambda, -steps); !(math.Abs(x/want-1) <= 1e-13) {
			t.Errorf("x = %v, want %v", x, want)
		}
		if other := 3 * math.Pow(1-alpha*lambda, steps); math.Abs(x/other-1) < 0.01 {
			t.Errorf("x = %v is that of the other form", x)
		}
	}
}

// TestOptimisticGame: x minimizes xy and y maximizes it. With neither memory nor, in effect, division, optimism goes to the saddle at 0,
// and without it the distance grows by √(1+α²) in every step.
func TestOptimisticGame(t *testing.T) {
	const eta, large, steps = 0.1, 1e12, 1000
	zero := stochopt.Zero
	for _, test := range []struct {
		rule stochopt.Rule
		want func(distance float64) bool
	}{
		{&method.OptimisticAdam{StepSize: eta * large, Beta1: zero, Beta2: zero, Epsilon: large}, func(d float64) bool { return d < 0.05 }},
		{&stochopt.Adam{StepSize: eta * large, Beta1: zero, Beta2: zero, Epsilon: large}, func(d float64) bool {
			return math.Abs(d/(math.Sqrt2*math.Pow(1+eta*eta, steps/2))-1) < 1e-6
		}},
	} {
		test.rule.Reset(2)
		z := []float64{1, 1}
		for range steps {
			test.rule.Step(z, []float64{z[1], -z[0]})
		}
		if d := math.Hypot(z[0], z[1]); !test.want(d) {
			t.Errorf("%T: distance %v in the end", test.rule, d)
		}
	}
	// The first step is twice the others.
	x := iterates(&method.OptimisticAdam{StepSize: 0.1}, []float64{0}, [][]float64{{1}, {1}, {1}})
	for k, want := range []float64{-0.2, -0.3, -0.4} {
		if math.Abs(x[k][0]-want) > 1e-8 {
			t.Errorf("step %d: x = %v, want %v", k, x[k][0], want)
		}
	}
}

// TestAggMoDamping: AggMo with a velocity of μ = 0.99 damps an oscillation that momentum 0.99 alone hardly does.
func TestAggMoDamping(t *testing.T) {
	for _, test := range []struct {
		rule   stochopt.Rule
		damped bool
	}{{&method.AggMo{StepSize: 0.1}, true}, {&method.SGD{StepSize: 0.1, Momentum: 0.99}, false}} {
		test.rule.Reset(1)
		x, late := []float64{1}, 0.0
		for k := range 300 {
			test.rule.Step(x, []float64{x[0]})
			if k >= 250 {
				late = max(late, math.Abs(x[0]))
			}
		}
		if test.damped != (late < 1e-2) {
			t.Errorf("%T: |x| is up to %v after 250 steps", test.rule, late)
		}
	}
}

// TestAggMoMomenta: their number belongs to the state, their values do not.
func TestAggMoMomenta(t *testing.T) {
	r := &method.AggMo{}
	r.Reset(1)
	r.Momenta = []float64{0.5, 0.5, 0.5}
	r.Step([]float64{0}, []float64{1})
	data, _ := r.MarshalBinary()
	r.Momenta = []float64{0.5, 0.5}
	defer func() {
		if s, want := fmt.Sprint(recover()), "method: AggMo.Step: 2 momenta, want the 3 of Reset"; s != want {
			t.Errorf("Step with another number of momenta: %q, want %q", s, want)
		}
		if err := (&method.AggMo{Momenta: []float64{0}}).UnmarshalBinary(data); err == nil || !strings.Contains(err.Error(), "3 vectors, want") {
			t.Errorf("a state of 3 momenta is read for one: %v", err)
		}
	}()
	r.Step([]float64{0}, []float64{1})
}

// TestAccSGDStays: a gradient of 0 does not move x, in any digit; the means of the formula as printed would round.
func TestAccSGDStays(t *testing.T) {
	r := &method.AccSGD{}
	r.Reset(1)
	x := []float64{30.1}
	for range 1000 {
		r.Step(x, []float64{0})
	}
	if x[0] != 30.1 {
		t.Errorf("x has moved by %v", x[0]-30.1)
	}
}

// TestRatioSteps: the steps of LARS and LAMB are fractions of the length of a block, whatever the gradient.
func TestRatioSteps(t *testing.T) {
	grads := heavyTails(50, 5, 12)
	x0 := []float64{3, -4, 0.1, 0.2, -0.2} // blocks of length 5 and 0.3
	blocks := []int{2, 3}
	for _, test := range []struct {
		rule     stochopt.Rule
		fraction float64
		block    bool
	}{
		{&method.LARS{StepSize: 2, Blocks: blocks}, 0.002, true},
		{&method.LARS{StepSize: 1, Trust: 0.03, Blocks: blocks}, 0.03, true},
		{&method.LAMB{StepSize: 0.01, Blocks: blocks}, 0.01, true},
		{&method.LAMB{StepSize: 0.1, Blocks: blocks, WeightDecay: 0.1}, 0.1, true},
		{&method.LARS{StepSize: 1}, 0.001, false},
		{&method.LAMB{StepSize: 0.01}, 0.01, false},
	} {
		before := x0
		for k, x := range iterates(test.rule, x0, grads) {
			d := slices.Clone(x)
			floats.Sub(d, before)
			of := func(from, to int) float64 { return floats.Norm(d[from:to], 2) / floats.Norm(before[from:to], 2) }
			if !test.block {
				if math.Abs(of(0, 5)/test.fraction-1) > 1e-10 || math.Abs(of(2, 5)/test.fraction-1) < 1e-3 {
					t.Errorf("%T, step %d: %v of x and %v of a part, want %v of x", test.rule, k, of(0, 5), of(2, 5), test.fraction)
				}
			} else if math.Abs(of(0, 2)/test.fraction-1) > 1e-10 || math.Abs(of(2, 5)/test.fraction-1) > 1e-10 {
				t.Errorf("%+v, step %d: %v and %v of the blocks, want %v", test.rule, k, of(0, 2), of(2, 5), test.fraction)
			}
			before = x
		}
	}
}

// TestRatioZeros: where a length is 0 there is no ratio, and the step is that of the method below: of gradient descent, of Adam.
func TestRatioZeros(t *testing.T) {
	for _, test := range []struct {
		rule stochopt.Rule
		x0   float64
		g    float64
		want float64
	}{
		{&method.LARS{StepSize: 0.5}, 0, 3, -1.5},
		{&method.LARS{StepSize: 0.5}, 2, 0, 2},
		{&method.LARS{StepSize: 0.5, WeightDecay: 0.1}, 2, 0, 2 - 0.5*0.1*2},
		{&method.LARS{StepSize: 0.5, Trust: 0.1, WeightDecay: 0.5}, 2, 3, 2 - 0.5*0.1*2/(3+0.5*2)*(3+0.5*2)},
		{&method.LAMB{StepSize: 0.5, Epsilon: stochopt.Zero}, 0, 3, -0.5},
		{&method.LAMB{StepSize: 0.5}, 2, 0, 2},
		{&method.LAMB{StepSize: 0.5, Epsilon: stochopt.Zero}, 2, 0, 2},
		{&method.LAMB{StepSize: 0.5, WeightDecay: 0.1}, 2, 0, 1},
	} {
		if x := iterates(test.rule, []float64{test.x0}, [][]float64{{test.g}}); math.Abs(x[0][0]-test.want) > 1e-15 {
			t.Errorf("%+v: from %v by %v to %v, want %v", test.rule, test.x0, test.g, x[0][0], test.want)
		}
	}
	// LARS's ratio has |g| + λ|x| below the line, not |g + λx|: they differ where g and x are at an angle.
	x := iterates(&method.LARS{StepSize: 1, Trust: 0.1, WeightDecay: 1}, []float64{3, 0}, [][]float64{{0, 4}})[0]
	want := []float64{3 - 0.1*3/(4+3)*3, -0.1 * 3 / (4 + 3) * 4}
	if floats.Distance(x, want, 2) > 1e-15 || math.Abs(x[1]+0.1*3/5*4) < 0.01 {
		t.Errorf("LARS goes to %v, want %v", x, want)
	}
}
