package gradient_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// TestSampleSizeFormula: the numbers of the tests, and the size that follows, from the draws themselves. tr C is the
// part along the mean and the part across.
func TestSampleSizeFormula(t *testing.T) {
	x := []float64{0.3, -0.2, 0.5}
	s := stochopt.Sample{Seed: 4}
	const b = 6
	var rows [][]float64
	mean := make([]float64, 3)
	var value float64
	for j := range b {
		f, g := evaluate(t, shift, x, stochopt.Sample{Seed: 4, Replicate: j})
		rows = append(rows, g)
		value += f / b
		floats.AddScaled(mean, 1./b, g)
	}
	length := floats.Norm(mean, 2)
	var trC, along, across float64
	for _, g := range rows {
		a := floats.Dot(g, mean) / length
		along += (a - length) * (a - length) / (b - 1)
		for k := range g {
			trC += (g[k] - mean[k]) * (g[k] - mean[k]) / (b - 1)
			d := g[k] - a*mean[k]/length
			across += d * d / (b - 1)
		}
	}
	if math.Abs(trC/(along+across)-1) > 1e-12 {
		t.Errorf("tr C = %v, along %v, across %v", trC, along, across)
	}
	sizes := map[int]bool{}
	for _, set := range []struct {
		inner     bool
		theta, nu float64
	}{{false, 0.9, 1}, {false, 0.5, 1}, {false, 0.2, 1}, {true, 0.9, 1}, {true, 0.4, 1}, {true, 0.9, 0.4}, {true, 0.9, 0.1}} {
		inner, theta, nu := set.inner, set.theta, set.nu
		c := &gradient.SampleSize{Min: b, Max: 1000, Theta: theta, InnerProduct: inner, Nu: nu}
		o := c.Oracle(shift)
		if c.Last() != (gradient.SizeTest{}) {
			t.Errorf("before the first draw: %+v", c.Last())
		}
		f, g := evaluate(t, o, x, s)
		if math.Abs(f-value) > 1e-14 || !floats.EqualApprox(g, mean, 1e-14) {
			t.Errorf("%v %v, want the means %v %v", f, g, value, mean)
		}
		noise, part := trC/b/(length*length), along/b/(length*length)
		excess := noise / (theta * theta)
		if inner {
			excess = max(part/(theta*theta), (noise-part)/(nu*nu))
		} else {
			part = 0
		}
		last := c.Last()
		if last.Size != b || math.Abs(last.Noise/noise-1) > 1e-12 || math.Abs(last.Along-part) > 1e-12*part || last.Passed != (excess <= 1) {
			t.Errorf("%+v: %+v, want noise %v, along %v, excess %v", set, last, noise, part, excess)
		}
		evaluate(t, o, x, stochopt.Sample{Seed: 4, Step: 1})
		want := min(2*b, int(math.Ceil(b*excess)))
		if excess <= 1 {
			want = b
		}
		sizes[want] = true
		if c.Last().Size != want {
			t.Errorf("%+v: then size %d, want %d; excess %v", set, c.Last().Size, want, excess)
		}
	}
	if !sizes[b] || !sizes[2*b] || len(sizes) < 4 {
		t.Errorf("sizes %v: not all cases are tried", sizes)
	}
}

