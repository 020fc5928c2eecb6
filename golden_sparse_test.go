package stochopt_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// sparseGolden are the files of testdata/golden with sparse gradients.
var sparseGolden = map[string]func(h map[string]float64) sparser{
	"sparse_adam": func(h map[string]float64) sparser {
		return &stochopt.Adam{StepSize: h["lr"], Beta1: orZero(h["beta1"]), Beta2: orZero(h["beta2"]), Epsilon: orZero(h["eps"]), Lazy: true}
	},
	"sparse_adagrad": func(h map[string]float64) sparser {
		return &method.AdaGrad{StepSize: h["lr"], Epsilon: orZero(h["eps"])}
	},
	"sparse_sgd": func(h map[string]float64) sparser { return &method.SGD{StepSize: h["lr"]} },
}

// sparseTrajectory is a goldenCase whose gradients have their components index only.
type sparseTrajectory struct {
	Name     string
	Hyper    map[string]float64
	X0       []float64
	Index    [][]int
	Grads    [][]float64
	Iterates [][]float64
}

func readSparse(t *testing.T, name string) []sparseTrajectory {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []sparseTrajectory }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(file.Cases) < 3 || len(file.Cases[0].Iterates) < 50 {
		t.Fatalf("%s: too short", name)
	}
	return file.Cases
}

// deviation is that of a goldenCase.
func (c *sparseTrajectory) deviation(r sparser) (worst float64) {
	x, far := slices.Clone(c.X0), make([]float64, len(c.X0))
	r.Reset(len(x))
	for k, want := range c.Iterates {
		r.CatchUp(x, c.Index[k])
		r.StepSparse(x, c.Grads[k], c.Index[k])
		for i, w := range want {
			far[i] = max(far[i], math.Abs(w-c.X0[i]))
			if x[i] != w {
				worst = max(worst, math.Abs(x[i]-w)/far[i])
			}
		}
	}
	return worst
}

func TestGoldenSparse(t *testing.T) {
	for name, rule := range sparseGolden {
		for _, c := range readSparse(t, name) {
			if d := c.deviation(rule(c.Hyper)); !(d <= goldenTol) {
				t.Errorf("%s, %s: off by %.2g, want <= %g", name, c.Name, d, goldenTol)
			}
		}
	}
}

// TestGoldenSparseCanFail changes one hyperparameter at a time, and takes the exact form for the lazy one: the comparison finds each.
func TestGoldenSparseCanFail(t *testing.T) {
	for name, hypers := range map[string][]string{
		"sparse_adam": {"lr", "beta1", "beta2", "eps", "lazy"}, "sparse_adagrad": {"lr", "eps"}, "sparse_sgd": {"lr"},
	} {
		for _, hyper := range hypers {
			var d float64
			for _, c := range readSparse(t, name) {
				h := maps.Clone(c.Hyper)
				h[hyper] *= 0.99
				r := sparseGolden[name](h)
				if hyper == "lazy" {
					r.(*stochopt.Adam).Lazy = false
				}
				d = max(d, c.deviation(r))
			}
			if !(d > 1e6*goldenTol) {
				t.Errorf("%s with another %s: off by %.2g only", name, hyper, d)
			}
		}
	}
}
