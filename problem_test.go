package stochopt_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
)

func TestProblemMisuse(t *testing.T) {
	f := func(x []float64) float64 { return 0 }
	g := func(grad, x []float64) {}
	oracle := noisyBowl(1)
	for want, p := range map[string]stochopt.Problem{
		"has no objective":                         {Seed: 1},
		"Problem.Grad is set without Problem.Func": {Grad: g},
		"has more than one objective":              {Func: f, Oracle: oracle},
		"more than one objective: set":             {FuncGrad: bowl, Grad: g},
		"than one objective: set one":              {FuncGrad: bowl, Func: f},
		"Problem.Samples = -1, want >= 0":          {Func: f, Samples: -1},
		"Problem.Concurrent = -2, want >= 0":       {Func: f, Concurrent: -2},
		"Problem.FirstStep = -3, want >= 0":        {Func: f, FirstStep: -3},
	} {
		for name, call := range map[string]func(){
			"Optimize": func() { p.Optimize() },
			"Minimize": func() { stochopt.Minimize(context.Background(), p, []float64{1}, nil, &stochopt.Adam{}) },
		} {
			if got := panicOf(call); !strings.HasPrefix(got, "stochopt: Problem") || !strings.Contains(got, want) {
				t.Errorf("%s: panic %q, want %q", name, got, want)
			}
		}
	}
	p := stochopt.Problem{FuncGrad: bowl}
	for want, call := range map[string]func(){
		"len(x0) = 0": func() { stochopt.Minimize(context.Background(), p, nil, nil, &stochopt.Adam{}) },
		"package stochopt/gradient": func() {
			stochopt.Minimize(context.Background(), stochopt.Problem{Func: f}, []float64{1}, nil, &stochopt.Adam{})
		},
		"or estimate the gradient": func() { optimize.Minimize(stochopt.Problem{Func: f}.Optimize(), []float64{1}, nil, &stochopt.Adam{}) },
		"InitValues.X is set": func() {
			stochopt.Minimize(context.Background(), p, []float64{1}, &optimize.Settings{InitValues: &optimize.Location{X: []float64{1}}}, &stochopt.Adam{})
		},
		"len(Settings.InitValues.Gradient) = 2, want len(x0) = 1": func() {
			stochopt.Minimize(context.Background(), p, []float64{1}, &optimize.Settings{InitValues: &optimize.Location{Gradient: []float64{1, 2}}}, &stochopt.Adam{})
		},
		"Sequential.Rule is nil": func() { stochopt.Minimize(context.Background(), p, []float64{1}, nil, &stochopt.Sequential{}) },
	} {
		if got := panicOf(call); !strings.Contains(got, want) {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
}

func TestBadStart(t *testing.T) {
	for _, d := range drivers {
		r, err := d.run(stochopt.Problem{FuncGrad: bowl}, []float64{1, nan}, nil, &stochopt.Adam{})
		if r.Status != optimize.Failure || err == nil || !strings.Contains(err.Error(), "initial x[1] is NaN") || !math.IsNaN(r.F) {
			t.Errorf("%s: %s", d.name, outcome(r, err))
		}
	}
}

// TestForgottenGradient: an Oracle that does not store the gradient is told so, in every component.
func TestForgottenGradient(t *testing.T) {
	for _, d := range drivers {
		for _, samples := range []int{1, 3} {
			for missing := range 2 {
				p := stochopt.Problem{Samples: samples, Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
					if grad != nil {
						grad[1-missing] = 1
					}
					return x[0] * x[0], nil
				}}
				r, err := d.run(p, []float64{3, 4}, nil, &stochopt.Adam{})
				var ee *stochopt.EvaluationError
				if !errors.As(err, &ee) || ee.Component != missing || !math.IsNaN(ee.Value) || !slices.Equal(ee.X, []float64{3, 4}) {
					t.Errorf("%s, %d samples, component %d: %s", d.name, samples, missing, outcome(r, err))
				}
			}
		}
	}
}

// TestBadSchedule: a factor that is negative or NaN ends the run with an error that names it.
func TestBadSchedule(t *testing.T) {
	for _, bad := range []float64{-0.5, nan, inf} {
		schedule := func(k int) float64 {
			if k == 3 {
				return bad
			}
			return 1
		}
		for _, d := range drivers {
			r, err := d.run(stochopt.Problem{FuncGrad: bowl}, []float64{4, 4}, nil, &stochopt.Adam{Schedule: schedule})
			if want := fmt.Sprintf("Schedule(3) = %v, want finite and >= 0", bad); r.Status != optimize.Failure || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: want %q: %s", d.name, want, outcome(r, err))
			}
		}
	}
}

