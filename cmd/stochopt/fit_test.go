package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
)

// runCommand runs the command in this process.
func runCommand(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(ctx, args, streams{strings.NewReader(stdin), &out, &err})
	return code, out.String(), err.String()
}

// certified holds the values that NIST certifies for its problems of nonlinear regression.
var certified = []struct {
	file, formula, start string
	estimate, stdErr     []float64
	rss, residualSD      float64
	points, df           int
}{
	{
		"misra1a.csv", "y ~ b1*(1-exp(-b2*x))", "b1=500 b2=0.0001",
		[]float64{2.3894212918e+02, 5.5015643181e-04},
		[]float64{2.7070075241e+00, 7.2668688436e-06},
		1.2455138894e-01, 1.0187876330e-01, 14, 12,
	},
	{
		"mgh17.csv", "y ~ b1 + b2*exp(-x*b4) + b3*exp(-x*b5)", "b1=50 b2=150 b3=-100 b4=1 b5=2",
		[]float64{3.7541005211e-01, 1.9358469127e+00, -1.4646871366e+00, 1.2867534640e-02, 2.2122699662e-02},
		[]float64{2.0723153551e-03, 2.2031669222e-01, 2.2175707739e-01, 4.4861358114e-04, 8.9471996575e-04},
		5.4648946975e-05, 1.3970497866e-03, 33, 28,
	},
	{
		"thurber.csv", "y ~ (b1+b2*x+b3*x**2+b4*x**3)/(1+b5*x+b6*x**2+b7*x**3)",
		"b1=1000 b2=1000 b3=400 b4=40 b5=0.7 b6=0.3 b7=0.03",
		[]float64{
			1.2881396800e+03, 1.4910792535e+03, 5.8323836877e+02, 7.5416644291e+01, 9.6629502864e-01, 3.9797285797e-01,
			4.9727297349e-02,
		},
		[]float64{
			4.6647963344e+00, 3.9571156086e+01, 2.8698696102e+01, 5.5675370270e+00, 3.1333340687e-02, 1.4984928198e-02,
			6.5842344623e-03,
		},
		5.6427082397e+03, 1.3714600784e+01, 37, 30,
	},
}

const digits = 1e-6 // relative deviation from the certified values

func agree(got, want float64) bool { return math.Abs(got-want) <= digits*math.Abs(want) }

