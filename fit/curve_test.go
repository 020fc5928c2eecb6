package fit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/optimize"
)

// line is a + b x with parameters a, b.
var line = fit.Model{
	Parameters: []string{"a", "b"},
	Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, x[0]
		}
		return b[0] + b[1]*x[0]
	},
}

// column makes predictors of length 1.
func column(v ...float64) [][]float64 {
	x := make([][]float64, len(v))
	for i := range v {
		x[i] = v[i : i+1]
	}
	return x
}

func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	root := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, 0.5*x[0]/math.Sqrt(b[1]*x[0])
		}
		return b[0] + math.Sqrt(b[1]*x[0])
	}}
	idle := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = x[0], 0
		}
		return b[0] * x[0]
	}}
	forgetful := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0] = x[0]
		}
		return b[0]*x[0] + b[1]
	}}
	steep := fit.Model{Parameters: []string{"a"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0] = 0.5 / math.Sqrt(b[0])
		}
		return math.Sqrt(b[0])
	}}
	for _, c := range []struct {
		name     string
		m        fit.Model
		x        [][]float64
		y, start []float64
		want     string
	}{
		{"lengths", line, column(1, 2, 3), []float64{1, 2}, []float64{1, 1}, "fit: x has 3 points, y has 2"},
		{"few", line, column(1), []float64{1}, []float64{1, 1}, "fit: too few points, 1 for 2 parameters"},
		{"none", line, nil, nil, []float64{1, 1}, "fit: too few points, 0 for 2 parameters"},
		{"ragged", line, [][]float64{{1}, {2}, {3, 4}}, []float64{1, 2, 3}, []float64{1, 1}, "fit: x[2] has length 2, x[0] has 1"},
		{"x NaN", line, [][]float64{{1, 2}, {2, nan}, {3, 4}}, []float64{1, 2, 3}, []float64{1, 1}, "fit: x[1][1] is NaN"},
		{"x Inf", line, column(1, 2, -inf), []float64{1, 2, 3}, []float64{1, 1}, "fit: x[2][0] is -Inf"},
		{"y NaN", line, column(1, 2, 3), []float64{1, nan, 3}, []float64{1, 1}, "fit: y[1] is NaN"},
		{"y Inf", line, column(1, 2, 3), []float64{inf, 2, 3}, []float64{1, 1}, "fit: y[0] is +Inf"},
		{"start NaN", line, column(1, 2, 3), []float64{1, 2, 3}, []float64{1, nan}, "fit: the start of b is NaN"},
		{"start Inf", line, column(1, 2, 3), []float64{1, 2, 3}, []float64{inf, 1}, "fit: the start of a is +Inf"},
		{"curve NaN", root, column(1, -2, 3), []float64{1, 2, 3}, []float64{7, 1}, "fit: the curve is NaN at the start (a = 7, b = 1), x[1] = [-2]"},
		{"derivative NaN", root, column(1, 0, 3), []float64{1, 2, 3}, []float64{7, 1},
			"fit: the derivative by b was not stored or is NaN at the start (a = 7, b = 1), x[1] = [0]"},
		{"derivative Inf", steep, column(1, 2, 3), []float64{1, 2, 3}, []float64{0}, "fit: the derivative by a is +Inf at the start (a = 0), x[0] = [1]"},
		{"not stored", forgetful, column(1, 2, 3), []float64{1, 2, 3}, []float64{1, 5},
			"fit: the derivative by b was not stored or is NaN at the start (a = 1, b = 5), x[0] = [1]"},
		{"overflow", line, column(1, 2, 3), []float64{1, 2, 3}, []float64{1, 2e200},
			"fit: the sum of squares overflows at the start (a = 1, b = 2e+200); start elsewhere (is a sign wrong?), or rescale the data"},
		{"no influence", idle, column(1, 2, 3), []float64{1, 2, 3}, []float64{1, 5},
			"fit: b has no influence at the start (a = 1, b = 5): the derivative of the curve by it is 0 at all points"},
		{"no influence at 0", idle, column(1, 2, 3), []float64{1, 2, 3}, []float64{1, 0},
			"fit: b has no influence at the start (a = 1, b = 0): the derivative of the curve by it is 0 at all points; start from values other than 0"},
	} {
		r, err := fit.Curve(t.Context(), c.m, fit.Data{X: c.x, Y: c.y}, starts(c.m.Parameters, c.start), nil)
		if err == nil || err.Error() != c.want || r != nil {
			t.Errorf("%s: result %v, error %v, want nil, %s", c.name, r, err, c.want)
		}
	}
}

