package stochopt_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// lazies are methods that leave variables without a gradient alone, and the same ones that do not.
var lazies = map[string]func(lazy bool) sparser{
	"Adam":    func(lazy bool) sparser { return &stochopt.Adam{Lazy: lazy} },
	"RMSProp": func(lazy bool) sparser { return &method.RMSProp{Momentum: 0.9, Lazy: lazy} },
	"RMSProp, centered": func(lazy bool) sparser {
		return &method.RMSProp{Centered: true, Momentum: 0.5, Lazy: lazy}
	},
}

// TestLazyLookedAt: a run of a lazy method is the same run whoever drives it and looks at it, and another than that of the method
// that is not lazy.
func TestLazyLookedAt(t *testing.T) {
	const n = 9
	for name, make := range lazies {
		run := func(lazy bool, change func(p *stochopt.Problem, s *optimize.Settings), wrap func(m sparser) optimize.Method) string {
			p, s := stochopt.Problem{Seed: 4, Sparse: patches(n, nil)}, &optimize.Settings{Converger: never(), MajorIterations: 40}
			change(&p, s)
			m := make(lazy)
			r, err := stochopt.Minimize(context.Background(), p, start(n), s, wrap(m))
			data, _ := m.MarshalBinary()
			return outcome(r, err) + string(data)
		}
		none := func(*stochopt.Problem, *optimize.Settings) {}
		itself := func(m sparser) optimize.Method { return m.(optimize.Method) }
		want := run(true, none, itself)
		if run(false, none, itself) == want {
			t.Errorf("%s: not lazy, it is the same: the test cannot fail", name)
		}
		for how, got := range map[string]string{
			"a Recorder":  run(true, func(_ *stochopt.Problem, s *optimize.Settings) { s.Recorder = &trace{} }, itself),
			"a Project":   run(true, func(p *stochopt.Problem, _ *optimize.Settings) { p.Project = func([]float64) {} }, itself),
			"two workers": run(true, func(p *stochopt.Problem, _ *optimize.Settings) { p.Concurrent = 2 }, itself),
			"a wrapper":   run(true, none, func(m sparser) optimize.Method { return &stochopt.Sequential{Rule: filled{m}} }),
			"a gradient that is not sparse": run(true, func(p *stochopt.Problem, _ *optimize.Settings) {
				s := p.Sparse
				p.Sparse, p.Oracle = nil, func(grad, x []float64, d stochopt.Sample) (float64, error) {
					index, _ := s.Support(nil, d)
					g := slices.Repeat([]float64{0}, len(index))
					f, err := s.Draw(g, index, x, d)
					clear(grad)
					for k, j := range index {
						grad[j] = g[k]
					}
					return f, err
				}
			}, itself),
		} {
			if got != want {
				t.Errorf("%s: with %s\n got %q\nwant %q", name, how, got, want)
			}
		}
		m := make(true)
		p := stochopt.Problem{Seed: 4, Sparse: patches(n, nil)}
		r, err := optimize.Minimize(p.Optimize(), start(n), &optimize.Settings{Converger: never(), MajorIterations: 40}, m.(optimize.Method))
		if data, _ := m.MarshalBinary(); outcome(r, err)+string(data) != want {
			t.Errorf("%s: by optimize.Minimize another run: %s", name, outcome(r, err))
		}
	}
}

// TestLazyDense: a lazy step along a gradient without zeros is that of the method that is not lazy, at all lengths of what lies between
// zeros, also by several goroutines.
func TestLazyDense(t *testing.T) {
	const n = 300_000
	for name, make := range lazies {
		for _, every := range []int{n, 100_000, 7, 2, 1} { // a zero
			lazy, exact := make(true), make(false)
			lazy.Reset(n)
			exact.Reset(n)
			switch m := lazy.(type) {
			case *stochopt.Adam:
				m.Concurrent = 3
			case *method.RMSProp:
				m.Concurrent = 3
			}
			x := vectorOf(n)
			y, g := slices.Clone(x), vectorOf(n)
			for i := range g {
				g[i] += 0.5
				if i%every == every-1 {
					g[i] = 0
				}
			}
			for range 2 {
				lazy.Step(x, g)
				exact.Step(y, g)
			}
			if !same(x, y) { // from a start of m = 0 nothing moves without a gradient
				t.Errorf("%s: with a zero in %d variables another step", name, every)
			}
		}
	}
}
