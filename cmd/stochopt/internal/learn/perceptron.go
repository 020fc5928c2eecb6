package learn

import (
	"math"
	"sync"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Perceptron is a network of layers of rectified units between the pixels of an image and the scores of its classes,
//
//	a₀ = pixels,  a_l = max(0, W_l a_(l-1) + b_l),  z = W a + b without the max in the last layer
//
// The variables are W_1, row by row, b_1, W_2, b_2, and so on.
type Perceptron struct {
	// Dropout leaves out each rectified unit with probability 1/2, anew for each image of a draw, and doubles the others. No
	// unit is left out in Accuracy.
	Dropout bool

	sizes       []int // of the layers, pixels first and classes last
	train, test dataset.Images
	spaces      sync.Pool // of *space
}

// space is the memory of a draw.
type space struct {
	layers []blas64.General // the values of a layer, a row for each image
	deltas []blas64.General // the derivatives of the cost by them
	turned []float64        // a transposed matrix
}

// NewPerceptron returns the network that has hidden layers of the given sizes.
func NewPerceptron(train, test dataset.Images, classes int, hidden []int, dropout bool) *Perceptron {
	sizes := append([]int{train.Rows * train.Columns}, hidden...)
	return &Perceptron{Dropout: dropout, sizes: append(sizes, classes), train: train, test: test}
}

// Dim is the number of variables.
func (m *Perceptron) Dim() (n int) {
	for l, size := range m.sizes[1:] {
		n += (m.sizes[l] + 1) * size
	}
	return n
}

// Start implements Model: the weights into a unit are normal with variance 2 over their number, and b is 0. (K. He, X.
// Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015, equation 10.)
func (m *Perceptron) Start(seed uint64) []float64 {
	x := make([]float64, m.Dim())
	rest := x
	for l, size := range m.sizes[1:] {
		n := m.sizes[l] * size
		normals(rest[:n], math.Sqrt(2/float64(m.sizes[l])), stochopt.Sample{Seed: seed, Probe: l})
		rest = rest[n+size:]
	}
	return x
}

// layer returns W and b of layer l = 1, 2, ... in x or a gradient.
func (m *Perceptron) layer(x []float64, l int) (w blas64.General, b []float64) {
	for k := 1; k < l; k++ {
		x = x[(m.sizes[k-1]+1)*m.sizes[k]:]
	}
	in, out := m.sizes[l-1], m.sizes[l]
	return blas64.General{Rows: out, Cols: in, Stride: in, Data: x[:in*out]}, x[in*out : (in+1)*out]
}

// chunk is how many images go through the network at once.
const chunk = 128

// take returns memory for n images.
func (m *Perceptron) take(n int) *space {
	s, _ := m.spaces.Get().(*space)
	if s == nil {
		s = &space{}
		for _, size := range m.sizes {
			s.layers = append(s.layers, blas64.General{Cols: size, Stride: size, Data: make([]float64, chunk*size)})
			s.deltas = append(s.deltas, blas64.General{Cols: size, Stride: size, Data: make([]float64, chunk*size)})
		}
		for l, size := range m.sizes[1:] {
			s.turned = make([]float64, max(len(s.turned), chunk*size, m.sizes[l]*size))
		}
	}
	for l := range s.layers {
		s.layers[l].Rows, s.deltas[l].Rows = n, n
	}
	return s
}

// Sum implements Model.
func (m *Perceptron) Sum() gradient.FiniteSum {
	return gradient.FiniteSum{N: m.train.Len(), Terms: func(grad, x []float64, index []int, s stochopt.Sample) (f float64) {
		var rnd coins
		if m.Dropout {
			pcg := s.PCG()
			rnd.next = pcg.Uint64
		}
		for len(index) > 0 {
			n := min(len(index), chunk)
			f += m.part(grad, x, index[:n], rnd)
			index = index[n:]
		}
		return f
	}}
}

// part goes through the network and back with some images. Four of five pixels are 0, and half of the units or more are at rest
// or left out. gonum's product of matrices that are not transposed skips the zeros of the left one, and so each product has
// pixels, units or derivatives there, transposed beforehand, like the weights, where they must be.
func (m *Perceptron) part(grad, x []float64, index []int, rnd coins) (f float64) {
	s := m.take(len(index))
	defer m.spaces.Put(s)
	for row, i := range index {
		pixels(s.layers[0].Data[row*m.sizes[0]:], m.train.Image(i))
	}
	m.forward(s, x, rnd)
	last := len(m.sizes) - 1
	z := s.layers[last]
	for row, i := range index {
		f += crossEntropy(z.Data[row*z.Stride:row*z.Stride+z.Cols], m.train.Labels[i])
	}
	if grad == nil {
		return f
	}
	delta := z
	for l := last; l >= 1; l-- {
		w, _ := m.layer(x, l)
		gw, gb := m.layer(grad, l)
		turned := transposed(s.turned, delta)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, turned, s.layers[l-1], 1, gw)
		for k := range gb {
			for _, d := range turned.Data[k*turned.Stride : k*turned.Stride+turned.Cols] {
				gb[k] += d
			}
		}
		if l == 1 {
			break
		}
		below := s.deltas[l-1]
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, delta, w, 0, below)
		scale := 1.
		if m.Dropout {
			scale = 2
		}
		for i, a := range s.layers[l-1].Data[:below.Rows*below.Cols] {
			if a > 0 {
				below.Data[i] *= scale
			} else { // at rest, or left out
				below.Data[i] = 0
			}
		}
		delta = below
	}
	return f
}

