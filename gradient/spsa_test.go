package gradient_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// On a quadratic: mean and covariance in closed form, with noise that the ends share and with noise that they do not.
func TestSPSAMoments(t *testing.T) {
	const n, c, sd = 60_000, 0.25, 0.5
	q := newQuadratic(1)
	shared := func(i, j int) float64 { // E ΔΔᵀ(Δ·g)² - g gᵀ
		return equal(i, j)*(q.square()-2*q.g[i]*q.g[i]) + q.g[i]*q.g[j]
	}
	apart := func(i, j int) float64 { return shared(i, j) + equal(i, j)*sd*sd/(2*c*c) }
	normal := func(i, j int) float64 { return equal(i, j)*q.square() + q.g[i]*q.g[j] } // of Smoothing
	f := additive(sd, q.value)
	q.agree(t, "SPSA", n, gradient.SPSA{Width: c}.Oracle(f), shared, normal)
	q.agree(t, "SPSA, different Samples at the ends", n, gradient.SPSA{Width: c}.Oracle(independent(f)), apart, shared)
	q.agree(t, "mean of 3 directions", n/2, gradient.SPSA{Width: c, Directions: 3}.Oracle(f),
		func(i, j int) float64 { return shared(i, j) / 3 }, shared)
	// Divided by a normal direction the mean exists, but no variance: it grows with the number of draws.
	r := rand.New(rand.NewPCG(1, 1))
	var x [5]float64
	quotient := func(direction func() float64) func(int) float64 {
		return func(int) float64 {
			for i := range x {
				x[i] = c * direction()
			}
			up := q.value(x[:])
			for i := range x {
				x[i] = -x[i]
			}
			return (q.value(x[:]) - up) / (2 * x[0])
		}
	}
	sign := func() float64 { return float64(2*r.IntN(2) - 1) }
	_, few, _, _ := moments(100, quotient(r.NormFloat64))
	_, many, _, _ := moments(n, quotient(r.NormFloat64))
	_, v, _, se := moments(n, quotient(sign))
	near(t, "variance with signs", v, shared(0, 0), se)
	if many < 100*few || many < 1000*v {
		t.Errorf("variance with normal directions: %v in 100 draws, %v in %d: it does not diverge", few, many, n)
	}
}

// In one dimension the bias is c² f”'/6 + c⁴ f⁽⁵⁾/120 + ...: (sinh c)/c for exp.
func TestSPSABias(t *testing.T) {
	exp := gradient.Func(func(x []float64) float64 { return math.Exp(x[0]) })
	for k := range 5 { // Δ = ±1 gives the same
		c := 0.5 / math.Pow(float64(k+1), 0.101)
		_, g := evaluate(t, gradient.SPSA{Width: 0.5, Decay: 0.101}.Oracle(exp), []float64{1}, stochopt.Sample{Step: k})
		if want := math.E * math.Sinh(c) / c; math.Abs(g[0]/want-1) > 1e-14 {
			t.Errorf("step %d: %v, want %v", k, g[0], want)
		}
		if k > 0 { // the companion: another count
			c = 0.5 / math.Pow(float64(k), 0.101)
			if math.Abs(g[0]/(math.E*math.Sinh(c)/c)-1) < 1e-4 {
				t.Error("a count from 1 gives the same: the test cannot fail")
			}
		}
	}
}

// F = (x-ξ)²/2, ξ ~ N(0, s²): the difference quotient has the variance s² for every width with common random numbers.
func TestSPSACommonRandomNumbers(t *testing.T) {
	const x, sd, n = 1.2, 0.8, 50_000
	rnd, pcg := generator()
	draw := func(_, x []float64, s stochopt.Sample) (float64, error) {
		*pcg = s.PCG()
		d := x[0] - sd*rnd.NormFloat64()
		return d * d / 2, nil
	}
	for _, c := range []float64{1e-4, 0.1} {
		e := gradient.SPSA{Width: c}
		variance := func(f stochopt.Oracle) (v, se float64) {
			o := e.Oracle(f)
			grad := make([]float64, 1)
			_, v, _, se = moments(n, func(k int) float64 {
				if _, err := o(grad, []float64{x}, stochopt.Sample{Seed: 5, Step: k}); err != nil {
					t.Fatal(err)
				}
				return grad[0]
			})
			return v, se
		}
		v, se := variance(draw)
		near(t, "variance", v, sd*sd, se)
		v, se = variance(independent(draw)) // of values: (x±c)² s² + s⁴/2
		near(t, "variance without common random numbers", v, ((2*x*x+2*c*c)*sd*sd+sd*sd*sd*sd)/(4*c*c), se)
		far(t, "variance without common random numbers", v, sd*sd, se)
	}
}

