package main

import (
	"context"
	"log"
	"math"
	"runtime"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// halfSquare is |x|²/2 and its gradient.
//
//go:noinline
func halfSquare(grad, x []float64) float64 {
	f := 0.0
	for i, v := range x {
		f += v * v
		grad[i] = v
	}
	return f / 2
}

func start(dim int) []float64 {
	x := make([]float64, dim)
	for i := range x {
		x[i] = 1 + float64(i%7)
	}
	return x
}

// handLoop is Adam on halfSquare as one would write it, with what Minimize looks after: a value, a gradient or an x that is not
// finite ends the run, and the last point evaluated is kept.
func handLoop(dim int) driver {
	x0 := start(dim)
	return func(steps int, w *stopwatch) {
		x := append([]float64(nil), x0...)
		grad, m, v, last := make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
		lastF := math.Inf(1)
		const b1, b2 = 0.9, 0.999
		c1, c2 := 0.0, 0.0
		for k := range steps {
			w.tick()
			f := halfSquare(grad, x)
			if f-f != 0 {
				log.Fatalf("step %d: f = %v", k, f)
			}
			for i, g := range grad {
				if g-g != 0 {
					log.Fatalf("step %d: gradient %d = %v", k, i, g)
				}
			}
			lastF = f
			copy(last, x)
			c1, c2 = b1*c1+(1-b1), b2*c2+(1-b2)
			root := math.Sqrt(c2)
			goSteps(1, x, grad, m, v, b1, b2, 1e-9*root/c1, 1e-8*root)
			for i, v := range x {
				if v-v != 0 {
					log.Fatalf("step %d: x %d = %v", k, i, v)
				}
			}
		}
		runtime.KeepAlive(lastF)
	}
}

// stepLoop is the plain loop of Step alone.
func stepLoop(dim int) driver {
	x0 := start(dim)
	return func(steps int, w *stopwatch) {
		x, grad := append([]float64(nil), x0...), make([]float64, dim)
		a := stochopt.Adam{StepSize: 1e-9}
		a.Reset(dim)
		for range steps {
			w.tick()
			halfSquare(grad, x)
			a.Step(x, grad)
		}
	}
}

// never is a Converger that ends no run.
type never struct{}

// Init does nothing.
func (never) Init(int) {}

// Converged asks for another iteration.
func (never) Converged(*optimize.Location) optimize.Status { return optimize.NotTerminated }

func noStop() optimize.Converger     { return never{} }
func stationary() optimize.Converger { return &stopping.Stationary{Level: 1e-9} }

// minimize is Minimize for a number of steps; stop is its Converger.
func minimize(dim int, stop func() optimize.Converger) driver {
	x0 := start(dim)
	return func(steps int, w *stopwatch) {
		s := &optimize.Settings{MajorIterations: steps, Converger: stop()}
		done(stochopt.Minimize(context.Background(), stochopt.Problem{FuncGrad: w.objective()}, x0, s, &stochopt.Adam{StepSize: 1e-9}))(steps)
	}
}

// gonum is optimize.Minimize.
func gonum(dim int) driver {
	x0 := start(dim)
	return func(steps int, w *stopwatch) {
		s := &optimize.Settings{MajorIterations: steps, Converger: never{}}
		p := stochopt.Problem{FuncGrad: w.objective()}
		done(optimize.Minimize(p.Optimize(), x0, s, &stochopt.Adam{StepSize: 1e-9}))(steps)
	}
}

// done checks that a run has taken its steps.
func done(r *optimize.Result, err error) func(steps int) {
	return func(steps int) {
		if err != nil || r.MajorIterations != steps {
			log.Fatal("the run has ended early: ", err)
		}
	}
}
