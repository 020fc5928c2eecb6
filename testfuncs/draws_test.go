package testfuncs

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
)

// readGolden decodes a JSON file of testdata/.
func readGolden(t *testing.T, file string, v any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// testDraws: a draw of o is a function of x and the Sample, on however many goroutines; its value does not depend on
// whether the gradient is asked for, of which every component is stored; x stays; nothing is allocated; another Sample
// gives another draw, if o is noisy.
func testDraws(t *testing.T, o Objective, noisy bool) {
	t.Helper()
	x := slices.Clone(o.Start)
	for i := range x {
		x[i] += 0.1 * float64(i+1)
	}
	before := slices.Clone(x)
	gradient := func() []float64 {
		if o.Grad == nil {
			return nil
		}
		return slices.Repeat([]float64{math.NaN()}, len(x))
	}
	grad, s := gradient(), stochopt.Sample{Seed: 3, Step: 5}
	f, err := o.Oracle(grad, x, s)
	again, _ := o.Oracle(nil, x, s)
	if err != nil || f != again || slices.ContainsFunc(grad, math.IsNaN) {
		t.Errorf("%s: %v, %v, %v with a gradient, %v without", o.Name, f, grad, err, again)
	}
	if other, _ := o.Oracle(nil, x, stochopt.Sample{Seed: 3, Step: 6}); noisy != (other != f) {
		t.Errorf("%s: %v and %v in two Samples", o.Name, f, other)
	}
	var wg sync.WaitGroup
	for k := range 3 {
		wg.Go(func() {
			g := gradient()
			for i := range 4 {
				o.Oracle(g, x, stochopt.Sample{Step: 4*k + i})
				if v, err := o.Oracle(g, x, s); v != f || err != nil || !slices.Equal(g, grad) {
					t.Errorf("%s: %v, %v, %v at once with others, want %v, %v", o.Name, v, g, err, f, grad)
				}
			}
		})
	}
	wg.Wait()
	if a := testing.AllocsPerRun(5, func() { o.Oracle(grad, x, s); o.Func(x) }); a != 0 {
		t.Errorf("%s: %v allocations in a draw", o.Name, a)
	}
	if !slices.Equal(x, before) {
		t.Errorf("%s: x was changed", o.Name)
	}
	for _, wrong := range [][]float64{nil, x[:len(x)-1], append(slices.Clone(x), 1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic with %d variables", o.Name, len(wrong))
				}
			}()
			o.Func(wrong)
		}()
	}
}

func BenchmarkPublished(b *testing.B) {
	for _, o := range []Objective{
		BenDFOWith(BenDFORelNormal, 0)[36],
		BenDFO()[33],
		NIST()[9],
		BBOBNoisy(107, 40, 1),
		BBOBNoisy(116, 40, 1),
		BBOBNoisy(128, 40, 1),
	} {
		b.Run(o.Name, func(b *testing.B) {
			var grad []float64
			if o.Grad != nil {
				grad = make([]float64, len(o.Start))
			}
			b.ReportAllocs()
			for b.Loop() {
				o.Oracle(grad, o.Start, stochopt.Sample{})
			}
		})
	}
}
