package gradient_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// Mistakes that are easily made in a pair, each beside the right one: the derivative of E z² in sigma is 2 sigma.
func TestPairMistakes(t *testing.T) {
	const n, sigma = 50_000, 0.7
	rnd := rand.New(rand.NewPCG(1, 1))
	maxwell := func() float64 { return math.Sqrt(2*rnd.ExpFloat64() + math.Pow(rnd.NormFloat64(), 2)) }
	for _, c := range []struct {
		name  string
		mean  float64
		wrong bool
		draw  func() (m, normal float64)
	}{
		{"two-sided", 0, false, func() (m, normal float64) {
			m = math.Copysign(maxwell(), rnd.NormFloat64())
			return m, m * rnd.Float64()
		}},
		{"independent", 2, false, func() (m, normal float64) { return math.Copysign(maxwell(), rnd.NormFloat64()), rnd.NormFloat64() }},
		{"one-sided", 2, true, func() (m, normal float64) { return maxwell(), rnd.NormFloat64() }},
		{"Rayleigh", 0, true, func() (m, normal float64) {
			return math.Copysign(math.Sqrt(2*rnd.ExpFloat64()), rnd.NormFloat64()), rnd.NormFloat64()
		}},
	} {
		mean, _, se, _ := moments(n, func(int) float64 {
			m, normal := c.draw()
			up, down := c.mean+sigma*m, c.mean+sigma*normal
			return (up*up - down*down) / sigma
		})
		if c.wrong {
			far(t, c.name, mean, 2*sigma, se)
		} else {
			near(t, c.name, mean, 2*sigma, se)
		}
	}
}

// Pairs made of the same random numbers: plus and minus are closer than independent draws would be.
func TestPairsAreCoupled(t *testing.T) {
	const n = 20_000
	for k, d := range distributions {
		rnd := rand.New(rand.NewPCG(uint64(k), 9))
		plus, minus := make([]float64, n), make([]float64, n)
		for i := range d.family.Params {
			for j := range n {
				d.family.Pair(plus[j:j+1], minus[j:j+1], d.p, i, rnd)
			}
			_, coupled, _, se := moments(n, func(j int) float64 { return plus[j] - minus[j] })
			_, apart, _, _ := moments(n, func(j int) float64 { return plus[j] - minus[(j+1)%n] })
			switch {
			case i == 0 && (d.name == "Normal" || d.name == "LogNormal" || d.name == "Laplace"): // mirrored
			case d.name == "Uniform": // one of the two is fixed
			case coupled > apart-5*se:
				t.Errorf("%s, parameter %d: variance of the difference %v, of independent draws %v", d.name, i, coupled, apart)
			}
		}
	}
}

// The values for a parameter of one part of z see the other parts as they were drawn.
func TestMeasureValuedChangesOnePart(t *testing.T) {
	var drawn []float64
	calls := 0
	e := twoParts
	e.Func = func(_, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
		if calls == 0 {
			drawn = append(drawn[:0], z...)
		} else if changed := (calls - 1) / 4; z[1-changed] != drawn[1-changed] || z[changed] == drawn[changed] {
			t.Errorf("value %d is that of %v, drawn was %v: want part %d changed", calls, z, drawn, changed)
		}
		calls++
		return 0, nil
	}
	o := e.MeasureValued(1)
	for k := range 20 {
		calls = 0
		evaluate(t, o, []float64{0.7, -0.4, 0.3}, stochopt.Sample{Step: k})
		if calls != 1+2*3 {
			t.Errorf("%d values, want 7", calls)
		}
	}
}

// A rate of service x costs 0.2 x, and a service that takes longer than 1 costs 1: F = exp(-x) + 0.2 x, whose minimum is at
// log 5. The step has no derivative.
func ExampleExpectation_MeasureValued() {
	e := gradient.Expectation{
		Func: func(_, dx, z, x []float64, _ stochopt.Sample) (f float64, err error) {
			if dx != nil {
				dx[0] += 0.2
			}
			if z[0] > 1 {
				f = 1
			}
			return f + 0.2*x[0], nil
		},
		Families: []gradient.Family{gradient.Exponential()},
	}
	o := e.MeasureValued(10)
	x, grad := []float64{1}, make([]float64, 1)
	adam := stochopt.Adam{StepSize: 0.1, Schedule: func(k int) float64 { return 1 / (1 + float64(k)/10) }}
	adam.Reset(len(x))
	for k := range 20_000 {
		if _, err := o(grad, x, stochopt.Sample{Seed: 1, Step: k}); err != nil {
			fmt.Println(err)
		}
		adam.Step(x, grad)
	}
	fmt.Printf("%.2f, in closed form %.2f\n", x[0], math.Log(5))
	// Output: 1.61, in closed form 1.61
}

func BenchmarkExpectation(b *testing.B) {
	x, grad := []float64{0.7, -0.4, 0.3}, make([]float64, 3)
	for name, o := range estimatorsOf(quietParts, 10) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}
