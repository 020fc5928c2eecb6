package fit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
)

// wantDigits is the number of digits that parameters and standard errors must share with NIST's certified values. These
// are rounded to 11 digits, which cannot show more than 10.3 in the worst case.
const wantDigits = 9.5

// checkNIST fits s from both starts with default settings and compares all that NIST certifies.
func checkNIST(t *testing.T, s testfuncs.NISTSet) {
	m := nistModel(s)
	for k, start := range s.Starts {
		r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), nil)
		if err != nil {
			t.Errorf("start %d: %v", k+1, err)
			continue
		}
		index, sign := relabel(s.Name, r.Estimate)
		var value, stdDev []float64
		for i, j := range index {
			value, stdDev = append(value, sign[i]*r.Estimate[j]), append(stdDev, r.StdErr[j])
		}
		v, d := lre(value, s.Certified), lre(stdDev, s.StdDev)
		t.Logf("%-10s start %d: digits of parameters %4.1f, of standard errors %4.1f, RSS %.10E, %v, after Adam %v, %d iterations, %d evaluations",
			s.Name, k+1, v, d, r.RSS, r.Status, r.AfterAdam, r.Iterations, r.Evaluations)
		if v < wantDigits {
			t.Errorf("start %d: %.1f digits of the parameters, want %v: got %v, want %v", k+1, v, wantDigits, value, s.Certified)
		}
		if r.N != len(s.Y) || r.DF != len(s.Y)-len(s.Certified) || r.Rank != len(s.Certified) {
			t.Errorf("start %d: N %d, DF %d, rank %d of %d points, %d parameters", k+1, r.N, r.DF, r.Rank, len(s.Y), len(s.Certified))
		}
		if r.RanAway != nil {
			t.Errorf("start %d: %v ran away", k+1, r.RanAway)
		}
		if s.Name == "Lanczos1" {
			// Its residuals, 8E-14, hold a thousandth of rounding error: RSS and what follows from it are out of reach.
			continue
		}
		if d < wantDigits {
			t.Errorf("start %d: %.1f digits of the standard errors, want %v: got %v, want %v", k+1, d, wantDigits, stdDev, s.StdDev)
		}
		if d := lre([]float64{r.RSS, r.ResidualSD}, []float64{s.RSS, s.ResidualSD}); d < wantDigits {
			t.Errorf("start %d: RSS %v, residual standard deviation %v, want %v, %v", k+1, r.RSS, r.ResidualSD, s.RSS, s.ResidualSD)
		}
	}
}

func TestNIST(t *testing.T) {
	sets := testfuncs.NISTSets()
	if len(sets) != 27 {
		t.Errorf("%d sets, want 27", len(sets))
	}
	for _, s := range sets {
		t.Run(s.Name, func(t *testing.T) { checkNIST(t, s) })
	}
}

// TestPerturbedStarts draws five starts around each of NIST's two, every parameter times exp(0.2 z) with z normal, and
// counts how often the certified minimum is found. With other draws, and factors exp(0.6 z), it is from 574 of 648. Most of the misses are other minima of ENSO, whose cycles then start
// nearer to others in the data, and of Eckerle4, whose peak then misses the data.
func TestPerturbedStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set, and 270 fits take seconds")
	}
	var direct, both, total int
	missed := map[string]int{}
	for _, s := range testfuncs.NISTSets() {
		m := nistModel(s)
		for k, from := range s.Starts {
			rng := rand.New(rand.NewPCG(1, uint64(k)))
			for range 5 {
				start := slices.Clone(from)
				for i := range start {
					start[i] *= math.Exp(0.2 * rng.NormFloat64())
				}
				found := func(set *fit.Settings) bool {
					r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), set)
					if err != nil {
						return false
					}
					// RSS knows no labels; the residuals of Lanczos1 are rounding.
					return math.Abs(r.RSS-s.RSS) <= 1e-8*s.RSS || s.Name == "Lanczos1" && r.RSS < 2*s.RSS
				}
				total++
				if found(&fit.Settings{AdamSteps: -1}) {
					direct++
				}
				if found(nil) {
					both++
				} else {
					missed[s.Name]++
				}
			}
		}
	}
	t.Logf("of %d starts, Levenberg-Marquardt alone finds %d, with the second run after Adam %d; misses %v", total, direct, both, missed)
	if direct < 230 || both < 246 || both < direct+10 {
		t.Errorf("found %d and %d of %d, want at least 230, and 246 and 10 more", direct, both, total)
	}
}

