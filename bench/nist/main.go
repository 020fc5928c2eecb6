// Nist fits the 27 nonlinear regressions of NIST's Statistical Reference Datasets from both starts, by package fit and
// by its peers, and writes docs/nist.md. From the root of the repository:
//
//	go run ./bench/nist
//
// It is a module of its own. Peers that are not installed are left out: SciPy and lmfit need python3 with these
// packages (--python names another interpreter), the GNU Scientific Library a C compiler and its header files.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/stochopt/stochopt/testfuncs"
)

func main() {
	out := flag.String("out", "docs/nist.md", "the file to write")
	python := flag.String("python", "python3", "the Python interpreter that has SciPy and lmfit")
	rounds := flag.Int("rounds", 5, "how often everything is timed; the shortest time of each run counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *python, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "nist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, python string, rounds int) error {
	if rounds < 1 {
		return fmt.Errorf("--rounds %d, want at least 1", rounds)
	}
	sets := testfuncs.NISTSets()
	external, _, absent, cleanup, err := peers(ctx, python)
	if err != nil {
		return err
	}
	defer cleanup()
	var all []*peer
	all = append(append(all, library()...), external...)
	for round := range rounds {
		// All in turn, so that a busy minute of the machine hits all alike.
		for _, p := range all {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, p.name)
			answers, err := p.fit(ctx, sets)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.take(answers)
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := page(f, sets, all, absent, rounds); err != nil {
		return err
	}
	return f.Close()
}
