package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// report is what a run has found.
type report struct {
	log      io.Writer
	length   time.Duration
	pythons  []string
	verdicts []verdict
	absent   []string
	torch    string // its version
	curves   curves
}

// section is a part of the page.
type section struct {
	name, title, before string
	run                 func(r *report) (text string, err error)
}

var sections = []section{
	{"ratios", "Two in turn", "The hand-written loop is Adam on |x|²/2 in plain Go, with the checks that `Minimize` makes: a value, a gradient or an x that is " +
		"not finite ends it, and the last point is kept. It and `Minimize` are whole runs of 30 iterations or more; from 1000 variables on they are timed from the first evaluation to the last.",
		func(r *report) (string, error) {
			text, v := ratios(rows(), r.length)
			r.verdicts = append(r.verdicts, v...)
			if inC() == nil {
				r.absent = append(r.absent, "the C loop (it needs cgo with a C compiler, and on amd64 AVX2)")
			}
			return text, nil
		}},
	{"curves", "From 3 variables to ten million", "![Time of a step for each variable, against the number of variables](speed.png)\n\n" +
		"`Adam.Step` and the loops in Go and C take steps on a gradient that stays; so does `torch.optim.Adam`, on one tensor of float64 and one thread, timed " +
		"inside its own process. `Minimize` and `optimize.Minimize` evaluate |x|²/2 and its gradient as well. The memory limit is what moving the 56 bytes of a variable takes " +
		"(x, m and v read and written, the gradient read) in the quicker of two loops, a copy and a ← a + (b-a)/2, over as much memory; below a thousand variables these take the time of their calls, and the picture leaves them out. The table has the time of each as a " +
		"multiple of that of `Adam.Step`, with quartiles.",
		func(r *report) (string, error) {
			t, err := startTorch(r.pythons)
			if err != nil {
				r.absent = append(r.absent, fmt.Sprintf("torch (%v)", err))
				t = nil
			} else {
				r.torch = t.version
			}
			r.curves = measureCurves(r.log, curveDims, t, r.length)
			if t != nil {
				if err := t.stop(); err != nil {
					return "", err
				}
			}
			first, last := r.curves.laps[0], len(curveDims)-1
			r.verdicts = append(r.verdicts, verdict{"Adam.Step, 3 variables", first.time(0), 100, " ns"},
				verdict{fmt.Sprintf("Adam.Step / memory limit, %d variables", curveDims[last]), r.curves.laps[last].time(0) / r.curves.limit[last], 1.3, ""})
			return r.curves.at(curveDims, tableDims).table(tableDims) +
				fmt.Sprintf("\nThe bandwidth of memory beyond the caches: %s GB/s.\n", digits(r.curves.bandwidth(curveDims))), nil
		}},
	{"scaling", "Whole runs", "An iteration of `Minimize` beside the evaluation of |x|²/2 and its gradient that is in it, the cheapest objective there is.",
		func(r *report) (string, error) { return scaling(scalingDims, r.length), nil }},
	{"concurrent", "Concurrent evaluations", "`Problem.Samples` is 8: eight draws are averaged in an iteration, each of 100 µs, by `Problem.Concurrent` goroutines. The last row are bare " +
		"goroutines, one for each core, that share the same work: more than that a machine, as busy as it is, does not give.",
		func(r *report) (string, error) {
			return concurrent(100*time.Microsecond, 4*r.length) + fmt.Sprintf("\nGo runs them on %d cores.\n", runtime.GOMAXPROCS(0)), nil
		}},
	{"methods", "All methods", fmt.Sprintf("A step on %d variables (AdaGradFull: 30) with gradients whose components change their signs. The loop by hand is the formula with "+
		"default settings in one pass over memory, in plain Go; methods that need several passes have none. SFO and OLBFGS minimize a sum of parabolas, and a product with the "+
		"Hessian is a copy.", methodDim),
		func(r *report) (string, error) {
			cells := [][]string{{"method", "ns a variable", "/ Adam", "/ loop by hand", "allocations"}}
			for _, m := range timedMethods {
				t, err := m.time(r.length / 2)
				if err != nil {
					return "", err
				}
				byHand := ""
				if t.hasOnePass {
					byHand = spread(t.onePass)
					r.verdicts = append(r.verdicts, verdict{m.name + " / its loop by hand", t.onePass.ratio, stepLimit, ""})
				}
				r.verdicts = append(r.verdicts, verdict{m.name + ", allocations in a step", t.allocs, 0, ""})
				cells = append(cells, []string{t.name, digits(t.ns), spread(t.adam), byHand, fmt.Sprint(t.allocs)})
			}
			return table(cells), nil
		}},
	{"gonum", "gonum's own methods", fmt.Sprintf("Whole runs of %d iterations, with their start, on Rosenbrock's function from its standard start. They do more in an iteration than "+
		"Adam, and for an exact objective get further; the table says only what an iteration costs.", gonumIterations),
		func(r *report) (string, error) { return gonumMethods([]int{10, 1000}, r.length), nil }},
}

// write runs the chosen sections and returns the page.
func (r *report) write(chosen []section) (string, error) {
	var page bytes.Buffer
	for _, s := range chosen {
		fmt.Fprintf(r.log, "\n%s\n", s.title)
		text, err := s.run(r)
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprint(r.log, text)
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n%s", s.title, s.before, text)
	}
	end := r.limits()
	if len(r.absent) > 0 {
		end += "\nNot here, and so left out: " + strings.Join(r.absent, "; ") + ".\n"
	}
	fmt.Fprint(r.log, "\n", end)
	return r.head() + page.String() + "\n## Limits\n\n" + end, nil
}

// limits names the figures that are beyond their limits.
func (r *report) limits() string {
	var out []string
	for _, v := range r.verdicts {
		if v.beyond() {
			out = append(out, "- "+v.String())
		}
	}
	if out == nil {
		return fmt.Sprintf("All %d figures with a limit keep it.\n", len(r.verdicts))
	}
	return fmt.Sprintf("%d of %d figures with a limit are beyond it:\n\n%s\n", len(out), len(r.verdicts), strings.Join(out, "\n"))
}

// head is the beginning of the page.
func (r *report) head() string {
	kernels := "portable Go"
	if avx2 {
		kernels = "AVX2"
	}
	machine := fmt.Sprintf("%s with %d cores, %s/%s, %s, kernels in %s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), kernels)
	if r.torch != "" {
		machine += ", torch " + r.torch
	}
	return fmt.Sprintf(`# Speed

This page is what

    go run ./bench

writes, from the root of the repository. The C loop is in it where cgo has a C compiler, torch where python3 can import it (--python names
another interpreter). Here: %s.

All sides of a comparison run in turn, for a quarter of a millisecond or one step each. A time is the lower decile over the rounds, and a ratio that of
these times: other work of a machine only ever adds to a time, so that the lower decile is right on a busy machine too, where medians are not. Steps of
many milliseconds, at a million variables and more, have no undisturbed rounds there. The quartiles of the ratios of single rounds, in parentheses,
tell how busy it was.
`, machine)
}

// save writes the page and its pictures.
func (r *report) save(file, page string) error {
	base := strings.TrimSuffix(file, filepath.Ext(file))
	if err := drawCurves(r.curves, curveDims, base+".png", base+".svg"); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(page), 0o666)
}