func TestReport(t *testing.T) {
	for _, c := range certified {
		t.Run(c.file, func(t *testing.T) {
			args := append([]string{"fit", "../../examples/" + c.file, c.formula}, strings.Fields(c.start)...)
			code, stdout, stderr := runCommand(t.Context(), "", args...)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			value := func(pattern string, n int) float64 {
				m := regexp.MustCompile(`(?m)^` + pattern + ` +(.*)$`).FindStringSubmatch(stdout)
				if m == nil {
					t.Fatalf("no line %q in\n%s", pattern, stdout)
				}
				v, err := strconv.ParseFloat(strings.Fields(m[1])[n], 64)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			for i := range c.estimate {
				name := fmt.Sprintf("b%d", i+1)
				estimate, stdErr := value(name, 0), value(name, 1)
				if !agree(estimate, c.estimate[i]) || !agree(stdErr, c.stdErr[i]) {
					t.Errorf("%s = %v (%v), want %v (%v)", name, estimate, stdErr, c.estimate[i], c.stdErr[i])
				}
			}
			if got := value("Residual standard deviation", 0); !agree(got, c.residualSD) {
				t.Errorf("residual standard deviation %v, want %v", got, c.residualSD)
			}
			if got := value("Residual sum of squares", 0); !agree(got, c.rss) {
				t.Errorf("residual sum of squares %v, want %v", got, c.rss)
			}
			if got := value("Degrees of freedom", 0); got != float64(c.df) {
				t.Errorf("degrees of freedom %v, want %v", got, c.df)
			}
			if want := fmt.Sprintf("%s, %d points", c.file, c.points); !strings.Contains(stdout, want) {
				t.Errorf("%q is missing in\n%s", want, stdout)
			}
		})
	}
}

func TestReportText(t *testing.T) {
	failure, sigma := "fit: no luck", "s"
	nan := number(math.NaN())
	r := report{
		Loss: "linear", Formula: "y ~ b1*x + größe", Warnings: []string{"beware"}, Notes: []string{"Done."}, Error: &failure, Data: "a.csv", Points: 14, Level: 0.99,
		Sigma: &sigma, Skipped: []int{3, 7}, Intervals: "profile",
		Parameters: []parameter{
			{Name: "b1", Estimate: 238.94212917834, StdErr: 2.7070075241, Relative: 0.01132913, Lower: 230.67346754, Upper: 247.21079082, Kind: "free"},
			{Name: "größe", Estimate: -1.5e-12, StdErr: number(math.Inf(1)), Relative: number(math.Inf(1)), Lower: number(math.Inf(-1)), Upper: nan, Kind: "tied"},
			{Name: "c", Estimate: 3, StdErr: 0, Kind: "fixed"},
			{Name: "d", Estimate: 0, StdErr: nan, Kind: "at bound"},
		},
		Correlation: [][]number{{1, -0.05, nan, nan}, {-0.05, 1, nan, -0.25}, {nan, nan, 1, nan}, {nan, -0.25, nan, 1}},
		ResidualSD:  1e100, RSS: 0, DF: 12, Iterations: 8, Evaluations: 15, statistics: statistics{AICc: nan, BIC: -1},
		Comparison: []contender{
			{Model: "y ~ b1*x", Parameters: 1, RSS: 2, AICc: -3, Delta: 0, Weight: 0.9, Tests: []nestedFit{{"y ~ 1", 4.5, 1, 12, 0.0123}}},
			{Model: "line", Parameters: 2, Error: &failure, Untested: []string{"No F-test."}},
		},
		residuals: []float64{-1, 0, 1},
	}
	const want = `Formula  y ~ b1*x + größe
Data     a.csv, 14 points, standard deviations proportional to s
Skipped  2 row(s) without a value: line 3, 7
WARNING  not a fit but values where the search stopped: no luck
WARNING  beware

Parameter          Estimate    Standard error Relative         99 % from                to
b1              238.9421292       2.707007524    1.1 %       230.6734675       247.2107908
größe      -1.500000000e-12              +Inf                       -Inf               NaN  tied
c               3.000000000             fixed
d               0.000000000          at bound

Intervals by profile likelihood.

Correlations above 0.1
größe, d  -0.2500

Residual standard deviation  1.000000000e+100
Residual sum of squares           0.000000000
Reduced chi-square                0.000000000
R²                                0.000000000
BIC                              -1.000000000
Degrees of freedom                         12
Iterations                                  8
Evaluations of the curve                   15

Done.

Model    Parameters            RSS       AICc Difference  Weight
y ~ b1*x          1        2.00000      -3.00       0.00   0.900
line              2        0.00000 not compared
line could not be compared: no luck.
Of these models only y ~ b1*x has a fit: nothing here speaks for another.
F-test of y ~ b1*x against its special case y ~ 1: F(1, 12) = 4.5, p = 0.012
No F-test.
`
	var b strings.Builder
	if err := r.text(&b); err != nil || b.String() != want {
		t.Errorf("report\n%s\nwant\n%s", b.String(), want)
	}
	r.Error = nil
	b.Reset()
	if err := r.text(&b); err != nil || !strings.Contains(b.String(), "\nResiduals in the order of rows, from -1 to 1 standard deviations\n▁▅█\n\nDone.") {
		t.Errorf("report\n%s", b.String())
	}
}

// TestReadme compares the report in the README with that of the command it stands below. The counts of iterations and
// evaluations may differ: they depend on how package math rounds on this CPU.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(readme), "\r\n", "\n")
	_, block, found := strings.Cut(text, "```\nFormula  y ~ b1*(1-exp(-b2*x))\n")
	block, _, closed := strings.Cut(block, "```\n")
	if !found || !closed {
		t.Fatal("the README has no report of Misra1a")
	}
	want := strings.Split("Formula  y ~ b1*(1-exp(-b2*x))\n"+block, "\n")

	t.Chdir("../..")
	code, stdout, stderr := runCommand(t.Context(), "", "fit", "examples/misra1a.csv", "y ~ b1*(1-exp(-b2*x))", "b1=500", "b2=0.0001")
	got := strings.Split(stdout, "\n")
	if code != 0 || len(got) != len(want) {
		t.Fatalf("exit code %d, %s, %d lines, want %d\n%s", code, stderr, len(got), len(want), stdout)
	}
	for i := range got {
		g, w := got[i], want[i]
		if strings.HasPrefix(w, "Iterations ") || strings.HasPrefix(w, "Evaluations of the curve ") {
			g, w = strings.TrimRight(g, " 0123456789"), strings.TrimRight(w, " 0123456789")
		}
		if g != w {
			t.Errorf("line %q, the README has %q", got[i], want[i])
		}
	}
}

