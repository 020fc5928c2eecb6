package stochopt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
	abs = math.Abs
)

// bowl is Σ h (x-o)²/2 with h = 1, 2, ... and o = 1, -2, 3, ..., and its gradient.
func bowl(grad, x []float64) float64 {
	f := 0.0
	for i, v := range x {
		h, o := float64(i+1), float64(i+1)
		if i%2 == 1 {
			o = -o
		}
		f += h * (v - o) * (v - o) / 2
		if grad != nil {
			grad[i] = h * (v - o)
		}
	}
	return f
}

// noisyBowl adds normal noise of standard deviation sd to value and gradient of bowl.
func noisyBowl(sd float64) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		r := s.Rand()
		f := bowl(grad, x) + sd*r.NormFloat64()
		for i := range grad {
			grad[i] += sd * r.NormFloat64()
		}
		return f, nil
	}
}

// A driver runs a method on a Problem. Both must do the same.
type driver struct {
	name string
	run  func(p stochopt.Problem, x0 []float64, s *optimize.Settings, m optimize.Method) (*optimize.Result, error)
}

var drivers = []driver{
	{"stochopt.Minimize", func(p stochopt.Problem, x0 []float64, s *optimize.Settings, m optimize.Method) (*optimize.Result, error) {
		return stochopt.Minimize(context.Background(), p, x0, s, m)
	}},
	{"optimize.Minimize", func(p stochopt.Problem, x0 []float64, s *optimize.Settings, m optimize.Method) (*optimize.Result, error) {
		return optimize.Minimize(p.Optimize(m), x0, s, m)
	}},
}

