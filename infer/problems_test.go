package infer_test

import (
	"math"
	"math/rand/v2"
	"sync"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/project"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// problem is a streaming problem whose minimizer and efficient covariance are known.
type problem struct {
	name    string
	oracle  stochopt.Oracle
	project func(x []float64)
	start   []float64
	best    []float64
	v       *mat.SymDense // H⁻¹SH⁻¹
}

func (p problem) with(seed uint64) stochopt.Problem {
	return stochopt.Problem{Oracle: p.oracle, Project: p.project, Seed: seed}
}

// problems are the six of the coverage experiment.
func problems() []problem {
	return []problem{linear(), logistic(), poisson(), quantile(), rosenbrock(), queue()}
}

// generators lends generators, so that a draw does not allocate.
type generators struct {
	mu   sync.Mutex
	free []*generator
}

type generator struct {
	pcg rand.PCG
	*rand.Rand
}

// of returns a generator at the start of the stream of s, which must be put back.
func (g *generators) of(s stochopt.Sample) *generator {
	g.mu.Lock()
	defer g.mu.Unlock()
	var r *generator
	if n := len(g.free); n > 0 {
		r, g.free = g.free[n-1], g.free[:n-1]
	} else {
		r = new(generator)
		r.Rand = rand.New(&r.pcg)
	}
	r.pcg = s.PCG()
	return r
}

func (g *generators) put(r *generator) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = append(g.free, r)
}

// regression returns a problem with one regressor row (1, z1, 0.5 z1 + √0.75 z2) and the response y a draw. loss returns
// the loss of t = a·x and its derivative.
func regression(name string, truth []float64, y func(t float64, r *rand.Rand) float64, loss func(t, y float64) (f, d float64)) problem {
	var gen generators
	return problem{
		name:  name,
		start: make([]float64, 3),
		best:  truth,
		oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			r := gen.of(s)
			defer gen.put(r)
			z1, z2 := r.NormFloat64(), r.NormFloat64()
			a := [3]float64{1, z1, 0.5*z1 + math.Sqrt(0.75)*z2}
			f, d := loss(a[0]*x[0]+a[1]*x[1]+a[2]*x[2], y(a[0]*truth[0]+a[1]*truth[1]+a[2]*truth[2], r.Rand))
			if grad != nil {
				for i, v := range a {
					grad[i] = d * v
				}
			}
			return f, nil
		},
	}
}

// design returns E w(a·x) a aᵀ, by Gauss-Hermite quadrature.
func design(x []float64, w func(t float64) float64) *mat.SymDense {
	const n = 60
	z, c := make([]float64, n), make([]float64, n)
	quad.Hermite{}.FixedLocations(z, c, math.Inf(-1), math.Inf(1))
	m := mat.NewSymDense(3, nil)
	for i, z1 := range z {
		for j, z2 := range z {
			z1, z2 := math.Sqrt2*z1, math.Sqrt2*z2
			a := mat.NewVecDense(3, []float64{1, z1, 0.5*z1 + math.Sqrt(0.75)*z2})
			m.SymRankOne(m, c[i]*c[j]/math.Pi*w(mat.Dot(a, mat.NewVecDense(3, x))), a)
		}
	}
	return m
}

func inverse(a *mat.SymDense) *mat.SymDense {
	var chol mat.Cholesky
	if !chol.Factorize(a) {
		panic("not positive definite")
	}
	var inv mat.SymDense
	if err := chol.InverseTo(&inv); err != nil {
		panic(err)
	}
	return &inv
}

func scaled(c float64, a *mat.SymDense) *mat.SymDense {
	var b mat.SymDense
	b.ScaleSym(c, a)
	return &b
}

func one(float64) float64 { return 1 }

// linear regression: (a·x - y)²/2 with noise of standard deviation 1, so V = (E a aᵀ)⁻¹.
func linear() problem {
	p := regression("linear", []float64{1, -2, 0.5},
		func(t float64, r *rand.Rand) float64 { return t + r.NormFloat64() },
		func(t, y float64) (f, d float64) { return (t - y) * (t - y) / 2, t - y })
	p.v = inverse(design(p.best, one))
	return p
}

// logistic regression, where H = S = E q(1-q) a aᵀ.
func logistic() problem {
	p := regression("logistic", []float64{0.5, 1, -1},
		func(t float64, r *rand.Rand) float64 {
			if r.Float64()*(1+math.Exp(-t)) < 1 {
				return 1
			}
			return 0
		},
		func(t, y float64) (f, d float64) {
			return max(t, 0) + math.Log1p(math.Exp(-math.Abs(t))) - y*t, 1/(1+math.Exp(-t)) - y
		})
	p.v = inverse(design(p.best, func(t float64) float64 { return 1 / (2 + math.Exp(t) + math.Exp(-t)) }))
	return p
}

