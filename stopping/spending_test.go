package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/stopping"
)

// fractions returns k/n, k = 1, ..., n.
func fractions(n int) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i+1) / float64(n)
	}
	return t
}

// TestBoundaries compares with the tables of the group-sequential literature, three decimals.
func TestBoundaries(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 6e-4) {
			t.Errorf("%s: %.5f, want %v", what, got, want)
		}
	}
	for n, want := range map[int][3]float64{2: {2.178, 1.977, .0831}, 3: {2.289, 2.004, .1073}, 5: {2.413, 2.040, .1417}, 10: {2.555, 2.087, .1934}, 20: {2.672, 2.126, .2479}} {
		near(fmt.Sprint("Pocock ", n), stopping.Pocock(0.05, n), want[0])
		b := stopping.OBrienFleming(0.05, n)
		near(fmt.Sprint("O'Brien-Fleming ", n), b[n-1], want[1])
		if got := b[0] / b[n-1]; math.Abs(got-math.Sqrt(float64(n))) > 1e-12 {
			t.Errorf("O'Brien-Fleming, first over last of %d: %v", n, got)
		}
		naive := make([]float64, n)
		for i := range naive {
			naive[i] = 1.959964
		}
		near(fmt.Sprint("naive ", n), stopping.Crossing(fractions(n), naive), want[2])
		if got := stopping.Crossing(fractions(n), b); math.Abs(got-0.05) > 1e-10 {
			t.Errorf("the boundaries for %d looks are crossed with probability %v", n, got)
		}
	}
	for name, c := range map[string]struct {
		spent func(float64) func(float64) float64
		want  []float64
	}{
		"Pocock":                   {stopping.SpendPocock, []float64{2.438, 2.427, 2.410, 2.397, 2.386}},
		"O'Brien-Fleming":          {stopping.SpendOBrienFleming, []float64{4.383, 3.100, 2.553, 2.254, 2.064}},
		"O'Brien-Fleming by sides": {stopping.SpendOBrienFlemingSides, []float64{4.877, 3.357, 2.680, 2.290, 2.031}},
	} {
		got := stopping.Spending(fractions(5), c.spent(0.05))
		for i := range got {
			near(fmt.Sprint(name, " ", i), got[i], c.want[i])
		}
		if p := stopping.Crossing(fractions(5), got); math.Abs(p-0.05) > 1e-9 {
			t.Errorf("%s: the boundaries are crossed with probability %v", name, p)
		}
	}
	if got, want := stopping.Pocock(0.05, 1), 1.959963984540054; math.Abs(got-want) > 1e-9 {
		t.Errorf("one look: %v, want %v", got, want)
	}
	// Nothing spent at a look, and then all of it.
	got := stopping.Spending([]float64{0.5, 1}, func(t float64) float64 { return 0.05 * math.Floor(t) })
	if !math.IsInf(got[0], 1) || math.Abs(got[1]-1.959963984540054) > 1e-9 {
		t.Errorf("all at the end: %v", got)
	}
}

// TestPeeking simulates five looks at sums of 20 values: naively, 14.2 % of the runs are rejected.
func TestPeeking(t *testing.T) {
	runs := stopping.Runs(4000)
	pocock, obf := stopping.Pocock(0.05, 5), stopping.OBrienFleming(0.05, 5)
	spending := stopping.Spending(fractions(5), stopping.SpendPocock(0.05))
	var count [4]int
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 21))
		var sum float64
		var crossed [4]bool
		for k := range 5 {
			for range 20 {
				sum += r.NormFloat64()
			}
			z := math.Abs(sum) / math.Sqrt(float64(20*(k+1)))
			for i, c := range [4]float64{1.96, pocock, obf[k], spending[k]} {
				crossed[i] = crossed[i] || z > c
			}
		}
		for i, c := range crossed {
			if c {
				count[i]++
			}
		}
	}
	stopping.Near(t, "naive", count[0], runs, 0.1417)
	stopping.Near(t, "Pocock", count[1], runs, 0.05)
	stopping.Near(t, "O'Brien-Fleming", count[2], runs, 0.05)
	stopping.Near(t, "spending", count[3], runs, 0.05)
}

func TestSpendingPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"level":      func() { stopping.Pocock(0, 5) },
		"looks":      func() { stopping.OBrienFleming(0.05, 0) },
		"order":      func() { stopping.Spending([]float64{0.5, 0.4}, stopping.SpendPocock(0.05)) },
		"past 1":     func() { stopping.Crossing([]float64{1.1}, []float64{2}) },
		"decreasing": func() { stopping.Spending([]float64{0.5, 1}, func(t float64) float64 { return 0.1 - 0.05*t }) },
		"lengths":    func() { stopping.Crossing([]float64{1}, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func ExamplePocock() {
	fmt.Printf("%.3f\n", stopping.Pocock(0.05, 5))
	// Output: 2.413
}

func ExampleOBrienFleming() {
	fmt.Printf("%.3f\n", stopping.OBrienFleming(0.05, 5))
	// Output: [4.562 3.226 2.634 2.281 2.040]
}

// Looks after 200, 500 and 1000 of 1000 values, by two of the spending functions.
func ExampleSpending() {
	t := []float64{0.2, 0.5, 1}
	fmt.Printf("%.3f\n", stopping.Spending(t, stopping.SpendPocock(0.05)))
	fmt.Printf("%.3f\n", stopping.Spending(t, stopping.SpendOBrienFleming(0.05)))
	// Output:
	// [2.438 2.333 2.225]
	// [4.383 2.772 1.979]
}

// What five looks at 1.96 cost.
func ExampleCrossing() {
	fmt.Printf("%.3f\n", stopping.Crossing([]float64{0.2, 0.4, 0.6, 0.8, 1}, []float64{1.96, 1.96, 1.96, 1.96, 1.96}))
	// Output: 0.142
}
