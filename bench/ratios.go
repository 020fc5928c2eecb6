package main

import (
	"fmt"
	"time"
)

// row is a race of two at several numbers of variables.
type row struct {
	a, b  string
	limit float64 // of the time of a to that of b; 0 is none
	dims  []int
	race  func(dim int) race
}

// rows are the races of two. Limits are for what this module is in charge of.
func rows() (all []row) {
	const hand = "hand-written loop"
	if loop := inC(); loop != nil {
		all = append(all, row{"kernel.Adam", "C loop", 1.15, []int{1e3, 1e5, 1e7}, func(dim int) race { return onSame(dim, kernelSteps, loop) }})
	}
	return append(all,
		row{"kernel.Adam", "scalar Go loop", 1.15, []int{1e3, 1e5, 1e7}, func(dim int) race { return onSame(dim, kernelSteps, goSteps) }},
		row{"kernel.Adam on two goroutines", "on one", 0, []int{1e5, 1e6, 1e7}, func(dim int) race { return onSame(dim, twoGoroutines, kernelSteps) }},
		row{"loop of Adam.Step", hand, 1.3, []int{3, 1e3, 1e6}, func(dim int) race { return runs(dim, stepLoop(dim), handLoop(dim)) }},
		row{"Minimize", hand, 2, []int{3, 1e3, 1e6}, func(dim int) race { return runs(dim, minimize(dim, noStop), handLoop(dim)) }},
		row{"Minimize with its stop", "without", 2, []int{3, 1e3, 1e5}, func(dim int) race { return runs(dim, minimize(dim, stationary), minimize(dim, noStop)) }},
		row{"optimize.Minimize", "Minimize", 0, []int{3, 1e3, 1e6}, func(dim int) race { return runs(dim, gonum(dim), minimize(dim, noStop)) }},
	)
}

// ratios holds the races of two.
func ratios(rows []row, length time.Duration) (text string, all []verdict) {
	cells := [][]string{{"variables", "a", "b", "a, ns", "b, ns", "a/b", "median and quartiles of the rounds", "rounds"}}
	for _, r := range rows {
		for _, dim := range r.dims {
			l := r.race(dim).run(length)
			o := l.outcome(0, 1)
			cells = append(cells, []string{fmt.Sprint(dim), r.a, r.b, digits(l.time(0)), digits(l.time(1)), digits(o.ratio),
				fmt.Sprintf("%s, %s to %s", digits(o.median), digits(o.low), digits(o.high)), fmt.Sprint(o.rounds)})
			if r.limit > 0 {
				all = append(all, verdict{fmt.Sprintf("%s / %s, %d variables", r.a, r.b, dim), o.ratio, r.limit, ""})
			}
		}
	}
	return table(cells), all
}

// verdict is a figure with its limit.
type verdict struct {
	name       string
	got, limit float64
	unit       string
}

// beyond reports whether the limit is not kept.
func (v verdict) beyond() bool { return !(v.got <= v.limit) }

// String is the figure beside its limit.
func (v verdict) String() string {
	return fmt.Sprintf("%s: %s%s, limit %s%s", v.name, digits(v.got), v.unit, digits(v.limit), v.unit)
}