func TestSPSACalibrate(t *testing.T) {
	const sd, move, steps = 0.1, 0.05, 1000
	q := newQuadratic(3)
	scale := []float64{1, 1, 2, 0.5, 1}
	x0 := make([]float64, 5)
	f := additive(sd, q.value)
	s := stochopt.Sample{Seed: 9}
	g, err := gradient.SPSA{Scale: scale}.Calibrate(f, x0, s, steps, move)
	if err != nil {
		t.Fatal(err)
	}
	// The standard deviation of 20 normal values has a relative error of 1/√38.
	near(t, "width", g.SPSA.Width, sd, sd/math.Sqrt(38))
	far(t, "width", g.SPSA.Width, 2*sd, sd/math.Sqrt(38))
	if g.SPSA.Decay != 0.101 || !slices.Equal(g.SPSA.Scale, scale) {
		t.Errorf("%+v", g.SPSA)
	}
	// a_k = a/(A+1+k)^0.602
	a := g.StepSize * math.Pow(101, 0.602)
	for _, k := range []int{0, 1, 500, 999} {
		if got, want := g.StepSize*g.Schedule(k), a/math.Pow(101+float64(k), 0.602); math.Abs(got/want-1) > 1e-12 {
			t.Errorf("step size %v in step %d, want %v", got, k, want)
		}
	}
	// The first move of each variable, over many runs; StepSize is known to the error of 20 draws.
	first := func(m optimize.Method) (mean [5]float64, relative float64) {
		o := g.SPSA.Oracle(f)
		const runs = 2000
		var sum, sq float64
		for seed := range uint64(runs) {
			p := stochopt.Problem{Oracle: o, Seed: seed}
			r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: 2}, m)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range r.X {
				mean[i] += math.Abs(v) / runs
			}
			sum += math.Abs(r.X[0]) / runs
			sq += r.X[0] * r.X[0] / runs
		}
		return mean, math.Sqrt(sq-sum*sum) / sum
	}
	sgd := &method.SGD{StepSize: g.StepSize, Schedule: g.Schedule}
	moves, relative := first(&method.Scale{Rule: sgd, Unit: func(i int) float64 { return scale[i] }})
	for i, m := range moves {
		near(t, fmt.Sprintf("first move of variable %d", i), m, move*scale[i], move*scale[i]*relative*math.Sqrt(1./20+1./2000))
	}
	// The companion: a taken for the step size of the first step.
	sgd.StepSize = a
	moves, _ = first(&method.Scale{Rule: sgd, Unit: func(i int) float64 { return scale[i] }})
	far(t, "first move with a wrong gain", moves[0], move, move*relative*math.Sqrt(1./20+1./2000))

	// What is set is kept.
	g, err = gradient.SPSA{Width: 0.3, Decay: 0.2, Directions: 2}.Calibrate(gradient.Func(q.value), x0, s, steps, move)
	if err != nil || g.SPSA.Width != 0.3 || g.SPSA.Decay != 0.2 || g.SPSA.Directions != 2 {
		t.Errorf("%+v, %v", g.SPSA, err)
	}
	// Without noise there is nothing to measure.
	if g, err = (gradient.SPSA{}).Calibrate(gradient.Func(q.value), x0, s, steps, move); err != nil || g.SPSA.Width != 0 {
		t.Errorf("without noise: %+v, %v", g.SPSA, err)
	}
	for what, f := range map[string]func(x []float64) float64{
		"flat":     func([]float64) float64 { return 1 },
		"NaN":      func([]float64) float64 { return math.NaN() },
		"infinite": func([]float64) float64 { return math.Inf(1) },
	} {
		if _, err := (gradient.SPSA{}).Calibrate(gradient.Func(f), x0, s, steps, move); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	failing := func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 0, fmt.Errorf("bad") }
	if _, err := (gradient.SPSA{}).Calibrate(failing, x0, s, steps, move); err == nil || err.Error() != "bad" {
		t.Errorf("error %v", err)
	}
	wantPanic(t, "gradient: SPSA.Calibrate for 0 steps", func() { gradient.SPSA{}.Calibrate(f, x0, s, 0, 1) })
	wantPanic(t, "gradient: SPSA.Calibrate with move = 0", func() { gradient.SPSA{}.Calibrate(f, x0, s, 1, 0) })
	wantPanic(t, "gradient: SPSA.Width = -1", func() { gradient.SPSA{Width: -1}.Calibrate(f, x0, s, 1, 1) })
}