// result is the JSON that the help describes.
type result struct {
	Formula, Data             string
	Error                     *string
	Warnings                  []string
	Points                    int
	Level                     float64
	Parameters                []map[string]any
	ResidualStandardDeviation *float64 `json:"residual_standard_deviation"`
	DegreesOfFreedom          int      `json:"degrees_of_freedom"`
	ResidualSumOfSquares      *float64 `json:"residual_sum_of_squares"`
	Covariance, Correlation   [][]*float64
	Iterations, Evaluations   int

	Response, Loss, Outcome, Intervals, Status string
	Predictors, Notes                          []string
	Sigma                                      *string
	AbsoluteSigma                              bool  `json:"absolute_sigma"`
	SkippedLines                               []int `json:"skipped_lines"`
	Seed                                       *uint64
	ChiSquare                                  *float64 `json:"chi_square"`
	ReducedChiSquare                           *float64 `json:"reduced_chi_square"`
	RMSE                                       *float64
	RSquared                                   *float64 `json:"r_squared"`
	AdjustedRSquared                           *float64 `json:"adjusted_r_squared"`
	LogLikelihood                              *float64 `json:"log_likelihood"`
	AIC, AICc, BIC                             *float64
	Rank                                       int
	AfterAdam                                  bool `json:"after_adam"`
	Comparison                                 []struct {
		Model      string
		Parameters int
		RSS        *float64 `json:"residual_sum_of_squares"`
		AICc       *float64
		Delta      *float64 `json:"delta_aicc"`
		Weight     *float64
		Error      *string
		FTests     []struct {
			Against      string
			Statistic, P *float64
			DF1, DF2     int
		} `json:"f_tests"`
		Untested []string
	}
	Objective    *float64
	DownWeighted []struct {
		Line     int
		Residual float64 `json:"standardized_residual"`
		Weight   float64
	} `json:"down_weighted"`
}

func decode(t *testing.T, text string) (r result) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return r
}

func TestJSON(t *testing.T) {
	for _, c := range certified {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile("../../examples/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			args := append([]string{"fit", "--json", "--level", "0.9", "-", c.formula}, strings.Fields(c.start)...)
			code, stdout, stderr := runCommand(t.Context(), string(data), args...)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			r := decode(t, stdout)
			if r.Formula != c.formula || r.Data != "-" || r.Error != nil || r.Warnings == nil || len(r.Warnings) > 0 || r.Points != c.points || r.Level != 0.9 ||
				r.DegreesOfFreedom != c.df || r.Iterations <= 0 || r.Evaluations <= 0 {
				t.Errorf("%s", stdout)
			}
			if !agree(*r.ResidualStandardDeviation, c.residualSD) || !agree(*r.ResidualSumOfSquares, c.rss) {
				t.Errorf("residuals %v, %v, want %v, %v", *r.ResidualStandardDeviation, *r.ResidualSumOfSquares, c.residualSD, c.rss)
			}
			for i, p := range r.Parameters {
				estimate, stdErr := p["estimate"].(float64), p["standard_error"].(float64)
				if !agree(estimate, c.estimate[i]) || !agree(stdErr, c.stdErr[i]) || !agree(math.Sqrt(*r.Covariance[i][i]), stdErr) {
					t.Errorf("%v = %v (%v), want %v (%v)", p["name"], estimate, stdErr, c.estimate[i], c.stdErr[i])
				}
				if start := fmt.Sprintf("%v=%v", p["name"], p["start"]); start != strings.Fields(c.start)[i] {
					t.Errorf("start %s, want %s", start, c.start)
				}
				// Quantiles of Student's distribution at 0.95, for 12, 28 and 30 degrees of freedom.
				quantile := map[int]float64{12: 1.782287556, 28: 1.701130934, 30: 1.697260887}[c.df]
				if lower, upper := p["lower"].(float64), p["upper"].(float64); !agree(lower, estimate-quantile*stdErr) ||
					!agree(upper, estimate+quantile*stdErr) {
					t.Errorf("%v lies in %v, %v", p["name"], lower, upper)
				}
			}
		})
	}
}

