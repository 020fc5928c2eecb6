package testfuncs

import (
	"encoding/json"
	"os"
	"slices"
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

// testDraws: a draw is a function of x and the Sample, its value does not depend on whether the gradient is asked for,
// it does not allocate, and other Samples give other draws.
func testDraws(t *testing.T, o Objective, noisy bool) {
	t.Helper()
	x := slices.Clone(o.Start)
	for i := range x {
		x[i] += 0.1 * float64(i+1)
	}
	var grad []float64
	if o.Grad != nil {
		grad = make([]float64, len(x))
	}
	s := stochopt.Sample{Seed: 3, Step: 5}
	f, err := o.Oracle(grad, x, s)
	again, _ := o.Oracle(nil, x, s)
	if err != nil || f != again {
		t.Errorf("%s: %v, %v with a gradient, %v without", o.Name, f, err, again)
	}
	if other, _ := o.Oracle(nil, x, stochopt.Sample{Seed: 3, Step: 6}); noisy != (other != f) {
		t.Errorf("%s: %v and %v in two Samples", o.Name, f, other)
	}
	if a := testing.AllocsPerRun(10, func() { o.Oracle(grad, x, s) }); a != 0 {
		t.Errorf("%s: %v allocations in a draw", o.Name, a)
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