func TestMisuse(t *testing.T) {
	three := fit.Data{X: column(1, 2, 3), Y: []float64{1, 2, 3}}
	ab := starts(line.Parameters, []float64{1, 2})
	for want, call := range map[string]func(){
		"fit: no Set": func() { fit.Curves(t.Context(), nil, ab, nil) },
		"fit: Model.Func and Model.Vector are nil": func() {
			fit.Curve(t.Context(), fit.Model{Parameters: []string{"a"}}, three, ab, nil)
		},
		"fit: Model.Func and Model.Vector are both set": func() {
			fit.Curve(t.Context(), fit.Model{Func: line.Func, Vector: func(dst, jac, b, x []float64) {}}, three, ab, nil)
		},
		"fit: Model.Points is set without Func": func() {
			fit.Curve(t.Context(), fit.Model{Parameters: []string{"a"}, Outputs: 1, Vector: func(dst, jac, b, x []float64) {},
				Points: func(dst, jac, b []float64, x [][]float64) {}}, three, ab, nil)
		},
		"fit: Model.Outputs = 0, want > 0": func() {
			fit.Curve(t.Context(), fit.Model{Parameters: []string{"a"}, Vector: func(dst, jac, b, x []float64) {}}, three, ab, nil)
		},
		"fit: Model.Outputs = 2, want 0 with Func": func() {
			fit.Curve(t.Context(), fit.Model{Parameters: []string{"a"}, Func: line.Func, Outputs: 2}, three, ab, nil)
		},
		"fit: Model.Parameters is empty": func() { fit.Curve(t.Context(), fit.Model{Func: line.Func}, three, ab, nil) },
		`fit: the Transform of Parameter 1, "b", is 3`: func() {
			fit.Curve(t.Context(), line, three, []fit.Parameter{{Name: "a"}, {Name: "b", Transform: 3}}, nil)
		},
		`fit: Parameter "b" is Tied and Fixed`: func() {
			fit.Curve(t.Context(), line, three, []fit.Parameter{{Name: "a"}, {Name: "b", Fixed: true, Tied: func(grad, b []float64) float64 { return 0 }}}, nil)
		},
		"fit: Settings.Iterations = -1, want >= 0": func() {
			fit.Curve(t.Context(), line, three, ab, &fit.Settings{Iterations: -1})
		},
		"fit: Settings.Starts = -1, want >= 0": func() { fit.Curve(t.Context(), line, three, ab, &fit.Settings{Starts: -1}) },
		"fit: Settings.StepSize = NaN, want >= 0": func() {
			fit.Curve(t.Context(), line, three, ab, &fit.Settings{StepSize: math.NaN()})
		},
		"fit: level = 95, want a number in (0, 1)": func() {
			(&fit.Result{DF: 1}).Interval(0, 95)
		},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			call()
		}()
	}
}

