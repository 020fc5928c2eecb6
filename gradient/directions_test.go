package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// estimator is SPSA, Smoothing or Evolution.
type estimator interface {
	Oracle(f stochopt.Oracle) stochopt.Oracle
}

// estimators makes each of them with n directions, a scale and concurrent directions.
var estimators = []struct {
	name string
	make func(n int, scale []float64, concurrent int) estimator
}{
	{"SPSA", func(n int, scale []float64, concurrent int) estimator {
		return gradient.SPSA{Directions: n, Scale: scale, Concurrent: concurrent}
	}},
	{"Smoothing", func(n int, scale []float64, concurrent int) estimator {
		return gradient.Smoothing{Directions: n, Scale: scale, Concurrent: concurrent}
	}},
	{"Smoothing, forward, sphere", func(n int, scale []float64, concurrent int) estimator {
		return gradient.Smoothing{Forward: true, Sphere: true, Directions: n, Scale: scale, Concurrent: concurrent}
	}},
	{"Evolution", func(n int, scale []float64, concurrent int) estimator {
		return gradient.Evolution{Population: 2 * n, Scale: scale, Concurrent: concurrent}
	}},
	{"Evolution, standardized", func(n int, scale []float64, concurrent int) estimator {
		return gradient.Evolution{Population: 2 * n, Standardize: true, Scale: scale, Concurrent: concurrent}
	}},
}

// independent is f with noise of its own in each value, whatever the Sample: what common random numbers spare.
func independent(f stochopt.Oracle) stochopt.Oracle {
	calls := 0
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		calls++
		s.Replicate = calls
		return f(grad, x, s)
	}
}

// additive is f with normal noise of standard deviation sd, the same at all points for one Sample.
func additive(sd float64, f func(x []float64) float64) stochopt.Oracle {
	rnd, pcg := generator()
	return func(_, x []float64, s stochopt.Sample) (float64, error) {
		*pcg = s.PCG()
		return f(x) + sd*rnd.NormFloat64(), nil
	}
}

func generator() (*rand.Rand, *rand.PCG) {
	var pcg rand.PCG
	return rand.New(&pcg), &pcg
}

// quadratic is a function of five variables with a random gradient g and Hessian a at 0.
type quadratic struct {
	g [5]float64
	a [5][5]float64
}

func newQuadratic(seed uint64) *quadratic {
	r := rand.New(rand.NewPCG(seed, 0))
	q := &quadratic{}
	for i := range 5 {
		q.g[i] = r.NormFloat64()
		for j := range i + 1 {
			q.a[i][j] = r.NormFloat64()
			q.a[j][i] = q.a[i][j]
		}
	}
	return q
}

func (q *quadratic) value(x []float64) (f float64) {
	for i, v := range x {
		f += q.g[i] * v
		for j, w := range x {
			f += v * q.a[i][j] * w / 2
		}
	}
	return f
}

// square returns |g|².
func (q *quadratic) square() (sum float64) {
	for _, v := range q.g {
		sum += v * v
	}
	return sum
}

// covariance returns the mean and the covariance of the gradients of n draws of o at 0, with their standard errors.
func covariance(t *testing.T, n int, o stochopt.Oracle) (mean, seMean [5]float64, cov, seCov [5][5]float64) {
	t.Helper()
	draws := make([][5]float64, n)
	x := make([]float64, 5)
	for k := range draws {
		if _, err := o(draws[k][:], x, stochopt.Sample{Seed: 7, Step: k}); err != nil {
			t.Fatal(err)
		}
		for i, v := range draws[k] {
			mean[i] += v / float64(n)
		}
	}
	var sq [5][5]float64
	for _, d := range draws {
		for i := range d {
			for j := range d {
				p := (d[i] - mean[i]) * (d[j] - mean[j])
				cov[i][j] += p / float64(n-1)
				sq[i][j] += p * p / float64(n)
			}
		}
	}
	for i := range cov {
		seMean[i] = math.Sqrt(cov[i][i] / float64(n))
		for j := range cov {
			seCov[i][j] = math.Sqrt((sq[i][j] - cov[i][j]*cov[i][j]) / float64(n))
		}
	}
	return mean, seMean, cov, seCov
}

