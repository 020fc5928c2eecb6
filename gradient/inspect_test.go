package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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
		{"unseeded by much", unseeded(30, 1), x, gradient.Uncontrolled, false, true, false, 0, 0, "could hide even a wrong sign"},
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
		if hides := strings.Contains(in.String(), "could hide"); hides != (c.name == "unseeded by much") {
			t.Errorf("%s: noise hides a wrong gradient: %t\n%v", c.name, hides, in)
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

// bumpy is a smooth function on x > -4, of units with scale: a f(b x) + c.
func bumpy(a, b, c float64) stochopt.Oracle {
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		var f float64
		for i, v := range x {
			v *= b
			f += 2*v + math.Log(v+4) + math.Sin(v+float64(i))/2
			if grad != nil {
				grad[i] = a * b * (2 + 1/(v+4) + math.Cos(v+float64(i))/2)
			}
		}
		return float64(a*f) + c, nil
	}
}

// TestInspectVerdicts: on 240 objectives of all kinds of randomness and many scales, near the end of their domain and at 0, in
// one to ten variables, the kind is told and no right gradient is called wrong. One of the wrong sign is called right only
// where noise that is not controlled hides it, and then Expected says so.
func TestInspectVerdicts(t *testing.T) {
	units := [][3]float64{{1, 1, 0}, {1e9, 1, 0}, {1e-9, 1, 0}, {1, 1, 1e4}, {1, 1e6, 0}, {1, 1e-6, 0}}
	type kind struct {
		name    string
		control gradient.Control
		of      func(o stochopt.Oracle, sd, gradSD float64, k int) stochopt.Oracle // o with noise
	}
	noise := func(r *rand.Rand, o stochopt.Oracle, sd, gradSD float64) stochopt.Oracle {
		return func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := o(grad, x, s)
			r := r
			if r == nil {
				r = s.Rand()
			}
			f += sd * r.NormFloat64()
			for i := range grad {
				grad[i] += gradSD * r.NormFloat64()
			}
			return f, err
		}
	}
	own := func(k int) *rand.Rand { return rand.New(rand.NewPCG(uint64(k), 5)) }
	kinds := []kind{
		{"exact", gradient.Deterministic, func(o stochopt.Oracle, _, _ float64, _ int) stochopt.Oracle { return o }},
		{"seeded", gradient.Seeded, func(o stochopt.Oracle, sd, _ float64, _ int) stochopt.Oracle { return noise(nil, o, sd, 0) }},
		{"right in the mean", gradient.Seeded, func(o stochopt.Oracle, sd, gradSD float64, _ int) stochopt.Oracle { return noise(nil, o, sd, gradSD) }},
		{"unseeded", gradient.Uncontrolled, func(o stochopt.Oracle, sd, gradSD float64, k int) stochopt.Oracle {
			return noise(own(k), o, sd, gradSD)
		}},
		{"unseeded and failing", gradient.Uncontrolled, func(o stochopt.Oracle, sd, gradSD float64, k int) stochopt.Oracle {
			r := own(k)
			o = noise(r, o, sd, gradSD)
			return func(grad, x []float64, s stochopt.Sample) (float64, error) {
				if r.Float64() < 0.1 {
					return 0, errors.New("no convergence")
				}
				return o(grad, x, s)
			}
		}},
	}
	hidden := 0
	for k := range 240 {
		kind, u := kinds[k%len(kinds)], units[k/len(kinds)%len(units)]
		r := rand.New(rand.NewPCG(uint64(k), 99))
		x := make([]float64, 1+9*(k/30%2))
		for i := range x {
			switch k / 60 {
			case 0: // x = 0
			case 1: // near the end of the domain
				x[i] = (-4 + math.Exp(-3*r.Float64())) / u[1]
			default:
				x[i] = 2 * r.NormFloat64()
				x[i] = max(-3, x[i]) / u[1]
			}
		}
		if k/60 == 0 && u[1] > 1 {
			continue // the scale of x cannot be seen from 0
		}
		for _, sign := range []float64{1, -1} {
			o := kind.of(bumpy(u[0], u[1], u[2]), 0.02*u[0], 0.02*u[0]*u[1], k)
			in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
				f, err := o(grad, x, s)
				for i := range grad {
					grad[i] *= sign
				}
				return f, err
			}, x, stochopt.Sample{Seed: uint64(k)}, 32)
			right := in.Check.OK == (sign > 0)
			if in.Flat != nil || in.Hidden && (kind.name == "exact" || kind.name == "seeded") {
				t.Errorf("objective %d, %s: flat %v, hidden %t\n%v", k, kind.name, in.Flat, in.Hidden, in)
			}
			if !right && sign < 0 && kind.control == gradient.Uncontrolled && in.Check.Expected > math.Abs(in.Check.Supplied)/5 {
				hidden++
				continue
			}
			if err != nil || in.Control != kind.control || in.Split || !right {
				t.Errorf("objective %d, %s, unit of f and x %v, x = %v, gradient times %v: %v\n%v", k, kind.name, u, x, sign, err, in)
			}
		}
	}
	if hidden > 12 {
		t.Errorf("%d gradients of the wrong sign lost in noise", hidden)
	}
}

