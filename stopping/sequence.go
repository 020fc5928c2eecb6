package stopping

import (
	"cmp"
	"math"
)

// running is the mean of a sequence and the sum of squares about it (B. P. Welford, Technometrics 4, 1962).
type running struct {
	n        int
	mean, ss float64
}

func (r *running) add(v float64) {
	r.n++
	d := v - r.mean
	r.mean += d / float64(r.n)
	r.ss += float64(d * (v - r.mean))
}

// variance is that of the sample, NaN for fewer than two values.
func (r *running) variance() float64 { return r.ss / float64(r.n-1) }

// NormalMixture is a confidence sequence for the mean of a sequence of values whose noise is sub-Gaussian with the known
// standard deviation Sigma: the probability that the mean is ever farther than Radius from Mean is at most Level, over
// all n at once, so that it may be looked at as often as one likes and stopped at will.
//
//	radius = σ √((n+r) ln((n+r)/(r Level²))) / n
//
// Values must be independent, or more generally their errors conditionally sub-Gaussian given the past: normal, or bounded in
// an interval of length 2σ. At equal n the radius is 1.5 to 1.9 times that of an interval for that n alone, at Level 0.05 and
// n between r and 1000 r: the price of looking always. It keeps three numbers.
//
// Reference: H. Robbins, Statistical methods related to the law of the iterated logarithm, Annals of Mathematical
// Statistics 41, 1970; S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Time-uniform, nonparametric, nonasymptotic
// confidence sequences, Annals of Statistics 49, 2021.
type NormalMixture struct {
	// Sigma is σ, in units of the values. If it is 0, 1 is used.
	Sigma float64
	// Level is the probability of ever missing the mean, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// R is r, in numbers of values: the sequence is tightest near n = 8 r. If it is 0, 10 is used.
	R float64

	run running
}

// Init forgets all values. It panics if a field is out of range.
func (s *NormalMixture) Init() {
	checkSize("NormalMixture.Sigma", s.Sigma, "1")
	checkLevel("NormalMixture.Level", s.Level)
	checkSize("NormalMixture.R", s.R, "10")
	s.run = running{}
}

// Add takes the next value.
func (s *NormalMixture) Add(v float64) { s.run.add(v) }

// Mean returns the mean of the n values so far and the radius of the confidence interval around it, +Inf at n = 0.
func (s *NormalMixture) Mean() (mean, radius float64) {
	n, r, level := float64(s.run.n), cmp.Or(s.R, 10), cmp.Or(s.Level, 0.05)
	if n == 0 {
		return 0, math.Inf(1)
	}
	return s.run.mean, cmp.Or(s.Sigma, 1) * math.Sqrt((n+r)*math.Log((n+r)/(r*level*level))) / n
}

// StudentMixture is a confidence sequence for the mean of independent normal values of unknown variance. Like
// NormalMixture it holds for all n at once: the probability that the mean is ever farther than Radius from Mean is at most
// Level. It is the set of all µ for which the e-process
//
//	G_n(µ) = √(c/(n+c)) ((n+c)V/((n+c)V - S²))^(n/2),  S = Σ(x_i - µ), V = Σ(x_i - µ)²
//
// whose mean is 1 under N(µ, σ²) for every σ, is below 1/Level:
//
//	|x̄ - µ|² < q (n+c) s² (n-1) / (n (n - q(n+c))),  q = 1 - (Level² c/(n+c))^(1/n)
//
// The radius is infinite for the first few n, nine at the defaults. The level is exact for normal values and independent
// of n; it is asymptotic for others, and wrong for the mean of heavy tails or rare events, which a small sample has not
// seen. It keeps three numbers.
//
// Reference: T. L. Lai, On confidence sequences, Annals of Statistics 4, 1976; H. Wang, A. Ramdas, Anytime-valid t-tests and
// confidence sequences for Gaussian means with unknown variance, Sequential Analysis 44, 2025.
type StudentMixture struct {
	// Level is the probability of ever missing the mean, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// C is c, in numbers of values: the sequence is tightest near n = 8 c. If it is 0, 10 is used.
	C float64

	run running
}

// Init forgets all values. It panics if a field is out of range.
func (s *StudentMixture) Init() {
	checkLevel("StudentMixture.Level", s.Level)
	checkSize("StudentMixture.C", s.C, "10")
	s.run = running{}
}

// Add takes the next value.
func (s *StudentMixture) Add(v float64) { s.run.add(v) }

// Mean returns the mean of the values so far and the radius of the confidence interval around it, which may be +Inf.
func (s *StudentMixture) Mean() (mean, radius float64) {
	n, c, level := float64(s.run.n), cmp.Or(s.C, 10), cmp.Or(s.Level, 0.05)
	if n < 2 {
		return s.run.mean, math.Inf(1)
	}
	q := 1 - math.Pow(level*level*c/(n+c), 1/n)
	d := n - float64(q*(n+c))
	if d <= 0 {
		return s.run.mean, math.Inf(1)
	}
	return s.run.mean, math.Sqrt(q * (n + c) * s.run.ss / (n * d))
}

// E returns G_n(mu), the evidence of the values against the mean mu: at no n, however chosen, does it exceed 1/a with
// a probability of more than a if that is the mean. It is 1 for n = 0 and 1.
func (s *StudentMixture) E(mu float64) float64 {
	n, c := float64(s.run.n), cmp.Or(s.C, 10)
	if n < 2 {
		return 1
	}
	d := s.run.mean - mu
	v := s.run.ss + float64(n*d*d)
	if v == 0 {
		return math.Sqrt(c / (n + c))
	}
	return math.Exp((math.Log(c/(n+c)) - n*math.Log1p(-float64(n*n*d*d)/((n+c)*v))) / 2)
}
