package infer_test

import (
	"context"
	"testing"

	"github.com/stochopt/stochopt/infer"
)

// A step of Estimate does not allocate: ten times the draws cost epochs and measurements, but no allocation each.
func TestEstimateAllocations(t *testing.T) {
	p := linear()
	for _, scaling := range []bool{false, true} {
		count := func(budget int) float64 {
			return testing.AllocsPerRun(1, func() {
				r, err := infer.Estimate(context.Background(), p.with(1), p.start,
					&infer.Options{MaxSamples: budget, RandomScaling: scaling})
				if err != nil || r.Status != infer.Estimated {
					t.Fatal(err, r.Diagnosis)
				}
			})
		}
		// A Sample that H is measured with, in 60 draws, is a few allocations, and again in each epoch.
		if few, many := count(8000), count(80_000); many-few > 30_000 || scaling && many-few > 300 {
			t.Errorf("RandomScaling %v: %v allocations for 80 000 draws, %v for 8000", scaling, many, few)
		}
	}
}

func BenchmarkEstimate(b *testing.B) {
	const budget = 20_000
	p := linear()
	for name, o := range map[string]infer.Options{"hessian": {}, "scaling": {RandomScaling: true}} {
		b.Run(name, func(b *testing.B) {
			o.MaxSamples = budget
			for b.Loop() {
				if _, err := infer.Estimate(context.Background(), p.with(1), p.start, &o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/budget, "ns/draw")
		})
	}
}

func BenchmarkRandomScalingAdd(b *testing.B) {
	for name, full := range map[string]bool{"diagonal": false, "full": true} {
		b.Run(name, func(b *testing.B) {
			r := infer.RandomScaling{Full: full}
			x := make([]float64, 10)
			for b.Loop() {
				r.Add(x)
			}
		})
	}
}