// TestValleys: the narrow valleys of Bennett5 and MGH10 are followed in few steps, by geodesic acceleration; without it they
// take 1139, 351, 293 and 118 evaluations.
func TestValleys(t *testing.T) {
	for name, limit := range map[string][2]int{"Bennett5": {100, 80}, "MGH10": {250, 80}} {
		s := nistSet(t, name)
		m := nistModel(s)
		for k, start := range s.Starts {
			r := mustFit(t, m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), &fit.Settings{AdamSteps: -1})
			t.Logf("%s start %d: %d evaluations", name, k+1, r.Evaluations)
			if r.Evaluations > limit[k] || lre([]float64{r.RSS}, []float64{s.RSS}) < wantDigits {
				t.Errorf("%s start %d: %d evaluations, want at most %d; RSS %v", name, k+1, r.Evaluations, limit[k], r.RSS)
			}
		}
	}
}

// BenchmarkMisra1a is a whole fit from NIST's start 1, with both runs and without Adam's.
func BenchmarkMisra1a(b *testing.B) {
	s := nistSet(b, "Misra1a")
	m := nistModel(s)
	for _, c := range []struct {
		name string
		set  *fit.Settings
	}{{"default", nil}, {"direct", &fit.Settings{AdamSteps: -1}}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fit.Curve(b.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, s.Starts[0]), c.set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNIST is the 27 problems from both starts, 54 fits, in one operation.
func BenchmarkNIST(b *testing.B) {
	sets := testfuncs.NISTSets()
	for _, c := range []struct {
		name string
		set  *fit.Settings
	}{{"default", nil}, {"direct", &fit.Settings{AdamSteps: -1}}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var evaluations int
			for b.Loop() {
				evaluations = 0
				for _, s := range sets {
					m := nistModel(s)
					for _, start := range s.Starts {
						r, err := fit.Curve(b.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), c.set)
						if err != nil {
							b.Fatal(err)
						}
						evaluations += r.Evaluations
					}
				}
			}
			b.ReportMetric(float64(evaluations), "evaluations/op")
		})
	}
}

// nistSet is one of NIST's data sets.
func nistSet(t testing.TB, name string) testfuncs.NISTSet {
	for _, s := range testfuncs.NISTSets() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("NIST has no set %s", name)
	return testfuncs.NISTSet{}
}

// nistModel is the curve of a set with parameters b1 ... bn.
func nistModel(s testfuncs.NISTSet) fit.Model {
	return fit.Model{Parameters: parameterNames(len(s.Certified)), Func: s.Curve}
}

// starts are parameters with these names and starts.
func starts(names []string, start []float64) []fit.Parameter {
	p := make([]fit.Parameter, len(start))
	for i, v := range start {
		p[i] = fit.Parameter{Name: names[i], Start: v}
	}
	return p
}

// parameterNames are b1 ... bn.
func parameterNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("b", i+1)
	}
	return names
}

// lre is the log relative error, the number of correct digits, of the worst component. The certified values have 11
// digits: more than 11 mean nothing.
func lre(got, want []float64) float64 {
	worst := 11.0
	for i := range want {
		d := -math.Log10(math.Abs(got[i]-want[i]) / math.Abs(want[i]))
		if math.IsNaN(d) {
			return math.Inf(-1)
		}
		worst = min(worst, d)
	}
	return worst
}

// relabel brings equal fits under other labels to the certified one: exponentials, peaks and cycles in another order,
// signs that cancel. It returns for each certified parameter the index of the fitted one and its sign.
func relabel(name string, b []float64) (index []int, sign []float64) {
	index, sign = make([]int, len(b)), make([]float64, len(b))
	for i := range b {
		index[i], sign[i] = i, 1
	}
	swap := func(i, j int) { index[i], index[j] = index[j], index[i] }
	switch {
	case strings.HasPrefix(name, "Lanczos"): // rates increase
		for range 2 {
			for k := 0; k < 4; k += 2 {
				if b[index[k+1]] > b[index[k+3]] {
					swap(k, k+2)
					swap(k+1, k+3)
				}
			}
		}
	case name == "MGH17": // the slower exponential first
		if b[3] > b[4] {
			swap(1, 2)
			swap(3, 4)
		}
	case strings.HasPrefix(name, "Gauss"): // the peaks from left to right, widths positive
		if b[3] > b[6] {
			for k := 2; k < 5; k++ {
				swap(k, k+3)
			}
		}
		for _, k := range []int{4, 7} {
			if b[index[k]] < 0 {
				sign[k] = -1
			}
		}
	case name == "ENSO": // the longer period first; a negative period turns the sign of its sine
		if math.Abs(b[3]) < math.Abs(b[6]) {
			for k := 3; k < 6; k++ {
				swap(k, k+3)
			}
		}
		for _, k := range []int{3, 6} {
			if b[index[k]] < 0 {
				sign[k], sign[k+2] = -1, -1
			}
		}
	case name == "Eckerle4":
		if b[1] < 0 {
			sign[0], sign[1] = -1, -1
		}
	}
	return index, sign
}
