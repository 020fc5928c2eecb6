package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// simulation is the program of examples/simulation.
func simulation(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "simulation.exe")
	cmd := exec.Command("go", "build", "-o", name, "../../examples/simulation")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

func TestCheck(t *testing.T) {
	sim := simulation(t)
	for _, c := range []struct {
		name     string
		args     []string
		code     int
		out, err string
	}{
		{"deterministic", []string{sim, "-noise=none", "-seed={seed}", "{x}"}, 0, "Randomness  deterministic", ""},
		{"seeded", []string{sim, "-seed={seed}", "{x}"}, 0, "Randomness  seeded", ""},
		{"without {x}", []string{sim, "-seed={seed}"}, 0, "Randomness  seeded", ""},
		{"unseeded", []string{sim, "-noise=own", "-seed={seed}", "{x}"}, 1, "Randomness  uncontrolled", "does not obey the seed"},
		// The noise of seed 0 in all draws: the gradient has a constant error, which a deterministic objective must not have.
		{"seed not passed on", []string{sim, "{x}"}, 1, "Randomness  deterministic", "the gradient is not that of the value"},
		{"wrong gradient", []string{sim, "-noise=none", "-wrong", "{x}"}, 1, "disagrees", "the gradient is not that of the value"},
		{"wrong gradient in noise", []string{sim, "-wrong", "-seed={seed}", "{x}"}, 1, "disagrees", "the gradient is not that of the value"},
		{"fails", []string{sim, "one"}, 2, "", "8 end with an error"},
		{"no such program", []string{sim + "none"}, 2, "", "the program cannot be run: "},
	} {
		code, out, err := runCommand(context.Background(), "", append([]string{"check", "--at=1.5", "--draws=8", "--"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) || (err == "") != (c.code == 0) {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.name, code, c.code, out, err)
		}
	}

	code, out, _ := runCommand(context.Background(), "", "check", "--json", "--at=1,2", "--draws=8", "--", sim, "-seed={seed}", "{x}")
	var r struct {
		Control string
		Draws   int
		Check   struct{ OK bool }
		Mean    float64
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || r.Control != "seeded" || r.Draws != 8 || !r.Check.OK {
		t.Errorf("%d %v %+v\n%s", code, err, r, out)
	}
}

// TestCheckPrograms: what a program may print, and what the command says of anything else.
func TestCheckPrograms(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a shell, sh, to write small programs")
	}
	for _, c := range []struct {
		script, want string
		code         int
	}{
		{"echo 3", "Gradient    none", 0},
		{"echo 3 4 5", "Gradient", 1}, // a constant has the gradient 0
		{"echo 3 0 0", "agrees", 0},
		{"echo $STOCHOPT_SEED", "seeded", 0},
		{"echo 3 4", "printed 2 numbers; print the value, or the value and 2 components", 2},
		{"echo three", `printed "three" where a number was expected`, 2},
		{"echo careful >&2; exit 3", "exit status 3 (careful)", 2},
		{"echo one >&2; echo two >&2; echo three >&2; exit 3", "exit status 3 (one ... three)", 2},
		{"echo nan", "8 of 8 draws at x are not finite", 2},
		{"true", "printed 0 numbers", 2},
	} {
		code, out, err := runCommand(context.Background(), "", "check", "--at=1,2", "--draws=8", "--", "sh", "-c", c.script)
		if code != c.code || !strings.Contains(out+err, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", c.script, code, c.code, c.want, out, err)
		}
	}
}

// TestCheckJumps: a gradient that is exactly 0 agrees with differences of a step function, which is no success.
func TestCheckJumps(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a shell, sh, to write small programs")
	}
	for script, want := range map[string]int{"echo ${0%%.*} 0": 1, "echo 7 0": 0} {
		code, out, err := runCommand(context.Background(), "", "check", "--at=1.5", "--draws=8", "--", "sh", "-c", script)
		if code != want || (want == 1) != strings.Contains(err, "gradient components [0] are exactly 0") || !strings.Contains(out, "agrees") {
			t.Errorf("%s: exit code %d, want %d\n%s%s", script, code, want, out, err)
		}
		_, out, _ = runCommand(context.Background(), "", "check", "--json", "--at=1.5", "--draws=8", "--", "sh", "-c", script)
		var r struct{ Flat []int }
		if err := json.Unmarshal([]byte(out), &r); err != nil || r.Flat == nil || len(r.Flat) != want {
			t.Errorf("%s: %v, flat %v\n%s", script, err, r.Flat, out)
		}
	}
}

func TestCheckBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`component 2: "b" is not a finite number`: {"check", "--at=1,b", "--", "true"},
		`component 1: "" is not a finite number`:  {"check", "--at=", "--", "true"},
		"--draws is 7, want at least 8":           {"check", "--at=1", "--draws=7", "--", "true"},
		"no program":                              {"check", "--at=1", "--"},
		"missing flags: --at":                     {"check", "--", "true"},
	} {
		code, out, err := runCommand(context.Background(), "", args...)
		if code != badInput || out != "" || !strings.Contains(err, want) {
			t.Errorf("%q: exit code %d, want 2 and %q\n%s%s", args, code, want, out, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code, _, err := runCommand(ctx, "", "check", "--at=1", "--", "true"); code != failed || !strings.Contains(err, "canceled") {
		t.Errorf("cancelled: %d %s", code, err)
	}
}

// TestMostRuns: the end of the bar is not below the number of runs of a noisy objective, nor far above; and where nobody looks
// there is none.
func TestMostRuns(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs a shell, sh, to write small programs")
	}
	count := filepath.Join(t.TempDir(), "count")
	t.Setenv("COUNT", count)
	sim := simulation(t)
	code, _, stderr := runCommand(t.Context(), "", "check", "--at=0.003", "--draws=8", "--", "sh", "-c", `echo >> "$COUNT"; exec "$0" "$@"`, sim, "-seed={seed}", "--", "{x}")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	runs, err := os.ReadFile(count)
	if most := mostRuns([]float64{0.003}, 8); err != nil || len(runs) > most || 3*len(runs) < 2*most {
		t.Errorf("%d runs, at most %d expected, %v", len(runs), most, err)
	}
	if small, large := mostRuns([]float64{1, 1}, 64), mostRuns(make([]float64, 10), 64); small != 1800 || large != 8424 {
		t.Errorf("%d and %d runs", small, large) // as the help says
	}
}
