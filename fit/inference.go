package fit

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// RankError says that the data cannot tell the values of some parameters. The curve does not change along some direction
// of them, so that any point along it fits as well; or it is so flat there that, by the derivatives, changes of more than 100
// times the parameters' size are within the errors of the responses, and so far from linear that the derivatives say
// nothing about such changes. The second is the end of a term too many, such as a peak at rest between two points.
type RankError struct {
	Parameters []string // those that change along such directions
	Rank       int      // number of directions that the data determine
	N          int      // number of all parameters
}

// Error implements error.
func (e *RankError) Error() string {
	return fmt.Sprintf("fit: the data do not determine %s: they tell %d of %d directions of the parameters only",
		strings.Join(e.Parameters, ", "), e.Rank, e.N)
}

// infer sets what follows from the Jacobian at p: AtBound, DF, Rank, ResidualSD, Cov, StdErr, RanAway. With J = Q R D and
// R = U S Vᵀ it is
//
//	W S⁻¹ M S⁻¹ Wᵀ,  W = B D⁻¹ V
//
// which is B (JᵀJ)⁻¹ Bᵀ for M = I, where B = ∂b/∂u and J has the columns of the variables that are at no bound. Parameters with a part in a null direction
// have infinite variance, and NaN for covariances; those that change with one at a bound have NaN. If minimum is false p is
// no minimum, and all is NaN. The contents of lm do not matter. scale is the change of each u that matters.
func (r *Result) infer(lm *levenberg, p *point, scale []float64, minimum bool) error {
	c, lin, params := lm.c, lm.lin, len(r.Parameters)
	lm.rescale(p) // for its rounding error
	lin.equilibrate(c, p)
	lin.cols = lin.cols[:0]
	for j, i := range c.free {
		if c.atBound(p.u, j) == 0 {
			lin.cols = append(lin.cols, j)
		} else {
			r.AtBound = append(r.AtBound, r.Parameters[i])
		}
	}
	n := len(lin.cols)
	r.DF = r.N - n
	ok := lin.factor(p.jac, p.r)
	if ok {
		r.Rank = lin.rank()
		r.DF = r.N - r.Rank
	}
	if c.loss == nil {
		r.ResidualSD = math.NaN()
		if r.DF > 0 {
			r.ResidualSD = math.Sqrt(r.RSS / float64(r.DF))
		}
	}
	if ok && minimum && r.Rank == n {
		r.RanAway = lm.ranAway(p, c.names())
	}
	null := r.Rank // directions along which the curve changes at all; those from r.Rank on are weak
	if s := r.scale(); ok && minimum && r.Rank == n && r.RanAway == nil && s > 0 {
		null = n
		r.Rank = lm.determined(p, scale, s)
	}
	if ok {
		r.leverages(lm, p, null)
	}

	const (
		known = iota
		undetermined
		bound
	)
	state := make([]int, params)
	w := make([]float64, params*n)
	slopes := make([]float64, c.n)
	e := &RankError{Rank: r.Rank, N: n}
	for i := range params {
		c.slopes(slopes, p, i)
		var size float64
		for j := range slopes {
			slopes[j] /= lin.scale[j]
			size = math.Hypot(size, slopes[j])
			if slopes[j] != 0 && c.atBound(p.u, j) != 0 {
				state[i] = bound
			}
		}
		for k := range n {
			sum := &w[i*n+k]
			for l, v := range lin.svd.right(k) {
				*sum += slopes[lin.cols[l]] * v
			}
		}
		for k := null; k < n; k++ {
			if math.Abs(w[i*n+k]) > 1e-6*size && state[i] == known {
				state[i] = undetermined
			}
		}
		var rest, weak float64
		for k := range null {
			if v := w[i*n+k] / lin.svd.s[k]; k < r.Rank {
				rest = math.Hypot(rest, v)
			} else {
				weak = math.Hypot(weak, v)
			}
		}
		if weak > rest && state[i] == known { // else the direction is a part of the error like others
			state[i] = undetermined
			r.weak = append(r.weak, r.Parameters[i])
		}
		if state[i] == undetermined {
			e.Parameters = append(e.Parameters, r.Parameters[i])
		}
	}
	if ok && minimum {
		r.saturate(lm, p, w, null)
	}
	var middle *mat.SymDense
	if ok && minimum {
		middle = r.middle(lm, p, null)
	}
	r.root = mat.NewDense(params, max(null, 1), nil)
	for i := range params {
		for k := range null {
			r.root.Set(i, k, w[i*n+k]/lin.svd.s[k])
		}
	}
	r.Cov = mat.NewSymDense(params, nil)
	r.StdErr = make([]float64, params)
	for i := range params {
		for j := range i + 1 {
			v := math.NaN()
			switch {
			case middle == nil:
			case state[i] == known && state[j] == known:
				v = 0
				for k := range null {
					for l := range null {
						v += w[i*n+k] / lin.svd.s[k] * middle.At(k, l) * (w[j*n+l] / lin.svd.s[l])
					}
				}
			case i == j && state[i] == undetermined:
				v = math.Inf(1)
			}
			r.Cov.SetSym(i, j, v)
		}
		r.StdErr[i] = math.Sqrt(r.Cov.At(i, i))
	}
	if ok && r.Rank < n {
		for k := null; k < n; k++ {
			d := make([]float64, params)
			for i := range d {
				d[i] = w[i*n+k]
			}
			r.null = append(r.null, d)
		}
		return e
	}
	return nil
}

