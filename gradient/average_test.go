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

// shift is F = |x-ξ|²/2 with ξ standard normal.
func shift(grad, x []float64, s stochopt.Sample) (f float64, err error) {
	r := s.Rand()
	for i, v := range x {
		d := v - r.NormFloat64()
		f += d * d / 2
		if grad != nil {
			grad[i] = d
		}
	}
	return f, nil
}

func TestAverage(t *testing.T) {
	x := []float64{1, -2, 3}
	s := stochopt.Sample{Seed: 1, Step: 2, Probe: 3, Replicate: 4}
	const n = 7
	var wantF float64
	want := make([]float64, 3)
	for j := range n {
		r := s
		r.Replicate = s.Replicate*n + j
		f, g := evaluate(t, shift, x, r)
		wantF += f
		for i := range want {
			want[i] += g[i]
		}
	}
	wantF /= n
	for i := range want {
		want[i] /= n
	}
	for _, concurrent := range []int{0, 1, 2, 8} {
		o := gradient.Average(shift, n, concurrent)
		if f, g := evaluate(t, o, x, s); f != wantF || !slices.Equal(g, want) {
			t.Errorf("concurrent %d: %v %v, want %v %v", concurrent, f, g, wantF, want)
		}
		if f, err := o(nil, x, s); f != wantF || err != nil {
			t.Errorf("concurrent %d: value alone %v %v", concurrent, f, err)
		}
	}
	// An average of averages is the average of all, and averages of different Replicates share no draw.
	sum := 0.0
	for r := range 3 {
		f, _ := evaluate(t, gradient.Average(shift, 4, 1), x, stochopt.Sample{Replicate: r})
		sum += f / 3
	}
	all, _ := evaluate(t, gradient.Average(shift, 12, 1), x, stochopt.Sample{})
	if math.Abs(all/sum-1) > 1e-14 {
		t.Errorf("mean of 3 averages of 4: %v, of 12: %v", sum, all)
	}
	o := gradient.Average(shift, 5, 1)
	_, v, _, se := moments(20_000, func(k int) float64 {
		_, g := evaluate(t, o, x[:1], stochopt.Sample{Step: k})
		return g[0]
	})
	near(t, "variance of a mean of 5", v, 1./5, se)
	far(t, "variance of a mean of 5", v, 1./4, se)
}

func TestAverageFailures(t *testing.T) {
	for _, concurrent := range []int{1, 3, 8} {
		o := gradient.Average(func(_, _ []float64, s stochopt.Sample) (float64, error) {
			if s.Replicate%10 >= 4 {
				return 0, fmt.Errorf("failed at %d", s.Replicate)
			}
			return 0, nil
		}, 10, concurrent)
		p := gradient.Average(func(_, _ []float64, s stochopt.Sample) (float64, error) {
			if s.Replicate%10 >= 4 {
				panic(fmt.Sprintf("boom at %d", s.Replicate))
			}
			return 0, nil
		}, 10, concurrent)
		for range 20 {
			if _, err := o(nil, nil, stochopt.Sample{Replicate: 2}); err == nil || err.Error() != "failed at 24" {
				t.Errorf("concurrent %d: error %v, want that of draw 24", concurrent, err)
			}
			wantPanic(t, "boom at 24", func() { p(nil, nil, stochopt.Sample{Replicate: 2}) })
		}
	}
	// Through differences as well.
	bad := errors.New("bad")
	o := gradient.Differences{Concurrent: 3}.Oracle(gradient.Average(func(_, x []float64, _ stochopt.Sample) (float64, error) {
		if x[1] != 0 {
			return 0, bad
		}
		return 0, nil
	}, 4, 2))
	if _, err := o(make([]float64, 3), make([]float64, 3), stochopt.Sample{}); err != bad {
		t.Errorf("through differences: %v", err)
	}
	wantPanic(t, "gradient: Average of a nil Oracle", func() { gradient.Average(nil, 1, 1) })
	wantPanic(t, "gradient: Average of n = 0", func() { gradient.Average(shift, 0, 1) })
	wantPanic(t, "gradient: Average with concurrent = -1", func() { gradient.Average(shift, 1, -1) })
}

func TestAverageAllocations(t *testing.T) {
	x, grad := []float64{1, 2}, make([]float64, 2)
	o := gradient.Average(line(100).Sampled(5), 8, 1)
	k := 0
	if got := testing.AllocsPerRun(1000, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleAverage() {
	grad := make([]float64, 1)
	o := gradient.Average(shift, 10_000, 2)
	f, err := o(grad, []float64{3}, stochopt.Sample{Seed: 1})
	fmt.Printf("%.1f %.1f %v\n", f, grad[0], err) // E f = (3²+1)/2
	// Output: 5.0 3.0 <nil>
}

func BenchmarkAverage(b *testing.B) {
	x, grad := make([]float64, 100), make([]float64, 100)
	for _, c := range []int{1, 2} {
		b.Run(fmt.Sprintf("concurrent=%d", c), func(b *testing.B) {
			o := gradient.Average(shift, 16, c)
			b.ReportAllocs()
			for b.Loop() {
				o(grad, x, stochopt.Sample{})
			}
		})
	}
}
