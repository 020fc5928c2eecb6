package stopping_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"golang.org/x/exp/stats"
	"gonum.org/v1/gonum/optimize"
)

// look returns the window that iteration n belongs to, its start and its length.
func look(n int) (start, length int) {
	if n < 64 {
		return 0, 64
	}
	length = 64
	for n >= 2*length {
		length *= 2
	}
	return length, length
}

// lateHalf tells whether iteration n is in the second half of its window.
func lateHalf(n int) bool {
	start, length := look(n)
	return 2*(n-start) >= length
}

// process is a synthetic run: what the Converger sees at iteration n, with r the randomness of the run.
type process func(n int, r *rand.Rand, loc *optimize.Location)

// stops returns the share of runs that end within n iterations.
func stops(p process, s func() optimize.Converger, runs, n int) float64 {
	ended := 0
	for seed := range runs {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		loc := &optimize.Location{X: make([]float64, 2), Gradient: make([]float64, 2)}
		c := s()
		c.Init(2)
		for k := range n {
			p(k, r, loc)
			if c.Converged(loc) != optimize.NotTerminated {
				ended++
				break
			}
		}
	}
	return float64(ended) / float64(runs)
}

// naive takes "no significant progress" for arrival: at the looks of Stationary it stops unless the mean of a gradient
// component is significant at 5 %.
type naive struct {
	sum, sq []float64
	n       int
}

func (c *naive) Init(dim int) { c.sum, c.sq, c.n = make([]float64, dim), make([]float64, dim), 0 }

func (c *naive) Converged(loc *optimize.Location) optimize.Status {
	for i, g := range loc.Gradient {
		c.sum[i] += g
		c.sq[i] += g * g
	}
	if c.n++; c.n&(c.n-1) != 0 || c.n < 64 {
		return optimize.NotTerminated
	}
	for i, s := range c.sum {
		if math.Abs(s) > 1.96*math.Sqrt(c.sq[i]) {
			return optimize.NotTerminated
		}
	}
	return optimize.Success
}

// TestStationaryLevel simulates runs at the boundary of each part of the null hypothesis, where a stop is as likely as
// it can be while it is false, and runs well inside of the alternative, which must be stopped.
func TestStationaryLevel(t *testing.T) {
	const length = 1 << 13
	runs := stopping.Runs(400)
	const level = 0.05
	tolerance := 5 * math.Sqrt(level*(1-level)/float64(runs))
	at := func(c float64, n int) float64 { // mean shift of c in late halves
		if lateHalf(n) {
			return c
		}
		return 0
	}
	// Noise that is flat in all but what the case adds.
	flat := func(n int, r *rand.Rand, loc *optimize.Location) {
		loc.F = r.NormFloat64()
		for i := range loc.Gradient {
			loc.X[i], loc.Gradient[i] = r.NormFloat64(), r.NormFloat64()
		}
	}
	for name, c := range map[string]struct {
		p func(margin, drop float64) process
	}{
		"F falls": {p: func(_, drop float64) process {
			return func(n int, r *rand.Rand, loc *optimize.Location) {
				flat(n, r, loc)
				loc.F -= at(drop, n)
			}
		}},
		"F falls, no gradient": {p: func(_, drop float64) process {
			return func(n int, r *rand.Rand, loc *optimize.Location) {
				flat(n, r, loc)
				loc.F -= at(drop, n)
				loc.Gradient = nil
			}
		}},
		"weakly driven": {p: func(margin, _ float64) process {
			return func(n int, r *rand.Rand, loc *optimize.Location) {
				flat(n, r, loc)
				loc.Gradient[1] += margin
				loc.X[1] -= at(5, n)
			}
		}},
		"slowly moving": {p: func(_, drop float64) process {
			return func(n int, r *rand.Rand, loc *optimize.Location) {
				flat(n, r, loc)
				loc.Gradient[1] += 3
				loc.X[1] -= at(drop, n)
			}
		}},
	} {
		stationary := func() optimize.Converger { return &stopping.Stationary{Level: level} }
		kept := stops(c.p(0.1, 0.5), stationary, runs, length)
		if kept > level+tolerance {
			t.Errorf("%s: false stops in %.3f of the runs, the level is %.2f", name, kept, level)
		}
		if got := stops(c.p(0.01, 0.05), stationary, stopping.Seeds(200), length); got < 0.99 {
			t.Errorf("%s: stops %.3f of the runs that have arrived", name, got)
		}
		// The companions: past the boundary, and at a level that is no level, runs are stopped.
		if got := stops(c.p(0.06, 0.25), stationary, stopping.Seeds(200), length); got < 2*level {
			t.Errorf("%s: at about half the boundary, %.3f of the runs are stopped", name, got)
		}
		if got := stops(c.p(0.1, 0.5), func() optimize.Converger { return &stopping.Stationary{Level: 0.999} }, runs, length); got < kept+0.03 {
			t.Errorf("%s: at level 0.999, %.3f of the runs are stopped, at 0.05 %.3f", name, got, kept)
		}
		if name == "weakly driven" {
			if got := stops(c.p(0.1, 0.5), func() optimize.Converger { return &naive{} }, stopping.Seeds(400), length); got < 0.5 {
				t.Errorf("%s: the naive rule stops %.3f of the runs; it should be badly wrong", name, got)
			}
		}
	}
}

