package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// library are package fit and the methods of gonum that are in use for curve fitting.
func library() []*peer {
	gonum := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "gonum.org/v1/gonum" {
				gonum = m.Version
			}
		}
	}
	return []*peer{
		{name: "fit.Curve", setting: "defaults", fit: each(curve)},
		{name: "gonum BFGS", version: gonum, setting: "sum of squares with its gradient, NeverTerminate, else defaults",
			fit: each(minimize(func() optimize.Method { return &optimize.BFGS{} }))},
		{name: "gonum Nelder-Mead", version: gonum, setting: "sum of squares, FunctionConverge 1e-30 over 2000 iterations, else defaults",
			fit: each(minimize(func() optimize.Method { return &optimize.NelderMead{} }))},
	}
}

// each makes all fits of one.
func each(one func(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64) func(context.Context, []testfuncs.NISTSet) ([]answer, error) {
	return func(ctx context.Context, sets []testfuncs.NISTSet) ([]answer, error) {
		var all []answer
		for _, s := range sets {
			for _, start := range s.Starts {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				begin := processorTime()
				b := one(ctx, s, start)
				all = append(all, answer{b, processorTime() - begin})
			}
		}
		return all, nil
	}
}

// processorTime is that of this process so far, all threads.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // both arguments are right
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// curve is a fit with default settings.
func curve(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64 {
	m := fit.Model{Func: s.Curve}
	p := make([]fit.Parameter, len(start))
	for j, v := range start {
		p[j] = fit.Parameter{Name: fmt.Sprint("b", j+1), Start: v}
		m.Parameters = append(m.Parameters, p[j].Name)
	}
	r, err := fit.Curve(ctx, m, fit.Data{X: s.X, Y: s.Y}, p, nil)
	if err != nil {
		return nil
	}
	return r.Estimate
}

// minimize gives a method of gonum the sum of squares.
func minimize(method func() optimize.Method) func(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64 {
	return func(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64 {
		g := make([]float64, len(start))
		p := optimize.Problem{
			Func: func(b []float64) (sum float64) {
				for i, x := range s.X {
					r := s.Curve(nil, b, x) - s.Y[i]
					sum += r * r
				}
				return sum
			},
			Grad: func(grad, b []float64) {
				clear(grad)
				for i, x := range s.X {
					r := s.Curve(g, b, x) - s.Y[i]
					for j, d := range g {
						grad[j] += 2 * r * d
					}
				}
			},
		}
		m := method()
		set := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 100000}
		if _, ok := m.(*optimize.NelderMead); ok {
			p.Grad = nil
			set = &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-30, Iterations: 2000}, MajorIterations: 100000}
		}
		r, _ := optimize.Minimize(p, start, set, m)
		if r == nil {
			return nil
		}
		return r.X // also that of a line search that has failed: at the minimum rounding makes it fail
	}
}