// TestSampleSizeAtStationaryPoint: how often the tests pass where there is no signal, exact for normal gradients, and
// in the limit of many draws the table of the documentation. The inner-product test does not notice that there is none.
func TestSampleSizeAtStationaryPoint(t *testing.T) {
	t.Parallel()
	const theta, b = 0.9, 40
	noise := func(grad, _ []float64, s stochopt.Sample) (float64, error) {
		r := s.Rand()
		for i := range grad {
			grad[i] = r.NormFloat64()
		}
		return 0, nil
	}
	table := map[int][2]float64{1: {0.267, 0.267}, 10: {0.263, 1}, 100: {0.056, 1}, 1000: {5e-7, 1}}
	for d, want := range table {
		chi2 := distuv.ChiSquared{K: float64(d)}
		for i, p := range []float64{chi2.Survival(float64(d) / (theta * theta)), chi2.Survival(1 / (theta * theta))} {
			if math.Abs(p-want[i]) > 5e-4 || p < 1e-3 && math.Abs(p/want[i]-1) > 0.1 {
				t.Errorf("%d variables, test %d: %v, the table has %v", d, i, p, want[i])
			}
		}
	}
	for _, d := range []int{1, 10, 100} {
		runs := 20_000 / (d + 3)
		c := &gradient.SampleSize{Min: b, Max: b, InnerProduct: true, Theta: theta}
		o := c.Oracle(noise)
		x := make([]float64, d)
		var norm, along, both float64
		for k := range runs {
			if _, err := o(nil, x, stochopt.Sample{Seed: 7, Step: k}); err != nil {
				t.Fatal(err)
			}
			last := c.Last()
			if last.Noise <= theta*theta {
				norm++
			}
			if last.Along <= theta*theta {
				along++
			}
			if last.Passed {
				both++
			} else if !last.AtMax {
				t.Fatalf("%+v", last)
			}
		}
		// b|ḡ|²/tr C is F(d, d(b-1)), and b|ḡ|⁴/V, with ḡ independent of C, d times F(d, b-1).
		n := float64(runs)
		p := distuv.F{D1: float64(d), D2: float64(d * (b - 1))}.Survival(1 / (theta * theta))
		q := distuv.F{D1: float64(d), D2: b - 1}.Survival(1 / (theta * theta * float64(d)))
		near(t, fmt.Sprintf("%d variables: norm test passes", d), norm/n, p, math.Sqrt(p*(1-p)/n))
		near(t, fmt.Sprintf("%d variables: inner-product test passes", d), along/n, q, math.Sqrt(q*(1-q)/n)+1e-9)
		if d >= 10 {
			far(t, fmt.Sprintf("%d variables: inner-product test passes", d), along/n, p, math.Sqrt(p*(1-p)/n))
			if both/n < 0.99 {
				t.Errorf("%d variables: with orthogonality %v pass: the documentation is wrong", d, both/n)
			}
		}
	}
}

// TestSampleSizeUnbiased: the size follows from the draws before, so the mean at the last one is unbiased. Drawing on
// in one and the same evaluation until the test passes is not.
func TestSampleSizeUnbiased(t *testing.T) {
	const runs, mu, theta = 4000, 0.5, 0.7
	signal := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f := mu + s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = f
		}
		return f, nil
	}
	x := []float64{0}
	c := &gradient.SampleSize{Min: 2, Max: 512, Theta: theta}
	o := c.Oracle(signal)
	sizes := map[int]bool{}
	m, _, se, _ := moments(runs, func(k int) float64 {
		var g []float64
		for step := range 4 {
			_, g = evaluate(t, o, x, stochopt.Sample{Seed: uint64(k), Step: step})
		}
		sizes[c.Last().Size] = true
		return g[0]
	})
	near(t, "mean gradient", m, mu, se)
	if len(sizes) < 5 {
		t.Errorf("sizes %v", sizes)
	}
	m, _, se, _ = moments(runs, func(k int) float64 {
		var sum, squares float64
		for j := 0; ; j++ {
			f, _ := signal(nil, x, stochopt.Sample{Seed: uint64(k), Replicate: j})
			sum += f
			squares += f * f
			n := float64(j + 1)
			if v := (squares - sum*sum/n) / (n - 1); j >= 1 && v/n <= theta*theta*sum*sum/n/n {
				return sum / n
			}
		}
	})
	far(t, "mean gradient drawn on until the test passes", m, mu, se)
}