// sphere is |x|² with normal noise of standard deviation sd on value and gradient.
func sphere(sd float64, seed uint64) stochopt.Problem {
	return stochopt.Problem{Seed: seed, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		pcg := s.PCG()
		r := rand.New(&pcg)
		f := sd * r.NormFloat64()
		for i, v := range x {
			f += v * v
			if grad != nil {
				grad[i] = 2*v + sd*r.NormFloat64()
			}
		}
		return f, nil
	}}
}

// TestNoisySphere: from f = 25, over 100 seeds, no run stops before its noise floor and all stop there.
//
// The floor of Adam has E x² = ασ/2h a component, h = 2 (Kingma, Ba 2015, in the stationary limit; checked in
// convergence_test.go): f is a quarter chi-squared sum of mean ασ/2. A run counts as stopped far away if f is 20
// times that, which at a floor has a probability below 1e-8.
func TestNoisySphere(t *testing.T) {
	const budget = 1 << 16
	seeds := stopping.Seeds(100)
	for _, sd := range []float64{0.1, 1, 5} {
		for _, alpha := range []float64{1e-3, 1e-2, 1e-1} {
			var length, early []float64
			for seed := range uint64(seeds) {
				m := &stochopt.Adam{StepSize: alpha}
				r, err := stochopt.Minimize(context.Background(), sphere(sd, seed), []float64{3, 4}, &optimize.Settings{MajorIterations: budget}, m)
				if err != nil || r.Status != optimize.FunctionConvergence {
					t.Errorf("sd %v, α %v, seed %d: %v after %d iterations; error %v", sd, alpha, seed, r.Status, r.MajorIterations, err)
					continue
				}
				if f := r.X[0]*r.X[0] + r.X[1]*r.X[1]; f > 20*alpha*sd/2 {
					t.Errorf("sd %v, α %v, seed %d: stopped at f = %v after %d iterations", sd, alpha, seed, f, r.MajorIterations)
				}
				length = append(length, float64(r.MajorIterations))

				s := &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-10, Iterations: 100}, MajorIterations: budget}
				r, err = stochopt.Minimize(context.Background(), sphere(sd, seed), []float64{3, 4}, s, m)
				if err != nil {
					t.Fatal(err)
				}
				early = append(early, r.X[0]*r.X[0]+r.X[1]*r.X[1])
			}
			t.Logf("sd %v, α %v: median length %v; gonum's default stops at f = %.3g", sd, alpha, stats.Median(length), stats.Median(early))
			// The companion: gonum's default takes noise for convergence while the run travels slowly.
			if alpha == 1e-3 && sd >= 1 && stats.Median(early) < 10 {
				t.Errorf("sd %v, α %v: gonum's default stops at a median f = %v", sd, alpha, stats.Median(early))
			}
		}
	}
}

