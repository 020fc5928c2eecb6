package method

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// sfoTerm is what SFO knows of one term. Its vectors have the length of the largest subspace, and are 0 beyond the present one.
//
//	f_i(p) ≈ f + dᵀΔ + ΔᵀH_iΔ/2,  Δ = p - p_i,  H_i = e I + Σ u_c b_c b_cᵀ
type sfoTerm struct {
	active  bool // counts in the sum
	visits  int
	last    sfoPoint  // its last evaluation that counts
	pairs   int       // differences kept
	dp, dd  []float64 // of positions and gradients, one after the other, the oldest first
	e       float64
	columns int // of b
	b, u    []float64
}

// known reports whether there is a last evaluation.
func (t *sfoTerm) known() bool { return t.last.finite() }

// sfoTermNumbers is how many numbers carve takes.
func sfoTermNumbers(k, history int) int { return 2*k + 2*history*k + 2*history*(k+1) }

func (t *sfoTerm) carve(k, history int, take func(n int) []float64) {
	t.last = sfoPoint{f: math.Inf(1), p: take(k), d: take(k)}
	t.dp, t.dd = take(history*k), take(history*k)
	t.b, t.u = take(2*history*k), take(2*history)
}

// row returns vector j of several that stand one after the other.
func (t *sfoTerm) row(v []float64, j int) []float64 {
	k := len(t.last.p)
	return v[j*k : (j+1)*k]
}

// record makes q the last evaluation and keeps the difference to the one before. That there is one, and not the number of
// visits, decides: a first visit that has failed has been counted. It reports whether the gradient is the same as
// before.
func (t *sfoTerm) record(q *sfoPoint) (flat bool) {
	if t.known() {
		if t.pairs*len(t.last.p) == len(t.dp) {
			copy(t.dp, t.dp[len(t.last.p):])
			copy(t.dd, t.dd[len(t.last.p):])
			t.pairs--
		}
		dp, dd := t.row(t.dp, t.pairs), t.row(t.dd, t.pairs)
		floats.SubTo(dp, q.p, t.last.p)
		floats.SubTo(dd, q.d, t.last.d)
		a, b := floats.Norm(dp, 2), floats.Norm(dd, 2)
		// Differences that are rounding errors are none, in whatever units.
		moved := a > 0 && a >= sfoRounding*max(floats.Norm(q.p, 2), floats.Norm(t.last.p, 2))
		bent := b > 0 && b >= sfoEps*max(floats.Norm(q.d, 2), floats.Norm(t.last.d, 2))
		if moved && bent && a*b <= math.MaxFloat64 && math.Abs(floats.Dot(dp, dd)) >= sfoEps*a*b { // of either sign
			t.pairs++
		}
		flat = !bent
	}
	t.last.set(*q)
	return flat
}

// curvature returns vᵀH_iv.
func (t *sfoTerm) curvature(v []float64) float64 {
	sum := t.e * floats.Dot(v, v)
	for c := range t.columns {
		d := floats.Dot(t.row(t.b, c)[:len(v)], v)
		sum += float64(t.u[c] * d * d)
	}
	return sum
}

// addGradient adds that of the model, d + H_iΔ, to g. Δ is where it is taken, from p_i.
func (t *sfoTerm) addGradient(g, delta []float64) {
	floats.Add(g, t.last.d[:len(g)])
	floats.AddScaled(g, t.e, delta)
	for c := range t.columns {
		b := t.row(t.b, c)[:len(g)]
		floats.AddScaled(g, float64(t.u[c]*floats.Dot(b, delta)), b)
	}
}

// predict returns the value that the model of t has at p.
func (r *SFO) predict(t *sfoTerm, p []float64) float64 {
	k := r.space.k
	delta := r.work.v1[:k]
	floats.SubTo(delta, p[:k], t.last.p[:k])
	return t.last.f + floats.Dot(t.last.d[:k], delta) + t.curvature(delta)/2
}

// sumB is Σ B_i, and sumE is Σ e_i: together the Hessian of the sum.
func (r *SFO) sumB() blas64.Symmetric {
	return blas64.Symmetric{N: r.space.k, Stride: r.space.most, Uplo: blas.Upper, Data: r.b}
}

func (r *SFO) sumE() (sum float64) {
	for i := range r.terms {
		if t := &r.terms[i]; t.active {
			sum += t.e
		}
	}
	return sum
}

