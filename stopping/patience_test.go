package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

func TestPatienceLaw(t *testing.T) {
	for _, c := range []struct {
		p, n        int
		drift, want float64
		digits      float64
	}{
		{10, 50, 0, .9994, 5e-5},
		{20, 100, 0.1, .765, 5e-4},
		{50, 100, 0.1, .032, 5e-4},
		{10, 100, 0.5, .217, 5e-4},
		{20, 100, 0.5, .0014, 5e-5},
	} {
		if got := stopping.PatienceLaw(c.p, c.n, c.drift); math.Abs(got-c.want) > c.digits {
			t.Errorf("P = %d, n = %d, c = %v: %v, want %v", c.p, c.n, c.drift, got, c.want)
		}
	}
	// The first window: no record in 2, ..., P+1 has the probability 1/(1+P).
	if got := stopping.PatienceLaw(7, 8, 0); math.Abs(got-1./8) > 1e-15 {
		t.Errorf("first window: %v, want 1/8", got)
	}
	if a, b := stopping.PatienceLaw(10, 200, 1e-12), stopping.PatienceLaw(10, 200, 0); math.Abs(a-b) > 1e-9 {
		t.Errorf("no drift: %v and %v", a, b)
	}
}

// TestPatience: the rule stops as often as its law says, whatever the noise.
func TestPatience(t *testing.T) {
	runs := stopping.Runs(4000)
	f := make([]float64, 100)
	rule := func(iterations, n int, delta float64, value func(k int, r *rand.Rand) float64) int {
		count := 0
		for run := range runs {
			r := rand.New(rand.NewPCG(uint64(run), 31))
			for k := range f {
				f[k] = value(k, r)
			}
			if stopsOn(&stopping.Patience{Iterations: iterations, Delta: delta}, f[:n]) {
				count++
			}
		}
		return count
	}
	normal := func(_ int, r *rand.Rand) float64 { return r.NormFloat64() }
	heavy := func(_ int, r *rand.Rand) float64 { return math.Tan(math.Pi * (r.Float64() - 0.5)) }
	gumbel := func(k int, r *rand.Rand) float64 { return math.Log(r.ExpFloat64()) - 0.1*float64(k) } // of minima
	stopping.Near(t, "flat, normal", rule(10, 50, 0, normal), runs, stopping.PatienceLaw(10, 50, 0))
	stopping.Near(t, "flat, normal, P = 40", rule(40, 60, 0, normal), runs, stopping.PatienceLaw(40, 60, 0))
	stopping.Near(t, "flat, Cauchy, P = 40", rule(40, 60, 0, heavy), runs, stopping.PatienceLaw(40, 60, 0))
	stopping.Near(t, "improving by 0.1", rule(20, 100, 0, gumbel), runs, stopping.PatienceLaw(20, 100, 0.1))
	stopping.AtLeast(t, "improving, with Delta", rule(20, 100, 2, gumbel), runs, stopping.PatienceLaw(20, 100, 0.1)+0.1)

	// The best value is biased: the mean least of 1000 normal values is -3.2414 (H. L. Harter, Biometrika 48, 1961).
	var sum float64
	for run := range 2000 {
		r := rand.New(rand.NewPCG(uint64(run), 32))
		best := 0.0
		for range 1000 {
			best = min(best, r.NormFloat64())
		}
		sum += best / 2000
	}
	if math.Abs(sum+3.2414) > 5*0.36/math.Sqrt(2000) { // its standard deviation is 0.35
		t.Errorf("mean of the best of 1000: %v", sum)
	}
}

func ExamplePatience() {
	c := &stopping.Patience{Iterations: 3}
	c.Init(1)
	for k, f := range []float64{5, 4, 4.5, 3.9, 4, 4.1, 3.95, 3} {
		if s := c.Converged(&optimize.Location{F: f}); s != optimize.NotTerminated {
			fmt.Println(s, "in iteration", k+1)
			break
		}
	}
	// Output: FunctionConvergence in iteration 7
}

// How often a patience of 100 ends a run of 1000 iterations that improves by 5, 2 and 1 % of its noise in each of them.
func ExamplePatienceLaw() {
	for _, drift := range []float64{0.05, 0.02, 0.01} {
		fmt.Printf("%.3f ", stopping.PatienceLaw(100, 1000, drift))
	}
	// Output: 0.263 0.971 1.000
}
