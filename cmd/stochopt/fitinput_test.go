package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTables fits the same rows from different kinds of text.
func TestTables(t *testing.T) {
	const want = "x,y\n1,2.5\n2,3\n3,5\n0,4\n"
	r := fitJSON(t, want, "y ~ a+b*x", "a=1", "b=1")
	a, b := r.value(t, "a", "estimate"), r.value(t, "b", "estimate")
	for name, test := range map[string]struct {
		text string
		args []string
	}{
		"tabs":            {"x\ty\n1\t2.5\n2\t3\n3\t5\n0\t4\n", nil},
		"decimal commas":  {"x;y\n1;2,5\n2;3\n3;5\n0;4\n", nil},
		"no header":       {"1,2.5\n2,3\n3,5\n0,4\n", []string{"--columns=x,y"}},
		"text":            {"id,x,y\nAda,1,2.5\n,2,3\nBob,3,5\nNA,0,4\n", nil},
		"missing":         {"x,y\n1,2.5\nNA,7\n2,3\n3,5\n9,\n0,4\n", []string{"--skip-missing"}},
		"missing, unused": {"x,z,y\n1,,2.5\n2,1,3\n3,,5\n0,NA,4\n", nil},
	} {
		r := fitJSON(t, test.text, append([]string{"y ~ a+b*x", "a=1", "b=1"}, test.args...)...)
		if !agree(r.value(t, "a", "estimate"), a) || !agree(r.value(t, "b", "estimate"), b) || r.Points != 4 {
			t.Errorf("%s: %+v", name, r)
		}
		if name == "missing" && (len(r.SkippedLines) != 2 || r.SkippedLines[0] != 3 || r.SkippedLines[1] != 6) {
			t.Errorf("skipped lines %v", r.SkippedLines)
		}
	}
	_, stdout, _ := runCommand(t.Context(), "x,y\n1,2\n2,\n3,5\n0,4\n", "fit", "-", "y ~ a+b*x", "a=1", "b=1", "--skip-missing")
	if !strings.Contains(stdout, "\nSkipped  1 row(s) without a value: line 3\n") {
		t.Errorf("%s", stdout)
	}
}

