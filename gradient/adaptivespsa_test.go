package gradient_test

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

var (
	_ encoding.BinaryMarshaler   = &gradient.AdaptiveSPSA{}
	_ encoding.BinaryUnmarshaler = &gradient.AdaptiveSPSA{}
)

func newton(t *testing.T, p stochopt.Problem, x0 []float64, steps int) *optimize.Result {
	t.Helper()
	m := &method.SGD{StepSize: 1 / float64(len(x0)), Schedule: schedule.Power(float64(steps)/10, 0.602)}
	r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: steps, Converger: optimize.NeverTerminate{}}, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// After 6000 steps on a quadratic, with noise in each value, H̄ is the Hessian: q errs by e of variance σ²/(cc')², and
// the entries of H̄ by that over N on the diagonal and half of it beside it. What is left of the start, where H̄ is 0,
// is |P|²/N of H.
func TestAdaptiveSPSAHessian(t *testing.T) {
	const steps, sd, c = 6000, 0.01, 0.1
	h := []float64{1, .5, 2, .3, 1.5}
	for seed := range uint64(3) {
		e := &gradient.AdaptiveSPSA{Width: c}
		r := newton(t, stochopt.Problem{Oracle: e.Oracle(independent(additive(sd, smoke))), Seed: seed}, []float64{.3, .3, .3, .3, .3}, steps)
		var H mat.SymDense
		e.Hessian(&H)
		n := float64(steps + 20)
		se := sd / (c * 2 * c) / math.Sqrt(n)
		left := 15 / n * 2 // |P|² < 25, 15 on average
		for i := range 5 {
			near(t, fmt.Sprintf("H̄ %d", i), H.At(i, i), h[i], math.Hypot(se, left))
			for j := range i {
				near(t, fmt.Sprintf("H̄ %d, %d", i, j), H.At(i, j), 0, math.Hypot(se/math.Sqrt2, left))
			}
		}
		far(t, "H̄ without the factor 2 of the difference", H.At(3, 3)*2, h[3], math.Hypot(se, left))
		if f := smoke(r.X); f > 1e-3 {
			t.Errorf("%v above the minimum", f)
		} else {
			t.Logf("seed %d: %.2g above the minimum, diagonal %.3f %.3f %.3f %.3f %.3f", seed, f, H.At(0, 0), H.At(1, 1), H.At(2, 2), H.At(3, 3), H.At(4, 4))
		}
	}
}

// A step of size a multiplies the mean square of the gradient of a quadratic by 1 - 2a + a²(n+m-1)/m, once H̄ is right.
func TestAdaptiveSPSAStep(t *testing.T) {
	x := []float64{.3, .3, .3, .3, .3}
	h, o := []float64{1, .5, 2, .3, 1.5}, []float64{1, -2, .5, 3, 0} // of smoke
	for _, m := range []int{1, 3} {
		e := &gradient.AdaptiveSPSA{Directions: m}
		oracle := e.Oracle(gradient.Func(smoke))
		k := 0
		draw := func() []float64 {
			_, g := evaluate(t, oracle, x, stochopt.Sample{Step: k})
			k++
			return g
		}
		for range 5000 {
			draw()
		}
		a := 2 * float64(m) / float64(5+m-1) // where that is 1
		mean, _, se, _ := moments(5000, func(int) float64 {
			var before, after float64
			for i, g := range draw() {
				before += math.Pow(h[i]*(x[i]-o[i]), 2)
				after += math.Pow(h[i]*(x[i]-a*g-o[i]), 2)
			}
			return after / before
		})
		near(t, fmt.Sprintf("%d directions: factor", m), mean, 1, math.Hypot(se, 15./5000))
		far(t, fmt.Sprintf("%d directions: factor without the error of the gradient", m), mean, (1-a)*(1-a), math.Hypot(se, 15./5000))
	}
}

// valley is a quadratic whose curvatures differ by a thousand, along axes that are not those of the variables.
func valley(x []float64) float64 {
	u, v := x[0]+x[1]-1, x[0]-x[1]+3
	return 500*u*u + v*v/2
}

