package project_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/project"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// sets are the projections with a membership test of their own and a point drawn from the set.
var sets = map[string]struct {
	project func(x []float64)
	inside  func(x []float64, tol float64) bool
	draw    func(r *rand.Rand, x []float64)
}{
	"Box": {
		project.Box([]float64{-1, 0, math.Inf(-1), 2}, []float64{1, math.Inf(1), 3, 2}),
		func(x []float64, tol float64) bool {
			return x[0] >= -1 && x[0] <= 1 && x[1] >= 0 && x[2] <= 3 && x[3] == 2
		},
		func(r *rand.Rand, x []float64) {
			x[0], x[1], x[2], x[3] = 2*r.Float64()-1, r.ExpFloat64(), 3-r.ExpFloat64(), 2
		},
	},
	"Ball": {
		project.Ball([]float64{1, 2, 3, 4}, 1.5),
		func(x []float64, tol float64) bool { return floats.Distance(x, []float64{1, 2, 3, 4}, 2) <= 1.5+tol },
		func(r *rand.Rand, x []float64) {
			for i := range x {
				x[i] = r.NormFloat64()
			}
			floats.Scale(1.5*r.Float64()/floats.Norm(x, 2), x)
			floats.Add(x, []float64{1, 2, 3, 4})
		},
	},
	"Simplex": {
		project.Simplex(2.5),
		func(x []float64, tol float64) bool { return floats.Min(x) >= 0 && math.Abs(floats.Sum(x)-2.5) <= tol },
		func(r *rand.Rand, x []float64) {
			for i := range x {
				x[i] = r.ExpFloat64() * float64(r.IntN(2))
			}
			x[r.IntN(4)]++
			floats.Scale(2.5/floats.Sum(x), x)
		},
	},
}

// TestNearest: p is the projection of x onto a convex set if and only if it is in the set and (x-p)·(y-p) ≤ 0 for all y of
// the set. The companion, a point of the set beside p, fails for some y.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, set := range sets {
		beside := 0
		for range 2000 {
			x, y := make([]float64, 4), make([]float64, 4)
			scale := math.Pow(10, 4*r.Float64()-2)
			for i := range x {
				x[i] = scale * r.NormFloat64()
			}
			p := slices.Clone(x)
			set.project(p)
			tol := 1e-14 * (10 + floats.Norm(x, 2))
			if !set.inside(p, tol) {
				t.Fatalf("%s: %v, the projection of %v, is not in the set", name, p, x)
			}
			q := slices.Clone(p)
			if set.project(q); floats.Distance(p, q, 2) > tol {
				t.Fatalf("%s: the projection of %v is %v, and that of this %v", name, x, p, q)
			}
			near := make([]float64, 4)
			set.draw(r, near)
			for range 20 {
				set.draw(r, y)
				var at, atNear float64
				for i := range x {
					at += (x[i] - p[i]) * (y[i] - p[i])
					atNear += (x[i] - near[i]) * (p[i] - near[i])
				}
				if at > 100*tol*(1+floats.Norm(x, 2)) {
					t.Fatalf("%s: %v is projected to %v, which is not nearest: %v is on the side of x by %v", name, x, p, y, at)
				}
				if atNear > 1e-6 {
					beside++
				}
			}
		}
		if beside < 1000 {
			t.Errorf("%s: another point of the set is told from the nearest in %d cases only", name, beside)
		}
	}
}

