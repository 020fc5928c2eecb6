package main

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// contest times a and b in turn, so that what else the machine does meets both, and compares them round by round.
type contest struct {
	a, b  func(steps int)
	least int // steps that a and b are timed for at once, for a start that costs time as well
}

// outcome is what a contest has found.
type outcome struct {
	a, b             float64 // the median time of a step, ns
	ratio, low, high float64 // of the time of a to that of b: median and quartiles over the rounds
	rounds           int
}

// run plays rounds for about the given time, 7 at least. A round is short, so that few are disturbed by what else the
// machine does.
func (c contest) run(length time.Duration) outcome {
	const round = 2 * time.Millisecond // or a step of each
	na, nb := max(c.least, steps(c.a, round/2)), max(c.least, steps(c.b, round/2))
	var a, b, ratio []float64
	for start := time.Now(); len(ratio) < 7 || time.Since(start) < length; {
		var ta, tb float64
		if len(ratio)%2 == 0 {
			ta = perStep(c.a, na)
			tb = perStep(c.b, nb)
		} else {
			tb = perStep(c.b, nb)
			ta = perStep(c.a, na)
		}
		a, b, ratio = append(a, ta), append(b, tb), append(ratio, ta/tb)
	}
	for _, v := range [][]float64{a, b, ratio} {
		slices.Sort(v)
	}
	at := func(p float64, v []float64) float64 { return stat.Quantile(p, stat.LinInterp, v, nil) }
	return outcome{at(0.5, a), at(0.5, b), at(0.5, ratio), at(0.25, ratio), at(0.75, ratio), len(ratio)}
}

// perStep returns the nanoseconds of one of n steps.
func perStep(f func(steps int), n int) float64 {
	start := time.Now()
	f(n)
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

// steps returns how many steps of f take about the given time, at least one.
func steps(f func(steps int), length time.Duration) int {
	want := float64(length.Nanoseconds())
	for n := 1; ; n *= 2 {
		t := math.Inf(1)
		for range 3 { // the shortest is the least disturbed
			if t = min(t, perStep(f, n)*float64(n)); t < want/4 {
				break
			}
		}
		if t >= want/4 {
			return max(1, int(math.Round(float64(n)*want/t)))
		}
	}
}
