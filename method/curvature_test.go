package method_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// drawer is a Rule that chooses its draws.
type drawer interface {
	stochopt.Rule
	Draw(next stochopt.Sample) (stochopt.Sample, error)
}

// drive runs r for n evaluations as Minimize does, or, if ask is false, on a draw of its own for each of them.
func drive(t *testing.T, r drawer, x []float64, n int, ask bool, grad func(g, x []float64, s stochopt.Sample), after func(k int)) {
	t.Helper()
	g := make([]float64, len(x))
	var next stochopt.Sample
	for k := range n {
		s, err := r.Draw(next)
		if err != nil {
			t.Fatal(err)
		}
		if s == next || !ask {
			s = next
			next.Step++
		}
		grad(g, x, s)
		r.Step(x, g)
		if after != nil {
			after(k)
		}
	}
}

// ravine is the gradient of Σ h x²/2 with normal noise of standard deviation sd.
func ravine(h []float64, sd float64) func(g, x []float64, s stochopt.Sample) {
	return func(g, x []float64, s stochopt.Sample) {
		pcg := s.PCG()
		r := rand.New(&pcg)
		for i, v := range x {
			g[i] = h[i]*v + sd*r.NormFloat64()
		}
	}
}

// TestOLBFGSNoise: with pairs of one draw and enough of them the iterates have the variance of Newton's method,
// ασ²/h²(2-α). With pairs of two draws they are far from it.
func TestOLBFGSNoise(t *testing.T) {
	h := []float64{1, 2, 4, 8}
	const n, settle = 200000, 2000
	for _, ask := range []bool{true, false} {
		const alpha, sd = 0.3, 5
		r := &method.OLBFGS{StepSize: alpha, Memory: 40}
		r.Reset(4)
		x, sq := make([]float64, 4), make([]float64, 4)
		drive(t, r, x, n, ask, ravine(h, sd), func(k int) {
			for i, v := range x {
				if k >= settle && k%2 == 0 {
					sq[i] += v * v / ((n - settle) / 2)
				}
			}
		})
		far := 0
		for i, v := range sq {
			want := alpha * sd * sd / (h[i] * h[i] * (2 - alpha))
			// The squares of a process with the correlations (1-α)ᵏ.
			q := (1 - alpha) * (1 - alpha)
			se := math.Sqrt(2 * (1 + q) / (1 - q) / ((n - settle) / 2))
			// H is not quite the inverse: 3 % besides.
			if d := math.Abs(v/want - 1); ask && d > 5*se+0.03 {
				t.Errorf("component %d: variance %.4g, want %.4g within %.3g", i, v, want, 5*se+0.03)
			} else if d > 0.5 {
				far++
			}
		}
		if !ask && far < 3 {
			t.Errorf("pairs of two draws: only %d variances are far from those of Newton's method", far)
		}
	}
}

// TestOLBFGSNewton: on a quadratic of condition 1e6, with as many pairs as steps, the steps become Newton's; with a tenth
// they do not in that time. Two scales of f give the same bits.
func TestOLBFGSNewton(t *testing.T) {
	h := make([]float64, 20)
	floats.LogSpan(h, 1, 1e6)
	run := func(m int, scale float64) []float64 {
		r := &method.OLBFGS{StepSize: 1, Memory: m}
		r.Reset(len(h))
		x := make([]float64, len(h))
		floats.AddConst(1, x)
		drive(t, r, x, 600, true, func(g, x []float64, _ stochopt.Sample) {
			for i, v := range x {
				g[i] = scale * (h[i] * v)
			}
		}, nil)
		return x
	}
	exact := run(300, 1)
	if d := floats.Norm(exact, 2); d > 1e-20 {
		t.Errorf("300 pairs: |x| = %g", d)
	}
	few := run(10, 1)
	if d := floats.Norm(few, 2); d < 1e-3 || d > 5 {
		t.Errorf("10 pairs: |x| = %g", d)
	}
	if got := run(10, 0x1p60); !slices.Equal(got, few) {
		t.Errorf("another scale of f leads to %v and not to %v", got, few)
	}
}

// TestOLBFGSSecant: the step from a gradient that is the newest y is the newest s, to rounding, whatever the pairs before.
func TestOLBFGSSecant(t *testing.T) {
	const dim = 6
	rnd := rand.New(rand.NewPCG(1, 5))
	vector := func() []float64 {
		v := make([]float64, dim)
		for i := range v {
			v[i] = rnd.NormFloat64()
		}
		return v
	}
	r := &method.OLBFGS{StepSize: 1, Memory: 4}
	r.Reset(dim)
	x := vector()
	var before, s, y []float64
	for range 40 {
		before = slices.Clone(x)
		g := vector()
		r.Step(x, g)
		s = make([]float64, dim)
		floats.SubTo(s, x, before)
		y = make([]float64, dim)
		for i, v := range s { // with a matrix of its own each time, which is positive definite
			y[i] = v*(1+rnd.Float64()*9) + 0.3*s[(i+1)%dim]
		}
		r.Step(x, floats.AddTo(make([]float64, dim), g, y))
	}
	before = slices.Clone(x)
	r.Step(x, y)
	for i, v := range s {
		if d := math.Abs(before[i] - x[i] - v); d > 1e-12*floats.Norm(s, 2) {
			t.Errorf("component %d: H y is off s by %g", i, d)
		}
	}
}

