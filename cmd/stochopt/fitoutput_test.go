package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/optimize"
)

// peak is a gaussian of area 40 and width 0.8 at 6 on the line 5+0.7x, with noise.
func peak() string {
	rng := rand.New(rand.NewPCG(3, 4))
	var data strings.Builder
	data.WriteString("channel\tcounts\n")
	for i := range 100 {
		x := 0.12 * float64(i)
		y := 40/(0.8*math.Sqrt(2*math.Pi))*math.Exp(-(x-6)*(x-6)/(2*0.8*0.8)) + 5 + 0.7*x
		fmt.Fprintf(&data, "%v\t%v\n", x, y+0.5*rng.NormFloat64())
	}
	return data.String()
}

// TestIntervals: the three kinds agree where the curve is nearly linear, profiles are not symmetric where it is not, and a
// seed gives the same bootstrap again.
func TestIntervals(t *testing.T) {
	args := []string{"y ~ a+b*x", "a=1", "b=1"}
	plain := fitJSON(t, parabolaData(), args...)
	profile := fitJSON(t, parabolaData(), append(args, "--conf=profile")...)
	boot := fitJSON(t, parabolaData(), append(args, "--conf=bootstrap")...)
	for _, name := range []string{"a", "b"} {
		lower, upper := plain.value(t, name, "lower"), plain.value(t, name, "upper")
		if l, u := profile.value(t, name, "lower"), profile.value(t, name, "upper"); !agree(l, lower) || !agree(u, upper) {
			t.Errorf("profile of %s: %v to %v, want %v to %v", name, l, u, lower, upper)
		}
		if l, u := boot.value(t, name, "lower"), boot.value(t, name, "upper"); math.Abs(l-lower) > 0.3*(upper-lower) || math.Abs(u-upper) > 0.3*(upper-lower) || agree(l, lower) {
			t.Errorf("bootstrap of %s: %v to %v, want about %v to %v", name, l, u, lower, upper)
		}
	}
	if plain.Seed != nil || *boot.Seed != 1 || plain.Intervals != "t" || boot.Intervals != "bootstrap" {
		t.Errorf("seeds %v, %v", plain.Seed, boot.Seed)
	}
	again := fitJSON(t, parabolaData(), append(args, "--conf=bootstrap", "--seed=1")...)
	other := fitJSON(t, parabolaData(), append(args, "--conf=bootstrap", "--seed=2")...)
	if again.value(t, "a", "lower") != boot.value(t, "a", "lower") || other.value(t, "a", "lower") == boot.value(t, "a", "lower") {
		t.Error("equal seeds differ, or different ones agree")
	}
	tied := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "--tie=c=A/6", "--conf=profile")
	if len(tied.Warnings) != 1 || !strings.Contains(tied.Warnings[0], "c is tied and has no profile of its own") {
		t.Errorf("warnings %q", tied.Warnings)
	}
	curved := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--conf=profile")
	estimate := curved.value(t, "k", "estimate")
	if below, above := estimate-curved.value(t, "k", "lower"), curved.value(t, "k", "upper")-estimate; math.Abs(below-above) < 1e-3*above || below <= 0 {
		t.Errorf("the profile of k goes down by %v and up by %v", below, above)
	}
	_, stdout, _ := runCommand(t.Context(), parabolaData(), append([]string{"fit", "-", "--conf=profile"}, args...)...)
	if !strings.Contains(stdout, "\nIntervals by profile likelihood.\n") {
		t.Errorf("%s", stdout)
	}
}

