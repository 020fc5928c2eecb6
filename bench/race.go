package main

import (
	"math"
	"slices"
	"time"
)

// A side of a race takes a number of steps and returns the nanoseconds of one.
type side func(steps int) float64

// timed is a side in this process.
func timed(f func(steps int)) side {
	return func(steps int) float64 {
		start := time.Now()
		f(steps)
		return float64(time.Since(start).Nanoseconds()) / float64(steps)
	}
}

// race times its sides in turn, so that what else the machine does meets all of them, and compares them round by round.
type race []side

// between is the race of two functions.
func between(a, b func(steps int)) race { return race{timed(a), timed(b)} }

const (
	fewest = 7                    // rounds
	turn   = time.Millisecond / 4 // of a side in a round, or one step: well below the time that a busy machine gives at once
)

// run holds rounds for about the given time, at least the fewest.
func (r race) run(length time.Duration) laps {
	n, all := make([]int, len(r)), make(laps, len(r))
	for i, s := range r {
		n[i] = steps(s, turn)
	}
	start := time.Now()
	for round := 0; round < fewest || time.Since(start) < length; round++ {
		for j := range r {
			i := (j + round) % len(r) // none always comes after the same
			if round%2 == 1 {
				i = len(r) - 1 - i
			}
			all[i] = append(all[i], r[i](n[i]))
		}
	}
	return all
}

// steps returns how many steps of s take about the given time, at least one.
func steps(s side, length time.Duration) int {
	want := float64(length.Nanoseconds())
	for n := 1; ; n *= 2 {
		t := math.Inf(1)
		for try := range 3 { // the shortest is the least disturbed
			if t = min(t, s(n)*float64(n)); t < want/4 || try > 0 && t > 100*want {
				break
			}
		}
		if t >= want/4 {
			return max(1, int(math.Round(float64(n)*want/t)))
		}
	}
}

// laps are the times of a step by side and round, in ns.
type laps [][]float64

// time is what a step of a side takes where nothing else disturbs it: the lower decile. What else a machine does only adds to a
// time, so deciles stay where they are while medians move tenfold when more processes than cores run.
func (l laps) time(side int) float64 { return quantile(0.1, l[side]) }

// outcome compares two sides.
type outcome struct {
	ratio             float64 // of the time of a to that of b
	median, low, high float64 // of the ratios of the rounds, and their quartiles
	rounds            int
}

// outcome compares sides a and b.
func (l laps) outcome(a, b int) outcome {
	ratios := make([]float64, len(l[a]))
	for i := range ratios {
		ratios[i] = l[a][i] / l[b][i]
	}
	return outcome{l.time(a) / l.time(b), quantile(0.5, ratios), quantile(0.25, ratios), quantile(0.75, ratios), len(ratios)}
}

// quantile is that of values in any order, linear between them: 0 is the least, 0.5 the median, 1 the greatest. (That of gonum's
// stat.LinInterp is half a place lower.)
func quantile(p float64, v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	whole, part := math.Modf(p * float64(len(v)-1))
	i := int(whole)
	return sorted[i] + part*(sorted[min(i+1, len(v)-1)]-sorted[i])
}