// smoke is the quadratic of five variables with the curvatures h and the minimum o.
func smoke(x []float64) (f float64) {
	h, o := [...]float64{1, .5, 2, .3, 1.5}, [...]float64{1, -2, .5, 3, 0}
	for i, v := range x {
		f += h[i] * (v - o[i]) * (v - o[i]) / 2
	}
	return f
}

// Classical SPSA: gradient descent, both sequences decaying, noise that the ends do not share.
func TestSPSAClassical(t *testing.T) {
	const steps, sd = 4000, 0.01
	run := func(seed uint64, change func(*gradient.Gains)) float64 {
		f := independent(additive(sd, smoke))
		x0 := []float64{.3, .3, .3, .3, .3}
		g, err := gradient.SPSA{Width: 0.1}.Calibrate(f, x0, stochopt.Sample{Seed: seed + 100}, steps, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		change(&g)
		p := stochopt.Problem{Oracle: g.SPSA.Oracle(f), Seed: seed}
		m := &method.SGD{StepSize: g.StepSize, Schedule: g.Schedule}
		r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: steps, Converger: optimize.NeverTerminate{}}, m)
		if err != nil {
			t.Fatal(err)
		}
		return smoke(r.X)
	}
	for seed := range uint64(5) {
		if f := run(seed, func(*gradient.Gains) {}); f > 2e-3 { // 2.768 at the start; an independent program ended at 4e-4
			t.Errorf("seed %d: %v above the minimum", seed, f)
		} else {
			t.Logf("seed %d: %v above the minimum", seed, f)
		}
		// Wrong gains: a width that falls faster than the condition allows, and steps that fall too fast to arrive.
		if f := run(seed, func(g *gradient.Gains) { g.SPSA.Decay = 0.8 }); f < 4e-3 {
			t.Errorf("seed %d: width that falls too fast: %v above the minimum: the test cannot fail", seed, f)
		}
		if f := run(seed, func(g *gradient.Gains) { g.Schedule = func(k int) float64 { return 1 / float64((k+1)*(k+1)) } }); f < 4e-3 {
			t.Errorf("seed %d: steps that fall too fast: %v above the minimum: the test cannot fail", seed, f)
		}
	}
}

// A gradient of twenty variables from two values, with noise far above their difference.
func ExampleSPSA() {
	noisy := func(_, x []float64, s stochopt.Sample) (float64, error) {
		f := 100 * s.Rand().NormFloat64() // the same at both ends
		for i, v := range x {
			f += (v - float64(i)) * (v - float64(i))
		}
		return f, nil
	}
	p := stochopt.Problem{Oracle: gradient.SPSA{}.Oracle(noisy), Seed: 1}
	m := &stochopt.Adam{StepSize: 0.5, Schedule: func(k int) float64 { return 1 / (1 + float64(k)/1000) }}
	settings := &optimize.Settings{MajorIterations: 20_000, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, make([]float64, 20), settings, m)
	fmt.Printf("%.1f %.1f %.1f %v\n", r.X[0], r.X[1], r.X[19], err)
	// Output: 0.0 1.0 19.0 <nil>
}

// Classical SPSA on a simulation that does not repeat its values.
func ExampleSPSA_Calibrate() {
	rnd := rand.New(rand.NewPCG(1, 2))
	f := gradient.Func(func(x []float64) float64 {
		return (x[0]-3)*(x[0]-3) + 2*(x[1]+1)*(x[1]+1) + 0.1*rnd.NormFloat64()
	})
	x0 := []float64{0, 0}
	const steps = 5000
	gains, err := gradient.SPSA{}.Calibrate(f, x0, stochopt.Sample{Seed: 2}, steps, 0.1)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("width %.1f\n", gains.SPSA.Width)
	p := stochopt.Problem{Oracle: gains.SPSA.Oracle(f), Seed: 1}
	m := &method.SGD{StepSize: gains.StepSize, Schedule: gains.Schedule}
	settings := &optimize.Settings{MajorIterations: steps, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, x0, settings, m)
	fmt.Printf("%.1f %v\n", r.X, err)
	// Output:
	// width 0.1
	// [3.0 -1.0] <nil>
}
