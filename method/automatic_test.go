package method

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

// A convex is a convex function with its subgradient, a start and a minimum.
type convex struct {
	name     string
	f        func(g, x []float64) float64
	x0, best []float64
}

// convexes are |Ax-b|₁, |Ax-b|²/2, max(Ax-b)⁺ and |x-x*|, random but solvable, with minimum value 0.
func convexes(n int) (all []convex) {
	rnd := rand.New(rand.NewPCG(31, 32))
	for range n {
		const dim, rows = 3, 6
		a := make([]float64, rows*dim)
		best, x0 := make([]float64, dim), make([]float64, dim)
		for i := range a {
			a[i] = rnd.NormFloat64()
		}
		for i := range best {
			best[i], x0[i] = rnd.NormFloat64(), 3*rnd.NormFloat64()
		}
		residual := func(x []float64, i int) (r float64) {
			for j := range x {
				r += a[i*dim+j] * (x[j] - best[j])
			}
			return r
		}
		all = append(all,
			convex{"absolute", func(g, x []float64) (f float64) {
				clear(g)
				for i := range rows {
					r := residual(x, i)
					f += math.Abs(r)
					if r != 0 {
						floats.AddScaled(g, math.Copysign(1, r), a[i*dim:(i+1)*dim])
					}
				}
				return f
			}, x0, best},
			convex{"squares", func(g, x []float64) (f float64) {
				clear(g)
				for i := range rows {
					r := residual(x, i)
					f += r * r / 2
					floats.AddScaled(g, r, a[i*dim:(i+1)*dim])
				}
				return f
			}, x0, best},
			convex{"greatest", func(g, x []float64) (f float64) {
				clear(g)
				for i := range rows {
					if r := residual(x, i); r > f {
						f = r
						copy(g, a[i*dim:(i+1)*dim])
					}
				}
				return f
			}, x0, best},
			convex{"distance", func(g, x []float64) float64 {
				floats.SubTo(g, x, best)
				f := floats.Norm(g, 2)
				if f > 0 {
					floats.Scale(1/f, g)
				}
				return f
			}, x0, best})
	}
	return all
}

// run takes steps of r on c, with the gradient multiplied by sign, and calls each before every step.
func (c convex) run(r stochopt.Rule, steps int, sign float64, each func(x, g []float64, f float64)) {
	x, g := slices.Clone(c.x0), make([]float64, len(c.x0))
	r.Reset(len(x))
	for range steps {
		f := c.f(g, x)
		floats.Scale(sign, g)
		each(x, g, f)
		if o, ok := r.(interface{ Observe(f float64) }); ok {
			o.Observe(f)
		}
		r.Step(x, g)
	}
}

// TestDoGRegret: Σ r<g, x-x*> <= r(2d+r)√G after every step, on convex functions with exact subgradients. With
// steps a hundredth as long the inequality is broken.
func TestDoGRegret(t *testing.T) {
	worst := func(sign, factor float64) (worst float64) {
		for _, c := range convexes(20) {
			r := &DoG{InitialDistance: 1e-3, Epsilon: stochopt.Zero, Factor: factor}
			sum, far := 0.0, 0.0
			var last, lastg []float64
			c.run(r, 400, sign, func(x, g []float64, _ float64) {
				if last != nil { // r.r and r.sum are those of the step from last
					dot := 0.0
					for i := range g {
						dot += lastg[i] * sign * (last[i] - c.best[i])
					}
					sum += r.r[0] * dot
				}
				far = max(far, distance(x, c.best))
				next := max(r.r[0], distance(x, c.x0))
				if bound := next * (2*far + next) * math.Sqrt(r.sum[0]); bound > 0 {
					worst = max(worst, sum/bound)
				}
				last, lastg = slices.Clone(x), slices.Clone(g)
			})
		}
		return worst
	}
	if w := worst(1, 1); !(w <= 1) || w < 0.1 {
		t.Errorf("regret %v of its bound, want at most 1, and not of another order", w)
	}
	if w := worst(1, 1e-2); !(w > 1) {
		t.Errorf("steps a hundred times shorter keep the bound: %v", w)
	}
}