// Poisson regression with log link, where H = S = E exp(a·x) a aᵀ.
func poisson() problem {
	p := regression("Poisson", []float64{0.5, 0.3, -0.4},
		func(t float64, r *rand.Rand) float64 { // by counting arrivals; means are small
			k, left := 0.0, math.Exp(t)
			for left -= r.ExpFloat64(); left > 0; left -= r.ExpFloat64() {
				k++
			}
			return k
		},
		func(t, y float64) (f, d float64) {
			e := math.Exp(t)
			return e - y*t, e - y
		})
	p.v = inverse(design(p.best, math.Exp))
	return p
}

// quantile regression for the upper quarter, smoothed over δ = 0.2:
//
//	loss = ½√(r²+δ²) + (τ-½) r,  r = y - a·x, τ = 3/4
//
// The noise is logistic; the intercept of the minimizer is shifted by the root q of E ρ(u-q) = 1-2τ.
func quantile() problem {
	const tau, delta = 0.75, 0.2
	slope := func(r float64) float64 { return r/(2*math.Hypot(r, delta)) + tau - 0.5 }
	mean := func(f func(u float64) float64) float64 { // over logistic noise
		return quad.Fixed(func(v float64) float64 {
			e := math.Exp(-math.Abs(v))
			return f(v) * e / ((1 + e) * (1 + e))
		}, -40, 40, 4000, quad.Legendre{}, 0)
	}
	lo, hi := -5.0, 5.0
	for range 100 {
		q := (lo + hi) / 2
		if mean(func(u float64) float64 { return slope(u - q) }) > 0 {
			lo = q
		} else {
			hi = q
		}
	}
	truth := []float64{1, 1, -0.5}
	p := regression("quantile", truth,
		func(t float64, r *rand.Rand) float64 {
			u := r.Float64()
			for u == 0 {
				u = r.Float64()
			}
			return t + math.Log(u/(1-u))
		},
		func(t, y float64) (f, d float64) {
			r := y - t
			return math.Hypot(r, delta)/2 + (tau-0.5)*r, -slope(r)
		})
	p.best = []float64{1 + lo, 1, -0.5}
	p.start = []float64{0, 0, 0}
	a := mean(func(u float64) float64 { return delta * delta / (2 * math.Pow(math.Hypot(u-lo, delta), 3)) })
	s := mean(func(u float64) float64 { return slope(u-lo) * slope(u-lo) })
	p.v = scaled(s/(a*a), inverse(design(truth, one)))
	return p
}

// rosenbrock in 4 variables, with noise of standard deviation 1 on the value and 0.1 on every component of the gradient.
func rosenbrock() problem {
	o := testfuncs.Rosenbrock(4).With(testfuncs.Additive{Value: 1, Grad: 0.1})
	h := mat.NewDense(4, 4, nil)
	for i := range 3 {
		h.Set(i, i, h.At(i, i)+802)
		h.Set(i, i+1, -400)
		h.Set(i+1, i, -400)
		h.Set(i+1, i+1, h.At(i+1, i+1)+200)
	}
	var hh mat.Dense
	hh.Mul(h, h)
	v := mat.NewSymDense(4, nil)
	for i := range 4 {
		for j := i; j < 4; j++ {
			v.SetSym(i, j, hh.At(i, j))
		}
	}
	return problem{name: "Rosenbrock",
		oracle: o.Oracle, start: []float64{-1.2, 1, -1.2, 1}, best: []float64{1, 1, 1, 1}, v: scaled(0.01, inverse(v))}
}

// queue chooses the rate of service x of an M/M/1 queue with arrivals at the rate 1: the time in the system, exponential
// with rate x-1, and the cost x/4 of service.
//
//	f = E/(x-1) + x/4,  E exponential,  best x = 3,  H = 2/(x-1)³ = 1/4,  S = 1/(x-1)⁴ = 1/16,  V = 1
func queue() problem {
	var gen generators
	return problem{
		name:    "queue",
		start:   []float64{5},
		best:    []float64{3},
		project: project.Box([]float64{1.2}, nil),
		v:       mat.NewSymDense(1, []float64{1}),
		oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			r := gen.of(s)
			defer gen.put(r)
			t := r.ExpFloat64() / (x[0] - 1)
			if grad != nil {
				grad[0] = 0.25 - t/(x[0]-1)
			}
			return t + x[0]/4, nil
		},
	}
}
