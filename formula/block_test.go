package formula_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
	"github.com/stochopt/stochopt/testfuncs"
)

// comparison counts what has been compared.
type comparison struct{ points, infinite, nan, vertical int }

// compare wants of Points what Func gives, bit by bit; NaN is NaN.
func (c *comparison) compare(t *testing.T, text string, m fit.Model, b []float64, x [][]float64) {
	t.Helper()
	same := func(v, w float64) bool { return math.Float64bits(v) == math.Float64bits(w) || v != v && w != w }
	dst, alone, jac, grad := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x)*len(b)), make([]float64, len(b))
	for i := range jac {
		jac[i] = 77
	}
	m.Points(dst, jac, b, x)
	m.Points(alone, nil, b, x)
	for i, xi := range x {
		want := m.Func(grad, b, xi)
		if got := jac[i*len(b) : (i+1)*len(b)]; !same(dst[i], want) || !same(alone[i], want) || !slices.EqualFunc(got, grad, same) {
			t.Fatalf("%s at %v, point %d of %d, %v: %v and %v with derivatives %v, want %v, %v", text, b, i, len(x), xi, dst[i], alone[i], got, want, grad)
		}
		c.points++
		switch {
		case math.IsInf(want, 0):
			c.infinite++
		case want != want:
			c.nan++
		case slices.ContainsFunc(grad, func(g float64) bool { return g-g != 0 }):
			c.vertical++
		}
	}
}

// TestPointsNIST: the formulas of all problems have the same bits at many points as at one.
func TestPointsNIST(t *testing.T) {
	var c comparison
	for _, s := range testfuncs.NISTSets() {
		f, data := nistFormula(t, s)
		for _, b := range [][]float64{s.Starts[0], s.Starts[1], s.Certified, make([]float64, len(s.Certified))} {
			for _, n := range []int{1, 2, 5, len(data.X)} {
				c.compare(t, f.Text, f.Model(), b, data.X[:n])
			}
		}
	}
	if c.nan == 0 || c.infinite == 0 {
		t.Errorf("%+v: parameters of 0 lead to no NaN or infinity", c)
	}
}

// nasty are numbers at which functions and products have their traps.
var nasty = []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 3, 0.5, -0.5, 1e-300, -1e-300, 5e-324, 1e300, -1e300, 710, -746, math.Pi,
	math.Inf(1), math.Inf(-1), math.NaN()}

// randomFormula writes an expression of b, c, x, z.
func randomFormula(rng *rand.Rand, depth int) string {
	if depth == 0 || rng.IntN(8) == 0 {
		return []string{"b", "b", "c", "x", "x", "z", "0", "1", "2", "3", "0.5", "4", "1e200", "1e-200", "pi"}[rng.IntN(15)]
	}
	u := randomFormula(rng, depth-1)
	switch k := rng.IntN(14); {
	case k < 7:
		return fmt.Sprintf("(%s %s %s)", u, []string{"+", "-", "*", "*", "/", "/", "**"}[k], randomFormula(rng, depth-1))
	case k < 8:
		return "-" + u
	case k < 9:
		return fmt.Sprintf("(%s)**%s", u, []string{"2", "3", "4", "1", "0", "(-1)", "0.5", "(-2)", "1.5"}[rng.IntN(9)])
	}
	functions := slices.DeleteFunc(formula.Functions(), func(f string) bool { return f == "pow" })
	return fmt.Sprintf("%s(%s)", functions[rng.IntN(len(functions))], u)
}

// TestPointsRandom: so have random formulas, also where values and derivatives are infinite, NaN or flat.
func TestPointsRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	number := func() float64 {
		if rng.IntN(3) == 0 {
			return nasty[rng.IntN(len(nasty))]
		}
		return 3 * rng.NormFloat64()
	}
	var c comparison
	formulas := 0
	for formulas < 5000 {
		text := "y ~ " + randomFormula(rng, 1+rng.IntN(5))
		names, err := formula.Names(text)
		if err != nil {
			t.Fatal(err)
		}
		parameters := slices.DeleteFunc(names, func(n string) bool { return n != "b" && n != "c" })
		f, err := formula.Parse(text, []string{"y", "x", "z"}, parameters)
		if err != nil {
			continue // no parameter, or a constant that is not finite
		}
		formulas++
		b := make([]float64, len(parameters))
		for j := range b {
			b[j] = number()
		}
		x := make([][]float64, 1+rng.IntN(150))
		for i := range x {
			x[i] = make([]float64, len(f.Columns))
			for k := range x[i] {
				x[i][k] = number()
			}
		}
		c.compare(t, f.Text, f.Model(), b, x)
	}
	t.Logf("%d formulas, %+v", formulas, c)
	if c.infinite < 10_000 || c.nan < 10_000 || c.vertical < 5_000 {
		t.Errorf("%+v: too few of something", c)
	}
}

// TestPointsFlat: derivatives that only the form of the formula tells, between points of no special kind.
func TestPointsFlat(t *testing.T) {
	f, err := formula.Parse("y ~ sqrt(b*x) + c*x", []string{"x", "y"}, []string{"b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	x := make([][]float64, 150)
	for i := range x {
		x[i] = []float64{float64(i % 10)}
	}
	dst, jac := make([]float64, len(x)), make([]float64, 2*len(x))
	f.Model().Points(dst, jac, []float64{4, 1}, x)
	for i := range x {
		want := 0.0
		if v := x[i][0]; v > 0 {
			want = math.Sqrt(v) / 4
		}
		if math.Abs(jac[2*i]-want) > 1e-15 || jac[2*i+1] != x[i][0] {
			t.Errorf("derivatives %v at x = %v, want %v, %v", jac[2*i:2*i+2], x[i], want, x[i][0])
		}
	}
}

// TestPointsConcurrent: several goroutines evaluate one model. The race detector looks on.
func TestPointsConcurrent(t *testing.T) {
	f, err := formula.Parse("y ~ b1*(1-exp(-b2*x))", []string{"x", "y"}, []string{"b1", "b2"})
	if err != nil {
		t.Fatal(err)
	}
	m := f.Model()
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(k)))
			x, b := make([][]float64, 100), []float64{rng.Float64(), rng.Float64()}
			dst, jac, grad := make([]float64, 100), make([]float64, 200), make([]float64, 2)
			for i := range x {
				x[i] = []float64{rng.Float64()}
			}
			for range 100 {
				m.Points(dst, jac, b, x)
				for i := range x {
					if v := m.Func(grad, b, x[i]); v != dst[i] || !slices.Equal(grad, jac[2*i:2*i+2]) {
						t.Errorf("%v, %v in one of four goroutines, want %v, %v", dst[i], jac[2*i:2*i+2], v, grad)
						return
					}
				}
			}
		})
	}
	group.Wait()
}
