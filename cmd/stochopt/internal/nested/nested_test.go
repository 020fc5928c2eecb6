package nested

import (
	"fmt"
	"testing"

	"github.com/stochopt/stochopt/formula"
)

func TestIn(t *testing.T) {
	columns := map[string][]float64{"x": {0, 1, 2, 3.5}, "z": {5, 7, 4, 1}, "y": {1, 2, 3, 4}}
	curve := func(text string, parameters ...string) Curve {
		f, err := formula.Parse("y ~ "+text, []string{"x", "y", "z"}, parameters)
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.Data(columns)
		if err != nil {
			t.Fatal(err)
		}
		at := make([]float64, len(parameters))
		for i := range at {
			at[i] = float64(i) + 0.5
		}
		return Curve{Names: parameters, Func: f.Model().Func, At: at, X: d.X}
	}
	line := curve("a+b*x", "a", "b")
	decay := curve("a*exp(-k*x)", "a", "k")
	for _, test := range []struct {
		name         string
		small, large Curve
		want         string
	}{
		{"a term more", line, curve("a+b*x+c*x**2", "c", "b", "a"), "true []"},
		{"an exponent", decay, curve("a*exp(-(k*x)**p)", "a", "k", "p"), "true []"},
		{"an offset and an exponent", decay, curve("a*exp(-(k*x)**p)+c", "a", "k", "p", "c"), "true []"},
		{"another column", line, curve("a+b*x+c*z", "a", "b", "c"), "true []"},
		{"a peak without height", line, curve("a+b*x+h*exp(-(x-m)**2)", "a", "b", "h", "m"), "true [m]"},
		{"the same", line, line, "false []"},
		{"the other way round", curve("a+b*x+c*x**2", "a", "b", "c"), line, "false []"},
		{"other names", line, curve("d+b*x+c*x**2", "d", "b", "c"), "false []"},
		{"another curve", decay, curve("a+k*x+c*x**2", "a", "k", "c"), "false []"},
		{"a factor of 2", line, curve("a+b*x*c*2", "a", "b", "c"), "false []"},
	} {
		in, idle := In(test.small, test.large)
		if got := fmt.Sprint(in, idle); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
