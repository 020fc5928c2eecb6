package stochopt_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
	"pgregory.net/rapid"
)

// heavyBall is b ← μb + g, x ← x - αb, with steps along sparse gradients.
type heavyBall struct {
	alpha, mu float64
	schedule  func(k int) float64
	forget    string // a method that does nothing

	sparseSteps int
	observed    float64
	b           []float64
	steps       []float64 // α of each step
	seen        []int     // steps that variable j has taken
}

func (r *heavyBall) Reset(dim int) {
	r.b, r.seen, r.steps, r.sparseSteps = make([]float64, dim), make([]int, dim), nil, 0
	r.observed = 0
}

func (r *heavyBall) Observe(f float64) { r.observed = r.observed/2 + f }

func (r *heavyBall) begin() {
	alpha := r.alpha
	if r.schedule != nil {
		alpha *= r.schedule(len(r.steps))
	}
	r.steps = append(r.steps, alpha)
}

func (r *heavyBall) move(x []float64, j int, g float64) {
	r.b[j] = float64(r.mu*r.b[j]) + g
	x[j] -= float64(r.steps[r.seen[j]] * r.b[j])
	r.seen[j]++
}

func (r *heavyBall) catchUp(x []float64, index []int, to int) {
	all := len(index)
	if index == nil {
		all = len(r.b)
	}
	for k := range all {
		j := k
		if index != nil {
			j = index[k]
		}
		for r.seen[j] < to {
			r.move(x, j, 0)
		}
	}
}

func (r *heavyBall) CatchUp(x []float64, index []int) {
	if r.forget != "CatchUp" {
		r.catchUp(x, index, len(r.steps))
	}
}

func (r *heavyBall) CatchUpBefore(x []float64, index []int) {
	if r.forget != "CatchUpBefore" {
		r.catchUp(x, index, len(r.steps)-1)
	}
}

func (r *heavyBall) StepSparse(x, grad []float64, index []int) {
	r.begin()
	r.sparseSteps++
	for k, j := range index {
		r.move(x, j, grad[k])
	}
}

func (r *heavyBall) Step(x, grad []float64) {
	r.CatchUp(x, nil)
	r.begin()
	for j, g := range grad {
		r.move(x, j, g)
	}
}

// filled hides all but Rule: its draws are filled up with zeros.
type filled struct{ stochopt.Rule }

func (r filled) Observe(f float64) {
	if o, ok := r.Rule.(interface{ Observe(f float64) }); ok {
		o.Observe(f)
	}
}

// patches is a Sparse of n variables. A draw is Σ h(x-o)²/2 over some of them, with noise in o. fault, if not nil, may spoil a
// draw: it is given grad, nil for the value alone, index, and the draw itself.
func patches(n int, fault func(grad []float64, index *[]int, f *float64, s stochopt.Sample) error) *stochopt.Sparse {
	return &stochopt.Sparse{
		Support: func(dst []int, s stochopt.Sample) ([]int, error) {
			rnd := s.Rand()
			for j := range n {
				if rnd.IntN(3) == 0 {
					dst = append(dst, j)
				}
			}
			if fault != nil {
				var f float64
				if err := fault(nil, &dst, &f, s); err != nil {
					return nil, err
				}
			}
			return dst, nil
		},
		Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (f float64, err error) {
			s.Probe++
			rnd := s.Rand()
			s.Probe--
			f = rnd.NormFloat64()
			for k, j := range index {
				d := x[j] - float64(j) + rnd.NormFloat64()
				f += float64(j+1) * d * d / 2
				if grad != nil {
					grad[k] = float64(j+1) * d
				}
			}
			if fault != nil && grad != nil {
				err = fault(grad, nil, &f, s)
			}
			return f, err
		},
	}
}

