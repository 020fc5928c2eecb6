package main

import "time"

// A driver is a whole run of a number of steps.
type driver func(steps int, w *stopwatch)

// runs is the race of drivers at dim variables. A start costs time as well: so they take 30 steps at once, or more, and from 1000
// variables on, where a start is memory to get, the time counts from evaluation to evaluation.
func runs(dim int, drivers ...driver) (r race) {
	const long = 1000
	for _, run := range drivers {
		if dim < long {
			whole := timed(func(steps int) { run(steps, nil) })
			r = append(r, func(steps int) float64 { return whole(max(30, steps)) })
			continue
		}
		r = append(r, func(steps int) float64 {
			var w stopwatch
			run(warmUp+max(4, steps+1), &w)
			return w.perStep()
		})
	}
	return r
}

// warmUp is how many evaluations pass before the time counts: the first ones touch memory that is new.
const warmUp = 3

// stopwatch takes the time of evaluations.
type stopwatch struct {
	first, last time.Time
	ticks       int
}

// tick notes an evaluation. A nil stopwatch does nothing.
func (w *stopwatch) tick() {
	if w == nil {
		return
	}
	w.last = time.Now()
	if w.ticks == warmUp {
		w.first = w.last
	}
	w.ticks++
}

// objective is halfSquare under the stopwatch.
func (w *stopwatch) objective() func(grad, x []float64) float64 {
	if w == nil {
		return halfSquare
	}
	return func(grad, x []float64) float64 {
		w.tick()
		return halfSquare(grad, x)
	}
}

// perStep is the time from one evaluation to the next, ns.
func (w *stopwatch) perStep() float64 {
	return float64(w.last.Sub(w.first).Nanoseconds()) / float64(w.ticks-1-warmUp)
}
