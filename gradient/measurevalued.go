package gradient

import (
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeasureValued returns the Oracle of the measure-valued estimator, also called weak derivative: the derivative of a
// density is c times the difference of two densities, and so the derivative of the mean c times a difference of means.
//
//	∂F/∂p_m ≈ (1/k) Σ c (f(z_i with z_j = plus) - f(z_i with z_j = minus)),  i = 1, ..., k,  p_m a parameter of z_j
//
// which Pull carries to x, where the mean of ∂f/∂x is added. f may have jumps, and a constant in it does not matter. Both f are
// given the same Sample, as is the f of the value. The variance for z ~ N(m, s²), f = z² and the derivative in m is
// 4 m² (4/π - 1)/k. It costs k (1 + 2 len(p)) values of f, and only k where no gradient is asked for.
//
// Every Family with parameters must have a Pair. MeasureValued panics if k < 1 or a field of e is missing.
//
// Reference: G. Ch. Pflug, Optimization of Stochastic Models, Kluwer, 1996; B. Heidergott, F. J.
// Vázquez-Abad, W. Volk-Makarewicz, Sensitivity estimation for Gaussian systems, European Journal of Operational Research
// 187(1):193-207, 2008.
func (e Expectation) MeasureValued(k int) stochopt.Oracle {
	l := newLatent(e, "MeasureValued", k, "Pair", func(f Family) bool { return f.Pair != nil })
	l.add = func(w *latentWork, grad, x []float64, s stochopt.Sample, _ int) (float64, error) {
		f, err := l.Func(nil, grad, w.z, x, s)
		if err != nil {
			return f, err
		}
		plus, minus := w.a[:l.dim], w.b[:l.dim]
		copy(plus, w.z)
		copy(minus, w.z)
		var zj, pj int // where the family begins
		for _, fam := range l.Families {
			z, p := zj+fam.Dim, pj+fam.Params
			for m := range fam.Params {
				c := fam.Pair(plus[zj:z], minus[zj:z], w.p[pj:p], m, w.rnd)
				up, err := l.Func(nil, nil, plus, x, s)
				if err != nil {
					return f, err
				}
				down, err := l.Func(nil, nil, minus, x, s)
				if err != nil {
					return f, err
				}
				w.dp[pj+m] += float64(c * (up - down))
			}
			copy(plus[zj:z], w.z[zj:z])
			copy(minus[zj:z], w.z[zj:z])
			zj, pj = z, p
		}
		return f, nil
	}
	return l.oracle
}

// The Pairs of the Families. E is exponential, N normal, U uniform in (0, 1); equal letters are equal numbers.

// normalPair is μ ± σ√(2E) for μ, and μ + σM against μ + σUM for σ, where M has the density x² exp(-x²/2)/√(2π): UM is
// normal.
func normalPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	if i == 0 {
		d := p[1] * math.Sqrt(2*rnd.ExpFloat64())
		plus[0], minus[0] = p[0]+d, p[0]-d
		return 1 / (p[1] * math.Sqrt(2*math.Pi))
	}
	n := rnd.NormFloat64()
	d := p[1] * math.Copysign(math.Sqrt(float64(n*n)+2*rnd.ExpFloat64()), n)
	plus[0], minus[0] = p[0]+d, p[0]+float64(d*rnd.Float64())
	return 1 / p[1]
}

// laplacePair is μ ± bE for μ, and μ ± b(E+E') against μ ± bE for b.
func laplacePair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	d := p[1] * rnd.ExpFloat64()
	if i == 0 {
		plus[0], minus[0] = p[0]+d, p[0]-d
		return 1 / (2 * p[1])
	}
	further := d + float64(p[1]*rnd.ExpFloat64())
	if rnd.Uint64()&1 != 0 {
		d, further = -d, -further
	}
	plus[0], minus[0] = p[0]+further, p[0]+d
	return 1 / p[1]
}

// gumbelPair is that of weibullPair for z = μ - β log w, where w is exponential: for μ, E against E + E'; for β, W against
// W^U.
func gumbelPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	var up, down float64 // log w
	if i == 0 {
		e := exponential(rnd)
		up, down = math.Log(e), math.Log(e+rnd.ExpFloat64())
	} else {
		up = math.Log(spreadExponential(rnd))
		down = up * rnd.Float64()
	}
	plus[0], minus[0] = p[0]-float64(p[1]*up), p[0]-float64(p[1]*down)
	return 1 / p[1]
}