// TestDoGBlocks: with Blocks every block makes the way that it would alone; without, it does not.
func TestDoGBlocks(t *testing.T) {
	way := func(r stochopt.Rule, from, to int) (all []float64) {
		rnd := rand.New(rand.NewPCG(43, 44))
		x := []float64{1, -2, 300, 400, 500}[from:to]
		r.Reset(len(x))
		for range 50 {
			g := make([]float64, 5)
			for i := range g {
				g[i] = math.Pow(10, float64(i)) * (0.5 + rnd.NormFloat64())
			}
			r.Step(x, g[from:to])
			all = append(all, x...)
		}
		return all
	}
	part := func(all []float64, from, to int) (p []float64) {
		for k := 0; k < len(all); k += 5 {
			p = append(p, all[k+from:k+to]...)
		}
		return p
	}
	for _, blocks := range [][]int{{2, 3}, nil} {
		whole := way(&DoG{Blocks: blocks}, 0, 5)
		for _, b := range [][2]int{{0, 2}, {2, 5}} {
			if same := slices.Equal(part(whole, b[0], b[1]), way(&DoG{}, b[0], b[1])); same != (blocks != nil) {
				t.Errorf("blocks %v: variables from %d go as if alone: %t", blocks, b[0], same)
			}
		}
	}
	r := &DoG{Blocks: []int{1, 1}}
	r.Reset(2)
	r.Blocks = nil
	defer func() {
		if got, want := fmt.Sprint(recover()), "method: DoG.Step: 1 blocks, want the 2 of Reset"; got != want {
			t.Errorf("Step with other blocks: %q, want %q", got, want)
		}
	}()
	r.Step([]float64{1, 2}, []float64{3, 4})
}

// TestDoWGRegret: Σ r²<g, x-x*> <= r(2d+r)√v likewise, for DoWG.
func TestDoWGRegret(t *testing.T) {
	worst := func(factor float64) (worst float64) {
		for _, c := range convexes(20) {
			r := &DoWG{InitialDistance: 1e-3, Factor: factor}
			sum, far := 0.0, 0.0
			var last, lastg []float64
			c.run(r, 400, 1, func(x, g []float64, _ float64) {
				for i := range last { // r.r and r.v are those of the step from last
					sum += r.r * r.r * lastg[i] * (last[i] - c.best[i])
				}
				far = max(far, distance(x, c.best))
				next := max(r.r, distance(x, c.x0))
				if bound := next * (2*far + next) * math.Sqrt(r.v); bound > 0 {
					worst = max(worst, sum/bound)
				}
				last, lastg = slices.Clone(x), slices.Clone(g)
			})
		}
		return worst
	}
	if w := worst(1); !(w <= 1) || w < 0.1 {
		t.Errorf("regret %v of its bound, want at most 1, and not of another order", w)
	}
	if w := worst(1e-2); !(w > 1) {
		t.Errorf("steps a hundred times shorter keep the bound: %v", w)
	}
}

// TestDoWGIsSooner: from a start distance r₀ that is too small DoWG comes away in about 2 log₂(1/r₀) steps less than DoG. Gradients times
// a power of two change no bit of its way; of DoG's they do, through ε.
func TestDoWGIsSooner(t *testing.T) {
	way := func(r stochopt.Rule, g float64) (xs []float64) {
		r.Reset(1)
		x := []float64{0}
		for range 400 {
			r.Step(x, []float64{-g})
			xs = append(xs, x[0])
		}
		return xs
	}
	half := func(xs []float64) int { return 1 + slices.IndexFunc(xs, func(x float64) bool { return x >= 0.5 }) }
	for r0, want := range map[float64][2]int{1e-3: {12, 24}, 1e-6: {23, 74}, 1e-9: {35, 149}} {
		w, g := &DoWG{InitialDistance: r0}, &DoG{InitialDistance: r0}
		if a, b := half(way(w, 1)), half(way(g, 1)); a != want[0] || b != want[1] {
			t.Errorf("r₀ = %v: DoWG is half way in %d steps, DoG in %d, want %v", r0, a, b, want)
		}
		if !slices.Equal(way(w, 1), way(w, math.Ldexp(1, -20))) || slices.Equal(way(g, 1), way(g, math.Ldexp(1, -20))) {
			t.Error("DoWG depends on the scale of the gradient, or DoG does not")
		}
	}
}

