package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/template"

	"github.com/stochopt/stochopt/testfuncs"
)

// reported are counts of an earlier measurement, by hand, and their times where known.
var reported = []row{
	{"SciPy curve_fit", "", "defaults", 46, 30, 13, ""},
	{"SciPy", "", "the best of many settings", 54, 54, 42, ""},
	{"lmfit", "", "defaults", 48, 31, 13, ""},
	{"GSL", "", "tuned, analytic Jacobian", 53, 53, 47, "45 ms"},
	{"Ceres", "", "tuned, analytic Jacobian", 53, 53, 43, "33 ms"},
	{"R nls", "", "defaults", 40, 20, 2, ""},
	{"gonum BFGS", "", "sum of squares with its gradient", 36, 36, 34, ""},
	{"gonum Nelder-Mead", "", "sum of squares", 36, 36, 22, ""},
}

var text = template.Must(template.New("page").Parse(`# NIST's reference regressions

The 27 nonlinear regressions of NIST's Statistical Reference Datasets, from both of NIST's starts: 54 fits. The table
counts the fits in which the worst parameter has at least 4, 6 and 8 correct digits, the log relative error

    -log10 |b - certified| / |certified|

A fit that its peer calls failed counts with its last point where there is one, else as 0 digits; only those of fit.Curve
have to return without an error. Exponentials, peaks and cycles in another order, and signs that cancel, count as equal.

This page is what

    go run ./bench/nist

writes, from the root of the repository. GSL is in it where a C compiler and GSL's header files are installed, SciPy and lmfit where
python3 has them (on Debian: gcc, libgsl-dev, python3-scipy, python3-lmfit); --python names another interpreter, --rounds
how often each fit is timed. Here that is {{.Rounds}} times, all peers in turn, and the shortest time of each fit counts.
Time is processor time inside the programs, without their start, summed over the 54 fits, as a multiple of that of
fit.Curve with derivatives written in Go, {{.Ours}}, in the same run ({{.Machine}}). In the second line the derivatives are
those that package formula finds, and reading the formula is part of each fit. Most of SciPy's and lmfit's time is Python's.

| peer | version | setting | ≥ 4 | ≥ 6 | ≥ 8 | time |
|---|---|---|---|---|---|---|
{{range .Rows}}| {{.Name}} | {{.Version}} | {{.Setting}} | {{.Four}} | {{.Six}} | {{.Eight}} | {{.Time}} |
{{end}}
An earlier measurement, on another machine and with versions and settings that are not recorded, has these counts. The program
does not repeat it; Ceres and R are in it only.

| peer | setting | ≥ 4 | ≥ 6 | ≥ 8 | time |
|---|---|---|---|---|---|
{{range .Reported}}| {{.Name}} | {{.Setting}} | {{.Four}} | {{.Six}} | {{.Eight}} | {{.Time}} |
{{end}}{{with .Absent}}
Not installed here, and so left out: {{.}}.
{{end}}
## Digits of each fit

The columns are the peers in the order of the table; start 1 and start 2.

{{.Digits}}`))

type row struct {
	Name, Version, Setting string
	Four, Six, Eight       int
	Time                   string
}

func page(w io.Writer, sets []testfuncs.NISTSet, all []*peer, absent []string, rounds int) error {
	ours := all[0].total()
	var rows []row
	for _, p := range all {
		version := p.version
		if version == "" {
			version = "this"
		}
		rows = append(rows, row{p.name, version, p.setting, p.count(sets, 4), p.count(sets, 6), p.count(sets, 8),
			fmt.Sprintf("%.2f", float64(p.total())/float64(ours))})
	}
	return text.Execute(w, map[string]any{
		"Rounds": rounds, "Ours": fmt.Sprintf("%.1f ms", 1e3*ours.Seconds()), "Rows": rows, "Reported": reported, "Absent": strings.Join(absent, "; "),
		"Machine": fmt.Sprintf("%s, %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH), "Digits": digits(sets, all),
	})
}

// digits is the table of all fits.
func digits(sets []testfuncs.NISTSet, all []*peer) string {
	var b strings.Builder
	fmt.Fprint(&b, "| |")
	for _, p := range all {
		fmt.Fprintf(&b, " %s |", p.name)
	}
	fmt.Fprint(&b, "\n|---|", strings.Repeat("---|", len(all)), "\n")
	for k, s := range sets {
		fmt.Fprintf(&b, "| %s |", s.Name)
		for _, p := range all {
			fmt.Fprintf(&b, " %.1f, %.1f |", p.digits(sets, 2*k), p.digits(sets, 2*k+1))
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}
