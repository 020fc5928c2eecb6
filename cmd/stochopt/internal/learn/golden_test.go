package learn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"gonum.org/v1/gonum/floats"
)

// formulaImages are the images of testdata/models.py.
func formulaImages(n, side int) dataset.Images {
	m := dataset.Images{Rows: side, Columns: side}
	for i := range n {
		for j := range side * side {
			p := (7*i*i + 13*j + 5*i*j + j*j) % 256
			if p < 150 {
				p = 0
			}
			m.Pixels = append(m.Pixels, byte(p))
		}
		m.Labels = append(m.Labels, byte((i*i+i/2)%3))
	}
	return m
}

// formulaRows are its bags of words.
func formulaRows() *dataset.Rows {
	m := &dataset.Rows{Columns: 20}
	for i := range 9 {
		var words []int32
		var counts []float64
		for j := range 20 {
			if (3*i*i+5*j+i*j)%4 == 0 {
				words, counts = append(words, int32(j)), append(counts, float64(1+j%3))
			}
		}
		m.Append(words, counts, float64(4*i%10+1))
	}
	return m
}

// Costs and gradients of all terms are those of torch's models and automatic differentiation, to rounding. At other variables
// they are not.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/models.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]struct {
		Value    float64
		Gradient []float64
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	small, large, rows := formulaImages(7, 6), formulaImages(7, 18), formulaRows()
	all := map[string]Model{
		"Softmax":     NewSoftmax(small, small, 3, 0.01),
		"Perceptron":  NewPerceptron(small, small, 3, []int{5, 4}, false),
		"Convolution": NewConvolution(large, large, 3, [2]int{2, 3}),
		"Bag":         NewBag(rows, rows, 0),
	}
	if len(golden) != len(all) {
		t.Errorf("%d models in testdata, %d here", len(golden), len(all))
	}
	for name, m := range all {
		want := golden[name]
		x := m.Start(1)
		if len(x) != len(want.Gradient) {
			t.Errorf("%s: %d variables, want %d", name, len(x), len(want.Gradient))
			continue
		}
		for j := range x {
			x[j] = 0.4 * math.Sin(1.7*float64(j+1))
		}
		grad := make([]float64, len(x))
		off := func() (value, gradient float64) {
			f, err := m.Sum().Full()(grad, x, stochopt.Sample{})
			if err != nil {
				t.Fatal(err)
			}
			return math.Abs(f-want.Value) / want.Value, floats.Distance(grad, want.Gradient, 2) / floats.Norm(want.Gradient, 2)
		}
		if f, g := off(); !(f < 1e-13 && g < 1e-13) {
			t.Errorf("%s: cost and gradient are %.2g and %.2g off", name, f, g)
		}
		x[len(x)-1] += 1e-6
		if f, g := off(); f < 1e-12 || g < 1e-12 {
			t.Errorf("%s: at other variables cost and gradient are only %.2g and %.2g off", name, f, g)
		}
	}
}
