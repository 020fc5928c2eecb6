package method_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
)

// TestOptimisticSGDSaddle: on xy, the distance to the saddle point is multiplied by √((1+√(1-4α²))/2) in every step, and by
// √(1+α²) without optimism.
func TestOptimisticSGDSaddle(t *testing.T) {
	const n = 200
	for _, alpha := range []float64{0.03, 0.1, 0.4} {
		for optimism, want := range map[float64]float64{
			1:             math.Sqrt((1 + math.Sqrt(1-4*alpha*alpha)) / 2),
			stochopt.Zero: math.Sqrt(1 + alpha*alpha),
		} {
			r := &method.OptimisticSGD{StepSize: alpha, Optimism: optimism}
			r.Reset(2)
			x, g := []float64{1, 1}, make([]float64, 2)
			var before float64
			for k := range 100 + n {
				if k == 100 { // the other root has died away
					before = floats.Norm(x, 2)
				}
				g[0], g[1] = x[1], -x[0]
				r.Step(x, g)
			}
			if got := math.Pow(floats.Norm(x, 2)/before, 1./n); math.Abs(got-want) > 1e-12 {
				t.Errorf("step %v, optimism %v: a factor of %v, want %v", alpha, optimism, got, want)
			}
		}
	}
}

// TestOptimisticSGDStable: where the curvature is h, α must be below 2/(3h).
func TestOptimisticSGDStable(t *testing.T) {
	for ah, stable := range map[float64]bool{0.66: true, 0.67: false} {
		x := steps(&method.OptimisticSGD{StepSize: ah / 7}, 3000, []float64{1}, func(g, x []float64) { g[0] = 7 * x[0] })
		if got := math.Abs(x[0]) < 1; got != stable {
			t.Errorf("αh = %v: x = %v after 3000 steps, stable: want %v", ah, x[0], stable)
		}
	}
}

// TestMoMoAdamLinear: the first step on a linear function ends where that is f*, if α lets it; far above f* every step is Adam's.
func TestMoMoAdamLinear(t *testing.T) {
	a := []float64{3, -1e-3, 1e4}
	for _, top := range []float64{100, 1e-3} {
		r := &method.MoMoAdam{MaxStep: top, Minimum: -7}
		r.Reset(3)
		x := []float64{1, 2, 3e-4}
		r.Observe(floats.Dot(a, x))
		r.Step(x, a)
		if f := floats.Dot(a, x); (math.Abs(f+7) < 1e-11) != (top == 100) {
			t.Errorf("MaxStep %v: f = %v", top, f)
		}
	}
	for minimum, same := range map[float64]bool{-1e9: true, 0: false} {
		r, s := &method.MoMoAdam{Minimum: minimum}, &stochopt.Adam{}
		r.Reset(2)
		s.Reset(2)
		x, y := []float64{1, 1}, []float64{1, 1}
		rnd := rand.New(rand.NewPCG(1, 1))
		for range 100 {
			g := []float64{rnd.NormFloat64(), 1e3 * rnd.NormFloat64()}
			r.Observe(1)
			r.Step(x, g)
			s.Step(y, g)
		}
		if got := floats.EqualApprox(x, y, 1e-12); got != same {
			t.Errorf("minimum %v: %v, Adam is at %v", minimum, x, y)
		}
	}
}

// TestMoMoAdamOrigin: far from the origin it goes the way that it goes near it.
func TestMoMoAdamOrigin(t *testing.T) {
	const origin = 1e9
	near, far := &method.MoMoAdam{}, &method.MoMoAdam{}
	near.Reset(1)
	far.Reset(1)
	u, v := []float64{3}, []float64{3 + origin}
	var furthest float64
	for range 200 {
		near.Observe(u[0] * u[0] / 2)
		near.Step(u, slices.Clone(u))
		d := v[0] - origin
		far.Observe(d * d / 2)
		far.Step(v, []float64{d})
		furthest = max(furthest, math.Abs(v[0]-origin-u[0]))
	}
	if furthest > 1e-4 || math.Abs(u[0]) > 0.1 { // x is rounded to 1e-7
		t.Errorf("far from the origin it is %g beside; near it ends at %v", furthest, u[0])
	}
}

// TestSM3: without memory it is AdaGrad, and n steps after a single gradient x has moved by α(1-βⁿ).
func TestSM3(t *testing.T) {
	for beta, same := range map[float64]bool{stochopt.Zero: true, 0.5: false} {
		var ends [2][]float64
		for i, r := range []stochopt.Rule{&method.SM3{StepSize: 1, Beta: beta}, &method.AdaGrad{StepSize: 1, Epsilon: stochopt.Zero}} {
			rnd := rand.New(rand.NewPCG(1, 1))
			ends[i] = steps(r, 50, []float64{1, 2, 3}, func(g, _ []float64) {
				g[0], g[1], g[2] = rnd.NormFloat64(), 1e5*rnd.NormFloat64(), 0
			})
		}
		if got := floats.EqualApprox(ends[0], ends[1], 1e-13); got != same {
			t.Errorf("memory %v: %v, AdaGrad is at %v", beta, ends[0], ends[1])
		}
	}
	for n, want := range map[int]float64{1: 0.2, 2: 0.38, 500: 2} {
		x, k := []float64{0}, 0
		steps(&method.SM3{StepSize: 2}, n, x, func(g, _ []float64) {
			g[0] = 0
			if k == 0 {
				g[0] = -1e-5
			}
			k++
		})
		if math.Abs(x[0]-want) > 1e-14 {
			t.Errorf("%d steps after a single gradient x = %v, want %v", n, x[0], want)
		}
	}
}

