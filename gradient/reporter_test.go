package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// TestScatter: the standard error is that of the mean, for any number of concurrent draws; the mean is that of Average.
func TestScatter(t *testing.T) {
	const n = 12
	x := []float64{1, -2, 3}
	var errs, means []float64
	for k := range 4000 {
		s := stochopt.Sample{Seed: 3, Step: k}
		f, se, err := gradient.Scatter(shift, n, 0)(nil, x, s)
		if err != nil {
			t.Fatal(err)
		}
		means, errs = append(means, f), append(errs, se*se)
	}
	// F = Σ (x-ξ)²/2 has the variance Σ (x² + 1/2) per draw.
	want := (1 + 4 + 9 + 1.5) / n
	m, v, _, seV := moments(len(means), func(k int) float64 { return means[k] })
	near(t, "variance of the mean", v, want, seV)
	mv, _, seM, _ := moments(len(errs), func(k int) float64 { return errs[k] })
	near(t, "mean of the squared standard errors", mv, want, seM)
	far(t, "mean of the squared standard errors, divisor n", mv, want*(n-1)/n, seM)
	near(t, "mean", m, (1+4+9+3)/2., math.Sqrt(want/4000))

	s := stochopt.Sample{Seed: 1, Replicate: 2}
	wantF, wantG := evaluate(t, gradient.Average(shift, n, 1), x, s)
	var first float64
	for _, concurrent := range []int{1, 5} {
		g := make([]float64, 3)
		f, se, err := gradient.Scatter(shift, n, concurrent)(g, x, s)
		if first == 0 {
			first = se
		}
		if f != wantF || !slices.Equal(g, wantG) || err != nil || se != first {
			t.Errorf("%v ± %v %v %v, want %v %v", f, se, g, err, wantF, wantG)
		}
		if f, g := evaluate(t, gradient.Scatter(shift, n, concurrent).Oracle(), x, s); f != wantF || !slices.Equal(g, wantG) {
			t.Errorf("as an Oracle %v %v", f, g)
		}
	}
}

// TestReporterAverage: averages carry the standard errors that their draws report, whatever their scatter.
func TestReporterAverage(t *testing.T) {
	r := gradient.Reporter(func(grad, x []float64, s stochopt.Sample) (float64, float64, error) {
		f, err := shift(grad, x, s)
		return f, float64(1 + s.Replicate%4), err
	})
	for _, concurrent := range []int{1, 3} {
		f, se, err := r.Average(4, concurrent)(nil, []float64{1}, stochopt.Sample{Seed: 5})
		want, _ := gradient.Average(shift, 4, 1)(nil, []float64{1}, stochopt.Sample{Seed: 5})
		if f != want || math.Abs(se-math.Sqrt(30)/4) > 1e-15 || err != nil {
			t.Errorf("%v ± %v %v, want %v ± %v", f, se, err, want, math.Sqrt(30)/4)
		}
	}
	bad := errors.New("bad")
	broken := gradient.Reporter(func(_, _ []float64, s stochopt.Sample) (float64, float64, error) {
		if s.Replicate == 2 {
			return 0, 0, bad
		}
		return 1, 1, nil
	})
	if _, se, err := broken.Average(4, 2)(nil, []float64{1}, stochopt.Sample{}); err != bad || !math.IsNaN(se) {
		t.Errorf("± %v %v", se, err)
	}
	wantPanic(t, "Scatter of n = 1", func() { gradient.Scatter(shift, 1, 1) })
	wantPanic(t, "Scatter of a nil Oracle", func() { gradient.Scatter(nil, 2, 1) })
	wantPanic(t, "Average of a nil Reporter", func() { gradient.Reporter(nil).Average(2, 1) })
	wantPanic(t, "-1 concurrent", func() { r.Average(2, -1) })
	wantPanic(t, "Average of n = 0", func() { r.Average(0, 1) })
}

func TestReporterAllocations(t *testing.T) {
	x, g := []float64{1, 2}, make([]float64, 2)
	o := gradient.Scatter(line(100).Sampled(5), 8, 1)
	k := 0
	if got := testing.AllocsPerRun(1000, func() { o(g, x, stochopt.Sample{Step: k}); k++ }); got >= 1 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleScatter() {
	f, se, err := gradient.Scatter(shift, 10_000, 2)(nil, []float64{3}, stochopt.Sample{Seed: 1})
	fmt.Printf("%.2f ± %.2f %v\n", f, se, err) // E f = (3²+1)/2
	// Output: 4.97 ± 0.03 <nil>
}

// TestSkipNonFinite: one draw in four is not finite, in the value or in one component.
func TestSkipNonFinite(t *testing.T) {
	calls := 0
	flaky := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		calls++
		f, err := shift(grad, x, s)
		switch s.Rand().IntN(8) {
		case 0:
			f = math.NaN()
		case 1:
			grad[1] = math.Inf(-1)
		}
		return f, err
	}
	x := []float64{1, 2}
	o := gradient.SkipNonFinite(flaky, 3)
	bad, wrong := 0, 0
	const n = 20_000
	seen := map[float64]bool{}
	for k := range n {
		s := stochopt.Sample{Step: k}
		f, g := evaluate(t, o, x, s)
		if again, h := evaluate(t, o, x, s); !(again == f || f != f) || !slices.EqualFunc(h, g, func(a, b float64) bool { return a == b || a != a }) {
			wrong++
		}
		if again, err := o(nil, x, s); !(again == f || f != f) || err != nil {
			t.Fatalf("draw %d: the value alone is %v, with the gradient %v", k, again, f)
		}
		if f-f != 0 || g[1]-g[1] != 0 {
			bad++
			continue
		}
		if seen[f] {
			t.Fatalf("draw %d repeats another", k)
		}
		seen[f] = true
	}
	if wrong > 0 {
		t.Errorf("%d draws do not repeat", wrong)
	}
	p := math.Pow(1./4, 4) // all four draws are bad
	near(t, "share of bad draws", float64(bad)/n, p, math.Sqrt(p*(1-p)/n))
	if mean, want := float64(calls)/(3*n), 1+1./4+1./16+1./64; math.Abs(mean-want) > 0.02 {
		t.Errorf("%v calls a draw, want %v", mean, want)
	}

	always := gradient.SkipNonFinite(func(_, _ []float64, _ stochopt.Sample) (float64, error) { calls++; return math.Inf(1), nil }, 5)
	calls = 0
	if f, err := always(nil, x, stochopt.Sample{}); !math.IsInf(f, 1) || err != nil || calls != 6 {
		t.Errorf("%v %v after %d calls", f, err, calls)
	}
	failed := errors.New("failed")
	errs := gradient.SkipNonFinite(func(_, _ []float64, _ stochopt.Sample) (float64, error) { calls++; return math.NaN(), failed }, 5)
	calls = 0
	if _, err := errs(nil, x, stochopt.Sample{}); err != failed || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	wantPanic(t, "SkipNonFinite of a nil Oracle", func() { gradient.SkipNonFinite(nil, 1) })
	wantPanic(t, "n = 0 draws more", func() { gradient.SkipNonFinite(shift, 0) })
}

func ExampleSkipNonFinite() {
	o := gradient.SkipNonFinite(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if s.Probe == 0 { // the first draw always fails
			return math.NaN(), nil
		}
		return shift(grad, x, s)
	}, 10)
	f, err := gradient.Average(o, 10_000, 1)(nil, []float64{3}, stochopt.Sample{Seed: 1})
	fmt.Printf("%.1f %v\n", f, err)
	// Output: 5.0 <nil>
}