// faults of draws, in an evaluation of any index that is long enough.
var sparseFaults = map[string]func(grad []float64, index *[]int, f *float64) error{
	"none": func([]float64, *[]int, *float64) error { return nil },
	"value": func(grad []float64, _ *[]int, f *float64) error {
		*f = nan
		return nil
	},
	"component": func(grad []float64, _ *[]int, _ *float64) error {
		if len(grad) > 0 {
			grad[len(grad)-1] = -inf
		}
		return nil
	},
	"huge component": func(grad []float64, _ *[]int, _ *float64) error {
		if len(grad) > 0 {
			grad[0] = 1e200
		}
		return nil
	},
	"no gradient": func(grad []float64, _ *[]int, _ *float64) error {
		for k := range grad {
			grad[k] = nan
		}
		return nil
	},
	"error": func(grad []float64, _ *[]int, _ *float64) error {
		if grad != nil {
			return errSpoiled
		}
		return nil
	},
	"panic": func(grad []float64, _ *[]int, _ *float64) error {
		if grad != nil {
			panic(errSpoiled)
		}
		return nil
	},
	"error of Support": func(_ []float64, index *[]int, _ *float64) error {
		if index != nil {
			return errSpoiled
		}
		return nil
	},
	"panic of Support": func(_ []float64, index *[]int, _ *float64) error {
		if index != nil {
			panic(errSpoiled)
		}
		return nil
	},
	"order": func(_ []float64, index *[]int, _ *float64) error {
		if index != nil {
			*index = append(*index, 0, 0)
		}
		return nil
	},
	"range": func(_ []float64, index *[]int, _ *float64) error {
		if index != nil {
			*index = append(*index, 1<<40)
		}
		return nil
	},
	"negative": func(_ []float64, index *[]int, _ *float64) error {
		if index != nil {
			*index = append((*index)[:0], -1)
		}
		return nil
	},
}

// sparseRun is a run over patches.
type sparseRun struct {
	n     int
	fault string
	at    int // the evaluation with the fault
	set   optimize.Settings
	stop  int // the evaluation during which the context ends, if > 0
	first int // FirstStep
}

// with runs m, and returns all that it shows, with EvaluationError.X and without the names of types.
func (c sparseRun) with(m optimize.Method) string {
	ctx, cancel := context.WithCancelCause(context.Background())
	if c.stop == 0 {
		ctx = context.Background()
	}
	p := stochopt.Problem{Seed: 5, FirstStep: c.first}
	p.Sparse = patches(c.n, func(grad []float64, index *[]int, f *float64, s stochopt.Sample) error {
		if k := s.Step - c.first; k == c.at {
			return sparseFaults[c.fault](grad, index, f)
		} else if c.stop > 0 && k >= c.stop {
			cancel(errStop)
		}
		return nil
	})
	set := c.set
	r, err := stochopt.Minimize(ctx, p, start(c.n), &set, m)
	var ee *stochopt.EvaluationError
	text := outcome(r, err)
	if errors.As(err, &ee) {
		text += fmt.Sprintf(" at %v: component %d, %v, %+v", ee.X, ee.Component, ee.Value, ee.Sample)
	}
	for _, name := range []string{"*stochopt_test.heavyBall", "stochopt_test.filled"} {
		text = strings.ReplaceAll(text, name, "T")
	}
	return text
}

func start(n int) []float64 {
	rnd := rand.New(rand.NewPCG(uint64(n), 3))
	x := make([]float64, n)
	for j := range x {
		x[j] = 10 * rnd.NormFloat64()
	}
	return x
}

// drawRun draws a run with all that can happen in it, for a Rule with a schedule.
func drawRun(t *rapid.T) (c sparseRun, schedule func(k int) float64) {
	c.n = rapid.IntRange(1, 12).Draw(t, "n")
	c.first = rapid.IntRange(0, 3).Draw(t, "first step")
	names := make([]string, 0, len(sparseFaults))
	for name := range sparseFaults {
		names = append(names, name)
	}
	slices.Sort(names)
	c.fault = rapid.SampledFrom(names).Draw(t, "fault")
	c.at = rapid.IntRange(0, 25).Draw(t, "at")
	c.set = optimize.Settings{Converger: never(), MajorIterations: rapid.IntRange(1, 40).Draw(t, "iterations")}
	switch rapid.IntRange(0, 6).Draw(t, "limit") {
	case 0:
		c.set.FuncEvaluations = rapid.IntRange(1, 30).Draw(t, "evaluations")
	case 1:
		c.set.GradEvaluations = rapid.IntRange(1, 30).Draw(t, "evaluations")
	case 2:
		c.stop = rapid.IntRange(1, 30).Draw(t, "stop")
	case 3:
		c.set.Runtime = 1
	}
	switch rapid.IntRange(0, 3).Draw(t, "known") {
	case 0:
		c.set.InitValues = &optimize.Location{F: 3}
	case 1:
		c.set.InitValues = &optimize.Location{F: 3, Gradient: start(c.n)}
	}
	bad := rapid.IntRange(0, 80).Draw(t, "bad step")
	how := rapid.SampledFrom([]float64{nan, 1e308}).Draw(t, "factor") // a panic, and steps that are not finite
	return c, func(k int) float64 {
		if k == bad && math.IsNaN(how) {
			panic("a schedule's")
		} else if k == bad {
			return how
		}
		return 1 / math.Sqrt(float64(k+1))
	}
}

