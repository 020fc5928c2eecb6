package testfuncs

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize/functions"
)

// Classical returns the functions of gonum.org/v1/gonum/optimize/functions that have a standard starting point and a
// known minimum, most of them from Moré, Garbow and Hillstrom's collection: smooth, of 2 to 10 variables, with
// gradients, without noise. They are what a method should solve before it meets noise, and make a suite for
// performance profiles.
//
//	Beale 2                   Biggs EXP2 to EXP6, 2 to 6    Box 3
//	Brown badly scaled 2      Brown and Dennis 4            Gaussian 3
//	Gulf 3                    helical valley 3              penalty I and II, 4 and 10
//	Powell badly scaled 2     Powell singular 4             Rosenbrock 2 and 10
//	trigonometric 10          variably dimensioned 10       Watson 6 and 9
//	Wood 4
//
// From the starts, gonum's BFGS and LBFGS reach the minimum of all but these, which have another stationary point
// on the way:
//
//	Biggs EXP5         0.00264999 (BFGS)           at (1.77672, 16.1236, -0.594208, 4.70717, 1.77672)
//	Biggs EXP6         0.00565565 (both)           at (1.71142, 17.6832, 1.16314, 5.18656, 1.71142, 1.16314)
//	trigonometric 10   2.79506e-05 (both)
//
// Hard in other ways: Brown badly scaled (variables of sizes 1e6 and 1e-6), Powell badly scaled (a curved valley,
// 1e-5 and 9), Powell singular and Watson 9 (Hessian singular, or nearly so, at the minimum), penalty I and II and
// Gaussian (minima around 1e-5 and 1e-8: a gap means little that is not taken relative to the value at the start).
//
// Powell singular starts at (3, -1, 0, 1) as in the reference, not at (3, -1, 0, 3). Each call makes new Objectives.
//
// Reference: J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing unconstrained
// optimization software, ACM Transactions on Mathematical Software 7(1), 1981.
func Classical() []Objective {
	half := func(int) float64 { return 0.5 }
	count := func(i int) float64 { return float64(i + 1) }
	fall := func(i int) float64 { return 1 - float64(i+1)/10 }
	tenth := func(int) float64 { return 0.1 }
	return []Objective{
		known("Beale", functions.Beale{}, 1, 1),
		known("Biggs EXP2", functions.BiggsEXP2{}, 1, 2),
		known("Biggs EXP3", functions.BiggsEXP3{}, 1, 2, 1),
		known("Biggs EXP4", functions.BiggsEXP4{}, 1, 2, 1, 1),
		known("Biggs EXP5", functions.BiggsEXP5{}, 1, 2, 1, 1, 1),
		known("Biggs EXP6", functions.BiggsEXP6{}, 1, 2, 1, 1, 1, 1),
		known("Box", functions.Box3D{}, 0, 10, 20),
		known("Brown badly scaled", functions.BrownBadlyScaled{}, 1, 1),
		known("Brown and Dennis", functions.BrownAndDennis{}, 25, 5, -5, -1),
		known("Gaussian", functions.Gaussian{}, 0.4, 1, 0),
		known("Gulf", functions.GulfResearchAndDevelopment{}, 5, 2.5, 0.15),
		known("helical valley", functions.HelicalValley{}, -1, 0, 0),
		known("penalty I", functions.PenaltyI{}, vector(4, count)...),
		known("penalty I", functions.PenaltyI{}, vector(10, count)...),
		known("penalty II", functions.PenaltyII{}, vector(4, half)...),
		known("penalty II", functions.PenaltyII{}, vector(10, half)...),
		known("Powell badly scaled", functions.PowellBadlyScaled{}, 0, 1),
		known("Powell singular", functions.ExtendedPowellSingular{}, 3, -1, 0, 1),
		Rosenbrock(2),
		Rosenbrock(10),
		known("trigonometric", functions.Trigonometric{}, vector(10, tenth)...),
		known("variably dimensioned", functions.VariablyDimensioned{}, vector(10, fall)...),
		known("Watson", functions.Watson{}, make([]float64, 6)...),
		known("Watson", functions.Watson{}, make([]float64, 9)...),
		known("Wood", functions.Wood{}, -3, -1, -3, -1),
	}
}

