package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/num/hyperdual"
)

type product = func(dst, x, v []float64, s stochopt.Sample) error

// bowl is Σ exp(x_i + x_(i+1)) (1 + ξ)/2 + Σ x_i³ with ξ uniform in [0, 1): its Hessian is tridiagonal and depends on x
// and the Sample.
func bowl(x []hyperdual.Number, s stochopt.Sample) (f hyperdual.Number) {
	xi := s.Rand().Float64()
	for i, v := range x {
		if i > 0 {
			f = hyperdual.Add(f, hyperdual.Scale((1+xi)/2, hyperdual.Exp(hyperdual.Add(x[i-1], v))))
		}
		f = hyperdual.Add(f, hyperdual.Mul(v, hyperdual.Mul(v, v)))
	}
	return f
}

func bowlOracle(grad, x []float64, s stochopt.Sample) (f float64, err error) {
	xi := s.Rand().Float64()
	clear(grad)
	for i, v := range x {
		if i > 0 {
			e := (1 + xi) / 2 * math.Exp(x[i-1]+v)
			f += e
			if grad != nil {
				grad[i-1] += e
				grad[i] += e
			}
		}
		f += v * v * v
		if grad != nil {
			grad[i] += 3 * v * v
		}
	}
	return f, nil
}

// bowlProduct is the product by hand.
func bowlProduct(dst, x, v []float64, s stochopt.Sample) error {
	xi := s.Rand().Float64()
	for i := range x {
		dst[i] = 6 * x[i] * v[i]
	}
	for i := range len(x) - 1 {
		e := (1 + xi) / 2 * math.Exp(x[i]+x[i+1]) * (v[i] + v[i+1])
		dst[i] += e
		dst[i+1] += e
	}
	return nil
}

func TestHessVec(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, v, want, got := make([]float64, 6), make([]float64, 6), make([]float64, 6), make([]float64, 6)
	for _, c := range []struct {
		name    string
		product product
		tol     float64
	}{
		{"hyper-dual", gradient.HessVec(bowl), 1e-14},
		{"differences", gradient.HessVecDifferences(bowlOracle, 0), 1e-9},
	} {
		var worst float64
		for k := range 500 {
			size := math.Pow(10, 6*r.Float64()-3)
			for i := range x {
				x[i], v[i] = r.NormFloat64(), size*r.NormFloat64()
			}
			s := stochopt.Sample{Seed: 4, Step: k}
			keep, keepV := slices.Clone(x), slices.Clone(v)
			bowlProduct(want, x, v, s)
			if err := c.product(got, x, v, s); err != nil {
				t.Fatal(err)
			}
			worst = max(worst, floats.Distance(got, want, math.Inf(1))/floats.Norm(want, math.Inf(1)))
			if !slices.Equal(x, keep) || !slices.Equal(v, keepV) {
				t.Errorf("%s: x or v is changed", c.name)
			}
			// dst may be v.
			if err := c.product(v, x, v, s); err != nil || !slices.Equal(v, got) {
				t.Errorf("%s: stored in v: %v, %v, want %v", c.name, v, err, got)
			}
		}
		if !(worst < c.tol) {
			t.Errorf("%s: relative error %v", c.name, worst)
		}
		t.Logf("%s: relative error %.2g", c.name, worst)
		if err := c.product(got, x, make([]float64, 6), stochopt.Sample{}); err != nil || floats.Norm(got, 1) != 0 {
			t.Errorf("%s: product with 0: %v, %v", c.name, got, err)
		}
		if err := c.product(nil, nil, nil, stochopt.Sample{}); err != nil {
			t.Errorf("%s: no variables: %v", c.name, err)
		}
	}
}