// TestNames: wrong names, which may come from the user of a program, are errors everywhere.
func TestNames(t *testing.T) {
	d := fit.Data{X: column(1, 2, 3), Y: []float64{1, 2, 3}}
	twice := fit.Model{Parameters: []string{"a", "a"}, Func: line.Func}
	for _, c := range []struct {
		m    fit.Model
		p    []fit.Parameter
		want string
	}{
		{line, []fit.Parameter{{Name: "a", Start: 1}}, `fit: no Parameter is named "b", which is in Model.Parameters`},
		{line, []fit.Parameter{{Name: "a", Start: 1}, {Name: "a", Start: 1}}, `fit: two Parameters are named "a"`},
		{twice, []fit.Parameter{{Name: "a", Start: 1}}, `fit: "a" is twice in Model.Parameters`},
	} {
		source := &rows{Data: d}
		_, one := fit.Curve(t.Context(), c.m, d, c.p, nil)
		_, passes := fit.Passes(t.Context(), c.m, source, c.p, nil)
		_, stream := fit.Stream(t.Context(), c.m, source.Next, c.p, nil)
		for _, err := range []error{one, passes, stream} {
			if err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		}
	}
	r := mustFit(t, line, d, starts(line.Parameters, []float64{1, 2}), nil)
	if r.Index("b") != 1 || r.Index("c") != -1 {
		t.Errorf("index of b %d, of c %d", r.Index("b"), r.Index("c"))
	}
}

// TestEmptySet: a set without points is a mistake, such as a wrong condition on rows.
func TestEmptySet(t *testing.T) {
	full := fit.Set{Model: line, Data: fit.Data{X: column(1, 2, 3), Y: []float64{1, 2, 4}}}
	for k, sets := range [][]fit.Set{{{Model: line}, full}, {full, {Model: line}}} {
		_, err := fit.Curves(t.Context(), sets, starts(line.Parameters, []float64{1, 2}), nil)
		if want := fmt.Sprintf("fit: set %d has no points", k); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestSize: responses whose squares leave the range of numbers are an error, others are fitted with the same digits.
func TestSize(t *testing.T) {
	d := decayData()
	fitted := func(unit float64) (*fit.Result, []error) {
		scaled := fit.Data{X: d.X}
		for _, y := range d.Y {
			scaled.Y = append(scaled.Y, unit*y)
		}
		p := starts(decay.Parameters, []float64{3 * unit, 1, 0.3 * unit})
		r, err := fit.Curve(t.Context(), decay, scaled, p, nil)
		source := &rows{Data: scaled}
		_, passes := fit.Passes(t.Context(), decay, source, p, nil)
		source.Rewind()
		_, stream := fit.Stream(t.Context(), decay, source.Next, p, &fit.StreamSettings{Points: 8, Batch: 2})
		return r, []error{err, passes, stream}
	}
	want, _ := fitted(1)
	for _, unit := range []float64{0x1p-440, 0x1p440} {
		r, errs := fitted(unit)
		if errs[0] != nil || errs[1] != nil || r.StdErr[1] != want.StdErr[1] || r.ResidualSD != unit*want.ResidualSD {
			t.Errorf("unit %v: %v ± %v, want ± %v (%v)", unit, r.Estimate, r.StdErr, want.StdErr, errs)
		}
	}
	for _, unit := range []float64{1e-200, 1e-150, 1e150, 1e200} {
		_, errs := fitted(unit)
		for k, err := range errs {
			if err == nil || !strings.Contains(err.Error(), "want between 1e-140 and 1e140") {
				t.Errorf("unit %v: error %d is %v", unit, k, err)
			}
		}
	}
}

// TestString: a report with digits that fit the errors, and a word where there are none.
func TestString(t *testing.T) {
	d := decayData()
	double := func(grad, b []float64) float64 {
		if grad != nil {
			clear(grad)
			grad[0] = 2
		}
		return 2 * b[0]
	}
	r := mustFit(t, decay, d, append(starts(decay.Parameters[:2], []float64{3, 1}), fit.Parameter{Name: "c", Start: 0.25, Fixed: true}, fit.Parameter{Name: "d", Tied: double}), nil)
	lines := strings.Split(r.String(), "\n")
	for i, want := range []string{"a = ", "k = ", "c = 0.25 ", "d = "} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	for i, want := range []string{" ± ", " ± ", " fixed", " tied", "degrees of freedom, residual standard deviation "} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	exact := mustFit(t, line, fit.Data{X: column(1, 2), Y: []float64{3, 5}}, starts(line.Parameters, []float64{7, 7}), nil)
	if s := exact.String(); !strings.Contains(s, "a = 1 ± unknown") || !strings.Contains(s, "0 degrees of freedom") || !strings.Contains(s, "There are no error bars") {
		t.Errorf("no degrees of freedom: %s", s)
	}
}

// TestDefaults: the documented defaults are those of the zero value.
func TestDefaults(t *testing.T) {
	s := nistSet(t, "MGH17")
	m := nistModel(s)
	var all []*fit.Result
	for _, set := range []*fit.Settings{nil, {}, {Iterations: 2000, AdamSteps: 30, StepSize: 0.1}, {AdamSteps: 31}, {StepSize: 0.2}} {
		r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), set)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for k, r := range all[1:3] {
		if !sameBits(r, all[0]) {
			t.Errorf("settings %d give %+v, nil gives %+v", k+1, r, all[0])
		}
	}
	for k, r := range all[3:] {
		if r.Evaluations == all[0].Evaluations && r.Iterations == all[0].Iterations {
			t.Errorf("setting %d has no effect", k+3)
		}
	}
}

// sameBits compares everything in two results.
func sameBits(a, b *fit.Result) bool {
	same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
	n := len(a.Estimate)
	for i := range n {
		for j := range n {
			if !same(a.Cov.At(i, j), b.Cov.At(i, j)) {
				return false
			}
		}
	}
	return slices.EqualFunc(a.Estimate, b.Estimate, same) && slices.EqualFunc(a.StdErr, b.StdErr, same) &&
		same(a.RSS, b.RSS) && same(a.ResidualSD, b.ResidualSD) && a.Status == b.Status && a.AfterAdam == b.AfterAdam &&
		a.Iterations == b.Iterations && a.Evaluations == b.Evaluations
}

// TestDeterminism: equal input gives equal bits on one machine, and the input stays as it is.
func TestDeterminism(t *testing.T) {
	s := nistSet(t, "Thurber")
	m := nistModel(s)
	start, y := slices.Clone(s.Starts[0]), slices.Clone(s.Y)
	a, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: y}, starts(m.Parameters, start), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: y}, starts(m.Parameters, start), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameBits(a, b) {
		t.Errorf("first %+v, then %+v", a, b)
	}
	if !slices.Equal(start, s.Starts[0]) || !slices.Equal(y, s.Y) {
		t.Error("start or y has changed")
	}
}