// TestDAdaptUphill: with the gradient turned, d runs away on |x-1|: to 413 after 40 steps from 1e-3 in the form of the paper,
// and with the factor 2 of the program that DAdaptSGD follows, to 1.4e6.
func TestDAdaptUphill(t *testing.T) {
	typed := func(factor float64) float64 {
		d, s, r := 1e-3, 0.0, 0.0
		for range 40 { // the gradient is 1
			r += d * s
			s += d
			d = max(d, factor*r/s)
		}
		return d
	}
	if d := typed(1); math.Abs(d-413) > 1 {
		t.Errorf("the formula gives %v, want 413", d)
	}
	r := &DAdaptSGD{InitialDistance: 1e-3}
	r.Reset(1)
	x := []float64{0}
	for range 40 {
		r.Step(x, []float64{-math.Copysign(1, x[0]-1)})
	}
	if want := typed(2); !(math.Abs(r.d/want-1) < 1e-12) || r.d < 1e6 {
		t.Errorf("d = %v, want %v", r.d, want)
	}
}

// TestFirstDistance: the first step of DoG and DoWG has the length r₀ for any gradient and number of variables.
func TestFirstDistance(t *testing.T) {
	for _, scale := range []float64{1e-8, 1, 1e8} {
		for name, r := range map[string]stochopt.Rule{
			"DoG":  &DoG{InitialDistance: 0.3, Epsilon: stochopt.Zero},
			"DoWG": &DoWG{InitialDistance: 0.3},
		} {
			x0 := []float64{1, -2, 0.5}
			x, g := slices.Clone(x0), []float64{3 * scale, -1 * scale, 2 * scale}
			r.Reset(3)
			r.Step(x, g)
			if d := distance(x, x0); math.Abs(d/0.3-1) > 1e-12 {
				t.Errorf("%s, gradient %v: first step %v, want 0.3", name, g, d)
			}
		}
	}
	// The companion: ε hides a gradient that is small beside its root.
	r := &DoG{InitialDistance: 0.3}
	x := []float64{0}
	r.Reset(1)
	if r.Step(x, []float64{1e-8}); math.Abs(x[0]) > 0.3*1e-3 {
		t.Errorf("with ε: %v", x[0])
	}
	// The default r₀ is relative to the start.
	x = []float64{300, 400}
	d := &DoG{Epsilon: stochopt.Zero}
	d.Reset(2)
	if d.Step(x, []float64{1, 0}); math.Abs(d.r[0]/501e-6-1) > 1e-12 {
		t.Errorf("r₀ = %v at |x₀| = 500", d.r[0])
	}
}

