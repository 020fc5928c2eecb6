package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/optimize/functions"
)

type function interface {
	Func(x []float64) float64
	Grad(grad, x []float64)
}

func oracleOf(f function) stochopt.Oracle {
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			f.Grad(grad, x)
		}
		return f.Func(x), nil
	}
}

// points are places near to which gradients are checked: ordinary starts, minima and zeros.
var points = []struct {
	f function
	x []float64
}{
	{functions.ExtendedRosenbrock{}, []float64{-1.2, 1, -1.2, 1}},
	{functions.ExtendedRosenbrock{}, []float64{1, 1, 1, 1}},
	{functions.ExtendedRosenbrock{}, []float64{0, 0, 0}},
	{functions.Beale{}, []float64{1, 1}},
	{functions.Beale{}, []float64{3, 0.5}},
	{functions.BiggsEXP6{}, []float64{1, 2, 1, 1, 1, 1}},
	{functions.Box3D{}, []float64{0, 10, 20}},
	{functions.BrownBadlyScaled{}, []float64{1, 1}},
	{functions.BrownBadlyScaled{}, []float64{1e6, 2e-6}},
	{functions.BrownAndDennis{}, []float64{25, 5, -5, -1}},
	{functions.ExtendedPowellSingular{}, []float64{3, -1, 0, 1}},
	{functions.ExtendedPowellSingular{}, []float64{0, 0, 0, 0}},
	{functions.Gaussian{}, []float64{0.4, 1, 0}},
	{functions.HelicalValley{}, []float64{-1, 0.1, 0}},
	{functions.PenaltyI{}, []float64{1, 2, 3, 4}},
	{functions.PenaltyII{}, []float64{0.5, 0.5, 0.5, 0.5}},
	{functions.PowellBadlyScaled{}, []float64{0, 1}},
	{functions.Trigonometric{}, []float64{0.2, 0.2, 0.2, 0.2, 0.2}},
	{functions.VariablyDimensioned{}, []float64{0.5, 0, 0.3}},
	{functions.Watson{}, []float64{0, 0, 0, 0, 0, 0}},
	{functions.Wood{}, []float64{-3, -1, -3, -1}},
}

func TestCheckRight(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range points {
		x := make([]float64, len(p.x))
		for k := range 300 {
			for i, v := range p.x {
				x[i] = v
				if k > 0 { // at all distances from the point
					x[i] = v*(1+0.5*r.NormFloat64()*math.Pow(10, -8*r.Float64())) + math.Pow(10, -9*r.Float64())*r.NormFloat64()
				}
			}
			rep, err := gradient.Check(oracleOf(p.f), x, stochopt.Sample{})
			if err != nil || !rep.OK {
				t.Errorf("%T at %v: %v, %v", p.f, x, rep, err)
			}
		}
	}
}