// TestUnits: with parameters in units that are larger by powers of two, all steps of both runs are the same, bit for bit.
// A start of 0 has a scale, too.
func TestUnits(t *testing.T) {
	unit := []float64{0x1p20, 1, 0x1p-30, 4, 0x1p10, 0.5, 0x1p-3}
	thurber, mgh := nistSet(t, "Thurber"), nistSet(t, "MGH17")
	for _, c := range []struct {
		s     testfuncs.NISTSet
		f     func(g, b, x []float64) float64
		start []float64
	}{
		{thurber, thurber.Curve, thurber.Starts[0]},
		{mgh, mgh.Curve, []float64{0, 1.5, -1, 0.01, 0.02}},
	} {
		scaled := func(grad, b, x []float64) float64 {
			v := slices.Clone(b)
			for j := range v {
				v[j] *= unit[j]
			}
			f := c.f(grad, v, x)
			for j := range grad {
				grad[j] *= unit[j]
			}
			return f
		}
		names := parameterNames(len(c.start))
		start := slices.Clone(c.start)
		for j := range start {
			start[j] /= unit[j]
		}
		r, err := fit.Curve(t.Context(), fit.Model{Parameters: names, Func: c.f}, fit.Data{X: c.s.X, Y: c.s.Y}, starts(names, c.start), nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := fit.Curve(t.Context(), fit.Model{Parameters: names, Func: scaled}, fit.Data{X: c.s.X, Y: c.s.Y}, starts(names, start), nil)
		if err != nil {
			t.Fatal(err)
		}
		for j := range names {
			if u.Estimate[j]*unit[j] != r.Estimate[j] || u.StdErr[j]*unit[j] != r.StdErr[j] {
				t.Errorf("%s: b%d is %v ± %v in units of %v, but %v ± %v in units of 1",
					c.s.Name, j+1, u.Estimate[j], u.StdErr[j], unit[j], r.Estimate[j], r.StdErr[j])
			}
		}
		if u.Evaluations != r.Evaluations || r.Evaluations < 30 {
			t.Errorf("%s: %d evaluations in other units, %d in units of 1, want equal and Adam's 30 among them", c.s.Name, u.Evaluations, r.Evaluations)
		}
	}
}

// TestSecondRun: from this start the first run ends in another minimum, from the end of Adam's way the second one does not.
func TestSecondRun(t *testing.T) {
	s := nistSet(t, "MGH09")
	m := nistModel(s)
	start := []float64{38, 33, 46, 15}
	direct, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), &fit.Settings{AdamSteps: -1})
	if direct == nil {
		t.Fatal(err)
	}
	if direct.RSS < 3*s.RSS || direct.AfterAdam {
		t.Errorf("the first run finds RSS %v: the test tests nothing", direct.RSS)
	}
	both, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !both.AfterAdam || lre([]float64{both.RSS}, []float64{s.RSS}) < wantDigits {
		t.Errorf("RSS %v, after Adam %v, want %v, true", both.RSS, both.AfterAdam, s.RSS)
	}
}

