package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
)

// images returns n images of random stripes: those of class 0 are bright at the top, of class 1 at the left, of class 2 at
// the bottom.
func images(n, side int, seed uint64) dataset.Images {
	r := rand.New(rand.NewPCG(seed, 0))
	m := dataset.Images{Rows: side, Columns: side}
	for i := range n {
		label := byte(i % 3)
		for row := range side {
			for column := range side {
				p := r.IntN(60) * r.IntN(2)
				if label == 0 && row < side/3 || label == 1 && column < side/3 || label == 2 && row > 2*side/3 {
					p += 90
				}
				m.Pixels = append(m.Pixels, byte(p))
			}
		}
		m.Labels = append(m.Labels, label)
	}
	return m
}

// reviews returns n reviews of 40 words, of which the first five are said of good films and the next five of bad ones.
func reviews(n int, seed uint64) *dataset.Rows {
	r := rand.New(rand.NewPCG(seed, 0))
	m := &dataset.Rows{Columns: 40}
	for i := range n {
		var words []int32
		var counts []float64
		for j := range 40 {
			p := 0.2
			if j < 10 && (j < 5) == (i%2 == 0) {
				p = 0.6
			}
			if r.Float64() < p {
				words, counts = append(words, int32(j)), append(counts, float64(1+r.IntN(3)))
			}
		}
		m.Append(words, counts, float64(10-9*(i%2)))
	}
	return m
}

func models() map[string]Model {
	train, test := images(60, 16, 1), images(90, 16, 2)
	return map[string]Model{
		"Softmax":                   NewSoftmax(train, test, 3, 0.01),
		"Bag":                       NewBag(reviews(300, 1), reviews(400, 2), 0),
		"Bag with dropout":          NewBag(reviews(300, 1), reviews(400, 2), 0.5),
		"Perceptron":                NewPerceptron(train, test, 3, []int{11, 7}, false),
		"Perceptron with dropout":   NewPerceptron(train, test, 3, []int{11, 7}, true),
		"Perceptron without hidden": NewPerceptron(train, test, 3, nil, false),
		"Convolution":               NewConvolution(train, test, 3, [2]int{2, 3}),
	}
}

// The gradient of every model is that of its value, by differences; that of the second image with the value of the first is not.
func TestGradients(t *testing.T) {
	for name, m := range models() {
		sum := m.Sum()
		x := m.Start(1)
		r := rand.New(rand.NewPCG(1, 1))
		for j := range x {
			x[j] += 0.1 * r.NormFloat64()
		}
		s := stochopt.Sample{Seed: 4, Step: 2}
		index := []int{3, 58, 7, 3}
		grad, want, wrong := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
		sum.Terms(grad, x, index, s)
		fd.Gradient(want, func(x []float64) float64 { return sum.Terms(nil, x, index, s) }, x, &fd.Settings{Formula: fd.Central, Step: 1e-5})
		sum.Terms(wrong, x, []int{3, 59, 7, 3}, s)
		if d := floats.Distance(grad, want, 2) / floats.Norm(want, 2); !(d < 1e-7) {
			t.Errorf("%s: the gradient is %g of its length off that by differences", name, d)
		}
		if d := floats.Distance(wrong, want, 2) / floats.Norm(want, 2); !(d > 1e-2) {
			t.Errorf("%s: the gradient of other terms is %g of its length off", name, d)
		}
		before := append([]float64(nil), grad...)
		sum.Terms(grad, x, index, s)
		if floats.Scale(2, before); !floats.EqualApprox(grad, before, 1e-12) {
			t.Errorf("%s: Terms do not add to the gradient", name)
		}
	}
}

// Dropout is unbiased in the scores of a bag of words to first order, and no two draws are equal.
func TestDropout(t *testing.T) {
	m := models()["Bag with dropout"]
	sum := m.Sum()
	x := m.Start(1)
	for j := range x {
		x[j] = 1e-5 * float64(j)
	}
	exact := models()["Bag"].Sum().Terms(nil, x, []int{5}, stochopt.Sample{})
	var mean, square float64
	const n = 20_000
	for k := range n {
		f := sum.Terms(nil, x, []int{5}, stochopt.Sample{Seed: 1, Step: k})
		mean += (f - exact) / n
		square += (f - exact) * (f - exact) / n
	}
	if se := math.Sqrt(square / n); math.Abs(mean) > 5*se || square == 0 {
		t.Errorf("the mean of %d draws is off by %g with a standard error of %g", n, mean, se)
	}
	p := models()["Perceptron with dropout"]
	y := p.Start(3)
	a, b := p.Sum().Terms(nil, y, []int{1, 2}, stochopt.Sample{Step: 1}), p.Sum().Terms(nil, y, []int{1, 2}, stochopt.Sample{Step: 2})
	if again := p.Sum().Terms(nil, y, []int{1, 2}, stochopt.Sample{Step: 1}); a == b || a != again {
		t.Errorf("draws %v and %v, the first again %v", a, b, again)
	}
}

