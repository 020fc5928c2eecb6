package method_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// everySecond stops at every second look, and keeps what it has been shown.
type everySecond struct {
	k     int
	shown []optimize.Location
}

func (c *everySecond) Init(int) { c.k = 0 }
func (c *everySecond) Converged(loc *optimize.Location) optimize.Status {
	c.shown = append(c.shown, optimize.Location{F: loc.F, X: slices.Clone(loc.X), Gradient: slices.Clone(loc.Gradient)})
	if c.k++; c.k < 2 {
		return optimize.NotTerminated
	}
	return optimize.StepConvergence
}

// TestDropWhenStationaryIsASchedule: around the usual Rules its effect is that of the same factors as a Schedule, in
// stages that grow as these fall. Test is shown x and the means over 1/w steps.
func TestDropWhenStationaryIsASchedule(t *testing.T) {
	factors := func(k int) float64 { // stages of 2 looks, each after 1/w steps; the step at the second look is the first shorter one
		w := 1.0
		for end := 1; end <= k; end += int(2 / w) {
			w /= 2
		}
		return w
	}
	for name, rule := range map[string]func(schedule func(k int) float64) stochopt.Rule{
		"SGD":  func(f func(k int) float64) stochopt.Rule { return &method.SGD{Momentum: 0.9, Schedule: f} },
		"Adam": func(f func(k int) float64) stochopt.Rule { return &stochopt.Adam{Schedule: f} },
		"AdamW": func(f func(k int) float64) stochopt.Rule {
			return &method.AdamW{StepSize: 0.1, WeightDecay: 0.5, Schedule: f}
		},
		"Fromage": func(f func(k int) float64) stochopt.Rule { return &method.Fromage{StepSize: 0.5, Schedule: f} }, // not in proportion to it
	} {
		test := &everySecond{}
		a, b := &method.DropWhenStationary{Rule: rule(nil), Test: test}, rule(factors)
		x, y := []float64{1, -2}, []float64{1, -2}
		a.Reset(2)
		b.Reset(2)
		rnd := rand.New(rand.NewPCG(3, 4))
		worst := 0.0
		var past [][]float64 // f, g and x of each step
		for k := range 125 {
			g := []float64{rnd.NormFloat64(), rnd.NormFloat64()}
			past = append(past, []float64{float64(k), g[0], g[1], x[0], x[1]})
			a.Observe(float64(k))
			a.Step(x, g)
			b.Step(y, g)
			worst = max(worst, floats.Distance(x, y, 2))
		}
		if same := worst < 1e-13; same != (name != "Fromage") {
			t.Errorf("%s: %.2g away from the Schedule", name, worst)
		}
		end, block := 0, 1
		for j, shown := range test.shown {
			mean := make([]float64, 5)
			for _, p := range past[end : end+block] {
				floats.AddScaled(mean, 1/float64(block), p)
			}
			end += block
			last := past[end-1]
			means := math.Abs(shown.F-mean[0]) < 1e-12 && floats.EqualApprox(shown.Gradient, mean[1:3], 1e-14)
			if !means || !slices.Equal(shown.X, last[3:]) {
				t.Errorf("%s: look %d is of %+v, want means %v up to %v", name, j, shown, mean, last)
			}
			if j%2 == 1 {
				block *= 2
			}
		}
		if len(test.shown) != 11 {
			t.Errorf("%s: %d looks, want 11", name, len(test.shown))
		}
	}
}

// descent runs r for n steps on Σ λ_i x_i²/2 in 10 variables, λ from 1 to 1/condition, with unit noise in each component of
// the gradient, from (10, ..., 10), and returns f - f* at the end, a mean over seeds.
func descent(make func() stochopt.Rule, n int, condition float64) (mean float64) {
	const dim, seeds = 10, 10
	for seed := range uint64(seeds) {
		pcg := stochopt.Sample{Seed: seed}.PCG()
		rnd := rand.New(&pcg)
		var lambda, x, g [dim]float64
		for i := range x {
			lambda[i], x[i] = math.Pow(condition, -float64(i)/(dim-1)), 10
		}
		value := func() (f float64) {
			for i, v := range x {
				f += lambda[i] * v * v / 2
			}
			return f
		}
		r := make()
		r.Reset(dim)
		for range n {
			if o, ok := r.(interface{ Observe(f float64) }); ok {
				o.Observe(value() + rnd.NormFloat64())
			}
			for i, v := range x {
				g[i] = lambda[i]*v + rnd.NormFloat64()
			}
			r.Step(x[:], g[:])
		}
		mean += value() / seeds
	}
	return mean
}

