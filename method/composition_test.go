package method_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
)

// TestUnwrap: every wrapper shows the Rule that it holds, and three of them lead to the Rule inside.
func TestUnwrap(t *testing.T) {
	unwrap := func(r stochopt.Rule) stochopt.Rule {
		if u, ok := r.(interface{ Unwrap() stochopt.Rule }); ok {
			return u.Unwrap()
		}
		return nil
	}
	all := []func(r stochopt.Rule) stochopt.Rule{func(r stochopt.Rule) stochopt.Rule { return &method.Mechanic{Rule: r} }}
	for _, wrap := range wrappers {
		all = append(all, func(r stochopt.Rule) stochopt.Rule { return wrap(r) })
	}
	inner := &spy{}
	for _, a := range all {
		for _, b := range all {
			w := a(b(a(inner)))
			if got := unwrap(unwrap(unwrap(w))); got != stochopt.Rule(inner) {
				t.Errorf("%T of %T: three levels lead to %T", w, unwrap(w), got)
			}
		}
	}
	if unwrap(&method.SGD{}) != nil {
		t.Error("SGD holds a Rule")
	}
}

// TestOrderOfWrappers: the outer wrapper acts first on the gradient. In the other order the numbers are others.
func TestOrderOfWrappers(t *testing.T) {
	unit := func(i int) float64 { return []float64{10, 0.1}[i] }
	second := func(i int) bool { return i == 1 }
	clip := func(r stochopt.Rule) stochopt.Rule { return &method.Clip{Rule: r, Norm: 5} }
	cut := func(r stochopt.Rule) stochopt.Rule { return &method.Clip{Rule: r, Value: 1} }
	scale := func(r stochopt.Rule) stochopt.Rule { return &method.Scale{Rule: r, Unit: unit} }
	freeze := func(r stochopt.Rule) stochopt.Rule { return &method.Freeze{Rule: r, Frozen: second} }
	two := func(r stochopt.Rule) stochopt.Rule { return &method.Accumulate{Rule: r, Count: 2} }
	back := func(r stochopt.Rule) stochopt.Rule { return &method.Lookahead{Rule: r, SyncPeriod: 2} }
	for _, c := range []struct {
		name  string
		outer func(r stochopt.Rule) stochopt.Rule
		inner func(r stochopt.Rule) stochopt.Rule
		grads [][]float64
		want  []float64 // after the steps of gradient descent with step size 1 from 0
	}{
		{"Clip of Scale", clip, scale, [][]float64{{6, 8}}, []float64{-3 * 100, -4 * 0.01}},
		{"Scale of Clip", scale, clip, [][]float64{{0.6, 80}}, []float64{-10 * 5 * 0.6, -0.1 * 5 * 0.8}}, // s g = (6, 8)
		{"Clip of Freeze", clip, freeze, [][]float64{{6, 8}}, []float64{-3, 0}},
		{"Freeze of Clip", freeze, clip, [][]float64{{6, 8}}, []float64{-5, 0}},
		{"Clip of Accumulate", cut, two, [][]float64{{3, 0}, {-1, 0}}, []float64{0, 0}},
		{"Accumulate of Clip", two, cut, [][]float64{{3, 0}, {-1, 0}}, []float64{-1, 0}},
		{"Lookahead of Accumulate", back, two, [][]float64{{3, 0}, {1, 0}}, []float64{-1, 0}},
		{"Accumulate of Lookahead", two, back, [][]float64{{3, 0}, {1, 0}}, []float64{-2, 0}},
	} {
		r := c.outer(c.inner(&method.SGD{StepSize: 1}))
		x := []float64{0, 0}
		r.Reset(2)
		for _, g := range c.grads {
			r.Step(x, g)
		}
		if floats.Distance(x, c.want, math.Inf(1)) > 1e-12 {
			t.Errorf("%s: x = %v, want %v", c.name, x, c.want)
		}
		if other := c.inner(c.outer(&method.SGD{StepSize: 1})); true {
			y := []float64{0, 0}
			other.Reset(2)
			for _, g := range c.grads {
				other.Step(y, g)
			}
			if floats.Distance(y, c.want, math.Inf(1)) < 0.1 {
				t.Errorf("%s: in the other order x = %v as well", c.name, y)
			}
		}
	}
}

// TestMeansOfMoved: a mean inside Lookahead is of the points that Lookahead has moved; one around it as well.
func TestMeansOfMoved(t *testing.T) {
	grads := [][]float64{{1}, {1}, {1}, {1}} // iterates -1, then -2 back to -1, -2, then -3 back to -2
	want := (-1. - 1 - 2 - 2) / 4
	sgd := func() stochopt.Rule { return &method.SGD{StepSize: 1} }
	for _, r := range []wrapper{
		&method.Lookahead{SyncPeriod: 2, Rule: &method.Average{Rule: sgd()}},
		&method.Average{Rule: &method.Lookahead{SyncPeriod: 2, Rule: sgd()}},
	} {
		x := iterates(r, []float64{0}, grads)
		mean := []float64{0}
		if r.Estimate(mean, x[3]); mean[0] != want || !slices.Equal(x[3], []float64{-2}) {
			t.Errorf("%T: the mean is %v at %v, want %v at -2", r, mean, x[3], want)
		}
	}
}
