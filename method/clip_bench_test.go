package method_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// BenchmarkClip measures a step of Adam behind Clip by norm, of gradients that it does not cut and that it does. The metric steps is
// the time in units of a step of Adam alone, the median over rounds in turn.
func BenchmarkClip(b *testing.B) {
	for _, n := range []int{1e3, 1e5, 1e7} {
		for name, norm := range map[string]float64{"whole": 1e9, "cut": 1e-3} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				x, grad := make([]float64, n), make([]float64, n)
				for i := range grad {
					grad[i] = math.Sin(float64(i))
				}
				adam, clip := &stochopt.Adam{StepSize: 1e-9}, &method.Clip{Rule: &stochopt.Adam{StepSize: 1e-9}, Norm: norm}
				adam.Reset(n)
				clip.Reset(n)
				per := max(1, int(1e5)/n)
				time := func(r stochopt.Rule) float64 {
					start := time.Now()
					for range per {
						r.Step(x, grad)
					}
					return time.Since(start).Seconds()
				}
				time(adam)
				time(clip)
				var ratio []float64
				b.ResetTimer()
				for k := 0; k < b.N; k += per {
					b.StopTimer()
					alone := time(adam)
					b.StartTimer()
					ratio = append(ratio, time(clip)/alone)
				}
				slices.Sort(ratio)
				b.ReportMetric(ratio[len(ratio)/2], "steps")
			})
		}
	}
}
