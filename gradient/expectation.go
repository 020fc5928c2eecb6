package gradient

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/floats"
)

// Expectation is an objective that is the mean of a function of a random vector z whose distribution depends on x: the
// fit of a variational density, the parameters of a random policy, the set points of a plant with random inputs.
//
//	F(x) = E f(z, x),  z = (z_0, z_1, ...) independent,  z_j ~ Families[j] with its part of the parameters p = φ(x)
//
// Its methods make Oracles. Each draws z k times, takes the mean of f as its value, and differs in how it estimates the
// gradient, which is unbiased:
//
//	               of f it needs   evaluations of f      variance for N(m, s²), f = z², derivative in m
//	Score          values          k                     26.70/k at k = 6 (49.18/k without baseline)
//	MeasureValued  values          k (1 + 2 len(p))      2.459/k
//	Pathwise       derivatives     k                     1.96/k             at m = 1.5, s = 0.7
//
// Prefer Pathwise where f has a derivative in z and the families have a Path. Where f has none, being a count, a
// threshold or a black box, prefer MeasureValued if p is short, Score if it is long or evaluations are dear: the variance
// of Score grows with the number of coordinates that f depends on. All three may be used with any f that is evaluated
// with noise of its own.
//
// An Oracle keeps a few vectors of the lengths of z, p and x for each call that is under way, whatever k is; it allocates
// nothing once they are there.
//
// Reference: S. Mohamed, M. Rosca, M. Figurnov, A. Mnih, Monte Carlo gradient estimation in machine learning, Journal of
// Machine Learning Research 21(132):1-62, 2020.
type Expectation struct {
	// Func returns f(z, x). If dz is not nil, it adds ∂f/∂z to dz, which only Pathwise asks for; if dx is not nil, it adds
	// ∂f/∂x, for a fixed z, to dx: nothing where f depends on x through the distribution of z alone. It must not modify or
	// keep z and x. Noise of its own it takes from s; z is drawn from another stream (but an
	// Expectation inside f would draw the same: give it an s with another Seed). All evaluations that belong to one draw
	// of z are given the same s, draw i of k that with Replicate k Replicate + i. An error is returned by the Oracle.
	Func func(dz, dx, z, x []float64, s stochopt.Sample) (float64, error)
	// Families are the distributions of the parts of z, in order. One family may be there several times:
	// slices.Repeat([]Family{Normal()}, 10).
	Families []Family
	// Param stores φ(x), the parameters of the Families one after the other, in p. If it is nil, p is x.
	Param func(p, x []float64)
	// Pull adds the product of the transposed Jacobian of φ with dp to dx: dx_j += Σ_i ∂p_i/∂x_j dp_i. It is nil if Param is.
	Pull func(dx, x, dp []float64)
}

// Family is a family of distributions of a random number, or of a random vector z, with parameters p. Normal and other
// functions of this package return those of gonum's distuv. A Family of your own needs Draw and, if it has parameters,
// one of Score, Path and Pair. Its functions must be safe for concurrent use if the Oracle is to be, and take all their
// randomness from rnd.
//
// A transform z = T(ε; p) of your own is a Family with Draw and Path. Path is given z and not ε: where ε does not follow
// from z, let z be longer and carry ε with it.
type Family struct {
	// Dim is the length of z. If it is 0, it is 1.
	Dim int
	// Params is the length of p. It is 0 for noise whose distribution is fixed.
	Params int
	// Draw stores a draw in z. An error, such as for a parameter out of range, is returned by the Oracle.
	Draw func(z, p []float64, rnd *rand.Rand) error
	// Score stores ∂ log p(z)/∂p, the derivative of the logarithm of the density at z, in dp. The set of possible z must not
	// depend on p.
	Score func(dp, p, z []float64)
	// Path adds the derivative of f to dp, given its derivative dz in z: dp_i += Σ_j ∂z_j/∂p_i dz_j. There z = T(ε; p), ε has a
	// fixed distribution and does not move with p.
	Path func(dp, p, z, dz []float64)
	// Pair stores in plus and minus draws from two distributions whose difference is the derivative of that of z, and returns
	// c, their weight, which may be random as well: ∂/∂p_i E f(z) = E[c (f(plus) - f(minus))] for all f. The variance is least
	// if plus and minus are made of the same random numbers, so that they are close to each other.
	Pair func(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64)
}

// latent is an Expectation as one of its methods estimates it.
type latent struct {
	Expectation
	k           int
	dim, params int // lengths of z and p
	// add returns f of draw i, whose z is w.z, and adds its derivatives to grad and w.dp.
	add  func(w *latentWork, grad, x []float64, s stochopt.Sample, i int) (float64, error)
	free freelist.List[*latentWork]
}