// TestSampleSizeGrows: far from the minimum few draws do; near it the size grows to Max, and stays. It never falls, and
// at most doubles.
func TestSampleSizeGrows(t *testing.T) {
	for _, inner := range []bool{false, true} {
		var sizes []int
		c := &gradient.SampleSize{Min: 4, Max: 200, InnerProduct: inner}
		o := c.Oracle(shift)
		p := stochopt.Problem{Seed: 1, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := o(grad, x, s)
			sizes = append(sizes, c.Last().Size)
			return f, err
		}}
		s := &optimize.Settings{Converger: never(), MajorIterations: 600}
		if _, err := stochopt.Minimize(context.Background(), p, []float64{100, -100}, s, &method.SGD{StepSize: 0.1}); err != nil {
			t.Fatal(err)
		}
		for k, b := range sizes[1:] {
			if b < sizes[k] || b > 2*sizes[k] {
				t.Errorf("size %d after %d", b, sizes[k])
			}
		}
		if sizes[0] != 4 || sizes[20] != 4 || sizes[599] != 200 {
			t.Errorf("inner product %t: sizes %v", inner, sizes)
		}
		if last := c.Last(); !last.AtMax || last.Size != 200 {
			t.Errorf("inner product %t: %+v", inner, last)
		}
	}
}

func TestSampleSizeConcurrent(t *testing.T) {
	fs, _ := regression(12, false)
	var want []float64
	for _, n := range []int{0, 1, 3} {
		c := &gradient.SampleSize{Min: 3, Max: 30, Concurrent: n}
		got := walk(t, c.Oracle(fs.Shuffled(2)), 0, 30)
		if want == nil {
			want = got
		}
		if !floats.Equal(got, want) {
			t.Errorf("Concurrent %d: other bits", n)
		}
	}
}

// TestSampleSizeBadDraws: an error is passed on, and neither it nor what is not finite changes the size.
func TestSampleSizeBadDraws(t *testing.T) {
	bad := errors.New("bad")
	var err error
	spoil := 0.0
	c := &gradient.SampleSize{Min: 2, Max: 64}
	o := c.Oracle(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, _ := shift(grad, x, s)
		if s.Replicate == 1 {
			grad[0] += spoil
			return f, err
		}
		return f, nil
	})
	x := []float64{0.1, 0.1}
	k := 0
	draw := func() error {
		_, err := o(nil, x, stochopt.Sample{Step: k})
		k++
		return err
	}
	for draw(); c.Last().Passed; draw() {
	}
	size := c.Last().Size
	k-- // the next would have a larger one
	err = bad
	if draw() != bad || c.Last() != (gradient.SizeTest{}) {
		t.Errorf("%+v", c.Last())
	}
	err = nil
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e200} {
		spoil = v
		draw()
		if last := c.Last(); last.Size != size || last.Passed {
			t.Errorf("%v: %+v, want size %d", v, last, size)
		}
	}
	// Without noise every test passes, at a gradient of 0 as well.
	for _, inner := range []bool{false, true} {
		for _, at := range []float64{0, 2, 0.1, 0.3, 0.7} {
			c := &gradient.SampleSize{InnerProduct: inner}
			o := c.Oracle(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
				copy(grad, x)
				return 0, nil
			})
			evaluate(t, o, []float64{at, at}, stochopt.Sample{})
			last := c.Last()
			if last.Noise >= 0 && last.Noise < 1e-15 && last.Along < 1e-15 {
				last.Noise, last.Along = 0, 0
			}
			if last != (gradient.SizeTest{Size: 8, Passed: true}) {
				t.Errorf("at %v: %+v", at, last)
			}
		}
	}
}

func TestSampleSizePanics(t *testing.T) {
	for want, c := range map[string]*gradient.SampleSize{
		"gradient: SampleSize has both Test and":  {Test: &stopping.Distance{}, InnerProduct: true},
		"gradient: SampleSize.Min = 1":            {Min: 1},
		"gradient: SampleSize.Min = -1":           {Min: -1},
		"gradient: SampleSize.Max = 3":            {Min: 4, Max: 3},
		"gradient: SampleSize.Concurrent = -1":    {Concurrent: -1},
		"gradient: SampleSize.Theta = -1":         {Theta: -1},
		"gradient: SampleSize.Nu = NaN":           {Nu: math.NaN()},
		"gradient: SampleSize.Theta = +Inf, want": {Theta: math.Inf(1)},
	} {
		wantPanic(t, want, func() { c.Oracle(shift) })
	}
	wantPanic(t, "gradient: SampleSize.Oracle of nil", func() { (&gradient.SampleSize{}).Oracle(nil) })
}

