package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCompare: what is worse than 1.5 times its baseline is named with its numbers and what to do, and nothing else is.
func TestCompare(t *testing.T) {
	rows := []guarded{{name: "kernel", look: "kernel.s"}, {name: "driver", look: "loop.go"}, {name: "absent", lack: "AVX2"}}
	base := baseline{CPU: "old", Go: "go1", Rows: []measured{{Row: "kernel", Ratio: 1}, {Row: "driver", Ratio: 2}, {Row: "absent", Ratio: 1}}}
	both := func(kernel, driver float64) []measured {
		return []measured{{Row: "kernel", Ratio: kernel, Low: 1.25, High: 1.75, Rounds: 9}, {Row: "driver", Ratio: driver}}
	}
	if err := compare(both(1.5, 0.1), rows, base); err != nil {
		t.Error("within the limit, and much better: ", err)
	}
	for name, c := range map[string]struct {
		found []measured
		base  baseline
		want  []string
		not   string
	}{
		"slower kernel": {both(1.51, 2), base, []string{"kernel: ratio 1.510, baseline 1.000, want at most 1.500", "1.250-1.750 of 9 rounds", "look at kernel.s",
			"go run ./bench -guard -write", "old"}, "driver:"},
		"both":              {both(9, 9), base, []string{"kernel: ratio 9", "driver: ratio 9.000, baseline 2.000, want at most 3.000"}, "absent"},
		"not a number":      {both(nan(), 1), base, []string{"kernel: ratio NaN"}, "driver"},
		"doctored baseline": {both(1, 2), baseline{Rows: []measured{{Row: "kernel", Ratio: 0.66}, {Row: "driver", Ratio: 2}}}, []string{"kernel: ratio 1.000, baseline 0.660"}, "driver:"},
		"no baseline":       {both(1, 1), baseline{Rows: base.Rows[1:]}, []string{"kernel: the baseline has no such row"}, "driver"},
		"renamed":           {both(1, 1), baseline{Rows: append([]measured{{Row: "before", Ratio: 1}}, base.Rows...)}, []string{"before: in the baseline, and not measured"}, "kernel:"},
	} {
		err := compare(c.found, rows, c.base)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", name, err, w)
			}
		}
		if strings.Contains(err.Error(), c.not) {
			t.Errorf("%s: %q has %q", name, err, c.not)
		}
	}
}

// TestCommitted: the baseline in the repository has the rows of the guard, and no other.
func TestCommitted(t *testing.T) {
	base, err := read(committed)
	if err != nil {
		t.Fatal(err)
	}
	var all []measured
	for _, r := range guardedRows() {
		all = append(all, measured{Row: r.name})
	}
	if err := compare(all, guardedRows(), base); err != nil {
		t.Error(err)
	}
	for _, text := range []string{`{"Rows": [{"Row": "a"}]}`, `{"Rows": [{"Row": "a", "Ratio": -1}]}`, `{`} {
		if _, err := read([]byte(text)); err == nil {
			t.Errorf("no error for %s", text)
		}
	}
}

// TestGuard: the guard passes work that costs what its baseline says, fails work that is done twice, and names what is left out.
// The work is real: a kernel against the same kernel.
func TestGuard(t *testing.T) {
	twice := func(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
		kernelSteps(2*steps, x, grad, m, v, b1, b2, alpha, eps)
	}
	const length = 500 * time.Millisecond
	base := baseline{Rows: []measured{{Row: "kernel / kernel", Ratio: 1}, {Row: "left out", Ratio: 1}}}
	for _, dim := range []int{1e3, 1e5} {
		for name, a := range map[string]adamSteps{"once": kernelSteps, "twice": twice} {
			var b bytes.Buffer
			err := guard(&b, []guarded{
				{name: "kernel / kernel", race: func() race { return onSame(dim, a, kernelSteps) }},
				{name: "left out", lack: "something", race: func() race { panic("it must not run") }},
			}, base, length)
			if slow := name == "twice"; slow != (err != nil) {
				t.Errorf("%d variables, %s: error %v\n%s", dim, name, err, b.String())
			}
			if !strings.Contains(b.String(), "left out: it needs something") {
				t.Errorf("it does not say what is left out: %s", b.String())
			}
		}
	}
}

// TestWriteBaseline: what is written can be read, and its rows are those measured.
func TestWriteBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "baseline.json")
	n := 0
	rows := []guarded{{name: "a", race: func() race {
		n++
		ns := 1e6 * []float64{30, 1, 20, 2, 10}[n-1]
		return race{func(int) float64 { return ns }, func(int) float64 { return 1e6 }}
	}}}
	var b bytes.Buffer
	if err := writeBaseline(&b, file, rows, 0); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	base, err := read(text)
	if err != nil || len(base.Rows) != 1 || base.Rows[0].Row != "a" || base.Rows[0].Ratio != 10 || base.Rows[0].Rounds != fewest {
		t.Errorf("%+v, %v, want the median ratio 10", base, err)
	}
	rows[0].lack = "something"
	if err := writeBaseline(&b, file, rows, 0); err == nil || !strings.Contains(err.Error(), "something") {
		t.Errorf("a baseline without a row: error %v", err)
	}
}