// TestRejectsInvalid: steps into a region where the curve is NaN are taken back, and Adam's way ends there.
func TestRejectsInvalid(t *testing.T) {
	var invalid int
	m := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		f := b[0] * math.Log(b[1]+x[0]) // NaN where b+x < 0
		if math.IsNaN(f) || math.IsInf(f, 0) {
			invalid++
		}
		if grad != nil {
			grad[0], grad[1] = math.Log(b[1]+x[0]), b[0]/(b[1]+x[0])
		}
		return f
	}}
	x := column(0, 1, 2, 3, 4, 5, 6)
	y := make([]float64, len(x))
	for i := range x {
		y[i] = 3 * math.Log(0.01+x[i][0])
	}
	var direct int
	for _, set := range []*fit.Settings{{AdamSteps: -1}, {StepSize: 0.5}} {
		invalid = 0
		r, err := fit.Curve(t.Context(), m, fit.Data{X: x, Y: y}, starts(m.Parameters, []float64{1, 5}), set)
		if err != nil {
			t.Fatal(err)
		}
		if invalid <= direct {
			t.Errorf("%+v: %d steps led out of the domain, %d of these in the first run: the test tests nothing", set, invalid, direct)
		}
		direct = invalid
		if lre(r.Estimate, []float64{3, 0.01}) < 10 {
			t.Errorf("%+v: estimate %v, want 3, 0.01", set, r.Estimate)
		}
	}
}

// TestExact: where the curve can pass through all points, and where there are as many points as parameters.
func TestExact(t *testing.T) {
	r, err := fit.Curve(t.Context(), line, fit.Data{X: column(1, 2, 4), Y: []float64{3, 5, 9}}, starts(line.Parameters, []float64{0, 0}), nil)
	if err != nil || lre(r.Estimate, []float64{1, 2}) < 11 || r.RSS > 1e-28 || r.StdErr[0] > 1e-14 {
		t.Errorf("%+v, %v, want 1 + 2x and no error", r, err)
	}
	r, err = fit.Curve(t.Context(), line, fit.Data{X: column(1, 2), Y: []float64{3, 5}}, starts(line.Parameters, []float64{1, 2}), nil)
	if err != nil || r.Estimate[0] != 1 || r.Estimate[1] != 2 || r.RSS != 0 {
		t.Errorf("from the solution: %+v, %v, want 1 + 2x", r, err)
	}

	r, err = fit.Curve(t.Context(), line, fit.Data{X: column(1, 2, 3), Y: []float64{0, 0, 0}}, starts(line.Parameters, []float64{0, 0}), nil)
	if err != nil || r.Estimate[0] != 0 || r.Estimate[1] != 0 || r.RSS != 0 || r.StdErr[0] != 0 {
		t.Errorf("zeros: %+v, %v, want 0", r, err)
	}

	r, err = fit.Curve(t.Context(), line, fit.Data{X: column(1, 2), Y: []float64{3, 5}}, starts(line.Parameters, []float64{7, 7}), nil)
	if err != nil || lre(r.Estimate, []float64{1, 2}) < 11 || r.DF != 0 || r.Rank != 2 {
		t.Errorf("%+v, %v, want 1 + 2x with 0 degrees of freedom", r, err)
	}
	lo, hi := r.Interval(0, 0.95)
	for _, v := range []float64{r.StdErr[0], r.StdErr[1], r.ResidualSD, r.Cov.At(0, 1), lo, hi} {
		if !math.IsNaN(v) {
			t.Errorf("an error bar without degrees of freedom is %v, want NaN", v)
		}
	}
}