// TestInspectFewDraws: the error of eight draws is known badly, which must not make right gradients wrong.
func TestInspectFewDraws(t *testing.T) {
	beyond := 0
	for k := range 2000 {
		in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := exact(grad, x, s)
			if grad != nil {
				grad[0] += s.Rand().NormFloat64()
			}
			return f, err
		}, []float64{1}, stochopt.Sample{Seed: uint64(k)}, 8)
		if err != nil || !in.Check.OK || in.PerDraw {
			t.Errorf("run %d: %v %v", k, in.Check, err)
		}
		if in.Check.Difference > 5*in.Check.Expected {
			beyond++
		}
	}
	if beyond == 0 {
		t.Error("no difference of more than 5 errors, so the test cannot fail")
	}
}

// TestInspectRareNoise: an objective that mostly repeats its values does not obey the Sample either, nor is it taken for one
// that draws its random numbers in another order.
func TestInspectRareNoise(t *testing.T) {
	seeded := 0
	for k := range 100 {
		r := rand.New(rand.NewPCG(uint64(k), 3))
		in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := exact(grad, x, s)
			if r.Float64() < 0.2 {
				f++
			}
			return f, err
		}, []float64{1}, stochopt.Sample{}, 64)
		if err != nil || in.Split {
			t.Errorf("generator %d: %v %+v", k, err, in)
		}
		if in.Control != gradient.Uncontrolled {
			seeded++
		}
	}
	if seeded > 5 { // 16 draws that repeat: well below 0.01
		t.Errorf("%d of 100 taken for seeded", seeded)
	}
}

// TestInspectFailingGradient: a call for the gradient that fails at first does not make an objective one without a gradient, and
// one that has none is asked eight times.
func TestInspectFailingGradient(t *testing.T) {
	asked := 0
	some := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			if asked++; asked <= 3 {
				return 0, errors.New("no convergence")
			}
		}
		return exact(grad, x, s)
	}
	in, err := gradient.Inspect(some, []float64{1}, stochopt.Sample{}, 20)
	if err != nil || in.Errors != 3 || in.Gradient == nil || !in.Check.OK || !strings.Contains(fmt.Sprint(in.FirstError), "no convergence") {
		t.Errorf("%v %+v", err, in)
	}
	asked = 0
	in, err = gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			asked++
			return 0, errors.New("no gradient")
		}
		return exact(nil, x, s)
	}, []float64{1}, stochopt.Sample{}, 20)
	if err != nil || in.Errors != 0 || in.FirstError != nil || in.Gradient != nil || in.GradientTime != 0 || asked != 8 {
		t.Errorf("%v %+v, asked %d times", err, in, asked)
	}
}

// TestInspectManyVariables: a thousand variables, and the one whose gradient is wrong is found.
func TestInspectManyVariables(t *testing.T) {
	x := make([]float64, 1000)
	for i := range x {
		x[i] = float64(i%7) - 3
	}
	for _, c := range []struct {
		o  stochopt.Oracle
		ok bool
	}{{exact, true}, {wrong(exact, 611, 1.001), false}} {
		in, err := gradient.Inspect(c.o, x, stochopt.Sample{}, 8)
		if err != nil || in.Check.OK != c.ok || !c.ok && in.Check.Component != 611 {
			t.Errorf("%v %v", in.Check, err)
		}
	}
}