// TestOLBFGSLengths: FirstStep, MaxStep and a negative curvature.
func TestOLBFGSLengths(t *testing.T) {
	r := &method.OLBFGS{FirstStep: 0.25, MaxStep: 0.5, StepSize: 1}
	r.Reset(2)
	x := []float64{3, 4}
	length := func(g ...float64) float64 {
		before := slices.Clone(x)
		r.Step(x, g)
		return floats.Distance(before, x, 2)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: length %v, want %v", what, got, want)
		}
	}
	near("first step", length(3e8, 4e8), 0.25)
	near("negative curvature", length(4e8, 5e8), 0) // y = -c s: no pair
	near("first step again", length(-3e-8, 4e-8), 0.25)
	near("a pair", length(-2e-8, 3e-8), 0)
	near("a step that is bounded", length(1, 1), 0.5)
	near("its pair", length(0, 0), 0)
	near("no gradient", length(0, 0), 0)
	near("no pair of no step", length(1, 0), 0)
}

// TestOLBFGSRosenbrock: from the classical start, without noise.
func TestOLBFGSRosenbrock(t *testing.T) {
	r := &method.OLBFGS{StepSize: 1, MaxStep: 0.5}
	r.Reset(2)
	x := []float64{-1.2, 1}
	drive(t, r, x, 400, true, func(g, x []float64, _ stochopt.Sample) {
		d := x[1] - x[0]*x[0]
		g[0], g[1] = -400*x[0]*d-2*(1-x[0]), 200*d
	}, nil)
	if !floats.EqualApprox(x, []float64{1, 1}, 1e-6) {
		t.Errorf("ends at %v", x)
	}
}

// hessOf is the product with the diagonal matrix h.
func hessOf(h []float64) func(dst, x, v []float64, s stochopt.Sample) error {
	return func(dst, _, v []float64, _ stochopt.Sample) error {
		floats.MulTo(dst, h, v)
		return nil
	}
}

// TestAdaHessianNewton: without memory and ε, α = 1 goes to the minimum of a sum of parabolas in one step, whatever their
// curvatures, and with memory the path is the same in all units. With half the power neither is so.
func TestAdaHessianNewton(t *testing.T) {
	h := []float64{1e-8, -3, 1, 0x1p40, 1e8}
	x0 := []float64{1e5, -2, 3, 1e-3, 1}
	grad := func(g, x []float64, _ stochopt.Sample) { floats.MulTo(g, h, x) }
	for _, power := range []float64{1, 0.5} {
		r := &method.AdaHessian{
			HessVec: hessOf(h), StepSize: 1, Beta1: stochopt.Zero, Beta2: stochopt.Zero, Epsilon: stochopt.Zero, Power: power,
		}
		r.Reset(len(h))
		x := slices.Clone(x0)
		drive(t, r, x, 1, true, grad, nil)
		for i, v := range x {
			want := 0.0
			if h[i] < 0 {
				want = 2 * x0[i] // away from a maximum
			}
			if hit := math.Abs(v-want) <= 1e-14*math.Abs(x0[i]); hit != (power == 1 || h[i] == 1) {
				t.Errorf("power %v: x[%d] = %v after a step from %v", power, i, v, x0[i])
			}
		}
	}
	units := []float64{0x1p-30, 2, 1, 0x1p20, 0x1p60}
	path := func(power float64, units []float64) []float64 {
		hu := make([]float64, len(h))
		u := make([]float64, len(h))
		for i, s := range units {
			hu[i], u[i] = h[i]*s*s, x0[i]/s
		}
		r := &method.AdaHessian{HessVec: hessOf(hu), Epsilon: stochopt.Zero, Power: power}
		r.Reset(len(h))
		drive(t, r, u, 30, true, func(g, u []float64, s stochopt.Sample) {
			rnd := s.Rand()
			for i, v := range u {
				g[i] = units[i] * (h[i]*(units[i]*v) + h[i]*rnd.NormFloat64())
			}
		}, nil)
		return floats.MulTo(u, u, units)
	}
	ones := []float64{1, 1, 1, 1, 1}
	if got, want := path(1, units), path(1, ones); !slices.Equal(got, want) {
		t.Errorf("in other units %v, want %v", got, want)
	}
	if got, want := path(0.5, units), path(0.5, ones); slices.Equal(got, want) {
		t.Error("half the power does not see units either")
	}
}

