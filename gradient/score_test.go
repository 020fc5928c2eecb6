package gradient_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// The leave-one-out baseline: mean 3 and variance 4.449 at k = 6; the mean of all draws as baseline gives 2.5.
func TestScoreBaseline(t *testing.T) {
	const n, k = 50_000, 6
	const m, s = exampleMean, exampleSigma
	want := (12*m*m+10*s*s)/k - (k-2)*4*m*m/(k*(k-1)) + (4*m*m+2*s*s)/(k*(k-1))
	if math.Abs(want-4.449) > 0.0005 {
		t.Fatalf("closed form: %v", want)
	}
	var drawn []float64
	e := squareOfNormal
	e.Func = func(dz, dx, z, x []float64, s stochopt.Sample) (float64, error) {
		drawn = append(drawn, z[0])
		return square(dz, dx, z, x, s)
	}
	o := e.Score(k)
	all := make([]float64, n) // with the mean of all k draws as baseline
	mean, v, _, seV := moments(n, func(i int) float64 {
		drawn = drawn[:0]
		f, g := evaluate(t, o, []float64{m}, stochopt.Sample{Step: i})
		var mean float64
		for _, z := range drawn {
			mean += z * z / k
		}
		for _, z := range drawn {
			all[i] += (z*z - mean) * (z - m) / (s * s) / k
		}
		if len(drawn) != k || !(math.Abs(f-mean) <= 1e-12*mean && math.Abs(g[0]-all[i]*k/(k-1)) <= 1e-11) {
			t.Fatalf("value %v, gradient %v, want %v, %v from %v", f, g, mean, all[i]*k/(k-1), drawn)
		}
		return g[0]
	})
	se := math.Sqrt(want / n)
	near(t, "leave-one-out: mean", mean, 3, se)
	near(t, "leave-one-out: variance", v, want, seV)
	far(t, "leave-one-out: variance", v, scoreVariance/k, seV)
	biased, _, _, _ := moments(n, func(i int) float64 { return all[i] })
	near(t, "baseline of all draws: mean", biased, 2.5, se)
	far(t, "baseline of all draws: mean", biased, 3, se)

	// A constant in f costs nothing, not even digits.
	e = squareOfNormal
	e.Func = func(dz, dx, z, x []float64, s stochopt.Sample) (float64, error) {
		f, err := square(dz, dx, z, x, s)
		return f + 0x1p30, err
	}
	shifted := e.Score(k)
	for i := range 100 {
		s := stochopt.Sample{Step: i}
		_, g := evaluate(t, o, []float64{m}, s)
		_, h := evaluate(t, shifted, []float64{m}, s)
		if !(math.Abs(g[0]-h[0]) <= 1e-5) { // f is rounded to 2⁻²²
			t.Errorf("gradient %v, with a constant added to f %v", g, h)
		}
	}
}

const scoreVariance = 49.18 // of one draw without baseline

// Which of four units to switch on? Each unit is on with a probability of its own, found by trying: the cost is a black
// box without derivatives.
func ExampleExpectation_Score() {
	power := []float64{3, 5, 2, 4}
	e := gradient.Expectation{
		Func: func(_, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
			var total, on float64
			for j, v := range z {
				total += power[j] * v
				on += v
			}
			return math.Abs(total-9) + 0.5*on, nil // 9 are needed: the second and the fourth unit
		},
		Families: slices.Repeat([]gradient.Family{gradient.Bernoulli()}, 4),
		Param: func(p, x []float64) {
			for j, v := range x {
				p[j] = 1 / (1 + math.Exp(-v))
			}
		},
		Pull: func(dx, x, dp []float64) {
			for j, v := range x {
				p := 1 / (1 + math.Exp(-v))
				dx[j] += p * (1 - p) * dp[j]
			}
		},
	}
	o := e.Score(10)
	x, grad := make([]float64, 4), make([]float64, 4)
	adam := stochopt.Adam{StepSize: 0.1}
	adam.Reset(len(x))
	for k := range 1000 {
		if _, err := o(grad, x, stochopt.Sample{Seed: 1, Step: k}); err != nil {
			fmt.Println(err)
		}
		adam.Step(x, grad)
	}
	for _, v := range x {
		fmt.Printf("%.2f ", 1/(1+math.Exp(-v)))
	}
	// Output: 0.00 1.00 0.00 1.00
}