// TestNoPredictors fits a mean: x may have length 0.
func TestNoPredictors(t *testing.T) {
	mean := fit.Model{Parameters: []string{"mean"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return b[0]
	}}
	r, err := fit.Curve(t.Context(), mean, fit.Data{X: make([][]float64, 4), Y: []float64{1, 2, 3, 6}}, starts(mean.Parameters, []float64{100}), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := math.Sqrt(14. / 3 / 4) // s²/n with the deviations 2, 1, 0, 3
	if lre(r.Estimate, []float64{3}) < 11 || lre(r.StdErr, []float64{want}) < 11 {
		t.Errorf("%v ± %v, want 3 ± %v", r.Estimate[0], r.StdErr[0], want)
	}
}

// TestRank: a and b appear as a product only, c is well determined.
func TestRank(t *testing.T) {
	m := fit.Model{Parameters: []string{"a", "b", "c"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = b[1]*x[0], b[0]*x[0], 1
		}
		return b[0]*b[1]*x[0] + b[2]
	}}
	x, y := column(0, 1, 2, 3, 4), []float64{1.1, 2.9, 5.2, 6.8, 9}
	r, err := fit.Curve(t.Context(), m, fit.Data{X: x, Y: y}, starts(m.Parameters, []float64{1, 1, 0.3}), nil)
	var e *fit.RankError
	if !errors.As(err, &e) || r == nil {
		t.Fatalf("result %v, error %v, want a RankError", r, err)
	}
	if !slices.Equal(e.Parameters, []string{"a", "b"}) || e.Rank != 2 || e.N != 3 || r.Rank != 2 {
		t.Errorf("%+v, rank %d, want a and b in 2 of 3 directions", e, r.Rank)
	}
	if want := "fit: the data do not determine a, b: they tell 2 of 3 directions of the parameters only"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	s, err := fit.Curve(t.Context(), line, fit.Data{X: x, Y: y}, starts(line.Parameters, []float64{0, 0}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lre([]float64{r.Estimate[2], r.Estimate[0] * r.Estimate[1]}, s.Estimate) < 11 || lre([]float64{r.RSS}, []float64{s.RSS}) < 11 {
		t.Errorf("%v, RSS %v, want the line %v, RSS %v", r.Estimate, r.RSS, s.Estimate, s.RSS)
	}
	if !math.IsInf(r.StdErr[0], 1) || !math.IsInf(r.StdErr[1], 1) {
		t.Errorf("standard errors %v, want +Inf for a and b", r.StdErr)
	}
	// c keeps its interval, as in R: a parameter that does nothing of its own takes no degree of freedom.
	if r.DF != s.DF || lre(r.StdErr[2:], s.StdErr[:1]) < 11 {
		t.Errorf("DF %d, standard error of c %v, want those of the line, %d and %v", r.DF, r.StdErr[2], s.DF, s.StdErr[0])
	}
	at := fit.Data{X: column(2.5)}
	band, err := r.Predict(m, at, 0.95)
	want, errLine := s.Predict(line, at, 0.95)
	if err != nil || errLine != nil || lre(band.Confidence.Upper, want.Confidence.Upper) < 11 || lre(band.Simultaneous.Upper, want.Simultaneous.Upper) < 11 {
		t.Errorf("bands %+v, want those of the line, %+v", band, want)
	}
	factor := fit.Model{Parameters: []string{"a"}, Func: func(grad, b, _ []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return b[0]
	}}
	if band, err := r.Predict(factor, at, 0.95); err != nil || !math.IsNaN(band.StdErr[0]) {
		t.Errorf("a alone: %+v, %v, want NaN", band, err)
	}
}

// TestRanAway: the fit of a decay that starts as a growth ends in a straight line, A = -∞ and c = +∞, and a saturating curve
// does so on data that bend upwards. Correlations near 1 and large errors are no such end.
func TestRanAway(t *testing.T) {
	decay := func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1], grad[2] = e, -b[0]*x[0]*e, 1
		}
		return b[0]*e + b[2]
	}
	for _, c := range []struct {
		name  string
		m     fit.Model
		x0    float64
		y     func(x float64) float64
		start []float64
		want  []string
	}{
		{"decay", fit.Model{Parameters: []string{"A", "k", "c"}, Func: decay}, 0, func(x float64) float64 { return 2.5*math.Exp(-0.7*x) + 0.5 }, []float64{3, -1, 0}, []string{"A", "k", "c"}},
		{"decay, good start", fit.Model{Parameters: []string{"A", "k", "c"}, Func: decay}, 0, func(x float64) float64 { return 2.5*math.Exp(-0.7*x) + 0.5 }, []float64{3, 1, 0}, nil},
		{"saturation", fit.Model{Parameters: []string{"b1", "b2"}, Func: nistSet(t, "Misra1a").Curve}, 0, func(x float64) float64 { return 0.3 * x * x }, []float64{3, 1}, []string{"b1", "b2"}},
		{"years", line, 2000, func(x float64) float64 { return 0.001 * x }, []float64{3, 0.3}, nil},
		{"seconds", line, 1.7e9, func(x float64) float64 { return 0 }, []float64{3, 0.3}, nil},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		var x [][]float64
		var y []float64
		for i := range 40 {
			at := c.x0 + 0.25*float64(i)
			x = append(x, []float64{at})
			y = append(y, c.y(at)+0.03*rng.NormFloat64())
		}
		r, err := fit.Curve(t.Context(), c.m, fit.Data{X: x, Y: y}, starts(c.m.Parameters, c.start), nil)
		if err != nil || !slices.Equal(r.RanAway, c.want) {
			t.Errorf("%s: %+v, %v, want %v to run away", c.name, r, err, c.want)
			continue
		}
		if correlation := r.Cov.At(0, 1) / r.StdErr[0] / r.StdErr[1]; c.x0 > 0 && math.Abs(correlation) < 0.99999 {
			t.Errorf("%s: correlation %v: the test tests nothing", c.name, correlation)
		}
	}
}

