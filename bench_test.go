package stochopt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stochopt/stochopt"
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
// its default stop, and in optimize.Minimize.
func BenchmarkDrivers(b *testing.B) {
	start := func(dim int) []float64 {
		x := make([]float64, dim)
		for i := range x {
			x[i] = 1 + float64(i%7)
		}
		return x
	}
	p := stochopt.Problem{FuncGrad: halfSquare}
	for _, dim := range []int{3, 10, 1000, 100000} {
		b.Run(fmt.Sprintf("loop/%d", dim), func(b *testing.B) {
			a, x, g := &stochopt.Adam{StepSize: 1e-9}, start(dim), make([]float64, dim)
			a.Reset(dim)
			b.ReportAllocs()
			for b.Loop() {
				halfSquare(g, x)
				a.Step(x, g)
			}
		})
		for name, run := range map[string]func(x []float64, n int) (*optimize.Result, error){
			"Minimize": func(x []float64, n int) (*optimize.Result, error) {
				s := &optimize.Settings{MajorIterations: n, Converger: never()}
				return stochopt.Minimize(context.Background(), p, x, s, &stochopt.Adam{StepSize: 1e-9})
			},
			"Minimize with its stop": func(x []float64, n int) (*optimize.Result, error) {
				return stochopt.Minimize(context.Background(), p, x, &optimize.Settings{MajorIterations: n}, &stochopt.Adam{StepSize: 1e-9})
			},
			"optimize.Minimize": func(x []float64, n int) (*optimize.Result, error) {
				s := &optimize.Settings{MajorIterations: n, Converger: never()}
				return optimize.Minimize(p.Optimize(), x, s, &stochopt.Adam{StepSize: 1e-9})
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, dim), func(b *testing.B) {
				x := start(dim)
				b.ReportAllocs()
				b.ResetTimer()
				r, err := run(x, b.N)
				if err != nil || r.MajorIterations != b.N {
					b.Fatal(outcome(r, err))
				}
			})
		}
	}
}