// many makes n checks of one: the runs are short, and there are many ways for them to end.
func many(n int, check func(t *rapid.T)) func(t *rapid.T) {
	return func(t *rapid.T) {
		for range n {
			check(t)
		}
	}
}

// panicking makes a panic of a factor that overflows.
func panicking(schedule func(k int) float64) func(k int) float64 {
	return func(k int) float64 {
		f := schedule(k)
		if f > 1 {
			panic("an overflow")
		}
		return f
	}
}

// TestSparseRuns: a run with a sparse gradient is, to the last bit of its Result, counts, errors and the state of the Rule, that
// with the gradient filled up with zeros.
func TestSparseRuns(t *testing.T) {
	t.Run("heavy ball", rapid.MakeCheck(many(30, func(t *rapid.T) {
		c, schedule := drawRun(t)
		mu := rapid.SampledFrom([]float64{0, 0.5, 0.99}).Draw(t, "mu")
		if mu > 0 { // see TestSparseOverflow
			schedule = panicking(schedule)
		}
		a, b := &heavyBall{alpha: 0.05, mu: mu, schedule: schedule}, &heavyBall{alpha: 0.05, mu: mu, schedule: schedule}
		got, want := c.with(&stochopt.Sequential{Rule: a}), c.with(&stochopt.Sequential{Rule: filled{b}})
		if got != want {
			t.Fatalf("sparse %s\n filled %s", got, want)
		}
		if !same(a.b, b.b) || !slices.Equal(a.seen, b.seen) || !same(a.steps, b.steps) || a.observed != b.observed {
			t.Fatalf("the state of the Rule is %v\n filled %v", a, b)
		}
		if len(b.steps) > 1 && a.sparseSteps < len(b.steps)-1 || b.sparseSteps > 0 {
			t.Fatalf("%d and %d sparse steps of %d", a.sparseSteps, b.sparseSteps, len(b.steps))
		}
	})))
}

// TestSparseRules runs every method that takes steps along sparse gradients, and those that are lazy, as TestSparseRuns does.
func TestSparseRules(t *testing.T) {
	rules := map[string]func() tested{}
	for _, row := range methods {
		if _, ok := row.make().(sparser); ok {
			rules[row.name] = row.make
		}
	}
	for name, make := range lazies {
		rules[name+", lazy"] = func() tested { return make(true) }
	}
	for name, make := range rules {
		t.Run(name, rapid.MakeCheck(many(4, func(t *rapid.T) {
			c, schedule := drawRun(t)
			scheduled := func() tested {
				m := make()
				if field := reflect.ValueOf(m).Elem().FieldByName("Schedule"); field.IsValid() {
					field.Set(reflect.ValueOf(panicking(schedule)))
				}
				return m
			}
			a, b := scheduled(), scheduled()
			name := fmt.Sprintf("%T", a)
			got := strings.ReplaceAll(c.with(a), name, "T")
			want := c.with(&stochopt.Sequential{Rule: filled{b}})
			if got != want {
				t.Fatalf("sparse %s\n filled %s", got, want)
			}
			got, want = state(t, a), state(t, b)
			if got != want {
				t.Fatal("the states of the Rule differ")
			}
		})))
	}
	if len(rules) < 10+len(lazies) {
		t.Errorf("%d methods take steps along sparse gradients", len(rules)-len(lazies))
	}
}

