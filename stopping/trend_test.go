package stopping_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestTrendGolden(t *testing.T) {
	file, err := os.Open("testdata/trend.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatal(len(rows), "rows,", err)
	}
	for _, row := range rows {
		var v []float64
		for _, s := range row[1:] {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, f)
		}
		y := v[3:]
		s, fall, rise := stopping.MannKendall(y)
		p := 2 * min(fall, rise)
		if row[0] == "ties" { // scipy does not correct for continuity
			z := distuv.UnitNormal.Quantile(v[1] / 2)
			want := 2 * distuv.UnitNormal.CDF(z*float64(math.Abs(v[0])-1)/math.Abs(v[0]))
			v[1] = want
		}
		if float64(s) != v[0] || math.Abs(p-v[1]) > 1e-12 {
			t.Errorf("%s: S = %d, p = %v, want %v, %v", row[0], s, p, v[0], v[1])
		}
		slope, low, high := stopping.TheilSen(y, 0.05)
		if math.Abs(slope-v[2]) > 1e-12 || low > slope || high < slope {
			t.Errorf("%s: slope %v in [%v, %v], want %v", row[0], slope, low, high, v[2])
		}
	}
}

// line fills y with a line of the given slope and noise of variance 1.
func line(y []float64, slope float64, r *rand.Rand) {
	for i := range y {
		y[i] = slope*float64(i) + r.NormFloat64()
	}
}

// TestTrendTests: the tests and intervals on their own, under independence and without it.
func TestTrendTests(t *testing.T) {
	runs := stopping.Runs(1500)
	ten, twenty, slope := make([]float64, 10), make([]float64, 20), make([]float64, 20)
	rejected, covered, significant := 0, 0, 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 13))
		line(ten, 0, r)
		if _, fall, rise := stopping.MannKendall(ten); 2*min(fall, rise) <= 0.05 {
			rejected++
		}
		line(twenty, 0.1, r)
		if _, low, high := stopping.TheilSen(twenty, 0.05); low <= 0.1 && 0.1 <= high {
			covered++
		}
		line(slope, 0, r)
		if b, se := stopping.Line(slope); math.Abs(b) > 2.1009*se { // 18 degrees of freedom
			significant++
		}
	}
	// |S| >= 23 of 45 is the exact two-sided region at 5 % for n = 10: its probability is 0.0466.
	stopping.Near(t, "Mann-Kendall, n = 10", rejected, runs, 0.0466)
	stopping.AtLeast(t, "Theil-Sen covers", covered, runs, 0.95)
	stopping.AtMost(t, "Theil-Sen covers", covered, runs, 0.97)
	stopping.Near(t, "slope", significant, runs, 0.05)

	one := func(phi float64, n, block int) (kendall, line int) {
		y, means := make([]float64, n*block), make([]float64, n)
		quantile := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}.Quantile(0.05)
		for run := range runs {
			autoregressive(y, phi, rand.New(rand.NewPCG(uint64(run), 14)))
			for i := range means {
				means[i] = stat.Mean(y[i*block:][:block], nil)
			}
			if _, fall, _ := stopping.MannKendall(means); fall <= 0.05 {
				kendall++
			}
			if b, se := stopping.Line(means); b < quantile*se {
				line++
			}
		}
		return kendall, line
	}
	k, l := one(0.6, 50, 1)
	stopping.AtLeast(t, "Mann-Kendall, φ = 0.6, single values", k, runs, 0.18)
	stopping.AtLeast(t, "slope, φ = 0.6, single values", l, runs, 0.19)
	k, _ = one(0.9, 50, 1)
	stopping.AtLeast(t, "Mann-Kendall, φ = 0.9, single values", k, runs, 0.34)
	k, l = one(0.9, 40, 50)
	stopping.AtMost(t, "Mann-Kendall, φ = 0.9, blocks of 50", k, runs, 0.07)
	stopping.AtMost(t, "slope, φ = 0.9, blocks of 50", l, runs, 0.075)
}