// TestCSV: the file holds the data, the curve and its residuals, and reads back.
func TestCSV(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.csv")
	r := fitJSON(t, parabolaData(), "y ~ a+b*x", "a=1", "b=1", "--sigma=s", "--csv="+file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 13 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	const header = "line,x,y,sigma,fit,residual,standardized_residual,confidence_lower,confidence_upper,prediction_lower,prediction_upper"
	if got := strings.Join(rows[0], ","); got != header {
		t.Errorf("header %s", got)
	}
	a, b, sum := r.value(t, "a", "estimate"), r.value(t, "b", "estimate"), 0.0
	for i, row := range rows[1:] {
		v := make([]float64, len(row))
		for k, cell := range row {
			if v[k], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		if v[0] != float64(i+2) || !agree(v[4], a+b*v[1]) || math.Abs(v[5]-(v[2]-v[4])) > 1e-12 {
			t.Errorf("row %q", row)
		}
		if !(v[9] < v[7] && v[7] < v[4] && v[4] < v[8] && v[8] < v[10]) {
			t.Errorf("bands of row %q", row)
		}
		sum += v[5] * v[5] / (v[3] * v[3])
	}
	if !agree(sum, *r.ResidualSumOfSquares) {
		t.Errorf("residuals of %v, RSS is %v", sum, *r.ResidualSumOfSquares)
	}
	again := fitJSON(t, string(text), "fit ~ a+b*x", "a=1", "b=1")
	if !agree(again.value(t, "a", "estimate"), a) {
		t.Errorf("%+v", again.Parameters)
	}
}

// TestPlot draws all kinds of files, of curves with one predictor, none and several.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	data := parabolaData()
	for _, test := range []struct {
		file, begins string
		args         []string
		labels       []string // in an SVG
	}{
		{"a.png", "\x89PNG", []string{"y ~ a+b*x", "a=1", "b=1", "--sigma=s"}, nil},
		{"a.pdf", "%PDF", []string{"y ~ a+b*x", "a=1", "b=1"}, nil},
		{"a.svg", "<?xml", []string{"y ~ a+b*x", "a=1", "b=1", "--sigma=s", "--level=0.9"}, []string{">x<", ">y<", ">residual<", ">90 % confidence<", ">90 % prediction<", ">data<", ">fit<", ">y ~ a+b*x<"}},
		{"mean.svg", "<?xml", []string{"y ~ a", "a=1"}, []string{">row<", ">95 % confidence<"}},
		{"two.svg", "<?xml", []string{"y ~ a+b*x+c*s", "a=1", "b=1", "c=1"}, []string{">x<", ">fit<"}},
	} {
		file := filepath.Join(dir, test.file)
		fitJSON(t, data, append(test.args, "--plot="+file)...)
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(text), test.begins) {
			t.Errorf("%s: %.20q, %v", test.file, text, err)
		}
		for _, label := range test.labels {
			if !strings.Contains(string(text), label) {
				t.Errorf("%s: no %s", test.file, label)
			}
		}
	}
	sum := filepath.Join(dir, "sum.svg")
	fitJSON(t, peak(), "--model=gaussian+line", "--plot="+sum)
	if text, err := os.ReadFile(sum); err != nil || !strings.Contains(string(text), ">gaussian<") || !strings.Contains(string(text), ">line<") {
		t.Errorf("the terms of a sum are not drawn: %v", err)
	}
}

