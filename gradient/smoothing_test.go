package gradient_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/optimize"
)

// On a quadratic: mean and covariance in closed form, of every form, with noise that the ends share and with noise that
// they do not.
func TestSmoothingMoments(t *testing.T) {
	const n, mu, sd, d = 60_000, 0.7, 2, 5
	q := newQuadratic(2)
	var trace, trace2 float64 // of A and A²
	var square [5][5]float64  // A²
	for i := range 5 {
		trace += q.a[i][i]
		for j := range 5 {
			for k := range 5 {
				square[i][j] += q.a[i][k] * q.a[k][j]
			}
		}
		trace2 += square[i][i]
	}
	central := func(i, j int) float64 { return equal(i, j)*q.square() + q.g[i]*q.g[j] }
	more := func(i, j int) float64 {
		return mu * mu / 4 * (equal(i, j)*(trace*trace+2*trace2) + 4*trace*q.a[i][j] + 8*square[i][j])
	}
	forward := func(i, j int) float64 { return central(i, j) + more(i, j) }
	sphere := func(i, j int) float64 {
		return float64(d)/(d+2)*(equal(i, j)*q.square()+2*q.g[i]*q.g[j]) - q.g[i]*q.g[j]
	}
	plus := func(f func(i, j int) float64, noise float64) func(i, j int) float64 {
		return func(i, j int) float64 { return f(i, j) + equal(i, j)*noise }
	}
	f := additive(sd, q.value)
	c := gradient.Smoothing{Width: mu}
	fw := gradient.Smoothing{Width: mu, Forward: true}
	sp := gradient.Smoothing{Width: mu, Sphere: true}
	q.agree(t, "central", n, c.Oracle(f), central, sphere)
	q.agree(t, "forward", n, fw.Oracle(f), forward, central)
	q.agree(t, "sphere", n, sp.Oracle(f), sphere, central)
	q.agree(t, "central, different Samples", n, c.Oracle(independent(f)), plus(central, sd*sd/(2*mu*mu)), central)
	q.agree(t, "forward, different Samples", n, fw.Oracle(independent(f)), plus(forward, 2*sd*sd/(mu*mu)), plus(forward, sd*sd/(mu*mu)))
	q.agree(t, "sphere, different Samples", n, sp.Oracle(independent(f)), plus(sphere, d*sd*sd/(2*mu*mu)), sphere)
	fw.Directions = 4
	q.agree(t, "mean of 4 directions", n/4, fw.Oracle(f), func(i, j int) float64 { return forward(i, j) / 4 }, forward)

	// The covariances of forward and central differences along the same directions differ by the matrix.
	fw.Directions = 0
	mean, _, covForward, seForward := covariance(t, n, fw.Oracle(f))
	_, _, covCentral, seCentral := covariance(t, n, c.Oracle(f))
	for i := range 5 {
		for j := range i + 1 {
			near(t, fmt.Sprintf("forward less central covariance of %d, %d", i, j), covForward[i][j]-covCentral[i][j], more(i, j),
				math.Hypot(seForward[i][j], seCentral[i][j]))
		}
	}
	// Without a baseline f(x) there would be f(x)²/μ² more, from another value at x alone.
	shifted := func(_, x []float64, s stochopt.Sample) (float64, error) { return q.value(x) + 100, nil }
	again, se, _, _ := covariance(t, n, fw.Oracle(shifted))
	near(t, "mean with a constant added", again[0], mean[0], se[0])
}

// f = exp(a x) is multiplied by exp(a²μ²/2), and on the sphere, in one dimension, by (sinh aμ)/aμ.
func TestSmoothingBias(t *testing.T) {
	const a, mu, n = 1.5, 0.4, 50_000
	exp := gradient.Func(func(x []float64) float64 { return math.Exp(a * x[0]) })
	for _, forward := range []bool{false, true} {
		o := gradient.Smoothing{Width: mu, Forward: forward}.Oracle(exp)
		grad, x := make([]float64, 1), make([]float64, 1)
		mean, _, se, _ := moments(n, func(k int) float64 {
			if _, err := o(grad, x, stochopt.Sample{Step: k}); err != nil {
				t.Fatal(err)
			}
			return grad[0]
		})
		near(t, fmt.Sprintf("forward %t: mean", forward), mean, a*math.Exp(a*a*mu*mu/2), se)
		far(t, "mean", mean, a, se)
	}
	_, g := evaluate(t, gradient.Smoothing{Width: mu, Sphere: true}.Oracle(exp), []float64{0}, stochopt.Sample{})
	if want := math.Sinh(a*mu) / mu; math.Abs(g[0]/want-1) > 1e-14 {
		t.Errorf("sphere: %v, want %v", g[0], want)
	}
}

// A step function has the smoothed slope of the normal density, where differences find nothing.
func TestSmoothingJump(t *testing.T) {
	const x, mu, n = 0.3, 0.5, 100_000
	step := gradient.Func(func(x []float64) float64 {
		if x[0] > 0 {
			return 1
		}
		return 0
	})
	o := gradient.Smoothing{Width: mu}.Oracle(step)
	grad := make([]float64, 1)
	mean, _, se, _ := moments(n, func(k int) float64 {
		if _, err := o(grad, []float64{x}, stochopt.Sample{Step: k}); err != nil {
			t.Fatal(err)
		}
		return grad[0]
	})
	near(t, "slope of a step", mean, math.Exp(-x*x/(2*mu*mu))/(mu*math.Sqrt(2*math.Pi)), se)
	if _, g := evaluate(t, gradient.Differences{}.Oracle(step), []float64{x}, stochopt.Sample{}); g[0] != 0 {
		t.Errorf("differences find the slope %v", g[0])
	}
}

// Counts of a simulation jump, so small differences are 0; the smoothed gradient is not.
func ExampleSmoothing() {
	// The part of 1000 trials that miss: a trial hits if x is within 1 of a normal aim around 2.
	misses := func(_, x []float64, s stochopt.Sample) (float64, error) {
		r := s.Rand()
		n := 0
		for range 1000 {
			if d := x[0] - (2 + 0.5*r.NormFloat64()); d*d > 1 {
				n++
			}
		}
		return float64(n) / 1000, nil
	}
	p := stochopt.Problem{Oracle: gradient.Smoothing{Width: 0.3}.Oracle(misses), Seed: 1}
	m := &stochopt.Adam{StepSize: 0.05, Schedule: func(k int) float64 { return 1 / (1 + float64(k)/100) }}
	settings := &optimize.Settings{MajorIterations: 1000, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, []float64{0.8}, settings, m)
	fmt.Printf("%.1f %v\n", r.X[0], err)
	// Output: 2.0 <nil>
}