// TestAdaHessianBounds: where the curvature vanishes the step is α|m|/ε, unless MaxStep bounds it.
func TestAdaHessianBounds(t *testing.T) {
	for bound, want := range map[float64]float64{0: 0.15 * 7 / 1e-4, 0.5: 0.5} {
		r := &method.AdaHessian{HessVec: hessOf([]float64{0, 1}), MaxStep: bound}
		r.Reset(2)
		x := []float64{0, 0}
		drive(t, r, x, 1, true, func(g, _ []float64, _ stochopt.Sample) { g[0], g[1] = 7, 1 }, nil)
		if math.Abs(x[0]+want) > 1e-12*want || math.Abs(x[1]+0.15) > 1e-4 {
			t.Errorf("MaxStep %v: x = %v, want a step of %v", bound, x, want)
		}
	}
}

// TestProbe: the probes are signs, a function of the draw of the gradient and of nothing else, not those that an
// estimator of gradients takes of it, and z (H z) has the mean diag H and the variance of the off-diagonal squares.
func TestProbe(t *testing.T) {
	hess := [][]float64{{2, 1, 0.5}, {1, -1, 3}, {0.5, 3, 4}}
	var probes [][]float64
	var draws []stochopt.Sample
	r := &method.AdaHessian{HessVec: func(dst, x, v []float64, s stochopt.Sample) error {
		probes, draws = append(probes, slices.Clone(v)), append(draws, s)
		for i, row := range hess {
			dst[i] = floats.Dot(row, v)
		}
		return nil
	}}
	run := func(n int) {
		r.Reset(3)
		probes, draws = nil, nil
		drive(t, r, []float64{1, 1, 1}, n, true, ravine([]float64{1, 1, 1}, 1), nil)
	}
	run(10)
	first := probes
	const n = 40000
	run(n)
	for k, z := range first {
		if !slices.Equal(z, probes[k]) {
			t.Errorf("probe %d differs in the second run", k)
		}
	}
	same, sum, sq := 0, make([]float64, 3), make([]float64, 3)
	for k, z := range probes {
		if draws[k] != (stochopt.Sample{Step: k}) {
			t.Fatalf("product %d is of the draw %+v", k, draws[k])
		}
		other := stochopt.Sample{Step: k, Probe: ^0}.Rand()
		bits := other.Uint64()
		for i, v := range z {
			if math.Abs(v) != 1 {
				t.Fatalf("probe %v", z)
			}
			if v == 1-2*float64(bits>>i&1) {
				same++
			}
			d := v * floats.Dot(hess[i], z)
			sum[i] += d
			sq[i] += (d - hess[i][i]) * (d - hess[i][i])
		}
	}
	if d := float64(same)/(3*n) - 0.5; math.Abs(d) > 5*0.5/math.Sqrt(3*n) {
		t.Errorf("%d of %d signs are those of the complemented Probe", same, 3*n)
	}
	for i, row := range hess {
		v := floats.Dot(row, row) - row[i]*row[i]
		if d := sum[i]/n - row[i]; math.Abs(d) > 5*math.Sqrt(v/n) {
			t.Errorf("component %d: mean %v, want %v", i, sum[i]/n, row[i])
		}
		if ratio := sq[i] / n / v; math.Abs(ratio-1) > 5*math.Sqrt(2./n) {
			t.Errorf("component %d: variance %v, want %v", i, sq[i]/n, v)
		}
	}
}

// TestHessVecDraws: the product is of the draw of the gradient, whatever else is evaluated between the gradients and
// however many draws they average.
func TestHessVecDraws(t *testing.T) {
	for _, samples := range []int{1, 4} {
		var grads, products []stochopt.Sample
		hv := func(dst, _, v []float64, s stochopt.Sample) error {
			products = append(products, s)
			copy(dst, v)
			return nil
		}
		oracle := func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if grad != nil {
				if s.Replicate == 0 {
					grads = append(grads, s)
				}
				ravine([]float64{1, 1}, 1)(grad, x, s)
			}
			return x[0] * x[0], nil
		}
		p := stochopt.Problem{Oracle: oracle, Seed: 9, FirstStep: 3, Samples: samples}
		m := &method.Average{Rule: &method.Sophia{HessVec: hv, HessPeriod: 3}}
		s := &optimize.Settings{MajorIterations: 22, Converger: optimize.NeverTerminate{}}
		if _, err := stochopt.Minimize(context.Background(), p, []float64{1, 2}, s, m); err != nil {
			t.Fatal(err)
		}
		var want []stochopt.Sample
		for k := 0; k < 21; k += 3 {
			want = append(want, grads[k])
		}
		if !slices.Equal(products, want) {
			t.Errorf("%d samples: products of %v, want %v", samples, products, want)
		}
	}
}

