package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Sum is an Objective that is the mean of many terms. Its Oracle evaluates all of them; Terms makes those of
// minibatches, and gives the single terms to methods that want them.
type Sum struct {
	Objective
	Terms gradient.FiniteSum
}

// Data says how the data of a Sum are generated: Terms·Block points (a, y), whose a have Dim independent normal
// components of mean 0 and standard deviation Scale^j, j = 0, ..., Dim-1. A term is the mean over Block points.
type Data struct {
	// Terms is the number N of terms, > 0.
	Terms int
	// Block is the number of points in each term. If it is 0, it is 1.
	Block int
	// Dim is the number of variables, > 0.
	Dim int
	// Scale is the ratio of the standard deviations of neighbouring columns, > 0. If it is 0, it is 1. The Hessian of
	// LeastSquares has a condition number of about Scale^(2(Dim-1)).
	Scale float64
	// Seed selects the data.
	Seed uint64
}

// LeastSquares returns a linear regression.
//
//	f_i(x) = mean over block i of (a·x - y)²/2,  y = a·ẋ + N/2
//
// N and the ẋ_j Scale^j are standard normal. The start is 0, the minimizer is computed from a QR factorization.
// LeastSquares panics if a field of d is out of its range, or there are fewer points than variables.
func LeastSquares(d Data) Sum {
	p := d.points("LeastSquares", 0x15, func(mean float64, r *rand.Rand) float64 { return mean + r.NormFloat64()/2 })
	if len(p.y) < p.dim {
		panic(fmt.Sprintf("testfuncs: LeastSquares of %d points, want at least Data.Dim = %d", len(p.y), p.dim))
	}
	p.loss = func(t, y float64) (f, d1, d2 float64) { return (t - y) * (t - y) / 2, t - y, 1 }
	var qr mat.QR
	qr.Factorize(mat.NewDense(len(p.y), p.dim, p.a))
	x := make([]float64, p.dim)
	for range 2 { // the second solves for the residuals, to rounding
		left := make([]float64, len(p.y))
		for k := range left {
			left[k] = p.y[k] - floats.Dot(p.row(k), x)
		}
		var dx mat.VecDense
		if err := qr.SolveVecTo(&dx, false, mat.NewVecDense(len(left), left)); err != nil {
			panic(fmt.Sprintf("testfuncs: LeastSquares: the data are degenerate: %v", err))
		}
		floats.Add(x, dx.RawVector().Data)
	}
	return p.sum("least squares", "", x)
}

// Logistic returns a logistic regression with ℓ₂ regularization, l2 > 0.
//
//	f_i(x) = mean over block i of ln(1 + exp(-y a·x)) + l2 |x|²/2,  y = 1 with probability 1/(1 + exp(-a·ẋ)), else -1
//
// The ẋ_j Scale^j are standard normal. The start is 0, the minimizer is computed by Newton's method, to rounding.
// With Data{Terms: 30, Block: 40, Dim: 12, Scale: 1.3} it is the usual test of methods that keep a model of each
// term, such as SFO. Logistic panics if a field of d, or l2, is out of its range.
func Logistic(d Data, l2 float64) Sum {
	if !(l2 > 0) || math.IsInf(l2, 1) {
		panic(fmt.Sprintf("testfuncs: Logistic: l2 = %v, want finite and > 0", l2))
	}
	p := d.points("Logistic", 0x10, func(mean float64, r *rand.Rand) float64 {
		if r.Float64()*(1+math.Exp(-mean)) < 1 {
			return 1
		}
		return -1
	})
	p.l2 = l2
	p.loss = func(t, y float64) (f, d1, d2 float64) {
		z := y * t
		e := math.Exp(-math.Abs(z)) // no overflow
		f = max(-z, 0) + math.Log1p(e)
		q := 1 / (1 + e) // probability of the likelier sign
		if z > 0 {
			q = e / (1 + e)
		}
		return f, -y * q, e / ((1 + e) * (1 + e))
	}
	return p.sum("logistic regression", fmt.Sprintf(" l2 %v,", l2), p.newton())
}