// TestDistanceEstimates: on convex functions with exact gradients d never falls and stays below the distance, for DAdaptSGD
// below twice the distance, which it needs; with the sign of the gradient turned it does not.
func TestDistanceEstimates(t *testing.T) {
	worst := func(make func() (stochopt.Rule, *float64), norm, sign float64, steps int) (worst float64) {
		for _, c := range convexes(20) {
			r, d := make()
			last := 0.0
			full := floats.Distance(c.x0, c.best, norm)
			c.run(r, steps, sign, func([]float64, []float64, float64) {
				if *d < last {
					t.Errorf("%T on %s: d falls from %v to %v", r, c.name, last, *d)
				}
				last = *d
			})
			worst = max(worst, last/full)
		}
		return worst
	}
	sgd := func() (stochopt.Rule, *float64) { r := &DAdaptSGD{InitialDistance: 1e-3}; return r, &r.d }
	prodigy := func() (stochopt.Rule, *float64) { r := &Prodigy{InitialDistance: 1e-3}; return r, &r.d }
	adam := func(b1 float64) func() (stochopt.Rule, *float64) {
		return func() (stochopt.Rule, *float64) { r := &DAdaptAdam{InitialDistance: 1e-3, Beta1: b1}; return r, &r.d }
	}
	if w := worst(adam(stochopt.Zero), math.Inf(1), 1, 400); !(w <= 1) || w < 0.1 {
		t.Errorf("DAdaptAdam without momentum: d up to %v of the distance, want below 1", w)
	}
	if w := worst(adam(0.9), math.Inf(1), 1, 400); !(w > 2) || w > 4 { // it overshoots
		t.Errorf("DAdaptAdam: d up to %v of the distance, want 2 to 4", w)
	}
	if w := worst(adam(stochopt.Zero), math.Inf(1), -1, 50); w < 1e10 {
		t.Errorf("DAdaptAdam, uphill: d up to %v of the distance", w)
	}
	if w := worst(sgd, 2, 1, 60); !(w <= 2) || w < 1 {
		t.Errorf("DAdaptSGD: d up to %v of the distance, want between 1 and 2", w)
	}
	if w := worst(sgd, 2, -1, 40); w < 10 {
		t.Errorf("DAdaptSGD, uphill: d up to %v of the distance", w)
	}
	if w := worst(prodigy, math.Inf(1), 1, 400); !(w <= 1) || w < 0.1 {
		t.Errorf("Prodigy: d up to %v of the distance, want below 1", w)
	}
	if w := worst(prodigy, math.Inf(1), -1, 400); w < 10 {
		t.Errorf("Prodigy, uphill: d up to %v of the distance", w)
	}
}

// TestScheduleFreeMean: x is the weighted mean of z after every step, whatever the schedule; y lies between them. The plain
// mean, where the weights are not equal, is something else.
func TestScheduleFreeMean(t *testing.T) {
	rnd := rand.New(rand.NewPCG(33, 34))
	for _, power := range []float64{0, 2} {
		r := &ScheduleFreeSGD{StepSize: 0.1, Power: power, Schedule: func(k int) float64 {
			return min(1, float64(k+1)/10, 50/float64(k+1)) // up, and down again: w has the greatest so far
		}}
		if power == 0 {
			r.Schedule = nil
		}
		a := &ScheduleFreeAdam{StepSize: 0.1, Power: power, Schedule: r.Schedule}
		for _, c := range []struct {
			rule interface {
				stochopt.Rule
				Estimate(dst, x []float64)
			}
			free *scheduleFree
		}{{r, &r.free}, {a, &a.free}} {
			c.rule.Reset(2)
			y, x := []float64{3, -4}, make([]float64, 2)
			sum, plain, weights, top := make([]float64, 2), make([]float64, 2), 0.0, 0.0
			for k := range 300 {
				c.rule.Step(y, []float64{y[0] + rnd.NormFloat64(), 5*y[1] + rnd.NormFloat64()})
				alpha := 0.1
				if r.Schedule != nil {
					alpha *= r.Schedule(k)
				}
				top = max(top, alpha)
				w := math.Pow(float64(k+1), power) * top * top
				weights += w
				floats.AddScaled(sum, w, c.free.z)
				floats.Add(plain, c.free.z)
				c.rule.Estimate(x, y)
				for i := range x {
					if d := math.Abs(x[i] - sum[i]/weights); d > 1e-12 {
						t.Fatalf("%T, power %v, step %d: x is %v from the mean of z", c.rule, power, k, d)
					}
					if d := math.Abs(y[i] - 0.1*c.free.z[i] - 0.9*x[i]); d > 1e-12 {
						t.Fatalf("%T: y is %v from where it should be", c.rule, d)
					}
				}
			}
			if d := math.Abs(x[0] - plain[0]/300); (d > 1e-3) != (power > 0) {
				t.Errorf("%T, power %v: x is %v from the plain mean", c.rule, power, d)
			}
		}
	}
}