// state is the state of a method, as text.
func state(t *rapid.T, m tested) string {
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSparseCompanions: the runs of TestSparseRuns tell a Rule that does not catch up, or not to the iterate before a step,
// and a Draw that reads outside of its index.
func TestSparseCompanions(t *testing.T) {
	long := sparseRun{n: 10, fault: "none", set: optimize.Settings{Converger: never(), MajorIterations: 30}}
	spoiled := sparseRun{n: 10, fault: "value", at: 20, set: optimize.Settings{Converger: never()}}
	for _, c := range []struct {
		forget string
		run    sparseRun
		same   bool
	}{
		{"", long, true}, {"", spoiled, true},
		{"CatchUp", long, false}, {"CatchUp", spoiled, false},
		{"CatchUpBefore", long, true}, {"CatchUpBefore", spoiled, false},
	} {
		got := c.run.with(&stochopt.Sequential{Rule: &heavyBall{alpha: 0.05, mu: 0.5, forget: c.forget}})
		want := c.run.with(&stochopt.Sequential{Rule: filled{&heavyBall{alpha: 0.05, mu: 0.5}}})
		if (got == want) != c.same {
			t.Errorf("without %q, fault %q: sparse %s\nfilled %s", c.forget, c.run.fault, got, want)
		}
	}

	p := stochopt.Problem{Sparse: patches(10, nil)}
	good := p.Sparse.Draw
	p.Sparse.Draw = func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
		f, err := good(grad, index, x, s)
		for k := range grad {
			grad[k] += x[0] * x[9]
		}
		return f, err
	}
	run := func(r stochopt.Rule) string {
		return outcome(stochopt.Minimize(context.Background(), p, start(10), &optimize.Settings{Converger: never(), MajorIterations: 30}, &stochopt.Sequential{Rule: r}))
	}
	if run(&heavyBall{alpha: 0.05, mu: 0.5}) == run(filled{&heavyBall{alpha: 0.05, mu: 0.5}}) {
		t.Error("a Draw that reads outside of its index makes no difference: the test cannot fail")
	}
}

// TestSparseNotReady: a Rule that has not been made ready, and one that cannot catch up, end the run with an error and a point.
func TestSparseNotReady(t *testing.T) {
	p := stochopt.Problem{Sparse: scattered(100, 10)}
	for _, row := range methods {
		if _, ok := row.make().(sparser); !ok {
			continue
		}
		r, err := stochopt.Minimize(context.Background(), p, start(100), &optimize.Settings{Converger: never()}, &stochopt.Sequential{Rule: row.make(), Warm: true})
		var pe *stochopt.PanicError
		if r.Status != optimize.Failure || !errors.As(err, &pe) || !strings.Contains(err.Error(), "the 0 of Reset") || !same(r.X, start(100)) {
			t.Errorf("%s: %s", row.name, outcome(r, err))
		}
	}
	for k := range 7 { // a time in each evaluation, and one at the end
		r, err := stochopt.Minimize(context.Background(), p, start(100), &optimize.Settings{Converger: never(), MajorIterations: 5}, &stochopt.Sequential{Rule: &broken{heavyBall: heavyBall{alpha: 0.1, mu: 0.5}, left: k}})
		if k == 6 {
			if err != nil || r.Status != optimize.IterationLimit {
				t.Errorf("enough: %s", outcome(r, err))
			}
			continue
		}
		var pe *stochopt.PanicError
		if r.Status != optimize.Failure || !errors.As(err, &pe) || !strings.Contains(err.Error(), "broken") || r.X[0] == 0 {
			t.Errorf("%d: %s", k, outcome(r, err))
		}
	}
}

// broken is a heavyBall that panics when it has caught up a number of times.
type broken struct {
	heavyBall
	left int
}

func (r *broken) CatchUp(x []float64, index []int) {
	if r.left--; r.left < 0 {
		panic("broken")
	}
	r.heavyBall.CatchUp(x, index)
}