// On a valley a Newton step goes where that of SPSA does not, at any step size.
func TestAdaptiveSPSAValley(t *testing.T) {
	const steps = 2000
	x0 := []float64{1, 1}
	f := additive(1, valley)
	e := &gradient.AdaptiveSPSA{}
	if f := valley(newton(t, stochopt.Problem{Oracle: e.Oracle(f)}, x0, steps).X); f > 1e-6 {
		t.Errorf("%v above the minimum", f)
	}
	for _, alpha := range []float64{1e-5, 1e-4, 3e-4} {
		m := &method.SGD{StepSize: alpha, Schedule: schedule.Power(steps/10, 0.602)}
		p := stochopt.Problem{Oracle: gradient.SPSA{}.Oracle(f)}
		r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: steps, Converger: optimize.NeverTerminate{}}, m)
		if err == nil && valley(r.X) < 1e-2 {
			t.Errorf("SPSA with step size %v: %v above the minimum: the test cannot fail", alpha, valley(r.X))
		}
	}
}

// A saddle is left, not approached, since the size of a curvature counts and not its sign.
func TestAdaptiveSPSASaddle(t *testing.T) {
	saddle := func(x []float64) float64 { return x[0]*x[0]/2 - x[1]*x[1]/2 + x[1]*x[1]*x[1]*x[1]/4 }
	e := &gradient.AdaptiveSPSA{}
	r := newton(t, stochopt.Problem{Oracle: e.Oracle(gradient.Func(saddle))}, []float64{1, 1e-3}, 2000)
	if d := saddle(r.X) + 0.25; d > 1e-3 {
		t.Errorf("ends at %v, %v above the minimum", r.X, d)
	}
}

// With units of the variables and Scale to match, the steps have the same bits in those units.
func TestAdaptiveSPSAScale(t *testing.T) {
	scale := []float64{0x1p-30, 0x1p20}
	scaled := func(x []float64) float64 { return valley([]float64{x[0] / scale[0], x[1] / scale[1]}) }
	want := newton(t, stochopt.Problem{Oracle: (&gradient.AdaptiveSPSA{}).Oracle(gradient.Func(valley))}, []float64{1, 1}, 50)
	e := &gradient.AdaptiveSPSA{Scale: scale}
	got := newton(t, stochopt.Problem{Oracle: e.Oracle(gradient.Func(scaled))}, []float64{scale[0], scale[1]}, 50)
	for i := range scale {
		if got.X[i]/scale[i] != want.X[i] {
			t.Errorf("%v, want %v", got.X[i]/scale[i], want.X[i])
		}
	}
	var h mat.SymDense
	e.Hessian(&h)
	if v := h.At(1, 1) * scale[1] * scale[1]; math.Abs(v/1001-1) > 0.5 {
		t.Errorf("curvature %v, want about 1001", v)
	}
}

// Marshal, unmarshal, go on equals not stopping; the last draw may be repeated, as a run that goes on does.
func TestAdaptiveSPSAState(t *testing.T) {
	f := additive(1, smoke)
	x := []float64{.3, .3, .3, .3, .3}
	whole := &gradient.AdaptiveSPSA{Decay: 0.1, Directions: 2}
	o := whole.Oracle(f)
	point := func(k int) []float64 {
		y := slices.Clone(x)
		y[k%5] += float64(k) / 10
		return y
	}
	var want [][]float64
	for k := range 10 {
		_, g := evaluate(t, o, point(k), stochopt.Sample{Seed: 1, Step: k + 3})
		want = append(want, g)
	}
	for stop := range 9 {
		e := &gradient.AdaptiveSPSA{Decay: 0.1, Directions: 2}
		o := e.Oracle(f)
		for k := range stop + 1 {
			evaluate(t, o, point(k), stochopt.Sample{Seed: 1, Step: k + 3})
		}
		data, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		e = &gradient.AdaptiveSPSA{Decay: 0.1, Directions: 2}
		if err := e.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		o = e.Oracle(f)
		for k := stop; k < 10; k++ { // draw stop again
			if _, g := evaluate(t, o, point(k), stochopt.Sample{Seed: 1, Step: k + 3}); !slices.Equal(g, want[k]) {
				t.Errorf("stopped after %d: gradient %d is %v, want %v", stop, k, g, want[k])
			}
		}
		a, _ := e.MarshalBinary()
		b, _ := whole.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Errorf("stopped after %d: another state", stop)
		}
	}
	data, _ := whole.MarshalBinary()
	for _, bad := range [][]byte{nil, data[:len(data)-8], data[:50], append(slices.Clone(data), 1, 2, 3, 4, 5, 6, 7, 8)} {
		if whole.UnmarshalBinary(bad) == nil {
			t.Errorf("%d bytes of %d are no error", len(bad), len(data))
		}
	}
	if again, _ := whole.MarshalBinary(); !bytes.Equal(data, again) {
		t.Error("an error changes the state")
	}
	fresh, err := (&gradient.AdaptiveSPSA{}).MarshalBinary()
	if err == nil {
		err = (&gradient.AdaptiveSPSA{}).UnmarshalBinary(fresh)
	}
	if err != nil {
		t.Errorf("state before the first draw: %v", err)
	}
}

