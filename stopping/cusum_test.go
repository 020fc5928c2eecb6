package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// chain returns the mean run length of a chart by a Markov chain of n states (D. Brook, D. A. Evans, Biometrika 59, 1972):
// state 0 is C < w/2, state i is C within w/2 of iw.
func chain(k, h, shift float64, n int) float64 {
	w := 2 * h / float64(2*n-1)
	a := mat.NewDense(n, n, nil) // identity less transitions
	ones := mat.NewVecDense(n, nil)
	for i := range n {
		ones.SetVec(i, 1)
		for j := range n {
			at := func(edge float64) float64 { return distuv.UnitNormal.CDF((float64(j-i)+edge)*w + k - shift) }
			p := at(0.5)
			if j > 0 {
				p -= at(-0.5)
			}
			a.Set(i, j, -p)
		}
		a.Set(i, i, 1+a.At(i, i))
	}
	var lengths mat.VecDense
	if err := lengths.SolveVec(a, ones); err != nil {
		panic(err)
	}
	return lengths.AtVec(0)
}

func TestRunLength(t *testing.T) {
	for _, c := range []struct{ k, h, shift, markov, siegmund float64 }{
		{0.5, 4, 0, 335.4, 338.1},
		{0.5, 5, 0, 930.9, 938.2},
		{0.25, 8, 0, 736.7, 737.8},
		{0.5, 4, 1, 8.38, 8.34},
		{0.5, 5, 1, 10.38, 10.34},
		{0.25, 8, 1, 11.39, 11.33},
	} {
		if got := chain(c.k, c.h, c.shift, 200); math.Abs(got/c.markov-1) > 1e-3 {
			t.Errorf("%+v: the Markov chain gives %v", c, got)
		}
		got := stopping.RunLength(c.k, c.h, c.shift)
		if c.shift == 0 && math.Abs(got/c.siegmund-1) > 3e-4 || math.Abs(got/c.markov-1) > 0.01 {
			t.Errorf("%+v: RunLength is %v", c, got)
		}
	}
	// The companion: without the correction of 1.166 it is far off.
	if got := stopping.RunLength(0.5, 4-1.166, 0); math.Abs(got/335.4-1) < 0.5 {
		t.Errorf("uncorrected: %v", got)
	}
	for _, d := range []float64{-1e-6, 0, 1e-6} {
		if got := stopping.RunLength(0.5, 4, 0.5+d); math.Abs(got-5.166*5.166) > 1e-2 {
			t.Errorf("D = %v: %v", d, got)
		}
	}
}

// TestCUSUM: charts of runs that stand still end as often as the run length says, and those of runs that have fallen do not.
func TestCUSUM(t *testing.T) {
	const reference = 4000 // its error is far below the slack
	runs := stopping.Runs(1000)
	f := make([]float64, reference+339)
	rule := func(fall, phi float64, c stopping.CUSUM) int {
		count := 0
		for run := range runs {
			autoregressive(f, phi, rand.New(rand.NewPCG(uint64(run), 41)))
			for i := range f[reference:] {
				f[reference+i] -= fall
			}
			if stopsOn(&c, f) {
				count++
			}
		}
		return count
	}
	flat := rule(0, 0, stopping.CUSUM{Reference: reference})
	stopping.AtLeast(t, "flat", flat, runs, 0.36)
	stopping.AtMost(t, "flat", flat, runs, 0.39)
	stopping.AtMost(t, "fallen by 1", rule(1, 0, stopping.CUSUM{Reference: reference}), runs, 1e-4)
	stopping.AtMost(t, "fallen by 0.25", rule(0.25, 0, stopping.CUSUM{Reference: reference}), runs, math.Exp(-339/stopping.RunLength(0.5, 4, 0.25)))
	// The reference window of 100 blocks errs by 0.1: more stops, as the comment says.
	f = f[:100+339]
	few := func(fall float64) int {
		count := 0
		for run := range runs {
			autoregressive(f, 0, rand.New(rand.NewPCG(uint64(run), 42)))
			for i := range f[100:] {
				f[100+i] -= fall
			}
			if stopsOn(&stopping.CUSUM{}, f) {
				count++
			}
		}
		return count
	}
	stopping.Near(t, "fallen by 0.25, reference of 100", few(0.25), runs, 0.05)
	stopping.Near(t, "fallen by 0.1, reference of 100", few(0.1), runs, 0.19)
	f = f[:reference+339]
	// The companion: values that depend on each other.
	stopping.AtMost(t, "flat, φ = 0.9", rule(0, 0.9, stopping.CUSUM{Reference: reference}), runs, 0.01)
}

func TestCUSUMExact(t *testing.T) {
	// Without noise: any fall is an alarm, and no change is none.
	c := &stopping.CUSUM{Reference: 5, Length: 10}
	c.Init(1)
	k := 0
	for s := optimize.NotTerminated; s == optimize.NotTerminated; k++ {
		f := 3.0
		if k >= 7 {
			f = 2
		}
		s = c.Converged(&optimize.Location{F: f})
	}
	if k != 8+5+10 { // the alarm at 7, a new reference, and the length
		t.Errorf("%d iterations", k)
	}
}

func ExampleCUSUM() {
	r := rand.New(rand.NewPCG(1, 2))
	c := &stopping.CUSUM{}
	c.Init(1)
	k := 0
	for s := optimize.NotTerminated; s == optimize.NotTerminated; k++ {
		f := 5 + r.NormFloat64()
		if k > 300 {
			f -= 2 // a step down
		}
		s = c.Converged(&optimize.Location{F: f})
	}
	fmt.Println(k, "iterations")
	// Output: 1041 iterations
}

// False alarms every 338 values on average, and a fall of one standard deviation seen after 8.3.
func ExampleRunLength() {
	fmt.Printf("%.1f %.1f\n", stopping.RunLength(0.5, 4, 0), stopping.RunLength(0.5, 4, 1))
	// Output: 338.1 8.3
}