// TestSparseInParts: a run in parts, each from the Result of the last, gives the bits of a single run.
func TestSparseInParts(t *testing.T) {
	const n, parts, each = 30, 5, 20
	for _, row := range methods {
		if _, ok := row.make().(sparser); !ok {
			continue
		}
		whole := func(iterations int) *optimize.Result {
			p := stochopt.Problem{Seed: 3, Sparse: patches(n, nil)}
			r, err := stochopt.Minimize(context.Background(), p, start(n), &optimize.Settings{Converger: never(), MajorIterations: iterations}, row.make())
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		m := &stochopt.Sequential{Rule: row.make()}
		p, x := stochopt.Problem{Seed: 3, Sparse: patches(n, nil)}, start(n)
		for part := range parts {
			r, err := stochopt.Minimize(context.Background(), p, x, &optimize.Settings{Converger: never(), MajorIterations: each}, m)
			if err != nil {
				t.Fatal(err)
			}
			m.Warm, x = true, r.X
			p.FirstStep += r.FuncEvaluations - 1
			if want := whole((part+1)*(each-1) + 1); !same(r.X, want.X) || r.F != want.F || !same(r.Gradient, want.Gradient) {
				t.Errorf("%s: part %d ends at %v, the whole run at %v", row.name, part, r.X, want.X)
			}
		}
		if want := whole(parts * each); same(x, want.X) {
			t.Errorf("%s: another number of steps leads to the same point: the test cannot fail", row.name)
		}
	}
}

// TestSparseErrors: what is wrong with a Support is said with its place, and by both drivers.
func TestSparseErrors(t *testing.T) {
	for fault, want := range map[string]string{
		"order":            "Sparse.Support: index[1] is 0 after 0, want strictly increasing variables",
		"range":            "Sparse.Support: index[0] is 1099511627776, want one of the variables 0 to 0",
		"negative":         "Sparse.Support: index[0] is -1, want one of the variables 0 to 0",
		"error of Support": "step 2 (seed 5, probe 0, replicate 0), x = [",
		"panic of Support": "panic: the experiment has failed",
		"no gradient":      "no component of the gradient is a number",
	} {
		for _, d := range drivers {
			for _, samples := range []int{0, 3} {
				p := stochopt.Problem{Seed: 5, Samples: samples, Sparse: &stochopt.Sparse{
					Support: func(dst []int, s stochopt.Sample) (_ []int, err error) {
						if s.Step == 2 {
							err = sparseFaults[fault](nil, &dst, nil)
						}
						if len(dst) == 0 {
							dst = append(dst, 0)
						}
						return dst, err
					},
					Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
						if grad != nil {
							grad[0] = 2 * x[0]
							if s.Step == 2 {
								return x[0] * x[0], sparseFaults[fault](grad, nil, nil)
							}
						}
						return x[0] * x[0], nil
					},
				}}
				r, err := d.run(p, []float64{3}, &optimize.Settings{Converger: never(), MajorIterations: 9}, &stochopt.Sequential{Rule: &heavyBall{alpha: 0.1}})
				var ee *stochopt.EvaluationError
				if !errors.As(err, &ee) || !strings.Contains(err.Error(), want) || r.Status != optimize.Failure || r.MajorIterations != 2 || ee.Sample.Step != 2 {
					t.Errorf("%s, %s: want %q: %s", d.name, fault, want, outcome(r, err))
				}
			}
		}
	}
	for _, bad := range []*stochopt.Sparse{{Support: patches(2, nil).Support}, {Draw: patches(2, nil).Draw}} {
		if got := panicOf(func() { stochopt.Problem{Sparse: bad}.Evaluator() }); !strings.Contains(got, "Problem.Sparse needs both Support and Draw") {
			t.Errorf("panic %q", got)
		}
	}
}