// forward computes all layers from the first.
func (m *Perceptron) forward(s *space, x []float64, rnd coins) {
	for l := 1; l < len(m.sizes); l++ {
		w, b := m.layer(x, l)
		a := s.layers[l]
		for row := range a.Rows {
			copy(a.Data[row*a.Stride:], b)
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, s.layers[l-1], transposed(s.turned, w), 1, a)
		if l == len(m.sizes)-1 {
			break
		}
		for i, v := range a.Data[:a.Rows*a.Cols] {
			a.Data[i] = max(v, 0)
			if rnd.next != nil {
				a.Data[i] *= 2 * rnd.toss()
			}
		}
	}
}

// Accuracy implements Model.
func (m *Perceptron) Accuracy(x []float64) float64 {
	right := 0
	for at := 0; at < m.test.Len(); at += chunk {
		n := min(chunk, m.test.Len()-at)
		s := m.take(n)
		for row := range n {
			pixels(s.layers[0].Data[row*m.sizes[0]:], m.test.Image(at+row))
		}
		m.forward(s, x, coins{})
		z := s.layers[len(m.sizes)-1]
		for row := range n {
			if largest(z.Data[row*z.Stride:row*z.Stride+z.Cols]) == int(m.test.Labels[at+row]) {
				right++
			}
		}
		m.spaces.Put(s)
	}
	return float64(right) / float64(m.test.Len())
}

// pixels stores bytes as numbers from 0 to 1.
func pixels(dst []float64, image []byte) {
	for j, p := range image {
		dst[j] = float64(p) / 255
	}
}

// transposed stores a, transposed, in memory.
func transposed(memory []float64, a blas64.General) blas64.General {
	t := blas64.General{Rows: a.Cols, Cols: a.Rows, Stride: a.Rows, Data: memory[:a.Rows*a.Cols]}
	for i := range a.Rows {
		for j, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			t.Data[j*t.Stride+i] = v
		}
	}
	return t
}

// coins are fair, 64 to a random number.
type coins struct {
	next func() uint64
	bits uint64
	left int
}

// toss returns 0 or 1.
func (c *coins) toss() float64 {
	if c.left == 0 {
		c.bits, c.left = c.next(), 64
	}
	v := c.bits & 1
	c.bits >>= 1
	c.left--
	return float64(v)
}