func TestHessVecAllocations(t *testing.T) {
	square := func(x []hyperdual.Number, _ stochopt.Sample) (f hyperdual.Number) {
		for _, v := range x {
			f = hyperdual.Add(f, hyperdual.Mul(v, v))
		}
		return f
	}
	o := func(grad, x []float64, s stochopt.Sample) (float64, error) { return 0, matrixProduct(grad, nil, x, s) }
	x, dst := []float64{1, 2, 3, 4}, make([]float64, 4)
	for name, p := range map[string]product{"HessVec": gradient.HessVec(square), "HessVecDifferences": gradient.HessVecDifferences(o, 0)} {
		if n := testing.AllocsPerRun(100, func() { p(dst, x, x, stochopt.Sample{}) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		h := gradient.Hutchinson(p, 3)
		if n := testing.AllocsPerRun(100, func() { h(dst, x, stochopt.Sample{}) }); n > 0 {
			t.Errorf("Hutchinson of %s: %v allocations", name, n)
		}
	}
}

// The step of the difference suits all sizes of x and v, if the size of x is given where x is near 0.
func TestHessVecDifferencesScales(t *testing.T) {
	for _, s := range []float64{1e-100, 1e-8, 1, 1e8, 1e100} {
		o := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			for i, v := range x {
				grad[i] = math.Exp(v/s) / s
			}
			return 0, nil
		}
		for _, m := range []float64{0, 1e-3, 1, -2} {
			for _, v := range []float64{1e-90, 1, 1e90} {
				got := make([]float64, 1)
				if err := gradient.HessVecDifferences(o, s)(got, []float64{m * s}, []float64{v}, stochopt.Sample{}); err != nil {
					t.Fatal(err)
				}
				if want := math.Exp(m) / s / s * v; !(math.Abs(got[0]/want-1) < 1e-9) {
					t.Errorf("scale %v, x = %v, v = %v: %v, want %v", s, m*s, v, got[0], want)
				}
			}
		}
	}
	// The companion: without the size, x = 0 is moved by more than f bears.
	got := make([]float64, 1)
	gradient.HessVecDifferences(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		grad[0] = math.Exp(x[0]/1e-8) / 1e-8
		return 0, nil
	}, 0)(got, []float64{0}, []float64{1}, stochopt.Sample{})
	if math.Abs(got[0]/1e16-1) < 1 {
		t.Error("the size makes no difference: the test cannot fail")
	}
}

