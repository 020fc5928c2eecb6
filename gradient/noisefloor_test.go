package gradient_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/optimize"
)

// tilted is f with the noise 10 ξ_0 + ξ·x, ξ standard normal: equal at all points of a Sample but for a tilt. So a draw
// of the gradient errs by a standard normal vector, and a value by at least 10.
func tilted(dim int, f func(x []float64) float64) stochopt.Oracle {
	rnd, pcg := generator()
	var of stochopt.Sample
	var xi []float64
	return func(_, x []float64, s stochopt.Sample) (float64, error) {
		if s != of || xi == nil {
			of, *pcg = s, s.PCG()
			xi = slices.Grow(xi[:0], dim+1)[:dim+1]
			for i := range xi {
				xi[i] = rnd.NormFloat64()
			}
		}
		v := f(x) + 10*xi[dim]
		for i := range x {
			v += xi[i] * x[i]
		}
		return v, nil
	}
}

type recorder func(loc *optimize.Location)

func (r recorder) Init() error { return nil }

func (r recorder) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration {
		r(loc)
	}
	return nil
}

// TestNoiseFloor: estimates of ten variables lead Adam to the noise floor of theory on the sphere and on Rosenbrock's
// function, from noisy values that differ by far more from Sample to Sample than along a direction.
//
// Both estimators have the same error in all components, of mean square G² at the minimum, and the mean κ∇. There Adam
// is gradient descent with the step α/G, so that the covariance of x is αG/2κ H⁻¹ for any Hessian H, and the mean of f
// is αGn/4κ above the minimum: small steps understood, αh/G < 1 for all curvatures h. With the tilt ξ, SPSA has κ = 1
// and
//
//	G² = E|∇ + ξ|² = E|∇|² + n,  E|∇|² = tr(H αG/2κ H⁻¹ H) = αG/2κ tr H
//
// Evolution has a gradient of a constant length, κ = κ_r/σ (n-1)/n E 1/|∇+ξ| with its κ_r of 8 points, and G²
// measured. The tolerance on the sphere is that of TestNoiseFloor at the root; on Rosenbrock's function the slowest
// direction, a tenth of the excess, turns over ten times in the measurement, and αh/G is up to 0.2.
//
// The companion has another Sample in each value. The floor of its noise is then far above.
func TestNoiseFloor(t *testing.T) {
	const n = 10
	sphere := func(x []float64) (f float64) {
		for _, v := range x {
			f += v * v / 2
		}
		return f
	}
	zeros, ones := make([]float64, n), slices.Repeat([]float64{1}, n)
	for _, c := range []struct {
		name    string
		f       func(x []float64) float64
		x0, min []float64
		trace   float64 // of H
		alpha   float64
		travel  float64 // factor of α at the start, which falls to 1 like 1/k
		settle  int
		measure int
		low     float64
		high    float64
	}{
		{"sphere", sphere, slices.Repeat([]float64{5}, n), zeros, n, 0.01, 10, 4000, 15_000, 0.82, 1.05},
		{"Rosenbrock", rosenbrock, zeros, ones, 802 + 8*1002 + 200, 5e-4, 40, 40_000, 100_000, 0.8, 1.2},
	} {
		for _, e := range []struct {
			name  string
			width float64
			speed int // G/κ goes like 1/speed, and so do the steps to settle and to measure
			estimator
		}{
			{"SPSA", 1e-3, 1, gradient.SPSA{Width: 1e-3}},
			{"Evolution", 1e-4, 3, gradient.Evolution{Width: 1e-4, Population: 8}},
		} {
			t.Run(c.name+", "+e.name, func(t *testing.T) {
				t.Parallel()
				settle, measure := c.settle/e.speed, c.measure/e.speed
				excess := func(f stochopt.Oracle, measure int) (mean float64) {
					m := &stochopt.Adam{StepSize: c.alpha, Schedule: func(k int) float64 {
						return max(1, c.travel/(1+float64(k)*c.travel/float64(settle/2)))
					}}
					k := 0
					settings := &optimize.Settings{MajorIterations: settle + measure + 1, Converger: optimize.NeverTerminate{}}
					settings.Recorder = recorder(func(loc *optimize.Location) { // without the last
						if k++; k > settle {
							mean += c.f(loc.X) / float64(measure)
						}
					})
					if _, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: e.Oracle(f), Seed: 1}, c.x0, settings, m); err != nil {
						t.Fatal(err)
					}
					return mean
				}
				kappa := 1.0
				b := c.alpha / 2 * c.trace
				g := (b + math.Sqrt(b*b+4*n)) / 2 // G² = b G + n
				if e.name == "Evolution" {
					o, grad := e.Oracle(tilted(n, c.f)), make([]float64, n)
					var sum float64
					for k := range 2000 {
						o(grad, c.min, stochopt.Sample{Seed: 2, Step: k})
						for _, v := range grad {
							sum += v * v / 2000 / n
						}
					}
					g = math.Sqrt(sum)
					kr := (6/(2*math.Sqrt(math.Pi)) + 1/math.Sqrt(2*math.Pi)) / 7
					inverse := math.Exp(lgamma((n-1)/2.)-lgamma(n/2.)) / math.Sqrt2 // E 1/|ξ|
					kappa = kr / e.width * (n - 1) / n * inverse
					// |∇|² adds to |ξ|², which makes κ smaller by the root.
					kappa /= math.Sqrt(1 + c.alpha*g/(2*kappa)*c.trace/n)
				}
				want := c.alpha * g * n / (4 * kappa)
				got := excess(tilted(n, c.f), measure)
				if ratio := got / want; !(ratio > c.low && ratio < c.high) {
					t.Errorf("%.4g above the minimum, %.2f of theory", got, ratio)
				} else {
					t.Logf("%.4g above the minimum, %.2f of theory", got, ratio)
				}
				if got := excess(independent(tilted(n, c.f)), 1000); got < 5*want {
					t.Errorf("different Samples reach %.4g, the floor is %.4g: the test cannot fail", got, want)
				} else {
					t.Logf("different Samples reach %.4g, the floor is %.4g", got, want)
				}
			})
		}
	}
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