// TestInspectSignalOfExact: a gradient without noise, on values with noise, has an infinite signal-to-noise ratio, also where the
// mean of equal numbers is rounded.
func TestInspectSignalOfExact(t *testing.T) {
	x := []float64{0.1, -0.7, 0.3}
	for _, sd := range []float64{0.1, 0} {
		in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := exact(grad, x, s)
			return f + sd*s.Rand().NormFloat64(), err
		}, x, stochopt.Sample{}, 111)
		if err != nil || !math.IsInf(in.Signal, 1) || !slices.Equal(in.Gradient, x) || !slices.Equal(in.GradientSD, []float64{0, 0, 0}) || (in.SD == 0) != (sd == 0) {
			t.Errorf("noise %v: %v %+v", sd, err, in)
		}
	}
}

// TestInspectFlat: differences of an objective that counts are exactly 0, and agree with differences of it; Inspect says so. It
// does not where an exact 0 is right.
func TestInspectFlat(t *testing.T) {
	// counts has the mean Φ(x_0) + x_1², of 20 trials.
	counts := func(_, x []float64, s stochopt.Sample) (float64, error) {
		r, n := s.Rand(), 0
		for range 20 {
			if r.NormFloat64() < x[0] {
				n++
			}
		}
		return float64(n)/20 + x[1]*x[1], nil
	}
	smooth := func(offset float64) stochopt.Oracle {
		return func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f := offset + s.Rand().Float64()
			for i, v := range x {
				f += v * v * v * v
				if grad != nil {
					grad[i] = 4 * v * v * v
				}
			}
			return f, nil
		}
	}
	step := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		clear(grad)
		return math.Floor(x[0]) + math.Floor(x[1]), nil
	}
	constant := func(grad, _ []float64, s stochopt.Sample) (float64, error) {
		clear(grad)
		return s.Rand().Float64(), nil
	}
	for _, c := range []struct {
		name string
		o    stochopt.Oracle
		x    []float64
		flat []int
	}{
		{"counts", gradient.Differences{}.Oracle(counts), []float64{0.3, 1}, []int{0}},
		{"counts, all components 0", gradient.Differences{}.Oracle(counts), []float64{0.3, 0}, []int{0}},
		{"step", step, []float64{0.3, 0.4}, []int{0, 1}},
		{"smooth", smooth(0), []float64{0, 0}, nil},
		{"smooth, rounded", smooth(1e6), []float64{0, 0}, nil},
		{"quadratic at its minimum", exact, []float64{0, 0}, nil},
		{"constant", constant, []float64{1, 0}, nil},
		{"seeded", shift, []float64{0.3, 1}, nil},
	} {
		in, err := gradient.Inspect(c.o, c.x, stochopt.Sample{Seed: 1}, 64)
		if err != nil || !slices.Equal(in.Flat, c.flat) || !in.Check.OK || in.Hidden {
			t.Errorf("%s: %v, flat %v, want %v\n%v", c.name, err, in.Flat, c.flat, in)
		}
		if said := strings.Contains(in.String(), "exactly 0 in all draws in component "+strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.flat)), ", "), "[]")); said != (c.flat != nil) {
			t.Errorf("%s:\n%v", c.name, in)
		}
	}
}

// TestInspectHidden: noise that could hide a wrong sign in one component is seen beside an exact one, and is not said where the
// sign is certain.
func TestInspectHidden(t *testing.T) {
	x := []float64{1, 2}
	noisy := func(sign, sd float64) stochopt.Oracle { // in component 0
		return func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := exact(grad, x, s)
			if grad != nil {
				grad[0] = sign*grad[0] + sd*s.Rand().NormFloat64()
			}
			return f, err
		}
	}
	for _, c := range []struct {
		name       string
		o          stochopt.Oracle
		ok, hidden bool
	}{
		{"lost", noisy(-1, 100), true, true},
		{"lost though right", noisy(1, 100), true, true},
		{"certain", noisy(1, 0.1), true, false},
		{"certainly wrong", noisy(-1, 0.1), false, false},
		{"exact", exact, true, false},
	} {
		in, err := gradient.Inspect(c.o, x, stochopt.Sample{Seed: 2}, 64)
		if err != nil || in.Check.OK != c.ok || in.Hidden != c.hidden || strings.Contains(in.String(), "could hide even a wrong sign") != c.hidden {
			t.Errorf("%s: %v, hidden %t\n%v", c.name, err, in.Hidden, in)
		}
		if c.hidden && in.Check.Component != 0 {
			t.Errorf("%s: component %d", c.name, in.Check.Component)
		}
	}
	// An error bar as wide as the difference between two signs, for many seeds.
	for k := range 50 {
		o := unseeded(30, uint64(k))
		in, err := gradient.Inspect(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := o(grad, x, s)
			for i := range grad {
				grad[i] = -grad[i]
			}
			return f, err
		}, []float64{11, 9}, stochopt.Sample{}, 64)
		if err != nil || in.Check.OK && in.Check.Supplied*in.Check.Estimate < 0 && !in.Hidden {
			t.Errorf("generator %d: %v\n%v", k, err, in)
		}
	}
}

