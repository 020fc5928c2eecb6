package infer

import "math"

// moments are the mean and the variance of vectors, component by component.
type moments struct {
	n       int
	mean    []float64
	squares []float64 // Σ (v - mean)²
}

func newMoments(dim int) moments {
	return moments{mean: make([]float64, dim), squares: make([]float64, dim)}
}

func (m *moments) reset() {
	m.n = 0
	clear(m.mean)
	clear(m.squares)
}

func (m *moments) add(v []float64) {
	m.n++
	for i, x := range v {
		d := x - m.mean[i]
		m.mean[i] += d / float64(m.n)
		m.squares[i] += float64(d * (x - m.mean[i]))
	}
}

// merge adds those of other vectors.
func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	a, b := float64(m.n), float64(o.n)
	for i, v := range o.mean {
		d := v - m.mean[i]
		m.mean[i] += d * b / (a + b)
		m.squares[i] += o.squares[i] + d*d*a*b/(a+b)
	}
	m.n += o.n
}

// variance is the unbiased one, NaN for fewer than two vectors.
func (m *moments) variance(i int) float64 {
	if m.n < 2 {
		return math.NaN()
	}
	return m.squares[i] / float64(m.n-1)
}
