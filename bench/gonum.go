package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"time"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/optimize/functions"
)

// gonumIterations are those of a run of gonum's methods: before they have found the minimum.
const gonumIterations = 20

// gonumMethods compares whole runs of gonum's own methods with those of Adam, on Rosenbrock's function.
func gonumMethods(dims []int, length time.Duration) string {
	methods := []struct {
		name string
		run  func(p optimize.Problem, x []float64, s *optimize.Settings) (*optimize.Result, error)
	}{
		{"Adam, Minimize", func(p optimize.Problem, x []float64, s *optimize.Settings) (*optimize.Result, error) {
			return stochopt.Minimize(context.Background(), stochopt.Problem{Func: p.Func, Grad: p.Grad}, x, s, &stochopt.Adam{})
		}},
		{"Adam, optimize.Minimize", with(func() optimize.Method { return &stochopt.Adam{} })},
		{"GradientDescent", with(func() optimize.Method { return &optimize.GradientDescent{} })},
		{"CG", with(func() optimize.Method { return &optimize.CG{} })},
		{"LBFGS", with(func() optimize.Method { return &optimize.LBFGS{} })},
		{"NelderMead", with(func() optimize.Method { return &optimize.NelderMead{} })},
	}
	rows := [][]string{{"variables", "method", "an iteration, µs", "evaluations of f in it", "of ∇f", "time / Adam, Minimize"}}
	for _, dim := range dims {
		f := functions.ExtendedRosenbrock{}
		p := optimize.Problem{Func: f.Func, Grad: f.Grad}
		x := make([]float64, dim)
		for i := range x {
			x[i] = []float64{-1.2, 1}[i%2]
		}
		var r race
		stats := make([]optimize.Stats, len(methods))
		for i, m := range methods {
			r = append(r, timed(func(steps int) {
				for range steps {
					s := &optimize.Settings{MajorIterations: gonumIterations, GradientThreshold: math.NaN(), Converger: optimize.NeverTerminate{}}
					result, err := m.run(p, x, s)
					if err != nil || result.MajorIterations != gonumIterations {
						log.Fatalf("%s on %d variables has ended early: %v", m.name, dim, err)
					}
					stats[i] = result.Stats
				}
			}))
		}
		l := r.run(length)
		for i, m := range methods {
			rows = append(rows, []string{fmt.Sprint(dim), m.name, digits(l.time(i) / gonumIterations / 1e3),
				digits(float64(stats[i].FuncEvaluations) / gonumIterations), digits(float64(stats[i].GradEvaluations) / gonumIterations), spread(l.outcome(i, 0))})
		}
	}
	return table(rows)
}

// with runs a method by optimize.Minimize.
func with(method func() optimize.Method) func(p optimize.Problem, x []float64, s *optimize.Settings) (*optimize.Result, error) {
	return func(p optimize.Problem, x []float64, s *optimize.Settings) (*optimize.Result, error) {
		return optimize.Minimize(p, x, s, method())
	}
}
