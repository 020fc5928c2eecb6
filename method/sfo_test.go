package method_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// logistic is regression of a yes or no on n columns whose scales differ by factors of 1.3, with a small penalty: blocks terms
// of 40 data each.
func logistic(n, blocks int, seed uint64) gradient.FiniteSum {
	return regression(n, blocks, 1.3, 1e-3, seed)
}

func regression(n, blocks int, ratio, penalty float64, seed uint64) gradient.FiniteSum {
	rnd := rand.New(rand.NewPCG(seed, 1))
	const size = 40
	data, yes := make([][]float64, size*blocks), make([]bool, size*blocks)
	truth := make([]float64, n)
	for j := range truth {
		truth[j] = rnd.NormFloat64() / math.Pow(ratio, float64(j))
	}
	for i := range data {
		data[i] = make([]float64, n)
		for j := range data[i] {
			data[i][j] = rnd.NormFloat64() * math.Pow(ratio, float64(j))
		}
		yes[i] = rnd.Float64() < 1/(1+math.Exp(-floats.Dot(data[i], truth)))
	}
	return gradient.FiniteSum{N: len(data), Term: func(grad, x []float64, i int) float64 {
		z := floats.Dot(data[i], x)
		if yes[i] {
			z = -z
		}
		f := max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) + penalty/2*floats.Dot(x, x)
		if grad != nil {
			d := 1 / (1 + math.Exp(-z))
			if yes[i] {
				d = -d
			}
			floats.AddScaled(grad, d, data[i])
			floats.AddScaled(grad, penalty, x)
		}
		return f
	}}
}

// passes runs SFO on the blocks for some passes through them.
func passes(fs gradient.FiniteSum, blocks, n int, seed uint64, passes int) (*optimize.Result, error) {
	s := &optimize.Settings{GradEvaluations: blocks * passes, Converger: optimize.NeverTerminate{}}
	return stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(blocks)}, make([]float64, n), s,
		&method.SFO{Terms: blocks, Seed: seed})
}

// minimum is the value of the sum at its minimum, to rounding.
func minimum(t *testing.T, fs gradient.FiniteSum, n int) float64 {
	t.Helper()
	s := &optimize.Settings{GradientThreshold: 1e-13, Converger: optimize.NeverTerminate{}, MajorIterations: 10000}
	r, _ := optimize.Minimize(stochopt.Problem{Oracle: fs.Full()}.Optimize(), make([]float64, n), s, &optimize.BFGS{})
	if g := floats.Norm(r.Gradient, 2); g > 1e-6 { // its search of the line ends there in rounding; F is off by the square
		t.Fatalf("BFGS ends at a gradient of %v", g)
	}
	return r.F
}

// value is that of the whole sum.
func value(fs gradient.FiniteSum, x []float64) float64 {
	f, _ := fs.Full()(nil, x, stochopt.Sample{})
	return f
}

// TestSFOLogistic: SFO comes to rounding level in less than 25 passes; minibatches of the same blocks, in which gradient descent
// sees noise only, are far from it whatever the step.
func TestSFOLogistic(t *testing.T) {
	const n, blocks = 12, 30
	for seed := range uint64(5) {
		fs := logistic(n, blocks, seed)
		least := minimum(t, fs, n)
		for _, c := range []struct {
			passes int
			gap    float64
		}{{9, 2e-2}, {15, 1e-10}, {24, 1e-14}} {
			r, err := passes(fs, blocks, n, seed, c.passes)
			if err != nil {
				t.Fatal(err)
			}
			gap := value(fs, r.X) - least
			if !(gap <= c.gap) {
				t.Errorf("seed %d: %.2g from the minimum after %d passes, want %g", seed, gap, c.passes, c.gap)
			}
			t.Logf("seed %d: %.2g from the minimum after %d passes", seed, gap, c.passes)
		}
		best := math.Inf(1)
		for _, step := range []float64{1e-3, 1e-2, 1e-1} {
			s := &optimize.Settings{GradEvaluations: 24 * blocks, Converger: optimize.NeverTerminate{}}
			r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Shuffled(40), Seed: seed}, make([]float64, n), s,
				&method.SGD{StepSize: step, Schedule: func(k int) float64 { return 1 / (1 + float64(k)/100) }})
			if err != nil {
				t.Fatal(err)
			}
			best = min(best, value(fs, r.X)-least)
		}
		if best < 1e-5 {
			t.Errorf("seed %d: gradient descent comes within %.2g: the test is too easy", seed, best)
		}
		t.Logf("seed %d: gradient descent comes within %.2g", seed, best)
	}
}

