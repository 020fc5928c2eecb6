package main

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRegret(t *testing.T) {
	dir := t.TempDir()
	for _, ext := range []string{"png", "svg", "pdf"} {
		picture := filepath.Join(dir, "r."+ext)
		code, out, errs := runCommand(context.Background(), "", "regret", "--losses=sparse", "--variables=2", "--rounds=3000", "--runs=3", "--plot="+picture)
		if code != 0 || errs != "" {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
		for _, want := range []string{"sparse losses, 2 variables, mean of 3 runs", "counterexample A, c = 3\n", "\ngradient descent\n", "\nAdaGrad\n", "\nAMSGrad\n", "\nAdam\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		// Adam on the counterexample, after 3000 rounds: 0.6748 a round at α = 0.5, from the double precision of another program.
		table, found := strings.CutSuffix(out, "\n\nPicture  "+picture+"\n")
		if !found {
			t.Errorf("the picture is not named in\n%s", out)
		}
		lines := strings.Split(strings.TrimSpace(table), "\n")
		last := strings.Fields(lines[len(lines)-1])
		if len(last) != 5 || last[0] != "3000" || last[2] != "0.6748" || last[4] != "none" {
			t.Errorf("the last line is %q", last)
		}
		data, err := os.ReadFile(picture)
		if err != nil || len(data) < 5000 {
			t.Errorf("%s: %d bytes, %v", ext, len(data), err)
		}
		switch ext {
		case "png":
			if img, err := png.Decode(bytes.NewReader(data)); err != nil || img.Bounds().Dx() < 800 {
				t.Errorf("picture: %v", err)
			}
		case "svg":
			for _, want := range []string{"rounds T", "regret R(T) and its bounds", "closed bound", "counterexample A: slopes 3, -1, -1, 3, ...", "sparse losses, 2 variables, mean of 3 runs", "gradient descent"} {
				if !bytes.Contains(data, []byte(want)) {
					t.Errorf("no %q in the picture", want)
				}
			}
		}
	}
	// The same bits from the same seed, and others from another.
	run := func(seed string) string {
		_, out, _ := runCommand(context.Background(), "", "regret", "--rounds=100", "--runs=2", "--seed="+seed)
		return out
	}
	if one, two, three := run("1"), run("1"), run("2"); one != two || one == "" || one == three {
		t.Errorf("runs differ, or not:\n%s\n%s\n%s", one, two, three)
	}
}

func TestRegretBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`--losses: there are no losses "foo"; there are normal; scaled; `: {"--losses=foo"},
		`did you mean "Rademacher"?`:                                      {"--losses=rademacher"},
		"--rounds is 0, want at least 1":                                  {"--rounds=0"},
		"--runs is 0":                                                     {"--runs=0"},
		"--variables is 0":                                                {"--variables=0"},
		"--c is 2, want above 2":                                          {"--c=2"},
		"--step is 0, want above 0":                                       {"--step=0"},
		"--beta1 is 0.9 and --beta2 0.1, ":                                {"--beta1=0.9"},
		"--beta1 is 1 and --beta2 0.1, ":                                  {"--beta1=1"},
		"must end in .png, .svg or .pdf":                                  {"--plot=p.gif"},
	} {
		code, out, errs := runCommand(context.Background(), "", append([]string{"regret"}, args...)...)
		if code != badInput || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%q: exit code %d, want 2 and %q\n%s%s", args, code, want, out, errs)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code, _, errs := runCommand(ctx, "", "regret"); code != failed || !strings.Contains(errs, "canceled") {
		t.Errorf("cancelled: %d %s", code, errs)
	}
}

// TestPositive: on logarithmic axes a curve has gaps where it is not positive and finite, and keeps its ends.
func TestPositive(t *testing.T) {
	parts := positive([]float64{1, 2, -1, math.Inf(1), 3, 0, 5})
	if len(parts) != 3 || len(parts[0]) != 2 || len(parts[1]) != 1 || parts[1][0].X != 5 || parts[2][0].X != 7 {
		t.Errorf("parts %v", parts)
	}
	long := make([]float64, 1_000_000)
	for k := range long {
		long[k] = float64(k + 1)
	}
	parts = positive(long)
	if n := len(parts[0]); len(parts) != 1 || n > 1000 || n < 300 || parts[0][n-1].X != 1_000_000 || parts[0][1].X != 2 {
		t.Errorf("%d points, the last %v", n, parts[0][n-1])
	}
	if positive(nil) != nil {
		t.Error("parts of nothing")
	}
}