// addB adds sign times the B of t to the sum.
func (r *SFO) addB(sign float64, t *sfoTerm) {
	h := r.sumB()
	for c := range t.columns {
		blas64.Syr(sign*t.u[c], blas64.Vector{N: h.N, Inc: 1, Data: t.row(t.b, c)}, h)
	}
}

// sumUp makes Σ B_i anew, without the rounding errors of all terms that have come and gone.
func (r *SFO) sumUp() {
	clear(r.b)
	for i := range r.terms {
		r.addB(1, &r.terms[i])
	}
}

// curvature returns vᵀHv for the sum.
func (r *SFO) curvature(v []float64) float64 {
	hv := r.work.v3[:len(v)]
	blas64.Symv(1, r.sumB(), vec(v), 0, vec(hv))
	return floats.Dot(v, hv) + float64(r.sumE()*floats.Dot(v, v))
}

// hessian stores H in the scratch matrix.
func (r *SFO) hessian() blas64.Symmetric {
	b, h := r.sumB(), r.sumB()
	h.Data = r.work.h
	e := r.sumE()
	for i := range h.N {
		at := i * h.Stride
		copy(h.Data[at+i:at+h.N], b.Data[at+i:at+h.N])
		h.Data[at+i] += e
	}
	return h
}

// newton returns -η H⁻¹ G at r.at. Every H_i is positive definite, so that only rounding can make H something else; then
// multiples of the identity are added, each a hundred times the one before, until it is. Where none will do H is what a much
// greater H_i, now gone, has left of the sum, which is made anew.
func (r *SFO) newton() []float64 {
	w, k := &r.work, r.space.k
	g, delta := w.step[:k], w.v1[:k]
	clear(g)
	for i := range r.terms {
		if t := &r.terms[i]; t.known() {
			floats.SubTo(delta, r.at.p[:k], t.last.p[:k])
			t.addGradient(g, delta)
		}
	}
	shift, anew := 0.0, false
	for {
		h := r.hessian()
		largest := 0.0
		for i := range k {
			d := &h.Data[i*h.Stride+i]
			largest = max(largest, math.Abs(*d))
			*d += shift
		}
		var ok bool
		if w.chol, ok = lapack64.Potrf(h); ok {
			break
		}
		if !(shift <= largest) && !anew {
			r.sumUp()
			shift, anew = 0, true
			continue
		}
		if !(shift <= largest) || largest == 0 { // H is not finite, or there is none
			for i := range g {
				g[i] = math.NaN()
			}
			return g
		}
		shift = max(100*shift, 1e-14*largest)
	}
	lapack64.Potrs(w.chol, blas64.General{Rows: k, Cols: 1, Stride: 1, Data: g})
	floats.Scale(-r.eta, g)
	return g
}

// inverse returns vᵀH⁻¹v by the factors that newton has left, and destroys v.
func (w *sfoWork) inverse(v []float64) float64 {
	blas64.Trsv(blas.Trans, w.chol, vec(v))
	return floats.Dot(v, v)
}

// fit makes the model of t anew from its differences, and updates the sum. flat says that its gradient has not changed on a step
// that was kept.
func (r *SFO) fit(t *sfoTerm, flat bool) {
	r.addB(-1, t)
	if t.pairs == 0 {
		r.guess(t, flat)
	} else {
		r.bfgs(t)
	}
	if r.total%r.Terms == 0 {
		r.sumUp()
	} else {
		r.addB(1, t)
	}
}

// guess is fit without differences: the curvature of the others, or a tenth of it for a term whose gradient is flat. That is so
// where HessianInit makes the steps too short to see a change, and where the term is constant or linear, which must not hold
// the others up.
func (r *SFO) guess(t *sfoTerm, flat bool) {
	t.columns = 0
	w := &r.work
	values := w.values[:r.space.k]
	h := r.hessian()
	scale := normalize(h)
	lapack64.Syev(lapack.EVNone, h, values, w.lapack, len(w.lapack))
	e := math.Ldexp(median(values), scale) / float64(r.active())
	if flat && t.visits > 2 {
		e /= 10
	}
	t.e = max(e, sfoLeast)
}