// within fails the test if f takes more than a generous time: a hang.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		buf := make([]byte, 1<<16)
		t.Fatalf("hangs:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// trace is a Recorder that keeps everything but times and the initial record, in which gonum has no X.
type trace struct {
	records []record
	stopAt  int // record at which to return an error, if > 0
}

type record struct {
	op    optimize.Operation
	loc   []float64 // F, X, gradient
	stats optimize.Stats
}

func (r *trace) Init() error { r.records = nil; return nil }

func (r *trace) Record(loc *optimize.Location, op optimize.Operation, stats *optimize.Stats) error {
	if op != optimize.InitIteration {
		s := *stats
		s.Runtime = 0
		r.records = append(r.records, record{op, slices.Concat([]float64{loc.F}, loc.X, loc.Gradient), s})
	}
	if r.stopAt > 0 && len(r.records) == r.stopAt {
		return errStop
	}
	return nil
}

func (a record) equal(b record) bool { return a.op == b.op && a.stats == b.stats && same(a.loc, b.loc) }

var errStop = errors.New("the recorder has had enough")

// outcome is all that a run shows, as text: %v of a float64 is exact.
func outcome(r *optimize.Result, err error) string {
	if r == nil {
		return fmt.Sprint("no result, ", err)
	}
	return fmt.Sprintf("X %v F %v Gradient %v iterations %d evaluations %d %d %d status %v error %v", r.X, r.F, r.Gradient,
		r.MajorIterations, r.FuncEvaluations, r.GradEvaluations, r.HessEvaluations, r.Status, err)
}

func never() optimize.Converger { return optimize.NeverTerminate{} }

// TestDriversAgree holds Minimize to optimize.Minimize, bit for bit, over problems and settings, and both to themselves
// in a second run with the same values, with 8 concurrent evaluations, and Minimize without a Recorder. With -short it is a quarter
// of the combinations.
func TestDriversAgree(t *testing.T) {
	box := func(x []float64) {
		for i := range x {
			x[i] = min(max(x[i], -1), 2)
		}
	}
	problems := map[string]stochopt.Problem{
		"Func and Grad":       {Func: func(x []float64) float64 { return bowl(nil, x) }, Grad: func(g, x []float64) { bowl(g, x) }},
		"FuncGrad":            {FuncGrad: bowl},
		"Oracle":              {Oracle: noisyBowl(1), Seed: 7},
		"Oracle, later steps": {Oracle: noisyBowl(1), Seed: 7, FirstStep: 12},
		"5 samples":           {Oracle: noisyBowl(1), Seed: 7, Samples: 5},
		"5 samples of a Func": {Func: func(x []float64) float64 { return bowl(nil, x) }, Grad: func(g, x []float64) { bowl(g, x) }, Samples: 5},
		"by point":            {Oracle: noisyBowl(1), Seed: 7, PerPoint: true, Samples: 3},
	}
	g0 := []float64{-1, 4, -9}
	settings := map[string]func() *optimize.Settings{
		"1 iteration":   func() *optimize.Settings { return &optimize.Settings{MajorIterations: 1, Converger: never()} },
		"40 iterations": func() *optimize.Settings { return &optimize.Settings{MajorIterations: 40, Converger: never()} },
		"1 evaluation":  func() *optimize.Settings { return &optimize.Settings{FuncEvaluations: 1, Converger: never()} },
		"9 evaluations": func() *optimize.Settings { return &optimize.Settings{FuncEvaluations: 9, Converger: never()} },
		"7 gradients":   func() *optimize.Settings { return &optimize.Settings{GradEvaluations: 7, Converger: never()} },
		"gradient threshold": func() *optimize.Settings {
			return &optimize.Settings{GradientThreshold: 3, MajorIterations: 300, Converger: never()}
		},
		"gonum's default": func() *optimize.Settings { return nil },
		"stationary": func() *optimize.Settings {
			return &optimize.Settings{Converger: &stopping.Stationary{}, MajorIterations: 200}
		},
		"known value": func() *optimize.Settings {
			return &optimize.Settings{InitValues: &optimize.Location{F: 18}, MajorIterations: 12, Converger: never()}
		},
		"known gradient": func() *optimize.Settings {
			return &optimize.Settings{InitValues: &optimize.Location{F: 18, Gradient: slices.Clone(g0)}, MajorIterations: 12, Converger: never()}
		},
		"recorder's error": func() *optimize.Settings {
			return &optimize.Settings{Recorder: &trace{stopAt: 14}, MajorIterations: 40, Converger: never()}
		},
		"recorder's error at an evaluation": func() *optimize.Settings {
			return &optimize.Settings{Recorder: &trace{stopAt: 15}, MajorIterations: 40, Converger: never()}
		},
	}
	x0 := []float64{0, 0, 0}
	for _, row := range methods {
		for pname, p := range problems {
			for sname, set := range settings {
				for _, projected := range []bool{false, true} {
					name := fmt.Sprintf("%s/%s/%s/projected=%t", row.name, pname, sname, projected)
					if testing.Short() && crc32.ChecksumIEEE([]byte(name))%4 != 0 {
						continue // a quarter of all, any
					}
					t.Run(name, func(t *testing.T) {
						p := p
						if projected {
							p.Project = box
						}
						m := row.run()
						run := func(d driver, concurrent int, recorded bool) (string, []record) {
							s, method := set(), optimize.Method(m)
							if s == nil && d.name == "stochopt.Minimize" {
								s = &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-10, Iterations: 100}}
							}
							if s == nil {
								s = &optimize.Settings{}
							}
							rec, _ := s.Recorder.(*trace)
							if rec == nil {
								rec = &trace{}
								if recorded {
									s.Recorder = rec
								}
							}
							p := p
							p.Concurrent, s.Concurrent = concurrent, concurrent
							if projected && d.name == "optimize.Minimize" {
								method = &stochopt.Sequential{Rule: m, Project: box}
							}
							var r *optimize.Result
							var err error
							within(t, func() { r, err = d.run(p, x0, s, method) })
							return outcome(r, err), rec.records
						}
						want, wantTrace := run(drivers[1], 1, true)
						if got, _ := run(drivers[0], 1, false); got != want {
							t.Errorf("%s without a Recorder:\n got %s\nwant %s", drivers[0].name, got, want)
						}
						for _, d := range drivers {
							for _, concurrent := range []int{1, 8} {
								got, gotTrace := run(d, concurrent, true)
								if got != want {
									t.Errorf("%s, %d at once:\n got %s\nwant %s", d.name, concurrent, got, want)
								}
								for i := range min(len(gotTrace), len(wantTrace)) {
									if !gotTrace[i].equal(wantTrace[i]) {
										t.Fatalf("%s, %d at once: record %d:\n got %v\nwant %v", d.name, concurrent, i, gotTrace[i], wantTrace[i])
									}
								}
								if len(gotTrace) != len(wantTrace) {
									t.Errorf("%s, %d at once: %d records, want %d", d.name, concurrent, len(gotTrace), len(wantTrace))
								}
							}
						}
					})
				}
			}
		}
	}
}