// TestHessVecFails: an error or a panic of HessVec, or a product that is not finite, ends the run with a cause and a
// finite X, and leaves the state as it was.
func TestHessVecFails(t *testing.T) {
	why := errors.New("no such product")
	for _, how := range []string{"error", "NaN", "Inf", "nothing stored", "huge", "panic"} {
		hv := func(bad int) func(dst, x, v []float64, s stochopt.Sample) error {
			return func(dst, x, v []float64, s stochopt.Sample) error {
				copy(dst, v)
				if s.Step != bad {
					return nil
				}
				switch how {
				case "error":
					return why
				case "NaN":
					dst[1] = math.NaN()
				case "Inf":
					dst[1] = math.Inf(-1)
				case "huge":
					dst[1] = 1e200
				case "nothing stored":
					dst[1] = math.NaN() // what it was
				case "panic":
					panic(why)
				}
				return nil
			}
		}
		for _, run := range []func(m optimize.Method, n int) (*optimize.Result, error){
			func(m optimize.Method, n int) (*optimize.Result, error) {
				s := &optimize.Settings{MajorIterations: n, Converger: optimize.NeverTerminate{}}
				return stochopt.Minimize(context.Background(), noisy, []float64{5, 5}, s, m)
			},
			func(m optimize.Method, n int) (*optimize.Result, error) {
				s := &optimize.Settings{MajorIterations: n, Converger: optimize.NeverTerminate{}}
				return optimize.Minimize(noisy.Optimize(m), []float64{5, 5}, s, m)
			},
		} {
			for _, bad := range []int{0, 6} {
				type rule interface {
					optimize.Method
					MarshalBinary() ([]byte, error)
				}
				makes := map[string]func(bad int) rule{
					"AdaHessian": func(bad int) rule { return &method.AdaHessian{HessVec: hv(bad), HessPeriod: 2} },
					"Sophia":     func(bad int) rule { return &method.Sophia{HessVec: hv(bad), HessPeriod: 2} },
				}
				for name, make := range makes {
					m := make(bad)
					r, err := run(m, 20)
					var ee *stochopt.EvaluationError
					var pe *stochopt.PanicError
					told := errors.As(err, &ee) && ee.Sample.Step == bad
					if how == "panic" {
						told = errors.As(err, &pe)
					}
					if r.Status != optimize.Failure || !told {
						t.Errorf("%s, %s at %d: %v, %v", name, how, bad, r.Status, err)
					}
					if (how == "error" || how == "panic") && !errors.Is(err, why) {
						t.Errorf("%s, %s: %v does not wrap the cause", name, how, err)
					}
					clean := make(-1)
					want, err := run(clean, bad+1)
					if err != nil || !slices.Equal(r.X, want.X) {
						t.Errorf("%s, %s at %d: X = %v, want %v", name, how, bad, r.X, want.X)
					}
					got, _ := m.MarshalBinary()
					if state, _ := clean.MarshalBinary(); !slices.Equal(got, state) {
						t.Errorf("%s, %s at %d: the state is not that before the step", name, how, bad)
					}
				}
			}
		}
	}
	// In a plain loop it is Draw that tells, and a Step that has not asked panics.
	r := &method.Sophia{HessVec: func(_, _, _ []float64, _ stochopt.Sample) error { return why }}
	r.Reset(1)
	x, g := []float64{1}, []float64{1}
	if got := panics(func() { r.Step(x, g) }); got != "method: Sophia.Step: no draw: ask Draw for the Sample of every gradient" {
		t.Errorf("panic %q", got)
	}
	r.Draw(stochopt.Sample{})
	r.Step(x, g)
	if got := panics(func() { r.Step(x, g) }); got == "" {
		t.Error("a step after an error that nobody has seen")
	}
	if _, err := r.Draw(stochopt.Sample{Step: 1}); !errors.Is(err, why) || x[0] != 1 {
		t.Errorf("x = %v, error %v", x, err)
	}
	if s, err := r.Draw(stochopt.Sample{Step: 1}); err != nil || s.Step != 1 {
		t.Errorf("the second time: %+v, %v", s, err)
	}
}