// TestScheduleFreeBetaZero: without β it is SGD, and the answer the mean of SGD's iterates; with β it is not.
func TestScheduleFreeBetaZero(t *testing.T) {
	for _, beta := range []float64{stochopt.Zero, 0.9} {
		rnd := rand.New(rand.NewPCG(35, 36))
		s, r := &SGD{StepSize: 0.1}, &ScheduleFreeSGD{StepSize: 0.1, Beta: beta}
		s.Reset(1)
		r.Reset(1)
		x, y, mean, est := []float64{2}, []float64{2}, 0.0, []float64{0}
		worst := 0.0
		for k := range 200 {
			e := rnd.NormFloat64()
			s.Step(x, []float64{x[0] + e})
			r.Step(y, []float64{y[0] + e})
			mean += (x[0] - mean) / float64(k+1)
			r.Estimate(est, y)
			worst = max(worst, math.Abs(x[0]-y[0]), math.Abs(mean-est[0]))
		}
		if (worst <= 1e-13) != (beta == stochopt.Zero) {
			t.Errorf("β = %v: %v from SGD and its mean", beta, worst)
		}
	}
}

// TestScheduleFreeBound: f(x) - f* <= DG/√k on |x| with α = D/(G√k), for every β, and not at steps a hundredth as long.
func TestScheduleFreeBound(t *testing.T) {
	for _, factor := range []float64{1, 0.01} {
		for _, beta := range []float64{stochopt.Zero, 0.5, 0.9, 0.99} {
			const k, far = 400, 3.0
			r := &ScheduleFreeSGD{StepSize: factor * far / math.Sqrt(k), Beta: beta}
			r.Reset(1)
			y, x := []float64{far}, []float64{0}
			for range k {
				r.Step(y, []float64{math.Copysign(1, y[0])})
			}
			r.Estimate(x, y)
			if ratio := math.Abs(x[0]) / (far / math.Sqrt(k)); (ratio <= 1) != (factor == 1) {
				t.Errorf("β = %v, steps of %v: f is %v of its bound", beta, factor, ratio)
			}
		}
	}
}

// TestScheduleFreeBox: under a projection on a box the answer stays in it and settles on the edge; the mean of z does not.
func TestScheduleFreeBox(t *testing.T) {
	rnd := rand.New(rand.NewPCG(37, 38))
	for _, r := range []interface {
		stochopt.Rule
		Estimate(dst, x []float64)
	}{&ScheduleFreeSGD{StepSize: 0.3}, &ScheduleFreeAdam{StepSize: 0.3}} {
		r.Reset(2)
		y, x := []float64{1, 1}, []float64{0, 0}
		for range 500 {
			r.Step(y, []float64{y[0] + 2 + rnd.NormFloat64(), y[1] - 1 + rnd.NormFloat64()})
			for i := range y {
				y[i] = min(max(y[i], 0.5), 1.5)
			}
			r.Estimate(x, y)
			if !(x[0] >= 0.5 && x[0] <= 1.5 && x[1] >= 0.5 && x[1] <= 1.5) {
				t.Fatalf("%T: the answer %v is outside the box", r, x)
			}
		}
		if x[0] != 0.5 || math.Abs(x[1]-1) > 0.3 {
			t.Errorf("%T: the answer is %v, want 0.5 and about 1", r, x)
		}
	}
}

// TestPolyakHalves: on λ|x|²/2 every step halves x; on G|x| one step is enough; on any convex function |x-x*|² falls by
// (f-f*)²/|g|². A wrong f* breaks all that.
func TestPolyakHalves(t *testing.T) {
	for _, lambda := range []float64{1e-6, 1, 1e6} {
		for _, wrong := range []float64{0, -1} {
			r := &PolyakStep{Minimum: wrong * lambda}
			r.Reset(2)
			x := []float64{3, -4}
			var worst float64
			for range 40 {
				was := slices.Clone(x)
				r.Observe(lambda * floats.Dot(x, x) / 2)
				r.Step(x, []float64{lambda * x[0], lambda * x[1]})
				worst = max(worst, math.Abs(x[0]/was[0]-0.5), math.Abs(x[1]/was[1]-0.5))
			}
			if (worst <= 1e-15) != (wrong == 0) {
				t.Errorf("λ = %v, f* off by %v: %v from halving", lambda, wrong, worst)
			}
		}
	}
	for _, wrong := range []float64{0, -1} {
		worst := 0.0
		for _, c := range convexes(20) {
			bound := math.Inf(1)
			c.run(&PolyakStep{Minimum: wrong}, 100, 1, func(x, g []float64, f float64) {
				d := distance(x, c.best)
				worst = max(worst, d*d-bound)
				bound = d * d
				if sq := floats.Dot(g, g); sq > 0 {
					bound -= f * f / sq
				}
			})
		}
		if (worst < 1e-12) != (wrong == 0) {
			t.Errorf("f* off by %v: |x-x*|² is %v above its bound", wrong, worst)
		}
	}
}

