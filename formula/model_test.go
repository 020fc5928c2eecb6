package formula

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

func TestData(t *testing.T) {
	f, err := Parse("log(w/n) ~ c*v + a + b*u", []string{"n", "u", "v", "w", "unused"}, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]float64{"n": {2, 1}, "u": {3, 4}, "v": {5, 6}, "w": {2 * math.E, 1}}
	d, err := f.Data(columns)
	if err != nil || fmt.Sprint(d.X) != "[[5 3] [6 4]]" || !slices.Equal(d.Y, []float64{1, 0}) || d.Sigma != nil {
		t.Errorf("%+v, %v", d, err)
	}
	columns["w"] = []float64{1, 0}
	var row *RowError
	if _, err = f.Data(columns); !errors.As(err, &row) || row.Row != 1 || !math.IsInf(row.Value, -1) {
		t.Errorf("log(0): %v", err)
	}
	columns["w"] = []float64{1, 0, 3}
	if _, err = f.Data(columns); err == nil || err.Error() != "formula: column n has 2 rows, column w has 3" {
		t.Errorf("columns of unequal length: %v", err)
	}
	delete(columns, "u")
	columns["w"] = []float64{1, 1}
	if _, err = f.Data(columns); err == nil || err.Error() != "formula: column u is not in the data" {
		t.Errorf("missing column: %v", err)
	}
	// A mean uses no column right of the ~.
	f, err = Parse("y ~ a", []string{"y"}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = f.Data(map[string][]float64{"y": {1, 2, 6}}); err != nil || len(d.X) != 3 || len(d.X[2]) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	r, err := fit.Curve(t.Context(), f.Model(), d, []fit.Parameter{{Name: "a", Start: 1}}, nil)
	if err != nil || math.Abs(r.Estimate[0]-3) > 1e-12 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestExpression(t *testing.T) {
	e, err := ParseExpression("b**2/a + pi", []string{"unused", "a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	grad := []float64{7, 7, 7}
	v := e.Eval(grad, []float64{9, 2, 4})
	if v != 8+math.Pi || !slices.Equal(grad, []float64{0, -4, 4}) || !slices.Equal(e.Names, []string{"b", "a"}) {
		t.Errorf("%v %v of %v", v, grad, e.Names)
	}
	if again := e.Eval(nil, []float64{9, 2, 4}); again != v {
		t.Errorf("%v without derivatives, %v with", again, v)
	}
	if e, err = ParseExpression("2*3", []string{"a"}); err != nil || e.Eval(nil, []float64{1}) != 6 || len(e.Names) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	for _, test := range []struct {
		text      string
		character int
		want      string
	}{
		{"2*c", 3, "c is not a parameter; parameters: alpha, b"},
		{"2*alphx", 3, "alphx is not a parameter; did you mean alpha?; parameters"},
		{"b ~ 2", 3, "~ is not allowed"},
		{" ", 0, "the expression is empty"},
		{"b..c", 2, "not allowed"},
		{"\xff", 0, "not UTF-8"},
		{strings.Repeat("b", 30_000), 20_001, "at most 20000"},
	} {
		_, err := ParseExpression(test.text, []string{"alpha", "b"})
		checkError(t, test.text, err, test.character, test.want)
	}
	_, err = ParseExpression("exp", []string{"exp"})
	checkError(t, "taken", err, 0, "parameter exp is a function")

	defer func() {
		if p := recover(); p != "formula: len(b) = 2, want 1, the number of parameters" {
			t.Errorf("panic %v", p)
		}
	}()
	e.Eval(nil, []float64{1, 2})
}

// TestConcurrent: several goroutines evaluate one model and get what one alone gets. The race detector looks on.
func TestConcurrent(t *testing.T) {
	f, err := Parse("y ~ b1*(1-exp(-b2*x))", []string{"x", "y"}, []string{"b1", "b2"})
	if err != nil {
		t.Fatal(err)
	}
	model := f.Model().Func
	const n = 1000
	value := func(i int) [3]float64 {
		grad := make([]float64, 2)
		v := model(grad, []float64{2, 0.5}, []float64{float64(i) / 100})
		return [3]float64{v, grad[0], grad[1]}
	}
	var want, got [n][3]float64
	for i := range n {
		want[i] = value(i)
	}
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			for i := k; i < n; i += 4 {
				got[i] = value(i)
			}
		})
	}
	group.Wait()
	if got != want {
		t.Error("values differ between one goroutine and four")
	}
}

func TestUnknown(t *testing.T) {
	_, err := Parse("y ~ b1*x + b2", []string{"x", "y"}, []string{"b1"})
	var e *Error
	if !errors.As(err, &e) || e.Unknown != "b2" || e.Character != 12 {
		t.Errorf("%#v", err)
	}
	if _, err = Parse("y ~ b1*x +", []string{"x", "y"}, []string{"b1"}); !errors.As(err, &e) || e.Unknown != "" {
		t.Errorf("%#v", err)
	}
}

func TestListNames(t *testing.T) {
	for text, want := range map[string]string{
		"log(y)/z ~ b2*u + exp(b1)*pi*x + u": "[y z b2 u b1 x]",
		"y ~ exp + 2*exp(x)":                 "[y exp x]",
		"2*b1":                               "[b1]",
		"y ~ b1 ~ c":                         "[y b1 c]",
		"y ~ (b+1)":                          "[y b]",
		"":                                   "[]",
	} {
		if names, err := Names(text); err != nil || fmt.Sprint(names) != want {
			t.Errorf("%q: %v, %v, want %s", text, names, err, want)
		}
	}
	_, err := Names("y ~ b1 ? x")
	checkError(t, "?", err, 8, "not allowed")
}