// bowls are quadratic terms, each with a Hessian and a minimum of its own, in coordinates that turn has turned.
func bowls(n, terms int, seed uint64, turn func(x []float64) []float64, back func(g []float64) []float64) gradient.FiniteSum {
	rnd := rand.New(rand.NewPCG(seed, 2))
	h, o := make([][]float64, terms), make([][]float64, terms)
	for i := range h {
		h[i], o[i] = make([]float64, n), make([]float64, n)
		for j := range n {
			h[i][j], o[i][j] = math.Exp(rnd.NormFloat64()), rnd.NormFloat64()
		}
	}
	return gradient.FiniteSum{N: terms, Term: func(grad, x []float64, i int) (f float64) {
		y := x
		if turn != nil {
			y = turn(x)
		}
		g := make([]float64, n)
		for j, v := range y {
			d := v - o[i][j]
			f += h[i][j] * d * d / 2
			g[j] = h[i][j] * d
		}
		if back != nil {
			g = back(g)
		}
		if grad != nil {
			floats.Add(grad, g)
		}
		return f
	}}
}

// TestSFOQuadratic: the models of quadratic terms become exact, and the step then goes to the minimum.
func TestSFOQuadratic(t *testing.T) {
	for seed := range uint64(5) {
		const n, terms = 5, 25
		fs := bowls(n, terms, seed, nil, nil)
		least := minimum(t, fs, n)
		early, err := passes(fs, terms, n, seed, 4)
		if err != nil {
			t.Fatal(err)
		}
		r, err := passes(fs, terms, n, seed, 20)
		if err != nil {
			t.Fatal(err)
		}
		if gap := value(fs, r.X) - least; gap > 1e-14 {
			t.Errorf("seed %d: %.2g from the minimum", seed, gap)
		}
		if gap := value(fs, early.X) - least; gap < 1e-10 {
			t.Errorf("seed %d: %.2g from the minimum before the models can be exact", seed, gap)
		}
	}
}

// follow runs m on the blocks from x and returns the first evaluated points, without those that are evaluated twice.
func follow(t *testing.T, m *method.SFO, fs gradient.FiniteSum, x []float64, evaluations int) (points [][]float64) {
	t.Helper()
	o := fs.Blocks(m.Terms)
	x, g := slices.Clone(x), make([]float64, len(x))
	m.Reset(len(x))
	for range evaluations {
		s, err := m.Draw(stochopt.Sample{})
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, slices.Clone(x))
		f, err := o(g, x, s)
		if err != nil {
			t.Fatal(err)
		}
		m.Observe(f)
		m.Step(x, g)
	}
	return points
}

