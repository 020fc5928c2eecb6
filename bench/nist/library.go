package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
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
		{name: "fit.Curve", setting: "defaults, derivatives written in Go", fit: each(curve)},
		{name: "formula, fit.Curve", setting: "defaults, the formula alone: parsing it is part of each fit", fit: each(fromFormula)},
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

// curve is a fit with default settings and derivatives written in Go.
func curve(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64 {
	return fitted(ctx, s, fit.Model{Parameters: names("b", len(start)), Func: s.Curve}, start)
}

// fromFormula is a fit with default settings of what is written in a formula.
func fromFormula(ctx context.Context, s testfuncs.NISTSet, start []float64) []float64 {
	columns := []string{"x"}
	if n := len(s.X[0]); n > 1 {
		columns = names("x", n)
	}
	f, err := formula.Parse(s.Formula, append(columns, "y"), names("b", len(start)))
	if err != nil || !slices.Equal(f.Columns, columns) {
		panic(fmt.Sprintf("nist: %s: columns %v, %v", s.Name, columns, err)) // TestCurve sees to it
	}
	return fitted(ctx, s, f.Model(), start)
}

func fitted(ctx context.Context, s testfuncs.NISTSet, m fit.Model, start []float64) []float64 {
	p := make([]fit.Parameter, len(start))
	for j, v := range start {
		p[j] = fit.Parameter{Name: m.Parameters[j], Start: v}
	}
	r, err := fit.Curve(ctx, m, fit.Data{X: s.X, Y: s.Y}, p, nil)
	if err != nil {
		return nil
	}
	return r.Estimate
}

// names are b1 ... bn.
func names(b string, n int) []string {
	all := make([]string, n)
	for j := range all {
		all[j] = b + strconv.Itoa(j+1)
	}
	return all
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