// A run begins afresh at Step 0 and after Reset, and the last draw may be repeated at other points, as rules do that look at
// a draw twice: the run goes on from the last of them.
func TestAdaptiveSPSARuns(t *testing.T) {
	e := &gradient.AdaptiveSPSA{}
	o := e.Oracle(gradient.Func(rosenbrock))
	draw := func(k int, x ...float64) []float64 {
		_, g := evaluate(t, o, x, stochopt.Sample{Seed: 1, Step: k})
		return g
	}
	draw(0, 1, 2)
	first := draw(1, 1.5, 2)
	draw(2, 1, 1)
	for range 2 {
		draw(0, 1, 2)
		draw(1, 7, 8)
		if got := draw(1, 1.5, 2); !slices.Equal(got, first) {
			t.Errorf("afresh %v, want %v", got, first)
		}
		draw(2, 1, 2)
		e.Reset()
	}
	draw(5, 1, 2, 3) // another number of variables
	e.Reset()
	wantPanic(t, "before the first draw", func() { e.Hessian(&mat.SymDense{}) })
	// Two at once are an error, and no data race.
	p := stochopt.Problem{Oracle: o, Samples: 4, Concurrent: 4}
	if _, err := stochopt.Minimize(context.Background(), p, []float64{1, 2}, nil, nil); err == nil {
		t.Error("four draws at once are no error")
	}
}

