package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/catalogue"
	"github.com/stochopt/stochopt/testfuncs/profile"
	"gonum.org/v1/gonum/optimize"
)

type sweepCommand struct {
	Methods []string `arg:"" optional:"" name:"method" help:"The methods, by name; all that have a step size if none is named."`
	Budget  int      `default:"3000" help:"How many draws a run may take."`
	Seeds   int      `default:"3" help:"How many runs to make in noise."`
	Out     string   `placeholder:"FILE" help:"Write the table, in Markdown, to this file instead of standard output."`
}

// Help is the long text of stochopt sweep --help.
func (*sweepCommand) Help() string {
	return `Runs every method at step sizes from 1e-5 to 10 on the classical test functions, exact and in noise, and prints how many digits it gains from the start, in the mean over the functions:

    -log10 (f(x) - f*)/(f(x0) - f*), between 0 and 6

for the last point of the budget, f being the value without noise. It is the table from which the defaults of StepSize are taken: the largest step within 0.05 digits of the best, half from the exact functions and half from the noisy ones.`
}

// stepSizes are the grid of a sweep.
var stepSizes = []float64{1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10}

// Run sweeps and prints the table.
func (c *sweepCommand) Run(ctx context.Context, s streams) error {
	methods, err := named(c.Methods)
	if err != nil {
		return inputError{err}
	}
	if err := errors.Join(atLeastOne("budget", c.Budget), atLeastOne("seeds", c.Seeds)); err != nil {
		return inputError{err}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	var candidates []profile.Method
	for _, m := range methods {
		for _, a := range stepSizes {
			candidates = append(candidates, profile.Method{Name: m.Name, New: func() optimize.Method { return m.New(a) }})
		}
	}
	digits := make([]float64, len(candidates))
	classes := 0.0
	for _, class := range catalogue.Classes() {
		seeds := c.Seeds
		switch class.Name {
		case "smooth":
			seeds = 1
		case "noisy":
		default:
			continue
		}
		r, err := compare(ctx, s.err, class.Name, profile.Comparison{Methods: candidates, Problems: class.Problems, Seeds: seeds, Budget: c.Budget})
		if err != nil {
			return err
		}
		for m := range candidates {
			digits[m] += gained(r, m)
		}
		classes++
	}
	for m := range digits {
		digits[m] /= classes
	}
	return write(s.out, c.Out, func(w io.Writer) error { return writeSweep(w, c, methods, digits) })
}

// named returns the methods of the catalogue that have a step size: those with the given names, or all.
func named(names []string) ([]catalogue.Method, error) {
	var all, chosen []catalogue.Method
	known := map[string]catalogue.Method{}
	for _, m := range catalogue.Methods {
		if m.Default > 0 {
			all = append(all, m)
			known[m.Name] = m
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, n := range names {
		m, ok := known[n]
		if !ok {
			return nil, unknown("with a step size there is no method", n, all, func(m catalogue.Method) string { return m.Name })
		}
		chosen = append(chosen, m)
	}
	return chosen, nil
}

// gained returns the digits that method m gains, in the mean over the problems.
func gained(r *profile.Results, m int) float64 {
	var sum float64
	for p := range r.Problems {
		sum += min(6, max(0, -math.Log10(r.Gap(m, p))))
	}
	return sum / float64(len(r.Problems))
}

// compare runs c on all cores and shows its progress.
func compare(ctx context.Context, w io.Writer, what string, c profile.Comparison) (*profile.Results, error) {
	bar := newProgress(w, len(c.Methods)*len(c.Problems)*max(1, c.Seeds), what)
	defer bar.finish()
	c.Concurrent = runtime.GOMAXPROCS(0)
	c.Progress = func(int, int) { bar.add(1) }
	return c.Run(ctx)
}

// write calls print for a file, or for out if there is no name.
func write(out io.Writer, name string, print func(w io.Writer) error) error {
	if name == "" {
		return print(out)
	}
	f, err := os.Create(name)
	if err != nil {
		return inputError{err}
	}
	return errors.Join(print(f), f.Close())
}

func writeSweep(w io.Writer, c *sweepCommand, methods []catalogue.Method, digits []float64) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Digits gained in %d draws, the mean over the classical functions, half exact and half in noise (%d seeds), by step size:\n\n", c.Budget, c.Seeds)
	b.WriteString("| method |")
	for _, a := range stepSizes {
		fmt.Fprintf(&b, " %s |", strconv.FormatFloat(a, 'g', -1, 64))
	}
	b.WriteString(" chosen | default |\n|---|" + strings.Repeat("---|", len(stepSizes)+2) + "\n")
	for m, method := range methods {
		row := digits[m*len(stepSizes) : (m+1)*len(stepSizes)]
		best := 0
		for i, d := range row {
			if d >= slices.Max(row)-0.05 {
				best = i
			}
		}
		fmt.Fprintf(&b, "| %s |", method.Name)
		for i, d := range row {
			if i == best {
				fmt.Fprintf(&b, " **%.2f** |", d)
			} else {
				fmt.Fprintf(&b, " %.2f |", d)
			}
		}
		fmt.Fprintf(&b, " %g | %g |\n", stepSizes[best], method.Default)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