func TestSampleSizeAllocations(t *testing.T) {
	for _, inner := range []bool{false, true} {
		c := &gradient.SampleSize{Min: 4, Max: 16, InnerProduct: inner}
		o := c.Oracle(line(100).Sampled(5))
		x, grad := []float64{0, 0}, make([]float64, 2)
		k := 0
		for range 300 {
			o(grad, x, stochopt.Sample{Step: k})
			k++
		}
		if got := testing.AllocsPerRun(100, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
			t.Errorf("inner product %t: %v allocations", inner, got)
		}
	}
}

func ExampleSampleSize() {
	c := &gradient.SampleSize{Max: 500} // F = |x-ξ|²/2
	p := stochopt.Problem{Oracle: c.Oracle(shift), Seed: 1}
	for _, n := range []int{5, 200} {
		s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: n}
		r, err := stochopt.Minimize(context.Background(), p, []float64{10, -10}, s, &method.SGD{StepSize: 0.1})
		last := c.Last()
		fmt.Printf("%.1f: %d draws, passed %t, at Max %t, %v\n", r.X, last.Size, last.Passed, last.AtMax, err)
	}
	// Output:
	// [6.5 -6.5]: 8 draws, passed true, at Max false, <nil>
	// [0.0 0.0]: 500 draws, passed false, at Max true, <nil>
}