// bfgs is fit with differences. It works in their span, where they have few components.
func (r *SFO) bfgs(t *sfoTerm) {
	w, k, n := &r.work, r.space.k, t.pairs
	m := min(k, 2*n) // dimension of the span

	// Q R = [Δp, Δd]. R holds both in the basis Q.
	q := blas64.General{Rows: k, Cols: 2 * n, Stride: 2 * n, Data: w.q}
	for j := range n {
		dp, dd := t.row(t.dp, j), t.row(t.dd, j)
		for i := range k {
			q.Data[i*q.Stride+j], q.Data[i*q.Stride+n+j] = dp[i], dd[i]
		}
	}
	lapack64.Geqrf(q, w.tau[:m], w.lapack, len(w.lapack))
	s := w.s[:n*m] // Δp, one after the other
	y := w.y[:n*m]
	for j := range n {
		for i := range m {
			s[j*m+i], y[j*m+i] = 0, 0
			if i <= j {
				s[j*m+i] = q.Data[i*q.Stride+j]
			}
			if i <= n+j {
				y[j*m+i] = q.Data[i*q.Stride+n+j]
			}
		}
	}
	q.Cols = m
	lapack64.Orgqr(q, w.tau[:m], w.lapack, len(w.lapack))

	low, high := w.extremes(s, y, m, n)
	if low == 0 || low-low != 0 || high-high != 0 { // the differences depend on each other
		low = 0
		for i := range r.terms {
			if u := &r.terms[i]; u.active {
				low = max(low, u.e)
			}
		}
		high = low
	}
	t.e = max(low, high/sfoRatio)

	h := blas64.Symmetric{N: m, Stride: m, Uplo: blas.Upper, Data: w.h[:m*m]}
	clear(h.Data)
	for i := range m {
		h.Data[i*m+i] = t.e
	}
	hs := w.v1[:m]
	for j := range n {
		s, y := s[j*m:(j+1)*m], y[j*m:(j+1)*m]
		length := floats.Norm(s, 2)
		floats.Scale(1/length, s)
		floats.Scale(1/length, y)
		blas64.Symv(1, h, vec(s), 0, vec(hs))
		ys, shs := floats.Dot(y, s), floats.Dot(s, hs)
		if math.Abs(shs) < sfoEps*floats.Norm(hs, 2) || 1/ys-1/ys != 0 || 1/shs-1/shs != 0 {
			continue // H of pairs of negative curvature may take s to a right angle
		}
		blas64.Syr(1/ys, vec(y), h)
		blas64.Syr(-1/shs, vec(hs), h)
	}

	values := w.values[:m]
	t.columns = m
	scale := 0
	size := floats.Norm(h.Data, 1)
	if size-size == 0 {
		scale = normalize(h)
	}
	if size-size != 0 || !lapack64.Syev(lapack.EVCompute, h, values, w.lapack, len(w.lapack)) {
		t.columns, t.e = 0, high // the differences are out of the range of numbers
		return
	}
	for i, v := range values {
		values[i] = math.Ldexp(v, scale)
	}
	positive(values, high)
	for c, v := range values {
		t.u[c] = v - t.e
		b := t.row(t.b, c)
		clear(b)
		blas64.Gemv(blas.NoTrans, 1, q, blas64.Vector{N: m, Inc: m, Data: h.Data[c:]}, 0, blas64.Vector{N: k, Inc: 1, Data: b})
	}
}

// normalize divides h by the power of two, whose exponent it returns, that takes its greatest element to between 1/2 and 1: gonum
// panics at eigenvalues of matrices that are all below 1e-122 or above 1e152.
func normalize(h blas64.Symmetric) (exponent int) {
	top := 0.0
	row := func(i int) []float64 { return h.Data[i*h.Stride+i : i*h.Stride+h.N] }
	for i := range h.N {
		top = max(top, floats.Norm(row(i), math.Inf(1)))
	}
	_, exponent = math.Frexp(top)
	for i := range h.N {
		multiply(row(i), -exponent)
	}
	return exponent
}

// multiply multiplies v by 2 to the power of exponent.
func multiply(v []float64, exponent int) {
	for i := range v {
		v[i] = math.Ldexp(v[i], exponent)
	}
}

