package stopping

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// noncentralChiSquared is the law of |z|² for z normal in K dimensions, of unit covariance and |E z|² = Lambda.
//
// Its distribution function is a Poisson mixture of central ones,
//
//	Σ_j e^-h h^j/j! P(K/2 + j, x/2),  h = Lambda/2
//
// with P the regularized incomplete gamma function. A value costs about 20√h + 50 operations and one P. The relative
// error is about 1e-16 (Lambda log Lambda + 1000), for probabilities above 1e-200.
type noncentralChiSquared struct{ K, Lambda float64 }

// CDF returns the probability of a value of at most x.
func (c noncentralChiSquared) CDF(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	x /= 2
	return mixture{
		h:     c.Lambda / 2,
		a:     c.K / 2,
		value: func(a float64) float64 { return mathext.GammaIncReg(a, x) },
		// P(a, x) - P(a+1, x) = x^a e^-x / Γ(a+1)
		logTerm: func(a float64) float64 {
			g, _ := math.Lgamma(a + 1)
			return float64(a*math.Log(x)) - x - g
		},
		ratio: func(a float64) float64 { return a / x },
	}.sum()
}

// Quantile returns the x where CDF is p.
func (c noncentralChiSquared) Quantile(p float64) float64 { return quantile(c.CDF, c.K+c.Lambda, p) }

// noncentralF is the law of (u/P)/(v/Q) for independent u, of the noncentral χ² law (P, Lambda), and v, of the χ² law
// with Q degrees of freedom: a Poisson mixture of central beta laws,
//
//	Σ_j e^-h h^j/j! I_y(P/2 + j, Q/2),  h = Lambda/2, y = Px/(Px + Q)
//
// with I the regularized incomplete beta function. Cost and error are as for noncentralChiSquared.
type noncentralF struct{ P, Q, Lambda float64 }

// CDF returns the probability of a value of at most x.
func (f noncentralF) CDF(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	b := f.Q / 2
	s := float64(f.P*x) + f.Q
	y, z := f.P*x/s, f.Q/s // z = 1 - y
	logY, logZ := math.Log(y), math.Log(z)
	gb, _ := math.Lgamma(b)
	return mixture{
		h:     f.Lambda / 2,
		a:     f.P / 2,
		value: func(a float64) float64 { return mathext.RegIncBeta(a, b, y) },
		// I(a, b) - I(a+1, b) = y^a z^b Γ(a+b) / (Γ(a+1) Γ(b))
		logTerm: func(a float64) float64 {
			gab, _ := math.Lgamma(a + b)
			ga, _ := math.Lgamma(a + 1)
			return float64(a*logY) + float64(b*logZ) + gab - ga - gb
		},
		ratio: func(a float64) float64 { return a / ((a - 1 + b) * y) },
	}.sum()
}

// Quantile returns the x where CDF is p.
func (f noncentralF) Quantile(p float64) float64 { return quantile(f.CDF, 1+f.Lambda/f.P, p) }

// mixture is Σ_j e^-h h^j/j! value(a+j), j = 0, 1, ..., for a decreasing function value with
//
//	value(a) = value(a+1) + e^logTerm(a),  logTerm(a-1) = logTerm(a) + log ratio(a)
type mixture struct {
	h, a                  float64
	value, logTerm, ratio func(a float64) float64
}

// sum goes down from a j beyond which nothing matters: all that is added is positive, and only the first value is asked for.
func (m mixture) sum() float64 {
	if m.h == 0 {
		return m.value(m.a)
	}
	spread := 10 + 10*math.Sqrt(m.h)
	j := math.Floor(m.h + spread)
	v := m.value(m.a + j)
	for j > 0 && v < 1e-250 { // where e^logTerm may have underflowed
		j = max(0, j-math.Ceil(spread/10))
		v = m.value(m.a + j)
	}
	t := math.Exp(m.logTerm(m.a + j))
	w := distuv.Poisson{Lambda: m.h}.Prob(j)
	sum := w * v
	for ; j > 0; j-- {
		if j < m.h && w*m.h <= 1e-18*sum*(m.h-j) {
			break // bounds the rest, a geometric series of weights times values of at most 1
		}
		t *= m.ratio(m.a + j)
		v += t
		w *= j / m.h
		sum += float64(w * v)
	}
	return min(sum, 1)
}

// quantile returns the x > 0 where the increasing function cdf is p in (0, 1), from a guess of its size.
func quantile(cdf func(float64) float64, guess, p float64) float64 {
	low, high := 0.0, guess
	for cdf(high) < p {
		low, high = high, 2*high
	}
	for low < high*(1-1e-14) {
		x := (low + high) / 2
		if low > 0 && high > 4*low {
			x = math.Sqrt(low * high)
		} else if low == 0 {
			x = high / 16
		}
		if x <= low || x >= high {
			break
		}
		if cdf(x) < p {
			low = x
		} else {
			high = x
		}
	}
	return (low + high) / 2
}