// TestSFORotation: in the whole space the path turns with the axes, but does not stretch with them.
func TestSFORotation(t *testing.T) {
	const n, terms, evaluations = 4, 10, 100
	rnd := rand.New(rand.NewPCG(1, 1))
	q := make([][]float64, n) // orthogonal
	for i := range q {
		q[i] = make([]float64, n)
		for j := range q[i] {
			q[i][j] = rnd.NormFloat64()
		}
		for _, p := range q[:i] {
			floats.AddScaled(q[i], -floats.Dot(p, q[i]), p)
		}
		floats.Scale(1/floats.Norm(q[i], 2), q[i])
	}
	times := func(x []float64) []float64 {
		y := make([]float64, n)
		for i := range y {
			y[i] = floats.Dot(q[i], x)
		}
		return y
	}
	transposed := func(y []float64) []float64 {
		x := make([]float64, n)
		for i := range y {
			floats.AddScaled(x, y[i], q[i])
		}
		return x
	}
	stretch := func(x []float64) []float64 {
		return []float64{x[0] * 2, x[1], x[2], x[3]}
	}
	start := []float64{1, -2, 3, 0.5}
	straight := follow(t, &method.SFO{Terms: terms}, bowls(n, terms, 1, nil, nil), start, evaluations)
	turned := follow(t, &method.SFO{Terms: terms}, bowls(n, terms, 1, times, transposed), transposed(start), evaluations)
	stretched := follow(t, &method.SFO{Terms: terms}, bowls(n, terms, 1, stretch, stretch), []float64{0.5, -2, 3, 0.5}, evaluations)
	var off, wrong float64
	for k, p := range straight {
		off = max(off, floats.Distance(times(turned[k]), p, 2))
		wrong = max(wrong, floats.Distance(stretch(stretched[k]), p, 2))
	}
	if !(off < 1e-8) { // of a way of 4; errors of rounding grow on the way
		t.Errorf("the path in turned coordinates is off by %v", off)
	}
	if !(wrong > 1e-2) {
		t.Errorf("the path in stretched coordinates is off by %v only: the test cannot fail", wrong)
	}
}

// TestSFOSubspace: in many dimensions SFO works in 3N+3 of them and still comes to the minimum.
func TestSFOSubspace(t *testing.T) {
	const n, terms = 300, 20
	for seed := range uint64(3) {
		fs := regression(n, terms, 1, 0.1, seed)
		least := minimum(t, fs, n)
		if first := value(fs, make([]float64, n)) - least; first < 0.1 {
			t.Errorf("seed %d: starts %.2g from the minimum", seed, first)
		}
		for _, c := range []struct {
			passes int
			gap    float64
		}{{10, 1e-6}, {24, 1e-13}} {
			r, err := passes(fs, terms, n, seed, c.passes)
			if err != nil {
				t.Fatal(err)
			}
			gap := value(fs, r.X) - least
			if !(gap <= c.gap) {
				t.Errorf("seed %d: %.2g from the minimum after %d passes, want %g", seed, gap, c.passes, c.gap)
			}
			t.Logf("seed %d: %.2g from the minimum after %d passes", seed, gap, c.passes)
		}
	}
}

// TestSFONoise: terms that are not what they were are found in the first pass, or soon after they begin to differ; those that
// differ in rounding are not.
func TestSFONoise(t *testing.T) {
	const n, blocks = 12, 30
	for seed := range uint64(5) {
		fs := logistic(n, blocks, seed)
		terms := fs.Blocks(blocks)
		for _, c := range []struct {
			name                   string
			value, gradient, round float64 // standard deviations of noise, the last relative
			from                   int     // evaluation at which it begins
			found                  int     // evaluation by which it must be found; 0 is never
		}{
			{name: "value and gradient", value: 0.3, gradient: 0.3, found: blocks},
			{name: "value", value: 0.3, found: blocks},
			{name: "gradient", gradient: 0.3, found: blocks},
			{name: "little", value: 1e-6, gradient: 1e-6, found: blocks},
			{name: "late", value: 0.3, gradient: 0.3, from: 400, found: 400 + 2*blocks},
			{name: "rounding", round: 1e-15},
			{name: "solver", round: 1e-10}, // as of terms that are solved for, to a tolerance
			{name: "none"},
		} {
			if seed > 1 && c.found == 0 {
				continue // a long run
			}
			rnd := rand.New(rand.NewPCG(seed, 3)) // fresh: not of the Sample
			evaluations := 0
			p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
				f, err := terms(grad, x, s)
				evaluations++
				if evaluations <= c.from {
					return f, err
				}
				f += c.value*rnd.NormFloat64() + c.round*f*rnd.NormFloat64()
				for i := range grad {
					grad[i] += c.gradient*rnd.NormFloat64() + c.round*grad[i]*rnd.NormFloat64()
				}
				return f, err
			}}
			s := &optimize.Settings{GradEvaluations: 40 * blocks, Converger: optimize.NeverTerminate{}}
			r, err := stochopt.Minimize(context.Background(), p, make([]float64, n), s, &method.SFO{Terms: blocks, Seed: seed})
			switch {
			case c.found == 0 && err != nil:
				t.Errorf("seed %d, %s: %v", seed, c.name, err)
			case c.found > 0 && (err == nil || r.Status != optimize.Failure || evaluations > c.found):
				t.Errorf("seed %d, %s: %v, error %v after %d evaluations, want one by %d", seed, c.name, r.Status, err, evaluations, c.found)
			case c.found > 0:
				for _, part := range []string{"is noisy: evaluated twice at one point, its value was ", "freeze its randomness", "use Adam"} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%v does not say %q", err, part)
					}
				}
			}
		}
	}
}

