package gradient

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/freelist"
)

// Reporter is an Oracle that reports the standard error se of its value as well, in units of f: the standard deviation of the
// law that f was drawn from. Simulations and instruments often know it; Scatter measures it. se is NaN if it is not known.
//
//	f, se, err := gradient.Scatter(o, 1000, 2)(nil, result.X, stochopt.Sample{Seed: 2})
//
// is an honest value of the Result of a run, on draws that the run has not seen.
type Reporter func(grad, x []float64, s stochopt.Sample) (f, se float64, err error)

// Oracle returns r without its standard errors.
func (r Reporter) Oracle() stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, _, err := r(grad, x, s)
		return f, err
	}
}

// Average returns the Reporter of the mean of n draws of r, as Average has it for Oracles, with the standard error that follows
// from theirs:
//
//	f = (1/n) Σ f_j,  se = (1/n) √Σ se_j²
//
// All draws have the same weight: weights that depend on the se_j would bias the mean where these depend on the f_j. It panics if r is
// nil, n < 1 or concurrent < 0.
func (r Reporter) Average(n, concurrent int) Reporter {
	if r == nil {
		panic("gradient: Average of a nil Reporter")
	}
	return reported(n, concurrent, func(grad, x []float64, s stochopt.Sample) (f, sq float64, err error) {
		f, se, err := r(grad, x, s)
		return f, se * se, err
	}, func(_ float64, _, squares []float64) float64 {
		var sum float64
		for _, q := range squares {
			sum += q
		}
		return math.Sqrt(sum) / float64(n)
	})
}

// Scatter returns the Reporter of the mean of n draws of o, whose standard error is taken from their scatter.
//
//	f = (1/n) Σ f_j,  se = √(Σ (f_j - f)²/(n (n-1)))
//
// The draws are those of Average. With few draws se is itself uncertain, by about se/√(2n). Scatter panics if o is nil, n < 2 or
// concurrent < 0.
func Scatter(o stochopt.Oracle, n, concurrent int) Reporter {
	switch {
	case o == nil:
		panic("gradient: Scatter of a nil Oracle")
	case n < 2:
		panic(fmt.Sprintf("gradient: Scatter of n = %d draws, want >= 2", n))
	}
	return reported(n, concurrent, func(grad, x []float64, s stochopt.Sample) (float64, float64, error) {
		f, err := o(grad, x, s)
		return f, 0, err
	}, func(mean float64, values, _ []float64) float64 {
		var sum float64
		for _, v := range values {
			d := v - mean
			sum += float64(d * d)
		}
		return math.Sqrt(sum / (float64(n) * float64(n-1)))
	})
}

// draws are those of one call of a Reporter: its Sample, and the value and square of the standard error of each.
type draws struct {
	s               stochopt.Sample
	values, squares []float64
}

// reported returns the Reporter of the mean of n draws, whose standard error is se(mean, values, squares).
func reported(n, concurrent int, draw func(grad, x []float64, s stochopt.Sample) (f, sq float64, err error),
	se func(mean float64, values, squares []float64) float64) Reporter {
	switch {
	case n < 1:
		panic(fmt.Sprintf("gradient: Average of n = %d draws, want >= 1", n))
	case concurrent < 0:
		panic(fmt.Sprintf("gradient: %d concurrent draws, want >= 0", concurrent))
	}
	mean := average.New(n, max(1, concurrent), func(grad, x []float64, d *draws, j int) (f float64, err error) {
		s := d.s
		s.Replicate = s.Replicate*n + j
		d.values[j], d.squares[j], err = draw(grad, x, s)
		return d.values[j], err
	})
	var free freelist.List[*draws]
	return func(grad, x []float64, s stochopt.Sample) (float64, float64, error) {
		d := free.Take()
		if d == nil {
			d = &draws{values: make([]float64, n), squares: make([]float64, n)}
		}
		defer free.Put(d)
		d.s = s
		f, err := mean.Eval(grad, x, d)
		if err != nil {
			return f, math.NaN(), err
		}
		return f, se(f, d.values, d.squares), nil
	}
}