// TestTrendLevel: at the boundary the first look stops at its level, and F that stands still is stopped.
func TestTrendLevel(t *testing.T) {
	const size, m = 8, 32
	runs := stopping.Runs(1000)
	f := make([]float64, 2*size*m)
	// The standard error of the slope per value: √(12/n³), n = 256. Tolerances of 3 and 6 of them.
	se := math.Sqrt(12 / math.Pow(size*m, 3))
	for _, squares := range []bool{false, true} {
		name := map[bool]string{false: "Theil-Sen", true: "least squares"}[squares]
		rule := func(slope, tolerance, drop float64) int {
			count := 0
			for run := range runs {
				line(f, slope, rand.New(rand.NewPCG(uint64(run), 15)))
				if stopsOn(&stopping.Trend{Tolerance: tolerance, Drop: drop, Level: 0.1, First: len(f), LeastSquares: squares}, f) {
					count++
				}
			}
			return count
		}
		for _, sign := range []float64{1, -1} {
			count := rule(sign*3*se, 3*se, 0)
			stopping.AtMost(t, fmt.Sprintf("%s, boundary %v", name, sign), count, runs, 0.05)
			stopping.AtLeast(t, fmt.Sprintf("%s, boundary %v", name, sign), count, runs, 0.035)
		}
		stopping.AtLeast(t, name+", flat", rule(0, 6*se, 0), runs, 0.93)
		count := rule(-3*se, 0, 3*se*size*m)
		stopping.AtMost(t, name+", falls by Drop", count, runs, 0.05)
		stopping.AtLeast(t, name+", falls by Drop", count, runs, 0.035)
	}
	// The companion: absence of a significant trend at half the tolerance's power.
	missed := 0
	y := make([]float64, m)
	for run := range runs {
		line(f, -2*se, rand.New(rand.NewPCG(uint64(run), 15)))
		for i := range y {
			y[i] = stat.Mean(f[size*m+i*size:][:size], nil)
		}
		if _, fall, _ := stopping.MannKendall(y); fall > 0.05 {
			missed++
		}
	}
	stopping.AtLeast(t, "a fall of two standard errors is not significant", missed, runs, 0.3)
}

func ExampleMannKendall() {
	losses := []float64{5.1, 4.8, 4.9, 4.4, 4.6, 4.1, 4.3, 4.0}
	s, fall, _ := stopping.MannKendall(losses)
	fmt.Printf("S = %d, p = %.4f\n", s, fall)
	// Output:
	// S = -22, p = 0.0028
}

func ExampleTheilSen() {
	losses := []float64{5.1, 4.8, 4.9, 4.4, 4.6, 4.1, 4.3, 4.0}
	slope, low, high := stopping.TheilSen(losses, 0.05)
	fmt.Printf("%.3f in [%.3f, %.3f]\n", slope, low, high)
	// Output:
	// -0.150 in [-0.233, -0.067]
}

func ExampleLine() {
	slope, se := stopping.Line([]float64{5.1, 4.8, 4.9, 4.4, 4.6, 4.1, 4.3, 4.0})
	fmt.Printf("%.3f ± %.3f\n", slope, se)
	// Output:
	// -0.148 ± 0.025
}

// SGD with a small step: the run ends when F is shown to fall by less than 1/1000 in an iteration.
func ExampleTrend() {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := optimize.Problem{
		Func: func(x []float64) float64 { return (x[0]-3)*(x[0]-3) + rnd.NormFloat64() },
		Grad: func(grad, x []float64) { grad[0] = 2*(x[0]-3) + rnd.NormFloat64() },
	}
	c := &stopping.Trend{Tolerance: 1e-3}
	r, err := optimize.Minimize(p, []float64{20}, &optimize.Settings{Converger: c}, &method.SGD{StepSize: 0.005})
	fmt.Printf("%v after %d iterations, x = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// FunctionConvergence after 2048 iterations, x = 2.9, error <nil>
}