// weibullPair is for z = λ w^(1/K), where w is exponential: for K, W^U against W; for λ, E + E' against E. W is that of
// spreadExponential.
func weibullPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	var up, down float64 // w
	if i == 0 {
		down = spreadExponential(rnd)
		up = math.Pow(down, rnd.Float64())
		c = 1 / p[0]
	} else {
		down = exponential(rnd)
		up = down + rnd.ExpFloat64()
		c = p[0] / p[1]
	}
	plus[0], minus[0] = p[1]*math.Pow(up, 1/p[0]), p[1]*math.Pow(down, 1/p[0])
	return c
}

// spreadExponential returns a number W with the density (w-1) log(w) exp(-w), w > 0. Let E be exponential. The density of
// E^t has the derivative (w-1) log(w) exp(-w) - exp(-w) in t at t = 1; and W^U has the distribution of E, because log E
// has its mode at 0. It rejects from -log w below 1, the density of a product of two uniform numbers, and from
// (w-1)² exp(-w) above.
func spreadExponential(rnd *rand.Rand) float64 {
	for {
		if rnd.Float64()*(1+2/math.E) < 1 {
			w := (1 - rnd.Float64()) * (1 - rnd.Float64())
			if rnd.Float64() < (1-w)*math.Exp(-w) {
				return w
			}
		} else {
			v := rnd.ExpFloat64() + rnd.ExpFloat64() + rnd.ExpFloat64()
			if rnd.Float64()*v < math.Log1p(v) {
				return 1 + v
			}
		}
	}
}

// exponentialPair is E/λ against (E+E')/λ.
func exponentialPair(plus, minus, p []float64, _ int, rnd *rand.Rand) (c float64) {
	plus[0] = rnd.ExpFloat64() / p[0]
	minus[0] = plus[0] + rnd.ExpFloat64()/p[0]
	return 1 / p[0]
}

// uniformPair is U' against the end for Min, the end against U' for Max, where U' is uniform between the ends.
func uniformPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	width := p[1] - p[0]
	v := p[0] + float64(width*rnd.Float64())
	if i == 0 {
		plus[0], minus[0] = v, p[0]
	} else {
		plus[0], minus[0] = p[1], v
	}
	return 1 / width
}

// gammaPair is G + Y/β against G for α, and G against G + E/β for β, where G has the distribution of z.
func gammaPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	g := distuv.Gamma{Alpha: p[0], Beta: p[1], Src: rnd}.Rand()
	if i == 0 {
		y, c := gammaGrowth(rnd)
		plus[0], minus[0] = g+y/p[1], g
		return c
	}
	plus[0], minus[0] = g, g+rnd.ExpFloat64()/p[1]
	return p[0] / p[1]
}

// betaPair is that of the gamma numbers G and H in z = G/(G+H).
func betaPair(plus, minus, p []float64, i int, rnd *rand.Rand) (c float64) {
	g := distuv.Gamma{Alpha: p[0], Beta: 1, Src: rnd}.Rand()
	h := distuv.Gamma{Alpha: p[1], Beta: 1, Src: rnd}.Rand()
	y, c := gammaGrowth(rnd)
	minus[0] = g / (g + h)
	if i == 0 {
		plus[0] = (g + y) / (g + y + h)
	} else {
		plus[0] = g / (g + h + y)
	}
	return c
}

// gammaGrowth returns an increment Y of a gamma number G of rate 1 and its weight c in the derivative in the shape. G is
// the value at time α of the gamma process, whose jumps of size y come with intensity exp(-y)/y; so
//
//	∂/∂α E f(G) = E ∫ (f(G+y) - f(G)) exp(-y)/y dy,  y > 0
//
// and Y = N²/2, whose density is exp(-y)/√(πy), has the weight √(π/Y). The variance is then finite for every bounded f
// with jumps as well, unlike that of an exponential Y with the weight 1/Y.
func gammaGrowth(rnd *rand.Rand) (y, c float64) {
	n := rnd.NormFloat64()
	for n == 0 {
		n = rnd.NormFloat64()
	}
	return float64(n*n) / 2, math.Sqrt(2*math.Pi) / math.Abs(n)
}

// poissonPair is z + 1 against z.
func poissonPair(plus, minus, p []float64, _ int, rnd *rand.Rand) (c float64) {
	minus[0] = distuv.Poisson{Lambda: p[0], Src: rnd}.Rand()
	plus[0] = minus[0] + 1
	return 1
}

// binomialPair is B + 1 against B, where B has one trial less.
func binomialPair(n int) func(plus, minus, p []float64, _ int, rnd *rand.Rand) (c float64) {
	return func(plus, minus, p []float64, _ int, rnd *rand.Rand) float64 {
		minus[0] = distuv.Binomial{N: float64(n - 1), P: p[0], Src: rnd}.Rand()
		plus[0] = minus[0] + 1
		return float64(n)
	}
}
