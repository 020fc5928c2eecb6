package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// autoregressive fills f with a stationary AR(1) sequence of variance 1.
func autoregressive(f []float64, phi float64, r *rand.Rand) {
	v := r.NormFloat64()
	for i := range f {
		f[i] = v
		v = phi*v + math.Sqrt(1-phi*phi)*r.NormFloat64()
	}
}

// stopsOn tells whether c stops within the values f.
func stopsOn(c optimize.Converger, f []float64) bool {
	c.Init(1)
	loc := &optimize.Location{X: []float64{0}}
	for _, v := range f {
		loc.F = v
		if c.Converged(loc) != optimize.NotTerminated {
			return true
		}
	}
	return false
}

// TestWindowLevel: windows of 2000 values of an AR(1) sequence whose mean moves by the tolerance, in 20 batches each. Batch
// means err a little above the level; the standard error of independent values makes the comparison meaningless.
func TestWindowLevel(t *testing.T) {
	const phi, half, batches = 0.9, 2000, 20
	runs := stopping.Runs(1500)
	// The standard error of a difference of means: √(2/2000 (1+φ)/(1-φ)) = 0.138. A tolerance of 3 of them.
	se := math.Sqrt(2. / half * (1 + phi) / (1 - phi))
	f := make([]float64, 4*half)
	count := map[string]int{}
	difference := func(y []float64) float64 { // t of the halves of y
		a, va := stat.MeanVariance(y[:len(y)/2], nil)
		b, vb := stat.MeanVariance(y[len(y)/2:], nil)
		return math.Abs(a-b) / math.Sqrt((va+vb)/float64(len(y)/2))
	}
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 11))
		autoregressive(f[2*half:], phi, r)
		var means []float64
		for b := range 2 * batches {
			means = append(means, stat.Mean(f[2*half+b*100:][:100], nil))
		}
		for name, yes := range map[string]bool{
			"arrived":      stopsOn(&stopping.Window{Tolerance: 8 * se, Level: 0.1, Batches: batches, First: 4 * half}, f),
			"significant":  difference(means) > 2.0244, // Student, 38 degrees of freedom
			"significant,": difference(f[2*half:]) > 1.96,
		} {
			if yes {
				count[name]++
			}
		}
		for i := range half {
			f[3*half+i] -= 3 * se
		}
		if stopsOn(&stopping.Window{Tolerance: 3 * se, Level: 0.1, Batches: batches, First: 4 * half}, f) {
			count["boundary"]++
		}
	}
	stopping.AtMost(t, "moves by the tolerance", count["boundary"], runs, 0.075)
	stopping.AtLeast(t, "moves by the tolerance", count["boundary"], runs, 0.04)
	stopping.AtLeast(t, "does not move", count["arrived"], runs, 0.92)
	stopping.AtMost(t, "significant by batch means", count["significant"], runs, 0.065)
	stopping.AtLeast(t, "significant by the standard error of independent values", count["significant,"], runs, 0.6)
}

// TestWindowRun: over all looks of a run, at the boundary in all windows, with Drop.
func TestWindowRun(t *testing.T) {
	runs := stopping.Runs(1000)
	f := make([]float64, 1<<12)
	for _, phi := range []float64{0, 0.9, 0.999} {
		boundary, arrived := 0, 0
		for run := range runs {
			autoregressive(f, phi, rand.New(rand.NewPCG(uint64(run), 12)))
			if phi == 0 && stopsOn(&stopping.Window{}, f) {
				arrived++
			}
			for i := range f {
				// The windows begin at 64 and 128, 256, ...
				if start := 1 << int(math.Log2(float64(max(i, 1)))); i >= 64 && 2*(i-start) >= start {
					f[i] -= 0.5
				}
			}
			if stopsOn(&stopping.Window{}, f) {
				boundary++
			}
		}
		stopping.AtMost(t, fmt.Sprintf("φ = %v, moves by Drop", phi), boundary, runs, 0.05)
		if phi == 0 {
			stopping.AtLeast(t, "φ = 0, arrived", arrived, runs, 0.95)
		}
	}
}

// The parameter of interest alone decides: it has arrived, while the other still travels.
func ExampleWindow() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + 1e-4*x[1]*x[1] + rnd.NormFloat64() },
		Grad: func(grad, x []float64) {
			grad[0], grad[1] = 2*(x[0]-3)+rnd.NormFloat64(), 2e-4*x[1]+rnd.NormFloat64()
		},
	}
	c := &stopping.Window{Of: func(loc *optimize.Location) float64 { return loc.X[0] }, Tolerance: 0.1}
	r, err := optimize.Minimize(p, []float64{20, 50}, &optimize.Settings{Converger: c}, &method.SGD{StepSize: 0.01})
	fmt.Printf("%v after %d iterations, x[0] = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// FunctionConvergence after 1024 iterations, x[0] = 3.0, error <nil>
}
