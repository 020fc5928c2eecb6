package fit

import (
	"cmp"
	"fmt"
	"math"
)

// Loss is a function ρ of the squared standardized residual z = (r/s)² that is minimized in place of z itself,
//
//	F(b) = s² Σ ρ((rᵢ/s)²)
//
// where r are the residuals divided by their Sigma and s is their scale. With Settings.AbsoluteSigma s is 1. Otherwise it
// is 1.4826 times the median of |r| at the estimate, which is the standard deviation of normal errors and takes no notice
// of outliers, as long as these are less than half of all: estimate and scale belong together, and are iterated until
// they agree.
//
// Huber, SoftL1, Cauchy and Tukey are losses. Their constants C are in units of s; 0 selects the one at which normal
// errors cost 5 % of the efficiency: standard errors are 2.6 % larger than those of least squares. The price buys that an
// outlier moves the estimate by a bounded amount, or, with Cauchy and Tukey, less the farther it is away.
//
// Reference: P. J. Huber, E. M. Ronchetti, Robust Statistics, second edition, Wiley, 2009, chapters 4, 5 and 7.
type Loss interface {
	// Rho returns ρ(z) and its first two derivatives, for z >= 0. ρ is 0 at 0, with slope 1, and nowhere decreasing.
	Rho(z float64) (rho, d1, d2 float64)
}

// Huber is quadratic up to C standard deviations and linear beyond. It is convex in r.
//
//	ρ(z) = z for z <= C², 2C√z - C² beyond
//
// Reference: P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35, 1964.
type Huber struct {
	// C is the constant, > 0. If it is 0, 1.345 is used.
	C float64
}

// Rho implements Loss.
func (h Huber) Rho(z float64) (rho, d1, d2 float64) {
	c := cmp.Or(h.C, 1.345)
	if z <= c*c {
		return z, 1, 0
	}
	r := math.Sqrt(z)
	return 2*c*r - c*c, c / r, -c / (2 * r * z)
}

// SoftL1 goes over smoothly from a square to an absolute value. It is convex in r, and smooth where Huber has a kink in
// the second derivative.
//
//	ρ(z) = 2C² (√(1 + z/C²) - 1)
//
// Reference: P. Charbonnier, L. Blanc-Féraud, G. Aubert, M. Barlaud, Two deterministic half-quadratic regularization
// algorithms for computed imaging, IEEE ICIP, 1994.
type SoftL1 struct {
	// C is the constant, > 0. If it is 0, 1.287 is used.
	C float64
}

// Rho implements Loss.
func (l SoftL1) Rho(z float64) (rho, d1, d2 float64) {
	c := cmp.Or(l.C, 1.287)
	t := math.Sqrt(1 + z/(c*c))
	return 2 * z / (1 + t), 1 / t, -1 / (2 * c * c * t * t * t)
}

// Cauchy grows like a logarithm: it is the likelihood of errors from Cauchy's distribution. The influence of an outlier
// falls like 1/r. It is not convex: the search starts from Huber's estimate and from the start.
//
//	ρ(z) = C² log(1 + z/C²)
type Cauchy struct {
	// C is the constant, > 0. If it is 0, 2.385 is used.
	C float64
}

// Rho implements Loss.
func (l Cauchy) Rho(z float64) (rho, d1, d2 float64) {
	c := cmp.Or(l.C, 2.385)
	t := 1 + z/(c*c)
	return c * c * math.Log1p(z/(c*c)), 1 / t, -1 / (c * c * t * t)
}

// Tukey is the biweight: residuals beyond C standard deviations have no influence at all. It is not convex: the search
// starts from Huber's estimate and from the start.
//
//	ρ(z) = C²/3 (1 - (1 - z/C²)³) for z <= C², C²/3 beyond
//
// Reference: A. E. Beaton, J. W. Tukey, The fitting of power series, meaning polynomials, illustrated on
// band-spectroscopic data, Technometrics 16, 1974.
type Tukey struct {
	// C is the constant, > 0. If it is 0, 4.685 is used.
	C float64
}

// Rho implements Loss.
func (l Tukey) Rho(z float64) (rho, d1, d2 float64) {
	c := cmp.Or(l.C, 4.685)
	t := z / (c * c)
	if t > 1 {
		return c * c / 3, 0, 0
	}
	return z * (1 - t + t*t/3), (1 - t) * (1 - t), -2 * (1 - t) / (c * c)
}

// checkLoss panics if the constant of a Loss is out of range.
func checkLoss(l Loss) {
	c := 0.0
	switch l := l.(type) {
	case Huber:
		c = l.C
	case SoftL1:
		c = l.C
	case Cauchy:
		c = l.C
	case Tukey:
		c = l.C
	}
	if !(c >= 0) || math.IsInf(c, 0) {
		panic(fmt.Sprintf("fit: %T.C = %v, want > 0, or 0 for the default", l, c))
	}
}