func TestHessVecFailures(t *testing.T) {
	bad := errors.New("bad")
	calls := 0
	g := gradient.HessVecDifferences(func(_, _ []float64, _ stochopt.Sample) (float64, error) {
		if calls++; calls == 2 {
			return 0, bad
		}
		return 0, nil
	}, 0)
	x := []float64{1, 2}
	if err := g(x, x, x, stochopt.Sample{}); err != bad {
		t.Errorf("error %v", err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	h := gradient.HessVec(func(x []hyperdual.Number, _ stochopt.Sample) hyperdual.Number {
		return hyperdual.Number{Real: r.Float64()}
	})
	err := h(make([]float64, 2), x, x, stochopt.Sample{})
	if err == nil || !strings.Contains(err.Error(), "two values at the same x and Sample") {
		t.Errorf("error %v", err)
	}
	d := gradient.Hutchinson(func(_, _, _ []float64, _ stochopt.Sample) error { return bad }, 1)
	if err := d(make([]float64, 2), x, stochopt.Sample{}); err != bad {
		t.Errorf("error %v", err)
	}
	wantPanic(t, "gradient: HessVec of nil", func() { gradient.HessVec(nil) })
	wantPanic(t, "gradient: HessVecDifferences of nil", func() { gradient.HessVecDifferences(nil, 0) })
	wantPanic(t, "size = -1", func() { gradient.HessVecDifferences(bowlOracle, -1) })
	wantPanic(t, "size = NaN", func() { gradient.HessVecDifferences(bowlOracle, math.NaN()) })
	wantPanic(t, "gradient: Hutchinson of nil", func() { gradient.Hutchinson(nil, 1) })
	wantPanic(t, "n = 0", func() { gradient.Hutchinson(bowlProduct, 0) })
	wantPanic(t, "gradient: HessVec: len(dst) = 1, len(x) = 2, len(v) = 2", func() { gradient.HessVec(bowl)(x[:1], x, x, stochopt.Sample{}) })
	wantPanic(t, "gradient: HessVecDifferences: len(dst) = 2, len(x) = 2, len(v) = 1", func() {
		gradient.HessVecDifferences(bowlOracle, 0)(x, x, x[:1], stochopt.Sample{})
	})
	wantPanic(t, "gradient: Hutchinson: len(dst) = 1", func() { gradient.Hutchinson(bowlProduct, 1)(x[:1], x, stochopt.Sample{}) })
}

// matrix is the Hessian of a quadratic.
var matrix = [][]float64{{2, -1, 0.5, 0}, {-1, 3, 0.25, 2}, {0.5, 0.25, -1, 0.1}, {0, 2, 0.1, 5}}

func matrixProduct(dst, _, v []float64, _ stochopt.Sample) error {
	for i, row := range matrix {
		dst[i] = floats.Dot(row, v)
	}
	return nil
}

// The mean of the estimator is the diagonal, its variance the sum of the squares beside it, divided by n.
func TestHutchinson(t *testing.T) {
	t.Parallel()
	x, dst := make([]float64, 4), make([]float64, 4)
	// check draws from an estimator of the diagonal and compares the variances with want, or with want as a companion.
	check := func(name string, runs int, draw func(k int), variance func(i int) float64, companion bool) {
		t.Helper()
		all := make([][]float64, runs)
		for k := range all {
			draw(k)
			all[k] = slices.Clone(dst)
		}
		for i := range dst {
			mean, v, se, seV := moments(runs, func(k int) float64 { return all[k][i] })
			near(t, fmt.Sprintf("%s: mean of entry %d", name, i), mean, matrix[i][i], se)
			if companion {
				far(t, fmt.Sprintf("%s: variance of entry %d", name, i), v, variance(i), seV)
			} else {
				near(t, fmt.Sprintf("%s: variance of entry %d", name, i), v, variance(i), seV)
			}
		}
	}
	beside := func(i int) (v float64) {
		for j, a := range matrix[i] {
			if j != i {
				v += a * a
			}
		}
		return v
	}
	estimate := func(hv product, n int) func(k int) {
		h := gradient.Hutchinson(hv, n)
		return func(k int) {
			if err := h(dst, x, stochopt.Sample{Seed: 3, Step: k}); err != nil {
				t.Fatal(err)
			}
		}
	}
	check("1 product", 40_000, estimate(matrixProduct, 1), beside, false)
	check("3 products", 20_000, estimate(matrixProduct, 3), func(i int) float64 { return beside(i) / 3 }, false)
	// The companion: normal probes.
	r := rand.New(rand.NewPCG(5, 6))
	u := make([]float64, 4)
	normal := func(int) {
		for i := range u {
			u[i] = r.NormFloat64()
		}
		matrixProduct(dst, nil, u, stochopt.Sample{})
		floats.Mul(dst, u)
	}
	check("normal probes", 40_000, normal, func(i int) float64 { return beside(i) + 2*matrix[i][i]*matrix[i][i] }, false)
	check("normal probes", 40_000, normal, beside, true)

	// By differences of a noisy gradient with one and the same Sample, the variance is that of the exact product.
	noisy := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		matrixProduct(grad, nil, x, s)
		rnd := s.Rand()
		for i := range grad {
			grad[i] += rnd.NormFloat64()
		}
		return 0, nil
	}
	check("differences", 20_000, estimate(gradient.HessVecDifferences(noisy, 0), 1), beside, false)
	// The companion: fresh Samples at the two ends add 1/(2r²), r = 2^-17.
	calls := 0
	fresh := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		calls++
		s.Probe = calls
		return noisy(grad, x, s)
	}
	check("fresh samples", 20_000, estimate(gradient.HessVecDifferences(fresh, 0), 1), func(i int) float64 { return beside(i) + 0x1p33 }, false)
}

