package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/fit/models"
)

// all are the models under the names of their functions.
var all = map[string]fit.Model{
	"Constant":                models.Constant(),
	"Line":                    models.Line(),
	"Polynomial":              models.Polynomial(3),
	"Exponential":             models.Exponential(),
	"ExponentialOffset":       models.ExponentialOffset(),
	"DoubleExponential":       models.DoubleExponential(),
	"DoubleExponentialOffset": models.DoubleExponentialOffset(),
	"Power":                   models.Power(),
	"Arrhenius":               models.Arrhenius(),
	"Logistic":                models.Logistic(),
	"Logistic4":               models.Logistic4(),
	"Gompertz":                models.Gompertz(),
	"Gompertz4":               models.Gompertz4(),
	"MichaelisMenten":         models.MichaelisMenten(),
	"Hill":                    models.Hill(),
	"Hill4":                   models.Hill4(),
	"Gaussian":                models.Gaussian(),
	"Lorentzian":              models.Lorentzian(),
	"PseudoVoigt":             models.PseudoVoigt(),
	"Voigt":                   models.Voigt(),
	"ExponentialGaussian":     models.ExponentialGaussian(),
	"ErrorStep":               models.ErrorStep(),
	"Sinusoid":                models.Sinusoid(),
	"SinusoidOffset":          models.SinusoidOffset(),
	"DampedOscillation":       models.DampedOscillation(),
	"DampedOscillationOffset": models.DampedOscillationOffset(),
}

type goldenRow struct {
	B, Grad []float64
	X, F    float64
}

func readGolden(t *testing.T) map[string][]goldenRow {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][]goldenRow
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// TestGolden compares values and derivatives with mpmath (testdata/golden.py). What rounding of x and b can do to them
// is taken from the derivatives by b.
func TestGolden(t *testing.T) {
	golden := readGolden(t)
	if want := slices.Sorted(maps.Keys(all)); !slices.Equal(slices.Sorted(maps.Keys(golden)), want) {
		t.Errorf("models %v in the file, want %v", slices.Sorted(maps.Keys(golden)), want)
	}
	for name, rows := range golden {
		m := all[name]
		var worst float64
		for _, row := range rows {
			grad := make([]float64, len(row.B))
			f := m.Func(grad, row.B, []float64{row.X})
			if alone := m.Func(nil, row.B, []float64{row.X}); alone != f {
				t.Errorf("%s: %v without derivatives, %v with", name, alone, f)
			}
			e := math.Abs(f-row.F) / (math.Abs(row.F) + 1e-30)
			for j, g := range grad {
				e = max(e, math.Abs(g-row.Grad[j])/(math.Abs(row.Grad[j])+1e-30))
			}
			worst = max(worst, e)
			if !(e <= 1e-11) {
				t.Errorf("%s: at b = %v, x = %v: %v, %v, want %v, %v", name, row.B, row.X, f, grad, row.F, row.Grad)
			}
		}
		t.Logf("%-24s largest relative error of value and derivatives %.1e", name, worst)
	}
}

// TestLimits: the curves stay finite where exponentials overflow or x is 0.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []float64
		x    float64
		want float64
	}{
		{"Logistic", []float64{2, 1, 0}, 1e4, 2},
		{"Logistic", []float64{2, 1, 0}, -1e4, 0},
		{"Gompertz", []float64{2, 1, 0}, -1e4, 0},
		{"Gompertz", []float64{2, 1, 0}, 1e4, 2},
		{"Hill", []float64{2, 1, 3}, 0, 0},
		{"Hill", []float64{2, 1, -3}, 0, 2},
		{"Hill4", []float64{1, 2, 1, 400}, 1e9, 2},
		{"Power", []float64{2, 0.5}, 0, 0},
		{"MichaelisMenten", []float64{2, 1}, 0, 0},
		{"ErrorStep", []float64{2, 0, 1}, 1e9, 2},
		{"ExponentialGaussian", []float64{1, 0, 1, 0.01}, -1e3, 0},
		{"ExponentialGaussian", []float64{1, 0, 1, 100}, 1e6, 0},
		{"Voigt", []float64{1, 0, 1, 0}, 1e3, 0},
		{"Gaussian", []float64{1, 0, 1e-3}, 1e3, 0},
	} {
		m := all[c.name]
		grad := make([]float64, len(c.b))
		f := m.Func(grad, c.b, []float64{c.x})
		if f != c.want {
			t.Errorf("%s%v at %v is %v, want %v", c.name, c.b, c.x, f, c.want)
		}
		for j, g := range grad {
			if math.IsNaN(g) || math.IsInf(g, 0) {
				t.Errorf("%s%v at %v: the derivative by %s is %v", c.name, c.b, c.x, m.Parameters[j], g)
			}
		}
	}
}