// TestOutputs: files that cannot be written are told of before the fit, and those that are there are left as they are.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data.csv")
	if err := os.WriteFile(data, []byte(parabolaData()), 0o666); err != nil {
		t.Fatal(err)
	}
	none, beneath := filepath.Join(dir, "none", "a.png"), filepath.Join(data, "a.png")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--plot=" + none}, "--plot: cannot write " + none + ": there is no folder " + filepath.Dir(none)},
		{[]string{"--csv=" + filepath.Join(dir, "none", "a.csv")}, "--csv: cannot write "},
		{[]string{"--write-params=" + filepath.Join(dir, "none", "a.toml")}, "--write-params: cannot write "},
		{[]string{"--csv=" + dir}, "--csv: cannot write " + dir + ": is a directory"},
		{[]string{"--plot=" + beneath}, "--plot: cannot write " + beneath + ": "},
		{[]string{"--csv=" + data}, "--csv would overwrite the data, " + data},
		{[]string{"--csv=" + filepath.Join(dir, "a"), "--write-params=" + filepath.Join(dir, ".", "a")}, "--csv and --write-params write to the same file"},
		{[]string{"--json", "--csv=-"}, "only one of --json, --csv - and --write-params - can have standard output"},
		{[]string{"--plot=-"}, "cannot draw -: the name must end in .png, .svg or .pdf"},
	} {
		code, stdout, stderr := runCommand(t.Context(), "", append([]string{"fit", data, "y ~ a+b*x", "a=1", "b=1"}, test.args...)...)
		if code != badInput || !strings.Contains(stderr, test.want) || strings.Contains(stdout, "Formula") {
			t.Errorf("%q: exit code %d, %s, want %s", test.args, code, stderr, test.want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// The table on standard output is the table and nothing else.
	file := filepath.Join(dir, "out.csv")
	fitJSON(t, parabolaData(), "y ~ a+b*x", "a=1", "b=1", "--csv="+file)
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runCommand(t.Context(), parabolaData(), "fit", "-", "y ~ a+b*x", "a=1", "b=1", "--csv", "-")
	if code != fitted || stdout != string(want) || !strings.HasPrefix(stderr, "Formula  y ~ a+b*x\nData     standard input, 12 points\n") {
		t.Errorf("exit code %d, %s\n%s", code, stdout, stderr)
	}
	code, stdout, _ = runCommand(t.Context(), parabolaData(), "fit", "-", "y ~ a+b*x", "a=1", "b=1", "--write-params", "-")
	if code != fitted || !strings.HasPrefix(stdout, "[a]\nstart = ") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}

// TestFilesNamed: the report ends with what has been written where; one JSON object stays one.
func TestFilesNamed(t *testing.T) {
	dir := t.TempDir()
	picture, rows, starts := filepath.Join(dir, "fit.png"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "start.toml")
	args := []string{"fit", "-", "y ~ a+b*x", "a=1", "b=1", "--plot", picture, "--csv", rows, "--write-params", starts}
	code, stdout, stderr := runCommand(t.Context(), parabolaData(), args...)
	if want := fmt.Sprintf(".\n\nRows     %s\nPicture  %s\nStarts   %s\n", rows, picture, starts); code != 0 || stderr != "" || !strings.HasSuffix(stdout, want) {
		t.Errorf("exit code %d, %s%s\nwant at the end %q", code, stderr, stdout, want)
	}
	code, stdout, stderr = runCommand(t.Context(), parabolaData(), append(args, "--json")...)
	if decode(t, stdout); code != 0 || stderr != "" || !strings.HasSuffix(stdout, "\n}\n") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	code, stdout, stderr = runCommand(t.Context(), parabolaData(), append(args[:5:5], "--csv=-", "--plot", picture)...)
	if code != 0 || strings.Contains(stdout, "Picture") || !strings.HasSuffix(stderr, "\n\nPicture  "+picture+"\n") {
		t.Errorf("exit code %d, %s\n%s", code, stdout, stderr)
	}
}

// TestNewUser goes from a table of one's own to a picture with error bars in one command.
func TestNewUser(t *testing.T) {
	dir := t.TempDir()
	table, picture := filepath.Join(dir, "my data.csv"), filepath.Join(dir, "fit.svg")
	text := "\uFEFFTime (s);Signal;Error;Comment\r\n"
	for i := range 30 {
		x := 0.4 * float64(i)
		text += strings.ReplaceAll(fmt.Sprintf("%.2f;%.4f;%.2f;run %d\r\n", x, 3*math.Exp(-0.5*x)+1+0.05*math.Sin(float64(7*i*i)), 0.05, i), ".", ",")
	}
	if err := os.WriteFile(table, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	code, stdout, stderr := runCommand(t.Context(), "", "fit", table, "--model=exponential-offset", "--x=Time (s)", "--y=Signal", "--sigma=Error", "--plot="+picture)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\nrate ") {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("it took %v", d)
	}
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{">Time (s)<", ">Signal<", ">95 % prediction<"} {
		if !strings.Contains(string(drawn), label) {
			t.Errorf("no %s in the picture", label)
		}
	}
}

func TestSparkline(t *testing.T) {
	for _, test := range []struct {
		v    []float64
		want string
	}{
		{nil, ""}, {[]float64{1}, ""}, {[]float64{2, 2, 2}, ""}, {[]float64{0, 1}, "▁█"}, {[]float64{0, 1, 2, 3, 4, 5, 6, 7}, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 0, 4, 4, 8, 8, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8}, "▁▅█▁█▁▁▁██"},
		{[]float64{math.NaN(), 1}, ""}, {[]float64{math.Inf(1), 1}, ""},
	} {
		if got := sparkline(test.v, 10); got != test.want {
			t.Errorf("%v: %q, want %q", test.v, got, test.want)
		}
	}
}

// TestFitProgress: it is silent for a second, and without a terminal for ever.
func TestFitProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := newFitProgress(&b, "y ~ x")
	if d := p.next.Sub(p.start); d != time.Second {
		t.Errorf("silent for %v, want a second", d)
	}
	record := func(seconds float64, n int, f float64) {
		now = time.Unix(0, int64(1e9*seconds))
		for range n {
			if err := p.Record(&optimize.Location{F: f}, optimize.MajorIteration, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	record(100, 10, 1)
	if p.finish(); b.Len() > 0 {
		t.Fatalf("not a terminal, but %q", b.String())
	}
	p.w, p.now = &b, func() time.Time { return now }
	p.start, p.next = now, now.Add(delay)
	record(100.5, 10, 100)
	record(100.9, 10, 10)
	if b.Len() > 0 {
		t.Fatalf("early: %q", b.String())
	}
	record(101.1, 1, 1)
	if got, want := b.String(), "\r\x1b[Ky ~ x  iteration 21  sum 1  "; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "▁  1 s") {
		t.Errorf("%q, want %q", got, want)
	}
	b.Reset()
	record(101.2, 5000, 2)
	if b.Len() > 0 {
		t.Errorf("again at once: %q", b.String())
	}
	record(101.4, 1, 2)
	if got := b.String(); !strings.Contains(got, "iteration 5022  sum 1  ") || len(p.logs) >= 1000 {
		t.Errorf("%q, %d logs", got, len(p.logs))
	}
	b.Reset()
	if p.finish(); b.String() != "\r\x1b[K" {
		t.Errorf("%q", b.String())
	}
}