// TestSFORoundingOfNothing: where all terms come to 0, what is left of them is rounding of what they are made of.
func TestSFORoundingOfNothing(t *testing.T) {
	const n, terms = 3, 25
	rnd := rand.New(rand.NewPCG(1, 1))
	a := make([][]float64, terms)
	for i := range a {
		a[i] = []float64{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()}
	}
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		row := a[s.Step]
		r := floats.Dot(row, x) - floats.Sum(row) + 1e-15*rnd.NormFloat64() // 0 at (1, 1, 1)
		floats.ScaleTo(grad, r, row)
		return r * r / 2, nil
	}}
	s := &optimize.Settings{GradEvaluations: 60 * terms, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), p, make([]float64, n), s, &method.SFO{Terms: terms, MinStep: stochopt.Zero})
	if d := floats.Distance(r.X, []float64{1, 1, 1}, 2); err != nil || !(d < 1e-12) {
		t.Errorf("%v from the minimum, error %v", d, err)
	}
}

// TestSFODraw: a term is asked for as often as one likes, by a Rule around SFO as well, whatever the next draw would be.
func TestSFODraw(t *testing.T) {
	m := &method.SFO{Terms: 7}
	m.Reset(3)
	x := []float64{1, 2, 3}
	for k := range 50 {
		first, err := m.Draw(stochopt.Sample{Seed: 9, Step: 12, Probe: 3, Replicate: 2})
		again, err2 := m.Draw(stochopt.Sample{Seed: 9, Step: 30})
		if err != nil || err2 != nil || first != again || first != (stochopt.Sample{Seed: 9, Step: first.Step}) || first.Step < 0 || first.Step >= 7 {
			t.Fatalf("evaluation %d: %+v %v, then %+v %v", k, first, err, again, err2)
		}
		m.Observe(floats.Dot(x, x) / 2 * float64(1+first.Step))
		m.Step(x, []float64{x[0] * float64(1+first.Step), x[1] * float64(1+first.Step), x[2] * float64(1+first.Step)})
	}
	fs := bowls(3, 10, 1, nil, nil)
	s := &optimize.Settings{GradEvaluations: 600, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(10)}, []float64{5, 5, 5}, s,
		&method.Average{Rule: &method.SFO{Terms: 10}, Decay: 0.5})
	if gap := value(fs, r.X) - minimum(t, fs, 3); err != nil || !(gap < 1e-12) {
		t.Errorf("an average ends %v from the minimum, error %v", gap, err)
	}
}

// TestSFOMoved: whatever moves x between the steps, in the subspace or out of it, is no noise and does not keep SFO from the minimum.
func TestSFOMoved(t *testing.T) {
	const n, terms = 200, 8
	fs := bowls(n, terms, 6, nil, nil)
	box := func(x []float64) {
		for i := range x {
			x[i] = min(max(x[i], -10), 10) // the minimum is inside, the way to it is not
		}
	}
	start := make([]float64, n)
	for i := range start {
		start[i] = 9 - float64(i%5)
	}
	least := minimum(t, fs, n)
	for name, m := range map[string]optimize.Method{
		"projection": &stochopt.Sequential{Rule: &method.SFO{Terms: terms}, Project: box},
		"Lookahead":  &method.Lookahead{Rule: &method.SFO{Terms: terms}, SyncPeriod: 5, SlowStepSize: 0.8},
	} {
		s := &optimize.Settings{GradEvaluations: 100 * terms, Converger: optimize.NeverTerminate{}}
		r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(terms)}, start, s, m)
		if gap := value(fs, r.X) - least; err != nil || !(gap < 1e-8) {
			t.Errorf("%s: %v from the minimum, error %v", name, gap, err)
		}
	}
}