// agree fails unless the gradients of o have the mean g and the covariance want(i, j), and want differs from what wrong
// gives in some component by more than the test can overlook.
func (q *quadratic) agree(t *testing.T, what string, n int, o stochopt.Oracle, want, wrong func(i, j int) float64) {
	t.Helper()
	mean, seMean, cov, seCov := covariance(t, n, o)
	power := 0.0
	for i := range 5 {
		near(t, fmt.Sprintf("%s: mean of component %d", what, i), mean[i], q.g[i], seMean[i])
		for j := range i + 1 {
			near(t, fmt.Sprintf("%s: covariance of %d, %d", what, i, j), cov[i][j], want(i, j), seCov[i][j])
			power = max(power, math.Abs(cov[i][j]-wrong(i, j))/seCov[i][j])
		}
	}
	if power <= 5 {
		t.Errorf("%s: the wrong covariance is within %.1f standard errors as well: the test cannot fail", what, power)
	}
}

func equal(i, j int) float64 {
	if i == j {
		return 1
	}
	return 0
}

// All values of a draw are of the same Sample, the value is that at x, and x stays.
func TestDirectionsSample(t *testing.T) {
	x := []float64{1, -2, 3}
	s := stochopt.Sample{Seed: 1, Step: 2, Probe: 3, Replicate: 4}
	for _, e := range estimators {
		at := slices.Clone(x)
		calls, atX := 0, 0
		o := e.make(4, nil, 1).Oracle(func(grad, y []float64, r stochopt.Sample) (float64, error) {
			calls++
			if slices.Equal(y, x) {
				atX++
			}
			if grad != nil || r != s {
				t.Errorf("%s: asked for a gradient: %t, Sample %v", e.name, grad != nil, r)
			}
			return rosenbrock(y) + float64(r.Replicate), nil
		})
		f, _ := evaluate(t, o, at, s)
		value, err := o(nil, at, s)
		want := 4*2 + 3 // two at x in the first draw, since no Width is set
		if e.name == "Smoothing, forward, sphere" {
			want = 4 + 3
		}
		if f != rosenbrock(x)+4 || value != f || err != nil || calls != want || atX != 3 || !slices.Equal(at, x) {
			t.Errorf("%s: value %v and %v, %v, %d calls, want %d, of them %d at x, x becomes %v", e.name, f, value, err, calls, want, atX, at)
		}
		// Nothing to do.
		if _, g := evaluate(t, o, []float64{}, s); len(g) != 0 {
			t.Errorf("%s: no variables", e.name)
		}
	}
}

// The stream of the directions is neither that of the objective nor that of method.Noise, and another for each Sample.
func TestDirectionsStream(t *testing.T) {
	direction := func(s stochopt.Sample) (u []float64) {
		e := gradient.Smoothing{Forward: true, Width: 1}
		evaluate(t, e.Oracle(func(_, x []float64, _ stochopt.Sample) (float64, error) {
			u = slices.Clone(x) // at last x + u
			return 0, nil
		}), make([]float64, 3), s)
		return u
	}
	normals := func(s stochopt.Sample) []float64 {
		r := s.Rand()
		return []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
	}
	s := stochopt.Sample{Seed: 5, Step: 6}
	seen := [][]float64{normals(s)}
	noise := s
	noise.Probe = -1
	seen = append(seen, normals(noise), direction(s))
	for i := range 4 {
		other := s
		*[]*int{&other.Step, &other.Probe, &other.Replicate, new(int)}[i]++
		if i == 3 {
			other.Seed++
		}
		seen = append(seen, direction(other))
	}
	for i := range seen {
		for j := range i {
			if slices.Equal(seen[i], seen[j]) {
				t.Errorf("streams %d and %d are the same", i, j)
			}
		}
	}
	if !slices.Equal(direction(s), seen[2]) {
		t.Error("equal Samples give different directions")
	}
	// So an Average of draws of one direction has the directions of one draw of several.
	x := []float64{.1, .2, .3}
	for _, e := range estimators[:3] {
		f := gradient.Func(rosenbrock)
		_, one := evaluate(t, e.make(6, nil, 1).Oracle(f), x, s)
		_, six := evaluate(t, gradient.Average(e.make(1, nil, 1).Oracle(f), 6, 1), x, s)
		for i := range x {
			if math.Abs(one[i]-six[i]) > 1e-12*math.Abs(one[i]) {
				t.Errorf("%s: six directions %v, an average of six draws %v", e.name, one, six)
			}
		}
	}
}