// TestSPSBounds: the step is between min(1/(2cL), γ₀) and γ₀, and without γ₀ it would be longer.
func TestSPSBounds(t *testing.T) {
	const c, curvature = 0.5, 4.0
	longest := 0.0
	for _, top := range []float64{0.1, 0.2, 1, 100} {
		r := &SPS{MaxStep: top}
		for _, slope := range []float64{0.01, 1, curvature} { // f = slope x²/2 has L <= curvature
			r.Reset(1)
			x := []float64{3}
			r.Observe(slope * 9 / 2)
			r.Step(x, []float64{slope * 3})
			gamma := (3 - x[0]) / (slope * 3)
			longest = max(longest, gamma/top)
			if lo := min(1/(2*c*curvature), top); gamma < lo*(1-1e-12) || gamma > top*(1+1e-12) {
				t.Errorf("γ₀ = %v, curvature %v: step %v, want between %v and %v", top, slope, gamma, lo, top)
			}
			if free := 1 / (2 * c * slope); math.Abs(gamma-min(free, top)) > 1e-12*gamma {
				t.Errorf("γ₀ = %v, curvature %v: step %v, want %v", top, slope, gamma, min(free, top))
			}
		}
	}
	if longest < 1-1e-12 {
		t.Errorf("γ₀ has never been reached: %v", longest)
	}
}

// TestSPSGrowth: with Growth the step size rises by that factor at most and falls at once; without, it rises to γ₀ at once.
func TestSPSGrowth(t *testing.T) {
	for _, growth := range []float64{0, 1.25} {
		r := &SPS{MaxStep: 8, Growth: growth}
		r.Reset(1)
		var gammas []float64
		for k := range 30 {
			f := 1e6 // far above |g|²
			if k == 10 {
				f = 1. / 16 // γ would be 1/8
			}
			x := []float64{0}
			r.Observe(f)
			r.Step(x, []float64{1})
			gammas = append(gammas, -x[0])
		}
		if gammas[10] != 1./8 {
			t.Errorf("τ = %v: γ = %v, want 1/8", growth, gammas[10])
		}
		want := 8.0
		if growth > 0 {
			want = 1.25 / 8
		}
		if gammas[11] != want {
			t.Errorf("τ = %v: then γ = %v, want %v", growth, gammas[11], want)
		}
	}
}

// TestNoValue: a Step without the value at x panics, and so does a second one with the same.
func TestNoValue(t *testing.T) {
	for _, r := range []interface {
		stochopt.Rule
		Observe(f float64)
	}{&PolyakStep{}, &SPS{}} {
		panics := func() (p bool) {
			defer func() { p = recover() != nil }()
			r.Step([]float64{1}, []float64{1})
			return
		}
		r.Reset(1)
		first := panics()
		r.Observe(1)
		if second, third := panics(), panics(); !first || second || !third {
			t.Errorf("%T: without a value %t, with one %t, without again %t", r, first, second, third)
		}
	}
}

// TestFTRLIsAdaGrad: without λ₁, λ₂ and β, FTRL is x - αg/√Σg²; with β = 1 it is not.
func TestFTRLIsAdaGrad(t *testing.T) {
	for _, beta := range []float64{stochopt.Zero, 1} {
		rnd := rand.New(rand.NewPCG(39, 40))
		r := &FTRL{StepSize: 0.5, Beta: beta}
		r.Reset(1)
		x, want, n, worst := []float64{0.7}, 0.7, 0.0, 0.0
		for range 100 {
			g := rnd.NormFloat64()
			r.Step(x, []float64{g})
			n += g * g
			want -= 0.5 * g / math.Sqrt(n)
			worst = max(worst, math.Abs(x[0]-want))
		}
		if (worst <= 1e-12) != (beta == stochopt.Zero) {
			t.Errorf("β = %v: %v from AdaGrad", beta, worst)
		}
	}
}

