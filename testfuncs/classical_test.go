package testfuncs_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// What the comment of Classical says: 25 smooth functions of 2 to 10 variables, and where descent from the start ends.
func TestClassicalDescent(t *testing.T) {
	type end struct {
		f float64
		x []float64
	}
	exp6 := end{0.00565565, []float64{1.71142, 17.6832, 1.16314, 5.18656, 1.71142, 1.16314}}
	elsewhere := map[string]end{
		"Biggs EXP5 5 BFGS":      {0.00264999, []float64{1.77672, 16.1236, -0.594208, 4.70717, 1.77672}},
		"Biggs EXP6 6 BFGS":      exp6,
		"Biggs EXP6 6 LBFGS":     exp6,
		"trigonometric 10 BFGS":  {2.79506e-05, nil},
		"trigonometric 10 LBFGS": {2.79506e-05, nil},
	}
	list := testfuncs.Classical()
	if len(list) != 25 {
		t.Errorf("%d functions, want 25", len(list))
	}
	list = append(list, testfuncs.Sphere(5), testfuncs.Ellipsoid(5, 1e6), testfuncs.Rosenbrock(4), testfuncs.Rosenbrock(7))
	for _, o := range list {
		if n := len(o.Start); n < 2 || n > 10 || o.Grad == nil || math.IsNaN(o.Minimum) {
			t.Errorf("%s: %d variables, minimum %v", o.Name, n, o.Minimum)
		}
		for name, m := range map[string]optimize.Method{"BFGS": &optimize.BFGS{}, "LBFGS": &optimize.LBFGS{}} {
			p := optimize.Problem{Func: o.Func, Grad: o.Grad}
			set := &optimize.Settings{GradientThreshold: 1e-13, Converger: optimize.NeverTerminate{}, MajorIterations: 5000}
			// The error, if there is one, is that of a line search at the limit of rounding.
			r, _ := optimize.Minimize(p, o.Start, set, m)
			want, x := o.Minimum, []float64(nil)
			e, stuck := elsewhere[o.Name+" "+name]
			if stuck {
				want, x = e.f, e.x
			}
			if tol := 1e-9 * (o.Func(o.Start) - want); !stuck && !(math.Abs(r.F-want) <= tol) || stuck && !(math.Abs(r.F/want-1) < 1e-5) {
				t.Errorf("%s: %s ends at %v, %v, want %v", o.Name, name, r.F, r.X, want)
			}
			if x != nil && !floats.EqualApprox(r.X, x, 1e-4) {
				t.Errorf("%s: %s ends at %v, want %v", o.Name, name, r.X, x)
			}
		}
	}
}

func TestRosenbrockLocal(t *testing.T) {
	for n, want := range map[int]float64{4: 3.7014, 5: 3.9308, 6: 3.9739, 7: 3.9836} {
		o := testfuncs.Rosenbrock(n)
		x := make([]float64, n)
		for i := range x {
			x[i] = 1
		}
		x[0] = -1
		r, err := optimize.Minimize(optimize.Problem{Func: o.Func, Grad: o.Grad}, x, &optimize.Settings{GradientThreshold: 1e-6}, &optimize.BFGS{})
		if err != nil || math.Abs(r.F-want) > 1e-4 {
			t.Errorf("n = %d: %v %v, want %v", n, r.F, err, want)
		}
	}
}

func TestEllipsoidCondition(t *testing.T) {
	o := testfuncs.Ellipsoid(3, 1e4)
	for i, want := range []float64{1, 100, 1e4} {
		x := make([]float64, 3)
		x[i] = 2
		if f := o.Func(x); math.Abs(f/(4*want)-1) > 1e-14 {
			t.Errorf("value %v along axis %d, want %v", f, i, 4*want)
		}
	}
}

func TestClassicalPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"testfuncs: Rosenbrock of n = 1 variables, want >= 2":           func() { testfuncs.Rosenbrock(1) },
		"testfuncs: Sphere of n = 0 variables, want >= 1":               func() { testfuncs.Sphere(0) },
		"testfuncs: Ellipsoid of n = 1 variables, want >= 2":            func() { testfuncs.Ellipsoid(1, 10) },
		"testfuncs: Ellipsoid of condition = 0.5, want finite and >= 1": func() { testfuncs.Ellipsoid(2, 0.5) },
		"testfuncs: Ellipsoid: len(x) = 3, want 2":                      func() { testfuncs.Ellipsoid(2, 5).Func(make([]float64, 3)) },
	} {
		wantPanic(t, want, f)
	}
}

func ExampleClassical() {
	solved := 0
	list := testfuncs.Classical()
	for _, o := range list {
		p := stochopt.Problem{Func: o.Func, Grad: o.Grad}
		r, err := stochopt.Minimize(context.Background(), p, o.Start, &optimize.Settings{MajorIterations: 2000}, &stochopt.Adam{})
		if err == nil && r.F-o.Minimum <= 1e-3*(o.Func(o.Start)-o.Minimum) {
			solved++
		}
	}
	fmt.Println(solved >= 18, len(list))
	// Output: true 25
}

func ExampleRosenbrock() {
	o := testfuncs.Rosenbrock(3)
	fmt.Printf("%s: %v %.4g, minimum %v at %v\n", o.Name, o.Start, o.Func(o.Start), o.Minimum, o.Minimizers)
	// Output: Rosenbrock 3: [-1.2 1 -1.2] 508.2, minimum 0 at [[1 1 1]]
}

func ExampleSphere() {
	o := testfuncs.Sphere(2)
	f, err := o.Oracle(nil, []float64{3, 4}, stochopt.Sample{})
	fmt.Println(f, err)
	// Output: 25 <nil>
}

func ExampleEllipsoid() {
	o := testfuncs.Ellipsoid(2, 1000)
	grad := make([]float64, 2)
	o.Grad(grad, o.Start)
	fmt.Println(grad)
	// Output: [2 2000]
}