// TestDropWhenStationaryRate: without knowing a curvature it ends within a small factor of the best schedule of the form
// a/(1+bk), at each length of the run; a constant step ends far away, by a factor that grows with the run, and so do drops
// by a test with a least length of stages, where these are much longer than they need be.
func TestDropWhenStationaryRate(t *testing.T) {
	t.Parallel()
	sgd := func() *method.SGD { return &method.SGD{StepSize: 0.5} }
	for _, c := range []struct {
		condition float64
		n         int
		most      float64
	}{{10, 3000, 2}, {10, 30000, 2}, {100, 3000, 3}, {100, 30000, 3}, {1, 30000, 12}} {
		best := math.Inf(1)
		for b := 0.8; b > 1e-3; b /= 2 {
			best = min(best, descent(func() stochopt.Rule {
				r := sgd()
				r.Schedule = schedule.InverseTime(b)
				return r
			}, c.n, c.condition))
		}
		drop := descent(func() stochopt.Rule { return &method.DropWhenStationary{Rule: sgd()} }, c.n, c.condition) / best
		late := descent(func() stochopt.Rule {
			return &method.DropWhenStationary{Rule: sgd(), Test: &stopping.Stationary{Margin: 0.25}}
		}, c.n, c.condition) / best
		floor := descent(func() stochopt.Rule { return sgd() }, c.n, c.condition) / best
		t.Logf("condition %v, %d draws: %.2f times the best 1/k, Stationary %.1f, a constant step %.0f", c.condition, c.n, drop, late, floor)
		if !(drop < c.most) || !(floor > 10*drop) || c.condition == 10 && c.n > 10000 && !(late > 10*drop) {
			t.Errorf("condition %v, %d draws: %.2f times the best 1/k, Stationary %.1f, a constant step %.0f", c.condition, c.n, drop, late, floor)
		}
	}
}

// dropsWithin counts the runs, of 1000, in which w falls within n steps on a slope: the mean of the gradient has the given
// length, and unit noise in each of dim variables.
func dropsWithin(test optimize.Converger, n, dim int, slope float64) (count int) {
	for seed := range uint64(1000) {
		pcg := stochopt.Sample{Seed: seed}.PCG()
		rnd := rand.New(&pcg)
		r := &method.DropWhenStationary{Rule: &method.SGD{StepSize: 1}, Test: test}
		r.Reset(dim)
		x, g := make([]float64, dim), make([]float64, dim)
		s := slope / math.Sqrt(float64(dim))
		for range n {
			for i := range g {
				g[i] = s + rnd.NormFloat64()
			}
			r.Observe(s*floats.Sum(x) + rnd.NormFloat64())
			from := x[0]
			r.Step(x, g)
			if math.Abs(x[0]-from) < 0.75*math.Abs(g[0]) {
				count++
				break
			}
		}
	}
	return count
}

// TestDropWhenStationaryLevel: on a slope, in noise of ten times its gradient, tests with a level drop in no more runs than
// that, and where there is none they find out. The default, and more so Pflug, have no level: they drop, but not on slopes
// that are steeper than the noise.
func TestDropWhenStationaryLevel(t *testing.T) {
	t.Parallel()
	const level, runs = 0.05, 1000
	most := level*runs + 5*math.Sqrt(level*(1-level)*runs)
	for name, c := range map[string]optimize.Converger{"Stationary": &stopping.Stationary{}, "Window": &stopping.Window{Drop: 0.25}} {
		slope, flat := dropsWithin(c, 4096, 1, 0.1), dropsWithin(c, 4096, 1, 0)
		t.Logf("%s: %d drops on the slope, %d without one", name, slope, flat)
		if float64(slope) > most || flat < runs/2 {
			t.Errorf("%s: %d drops on the slope, want at most %.0f, and %d without one", name, slope, most, flat)
		}
	}
	for name, c := range map[string]optimize.Converger{"default": nil, "Pflug": &stopping.Pflug{}} {
		slope, steep := dropsWithin(c, 4096, 1, 0.1), dropsWithin(c, 4096, 1, 3)
		t.Logf("%s: %d drops on the slope, %d on a steep one", name, slope, steep)
		if slope < runs/2 || float64(steep) > most {
			t.Errorf("%s: %d drops on the slope, %d on a steep one", name, slope, steep)
		}
	}
	// Without noise there is no drop on a slope at all, and there is one where x comes to rest.
	for name, c := range map[string]optimize.Converger{"default": nil, "Stationary": &stopping.Stationary{}, "Plateau": &stopping.Plateau{}} {
		for _, curved := range []float64{0, 1} {
			r := &method.DropWhenStationary{Rule: &method.SGD{StepSize: 0.1}, Test: c, Minimum: 0.5}
			r.Reset(1)
			x := []float64{1e3}
			for range 10000 {
				r.Observe(x[0] + curved*x[0]*x[0])
				r.Step(x, []float64{1 + 2*curved*x[0]})
			}
			from := x[0]
			r.Observe(x[0])
			r.Step(x, []float64{1})
			if dropped := math.Abs(x[0]-from) < 0.09; dropped != (curved > 0) {
				t.Errorf("%s: without noise, curvature %v: the step has fallen: %t", name, curved, dropped)
			}
		}
	}
}

// counted is a Converger that keeps the numbers of its looks until each stop.
type counted struct {
	optimize.Converger
	looks int
	stops []int
}