// TestProjectField holds Problem.Project in Minimize to Sequential.Project in optimize.Minimize.
func TestProjectField(t *testing.T) {
	half := func(x []float64) {
		for i := range x {
			x[i] = max(x[i], 0.5)
		}
	}
	for _, row := range methods {
		p := stochopt.Problem{Oracle: noisyBowl(1), Project: half}
		s := &optimize.Settings{MajorIterations: 300, Converger: never()}
		m := row.run()
		got, err := stochopt.Minimize(context.Background(), p, []float64{-3, 1}, s, m)
		by := &stochopt.Sequential{Rule: row.run(), Project: half}
		want, err2 := optimize.Minimize(p.Optimize(by), []float64{-3, 1}, s, by)
		if outcome(got, err) != outcome(want, err2) || err != nil {
			t.Errorf("%s:\n got %s\nwant %s", row.name, outcome(got, err), outcome(want, err2))
		}
		if got.X[1] != 0.5 { // the minimum is at -2
			t.Errorf("%s: x = %v has left the feasible set or not reached its edge", row.name, got.X)
		}
		// Without the field the run must not pretend.
		m = row.run()
		r, err := optimize.Minimize(p.Optimize(m), []float64{1, 1}, s, m)
		if r.Status != optimize.Failure || err == nil || !strings.Contains(err.Error(), "outside the feasible set") {
			t.Errorf("%s: optimize.Minimize without a projection: %s", row.name, outcome(r, err))
		}
	}
}

// TestHostInvariants are what gonum's own tests ask of a method.
func TestHostInvariants(t *testing.T) {
	x0 := []float64{5, -1, 0.5}
	for _, row := range methods {
		for _, d := range drivers {
			p := stochopt.Problem{FuncGrad: bowl}
			m := row.make()
			s := &optimize.Settings{MajorIterations: 50, Converger: never()}
			r, err := d.run(p, x0, s, m)
			if err != nil || r.Status != optimize.IterationLimit {
				t.Fatalf("%s, %s: %s", row.name, d.name, outcome(r, err))
			}
			g := make([]float64, 3)
			if f := bowl(g, r.X); f != r.F || !slices.Equal(g, r.Gradient) && !(row.estimates && r.Gradient == nil) {
				t.Errorf("%s, %s: F %v and gradient %v, at X they are %v and %v", row.name, d.name, r.F, r.Gradient, f, g)
			}
			funcs := 50
			if row.estimates { // at answers that are not iterates too: not at the first
				funcs = r.FuncEvaluations
			}
			if funcs < 50 || funcs >= 100 || r.FuncEvaluations != funcs || r.GradEvaluations != 50 || r.MajorIterations != 50 {
				t.Errorf("%s, %s: %+v, want 50 of each", row.name, d.name, r.Stats)
			}
			if !slices.Equal(x0, []float64{5, -1, 0.5}) {
				t.Fatalf("%s, %s: x0 has become %v", row.name, d.name, x0)
			}

			if row.chooses {
				continue // values that were known before are of no draw that it has chosen
			}
			f0 := bowl(g, x0)
			s.InitValues = &optimize.Location{F: f0, Gradient: g}
			r2, err := d.run(p, x0, s, m)
			if err != nil || r2.FuncEvaluations != funcs-1 || r2.GradEvaluations != 49 {
				t.Errorf("%s, %s: InitValues save %d and %d evaluations, want 1", row.name, d.name, funcs-r2.FuncEvaluations, 50-r2.GradEvaluations)
			}
			r3, err := d.run(p, x0, s, m)
			if err != nil || !slices.Equal(g, s.InitValues.Gradient) {
				t.Errorf("%s, %s: the gradient of InitValues has become %v, error %v", row.name, d.name, s.InitValues.Gradient, err)
			}
			r.Stats, r2.Stats, r3.Stats = optimize.Stats{}, optimize.Stats{}, optimize.Stats{}
			if !reflect.DeepEqual(r, r2) || !reflect.DeepEqual(r, r3) {
				t.Errorf("%s, %s: runs with InitValues end at %v and %v, without at %v", row.name, d.name, r2.X, r3.X, r.X)
			}
			for _, f := range []float64{nan, inf} {
				if r, err := d.run(p, x0, &optimize.Settings{InitValues: &optimize.Location{F: f}}, m); r.Status != optimize.Failure || err == nil {
					t.Errorf("%s, %s: InitValues.F = %v: %s", row.name, d.name, f, outcome(r, err))
				}
			}
		}
	}
}

