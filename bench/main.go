// Command bench times this module beside what it is to be measured with, in one process and in turn, and prints ratios.
//
//	go run ./bench
package main

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"time"
)

func main() {
	length := flag.Duration("length", 2*time.Second, "length of each contest")
	only := flag.String("run", "", "contests whose names match this expression")
	flag.Parse()
	match := regexp.MustCompile(*only)
	fmt.Printf("%-10s %-28s %-28s %10s %10s %7s  %-13s %s\n", "variables", "a", "b", "a, ns", "b, ns", "a/b", "quartiles", "rounds")
	for _, r := range rows() {
		if !match.MatchString(r.a + " / " + r.b) {
			continue
		}
		for _, dim := range r.dims {
			o := r.contest(dim).run(*length)
			fmt.Printf("%-10.0e %-28s %-28s %10s %10s %7.3f  %.3f-%-7.3f %d\n", float64(dim), r.a, r.b, digits(o.a), digits(o.b), o.ratio, o.low, o.high, o.rounds)
		}
	}
}

// digits returns v with three digits.
func digits(v float64) string {
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(v)))), v)
}

// row is a contest at several dimensions.
type row struct {
	a, b    string
	dims    []int
	contest func(dim int) contest
}

func rows() []row {
	var all []row
	if cSteps != nil {
		all = append(all, row{"kernel.Adam", "C, gcc -Ofast -mavx2", []int{1e3, 1e5, 1e7}, func(dim int) contest {
			return onSame(dim, kernelSteps, cSteps)
		}})
	}
	return append(all,
		row{"scalar Go loop", "kernel.Adam", []int{1e3, 1e5, 1e7}, func(dim int) contest {
			return onSame(dim, goSteps, kernelSteps)
		}},
		row{"kernel.Adam", "on two goroutines", []int{1e5, 1e6, 1e7}, func(dim int) contest {
			return onSame(dim, kernelSteps, twoCores)
		}},
		row{"loop of Step", "hand-written loop", []int{3, 1e3, 1e6}, func(dim int) contest {
			return contest{stepLoop(dim), handLoop(dim), 50}
		}},
		row{"Minimize", "hand-written loop", []int{3, 1e3, 1e6}, func(dim int) contest {
			return contest{minimize(dim, noStop), handLoop(dim), 50}
		}},
		row{"Minimize, default stop", "Minimize", []int{3, 1e3, 1e5}, func(dim int) contest {
			return contest{minimize(dim, stationary), minimize(dim, noStop), 50}
		}},
		row{"optimize.Minimize", "Minimize", []int{3, 1e3, 1e6}, func(dim int) contest {
			return contest{gonum(dim), minimize(dim, noStop), 50}
		}},
	)
}
