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

// Convolution is a small convolutional network on images:
//
//	two times: correlation with windows of 5 x 5, max(0, ·), the largest of each 2 x 2
//	then the scores of the classes, z = W a + b
//
// The first layer makes Channels[0] images of one, the second Channels[1] of these. A correlation is the product of the matrix
// that has what each window sees of the image as a row (im2col, transposed) with the weights. Pixels, units and derivatives,
// most of which are 0, stand on the left side of all products, where gonum skips zeros. The variables are, layer by
// layer, the weights, a row for each channel, and then b, one for each.
type Convolution struct {
	convolutions [2]convolution
	classes      int
	train, test  dataset.Images
	spaces       sync.Pool // of *convolutionSpace
}

// window is the width of the windows.
const window = 5

// convolution is the shape of a layer.
type convolution struct {
	in, out       int // channels
	rows, columns int // of an image that comes in
}

func (c convolution) weights() int { return c.out * c.in * window * window }

// places is the number of windows.
func (c convolution) places() int { return (c.rows - window + 1) * (c.columns - window + 1) }

// next are the rows and columns of an image that comes out.
func (c convolution) next() (rows, columns int) {
	return (c.rows - window + 1) / 2, (c.columns - window + 1) / 2
}

// Smallest is how many rows and columns images must have at least for a Convolution.
const Smallest = 16

// NewConvolution returns the network with a number of channels in each of its two layers.
func NewConvolution(train, test dataset.Images, classes int, channels [2]int) *Convolution {
	m := &Convolution{classes: classes, train: train, test: test}
	m.convolutions[0] = convolution{1, channels[0], train.Rows, train.Columns}
	rows, columns := m.convolutions[0].next()
	m.convolutions[1] = convolution{channels[0], channels[1], rows, columns}
	return m
}

// features is the number of values that the scores are made of.
func (m *Convolution) features() int {
	rows, columns := m.convolutions[1].next()
	return m.convolutions[1].out * rows * columns
}

// Dim is the number of variables.
func (m *Convolution) Dim() int {
	n := (m.features() + 1) * m.classes
	for _, c := range m.convolutions {
		n += c.weights() + c.out
	}
	return n
}

// Start implements Model: the weights into a unit are normal with variance 2 over their number, and b is 0.
func (m *Convolution) Start(seed uint64) []float64 {
	x := make([]float64, m.Dim())
	rest := x
	for l, c := range m.convolutions {
		normals(rest[:c.weights()], math.Sqrt(2/float64(c.in*window*window)), stochopt.Sample{Seed: seed, Probe: l})
		rest = rest[c.weights()+c.out:]
	}
	normals(rest[:m.features()*m.classes], math.Sqrt(2/float64(m.features())), stochopt.Sample{Seed: seed, Probe: 2})
	return x
}

// convolutionSpace is the memory of an image.
type convolutionSpace struct {
	layers   [2]convolutionLayer
	features volume // what comes out of the second layer
	scores   []float64
}

// volume is an image of some channels, one after the other, with the derivatives of the cost by its pixels.
type volume struct{ value, delta []float64 }

// convolutionLayer is the memory of a layer.
type convolutionLayer struct {
	in     volume
	seen   blas64.General // the parts of in that the windows see, a row for each
	out    blas64.General // the correlations, a row for each window
	which  []int32        // the window with the largest of out in a square of four, -1 if that is not above 0
	delta  blas64.General // the derivatives of the cost by out, a row for each channel
	deltaT blas64.General // the same, a row for each window
	turned []float64      // the transposed weights
	back   blas64.General // the derivatives by seen
}

func (m *Convolution) take() *convolutionSpace {
	if s, ok := m.spaces.Get().(*convolutionSpace); ok {
		return s
	}
	matrix := func(rows, columns int) blas64.General {
		return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
	}
	space := func(n int) volume { return volume{make([]float64, n), make([]float64, n)} }
	s := &convolutionSpace{features: space(m.features()), scores: make([]float64, m.classes)}
	for l, c := range m.convolutions {
		rows, columns := c.next()
		s.layers[l] = convolutionLayer{
			in:     space(c.in * c.rows * c.columns),
			seen:   matrix(c.places(), c.in*window*window),
			out:    matrix(c.places(), c.out),
			which:  make([]int32, c.out*rows*columns),
			delta:  matrix(c.out, c.places()),
			deltaT: matrix(c.places(), c.out),
			turned: make([]float64, c.weights()),
			back:   matrix(c.places(), c.in*window*window),
		}
	}
	return s
}

// part returns the weights and b of layer l = 0, 1, 2 in x or a gradient.
func (m *Convolution) part(x []float64, l int) (w blas64.General, b []float64) {
	for k := range l {
		c := m.convolutions[k]
		x = x[c.weights()+c.out:]
	}
	rows, columns := m.classes, m.features()
	if l < 2 {
		rows, columns = m.convolutions[l].out, m.convolutions[l].in*window*window
	}
	n := rows * columns
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: x[:n]}, x[n : n+rows]
}

// Sum implements Model.
func (m *Convolution) Sum() gradient.FiniteSum {
	return gradient.FiniteSum{N: m.train.Len(), Terms: func(grad, x []float64, index []int, _ stochopt.Sample) (f float64) {
		s := m.take()
		defer m.spaces.Put(s)
		for _, i := range index {
			m.forward(s, x, m.train.Image(i))
			f += crossEntropy(s.scores, m.train.Labels[i])
			if grad != nil {
				m.backward(s, grad, x)
			}
		}
		return f
	}}
}

