package learn

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"github.com/stochopt/stochopt/gradient"
)

// Bag is logistic regression on bags of words: the probability that a review is good is 1/(1+exp(-z)),
//
//	z = b + Σ w[j] over the words j that occur in it
//
// The variables are w, one for each word, and then b. Most words are rare, and so most components of a gradient are 0.
type Bag struct {
	// Dropout is the probability in [0, 1) with which each word of a review is left out, anew in each draw; those that stay
	// count 1/(1-Dropout) times. The words of the test reviews all count once.
	Dropout float64

	train, test *dataset.Rows
}

// Good is the lowest rating of a good review.
const Good = 7

// NewBag returns the regression of the reviews' being good or not.
func NewBag(train, test *dataset.Rows, dropout float64) *Bag {
	return &Bag{Dropout: dropout, train: train, test: test}
}

// Sum implements Model.
func (m *Bag) Sum() gradient.FiniteSum { return gradient.FiniteSum{N: m.train.Len(), Terms: m.terms} }

func (m *Bag) terms(grad, x []float64, index []int, s stochopt.Sample) (f float64) {
	bias := len(x) - 1
	rnd := s.PCG()
	limit := uint64(m.Dropout * (1 << 53)) // of 53 random bits
	scale := 1 / (1 - m.Dropout)
	var kept []int32
	for _, i := range index {
		words, _ := m.train.Row(i)
		if limit > 0 {
			kept = kept[:0]
			for _, j := range words {
				if rnd.Uint64()>>11 >= limit {
					kept = append(kept, j)
				}
			}
			words = kept
		}
		var sum float64
		for _, j := range words {
			sum += x[j]
		}
		z := x[bias] + scale*sum
		if m.train.Labels[i] < Good {
			z = -z
		}
		f += softplus(-z)
		if grad == nil {
			continue
		}
		d := -1 / (1 + math.Exp(z))
		if m.train.Labels[i] < Good {
			d = -d
		}
		grad[bias] += d
		for _, j := range words {
			grad[j] += scale * d
		}
	}
	return f
}

// softplus is log(1 + exp z).
func softplus(z float64) float64 { return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// Start implements Model: all weights are 0.
func (m *Bag) Start(uint64) []float64 { return make([]float64, m.train.Columns+1) }

// Accuracy implements Model.
func (m *Bag) Accuracy(x []float64) float64 {
	right := 0
	for i, rating := range m.test.Labels {
		z := x[len(x)-1]
		words, _ := m.test.Row(i)
		for _, j := range words {
			z += x[j]
		}
		if (z > 0) == (rating >= Good) {
			right++
		}
	}
	return float64(right) / float64(m.test.Len())
}
