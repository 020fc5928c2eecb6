package infer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
)

// CompareOptions say how Compare works.
type CompareOptions struct {
	// Level is the probability, over the whole comparison, that neither a wrong decision is made nor the interval ever
	// misses the true difference, in (0, 1). If it is 0, 0.95 is used.
	Level float64
	// MaxSamples is the budget: draws of the objective in all, never exceeded. A pair of evaluations takes 2
	// Problem.Samples of them. If it is 0, 100 000 is used.
	MaxSamples int
	// Indifference ends the comparison as soon as the difference is known to be within ± this, in units of f, >= 0. If
	// it is 0, the comparison ends with a decision or the budget.
	Indifference float64
}

// Comparison is the outcome of Compare.
type Comparison struct {
	// Decision is -1 if E f(x1) < E f(x2) has been shown, 1 if E f(x1) > E f(x2) has, and 0 if neither.
	Decision int
	// Difference is the mean of f(x1) - f(x2) over the pairs, and StdErr its usual standard error. After a decision it
	// is biased away from 0, as means are that were looked at until they were large; Low and High are right
	// nevertheless.
	Difference, StdErr float64
	// Low and High are the confidence interval of the difference, valid whenever the comparison ends: -Inf and +Inf
	// until there are enough blocks.
	Low, High float64
	// Pairs is the number of Samples at which both points were evaluated, and Draws that of draws of the objective.
	Pairs, Draws int
}

// block is the number of pairs whose mean is one observation.
const block = 8

// Compare tells which of two points has the smaller E f, by the differences of its values on common Samples,
//
//	d = f(x1, s) - f(x2, s),  s = FirstStep, FirstStep + 1, ...
//
// until 0 is outside of the interval for E d. It may look at every moment, because the interval is a confidence
// sequence: with the probability Level it holds E d at all times together. The means y of blocks of 8 differences
// are observations of unknown variance; with n of them, S = Σ (y-m), V = Σ (y-m)²,
//
//	G_n(m) = √(c/(n+c)) [(n+c) V/((n+c) V - S²)]^(n/2),  c = 1
//
// is a martingale with mean 1 if they are normal around m, and the interval is where G_n(m) < 1/(1-Level). That blocks
// are nearly normal is the only assumption; heavy tails of d need more Samples in the Problem. The price for looking at
// any time is an interval 1.8 times as wide as the one for a fixed number of pairs, at 1000 blocks and 95 %.
//
// Common random numbers make the differences small beside f where the noise of near points is alike; where f does not
// obey the Sample nothing is gained, and nothing wrong. It needs no gradient, and no memory that grows. o may be nil.
//
// An error of the objective or the end of ctx ends the comparison, with what is known and the error. Compare panics if
// the Problem has no objective or PerPoint set, the points are empty or of different lengths, or an option is out of
// its range.
//
// Reference: T. L. Lai, On confidence sequences, Annals of Statistics 4, 1976; H. Wang, A. Ramdas, Anytime-valid t-tests
// and confidence sequences for Gaussian means with unknown variance, Sequential Analysis 44, 2025.
func Compare(ctx context.Context, p stochopt.Problem, x1, x2 []float64, o *CompareOptions) (Comparison, error) {
	var set CompareOptions
	if o != nil {
		set = *o
	}
	if set.Level == 0 {
		set.Level = 0.95
	}
	if set.MaxSamples == 0 {
		set.MaxSamples = 100_000
	}
	rep := max(1, p.Samples)
	f := p.Evaluator()
	switch {
	case len(x1) == 0 || len(x1) != len(x2):
		panic(fmt.Sprintf("infer: Compare: len(x1) = %d, len(x2) = %d, want the same, at least 1", len(x1), len(x2)))
	case p.PerPoint:
		panic("infer: Compare: Problem.PerPoint is set, so the points would not see common Samples")
	case !(set.Level > 0 && set.Level < 1):
		panic(fmt.Sprintf("infer: CompareOptions.Level = %v, want in (0, 1), or 0 for 0.95", set.Level))
	case set.MaxSamples < 4*rep*block:
		panic(fmt.Sprintf("infer: CompareOptions.MaxSamples = %d, want at least %d, two blocks of %d pairs",
			set.MaxSamples, 4*rep*block, block))
	case !(set.Indifference >= 0) || math.IsInf(set.Indifference, 1):
		panic(fmt.Sprintf("infer: CompareOptions.Indifference = %v, want finite and >= 0", set.Indifference))
	}
	c := Comparison{Low: math.Inf(-1), High: math.Inf(1), Difference: math.NaN(), StdErr: math.NaN()}
	d, y := newMoments(1), newMoments(1)
	one := make([]float64, 1)
	for set.MaxSamples-c.Draws >= 2*rep*block {
		var sum float64
		for range block {
			if ctx.Err() != nil {
				return c, fmt.Errorf("infer: Compare: %w", context.Cause(ctx))
			}
			s := stochopt.Sample{Seed: p.Seed, Step: p.FirstStep + c.Pairs}
			c.Draws += 2 * rep
			a, errA := f(nil, x1, s)
			b, errB := f(nil, x2, s)
			if err := errors.Join(errA, errB); err != nil {
				return c, err
			}
			c.Pairs++
			one[0] = a - b
			sum += one[0]
			d.add(one)
		}
		one[0] = sum / block
		y.add(one)
		c.Difference, c.StdErr = d.mean[0], math.Sqrt(d.variance(0)/float64(d.n))
		half := sequence(y.n, y.squares[0], 1-set.Level)
		c.Low, c.High = y.mean[0]-half, y.mean[0]+half
		switch {
		case c.Low > 0:
			c.Decision = 1
		case c.High < 0:
			c.Decision = -1
		}
		if c.Decision != 0 || set.Indifference > 0 && c.Low >= -set.Indifference && c.High <= set.Indifference {
			break
		}
	}
	return c, nil
}

// sequence returns the half-width of the confidence sequence after n observations whose squares about their mean add up
// to q. G_n(m) < 1/alpha is S² < (n+c) (1-1/A) V with A = (√((n+c)/c)/alpha)^(2/n); S = n δ and V = q + n δ² for m at
// the distance δ from the mean.
func sequence(n int, q, alpha float64) float64 {
	const c = 1
	k := float64(n)
	a := -math.Expm1(-2 / k * (math.Log((k+c)/c)/2 - math.Log(alpha))) // 1 - 1/A
	r := (k + c) * a
	if r >= k {
		return math.Inf(1)
	}
	return math.Sqrt(r * q / (k * (k - r)))
}