// TestWarmNeedsState: a Rule that has not been made ready fails with an error, not with a panic in gonum's goroutine.
func TestWarmNeedsState(t *testing.T) {
	for _, row := range methods {
		for _, d := range drivers {
			r, err := d.run(stochopt.Problem{FuncGrad: bowl}, []float64{4, 4}, nil, &stochopt.Sequential{Rule: row.make(), Warm: true})
			var p *stochopt.PanicError
			if r.Status != optimize.Failure || !errors.As(err, &p) || !strings.Contains(err.Error(), "the 0 of Reset") {
				t.Errorf("%s, %s: %s", row.name, d.name, outcome(r, err))
			}
		}
	}
}

func TestDivergence(t *testing.T) {
	for _, d := range drivers {
		m := &stochopt.Adam{StepSize: 1e307}
		p := stochopt.Problem{FuncGrad: func(g, x []float64) float64 { g[0] = 1; return math.Tanh(x[0]) }}
		r, err := d.run(p, []float64{0}, &optimize.Settings{Converger: never()}, m)
		if r.Status != optimize.Failure || err == nil || !strings.Contains(err.Error(), "step 17 moved x[0] to -Inf") || !(r.X[0] < -1.6e308 && r.X[0] > -inf) {
			t.Errorf("%s: %s", d.name, outcome(r, err))
		}
	}
}

// TestOneDraw evaluates through gonum's two closures: value and gradient of a point must be those of one Sample.
func TestOneDraw(t *testing.T) {
	// A draw whose value tells the gradient.
	oracle := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		v := s.Rand().NormFloat64()
		for i := range grad {
			grad[i] = v
		}
		return v, nil
	}
	for _, perPoint := range []bool{false, true} {
		o := stochopt.Problem{Oracle: oracle, PerPoint: perPoint}.Optimize()
		g := make([]float64, 2)
		seen := map[float64]bool{}
		for i, order := range []string{"fg", "fg", "f", "f", "fg", "f", "fg", "fg", "g", "gf"} {
			x := []float64{float64(i), 0}
			var f float64
			for _, c := range order {
				if c == 'f' {
					f = o.Func(x)
				} else {
					o.Grad(g, x)
				}
			}
			if order == "fg" && (f != g[0] || g[0] != g[1]) {
				t.Errorf("point %d: value of draw %v, gradient of draw %v", i, f, g)
			}
			if f != 0 && seen[f] {
				t.Errorf("point %d has the draw of an earlier one", i)
			}
			seen[f] = true
		}
		// The same point again is another draw, unless draws are functions of points.
		x := []float64{1, 2}
		if again := o.Func(x) == o.Func(x); again != perPoint {
			t.Errorf("PerPoint %t: a second value at a point is the first: %t", perPoint, again)
		}
	}

	// From many goroutines at once.
	o := stochopt.Problem{Oracle: oracle, PerPoint: true, Samples: 3, Concurrent: 2}.Optimize()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			g := make([]float64, 2)
			for j := range 50 {
				x := []float64{float64(i), float64(j)}
				f := o.Func(x)
				runtime.Gosched()
				if o.Grad(g, x); f != g[0] {
					t.Errorf("goroutine %d: value of draw %v, gradient of draw %v", i, f, g[0])
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestOracleCalls: a run of a Rule through gonum calls the oracle once an evaluation, a method without gradients asks for
// none after its first.
func TestOracleCalls(t *testing.T) {
	var values, grads int
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		values++
		if grad != nil {
			grads++
		}
		return bowl(grad, x), nil
	}}
	for _, d := range drivers {
		values, grads = 0, 0
		if _, err := d.run(p, []float64{4, 4}, &optimize.Settings{MajorIterations: 30, Converger: never()}, &stochopt.Adam{}); err != nil || values != 30 || grads != 30 {
			t.Errorf("%s: %d calls, %d with gradient, want 30 and 30; error %v", d.name, values, grads, err)
		}
	}
	values, grads = 0, 0
	r, err := optimize.Minimize(p.Optimize(), []float64{4, 4}, nil, &optimize.NelderMead{})
	if err != nil || values != r.FuncEvaluations || grads > 1 {
		t.Errorf("Nelder-Mead: %d evaluations make %d calls, %d with gradient; error %v", r.FuncEvaluations, values, grads, err)
	}
}

