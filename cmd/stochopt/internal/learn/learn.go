// Package learn has the objectives of the experiments: logistic regression and two kinds of networks, each a finite sum over
// the data, made of nothing but gonum's blas and the public parts of stochopt. All classify; the cost is the mean of the
// negative logarithm of the probability that the model gives to the right class.
package learn

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// Model is an objective with what it is good for.
type Model interface {
	// Sum is the cost of the training data, a mean of terms. Its gradient may have noise of its own (dropout).
	Sum() gradient.FiniteSum
	// Start returns the weights to start from.
	Start(seed uint64) []float64
	// Accuracy is the share of the test data that the model with the weights x classifies rightly.
	Accuracy(x []float64) float64
}

// crossEntropy replaces the scores z of the classes by the derivatives of the cost of an example of class label by them,
// and returns that cost, log Σ exp z - z[label].
func crossEntropy(z []float64, label byte) float64 {
	largest := z[0]
	for _, v := range z {
		largest = max(largest, v)
	}
	right := z[label] - largest
	var sum float64
	for c, v := range z {
		z[c] = math.Exp(v - largest)
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
	z[label]--
	return math.Log(sum) - right
}

// largest is the index of the largest of z.
func largest(z []float64) int {
	best := 0
	for c, v := range z {
		if v > z[best] {
			best = c
		}
	}
	return best
}

// normals fills w with normal numbers of a standard deviation.
func normals(w []float64, sd float64, s stochopt.Sample) {
	r := s.Rand()
	for i := range w {
		w[i] = sd * r.NormFloat64()
	}
}