// TestLimits asks for each way to end a run, with its own status.
func TestLimits(t *testing.T) {
	custom := stopAfter{n: 11, status: optimize.StepConvergence}
	for _, row := range methods {
		for _, d := range drivers {
			for _, c := range []struct {
				name   string
				s      optimize.Settings
				x0     float64
				want   optimize.Status
				evals  int
				wanted string // in the error
			}{
				{name: "iterations", s: optimize.Settings{MajorIterations: 11}, want: optimize.IterationLimit, evals: 11},
				{name: "evaluations", s: optimize.Settings{FuncEvaluations: 11}, want: optimize.FunctionEvaluationLimit, evals: 11},
				{name: "first evaluation", s: optimize.Settings{FuncEvaluations: 1}, want: optimize.FunctionEvaluationLimit, evals: 1},
				{name: "gradients", s: optimize.Settings{GradEvaluations: 11}, want: optimize.GradientEvaluationLimit, evals: 11},
				{name: "runtime", s: optimize.Settings{Runtime: time.Nanosecond}, want: optimize.RuntimeLimit, evals: 1},
				{name: "gradient", s: optimize.Settings{GradientThreshold: 1e9}, want: optimize.GradientThreshold, evals: 1},
				{name: "converger", s: optimize.Settings{Converger: &custom}, want: optimize.StepConvergence, evals: 11},
				{name: "recorder", s: optimize.Settings{Recorder: &trace{stopAt: 21}}, want: optimize.Failure, evals: 11, wanted: "has had enough"},
			} {
				if c.s.Converger == nil {
					c.s.Converger = never()
				}
				within(t, func() {
					r, err := d.run(stochopt.Problem{FuncGrad: bowl}, []float64{5, 5}, &c.s, row.make())
					if r.Status != c.want || (err != nil) != (c.wanted != "") || err != nil && !strings.Contains(err.Error(), c.wanted) {
						t.Errorf("%s, %s, %s: %s", row.name, d.name, c.name, outcome(r, err))
					}
					evals := r.FuncEvaluations
					if row.estimates && c.s.FuncEvaluations == 0 { // one or two for an iterate
						evals = min(max(c.evals, (evals+1)/2), evals)
					}
					if evals != c.evals || r.F != bowl(nil, r.X) {
						t.Errorf("%s, %s, %s: want %d evaluations and F of X: %s", row.name, d.name, c.name, c.evals, outcome(r, err))
					}
				})
			}
		}
	}
}

type stopAfter struct {
	n      int
	status optimize.Status
	seen   int
}

func (s *stopAfter) Init(int) { s.seen = 0 }
func (s *stopAfter) Converged(*optimize.Location) optimize.Status {
	if s.seen++; s.seen >= s.n {
		return s.status
	}
	return optimize.NotTerminated
}