func TestDirectionsConcurrent(t *testing.T) {
	x := make([]float64, 30)
	for i := range x {
		x[i] = math.Sin(float64(i))
	}
	s := stochopt.Sample{Seed: 3, Step: 4}
	f := func(_, x []float64, s stochopt.Sample) (float64, error) {
		runtime.Gosched()
		return rosenbrock(x) * (1 + s.Rand().Float64()), nil
	}
	for _, e := range estimators {
		wantF, want := evaluate(t, e.make(17, nil, 0).Oracle(f), x, s)
		for _, concurrent := range []int{2, 8, 100} {
			o := e.make(17, nil, concurrent).Oracle(f)
			failed := make(chan bool, 8)
			for range 4 { // calls at once
				go func() {
					ok := true
					for range 5 {
						grad := make([]float64, len(x))
						got, err := o(grad, x, s)
						ok = ok && err == nil && got == wantF && slices.Equal(grad, want)
					}
					failed <- !ok
				}()
			}
			for range 4 {
				if <-failed {
					t.Errorf("%s: %d at once give other bits than one", e.name, concurrent)
				}
			}
		}
	}
}

// Variables of other units, with Scale to match, give the same bits.
func TestDirectionsScale(t *testing.T) {
	s := stochopt.Sample{Seed: 2}
	z, scale, x := []float64{.3, -.4, .5, 2}, []float64{0x1p-40, 0x1p30, 1, 2}, make([]float64, 4)
	for i, v := range z {
		x[i] = v * scale[i]
	}
	scaled := gradient.Func(func(x []float64) float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = v / scale[i]
		}
		return rosenbrock(y)
	})
	for _, e := range estimators {
		_, want := evaluate(t, e.make(3, nil, 1).Oracle(gradient.Func(rosenbrock)), z, s)
		_, got := evaluate(t, e.make(3, scale, 1).Oracle(scaled), x, s)
		for i := range got {
			if got[i]*scale[i] != want[i] {
				t.Errorf("%s: component %d: %v, want %v", e.name, i, got[i]*scale[i], want[i])
			}
		}
		// The companion: without Scale it is something else, or lost in the rounding of the large variable.
		grad := make([]float64, 4)
		if _, err := e.make(3, nil, 1).Oracle(scaled)(grad, x, s); err == nil && grad[0]*scale[0] == want[0] {
			t.Errorf("%s: without Scale it is the same: the test cannot fail", e.name)
		}
	}
}