// TestFloorsOfOtherRuns: what keeps a mean gradient for ever must not run for ever.
func TestFloorsOfOtherRuns(t *testing.T) {
	bounded := sphere(1, 3)
	bounded.Project = func(x []float64) { x[0] = max(x[0], 0.5) }
	ball := sphere(1, 4)
	ball.Project = func(x []float64) { // the ball of radius 1 around (2, 2): the answer is on its surface
		d := math.Hypot(x[0]-2, x[1]-2)
		if d > 1 {
			x[0], x[1] = 2+(x[0]-2)/d, 2+(x[1]-2)/d
		}
	}
	idle := sphere(1, 5)
	oracle := idle.Oracle
	idle.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := oracle(grad, x, s)
		if grad != nil {
			grad[1] = 0 // as of a parameter without influence
		}
		return f, err
	}
	for name, p := range map[string]stochopt.Problem{"bound": bounded, "ball": ball, "idle": idle, "exact": sphere(0, 0)} {
		want := optimize.FunctionConvergence
		if name == "bound" || name == "ball" {
			want = optimize.StepConvergence // the gradient does not vanish
		}
		for _, m := range []optimize.Method{&stochopt.Adam{}, &stochopt.Adam{StepSize: 0.01}, &method.SGD{}, &method.SGD{Momentum: 0.9}} {
			r, err := stochopt.Minimize(context.Background(), p, []float64{3, 3}, &optimize.Settings{MajorIterations: 1 << 20}, m)
			if err != nil || r.Status != want {
				t.Errorf("%s, %T: %v after %d iterations at %v, error %v", name, m, r.Status, r.MajorIterations, r.X, err)
			}
		}
	}
}

// TestHardRuns: what looks like arrival and is not, and what has arrived without looking like it.
func TestHardRuns(t *testing.T) {
	run := func(p stochopt.Problem, x0 []float64, m optimize.Method, limit int) *optimize.Result {
		r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: limit}, m)
		if err != nil && r.Status != optimize.Failure {
			t.Fatal(err)
		}
		return r
	}
	// A run that diverges: F rises, which is no arrival.
	for _, step := range []float64{2.001, 2.05, 2.2} {
		p := stochopt.Problem{FuncGrad: func(g, x []float64) float64 { g[0] = x[0]; return x[0] * x[0] / 2 }}
		if r := run(p, []float64{1}, &method.SGD{StepSize: step}, 1<<20); r.Status != optimize.Failure {
			t.Errorf("diverging, step %v: %v at %v", step, r.Status, r.X)
		}
	}
	// Slopes far below the noise of a draw. 20 times the floor ασ/2, as in TestNoisySphere.
	for seed := range uint64(stopping.Seeds(20)) {
		m := &stochopt.Adam{StepSize: 1e-3}
		r := run(sphere(50, seed), []float64{3, 4}, m, 1<<18)
		if f := r.X[0]*r.X[0] + r.X[1]*r.X[1]; r.Status != optimize.FunctionConvergence || f > 20*1e-3*50/2 {
			t.Errorf("sphere in heavy noise, seed %d: %v at f = %v after %d iterations", seed, r.Status, f, r.MajorIterations)
		}
	}
	// Exact objectives whose minimum is 0, where no relative change of F is small.
	for name, m := range map[string]optimize.Method{"Adam": &stochopt.Adam{}, "SGD": &method.SGD{StepSize: 0.05}} {
		p := stochopt.Problem{FuncGrad: func(g, x []float64) float64 {
			g[0], g[1] = 2*(x[0]-1), 4*x[1]*x[1]*x[1]
			return (x[0]-1)*(x[0]-1) + x[1]*x[1]*x[1]*x[1]
		}}
		r := run(p, []float64{-1, 1}, m, 1<<24)
		if r.Status != optimize.FunctionConvergence || r.F > 1e-9 {
			t.Errorf("quartic, %s: %v at F = %v after %d iterations", name, r.Status, r.F, r.MajorIterations)
		}
	}
	// Values that say nothing: the gradient must decide.
	p := stochopt.Problem{FuncGrad: func(g, x []float64) float64 { g[0] = x[0] - 3; return 0 }}
	if r := run(p, []float64{100}, &stochopt.Adam{}, 1<<20); math.Abs(r.X[0]-3) > 0.1 {
		t.Errorf("gradient only: %v at %v after %d iterations", r.Status, r.X, r.MajorIterations)
	}
	// A large offset, and steps that are small beside it.
	p = stochopt.Problem{FuncGrad: func(g, x []float64) float64 { g[0] = x[0]; return 1e9 + x[0]*x[0]/2 }}
	if r := run(p, []float64{1}, &stochopt.Adam{StepSize: 1e-4}, 1<<20); math.Abs(r.X[0]) > 1e-2 {
		t.Errorf("offset: %v at %v after %d iterations", r.Status, r.X, r.MajorIterations)
	}
	// One draw in a hundred tells anything: |x-5| or nothing.
	for seed := range uint64(20) {
		p := stochopt.Problem{Seed: seed, Oracle: func(g, x []float64, s stochopt.Sample) (float64, error) {
			if g != nil {
				g[0] = 0
			}
			if s.Rand().Float64() > 0.01 {
				return 0, nil
			}
			if g != nil {
				g[0] = math.Copysign(1, x[0]-5)
			}
			return math.Abs(x[0] - 5), nil
		}}
		if r := run(p, []float64{0}, &method.SGD{StepSize: 0.05}, 1<<17); math.Abs(r.X[0]-5) > 1 {
			t.Errorf("rare events, seed %d: %v at %v after %d iterations", seed, r.Status, r.X, r.MajorIterations)
		}
	}
	// A gradient that is 0 because the value has jumps.
	p = stochopt.Problem{Oracle: func(g, x []float64, s stochopt.Sample) (float64, error) {
		clear(g)
		return math.Floor(10*x[0]) + s.Rand().NormFloat64(), nil
	}}
	if r := run(p, []float64{1}, &stochopt.Adam{}, 1<<20); r.Status != optimize.Failure || r.MajorIterations != 64 {
		t.Errorf("jumps: %v after %d iterations", r.Status, r.MajorIterations)
	}
}