// TestSimplifiedAdEMAMix: a steady gradient moves x by (1+γ)α at first and by (1/(1-β₁)+γ)α in the end; without γ and
// without Adam's correction of m it is Adam with the step size α/(1-β₁).
func TestSimplifiedAdEMAMix(t *testing.T) {
	r := &method.SimplifiedAdEMAMix{StepSize: 1, Beta1: 0.9, Mix: 3, Epsilon: stochopt.Zero}
	r.Reset(1)
	x, last := []float64{0}, 0.0
	for k := range 500 {
		last = x[0]
		r.Step(x, []float64{-1e-4})
		if d := x[0] - last; k == 0 && math.Abs(d-4) > 1e-14 {
			t.Errorf("a first step of %v, want 4", d)
		}
	}
	if d := x[0] - last; math.Abs(d-13) > 1e-9 {
		t.Errorf("a step of %v, want 13", d)
	}
	for mix, same := range map[float64]bool{0: true, 1: false} {
		var ends [2][]float64
		corrected := func(k int) float64 { return 1 - math.Pow(0.9, float64(k+1)) }
		for i, r := range []stochopt.Rule{
			&method.SimplifiedAdEMAMix{StepSize: 0.01, Beta1: 0.9, Mix: mix},
			&stochopt.Adam{StepSize: 0.1, Beta2: 0.95, Schedule: corrected},
		} {
			rnd := rand.New(rand.NewPCG(1, 1))
			ends[i] = steps(r, 50, []float64{1}, func(g, _ []float64) { g[0] = rnd.NormFloat64() })
		}
		if got := floats.EqualApprox(ends[0], ends[1], 1e-12); got != same {
			t.Errorf("mix %v: %v, Adam is at %v", mix, ends[0], ends[1])
		}
	}
}

// TestMARS: without γ it is Adam of gradients clipped by norm; of a gradient that grows evenly, g = k, with β₁ = β₂ = β, m
// lags by β/(1-β), and γ = 1 takes the lag away.
func TestMARS(t *testing.T) {
	for gamma, same := range map[float64]bool{stochopt.Zero: true, 0.1: false} {
		var ends [2][]float64
		for i, r := range []stochopt.Rule{
			&method.MARS{StepSize: 0.1, Gamma: gamma, MaxNorm: 2},
			&method.Clip{Norm: 2, Rule: &stochopt.Adam{Beta1: 0.95, Beta2: 0.99}},
		} {
			rnd := rand.New(rand.NewPCG(1, 1))
			ends[i] = steps(r, 100, []float64{1, 2}, func(g, _ []float64) { g[0], g[1] = rnd.NormFloat64(), 3*rnd.NormFloat64() })
		}
		if got := floats.EqualApprox(ends[0], ends[1], 1e-12); got != same {
			t.Errorf("γ = %v: %v, clipped Adam is at %v", gamma, ends[0], ends[1])
		}
	}
	for gamma, want := range map[float64]float64{stochopt.Zero: 1000 - 19, 1: 1000} {
		// ε is far above g: x moves by αm/ε.
		r := &method.MARS{Gamma: gamma, MaxNorm: 1e9, StepSize: 1e12, Epsilon: 1e12}
		r.Reset(1)
		x, last := []float64{0}, 0.0
		for k := range 1001 {
			last = x[0]
			r.Step(x, []float64{float64(-k)})
		}
		if d := x[0] - last; math.Abs(d-want) > 1e-4 {
			t.Errorf("γ = %v: a step of %v, want %v", gamma, d, want)
		}
	}
}

// TestClipRatio: each block of the gradient is at most ρ times as long as that of x, or ρ times MinScale, and keeps its direction.
func TestClipRatio(t *testing.T) {
	for _, c := range []struct {
		rule *method.Clip
		want []float64 // gradient
	}{
		{&method.Clip{Ratio: 0.1}, []float64{0.78, 1.04, 0}}, // |x| is 13
		{&method.Clip{Ratio: 0.1, Blocks: []int{2, 1}}, []float64{0.3, 0.4, 0}},
		{&method.Clip{Ratio: 10, Blocks: []int{2, 1}}, []float64{6, 8, 0}},
	} {
		c.rule.Rule = &method.SGD{StepSize: 1}
		start := []float64{3, 4, 12}
		x := steps(c.rule, 1, slices.Clone(start), func(g, _ []float64) { g[0], g[1], g[2] = 6, 8, 0 })
		floats.SubTo(x, start, x)
		if !floats.EqualApprox(x, c.want, 1e-14) {
			t.Errorf("Ratio %v, Blocks %v: %v, want %v", c.rule.Ratio, c.rule.Blocks, x, c.want)
		}
	}
	for scale, want := range map[float64]float64{0: 1e-4, 2: 0.2, stochopt.Zero: 0} {
		x := steps(&method.Clip{Rule: &method.SGD{StepSize: 1}, Ratio: 0.1, MinScale: scale}, 1, []float64{0}, func(g, _ []float64) { g[0] = -5 })
		if math.Abs(x[0]-want) > 1e-16 {
			t.Errorf("MinScale %v: from 0 to %v, want %v", scale, x[0], want)
		}
	}
}