// Rosenbrock returns the chained Rosenbrock function of n >= 2 variables.
//
//	f(x) = Σ 100 (x_(i+1) - x_i²)² + (1 - x_i)²,  i = 1, ..., n-1
//
// It starts at (-1.2, 1, -1.2, 1, ...) and has its minimum 0 at (1, ..., 1). For n from 4 to 7 at least there is
// another minimum near (-1, 1, ..., 1), of about 3.7 to 4, which gonum's BFGS and LBFGS do not run into from the
// start.
//
// Reference: H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, The
// Computer Journal 3, 1960, for n = 2.
func Rosenbrock(n int) Objective {
	if n < 2 {
		panic(fmt.Sprintf("testfuncs: Rosenbrock of n = %d variables, want >= 2", n))
	}
	f := functions.ExtendedRosenbrock{}
	start := vector(n, func(i int) float64 { return []float64{-1.2, 1}[i%2] })
	return smooth(fmt.Sprintf("Rosenbrock %d", n), f.Func, f.Grad, start, 0, ones(n))
}

// Sphere returns f(x) = Σ x_i² of n >= 1 variables, with start (1, ..., 1) and minimum 0 at 0.
func Sphere(n int) Objective {
	if n < 1 {
		panic(fmt.Sprintf("testfuncs: Sphere of n = %d variables, want >= 1", n))
	}
	f := functions.Sphere{}
	return smooth(fmt.Sprintf("sphere %d", n), f.Func, f.Grad, ones(n), 0, make([]float64, n))
}

// Ellipsoid returns a quadratic along the axes of n >= 2 variables whose Hessian has the given condition number, >= 1.
//
//	f(x) = Σ c^((i-1)/(n-1)) x_i²,  i = 1, ..., n,  c = condition
//
// It starts at (1, ..., 1) and has its minimum 0 at 0. Quadratic has ellipsoids that are not along the axes.
func Ellipsoid(n int, condition float64) Objective {
	if n < 2 {
		panic(fmt.Sprintf("testfuncs: Ellipsoid of n = %d variables, want >= 2", n))
	}
	if !(condition >= 1) || math.IsInf(condition, 1) {
		panic(fmt.Sprintf("testfuncs: Ellipsoid of condition = %v, want finite and >= 1", condition))
	}
	c := vector(n, func(i int) float64 { return math.Pow(condition, float64(i)/float64(n-1)) })
	f := func(x []float64) (sum float64) {
		length("Ellipsoid", x, n)
		for i, v := range x {
			sum += float64(c[i] * v * v)
		}
		return sum
	}
	grad := func(grad, x []float64) {
		length("Ellipsoid", x, n)
		for i, v := range x {
			grad[i] = 2 * c[i] * v
		}
	}
	name := fmt.Sprintf("ellipsoid %d, condition %v", n, condition)
	return smooth(name, f, grad, ones(n), 0, make([]float64, n))
}

// known returns a function of gonum whose global minima for the length of start gonum states.
func known(name string, f interface {
	Func(x []float64) float64
	Grad(grad, x []float64)
	Minima() []functions.Minimum
}, start ...float64) Objective {
	minimum := math.NaN()
	var minimizers [][]float64
	for _, m := range f.Minima() {
		if m.Global && len(m.X) == len(start) {
			minimum = m.F
			minimizers = append(minimizers, m.X)
		}
	}
	return smooth(fmt.Sprintf("%s %d", name, len(start)), f.Func, f.Grad, start, minimum, minimizers...)
}

// smooth returns an Objective without noise.
func smooth(name string, f func(x []float64) float64, grad func(grad, x []float64),
	start []float64, minimum float64, minimizers ...[]float64) Objective {
	o := Objective{Name: name, Start: slices.Clone(start), Func: f, Grad: grad, Minimum: minimum, Minimizers: minimizers}
	o.Oracle = o.exact()
	return o
}

func vector(n int, f func(i int) float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = f(i)
	}
	return x
}

func ones(n int) []float64 { return vector(n, func(int) float64 { return 1 }) }

func length(name string, x []float64, n int) {
	if len(x) != n {
		panic(fmt.Sprintf("testfuncs: %s: len(x) = %d, want %d", name, len(x), n))
	}
}