// TestInspectValuesOnly: an Oracle that does not look at grad has values, which are inspected; one that adds to grad, or stores a
// part of it, has a wrong gradient, and nothing is said of its values.
func TestInspectValuesOnly(t *testing.T) {
	x := []float64{1, 2}
	in, err := gradient.Inspect(func(_, x []float64, s stochopt.Sample) (float64, error) { return shift(nil, x, s) }, x, stochopt.Sample{}, 32)
	if err != nil || in.Control != gradient.Seeded || in.Gradient != nil || in.NonFinite != 0 || !(in.SD > 0) || in.GradientTime != 0 ||
		!strings.Contains(in.String(), "Gradient    none: no component is stored") {
		t.Errorf("values only: %v\n%v", err, in)
	}
	for name, o := range map[string]stochopt.Oracle{
		"adds": func(grad, x []float64, s stochopt.Sample) (float64, error) {
			for i := range grad {
				grad[i] += x[i]
			}
			return exact(nil, x, s)
		},
		"stores a part": func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0] = x[0]
			}
			return exact(nil, x, s)
		},
		"NaN": func(grad, x []float64, s stochopt.Sample) (float64, error) {
			for i := range grad {
				grad[i] = math.NaN()
			}
			return exact(nil, x, s)
		},
	} {
		in, err := gradient.Inspect(o, x, stochopt.Sample{}, 32)
		text := in.String()
		if err == nil || in.NonFinite != 32 || strings.Contains(text, "Randomness") || strings.Contains(text, "Value") || strings.Contains(text, "Gradient ") {
			t.Errorf("%s: %v\n%v", name, err, in)
		}
		if want := "return an error when grad is not nil, or make a gradient by gradient.Differences or SPSA"; !strings.Contains(text, want) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\n%v", name, err, in)
		}
	}
}

// TestInspectRun: what Inspect says of Oracles that carry a run.
func TestInspectRun(t *testing.T) {
	fs := gradient.FiniteSum{N: 10, Term: func(grad, x []float64, i int) float64 {
		r := x[0] - float64(i)
		if grad != nil {
			grad[0] += r
		}
		return r * r / 2
	}}
	for name, o := range map[string]stochopt.Oracle{
		"SVRG": (&gradient.SVRG{Sum: fs}).Oracle(), "SARAH": (&gradient.SARAH{Sum: fs}).Oracle(),
		"SAG": (&gradient.SAG{Sum: fs}).Oracle(), "SAGA": (&gradient.SAGA{Sum: fs}).Oracle(),
	} {
		in, err := gradient.Inspect(o, []float64{1}, stochopt.Sample{}, 64)
		if err != nil || in.Control != gradient.Deterministic || !in.Check.OK || in.Gradient[0] != -3.5 {
			t.Errorf("%s: %v\n%v", name, err, in)
		}
	}
	// A Term that overwrites the gradient, seen in the whole sum.
	fs.Term = func(grad, x []float64, i int) float64 {
		r := x[0] - float64(i)
		if grad != nil {
			grad[0] = r
		}
		return r * r / 2
	}
	if in, err := gradient.Inspect(fs.Full(), []float64{1}, stochopt.Sample{}, 8); err != nil || in.Check.OK {
		t.Errorf("overwritten: %v\n%v", err, in)
	}
}