func panics(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// TestSophia: where the curvature is not positive or small it takes the steps of Signum, where it is great those of
// momentum with the step size α/γh, and no step is longer than α.
func TestSophia(t *testing.T) {
	const n = 200
	for _, h := range []float64{-5, 0, 1e-9, 1e6} {
		grad := func(g, _ []float64, s stochopt.Sample) { g[0] = 1 + s.Rand().NormFloat64() }
		sophia := &method.Sophia{HessVec: hessOf([]float64{h}), Beta1: 0.9, Beta2: stochopt.Zero, HessPeriod: 1, Gamma: 2}
		signum := &method.Signum{Momentum: 0.9}
		newton := &method.SGD{StepSize: 0.01 / (2 * h), Momentum: 0.9, Dampening: 0.9}
		if h <= 0 {
			newton.StepSize = 1
		}
		a, b, c := []float64{0}, []float64{0}, []float64{0}
		sophia.Reset(1)
		signum.Reset(1)
		newton.Reset(1)
		var last float64
		drive(t, sophia, a, n, true, func(g, x []float64, s stochopt.Sample) {
			grad(g, x, s)
			signum.Step(b, g)
			newton.Step(c, g)
		}, func(int) {
			if math.Abs(a[0]-last) > 0.01*(1+1e-12) {
				t.Fatalf("curvature %v: a step of %v", h, a[0]-last)
			}
			last = a[0]
		})
		if sign := math.Abs(a[0]-b[0]) < 1e-12; sign != (h < 1) {
			t.Errorf("curvature %v: at %v, Signum at %v", h, a[0], b[0])
		}
		if newt := math.Abs(a[0]/c[0]-1) < 1e-12; newt != (h > 1) {
			t.Errorf("curvature %v: at %v, Newton's method at %v", h, a[0], c[0])
		}
	}
}

// TestSAMBias: SAM comes to rest away from the minimum of x²/2 + c x³/3, by what its comment says to first order. SGD
// does not.
func TestSAMBias(t *testing.T) {
	const rho, sd, c, alpha = 0.3, 2, 0.4, 0.002
	grad := func(g, x []float64, s stochopt.Sample) {
		pcg := s.PCG()
		g[0] = x[0] + c*x[0]*x[0] + sd*rand.New(&pcg).NormFloat64()
	}
	const n = 1000000
	var sum float64
	r := &method.SAM{Rule: &method.SGD{StepSize: alpha}, Radius: rho}
	r.Reset(1)
	at := []float64{0}
	x := []float64{0}
	drive(t, r, x, n, true, grad, func(k int) {
		if r.Estimate(at, x); k >= n/20 && k%2 == 0 {
			sum += at[0] / (0.95 * n / 2)
		}
	})
	slope := 1 + math.Sqrt(2/math.Pi)*rho/sd
	variance := alpha * sd * sd / 2 / slope // of x; it has a bias of its own
	want := -c * (rho*rho + variance) / slope
	se := sd / slope / math.Sqrt(0.95*n/2)
	if math.Abs(sum-want) > 5*se {
		t.Errorf("rests at %.4f, want %.4f within %.4f", sum, want, 5*se)
	}
	if sgd := -c * alpha * sd * sd / 2; math.Abs(sum-sgd) < 5*se {
		t.Errorf("rests at %.4f like SGD, which rests at %.4f", sum, sgd)
	}
}

// TestSAMPair: both gradients of a step are of one draw, the answer is θ all the time, Rule sees the values that belong
// to its gradients, and without a gradient the second point is the first.
func TestSAMPair(t *testing.T) {
	s := &spy{}
	r := &method.SAM{Rule: s, Radius: 0.5}
	r.Reset(2)
	x, theta := []float64{3, 4}, make([]float64, 2)
	next := stochopt.Sample{Seed: 1<<63 + 5, Step: 7, Probe: -1}
	step := func(f float64, g ...float64) stochopt.Sample {
		d, _ := r.Draw(next)
		if d == next {
			next.Step++
		}
		r.Observe(f)
		r.Step(x, g)
		return d
	}
	first := step(10, 3e200, 4e200)
	if want := []float64{3.3, 4.4}; !floats.EqualApprox(x, want, 1e-15) {
		t.Errorf("the point nearby is %v, want %v", x, want)
	}
	if r.Estimate(theta, x); !slices.Equal(theta, []float64{6, 8}) { // spy doubles
		t.Errorf("the answer is %v", theta)
	}
	if second := step(20, 1, 2); second != first {
		t.Errorf("draws %+v and %+v", first, second)
	}
	if !slices.Equal(s.f, []float64{20}) || !slices.Equal(s.x, []float64{3, 4}) || !slices.Equal(x, []float64{2, 2}) {
		t.Errorf("x = %v, Rule has seen %+v", x, s)
	}
	if third := step(30, 0, 0); third.Step != first.Step+1 || !slices.Equal(x, []float64{2, 2}) {
		t.Errorf("without a gradient: draw %+v, x = %v", third, x)
	}
}

// TestMoMoTiny: where the square of the gradient vanishes the step is α, as everywhere far above f*.
func TestMoMoTiny(t *testing.T) {
	r, x := &method.MoMo{MaxStep: 1e180}, []float64{0}
	r.Reset(1)
	r.Observe(1e-10)
	if r.Step(x, []float64{1e-180}); math.Abs(x[0]+1) > 1e-12 {
		t.Errorf("x = %v, want -1", x[0])
	}
}

// TestAdafactorIsAdaGrad: with a plain mean for v, no clipping and steps of one scale it is AdaGrad.
func TestAdafactorIsAdaGrad(t *testing.T) {
	for _, power := range []float64{1, 0.8} {
		a := &method.Adafactor{StepSize: 1, MinScale: 100, ClipRMS: 1e9, DecayPower: power, Epsilon: stochopt.Zero}
		b := &method.AdaGrad{StepSize: 100, Epsilon: stochopt.Zero}
		x, y, g := []float64{1, 2, 3}, []float64{1, 2, 3}, make([]float64, 3)
		a.Reset(3)
		b.Reset(3)
		rnd := rand.New(rand.NewPCG(1, 1))
		var d float64
		for range 50 {
			for i := range g {
				g[i] = 1e-3 * rnd.NormFloat64()
			}
			// Within reach of MinScale, rms(x) does not matter.
			a.Step(x, g)
			b.Step(y, g)
			d = max(d, floats.Distance(x, y, 2))
			for i := range x {
				if math.Abs(x[i]) > 50 {
					x[i], y[i] = 0, y[i]-x[i]
				}
			}
		}
		if same := d < 1e-9; same != (power == 1) {
			t.Errorf("power %v: %.3g away from AdaGrad", power, d)
		}
	}
}

// TestAdafactorStep: the root mean square of the step of a block is at most α d max(ξ, rms(x)), which a first step with
// equal magnitudes has in full.
func TestAdafactorStep(t *testing.T) {
	r := &method.Adafactor{Blocks: []int{2, 1}}
	r.Reset(3)
	x, before := []float64{3, 4, 0}, []float64{3, 4, 0}
	r.Step(x, []float64{-1e7, 1e-7, 5})
	for i, want := range []float64{math.Sqrt(12.5) * 0.01, -math.Sqrt(12.5) * 0.01, -1e-3 * 0.01} {
		if got := x[i] - before[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d is %v, want %v", i, got, want)
		}
	}
}

// TestSWATSSwitches: it takes up the step size of Adam's steps, which along a gradient of one size is α/|g|, and the
// whole is the same for all scales of f, bit for bit. In noise it does not switch by itself.
func TestSWATSSwitches(t *testing.T) {
	run := func(scale, tolerance, sd float64, n int) []float64 {
		r := &method.SWATS{StepSize: 0.1, Epsilon: stochopt.Zero, Tolerance: tolerance}
		r.Reset(1)
		x, g := []float64{0}, []float64{0}
		rnd := rand.New(rand.NewPCG(1, 2))
		var steps []float64
		for k := range n {
			g[0] = scale * (4 + sd*rnd.NormFloat64())
			if k > n/2 {
				g[0] *= 3
			}
			last := x[0]
			r.Step(x, g)
			steps = append(steps, last-x[0])
		}
		return steps
	}
	steps := run(1, 0, 0, 400)
	if first, last := steps[100], steps[399]; math.Abs(first-0.1) > 1e-5 || math.Abs(last-0.3) > 1e-5 {
		t.Errorf("steps of %v, and of %v from three times the gradient, want 0.1 and 0.3", first, last)
	}
	if got := run(1, 0, 0.5, 400); got[399] > 0.29 {
		t.Errorf("a step of %v in noise", got[399])
	}
	for _, tolerance := range []float64{0, 0.3} {
		if !slices.Equal(run(0x1p50, tolerance, 0.5, 400), run(1, tolerance, 0.5, 400)) {
			t.Error("another scale of f makes other steps")
		}
	}
}

// TestWNGradIsAdaGradNorm: in the end it is AdaGradNorm with α/√2, unless the first gradient was long beside b₀.
func TestWNGradIsAdaGradNorm(t *testing.T) {
	for _, first := range []float64{0.1, 100} {
		a, b := &method.WNGrad{StepSize: 1}, &method.AdaGradNorm{StepSize: math.Sqrt(0.5)}
		a.Reset(2)
		b.Reset(2)
		x, y, g := []float64{0, 0}, []float64{0, 0}, []float64{first, 0}
		var ratio float64
		for range 20000 {
			x[0], y[0] = 0, 0
			a.Step(x, g)
			b.Step(y, g)
			ratio = x[0] / y[0]
			g[0] = 0.1
		}
		if end := math.Abs(ratio-1) < 0.01; end != (first == 0.1) {
			t.Errorf("first gradient %v: the ratio of the steps is %v", first, ratio)
		}
	}
	// b is in units of the gradient.
	a, b := &method.WNGrad{Initial: 0x1p30}, &method.WNGrad{}
	a.Reset(2)
	b.Reset(2)
	x, y := []float64{1, 1}, []float64{1, 1}
	for k := range 20 {
		g := []float64{math.Sin(float64(k)), 2}
		b.Step(y, g)
		floats.Scale(0x1p30, g)
		a.Step(x, g)
	}
	if !slices.Equal(x, y) {
		t.Errorf("in other units %v, want %v", x, y)
	}
}

// TestAdEMAMix: without the long mean it is Adam, and with it a steady gradient moves x by (1+γ)α a step in the end.
func TestAdEMAMix(t *testing.T) {
	for _, mix := range []float64{stochopt.Zero, 5} {
		a, b := &method.AdEMAMix{StepSize: 0.1, Mix: mix, Beta3: 0.99}, &stochopt.Adam{}
		x, y, g := []float64{1, 2}, []float64{1, 2}, make([]float64, 2)
		a.Reset(2)
		b.Reset(2)
		rnd := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			g[0], g[1] = rnd.NormFloat64(), 1e5*rnd.NormFloat64()
			a.Step(x, g)
			b.Step(y, g)
		}
		if adam := floats.EqualApprox(x, y, 1e-13); adam != (mix == stochopt.Zero) {
			t.Errorf("mix %v: %v, Adam is at %v", mix, x, y)
		}
	}
	r := &method.AdEMAMix{StepSize: 0.1, Beta3: 0.99}
	r.Reset(1)
	x, last := []float64{0}, 0.0
	for range 3000 {
		last = x[0]
		r.Step(x, []float64{7})
	}
	if d := last - x[0]; math.Abs(d-0.6) > 1e-6 {
		t.Errorf("a step of %v, want 0.6", d)
	}
}