// Right gradients of f(x/s) pass for scales s from 1e-8 to 1e8, at 0 and at both small and large multiples of s.
func TestCheckScales(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name     string
		f        func(t float64) (f, df float64)
		positive bool
		tol      float64 // worst Expected/|Supplied| at x = s, 0 if the derivative may vanish
	}{
		{"sin", func(t float64) (float64, float64) { return math.Sin(t), math.Cos(t) }, false, 1e-6},
		{"1+sin", func(t float64) (float64, float64) { return 1 + math.Sin(t), math.Cos(t) }, false, 1e-6},
		{"cos", func(t float64) (float64, float64) { return math.Cos(t), -math.Sin(t) }, false, 1e-6},
		{"exp", func(t float64) (float64, float64) { return math.Exp(t), math.Exp(t) }, false, 1e-6},
		{"atan", func(t float64) (float64, float64) { return math.Atan(t), 1 / (1 + t*t) }, false, 1e-6},
		{"linear", func(t float64) (float64, float64) { return t, 1 }, false, 1e-6},
		{"square", func(t float64) (float64, float64) { return t * t, 2 * t }, false, 1e-6},
		{"1+square", func(t float64) (float64, float64) { return 1 + t*t, 2 * t }, false, 1e-6},
		{"cube", func(t float64) (float64, float64) { return t * t * t, 3 * t * t }, false, 1e-6},
		{"constant", func(t float64) (float64, float64) { return 3, 0 }, false, 0},
		{"log", func(t float64) (float64, float64) { return math.Log(t), 1 / t }, true, 1e-6},
		{"sqrt", func(t float64) (float64, float64) { return math.Sqrt(t), 0.5 / math.Sqrt(t) }, true, 1e-6},
	} {
		at := func(x, s float64, wrong float64) gradient.Report {
			rep, err := gradient.Check(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
				f, df := c.f(x[0] / s)
				if grad != nil {
					grad[0] = wrong * df / s
				}
				return f, nil
			}, []float64{x}, stochopt.Sample{})
			if err != nil {
				t.Fatalf("%s(x/%v) at %v: %v", c.name, s, x, err)
			}
			return rep
		}
		for k := range 3000 {
			s := math.Pow(10, 16*r.Float64()-8)
			m := r.NormFloat64() * math.Pow(10, 3*r.Float64()-2)
			switch {
			case c.positive:
				m = math.Abs(m)
			case k%5 == 0:
				m = 0
			}
			if rep := at(m*s, s, 1); !rep.OK {
				t.Errorf("%s(x/%v) at %v: %v", c.name, s, m*s, rep)
			}
			if c.tol == 0 {
				continue
			}
			if rep := at(s, s, 1); rep.Expected > c.tol*math.Abs(rep.Supplied) {
				t.Errorf("%s(x/%v) at %v: too large an expected error: %v", c.name, s, s, rep)
			}
			for _, wrong := range []float64{-1, 2, 0, 1 + 1e-4} {
				if rep := at(s, s, wrong); rep.OK {
					t.Errorf("%s(x/%v) at %v times %v passes: %v", c.name, s, s, wrong, rep)
				}
			}
		}
	}
}

// Where the terms of f cancel, the value is constant over small steps, though not to its own precision.
func TestCheckCancellation(t *testing.T) {
	for _, c := range []struct{ s, x float64 }{
		{493369.7041045937, -774770.191150538}, {0.00013222175946239287, -0.00020770118892368043}, {1, -1.5708}, {1, -1.571},
	} {
		rep, err := gradient.Check(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0] = math.Cos(x[0]/c.s) / c.s
			}
			return 1 + math.Sin(x[0]/c.s), nil
		}, []float64{c.x}, stochopt.Sample{})
		if err != nil || !rep.OK {
			t.Errorf("1+sin(x/%v) at %v: %v, %v", c.s, c.x, rep, err)
		}
	}
}

func TestCheckWrong(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, p := range points {
		x := slices.Clone(p.x)
		for i := range x {
			x[i] += 0.1 * r.NormFloat64()
		}
		for name, spoil := range map[string]func(g []float64, i int){
			"wrong sign":    func(g []float64, i int) { g[i] = -g[i] },
			"factor 2":      func(g []float64, i int) { g[i] *= 2 },
			"not stored":    func(g []float64, i int) { g[i] = math.NaN() },
			"infinite":      func(g []float64, i int) { g[i] = math.Inf(1) },
			"off by one":    func(g []float64, i int) { j := (i + 1) % len(g); g[i], g[j] = g[j], g[i] },
			"term too much": func(g []float64, i int) { g[i] += 0.01 * math.Abs(g[i]) },
		} {
			for i := range x {
				right := make([]float64, len(x))
				p.f.Grad(right, x)
				if math.Abs(right[i]) < max(1e-3, 1e-8*math.Abs(p.f.Func(x))) || math.Abs(right[i]-right[(i+1)%len(x)]) < 1e-3*math.Abs(right[i]) {
					continue // too little to be seen
				}
				rep, err := gradient.Check(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
					if grad != nil {
						p.f.Grad(grad, x)
						spoil(grad, i)
					}
					return p.f.Func(x), nil
				}, x, stochopt.Sample{})
				if err != nil || rep.OK {
					t.Errorf("%T at %v: %s in %d passes: %v, %v", p.f, x, name, i, rep, err)
				}
				if name != "off by one" && rep.Component != i {
					t.Errorf("%T at %v: %s in %d is laid to %d", p.f, x, name, i, rep.Component)
				}
			}
		}
	}
}

