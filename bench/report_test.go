package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLimits: figures beyond their limits are named, and no others.
func TestLimits(t *testing.T) {
	r := &report{verdicts: []verdict{{"kernel", 1.1, 1.15, ""}, {"step", 99, 100, " ns"}}}
	if got := r.limits(); got != "All 2 figures with a limit keep it.\n" {
		t.Errorf("%q", got)
	}
	r.verdicts = append(r.verdicts, verdict{"slow", 123, 100, " ns"}, verdict{"allocations", 1, 0, ""}, verdict{"unknown", nan(), 2, ""})
	got := r.limits()
	for _, want := range []string{"3 of 5", "- slow: 123 ns, limit 100 ns\n", "- allocations: 1.00, limit 0\n", "- unknown: NaN, limit 2.00\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "kernel") || strings.Contains(got, "step:") {
		t.Errorf("%q names what is within its limit", got)
	}
}

// TestWrite: the page has the chosen sections in order, what is left out, and what is beyond its limit; the log has the tables.
func TestWrite(t *testing.T) {
	chosen := []section{
		{"a", "First", "Before.", func(r *report) (string, error) {
			r.absent = append(r.absent, "torch (no)")
			return "| 1 |\n", nil
		}},
		{"b", "Second", "Again.", func(r *report) (string, error) {
			r.verdicts = append(r.verdicts, verdict{"b", 3, 2, ""})
			return "| 2 |\n", nil
		}},
	}
	var log bytes.Buffer
	r := &report{log: &log}
	page, err := r.write(chosen)
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{"# Speed", "go run ./bench", processor(), "## First\n\nBefore.\n\n| 1 |", "## Second\n\nAgain.\n\n| 2 |", "## Limits\n\n1 of 1", "- b: 3.00, limit 2.00", "left out: torch (no)."} {
		i := strings.Index(page, want)
		if i <= at {
			t.Errorf("%q is at %d of the page, want it after %d", want, i, at)
		}
		at = i
	}
	for _, want := range []string{"| 1 |", "| 2 |", "b: 3.00", "torch (no)"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	chosen[1].run = func(*report) (string, error) { return "", errors.New("broken") }
	if _, err := r.write(chosen); err == nil || err.Error() != "b: broken" {
		t.Errorf("error %v", err)
	}
	var dims []int
	if r.curves, dims = someCurves(); len(dims) != 2 {
		t.Fatal(dims)
	}
	was := curveDims
	defer func() { curveDims = was }()
	curveDims = dims
	file := filepath.Join(t.TempDir(), "speed.md")
	if err := r.save(file, page); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".md", ".png", ".svg"} {
		if s, err := os.Stat(strings.TrimSuffix(file, ".md") + ending); err != nil || s.Size() == 0 {
			t.Errorf("%s: %v, %v", ending, s, err)
		}
	}
}

func TestChoose(t *testing.T) {
	all, err := choose("")
	some, err2 := choose("methods,ratios")
	if err != nil || err2 != nil || len(all) != len(sections) || len(some) != 2 || some[0].name != "methods" || some[1].name != "ratios" {
		t.Errorf("%d sections, %v; %d, %v", len(all), err, len(some), err2)
	}
	if _, err := choose("methods,nothing"); err == nil || !strings.Contains(err.Error(), `"nothing" is none of ratios, curves`) {
		t.Errorf("error %v", err)
	}
}

func TestTable(t *testing.T) {
	want := "| a  | µs |\n|----|----|\n| 10 | 1  |\n"
	if got := table([][]string{{"a", "µs"}, {"10", "1"}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSections measures the shortest possible form of what the sections measure.
func TestSections(t *testing.T) {
	if got := scaling([]int{10, 200}, 0); strings.Count(got, "\n") != 4 || !strings.Contains(got, "| 200 ") {
		t.Errorf("scaling:\n%s", got)
	}
	if got := concurrent(time.Microsecond, 0); strings.Count(got, "\n") != 3+concurrentSamples || !strings.Contains(got, ", bare") {
		t.Errorf("concurrent:\n%s", got)
	}
	if got := gonumMethods([]int{10}, 0); strings.Count(got, "\n") != 8 || !strings.Contains(got, "| 10        | LBFGS ") {
		t.Errorf("gonum's methods:\n%s", got)
	}
	var log bytes.Buffer
	c := measureCurves(&log, []int{3, 20}, nil, 0)
	if len(c.laps) != 2 || len(c.laps[0]) != len(c.names)+2 || !(c.limit[1] > 0) || c.names[0] != ours {
		t.Errorf("curves %+v", c)
	}
	all := rows()
	for i := range all {
		all[i].dims = []int{8}
	}
	text, verdicts := ratios(all, 0)
	if strings.Count(text, "\n") != 2+len(all) || len(verdicts) == 0 {
		t.Errorf("ratios:\n%s%v", text, verdicts)
	}
}

// TestStopwatch: a long run is timed from evaluation to evaluation, whatever its start takes.
func TestStopwatch(t *testing.T) {
	var took []int
	run := func(steps int, w *stopwatch) {
		took = append(took, steps)
		time.Sleep(300 * time.Millisecond) // the start
		for range steps {
			w.tick()
			time.Sleep(time.Millisecond)
		}
	}
	if ns := runs(1000, run)[0](1); !(ns >= 1e6 && ns < 100e6) {
		t.Errorf("%v ns a step of 1 ms after a start of 300", ns)
	}
	if ns := runs(999, run)[0](1); !(ns >= 330e6/30) {
		t.Errorf("%v ns a step of 1 ms with a start of 300", ns)
	}
	if took[0] != 4+warmUp || took[1] != 30 {
		t.Errorf("%v steps, want 7 and 30", took)
	}
}
