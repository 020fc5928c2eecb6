// Command bench times this module beside what it is to be measured with, in one process and in turn, and prints ratios.
//
//	go run ./bench
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"time"
)

func main() {
	length := flag.Duration("length", 2*time.Second, "length of each contest")
	only := flag.String("run", "", "contests whose names match this expression")
	watch := flag.Bool("guard", false, "compare a few ratios with bench/baseline.json, and fail where one is worse than 1.5 times that")
	write := flag.Bool("write", false, "with -guard: write bench/baseline.json in place of comparing")
	flag.Parse()
	if err := run(*length, *only, *watch, *write); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(length time.Duration, only string, watch, write bool) error {
	switch {
	case write && !watch:
		return errors.New("-write goes with -guard")
	case write:
		return writeBaseline(os.Stdout, "bench/baseline.json", guardedRows(), length)
	case watch:
		base, err := read(committed)
		if err != nil {
			return err
		}
		return guard(os.Stdout, guardedRows(), base, length)
	}
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	fmt.Printf("%-10s %-28s %-28s %10s %10s %7s  %-13s %s\n", "variables", "a", "b", "a, ns", "b, ns", "a/b", "quartiles", "rounds")
	for _, r := range rows() {
		if !match.MatchString(r.a + " / " + r.b) {
			continue
		}
		for _, dim := range r.dims {
			o := r.race(dim).run(length).outcome(0, 1)
			fmt.Printf("%-10.0e %-28s %-28s %10s %10s %7.3f  %.3f-%-7.3f %d\n", float64(dim), r.a, r.b, digits(o.a), digits(o.b), o.ratio, o.low, o.high, o.rounds)
		}
	}
	return nil
}

// digits returns v with three digits.
func digits(v float64) string {
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(v)))), v)
}

// row is a contest at several dimensions.
type row struct {
	a, b string
	dims []int
	race func(dim int) race
}

func rows() []row {
	var all []row
	if inC() != nil {
		all = append(all, row{"kernel.Adam", "C, gcc -Ofast -mavx2", []int{1e3, 1e5, 1e7}, func(dim int) race {
			return onSame(dim, kernelSteps, inC())
		}})
	}
	return append(all,
		row{"scalar Go loop", "kernel.Adam", []int{1e3, 1e5, 1e7}, func(dim int) race {
			return onSame(dim, goSteps, kernelSteps)
		}},
		row{"kernel.Adam", "on two goroutines", []int{1e5, 1e6, 1e7}, func(dim int) race {
			return onSame(dim, kernelSteps, twoCores)
		}},
		row{"loop of Step", "hand-written loop", []int{3, 1e3, 1e6}, func(dim int) race {
			return runs(stepLoop(dim), handLoop(dim))
		}},
		row{"Minimize", "hand-written loop", []int{3, 1e3, 1e6}, func(dim int) race {
			return runs(minimize(dim, noStop), handLoop(dim))
		}},
		row{"Minimize, default stop", "Minimize", []int{3, 1e3, 1e5}, func(dim int) race {
			return runs(minimize(dim, stationary), minimize(dim, noStop))
		}},
		row{"optimize.Minimize", "Minimize", []int{3, 1e3, 1e6}, func(dim int) race {
			return runs(gonum(dim), minimize(dim, noStop))
		}},
	)
}
