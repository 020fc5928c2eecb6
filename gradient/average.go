package gradient

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
)

// Average returns the Oracle whose draw is the mean of n draws of o.
//
//	f(x, s) = (1/n) Σ o(x, s_j),  j = 0, ..., n-1,  s_j = s with Replicate n s.Replicate + j
//
// So its variance is that of o divided by n. At most concurrent of the draws are made at once, 0 meaning 1; then o must
// be safe for concurrent use. Sums are taken in the order of j: the bits do not depend on concurrent. It keeps one
// gradient, or two for each concurrent draw. Problem.Samples does the same for a whole run; Average is for parts of it.
//
// An error of o is returned, and a panic passed on in the goroutine of the caller; of several, that of the least j.
// Average panics if o is nil, n < 1 or concurrent < 0.
func Average(o stochopt.Oracle, n, concurrent int) stochopt.Oracle {
	switch {
	case o == nil:
		panic("gradient: Average of a nil Oracle")
	case n < 1:
		panic(fmt.Sprintf("gradient: Average of n = %d draws, want >= 1", n))
	case concurrent < 0:
		panic(fmt.Sprintf("gradient: Average with concurrent = %d, want >= 0", concurrent))
	}
	mean := average.New(n, max(1, concurrent), func(grad, x []float64, s stochopt.Sample, j int) (float64, error) {
		s.Replicate = s.Replicate*n + j
		return o(grad, x, s)
	})
	return mean.Eval
}
