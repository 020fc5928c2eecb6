package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkLoops measures each kernel. The metric gain is the time of its portable loop in units of its own, the median over
// short rounds in turn.
func BenchmarkLoops(b *testing.B) {
	for _, l := range loops {
		for _, n := range []int{3, 10, 1000, 1000000} {
			b.Run(fmt.Sprintf("%s/%d", l.name, n), func(b *testing.B) {
				v := make([][]float64, l.vectors)
				for j := range v {
					v[j] = make([]float64, n)
					fill(rand.New(rand.NewPCG(1, uint64(j))), v[j], 0)
					for i := range v[j] {
						v[j][i] = math.Abs(v[j][i])
					}
				}
				was := avx2
				defer func() { avx2 = was }()
				per := max(1, 20000/n)
				var gain []float64
				b.ResetTimer()
				for k := 0; k < b.N; k += per {
					time1 := round(per, func() { l.run(v, l.scalars[0]) })
					b.StopTimer()
					avx2 = false
					time2 := round(per, func() { l.run(v, l.scalars[0]) })
					avx2 = was
					gain = append(gain, float64(time2)/float64(time1))
					b.StartTimer()
				}
				slices.Sort(gain)
				b.ReportMetric(gain[len(gain)/2], "gain")
			})
		}
	}
}

func round(n int, f func()) time.Duration {
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start)
}