// TestResponse fits an expression of columns, with two predictors whose order in the formula is not that of the file.
func TestResponse(t *testing.T) {
	var data strings.Builder
	data.WriteString("n,u,v,w\n")
	for i := range 12 {
		u, v := float64(i), math.Sqrt(float64(7*i%5))
		fmt.Fprintf(&data, "%d,%v,%v,%v\n", 2+i%3, u, v, math.Exp(3*v-0.5*u+2)*float64(2+i%3))
	}
	code, stdout, stderr := runCommand(t.Context(), data.String(), "fit", "--json", "-", "log(w/n) ~ c*v + a + b*u", "a=1", "b=1", "c=-1")
	if code != 0 {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for i, p := range decode(t, stdout).Parameters {
		if want := []float64{2, -0.5, 3}[i]; !agree(p["estimate"].(float64), want) {
			t.Errorf("%v = %v, want %v", p["name"], p["estimate"], want)
		}
	}
}

// TestConstantColumn: a column may be constant beside others that are not, on either side of the ~.
func TestConstantColumn(t *testing.T) {
	const data = "x,y,one,sigma\n1,2,1,0.1\n2,3,1,0.1\n3,5,1,0.1\n0,4,1,0.1\n"
	fitJSON := func(formula string, start ...string) result {
		code, stdout, stderr := runCommand(t.Context(), data, append([]string{"fit", "--json", "-", formula}, start...)...)
		if code != 0 {
			t.Fatalf("%s: exit code %d, %s", formula, code, stderr)
		}
		return decode(t, stdout)
	}
	want := fitJSON("y ~ a+b*x", "a=1", "b=1")
	for _, formula := range []string{"y ~ a*one+b*x", "y/sigma ~ (a+b*x)/sigma"} {
		for i, p := range fitJSON(formula, "a=1", "b=1").Parameters {
			w := want.Parameters[i]
			if !agree(p["estimate"].(float64), w["estimate"].(float64)) || !agree(p["standard_error"].(float64), w["standard_error"].(float64)) {
				t.Errorf("%s: %v, want %v", formula, p, w)
			}
		}
	}
	fitJSON("y ~ a", "a=1") // a mean uses no column at all
}

// decay is A*exp(-k*t)+c with A = 2.5, k = 0.7, c = 0.5 and some noise.
func decay() string {
	var data strings.Builder
	data.WriteString("t,signal\n")
	for i := range 40 {
		x := 0.25 * float64(i)
		fmt.Fprintf(&data, "%v,%v\n", x, 2.5*math.Exp(-0.7*x)+0.5+0.03*math.Sin(float64(i*i)))
	}
	return data.String()
}

// TestWarning: a decay that starts as a growth runs away to a straight line.
func TestWarning(t *testing.T) {
	args := []string{"fit", "-", "signal ~ A*exp(-k*t)+c", "A=3", "k=-1", "c=0"}
	const want = "the data hardly determine A, k, c: the fit may have run away to infinity"
	code, stdout, stderr := runCommand(t.Context(), decay(), args...)
	if code != 3 || stderr != "stochopt: the fit is not to be trusted: see WARNING\n" || !strings.Contains(stdout, "\nWARNING  "+want) {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = runCommand(t.Context(), decay(), append(args, "--json")...)
	if w := decode(t, stdout).Warnings; code != 3 || len(w) != 1 || !strings.HasPrefix(w[0], want) {
		t.Errorf("exit code %d, %s, warnings %q", code, stderr, w)
	}
	args[4] = "k=1"
	code, stdout, _ = runCommand(t.Context(), decay(), args...)
	if code != 0 || strings.Contains(stdout, "WARNING") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// TestFailed checks that a fit without a good end exits with 1, says so, and prints where it stopped.
func TestFailed(t *testing.T) {
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for _, test := range []struct {
		name    string
		ctx     context.Context
		formula string
		starts  []string
		stderr  string
		code    int
	}{
		{"rank", t.Context(), "y ~ (a+b)*x", []string{"a=1", "b=2"}, "fit: the data do not determine a, b", 3},
		{"cancelled", cancelled, "y ~ b1*(1-exp(-b2*x))", []string{"b1=500", "b2=0.0001"}, "enough", 130},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"fit", "../../examples/misra1a.csv", test.formula}, test.starts...)
			code, stdout, stderr := runCommand(test.ctx, "", args...)
			if code != test.code || !strings.HasPrefix(stderr, "stochopt: ") || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			if !strings.Contains(stdout, "\nWARNING  not a fit but values where the search stopped: ") || !strings.Contains(stdout, strings.TrimPrefix(test.stderr, "fit: ")) {
				t.Errorf("report\n%s", stdout)
			}
			code, stdout, _ = runCommand(test.ctx, "", append(args, "--json")...)
			r := decode(t, stdout)
			if code != test.code || r.Error == nil || !strings.Contains(*r.Error, test.stderr) || r.Parameters[0]["standard_error"] != nil || r.Parameters[0]["lower"] != nil {
				t.Errorf("exit code %d, JSON\n%s", code, stdout)
			}
		})
	}
}