// TestSFOFewTerms: there may be a single term, which is then minimized by BFGS.
func TestSFOFewTerms(t *testing.T) {
	for _, terms := range []int{1, 2, 3} {
		fs := bowls(6, terms, 1, nil, nil)
		r, err := passes(fs, terms, 6, 1, 300/terms)
		if gap := value(fs, r.X) - minimum(t, fs, 6); err != nil || !(gap < 1e-13) {
			t.Errorf("%d terms: %v from the minimum, error %v", terms, gap, err)
		}
	}
}

// TestSFONotFinite: in a plain loop, a step to where a term is not finite is rejected, and the run goes on.
func TestSFONotFinite(t *testing.T) {
	const terms, n = 25, 3
	// A barrier: each term is infinite or NaN outside a ball around a point of its own; the minimum is inside all of them.
	o := bowls(n, terms, 4, nil, nil).Blocks(terms)
	run := func(wall float64) (*method.SFO, []float64, int, error) {
		m, x, g := &method.SFO{Terms: terms, HessianInit: 1e-2}, make([]float64, n), make([]float64, n) // the first step is far too long
		m.Reset(n)
		outside := 0
		for range 60 * terms {
			s, err := m.Draw(stochopt.Sample{})
			if err != nil {
				return m, x, outside, err
			}
			f, _ := o(g, x, s)
			if r := floats.Norm(x, 2); !(r <= wall) {
				outside++
				f = math.Inf(1)
				g[s.Step%n] = math.NaN()
			}
			m.Observe(f)
			m.Step(x, g)
		}
		return m, x, outside, nil
	}
	_, x, outside, err := run(10)
	fs := bowls(n, terms, 4, nil, nil)
	if gap := value(fs, x) - minimum(t, fs, n); err != nil || !(gap < 1e-12) || outside == 0 {
		t.Errorf("%v from the minimum, %d evaluations not finite, error %v", gap, outside, err)
	}
	// At the start there is nothing to go back to.
	m, x, _, err := run(-1)
	if err == nil || !strings.Contains(err.Error(), "is not finite") || !slices.Equal(x, make([]float64, n)) {
		t.Errorf("not finite at the start: x = %v, error %v", x, err)
	}
	m.Step(x, x)
	if !slices.Equal(x, make([]float64, n)) {
		t.Errorf("after an error x moves to %v", x)
	}
	// So is a value that has not been told.
	m.Reset(n)
	m.Step(x, x)
	if _, err := m.Draw(stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "Observe was not called") {
		t.Errorf("without Observe: error %v", err)
	}
}

// TestSFOLongStart: a HessianInit that is far too small is made good by rejected steps.
func TestSFOLongStart(t *testing.T) {
	fs := bowls(4, 25, 2, nil, nil)
	s := &optimize.Settings{GradEvaluations: 25 * 24, Converger: optimize.NeverTerminate{}}
	for _, h := range []float64{1e-6, 1, 1e12} {
		r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(25)}, make([]float64, 4), s,
			&method.SFO{Terms: 25, HessianInit: h})
		if gap := value(fs, r.X) - minimum(t, fs, 4); err != nil || !(gap < 1e-12) {
			t.Errorf("HessianInit %v: %v from the minimum, error %v", h, gap, err)
		}
	}
}

// TestSFOShortStart: while the first steps show no difference of gradients the curvature is taken to be less and less.
func TestSFOShortStart(t *testing.T) {
	slope := gradient.FiniteSum{N: 1, Term: func(grad, x []float64, _ int) float64 {
		grad[0]++
		return x[0]
	}}
	points := follow(t, &method.SFO{Terms: 1}, slope, []float64{0}, 6)
	var steps []float64
	for k, p := range points[1:] {
		if d := points[k][0] - p[0]; d != 0 { // else the second evaluation, made twice
			steps = append(steps, d)
		}
	}
	for k, want := range []float64{1e-5, 1e-5, 1e-4} { // then ten times the mean of these is the limit
		if k >= len(steps) || math.Abs(steps[k]/want-1) > 1e-6 {
			t.Fatalf("steps %v: number %d is not %v", steps, k, want)
		}
	}
}

