package fit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// Passes is Curve for data that do not fit into memory: it fits m by least squares to the points of src, which are read
// from the first to the last for each evaluation of the curve. Memory does not grow with their number. The result is
// that of Curve, but for rounding and for the way of the search, and their order does not matter. If s is nil, defaults
// are used.
//
// The search has two parts. Curve, with s, fits a random sample of 10 000 points. From there, or from the start if the
// sum of squares of all points is lower there, Levenberg-Marquardt goes on with all of them; some ten passes are enough
// in practice. In a pass the derivatives J and the residuals r of one block of points after the other are reduced to a
// triangle by Householder reflections,
//
//	[J r] = Q [R c; 0 ρ]
//
// which is all that Levenberg-Marquardt and the error bars need. JᵀJ is never formed, so no digits are lost. Memory is
// that of the sample and of a block of 512 points; a pass costs, for each point, an evaluation of the curve and some
// 2(p+1)² multiplications for p free parameters.
//
// The error bars are those of Curve, statistical errors: all points are used, and the optimizer adds no more than
// rounding. Methods of the Result that need the data (Residuals, Profile, Contour, Bootstrap) panic. For points that
// cannot be read twice there is Stream.
//
// What Curve returns as errors is returned here too, with or without a Result. So are errors of src, and data that have
// not the same number of points in every pass. Passes panics where Curve does, if src is nil, and if Settings.Loss is
// set, whose scale needs all residuals at once.
//
// Reference: J. Demmel, L. Grigori, M. Hoemmen, J. Langou, Communication-optimal parallel and sequential QR and LU
// factorizations, SIAM Journal on Scientific Computing 34, 2012.
func Passes(ctx context.Context, m Model, src Source, params []Parameter, s *Settings) (*Result, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	sets := []Set{{Model: m}}
	checkUse(sets, params, set)
	switch {
	case src == nil:
		panic("fit: Passes: the Source is nil")
	case set.Loss != nil:
		panic("fit: Passes: Settings.Loss is set; least squares only")
	}
	if err := checkNames(sets, params); err != nil {
		return nil, err
	}
	co := newCoordinates(params)
	if err := co.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ps := newPasses(sets, co, src, cancel)
	sample, err := ps.look(ctx)
	if err != nil {
		return nil, err
	}
	if n := ps.points * ps.outputs; n < len(co.free) {
		return nil, fmt.Errorf("fit: too few points, %d for %d parameters", n, len(co.free))
	}
	if err := checkSize(ps.seen.most); err != nil {
		return nil, err
	}
	c := ps.c
	u, scale := co.start()
	first, err := ps.first(u)
	if err != nil {
		return nil, err
	}
	if near, _ := c.sampled(ctx, newPoint(c, u), []Set{{m, *sample}}, set); near != nil && near.f < first.f {
		first = near
	}
	set.AdamSteps, set.Starts = -1, 0 // these ways have been gone on the sample
	r, err := c.fit(ctx, first, scale, nil, set, ps.points*ps.outputs)
	if r != nil {
		r.passed = ps.seen
		r.passed.raw = r.RSS
		if ps.seen.sigma {
			r.passed.raw = ps.unweighted(r)
		}
	}
	return r, err
}

const blockSize = 512 // points in a block

// passes evaluate a curve by passes through the data. c is the compressed problem, whose residuals and derivatives are
// those of the triangle: n+1 rows, the last of which is ρ.
type passes struct {
	c       *curve
	block   *curve // over a block of points
	p       *point // of block
	data    Data   // of block
	src     Source
	outputs int
	points  int                     // in a pass
	cancel  context.CancelCauseFunc // ends the search where src fails
	seen    *passed

	qr   blas64.General // the triangle above the rows of a block
	tau  []float64
	work []float64
}

func newPasses(sets []Set, co *coordinates, src Source, cancel context.CancelCauseFunc) *passes {
	ps := &passes{c: newCurve(sets, co), block: newCurve(sets, co), src: src, cancel: cancel}
	n := ps.c.n
	ps.outputs = ps.block.sets[0].outputs
	o := ps.outputs
	ps.seen = &passed{mean: make([]float64, o), weights: make([]float64, o), squares: make([]float64, o)}
	ps.block.m = blockSize * ps.outputs
	ps.p = newPoint(ps.block, make([]float64, n))
	ps.c.m, ps.c.pass = n+1, ps.eval
	rows := n + 1 + ps.block.m
	ps.qr = blas64.General{Rows: rows, Cols: n + 1, Stride: n + 1, Data: make([]float64, rows*(n+1))}
	ps.tau, ps.work = make([]float64, n+1), make([]float64, 1)
	lapack64.Geqrf(ps.qr, ps.tau, ps.work, -1)
	ps.work = make([]float64, int(ps.work[0]))
	return ps
}

// fail ends the fit.
func (ps *passes) fail(err error) bool {
	ps.c.err, ps.c.bad = err, dataPoint{set: -1}
	ps.cancel(err)
	return false
}

// each hands the data to do, block by block, and returns the number of points.
func (ps *passes) each(do func(first int, d *Data) bool) (points int, err error) {
	if err := ps.src.Rewind(); err != nil {
		return 0, fmt.Errorf("fit: %w", err)
	}
	r := reader{next: ps.src.Next, outputs: ps.outputs}
	for {
		first := r.read
		err := r.block(&ps.data, blockSize)
		if err != nil && err != io.EOF {
			return r.read, err
		}
		if len(ps.data.X) > 0 && !do(first, &ps.data) || err == io.EOF {
			return r.read, nil
		}
	}
}