// spoiled is noisyBowl, but for one draw of evaluation k, if it is at the point at. A nil is any point.
func spoiled(k int, at []float64, how string) stochopt.Oracle {
	good := noisyBowl(1)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := good(grad, x, s)
		if s.Step != k || s.Replicate != 2 && s.Replicate != 0 || at != nil && !slices.Equal(x, at) {
			return f, err
		}
		if grad == nil && strings.Contains(how, "component") {
			return f, err // the gradient of this draw is asked for in another call
		}
		switch how {
		case "NaN":
			f = nan
		case "+Inf":
			f = inf
		case "-Inf":
			f = -inf
		case "NaN component":
			grad[1] = nan
		case "Inf component":
			grad[1] = -inf
		case "huge component":
			grad[1] = 1e200
		case "error":
			err = errSpoiled
		case "panic":
			panic(errSpoiled)
		}
		return f, err
	}
}

var errSpoiled = errors.New("the experiment has failed")

// TestBadEvaluations spoils evaluation k of a run: the run must fail with an error that says where, keep the last good
// point, and leave the method as it was before.
func TestBadEvaluations(t *testing.T) {
	x0 := []float64{5, -1, 0.5}
	clean := func(m tested, k, samples int) *optimize.Result { // k good evaluations
		r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: noisyBowl(1), Samples: samples}, x0,
			&optimize.Settings{MajorIterations: k, Converger: never()}, m)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, row := range methods {
		for _, how := range []string{"NaN", "+Inf", "-Inf", "NaN component", "Inf component", "huge component", "error", "panic"} {
			for _, k := range []int{0, 1, 7} {
				for _, samples := range []int{1, 4} {
					for _, d := range drivers {
						name := fmt.Sprintf("%s, %s at evaluation %d of %d samples, %s", row.name, how, k, samples, d.name)
						m := row.make()
						draw, at := k, []float64(nil)
						if row.estimates || row.chooses {
							draw, at = drawOfIterate(row.make(), x0, k, samples)
						}
						p := stochopt.Problem{Oracle: spoiled(draw, at, how), Samples: samples, Concurrent: 3}
						var r *optimize.Result
						var err error
						within(t, func() { r, err = d.run(p, x0, &optimize.Settings{MajorIterations: 20, Converger: never()}, m) })
						var ee *stochopt.EvaluationError
						if r.Status != optimize.Failure || !errors.As(err, &ee) || ee.Sample.Step != draw || ee.Sample.Replicate != 0 {
							t.Errorf("%s: %s", name, outcome(r, err))
							continue
						}
						if want := map[bool]int{true: 1, false: -1}[strings.Contains(how, "component")]; ee.Component != want {
							t.Errorf("%s: component %d, want %d", name, ee.Component, want)
						}
						if (how == "error" || how == "panic") && !errors.Is(err, errSpoiled) {
							t.Errorf("%s: %v does not wrap the cause", name, err)
						}
						want := x0
						if k > 0 {
							want = clean(row.make(), k, samples).X
						}
						if !slices.Equal(r.X, want) {
							t.Errorf("%s: X = %v, want the last good point %v", name, r.X, want)
						}
						if k > 0 && (math.IsNaN(r.F) || math.IsInf(r.F, 0)) {
							t.Errorf("%s: F = %v", name, r.F)
						}
						good := row.make()
						clean(good, k+1, samples) // k steps
						got, _ := m.MarshalBinary()
						if state, _ := good.MarshalBinary(); !bytes.Equal(got, state) {
							t.Errorf("%s: the state is not that after %d steps", name, k)
						}
					}
				}
			}
		}
	}
}

// drawOfIterate is the draw that a run of m evaluates iterate k with, and where that is; others are for answers that are not
// iterates, and for other iterates.
func drawOfIterate(m optimize.Method, x0 []float64, k, samples int) (draw int, at []float64) {
	good, n := noisyBowl(1), 0
	p := stochopt.Problem{Samples: samples, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil && s.Replicate == 0 {
			if n == k {
				draw, at = s.Step, slices.Clone(x)
			}
			n++
		}
		return good(grad, x, s)
	}}
	stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: k + 1, Converger: never()}, m)
	return draw, at
}