func BenchmarkSampleSize(b *testing.B) {
	for _, inner := range []bool{false, true} {
		b.Run(fmt.Sprintf("inner=%t", inner), func(b *testing.B) {
			c := &gradient.SampleSize{Min: 64, Max: 64, InnerProduct: inner}
			o := c.Oracle(line(1000).Sampled(1))
			x, grad := make([]float64, 2), make([]float64, 2)
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}

// everyThird stops at every third look, and keeps where it has looked.
type everyThird struct {
	k      int
	at     []float64
	status optimize.Status
}

func (c *everyThird) Init(int) { c.k = 0 }
func (c *everyThird) Converged(loc *optimize.Location) optimize.Status {
	c.at = append(c.at, loc.X[0])
	if c.k++; c.k < 3 {
		return optimize.NotTerminated
	}
	return c.status
}

// TestSampleSizeTest: the size doubles after each Sample at which Test stops. Test is shown each once, and begins afresh.
func TestSampleSizeTest(t *testing.T) {
	c := &everyThird{status: optimize.StepConvergence}
	size := &gradient.SampleSize{Min: 2, Max: 10, Test: c}
	o := size.Oracle(shift)
	var sizes []int
	for k := range 13 {
		for _, x := range []float64{float64(k), 100} { // SAM and others evaluate a Sample at two points
			evaluate(t, o, []float64{x, 0}, stochopt.Sample{Step: k})
			last := size.Last()
			if passed := k%3 != 2; last.Passed != passed || last.AtMax != (last.Size == 10) {
				t.Errorf("draw %d at %v: %+v, want passed %t", k, x, last, passed)
			}
		}
		sizes = append(sizes, size.Last().Size)
	}
	if want := []int{2, 2, 2, 4, 4, 4, 8, 8, 8, 10, 10, 10, 10}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %v, want %v", sizes, want)
	}
	for k, x := range c.at {
		if len(c.at) != 13 || x != float64(k) {
			t.Fatalf("Test has seen x = %v", c.at)
		}
	}
	c.status = optimize.Failure
	size.Reset()
	for k := range 3 {
		_, err := o(make([]float64, 2), []float64{0, 0}, stochopt.Sample{Step: k})
		if (err != nil) != (k == 2) || err != nil && err.Error() != "gradient: SampleSize.Test, a *gradient_test.everyThird, has failed" {
			t.Errorf("draw %d: error %v", k, err)
		}
	}
	if _, err := size.MarshalBinary(); err == nil || err.Error() != "stochopt: state of SampleSize: its Test, *gradient_test.everyThird, has no MarshalBinary" {
		t.Errorf("error %v", err)
	}
}

// bowls is Σ λ_i x_i²/2 in 10 variables, λ from 1 to 1/10, with unit noise in each component of the gradient.
func bowls(grad, x []float64, s stochopt.Sample) (f float64, err error) {
	pcg := s.PCG()
	rnd := rand.New(&pcg)
	for i, v := range x {
		lambda := math.Pow(10, -float64(i)/9)
		e := rnd.NormFloat64()
		f += lambda*v*v/2 + e*v
		if grad != nil {
			grad[i] = lambda*v + e
		}
	}
	return f, nil
}

// spend runs SGD with the given SampleSize on bowls from (10, ..., 10) until it has used so many draws, and returns
// F - F* at the end, a mean over seeds.
func spend(t *testing.T, c *gradient.SampleSize, draws int) (mean float64) {
	const seeds = 10
	for seed := range uint64(seeds) {
		o, used, left := c.Oracle(bowls), 0, true
		p := stochopt.Problem{Seed: seed, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f, err := o(grad, x, s)
			used += c.Last().Size
			left = used < draws
			return f, err
		}}
		x := make([]float64, 10)
		floats.AddConst(10, x)
		s := &optimize.Settings{Converger: until(func() bool { return !left })}
		r, err := stochopt.Minimize(context.Background(), p, x, s, &method.SGD{StepSize: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range r.X {
			mean += math.Pow(10, -float64(i)/9) * v * v / 2 / seeds
		}
	}
	return mean
}

// until is a Converger that stops when a function says so.
type until func() bool

func (u until) Init(int) {}
func (u until) Converged(*optimize.Location) optimize.Status {
	if u() {
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

// TestSampleSizeSaves: after equal numbers of draws at equal step sizes, a sample size that grows by Test ends nearer to the
// minimum than any constant one, and the more so the longer the run. Without growth it ends farther away, and so do the tests of
// single draws: the norm test comes near the best constant size without knowing it, the inner-product test does not.
func TestSampleSizeSaves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		draws          int
		grows          float64 // at most; 0.46 and 0.26 were measured
		norm, constant float64 // at least 1 and at most; at least
	}{{2000, 0.7, 3, 1.5}, {20000, 0.5, 3, 5}} {
		best, size := math.Inf(1), 0
		for b := 2; b <= 4096; b *= 2 {
			if f := spend(t, &gradient.SampleSize{Min: b, Max: b}, c.draws); f < best {
				best, size = f, b
			}
		}
		const most = 1 << 20
		grows := spend(t, &gradient.SampleSize{Max: most, Test: &stopping.Distance{}}, c.draws) / best
		constant := spend(t, &gradient.SampleSize{Max: most, Test: optimize.NeverTerminate{}}, c.draws) / best
		norm := spend(t, &gradient.SampleSize{Max: most}, c.draws) / best
		inner := spend(t, &gradient.SampleSize{Max: most, InnerProduct: true}, c.draws) / best
		t.Logf("%d draws: the best constant size is %d with %.3g; of that Test ends at %.2f, without growth at %.2f, norm test %.2f, inner product %.2f",
			c.draws, size, best, grows, constant, norm, inner)
		if !(grows < c.grows) || !(constant > c.constant) || !(norm > 1 && norm < c.norm) || !(inner > norm) {
			t.Errorf("%d draws: the best constant size is %d with %.3g; of that Test ends at %.2f, without growth at %.2f, norm test %.2f, inner product %.2f",
				c.draws, size, best, grows, constant, norm, inner)
		}
	}
}