// TestVoigtLimits: a Voigt peak without γ is Gaussian, and one with little σ is nearly Lorentzian.
func TestVoigtLimits(t *testing.T) {
	for x := -5.0; x <= 5; x += 0.25 {
		at := []float64{x}
		got, want := models.Voigt().Func(nil, []float64{3, 1, 0.7, 0}, at), models.Gaussian().Func(nil, []float64{3, 1, 0.7}, at)
		if math.Abs(got-want) > 1e-13*want {
			t.Errorf("at %v: %v without gamma, the Gaussian is %v", x, got, want)
		}
		got, want = models.Voigt().Func(nil, []float64{3, 1, 1e-7, 0.7}, at), models.Lorentzian().Func(nil, []float64{3, 1, 0.7}, at)
		if math.Abs(got-want) > 1e-12*want {
			t.Errorf("at %v: %v with little sigma, the Lorentzian is %v", x, got, want)
		}
	}
}

func TestGuessErrors(t *testing.T) {
	column := func(x ...float64) fit.Data {
		d := fit.Data{Y: []float64{1, 5, 2, 4, 3, 8}[:len(x)]}
		for i := range x {
			d.X = append(d.X, x[i:i+1])
		}
		return d
	}
	for name, m := range all {
		if name == "Constant" {
			continue
		}
		if _, err := m.Guess(column(2, 2, 2, 2, 2)); err == nil || !strings.Contains(err.Error(), "models: "+name+": 1 different x for") {
			t.Errorf("%s: error %v for one x", name, err)
		}
		if _, err := m.Guess(fit.Data{}); err == nil || !strings.Contains(err.Error(), "0 different x") {
			t.Errorf("%s: error %v without data", name, err)
		}
		d := column(1, 2, 3, 4, 5, 6)
		for i := range d.Y {
			d.Y[i] = 7
		}
		if _, err := m.Guess(d); name != "Line" && name != "Polynomial" && (err == nil || !strings.Contains(err.Error(), "all y are 7")) {
			t.Errorf("%s: error %v for equal y", name, err)
		}
		d = column(1, 2, 3, 4, 5, 6)
		d.Y[2] = math.NaN()
		if _, err := m.Guess(d); err == nil || !strings.Contains(err.Error(), "y[2] is NaN") {
			t.Errorf("%s: error %v for NaN", name, err)
		}
		d = column(1, 2, 3, 4, math.Inf(1), 6)
		if _, err := m.Guess(d); err == nil || !strings.Contains(err.Error(), "x[4] is +Inf") {
			t.Errorf("%s: error %v for infinite x", name, err)
		}
		d = column(1, 2, 3, 4, 5, 6)
		d.Sigma = []float64{1, 1, 1, 0, 1, 1}
		if _, err := m.Guess(d); err == nil || !strings.Contains(err.Error(), "sigma[3] is 0") {
			t.Errorf("%s: error %v for sigma 0", name, err)
		}
		d.Sigma = d.Sigma[:2]
		if _, err := m.Guess(d); err == nil || !strings.Contains(err.Error(), "6 x, 6 y and 2 sigma") {
			t.Errorf("%s: error %v for few sigma", name, err)
		}
	}
	d := column(1e6, 1e6+1, 1e6+2, 1e6+3, 1e6+4, 1e6+5)
	d.Y = []float64{64, 32, 16, 8, 4, 2}
	if _, err := models.Exponential().Guess(d); err == nil || !strings.Contains(err.Error(), "subtract its first value") {
		t.Errorf("error %v for x far from 0", err)
	}
}