// look goes through the data once. It counts the points and returns a sample of them.
func (ps *passes) look(ctx context.Context) (*Data, error) {
	v, o := newReservoir(), ps.outputs
	sample := &Data{}
	var err error
	ps.points, err = ps.each(func(_ int, d *Data) bool {
		for i, x := range d.X {
			y, sigma := d.Y[i*o:(i+1)*o], d.Sigma[min(i*o, len(d.Sigma)):min((i+1)*o, len(d.Sigma))]
			ps.seen.add(y, sigma)
			switch k := v.place(); {
			case k == len(sample.X):
				sample.add(&Point{x, y, sigma})
			case k >= 0:
				copy(sample.X[k], x)
				copy(sample.Y[k*o:], y)
				if len(sigma) > 0 {
					copy(sample.Sigma[k*o:], sigma)
				}
			}
		}
		return ctx.Err() == nil
	})
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("fit: cancelled: %w", context.Cause(ctx))
	}
	if len(sample.Sigma) == 0 {
		sample.Sigma = nil
	}
	ps.c.sizeY = math.Sqrt(ps.seen.size)
	return sample, err
}

// passed are sums over the data that Passes does not keep.
type passed struct {
	sigma bool    // the points have Sigma
	logs  float64 // Σ log σ
	size  float64 // Σ (y/σ)²
	most  float64 // the largest |y/σ|
	raw   float64 // Σ (y-f)² at the estimate, NaN if it is not known
	// mean are those of each output, weighted by 1/σ², weights the sums of weights, and squares those of the squares of
	// (y-mean)/σ.
	mean, weights, squares []float64
}

func (q *passed) add(y, sigma []float64) {
	for k, v := range y {
		w := 1.
		if len(sigma) > 0 {
			q.sigma = true
			w = 1 / (sigma[k] * sigma[k])
			q.logs += math.Log(sigma[k])
		}
		q.size += float64(w * v * v)
		q.most = max(q.most, math.Sqrt(w)*math.Abs(v))
		q.weights[k] += w
		d := v - q.mean[k]
		q.mean[k] += float64(w * d / q.weights[k])
		q.squares[k] += float64(w * d * (v - q.mean[k]))
	}
}

// total is the sum of the squares.
func (q *passed) total() (sum float64) {
	for _, v := range q.squares {
		sum += v
	}
	return sum
}

// unweighted returns Σ (y-f)² at the estimate, by one more pass, or NaN if it cannot be had.
func (ps *passes) unweighted(r *Result) float64 {
	if ps.c.err != nil {
		return math.NaN()
	}
	b, o := ps.block, ps.outputs
	for k, i := range b.free {
		ps.p.u[k], _ = b.params[i].coordinate(r.Estimate[i])
	}
	var sum float64
	ok := true
	points, err := ps.each(func(_ int, d *Data) bool {
		b.use(d)
		if ok = b.eval(ps.p); !ok {
			return false
		}
		for i, sigma := range d.Sigma[:len(d.X)*o] {
			sum += float64(ps.p.r[i] * sigma * (ps.p.r[i] * sigma))
		}
		return true
	})
	if !ok || err != nil || points != ps.points {
		return math.NaN()
	}
	return sum
}

// first is that of the curve.
func (ps *passes) first(u []float64) (*point, error) {
	c, b := ps.c, ps.block
	for _, jac := range [][]float64{ps.p.jac, b.sets[0].jac} {
		for i := range jac {
			jac[i] = math.NaN() // to notice a Func that stores nothing
		}
	}
	p := newPoint(c, u)
	if c.eval(p) {
		if err := c.checkTies(p); err != nil {
			return nil, err
		}
		return p, c.idle(p)
	}
	if c.err != nil {
		return nil, c.err
	}
	err := b.notFinite(ps.p)
	var e *PointError
	if errors.As(err, &e) {
		e.Point = c.bad.point
	}
	return nil, err
}

// eval goes through the data at p.u and makes the triangle p.jac and p.r.
func (ps *passes) eval(p *point) bool {
	c, b, at := ps.c, ps.block, ps.p
	copy(at.u, p.u)
	ok := c.coordinates.set(p)
	b.coordinates.set(at)
	if !ok {
		c.bad, b.bad = dataPoint{set: -1}, dataPoint{set: -1}
		return false
	}
	n := c.n
	clear(ps.qr.Data)
	var rest float64 // of p.f, lost in rounding
	points, err := ps.each(func(first int, d *Data) bool {
		b.use(d)
		if ok = b.eval(at); !ok {
			c.bad = dataPoint{0, first + b.bad.point, slices.Clone(b.bad.x)}
			return false
		}
		more := at.f + rest
		sum := p.f + more
		p.f, rest = sum, more-(sum-p.f)
		ps.reduce(at, len(d.Y))
		return true
	})
	switch {
	case err != nil:
		return ps.fail(err)
	case !ok:
		return false
	case points != ps.points:
		return ps.fail(fmt.Errorf("fit: the data have %d points now, they had %d before", points, ps.points))
	}
	for i := range n + 1 {
		row := ps.qr.Data[i*(n+1) : (i+1)*(n+1)]
		p.r[i] = row[n]
		copy(p.row(i), row[:n])
	}
	p.rss = p.f
	return finite(p.f)
}

// reduce adds m rows of the block to the triangle.
func (ps *passes) reduce(at *point, m int) {
	n := len(at.u)
	qr := ps.qr
	qr.Rows = n + 1 + m
	for i := range m {
		row := qr.Data[(n+1+i)*(n+1) : (n+2+i)*(n+1)]
		copy(row, at.row(i))
		row[n] = at.r[i]
	}
	// The reflections have zeros where the triangle has them, below its diagonal, and so leave it a triangle.
	lapack64.Geqrf(qr, ps.tau, ps.work, len(ps.work))
}