// TestParameters: each word changes the fit as the formula would, written otherwise.
func TestParameters(t *testing.T) {
	data := decay()
	free := fitJSON(t, data, "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0")
	for _, test := range []struct {
		name string
		args []string
		same []string // as args
	}{
		{"fix", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "--fix=c=0.4"}, []string{"signal ~ A*exp(-k*t)+0.4", "A=3", "k=1"}},
		{"fix at the start", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0.4", "--fix=c"}, []string{"signal ~ A*exp(-k*t)+0.4", "A=3", "k=1"}},
		{"tie", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "--tie=c = A/5"}, []string{"signal ~ A*exp(-k*t)+A/5", "A=3", "k=1"}},
		{"tie to another", []string{"signal ~ A*exp(-k*t)+0.5", "A=3", "tau=1", "--tie=k=1/tau"}, []string{"signal ~ A*exp(-t/tau)+0.5", "A=3", "tau=1"}},
		{"log", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--log=k"}, []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}},
		{"logit", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--logit=k", "--lower=k=0", "--upper=k=5"}, []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}},
		{"idle bounds", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--lower=k=-5", "--upper=A=10"}, []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}},
		{"scale", []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--scale=c=0.1"}, []string{"signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"}},
	} {
		got, want := fitJSON(t, data, test.args...), fitJSON(t, data, test.same...)
		if !agree(*got.ResidualSumOfSquares, *want.ResidualSumOfSquares) {
			t.Errorf("%s: RSS %v, want %v", test.name, *got.ResidualSumOfSquares, *want.ResidualSumOfSquares)
		}
		for _, p := range want.Parameters {
			name := p["name"].(string)
			if !agree(got.value(t, name, "estimate"), want.value(t, name, "estimate")) || !agree(got.value(t, name, "standard_error"), want.value(t, name, "standard_error")) {
				t.Errorf("%s: %v, want %v", test.name, got.Parameters, want.Parameters)
			}
		}
	}
	bounded := fitJSON(t, data, "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--upper=c=0.3")
	if c := bounded.value(t, "c", "estimate"); c != 0.3 || bounded.Parameters[2]["kind"] != "at bound" || bounded.Parameters[2]["standard_error"] != nil ||
		*bounded.ResidualSumOfSquares <= *free.ResidualSumOfSquares || len(bounded.Notes) != 2 {
		t.Errorf("bounded: %+v", bounded)
	}
}

// TestParamsFile: a file says what the command line can, which overrides it; --write-params writes one to go on from.
func TestParamsFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "start.toml")
	if err := os.WriteFile(file, []byte("A = 3\n[k]\nstart = 1\nlower = 0\n[c]\nstart = 9\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "end.toml")
	want := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0")
	got := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "c=0", "--params="+file, "--write-params="+out)
	again := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "--params="+out)
	for _, name := range []string{"A", "k", "c"} {
		v := want.value(t, name, "estimate")
		if !agree(got.value(t, name, "estimate"), v) || !agree(again.value(t, name, "estimate"), v) {
			t.Errorf("%s = %v, again %v, want %v", name, got.value(t, name, "estimate"), again.value(t, name, "estimate"), v)
		}
		if start := again.value(t, name, "start"); start != got.value(t, name, "estimate") {
			t.Errorf("%s starts at %v, want %v", name, start, got.value(t, name, "estimate"))
		}
	}
	if start := got.value(t, "c", "start"); start != 0 {
		t.Errorf("the command line does not override the file: c starts at %v", start)
	}
	fixed := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "--params="+file, "--fix=c=0.5")
	if v := fixed.value(t, "c", "estimate"); v != 0.5 {
		t.Errorf("--fix does not override the file: c is %v", v)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "lower = 0.0\n") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestBuiltin fits a peak on a line without start values, and takes those that are given.
func TestBuiltin(t *testing.T) {
	r := fitJSON(t, peak(), "--model=gaussian+line")
	for name, want := range map[string]float64{"gaussian_area": 40, "gaussian_center": 6, "gaussian_sigma": 0.8, "line_intercept": 5, "line_slope": 0.7} {
		if v, se := r.value(t, name, "estimate"), r.value(t, name, "standard_error"); math.Abs(v-want) > 4*se {
			t.Errorf("%s = %v ± %v, want %v", name, v, se, want)
		}
	}
	swapped := fitJSON(t, peak(), "--model=gaussian+line", "--x=channel", "--y=counts")
	if *swapped.ResidualSumOfSquares != *r.ResidualSumOfSquares || swapped.Response != "counts" || swapped.Predictors[0] != "channel" {
		t.Errorf("--x and --y: %+v", swapped)
	}
	given := fitJSON(t, peak(), "--model=gaussian+line", "gaussian_center=5.5", "--fix=line_slope=0.7")
	if given.value(t, "gaussian_center", "start") != 5.5 || given.value(t, "line_slope", "estimate") != 0.7 {
		t.Errorf("%+v", given.Parameters)
	}
	var wide strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&wide, "c%d,", i)
	}
	wide.WriteString("\n")
	if _, _, stderr := runCommand(t.Context(), wide.String(), "fit", "-", "--model=line"); !strings.Contains(stderr, "columns: c0, c1, ") || !strings.HasSuffix(stderr, ", c19, ... and 2980 more\n") {
		t.Errorf("%d bytes: %.200s", len(stderr), stderr)
	}
	if line := fitJSON(t, parabolaData(), "--model=line", "--x=x", "--y=y"); len(line.Notes) != 1 {
		t.Errorf("notes of a guess that is the minimum: %q", line.Notes)
	}
	code, stdout, _ := runCommand(t.Context(), peak(), "fit", "-", "--model", "gaussian+line")
	if code != 0 || !strings.HasPrefix(stdout, "Model    gaussian+line\n") || !strings.Contains(stdout, " from a guess: ") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// TestModelsCommand lists and explains the built-in models.