// TestInsideStays: a point of the set keeps its bits; of the simplex, up to rounding.
func TestInsideStays(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, set := range sets {
		for range 1000 {
			x := make([]float64, 4)
			set.draw(r, x)
			p := slices.Clone(x)
			set.project(p)
			if name == "Simplex" && floats.Distance(p, x, math.Inf(1)) > 1e-15 || name != "Simplex" && !slices.Equal(p, x) {
				t.Fatalf("%s: %v moves to %v", name, x, p)
			}
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		name    string
		project func(x []float64)
		x, want []float64
	}{
		{"no bounds", project.Box(nil, nil), []float64{1, -2}, []float64{1, -2}},
		{"lower bounds", project.Box([]float64{0, 0}, nil), []float64{1, -2}, []float64{1, 0}},
		{"upper bounds", project.Box(nil, []float64{0, 0}), []float64{1, -2}, []float64{0, -2}},
		{"ball", project.Ball(nil, 5), []float64{6, 8}, []float64{3, 4}},
		{"ball, huge", project.Ball(nil, 5), []float64{6e200, 8e200}, []float64{3, 4}},
		{"ball, tiny", project.Ball(nil, 5e-200), []float64{6e-200, 8e-200}, []float64{3e-200, 4e-200}},
		{"ball, center", project.Ball([]float64{1, 1}, 5), []float64{7, 9}, []float64{4, 5}},
		{"ball, tiny radius far away", project.Ball(nil, 5e-200), []float64{6e200, 8e200}, []float64{3e-200, 4e-200}},
		{"ball, least radius", project.Ball([]float64{1e300, 0}, 5e-300), []float64{1e300, -1e308}, []float64{1e300, -5e-300}},
		{"ball, tiny part", project.Ball(nil, 1), []float64{1e308, 1e-8}, []float64{1, 0}},
		{"ball, greatest distance", project.Ball([]float64{-1.5e308, 0}, 5e307), []float64{1.5e308, 0}, []float64{-1e308, 0}},
		{"ball, greatest point", project.Ball(nil, 3e307), []float64{1.5e308, 1.5e308, 1.5e308, 1.5e308}, []float64{1.5e307, 1.5e307, 1.5e307, 1.5e307}},
		{"ball, subnormal", project.Ball(nil, 1e-322), []float64{2e-322}, []float64{1e-322}},
		{"simplex, greatest", project.Simplex(1), []float64{1e308, -1e308, -1e308, -1.7e308}, []float64{1, 0, 0, 0}},
		{"simplex, tiny total", project.Simplex(1e-300), []float64{1e10, 1e10 + 1, -1e308}, []float64{0, 1e-300, 0}},
		{"simplex, huge total", project.Simplex(1e308), []float64{0, 0, 1e-300}, []float64{1e308 / 3, 1e308 / 3, 1e308 / 3}},
		{"simplex", project.Simplex(1), []float64{0.5, 0.7, -3}, []float64{0.4, 0.6, 0}},
		{"simplex, all", project.Simplex(1), []float64{0, 0, 0, 0}, []float64{0.25, 0.25, 0.25, 0.25}},
		{"simplex, one", project.Simplex(2), []float64{9, 1, 1}, []float64{2, 0, 0}},
		{"simplex, far", project.Simplex(1), []float64{1e16, 1e16 + 2, 5}, []float64{0, 1, 0}},
		{"simplex of one", project.Simplex(3), []float64{-7}, []float64{3}},
	} {
		x := slices.Clone(c.x)
		c.project(x)
		for i := range x {
			if !(math.Abs(x[i]-c.want[i]) <= 1e-15*floats.Norm(c.want, 2)) {
				t.Errorf("%s: %v, want %v", c.name, x, c.want)
				break
			}
		}
	}
	// Not finite in, not finite out, and no endless loop.
	for name, p := range map[string]func(x []float64){"Ball": project.Ball(nil, 1), "Simplex": project.Simplex(1), "Box": project.Box([]float64{0, 0}, nil)} {
		x := []float64{math.NaN(), 2}
		if p(x); !math.IsNaN(x[0]) {
			t.Errorf("%s: NaN becomes %v", name, x[0])
		}
	}
}

func TestMisuse(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, f := range map[string]func(){
		"Box: len(lo) = 1, len(hi) = 2, want the same":                       func() { project.Box([]float64{1}, []float64{1, 2}) },
		"Box: lo[1] = 3, hi[1] = 2, want lo <= hi and a point between":       func() { project.Box([]float64{1, 3}, []float64{1, 2}) },
		"Box: lo[0] = NaN, hi[0] = +Inf, want lo <= hi and a point between":  func() { project.Box([]float64{nan}, nil) },
		"Box: lo[0] = -Inf, hi[0] = -Inf, want lo <= hi and a point between": func() { project.Box(nil, []float64{-inf}) },
		"Box: len(x) = 1, want 2":                                            func() { project.Box([]float64{1, 2}, nil)([]float64{1}) },
		"Ball: radius = 0, want finite and > 0":                              func() { project.Ball(nil, 0) },
		"Ball: radius = NaN, want finite and > 0":                            func() { project.Ball(nil, nan) },
		"Ball: center[1] = +Inf, want finite":                                func() { project.Ball([]float64{1, inf}, 1) },
		"Ball: len(x) = 1, want 2":                                           func() { project.Ball([]float64{1, 2}, 1)([]float64{1}) },
		"Simplex: total = -1, want finite and > 0":                           func() { project.Simplex(-1) },
		"Simplex: total = +Inf, want finite and > 0":                         func() { project.Simplex(inf) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != "project: "+want {
					t.Errorf("%q, want %q", got, "project: "+want)
				}
			}()
			f()
		}()
	}
}