// TestRunsOfOneProblem: an error ends one run, and is not that of the next. Steps go on from run to run; what Optimize
// returns anew starts at the first.
func TestRunsOfOneProblem(t *testing.T) {
	broken := false
	good := noisyBowl(1)
	var steps []int
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		steps = append(steps, s.Step)
		if broken {
			return 0, errSpoiled
		}
		return good(grad, x, s)
	}}
	o := p.Optimize()
	for i := range 4 {
		broken = i == 1
		if i == 3 {
			o = p.Optimize()
		}
		r, err := optimize.Minimize(o, []float64{4, 4}, &optimize.Settings{MajorIterations: 2, Converger: never()}, &stochopt.Adam{})
		if errors.Is(err, errSpoiled) != broken || (r.Status == optimize.Failure) != broken {
			t.Errorf("run %d: %s", i, outcome(r, err))
		}
	}
	if want := []int{0, 1, 2, 3, 4, 0, 1}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
}

// TestPanicsOfUserCode: neither a projection that panics nor an objective that ends its goroutine takes the process along.
func TestPanicsOfUserCode(t *testing.T) {
	bad := func([]float64) { panic(errSpoiled) }
	p := stochopt.Problem{FuncGrad: bowl, Project: bad}
	for name, run := range map[string]func() (*optimize.Result, error){
		"Minimize": func() (*optimize.Result, error) {
			return stochopt.Minimize(context.Background(), p, []float64{4, 4}, nil, &stochopt.Adam{})
		},
		"Optimize": func() (*optimize.Result, error) {
			return optimize.Minimize(p.Optimize(), []float64{4, 4}, nil, &stochopt.Adam{})
		},
		"Sequential, optimize": func() (*optimize.Result, error) {
			return optimize.Minimize(stochopt.Problem{FuncGrad: bowl}.Optimize(), []float64{4, 4}, nil, &stochopt.Sequential{Rule: &stochopt.Adam{}, Project: bad})
		},
	} {
		if r, err := run(); r.Status != optimize.Failure || !errors.Is(err, errSpoiled) {
			t.Errorf("%s: %s", name, outcome(r, err))
		}
	}
	if got := panicOf(func() {
		stochopt.Minimize(context.Background(), p, []float64{4, 4}, nil, &stochopt.Sequential{Rule: &stochopt.Adam{}, Project: bad})
	}); !strings.Contains(got, "Project is set both in the Problem and in the method") {
		t.Errorf("two projections: panic %q", got)
	}

	// t.FailNow in an objective is runtime.Goexit.
	exits := stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
		if x[0] < 0 {
			runtime.Goexit()
		}
		return bowl(grad, x)
	}}
	o := exits.Optimize()
	done := make(chan bool)
	go func() {
		defer close(done)
		o.Func([]float64{-1})
	}()
	<-done
	if f := o.Func([]float64{1}); f != 0 { // the lock is free again
		t.Errorf("F = %v after an evaluation that did not return", f)
	}
	exits.Samples, exits.Concurrent = 4, 4
	done = make(chan bool)
	go func() {
		defer close(done)
		exits.Evaluator()(make([]float64, 1), []float64{-1}, stochopt.Sample{})
	}()
	<-done
}