func TestModelsCommand(t *testing.T) {
	code, stdout, stderr := runCommand(t.Context(), "", "models")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\ngaussian ") || !strings.Contains(stdout, "gaussian+gaussian+line") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, _ = runCommand(t.Context(), "", "models", "Hill")
	if code != 0 || !strings.Contains(stdout, "Parameters: maximum, half, coefficient\n") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	code, stdout, _ = runCommand(t.Context(), "", "models", "gaussian + Gaussian+line")
	if code != 0 || !strings.HasPrefix(stdout, "gaussian+gaussian+line, the sum of\n\n    gaussian1\n        area/") ||
		!strings.Contains(stdout, "        Parameters: gaussian2_area, gaussian2_center, gaussian2_sigma\n    line\n        intercept + slope*x\n") ||
		!strings.HasSuffix(stdout, "\n    stochopt fit data.csv --model gaussian+gaussian+line\n") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	code, stdout, stderr = runCommand(t.Context(), "", "models", "hil")
	if code != 2 || stdout != "" || !strings.Contains(stderr, `stochopt: there is no model "hil"; did you mean hill?`) {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

// TestLoss: a wild point moves least squares by far more than a robust fit.
func TestLoss(t *testing.T) {
	wild := decay() + "10,40\n"
	want := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0").value(t, "c", "estimate")
	linear := fitJSON(t, wild, "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0").value(t, "c", "estimate")
	if math.Abs(linear-want) < 0.3 {
		t.Errorf("the wild point moves c from %v to %v only", want, linear)
	}
	for _, loss := range []string{"softl1", "huber", "cauchy", "tukey"} {
		r := fitJSON(t, wild, "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--loss="+loss)
		if c := r.value(t, "c", "estimate"); math.Abs(c-want) > 0.02 || r.Loss != loss || r.AICc != nil {
			t.Errorf("%s: c = %v, want %v; %+v", loss, c, want, r)
		}
		// The wild point is named first, in line 42. Its weight is ρ' at its residual: 1.345/t for Huber, 0 for Tukey.
		if len(r.DownWeighted) == 0 || r.DownWeighted[0].Line != 42 || r.DownWeighted[0].Residual < 100 || r.DownWeighted[0].Weight > 0.02 {
			t.Errorf("%s: down-weighted %+v", loss, r.DownWeighted)
			continue
		}
		first := r.DownWeighted[0]
		if want := map[string]float64{"huber": 1.345 / first.Residual, "tukey": 0}; loss == "huber" && !agree(first.Weight, want[loss]) || loss == "tukey" && first.Weight != 0 {
			t.Errorf("%s: weight %v at %v", loss, first.Weight, first.Residual)
		}
	}
	args := []string{"fit", "-", "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--loss=tukey"}
	_, stdout, _ := runCommand(t.Context(), wild, args...)
	if !strings.Contains(stdout, "\nPoints with less than half of their weight: 1 of 41\nline 42       weight 0        residual ") ||
		strings.Contains(stdout, "R²") || strings.Contains(stdout, "sum of squares") || !strings.Contains(stdout, "\nScale of the residuals ") {
		t.Errorf("%s", stdout)
	}
	_, stdout, _ = runCommand(t.Context(), decay(), args...)
	if !strings.Contains(stdout, "\nNo point has less than half of its weight: there are no outliers.\n") {
		t.Errorf("%s", stdout)
	}
	if linear := fitJSON(t, wild, "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0"); linear.DownWeighted == nil || len(linear.DownWeighted) > 0 {
		t.Errorf("least squares: %+v", linear.DownWeighted)
	}
}

// TestRefit: a fit from the estimates of another says so once, and not of each parameter that it did not move.
func TestRefit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "end.toml")
	r := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "A=3", "k=1", "c=0", "--write-params="+file)
	const want = "The search began at the minimum: the parameters are where they started."
	if strings.Contains(strings.Join(r.Notes, " "), "began at the minimum") {
		t.Errorf("notes %q", r.Notes)
	}
	again := fitJSON(t, decay(), "signal ~ A*exp(-k*t)+c", "--params="+file)
	if len(again.Notes) != 2 || again.Notes[1] != want {
		t.Errorf("notes %q", again.Notes)
	}
}