func TestAdaptiveSPSAFailures(t *testing.T) {
	x := []float64{1, 2, 3}
	var fail error
	nan := false
	f := func(_, y []float64, _ stochopt.Sample) (float64, error) {
		if !slices.Equal(x, y) {
			if nan {
				return math.NaN(), nil
			}
			return rosenbrock(y), fail
		}
		return rosenbrock(y), nil
	}
	e := &gradient.AdaptiveSPSA{}
	o := e.Oracle(f)
	grad := make([]float64, 3)
	wantPanic(t, "gradient: AdaptiveSPSA.Hessian before the first draw", func() { e.Hessian(&mat.SymDense{}) })
	want := func(what string, x []float64, s stochopt.Sample) {
		t.Helper()
		var before, after mat.SymDense
		e.Hessian(&before)
		_, err := o(grad[:len(x)], x, s)
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want one with %q", err, what)
		}
		if e.Hessian(&after); !mat.Equal(&after, &before) {
			t.Errorf("%s: the Hessian has changed", what)
		}
	}
	evaluate(t, o, x, stochopt.Sample{Step: 5})
	want("must follow one another", x, stochopt.Sample{Step: 7})
	want("must follow one another", x, stochopt.Sample{Step: 4})
	want("PerPoint", x, stochopt.Sample{Step: 6, Probe: 1})
	want("Problem.Samples", x, stochopt.Sample{Step: 6, Replicate: 1})
	want("negative Step", x, stochopt.Sample{Step: -6})
	want("len(x) = 2 in a run with 3 variables", x[:2], stochopt.Sample{Step: 6})
	want("lost in the rounding of x[1]", []float64{1, 1e16, 2}, stochopt.Sample{Step: 6})
	fail = errors.New("bad")
	want("bad", x, stochopt.Sample{Step: 6})
	fail, nan = nil, true
	want("give the slope NaN", x, stochopt.Sample{Step: 6})
	nan = false
	_, got := evaluate(t, o, x, stochopt.Sample{Step: 6}) // it goes on
	e = &gradient.AdaptiveSPSA{}
	unhurt := e.Oracle(f)
	evaluate(t, unhurt, x, stochopt.Sample{Step: 5})
	if _, want := evaluate(t, unhurt, x, stochopt.Sample{Step: 6}); !slices.Equal(got, want) {
		t.Errorf("after failures %v, want %v", got, want)
	}
	if v, err := o(nil, x, stochopt.Sample{Step: 100}); v != rosenbrock(x) || err != nil {
		t.Errorf("value alone: %v %v", v, err)
	}
	wantPanic(t, "AdaptiveSPSA.Hessian of 3 variables into a matrix of 2", func() { e.Hessian(mat.NewSymDense(2, nil)) })

	e = &gradient.AdaptiveSPSA{Width: 0x1p-7}
	_, err := e.Oracle(gradient.Func(func(x []float64) float64 { return x[0] }))(grad, []float64{0, 0, 0}, stochopt.Sample{})
	if err == nil || !strings.Contains(err.Error(), "no curvature along 20 directions") {
		t.Errorf("a linear function: %v", err)
	}
	o = (&gradient.AdaptiveSPSA{}).Oracle(gradient.Func(func([]float64) float64 { return 1 }))
	if _, g := evaluate(t, o, x, stochopt.Sample{}); !slices.Equal(g, []float64{0, 0, 0}) {
		t.Errorf("gradient %v of a constant", g)
	}
	if _, err := o(nil, nil, stochopt.Sample{}); err != nil {
		t.Error(err)
	}
	if _, err := (&gradient.AdaptiveSPSA{}).Oracle(gradient.Func(rosenbrock))([]float64{}, nil, stochopt.Sample{}); err != nil {
		t.Errorf("no variables: %v", err)
	}
	// Samples of a Problem would be draws of one Step.
	p := stochopt.Problem{Oracle: (&gradient.AdaptiveSPSA{}).Oracle(f), Samples: 2}
	if _, err := stochopt.Minimize(context.Background(), p, []float64{1, 2, 3}, nil, nil); err == nil || !strings.Contains(err.Error(), "Problem.Samples and PerPoint cannot be used") {
		t.Errorf("Problem.Samples: %v", err)
	}

	for want, e := range map[string]*gradient.AdaptiveSPSA{
		"AdaptiveSPSA.Width = -1":       {Width: -1},
		"AdaptiveSPSA.SecondWidth = -1": {SecondWidth: -1},
		"AdaptiveSPSA.Decay = -1":       {Decay: -1},
		"AdaptiveSPSA.Scale[0] = 0":     {Scale: []float64{0}},
		"AdaptiveSPSA.Directions = -1":  {Directions: -1},
		"AdaptiveSPSA.Warmup = -1":      {Warmup: -1},
		"AdaptiveSPSA.Floor = 2":        {Floor: 2},
	} {
		wantPanic(t, want, func() { e.Oracle(f) })
	}
	wantPanic(t, "gradient: AdaptiveSPSA.Oracle of nil", func() { (&gradient.AdaptiveSPSA{}).Oracle(nil) })
}

// A valley a thousand times steeper across than along.
func ExampleAdaptiveSPSA() {
	valley := func(_, x []float64, s stochopt.Sample) (float64, error) {
		u, v := x[0]+x[1]-1, x[0]-x[1]+3
		return 500*u*u + v*v/2 + s.Rand().NormFloat64(), nil
	}
	e := &gradient.AdaptiveSPSA{}
	p := stochopt.Problem{Oracle: e.Oracle(valley), Seed: 1}
	m := &method.SGD{StepSize: 0.5, Schedule: schedule.Power(100, 0.602)}
	settings := &optimize.Settings{MajorIterations: 1000, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, []float64{1, 1}, settings, m)
	var h mat.SymDense
	e.Hessian(&h)
	fmt.Printf("%.3f %v, curvature %.0f\n", r.X, err, h.At(0, 0))
	// Output: [-1.000 2.000] <nil>, curvature 1000
}

func BenchmarkAdaptiveSPSA(b *testing.B) {
	for _, n := range []int{2, 20} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			x, grad := make([]float64, n), make([]float64, n)
			o := (&gradient.AdaptiveSPSA{}).Oracle(gradient.Func(rosenbrock))
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}
