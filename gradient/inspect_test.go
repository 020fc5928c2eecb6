package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// exact is |x|²/2.
func exact(grad, x []float64, _ stochopt.Sample) (f float64, err error) {
	for i, v := range x {
		f += v * v / 2
		if grad != nil {
			grad[i] = v
		}
	}
	return f, nil
}

// unseeded is exact with noise from a generator of its own, another for each stream.
func unseeded(sd float64, stream uint64) stochopt.Oracle {
	r := rand.New(rand.NewPCG(1, stream))
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := exact(grad, x, s)
		for i := range grad {
			grad[i] += sd * r.NormFloat64()
		}
		return f + sd*r.NormFloat64(), err
	}
}

// likelihoodRatio is F(x) = E (x+ξ)²/2 with the score-function gradient (f - b)ξ, which no draw of the value has as its
// derivative. With factor 1 and b = x²/2 it is right in the mean.
func likelihoodRatio(factor float64) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		xi := s.Rand().NormFloat64()
		f := (x[0] + xi) * (x[0] + xi) / 2
		if grad != nil {
			grad[0] = factor * (f - x[0]*x[0]/2) * xi
		}
		return f, nil
	}
}

// wrong makes the gradient of o wrong by a factor in component i.
func wrong(o stochopt.Oracle, i int, factor float64) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := o(grad, x, s)
		if grad != nil {
			grad[i] *= factor
		}
		return f, err
	}
}

func TestInspect(t *testing.T) {
	x := []float64{1, -2, 3}
	failing := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := shift(grad, x, s)
		switch {
		case s.Step%4 == 1:
			return math.NaN(), err
		case s.Step%8 == 2:
			return f, errors.New("no convergence")
		}
		return f, err
	}
	// order draws the noise of the value after that of the gradient, if that is asked for.
	order := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		r := s.Rand()
		f, err := exact(grad, x, s)
		for i := range grad {
			grad[i] += r.NormFloat64()
		}
		return f + r.NormFloat64(), err
	}
	panics := func(_, _ []float64, _ stochopt.Sample) (float64, error) { panic("broken") }
	values := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			return 0, errors.New("values only")
		}
		return shift(nil, x, s)
	}
	for _, c := range []struct {
		name              string
		o                 stochopt.Oracle
		x                 []float64
		control           gradient.Control
		split, ok, each   bool
		nonFinite, errors int
		text              string
	}{
		{"exact", exact, x, gradient.Deterministic, false, true, true, 0, 0, "deterministic"},
		{"exact, wrong gradient", wrong(exact, 1, 1.001), x, gradient.Deterministic, false, false, true, 0, 0, "component 1"},
		{"seeded", shift, x, gradient.Seeded, false, true, true, 0, 0, "seeded"},
		{"seeded, wrong gradient", wrong(shift, 2, 1.3), x, gradient.Seeded, false, false, false, 0, 0, "component 2"},
		{"score function", likelihoodRatio(1), x[:1], gradient.Seeded, false, true, false, 0, 0, "in the mean over draws"},
		{"wrong score function", likelihoodRatio(-1), x[:1], gradient.Seeded, false, false, false, 0, 0, "disagrees"},
		{"unseeded", unseeded(0.1, 1), x, gradient.Uncontrolled, false, true, false, 0, 0, "uncontrolled"},
		{"unseeded, wrong gradient", wrong(unseeded(0.1, 1), 1, -1), x, gradient.Uncontrolled, false, false, false, 0, 0, "component 1"},
		{"unseeded by little", unseeded(1e-13, 1), x, gradient.Uncontrolled, false, true, false, 0, 0, "uncontrolled"},
		{"failing", failing, x, gradient.Seeded, false, true, true, 50, 25, "50 of 200 draws are not finite, 25 end with an error"},
		{"another order", order, x, gradient.Seeded, true, true, false, 0, 0, "a value alone is not"},
		{"values", values, x, gradient.Seeded, false, false, false, 0, 0, "Gradient    none"},
	} {
		in, err := gradient.Inspect(c.o, c.x, stochopt.Sample{Seed: 4}, 200)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if in.Control != c.control || in.Split != c.split || in.Check.OK != c.ok || in.PerDraw != c.each || in.Draws != 200 ||
			in.NonFinite != c.nonFinite || in.Errors != c.errors || !strings.Contains(in.String(), c.text) {
			t.Errorf("%s: %+v\n%v", c.name, in, in)
		}
		if in.ValueTime <= 0 || (in.GradientTime > 0) != (in.Gradient != nil) {
			t.Errorf("%s: times %v %v", c.name, in.ValueTime, in.GradientTime)
		}
	}
	in, err := gradient.Inspect(panics, x, stochopt.Sample{}, 8)
	if err == nil || !strings.Contains(err.Error(), "0 of 8 draws at x are not finite and 8 end with an error") || !strings.Contains(err.Error(), "broken") || in.Errors != 8 {
		t.Errorf("%v %+v", err, in)
	}
	wantPanic(t, "Inspect of a nil Oracle", func() { gradient.Inspect(nil, x, stochopt.Sample{}, 8) })
	wantPanic(t, "without variables", func() { gradient.Inspect(exact, nil, stochopt.Sample{}, 8) })
	wantPanic(t, "n = 7 draws", func() { gradient.Inspect(exact, x, stochopt.Sample{}, 7) })
}

