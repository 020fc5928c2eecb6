package learn

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/blas/blas64"
)

// Softmax is multiclass logistic regression on images,
//
//	z = b + Wᵀ v,  cost = mean of log Σ exp z - z[label], + L2/2 |W|²
//
// v are the pixels from 0 to 1. The variables are W, a row of one weight for each class for each pixel, and then b. Four of five
// pixels of a digit are 0, and only the others are kept and visited.
type Softmax struct {
	// L2 is the weight of the squares of W.
	L2 float64

	classes, pixels int
	train, test     pixelRows
}

// pixelRows are the pixels of images that are not 0.
type pixelRows struct {
	start  []int
	index  []int32 // pixel times classes: where its weights begin
	value  []float64
	labels []byte
}

// NewSoftmax returns the regression of the labels of some images.
func NewSoftmax(train, test dataset.Images, classes int, l2 float64) *Softmax {
	return &Softmax{L2: l2, classes: classes, pixels: train.Rows * train.Columns, train: rowsOf(train, classes), test: rowsOf(test, classes)}
}

func rowsOf(m dataset.Images, classes int) pixelRows {
	r := pixelRows{start: []int{0}, labels: m.Labels}
	for i := range m.Len() {
		for j, p := range m.Image(i) {
			if p != 0 {
				r.index = append(r.index, int32(j*classes))
				r.value = append(r.value, float64(p)/255)
			}
		}
		r.start = append(r.start, len(r.index))
	}
	return r
}

// scores stores z of an image.
func (r *pixelRows) scores(z, x []float64, i int) {
	k := len(z)
	copy(z, x[len(x)-k:])
	value := r.value[r.start[i]:r.start[i+1]]
	for n, at := range r.index[r.start[i]:r.start[i+1]] {
		v, w := value[n], x[at:int(at)+k]
		for c := range w {
			z[c] += float64(v * w[c])
		}
	}
}

// Sum implements Model.
func (m *Softmax) Sum() gradient.FiniteSum {
	return gradient.FiniteSum{N: len(m.train.labels), Terms: m.terms}
}

func (m *Softmax) terms(grad, x []float64, index []int, _ stochopt.Sample) (f float64) {
	k := m.classes
	var space [16]float64
	z := space[:k]
	for _, i := range index {
		m.train.scores(z, x, i)
		f += crossEntropy(z, m.train.labels[i])
		if grad == nil {
			continue
		}
		value := m.train.value[m.train.start[i]:m.train.start[i+1]]
		for n, at := range m.train.index[m.train.start[i]:m.train.start[i+1]] {
			v := value[n]
			g := grad[at : int(at)+k : int(at)+k]
			for c, d := range z {
				g[c] += float64(v * d)
			}
		}
		bias := grad[len(grad)-k:]
		for c, d := range z {
			bias[c] += d
		}
	}
	w := blas64.Vector{N: m.pixels * k, Inc: 1, Data: x}
	weight := m.L2 * float64(len(index))
	if grad != nil {
		blas64.Axpy(weight, w, blas64.Vector{N: w.N, Inc: 1, Data: grad})
	}
	return f + weight/2*blas64.Dot(w, w)
}

// Start implements Model: all weights are 0.
func (m *Softmax) Start(uint64) []float64 { return make([]float64, (m.pixels+1)*m.classes) }

// Accuracy implements Model.
func (m *Softmax) Accuracy(x []float64) float64 {
	z := make([]float64, m.classes)
	right := 0
	for i, label := range m.test.labels {
		m.test.scores(z, x, i)
		if largest(z) == int(label) {
			right++
		}
	}
	return float64(right) / float64(len(m.test.labels))
}
