package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/integrate/quad"
)

// The standard example: z ~ N(m, s²), f = z², the derivative in m, at m = 1.5, s = 0.7.
const exampleMean, exampleSigma = 1.5, 0.7

func square(dz, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
	if dz != nil {
		dz[0] += 2 * z[0]
	}
	return z[0] * z[0], nil
}

var squareOfNormal = gradient.Expectation{
	Func:     square,
	Families: []gradient.Family{gradient.Normal()},
	Param:    func(p, x []float64) { p[0], p[1] = x[0], exampleSigma },
	Pull:     func(dx, _, dp []float64) { dx[0] += dp[0] },
}

// Theory: the variances of one draw are 49.18, 1.96 and 2.459. Their standard errors follow from the fourth moments.
func TestExpectationVariances(t *testing.T) {
	t.Parallel()
	const n = 100_000
	const m, s = exampleMean, exampleSigma
	// The moments of a function of a standard normal number, exact for polynomials of degree 39.
	nodes, weights := make([]float64, 20), make([]float64, 20)
	quad.Hermite{}.FixedLocations(nodes, weights, math.Inf(-1), math.Inf(1))
	spread := func(h func(u float64) float64) (variance, se float64) {
		var m1, m2, m4 float64
		for _, pass := range []int{1, 2} {
			for i, u := range nodes {
				w, v := weights[i]/math.Sqrt(math.Pi), h(math.Sqrt2*u)
				if pass == 1 {
					m1 += w * v
				} else {
					m2 += w * (v - m1) * (v - m1)
					m4 += w * math.Pow(v-m1, 4)
				}
			}
		}
		return m2, math.Sqrt((m4 - m2*m2) / n)
	}
	scoreVar, scoreSE := spread(func(u float64) float64 { return (m + s*u) * (m + s*u) * u / s })
	pathVar, pathSE := spread(func(u float64) float64 { return 2 * (m + s*u) })
	// The estimate 4 m R/√(2π) has the excess kurtosis of a Rayleigh number.
	pairVar := 4 * m * m * (4/math.Pi - 1)
	pairSE := pairVar * math.Sqrt((2-(6*math.Pi*math.Pi-24*math.Pi+16)/((4-math.Pi)*(4-math.Pi)))/n)
	for _, c := range []struct {
		name          string
		o             stochopt.Oracle
		want, se      float64
		round, digits float64
	}{
		{"Score without baseline", squareOfNormal.Score(1), scoreVar, scoreSE, 49.18, 0.005},
		{"Pathwise", squareOfNormal.Pathwise(1), pathVar, pathSE, 1.96, 0.005},
		{"MeasureValued", squareOfNormal.MeasureValued(1), pairVar, pairSE, 2.459, 0.0005},
	} {
		if !(math.Abs(c.want-c.round) <= c.digits) {
			t.Errorf("%s: variance %v in closed form, want %v", c.name, c.want, c.round)
		}
		mean, v, _, _ := moments(n, func(k int) float64 {
			_, g := evaluate(t, c.o, []float64{m}, stochopt.Sample{Step: k})
			return g[0]
		})
		near(t, c.name+": mean", mean, 2*m, math.Sqrt(c.want/n))
		near(t, c.name+": variance", v, c.want, c.se)
		far(t, c.name+": variance", v, 1.1*c.want, c.se)
		value, _, _, _ := moments(n/5, func(k int) float64 {
			f, _ := evaluate(t, c.o, []float64{m}, stochopt.Sample{Step: k})
			return f
		})
		near(t, c.name+": mean value", value, m*m+s*s, math.Sqrt((4*m*m*s*s+2*s*s*s*s)/(n/5)))
	}
}

