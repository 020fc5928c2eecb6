// Package faddeeva computes the Faddeeva function, also called the complex error function or plasma dispersion
// function.
package faddeeva

import (
	"math"
	"math/cmplx"
)

// W returns the Faddeeva function and its derivative at z = x + iy,
//
//	w(z) = exp(-z²) erfc(-iz),   w′(z) = -2 z w(z) + 2i/√π
//
// For real z the real part is exp(-x²); for y > 0 it is the Voigt profile, the convolution of a normal density with
// that of Cauchy. On the imaginary axis it is erfcx(y) = exp(y²) erfc(y).
//
// For y >= 0 real and imaginary part of w, each on its own, have relative errors below 2e-14, and so have those of w′
// in relation to |w′|; where exp(-x²) is subnormal its own rounding comes on top. For y < 0 it is w(z) = 2 exp(-z²) -
// w(-z), which overflows where y² - x² > 709 and has its digits in relation to the larger of the two.
//
// The method is the midpoint rule or the trapezoidal rule with step h for
//
//	w(z) = (2iz/π) ∫₀^∞ exp(-t²)/(z²-t²) dt
//
// and the residue of the pole at t = z, which makes its error exp(-π²/h²): of the two rules that whose nodes are
// farther from x. Where |z| is large w′ is the derivative of the sum, for the difference in -2zw + 2i/√π loses digits.
//
// Reference: M. Al Azah, S. N. Chandler-Wilde, Computation of the complex error function using modified trapezoidal
// rules, SIAM J. Numer. Anal. 59, 2021. The rules: F. Matta, A. Reichel, Math. Comp. 25, 1971.
func W(z complex128) (w, derivative complex128) {
	x, y := real(z), imag(z)
	switch {
	case y < 0:
		w, derivative = W(-z)
		e := 2 * expSquare(x, y)
		return e - w, -2*z*e + derivative
	case x < 0:
		w, derivative = W(complex(-x, y)) // w(-x+iy) is the conjugate of w(x+iy)
		return cmplx.Conj(w), -cmplx.Conj(derivative)
	}
	if max(x, y) > 1e8 { // i/(√π z), to rounding
		i := complex(0, 1/math.SqrtPi)
		w = i / z
		return w, -w / z
	}

	trapezoidal := false
	if y < x {
		phase := x/step - math.Floor(x/step)
		trapezoidal = 0.25 <= phase && phase <= 0.75
	}
	nodes := &midpoint
	if trapezoidal {
		nodes = &trapezoid
	}
	size, z2 := x*x+y*y, z*z
	for _, n := range nodes {
		// z/(z²-t²) = (z |z|² - z̄ t²)/|z²-t²|²: its imaginary part is a sum without differences.
		d := z2 - complex(n.t2, 0)
		d2 := real(d)*real(d) + imag(d)*imag(d)
		w += complex(n.weight*y*(size+n.t2)/d2, n.weight*x*(size-n.t2)/d2)
		if size > far {
			derivative -= complex(0, n.weight) * (z2 + complex(n.t2, 0)) / (d * d)
		}
	}
	if y < math.Pi/step {
		// Beyond, the pole is outside of the strip where the rule feels it.
		u := 2 * math.Pi / step
		e := cmplx.Exp(complex(u*y, -u*x))
		if trapezoidal {
			e = -e
		}
		pole := 2 * expSquare(x, y) / (1 + e)
		w += pole
		if size > far {
			derivative += pole * (-2*z + complex(0, u)*e/(1+e))
		}
	}
	if size <= far {
		derivative = -2*z*w + complex(0, 2/math.SqrtPi)
	}
	return w, derivative
}

// far is |z|² from which the derivative is summed.
const far = 12

// step is √(π/12): the error exp(-π²/h²) is 4e-17. After 13 nodes exp(-t²) is below 1e-16.
var step = math.Sqrt(math.Pi / 12)

// A node is t² and (2h/π) exp(-t²), half of that at t = 0.
type node struct{ t2, weight float64 }

var midpoint, trapezoid = nodes(0.5), nodes(0)

func nodes(shift float64) (n [13]node) {
	for k := range n {
		t := (float64(k) + shift) * step
		n[k] = node{t * t, 2 * step / math.Pi * math.Exp(-t*t)}
	}
	if shift == 0 {
		n[0].weight /= 2
	}
	return n
}

// expSquare is exp(-(x+iy)²), with x² and y² to twice the digits of a float64.
func expSquare(x, y float64) complex128 {
	x2, y2 := float64(x*x), float64(y*y)
	d := y2 - x2
	b := d - y2
	rest := (y2 - (d - b)) - (x2 + b) // d + rest is y2 - x2 exactly
	rest += math.FMA(y, y, -y2) - math.FMA(x, x, -x2)
	m := math.Exp(d) * (1 + rest)
	sin, cos := math.Sincos(-2 * x * y)
	if m == 0 || x == 0 || y == 0 {
		return complex(m, 0)
	}
	return complex(m*cos, m*sin)
}