// TestSFOFlatTerms: terms that are constant or linear, or whose curvature is nothing beside that of another, do not hold the
// others up: the gradient of the sum vanishes, and where it cannot the sum falls without end.
func TestSFOFlatTerms(t *testing.T) {
	const n, terms = 3, 30
	center := func(i, j int) float64 { return math.Sin(float64(7*i + 3*j + 1)) }
	for name, h := range map[string]func(i int) float64{
		"half constant":     func(i int) float64 { return float64(i % 2) },
		"one not constant":  func(i int) float64 { return float64(i / 29) },
		"all nearly flat":   func(i int) float64 { return math.Pow(1e-12, float64(min(1, 29-i))) },
		"scales up to 1e12": func(i int) float64 { return math.Pow(1e12, -float64(i)/29) },
	} {
		fs := gradient.FiniteSum{N: terms, Term: func(grad, x []float64, i int) (f float64) {
			for j, v := range x {
				u := v - center(i, j)
				f += h(i) * u * u / 2
				grad[j] += h(i) * u
			}
			return f
		}}
		r, err := passes(fs, terms, n, 1, 40)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range r.X {
			var sum, mean float64
			for i := range terms {
				sum += h(i)
				mean += h(i) * center(i, j)
			}
			if mean /= sum; !(math.Abs(v-mean) < 1e-6) {
				t.Errorf("%s: x[%d] = %v, want %v", name, j, v, mean)
			}
		}
	}
	slopes := gradient.FiniteSum{N: terms, Term: func(grad, x []float64, i int) float64 {
		grad[0] += center(i, 0) + 1
		return (center(i, 0) + 1) * x[0]
	}}
	if r, err := passes(slopes, terms, 1, 1, 20); err == nil && !(r.X[0] < -1e6) {
		t.Errorf("down a slope without end: x = %v", r.X)
	}
}

// TestSFOUnits: nothing depends on the units of f and of x if HessianInit and MinStep are in them, in the whole range of numbers.
func TestSFOUnits(t *testing.T) {
	const n, terms = 4, 25
	run := func(ofX, ofF int, m method.SFO) []float64 {
		bowl := bowls(n, terms, 4, nil, nil).Blocks(terms)
		y := make([]float64, n)
		o := func(grad, x []float64, s stochopt.Sample) (float64, error) {
			for i, v := range x {
				y[i] = math.Ldexp(v, -ofX)
			}
			f, err := bowl(grad, y, s)
			for i, g := range grad {
				grad[i] = math.Ldexp(g, ofF-ofX)
			}
			return math.Ldexp(f, ofF), err
		}
		m.Terms, m.HessianInit, m.MinStep = terms, math.Ldexp(cmp.Or(m.HessianInit, 1e5), ofF-2*ofX), math.Ldexp(1e-8, ofX)
		s := &optimize.Settings{GradEvaluations: 12 * terms, Converger: optimize.NeverTerminate{}}
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Ldexp(1, ofX)
		}
		r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: o}, x, s, &m)
		if err != nil {
			t.Fatalf("f in units of 2^%d, x of 2^%d: %v", ofF, ofX, err)
		}
		for i, v := range r.X {
			r.X[i] = math.Ldexp(v, -ofX)
		}
		return r.X
	}
	want := run(0, 0, method.SFO{})
	for _, c := range []struct{ x, f int }{{0, -980}, {0, -500}, {0, 60}, {0, 460}, {-300, 0}, {-30, 0}, {30, 0}, {300, 0}} {
		if got := run(c.x, c.f, method.SFO{}); !(floats.Distance(got, want, math.Inf(1)) < 1e-8) {
			t.Errorf("f in units of 2^%d, x of 2^%d: %v, want %v", c.f, c.x, got, want)
		}
	}
	if got := run(0, 0, method.SFO{HessianInit: 1e9}); floats.Distance(got, want, math.Inf(1)) == 0 {
		t.Error("another HessianInit makes no difference")
	}
}

