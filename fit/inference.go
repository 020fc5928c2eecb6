package fit

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// RankError says that the curve does not change along some direction of the parameters, so that the data cannot tell
// their values: any point along it fits as well.
type RankError struct {
	Parameters []string // those that change along such directions
	Rank       int      // number of directions that the data determine
	N          int      // number of all parameters
}

// Error implements error.
func (e *RankError) Error() string {
	return fmt.Sprintf("fit: the data do not determine %s: the curve changes in %d of %d directions of the parameters only",
		strings.Join(e.Parameters, ", "), e.Rank, e.N)
}

// infer sets what follows from the Jacobian at p: Rank, ResidualSD, Cov, StdErr, RanAway. With J = Q R D and R = U S Vᵀ it is
//
//	(JᵀJ)⁻¹ = D⁻¹ V S⁻² Vᵀ D⁻¹
//
// Parameters with a part in a null direction have infinite variance, and NaN for covariances. If minimum is false p is no
// minimum, and all is NaN. The contents of lm do not matter.
func (r *Result) infer(lm *levenberg, p *point, minimum bool) error {
	lin, n := lm.lin, lm.c.n
	r.ResidualSD = math.Sqrt(r.RSS / float64(r.DF))
	if r.DF == 0 {
		r.ResidualSD = math.NaN()
	}
	r.Cov = mat.NewSymDense(n, nil)
	r.StdErr = make([]float64, n)
	lm.rescale(p) // for its rounding error
	lin.equilibrate(lm.c, p)
	ok := lin.factor(p.jac, p.r)
	if ok {
		r.Rank = lin.rank()
	}
	if ok && minimum && r.Rank == n {
		r.RanAway = lm.ranAway(p, r.Parameters)
	}

	free := make([]bool, n)
	e := &RankError{Rank: r.Rank, N: n}
	for j := range n {
		for k := r.Rank; k < n; k++ {
			free[j] = free[j] || math.Abs(lin.v.At(j, k)) > 1e-6
		}
		if free[j] {
			e.Parameters = append(e.Parameters, r.Parameters[j])
		}
	}
	known := ok && minimum && r.DF > 0
	for i := range n {
		for j := range i + 1 {
			v := math.NaN()
			switch {
			case known && i == j && free[i]:
				v = math.Inf(1)
			case known && !free[i] && !free[j]:
				v = 0
				for k := range r.Rank {
					v += (lin.v.At(i, k) / lin.s[k]) * (lin.v.At(j, k) / lin.s[k])
				}
				v *= r.ResidualSD / lin.scale[i] * (r.ResidualSD / lin.scale[j])
			}
			r.Cov.SetSym(i, j, v)
		}
		r.StdErr[i] = math.Sqrt(r.Cov.At(i, i))
	}
	if ok && r.Rank < n {
		return e
	}
	return nil
}

// ranAway returns the names for Result.RanAway at p, where lin has been factored: those parameters that the undamped step
// changes most in relation to their values, down to a tenth of the largest change.
func (l *levenberg) ranAway(p *point, names []string) []string {
	if _, promise := l.lin.step(l.delta, 0); !l.large(promise, p.rss) {
		return nil
	}
	change := func(j int) float64 {
		if l.delta[j] == 0 {
			return 0
		}
		return math.Abs(l.delta[j] / p.b[j])
	}
	var most float64
	for j := range names {
		most = max(most, change(j))
	}
	var far []string
	for j, name := range names {
		if change(j) >= most/10 {
			far = append(far, name)
		}
	}
	return far
}

// Interval is the confidence interval of parameter i at a level such as 0.95: Estimate ± t StdErr, where t is the
// (1+level)/2 quantile of Student's distribution with DF degrees of freedom. It is NaN where StdErr is.
// Interval panics if level is not in (0, 1).
func (r *Result) Interval(i int, level float64) (lo, hi float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("fit: level = %v, want a number in (0, 1)", level))
	}
	if r.DF == 0 {
		return math.NaN(), math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(r.DF)}.Quantile((1 + level) / 2)
	return r.Estimate[i] - t*r.StdErr[i], r.Estimate[i] + t*r.StdErr[i]
}
