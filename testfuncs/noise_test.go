package testfuncs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// meanDraws returns the means of n draws of the value and of one component of the gradient, whose exact values are f
// and g.
func meanDraws(noise testfuncs.Noise, f, g float64, n int) (value, grad float64) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	c := make([]float64, 1)
	for range n {
		c[0] = g
		value += noise.Draw(f, c, r) / float64(n)
		grad += c[0] / float64(n)
	}
	return value, grad
}

const shift = 1.01e-8 // of bbob-noisy

func TestNoiseMeans(t *testing.T) {
	const n = 100_000
	root := math.Sqrt(n)
	const f, g = 50, -3
	value, grad := meanDraws(testfuncs.Additive{Value: 2, Grad: 0.5}, f, g, n)
	near(t, "additive value", value, f, 2/root)
	near(t, "additive gradient", grad, g, 0.5/root)
	far(t, "additive value", value, f*1.01, 2/root)

	value, grad = meanDraws(testfuncs.Multiplicative{Sigma: 0.2}, f, g, n)
	near(t, "multiplicative value", value, f, 0.2*f/root)
	near(t, "multiplicative gradient", grad, g, 0.6/root)

	sd := math.Sqrt(3) // of t with 3 degrees of freedom
	value, grad = meanDraws(testfuncs.HeavyTailed{Nu: 3, Value: 2, Grad: 0.5}, f, g, n)
	near(t, "heavy-tailed value", value, f, 2*sd/root)
	near(t, "heavy-tailed gradient", grad, g, 0.5*sd/root)

	for _, severe := range []bool{false, true} {
		gauss, _, _ := testfuncs.BBOBNoise(5, severe)
		b := gauss.Beta
		mean, sd := math.Exp(b*b/2), math.Sqrt(math.Exp(2*b*b)-math.Exp(b*b))
		value, grad = meanDraws(gauss, f, g, n)
		near(t, "Gaussian value", value, f*mean+shift, f*sd/root)
		near(t, "Gaussian gradient", grad, g*mean, 3*sd/root)
		if severe {
			far(t, "Gaussian value", value, f, f*sd/root)
		}
	}
}

// Uniform against its means and mean squares by quadrature, and those against the formula of its comment.
func TestUniformNoise(t *testing.T) {
	const n = 20_000
	for _, dim := range []int{2, 5, 40} {
		for _, severe := range []bool{false, true} {
			_, u, _ := testfuncs.BBOBNoise(dim, severe)
			last := 0.0
			for _, f := range []float64{1e-8, 1e-3, 1, 1000, 1e8, 1e9, 1e11} {
				a := max(1, 1e9/f)
				al := u.Alpha
				if f >= 1e9 {
					al = 0
				}
				moment := func(p float64, slope bool) float64 {
					return quad.Fixed(func(v float64) float64 {
						y := math.Pow(a, p*al*v)
						if slope {
							y *= math.Pow(1-al*v, p)
						}
						return y
					}, 0, 1, 60, nil, 0) / (1 + p*u.Beta)
				}
				mean, square := moment(1, false), moment(2, false)
				if want := (math.Pow(a, al) - 1) / ((1 + u.Beta) * al * math.Log(a)); f < 1e9 && math.Abs(mean/want-1) > 1e-9 {
					t.Errorf("mean %v f, the comment says %v", mean, want)
				}
				if f*mean <= last {
					t.Errorf("dimension %d: the mean falls at %v", dim, f)
				}
				last = f * mean
				value, grad := meanDraws(u, f, 2, n)
				what := fmt.Sprintf("%v at %v: ", u, f)
				near(t, what+"value", value, f*mean+shift, f*math.Sqrt((square-mean*mean)/n))
				slope, slope2 := moment(1, true), moment(2, true)
				near(t, what+"gradient", grad, 2*slope, 2*math.Sqrt((slope2-slope*slope)/n))
				// The mean gradient is the gradient of the mean.
				if f < 1e9 && f > 1e-8 {
					m := func(f float64) float64 {
						l := math.Log(1e9 / f)
						return f * math.Expm1(al*l) / ((1 + u.Beta) * al * l)
					}
					h := 1e-5 * f
					if d := (m(f+h) - m(f-h)) / (2 * h); math.Abs(slope/d-1) > 1e-7 {
						t.Errorf("%smean gradient %v, gradient of the mean %v", what, slope, d)
					}
				}
				if severe && f == 1000 {
					far(t, what+"value", value, f, f*math.Sqrt((square-mean*mean)/n))
					if dim == 5 && math.Abs(mean/724-1) > 0.001 {
						t.Errorf("mean %v f, the comment says 724 f", mean)
					}
				}
			}
		}
	}
}

// fractions returns for each point how often values are at most there.
func fractions(draw func() float64, n int, points []float64) []float64 {
	below := make([]float64, len(points))
	for range n {
		v := draw()
		for i, p := range points {
			if v <= p {
				below[i] += 1 / float64(n)
			}
		}
	}
	return below
}

func TestHeavyTailedLaw(t *testing.T) {
	const n = 50_000
	points := []float64{-20, -4, -1, 0, 0.5, 3, 10}
	for _, nu := range []float64{1, 1.5, 4} {
		h := testfuncs.HeavyTailed{Nu: nu, Value: 2, Grad: 0.5}
		r := rand.New(rand.NewPCG(2, 3))
		c := []float64{0, 0}
		law := distuv.StudentsT{Sigma: 1, Nu: nu}
		normal := distuv.UnitNormal
		value := fractions(func() float64 { return (h.Draw(7, nil, r) - 7) / 2 }, n, points)
		grad := fractions(func() float64 { c[1] = 1; h.Draw(7, c, r); return (c[1] - 1) / 0.5 }, n, points)
		for i, p := range points {
			want := law.CDF(p)
			se := math.Sqrt(want * (1 - want) / n)
			near(t, fmt.Sprintf("ν = %v: value below %v", nu, p), value[i], want, se)
			near(t, fmt.Sprintf("ν = %v: gradient below %v", nu, p), grad[i], want, se)
			if p == -4 {
				far(t, "value below -4", value[i], normal.CDF(p), se)
			}
		}
	}
}