// TestWarmChecksStepSize: a hyperparameter that goes bad between the runs ends the run.
func TestWarmChecksStepSize(t *testing.T) {
	a := &stochopt.Adam{}
	a.Reset(1)
	a.StepSize = -1
	for _, d := range drivers {
		r, err := d.run(stochopt.Problem{FuncGrad: bowl}, []float64{4}, nil, &stochopt.Sequential{Rule: a, Warm: true})
		if r.Status != optimize.Failure || err == nil || !strings.Contains(err.Error(), "StepSize = -1") {
			t.Errorf("%s: %s", d.name, outcome(r, err))
		}
	}
}

// TestSamples: the mean of n draws has 1/n of the variance, and its draws are the Replicates of one Step.
func TestSamples(t *testing.T) {
	const n, steps = 10, 2000
	var mu sync.Mutex
	seen := map[stochopt.Sample]int{}
	p := stochopt.Problem{Seed: 5, Samples: n, Concurrent: 4, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		mu.Lock()
		seen[s]++
		mu.Unlock()
		r := s.Rand()
		grad[0] = r.NormFloat64()
		return r.NormFloat64(), nil
	}}
	var f, g float64
	rec := recorder(func(loc *optimize.Location, op optimize.Operation) {
		if op == optimize.MajorIteration {
			f += loc.F * loc.F
			g += loc.Gradient[0] * loc.Gradient[0]
		}
	})
	s := &optimize.Settings{MajorIterations: steps + 1, Converger: never(), Recorder: rec}
	if _, err := stochopt.Minimize(context.Background(), p, []float64{0}, s, &stochopt.Adam{}); err != nil {
		t.Fatal(err)
	}
	tol := 5 * math.Sqrt(2./steps) / n
	if abs(f/steps-1./n) > tol || abs(g/steps-1./n) > tol {
		t.Errorf("variance of values %.4f, of gradients %.4f, want %.4f", f/steps, g/steps, 1./n)
	}
	if len(seen) != n*(steps+1) {
		t.Errorf("%d different Samples, want %d", len(seen), n*(steps+1))
	}
	for s, k := range seen {
		if k != 1 || s.Seed != 5 || s.Probe != 0 || s.Replicate < 0 || s.Replicate >= n || s.Step < 0 || s.Step > steps {
			t.Fatalf("%+v drawn %d times", s, k)
		}
	}
}

