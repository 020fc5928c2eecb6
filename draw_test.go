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