// TestStuck: from a start where the decay is over at the second point, nothing changes with k. The message speaks of the
// formula, not of derivatives that its user has not written.
func TestStuck(t *testing.T) {
	code, _, stderr := runCommand(t.Context(), decay(), "fit", "-", "signal ~ A*exp(-k*t)", "A=3", "k=1000")
	if code != 1 && code != 4 || !strings.Contains(stderr, "k = 1000: the curve hardly changes with k here; try other start values") || strings.Contains(stderr, "derivative") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	f, err := formula.Parse("y ~ (a+b)*x", []string{"x", "y"}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	d := &candidate{formula: f, model: f.Model(), predictors: []string{"x"}, data: fit.Data{X: [][]float64{{1}}},
		parameters: []fit.Parameter{{Name: "a", Start: 1}, {Name: "b", Start: 2}},
		result:     &fit.Result{Parameters: f.Parameters, Estimate: []float64{1, 2}, Iterations: 7}}
	p := &problem{}
	for _, test := range []struct {
		err  error
		want string
	}{
		{fit.ErrNoDecrease, "the search is stuck at a = 1, b = 2: parameters may do the same as others"},
		{fit.ErrNotConverged, "the search has found no end in 7 iterations and stands at a = 1, b = 2: parameters may do the same as others"},
	} {
		if got := p.explain(d, test.err).Error(); !strings.HasPrefix(got, test.want) || !strings.HasSuffix(got, "; try other start values") {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestNoFreedom: as many points as parameters.
func TestNoFreedom(t *testing.T) {
	code, stdout, stderr := runCommand(t.Context(), "x,y\n1,2\n2,5\n", "fit", "-", "y ~ a+b*x", "a=1", "b=1")
	const want = "there are no error bars of a, b: there are as many free parameters as responses, so that nothing is left to tell the errors from"
	if code != undetermined || stderr != "stochopt: the fit is not to be trusted: see WARNING\n" || !strings.Contains(stdout, "\nWARNING  "+want+"\n") || strings.Count(stdout, "no error bars") != 1 {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, _ = runCommand(t.Context(), "x,y\n1,2\n2,5\n", "fit", "-", "y ~ a+b*x", "a=1", "b=1", "--json")
	if r := decode(t, stdout); code != undetermined || r.Outcome != "undetermined" || len(r.Warnings) != 1 || r.Warnings[0] != want {
		t.Errorf("exit code %d, warnings %q", code, r.Warnings)
	}
	for _, test := range [][]string{{"x,y\n1,2\n2,5\n3,5\n"}, {"x,y\n1,2\n2,5\n", "--sigma=0.1", "--absolute-sigma"}} {
		args := append([]string{"fit", "-", "y ~ a+b*x", "a=1", "b=1"}, test[1:]...)
		if code, stdout, stderr = runCommand(t.Context(), test[0], args...); code != fitted || strings.Contains(stdout, "WARNING") {
			t.Errorf("%q: exit code %d, %s\n%s", test, code, stderr, stdout)
		}
	}
}

func TestBadInput(t *testing.T) {
	const data = "x,y,c,w\n1,2,7,2\n2,3,7,2\n3,5,7,2\n0,4,7,2\n"
	for _, test := range []struct {
		args []string
		want string
	}{
		// Usage.
		{[]string{"fot"}, "see stochopt --help"},
		{[]string{"fit"}, "see stochopt fit --help"},
		{[]string{"fit", "-"}, "see stochopt fit --help"},
		{[]string{"fit", "-", "y ~ b*x"}, "b is neither a column nor a parameter; columns: x, y, c, w; parameters: none; give it a start value, b=VALUE"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "--lvel=0.9"}, "unknown flag --lvel"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "--level=high"}, "--level"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "--level=95"}, "--level is 95 and must lie between 0 and 1"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "--level=NaN"}, "--level is NaN and must lie between 0 and 1"},
		// Start values.
		{[]string{"fit", "-", "y", "~", "b*x", "b=1"}, `"~" is not a start value; write NAME=VALUE`},
		{[]string{"fit", "-", "y ~ b*x", "=1"}, `"=1" is not a start value`},
		{[]string{"fit", "-", "y ~ b*x", "b="}, `start value of b: "" is not a finite number`},
		{[]string{"fit", "-", "y ~ b*x", "b=1,5"}, `start value of b: "1,5" is not a finite number`},
		{[]string{"fit", "-", "y ~ b*x", "b=Inf"}, `start value of b: "Inf" is not a finite number`},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "b=2"}, "b has two start values"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "d=2"}, "parameter d does not occur right of ~"},
		{[]string{"fit", "-", "y ~ b*x", "b=1", "x=2"}, "x is a parameter and a column of the data"},
		{[]string{"fit", "-", "y ~ b*x+d", "b=1"}, "formula, character 9: d is neither a column nor a parameter; columns: x, y, c, w; parameters: b; give it a start value, d=VALUE, if it is a parameter"},
		// Data.
		{[]string{"fit", "no-such-file.csv", "y ~ b*x", "b=1"}, "no-such-file.csv"},
		{[]string{"fit", ".", "y ~ b*x", "b=1"}, "is a directory"},
		{[]string{"fit", "fit_test.go", "y ~ b*x", "b=1"}, "y is not a column of the data; columns: package, main"},
		{[]string{"fit", "-", "y ~ b*c", "b=1"}, "standard input: column c is 7 in every row"},
		{[]string{"fit", "-", "y ~ b*c+w", "b=1"}, "standard input: column c is 7 and column w is 2 in every row"},
		{[]string{"fit", "-", "c ~ b*x", "b=1"}, "standard input: column c is 7 in every row"},
		{[]string{"fit", "-", "y+1-y ~ b*x", "b=1"}, "standard input: the response y+1-y is 1 in every row"},
		{[]string{"fit", "-", "log(x) ~ b*y", "b=1"}, "standard input, line 5: the response left of ~ is -Inf"},
		{[]string{"fit", "-", "y ~ b*x ~ 1", "b=1"}, "formula, character 9: a second ~"},
		// What fit refuses.
		{[]string{"fit", "-", "y ~ b1+b2*x+b3*x**2+b4*x**3+b5*x**4", "b1=1", "b2=1", "b3=1", "b4=1", "b5=1"}, "standard input: too few points, 4 for 5 parameters"},
		{[]string{"fit", "-", "y ~ b*log(x)", "b=1"}, "standard input, line 5, x = 0: the curve is -Inf at the start, b = 1\n"},
		{[]string{"fit", "-", "y ~ (x-b)**0.5", "b=0"}, "standard input, line 5, x = 0: the derivative of the curve by b is -Inf at the start, b = 0\n"},
		{[]string{"fit", "-", "y ~ c*x*b*d", "b=0", "d=0"}, "all points; start from values other than 0\n"},
	} {
		code, stdout, stderr := runCommand(t.Context(), data, test.args...)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "stochopt: ") || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q, want %q", test.args, code, stdout, stderr, test.want)
		}
		// With --json the error stands on stdout, too.
		code, stdout, stderr = runCommand(t.Context(), data, append(test.args, "--json")...)
		var object map[string]string
		if err := json.Unmarshal([]byte(stdout), &object); err != nil || code != 2 || len(object) != 1 || "stochopt: "+object["error"]+"\n" != stderr {
			t.Errorf("%q --json: exit code %d, %v, stdout %q, stderr %q", test.args, code, err, stdout, stderr)
		}
	}
	_, stdout, _ := runCommand(t.Context(), data, "fit", "-", "y ~ b", "b=1", "--level=95", "--json=true")
	if !strings.Contains(stdout, `"error": "--level is 95`) {
		t.Errorf("--json=true prints %q", stdout)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"fit", "--help"}, {"fit", "-h", "-"}} {
		code, stdout, stderr := runCommand(t.Context(), "", args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "stochopt fit") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
	_, want, _ := runCommand(t.Context(), "", "--help")
	if code, stdout, stderr := runCommand(t.Context(), ""); code != badInput || stdout != "" || stderr != want {
		t.Errorf("no arguments: exit code %d, %s%s", code, stdout, stderr)
	}
	_, stdout, _ := runCommand(t.Context(), "", "fit", "--help")
	stdout = strings.Join(strings.Fields(stdout), " ") // whatever the width of lines
	for _, want := range []string{"misra1a.csv 'y ~ b1*(1-exp(-b2*x))' b1=500 b2=0.0001", "erfc", "weigh the same", "Exit codes:", "go install ./cmd/stochopt", "the object holds error only", "says twice, as in c=2 --fix c=3, is an error", "--level=0.95", "residual_sum_of_squares"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
}

// TestBinary checks the exit codes and streams of the command as it is installed.
func TestBinary(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "stochopt")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []struct {
		code           int
		stdout, stderr string
		args           []string
	}{
		{0, "238.9421292", "", []string{"fit", "../../examples/misra1a.csv", "y ~ b1*(1-exp(-b2*x))", "b1=500", "b2=0.0001"}},
		{0, "238.9421", "", []string{"fit", "-", "y ~ b1*(1-exp(-b2*x))", "b1=500", "b2=0.0001", "--json"}},
		{0, "Example:", "", []string{"fit", "--help"}},
		{3, "\nWARNING  not a fit ", "stochopt: fit: ", []string{"fit", "../../examples/misra1a.csv", "y ~ (a+b)*x", "a=1", "b=1"}},
		{2, "", "stochopt: formula, character 5: ", []string{"fit", "../../examples/misra1a.csv", "y ~ b1*x", "b2=1"}},
	} {
		stdin, err := os.Open("../../examples/misra1a.csv")
		if err != nil {
			t.Fatal(err)
		}
		var out, errs strings.Builder
		c := exec.CommandContext(t.Context(), binary, test.args...)
		c.Stdin, c.Stdout, c.Stderr = stdin, &out, &errs
		err = c.Run()
		stdin.Close()
		if code := c.ProcessState.ExitCode(); code != test.code || !strings.Contains(out.String(), test.stdout) ||
			!strings.HasPrefix(errs.String(), test.stderr) || (errs.Len() > 0) != (test.code > 0) {
			t.Errorf("%q: exit code %d, %v\n%s%s", test.args, code, err, out.String(), errs.String())
		}
	}
}

// TestSpectrum runs the second command of the README, whose table comes with the repository: its estimates are those that the
// comment of the table says the counts were drawn from.
func TestSpectrum(t *testing.T) {
	t.Chdir("../..")
	picture := filepath.Join(t.TempDir(), "fit.png")
	args := []string{"fit", "examples/spectrum.csv", "--x", "energy", "--y", "counts", "--sigma", "error", "--model", "gaussian+line", "--plot", picture}
	code, stdout, stderr := runCommand(t.Context(), "", args...)
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Model    gaussian+line\n") {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	if _, err := os.Stat(picture); err != nil {
		t.Error(err)
	}
	_, stdout, _ = runCommand(t.Context(), "", append(args[:len(args)-2], "--json")...)
	r := decode(t, stdout)
	for name, want := range map[string]float64{"gaussian_area": 1300, "gaussian_center": 661.7, "gaussian_sigma": 1.25, "line_intercept": 1110, "line_slope": -1.5} {
		if v, se := r.value(t, name, "estimate"), r.value(t, name, "standard_error"); math.Abs(v-want) > 3*se {
			t.Errorf("%s = %v ± %v, want %v", name, v, se, want)
		}
	}
}