func TestNoAllocation(t *testing.T) {
	x := []float64{3, -4, 5, 6}
	for name, set := range sets {
		if n := testing.AllocsPerRun(100, func() { set.project(x); x[0] += 3 }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// TestMomentumAtBound: with momentum the iterate sits at a bound for as many steps as its momentum takes to turn, which is the
// time that the package comment states; without, it leaves at once.
func TestMomentumAtBound(t *testing.T) {
	bound := project.Box([]float64{0}, nil)
	for _, c := range []struct {
		mu, turn float64 // the gradient turns from turn to -1
		want     int     // the first step after ln(1+turn)/ln(1/μ)
	}{{0, 1, 1}, {0.9, 1, 7}, {0.9, 10, 23}, {0.5, 1, 2}, {0.99, 1, 69}} {
		r := &method.SGD{StepSize: 0.01, Momentum: c.mu}
		r.Reset(1)
		x := []float64{0}
		for range 3000 {
			r.Step(x, []float64{c.turn})
			bound(x)
		}
		n := 0
		for x[0] == 0 && n < 1000 {
			r.Step(x, []float64{-1})
			bound(x)
			n++
		}
		if n != c.want {
			t.Errorf("μ = %v, gradient from %v to -1: leaves the bound in step %d, want %d", c.mu, c.turn, n, c.want)
		}
	}
}

// TestLimits: under a projection onto a box, gradient descent and Adam end at the minimum in the set; on a simplex Adam does not,
// as the package comment warns.
func TestLimits(t *testing.T) {
	f := func(grad, x []float64) float64 { // |x - (2, 1)|² with curvatures 1 and 9
		grad[0], grad[1] = x[0]-2, 9*(x[1]-1)
		return (x[0]-2)*(x[0]-2)/2 + 9*(x[1]-1)*(x[1]-1)/2
	}
	decay := func(k int) float64 { return 1 / (1 + float64(k)/50) }
	for _, c := range []struct {
		name    string
		project func(x []float64)
		rule    optimize.Method
		want    []float64
		ends    bool
	}{
		{"box, SGD", project.Box(nil, []float64{1, 3}), &method.SGD{StepSize: 0.1}, []float64{1, 1}, true},
		{"box, momentum", project.Box(nil, []float64{1, 3}), &method.SGD{StepSize: 0.02, Momentum: 0.9}, []float64{1, 1}, true},
		{"box, Adam", project.Box(nil, []float64{1, 3}), &stochopt.Adam{Schedule: decay}, []float64{1, 1}, true},
		{"simplex, SGD", project.Simplex(1), &method.SGD{StepSize: 0.1}, []float64{0.2, 0.8}, true},
		{"simplex, momentum", project.Simplex(1), &method.SGD{StepSize: 0.02, Momentum: 0.9}, []float64{0.2, 0.8}, true},
		{"simplex, Adam", project.Simplex(1), &stochopt.Adam{Schedule: decay}, []float64{0.2, 0.8}, false},
	} {
		p := stochopt.Problem{FuncGrad: f, Project: c.project}
		s := &optimize.Settings{MajorIterations: 3000, Converger: optimize.NeverTerminate{}}
		r, err := stochopt.Minimize(context.Background(), p, []float64{0, 0}, s, c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if ends := floats.Distance(r.X, c.want, 2) < 0.01; ends != c.ends {
			t.Errorf("%s: ends at %v; at the minimum %v: %t, want %t", c.name, r.X, c.want, ends, c.ends)
		}
		t.Logf("%s: %v", c.name, r.X)
	}
}

func ExampleSimplex() {
	p := stochopt.Problem{
		FuncGrad: func(grad, x []float64) float64 { // the least variance of a portfolio of three, with variances 1, 2, 4
			grad[0], grad[1], grad[2] = 2*x[0], 4*x[1], 8*x[2]
			return x[0]*x[0] + 2*x[1]*x[1] + 4*x[2]*x[2]
		},
		Project: project.Simplex(1),
	}
	r, err := stochopt.Minimize(context.Background(), p, []float64{1, 0, 0}, nil, &method.SGD{StepSize: 0.1})
	fmt.Printf("%.3f %v\n", r.X, err)
	// Output:
	// [0.571 0.286 0.143] <nil>
}