func TestCauchyNoise(t *testing.T) {
	const n, f = 50_000, 3
	for _, severe := range []bool{false, true} {
		_, _, c := testfuncs.BBOBNoise(3, severe)
		r := rand.New(rand.NewPCG(4, 5))
		points := []float64{-1e-3, 0, 990, 999, 1000 - 1e-9, 1000, 1002, 1100} // the first two: nothing below the cut, and what is cut
		low := math.Inf(1)
		got := fractions(func() float64 {
			g := []float64{2}
			v := c.Draw(f, g, r)
			if g[0] != 2 {
				t.Fatalf("gradient %v, want 2", g)
			}
			low = min(low, v)
			return (v - f - shift) / c.Alpha
		}, n, points)
		if low < f {
			t.Errorf("value %v below f = %v", low, f)
		}
		for i, p := range points {
			want := c.P * (0.5 + math.Atan(p-1000)/math.Pi)
			switch {
			case p < 0:
				want = 0
			case p == 1000:
				continue // an atom, up to rounding
			case p > 1000:
				want += 1 - c.P
			}
			if p == 0 {
				points[i] = 1e-9 // of the cut, up to rounding
				continue
			}
			near(t, fmt.Sprintf("%v: below %v", c, p), got[i], want, math.Sqrt(want*(1-want)/n))
		}
		if !(got[4] < 0.5 && got[6] > 0.5) {
			t.Errorf("%v: the median is not 1000α: %v %v", c, got[4], got[6])
		}
	}
}

// Where f < 1e-8 the noise of bbob-noisy ends.
func TestBBOBNoiseFloor(t *testing.T) {
	gauss, uniform, cauchy := testfuncs.BBOBNoise(4, true)
	r := rand.New(rand.NewPCG(6, 7))
	for _, n := range []testfuncs.Noise{gauss, uniform, cauchy} {
		for _, f := range []float64{-5, 0, 0.99e-8} {
			g := []float64{2, 3}
			if v := n.Draw(f, g, r); v != f || g[0] != 2 || g[1] != 3 {
				t.Errorf("%v: %v %v at %v", n, v, g, f)
			}
		}
		if v := n.Draw(1e-8, nil, r); !(v > 1e-8) {
			t.Errorf("%v: %v at 1e-8, want more", n, v)
		}
	}
	wantPanic(t, "testfuncs: BBOBNoise in dimension 1, want >= 2", func() { testfuncs.BBOBNoise(1, true) })
}

// The gradient of multiplicative noise belongs to the draw of the value, that of additive noise does not.
func TestNoiseOfOneDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for range 100 {
		g := []float64{3, -1}
		v := testfuncs.Multiplicative{Sigma: 0.5}.Draw(2, g, r)
		if math.Abs(g[0]*2-3*v) > 1e-14 || math.Abs(g[1]*2+v) > 1e-14 {
			t.Errorf("value %v of 2, gradient %v of [3 -1]", v, g)
		}
		g = []float64{3, -1}
		v = testfuncs.Additive{Value: 1, Grad: 1}.Draw(2, g, r)
		if v-2 == g[0]-3 || g[0]-3 == g[1]+1 {
			t.Errorf("additive noise is one number: %v %v", v, g)
		}
	}
}

func ExampleAdditive() {
	o := testfuncs.Sphere(2).With(testfuncs.Additive{Value: 1, Grad: 0.5})
	fmt.Println(o.Name)
	f, err := o.Oracle(nil, []float64{3, 4}, stochopt.Sample{Seed: 1})
	again, _ := o.Oracle(nil, []float64{3, 4}, stochopt.Sample{Seed: 1})
	fmt.Println(f != 25, f == again, err)
	// Output:
	// sphere 2, additive noise 1, gradient 0.5
	// true true <nil>
}

func ExampleMultiplicative() {
	o := testfuncs.Sphere(2).With(testfuncs.Multiplicative{Sigma: 0.1})
	f, err := o.Oracle(nil, []float64{0, 0}, stochopt.Sample{})
	fmt.Println(f, err)
	// Output: 0 <nil>
}

func ExampleHeavyTailed() {
	o := testfuncs.Sphere(1).With(testfuncs.HeavyTailed{Nu: 1.5, Grad: 1})
	grad := make([]float64, 1)
	far := 0
	for k := range 1000 {
		if _, err := o.Oracle(grad, []float64{0}, stochopt.Sample{Step: k}); err != nil {
			fmt.Println(err)
		}
		if grad[0] > 10 || grad[0] < -10 {
			far++
		}
	}
	fmt.Println(far > 10)
	// Output: true
}

func ExampleBBOBNoise() {
	moderate, _, _ := testfuncs.BBOBNoise(2, false)
	_, severe, _ := testfuncs.BBOBNoise(2, true)
	fmt.Println(testfuncs.Sphere(2).With(moderate).Name)
	fmt.Println(testfuncs.Sphere(2).With(severe).Name)
	// Output:
	// sphere 2, Gaussian noise β = 0.01
	// sphere 2, uniform noise α = 0.99, β = 1
}