func TestCheckStochastic(t *testing.T) {
	x := []float64{1, -2, 0}
	calls := 0
	other := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		calls++
		s.Probe = calls // it does not obey its Sample
		return shift(grad, x, s)
	}
	flagged := 0
	for k := range 200 {
		s := stochopt.Sample{Seed: 1, Step: k}
		if rep, err := gradient.Check(shift, x, s); err != nil || !rep.OK || rep.Expected > 1e-9 {
			t.Errorf("%+v: %v, %v", s, rep, err)
		}
		if rep, err := gradient.Check(gradient.Average(line(50).Shuffled(7), 3, 2), x[:2], s); err != nil || !rep.OK {
			t.Errorf("minibatch %+v: %v, %v", s, rep, err)
		}
		// A gradient of another draw than the value is wrong.
		rep, err := gradient.Check(func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if grad != nil {
				t := s
				t.Step++
				shift(grad, x, t)
			}
			return shift(nil, x, s)
		}, x, s)
		if err != nil || rep.OK {
			t.Errorf("gradient of another draw passes: %v, %v", rep, err)
		}
		if rep, err := gradient.Check(other, x, s); err != nil || !rep.OK {
			flagged++
		}
	}
	if flagged > 10 {
		t.Errorf("a right gradient in noise is flagged %d times of 200", flagged)
	}
}

func TestCheckFailures(t *testing.T) {
	bad := errors.New("bad")
	s := stochopt.Sample{}
	if _, err := gradient.Check(func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 0, bad }, []float64{1}, s); err != bad {
		t.Errorf("error at x: %v", err)
	}
	at := []float64{1, 2}
	alone := func(away func() (float64, error)) stochopt.Oracle {
		return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0], grad[1] = 0, 0
			}
			if slices.Equal(x, at) {
				return 1, nil
			}
			return away()
		}
	}
	for _, away := range []func() (float64, error){
		func() (float64, error) { return 0, bad },
		func() (float64, error) { return math.NaN(), nil },
		func() (float64, error) { return math.Inf(1), nil },
	} {
		if rep, err := gradient.Check(alone(away), at, s); err == nil {
			t.Errorf("a point without neighbours passes: %v", rep)
		}
	}
	if !slices.Equal(at, []float64{1, 2}) {
		t.Error("x is changed")
	}
	// Both components of a constant have no error at all; the one that is not 0 is the worst.
	for i := range 2 {
		rep, err := gradient.Check(func(grad, _ []float64, _ stochopt.Sample) (float64, error) {
			clear(grad)
			if grad != nil {
				grad[i] = 1e-3
			}
			return 0, nil
		}, at, s)
		if err != nil || rep.OK || rep.Component != i {
			t.Errorf("constant with gradient in %d: %v, %v", i, rep, err)
		}
	}
	wantPanic(t, "gradient: Check of a nil Oracle", func() { gradient.Check(nil, at, s) })
	wantPanic(t, "gradient: Check at an x without variables", func() { gradient.Check(shift, nil, s) })
}

func TestCheckCost(t *testing.T) {
	most := 0
	for _, p := range points {
		for _, scale := range []float64{1e-8, 1, 1e8} {
			calls := 0
			x := slices.Clone(p.x)
			for i := range x {
				x[i] *= scale
			}
			gradient.Check(func(grad, x []float64, s stochopt.Sample) (float64, error) {
				calls++
				return oracleOf(p.f)(grad, x, s)
			}, x, stochopt.Sample{})
			most = max(most, (calls-3+len(x)-1)/len(x))
		}
	}
	if most > 80 {
		t.Errorf("%d values for each component", most)
	}
	t.Logf("up to %d values for each component", most)
}

func ExampleCheck() {
	o := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			grad[0] = 2 * x[0]
			grad[1] = math.Cos(x[1]) // wrong: the sign
		}
		return x[0]*x[0] - math.Sin(x[1]), nil
	}
	rep, err := gradient.Check(o, []float64{1, 0}, stochopt.Sample{})
	fmt.Println(rep.OK, rep.Component, err)
	fmt.Printf("supplied %.4f, estimate %.4f\n", rep.Supplied, rep.Estimate)
	// Output:
	// false 1 <nil>
	// supplied 1.0000, estimate -1.0000
}

func BenchmarkCheck(b *testing.B) {
	x := []float64{-1.2, 1, -1.2, 1}
	o := oracleOf(functions.ExtendedRosenbrock{})
	for b.Loop() {
		gradient.Check(o, x, stochopt.Sample{})
	}
}