// TestSFOFarFromZero: steps that are lost in the rounding of x, as those of a HessianInit that is far too large are, become longer.
func TestSFOFarFromZero(t *testing.T) {
	const far = 1e9
	fs := gradient.FiniteSum{N: 25, Term: func(grad, x []float64, i int) float64 {
		u := (x[0]-far)/10 - float64(i)
		grad[0] += u / 10
		return u * u / 2
	}}
	s := &optimize.Settings{GradEvaluations: 40 * fs.N, Converger: optimize.NeverTerminate{}}
	r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: fs.Blocks(fs.N)}, []float64{far}, s,
		&method.SFO{Terms: fs.N, HessianInit: 1e9})
	if want := far + 120; err != nil || math.Abs(r.X[0]-want) > 1e-2 {
		t.Errorf("x = %v, want %v, error %v", r.X, want, err)
	}
}

// TestSFOAllRejected: when not a single step has been kept there is no mean length that would limit the next.
func TestSFOAllRejected(t *testing.T) {
	wall := gradient.FiniteSum{N: 1, Term: func(grad, x []float64, _ int) float64 {
		grad[0] += math.Sinh(x[0] - 1)
		return math.Cosh(x[0] - 1)
	}}
	for k, p := range follow(t, &method.SFO{Terms: 1, HessianInit: 0.4}, wall, []float64{0}, 100) {
		if k == 99 && math.Abs(p[0]-1) > 1e-6 {
			t.Errorf("x = %v after %d evaluations", p, k)
		}
	}
}

// TestSFOState goes on from the state at each evaluation of a run that rejects steps and reduces its subspace, and refuses states
// that are damaged or those of another method.
func TestSFOState(t *testing.T) {
	for _, c := range []struct{ n, terms, evaluations int }{{4, 8, 120}, {40, 4, 120}} {
		fs := bowls(c.n, c.terms, 3, nil, nil)
		o := fs.Blocks(c.terms)
		step := func(m *method.SFO, x []float64) {
			g := make([]float64, c.n)
			s, err := m.Draw(stochopt.Sample{})
			if err != nil {
				t.Fatal(err)
			}
			f, _ := o(g, x, s)
			m.Observe(f)
			m.Step(x, g)
		}
		start := make([]float64, c.n)
		for i := range start {
			start[i] = 3 * math.Sin(float64(i))
		}
		whole, x := &method.SFO{Terms: c.terms, HessianInit: 0.1, History: 4, Seed: 5}, slices.Clone(start)
		carried, y := &method.SFO{Terms: c.terms, HessianInit: 0.1, History: 4, Seed: 5}, slices.Clone(start)
		whole.Reset(c.n)
		carried.Reset(c.n)
		for k := range c.evaluations {
			step(whole, x)
			step(carried, y)
			data, _ := carried.MarshalBinary()
			carried = &method.SFO{Terms: c.terms, HessianInit: 0.1, History: 4, Seed: 5}
			if err := carried.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(x, y) {
				t.Fatalf("n = %d, evaluation %d: %v, through bytes %v", c.n, k, x, y)
			}
		}
		data, _ := carried.MarshalBinary()
		for name, other := range map[string]*method.SFO{
			"Terms":   {Terms: c.terms + 1, History: 4},
			"History": {Terms: c.terms},
			"no":      {},
		} {
			if err := other.UnmarshalBinary(data); err == nil || !strings.HasPrefix(err.Error(), "stochopt: state of SFO: ") {
				t.Errorf("other %s: error %v", name, err)
			}
		}
		// Counters out of range would be indices out of range later.
		const header = 4 + 3 + 5*8
		for counter := range 12 + 4*c.terms {
			damaged := slices.Clone(data)
			binary.LittleEndian.PutUint64(damaged[header+8*counter:], 1<<40)
			m := &method.SFO{Terms: c.terms, HessianInit: 0.1, History: 4, Seed: 5}
			if m.UnmarshalBinary(damaged) == nil { // of those that may be great
				step(m, slices.Clone(y))
			}
		}
		if _, err := (&method.SFO{Terms: 3}).MarshalBinary(); err != nil {
			t.Error(err)
		}
		empty, _ := (&method.SFO{Terms: 3}).MarshalBinary()
		if err := (&method.SFO{Terms: 3}).UnmarshalBinary(empty); err == nil {
			t.Error("a state that was never Reset is restored")
		}
	}
}

