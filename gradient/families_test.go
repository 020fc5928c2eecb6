package gradient_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/distuv"
)

// distribution is what gonum and closed forms tell of a Family.
type distribution struct {
	name    string
	family  gradient.Family
	p       []float64
	at      float64                      // where its distribution function is looked at
	moments func(p []float64) [3]float64 // E z, E z², E z³
	gonum   func(p []float64) cumulativeDensity
}

type cumulativeDensity interface {
	CDF(x float64) float64
	LogProb(x float64) float64
}

// orders returns three moments, each from a function of its order.
func orders(f func(m float64) float64) [3]float64 { return [3]float64{f(1), f(2), f(3)} }

// central returns E z, E z², E z³ from the mean, the variance and the third central moment.
func central(mean, v, third float64) [3]float64 {
	return [3]float64{mean, mean*mean + v, mean*mean*mean + 3*mean*v + third}
}

const apery, eulerGamma = 1.2020569031595942, 0.5772156649015329

var distributions = []distribution{
	{"Normal", gradient.Normal(), []float64{0.5, 1.3}, 1,
		func(p []float64) [3]float64 { return central(p[0], p[1]*p[1], 0) },
		func(p []float64) cumulativeDensity { return distuv.Normal{Mu: p[0], Sigma: p[1]} }},
	{"LogNormal", gradient.LogNormal(), []float64{0.2, 0.3}, 1.5,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 { return math.Exp(m*p[0] + m*m*p[1]*p[1]/2) })
		},
		func(p []float64) cumulativeDensity { return distuv.LogNormal{Mu: p[0], Sigma: p[1]} }},
	{"Laplace", gradient.Laplace(), []float64{-0.5, 0.8}, 0.2,
		func(p []float64) [3]float64 { return central(p[0], 2*p[1]*p[1], 0) },
		func(p []float64) cumulativeDensity { return distuv.Laplace{Mu: p[0], Scale: p[1]} }},
	{"GumbelRight", gradient.GumbelRight(), []float64{0.4, 0.7}, 1,
		func(p []float64) [3]float64 {
			return central(p[0]+eulerGamma*p[1], math.Pi*math.Pi/6*p[1]*p[1], 2*apery*p[1]*p[1]*p[1])
		},
		func(p []float64) cumulativeDensity { return distuv.GumbelRight{Mu: p[0], Beta: p[1]} }},
	{"Uniform", gradient.Uniform(), []float64{-1, 2.5}, 0.5,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 {
				return (math.Pow(p[1], m+1) - math.Pow(p[0], m+1)) / ((m + 1) * (p[1] - p[0]))
			})
		},
		func(p []float64) cumulativeDensity { return distuv.Uniform{Min: p[0], Max: p[1]} }},
	{"Exponential", gradient.Exponential(), []float64{1.7}, 0.4,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 { return math.Gamma(1+m) / math.Pow(p[0], m) })
		},
		func(p []float64) cumulativeDensity { return distuv.Exponential{Rate: p[0]} }},
	{"Weibull", gradient.Weibull(), []float64{1.6, 0.9}, 0.8,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 { return math.Pow(p[1], m) * math.Gamma(1+m/p[0]) })
		},
		func(p []float64) cumulativeDensity { return distuv.Weibull{K: p[0], Lambda: p[1]} }},
	{"Gamma", gradient.Gamma(), []float64{2.3, 1.4}, 1.2,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 { return math.Gamma(p[0]+m) / math.Gamma(p[0]) / math.Pow(p[1], m) })
		},
		func(p []float64) cumulativeDensity { return distuv.Gamma{Alpha: p[0], Beta: p[1]} }},
	{"Gamma of small shape", gradient.Gamma(), []float64{0.15, 0.5}, 0.1,
		func(p []float64) [3]float64 {
			return orders(func(m float64) float64 { return math.Gamma(p[0]+m) / math.Gamma(p[0]) / math.Pow(p[1], m) })
		},
		func(p []float64) cumulativeDensity { return distuv.Gamma{Alpha: p[0], Beta: p[1]} }},
	{"Beta", gradient.Beta(), []float64{1.5, 0.8}, 0.6,
		func(p []float64) (m [3]float64) {
			e := 1.0
			for i := range m {
				e *= (p[0] + float64(i)) / (p[0] + p[1] + float64(i))
				m[i] = e
			}
			return m
		},
		func(p []float64) cumulativeDensity { return distuv.Beta{Alpha: p[0], Beta: p[1]} }},
	{"Poisson", gradient.Poisson(), []float64{2.2}, 2.5,
		func(p []float64) [3]float64 { return central(p[0], p[0], p[0]) },
		func(p []float64) cumulativeDensity { return distuv.Poisson{Lambda: p[0]} }},
	{"Poisson of large mean", gradient.Poisson(), []float64{17}, 15.5,
		func(p []float64) [3]float64 { return central(p[0], p[0], p[0]) },
		func(p []float64) cumulativeDensity { return distuv.Poisson{Lambda: p[0]} }},
	{"Bernoulli", gradient.Bernoulli(), []float64{0.3}, 0.5,
		func(p []float64) [3]float64 { return [3]float64{p[0], p[0], p[0]} },
		func(p []float64) cumulativeDensity { return distuv.Bernoulli{P: p[0]} }},
	{"Binomial", gradient.Binomial(9), []float64{0.65}, 6.5,
		func(p []float64) [3]float64 { return binomialMoments(9, p[0]) },
		func(p []float64) cumulativeDensity { return distuv.Binomial{N: 9, P: p[0]} }},
	{"Binomial of many trials", gradient.Binomial(60), []float64{0.2}, 10.5,
		func(p []float64) [3]float64 { return binomialMoments(60, p[0]) },
		func(p []float64) cumulativeDensity { return distuv.Binomial{N: 60, P: p[0]} }},
}