// TestExactZeros: λ₁ in FTRL and RDA makes a variable without influence exactly 0 in noise and leaves the other; without it
// there are no zeros.
func TestExactZeros(t *testing.T) {
	for _, l1 := range []float64{0, 1} {
		for _, r := range []stochopt.Rule{&FTRL{StepSize: 0.5, L1: 100 * l1}, &RDA{StepSize: 0.5, L1: 0.2 * l1}} {
			rnd := rand.New(rand.NewPCG(41, 42))
			r.Reset(2)
			x, zeros := []float64{0, 0}, 0
			for range 2000 {
				r.Step(x, []float64{x[0] - 3 + rnd.NormFloat64(), rnd.NormFloat64()})
				if x[1] == 0 {
					zeros++
				}
			}
			if x[0] < 2 || (zeros > 1900) != (l1 > 0) || l1 == 0 && zeros > 0 {
				t.Errorf("%T, λ₁ %v: x = %v, %d zeros", r, l1, x, zeros)
			}
		}
	}
}

// TestRDAOrder: x depends on the gradients' sum, not on their order; SGD with steps that decay is the companion.
func TestRDAOrder(t *testing.T) {
	end := func(r stochopt.Rule, grads []float64) float64 {
		x := []float64{1}
		r.Reset(1)
		for _, g := range grads {
			r.Step(x, []float64{g})
		}
		return x[0]
	}
	grads := []float64{1, -5, 2.5, 7, -0.1, 3}
	back := slices.Clone(grads)
	slices.Reverse(back)
	want := 1 - 0.1*math.Sqrt(6)*floats.Sum(grads)/6
	if a, b := end(&RDA{StepSize: 0.1}, grads), end(&RDA{StepSize: 0.1}, back); math.Abs(a-want) > 1e-14 || math.Abs(b-want) > 1e-14 {
		t.Errorf("%v and in reverse order %v, want %v", a, b, want)
	}
	decay := func(k int) float64 { return 1 / math.Sqrt(float64(k+1)) }
	if a, b := end(&SGD{StepSize: 0.01, Schedule: decay}, grads), end(&SGD{StepSize: 0.01, Schedule: decay}, back); math.Abs(a-b) < 1e-3 {
		t.Errorf("SGD: %v and in reverse order %v", a, b)
	}
}

// TestCOCOBBets: the first step is 1/a, the scale of the gradient changes nothing, and under a steady gradient x runs away
// exponentially from the aL on, where steps of a sign method are all alike.
func TestCOCOBBets(t *testing.T) {
	way := func(g float64, steps int) []float64 {
		r := &COCOB{Epsilon: stochopt.Zero}
		r.Reset(1)
		x, xs := []float64{0}, []float64{}
		for range steps {
			r.Step(x, []float64{g})
			xs = append(xs, x[0])
		}
		return xs
	}
	a, b := way(1, 200), way(math.Ldexp(1, -40), 200)
	if a[0] != -0.01 || !slices.Equal(a, b) {
		t.Errorf("first step %v, want -0.01; a small gradient gives another way: %t", a[0], !slices.Equal(a, b))
	}
	if first, last := a[1]-a[0], a[199]-a[198]; last/first < 100 {
		t.Errorf("steps from %v to %v: not exponential", first, last)
	}
}