// TestEvaluator: the Oracle of a Problem draws what a run draws, and what other Samples name.
func TestEvaluator(t *testing.T) {
	p := stochopt.Problem{Oracle: noisyBowl(1), Seed: 4, Samples: 3}
	r, err := stochopt.Minimize(context.Background(), p, []float64{1, 1}, &optimize.Settings{MajorIterations: 5, Converger: never()}, &stochopt.Adam{})
	if err != nil {
		t.Fatal(err)
	}
	g := make([]float64, 2)
	f, err := p.Evaluator()(g, r.X, stochopt.Sample{Seed: 4, Step: 4})
	if err != nil || f != r.F || !slices.Equal(g, r.Gradient) {
		t.Errorf("the last draw again: %v %v, want %v %v; %v", f, g, r.F, r.Gradient, err)
	}
	seen := map[float64]bool{f: true}
	for _, s := range []stochopt.Sample{{Seed: 5, Step: 4}, {Seed: 4, Step: 4, Replicate: 1}, {Seed: 4, Step: 4, Probe: 1}} {
		f, err := p.Evaluator()(nil, r.X, s)
		if err != nil || seen[f] {
			t.Errorf("%+v gives %v, which was drawn before; %v", s, f, err)
		}
		seen[f] = true
	}
	if _, err := (stochopt.Problem{Func: func([]float64) float64 { return 1 }}).Evaluator()(g, r.X, stochopt.Sample{}); !errors.Is(err, optimize.ErrMissingGrad) {
		t.Errorf("a gradient that is not there: error %v", err)
	}
	p.Oracle = spoiled(4, nil, "panic")
	var ee *stochopt.EvaluationError
	if _, err := p.Evaluator()(g, r.X, stochopt.Sample{Step: 4}); !errors.As(err, &ee) || !errors.Is(err, errSpoiled) {
		t.Errorf("error %v", err)
	}
}

type recorder func(loc *optimize.Location, op optimize.Operation)

func (recorder) Init() error { return nil }
func (r recorder) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	r(loc, op)
	return nil
}

// observing is a Rule with both optional interfaces: gradient descent whose answer is the mean of its iterates.
type observing struct {
	seen []float64
	mean []float64
	n    float64
}

func (r *observing) Reset(dim int)     { *r = observing{mean: make([]float64, dim)} }
func (r *observing) Observe(f float64) { r.seen = append(r.seen, f) }
func (r *observing) Step(x, grad []float64) {
	r.n++
	for i := range x {
		r.mean[i] += (x[i] - r.mean[i]) / r.n
		x[i] -= 0.05 * grad[i]
	}
}
func (r *observing) Estimate(dst, x []float64) {
	for i := range dst {
		dst[i] = r.mean[i] + (x[i]-r.mean[i])/(r.n+1)
	}
}

// TestOptionalInterfaces: Observe sees the value at the point of each Step; the Result is the Estimate with its own F.
func TestOptionalInterfaces(t *testing.T) {
	for _, limits := range []optimize.Settings{{MajorIterations: 30}, {FuncEvaluations: 30}, {FuncEvaluations: 31}, {GradEvaluations: 9}, {FuncEvaluations: 1}, {MajorIterations: 1}} {
		limits.Converger = never()
		var first string
		for _, d := range drivers {
			var at []float64 // values at iterates: where a gradient was taken
			p := stochopt.Problem{Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
				f := bowl(grad, x)
				if grad != nil {
					at = append(at, f)
				}
				return f, nil
			}}
			r := &observing{}
			s := limits
			tr := &trace{}
			s.Recorder = tr
			res, err := d.run(p, []float64{4, 4}, &s, &stochopt.Sequential{Rule: r})
			if err != nil || res.F != bowl(nil, res.X) {
				t.Fatalf("%s: %s", d.name, outcome(res, err))
			}
			if n := len(r.seen); d.name == "stochopt.Minimize" && (n > len(at) || !slices.Equal(r.seen, at[:n])) {
				t.Errorf("observed %v, values at iterates %v", r.seen, at)
			}
			if limits.MajorIterations == 30 {
				want := make([]float64, 2)
				x, sum := []float64{4, 4}, []float64{0, 0}
				g := make([]float64, 2)
				for range 30 {
					bowl(g, x)
					for i := range x {
						sum[i] += x[i]
						want[i] = sum[i] / 30
						x[i] -= 0.05 * g[i]
					}
				}
				if abs(res.X[0]-want[0])+abs(res.X[1]-want[1]) > 1e-13 {
					t.Errorf("%s: X = %v, the mean of the iterates is %v", d.name, res.X, want)
				}
			}
			if got := outcome(res, err) + fmt.Sprint(tr.records); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%+v: %s:\n got %s\nwant %s", limits, d.name, got, first)
			}
		}
	}
}
