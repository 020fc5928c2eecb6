package fit_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/fit/models"
)

// peakOnLine are 60 points of one peak on a straight line.
func peakOnLine(seed int) fit.Data {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	var d fit.Data
	for i := range 60 {
		x := float64(i) / 6
		d.X = append(d.X, []float64{x})
		d.Y = append(d.Y, 20*math.Exp(-(x-5)*(x-5)/2)+1+0.2*x+0.5*rng.NormFloat64())
	}
	return d
}

// TestTermTooMany fits two peaks to one. The second has no good place: wherever its errors are over 100 times its size, the
// fit says that the data do not determine it, or that it has run away, and names nothing else. The errors of the right
// peak stay what they are. With one peak nothing is said.
func TestTermTooMany(t *testing.T) {
	m := models.Sum(models.Prefix("g1_", models.Gaussian()), models.Prefix("g2_", models.Gaussian()), models.Line())
	told := 0
	for seed := range 40 / min(share, 4) {
		d := peakOnLine(seed)
		p, err := m.Guess(d)
		if err != nil {
			t.Fatal(err)
		}
		r, err := fit.Curve(t.Context(), m, d, p, nil)
		var rank *fit.RankError
		var named []string
		switch {
		case errors.Is(err, fit.ErrNotConverged):
			continue
		case errors.As(err, &rank):
			named = rank.Parameters
		case err != nil:
			t.Errorf("seed %d: %v", seed, err)
			continue
		default:
			named = r.RanAway
		}
		if named != nil {
			told++
		}
		right := "g1_"
		if math.Abs(r.Estimate[1]-5) > math.Abs(r.Estimate[4]-5) {
			right = "g2_"
		}
		for i, name := range r.Parameters {
			if slices.Contains(named, name) && (strings.HasPrefix(name, right) || !strings.HasPrefix(name, "g")) {
				t.Errorf("seed %d: %s ± %v is said to be undetermined", seed, name, r.StdErr[i])
			}
			if named == nil && !(r.StdErr[i] < 100*math.Abs(r.Estimate[i])) {
				t.Errorf("seed %d: %s = %v ± %v, and nothing is said", seed, name, r.Estimate[i], r.StdErr[i])
			}
			if strings.HasPrefix(name, right) && !(r.StdErr[i] > 0 && r.StdErr[i] < 0.05*r.Estimate[i]) {
				t.Errorf("seed %d: %s = %v ± %v", seed, name, r.Estimate[i], r.StdErr[i])
			}
		}
		if rank != nil {
			if text := strings.Join(r.Diagnosis(), " "); !strings.Contains(text, "The data do not determine") {
				t.Errorf("seed %d: %s", seed, text)
			}
			b, err := r.Predict(m, fit.Data{X: [][]float64{{5}}}, 0.95)
			if err != nil || !(b.StdErr[0] < 1) {
				t.Errorf("seed %d: the curve at the right peak has the error %v, %v", seed, b.StdErr, err)
			}
		}
	}
	if share == 1 && told < 10 {
		t.Errorf("%d fits of 40 have an undetermined peak: the test tests little", told)
	}

	one := models.Sum(models.Gaussian(), models.Line())
	for seed := range 40 / min(share, 4) {
		d := peakOnLine(seed)
		p, err := one.Guess(d)
		if err != nil {
			t.Fatal(err)
		}
		if r := mustFit(t, one, d, p, nil); r.RanAway != nil || r.Saturated != nil || r.Rank != 5 {
			t.Errorf("seed %d: one peak: %q, %q, rank %d", seed, r.RanAway, r.Saturated, r.Rank)
		}
	}
}

// TestNothingWeak: errors far above the size of a parameter are no fault where the curve is linear so far, such as those of a
// slope that is 0 but for rounding, or of the constant of a line over calendar years.
func TestNothingWeak(t *testing.T) {
	level := fit.Data{X: column(1, 2, 3, 4), Y: []float64{5.1, 4.9, 4.9, 5.1}}
	r := mustFit(t, line, level, starts(line.Parameters, []float64{5, 1e-9}), nil)
	if !(r.StdErr[1] > 100*math.Abs(r.Estimate[1])) || r.Rank != 2 {
		t.Errorf("slope %v ± %v, rank %d", r.Estimate[1], r.StdErr[1], r.Rank)
	}
	late := fit.Data{X: column(2019, 2020, 2021, 2022, 2023), Y: []float64{0.1, -0.1, 0.1, -0.1, 0.1}}
	r = mustFit(t, line, late, starts(line.Parameters, []float64{1e-6, 1e-9}), nil)
	if !(r.StdErr[0] > 100*math.Abs(r.Estimate[0])) || r.Rank != 2 {
		t.Errorf("constant %v ± %v, rank %d", r.Estimate[0], r.StdErr[0], r.Rank)
	}
	// The same curve, but bent within the errors.
	cube := fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, 3*b[1]*b[1]*x[0]
		}
		return b[0] + b[1]*b[1]*b[1]*x[0]
	}}
	level.X, level.Y = column(-3, -1, 1, 3), []float64{5.1, 4.9, 4.9, 5.1 + 1e-14}
	_, err := fit.Curve(t.Context(), cube, level, starts(cube.Parameters, []float64{5, 1e-3}), nil)
	var rank *fit.RankError
	if !errors.As(err, &rank) || !slices.Equal(rank.Parameters, []string{"b"}) {
		t.Errorf("error %v, want that b is not determined", err)
	}
}

// TestSaturated: the height of a step that one point alone is on rests on this point; with two points it does not.
func TestSaturatedParameters(t *testing.T) {
	m := fit.Model{Parameters: []string{"a", "b", "step"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = 1, x[0], x[1]
		}
		return b[0] + b[1]*x[0] + b[2]*x[1]
	}}
	d := fit.Data{X: [][]float64{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 1}, {3.5, 0}}, Y: []float64{1, 2.1, 2.9, 4.2, 5, 9, 3.4}}
	r := mustFit(t, m, d, starts(m.Parameters, []float64{1, 1, 1}), nil)
	if !slices.Equal(r.Saturated, []string{"step"}) || !(r.StdErr[2] < 1) {
		t.Errorf("saturated %q, step ± %v", r.Saturated, r.StdErr[2])
	}
	d.X[6][1] = 1
	if r := mustFit(t, m, d, starts(m.Parameters, []float64{1, 1, 1}), nil); r.Saturated != nil {
		t.Errorf("two points: saturated %q", r.Saturated)
	}
	// No degrees of freedom.
	r = mustFit(t, line, fit.Data{X: column(1, 2), Y: []float64{3, 5}}, starts(line.Parameters, []float64{7, 7}), nil)
	if !slices.Equal(r.Saturated, []string{"a", "b"}) || r.DF != 0 || !math.IsNaN(r.StdErr[0]) {
		t.Errorf("no degrees of freedom: %q, DF %d, errors %v", r.Saturated, r.DF, r.StdErr)
	}
	if s := r.Statistics(); !math.IsNaN(s.ReducedChiSquare) || !math.IsNaN(s.AdjustedR2) {
		t.Errorf("no degrees of freedom: χ²/DF %v, adjusted R² %v", s.ReducedChiSquare, s.AdjustedR2)
	}
}