func TestDirectionsFailures(t *testing.T) {
	x := slices.Repeat([]float64{1, 2, 3}, 10) // so many that no two directions are the same
	bad := errors.New("bad")
	for _, e := range estimators {
		for _, concurrent := range []int{0, 1, 3, 8} {
			// In which order do the points come? One after the other, then at once with a failure from the fourth
			// direction on.
			var points [][]float64
			evaluate(t, e.make(8, nil, 1).Oracle(gradient.Func(func(y []float64) float64 {
				points = append(points, slices.Clone(y))
				return 0
			})), x, stochopt.Sample{Seed: 2})
			from := 1 + 3*(len(points)-1)/8
			which := func(y []float64) int {
				return slices.IndexFunc(points, func(p []float64) bool { return slices.Equal(p, y) })
			}
			o := e.make(8, nil, concurrent).Oracle(func(_, y []float64, _ stochopt.Sample) (float64, error) {
				if i := which(y); i >= from {
					return 0, fmt.Errorf("failed at %d", i)
				}
				return 0, nil
			})
			p := e.make(8, nil, concurrent).Oracle(gradient.Func(func(y []float64) float64 {
				if i := which(y); i >= from {
					panic(fmt.Sprintf("boom at %d", i))
				}
				return 0
			}))
			for range 10 {
				if _, err := o(make([]float64, len(x)), x, stochopt.Sample{Seed: 2}); err == nil || err.Error() != fmt.Sprintf("failed at %d", from) {
					t.Errorf("%s, concurrent %d: error %v, want that at point %d", e.name, concurrent, err, from)
				}
				wantPanic(t, fmt.Sprintf("boom at %d", from), func() { p(make([]float64, len(x)), x, stochopt.Sample{Seed: 2}) })
			}
			// The other end.
			o = e.make(8, nil, concurrent).Oracle(func(_, y []float64, _ stochopt.Sample) (float64, error) {
				if which(y) == len(points)-1 {
					return 0, bad
				}
				return 0, nil
			})
			if _, err := o(make([]float64, len(x)), x, stochopt.Sample{Seed: 2}); err != bad {
				t.Errorf("%s: error at the last point: %v", e.name, err)
			}
		}
		o := e.make(1, nil, 1).Oracle(func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 1, bad })
		if _, err := o(make([]float64, len(x)), x, stochopt.Sample{Seed: 2}); err != bad {
			t.Errorf("%s: error at x: %v", e.name, err)
		}
		o = e.make(1, nil, 1).Oracle(gradient.Func(rosenbrock))
		for _, large := range []float64{1e16, -1e12, 1e300} {
			if _, err := o(make([]float64, 3), []float64{0, large, 0}, stochopt.Sample{Seed: 2}); err == nil {
				t.Errorf("%s: a width of 0.01 at %v is no error", e.name, large)
			}
		}
		if _, err := o(make([]float64, 3), []float64{0, 1e8, 0}, stochopt.Sample{Seed: 2}); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
		wantPanic(t, "len(grad) = 1, len(x) = 30", func() { o(x[:1], x, stochopt.Sample{Seed: 2}) })
		wantPanic(t, "Scale) = 2, but len(x) = 30", func() {
			e.make(1, []float64{1, 1}, 1).Oracle(gradient.Func(rosenbrock))(x, x, stochopt.Sample{Seed: 2})
		})
		wantPanic(t, "Scale[1] = 0", func() { e.make(1, []float64{1, 0}, 1).Oracle(gradient.Func(rosenbrock)) })
		wantPanic(t, "Concurrent = -1", func() { e.make(1, nil, -1).Oracle(gradient.Func(rosenbrock)) })
		wantPanic(t, "= -", func() { e.make(-1, nil, 1).Oracle(gradient.Func(rosenbrock)) })
		wantPanic(t, "Oracle of nil", func() { e.make(1, nil, 1).Oracle(nil) })
	}
	f := gradient.Func(rosenbrock)
	wantPanic(t, "gradient: SPSA.Width = -1", func() { gradient.SPSA{Width: -1}.Oracle(f) })
	wantPanic(t, "gradient: SPSA.Decay = -1", func() { gradient.SPSA{Decay: -1}.Oracle(f) })
	wantPanic(t, "gradient: Smoothing.Width = NaN", func() { gradient.Smoothing{Width: math.NaN()}.Oracle(f) })
	wantPanic(t, "gradient: Evolution.Width = +Inf", func() { gradient.Evolution{Width: math.Inf(1)}.Oracle(f) })
	wantPanic(t, "gradient: Evolution.Population = 5", func() { gradient.Evolution{Population: 5}.Oracle(f) })
	wantPanic(t, "gradient: SPSA: Sample.Step = -1", func() { gradient.SPSA{}.Oracle(f)(x, slices.Clone(x), stochopt.Sample{Step: -1}) })
}