// TestRanAwayRounding: residuals that are rounding errors point anywhere, and are no sign of it.
func TestRanAwayRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x := column(0.1, 0.2, 0.3, 0.7, 1.1)
		y := make([]float64, len(x))
		for i := range x {
			y[i] = (a + b*x[i][0]) * (1 + 0x1p-51*rng.NormFloat64())
		}
		r, err := fit.Curve(t.Context(), line, fit.Data{X: x, Y: y}, starts(line.Parameters, []float64{1, 1}), nil)
		if err != nil || r.RanAway != nil {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestIterationLimit(t *testing.T) {
	s := nistSet(t, "Thurber")
	m := nistModel(s)
	r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), &fit.Settings{Iterations: 3})
	if !errors.Is(err, fit.ErrNotConverged) || r == nil || r.Status != optimize.IterationLimit {
		t.Fatalf("%+v, %v, want ErrNotConverged", r, err)
	}
	if r.RanAway != nil {
		t.Errorf("%v ran away: that is for the ends of searches", r.RanAway)
	}
	if r.Iterations != 6 || !(r.RSS < rss(m, s.X, s.Y, s.Starts[0])) || r.RSS != rss(m, s.X, s.Y, r.Estimate) || !math.IsNaN(r.StdErr[0]) {
		t.Errorf("%+v, want two times 3 iterations, a lower RSS and no error bars", r)
	}
}

