package infer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/infer"
)

// shifted has f(x, s) = x + N, with the noise N common to all points, and noise of its own of standard deviation sd.
func shifted(sd float64, skew bool) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		common := 100 * s.Rand().NormFloat64()
		s.Probe = int(math.Float64bits(x[0]) >> 12)
		r := s.Rand()
		own := r.NormFloat64()
		if skew {
			own = r.ExpFloat64() - 1
		}
		return x[0] + common + sd*own, nil
	}
}

// Under a difference of 0 the comparison decides in at most 5 % of runs however often it looks; the companion looks as
// often at the usual interval of Student.
func TestCompareLevel(t *testing.T) {
	const runs, budget = 400, 3000
	for _, skew := range []bool{false, true} {
		wrong, naive, missed := 0, 0, 0
		for k := range runs {
			f := shifted(1, skew)
			p := stochopt.Problem{Oracle: f, Seed: uint64(k)}
			c, err := infer.Compare(context.Background(), p, []float64{0}, []float64{0x1p-900}, &infer.CompareOptions{MaxSamples: budget})
			if err != nil {
				t.Fatal(err)
			}
			if c.Decision != 0 {
				wrong++
			}
			if c.Low > 0 || c.High < 0 {
				missed++
			}
			var sum, square float64
			for i := range budget / 2 {
				s := stochopt.Sample{Seed: uint64(k), Step: i}
				a, _ := f(nil, []float64{0}, s)
				b, _ := f(nil, []float64{0x1p-900}, s)
				sum += a - b
				square += (a - b) * (a - b)
				if n := float64(i + 1); i%8 == 7 && i > 30 && math.Abs(sum) > 1.96*math.Sqrt(square-sum*sum/n) {
					naive++
					break
				}
			}
		}
		se := math.Sqrt(0.05 * 0.95 / runs)
		if got := float64(wrong) / runs; got > 0.05+5*se || missed != wrong {
			t.Errorf("skew %v: %.3f wrong, %d missed", skew, got, missed)
		} else {
			t.Logf("skew %v: %.3f wrong, %.3f by the usual interval", skew, got, float64(naive)/runs)
		}
		if got := float64(naive) / runs; got < 0.05+5*se {
			t.Errorf("skew %v: looking at the usual interval is wrong in %.3f only; the test cannot fail", skew, got)
		}
	}
}

func TestCompareDecides(t *testing.T) {
	p := stochopt.Problem{Oracle: shifted(1, false), Seed: 1}
	a, b := []float64{0}, []float64{0.3}
	c, err := infer.Compare(context.Background(), p, a, b, nil)
	if err != nil || c.Decision != -1 || !(c.Low < -0.3 && -0.3 < c.High) || c.Pairs > 2000 || c.Draws != 2*c.Pairs {
		t.Errorf("%+v, %v", c, err)
	}
	d, _ := infer.Compare(context.Background(), p, b, a, nil)
	if d.Decision != 1 || d.Low != -c.High || d.High != -c.Low || d.Difference != -c.Difference {
		t.Errorf("%+v is not the opposite of %+v", d, c)
	}
	// Samples averaged: the same budget, fewer pairs.
	p.Samples = 4
	if c, err = infer.Compare(context.Background(), p, a, []float64{0.01}, &infer.CompareOptions{MaxSamples: 1000}); err != nil ||
		c.Decision != 0 || c.Pairs != 120 || c.Draws != 960 {
		t.Errorf("%+v, %v", c, err)
	}
	p.Samples = 0
	// Indifference.
	c, err = infer.Compare(context.Background(), p, a, a, &infer.CompareOptions{Indifference: 0.1})
	if err != nil || c.Decision != 0 || c.Low < -0.1 || c.High > 0.1 || c.Pairs > 5000 {
		t.Errorf("%+v, %v", c, err)
	}
	// Without noise in the difference a few pairs are enough.
	c, err = infer.Compare(context.Background(), stochopt.Problem{Oracle: shifted(0, false)}, a, b, nil)
	if err != nil || c.Decision != -1 || c.Pairs > 100 {
		t.Errorf("%+v, %v", c, err)
	}
	// Companion: without common random numbers the noise of 100 hides the difference.
	p.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		s.Probe = int(x[0] * 10)
		return x[0] + 100*s.Rand().NormFloat64(), nil
	}
	if c, err = infer.Compare(context.Background(), p, a, b, &infer.CompareOptions{MaxSamples: 4000}); err != nil || c.Decision != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCompareFaults(t *testing.T) {
	bad := errors.New("bad")
	calls := 0
	p := stochopt.Problem{Oracle: func(_, x []float64, s stochopt.Sample) (float64, error) {
		if calls++; calls == 50 {
			return 0, bad
		}
		return s.Rand().NormFloat64(), nil
	}}
	x := []float64{1}
	if c, err := infer.Compare(context.Background(), p, x, x, nil); !errors.Is(err, bad) || c.Draws != 50 || c.Pairs != 24 {
		t.Errorf("%+v, %v", c, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := infer.Compare(ctx, p, x, x, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for text, f := range map[string]func(){
		"len(x1) = 1, len(x2) = 0":                         func() { infer.Compare(ctx, p, x, nil, nil) },
		"CompareOptions.Level = 2":                         func() { infer.Compare(ctx, p, x, x, &infer.CompareOptions{Level: 2}) },
		"CompareOptions.MaxSamples = 31, want at least 32": func() { infer.Compare(ctx, p, x, x, &infer.CompareOptions{MaxSamples: 31}) },
		"CompareOptions.Indifference = -1":                 func() { infer.Compare(ctx, p, x, x, &infer.CompareOptions{Indifference: -1}) },
		"Problem.PerPoint":                                 func() { infer.Compare(ctx, stochopt.Problem{Oracle: p.Oracle, PerPoint: true}, x, x, nil) },
		"Problem has no objective":                         func() { infer.Compare(ctx, stochopt.Problem{}, x, x, nil) },
	} {
		wantPanic(t, text, f)
	}
}

func ExampleCompare() {
	// The time that a customer of a queue spends in the system, and the cost of two rates of service.
	p := stochopt.Problem{Seed: 1, Oracle: func(_, x []float64, s stochopt.Sample) (float64, error) {
		return s.Rand().ExpFloat64()/(x[0]-1) + x[0]/4, nil
	}}
	c, err := infer.Compare(context.Background(), p, []float64{3}, []float64{4}, nil)
	fmt.Printf("%d: %.3f in [%.3f, %.3f] after %d pairs %v\n", c.Decision, c.Difference, c.Low, c.High, c.Pairs, err)
	// Output: -1: -0.107 in [-0.209, -0.004] after 72 pairs <nil>
}
