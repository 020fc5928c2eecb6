package models

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
)

// Constant is the same everywhere,
//
//	f(x) = c
//
// Guess is exact.
func Constant() fit.Model {
	return model("Constant", []string{"c"}, func(g, b []float64, x float64) float64 {
		g[0] = 1
		return b[0]
	}, func(p points) []float64 { return powers(p, 1) })
}

// Line is a straight line,
//
//	f(x) = intercept + slope x
//
// Guess is exact.
func Line() fit.Model {
	return model("Line", []string{"intercept", "slope"}, polynomial, func(p points) []float64 { return powers(p, 2) })
}

// Polynomial is the polynomial of degree n, with parameters c0 to cn,
//
//	f(x) = c0 + c1 x + ... + cn xⁿ
//
// Guess is exact up to rounding, which grows with n where x is far from 0. Polynomial panics if n < 0.
func Polynomial(n int) fit.Model {
	if n < 0 {
		panic(fmt.Sprintf("models: Polynomial of degree %d, want >= 0", n))
	}
	names := make([]string, n+1)
	for k := range names {
		names[k] = fmt.Sprint("c", k)
	}
	return model("Polynomial", names, polynomial, func(p points) []float64 { return powers(p, n+1) })
}

func polynomial(g, b []float64, x float64) (f float64) {
	power := 1.0
	for k := range b {
		g[k] = power
		power *= x
	}
	for k := len(b) - 1; k >= 0; k-- {
		f = f*x + b[k]
	}
	return f
}

// powers are the n coefficients of the polynomial of least squares.
func powers(p points, n int) []float64 {
	unit := max(math.Abs(p.lo), math.Abs(p.hi))
	if unit == 0 {
		unit = 1
	}
	l := newLinear(p, n)
	b := make([]float64, n)
	l.fill(func(phi, _ []float64, x float64) { polynomial(phi, b, x/unit) }, nil)
	c, _ := l.solve()
	for k := range c {
		c[k] /= math.Pow(unit, float64(k))
	}
	return c
}