func (c *counted) Init(dim int) {
	c.Converger.Init(dim)
	c.looks = 0
}

func (c *counted) Converged(loc *optimize.Location) optimize.Status {
	c.looks++
	s := c.Converger.Converged(loc)
	if s != optimize.NotTerminated {
		c.stops = append(c.stops, c.looks)
	}
	return s
}

// TestDropWhenStationaryPflug documents what Pflug's statistic does: with one variable of curvature h = 0.1/α, where some
// 1/αh = 10 looks are needed to come near the floor of the shorter step, most stages are over after 10 products. The default,
// whose first slope is that of 16 steps, has no such stages.
func TestDropWhenStationaryPflug(t *testing.T) {
	early := func(test optimize.Converger) float64 {
		short, all := 0, 0
		for seed := range uint64(200) {
			pcg := stochopt.Sample{Seed: seed}.PCG()
			rnd := rand.New(&pcg)
			c := &counted{Converger: test}
			r := &method.DropWhenStationary{Rule: &method.SGD{StepSize: 0.1}, Test: c}
			r.Reset(1)
			x := []float64{0}
			for range 5000 {
				r.Observe(0)
				r.Step(x, []float64{x[0] + rnd.NormFloat64()})
			}
			for _, looks := range c.stops[1:] {
				all++
				if looks <= 11 {
					short++
				}
			}
		}
		return float64(short) / float64(all)
	}
	pflug, distance := early(&stopping.Pflug{}), early(&stopping.Distance{Ratio: 2})
	t.Logf("Pflug ends %.2f of the stages within 10 products, Distance %.2f", pflug, distance)
	if pflug < 0.7 || distance > 0 {
		t.Errorf("Pflug ends %.2f of the stages within 10 products, Distance %.2f", pflug, distance)
	}
}

// TestDropWhenStationaryEnds: Converger ends the run after the stage at Minimum, with either driver at the same point, and not
// without a Minimum.
func TestDropWhenStationaryEnds(t *testing.T) {
	run := func(minimum float64, minimize func(s *optimize.Settings, m optimize.Method) (*optimize.Result, error)) *optimize.Result {
		m := &method.DropWhenStationary{Rule: &method.SGD{StepSize: 0.1}, Test: &stopping.Plateau{Batch: 1}, Minimum: minimum}
		r, err := minimize(&optimize.Settings{Converger: m.Converger(), MajorIterations: 20000}, m)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ours := func(s *optimize.Settings, m optimize.Method) (*optimize.Result, error) {
		return stochopt.Minimize(context.Background(), noisy, []float64{5, 5}, s, m)
	}
	host := func(s *optimize.Settings, m optimize.Method) (*optimize.Result, error) {
		return optimize.Minimize(noisy.Optimize(m), []float64{5, 5}, s, m)
	}
	a, b := run(0.1, ours), run(0.1, host)
	if a.Status != optimize.FunctionConvergence || a.MajorIterations < 5*110 || a.MajorIterations > 10000 {
		t.Errorf("%v after %d iterations", a.Status, a.MajorIterations)
	}
	if b.Status != a.Status || b.MajorIterations != a.MajorIterations || !slices.Equal(a.X, b.X) {
		t.Errorf("gonum: %v after %d iterations at %v, want %v, %d, %v", b.Status, b.MajorIterations, b.X, a.Status, a.MajorIterations, a.X)
	}
	if c := run(0, ours); c.Status != optimize.IterationLimit {
		t.Errorf("without a Minimum: %v", c.Status)
	}
}

// TestDropWhenStationaryFails: a Test that fails ends the run with its error, and one that cannot be marshalled says so.
func TestDropWhenStationaryFails(t *testing.T) {
	bad := errors.New("no more draws")
	failing := &stopping.Evidence{Draw: func(_, _ []float64, _ int) error { return bad }}
	m := &method.DropWhenStationary{Rule: &method.SGD{}, Test: failing}
	s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 1000}
	r, err := stochopt.Minimize(context.Background(), noisy, []float64{5, 5}, s, m)
	const says = "method: DropWhenStationary.Test, a *stopping.Evidence, has failed: stopping: Evidence: draw 0: no more draws"
	if err == nil || r.Status != optimize.Failure || r.MajorIterations != 64 || !strings.Contains(err.Error(), says) {
		t.Errorf("%v after %d iterations, %v", r.Status, r.MajorIterations, err)
	}
	m.Test = optimize.NeverTerminate{}
	m.Reset(1)
	const cannot = "stochopt: state of DropWhenStationary: its Test, optimize.NeverTerminate, has no "
	if _, err := m.MarshalBinary(); err == nil || err.Error() != cannot+"MarshalBinary" {
		t.Errorf("error %v", err)
	}
	if err := m.UnmarshalBinary(nil); err == nil || err.Error() != cannot+"UnmarshalBinary" {
		t.Errorf("error %v", err)
	}
}