// outputs is where the pixels that come out of layer l go.
func (s *convolutionSpace) outputs(l int) *volume {
	if l == 0 {
		return &s.layers[1].in
	}
	return &s.features
}

// forward computes the scores of an image.
func (m *Convolution) forward(s *convolutionSpace, x []float64, image []byte) {
	pixels(s.layers[0].in.value, image)
	for l, c := range m.convolutions {
		t := &s.layers[l]
		gather(t.seen, t.in.value, c)
		w, b := m.part(x, l)
		for place := range c.places() {
			copy(t.out.Data[place*c.out:], b)
		}
		multiply(t.seen, transposed(t.turned, w), 1, t.out)
		pool(s.outputs(l).value, t.which, t.out, c)
	}
	w, b := m.part(x, 2)
	copy(s.scores, b)
	blas64.Gemv(blas.NoTrans, 1, w, vector(s.features.value), 1, vector(s.scores))
}

// backward adds the gradient of the image that has just gone forward; s.scores are the derivatives of its cost.
func (m *Convolution) backward(s *convolutionSpace, grad, x []float64) {
	w, _ := m.part(x, 2)
	gw, gb := m.part(grad, 2)
	blas64.Ger(1, vector(s.scores), vector(s.features.value), gw)
	blas64.Axpy(1, vector(s.scores), vector(gb))
	blas64.Gemv(blas.Trans, 1, w, vector(s.scores), 0, vector(s.features.delta))
	for l := 1; l >= 0; l-- {
		t := &s.layers[l]
		w, _ := m.part(x, l)
		gw, gb := m.part(grad, l)
		clear(t.delta.Data)
		clear(t.deltaT.Data)
		delta := s.outputs(l).delta
		n := len(delta) / len(gb)
		for k := range gb {
			for i, d := range delta[k*n : (k+1)*n] {
				if place := t.which[k*n+i]; place >= 0 {
					t.delta.Data[k*t.delta.Stride+int(place)] = d
					t.deltaT.Data[int(place)*t.deltaT.Stride+k] = d
					gb[k] += d
				}
			}
		}
		multiply(t.delta, t.seen, 1, gw)
		if l == 1 {
			multiply(t.deltaT, w, 0, t.back)
			scatter(t.in.delta, t.back, m.convolutions[l])
		}
	}
}

// pieces calls what for each row of pixels that a window sees: window of them from the one at on, from element k of the matrix
// of what all windows see on.
func (c convolution) pieces(what func(k, at int)) {
	k := 0
	for i := range c.rows - window + 1 {
		for j := range c.columns - window + 1 {
			for channel := range c.in {
				at := (channel*c.rows+i)*c.columns + j
				for range window {
					what(k, at)
					k += window
					at += c.columns
				}
			}
		}
	}
}

// gather makes the rows of what the windows see: channel by channel, and in each row by row.
func gather(seen blas64.General, image []float64, c convolution) {
	c.pieces(func(k, at int) { *(*[window]float64)(seen.Data[k:]) = [window]float64(image[at:]) })
}

// scatter sets an image to the sums of what gather would have made of each pixel.
func scatter(image []float64, seen blas64.General, c convolution) {
	clear(image)
	c.pieces(func(k, at int) {
		part := image[at : at+window]
		for j, v := range seen.Data[k : k+window] {
			part[j] += v
		}
	})
}

// pool finds the largest of each square of 2 x 2 windows, or 0 if that is larger.
func pool(dst []float64, which []int32, out blas64.General, c convolution) {
	wide := c.columns - window + 1
	rows, columns := c.next()
	at := 0
	for k := range c.out {
		for i := range rows {
			for j := range columns {
				best := 2*i*wide + 2*j
				for _, other := range [...]int{best + 1, best + wide, best + wide + 1} {
					if out.Data[other*c.out+k] > out.Data[best*c.out+k] {
						best = other
					}
				}
				which[at], dst[at] = -1, 0
				if v := out.Data[best*c.out+k]; v > 0 {
					which[at], dst[at] = int32(best), v
				}
				at++
			}
		}
	}
}

// multiply sets c to a b + beta c, in strips of three of gonum's blocks of 64 x 64 at most. From four blocks on gonum starts
// goroutines, which take longer than products as small as these, and runs go side by side already.
func multiply(a, b blas64.General, beta float64, c blas64.General) {
	const block = 64
	high, wide := 3*block, block
	if c.Cols > block {
		high, wide = block, 3*block
	}
	for i := 0; i < c.Rows; i += high {
		for j := 0; j < c.Cols; j += wide {
			rows, columns := min(high, c.Rows-i), min(wide, c.Cols-j)
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 1,
				blas64.General{Rows: rows, Cols: a.Cols, Stride: a.Stride, Data: a.Data[i*a.Stride:]},
				blas64.General{Rows: b.Rows, Cols: columns, Stride: b.Stride, Data: b.Data[j:]}, beta,
				blas64.General{Rows: rows, Cols: columns, Stride: c.Stride, Data: c.Data[i*c.Stride+j:]})
		}
	}
}

func vector(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Inc: 1, Data: v} }

// Accuracy implements Model.
func (m *Convolution) Accuracy(x []float64) float64 {
	s := m.take()
	defer m.spaces.Put(s)
	right := 0
	for i := range m.test.Len() {
		m.forward(s, x, m.test.Image(i))
		if largest(s.scores) == int(m.test.Labels[i]) {
			right++
		}
	}
	return float64(right) / float64(m.test.Len())
}
