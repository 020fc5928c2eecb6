package profile_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/testfuncs"
	"github.com/stochopt/stochopt/testfuncs/profile"
	"gonum.org/v1/gonum/optimize"
)

// line is x in one dimension from 1, down to its minimum 0 at 0, with the gradient 1.
func line(name string) testfuncs.Objective {
	f := func(x []float64) float64 { return math.Abs(x[0]) }
	return testfuncs.Objective{
		Name: name, Start: []float64{1}, Func: f, Minimum: 0,
		Oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0] = 1
			}
			return f(x), nil
		},
	}
}

// jump is a Rule that is at 0 after its nth step, and before that where it began. Every step is preceded by a draw, and
// so the cost at which 0 is announced is n+1.
type jump struct{ n, k int }

func (j *jump) Reset(int) { j.k = 0 }
func (j *jump) Step(x, _ []float64) {
	if j.k++; j.k == j.n {
		x[0] = 0
	}
}

func jumps(n int) profile.Method {
	return profile.Method{Name: fmt.Sprint("jump ", n), New: func() optimize.Method { return &stochopt.Sequential{Rule: &jump{n: n}} }}
}

// at returns the value of the curve at the greatest X that is not beyond x.
func at(b profile.Band, x float64) float64 {
	y := math.NaN()
	for i, v := range b.X {
		if v <= x*(1+1e-12) {
			y = b.Median[i]
		}
	}
	return y
}

func TestProfiles(t *testing.T) {
	c := profile.Comparison{
		Methods:  []profile.Method{jumps(1), jumps(7), jumps(100)},
		Problems: []testfuncs.Objective{line("a"), line("b")},
		Budget:   40,
	}
	r, err := c.Run(context.Background())
	if err != nil || len(r.Failures()) > 0 {
		t.Fatal(err, r.Failures())
	}
	// In units of n+1 = 2 draws the costs 2, 8 and more than 40 are 1, 4 and none.
	data := r.Data(1e-3)
	for m, cost := range []float64{1, 4, math.Inf(1)} {
		for i, x := range data[m].X {
			want := 0.0
			if x >= cost*(1-1e-9) {
				want = 1
			}
			if data[m].Median[i] != want || data[m].Low[i] != want || data[m].High[i] != want {
				t.Errorf("data profile of %s at %v: %v, want %v", r.Methods[m], x, data[m].Median[i], want)
			}
		}
	}
	perf := r.Performance(1e-3)
	if perf[0].Median[0] != 1 || at(perf[1], 3.9) != 0 || at(perf[1], 4) != 1 || at(perf[2], 1e9) != 0 {
		t.Errorf("performance profiles %v", perf)
	}
	if r.Gap(0, 1) != 0 || r.Gap(2, 0) != 1 {
		t.Errorf("gaps %v %v", r.Gap(0, 1), r.Gap(2, 0))
	}
	// The budget is kept to the draw: at 8, the second method gets there, at 7 it does not.
	for budget, want := range map[int]float64{7: 1, 8: 0} {
		c.Budget = budget
		if r, err := c.Run(context.Background()); err != nil || r.Gap(1, 0) != want {
			t.Errorf("budget %d: gap %v, %v", budget, r.Gap(1, 0), err)
		}
	}
}

// TestUnknownMinimum: where the minimum is not known, the least value of all runs takes its place.
func TestUnknownMinimum(t *testing.T) {
	o := line("a")
	o.Minimum = math.NaN()
	r, err := profile.Comparison{Methods: []profile.Method{jumps(100)}, Problems: []testfuncs.Objective{o}, Budget: 40}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Data(0.1)[0]; d.Median[0] != 1 { // no run has come lower than the start
		t.Errorf("alone: %v", d.Median)
	}
	r, err = profile.Comparison{Methods: []profile.Method{jumps(100), jumps(3)}, Problems: []testfuncs.Objective{o}, Budget: 40}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Data(0.1)[0]; d.Median[99] != 0 {
		t.Errorf("beside a better one: %v", d.Median)
	}
}

// noisy is a sphere with noise far above its differences.
func noisy() testfuncs.Objective {
	o := testfuncs.Objective{
		Name: "noisy sphere", Start: []float64{3, -3}, Minimum: 0,
		Func: func(x []float64) float64 { return (x[0]*x[0] + x[1]*x[1]) / 2 },
		Grad: func(g, x []float64) { copy(g, x) },
	}
	return o.With(normal{5})
}

type normal struct{ sd float64 }

func (n normal) String() string { return fmt.Sprintf("normal noise of %v", n.sd) }
func (n normal) Draw(f float64, grad []float64, r *rand.Rand) float64 {
	f += n.sd * r.NormFloat64()
	for i := range grad {
		grad[i] += n.sd * r.NormFloat64()
	}
	return f
}