func binomialMoments(n, p float64) [3]float64 {
	return central(n*p, n*p*(1-p), n*p*(1-p)*(1-2*p))
}

// functionals are the f of the tests: three powers, and a step.
func functionals(z, at float64) [4]float64 {
	f := [4]float64{z, z * z, z * z * z, 0}
	if z > at {
		f[3] = 1
	}
	return f
}

// means returns E f of the functionals at p.
func (d distribution) means(p []float64) (f [4]float64) {
	m := d.moments(p)
	copy(f[:], m[:])
	f[3] = 1 - d.gonum(p).CDF(d.at)
	return f
}

// derivatives returns those of means in parameter i.
func (d distribution) derivatives(i int) (f [4]float64) {
	for m := range f {
		f[m] = fd.Derivative(func(v float64) float64 {
			p := append([]float64(nil), d.p...)
			p[i] = v
			return d.means(p)[m]
		}, d.p[i], &fd.Settings{Formula: fd.Central})
	}
	return f
}

// compare averages n draws of the functionals.
func compare(t *testing.T, what string, n int, want [4]float64, draw func() [4]float64) (mean, se [4]float64) {
	t.Helper()
	var sum, sq [4]float64
	for range n {
		for m, v := range draw() {
			sum[m] += v
			sq[m] += v * v
		}
	}
	for m := range sum {
		mean[m] = sum[m] / float64(n)
		se[m] = math.Sqrt((sq[m]/float64(n) - mean[m]*mean[m]) / float64(n))
		near(t, fmt.Sprintf("%s, f %d", what, m), mean[m], want[m], se[m]+1e-9*math.Abs(want[m])) // rounding of derivatives
	}
	return mean, se
}

// Draw, Score, Path and Pair of every Family give the means of powers and of a step, and their derivatives.
func TestFamilies(t *testing.T) {
	const n = 100_000
	for k, d := range distributions {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			f, rnd := d.family, rand.New(rand.NewPCG(uint64(k), 3))
			z, plus, minus, dp := []float64{0}, []float64{0}, []float64{0}, make([]float64, f.Params)
			draw := func() float64 {
				if err := f.Draw(z, d.p, rnd); err != nil {
					t.Fatal(d.name, err)
				}
				return z[0]
			}
			means := d.means(d.p)
			compare(t, d.name+": Draw", n, means, func() [4]float64 { return functionals(draw(), d.at) })
			for i := range f.Params {
				want := d.derivatives(i)
				name := fmt.Sprintf("%s: derivative in parameter %d by ", d.name, i)
				if f.Score != nil {
					compare(t, name+"Score", n, want, func() [4]float64 {
						y := functionals(draw(), d.at)
						f.Score(dp, d.p, z)
						for m := range y {
							y[m] = (y[m] - means[m]) * dp[i]
						}
						return y
					})
				}
				if f.Path != nil {
					smooth := want
					smooth[3] = 0 // a path does not see the step
					if math.Abs(want[3]) < 0.01 {
						t.Errorf("%s: the step does not move", name)
					}
					compare(t, name+"Path", n, smooth, func() [4]float64 {
						y := [4]float64{1, 2 * draw(), 3 * z[0] * z[0], 0}
						for m := range y {
							clear(dp)
							f.Path(dp, d.p, z, y[m:m+1])
							y[m] = dp[i]
						}
						return y
					})
				}
				mean, se := compare(t, name+"Pair", n, want, func() [4]float64 {
					c := f.Pair(plus, minus, d.p, i, rnd)
					y, down := functionals(plus[0], d.at), functionals(minus[0], d.at)
					for m := range y {
						y[m] = c * (y[m] - down[m])
					}
					return y
				})
				for m := range mean {
					if want[m] != 0 && d.name != "Gamma of small shape" {
						far(t, fmt.Sprintf("%sPair, f %d", name, m), mean[m], 1.2*want[m], se[m])
					}
				}
			}
		})
	}
}