// Robust returns a linear regression that bounds the influence of outliers: Charbonnier's smooth form of Huber's
// loss, delta > 0.
//
//	f_i(x) = mean over block i of δ² (√(1 + (a·x - y)²/δ²) - 1),  y = a·ẋ + N/2, of which one in ten is 10 N away
//
// N and the ẋ_j Scale^j are standard normal. It is (a·x - y)²/2 for residuals well below δ, and δ|a·x - y| well
// above. The start is 0, the minimizer is computed by Newton's method, to rounding. Robust panics if a field of d, or
// delta, is out of its range, or there are fewer points than variables.
//
// Reference: P. Charbonnier, L. Blanc-Féraud, G. Aubert, M. Barlaud, Deterministic edge-preserving regularization in
// computed imaging, IEEE Transactions on Image Processing 6(2), 1997.
func Robust(d Data, delta float64) Sum {
	if !(delta > 0) || math.IsInf(delta, 1) {
		panic(fmt.Sprintf("testfuncs: Robust: delta = %v, want finite and > 0", delta))
	}
	p := d.points("Robust", 0x0b, func(mean float64, r *rand.Rand) float64 {
		y := mean + r.NormFloat64()/2
		if far := 10 * r.NormFloat64(); r.Float64() < 0.1 {
			y += far
		}
		return y
	})
	if len(p.y) < p.dim {
		panic(fmt.Sprintf("testfuncs: Robust of %d points, want at least Data.Dim = %d", len(p.y), p.dim))
	}
	p.loss = func(t, y float64) (f, d1, d2 float64) {
		r := t - y
		w := math.Hypot(1, r/delta)
		return r * r / (1 + w), r / w, 1 / (w * w * w) // δ²(w - 1) without cancellation
	}
	return p.sum("robust regression", fmt.Sprintf(" delta %v,", delta), p.newton())
}

// points are data and the loss of each.
type points struct {
	Data
	dim  int
	a    []float64                              // rows of dim
	y    []float64                              // one a row
	l2   float64                                // weight of |x|²/2 in each term
	loss func(t, y float64) (f, d1, d2 float64) // at t = a·x, with its first two derivatives by t
}

// points generates the data; y draws an answer whose a·ẋ is mean.
func (d Data) points(name string, stream uint64, y func(mean float64, r *rand.Rand) float64) *points {
	switch {
	case d.Terms <= 0:
		panic(fmt.Sprintf("testfuncs: %s: Data.Terms = %d, want > 0", name, d.Terms))
	case d.Block < 0:
		panic(fmt.Sprintf("testfuncs: %s: Data.Block = %d, want >= 0", name, d.Block))
	case d.Dim <= 0:
		panic(fmt.Sprintf("testfuncs: %s: Data.Dim = %d, want > 0", name, d.Dim))
	case !(d.Scale >= 0) || math.IsInf(d.Scale, 1):
		panic(fmt.Sprintf("testfuncs: %s: Data.Scale = %v, want finite and >= 0", name, d.Scale))
	}
	if d.Block == 0 {
		d.Block = 1
	}
	if d.Scale == 0 {
		d.Scale = 1
	}
	r := rand.New(rand.NewPCG(d.Seed, stream))
	scale := vector(d.Dim, func(j int) float64 { return math.Pow(d.Scale, float64(j)) })
	truth := vector(d.Dim, func(j int) float64 { return r.NormFloat64() / scale[j] })
	n := d.Terms * d.Block
	p := &points{Data: d, dim: d.Dim, a: make([]float64, n*d.Dim), y: make([]float64, n)}
	for k := range n {
		a := p.row(k)
		for j := range a {
			a[j] = scale[j] * r.NormFloat64()
		}
		p.y[k] = y(floats.Dot(a, truth), r)
	}
	return p
}