// TestMechanicScale: the step size of the wrapped Rule does not matter, over eight orders of magnitude; without Mechanic it does.
func TestMechanicScale(t *testing.T) {
	for _, wrapped := range []bool{true, false} {
		var least, greatest float64 = math.Inf(1), 0
		for _, alpha := range []float64{1e-6, 1e-2, 1e2} {
			var r stochopt.Rule = &stochopt.Adam{StepSize: alpha}
			if wrapped {
				r = &Mechanic{Rule: r}
			}
			r.Reset(1)
			x := []float64{10}
			for range 2000 {
				r.Step(x, []float64{x[0]})
			}
			least, greatest = min(least, math.Abs(x[0])), max(greatest, math.Abs(x[0]))
		}
		if (greatest < 1) != wrapped {
			t.Errorf("wrapped %t: |x| from %v to %v", wrapped, least, greatest)
		}
	}
}

// TestMechanicLimit: around gradient descent Mechanic is stable up to about s₀αh = 2 and diverges beyond; a
// smaller s₀, or a Rule that does not know the scale of the gradient, moves the limit.
func TestMechanicLimit(t *testing.T) {
	for _, c := range []struct {
		rule stochopt.Rule
		h    float64
		ok   bool
	}{
		{&Mechanic{Rule: &SGD{StepSize: 0.01}}, 1e4, true},
		{&Mechanic{Rule: &SGD{StepSize: 0.01}}, 1e10, true},
		{&Mechanic{Rule: &SGD{StepSize: 0.01}}, 4e10, false},
		{&Mechanic{Rule: &SGD{StepSize: 0.01}}, 1e14, false},
		{&Mechanic{Rule: &SGD{StepSize: 0.01}, InitialScale: 1e-16}, 1e14, true},
		{&Mechanic{Rule: &stochopt.Adam{StepSize: 0.1}}, 1e14, true},
	} {
		c.rule.Reset(1)
		x, most := []float64{10}, 0.0
		for k := range 5000 {
			g := c.h * x[0]
			if math.Abs(g) > 1e140 {
				break // a run ends with an error there
			}
			c.rule.Step(x, []float64{g})
			if k >= 4000 {
				most = max(most, math.Abs(x[0]))
			}
		}
		if ok := most > 0 && most < 10; ok != c.ok {
			t.Errorf("%T of %T, curvature %v: |x| up to %v in the end, want below 10: %t", c.rule, c.rule.(*Mechanic).Rule, c.h, most, c.ok)
		}
	}
}

// TestMechanicSurvives: one huge gradient does not stop the scale from growing for ever after.
func TestMechanicSurvives(t *testing.T) {
	m := &Mechanic{Rule: &stochopt.Adam{StepSize: 0.1}}
	m.Reset(1)
	x := []float64{10}
	for k := range 3000 {
		g := x[0]
		if k == 5 {
			g = 1e180 // V would be infinite
		}
		m.Step(x, []float64{g})
	}
	for i, s := range m.tuners.s {
		if !(s > 0) || math.IsInf(m.tuners.v[i], 0) {
			t.Errorf("ρ = %v: s = %v, √V = %v", mechanicRates[i], s, m.tuners.v[i])
		}
	}
}

// TestMechanicPassesOn: value and answer of the wrapped Rule go through, and its answer is stretched like its iterate.
func TestMechanicPassesOn(t *testing.T) {
	p := &PolyakStep{}
	m := &Mechanic{Rule: p}
	m.Reset(1)
	if m.Observe(7); p.f != 7 {
		t.Errorf("the wrapped Rule has observed %v", p.f)
	}
	f := &ScheduleFreeSGD{StepSize: 0.1}
	m = &Mechanic{Rule: f, InitialScale: 0.5}
	m.Reset(1)
	x, got, inner := []float64{2}, []float64{0}, []float64{0}
	for range 20 {
		m.Step(x, []float64{x[0]})
	}
	m.Estimate(got, x)
	f.Estimate(inner, m.d)
	if want := 2 + m.tuners.scale()*inner[0]; got[0] != want || got[0] == x[0] {
		t.Errorf("answer %v at %v, want %v", got[0], x[0], want)
	}
	m = &Mechanic{Rule: &SGD{}}
	m.Reset(1)
	if m.Estimate(got, x); got[0] != x[0] {
		t.Errorf("the answer of a Rule without one is %v, want the iterate %v", got[0], x[0])
	}
}
