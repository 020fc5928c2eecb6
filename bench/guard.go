package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

//go:embed baseline.json
var committed []byte

// worse is how many times its baseline a ratio may be.
const worse = 1.5

// A baseline is what the guard compares with.
type baseline struct {
	CPU, Go string // where it was measured
	Rows    []measured
}

// measured is what a race of the guard has found.
type measured struct {
	Row string
	// Ratio is that of the lower deciles of the times; Median, Low and High are median and quartiles of the ratios of the rounds.
	Ratio, Median, Low, High float64
	Rounds                   int
}

// guarded is a race whose ratio must not grow: the time of its first side is this module's.
type guarded struct {
	name string
	lack string // what it needs and is not there
	look string // what to look at where it has become slower
	race func() race
}

// guardedRows are the rows of the guard.
func guardedRows() (all []guarded) {
	wide, c := "", ""
	if inC() == nil {
		c = "cgo with a C compiler, and AVX2 on amd64"
	}
	if !avx2 {
		wide = "AVX2, and a build without the tag purego"
		c = wide
	}
	const kernels, driver = "internal/kernel/adam_amd64.s", "the loop of stochopt.Minimize, loop.go and sequential.go"
	for _, dim := range []int{1e3, 1e5} {
		all = append(all,
			guarded{named("kernel.Adam / C loop", dim), c, kernels, func() race { return onSame(dim, kernelSteps, inC()) }},
			guarded{named("kernel.Adam / scalar Go loop", dim), wide, kernels, func() race { return onSame(dim, kernelSteps, goSteps) }})
	}
	for _, dim := range []int{3, 1e3} {
		lack := wide
		if dim < 4 {
			lack = "" // no kernel has any part in it
		}
		all = append(all,
			guarded{named("Minimize / hand-written loop", dim), lack, driver, func() race { return runs(dim, minimize(dim, noStop), handLoop(dim)) }},
			guarded{named("Minimize with its stop / without", dim), lack, "stopping.Stationary and internal/kernel/track_amd64.s",
				func() race { return runs(dim, minimize(dim, stationary), minimize(dim, noStop)) }})
	}
	return append(all, guarded{named("optimize.Minimize / Minimize", 3), "", "Sequential.Run and Problem.Optimize",
		func() race { return runs(3, gonum(3), minimize(3, noStop)) }})
}

func named(row string, dim int) string { return fmt.Sprintf("%s, %d variables", row, dim) }

// measure runs a race of the guard.
func (g guarded) measure(length time.Duration) measured {
	o := g.race().run(length).outcome(0, 1)
	return measured{g.name, o.ratio, o.median, o.low, o.high, o.rounds}
}

// guard measures the rows that have what they need and compares them with the baseline.
func guard(w io.Writer, rows []guarded, base baseline, length time.Duration) error {
	var found []measured
	for _, r := range rows {
		if r.lack != "" {
			fmt.Fprintf(w, "%-48s left out: it needs %s\n", r.name, r.lack)
			continue
		}
		m := r.measure(length)
		fmt.Fprintf(w, "%-48s %7.3f  quartiles of %d rounds %.3f-%.3f\n", m.Row, m.Ratio, m.Rounds, m.Low, m.High)
		found = append(found, m)
	}
	return compare(found, rows, base)
}

// compare returns an error that names all rows beyond their limits, and those that are not in both lists.
func compare(found []measured, rows []guarded, base baseline) error {
	const again = "`go run ./bench -guard -write` writes bench/baseline.json"
	var all []error
	for _, m := range found {
		i := slices.IndexFunc(base.Rows, func(b measured) bool { return b.Row == m.Row })
		if i < 0 {
			all = append(all, fmt.Errorf("%s: the baseline has no such row: %s", m.Row, again))
			continue
		}
		b := base.Rows[i]
		if !(m.Ratio <= worse*b.Ratio) {
			look := rows[slices.IndexFunc(rows, func(r guarded) bool { return r.name == m.Row })].look
			all = append(all, fmt.Errorf("%s: ratio %.3f, baseline %.3f, want at most %.3f (here median %.3f, quartiles %.3f-%.3f of %d rounds; "+
				"baseline median %.3f, quartiles %.3f-%.3f)\n\tlook at %s; if the change is meant, %s, for the commit (measured on %s with %s; this is %s with %s)",
				m.Row, m.Ratio, b.Ratio, worse*b.Ratio, m.Median, m.Low, m.High, m.Rounds, b.Median, b.Low, b.High, look, again, base.CPU, base.Go, processor(), runtime.Version()))
		}
	}
	for _, b := range base.Rows {
		if !slices.ContainsFunc(rows, func(r guarded) bool { return r.name == b.Row }) {
			all = append(all, fmt.Errorf("%s: in the baseline, and not measured: %s", b.Row, again))
		}
	}
	return errors.Join(all...)
}

// read decodes a baseline.
func read(text []byte) (b baseline, err error) {
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("bench/baseline.json: %w", err)
	}
	for _, r := range b.Rows {
		if !(r.Ratio > 0) {
			return b, fmt.Errorf("bench/baseline.json: %s has the ratio %v, want it above 0", r.Row, r.Ratio)
		}
	}
	return b, nil
}

// writeBaseline measures all rows several times, each time at another place in memory, and writes those with the median ratio.
func writeBaseline(w io.Writer, file string, rows []guarded, length time.Duration) error {
	base := baseline{CPU: processor(), Go: runtime.Version()}
	var tries [5][]measured
	for i := range tries {
		for _, r := range rows {
			if r.lack != "" {
				return fmt.Errorf("%s needs %s: a baseline must have all rows", r.name, r.lack)
			}
			tries[i] = append(tries[i], r.measure(length))
		}
	}
	digits := func(v float64) float64 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // of a number
		return r
	}
	for j := range rows {
		var row []measured
		for _, t := range tries {
			row = append(row, t[j])
		}
		slices.SortFunc(row, func(a, b measured) int { return int(1e6 * (a.Ratio - b.Ratio)) })
		fmt.Fprintf(w, "%-48s %7.3f  of %.3f to %.3f\n", row[0].Row, row[2].Ratio, row[0].Ratio, row[4].Ratio)
		m := row[2]
		base.Rows = append(base.Rows, measured{m.Row, digits(m.Ratio), digits(m.Median), digits(m.Low), digits(m.High), m.Rounds})
	}
	text, err := json.MarshalIndent(base, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}
