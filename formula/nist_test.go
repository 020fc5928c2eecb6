package formula_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
	"github.com/stochopt/stochopt/testfuncs"
)

// symmetry are changes of the parameters that leave a curve as it is: blocks may change places, and the signs of flips turn
// together.
type symmetry struct{ blocks, flips [][]int }

var symmetries = map[string]symmetry{
	"Lanczos1": {blocks: [][]int{{0, 1}, {2, 3}, {4, 5}}},
	"Lanczos2": {blocks: [][]int{{0, 1}, {2, 3}, {4, 5}}},
	"Lanczos3": {blocks: [][]int{{0, 1}, {2, 3}, {4, 5}}},
	"Gauss1":   {blocks: [][]int{{2, 3, 4}, {5, 6, 7}}, flips: [][]int{{4}, {7}}},
	"Gauss2":   {blocks: [][]int{{2, 3, 4}, {5, 6, 7}}, flips: [][]int{{4}, {7}}},
	"Gauss3":   {blocks: [][]int{{2, 3, 4}, {5, 6, 7}}, flips: [][]int{{4}, {7}}},
	"MGH17":    {blocks: [][]int{{1, 3}, {2, 4}}},
	"ENSO":     {blocks: [][]int{{3, 4, 5}, {6, 7, 8}}, flips: [][]int{{3, 5}, {6, 8}}},
	"Eckerle4": {flips: [][]int{{0, 1}}},
}

// equivalents calls try for each order of the blocks and choice of the flips: parameter i is sign[i] times that with
// index[i].
func (s symmetry) equivalents(n int, try func(index []int, sign []float64)) {
	orders := [][]int{{}}
	for k := range s.blocks {
		var longer [][]int
		for _, o := range orders {
			for at := range k + 1 {
				longer = append(longer, slices.Insert(slices.Clone(o), at, k))
			}
		}
		orders = longer
	}
	for _, order := range orders {
		for set := range 1 << len(s.flips) {
			index, sign := make([]int, n), make([]float64, n)
			for i := range n {
				index[i], sign[i] = i, 1
			}
			for k, from := range order {
				for i := range s.blocks[k] {
					index[s.blocks[k][i]] = s.blocks[from][i]
				}
			}
			for k, flip := range s.flips {
				for _, i := range flip {
					if set>>k&1 == 1 {
						sign[i] = -1
					}
				}
			}
			try(index, sign)
		}
	}
}

// TestNIST fits all problems from both starts, with default settings and nothing but formula and start. Lanczos1's standard
// deviations are out of reach: its residuals, 8e-14, hold a thousandth of rounding error.
func TestNIST(t *testing.T) {
	var runs, six, eight, deviations int
	for _, s := range testfuncs.NISTSets() {
		f, data := nistFormula(t, s)
		for k, start := range s.Starts {
			runs++
			var parameters []fit.Parameter
			for j, v := range start {
				parameters = append(parameters, fit.Parameter{Name: f.Parameters[j], Start: v})
			}
			r, err := fit.Curve(t.Context(), f.Model(), data, parameters, nil)
			if err != nil {
				t.Errorf("%s, start %d: %v", s.Name, k+1, err)
				continue
			}
			best, deviation := math.Inf(-1), math.Inf(-1)
			symmetries[s.Name].equivalents(len(start), func(index []int, sign []float64) {
				var b, se []float64
				for i, j := range index {
					b, se = append(b, sign[i]*r.Estimate[j]), append(se, r.StdErr[j])
				}
				if l := lre(b, s.Certified); l > best {
					best, deviation = l, lre(se, s.StdDev)
				}
			})
			t.Logf("%-8s start %d: digits of parameters %4.1f, of standard deviations %4.1f", s.Name, k+1, best, deviation)
			if best >= 6 {
				six++
			}
			if best >= 8 {
				eight++
			}
			if deviation >= 6 {
				deviations++
			}
		}
	}
	t.Logf("of %d runs, %d with 6 digits of every parameter, %d with 8; %d with 6 digits of the standard deviations", runs, six, eight, deviations)
	if runs != 54 || six < 54 || eight < 50 || deviations < 52 {
		t.Errorf("want 54 of 54 with 6 digits, 50 with 8, 52 with 6 digits of the standard deviations")
	}
}

// TestNISTDerivatives compares values and derivatives with those written by hand in testfuncs, at the starts and at the
// certified parameters.
func TestNISTDerivatives(t *testing.T) {
	for _, s := range testfuncs.NISTSets() {
		f, data := nistFormula(t, s)
		model := f.Model()
		got, want := make([]float64, len(s.Certified)), make([]float64, len(s.Certified))
		for _, b := range [][]float64{s.Starts[0], s.Starts[1], s.Certified} {
			for i, x := range data.X {
				v, w := model.Func(got, b, x), s.Curve(want, b, s.X[i])
				scale := math.Abs(w) // rounding errors are relative to the terms of a sum
				for j := range b {
					scale = max(scale, math.Abs(b[j]*want[j]))
				}
				if !(math.Abs(v-w) <= 1e-13*scale) {
					t.Errorf("%s at %v, x = %v: %v, want %v", s.Name, b, x, v, w)
				}
				for j := range b {
					if !(math.Abs(got[j]-want[j]) <= 1e-12*(math.Abs(want[j])+scale/math.Abs(b[j]))) {
						t.Errorf("%s at %v, x = %v: derivative by b%d %v, want %v", s.Name, b, x, j+1, got[j], want[j])
					}
				}
			}
		}
	}
}

// nistFormula returns the formula of a set, and its data.
func nistFormula(t testing.TB, s testfuncs.NISTSet) (*formula.Formula, fit.Data) {
	t.Helper()
	columns, names := map[string][]float64{"y": s.Y}, []string{"y"}
	for k := range s.X[0] {
		name := "x"
		if len(s.X[0]) > 1 {
			name = fmt.Sprint("x", k+1)
		}
		names = append(names, name)
		for _, x := range s.X {
			columns[name] = append(columns[name], x[k])
		}
	}
	f, err := formula.Parse(s.Formula, names, parameterNames(len(s.Certified)))
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	data, err := f.Data(columns)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return f, data
}

func parameterNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("b", i+1))
	}
	return names
}

// lre is the number of correct digits of the worst component, at most the 11 that NIST gives.
func lre(got, want []float64) float64 {
	worst := 11.0
	for i := range want {
		worst = min(worst, -math.Log10(math.Abs(got[i]-want[i])/math.Abs(want[i])))
	}
	if math.IsNaN(worst) {
		return math.Inf(-1)
	}
	return worst
}

// BenchmarkNIST is all 54 fits of TestNIST, from data and parsed formulas to error bars.
func BenchmarkNIST(b *testing.B) {
	type run struct {
		model fit.Model
		data  fit.Data
		start []fit.Parameter
	}
	var runs []run
	for _, s := range testfuncs.NISTSets() {
		f, data := nistFormula(b, s)
		for _, start := range s.Starts {
			var p []fit.Parameter
			for j, v := range start {
				p = append(p, fit.Parameter{Name: f.Parameters[j], Start: v})
			}
			runs = append(runs, run{f.Model(), data, p})
		}
	}
	for b.Loop() {
		for _, r := range runs {
			if _, err := fit.Curve(b.Context(), r.model, r.data, r.start, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}
