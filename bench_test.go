package stochopt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// halfSquare is |x|²/2 and its gradient.
func halfSquare(grad, x []float64) float64 {
	f := 0.0
	for i, v := range x {
		f += v * v
		grad[i] = v
	}
	return f / 2
}

// BenchmarkDrivers measures one iteration of Adam on a trivial objective: in a plain loop, in Minimize without and with
// its default stop, and in optimize.Minimize. The metric loops is the time in units of the plain loop's, which each
// driver measures next to its own.
func BenchmarkDrivers(b *testing.B) {
	start := func(dim int) []float64 {
		x := make([]float64, dim)
		for i := range x {
			x[i] = 1 + float64(i%7)
		}
		return x
	}
	p := stochopt.Problem{FuncGrad: halfSquare}
	adam := func() *stochopt.Adam { return &stochopt.Adam{StepSize: 1e-9} } // x stays where it is
	loop := func(x []float64, n int) time.Duration {
		a, g := adam(), make([]float64, len(x))
		a.Reset(len(x))
		begin := time.Now()
		for range n {
			halfSquare(g, x)
			a.Step(x, g)
		}
		return time.Since(begin)
	}
	drivers := []struct {
		name string
		run  func(x []float64, n int) (*optimize.Result, error)
	}{
		{"Minimize", func(x []float64, n int) (*optimize.Result, error) {
			s := &optimize.Settings{MajorIterations: n, Converger: never()}
			return stochopt.Minimize(context.Background(), p, x, s, adam())
		}},
		{"Minimize with its stop", func(x []float64, n int) (*optimize.Result, error) {
			return stochopt.Minimize(context.Background(), p, x, &optimize.Settings{MajorIterations: n, Converger: &stopping.Stationary{Level: 1e-9}}, adam())
		}},
		{"optimize.Minimize", func(x []float64, n int) (*optimize.Result, error) {
			s := &optimize.Settings{MajorIterations: n, Converger: never()}
			return optimize.Minimize(p.Optimize(), x, s, adam())
		}},
	}
	for _, dim := range []int{3, 10, 1000, 100000} {
		b.Run(fmt.Sprintf("loop/%d", dim), func(b *testing.B) {
			x := start(dim)
			b.ReportAllocs()
			b.ResetTimer()
			loop(x, b.N)
		})
		for _, d := range drivers {
			b.Run(fmt.Sprintf("%s/%d", d.name, dim), func(b *testing.B) {
				x := start(dim)
				b.ReportAllocs()
				b.ResetTimer()
				r, err := d.run(x, b.N)
				if err != nil || r.MajorIterations != b.N {
					b.Fatal(outcome(r, err))
				}
				b.StopTimer()
				b.ReportMetric(b.Elapsed().Seconds()/loop(x, b.N).Seconds(), "loops")
			})
		}
	}
}
