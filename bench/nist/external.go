package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stochopt/stochopt/testfuncs"
)

//go:embed peers/gsl.c
var gslSource []byte

//go:embed peers/peers.py
var pythonSource []byte

// peers returns the programs that are installed, the names of those that are not, and a function that removes
// what has been made for them. Those of check return values of their curves in place of estimates.
func peers(ctx context.Context, python string) (found, check []*peer, absent []string, cleanup func(), err error) {
	dir, err := os.MkdirTemp("", "nist")
	if err != nil {
		return nil, nil, nil, nil, err
	}
	cleanup = func() { os.RemoveAll(dir) }
	script, source, binary := filepath.Join(dir, "peers.py"), filepath.Join(dir, "gsl.c"), filepath.Join(dir, "gsl")
	if err := os.WriteFile(script, pythonSource, 0o600); err != nil {
		return nil, nil, nil, cleanup, err
	}
	if err := os.WriteFile(source, gslSource, 0o600); err != nil {
		return nil, nil, nil, cleanup, err
	}
	add := func(name, setting string, command ...string) {
		p := &peer{name: name, setting: setting}
		p.fit = p.run(command)
		if setting == "" {
			check = append(check, p)
			return
		}
		found = append(found, p)
	}
	cc := exec.CommandContext(ctx, "cc", "-O2", "-o", binary, source, "-lgsl", "-lgslcblas", "-lm")
	if text, err := cc.CombinedOutput(); err != nil {
		absent = append(absent, fmt.Sprintf("GSL (%v: %s)", err, firstLine(text)))
	} else {
		add("GSL", "analytic Jacobian, else defaults (Levenberg-Marquardt, Moré's scaling, QR), 100 iterations, tolerances 1e-8", binary, "default", "5")
		add("GSL tuned", "analytic Jacobian, geodesic acceleration, Levenberg's scaling, 1000 iterations, xtol 1e-12, gtol and ftol 0", binary, "tuned", "5")
		add("GSL", "", binary, "values", "1")
	}
	if text, err := exec.CommandContext(ctx, python, "-c", "import scipy").CombinedOutput(); err != nil {
		absent = append(absent, fmt.Sprintf("SciPy (%v: %s)", err, firstLine(text)))
	} else {
		add("SciPy curve_fit", "defaults", python, script, "scipy")
		exact := "exact Jacobian by complex steps, x_scale='jac', tolerances 3e-16, max_nfev 10000"
		add("SciPy least_squares lm", exact, python, script, "scipy-lm")
		add("SciPy least_squares trf", exact, python, script, "scipy-trf")
		add("SciPy least_squares dogbox", exact, python, script, "scipy-dogbox")
		add("SciPy and lmfit", "", python, script, "values")
	}
	if text, err := exec.CommandContext(ctx, python, "-c", "import lmfit").CombinedOutput(); err != nil {
		absent = append(absent, fmt.Sprintf("lmfit (%v: %s)", err, firstLine(text)))
	} else {
		add("lmfit minimize", "defaults", python, script, "lmfit")
	}
	return found, check, absent, cleanup, nil
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}

// run gives all sets to a program and reads its answers: first a line with its version.
func (p *peer) run(command []string) func(context.Context, []testfuncs.NISTSet) ([]answer, error) {
	return func(ctx context.Context, sets []testfuncs.NISTSet) ([]answer, error) {
		var in bytes.Buffer
		for _, s := range sets {
			for _, start := range s.Starts {
				write(&in, s, start)
			}
		}
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.Stdin, c.Stderr = &in, os.Stderr
		text, err := c.Output()
		if err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(lines) != 1+2*len(sets) {
			return nil, fmt.Errorf("%d lines of answers, want %d", len(lines), 1+2*len(sets))
		}
		p.version = strings.TrimPrefix(lines[0], "version ")
		var all []answer
		for i, line := range lines[1:] {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != sets[i/2].Name {
				return nil, fmt.Errorf("answer %q, want one for %s", line, sets[i/2].Name)
			}
			var v []float64
			for _, w := range words[1:] {
				f, err := strconv.ParseFloat(w, 64)
				if err != nil {
					return nil, fmt.Errorf("answer %q: %w", line, err)
				}
				v = append(v, f)
			}
			all = append(all, answer{v[1:], time.Duration(v[0] * float64(time.Second))})
		}
		return all, nil
	}
}

// write writes a problem as the programs read it.
func write(w *bytes.Buffer, s testfuncs.NISTSet, start []float64) {
	fmt.Fprintln(w, s.Name, len(s.Y), len(s.X[0]), len(start))
	for _, v := range start {
		fmt.Fprint(w, v, " ")
	}
	fmt.Fprintln(w)
	for i, y := range s.Y {
		fmt.Fprint(w, y)
		for _, x := range s.X[i] {
			fmt.Fprint(w, " ", x)
		}
		fmt.Fprintln(w)
	}
}
