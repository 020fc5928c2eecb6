package gradient_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/optimize"
)

// On a linear function: mean and variance along the gradient and across it in closed form. Invariance lets the gradient
// be the first axis.
func TestEvolutionMoments(t *testing.T) {
	t.Parallel()
	const n, sigma = 40_000, 0.3
	f := additive(10, func(x []float64) float64 { return 7 * x[0] })
	gamma := func(x float64) float64 { g, _ := math.Lgamma(x); return math.Exp(g) }
	for _, p := range []int{2, 20} {
		for _, standardize := range []bool{false, true} {
			what := fmt.Sprintf("population %d, standardized %t: ", p, standardize)
			P := float64(p)
			kappa := ((P-2)/(2*math.Sqrt(math.Pi)) + 1/math.Sqrt(2*math.Pi)) / (P - 1)
			across := (P + 1) / (6 * P * (P - 1) * sigma * sigma)
			along := (1./4 - kappa*kappa) / (sigma * sigma) // for p = 2
			if standardize {
				kappa = math.Sqrt(4/P) * gamma(P/4+0.5) / gamma(P/4)
				across = 2 / (P * sigma * sigma)
				along = (1 - kappa*kappa) / (sigma * sigma)
			}
			o := gradient.Evolution{Width: sigma, Population: p, Standardize: standardize}.Oracle(f)
			x, g := make([]float64, 2), make([]float64, 2)
			draws := make([][2]float64, n)
			for k := range draws {
				if _, err := o(g, x, stochopt.Sample{Seed: 4, Step: k}); err != nil {
					t.Fatal(err)
				}
				draws[k] = [2]float64(g)
			}
			mean, v, se, seV := moments(n, func(k int) float64 { return draws[k][0] })
			near(t, what+"mean", mean, kappa/sigma, se)
			if standardize {
				far(t, what+"mean", mean, 1/sigma, se)
				near(t, what+"variance", v, along, seV)
			} else {
				far(t, what+"mean of independent points", mean, 1/(2*math.Sqrt(math.Pi)*sigma), se)
				if p == 2 {
					along = (1 - 2/math.Pi) / (4 * sigma * sigma)
					near(t, what+"variance", v, along, seV)
				}
			}
			mean, v, se, seV = moments(n, func(k int) float64 { return draws[k][1] })
			near(t, what+"mean across", mean, 0, se)
			near(t, what+"variance across", v, across, seV)
			far(t, what+"variance across", v, across*P/(P+1), seV)
		}
	}
	// The companion: with noise of their own in the values, the order says little.
	e := gradient.Evolution{Width: sigma}
	shared, apart := e.Oracle(f), e.Oracle(independent(f))
	g, x := make([]float64, 2), make([]float64, 2)
	along := func(o stochopt.Oracle) (mean, se float64) {
		mean, _, se, _ = moments(2000, func(k int) float64 {
			o(g, x, stochopt.Sample{Step: k})
			return g[0]
		})
		return mean, se
	}
	want, se := along(shared)
	got, _ := along(apart)
	far(t, "mean with different Samples in one draw", got, want, se)
	if got > want/2 {
		t.Errorf("mean %v with different Samples, %v with one: the noise is too small", got, want)
	}
}

