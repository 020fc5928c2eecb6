package gradient

import (
	"errors"

	"github.com/stochopt/stochopt"
)

// Func returns the Oracle of a function that has values only and no randomness, for Differences and whatever else asks
// for values. Asked for a gradient, it returns an error. It panics if f is nil.
func Func(f func(x []float64) float64) stochopt.Oracle {
	if f == nil {
		panic("gradient: Func of nil")
	}
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			return 0, errors.New("gradient: Func has no gradient; put it into Differences")
		}
		return f(x), nil
	}
}