// TestNovoGradBlocks: the first step of each block has the length α, the last of a steady gradient α/(1-β₁), and
// neither depends on the scale of the gradient.
func TestNovoGradBlocks(t *testing.T) {
	r := &method.NovoGrad{StepSize: 0.01, Blocks: []int{2, 1}, Epsilon: stochopt.Zero}
	r.Reset(3)
	x := []float64{0, 0, 0}
	g := []float64{3e-170, 4e-170, -1e150}
	r.Step(x, g)
	if want := []float64{-0.006, -0.008, 0.01}; !floats.EqualApprox(x, want, 1e-16) {
		t.Errorf("first step to %v, want %v", x, want)
	}
	before := make([]float64, 3)
	for range 500 {
		copy(before, x)
		r.Step(x, g)
	}
	if got, want := floats.SubTo(before, before, x), []float64{0.06, 0.08, -0.1}; !floats.EqualApprox(got, want, 1e-12) {
		t.Errorf("last step %v, want %v", got, want)
	}
}

// TestNormalizedSGDSkewed: on x²/2 with noise of 3 in one draw of four and of -1 else, it comes to rest near the
// minimum with a long mean, and at 1, where the signs of the gradients have the mean 0, with none.
func TestNormalizedSGDSkewed(t *testing.T) {
	for mu, want := range map[float64]float64{0: 1, 0.995: 0} {
		rnd := rand.New(rand.NewPCG(1, 2))
		r := &method.NormalizedSGD{StepSize: 0.001, Momentum: mu}
		var mean float64
		const n, settle = 200000, 20000
		k := 0
		steps(r, n, []float64{0.5}, func(g, x []float64) {
			g[0] = x[0] - 1
			if rnd.IntN(4) == 0 {
				g[0] = x[0] + 3
			}
			if k++; k > settle {
				mean += x[0] / (n - settle)
			}
		})
		if math.Abs(mean-want) > 0.1 {
			t.Errorf("momentum %v: rests at %v, want %v", mu, mean, want)
		}
	}
}