// twoParts is a function of two variables of different families, with a direct dependence on x and noise of its own.
//
//	f = z0² + x0 z0 z1² + x1 z1 + noise,  z0 ~ N(x0, exp(x1)²), z1 exponential with rate exp(x2)
var twoParts = gradient.Expectation{
	Func: func(dz, dx, z, x []float64, s stochopt.Sample) (float64, error) {
		if dz != nil {
			dz[0] += 2*z[0] + x[0]*z[1]*z[1]
			dz[1] += 2*x[0]*z[0]*z[1] + x[1]
		}
		if dx != nil {
			dx[0] += z[0] * z[1] * z[1]
			dx[1] += z[1]
		}
		return z[0]*z[0] + x[0]*z[0]*z[1]*z[1] + x[1]*z[1] + 0.1*s.Rand().NormFloat64(), nil
	},
	Families: []gradient.Family{gradient.Normal(), gradient.Exponential()},
	Param:    func(p, x []float64) { p[0], p[1], p[2] = x[0], math.Exp(x[1]), math.Exp(x[2]) },
	Pull: func(dx, x, dp []float64) {
		dx[0] += dp[0]
		dx[1] += math.Exp(x[1]) * dp[1]
		dx[2] += math.Exp(x[2]) * dp[2]
	},
}

// quietParts has the distributions of twoParts, and no noise, whose generator would be allocated.
var quietParts = gradient.Expectation{Func: square, Families: twoParts.Families, Param: twoParts.Param, Pull: twoParts.Pull}

// estimatorsOf returns the Oracles of e by their names.
func estimatorsOf(e gradient.Expectation, k int) map[string]stochopt.Oracle {
	return map[string]stochopt.Oracle{
		"Score": e.Score(k), "Pathwise": e.Pathwise(k), "MeasureValued": e.MeasureValued(k),
		"Score without baseline": gradient.Average(e.Score(1), k, 1),
	}
}

// All estimators give the gradient of F = x0² + exp(x1)² + 2 x0² exp(-2 x2) + x1 exp(-x2).
func TestExpectationOfProduct(t *testing.T) {
	t.Parallel()
	const n, k = 20_000, 3
	x := []float64{0.7, -0.4, 0.5}
	r := math.Exp(-x[2])
	value := x[0]*x[0] + math.Exp(2*x[1]) + 2*x[0]*x[0]*r*r + x[1]*r
	want := []float64{2*x[0] + 4*x[0]*r*r, 2*math.Exp(2*x[1]) + r, -4*x[0]*x[0]*r*r - x[1]*r}
	direct := []float64{2 * x[0] * r * r, r, 0} // ∂f/∂x
	for name, o := range estimatorsOf(twoParts, k) {
		var f []float64
		g := make([][]float64, 3)
		for i := range n {
			v, grad := evaluate(t, o, x, stochopt.Sample{Step: i})
			f = append(f, v)
			for j := range g {
				g[j] = append(g[j], grad[j])
			}
		}
		mean, _, se, _ := moments(n, func(i int) float64 { return f[i] })
		near(t, name+": value", mean, value, se)
		for j := range g {
			mean, _, se, _ := moments(n, func(i int) float64 { return g[j][i] })
			near(t, fmt.Sprintf("%s: gradient %d", name, j), mean, want[j], se)
			if direct[j] != 0 {
				far(t, fmt.Sprintf("%s: gradient %d", name, j), mean, want[j]-direct[j], se)
			} else {
				far(t, fmt.Sprintf("%s: gradient %d", name, j), mean, want[j]*math.Exp(-x[2]), se) // without Pull
			}
		}
	}
}

// The noise of f and z come from different streams, and z does not depend on what f draws.
func TestExpectationStreams(t *testing.T) {
	const n = 20_000
	var z, noise float64
	e := squareOfNormal
	e.Func = func(_, _, zs, _ []float64, s stochopt.Sample) (float64, error) {
		z, noise = (zs[0]-exampleMean)/exampleSigma, s.Rand().NormFloat64()
		return 0, nil
	}
	o := e.Score(1)
	covariance, _, _, _ := moments(n, func(i int) float64 {
		evaluate(t, o, []float64{exampleMean}, stochopt.Sample{Step: i})
		return z * noise
	})
	near(t, "covariance of z and the noise of f", covariance, 0, 1/math.Sqrt(n))
	far(t, "covariance of z and the noise of f", covariance, 1, 1/math.Sqrt(n)) // one stream
}