// extremes returns the least and the greatest curvature that n differences show, the columns of s and y in m dimensions: the
// singular values, without the m-n that must be 0, of the matrix of least squares y s⁺ that takes s to y.
func (w *sfoWork) extremes(s, y []float64, m, n int) (low, high float64) {
	kept := min(m, n)
	copy(w.svd, s) // the transpose of s
	_, ofS := math.Frexp(floats.Norm(s, math.Inf(1)))
	_, ofY := math.Frexp(floats.Norm(y, math.Inf(1)))
	multiply(w.svd[:n*m], -ofS) // to sizes that no square of them is out of the range of numbers
	sigma := w.sigma[:kept]
	u := blas64.General{Rows: n, Cols: kept, Stride: kept, Data: w.u[:n*kept]}
	if !lapack64.Gesvd(lapack.SVDStore, lapack.SVDNone, blas64.General{Rows: n, Cols: m, Stride: m, Data: w.svd[:n*m]}, u, blas64.General{},
		sigma, w.lapack, len(w.lapack)) {
		return math.NaN(), math.NaN()
	}
	// y s⁺ has the singular values of y U Σ⁻¹, whose columns are made here as rows.
	a := blas64.General{Rows: kept, Cols: m, Stride: m, Data: w.svd[:kept*m]}
	clear(a.Data)
	for c, v := range sigma {
		if v <= 1e-15*sigma[0] {
			return 0, 0
		}
		for j := range n {
			floats.AddScaled(a.Data[c*m:(c+1)*m], math.Ldexp(u.Data[j*kept+c]/v, -ofY), y[j*m:(j+1)*m])
		}
	}
	u.Rows = kept // is not looked at, but without it gonum allocates
	if !lapack64.Gesvd(lapack.SVDStore, lapack.SVDNone, a, u, blas64.General{}, sigma, w.lapack, len(w.lapack)) {
		return math.NaN(), math.NaN()
	}
	return math.Ldexp(sigma[kept-1], ofY-ofS), math.Ldexp(sigma[0], ofY-ofS)
}

// positive makes eigenvalues, in ascending order, positive and of a bounded ratio: the median of the positive ones takes the
// place of those that are not, or all become high if none is.
func positive(values []float64, high float64) {
	n := 0 // that are not positive
	for n < len(values) && values[n] <= 0 {
		n++
	}
	if n == len(values) {
		for i := range values {
			values[i] = high
		}
		return
	}
	least := max(-values[0], values[len(values)-1]) / sfoRatio
	middle := median(values[n:])
	for i, v := range values {
		if v < least {
			values[i] = middle
		}
	}
}

// median of values in ascending order.
func median(values []float64) float64 {
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func vec(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Inc: 1, Data: v} }

// sfoWork is scratch: nothing in it lasts beyond a step.
type sfoWork struct {
	step, v1, v2, v3 []float64         // of the size of the subspace
	h                []float64         // a matrix likewise
	chol             blas64.Triangular // factor of H, in h
	values           []float64         // eigenvalues
	q, tau           []float64
	s, y             []float64
	svd, u, sigma    []float64
	lapack           []float64
}

// size makes the scratch for subspaces of up to k dimensions.
func (w *sfoWork) size(k, history int) {
	m := min(k, 2*history)
	w.step, w.v1, w.v2, w.v3 = make([]float64, k), make([]float64, k), make([]float64, k), make([]float64, k)
	w.h, w.values = make([]float64, k*k), make([]float64, k)
	w.q, w.tau = make([]float64, 2*history*k), make([]float64, max(m, k))
	w.s, w.y = make([]float64, history*m), make([]float64, history*m)
	w.svd, w.u, w.sigma = make([]float64, history*m), make([]float64, history*history), make([]float64, history)

	need := 1
	query := []float64{0}
	ask := func(f func()) {
		f()
		need = max(need, int(query[0]))
	}
	h := blas64.Symmetric{N: k, Stride: k, Uplo: blas.Upper, Data: w.h}
	q := blas64.General{Rows: k, Cols: 2 * history, Stride: 2 * history, Data: w.q}
	s := blas64.General{Rows: history, Cols: m, Stride: m, Data: w.svd}
	u := blas64.General{Rows: history, Cols: min(history, m), Stride: min(history, m), Data: w.u}
	ask(func() { lapack64.Syev(lapack.EVCompute, h, w.values, query, -1) })
	ask(func() { lapack64.Geqrf(q, w.tau[:m], query, -1) })
	ask(func() {
		lapack64.Orgqr(blas64.General{Rows: k, Cols: m, Stride: 2 * history, Data: w.q}, w.tau[:m], query, -1)
	})
	ask(func() {
		lapack64.Gesvd(lapack.SVDStore, lapack.SVDNone, s, u, blas64.General{}, w.sigma[:min(history, m)], query, -1)
	})
	w.lapack = make([]float64, need)
}