// TestMoMo: without memory it is SPS, and far from the origin it goes the way that it goes near it.
func TestMoMo(t *testing.T) {
	a, b := &method.MoMo{Beta: stochopt.Zero, MaxStep: 0.2, Minimum: -3}, &method.SPS{Divisor: 1, MaxStep: 0.2, Minimum: -3}
	near, far := &method.MoMo{MaxStep: 0.2}, &method.MoMo{MaxStep: 0.2}
	a.Reset(1)
	b.Reset(1)
	near.Reset(1)
	far.Reset(1)
	const origin = 0x1p30
	x, y, u, v := []float64{4}, []float64{4}, []float64{4}, []float64{4 + origin}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		noise := rnd.NormFloat64()
		grad := func(x float64) []float64 { return []float64{x + noise} }
		value := func(x float64) float64 { return x*x/2 + noise*x }
		a.Observe(value(x[0]))
		a.Step(x, grad(x[0]))
		b.Observe(value(y[0]))
		b.Step(y, grad(y[0]))
		near.Observe(value(u[0]))
		near.Step(u, grad(u[0]))
		far.Observe(value(v[0] - origin))
		far.Step(v, grad(v[0]-origin))
	}
	if x[0] != y[0] {
		t.Errorf("without memory at %v, SPS at %v", x[0], y[0])
	}
	if d := v[0] - origin - u[0]; math.Abs(d) > 1e-5 { // x is rounded to 2e-7
		t.Errorf("far from the origin it ends %g beside", d)
	}
}

// TestCautious: with momentum but no noise the values never rise, which those of momentum alone do; a step whose
// components all go down is Rule's.
func TestCautious(t *testing.T) {
	h := []float64{1, 30}
	rises := func(r stochopt.Rule) (n int) {
		last := math.Inf(1)
		steps(r, 1000, []float64{1, 1}, func(g, x []float64) {
			f := 0.0
			for i, v := range x {
				g[i] = h[i] * v
				f += h[i] * v * v / 2
			}
			if f > last {
				n++
			}
			last = f
		})
		return n
	}
	momentum := func() stochopt.Rule { return &method.SGD{StepSize: 0.0003, Momentum: 0.9} }
	if n := rises(&method.Cautious{Rule: momentum()}); n != 0 {
		t.Errorf("the value rises %d times", n)
	}
	if n := rises(momentum()); n == 0 {
		t.Error("momentum does not overshoot")
	}
	// Of three components one goes up, one stays: the third goes three times as far.
	s := &method.SGD{StepSize: 1, Momentum: 0.5}
	c := &method.Cautious{Rule: s}
	c.Reset(3)
	x := []float64{0, 0, 0}
	c.Step(x, []float64{-8, 0, -1})
	if want := []float64{12, 0, 1.5}; !slices.Equal(x, want) {
		t.Errorf("first step to %v, want %v", x, want)
	}
	c.Step(x, []float64{1, 0, -1}) // the buffer is -3, 0, -1.5
	if want := []float64{12, 0, 1.5 + 4.5}; !slices.Equal(x, want) {
		t.Errorf("second step to %v, want %v", x, want)
	}
}

