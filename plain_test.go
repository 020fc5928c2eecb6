package stochopt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
)

// unmoved is a Recorder that changes nothing, but for a run with it Minimize takes another loop.
type unmoved struct{}

func (unmoved) Init() error                                                          { return nil }
func (unmoved) Record(*optimize.Location, optimize.Operation, *optimize.Stats) error { return nil }

// wild is a Rule that goes wrong in step k, and knows what it has been told.
type wild struct {
	stochopt.Adam
	k    int
	how  string
	told []float64
}

func (w *wild) Observe(f float64) {
	if w.told = append(w.told, f); len(w.told) == w.k+1 && w.how == "panic of Observe" {
		panic(errSpoiled)
	}
}

func (w *wild) Step(x, grad []float64) {
	if len(w.told) == w.k+1 {
		switch w.how {
		case "panic":
			panic(errSpoiled)
		case "NaN":
			x[1] = nan
			return
		}
	}
	w.Adam.Step(x, grad)
}

// TestPlainRuns holds the loop that Minimize takes where nothing but the Converger looks on to the general one, for runs that
// end before their time: results, errors, the state of the Rule, what it was told, and which panics are the caller's.
func TestPlainRuns(t *testing.T) {
	type ending struct {
		rule    func() *wild
		problem func(cancel func()) stochopt.Problem
		set     func() *optimize.Settings
		want    string // in the outcome
	}
	bad := func(k int, how string) func() *wild { return func() *wild { return &wild{k: k, how: how} } }
	spoil := func(k int, how string) func(func()) stochopt.Problem {
		return func(func()) stochopt.Problem {
			return stochopt.Problem{Oracle: spoiled(k, nil, how), Seed: 5, FirstStep: 0}
		}
	}
	funcGrad := func(k int, how string) func(func()) stochopt.Problem { // the same, as an objective without draws
		return func(func()) stochopt.Problem {
			n, o := 0, spoiled(k, nil, how)
			return stochopt.Problem{FirstStep: 30, FuncGrad: func(grad, x []float64) float64 {
				f, _ := o(grad, x, stochopt.Sample{Step: n})
				n++
				return f
			}}
		}
	}
	project := func(k int) func(func()) stochopt.Problem {
		return func(func()) stochopt.Problem {
			n := 0
			return stochopt.Problem{FuncGrad: bowl, Project: func(x []float64) {
				if n++; n == k {
					panic(errSpoiled)
				}
				x[0] = max(x[0], 1.5)
			}}
		}
	}
	endings := map[string]ending{
		"limit":       {set: func() *optimize.Settings { return &optimize.Settings{MajorIterations: 20} }, want: "status IterationLimit"},
		"evaluations": {set: func() *optimize.Settings { return &optimize.Settings{FuncEvaluations: 6} }, want: "status FunctionEvaluationLimit"},
		"gradients":   {set: func() *optimize.Settings { return &optimize.Settings{GradEvaluations: 6} }, want: "status GradientEvaluationLimit"},
		"Converger": {set: func() *optimize.Settings {
			return &optimize.Settings{Converger: &stopAfter{n: 7, status: optimize.Success}}
		}, want: "status Success"},
		"Converger panics": {set: func() *optimize.Settings { return &optimize.Settings{Converger: panicsAt{new(int)}} }, want: "panic: the caller's"},
		"known start": {set: func() *optimize.Settings {
			g := make([]float64, 3)
			return &optimize.Settings{InitValues: &optimize.Location{F: bowl(g, []float64{5, -1, 0.5}), Gradient: g}, MajorIterations: 2}
		}, want: "evaluations 1 1"},
		"known start, then NaN": {problem: funcGrad(0, "NaN"), set: func() *optimize.Settings {
			g := make([]float64, 3)
			return &optimize.Settings{InitValues: &optimize.Location{F: bowl(g, []float64{5, -1, 0.5}), Gradient: g}}
		}, want: "Gradient [4 2 -7.5]"},
		"context": {problem: func(cancel func()) stochopt.Problem {
			n := 0
			return stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
				if n++; n == 4 {
					cancel()
				}
				return bowl(grad, x)
			}}
		}, want: "context canceled"},
		"Project": {problem: project(-1), want: "X [1.5 "},
		"by point": {problem: func(func()) stochopt.Problem {
			return stochopt.Problem{Oracle: noisyBowl(1), Seed: 4, PerPoint: true}
		}, want: "status IterationLimit"},
		"Project panics":     {problem: project(5), want: errSpoiled.Error()},
		"Rule panics":        {rule: bad(3, "panic"), want: "step 3 of "},
		"Rule panics, first": {rule: bad(0, "panic"), want: "step 0 of "},
		"Observe panics":     {rule: bad(3, "panic of Observe"), want: "step 3 of "},
		"Rule moves to NaN":  {rule: bad(3, "NaN"), want: "step 3 moved x[1] to NaN"},
	}
	for _, how := range []string{"NaN", "+Inf", "NaN component", "huge component", "error", "panic"} {
		for _, k := range []int{0, 1, 4} {
			endings[fmt.Sprintf("%s of an Oracle at %d", how, k)] = ending{problem: spoil(k, how), want: fmt.Sprintf("stochopt: step %d (seed 5,", k)}
			if how != "error" {
				endings[fmt.Sprintf("%s of a FuncGrad at %d", how, k)] = ending{problem: funcGrad(k, how), want: fmt.Sprintf("stochopt: step %d", 30+k)}
			}
		}
	}
	for name, e := range endings {
		for _, dim := range []int{3, 16} {
			run := func(r optimize.Recorder) (string, *wild) {
				w := &wild{k: -1}
				if e.rule != nil {
					w = e.rule()
				}
				s := &optimize.Settings{}
				if e.set != nil {
					s = e.set()
				}
				if s.InitValues != nil && dim != 3 {
					return e.want, w
				}
				if s.Converger == nil {
					s.Converger = never()
				}
				if s.MajorIterations == 0 {
					s.MajorIterations = 50
				}
				s.Recorder = r
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				p := stochopt.Problem{FuncGrad: bowl}
				if e.problem != nil {
					p = e.problem(cancel)
				}
				x0 := append([]float64{5, -1, 0.5}, make([]float64, dim-3)...)
				var text string
				if v := panicOf(func() { text = outcome(stochopt.Minimize(ctx, p, x0, s, &stochopt.Sequential{Rule: w})) }); v != "" {
					text = "panic: " + v
				}
				return text, w
			}
			want, general := run(unmoved{})
			got, w := run(nil)
			if got != want || !strings.Contains(got, e.want) {
				t.Errorf("%s, %d variables:\n got %s\nwant %s\nwith %q", name, dim, got, want, e.want)
			}
			a, _ := w.MarshalBinary()
			if b, _ := general.MarshalBinary(); !bytes.Equal(a, b) || !slices.Equal(w.told, general.told) {
				t.Errorf("%s, %d variables: the Rules have got to %d and %d steps", name, dim, len(w.told), len(general.told))
			}
		}
	}
}

type panicsAt struct{ n *int }

func (panicsAt) Init(int) {}
func (p panicsAt) Converged(*optimize.Location) optimize.Status {
	if *p.n++; *p.n == 3 {
		panic(errors.New("the caller's"))
	}
	return optimize.NotTerminated
}
