package gradient

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// ControlVariate takes from an Oracle the part of its noise that another Oracle shows, whose mean is known.
//
//	g - β (c - E c)
//
// for the value and each component of the gradient, with a β of its own each. It has the mean of g for every β that does
// not depend on the draw, and the variance
//
//	Var g (1 - 2 β Cov/Var g + β² Var c/Var g),  least at β* = Cov(g, c)/Var c: (1 - corr²) Var g
//
// Examples of c: the Oracle itself at a point that stays where it is, whose mean is computed now and then (β = 1 gives
// SVRG); the same with a simpler model, a Taylor polynomial of f or a coarser grid, whose mean has a closed form. A c that
// hardly correlates costs more than it gains.
type ControlVariate struct {
	// Control is c. It is given the same Sample as g: the two correlate by what they make of the same random numbers.
	Control stochopt.Oracle
	// Mean returns E c of the value at x and, if grad is not nil, stores that of the gradient. Where it is known for the
	// gradient only, return 0 here and in Beta.
	Mean func(grad, x []float64) float64
	// Beta, if not nil, stores β of each component of the gradient in beta and returns that of the value; beta is nil if no
	// gradient is asked for. It may depend on x, not on the draw.
	Beta func(beta, x []float64) float64
	// Draws is how many draws of g and c are averaged if Beta is nil, and β is estimated from. It is then at least 8. Where
	// Beta is set it is 0: there is one draw, and Average averages several.
	Draws int
}

// Oracle returns the Oracle of o with less noise. It costs a draw of o and one of the Control, or as many as Draws.
//
// If Beta is nil, each half of the draws is corrected with the β of the other half,
//
//	(1/n) Σ (g_j - β (c_j - E c)),  β = Σ' (g - ḡ)(c - c̄)/Σ' (c - c̄)²,  Σ' over the half that j is not in
//
// or β = 0 if c is constant there. So it is unbiased; with the β of all n draws for all of them, it would have a bias of
// the order of 1/n. For normal g and c and halves of m = n/2 draws the variance is
// (1 - corr²) (Var g/n) (1 + 1/(m-3)). Draw j has Replicate n Replicate + j.
//
// An error of o or the Control is returned. Oracle panics if o is nil, or a field is missing or out of range.
//
// Reference: P. Glasserman, Monte Carlo Methods in Financial Engineering, Springer, 2004, section 4.1.
func (cv ControlVariate) Oracle(o stochopt.Oracle) stochopt.Oracle {
	switch {
	case o == nil:
		panic("gradient: ControlVariate.Oracle of nil")
	case cv.Control == nil:
		panic("gradient: ControlVariate.Control is nil")
	case cv.Mean == nil:
		panic("gradient: ControlVariate.Mean is nil")
	case cv.Beta != nil && cv.Draws != 0:
		panic(fmt.Sprintf("gradient: ControlVariate.Draws = %d, want 0 because Beta is set: Average averages several draws", cv.Draws))
	case cv.Beta == nil && cv.Draws < 8:
		// The variance of an estimate of β from m normal draws is finite for m >= 4.
		panic(fmt.Sprintf("gradient: ControlVariate.Draws = %d, want >= 8 to estimate Beta", cv.Draws))
	}
	c := &controlled{ControlVariate: cv, o: o}
	return c.oracle
}

// controlled is an Oracle made by a ControlVariate.
type controlled struct {
	ControlVariate
	o    stochopt.Oracle
	free freelist.List[*controlWork]
}

// controlWork is the memory of one call. The last component of each vector is for the value, the others for the gradient.
type controlWork struct {
	g, c  []float64 // a draw of each
	known []float64 // E c
	beta  []float64
	half  [2]regression
}

// regression is what is known of the draws of one half.
type regression struct {
	n      float64
	g, c   []float64 // means
	gc, cc []float64 // Σ (g-ḡ)(c-c̄), Σ (c-c̄)²
}

func (r *regression) add(g, c []float64) {
	r.n++
	for i := range g {
		dg, dc := g[i]-r.g[i], c[i]-r.c[i]
		r.g[i] += dg / r.n
		r.c[i] += dc / r.n
		rest := c[i] - r.c[i]
		r.gc[i] += float64(dg * rest)
		r.cc[i] += float64(dc * rest)
	}
}

func (r *regression) beta(i int) float64 {
	if r.cc[i] == 0 {
		return 0
	}
	return r.gc[i] / r.cc[i]
}

func (cv *controlled) oracle(grad, x []float64, s stochopt.Sample) (float64, error) {
	w := cv.take(len(grad) + 1)
	f, err := cv.estimate(w, grad, x, s)
	cv.free.Put(w)
	return f, err
}

func (cv *controlled) estimate(w *controlWork, grad, x []float64, s stochopt.Sample) (float64, error) {
	value := len(grad) // index of it
	w.known[value] = cv.Mean(forGrad(grad, w.known), x)
	if cv.Beta != nil {
		w.beta[value] = cv.Beta(forGrad(grad, w.beta), x)
		if err := cv.draw(w, grad, x, s); err != nil {
			return math.NaN(), err
		}
		for i, c := range w.c {
			w.g[i] -= float64(w.beta[i] * (c - w.known[i]))
		}
		copy(grad, w.g)
		return w.g[value], nil
	}
	first := s.Replicate * cv.Draws
	for j := range cv.Draws {
		s.Replicate = first + j
		if err := cv.draw(w, grad, x, s); err != nil {
			return math.NaN(), err
		}
		w.half[j%2].add(w.g, w.c)
	}
	clear(w.g)
	for h := range w.half {
		own, other := &w.half[h], &w.half[1-h]
		for i := range w.g {
			mean := own.g[i] - float64(other.beta(i)*(own.c[i]-w.known[i]))
			w.g[i] += float64(own.n / float64(cv.Draws) * mean)
		}
	}
	copy(grad, w.g)
	return w.g[value], nil
}

// draw stores a draw of o and of the Control.
func (cv *controlled) draw(w *controlWork, grad, x []float64, s stochopt.Sample) (err error) {
	value := len(grad)
	if w.g[value], err = cv.o(forGrad(grad, w.g), x, s); err != nil {
		return err
	}
	w.c[value], err = cv.Control(forGrad(grad, w.c), x, s)
	return err
}

// forGrad returns the components of v that are for the gradient, or nil if none is asked for.
func forGrad(grad, v []float64) []float64 {
	if grad == nil {
		return nil
	}
	return v[:len(grad)]
}

// take returns memory for n components.
func (cv *controlled) take(n int) *controlWork {
	w := cv.free.Take()
	if w == nil {
		w = &controlWork{}
	}
	resize := func(v *[]float64) {
		if cap(*v) < n {
			*v = make([]float64, n)
		}
		*v = (*v)[:n]
	}
	for _, v := range [...]*[]float64{&w.g, &w.c, &w.known, &w.beta} {
		resize(v)
	}
	for h := range w.half {
		r := &w.half[h]
		r.n = 0
		for _, v := range [...]*[]float64{&r.g, &r.c, &r.gc, &r.cc} {
			resize(v)
			clear(*v)
		}
	}
	return w
}