// leverages sets the diagonal of U Uᵀ: how much of a response its residual does not show, since the curve follows it.
func (r *Result) leverages(lm *levenberg, p *point, rank int) {
	r.leverage = make([]float64, lm.c.m)
	u := make([]float64, rank)
	for i := range r.leverage {
		lm.lin.leftRow(u, p.row(i))
		for _, v := range u {
			r.leverage[i] += v * v
		}
		r.leverage[i] = min(r.leverage[i], 1) // but for rounding
	}
}

// middle is M for infer in the first n directions, where lm.lin has been factored, or nil if there is none: the variance of a residual or, with a
// Loss, the sandwich in the coordinates of the left singular vectors U,
//
//	N/DF H⁻¹ G H⁻¹,  H = Uᵀ diag(ψ') U,  G = Uᵀ diag(ψ²) U
//
// (P. J. Huber, The behavior of maximum likelihood estimates under nonstandard conditions, Proc. Fifth Berkeley Symp. 1,
// 1967; H. White, A heteroskedasticity-consistent covariance matrix estimator and a direct test for heteroskedasticity,
// Econometrica 48, 1980; N/DF as in the first correction of J. G. MacKinnon and H. White, J. Econometrics 29, 1985).
func (r *Result) middle(lm *levenberg, p *point, n int) *mat.SymDense {
	c, lin := lm.c, lm.lin
	if n == 0 || r.DF == 0 && !(c.loss == nil && r.settings.AbsoluteSigma) {
		return nil
	}
	if c.loss == nil {
		v := r.RSS / float64(r.DF)
		if r.settings.AbsoluteSigma {
			v = 1
		}
		m := mat.NewSymDense(n, nil)
		for k := range n {
			m.SetSym(k, k, v)
		}
		return m
	}
	h, g := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	u := mat.NewVecDense(n, nil) // a row of U
	for i, res := range p.r {
		lin.leftRow(u.RawVector().Data, p.row(i))
		h.SymRankOne(h, p.bend[i], u)
		g.SymRankOne(g, res*res, u)
	}
	var chol mat.Cholesky
	if !chol.Factorize(h) {
		return nil // a saddle of the objective, up to the second derivatives of the curve
	}
	var inv mat.SymDense
	if chol.InverseTo(&inv) != nil {
		return nil
	}
	var left, all mat.Dense
	left.Mul(&inv, g)
	all.Mul(&left, &inv)
	m := mat.NewSymDense(n, nil)
	for k := range n {
		for l := range k + 1 {
			m.SetSym(k, l, float64(r.N)/float64(r.DF)*(all.At(k, l)+all.At(l, k))/2)
		}
	}
	return m
}

// ranAway returns the names for Result.RanAway at p, where lin has been factored: those parameters that the undamped step
// changes most in relation to their values, down to a tenth of the largest change.
func (l *levenberg) ranAway(p *point, names []string) []string {
	if _, promise, _ := l.step(p, 0); !l.large(promise, p.f) {
		return nil
	}
	change := func(j int) float64 {
		if l.delta[j] == 0 {
			return 0
		}
		slope := 1.0
		if !l.c.simple {
			slope = p.slope[j]
		}
		return math.Abs(l.delta[j] * slope / p.b[l.c.free[j]])
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
// (1+level)/2 quantile of Student's distribution with DF degrees of freedom or, with Settings.AbsoluteSigma, of the normal
// one. For a parameter with a Transform it is such an interval for u, mapped back. It is NaN where StdErr is.
// Interval panics if level is not in (0, 1).
func (r *Result) Interval(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	t := r.quantile((1 + level) / 2)
	if r.parameters != nil {
		if p := &r.parameters[i]; p.Transform != Identity && p.Tied == nil && !p.Fixed {
			u, slope := p.coordinate(r.Estimate[i])
			lo, _ = p.value(u - t*r.StdErr[i]/slope)
			hi, _ = p.value(u + t*r.StdErr[i]/slope)
			return lo, hi
		}
	}
	return r.Estimate[i] - t*r.StdErr[i], r.Estimate[i] + t*r.StdErr[i]
}
