package builtin

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/formula"
)

// TestFormulas: the formula that is shown is what the model computes.
func TestFormulas(t *testing.T) {
	words := 0
	for _, m := range append(Models, Model{}) {
		if m.Name == "" {
			m, _ = Find("Polynomial-4")
		}
		model := m.New()
		f, err := formula.Parse("y ~ "+m.Formula, []string{"x", "y"}, model.Parameters)
		if err != nil {
			words++ // the formula is in words
			for _, p := range model.Parameters {
				if !strings.Contains(m.Formula, p) {
					t.Errorf("%s: parameter %s is not explained: %v", m.Name, p, err)
				}
			}
			continue
		}
		b := make([]float64, len(model.Parameters))
		for j := range b {
			b[j] = 0.7 + 0.4*float64(j)
		}
		for _, x := range []float64{0.3, 1, 2.5} {
			if got, want := f.Model().Func(nil, b, []float64{x}), model.Func(nil, b, []float64{x}); math.Abs(got-want) > 1e-5*math.Abs(want) {
				t.Errorf("%s: %s is %v at %v, the model %v", m.Name, m.Formula, got, x, want)
			}
		}
	}
	if words != 3 {
		t.Errorf("%d formulas are in words, want those of voigt, pseudo-voigt and exponential-gaussian", words)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"line":                               "intercept slope",
		"Michaelis_Menten":                   "vmax km",
		"polynomial3":                        "c0 c1 c2 c3",
		"gaussian+line":                      "gaussian_area gaussian_center gaussian_sigma line_intercept line_slope",
		"Gaussian + gaussian+ constant":      "gaussian1_area gaussian1_center gaussian1_sigma gaussian2_area gaussian2_center gaussian2_sigma constant_c",
		"exponential-gaussian+constant":      "exponentialgaussian_area exponentialgaussian_center exponentialgaussian_sigma exponentialgaussian_tau constant_c",
		"polynomial0 + constant+ const a nt": "polynomial0_c0 constant1_c constant2_c",
	} {
		s, err := Parse(text)
		if err != nil || strings.Join(s.Model.Parameters, " ") != want {
			t.Errorf("%s: %v, %v, want %s", text, s, err, want)
			continue
		}
		var parts []string
		for k, p := range s.Parts {
			parts = append(parts, p.Parameters...)
			if len(s.Parts) > 1 && !strings.HasPrefix(p.Parameters[0], s.Label(k)+"_") {
				t.Errorf("%s: term %d is called %s, its parameters %q", text, k, s.Label(k), p.Parameters)
			}
		}
		if strings.Join(parts, " ") != want {
			t.Errorf("%s: parameters of the parts %q", text, parts)
		}
	}
	for _, text := range []string{"", "gauss", "gaussian+", "polynomial", "polynomial21", "polynomial-x", strings.Repeat("line+", 60) + "line"} {
		if s, err := Parse(text); err == nil {
			t.Errorf("%q is %v", text, s.Terms)
		}
	}
	for text, want := range map[string]string{
		"gauss+line":     `there is no model "gauss"; did you mean gaussian?`,
		"line+ gaussain": `there is no model "gaussain"; did you mean gaussian?`,
		"Michaelis":      `there is no model "Michaelis"; did you mean michaelis-menten?`,
		"hil":            `there is no model "hil"; did you mean hill?`,
		"exp":            `there is no model "exp"; did you mean exponential?`,
		"wave":           `there is no model "wave"; models: constant, line, polynomial2, `,
		"polynomial21":   `there is no model "polynomial21"; polynomials are those of degree 0 to 20`,
		"ga":             `there is no model "ga"; models: constant,`,
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestNamesIn(t *testing.T) {
	parse := func(text string) *Sum {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := parse("line").NamesIn(parse("gaussian+line")); !slices.Equal(got, []string{"line_intercept", "line_slope"}) {
		t.Errorf("%q", got)
	}
	if got := parse("line+gaussian").NamesIn(parse("gaussian+gaussian+line")); !slices.Equal(got, []string{"line_intercept", "line_slope",
		"gaussian1_area", "gaussian1_center", "gaussian1_sigma"}) {
		t.Errorf("%q", got)
	}
	if got := parse("line+line").NamesIn(parse("gaussian+line")); got != nil {
		t.Errorf("%q", got)
	}
}
