package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// golden is what testdata/compare.py prints.
type golden struct {
	Line, Parabola, Relative, Absolute struct {
		Estimate  map[string]float64
		StdErr    map[string]float64 `json:"standard_error"`
		ChiSquare float64            `json:"chi_square"`
	}
	AICc, Weight []float64
	Statistic, P float64
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/compare.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// parabolaData are those of compare.py.
func parabolaData() string {
	y := []float64{1.2, 1.9, 2.1, 3.2, 3.1, 4.4, 4.9, 6.1, 6.4, 7.9, 8.4, 9.9}
	var b strings.Builder
	b.WriteString("x,y,s\n")
	for i, v := range y {
		fmt.Fprintf(&b, "%v,%v,%v\n", 0.5*float64(i), v, []float64{0.1, 0.2}[i%2])
	}
	return b.String()
}

// fitJSON runs stochopt fit --json - on some data and returns what it prints.
func fitJSON(t *testing.T, data string, args ...string) result {
	t.Helper()
	code, stdout, stderr := runCommand(t.Context(), data, append([]string{"fit", "--json", "-"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("%q: exit code %d, %s", args, code, stderr)
	}
	return decode(t, stdout)
}

func (r result) value(t *testing.T, name, key string) float64 {
	t.Helper()
	for _, p := range r.Parameters {
		if p["name"] == name {
			v, ok := p[key].(float64)
			if !ok {
				t.Fatalf("%s of %s is %v", key, name, p[key])
			}
			return v
		}
	}
	t.Fatalf("no parameter %s in %v", name, r.Parameters)
	return 0
}

// TestSigma: only the ratios of --sigma count, unless it is absolute.
func TestSigma(t *testing.T) {
	g := readGolden(t)
	for _, test := range []struct {
		args       []string
		want       map[string]float64
		wantStdErr map[string]float64
		chiSquare  float64
	}{
		{[]string{}, g.Line.Estimate, g.Line.StdErr, g.Line.ChiSquare},
		{[]string{"--sigma=2"}, g.Line.Estimate, g.Line.StdErr, g.Line.ChiSquare / 4},
		{[]string{"--sigma=s"}, g.Relative.Estimate, g.Relative.StdErr, g.Relative.ChiSquare},
		{[]string{"--sigma=s", "--absolute-sigma"}, g.Absolute.Estimate, g.Absolute.StdErr, g.Absolute.ChiSquare},
	} {
		r := fitJSON(t, parabolaData(), append([]string{"y ~ a+b*x", "a=1", "b=1"}, test.args...)...)
		for _, name := range []string{"a", "b"} {
			estimate, stdErr := r.value(t, name, "estimate"), r.value(t, name, "standard_error")
			if !agree(estimate, test.want[name]) || !agree(stdErr, test.wantStdErr[name]) {
				t.Errorf("%q: %s = %v (%v), want %v (%v)", test.args, name, estimate, stdErr, test.want[name], test.wantStdErr[name])
			}
		}
		if !agree(*r.ChiSquare, test.chiSquare) || !agree(*r.ReducedChiSquare, test.chiSquare/10) {
			t.Errorf("%q: chi-square %v, %v, want %v", test.args, *r.ChiSquare, *r.ReducedChiSquare, test.chiSquare)
		}
	}
}

func TestCompare(t *testing.T) {
	g := readGolden(t)
	r := fitJSON(t, parabolaData(), "y ~ a+b*x", "a=1", "b=1", "c=1", "--compare=y ~ a+b*x+c*x**2", "--compare=y ~ A*exp(b*x)", "A=1")
	if len(r.Comparison) != 3 || len(r.Parameters) != 2 {
		t.Fatalf("%+v", r)
	}
	best, second, worst := r.Comparison[0], r.Comparison[2], r.Comparison[1]
	if second.Model != "y ~ a+b*x" {
		second, worst = worst, second
	}
	if best.Model != "y ~ a+b*x+c*x**2" || best.Parameters != 3 || second.Parameters != 2 {
		t.Errorf("best %+v, second %+v", best, second)
	}
	if !agree(*best.AICc, g.AICc[1]) || !agree(*second.AICc, g.AICc[0]) || !agree(*second.Delta, g.AICc[0]-g.AICc[1]) || *best.Delta != 0 {
		t.Errorf("AICc %v, %v, want %v", *best.AICc, *second.AICc, g.AICc)
	}
	// The third model takes its share.
	if !agree(*second.Weight / *best.Weight, g.Weight[0]/g.Weight[1]) || !agree(*best.Weight+*second.Weight+*worst.Weight, 1) {
		t.Errorf("weights %v, %v, %v", *best.Weight, *second.Weight, *worst.Weight)
	}
	if len(best.FTests) != 1 || len(second.FTests)+len(worst.FTests)+len(best.Untested) > 0 {
		t.Fatalf("F-tests %+v", r.Comparison)
	}
	if f := best.FTests[0]; f.Against != "y ~ a+b*x" || f.DF1 != 1 || f.DF2 != 9 || !agree(*f.Statistic, g.Statistic) || !agree(*f.P, g.P) {
		t.Errorf("F-test %+v, want %v, %v", f, g.Statistic, g.P)
	}
}

// TestCompareReport: the table is in the report, with built-in models beside formulas; a peak of no height has no place.
func TestCompareReport(t *testing.T) {
	code, _, stderr := runCommand(t.Context(), peak(), "fit", "-", "--model=line", "--compare=polynomial2",
		"--compare=gaussian+line", "--compare=y ~ m+n*x", "m=1", "n=1", "--columns=x,y")
	if code != 2 || !strings.Contains(stderr, "column x") {
		t.Errorf("a header where there is none: exit code %d, %s", code, stderr)
	}
	_, rows, _ := strings.Cut(peak(), "\n")
	code, stdout, stderr := runCommand(t.Context(), rows, "fit", "-", "--model=line", "--compare=polynomial2",
		"--compare=gaussian+line", "--compare=y ~ m+n*x", "m=1", "n=1", "--columns=x,y")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	for _, want := range []string{
		"\nModel         Parameters            RSS       AICc Difference  Weight\ngaussian+line          5 ",
		"\nNo F-test of gaussian+line against its special case line, where gaussian_center, gaussian_sigma would mean nothing\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
}

// TestCompareUndetermined: a model that the data do not determine is named with the reason, and the numbers of the only other
// one stand, whichever comes first. The exit code is that of the first.
func TestCompareUndetermined(t *testing.T) {
	const sound, vague = "y ~ a+b*x", "y ~ a+(b+c)*x"
	starts := []string{"a=1", "b=1", "c=1"}
	alone := fitJSON(t, parabolaData(), sound, "a=1", "b=1")
	for _, c := range []struct {
		first, second string
		code          int
	}{{sound, vague, 0}, {vague, sound, 3}} {
		args := append([]string{"fit", "-", c.first, "--compare", c.second}, starts...)
		code, stdout, stderr := runCommand(t.Context(), parabolaData(), args...)
		if code != c.code || (stderr == "") != (code == 0) {
			t.Errorf("%s first: exit code %d, %s", c.first, code, stderr)
		}
		for _, want := range []string{
			fmt.Sprintf("\n%s could not be compared: the data do not determine b, c: they tell 2 of 3 directions of the parameters only.\n", vague),
			fmt.Sprintf("\nOf these models only %s has a fit: nothing here speaks for another.\n", sound),
			fmt.Sprintf("%10.2f\n%s ", *alone.AICc, vague),
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s first: %q is missing in\n%s", c.first, want, stdout)
			}
		}
		if strings.Contains(stdout, "no comparison") || code == 0 && strings.Contains(stdout, "NaN") {
			t.Errorf("%s first:\n%s", c.first, stdout)
		}
		_, stdout, _ = runCommand(t.Context(), parabolaData(), append(args, "--json")...)
		r := decode(t, stdout).Comparison
		if len(r) != 2 || r[0].Model != sound || r[0].AICc == nil || *r[0].AICc != *alone.AICc || r[0].Error != nil || r[0].Weight != nil {
			t.Fatalf("%+v", r)
		}
		if r[1].AICc != nil || r[1].Error == nil || !strings.HasPrefix(*r[1].Error, "fit: the data do not determine b, c") {
			t.Errorf("%+v", r[1])
		}
	}
	_, stdout, _ := runCommand(t.Context(), parabolaData(), append([]string{"fit", "-", vague, "--compare", "y ~ (a+b)+c*x"}, starts...)...)
	if !strings.Contains(stdout, "\nNone of these models has a fit.\n") {
		t.Errorf("%s", stdout)
	}
}