// All values of a draw see one Sample, all draws of a Step different ones, and Average(Score(1), k) the same as Score(k).
func TestExpectationSamples(t *testing.T) {
	const k = 4
	seen := map[stochopt.Sample]int{}
	e := twoParts
	e.Func = func(dz, dx, z, x []float64, s stochopt.Sample) (float64, error) {
		seen[s]++
		return twoParts.Func(dz, dx, z, x, s)
	}
	for name, o := range estimatorsOf(e, k) {
		calls := 1
		if name == "MeasureValued" {
			calls = 1 + 2*3
		}
		clear(seen)
		evaluate(t, o, []float64{1, 0, 0}, stochopt.Sample{Seed: 1, Step: 2, Probe: 3, Replicate: 5})
		for j := range k {
			if s := (stochopt.Sample{Seed: 1, Step: 2, Probe: 3, Replicate: 5*k + j}); seen[s] != calls {
				t.Errorf("%s: Func is given %+v %d times, want %d", name, s, seen[s], calls)
			}
		}
		if len(seen) != k {
			t.Errorf("%s: Func is given %d Samples, want %d", name, len(seen), k)
		}
	}
}

// A draw is a function of x and the Sample, in any order and on any number of goroutines; the value does not depend on
// whether the gradient is asked for.
func TestExpectationIsAFunctionOfTheSample(t *testing.T) {
	points := [][]float64{{0.5, 0.1, -0.2}, {1, -1, 0.5}, {-2, 0.3, 0}}
	type draw struct {
		f float64
		g [3]float64
	}
	for name := range estimatorsOf(twoParts, 3) {
		want := map[int]draw{}
		const samples = 30
		for i := range samples {
			f, g := evaluate(t, estimatorsOf(twoParts, 3)[name], points[i%3], stochopt.Sample{Step: i})
			want[i] = draw{f, [3]float64(g)}
		}
		o := estimatorsOf(twoParts, 3)[name]
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 0))
				g := make([]float64, 3)
				for range samples {
					i := r.IntN(samples)
					f, err := o(g, points[i%3], stochopt.Sample{Step: i})
					alone, _ := o(nil, points[i%3], stochopt.Sample{Step: i})
					if (draw{f, [3]float64(g)}) != want[i] || alone != f || err != nil {
						t.Errorf("%s, Sample %d: %v %v %v, want %v", name, i, f, g, alone, want[i])
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestExpectationErrors(t *testing.T) {
	bad := errors.New("bad")
	e := twoParts
	e.Func = func(_, _, _, _ []float64, s stochopt.Sample) (float64, error) {
		if s.Replicate == 2 {
			return 0, bad
		}
		return 0, nil
	}
	e.Param = func(p, x []float64) { copy(p, x) }
	for name, o := range estimatorsOf(e, 3) {
		for _, g := range [][]float64{nil, make([]float64, 3)} {
			if f, err := o(g, []float64{1, 1, 1}, stochopt.Sample{}); err != bad || g == nil && f == 0 {
				t.Errorf("%s: %v %v, want the error of Func", name, f, err)
			}
			_, err := o(g, []float64{1, 1, -1}, stochopt.Sample{})
			if want := "gradient: Expectation.Families[1]: Exponential: Rate = -1, want finite and > 0"; err == nil || err.Error() != want {
				t.Errorf("%s: error %v, want %s", name, err, want)
			}
			if _, err := o(g, []float64{1, 1, 1}, stochopt.Sample{Replicate: 1}); err != nil {
				t.Errorf("%s: after an error: %v", name, err)
			}
		}
	}
	// The values of a pair: at P = 0, 0 is drawn and plus is 1; at P = 1, 1 is drawn and minus is 0.
	for p := range 2 {
		e := gradient.Expectation{
			Func: func(_, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
				if z[0] != float64(p) {
					return 0, bad
				}
				return 0, nil
			},
			Families: []gradient.Family{gradient.Bernoulli()},
		}
		x := []float64{float64(p)}
		if _, err := e.MeasureValued(1)(make([]float64, 1), x, stochopt.Sample{}); err != bad {
			t.Errorf("error %v of a pair", err)
		}
		if _, err := e.MeasureValued(1)(nil, x, stochopt.Sample{}); err != nil {
			t.Errorf("error %v of a value", err)
		}
	}
}

func TestExpectationPanics(t *testing.T) {
	with := func(change func(e *gradient.Expectation)) gradient.Expectation {
		e := twoParts
		e.Families = slices.Clone(e.Families)
		change(&e)
		return e
	}
	for want, f := range map[string]func(){
		"gradient: Expectation.Func is nil":                              func() { with(func(e *gradient.Expectation) { e.Func = nil }).Score(1) },
		"gradient: Expectation.Families is empty":                        func() { with(func(e *gradient.Expectation) { e.Families = nil }).Pathwise(1) },
		"gradient: Expectation.Pull is set":                              func() { with(func(e *gradient.Expectation) { e.Param = nil }).Pathwise(1) },
		"gradient: Expectation.Param is set":                             func() { with(func(e *gradient.Expectation) { e.Pull = nil }).MeasureValued(1) },
		"gradient: Expectation.Score(0)":                                 func() { twoParts.Score(0) },
		"gradient: Expectation.Pathwise(-1)":                             func() { twoParts.Pathwise(-1) },
		"gradient: Expectation.MeasureValued(0)":                         func() { twoParts.MeasureValued(0) },
		"Families[1].Dim = -1":                                           func() { with(func(e *gradient.Expectation) { e.Families[1].Dim = -1 }).Score(1) },
		"Families[0].Params = -1":                                        func() { with(func(e *gradient.Expectation) { e.Families[0].Params = -1 }).Score(1) },
		"Families[0].Draw is nil":                                        func() { with(func(e *gradient.Expectation) { e.Families[0].Draw = nil }).Score(1) },
		"Expectation.Score: Expectation.Families[1] has no Score":        func() { with(func(e *gradient.Expectation) { e.Families[1] = gradient.Uniform() }).Score(1) },
		"Expectation.Pathwise: Expectation.Families[0] has no Path":      func() { with(func(e *gradient.Expectation) { e.Families[0] = gradient.Gamma() }).Pathwise(1) },
		"Expectation.MeasureValued: Expectation.Families[0] has no Pair": func() { with(func(e *gradient.Expectation) { e.Families[0].Pair = nil }).MeasureValued(1) },
		"len(grad) = 2, len(x) = 3": func() {
			twoParts.Score(1)(make([]float64, 2), make([]float64, 3), stochopt.Sample{})
		},
		"len(x) = 2, but the Families have 3 parameters": func() {
			with(func(e *gradient.Expectation) { e.Param, e.Pull = nil, nil }).Score(1)(nil, make([]float64, 2), stochopt.Sample{})
		},
	} {
		wantPanic(t, want, f)
	}
	// What is made is not changed by what the caller does to his slice afterwards.
	e := with(func(*gradient.Expectation) {})
	o := e.Score(1)
	e.Families[0] = gradient.Family{}
	evaluate(t, o, []float64{1, 1, 1}, stochopt.Sample{})
}

func TestExpectationAllocations(t *testing.T) {
	x, grad := []float64{1, 1, 1}, make([]float64, 3)
	e := twoParts
	e.Func = func(dz, dx, z, x []float64, _ stochopt.Sample) (float64, error) {
		return square(dz, dx, z, x, stochopt.Sample{})
	}
	for name, o := range estimatorsOf(e, 5) {
		k := 0
		if got := testing.AllocsPerRun(200, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
	// Every Family.
	for _, d := range distributions {
		f, rnd := d.family, rand.New(rand.NewPCG(1, 2))
		z, plus, minus, dp := []float64{0}, []float64{0}, []float64{0}, make([]float64, f.Params)
		if got := testing.AllocsPerRun(200, func() {
			f.Draw(z, d.p, rnd)
			if f.Score != nil {
				f.Score(dp, d.p, z)
			}
			for i := range f.Params {
				f.Pair(plus, minus, d.p, i, rnd)
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations", d.name, got)
		}
	}
}
