package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// coverage counts the runs in which the interval of f covers 0, the mean of an AR(1) sequence of variance 1.
func coverage(runs int, phi float64, f stopping.FixedWidth) (covered int, length float64) {
	loc := &optimize.Location{}
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 6))
		f.Init(1)
		loc.F = r.NormFloat64()
		n := 1
		for f.Converged(loc) == optimize.NotTerminated {
			loc.F = phi*loc.F + math.Sqrt(1-phi*phi)*r.NormFloat64()
			n++
		}
		if mean, half := f.Mean(); math.Abs(mean) <= half {
			covered++
		}
		length += float64(n) / float64(runs)
	}
	return covered, length
}

func TestFixedWidth(t *testing.T) {
	runs := stopping.Runs(2000)
	wide, n := coverage(runs, 0, stopping.FixedWidth{HalfWidth: 0.3})
	t.Logf("mean number of values: %.1f", n)
	stopping.AtLeast(t, "0.3 standard deviations", wide, runs, 0.945)
	narrow, n := coverage(runs, 0, stopping.FixedWidth{HalfWidth: 0.15})
	stopping.Near(t, "0.15 standard deviations", narrow, runs, 0.95)
	if want := 1.96 * 1.96 / 0.15 / 0.15; math.Abs(n/want-1) > 0.05 {
		t.Errorf("%v values, want about %v", n, want)
	}
	// The companion: values that depend on each other, taken singly, and their means of 100.
	few := stopping.Seeds(400)
	single, _ := coverage(few, 0.9, stopping.FixedWidth{HalfWidth: 0.15})
	stopping.AtMost(t, "AR(1) singly", single, few, 0.7)
	blocks, _ := coverage(few, 0.9, stopping.FixedWidth{HalfWidth: 0.15, Block: 100})
	stopping.AtLeast(t, "AR(1) in blocks", blocks, few, 0.93)
}

func ExampleFixedWidth() {
	r := rand.New(rand.NewPCG(1, 2))
	c := &stopping.FixedWidth{HalfWidth: 0.1}
	c.Init(1)
	n := 1
	for c.Converged(&optimize.Location{F: 7 + r.NormFloat64()}) == optimize.NotTerminated {
		n++
	}
	mean, half := c.Mean()
	fmt.Printf("F = %.2f ± %.2f after %d values\n", mean, half, n)
	// Output:
	// F = 7.01 ± 0.10 after 372 values
}