// TestDecay: around Adam it is AdamW, and around SGD a penalty in the objective.
func TestDecay(t *testing.T) {
	schedule := func(k int) float64 { return 1 / float64(1+k) }
	c := []float64{1, -1}
	adam := &method.Decay{Rule: &stochopt.Adam{Schedule: schedule}, Rate: 0.1 * 0.5, Center: c, Schedule: schedule}
	adamW := &method.AdamW{StepSize: 0.1, WeightDecay: 0.5, Center: c, Schedule: schedule}
	sgd := &method.Decay{Rule: &method.SGD{StepSize: 0.1}, Rate: 0.1 * 0.5, Center: c}
	penalty := &method.SGD{StepSize: 0.1}
	xs := make([][]float64, 4)
	for i, r := range []stochopt.Rule{adam, adamW, sgd, penalty} {
		rnd := rand.New(rand.NewPCG(1, 1))
		xs[i] = steps(r, 50, []float64{5, 5}, func(g, x []float64) {
			for j, v := range x {
				g[j] = rnd.NormFloat64()
				if r == penalty {
					g[j] += 0.5 * (v - c[j])
				}
			}
		})
	}
	if !floats.EqualApprox(xs[0], xs[1], 1e-14) {
		t.Errorf("around Adam %v, AdamW is at %v", xs[0], xs[1])
	}
	if !floats.EqualApprox(xs[2], xs[3], 1e-13) {
		t.Errorf("around SGD %v, with the penalty %v", xs[2], xs[3])
	}
}

// TestFromageLength: a step at a right angle leaves the length as it is, the scale of the gradient does not matter, and
// without a gradient x shrinks.
func TestFromageLength(t *testing.T) {
	for _, scale := range []float64{1e-200, 1, 1e150} {
		r := &method.Fromage{StepSize: 0.1}
		r.Reset(2)
		x := []float64{3, 4}
		r.Step(x, []float64{-4 * scale, 3 * scale})
		if n := floats.Norm(x, 2); math.Abs(n-5) > 1e-14 {
			t.Errorf("scale %v: length %v, want 5", scale, n)
		}
		r.Step(x, []float64{0, 0})
		if n := floats.Norm(x, 2); math.Abs(n-5/math.Sqrt(1.01)) > 1e-14 {
			t.Errorf("scale %v: without a gradient length %v", scale, n)
		}
	}
}

// TestSMORMS3Alone: without a Schedule it ends nearer to a minimum than RMSProp, unless the gradient hardly shows where that is.
func TestSMORMS3Alone(t *testing.T) {
	const dim = 100
	away := func(r stochopt.Rule, h float64) float64 {
		rnd := rand.New(rand.NewPCG(1, 2))
		x := steps(r, 30000, slices.Repeat([]float64{3}, dim), func(g, x []float64) {
			for i := range g {
				g[i] = h*x[i] + rnd.NormFloat64()
			}
		})
		return floats.Norm(x, 2) / math.Sqrt(dim)
	}
	for _, c := range []struct{ h, smorms3, rmsProp float64 }{{1, 0.01, 0.07}, {0.01, 1.7, 0.8}} {
		a, b := away(&method.SMORMS3{}, c.h), away(&method.RMSProp{}, c.h)
		if math.Abs(a/c.smorms3-1) > 0.15 || math.Abs(b/c.rmsProp-1) > 0.15 {
			t.Errorf("curvature %v: SMORMS3 is %v away and RMSProp %v, want %v and %v", c.h, a, b, c.smorms3, c.rmsProp)
		}
	}
}

// TestSMORMS3: in noise alone the steps decay about like 1/k, and of a steady gradient they are α.
func TestSMORMS3(t *testing.T) {
	const dim = 2000
	r := &method.SMORMS3{StepSize: 1}
	r.Reset(dim)
	x, before, g := make([]float64, dim), make([]float64, dim), make([]float64, dim)
	rnd := rand.New(rand.NewPCG(1, 1))
	var early, late float64
	for k := range 4400 {
		for i := range g {
			g[i] = rnd.NormFloat64()
		}
		copy(before, x)
		r.Step(x, g)
		if d := floats.Distance(x, before, 1); k >= 3600 {
			late += d / 800
		} else if k >= 900 && k < 1100 {
			early += d / 200
		}
	}
	if ratio := early / late; ratio < 3.5 || ratio > 4.5 {
		t.Errorf("steps of %v and %v, a ratio of %v, want about 4", early, late, ratio)
	}
	x = steps(&method.SMORMS3{StepSize: 0.1}, 200, []float64{0}, func(g, _ []float64) { g[0] = 1e-3 })
	if math.Abs(x[0]+20) > 0.1 {
		t.Errorf("200 steps of a steady gradient lead to %v, want -20", x[0])
	}
}
