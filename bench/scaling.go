package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/optimize"
)

// scalingDims are the numbers of variables of whole runs.
var scalingDims = []int{10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}

// scaling compares an iteration of Minimize, without and with its stop, with the evaluation in it.
func scaling(dims []int, length time.Duration) string {
	rows := [][]string{{"variables", "objective, ns", "an iteration, ns", "more than the objective, ns a variable", "iteration / objective", "with its stop / objective"}}
	for _, dim := range dims {
		r := runs(dim, minimize(dim, noStop), minimize(dim, stationary))
		x, grad := start(dim), make([]float64, dim)
		r = append(r, timed(func(steps int) {
			for range steps {
				halfSquare(grad, x)
			}
		}))
		l := r.run(length)
		rows = append(rows, []string{fmt.Sprint(dim), digits(l.time(2)), digits(l.time(0)), digits((l.time(0) - l.time(2)) / float64(dim)),
			spread(l.outcome(0, 2)), spread(l.outcome(1, 2))})
	}
	return table(rows)
}

// concurrentSamples are averaged in each evaluation.
const concurrentSamples = 8

// concurrent compares runs with several goroutines with those of one, on an objective whose draws take about the given time.
func concurrent(draw, length time.Duration) string {
	work := func(n int) float64 {
		sum := 0.0
		for i := range n {
			sum += math.Sin(float64(i))
		}
		return sum
	}
	n := steps(timed(func(steps int) { work(steps) }), draw)
	var r race
	for c := 1; c <= concurrentSamples; c++ {
		p := stochopt.Problem{Samples: concurrentSamples, Concurrent: c, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			noise := s.Rand().NormFloat64() + 1e-300*work(n)
			for i := range grad {
				grad[i] = x[i] + noise
			}
			return x[0]*x[0]/2 + noise*x[0], nil
		}}
		r = append(r, timed(func(steps int) {
			s := &optimize.Settings{MajorIterations: steps, Converger: never{}}
			done(stochopt.Minimize(context.Background(), p, start(3), s, &stochopt.Adam{StepSize: 1e-9}))(steps)
		}))
	}
	cores := runtime.GOMAXPROCS(0)
	r = append(r, timed(func(steps int) { // what the machine has to give
		for range steps {
			var w sync.WaitGroup
			for i := range cores {
				w.Go(func() {
					for range (concurrentSamples + i) / cores {
						runtime.KeepAlive(work(n))
					}
				})
			}
			w.Wait()
		}
	}))
	l := r.run(length)
	rows := [][]string{{"goroutines", "an iteration, µs", "speed-up"}}
	for c := range r {
		name := fmt.Sprint(c + 1)
		if c == concurrentSamples {
			name = fmt.Sprintf("%d, bare", cores)
		}
		rows = append(rows, []string{name, digits(l.time(c) / 1e3), spread(l.outcome(0, c))})
	}
	return table(rows)
}