// latentWork is the memory of one call.
type latentWork struct {
	pcg   rand.PCG   // of the present draw
	rnd   *rand.Rand // around pcg
	z     []float64
	p, dp []float64 // parameters; sum of the derivatives in them
	a, b  []float64 // of the length of z or p: what add needs
	sum   float64   // of f over the draws before the present one
}

// newLatent panics if e is not complete, k is less than 1, or has is false for a family with parameters. The name is that
// of the method, needs that of the field which has looks for.
func newLatent(e Expectation, name string, k int, needs string, has func(f Family) bool) *latent {
	switch {
	case e.Func == nil:
		panic("gradient: Expectation.Func is nil")
	case len(e.Families) == 0:
		panic("gradient: Expectation.Families is empty")
	case e.Param == nil && e.Pull != nil:
		panic("gradient: Expectation.Pull is set without Expectation.Param")
	case e.Param != nil && e.Pull == nil:
		panic("gradient: Expectation.Param is set without Expectation.Pull")
	case k < 1:
		panic(fmt.Sprintf("gradient: Expectation.%s(%d): want at least one draw", name, k))
	}
	l := &latent{Expectation: e, k: k}
	l.Families = slices.Clone(e.Families)
	for i := range l.Families {
		f := &l.Families[i]
		switch {
		case f.Dim < 0:
			panic(fmt.Sprintf("gradient: Expectation.Families[%d].Dim = %d, want >= 0", i, f.Dim))
		case f.Params < 0:
			panic(fmt.Sprintf("gradient: Expectation.Families[%d].Params = %d, want >= 0", i, f.Params))
		case f.Draw == nil:
			panic(fmt.Sprintf("gradient: Expectation.Families[%d].Draw is nil", i))
		case f.Params > 0 && !has(*f):
			panic(fmt.Sprintf("gradient: Expectation.%s: Expectation.Families[%d] has no %s", name, i, needs))
		}
		f.Dim = max(1, f.Dim)
		l.dim += f.Dim
		l.params += f.Params
	}
	return l
}

func (l *latent) oracle(grad, x []float64, s stochopt.Sample) (float64, error) {
	switch {
	case grad != nil && len(grad) != len(x):
		panic(fmt.Sprintf("gradient: Expectation: len(grad) = %d, len(x) = %d", len(grad), len(x)))
	case l.Param == nil && len(x) != l.params:
		panic(fmt.Sprintf("gradient: Expectation: len(x) = %d, but the Families have %d parameters: set Param and Pull", len(x), l.params))
	}
	w := l.take()
	f, err := l.mean(w, grad, x, s)
	l.free.Put(w)
	return f, err
}

func (l *latent) take() *latentWork {
	if w := l.free.Take(); w != nil {
		return w
	}
	scratch := max(l.dim, l.params)
	w := &latentWork{
		z: make([]float64, l.dim), p: make([]float64, l.params), dp: make([]float64, l.params),
		a: make([]float64, scratch), b: make([]float64, scratch),
	}
	w.rnd = rand.New(&w.pcg)
	return w
}

// mean returns the mean of the k draws and stores the estimate of the gradient.
func (l *latent) mean(w *latentWork, grad, x []float64, s stochopt.Sample) (float64, error) {
	if l.Param != nil {
		l.Param(w.p, x)
	} else {
		copy(w.p, x)
	}
	clear(grad)
	clear(w.dp)
	w.sum = 0
	first := s.Replicate * l.k
	for i := range l.k {
		s.Replicate = first + i
		if err := l.draw(w, s); err != nil {
			return math.NaN(), err
		}
		var f float64
		var err error
		if grad != nil {
			f, err = l.add(w, grad, x, s, i)
		} else {
			f, err = l.Func(nil, nil, w.z, x, s)
		}
		if err != nil {
			return math.NaN(), err
		}
		w.sum += f
	}
	if grad != nil {
		for i := range grad {
			grad[i] /= float64(l.k)
		}
		for i := range w.dp {
			w.dp[i] /= float64(l.k)
		}
		if l.Pull != nil {
			l.Pull(grad, x, w.dp)
		} else {
			floats.Add(grad, w.dp)
		}
	}
	return w.sum / float64(l.k), nil
}

// draw stores z. Its stream is not that of s, which belongs to f.
func (l *latent) draw(w *latentWork, s stochopt.Sample) error {
	w.pcg = stream(s, expectation)
	z, p := w.z, w.p
	for j, f := range l.Families {
		if err := f.Draw(z[:f.Dim], p[:f.Params], w.rnd); err != nil {
			return fmt.Errorf("gradient: Expectation.Families[%d]: %w", j, err)
		}
		z, p = z[f.Dim:], p[f.Params:]
	}
	return nil
}
