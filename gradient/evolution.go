package gradient

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/stat"
)

// Evolution estimates a direction of ascent from the order of values at a random population around x, as evolution
// strategies do.
//
//	x_j = x ± σ S e_j,  e_j standard normal,  p points in pairs
//	g   = S⁻¹ (1/pσ) Σ w_j (±e_j)
//	w_j = r_j/(p-1) - 1/2,     r_j = 0, ..., p-1 the rank of f(x_j)
//	w_j = (f(x_j) - m)/s       Standardize: m the mean, s the root of the mean squared deviation of the p values
//
// S = diag(Scale). Equal values have the mean of their ranks. Ranks make g invariant, to the bit, to increasing
// transformations of f, and insensitive to outliers; a value may be infinite. With Standardize g is invariant to
// increasing affine ones. In both g has lost the size of the gradient: where f is linear over the population, with the
// gradient ∇ and S = 1,
//
//	E g = (κ/σ) ∇/|∇|,  κ = ((p-2)/2√π + 1/√2π)/(p-1)    about 0.28, ranks
//	                    κ = √(4/p) Γ(p/4 + 1/2)/Γ(p/4)    about 1, Standardize
//
// and the variance of g in each direction across ∇ is (p+1)/(6p(p-1)σ²), or 2/pσ² with Standardize. So g is as long far
// from a minimum as near it, and shrinks only within about σ of it: put a method with a decaying step size behind it.
//
// All values of a draw are given the same Sample: noise that they share does not disturb their order.
//
// A draw costs p values, and one at x, which is what it returns. The population is taken from a stream of its own of
// the Sample, drawn twice instead of kept. Prefer Evolution where f has jumps, outliers or a scale that varies by
// orders of magnitude, or where many values can be had at once; for smooth f, SPSA and Smoothing tell more with as many
// values.
//
// Reference: T. Salimans, J. Ho, X. Chen, S. Sidor, I. Sutskever, Evolution strategies as a scalable alternative to
// reinforcement learning, arXiv:1703.03864, 2017. D. Wierstra, T. Schaul, T. Glasmachers, Y. Sun, J. Peters, J.
// Schmidhuber, Natural evolution strategies, Journal of Machine Learning Research 15, 2014.
type Evolution struct {
	// Width is σ > 0, in units of Scale. If it is 0, 0.01 is used, which is for noise that cancels: a first draw that
	// finds two values at the same x and Sample, by one value more, is then an error. Set Width, even to 0.01, for an
	// f that does not repeat its values. What f does over smaller distances than Width is smoothed out.
	Width float64
	// Population is p, even. If it is 0, 20 is used.
	Population int
	// Standardize takes standardized values for the weights, instead of ranks.
	Standardize bool
	// Scale is S, the unit of each variable, > 0. If it is nil, it is 1 for all.
	Scale []float64
	// Concurrent is how many pairs are worked on at once; f must then be safe for concurrent use. The result does not
	// depend on it. If it is 0, it is 1.
	Concurrent int
}

// Oracle returns the Oracle whose value is f and whose gradient is the estimate. f is asked for values only. An error
// of f is returned, and a panic passed on in the goroutine of the caller; of several, that of the pair of least index.
// The population has no bound, so f may be evaluated anywhere. The draw fails if a value is NaN, or infinite with
// Standardize, or if a width is lost in the rounding of x.
//
// Oracle panics if f is nil or a field is out of range; the Oracle panics if Scale does not have the length of x.
func (e Evolution) Oracle(f stochopt.Oracle) stochopt.Oracle {
	if e.Population < 0 || e.Population%2 != 0 {
		panic(fmt.Sprintf("gradient: Evolution.Population = %d, want even and >= 0", e.Population))
	}
	pairs := cmp.Or(e.Population, 20) / 2
	ev := &evolution{
		directions:  newDirections("Evolution", evolutionPoints, f, e.Width, e.Scale, pairs, e.Concurrent),
		sigma:       cmp.Or(e.Width, 0.01),
		standardize: e.Standardize,
	}
	ev.mean = average.New(pairs, max(1, e.Concurrent), ev.pair)
	return ev.oracle
}

type evolution struct {
	*directions
	sigma       float64
	standardize bool
	mean        *average.Mean[*population]
	unused      freelist.List[*population]
}

// population is one draw. Pair j is at 2j, at x + σSe, and 2j+1.
type population struct {
	s       stochopt.Sample
	values  []float64
	weights []float64
	order   []ranked
}

// ranked is a value and where it stands in the population.
type ranked struct {
	value float64
	at    int
}

func (ev *evolution) oracle(grad, x []float64, s stochopt.Sample) (float64, error) {
	v, err := ev.f(nil, x, s)
	if grad == nil || err != nil {
		return v, err
	}
	if err := ev.check(grad, x, ev.sigma); err != nil {
		return v, err
	}
	if err := ev.repeats(v, x, s); err != nil {
		return v, err
	}
	p := ev.population(s)
	if _, err = ev.mean.Eval(nil, x, p); err == nil {
		if err = p.weigh(ev.standardize); err == nil {
			ev.combine(grad, p)
		}
	}
	ev.unused.Put(p)
	return v, err
}

func (ev *evolution) population(s stochopt.Sample) *population {
	p := ev.unused.Take()
	if p == nil {
		p = &population{values: make([]float64, 2*ev.n), weights: make([]float64, 2*ev.n), order: make([]ranked, 2*ev.n)}
	}
	p.s = s
	return p
}

// pair evaluates pair j. It is an average.Func whose mean is not used.
func (ev *evolution) pair(_, x []float64, p *population, j int) (float64, error) {
	d := ev.get(p.s, j, len(x))
	defer ev.put(d)
	d.normals()
	for i, h := range [...]float64{ev.sigma, -ev.sigma} {
		v, err := d.value(x, h, p.s)
		if err != nil {
			return 0, err
		}
		p.values[2*j+i] = v
	}
	return 0, nil
}

// weigh makes the weights of the values.
func (p *population) weigh(standardize bool) error {
	for i, v := range p.values {
		if math.IsNaN(v) || standardize && math.IsInf(v, 0) {
			return fmt.Errorf("gradient: Evolution: the value of point %d of the population, of pair %d, is %v", i, i/2, v)
		}
		p.order[i] = ranked{v, i}
	}
	if standardize {
		mean, sd := stat.PopMeanStdDev(p.values, nil)
		for i, v := range p.values {
			p.weights[i] = 0
			if sd > 0 {
				p.weights[i] = (v - mean) / sd
			}
		}
		return nil
	}
	slices.SortFunc(p.order, func(a, b ranked) int { return cmp.Compare(a.value, b.value) })
	last := float64(len(p.order) - 1)
	for low := 0; low < len(p.order); {
		high := low // of the ranks of one value
		for high+1 < len(p.order) && p.order[high+1].value == p.order[low].value {
			high++
		}
		w := float64(low+high)/(2*last) - 0.5
		for ; low <= high; low++ {
			p.weights[p.order[low].at] = w
		}
	}
	return nil
}

// combine stores the estimate in grad.
func (ev *evolution) combine(grad []float64, p *population) {
	clear(grad)
	for j := range ev.n {
		d := ev.get(p.s, j, len(grad))
		d.normals()
		d.add(grad, p.weights[2*j]-p.weights[2*j+1])
		ev.put(d)
	}
	for i := range grad {
		grad[i] /= 2 * float64(ev.n) * ev.sigma
	}
}