// TestBadPlainProblem is TestBadEvaluations for an optimize.Problem that has never heard of this package.
func TestBadPlainProblem(t *testing.T) {
	for _, row := range methods {
		if row.chooses { // TestChooserNeedsAsking
			continue
		}
		for _, c := range []struct {
			f, g float64
			comp int
		}{{nan, 1, -1}, {inf, 1, -1}, {-inf, 1, -1}, {1, nan, 1}, {1, inf, 1}} {
			for _, k := range []int{0, 5} {
				n, bad := 0, k+1
				if row.estimates {
					draw, _ := drawOfIterate(row.make(), []float64{4, 4}, k, 1)
					bad = draw + 1
				}
				p := optimize.Problem{
					Func: func(x []float64) float64 {
						if n++; n == bad {
							return c.f
						}
						return bowl(nil, x)
					},
					Grad: func(g, x []float64) {
						bowl(g, x)
						if n == bad && c.comp >= 0 {
							g[1] = c.g
						}
					},
				}
				within(t, func() {
					r, err := optimize.Minimize(p, []float64{4, 4}, nil, row.make())
					var ee *stochopt.EvaluationError
					if !errors.As(err, &ee) || r.Status != optimize.Failure {
						// F = -Inf at a major would be gonum's own FunctionNegativeInfinity
						t.Fatalf("%s, %+v at %d: %s", row.name, c, k, outcome(r, err))
					}
					if ee.Sample.Step != k || ee.Component != c.comp || r.MajorIterations != max(k, 1) {
						t.Errorf("%s, %+v at %d: %s", row.name, c, k, outcome(r, err))
					}
					if k == 0 && !slices.Equal(r.X, []float64{4, 4}) {
						t.Errorf("%s, %+v: X = %v, want the start", row.name, c, r.X)
					}
				})
			}
		}
	}
}

