package fit

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Contour returns n points on the edge of the joint region of parameters i and j at a level such as 0.95,
// counterclockwise in the plane where i is to the right and j up: there, with the best values of all others,
//
//	RSS(θᵢ, θⱼ) - RSS = 2 s² F
//
// where F is the quantile of Fisher's distribution with 2 and DF degrees of freedom, or, with AbsoluteSigma, 2 F is that
// of χ² with 2 and s is 1. For linear models it is an ellipse. Each point is the first on a ray from the estimate; the
// rays have equal angles where that ellipse is a circle. Where a bound comes before, the point lies on the bound; where
// the region has no end, both coordinates are infinite.
//
// Its errors are those of Profile, and besides it is an error if the standard errors of i and j are not finite or their
// correlation is 1. It costs some ten short fits a point. Contour panics if n < 3, if i = j, or if level is out of range.
func (r *Result) Contour(ctx context.Context, i, j int, level float64, n int) ([][2]float64, error) {
	checkLevel(level)
	switch {
	case i == j:
		panic("fit: Contour of a parameter with itself")
	case n < 3:
		panic(fmt.Sprintf("fit: Contour of %d points, want >= 3", n))
	}
	for _, k := range []int{i, j} {
		if err := r.profiled(k); err != nil {
			return nil, err
		}
	}
	var chol mat.Cholesky
	cov := mat.NewSymDense(2, []float64{r.Cov.At(i, i), r.Cov.At(i, j), r.Cov.At(j, i), r.Cov.At(j, j)})
	if !finite(cov.At(0, 0)+cov.At(0, 1)+cov.At(1, 1)) || !chol.Factorize(cov) {
		return nil, errors.New("fit: a Contour needs finite standard errors and a correlation below 1")
	}
	var lower mat.TriDense
	chol.LTo(&lower)
	var q float64
	switch {
	case r.settings.AbsoluteSigma:
		q = math.Sqrt(distuv.ChiSquared{K: 2}.Quantile(level))
	default:
		q = math.Sqrt(2 * distuv.F{D1: 2, D2: float64(r.DF)}.Quantile(level))
	}
	points := make([][2]float64, n)
	near := r.Estimate
	for k := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(n))
		y := &ray{r: r, ctx: ctx, fixed: []int{i, j}, q: q, steps: 1,
			direction: []float64{lower.At(0, 0) * cos, lower.At(1, 0)*cos + lower.At(1, 1)*sin}}
		d, err := y.end(rayPoint{q, 0, near})
		if err != nil {
			return nil, err
		}
		points[k] = [2]float64{y.value(0, d), y.value(1, d)}
		near = y.nearest(d)
	}
	return points, nil
}
