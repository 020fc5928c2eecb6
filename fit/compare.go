package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// NestedTest is the test of a simple model against one that contains it.
type NestedTest struct {
	// Statistic is F = ((RSS₁-RSS₂)/DF1)/(RSS₂/DF2), with the index 2 for the larger model, or with AbsoluteSigma χ² =
	// RSS₁-RSS₂.
	Statistic float64
	DF1       int     // the number of parameters that the larger model has more
	DF2       int     // DF of the larger model; it does not count with AbsoluteSigma
	P         float64 // probability of such a statistic or a larger one if the simple model is true
}

// CompareNested tests whether the parameters that full has more than simple are needed. The curves of simple must be
// among those of full, as with parameters fixed or tied, or terms left out; that is for the user to know. If the simple
// model is true, F follows Fisher's distribution with DF1 and DF2 degrees of freedom (for nonlinear models, nearly),
// and with AbsoluteSigma χ² that with DF1. Values fixed at a bound of full, as an amplitude of 0, make P too large.
//
// It is an error if the two have not been fitted to the same data in the same way, if full has not more parameters, if
// it has no degrees of freedom, or if it fits worse, so that simple is not among its curves or one of the two is not at
// its minimum.
//
// Reference: G. A. F. Seber, C. J. Wild, Nonlinear Regression, 1989, section 5.9.
func CompareNested(simple, full *Result) (NestedTest, error) {
	if err := sameData(simple, full); err != nil {
		return NestedTest{}, err
	}
	t := NestedTest{DF1: simple.DF - full.DF, DF2: full.DF}
	absolute := full.settings.AbsoluteSigma
	switch {
	case t.DF1 <= 0:
		return t, fmt.Errorf("fit: the full model has %d parameters and the simple one %d, want more", full.N-full.DF, simple.N-simple.DF)
	case t.DF2 == 0 && !absolute:
		return t, errors.New("fit: the full model leaves no degrees of freedom for the error")
	case full.RSS > simple.RSS*(1+1e-9):
		return t, fmt.Errorf("fit: the full model has a larger RSS, %v, than the simple one, %v: they are not nested, or it is not at its minimum",
			full.RSS, simple.RSS)
	}
	fall := max(0, simple.RSS-full.RSS)
	if absolute {
		t.Statistic = fall
		t.P = distuv.ChiSquared{K: float64(t.DF1)}.Survival(fall)
		return t, nil
	}
	t.Statistic = (fall / float64(t.DF1)) / (full.RSS / float64(t.DF2))
	t.P = distuv.F{D1: float64(t.DF1), D2: float64(t.DF2)}.Survival(t.Statistic)
	return t, nil
}

// Comparison is how a model stands among others.
type Comparison struct {
	AICc   float64
	Delta  float64 // AICc less the least of all
	Weight float64 // e^(-Delta/2) over the sum of all: the share of evidence for the model, if one of them is the best
}

// Compare compares fits of any models to the same data by AICc, in the order of the arguments. A Delta below 2 is little
// evidence against a model, one above 10 is strong. It is an error if the data differ, if there are fewer than two, or if
// no AICc is finite.
//
// Reference: K. P. Burnham, D. R. Anderson, Model Selection and Multimodel Inference, 2nd edition, 2002, sections 2.6 and
// 2.9.
func Compare(fits ...*Result) ([]Comparison, error) {
	if len(fits) < 2 {
		return nil, errors.New("fit: two fits or more are needed for a comparison")
	}
	c := make([]Comparison, len(fits))
	least := math.Inf(1)
	for k, r := range fits {
		if err := sameData(fits[0], r); err != nil {
			return nil, err
		}
		c[k].AICc = r.Statistics().AICc
		least = min(least, c[k].AICc)
	}
	if !finite(least) {
		return nil, fmt.Errorf("fit: the least AICc is %v, which compares with nothing", least)
	}
	var sum float64
	for k := range c {
		c[k].Delta = c[k].AICc - least
		c[k].Weight = math.Exp(-c[k].Delta / 2)
		sum += c[k].Weight
	}
	for k := range c {
		c[k].Weight /= sum
	}
	return c, nil
}

// sameData says what differs in the responses of two fits, or in what is taken for their errors. Predictors may differ.
func sameData(a, b *Result) error {
	switch {
	case a.settings.AbsoluteSigma != b.settings.AbsoluteSigma:
		return errors.New("fit: one fit has AbsoluteSigma and another not")
	case a.settings.Loss != nil || b.settings.Loss != nil:
		return errors.New("fit: fits by a Loss have no likelihood to compare")
	case a.failure != nil || b.failure != nil:
		return errors.New("fit: a search has not found its minimum, and there is nothing to compare: see Result.Diagnosis")
	case (a.passed != nil) != (b.passed != nil):
		return errors.New("fit: one fit is by Passes and another not: the data cannot be compared")
	case a.passed != nil && !a.passed.same(b.passed, a.N, b.N):
		return errors.New("fit: the data of two fits by Passes differ")
	case len(a.sets) != len(b.sets):
		return fmt.Errorf("fit: one fit has %d sets of data and another %d", len(a.sets), len(b.sets))
	}
	for k := range a.sets {
		s, t := a.sets[k].Data, b.sets[k].Data
		what := ""
		switch {
		case !slices.Equal(s.Y, t.Y):
			what = "Y"
		case !slices.Equal(s.Sigma, t.Sigma):
			what = "Sigma"
		default:
			continue
		}
		return fmt.Errorf("fit: %s of set %d differs between the fits", what, k)
	}
	return nil
}

// same reports whether the sums of two sources are those of the same responses, up to rounding in another order.
func (q *passed) same(p *passed, n, m int) bool {
	equal := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(a) }
	return n == m && q.sigma == p.sigma && len(q.mean) == len(p.mean) && q.most == p.most &&
		equal(q.size, p.size) && equal(q.total(), p.total()) && math.Abs(q.logs-p.logs) <= 1e-9*float64(n)
}