func TestDirectionsAllocations(t *testing.T) {
	x, grad := make([]float64, 100), make([]float64, 100)
	for _, e := range estimators {
		o := e.make(4, nil, 1).Oracle(gradient.Func(rosenbrock))
		k := 0
		if got := testing.AllocsPerRun(100, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
			t.Errorf("%s: %v allocations", e.name, got)
		}
	}
	var a gradient.AdaptiveSPSA
	o := a.Oracle(gradient.Func(rosenbrock))
	x, grad = x[:20], grad[:20]
	k := 0
	if got := testing.AllocsPerRun(20, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
		t.Errorf("AdaptiveSPSA: %v allocations", got)
	}
}

func BenchmarkDirections(b *testing.B) {
	for _, e := range estimators {
		for _, n := range []int{2, 100} {
			x, grad := make([]float64, n), make([]float64, n)
			for _, c := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/n=%d/concurrent=%d", e.name, n, c), func(b *testing.B) {
					o := e.make(8, nil, c).Oracle(gradient.Func(rosenbrock))
					b.ReportAllocs()
					k := 0
					for b.Loop() {
						o(grad, x, stochopt.Sample{Step: k})
						k++
					}
				})
			}
		}
	}
}

// TestDirectionsOwnRandomness: with the default Width an f that does not repeat its values is an error of the first draw; with
// a Width of its own it is not, and an f that repeats them is asked once more in the first draw only.
func TestDirectionsOwnRandomness(t *testing.T) {
	x := []float64{1, 2}
	own := func() stochopt.Oracle {
		r := rand.New(rand.NewPCG(1, 2))
		return func(_, x []float64, _ stochopt.Sample) (float64, error) { return rosenbrock(x) + r.NormFloat64(), nil }
	}
	for _, c := range []struct {
		name           string
		unset, set     estimator
		first, another int // values
	}{
		{"SPSA", gradient.SPSA{}, gradient.SPSA{Width: 0.01}, 4, 3},
		{"Smoothing", gradient.Smoothing{Forward: true}, gradient.Smoothing{Width: 0.01}, 3, 2},
		{"Evolution", gradient.Evolution{Population: 2}, gradient.Evolution{Width: 0.01}, 4, 3},
		{"AdaptiveSPSA", &gradient.AdaptiveSPSA{Warmup: 1}, &gradient.AdaptiveSPSA{Width: 0.01}, 6, 5},
	} {
		grad := make([]float64, 2)
		_, err := c.unset.Oracle(own())(grad, x, stochopt.Sample{})
		if err == nil || !strings.Contains(err.Error(), c.name+": two values at the same x and Sample are") || !strings.Contains(err.Error(), "set Width") {
			t.Errorf("%s: error %v", c.name, err)
		}
		if _, err := c.set.Oracle(own())(grad, x, stochopt.Sample{}); err != nil {
			t.Errorf("%s with a Width: %v", c.name, err)
		}
		calls := 0
		o := c.unset.Oracle(func(_, x []float64, s stochopt.Sample) (float64, error) {
			calls++
			return rosenbrock(x) + s.Rand().NormFloat64(), nil
		})
		for step, want := range []int{c.first, c.another, c.another} {
			calls = 0
			if _, err := o(grad, x, stochopt.Sample{Step: step}); err != nil || calls != want {
				t.Errorf("%s, step %d: %v, %d values, want %d", c.name, step, err, calls, want)
			}
		}
	}
}
