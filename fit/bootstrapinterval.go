package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is the studentized interval, or bootstrap t, of parameter i at a level such as 0.95:
//
//	[Estimate - t₂ StdErr, Estimate - t₁ StdErr]
//
// where t₁ and t₂ are the (1-level)/2 and (1+level)/2 quantiles of (estimate - Estimate)/standard error over the
// replicates, and StdErr is that of the Result. Of the three intervals it is the one to prefer with few data, as it knows
// that s is estimated from them. It depends on the coordinate of the parameter.
//
// The intervals end at the order statistic of rank (R+1)p, interpolated, of all R replicates; an end is infinite where
// there is none, because the level is too high for R or too many replicates have failed. A replicate without a standard
// error, such as one at a bound, counts as failed for Interval. They panic if level is not in (0, 1).
func (b *Bootstrap) Interval(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	t, n := b.sorted(func(k int) float64 {
		return (b.Estimates[k][i] - b.Estimate[i]) / b.StdErrs[k][i]
	})
	return b.Estimate[i] - quantile(t, n, (1+level)/2)*b.stdErr[i], b.Estimate[i] - quantile(t, n, (1-level)/2)*b.stdErr[i]
}

// Percentile is the interval between the (1-level)/2 and (1+level)/2 quantiles of the replicates of parameter i. With few
// degrees of freedom it is short by about the ratio of the normal quantile to Student's.
func (b *Bootstrap) Percentile(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	v, n := b.sorted(func(k int) float64 { return b.Estimates[k][i] })
	return quantile(v, n, (1-level)/2), quantile(v, n, (1+level)/2)
}

// BCa is the percentile interval of parameter i with the levels of its ends corrected for bias and for a standard
// error that changes with the parameter: in place of α it takes the quantile at
//
//	Φ(z₀ + (z₀+z)/(1 - a(z₀+z))),   z = Φ⁻¹(α)
//
// where Φ(z₀) is the share of replicates below Estimate, with half of those equal to it, and a the acceleration, from the
// influences of single points on the linearized curve. It does not depend on the coordinate of the parameter.
//
// Reference: B. Efron, Better bootstrap confidence intervals, J. American Statistical Association 82, 1987.
func (b *Bootstrap) BCa(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	v, n := b.sorted(func(k int) float64 { return b.Estimates[k][i] })
	var below float64
	for _, e := range v {
		switch {
		case e < b.Estimate[i]:
			below++
		case e == b.Estimate[i]:
			below += 0.5
		}
	}
	z0, a := distuv.UnitNormal.Quantile(below/float64(len(v))), b.acceleration[i]
	end := func(p float64) float64 {
		z := z0 + distuv.UnitNormal.Quantile(p)
		return quantile(v, n, distuv.UnitNormal.CDF(z0+z/(1-a*z)))
	}
	return end((1 - level) / 2), end((1 + level) / 2)
}

// sorted are the values of the replicates that have one, and their number with that of the others.
func (b *Bootstrap) sorted(value func(k int) float64) (v []float64, n int) {
	for k, e := range b.Estimates {
		if e == nil {
			continue
		}
		if w := value(k); !math.IsNaN(w) {
			v = append(v, w)
		}
	}
	slices.Sort(v)
	return v, len(b.Estimates)
}

// quantile is the order statistic of rank (n+1)p, linearly interpolated, of the sorted v and the n - len(v) replicates
// that have failed, which lie beyond both ends.
func quantile(v []float64, n int, p float64) float64 {
	rank := float64(n+1) * p
	if p < 0.5 {
		rank -= float64(n - len(v))
	}
	if whole := math.Round(rank); math.Abs(rank-whole) < 1e-9*float64(n) {
		rank = whole // (1-level)/2 is rounded
	}
	switch {
	case math.IsNaN(rank):
		return math.NaN()
	case rank < 1:
		return math.Inf(-1)
	case rank > float64(len(v)):
		return math.Inf(1)
	}
	k := int(rank)
	if k == len(v) {
		return v[k-1]
	}
	return v[k-1] + (rank-float64(k))*(v[k]-v[k-1])
}
