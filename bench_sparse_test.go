package stochopt_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// scattered is Σ (x-1)²/2 over n of dim variables, one in each of as many equal parts.
func scattered(dim, n int) *stochopt.Sparse {
	return &stochopt.Sparse{
		Support: func(dst []int, s stochopt.Sample) ([]int, error) {
			pcg := s.PCG()
			part := dim / n
			for k := range n {
				dst = append(dst, k*part+int(pcg.Uint64()%uint64(part)))
			}
			return dst, nil
		},
		Draw: func(grad []float64, index []int, x []float64, _ stochopt.Sample) (f float64, _ error) {
			for k, j := range index {
				d := x[j] - 1
				f += d * d / 2
				if grad != nil {
					grad[k] = d
				}
			}
			return f, nil
		},
	}
}

// BenchmarkSparse measures a step of Minimize on draws that depend on 100 of many variables: whole runs of 1000 steps, with the
// Result. The metric filled is the time of a step with the gradient filled up with zeros, in runs of 20 to 1000 steps, in units of
// it: the median over the first seven runs of each in turn.
func BenchmarkSparse(b *testing.B) {
	const steps = 1000
	for _, m := range []struct {
		name string
		make func() stochopt.Rule
	}{
		{"SGD", func() stochopt.Rule { return &method.SGD{} }},
		{"AdaGrad", func() stochopt.Rule { return &method.AdaGrad{} }},
		{"Adam", func() stochopt.Rule { return &stochopt.Adam{StepSize: 1e-3} }},
	} {
		for _, dim := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", m.name, dim), func(b *testing.B) {
				p, x := stochopt.Problem{Sparse: scattered(dim, 100)}, make([]float64, dim)
				run := func(r stochopt.Rule, steps int) float64 {
					s := &optimize.Settings{MajorIterations: steps, Converger: never()}
					begin := time.Now()
					if _, err := stochopt.Minimize(context.Background(), p, x, s, &stochopt.Sequential{Rule: r}); err != nil {
						b.Fatal(err)
					}
					return time.Since(begin).Seconds() / float64(steps)
				}
				few := min(steps, max(20, 20_000_000/dim))
				var ratios, times []float64
				for b.Loop() {
					times = append(times, run(m.make(), steps))
					if len(ratios) < 7 {
						b.StopTimer()
						ratios = append(ratios, run(filled{m.make()}, few)/times[len(times)-1])
						b.StartTimer()
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(1e9*median(times), "ns/step")
				b.ReportMetric(median(ratios), "filled")
			})
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