func (p *points) row(k int) []float64 { return p.a[k*p.dim : (k+1)*p.dim] }

// term is f_i, as gradient.FiniteSum wants it.
func (p *points) term(grad, x []float64, i int) float64 {
	length("Sum", x, p.dim)
	var sum float64
	b := float64(p.Block)
	for k := i * p.Block; k < (i+1)*p.Block; k++ {
		a := p.row(k)
		var t float64
		for j, v := range a {
			t += float64(v * x[j])
		}
		f, d, _ := p.loss(t, p.y[k])
		sum += f
		if grad != nil {
			for j, v := range a {
				grad[j] += float64(d*v) / b
			}
		}
	}
	sum /= b
	if p.l2 > 0 {
		for j, v := range x {
			sum += float64(p.l2*v*v) / 2
			if grad != nil {
				grad[j] += float64(p.l2 * v)
			}
		}
	}
	return sum
}

// newton returns the minimizer by Newton's method from 0. The losses are strictly convex. A step is halved until it
// gains a quarter of what the slope promises, or, within rounding of the value, makes the gradient shorter; when no
// step does, the rest is rounding.
func (p *points) newton() []float64 {
	n := p.dim
	x, next := make([]float64, n), make([]float64, n)
	g, h := make([]float64, n), mat.NewSymDense(n, nil)
	evaluate := func(x []float64) (f, norm float64) { // stores the gradient in g; of the sum, not the mean
		clear(g)
		for i := range p.Terms {
			f += p.term(g, x, i)
		}
		return f, floats.Norm(g, 2)
	}
	f, norm := evaluate(x)
	start := f
	for range 1000 {
		h.Zero()
		for k, y := range p.y {
			a := p.row(k)
			_, _, d2 := p.loss(floats.Dot(a, x), y)
			h.SymRankOne(h, d2/float64(p.Block), mat.NewVecDense(n, a))
		}
		for j := range n {
			h.SetSym(j, j, h.At(j, j)+p.l2*float64(p.Terms))
		}
		var c mat.Cholesky
		var v mat.VecDense
		if !c.Factorize(h) || c.SolveVecTo(&v, mat.NewVecDense(n, g)) != nil {
			panic("testfuncs: the minimizer of the Sum cannot be computed: its Hessian is singular")
		}
		dx := v.RawVector().Data
		gain := floats.Dot(g, dx)
		step := 1.0
		for ; step > 1e-10; step /= 2 {
			floats.AddScaledTo(next, x, -step, dx)
			f1, norm1 := evaluate(next)
			if f1 < f-step*gain/4 || f1 <= f*(1+1e-14) && norm1 < norm {
				f, norm = f1, norm1
				break
			}
		}
		if step <= 1e-10 {
			if gain > 1e-15*start {
				break
			}
			return x
		}
		x, next = next, x
	}
	panic("testfuncs: the minimizer of the Sum cannot be computed: Newton's method does not converge")
}

// sum returns the Sum whose minimizer is x.
func (p *points) sum(name, more string, x []float64) Sum {
	s := Sum{Terms: gradient.FiniteSum{N: p.Terms, Term: p.term}}
	s.Name = fmt.Sprintf("%s %d, %d terms of %d, scale %v,%s seed %d",
		name, p.dim, p.Terms, p.Block, p.Scale, more, p.Seed)
	return s.of(make([]float64, p.dim), x)
}

// of completes a Sum of Terms.
func (s Sum) of(start, minimizer []float64) Sum {
	full := s.Terms.Full()
	f := func(x []float64) float64 {
		y, _ := full(nil, x, stochopt.Sample{})
		return y
	}
	grad := func(grad, x []float64) { full(grad, x, stochopt.Sample{}) }
	s.Objective = smooth(s.Name, f, grad, start, f(minimizer), minimizer)
	s.Oracle = full
	return s
}
