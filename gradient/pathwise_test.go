package gradient_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// A transform whose noise does not follow from z: z = p0 ε + p1 ε', a normal number. The Family hands both on.
var twoNoises = gradient.Family{
	Dim: 3, Params: 2,
	Draw: func(z, p []float64, rnd *rand.Rand) error {
		z[1], z[2] = rnd.NormFloat64(), rnd.NormFloat64()
		z[0] = p[0]*z[1] + p[1]*z[2]
		return nil
	},
	Path: func(dp, _, z, dz []float64) {
		dp[0] += dz[0] * z[1]
		dp[1] += dz[0] * z[2]
	},
}

// E z⁴ = 3 (p0²+p1²)², by a transform as a Family, and by noise without parameters and a transform inside Func.
func TestPathwiseOfTransform(t *testing.T) {
	const n = 50_000
	x := []float64{0.6, -1.1}
	v := x[0]*x[0] + x[1]*x[1]
	standard := gradient.Family{Draw: func(z, _ []float64, rnd *rand.Rand) error {
		z[0] = rnd.NormFloat64()
		return nil
	}}
	for name, e := range map[string]gradient.Expectation{
		"as a Family": {
			Families: []gradient.Family{twoNoises},
			Func: func(dz, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
				if dz != nil {
					dz[0] += 4 * math.Pow(z[0], 3)
				}
				return math.Pow(z[0], 4), nil
			},
		},
		"inside Func": {
			Families: []gradient.Family{standard, standard},
			Param:    func(_, _ []float64) {},
			Pull:     func(_, _, _ []float64) {},
			Func: func(_, dx, z, x []float64, _ stochopt.Sample) (float64, error) {
				y := x[0]*z[0] + x[1]*z[1]
				if dx != nil {
					dx[0] += 4 * math.Pow(y, 3) * z[0]
					dx[1] += 4 * math.Pow(y, 3) * z[1]
				}
				return math.Pow(y, 4), nil
			},
		},
	} {
		o := e.Pathwise(2)
		for j := range x {
			mean, _, se, _ := moments(n, func(k int) float64 {
				_, g := evaluate(t, o, x, stochopt.Sample{Step: k})
				return g[j]
			})
			near(t, fmt.Sprintf("%s, derivative %d", name, j), mean, 12*v*x[j], se)
			far(t, fmt.Sprintf("%s, derivative %d", name, j), mean, 12*v*x[1-j], se)
		}
	}
}

// A path does not see a step: the estimate is wrong, and that of the pairs right.
func TestPathwiseOfStep(t *testing.T) {
	const n = 20_000
	e := squareOfNormal
	e.Func = func(_, _, z, _ []float64, _ stochopt.Sample) (float64, error) {
		if z[0] > exampleMean {
			return 1, nil
		}
		return 0, nil
	}
	want := 1 / (exampleSigma * math.Sqrt(2*math.Pi)) // the density at the step
	for name, o := range map[string]stochopt.Oracle{"MeasureValued": e.MeasureValued(1), "Score": e.Score(2), "Pathwise": e.Pathwise(1)} {
		mean, _, se, _ := moments(n, func(k int) float64 {
			_, g := evaluate(t, o, []float64{exampleMean}, stochopt.Sample{Step: k})
			return g[0]
		})
		switch name {
		case "Pathwise":
			if mean != 0 {
				t.Errorf("%s sees a step: %v", name, mean)
			}
		case "MeasureValued": // the pair is always on both sides of the step
			if !(math.Abs(mean/want-1) <= 1e-12 && se <= 1e-12) {
				t.Errorf("%s: %v, want %v, standard error %v", name, mean, want, se)
			}
		default:
			near(t, name, mean, want, se)
		}
	}
}

// meanField is the Kullback-Leibler divergence of independent normal numbers from the normal density exp(-(z-c)ᵀΛ(z-c)/2),
// up to a constant: E(log q(z) - log p(z)) for z_j ~ N(x_j, exp(x_{d+j})²).
func meanField(c []float64, lambda [][]float64) gradient.Expectation {
	d := len(c)
	return gradient.Expectation{
		Families: slices.Repeat([]gradient.Family{gradient.Normal()}, d),
		Param: func(p, x []float64) {
			for j := range d {
				p[2*j], p[2*j+1] = x[j], math.Exp(x[d+j])
			}
		},
		Pull: func(dx, x, dp []float64) {
			for j := range d {
				dx[j] += dp[2*j]
				dx[d+j] += dp[2*j+1] * math.Exp(x[d+j])
			}
		},
		Func: func(dz, dx, z, x []float64, _ stochopt.Sample) (f float64, err error) {
			for j := range d {
				e := (z[j] - x[j]) / math.Exp(x[d+j])
				f -= x[d+j] + e*e/2
				if dz != nil {
					dz[j] -= e / math.Exp(x[d+j])
				}
				if dx != nil {
					dx[j] += e / math.Exp(x[d+j])
					dx[d+j] += e*e - 1
				}
				for k := range d {
					f += (z[j] - c[j]) * lambda[j][k] * (z[k] - c[k]) / 2
					if dz != nil {
						dz[j] += lambda[j][k] * (z[k] - c[k])
					}
				}
			}
			return f, nil
		},
	}
}

// The gradient of the divergence is Λ(μ-c), and Λ_jj σ_j² - 1 in log σ_j, by every estimator.
func TestVariationalGradient(t *testing.T) {
	const n = 20_000
	c, lambda := []float64{1, -2, 0.5}, [][]float64{{2, 0.5, 0}, {0.5, 1, -0.3}, {0, -0.3, 4}}
	x := []float64{0.8, -1.5, 0, -0.2, 0.3, -0.5}
	want := make([]float64, 6)
	for j := range c {
		for k := range c {
			want[j] += lambda[j][k] * (x[k] - c[k])
		}
		want[3+j] = lambda[j][j]*math.Exp(2*x[3+j]) - 1
	}
	for name, o := range estimatorsOf(meanField(c, lambda), 4) {
		if name == "Score without baseline" {
			continue
		}
		g := make([][]float64, 6)
		for k := range n {
			_, grad := evaluate(t, o, x, stochopt.Sample{Step: k})
			for j, v := range grad {
				g[j] = append(g[j], v)
			}
		}
		for j := range want {
			mean, _, se, _ := moments(n, func(k int) float64 { return g[j][k] })
			near(t, fmt.Sprintf("%s: derivative %d", name, j), mean, want[j], se)
		}
	}
}

// Variational inference: the independent normal numbers that are nearest to a correlated normal density with precision Λ
// have its mean and the variances 1/Λ_jj.
func ExampleExpectation_Pathwise() {
	o := meanField([]float64{1, -2}, [][]float64{{4, 1}, {1, 1}}).Pathwise(10)
	x, grad := make([]float64, 4), make([]float64, 4)
	adam := stochopt.Adam{StepSize: 0.1, Schedule: func(k int) float64 { return 1 / (1 + float64(k)/10) }}
	adam.Reset(len(x))
	for k := range 20_000 {
		if _, err := o(grad, x, stochopt.Sample{Seed: 1, Step: k}); err != nil {
			fmt.Println(err)
		}
		adam.Step(x, grad)
	}
	fmt.Printf("means %.2f %.2f, standard deviations %.2f %.2f\n", x[0], x[1], math.Exp(x[2]), math.Exp(x[3]))
	// Output: means 1.00 -2.00, standard deviations 0.50 1.00
}
