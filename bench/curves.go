package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/stochopt/stochopt"
)

// curveDims are the numbers of variables in the picture.
var curveDims = []int{3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7}

// tableDims are those of the table.
var tableDims = []int{3, 100, 1e3, 1e5, 1e7}

// curves are contenders at all numbers of variables.
type curves struct {
	names []string
	laps  []laps    // by number of variables; the contenders are the first sides
	limit []float64 // the time of moving the memory of a step, ns
}

// ours is the contender that the others are compared with.
const ours = "Adam.Step"

// measureCurves holds a race of all contenders at each number of variables.
func measureCurves(log io.Writer, dims []int, t *torch, length time.Duration) (c curves) {
	for _, dim := range dims {
		fmt.Fprintf(log, "%d variables\n", dim)
		a := &stochopt.Adam{StepSize: 1e-3}
		a.Reset(dim)
		step := func(steps int, x, grad, _, _ []float64, _, _, _, _ float64) {
			for range steps {
				a.Step(x, grad)
			}
		}
		same := loopsOnSame(dim, step, goSteps)
		c.names = []string{ours, "Go loop"}
		r := race{timed(same[0]), timed(same[1])}
		if loop := inC(); loop != nil {
			c.names = append(c.names, "C loop")
			r = append(r, timed(loopsOnSame(dim, loop)[0]))
		}
		if t != nil {
			c.names = append(c.names, "torch Adam")
			r = append(r, t.steps(dim))
		}
		c.names = append(c.names, "Minimize", "optimize.Minimize")
		r = append(r, runs(dim, minimize(dim, noStop), gonum(dim))...)
		n := len(r)
		l := append(r, memoryLimit(dim)...).run(length)
		c.laps = append(c.laps, l)
		c.limit = append(c.limit, min(l.time(n), l.time(n+1)))
	}
	return c
}

// table compares all contenders with ours.
func (c curves) table(dims []int) string {
	head := []string{"variables", ours + ", ns", "a variable, ns", "of the memory limit"}
	head = append(head, c.names[1:]...)
	rows := [][]string{head}
	for k, dim := range dims {
		l := c.laps[k]
		row := []string{fmt.Sprint(dim), digits(l.time(0)), digits(l.time(0) / float64(dim)), digits(l.time(0) / c.limit[k])}
		for i := 1; i < len(c.names); i++ {
			row = append(row, spread(l.outcome(i, 0)))
		}
		rows = append(rows, row)
	}
	return table(rows)
}

// at returns c at some of its numbers of variables.
func (c curves) at(all, some []int) curves {
	d := curves{names: c.names}
	for k, dim := range all {
		for _, s := range some {
			if s == dim {
				d.laps, d.limit = append(d.laps, c.laps[k]), append(d.limit, c.limit[k])
			}
		}
	}
	return d
}

// bandwidth is that of memory, in GB/s, at the greatest number of variables.
func (c curves) bandwidth(dims []int) float64 {
	return adamBytes * float64(dims[len(dims)-1]) / c.limit[len(c.limit)-1]
}

// digits returns v with three digits.
func digits(v float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))), v)
}

// spread is a ratio with the quartiles of its rounds.
func spread(o outcome) string {
	return fmt.Sprintf("%s (%s-%s)", digits(o.ratio), digits(o.low), digits(o.high))
}
