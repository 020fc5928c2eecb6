package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		d    candidate
		name string
		code int
	}{
		{candidate{}, "fitted", 0},
		{candidate{result: &fit.Result{RanAway: []string{"k"}}}, "undetermined", 3},
		{candidate{result: &fit.Result{StdErr: []float64{math.NaN()}}, parameters: []fit.Parameter{{Name: "k"}}}, "undetermined", 3},
		{candidate{result: &fit.Result{StdErr: []float64{math.NaN()}, AtBound: []string{"k"}}, parameters: []fit.Parameter{{Name: "k"}}}, "fitted", 0},
		{candidate{err: fmt.Errorf("wrapped: %w", &fit.RankError{})}, "undetermined", 3},
		{candidate{err: fit.ErrNotConverged}, "not converged", 4},
		{candidate{err: fit.ErrNoDecrease}, "failed", 1},
		{candidate{err: errors.New("cancelled"), interrupted: true}, "interrupted", 130},
	} {
		if test.d.result == nil {
			test.d.result = &fit.Result{}
		}
		o := outcomeOf(&test.d)
		if o.name != test.name || o.code != test.code {
			t.Errorf("%v: %+v, want %s, %d", test.d.err, o, test.name, test.code)
		}
		err := judge(&test.d, test.d.err)
		if (err == nil) != (test.code == 0) || err != nil && test.d.err != nil && !errors.Is(err, test.d.err) {
			t.Errorf("%v is judged %v", test.d.err, err)
		}
	}
}

// TestFilesOfFailures: a fit without error bars is drawn without bands, and written with empty cells.
func TestFilesOfFailures(t *testing.T) {
	dir := t.TempDir()
	picture, table := filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.csv")
	code, _, stderr := runCommand(t.Context(), parabolaData(), "fit", "-", "y ~ (a+b)*x", "a=1", "b=1", "--plot", picture, "--csv", table)
	if code != 3 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	drawn, err := os.ReadFile(picture)
	if err != nil || !strings.Contains(string(drawn), ">fit<") {
		t.Errorf("%.100s, %v", drawn, err)
	}
	text, err := os.ReadFile(table)
	if err != nil || strings.Count(string(text), "\n") != 13 || strings.Contains(string(text), "NaN") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestCandidateError names the model of several that cannot be fitted.
func TestCandidateError(t *testing.T) {
	code, stdout, stderr := runCommand(t.Context(), parabolaData(), "fit", "-", "y ~ a+b*x", "a=1", "b=1", "--compare=y ~ a*log(x)")
	if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "stochopt: y ~ a*log(x): standard input, line 2, x = 0: the curve is -Inf at the start") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

// TestTurnedBack: that a search has met parameters where the curve is not finite is told, with few digits, where it has failed,
// and not where it has ended well.
func TestTurnedBack(t *testing.T) {
	const data = "x,y\n0.5,-1\n1,0.2\n2,0.8\n3,1.2\n4,1.35\n5,1.65\n6,1.8\n"
	const met = "\nThe search met parameters where the curve or a derivative is not finite "
	code, stdout, _ := runCommand(t.Context(), data, "fit", "-", "y ~ a*log(x-b)+c", "a=5", "b=-3", "c=0")
	if code != fitted || strings.Contains(stdout, met) {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	code, stdout, _ = runCommand(t.Context(), data, "fit", "-", "y ~ a*sqrt(x-b)+c", "a=5", "b=-3", "c=0")
	_, note, found := strings.Cut(stdout, met)
	note, _, _ = strings.Cut(note, "\n")
	if code != noEnd || !found || !strings.Contains(note, "(line 2) = [0.5], with a = ") || regexp.MustCompile(`[0-9]{8}`).MatchString(note) {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}