// TestCorrelatedValues: at the boundary, F that wanders slowly is not stopped more often than the level says.
func TestCorrelatedValues(t *testing.T) {
	const length, level = 1 << 13, 0.05
	runs := stopping.Runs(300)
	for _, phi := range []float64{0.5, 0.9, 0.99, 0.999} {
		var f float64
		p := func(n int, r *rand.Rand, loc *optimize.Location) {
			if n == 0 {
				f = r.NormFloat64()
			}
			f = phi*f + math.Sqrt(1-phi*phi)*r.NormFloat64()
			loc.F = f
			if lateHalf(n) {
				loc.F -= 0.5
			}
			loc.Gradient = nil
		}
		got := stops(p, func() optimize.Converger { return &stopping.Stationary{} }, runs, length)
		if got > level+5*math.Sqrt(level*(1-level)/float64(runs)) {
			t.Errorf("φ = %v: false stops in %.3f of the runs", phi, got)
		}
	}
}

// TestGonumMethods: methods of gonum end by it on an exact objective.
func TestGonumMethods(t *testing.T) {
	p := sphere(0, 0)
	for _, m := range []optimize.Method{&optimize.GradientDescent{}, &optimize.NelderMead{}} {
		r, err := optimize.Minimize(p.Optimize(), []float64{3, 4}, &optimize.Settings{Converger: &stopping.Stationary{}, GradientThreshold: -1}, m)
		if err != nil || r.F > 1e-10 {
			t.Errorf("%T: %v at %v, error %v", m, r.Status, r.X, err)
		}
	}
}

