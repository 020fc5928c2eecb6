package stochopt_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// TestConcurrentSteps compares runs of many variables on one and several goroutines, bit by bit.
func TestConcurrentSteps(t *testing.T) {
	const dim = 1<<16 + 7
	x0 := make([]float64, dim)
	for i := range x0 {
		x0[i] = math.Sin(float64(i))
	}
	run := func(m optimize.Method, concurrent int) *optimize.Result {
		t.Helper()
		p := stochopt.Problem{Seed: 3, Concurrent: concurrent, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			f := 0.0
			for i, v := range x {
				f += v * v
				if grad != nil {
					grad[i] = v * float64(1+(i+s.Step)%5)
				}
			}
			return f, nil
		}}
		r, err := stochopt.Minimize(context.Background(), p, x0, &optimize.Settings{MajorIterations: 5, Converger: never()}, m)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, m := range map[string]func() (optimize.Method, *stochopt.Adam){
		"Adam": func() (optimize.Method, *stochopt.Adam) {
			a := &stochopt.Adam{}
			return a, a
		},
		"Average of Clip of Adam": func() (optimize.Method, *stochopt.Adam) {
			a := &stochopt.Adam{}
			return &method.Average{Rule: &method.Clip{Rule: a, Norm: 1}}, a
		},
		"AdamW": func() (optimize.Method, *stochopt.Adam) { return &method.AdamW{WeightDecay: 0.1}, nil },
		"AdamW to a center": func() (optimize.Method, *stochopt.Adam) {
			return &method.AdamW{WeightDecay: 0.1, Center: make([]float64, dim)}, nil
		},
		"RMSProp, centered": func() (optimize.Method, *stochopt.Adam) { return &method.RMSProp{Centered: true}, nil },
		"ScheduleFreeSGD":   func() (optimize.Method, *stochopt.Adam) { return &method.ScheduleFreeSGD{}, nil },
		"ScheduleFreeAdam":  func() (optimize.Method, *stochopt.Adam) { return &method.ScheduleFreeAdam{}, nil },
		"AMSGrad":           func() (optimize.Method, *stochopt.Adam) { return &method.AMSGrad{}, nil },
		"AdaMax":            func() (optimize.Method, *stochopt.Adam) { return &method.AdaMax{}, nil },
		"NAdam":             func() (optimize.Method, *stochopt.Adam) { return &method.NAdam{}, nil },
		"RMSProp":           func() (optimize.Method, *stochopt.Adam) { return &method.RMSProp{}, nil },
		"AdaGrad":           func() (optimize.Method, *stochopt.Adam) { return &method.AdaGrad{}, nil },
		"SGD":               func() (optimize.Method, *stochopt.Adam) { return &method.SGD{Momentum: 0.9, Nesterov: true}, nil },
		"Lion":              func() (optimize.Method, *stochopt.Adam) { return &method.Lion{}, nil },
	} {
		one, _ := m()
		many, adam := m()
		a, b := run(one, 0), run(many, 3)
		if a.F != b.F {
			t.Errorf("%s: F is %v and %v", name, a.F, b.F)
		}
		for i := range a.X {
			if math.Float64bits(a.X[i]) != math.Float64bits(b.X[i]) {
				t.Fatalf("%s: x[%d] is %v on one goroutine and %v on three", name, i, a.X[i], b.X[i])
			}
		}
		if adam != nil && adam.Concurrent != 0 {
			t.Errorf("%s: Concurrent is left at %d", name, adam.Concurrent)
		}
	}
}

// seen is a Rule that tells what Concurrent it has during a run.
type seen struct {
	stochopt.Adam
	concurrent int
}

func (s *seen) Step(x, grad []float64) {
	s.concurrent = s.Concurrent
	s.Adam.Step(x, grad)
}

// TestConcurrentReachesTheRules looks at Concurrent of a Rule in two wrappers.
func TestConcurrentReachesTheRules(t *testing.T) {
	p := stochopt.Problem{FuncGrad: halfSquare, Concurrent: 4}
	for own, want := range map[int]int{0: 4, 2: 2} {
		s := &seen{}
		s.Concurrent = own
		m := &method.Average{Rule: &method.Clip{Rule: s, Norm: 1}}
		if _, err := stochopt.Minimize(context.Background(), p, []float64{1, 2}, &optimize.Settings{MajorIterations: 2}, m); err != nil {
			t.Fatal(err)
		}
		if s.concurrent != want || s.Concurrent != own {
			t.Errorf("Concurrent = %d: it is %d in a step, want %d, and %d after the run", own, s.concurrent, want, s.Concurrent)
		}
	}
}

func TestConcurrentNegative(t *testing.T) {
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "stochopt: Sequential.Concurrent = -1") {
			t.Errorf("the panic is %q", v)
		}
	}()
	a := &stochopt.Adam{}
	a.Concurrent = -1
	a.Init(1, 1)
}