// TestReproducible: the results do not depend on how many runs are made at once, and differ between seeds. gonum's methods
// run as well; the best draw of one is not its true value, which is what counts here.
func TestReproducible(t *testing.T) {
	c := profile.Comparison{
		Methods: []profile.Method{
			{Name: "Adam", New: func() optimize.Method { return &stochopt.Adam{} }},
			{Name: "averaged SGD", New: func() optimize.Method { return &method.Average{Rule: &method.SGD{}} }},
			{Name: "Nelder-Mead", New: func() optimize.Method { return &optimize.NelderMead{} }},
			{Name: "BFGS", New: func() optimize.Method { return &optimize.BFGS{} }},
		},
		Problems: []testfuncs.Objective{noisy(), line("a")},
		Seeds:    7,
		Budget:   300,
	}
	var last int
	c.Progress = func(done, runs int) {
		if done != last+1 || runs != 4*2*7 {
			t.Errorf("progress %d of %d after %d", done, runs, last)
		}
		last = done
	}
	one, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c.Progress, c.Concurrent = nil, 3
	three, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one.Data(1e-2), three.Data(1e-2)) || !reflect.DeepEqual(one.Performance(1e-2), three.Performance(1e-2)) {
		t.Error("the profiles depend on how many run at once")
	}
	for m := range one.Methods {
		if g := one.Gap(m, 0); !(g >= 0) || g != three.Gap(m, 0) {
			t.Errorf("%s: gap %v and %v", one.Methods[m], g, three.Gap(m, 0))
		}
	}
	if b := one.Data(1e-2)[0]; reflect.DeepEqual(b.Low, b.High) {
		t.Error("all seeds are the same")
	}
}

func TestFailures(t *testing.T) {
	o := line("cliff")
	exact := o.Oracle
	bad := errors.New("over the edge")
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if s.Step == 5 {
			return 0, bad
		}
		return exact(grad, x, s)
	}
	r, err := profile.Comparison{Methods: []profile.Method{jumps(2), jumps(20)}, Problems: []testfuncs.Objective{o}, Budget: 40}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Failures(); len(f) != 2 || !strings.Contains(f[0], "jump 2 on cliff, seed 1") || !strings.Contains(f[0], "over the edge") {
		t.Errorf("failures %q", f)
	}
	if d := r.Data(0.1); d[0].Median[99] != 1 || d[1].Median[99] != 0 { // what was reached before counts
		t.Errorf("%v", d)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (profile.Comparison{Methods: []profile.Method{jumps(2)}, Problems: []testfuncs.Objective{o}, Budget: 40}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, c := range []profile.Comparison{{}, {Methods: []profile.Method{jumps(1)}, Problems: []testfuncs.Objective{o}}, {Methods: []profile.Method{jumps(1)}, Problems: []testfuncs.Objective{o}, Budget: 1, Seeds: -1}} {
		func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.HasPrefix(v, "profile: Comparison") {
					t.Errorf("panic %v", v)
				}
			}()
			c.Run(context.Background())
		}()
	}
}

func TestMisuse(t *testing.T) {
	good := profile.Comparison{Methods: []profile.Method{jumps(2)}, Problems: []testfuncs.Objective{line("a")}, Budget: 40}
	for want, spoil := range map[string]func(c *profile.Comparison){
		`profile: Objective "a" has no Start`:              func(c *profile.Comparison) { c.Problems[0].Start = nil },
		`profile: Objective "a" has no Func or no Oracle`:  func(c *profile.Comparison) { c.Problems[0].Func = nil },
		`profile: Objective "a" has no Func or no Oracle `: func(c *profile.Comparison) { c.Problems[0].Oracle = nil },
		`profile: Method "m" has no New`:                   func(c *profile.Comparison) { c.Methods[0] = profile.Method{Name: "m"} },
		`profile: New of Method "m" returns nil`: func(c *profile.Comparison) {
			c.Methods[0] = profile.Method{Name: "m", New: func() optimize.Method { return nil }}
		},
		`method: SGD.StepSize = -1, want finite and >= 0`: func(c *profile.Comparison) {
			c.Methods[0].New = func() optimize.Method { return &method.SGD{StepSize: -1} }
		},
	} {
		c := good
		c.Methods, c.Problems = []profile.Method{jumps(2)}, []testfuncs.Objective{line("a")}
		spoil(&c)
		func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.HasPrefix(v, strings.TrimSpace(want)) {
					t.Errorf("panic %v, want %s", v, want)
				}
			}()
			c.Run(context.Background())
		}()
	}
	// What an objective does is data: a panic of Func is a failure of the run, and a Minimum that is none is an error.
	c := good
	c.Problems = []testfuncs.Objective{line("a")}
	f := c.Problems[0].Func
	c.Problems[0].Func = func(x []float64) float64 {
		if x[0] == 0 {
			panic("no")
		}
		return f(x)
	}
	if r, err := c.Run(context.Background()); err != nil || len(r.Failures()) != 1 || !strings.Contains(r.Failures()[0], "panic: no") {
		t.Errorf("%v %v", r, err)
	}
	c.Problems = []testfuncs.Objective{line("a")}
	c.Problems[0].Minimum = 0.5
	if _, err := c.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "jump 2 on a has come to 0, below the Objective's Minimum of 0.5") {
		t.Error(err)
	}
}

func ExampleComparison() {
	c := profile.Comparison{
		Methods:  []profile.Method{jumps(1), jumps(7)},
		Problems: []testfuncs.Objective{line("line")},
		Budget:   100,
	}
	r, err := c.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for m, b := range r.Data(1e-3) {
		fmt.Printf("%s has solved %.0f %% of the problems at a cost of 2 draws for each variable and one\n", r.Methods[m], 100*at(b, 2))
	}
	// Output:
	// jump 1 has solved 100 % of the problems at a cost of 2 draws for each variable and one
	// jump 7 has solved 0 % of the problems at a cost of 2 draws for each variable and one
}