// TestInspectNumbers: mean, noise and signal-to-noise ratio agree with their closed forms, |x|²/2 with noise of the
// standard deviation 0.5 on value and gradient.
func TestInspectNumbers(t *testing.T) {
	const n, sd = 2000, 0.5
	x := []float64{0.3, -0.1, 0.2}
	in, err := gradient.Inspect(unseeded(sd, 1), x, stochopt.Sample{}, n)
	if err != nil {
		t.Fatal(err)
	}
	length := math.Sqrt(0.14)
	near(t, "Mean", in.Mean, 0.07, sd/math.Sqrt(n))
	near(t, "SD", in.SD, sd, sd/math.Sqrt(2*n))
	for i := range x {
		near(t, "Gradient", in.Gradient[i], x[i], sd/math.Sqrt(n))
		near(t, "GradientSD", in.GradientSD[i], sd, sd/math.Sqrt(2*n))
	}
	// |ḡ|² has the standard deviation 2 |g| σ/√n, the ratio |ḡ|/√(3σ²) therefore about 1/√(3n).
	near(t, "Signal", in.Signal, length/(sd*math.Sqrt(3)), 1/math.Sqrt(3*n))
	far(t, "Signal, noise of one component", in.Signal, length/sd, 1/math.Sqrt(3*n))
	if in, _ := gradient.Inspect(exact, x, stochopt.Sample{}, 8); !math.IsInf(in.Signal, 1) || in.SD != 0 {
		t.Errorf("without noise: signal %v, sd %v", in.Signal, in.SD)
	}
	// No signal at the minimum: the plain |ḡ|/√tr would be about 1/√n = 0.022 there.
	zero := 0
	for k := range 20 {
		if in, _ := gradient.Inspect(unseeded(sd, uint64(k)), make([]float64, 3), stochopt.Sample{}, n); in.Signal == 0 {
			zero++
		} else if in.Signal > 5/math.Sqrt(n) {
			t.Errorf("signal %v at the minimum", in.Signal)
		}
	}
	if zero == 0 {
		t.Error("signal is never 0 at the minimum")
	}
	slow := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		time.Sleep(2 * time.Millisecond)
		return exact(grad, x, s)
	}
	if in, _ := gradient.Inspect(slow, x, stochopt.Sample{}, 8); in.ValueTime < 2*time.Millisecond || in.GradientTime < 2*time.Millisecond {
		t.Errorf("times %v %v of a call that takes 2 ms", in.ValueTime, in.GradientTime)
	}
}

// TestInspectErrors: right gradients that only the mean shows pass at all noise levels, those that are wrong by twelve of the
// errors stated never do.
func TestInspectErrors(t *testing.T) {
	for _, sd := range []float64{1e-9, 1e-5, 1e-2, 1} {
		for k := range 50 {
			x := []float64{1 + float64(k)/10, -1}
			in, err := gradient.Inspect(unseeded(sd, uint64(k)), x, stochopt.Sample{}, 64)
			if err != nil || !in.Check.OK {
				t.Errorf("noise %v: %v %v", sd, in.Check, err)
			}
			off := 12 * in.Check.Expected
			o := unseeded(sd, uint64(k))
			biased := func(grad, x []float64, s stochopt.Sample) (float64, error) {
				f, err := o(grad, x, s)
				for i := range grad {
					grad[i] += off
				}
				return f, err
			}
			if in, err := gradient.Inspect(biased, x, stochopt.Sample{}, 64); err != nil || in.Check.OK {
				t.Errorf("noise %v, gradient and %v: %v %v", sd, off, in.Check, err)
			}
		}
	}
}

func ExampleInspect() {
	in, err := gradient.Inspect(shift, []float64{1, 2}, stochopt.Sample{Seed: 1}, 100)
	fmt.Println(in.Control, in.Check.OK, err)
	fmt.Printf("%.1f %.1f\n", in.Mean, in.Signal)
	// Output:
	// seeded true <nil>
	// 3.5 1.6
}
