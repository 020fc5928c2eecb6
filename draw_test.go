package stochopt_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// twice is gradient descent that looks at every draw from two points: a Rule that chooses its draws.
type twice struct {
	again bool
	last  stochopt.Sample
	limit int // of evaluations, if > 0
	n     int
}

var errEnough = errors.New("that is enough")

func (r *twice) Reset(int) { *r = twice{limit: r.limit} }

func (r *twice) Draw(next stochopt.Sample) (stochopt.Sample, error) {
	if r.limit > 0 && r.n == r.limit {
		return next, errEnough
	}
	if !r.again {
		r.last = next
	}
	return r.last, nil
}

func (r *twice) Step(x, grad []float64) {
	r.n++
	r.again = !r.again
	for i, g := range grad {
		x[i] -= 0.01 * g
	}
}

// TestDraw: a Rule is given the draws that it asks for, by both drivers and through a wrapper, and the draws it does not take
// remain for later.
func TestDraw(t *testing.T) {
	for _, run := range drivers {
		for _, wrapped := range []bool{false, true} {
			var steps []int
			p := stochopt.Problem{Seed: 3, FirstStep: 5, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
				if s.Seed != 3 || s.Probe != 0 {
					t.Errorf("%+v", s)
				}
				if grad != nil {
					steps = append(steps, s.Step)
				}
				return noisyBowl(1)(grad, x, s)
			}}
			var rule stochopt.Rule = &twice{}
			if wrapped {
				rule = &method.Clip{Rule: rule, Value: 1e9}
			}
			s := &optimize.Settings{MajorIterations: 6, Converger: never()}
			r, err := run.run(p, []float64{4, 4}, s, &stochopt.Sequential{Rule: rule})
			if err != nil || r.Status != optimize.IterationLimit {
				t.Fatal(outcome(r, err))
			}
			if want := []int{5, 5, 6, 6, 7, 7}; !slices.Equal(steps, want) {
				t.Errorf("%s, wrapped %t: draws %v, want %v", run.name, wrapped, steps, want)
			}
		}
		// An error ends the run at the last good point.
		p := stochopt.Problem{FuncGrad: bowl}
		r, err := run.run(p, []float64{4, 4}, &optimize.Settings{Converger: never()}, &stochopt.Sequential{Rule: &twice{limit: 7}})
		if !errors.Is(err, errEnough) || r.Status != optimize.Failure || r.MajorIterations != 7 || r.F != bowl(nil, r.X) {
			t.Errorf("%s: %s", run.name, outcome(r, err))
		}
	}
}

// late is twice with an answer of its own, the point before the last.
type late struct {
	twice
	before []float64
}

func (r *late) Reset(dim int) { r.twice.Reset(dim); r.before = nil }

func (r *late) Step(x, grad []float64) {
	r.before = append(r.before[:0], x...)
	r.twice.Step(x, grad)
}

func (r *late) Estimate(dst, x []float64) {
	if r.before == nil {
		copy(dst, x)
	} else {
		copy(dst, r.before)
	}
}

// TestDrawOfAnswers: an answer is evaluated on the draw of its iterate, for which the Rule is not asked again.
func TestDrawOfAnswers(t *testing.T) {
	for _, run := range drivers {
		var steps []int
		o := func(grad, x []float64, s stochopt.Sample) (float64, error) {
			steps = append(steps, s.Step)
			return noisyBowl(1)(grad, x, s)
		}
		s := &optimize.Settings{MajorIterations: 5, Converger: never()}
		r, err := run.run(stochopt.Problem{Oracle: o}, []float64{4, 4}, s, &stochopt.Sequential{Rule: &late{}})
		// The gradient may be a call of its own where that of the evaluation before was not wanted.
		want := []int{0, 1, 2}
		if got := slices.Compact(slices.Clone(steps)); err != nil || r.FuncEvaluations != 9 || !slices.Equal(got, want) {
			t.Errorf("%s: draws %v of %d values, want those of %v; %s", run.name, steps, r.FuncEvaluations, want, outcome(r, err))
		}
	}
}

// TestDrawOfLaterRun: a warm run takes its draws from its own Problem, except the second half of a step.
func TestDrawOfLaterRun(t *testing.T) {
	hessVec := func(dst, x, v []float64, _ stochopt.Sample) error { copy(dst, v); return nil }
	for _, run := range drivers {
		for _, c := range []struct {
			rule  stochopt.Rule
			seeds map[int][]uint64 // of the second run, in order, by the iterations of the first
		}{
			{&method.SAM{Rule: &method.SGD{}}, map[int][]uint64{3: {2}, 4: {1, 2}}},
			{&method.OLBFGS{}, map[int][]uint64{3: {2}, 4: {1, 2}}},
			{&method.AdaHessian{HessVec: hessVec}, map[int][]uint64{3: {2}, 4: {2}}},
			{&method.Sophia{HessVec: hessVec}, map[int][]uint64{3: {2}, 4: {2}}},
		} {
			for iterations, want := range c.seeds {
				var seeds []uint64
				o := func(grad, x []float64, s stochopt.Sample) (float64, error) {
					seeds = append(seeds, s.Seed)
					return noisyBowl(1)(grad, x, s)
				}
				m := &stochopt.Sequential{Rule: c.rule}
				r, err := run.run(stochopt.Problem{Oracle: o, Seed: 1}, []float64{4, 4}, &optimize.Settings{MajorIterations: iterations, Converger: never()}, m)
				if err != nil {
					t.Fatal(err)
				}
				seeds, m.Warm = nil, true
				_, err = run.run(stochopt.Problem{Oracle: o, Seed: 2}, r.X, &optimize.Settings{MajorIterations: 4, Converger: never()}, m)
				if err != nil || !slices.Equal(slices.Compact(seeds), want) {
					t.Errorf("%s, %T after %d iterations: seeds %v, want %v, error %v", run.name, c.rule, iterations, seeds, want, err)
				}
			}
		}
	}
}

// TestChooserNeedsAsking: a run on a problem that does not ask for the draws does not pretend.
func TestChooserNeedsAsking(t *testing.T) {
	for _, p := range []optimize.Problem{
		stochopt.Problem{Oracle: noisyBowl(1)}.Optimize(),
		{Func: func(x []float64) float64 { return bowl(nil, x) }, Grad: func(g, x []float64) { bowl(g, x) }},
	} {
		r, err := optimize.Minimize(p, []float64{4, 4}, nil, &stochopt.Sequential{Rule: &twice{}})
		if err == nil || r.Status != optimize.Failure || !strings.Contains(err.Error(), "chooses its draws") || r.X[0] != 4 {
			t.Error(outcome(r, err))
		}
	}
	if got := panicOf(func() { stochopt.Problem{FuncGrad: bowl}.Optimize(&stochopt.Adam{}, &stochopt.Adam{}) }); !strings.Contains(got, "for 2 methods") {
		t.Errorf("%q", got)
	}
	// A panic of Draw is the Rule's.
	for _, run := range drivers {
		r, err := run.run(stochopt.Problem{FuncGrad: bowl}, []float64{4, 4}, nil, &stochopt.Sequential{Rule: panicsInDraw{&twice{}}})
		var p *stochopt.PanicError
		if !errors.As(err, &p) || fmt.Sprint(p.Value) != "no draw" || r.Status != optimize.Failure {
			t.Errorf("%s: %s", run.name, outcome(r, err))
		}
	}
}

type panicsInDraw struct{ *twice }

func (panicsInDraw) Draw(stochopt.Sample) (stochopt.Sample, error) { panic("no draw") }
