package fit_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// polynomials are the fits of degree 0, 1 and 2 to the data of the parabola, by fixing what is not needed at 0.
func polynomials(t *testing.T, g *problem, s *fit.Settings) []*fit.Result {
	t.Helper()
	var all []*fit.Result
	for degree := range 3 {
		params := starts(g.model.Parameters, g.Start)
		for j := degree + 1; j < 3; j++ {
			params[j].Fixed, params[j].Start = true, 0
		}
		r, err := fit.Curve(t.Context(), g.model, g.data(), params, s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestCompare compares with statsmodels and scipy.
func TestCompare(t *testing.T) {
	g, want := readProblems(t)["parabola"], readInferences(t).Compare
	fits := polynomials(t, g, nil)
	test, err := fit.CompareNested(fits[1], fits[2])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "F and p", []float64{test.Statistic, test.P}, []float64{want.F, want.P}, 1e-9, 0)
	if test.DF1 != want.DF1 || test.DF2 != want.DF2 {
		t.Errorf("%d and %d degrees of freedom, want %d and %d", test.DF1, test.DF2, want.DF1, want.DF2)
	}
	two, err := fit.CompareNested(fits[0], fits[2])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "F and p of two parameters", []float64{two.Statistic, two.P}, []float64{want.F2, want.P2}, 1e-9, 0)
	c, err := fit.Compare(fits...)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range c {
		near(t, "comparison", []float64{v.AICc, v.Delta, v.Weight}, []float64{want.AICc[k], want.AICc[k] - want.AICc[2], want.Weights[k]}, 1e-9, 0)
	}
	absolute := polynomials(t, g, &fit.Settings{AbsoluteSigma: true})
	test, err = fit.CompareNested(absolute[1], absolute[2])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "χ² and p", []float64{test.Statistic, test.P}, []float64{want.Chi, want.PChi}, 1e-9, 0)
}

func TestCompareErrors(t *testing.T) {
	g := readProblems(t)["parabola"]
	fits, absolute := polynomials(t, g, nil), polynomials(t, g, &fit.Settings{AbsoluteSigma: true})
	robust := polynomials(t, g, &fit.Settings{Loss: fit.Huber{}})
	other := *g
	other.Y = append([]float64{0}, g.Y[1:]...)
	heavier := *g
	heavier.Sigma = append([]float64{9}, g.Sigma[1:]...)
	wave := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		s, c := math.Sincos(13 * x[0])
		if grad != nil {
			grad[0], grad[1] = s, c
		}
		return b[0]*s + b[1]*c
	}}
	waves, err := fit.Curve(t.Context(), wave, g.data(), starts(wave.Parameters, []float64{1, 1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	both, err := fit.Curves(t.Context(), []fit.Set{{Model: g.model, Data: g.data()}, {Model: g.model, Data: g.data()}}, starts(g.model.Parameters, g.Start), nil)
	if err != nil {
		t.Fatal(err)
	}
	passes := func(g *problem) *fit.Result {
		r, err := fit.Passes(t.Context(), g.model, &rows{Data: g.data()}, starts(g.model.Parameters, g.Start), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	stopped, err := fit.Curve(t.Context(), wave, g.data(), starts(wave.Parameters, []float64{100, 1}), &fit.Settings{Iterations: 1, AdamSteps: -1})
	if !errors.Is(err, fit.ErrNotConverged) {
		t.Fatalf("error %v, want ErrNotConverged", err)
	}
	if c, err := fit.Compare(passes(g), passes(g)); err != nil || c[0].Delta != 0 {
		t.Errorf("the same data by Passes: %v, %v", c, err)
	}
	for want, pair := range map[string][2]*fit.Result{
		"the data of two fits by Passes differ": {passes(g), passes(&other)},
		"by Passes and another not":             {passes(g), fits[1]},
		"has not found its minimum":             {stopped, fits[1]},
		"Y of set 0 differs":                    {fits[1], other.fit(t, nil)},
		"Sigma of set 0 differs":                {fits[1], heavier.fit(t, nil)},
		"one fit has AbsoluteSigma":             {fits[1], absolute[2]},
		"have no likelihood":                    {robust[1], robust[2]},
		"1 sets of data and another 2":          {fits[1], both},
	} {
		if _, err := fit.CompareNested(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nested: error %v, want %s", err, want)
		}
		if _, err := fit.Compare(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for want, pair := range map[string][2]*fit.Result{
		"has 2 parameters and the simple one 3, want more": {fits[2], fits[1]},
		"they are not nested":                              {fits[0], waves},
	} {
		if _, err := fit.CompareNested(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := fit.Compare(fits[0]); err == nil {
		t.Error("no error for a comparison of one fit")
	}
}