// TestWrongInput: what fit's flags and files can have wrong, and where.
func TestWrongInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	bad := write("bad.toml", "b = 1\nk = 2,5\n")
	word := write("word.toml", "[b]\nstrat = 1\n")
	const data = "x,y,s\n1,2,1\n2,3,0\n3,5,1\n0,4,1\n"
	fit := func(args ...string) []string { return append([]string{"fit", "-"}, args...) }
	for _, test := range []struct {
		args []string
		want string
	}{
		{fit(), "no model: give a formula, as in 'y ~ a+b*x', or --model; see stochopt fit --help"},
		{fit("y ~ b*x", "--model=line"), "a formula and --model: give one of the two"},
		{fit("--model=lines"), `there is no model "lines"; did you mean line?`},
		{fit("--model=line"), "which columns are predictor and response? Say --x COLUMN and --y COLUMN; columns: x, y, s"},
		{fit("--model=line", "--x=x", "--y=z"), `--y: there is no column "z"; columns: x, y, s`},
		{fit("--model=line", "--x=x", "--y=x"), "--x and --y are the same column x"},
		{fit("--model=line", "--x=x", "--y=y", "slop=1"), "slop is no parameter of the model; parameters: intercept, slope"},
		{fit("y ~ b*x", "b=1", "--compare=line2"), `there is no model "line2"`},
		{fit("y ~ b*x", "b=1", "--sigma=s"), "standard input, line 3: column s is 0; standard deviations must be above 0"},
		{fit("y ~ b*x", "b=1", "--sigma=z"), `--sigma: there is no column "z"; columns: x, y, s`},
		{fit("y ~ b*x", "b=1", "--sigma=-1"), "--sigma is -1, want a number above 0"},
		{fit("y ~ b*x", "b=1", "--sigma=S"), `--sigma: there is no column "S"; columns: x, y, s; did you mean "s"?`},
		{fit("y ~ b*x", "b=1", "--sigma=sqrt(S)"), `--sigma sqrt(S): there is no column "S"; columns: x, y, s; did you mean "s"?`},
		{fit("y ~ b*x", "b=1", "--sigma=sqrt(s"), "--sigma sqrt(s: formula, character"},
		{fit("y ~ b*x", "b=1", "--sigma=root(s)"), "--sigma root(s): formula, character 1: root is not a function"},
		{fit("y ~ b*x", "b=1", "--sigma=log(y-1)"), "standard input, line 2: log(y-1) is 0; standard deviations must be above 0"},
		{fit("y ~ b*x", "b=1", "--sigma=1/x"), "standard input, line 5: 1/x is +Inf; standard deviations must be above 0"},
		{fit("a=1", "b=2"), "no model: a=1 is a start value, and a formula comes before these"},
		{fit("y = b*x", "b=1"), "formula, character 3: a formula has ~ in place of =; write y ~ b*x"},
		{fit("y ~ a+b*x"), "no start values for a, b: if they are parameters, add a=VALUE b=VALUE with a number for each VALUE; columns: x, y, s"},
		{fit("y ~ a+b*x", "a=1", "b=1", "--compare=y ~ a+c*x"), "y ~ a+c*x: formula, character 7: c is neither a column nor a parameter; columns: x, y, s; parameters: a; give it a start value, c=VALUE"},
		{fit("y ~ a+b*x", "a=1", "--compare=y ~ a+c*x+dd*x**2"), "no start values for b, c, dd: if they are parameters, add b=VALUE c=VALUE dd=VALUE with"},
		{fit("y ~ a+b*x*ss+X"), "no start values for a, b, ss, X: if they are parameters, add a=VALUE b=VALUE ss=VALUE X=VALUE with a number for each VALUE; columns: x, y, s; for X: did you mean x?"},
		{fit("y ~ a+b*x+log(", "c=1"), "formula, character"},
		{fit("--model=exponential", "--x=x", "--y=y", "rte=1"), "rte is no parameter of the model; parameters: amplitude, rate; did you mean rate?"},
		{fit("y ~ b*x", "b=1", "--fix=b=2"), "--fix b=2 and the start value b=1, both on the command line, say two things of b: leave out one, or give --fix b to hold it at its start"},
		{fit("y ~ a+b*x", "--fix=b", "--fix=a"), "start value missing for b, a: write b=VALUE a=VALUE"},
		{fit("y ~ b*x", "b=1", "--absolute-sigma"), "--absolute-sigma needs --sigma"},
		{fit("y ~ b*x", "b=1", "--loss=square"), `--loss is "square", want one of linear, softl1, huber, cauchy, tukey; see stochopt fit --help`},
		{fit("y ~ b*x", "b=1", "--conf=none"), `--conf is "none", want one of t, profile, bootstrap`},
		{fit("y ~ b*x", "b=1", "--conf=profile", "--loss=tukey"), "--conf profile is for least squares: a fit by --loss tukey has no likelihood; give --conf bootstrap"},
		{fit("y ~ b*x", "b=1", "--compare=y ~ c", "--loss=huber"), "--compare weighs by AICc, which is for least squares"},
		{fit("--model=gaussian+line", "--x=x", "--y=y", "slope=1"), "gaussian_area, gaussian_center, gaussian_sigma, line_intercept, line_slope; did you mean line_slope?"},
		{fit("y ~ b*x", "b=1", "--plot=p.gif"), "cannot draw p.gif: the name must end in .png, .svg or .pdf"},
		{fit("y ~ b*x", "b=1", "--lower=b"), `--lower "b": write NAME=NUMBER, as in --lower b1=10`},
		{fit("y ~ b*x", "b=1", "--lower=b=2"), "b starts at 1, want at least 2, its lower bound"},
		{fit("y ~ b*x", "b=1", "--lower=b=2", "--upper=b=0"), "b: lower is 2 and upper 0, want lower < upper"},
		{fit("y ~ b*x", "b=1", "--lower=d=2"), "parameter d does not occur right of ~"},
		{fit("y ~ b*x", "b=-1", "--log=b"), "b starts at -1, want at least 0, its lower bound"},
		{fit("y ~ b*x", "b=1", "--logit=b"), "b: logit needs lower and upper"},
		{fit("y ~ b*x", "b=1", "--scale=b=0"), "scale of b is 0, want a finite number above 0"},
		{fit("y ~ b*x+a", "a=1", "--tie=b"), `--tie "b": write NAME=EXPRESSION`},
		{fit("y ~ b*x+a", "a=1", "--tie=b=2*c"), "tie of b, character 3: c is not a parameter"},
		{fit("y ~ b*x+a", "a=1", "b=1", "--tie=b=2*a"), "b is tied: its start has no effect"},
		{fit("y ~ b*x+a", "c=1", "--tie=b=2*a", "--tie=a=2*c"), "tie of b: a is tied itself"},
		{fit("y ~ b*x", "--fix=b"), "start value missing for b: write b=VALUE"},
		{fit("y ~ b*x", "--fix=b=one"), `--fix "b=one": "one" is not a finite number`},
		{fit("y ~ b*x", "--params="+bad), bad + ", line 2, character 6: expected"},
		{fit("y ~ b*x", "--params="+word), word + `: "strat" is nothing to say of b; say start, lower, upper, fix, tie, log, logit, scale`},
		{fit("y ~ b*x", "--params=missing.toml"), "missing.toml"},
		{fit("y ~ b*x", "b=1", "--columns=x,y,s"), `standard input, line 1, character 1: column x: "x" is not a number`},
		{fit("y ~ b*x", "b=1", "--columns=x,y"), "names for 2 column(s)"},
	} {
		code, stdout, stderr := runCommand(t.Context(), data, test.args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q, want %q", test.args, code, stdout, stderr, test.want)
		}
	}
}