// The signs of a Hutchinson probe are not those of the Oracle's own stream, and differ from Sample to Sample.
func TestHutchinsonStream(t *testing.T) {
	x, dst, probe := make([]float64, 100), make([]float64, 100), make([]float64, 100)
	h := gradient.Hutchinson(func(dst, x, v []float64, s stochopt.Sample) error {
		copy(probe, v)
		copy(dst, v)
		return nil
	}, 1)
	seen := map[string]bool{}
	samples := []stochopt.Sample{{}, {Seed: 1}, {Step: 1}, {Probe: 1}, {Replicate: 1}}
	for _, s := range samples {
		if err := h(dst, x, s); err != nil {
			t.Fatal(err)
		}
		for i, v := range probe {
			if math.Abs(v) != 1 || dst[i] != 1 {
				t.Fatalf("%+v: probe %v, diagonal of the identity %v", s, v, dst[i])
			}
		}
		seen[fmt.Sprint(probe)] = true
		pcg := s.PCG()
		agree, bits := 0, uint64(0)
		for i, v := range probe {
			if i%64 == 0 {
				bits = pcg.Uint64()
			}
			if (bits>>(i%64)&1 == 1) == (v == 1) {
				agree++
			}
		}
		if agree < 20 || agree > 80 {
			t.Errorf("%+v: %d of 100 signs are bits of the Oracle's stream", s, agree)
		}
	}
	if len(seen) != len(samples) {
		t.Errorf("%d different probes for %d Samples", len(seen), len(samples))
	}
}

func ExampleHessVec() {
	// f = x₀² x₁ has the Hessian [2x₁ 2x₀; 2x₀ 0].
	product := gradient.HessVec(func(x []hyperdual.Number, _ stochopt.Sample) hyperdual.Number {
		return hyperdual.Mul(hyperdual.Mul(x[0], x[0]), x[1])
	})
	dst := make([]float64, 2)
	err := product(dst, []float64{3, 5}, []float64{1, 2}, stochopt.Sample{})
	fmt.Printf("%.4f %v\n", dst, err)
	// Output: [22.0000 6.0000] <nil>
}

func ExampleHessVecDifferences() {
	o := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			grad[0], grad[1] = 2*x[0]*x[1], x[0]*x[0]
		}
		return x[0] * x[0] * x[1], nil
	}
	dst := make([]float64, 2)
	err := gradient.HessVecDifferences(o, 0)(dst, []float64{3, 5}, []float64{1, 2}, stochopt.Sample{})
	fmt.Printf("%.4f %v\n", dst, err)
	// Output: [22.0000 6.0000] <nil>
}

func ExampleHutchinson() {
	// For a diagonal Hessian one product is exact.
	product := gradient.HessVec(func(x []hyperdual.Number, _ stochopt.Sample) hyperdual.Number {
		return hyperdual.Add(hyperdual.Exp(x[0]), hyperdual.Mul(x[1], x[1]))
	})
	dst := make([]float64, 2)
	err := gradient.Hutchinson(product, 1)(dst, []float64{1, 5}, stochopt.Sample{})
	fmt.Printf("%.4f %v\n", dst, err)
	// Output: [2.7183 2.0000] <nil>
}

func BenchmarkHessVec(b *testing.B) {
	x := []float64{1, 2, 0.5, -1, 0.3, 1, 2, 0.5, -1, 0.3}
	dst := make([]float64, len(x))
	for name, p := range map[string]product{
		"hyperdual":   gradient.HessVec(bowl),
		"differences": gradient.HessVecDifferences(bowlOracle, 0),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p(dst, x, x, stochopt.Sample{})
			}
		})
	}
}
