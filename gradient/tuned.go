package gradient

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/diff/fd"
)

// Tuned returns a copy of d whose steps suit f near x: Noise and Bound are measured, for the Sample s. f is asked for
// values only, all with s, since so are the values of a difference. The rest of d is kept, and so is a Noise that is
// not 0.
//
// Noise is that of NoiseMeter.OneSample from 7 values along a random diagonal, of spacing 1e-6 z_i, where z_i =
// max(|x_i|, Scale_i). Where there is only rounding, it is the level of that. Where there is not even rounding, Noise
// is 0 and Bound nil, and the steps are those of Differences for rounding.
//
// Bound_i is the size of the derivative of order q = p+1 along x_i, where p is the order of accuracy of Formula: q = 2
// for fd.Forward, 3 for fd.Central. It is measured by the central difference δ of order q with spacing h, from 3 values
// for q = 2, one of them at x, and 4 for q = 3:
//
//	M = (|δ| + 2√B σ)/h^q,  B σ² = variance of δ
//	h = z_i (σ/φ)^(1/(q+2)),  φ = |f(x)|, then |δ| (z_i/h)^q with the latest δ and h
//
// or the geometric mean of this h and the last if h would grow and shrink in turn. M is accepted
//
//   - if |δ| >= 100 σ and f varies by no more than a tenth, max f - min f <= 0.1 max|f|;
//   - if |δ|/h^q is within a factor 2 of that for the h before;
//   - if |δ| < 100 σ and h would not grow. Then the derivative may be lost in the noise, and M is a bound of it.
//
// The difference reaches no further than 3/4 z_i. The second term of M keeps the step of Differences within what was
// looked at. After 6 spacings without an accepted M, or if no noise level is found, there is an error. An M wrong by a
// factor 2 makes the error of the gradient 1.12 times the least, a factor 10 up to 2.3 times for fd.Forward and 2.7
// times for fd.Central. f must not bend over distances much smaller than z_i: of sin(50 x) at x = 1 with noise too
// little is seen to tell it from a flatter function. Cost: 8 values, 29 at most, and 2 or 4 for each variable and
// spacing, mostly for 1 or 2 spacings. At most Concurrent variables are worked on at once. Measure again when x has
// moved by about its own size.
//
// An error of f is returned; values beside x that are not finite make h smaller. Tuned panics as d.Oracle and its
// Oracle do.
//
// Reference: J. J. Moré, S. M. Wild, Estimating derivatives of noisy simulations, ACM Transactions on Mathematical
// Software 38(3):19, 2012, for fd.Forward, with φ = z_i = 1 at first, two spacings, and neither the third test nor the
// second term of M.
func (d Differences) Tuned(f stochopt.Oracle, x []float64, s stochopt.Sample) (Differences, error) {
	d.Bound = slices.Repeat([]float64{1}, len(x)) // any, until it is known
	q := d.quotients(f)
	q.scaled(x)
	if len(x) == 0 {
		panic("gradient: Differences.Tuned at an x without variables")
	}
	if d.Noise == 0 {
		p := make([]float64, len(x))
		pcg := stream(s, tunedLine)
		signs(p, &pcg)
		for i, v := range x {
			p[i] *= q.size(i, v)
		}
		r, err := NoiseMeter{Spacing: 1e-6}.OneSample(f, x, p, s)
		switch {
		case err != nil:
			return Differences{}, err
		case r.Status == NoiseFree:
			d.Bound = nil
			return d, nil
		case r.Status != NoiseFound:
			return Differences{}, fmt.Errorf("gradient: Differences.Tuned: no noise level in %d values, the last "+
				"with spacing %.1g of the size of x: %v", r.Evaluations, r.Spacing, r.Status)
		}
		d.Noise = r.Sigma
	}
	v, err := f(nil, x, s)
	if err != nil {
		return Differences{}, err
	}
	if v-v != 0 {
		return Differences{}, fmt.Errorf("gradient: Differences.Tuned: f = %v at x", v)
	}
	c := curvature{formula: centralDifference(1 + q.order), sigma: d.Noise, f: v}
	if err := q.job().run(d.Bound, x, s, v, c.bound); err != nil {
		return Differences{}, err
	}
	return d, nil
}