// TestSparseFilled: with whatever looks at X or the gradient, and with Samples, Project and PerPoint, a run is that of an
// Oracle, of either driver.
func TestSparseFilled(t *testing.T) {
	const n = 8
	sparse := patches(n, nil)
	oracle := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		index, err := sparse.Support(nil, s)
		if err != nil {
			return 0, err
		}
		var g []float64
		if grad != nil {
			g = make([]float64, len(index))
		}
		f, err := sparse.Draw(g, index, x, s)
		clear(grad)
		for k, v := range g {
			grad[index[k]] = v
		}
		return f, err
	}
	problems := map[string]stochopt.Problem{
		"plain":    {Seed: 2},
		"samples":  {Seed: 2, Samples: 3, Concurrent: 2},
		"project":  {Project: func(x []float64) { x[0] = min(x[0], 1) }},
		"perPoint": {PerPoint: true},
	}
	settings := map[string]func() *optimize.Settings{
		"never": func() *optimize.Settings { return &optimize.Settings{Converger: never(), MajorIterations: 30} },
		"converger": func() *optimize.Settings {
			return &optimize.Settings{Converger: &stopping.Patience{}, MajorIterations: 30}
		},
		"recorder": func() *optimize.Settings {
			return &optimize.Settings{Converger: never(), MajorIterations: 30, Recorder: &trace{}}
		},
		"threshold": func() *optimize.Settings {
			return &optimize.Settings{Converger: never(), MajorIterations: 300, GradientThreshold: 3}
		},
	}
	for pname, p := range problems {
		for sname, set := range settings {
			for _, d := range drivers {
				if p.Project != nil && d.name == "optimize.Minimize" {
					continue
				}
				run := func(sparse *stochopt.Sparse, oracle stochopt.Oracle) (string, []record) {
					p, s := p, set()
					p.Sparse, p.Oracle = sparse, oracle
					r, err := d.run(p, start(n), s, &stochopt.Sequential{Rule: &heavyBall{alpha: 0.05, mu: 0.9}})
					if rec, ok := s.Recorder.(*trace); ok {
						return outcome(r, err), rec.records
					}
					return outcome(r, err), nil
				}
				got, gotTrace := run(sparse, nil)
				want, wantTrace := run(nil, oracle)
				if got != want || !slices.EqualFunc(gotTrace, wantTrace, record.equal) {
					t.Errorf("%s, %s, %s:\n got %s\nwant %s", pname, sname, d.name, got, want)
				}
			}
		}
	}
	// The Evaluator of a value alone, and of several at once.
	p := stochopt.Problem{Sparse: sparse, Samples: 5, Concurrent: 3}
	f, err := p.Evaluator()(nil, start(n), stochopt.Sample{Step: 3})
	p.Sparse, p.Oracle = nil, oracle
	g, err2 := p.Evaluator()(make([]float64, n), start(n), stochopt.Sample{Step: 3})
	if f != g || err != nil || err2 != nil {
		t.Errorf("a value of %v, %v, with its gradient %v, %v", f, err, g, err2)
	}
}

// TestSparseAllocations: a step allocates nothing once the memory for a draw is there.
func TestSparseAllocations(t *testing.T) {
	allocations := func(steps int) float64 {
		r := &heavyBall{alpha: 1e-3, mu: 0.5}
		p := stochopt.Problem{Sparse: &stochopt.Sparse{
			Support: func(dst []int, s stochopt.Sample) ([]int, error) {
				for k := range 1 + s.Step%5 {
					dst = append(dst, s.Step%7+10*k)
				}
				return dst, nil
			},
			Draw: func(grad []float64, index []int, x []float64, _ stochopt.Sample) (f float64, _ error) {
				for k, j := range index {
					f += x[j] * x[j]
					grad[k] = 2 * x[j]
				}
				return f, nil
			},
		}}
		x0 := make([]float64, 100)
		return testing.AllocsPerRun(5, func() {
			r.steps = slices.Grow(r.steps[:0], steps)
			m := &stochopt.Sequential{Rule: resting{r}}
			if _, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{Converger: never(), MajorIterations: steps}, m); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(100), allocations(1100); many != few {
		t.Errorf("%v allocations in 100 steps, %v in 1100", few, many)
	}
}

// resting keeps the memory of the list of steps in Reset.
type resting struct{ *heavyBall }

func (r resting) Reset(dim int) {
	steps := r.steps
	r.heavyBall.Reset(dim)
	r.steps = steps
}

// TestSparseOverflow: a variable that a step without gradient moves beyond the range of a float64 ends the run when it is read
// next, or at the end of the run.
func TestSparseOverflow(t *testing.T) {
	for _, again := range []bool{true, false} {
		p := stochopt.Problem{Sparse: &stochopt.Sparse{
			Support: func(dst []int, s stochopt.Sample) ([]int, error) {
				if s.Step == 0 || s.Step == 9 && again {
					return append(dst, 2), nil
				}
				return append(dst, 1), nil
			},
			Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
				grad[0] = 0
				if index[0] == 2 {
					grad[0] = 100
				}
				return x[index[0]], nil
			},
		}}
		steep := func(k int) float64 {
			if k == 3 {
				return 1e307
			}
			return 1
		}
		r, err := stochopt.Minimize(context.Background(), p, make([]float64, 4), &optimize.Settings{Converger: never(), MajorIterations: 15},
			&stochopt.Sequential{Rule: &heavyBall{alpha: 1, mu: 0.9, schedule: steep}})
		want, iterations := "step 8 moved x[2] to -Inf", 9
		if !again {
			want, iterations = "the steps to 14 moved x[2] to -Inf", 15
		}
		if err == nil || !strings.Contains(err.Error(), want) || r.Status != optimize.Failure || r.MajorIterations != iterations {
			t.Errorf("want %q: %s", want, outcome(r, err))
		}
	}
}