// TestRandomStops ends runs at random points by every means the host has, with several runs at once; it must not hang
// nor leave goroutines.
func TestRandomStops(t *testing.T) {
	before := runtime.NumGoroutine()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, row := range methods {
		for range 300 {
			n := 1 + rng.IntN(60)
			s := &optimize.Settings{Converger: never(), MajorIterations: 100, Concurrent: 1 + rng.IntN(4)}
			m := row.make()
			p := stochopt.Problem{Oracle: noisyBowl(1)}.Optimize(m)
			switch rng.IntN(5) {
			case 0:
				s.FuncEvaluations = n
			case 1:
				s.Recorder = &trace{stopAt: n}
			case 2:
				s.Converger = &stopAfter{n: n, status: optimize.Success}
			case 3:
				status := p.Status
				calls := 0
				p.Status = func() (optimize.Status, error) {
					if calls++; calls > n {
						return optimize.Success, nil
					}
					return status()
				}
			case 4:
				p = stochopt.Problem{Oracle: spoiled(n, nil, "error")}.Optimize(m)
			}
			within(t, func() {
				r, _ := optimize.Minimize(p, []float64{4, 4}, s, m)
				if r.Status == optimize.NotTerminated || math.IsInf(r.F, 0) {
					t.Errorf("%s: %s", row.name, outcome(r, nil))
				}
			})
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond) // the last goroutine of a run ends after its Minimize returns
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestHostOfTheProtocol plays gonum's part by hand, and ends the run at every message in turn. After PostIteration it
// accepts one major iteration at most, which must be of an evaluated point.
func TestHostOfTheProtocol(t *testing.T) {
	for _, row := range methods {
		if row.chooses { // this host does not ask
			continue
		}
		for stop := range 40 {
			within(t, func() {
				m := row.make()
				if n := m.Init(2, 8); n != 1 {
					t.Fatalf("%s: Init returns %d tasks", row.name, n)
				}
				operation, result := make(chan optimize.Task, 1), make(chan optimize.Task, 1)
				go m.Run(operation, result, []optimize.Task{{Location: &optimize.Location{X: []float64{4, 4}}}})
				evaluated := map[*optimize.Location]bool{}
				for n := 0; ; n++ {
					task := <-operation
					if task.Op&(optimize.FuncEvaluation|optimize.GradEvaluation) != 0 {
						if task.Gradient == nil {
							task.Gradient = make([]float64, 2)
						}
						task.F = bowl(task.Gradient, task.X)
						evaluated[task.Location] = true
					} else if task.Op != optimize.MajorIteration {
						t.Errorf("%s: unexpected %v", row.name, task.Op)
					}
					if n == stop {
						result <- optimize.Task{Op: optimize.PostIteration}
						if stop%3 > 0 { // the answer to the last operation may come or not
							result <- task
						}
						break
					}
					result <- task
				}
				close(result)
				n := 0
				for task := range operation {
					if n++; n > 1 || task.Op != optimize.MajorIteration || task.F != bowl(nil, task.X) || !evaluated[task.Location] {
						t.Errorf("%s: stopped at message %d: %v %+v", row.name, stop, task.Op, task.Location)
					}
				}
				if want := 1 - stop%2; n != want && !(row.estimates && n <= 1) { // even messages are evaluations
					t.Errorf("%s: stopped at message %d: %d major iterations at the end, want %d", row.name, stop, n, want)
				}
			})
		}
	}
}

// lastIterate runs m and returns its last iterate, which the Result has not if that is another answer, and its draw.
func lastIterate(p stochopt.Problem, x0 []float64, s *optimize.Settings, m optimize.Method) (x []float64, draw int) {
	oracle := p.Oracle
	p.Oracle = func(grad, at []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			x, draw = append(x[:0], at...), s.Step
		}
		return oracle(grad, at, s)
	}
	stochopt.Minimize(context.Background(), p, x0, s, m)
	return x, draw
}

// TestGoOn stops a run, carries the state to another value, and goes on: nothing must tell the two parts from a whole. The
// noise is great enough to turn the signs of gradients, which is all that some methods look at.
func TestGoOn(t *testing.T) {
	for _, n := range []int{13, 14} { // in the middle of a step of two evaluations as well
		goOn(t, n)
	}
}

func goOn(t *testing.T, n int) {
	const total = 40
	x0 := []float64{5, -1, 0.5}
	for _, row := range methods {
		for _, d := range drivers {
			p := stochopt.Problem{Oracle: noisyBowl(10), Seed: 3, Samples: 2}
			set := func(n int) *optimize.Settings { return &optimize.Settings{MajorIterations: n, Converger: never()} }
			whole := row.make()
			want, err := d.run(p, x0, set(total), whole)
			if err != nil {
				t.Fatal(err)
			}
			a, b := row.make(), row.make()
			if _, err = d.run(p, x0, set(n), a); err != nil {
				t.Fatal(err)
			}
			data, err := a.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if err := b.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			var part []float64
			part, p.FirstStep = lastIterate(p, x0, set(n), row.make())
			s := set(total - n + 1)
			got, err := d.run(p, part, s, &stochopt.Sequential{Rule: b, Warm: true})
			if err != nil || !slices.Equal(got.X, want.X) || got.F != want.F {
				t.Errorf("%s, %s: %v %v, want %v %v; %v", row.name, d.name, got.X, got.F, want.X, want.F, err)
			}
			got2, _ := b.MarshalBinary()
			if want2, _ := whole.MarshalBinary(); !bytes.Equal(got2, want2) {
				t.Errorf("%s, %s: the states differ at the end", row.name, d.name)
			}
			// The companions: going on without the state, or with the samples of the first part.
			if cold, _ := d.run(p, part, s, row.make()); !row.memoryless && slices.Equal(cold.X, want.X) {
				t.Errorf("%s, %s: going on without the state makes no difference", row.name, d.name)
			}
			if row.frozen { // the first step makes no difference
				continue
			}
			p.FirstStep = 0
			b.UnmarshalBinary(data)
			if again, _ := d.run(p, part, s, &stochopt.Sequential{Rule: b, Warm: true}); slices.Equal(again.X, want.X) {
				t.Errorf("%s, %s: going on with other samples makes no difference", row.name, d.name)
			}
		}
	}
}

// TestContext ends runs by their context.
func TestContext(t *testing.T) {
	why := errors.New("the lights went out")
	all := []optimize.Method{&optimize.NelderMead{}, &optimize.LBFGS{}}
	for _, row := range methods {
		all = append(all, row.make())
	}
	for _, m := range all {
		ctx, cancel := context.WithCancelCause(context.Background())
		n := 0
		p := stochopt.Problem{FuncGrad: func(g, x []float64) float64 {
			if n++; n == 4 {
				cancel(why)
			}
			return bowl(g, x)
		}}
		within(t, func() {
			r, err := stochopt.Minimize(ctx, p, []float64{50, 30}, &optimize.Settings{Converger: never()}, m)
			if r.Status != optimize.Failure || !errors.Is(err, why) || n != 4 {
				t.Errorf("%T: %d evaluations: %s", m, n, outcome(r, err))
			}
			if _, rule := m.(stochopt.Rule); rule && r.F != bowl(nil, r.X) {
				t.Errorf("%T: the last point is lost: %s", m, outcome(r, err))
			}
		})
		if r, err := stochopt.Minimize(ctx, p, []float64{5, 3}, nil, m); r != nil || !errors.Is(err, why) || n != 4 {
			t.Errorf("%T: starts with a context that has ended: %s", m, outcome(r, err))
		}
	}
}

// TestForeignMethods hands Minimize methods that are no Rules.
func TestForeignMethods(t *testing.T) {
	for _, c := range []struct {
		p stochopt.Problem
		m optimize.Method
	}{
		{stochopt.Problem{FuncGrad: bowl}, &optimize.LBFGS{}},
		{stochopt.Problem{Func: func(x []float64) float64 { return bowl(nil, x) }}, nil}, // Nelder-Mead
		{stochopt.Problem{Func: func(x []float64) float64 { return bowl(nil, x) }}, &optimize.CmaEsChol{InitStepSize: 0.5, Src: rand.NewPCG(1, 1)}},
		{stochopt.Problem{FuncGrad: bowl}, nil}, // Adam
	} {
		r, err := stochopt.Minimize(context.Background(), c.p, []float64{4, 4}, nil, c.m)
		if err != nil || r.F > 1e-3 {
			t.Errorf("%T: %s", c.m, outcome(r, err))
		}
	}
	// Several points at once: the draws must depend on nothing but the points.
	var first string
	for i := range 6 {
		s := &optimize.Settings{Concurrent: 1 + 7*(i%2), MajorIterations: 60}
		p := stochopt.Problem{Oracle: noisyBowl(0.1), PerPoint: true}
		r, err := stochopt.Minimize(context.Background(), p, []float64{4, 4}, s, &optimize.CmaEsChol{InitStepSize: 0.5, Population: 8, Src: rand.NewPCG(1, 1)})
		r.FuncEvaluations = 0 // those under way at the end differ
		if got := outcome(r, err); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%d at once:\n got %s\nwant %s", s.Concurrent, got, first)
		}
	}
	// Without PerPoint that is refused, here by two evaluations that certainly overlap.
	meet := make(chan struct{})
	p := stochopt.Problem{Oracle: func(_, x []float64, s stochopt.Sample) (float64, error) {
		select {
		case meet <- struct{}{}:
		case <-meet:
		case <-time.After(time.Second):
		}
		return bowl(nil, x), nil
	}}
	cma := &optimize.CmaEsChol{InitStepSize: 0.5, Population: 8, Src: rand.NewPCG(1, 1)}
	_, err := optimize.Minimize(p.Optimize(), []float64{4, 4}, &optimize.Settings{Concurrent: 8}, cma)
	if err == nil || !strings.Contains(err.Error(), "set Problem.PerPoint") {
		t.Errorf("overlapping draws: error %v", err)
	}
	if got := panicOf(func() {
		stochopt.Minimize(context.Background(), p, []float64{4, 4}, &optimize.Settings{Concurrent: 2}, cma)
	}); !strings.Contains(got, "set Problem.PerPoint") {
		t.Errorf("concurrent draws: panic %q", got)
	}
}