// Dropout leaves out half of the units and doubles the others: with small weights behind a layer of units a, the cost is
// linear in the scores, and over the draws has the mean of the network without dropout and the variance that ±1, 1 and -1
// being as likely, gives to Σ ±a[u] d[u], d being its derivatives by the units.
func TestDropoutOfUnits(t *testing.T) {
	train := images(60, 16, 1)
	m := NewPerceptron(train, train, 3, []int{11}, true)
	x := m.Start(3)
	w, _ := m.layer(x, 1)
	v, _ := m.layer(x, 2)
	floats.Scale(1e-5, v.Data)
	const image = 4
	z := [3]float64{1. / 3, 1. / 3, 1. / 3}
	z[train.Labels[image]]--
	var want float64
	for u := range 11 {
		var a, d float64
		for j, p := range train.Image(image) {
			a += w.Data[u*w.Stride+j] * float64(p) / 255
		}
		for c := range z {
			d += z[c] * v.Data[c*v.Stride+u]
		}
		a = max(a, 0)
		want += a * a * d * d
	}
	exact := NewPerceptron(train, train, 3, []int{11}, false).Sum().Terms(nil, x, []int{image}, stochopt.Sample{})
	var mean, square float64
	const n = 20_000
	for k := range n {
		f := m.Sum().Terms(nil, x, []int{image}, stochopt.Sample{Seed: 1, Step: k}) - exact
		mean += f / n
		square += f * f / n
	}
	if se := math.Sqrt(want / n); math.Abs(mean) > 5*se {
		t.Errorf("the mean of %d draws is off by %g with a standard error of %g", n, mean, se)
	}
	if math.Abs(square/want-1) > 0.05 {
		t.Errorf("the variance is %g, want %g", square, want)
	}
}

// More images than go through a network at once have the sum of the costs of each, and each a dropout of its own.
func TestChunks(t *testing.T) {
	train := images(60, 16, 1)
	m := NewPerceptron(train, train, 3, []int{11, 7}, false)
	x := m.Start(1)
	sum, each := make([]float64, len(x)), make([]float64, len(x))
	var index []int
	var want float64
	for k := range 2*chunk + 5 {
		index = append(index, k*7%60)
		want += m.Sum().Terms(each, x, index[k:], stochopt.Sample{})
	}
	if f := m.Sum().Terms(sum, x, index, stochopt.Sample{}); math.Abs(f/want-1) > 1e-12 || !floats.EqualApprox(sum, each, 1e-9) {
		t.Errorf("cost %v, one by one %v", f, want)
	}
	m.Dropout = true
	one := make([]int, 2*chunk)
	for _, s := range []stochopt.Sample{{Step: 1}, {Step: 2}} {
		if half, all := m.Sum().Terms(nil, x, one[:chunk], s), m.Sum().Terms(nil, x, one, s); all == 2*half {
			t.Errorf("the second %d images have the dropout of the first", chunk)
		}
	}
}

// Products in strips are those of whole matrices, whatever the strips.
func TestMultiply(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	matrix := func(rows, columns int) blas64.General {
		m := blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
		for i := range m.Data {
			m.Data[i] = r.NormFloat64()
		}
		return m
	}
	for _, size := range [][2]int{{576, 8}, {16, 200}, {64, 200}, {193, 65}, {400, 64}, {1, 1}} {
		for _, beta := range []float64{0, 1} {
			a, b, c := matrix(size[0], 7), matrix(7, size[1]), matrix(size[0], size[1])
			want := blas64.General{Rows: c.Rows, Cols: c.Cols, Stride: c.Stride, Data: append([]float64(nil), c.Data...)}
			for i := range want.Rows {
				for j := range want.Cols {
					at := i*want.Stride + j
					want.Data[at] *= beta
					for k := range a.Cols {
						want.Data[at] += a.Data[i*a.Stride+k] * b.Data[k*b.Stride+j]
					}
				}
			}
			if multiply(a, b, beta, c); !floats.EqualApprox(c.Data, want.Data, 1e-13) {
				t.Errorf("%v, beta %v: %g off", size, beta, floats.Distance(c.Data, want.Data, math.Inf(1)))
			}
		}
	}
}

// Each model learns to tell the classes of its made-up data apart, in a run through the public API, and with two draws at
// once it learns the same.
func TestLearns(t *testing.T) {
	for name, m := range models() {
		run := func(concurrent int) []float64 {
			p := stochopt.Problem{Oracle: m.Sum().Shuffled(10), Seed: 1, Samples: 2, Concurrent: concurrent}
			return train(t, p, m.Start(1), 150)
		}
		x := run(1)
		before, after := m.Accuracy(m.Start(1)), m.Accuracy(x)
		if !(after > 0.85 && before < 0.7) {
			t.Errorf("%s: accuracy %.3f before and %.3f after", name, before, after)
		}
		if !floats.Equal(x, run(2)) {
			t.Errorf("%s: two draws at once give other bits", name)
		}
	}
}

func train(t *testing.T, p stochopt.Problem, x []float64, steps int) []float64 {
	t.Helper()
	a := &stochopt.Adam{StepSize: 0.01}
	a.Reset(len(x))
	draw, grad := p.Evaluator(), make([]float64, len(x))
	for k := range steps {
		if _, err := draw(grad, x, stochopt.Sample{Seed: p.Seed, Step: k}); err != nil {
			t.Fatal(err)
		}
		a.Step(x, grad)
	}
	return x
}