// Increasing transformations of f change no bit with ranks, and affine ones little with standardized values.
func TestEvolutionInvariance(t *testing.T) {
	s := stochopt.Sample{Seed: 8, Step: 9}
	x := []float64{.5, -.3, .8}
	draw := func(e gradient.Evolution, f func(float64) float64) []float64 {
		e.Width = 0.5
		_, g := evaluate(t, e.Oracle(gradient.Func(func(x []float64) float64 { return f(rosenbrock(x)) })), x, s)
		return g
	}
	identity := func(v float64) float64 { return v }
	affine := func(v float64) float64 { return 3*v - 20 }
	cube := func(v float64) float64 { return v * v * v }
	ranks := gradient.Evolution{}
	want := draw(ranks, identity)
	for what, f := range map[string]func(float64) float64{
		"affine": affine, "cube": cube, "logarithm": math.Log, "reciprocal": func(v float64) float64 { return -1 / v },
		"tiny":     func(v float64) float64 { return 1e-300 * v },
		"barrier":  func(v float64) float64 { return cube(cube(cube(cube(cube(cube(v)))))) }, // some +Inf
		"exponent": func(v float64) float64 { return math.Exp(v / 100) },
	} {
		got := draw(ranks, f)
		if what != "barrier" && !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
		for i := range got {
			if got[i]-got[i] != 0 {
				t.Errorf("%s: %v", what, got)
			}
		}
	}
	if slices.Equal(draw(ranks, func(v float64) float64 { return -v }), want) {
		t.Error("a decreasing transformation changes nothing: the test cannot fail")
	}
	standard := gradient.Evolution{Standardize: true}
	want = draw(standard, identity)
	got := draw(standard, affine)
	for i := range got {
		if math.Abs(got[i]/want[i]-1) > 1e-12 {
			t.Errorf("standardized, affine: %v, want %v", got, want)
		}
	}
	if got := draw(standard, cube); math.Abs(got[0]/want[0]-1) < 1e-3 {
		t.Error("standardized, cube: the same: the test cannot fail")
	}
}

// Equal values share the mean of their ranks; what all share is no gradient.
func TestEvolutionTies(t *testing.T) {
	s := stochopt.Sample{Seed: 1}
	x := []float64{0}
	for _, standardize := range []bool{false, true} {
		o := gradient.Evolution{Population: 6, Standardize: standardize}.Oracle(gradient.Func(func([]float64) float64 { return 0.1 }))
		if _, g := evaluate(t, o, x, s); g[0] != 0 {
			t.Errorf("standardized %t: a constant has the gradient %v", standardize, g[0])
		}
	}
	// Three points up, three down: the weights are ±3/10, the mean of -5/10, -3/10, -1/10. Standardized they are ±1.
	var at []float64
	step := gradient.Func(func(x []float64) float64 {
		at = append(at, x[0])
		return math.Copysign(1, x[0])
	})
	for standardize, w := range map[bool]float64{false: 0.3, true: 1} {
		at = nil
		_, g := evaluate(t, gradient.Evolution{Width: 1, Population: 6, Standardize: standardize}.Oracle(step), x, s)
		want := w * 2 * (math.Abs(at[1]) + math.Abs(at[3]) + math.Abs(at[5])) / 6
		if math.Abs(g[0]/want-1) > 1e-14 {
			t.Errorf("standardized %t: %v, want %v", standardize, g[0], want)
		}
		far(t, "with the first of the ranks", g[0], want/w*0.5, 1e-3)
	}
	// What is no number is an error, an infinity only where its size counts.
	for _, c := range []struct {
		value       float64
		standardize bool
		ok          bool
	}{{math.NaN(), false, false}, {math.NaN(), true, false}, {math.Inf(1), false, true}, {math.Inf(-1), false, true}, {math.Inf(1), true, false}} {
		calls := 0
		o := gradient.Evolution{Standardize: c.standardize}.Oracle(gradient.Func(func(x []float64) float64 {
			if calls++; calls == 8 { // two at x, then the population
				return c.value
			}
			return x[0]
		}))
		_, err := o(make([]float64, 1), x, s)
		if ok := err == nil; ok != c.ok || !ok && !strings.Contains(err.Error(), "the value of point 5 of the population, of pair 2, is") {
			t.Errorf("value %v, standardized %t: %v", c.value, c.standardize, err)
		}
	}
}

// The order of values is enough: f here spans 260 orders of magnitude.
func ExampleEvolution() {
	f := func(_, x []float64, s stochopt.Sample) (float64, error) {
		var sum float64
		for i, v := range x {
			sum += math.Abs(v - float64(i))
		}
		return math.Exp(20*sum) * s.Rand().ExpFloat64(), nil // noise as large as f, the same for all of a draw
	}
	p := stochopt.Problem{Oracle: gradient.Evolution{Width: 0.05}.Oracle(f), Seed: 1}
	m := &stochopt.Adam{Schedule: func(k int) float64 { return 1 / (1 + float64(k)/100) }}
	settings := &optimize.Settings{MajorIterations: 2000, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, []float64{9, 9, 9, 9}, settings, m)
	fmt.Printf("%.1f %v\n", r.X, err)
	// Output: [0.0 1.0 2.0 3.0] <nil>
}