// centralDifference is the formula of the central difference of order n: (E^½ - E^-½)ⁿ with the shift E, and (E -
// E^-1)/2 (E^½ - E^-½)^(n-1) for odd n, whose points are at whole steps as well.
func centralDifference(n int) fd.Formula {
	c := []float64{1}
	for range n / 2 {
		c = times(c, []float64{1, -2, 1})
	}
	if n%2 == 1 {
		c = times(c, []float64{-0.5, 0, 0.5})
	}
	formula := fd.Formula{Derivative: n, Step: 1}
	for i, v := range c {
		if v != 0 {
			formula.Stencil = append(formula.Stencil, fd.Point{Loc: float64(i - len(c)/2), Coeff: v})
		}
	}
	return formula
}

// times returns the product of two polynomials.
func times(a, b []float64) []float64 {
	c := make([]float64, len(a)+len(b)-1)
	for i, v := range a {
		for j, w := range b {
			c[i+j] += float64(v * w)
		}
	}
	return c
}

// curvature measures the higher derivative that Differences.Bound asks for.
type curvature struct {
	formula  fd.Formula
	sigma, f float64 // noise; value at x
}

// bound returns M for variable i.
func (c curvature) bound(w *line, i int) float64 {
	v, size := w.x[i], w.q.size(i, w.x[i])
	defer func() { w.x[i] = v }()
	var low, high float64
	value := func(t float64) float64 {
		y := w.value(t)
		low, high = min(low, y), max(high, y)
		return y
	}
	order := float64(c.formula.Derivative)
	var b, reach float64
	for _, pt := range c.formula.Stencil {
		b += pt.Coeff * pt.Coeff
		reach = max(reach, pt.Loc)
	}
	limit := 0.75 / reach
	spacing := func(phi float64) float64 { return min(limit, math.Pow(c.sigma/phi, 1/(order+2))) } // h/size

	w.i = i
	settings := fd.Settings{Formula: c.formula, OriginKnown: true, OriginValue: c.f}
	h := spacing(math.Abs(c.f))
	last, previous := math.NaN(), h // |δ|/h^q for the h before; that h
	var m float64
	var lost bool
	accepted := false
	for k := 0; k < 6 && !accepted; k++ {
		settings.Step = exact(v, size*h)
		low, high = c.f, c.f
		derivative := math.Abs(fd.Derivative(value, v, &settings))
		if w.err != nil {
			return math.NaN()
		}
		if math.IsNaN(low) || math.IsInf(low, 0) || math.IsInf(high, 0) {
			limit = h / 4
			h, last, previous, lost = limit, math.NaN(), limit, false
			continue
		}
		power := math.Pow(settings.Step, order)
		delta := derivative * power
		m = derivative + 2*math.Sqrt(b)*c.sigma/power
		lost = delta < 100*c.sigma
		next := spacing(delta / math.Pow(settings.Step/size, order))
		accepted = !lost && spread([]float64{low, high}) <= 0.1 ||
			math.Abs(derivative-last) <= 0.5*max(derivative, last) ||
			lost && next <= h
		if (next-h)*(h-previous) < 0 { // it swings
			next = math.Sqrt(next) * math.Sqrt(h)
		}
		last, previous, h = derivative, h, next
	}
	if (accepted || lost) && m > 0 && !math.IsInf(m, 1) {
		return m
	}
	w.err = fmt.Errorf("gradient: Differences.Tuned: no estimate of the derivative of order %d along x[%d] holds: the last is %.3g, "+
		"from values %.3g apart", c.formula.Derivative, i, last, settings.Step)
	return math.NaN()
}