// Every Score is the derivative of gonum's LogProb in the parameters.
func TestFamiliesScore(t *testing.T) {
	for _, d := range distributions {
		f := d.family
		if f.Score == nil {
			continue
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		z, dp := []float64{0}, make([]float64, f.Params)
		for range 20 {
			if err := f.Draw(z, d.p, rnd); err != nil {
				t.Fatal(err)
			}
			f.Score(dp, d.p, z)
			for i, got := range dp {
				log := func(v float64) float64 {
					p := append([]float64(nil), d.p...)
					p[i] = v
					return d.gonum(p).LogProb(z[0])
				}
				want := fd.Derivative(log, d.p[i], &fd.Settings{Formula: fd.Central})
				if !(math.Abs(got-want) <= 1e-7*(1+math.Abs(want))) {
					t.Errorf("%s at %v: score in parameter %d is %v, want %v", d.name, z[0], i, got, want)
				}
			}
		}
	}
}

// gonum's Uniform has a Score, but the mean of z times that score is not the derivative of the mean.
func TestUniformHasNoScore(t *testing.T) {
	if gradient.Uniform().Score != nil {
		t.Error("Uniform has a Score")
	}
	u := distuv.Uniform{Min: -1, Max: 2, Src: rand.NewPCG(1, 1)}
	mean, _, se, _ := moments(10_000, func(int) float64 { z := u.Rand(); return z * u.Score(nil, z)[1] })
	far(t, "derivative in Max", mean, 0.5, se)
}

func TestNormalMean(t *testing.T) {
	sigma := mat.NewSymDense(3, []float64{2, 0.6, -0.4, 0.6, 1, 0.3, -0.4, 0.3, 0.5})
	var chol mat.Cholesky
	if !chol.Factorize(sigma) {
		t.Fatal("not positive definite")
	}
	f := gradient.NormalMean(&chol)
	mu := []float64{1, -2, 0.5}
	want, ok := distmv.NewNormal(mu, sigma, rand.NewPCG(1, 2))
	if !ok || f.Dim != 3 || f.Params != 3 {
		t.Fatal(ok, f.Dim, f.Params)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	z, score, input, y := make([]float64, 3), make([]float64, 3), make([]float64, 3), make([]float64, 3)
	for range 10 {
		f.Draw(z, mu, rnd)
		want.Rand(y)
		want.ScoreInput(input, z)
		f.Score(score, mu, z)
		for i := range z {
			if !(math.Abs(z[i]-y[i]) <= 1e-14 && math.Abs(score[i]+input[i]) <= 1e-12) {
				t.Errorf("draw %v, gonum's %v; score %v, gonum's ScoreInput %v", z, y, score, input)
			}
		}
	}
	dp := []float64{1, 1, 1}
	f.Path(dp, mu, z, []float64{1, 2, 3})
	if fmt.Sprint(dp) != "[2 3 4]" {
		t.Errorf("Path: %v", dp)
	}
	// The decomposition may change afterwards.
	before := z[0]
	chol.Scale(4, &chol)
	f.Draw(z, mu, rand.New(rand.NewPCG(1, 2)))
	first := z[0]
	if f.Draw(z, mu, rand.New(rand.NewPCG(1, 2))); z[0] != first || first == before {
		t.Error("draws of one stream differ")
	}
	want.SetMean(mu)
	again, _ := distmv.NewNormal(mu, sigma, rand.NewPCG(1, 2))
	if again.Rand(y); !(math.Abs(y[0]-first) <= 1e-14) {
		t.Error("a change of the Cholesky decomposition changes the Family")
	}
	wantPanicAny(t, func() { gradient.NormalMean(new(mat.Cholesky)) })
}

// Parameters out of range are errors, not panics, loops or numbers.
func TestFamilyErrors(t *testing.T) {
	for _, c := range []struct {
		family gradient.Family
		p      []float64
		want   string
	}{
		{gradient.Normal(), []float64{0, -1}, "Normal: Sigma = -1"},
		{gradient.LogNormal(), []float64{0, 0}, "LogNormal: Sigma = 0"},
		{gradient.Laplace(), []float64{0, -2}, "Laplace: Scale = -2"},
		{gradient.GumbelRight(), []float64{0, math.NaN()}, "GumbelRight: Beta = NaN"},
		{gradient.Uniform(), []float64{2, 1}, "Uniform: Max - Min = -1"},
		{gradient.Exponential(), []float64{0}, "Exponential: Rate = 0"},
		{gradient.Weibull(), []float64{-1, 1}, "Weibull: K = -1"},
		{gradient.Weibull(), []float64{1, math.Inf(1)}, "Weibull: Lambda = +Inf"},
		{gradient.Gamma(), []float64{0, 1}, "Gamma: Alpha = 0"},
		{gradient.Gamma(), []float64{1, -1}, "Gamma: Beta = -1"},
		{gradient.Beta(), []float64{math.Inf(1), 1}, "Beta: Alpha = +Inf"},
		{gradient.Beta(), []float64{1, 0}, "Beta: Beta = 0"},
		{gradient.Poisson(), []float64{math.Inf(1)}, "Poisson: Lambda = +Inf"},
		{gradient.Bernoulli(), []float64{-0.1}, "Binomial: P = -0.1"},
		{gradient.Binomial(5), []float64{1.1}, "Binomial: P = 1.1"},
	} {
		err := c.family.Draw([]float64{0}, c.p, rand.New(rand.NewPCG(1, 1)))
		if err == nil || len(err.Error()) < len(c.want) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	wantPanic(t, "gradient: Binomial(0)", func() { gradient.Binomial(0) })
	// At the ends of its range, P has a Pair and no Score.
	f, z := gradient.Binomial(4), []float64{0}
	for _, p := range [][]float64{{0}, {1}} {
		if err := f.Draw(z, p, rand.New(rand.NewPCG(1, 1))); err != nil || z[0] != 4*p[0] {
			t.Errorf("Binomial at %v: %v %v", p, z, err)
		}
		plus, minus, score := []float64{0}, []float64{0}, []float64{0}
		if c := f.Pair(plus, minus, p, 0, rand.New(rand.NewPCG(1, 1))); c != 4 || plus[0] != minus[0]+1 || minus[0] != 3*p[0] {
			t.Errorf("Binomial at %v: %v (f(%v) - f(%v))", p, c, plus, minus)
		}
		if f.Score(score, p, z); !math.IsNaN(score[0]) {
			t.Errorf("Binomial at %v: score %v", p, score)
		}
	}
}

// A family that gonum does not have: the logistic distribution, by a transform of a uniform number.
func ExampleFamily() {
	logistic := gradient.Family{
		Params: 2, // mean and scale
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			if p[1] <= 0 {
				return fmt.Errorf("scale %v, want > 0", p[1])
			}
			u := rnd.Float64()
			z[0] = p[0] + p[1]*math.Log(u/(1-u))
			return nil
		},
		Path: func(dp, p, z, dz []float64) {
			dp[0] += dz[0]
			dp[1] += dz[0] * (z[0] - p[0]) / p[1]
		},
	}
	e := gradient.Expectation{Func: square, Families: []gradient.Family{logistic}}
	grad := make([]float64, 2)
	f, err := e.Pathwise(100_000)(grad, []float64{1, 0.5}, stochopt.Sample{Seed: 1})
	// E z² = m² + π² s²/3
	fmt.Printf("%.1f %.1f %v, in closed form %.1f [2.0 %.1f]\n", f, grad, err, 1+math.Pi*math.Pi/12, math.Pi*math.Pi/3)

	_, err = e.Pathwise(1)(grad, []float64{1, -0.5}, stochopt.Sample{})
	fmt.Println(err)
	// Output:
	// 1.8 [2.0 3.3] <nil>, in closed form 1.8 [2.0 3.3]
	// gradient: Expectation.Families[0]: scale -0.5, want > 0
}

// The probability that both parts of a normal vector exceed 1, and its derivative in the means.
func ExampleNormalMean() {
	var chol mat.Cholesky
	chol.Factorize(mat.NewSymDense(2, []float64{1, 0.8, 0.8, 1}))
	e := gradient.Expectation{
		Func: func(_, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
			if z[0] > 1 && z[1] > 1 {
				return 1, nil
			}
			return 0, nil
		},
		Families: []gradient.Family{gradient.NormalMean(&chol)},
	}
	x, grad := []float64{1, 1}, make([]float64, 2)
	f, err := e.Score(200_000)(grad, x, stochopt.Sample{Seed: 1})
	// The probability of a quadrant is 1/4 + asin(0.8)/(2π); its derivative is a normal density times 1/2 at the edge.
	fmt.Printf("%.2f %.1f %v, in closed form %.2f %.1f\n", f, grad, err, 0.25+math.Asin(0.8)/(2*math.Pi), 1/math.Sqrt(8*math.Pi))
	// Output: 0.40 [0.2 0.2] <nil>, in closed form 0.40 0.2
}
