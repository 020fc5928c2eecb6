package catalogue

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/floats"
)

// Class is a class of problems, on which one method may be good and another bad.
type Class struct {
	Name, About string
	Problems    []testfuncs.Objective
	// Exact problems have no randomness.
	Exact bool
}

// Classes returns the classes of problems on which the methods are compared.
func Classes() []Class {
	return []Class{
		{"smooth", "classical functions of 2 to 10 variables, exact", testfuncs.Classical(), true},
		{"stiff", "quadratics of condition 1e2 to 1e6, along the axes and rotated, exact", stiff(), true},
		{"units", "quadratics whose variables have sizes from 1e-3 to 1e3, exact", units(), true},
		{"noisy", "classical functions, normal noise of a tenth of the gradient at the start", noisy(0.1), false},
		{"heavy", "the same with Student's t of 1.5 degrees of freedom, which has no variance", heavy(0.03), false},
		{"sums", "regressions, minibatches of 8 out of 400 terms", sums(), false},
	}
}

func stiff() []testfuncs.Objective {
	var all []testfuncs.Objective
	for _, n := range []int{2, 10} {
		for _, condition := range []float64{1e2, 1e4, 1e6} {
			lambda := make([]float64, n)
			for i := range lambda {
				lambda[i] = math.Pow(condition, float64(i)/float64(n-1))
			}
			rotated := testfuncs.Quadratic(lambda, nil, 1)
			rotated.Name = fmt.Sprintf("rotated quadratic %d, condition %g", n, condition)
			all = append(all, testfuncs.Ellipsoid(n, condition), rotated)
		}
	}
	return all
}

// units are spheres and Rosenbrock's functions whose variables are measured in units of their own.
func units() []testfuncs.Objective {
	var all []testfuncs.Objective
	for _, o := range []testfuncs.Objective{testfuncs.Sphere(4), testfuncs.Sphere(10), testfuncs.Rosenbrock(2), testfuncs.Rosenbrock(6)} {
		all = append(all, rescaled(o))
	}
	return all
}

// rescaled is o of x_i/s_i, with s_i from 1e-3 to 1e3.
func rescaled(o testfuncs.Objective) testfuncs.Objective {
	n := len(o.Start)
	scale := make([]float64, n)
	for i := range scale {
		scale[i] = math.Pow(10, -3+6*float64(i)/float64(n-1))
	}
	plain := func(x []float64) []float64 { return floats.DivTo(make([]float64, n), x, scale) }
	f, grad := o.Func, o.Grad
	o.Name += ", units 1e-3 to 1e3"
	o.Func = func(x []float64) float64 { return f(plain(x)) }
	o.Grad = func(g, x []float64) {
		grad(g, plain(x))
		floats.Div(g, scale)
	}
	o.Start = floats.MulTo(make([]float64, n), o.Start, scale)
	minimizers := o.Minimizers
	o.Minimizers = nil
	for _, m := range minimizers {
		o.Minimizers = append(o.Minimizers, floats.MulTo(make([]float64, n), m, scale))
	}
	o = o.With(testfuncs.Additive{})
	return o
}

// noisy puts noise on the classical functions, in proportion to the length of the gradient at the start.
func noisy(part float64) []testfuncs.Objective {
	return disturbed(func(f, g float64) testfuncs.Noise { return testfuncs.Additive{Value: part * f, Grad: part * g} })
}

func heavy(part float64) []testfuncs.Objective {
	return disturbed(func(f, g float64) testfuncs.Noise {
		return testfuncs.HeavyTailed{Nu: 1.5, Value: part * f, Grad: part * g}
	})
}

// disturbed puts on each classical function the noise for the fall f from its start and the size g of a component of the gradient
// there.
func disturbed(noise func(f, g float64) testfuncs.Noise) []testfuncs.Objective {
	var all []testfuncs.Objective
	for _, o := range testfuncs.Classical() {
		g := make([]float64, len(o.Start))
		o.Grad(g, o.Start)
		name := o.Name
		o = o.With(noise(o.Func(o.Start)-o.Minimum, floats.Norm(g, 2)/math.Sqrt(float64(len(g)))))
		o.Name = name + ", noise"
		all = append(all, o)
	}
	return all
}

func sums() []testfuncs.Objective {
	var all []testfuncs.Objective
	for seed := range uint64(2) {
		for _, scale := range []float64{1, 1.5} {
			d := testfuncs.Data{Terms: 400, Dim: 8, Scale: scale, Seed: seed + 1}
			for _, s := range []testfuncs.Sum{testfuncs.LeastSquares(d), testfuncs.Logistic(d, 0.01), testfuncs.Robust(d, 1)} {
				o := s.Objective
				o.Name = fmt.Sprintf("%s %d, columns %v", o.Name, seed+1, scale)
				o.Oracle = s.Terms.Shuffled(8)
				all = append(all, o)
			}
		}
	}
	return all
}