// TestInvariance: the units of F and of the variables, and an offset of F, change no decision.
func TestInvariance(t *testing.T) {
	run := func(a, b, c float64) []int {
		var lengths []int
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 9))
			s := &stopping.Stationary{}
			s.Init(1)
			loc := &optimize.Location{X: []float64{0}, Gradient: []float64{0}}
			x := 30.0
			for k := 1; ; k++ {
				g := x + r.NormFloat64()
				loc.F = a*(x*x/2+r.NormFloat64()) + b
				loc.X[0], loc.Gradient[0] = c*x, a/c*g
				if s.Converged(loc) != optimize.NotTerminated {
					lengths = append(lengths, k)
					break
				}
				x -= 0.01 * g
			}
		}
		return lengths
	}
	want := run(1, 0, 1)
	for _, v := range [][3]float64{{1024, 0, 1}, {1. / 4096, 0, 256}, {1, 64, 1. / 8}} {
		if got := run(v[0], v[1], v[2]); !slices.Equal(got, want) {
			t.Errorf("F times %v plus %v, x times %v: lengths %v, want %v", v[0], v[1], v[2], got, want)
		}
	}
	if !slices.Equal(want, run(1, 0, -1)) {
		t.Error("a reflection of x changes decisions")
	}
}

func TestStationaryFields(t *testing.T) {
	for want, s := range map[string]stopping.Stationary{
		"Level = -1":  {Level: -1},
		"Level = 1":   {Level: 1},
		"Level = NaN": {Level: math.NaN()},
		"Margin = -1": {Margin: -1},
		"Drop = NaN":  {Drop: math.NaN()},
		"Relative = ": {Relative: -1},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "stopping: Stationary."+want) {
					t.Errorf("panic %q, want it about %q", got, want)
				}
			}()
			s.Init(1)
		}()
	}
	// Constant F ends a run at the first look, unless Relative is off and something still moves.
	count := func(s *stopping.Stationary, move float64) int {
		s.Init(1)
		loc := &optimize.Location{X: []float64{0}, F: 3, Gradient: []float64{1}}
		for k := 1; k < 1000; k++ {
			if s.Converged(loc) != optimize.NotTerminated {
				return k
			}
			loc.X[0] -= move
		}
		return 0
	}
	for i, c := range []struct {
		s    stopping.Stationary
		move float64
		want int
	}{
		{stopping.Stationary{}, 0, 64},
		{stopping.Stationary{}, 1, 0}, // the variable is driven and moves
		{stopping.Stationary{Relative: math.NaN()}, 1, 0},
		{stopping.Stationary{Relative: math.NaN()}, 0, 64},
		{stopping.Stationary{Relative: math.NaN(), Margin: math.NaN()}, 1, 64},
	} {
		if got := count(&c.s, c.move); got != c.want {
			t.Errorf("case %d: stops at iteration %d, want %d", i, got, c.want)
		}
	}
}

func BenchmarkStationary(b *testing.B) {
	for _, dim := range []int{3, 1000, 100000} {
		b.Run(fmt.Sprint(dim), func(b *testing.B) {
			s := &stopping.Stationary{}
			s.Init(dim)
			r := rand.New(rand.NewPCG(1, 1))
			loc := &optimize.Location{X: make([]float64, dim), Gradient: make([]float64, dim)}
			for i := range loc.X {
				loc.X[i], loc.Gradient[i] = r.NormFloat64(), r.NormFloat64()
			}
			b.ReportAllocs()
			for b.Loop() {
				loc.F = r.NormFloat64()
				s.Converged(loc)
			}
		})
	}
}

// TestStationaryNaN shows that a variable which is NaN, always or once, is not taken for one at rest.
func TestStationaryNaN(t *testing.T) {
	for _, once := range []bool{false, true} {
		for _, nan := range []float64{math.NaN(), 1} { // 1 is the companion, which is stopped
			s := &stopping.Stationary{}
			s.Init(2)
			loc := &optimize.Location{F: 3, Gradient: []float64{1, 1}, X: make([]float64, 2)}
			stopped := false
			for n := range 1000 {
				loc.X[0], loc.X[1] = 1, 1
				if _, length := look(n); !once || n%length == length/3 {
					loc.X[1] = nan
				}
				stopped = stopped || s.Converged(loc) != optimize.NotTerminated
			}
			if stopped == math.IsNaN(nan) {
				t.Errorf("once %t, x = %v: stopped %t", once, nan, stopped)
			}
		}
	}
}