// TestSigmaExpression: an expression of columns stands for the column of its values, unless a column has that name.
func TestSigmaExpression(t *testing.T) {
	const model = "y ~ b*x"
	table := func(sigma string) string {
		return "x,y,v," + sigma + "\n1,2.2,4,2\n2,4.1,9,3\n3,5.5,16,4\n4,8.3,0.25,0.5\n"
	}
	want := fitJSON(t, table("s"), model, "b=1", "--sigma=s")
	if plain := fitJSON(t, table("s"), model, "b=1"); agree(plain.value(t, "b", "estimate"), want.value(t, "b", "estimate")) {
		t.Fatalf("the weights make no difference")
	}
	for _, c := range []struct {
		data string
		args []string
	}{
		{table("s"), []string{"--sigma=sqrt(v)"}},
		{table("s"), []string{"--sigma=v/s"}},
		{table("s"), []string{"--sigma=sqrt(v)", "--stream"}},
		{table("sqrt(x)"), []string{"--sigma=sqrt(x)"}},
	} {
		got := fitJSON(t, c.data, append([]string{model, "b=1"}, c.args...)...)
		for _, key := range []string{"estimate", "standard_error"} {
			if g, w := got.value(t, "b", key), want.value(t, "b", key); !agree(g, w) {
				t.Errorf("%q: %s %v, want %v", c.args, key, g, w)
			}
		}
	}
}
