package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// suspects are the points of a least-squares fit whose studentized residual is beyond the limit that the largest of n exceeds
// with a probability of at most 0.01 if the errors are normal, by Bonferroni's inequality: the quantile of 0.01/(2n), of
// Student's distribution or, with known standard deviations, of the normal one. The farthest come first.
//
// Reference: R. D. Cook, S. Weisberg, Residuals and Influence in Regression, 1982, section 2.2.2.
func suspects(r *fit.Result, absolute bool) (points []int, limit float64, e *fit.Residuals) {
	e = r.Residuals()
	if r.DF < 2 {
		return nil, math.Inf(1), e
	}
	upper := 1 - 0.01/float64(2*r.N)
	if absolute {
		limit = distuv.UnitNormal.Quantile(upper)
	} else {
		limit = distuv.StudentsT{Sigma: 1, Nu: float64(r.DF - 1)}.Quantile(upper)
	}
	rounding := 1e-12 * floats.Norm(e.Fitted, math.Inf(1)) // residuals of points on the curve
	for i, t := range e.Studentized {
		if math.IsNaN(t) && finite(e.Standardized[i]) { // the others lie on the curve
			e.Studentized[i] = math.Copysign(math.Inf(1), e.Standardized[i])
		}
		if math.Abs(e.Studentized[i]) > limit && math.Abs(e.Raw[i]) > rounding {
			points = append(points, i)
		}
	}
	slices.SortStableFunc(points, func(a, b int) int {
		return -cmp.Compare(math.Abs(e.Studentized[a]), math.Abs(e.Studentized[b]))
	})
	return points, limit, e
}

// suspectNote names the lines of the suspects, the first five at most, or is "" if there are none.
func suspectNote(r *fit.Result, absolute bool, lines []int) string {
	points, limit, e := suspects(r, absolute)
	if len(points) == 0 {
		return ""
	}
	var names []string
	for k, i := range points {
		if k == 5 {
			names = append(names, fmt.Sprintf("%d more", len(points)-k))
			break
		}
		names = append(names, fmt.Sprintf("line %d (%.3g)", lines[i], e.Studentized[i]))
	}
	return fmt.Sprintf("Far from the curve: %s, in studentized residuals; of normal errors the farthest is beyond %.3g in one of 100 tables. Look at the data, or give --loss huber.",
		strings.Join(names, ", "), limit)
}