// TestLimitInOneRun: a first run that is stopped at the minimum, but before it knows, does not spoil a second that
// converges there.
func TestLimitInOneRun(t *testing.T) {
	s := nistSet(t, "Thurber")
	m := nistModel(s)
	met := false
	for limit := 10; limit < 100; limit++ {
		direct, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), &fit.Settings{Iterations: limit, AdamSteps: -1})
		if direct == nil {
			t.Fatal(err)
		}
		both, errBoth := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), &fit.Settings{Iterations: limit})
		if both == nil {
			t.Fatal(errBoth)
		}
		if err == nil || direct.RSS > s.RSS*(1+1e-10) || both.Iterations == 2*limit {
			continue
		}
		met = true
		if errBoth != nil || !both.AfterAdam || both.Status != optimize.FunctionConvergence {
			t.Errorf("limit %d: %v, %v, after Adam %v", limit, errBoth, both.Status, both.AfterAdam)
		}
	}
	if !met {
		t.Error("no limit ends the first run at the minimum and lets the second converge: the test tests nothing")
	}
}

// rss is the sum of squares as it is defined.
func rss(m fit.Model, x [][]float64, y, b []float64) (sum float64) {
	for i := range x {
		r := m.Func(nil, b, x[i]) - y[i]
		sum += float64(r * r)
	}
	return sum
}

// TestWrongDerivative: a sign error in a derivative must not pass for convergence.
func TestWrongDerivative(t *testing.T) {
	s := nistSet(t, "Misra1a")
	m := fit.Model{Parameters: parameterNames(2), Func: func(grad, b, x []float64) float64 {
		f := s.Curve(grad, b, x)
		if grad != nil {
			grad[1] = -grad[1]
		}
		return f
	}}
	r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), nil)
	if !errors.Is(err, fit.ErrNoDecrease) || r == nil || r.Status != optimize.Failure || !math.IsNaN(r.StdErr[0]) {
		t.Errorf("%+v, %v, want ErrNoDecrease", r, err)
	}
}

// TestCancel ends the context in the first run, on Adam's way and in the second run.
func TestCancel(t *testing.T) {
	s := nistSet(t, "MGH09")
	start := []float64{38, 33, 46, 15}
	direct, err := fit.Curve(t.Context(), nistModel(s), fit.Data{X: s.X, Y: s.Y}, starts(parameterNames(4), start), &fit.Settings{AdamSteps: -1})
	if err != nil {
		t.Fatal(err)
	}
	first := direct.Evaluations
	for _, after := range []int{0, 1, 20, first + 5, first + 35} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		m := fit.Model{Parameters: parameterNames(4), Func: func(grad, b, x []float64) float64 {
			if calls++; calls > after*len(s.Y) {
				cancel()
			}
			return s.Curve(grad, b, x)
		}}
		r, err := fit.Curve(ctx, m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), nil)
		cancel()
		if !errors.Is(err, context.Canceled) || r == nil || r.Status != optimize.Failure {
			t.Errorf("after %d evaluations: %+v, %v, want context.Canceled and a result", after, r, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "fit: cancelled after ") {
			t.Errorf("error %q", err)
		}
		if calls > (after+2)*len(s.Y) { // the evaluation under way ends, and at most one more is begun
			t.Errorf("cancelled in call %d of Func, ended after %d", after*len(s.Y)+1, calls)
		}
		if !math.IsNaN(r.StdErr[0]) || r.RSS != rss(m, s.X, s.Y, r.Estimate) {
			t.Errorf("after %d evaluations: %+v", after, r)
		}
		if after > first && r.RSS > direct.RSS {
			t.Errorf("after %d evaluations: RSS %v, but the first run had found %v", after, r.RSS, direct.RSS)
		}
	}
}
