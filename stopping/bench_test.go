package stopping_test

import (
	"testing"

	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// BenchmarkConverged times an iteration between looks, of three variables.
func BenchmarkConverged(b *testing.B) {
	gradient := func(grad, x []float64, i int) error { return nil }
	for _, c := range []struct {
		name string
		c    optimize.Converger
	}{
		{"Stationary", &stopping.Stationary{}},
		{"Window", &stopping.Window{}},
		{"Trend", &stopping.Trend{}},
		{"FixedWidth", &stopping.FixedWidth{HalfWidth: 1e-9}},
		{"CUSUM", &stopping.CUSUM{Length: 1 << 40}},
		{"Patience", &stopping.Patience{Iterations: 1 << 40}},
		{"Equivalence", &stopping.Equivalence{Draw: gradient, First: 1 << 40}},
		{"SASA", &stopping.SASA{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.c.Init(3)
			loc := &optimize.Location{X: []float64{1, 2, 3}, Gradient: []float64{1, 2, 3}}
			k := 0.0
			b.ReportAllocs()
			for b.Loop() {
				loc.F = 1 - loc.F // moves without a trend
				loc.X[0] = k
				k++
				c.c.Converged(loc)
			}
		})
	}
}