// TestSFOAllocations: none in the subspace either, reductions included.
func TestSFOAllocations(t *testing.T) {
	const n, terms = 300, 20
	o := regression(n, terms, 1, 0.1, 1).Blocks(terms)
	m, x, g := &method.SFO{Terms: terms}, make([]float64, n), make([]float64, n)
	m.Reset(n)
	if a := testing.AllocsPerRun(20, func() {
		for range terms {
			s, err := m.Draw(stochopt.Sample{})
			if err != nil {
				t.Fatal(err)
			}
			f, _ := o(g, x, s)
			m.Observe(f)
			m.Step(x, g)
		}
	}); a != 0 {
		t.Errorf("%v allocations in a pass", a)
	}
}

// BenchmarkSFO measures a step without the evaluation that it needs, in the whole space and in subspaces.
func BenchmarkSFO(b *testing.B) {
	for _, c := range []struct{ n, terms int }{{12, 30}, {300, 20}, {1000, 30}, {10000, 30}, {1000, 100}} {
		b.Run(fmt.Sprintf("n=%d/terms=%d", c.n, c.terms), func(b *testing.B) {
			o := bowls(c.n, c.terms, 1, nil, nil).Blocks(c.terms)
			m, x, g := &method.SFO{Terms: c.terms}, make([]float64, c.n), make([]float64, c.n)
			m.Reset(c.n)
			step := func() {
				s, err := m.Draw(stochopt.Sample{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				f, _ := o(g, x, s)
				b.StartTimer()
				m.Observe(f)
				m.Step(x, g)
			}
			for range 5 * c.terms { // all active, with differences
				step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				step()
			}
		})
	}
}

// TestSFOSentAway documents what SFO does not stand: terms that are far from quadratic, with curvatures of different orders in
// their variables. Some runs end above their start, and only the F of the sum tells. Quadratic terms of these curvatures are
// all minimized.
func TestSFOSentAway(t *testing.T) {
	const terms, seeds = 8, 60
	for name, c := range map[string]struct {
		quadratic bool
		low, high int
	}{"quadratic": {true, 0, 0}, "with straight ends": {false, seeds / 12, seeds / 3}} {
		above := 0
		for seed := range uint64(seeds) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			n := 2 + int(seed%4)
			h, center := make([]float64, terms*n), make([]float64, terms*n)
			for i := range h {
				h[i], center[i] = math.Pow(1e-3, rnd.Float64()), rnd.NormFloat64()
			}
			fs := gradient.FiniteSum{N: terms, Term: func(grad, x []float64, i int) (f float64) {
				for j, v := range x {
					d, h := v-center[i*n+j], h[i*n+j]
					if c.quadratic {
						f += h * d * d / 2
						grad[j] += h * d
					} else {
						f += h * (math.Sqrt(1+d*d) - 1)
						grad[j] += h * d / math.Sqrt(1+d*d)
					}
				}
				return f
			}}
			x0 := make([]float64, n)
			floats.AddConst(3, x0)
			p := stochopt.Problem{Oracle: fs.Blocks(terms)}
			s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 30 * terms}
			r, err := stochopt.Minimize(context.Background(), p, x0, s, &method.SFO{Terms: terms, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			start, _ := fs.Full()(make([]float64, n), x0, stochopt.Sample{})
			end, _ := fs.Full()(make([]float64, n), r.X, stochopt.Sample{})
			if end > start {
				above++
			}
		}
		t.Logf("%s: %d of %d runs end above their start", name, above, seeds)
		if above < c.low || above > c.high {
			t.Errorf("%s: %d of %d runs end above their start", name, above, seeds)
		}
	}
}
