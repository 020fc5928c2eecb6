package gradient_test

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// carrier is an Oracle that carries the state of a run.
type carrier interface {
	Oracle() stochopt.Oracle
	Reset()
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// sampleSize is a SampleSize of o.
type sampleSize struct {
	*gradient.SampleSize
	o stochopt.Oracle
}

func (c sampleSize) Oracle() stochopt.Oracle { return c.SampleSize.Oracle(c.o) }

// reduced are those that reduce the variance of a sum.
var reduced = map[string]func(fs gradient.FiniteSum, b int) carrier{
	"SVRG":   func(fs gradient.FiniteSum, b int) carrier { return &gradient.SVRG{Sum: fs, Batch: b} },
	"SARAH":  func(fs gradient.FiniteSum, b int) carrier { return &gradient.SARAH{Sum: fs, Batch: b} },
	"SARAH+": func(fs gradient.FiniteSum, b int) carrier { return &gradient.SARAH{Sum: fs, Batch: b, Gamma: 0.125} },
	"SAGA":   func(fs gradient.FiniteSum, b int) carrier { return &gradient.SAGA{Sum: fs, Batch: b} },
	"SAG":    func(fs gradient.FiniteSum, b int) carrier { return &gradient.SAG{Sum: fs, Batch: b} },
}

// carriers are all.
func carriers(fs gradient.FiniteSum) map[string]func() carrier {
	all := map[string]func() carrier{
		"SampleSize": func() carrier {
			return sampleSize{&gradient.SampleSize{Min: 2, Max: 40}, fs.Sampled(1)}
		},
		"SampleSize of the inner product": func() carrier {
			return sampleSize{&gradient.SampleSize{Min: 2, Max: 40, InnerProduct: true, Theta: 0.3}, fs.Sampled(1)}
		},
		"SampleSize of a Test": func() carrier {
			return sampleSize{&gradient.SampleSize{Min: 2, Max: 40, Test: &stopping.Pflug{}}, fs.Sampled(1)}
		},
	}
	for name, make := range reduced {
		all[name] = func() carrier { return make(fs, 3) }
	}
	return all
}

// regression is a linear or logistic misfit of n points and 5 parameters with a ridge, strongly convex, and a bound of
// the curvature of its terms.
func regression(n int, logistic bool) (fs gradient.FiniteSum, bound float64) {
	const ridge = 0.05
	r := rand.New(rand.NewPCG(3, uint64(n)))
	a, y := make([][]float64, n), make([]float64, n)
	for i := range a {
		a[i] = make([]float64, 5)
		for k := range a[i] {
			a[i][k] = r.NormFloat64()
		}
		y[i] = 2*a[i][0] - a[i][1] + r.NormFloat64()
		bound = max(bound, floats.Dot(a[i], a[i])+ridge)
	}
	if logistic {
		bound = bound/4 + ridge
	}
	return gradient.FiniteSum{N: n, Term: func(grad, x []float64, i int) float64 {
		z := floats.Dot(a[i], x)
		f, d := (z-y[i])*(z-y[i])/2, z-y[i]
		if logistic {
			sign := math.Copysign(1, y[i])
			f, d = math.Log1p(math.Exp(-sign*z)), -sign/(1+math.Exp(sign*z))
		}
		if grad != nil {
			floats.AddScaled(grad, d, a[i])
			floats.AddScaled(grad, ridge, x)
		}
		return f + ridge*floats.Dot(x, x)/2
	}}, bound
}

func never() optimize.Converger { return optimize.NeverTerminate{} }

// gradientNorm is that of the whole sum.
func gradientNorm(t *testing.T, fs gradient.FiniteSum, x []float64) float64 {
	t.Helper()
	_, g := evaluate(t, fs.Full(), x, stochopt.Sample{})
	return floats.Norm(g, 2)
}

// TestLinearConvergence: with SGD at a constant step the gradient falls by 1e-12, at an even rate; that of a minibatch
// stays.
func TestLinearConvergence(t *testing.T) {
	x0 := []float64{1, 1, 1, 1, 1}
	for _, logistic := range []bool{false, true} {
		fs, bound := regression(50, logistic)
		start := gradientNorm(t, fs, x0)
		after := func(o stochopt.Oracle, step float64, draws int) float64 {
			s := &optimize.Settings{Converger: never(), MajorIterations: draws}
			r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: o, Seed: 1}, x0, s, &method.SGD{StepSize: step})
			if err != nil {
				t.Fatal(err)
			}
			return gradientNorm(t, fs, r.X) / start
		}
		for name, step := range map[string]float64{"SVRG": 0.1, "SARAH": 0.5, "SARAH+": 0.5, "SAGA": 1. / 3, "SAG": 1. / 16} {
			for _, b := range []int{1, 4} {
				draws := 12_000
				if name == "SAG" || name == "SVRG" {
					draws = 20_000
				}
				o := func() stochopt.Oracle { return reduced[name](fs, b).Oracle() }
				end := after(o(), step/bound, draws)
				half := after(o(), step/bound, draws/8)
				quarter := after(o(), step/bound, draws/16)
				if rate := math.Log(half) / math.Log(quarter); !(rate > 1.5 && rate < 2.5) { // twice the draws, the square of the fall
					t.Errorf("logistic %t, %s, batch %d: the gradient has fallen by %v, %v: not linear", logistic, name, b, quarter, half)
				}
				if !(end < 1e-12) {
					t.Errorf("logistic %t, %s, batch %d: the gradient has fallen by %v", logistic, name, b, end)
				}
			}
		}
		for name, o := range map[string]stochopt.Oracle{"Sampled": fs.Sampled(4), "Shuffled": fs.Shuffled(4)} {
			if end := after(o, 0.1/bound, 10_000); end < 1e-4 {
				t.Errorf("logistic %t, %s: the gradient has fallen by %v: the test cannot fail", logistic, name, end)
			}
		}
	}
}

// TestVarianceOfBatches: what chance chooses is unbiased and has the variance of batches without replacement. All noise
// after a first draw at w is that of ∇f_i(x) - ∇f_i(w).
func TestVarianceOfBatches(t *testing.T) {
	const n, b, draws = 20, 6, 10_000
	fs := line(n)
	w, x := []float64{0.3, -0.7}, []float64{1.1, 0.4}
	_, fullGrad := evaluate(t, fs.Full(), x, stochopt.Sample{})
	var mean, s2 float64
	diff := make([]float64, n)
	for i := range n {
		g, h := make([]float64, 2), make([]float64, 2)
		fs.Term(g, x, i)
		fs.Term(h, w, i)
		diff[i] = g[1] - h[1]
		mean += diff[i] / n
	}
	for _, d := range diff {
		s2 += (d - mean) * (d - mean) / (n - 1)
	}
	for name, make := range reduced {
		o := make(fs, b).Oracle()
		m, v, seM, seV := moments(draws, func(k int) float64 {
			s := stochopt.Sample{Seed: uint64(k)} // a run of its own
			evaluate(t, o, w, s)
			s.Step = 1
			_, g := evaluate(t, o, x, s)
			return g[1]
		})
		want := s2 / b * (1 - float64(b)/n)
		if name == "SAG" {
			far(t, name+": mean", m, fullGrad[1], seM)
			want *= float64(b*b) / (n * n)
		} else {
			near(t, name+": mean", m, fullGrad[1], seM)
		}
		near(t, name+": variance", v, want, seV)
		far(t, name+": variance", v, want/(1-float64(b)/n), seV)
	}
	// A batch of all terms is the whole sum, to rounding.
	for name, make := range reduced {
		o := make(fs, n).Oracle()
		evaluate(t, o, w, stochopt.Sample{})
		if f, g := evaluate(t, o, x, stochopt.Sample{Step: 1}); math.Abs(g[1]-fullGrad[1]) > 1e-14 {
			t.Errorf("%s: a batch of all terms gives %v %v, want %v", name, f, g, fullGrad)
		}
	}
}

// twice is gradient descent that evaluates each draw at two points.
type twice struct {
	step float64
	k    int
	last stochopt.Sample
}

func (r *twice) Reset(int) { r.k = 0 }

func (r *twice) Draw(next stochopt.Sample) (stochopt.Sample, error) {
	if r.k%2 == 0 {
		r.last = next
	}
	return r.last, nil
}

func (r *twice) Step(x, grad []float64) {
	r.k++
	floats.AddScaled(x, -r.step, grad)
}

// TestCarriersBothDrivers: the same bits by both, also where a method asks for values at points of its own, for which
// optimize.Minimize happens to take the gradient as well, or for the same draw again.
func TestCarriersBothDrivers(t *testing.T) {
	fs, bound := regression(30, false)
	for name, make := range carriers(fs) {
		for kind, m := range map[string]func() optimize.Method{
			"SGD":     func() optimize.Method { return &method.SGD{StepSize: 0.05 / bound} },
			"Adam":    func() optimize.Method { return &stochopt.Adam{} },
			"twice":   func() optimize.Method { return &stochopt.Sequential{Rule: &twice{step: 0.05 / bound}} },
			"Average": func() optimize.Method { return &method.Average{Rule: &method.SGD{StepSize: 0.05 / bound}} },
		} {
			for _, first := range []int{0, 9} {
				s := &optimize.Settings{Converger: never(), MajorIterations: 150}
				problem := func() stochopt.Problem { return stochopt.Problem{Oracle: make().Oracle(), Seed: 1, FirstStep: first} }
				x0 := []float64{1, 1, 1, 1, 1}
				got, err := stochopt.Minimize(context.Background(), problem(), x0, s, m())
				by := m()
				want, err2 := optimize.Minimize(problem().Optimize(by), x0, s, by)
				if err != nil || err2 != nil || got.F != want.F || !slices.Equal(got.X, want.X) || !slices.Equal(got.Gradient, want.Gradient) {
					t.Errorf("%s with %s: %v %v %v, by optimize.Minimize %v %v %v", name, kind, got.X, got.F, err, want.X, want.F, err2)
				}
			}
			// A second run with the same value begins afresh.
			p := stochopt.Problem{Oracle: make().Oracle(), Seed: 1}
			s := &optimize.Settings{Converger: never(), MajorIterations: 20}
			one, err := stochopt.Minimize(context.Background(), p, []float64{1, 1, 1, 1, 1}, s, m())
			two, err2 := stochopt.Minimize(context.Background(), p, []float64{1, 1, 1, 1, 1}, s, m())
			if err != nil || err2 != nil || one.F != two.F || !slices.Equal(one.X, two.X) {
				t.Errorf("%s with %s: a second run gives %v %v %v, not %v %v %v", name, kind, two.X, two.F, err2, one.X, one.F, err)
			}
		}
	}
}

// walk makes draws first, ..., last-1 of a run over a fixed way and returns their bits.
func walk(t *testing.T, o stochopt.Oracle, first, last int) (bits []float64) {
	t.Helper()
	for k := first; k < last; k++ {
		f, g := evaluate(t, o, place(k), stochopt.Sample{Seed: 1 << 63, Step: k})
		bits = append(append(bits, f), g...)
	}
	return bits
}

func place(k int) []float64 {
	x := make([]float64, 5)
	for i := range x {
		x[i] = math.Sin(float64(3*k + i))
	}
	return x
}

// TestCarriersState: stopped after any draw and restored into a new value, a run goes on as if nothing had happened,
// whether with the next Sample or, as Minimize does, with the last one again.
func TestCarriersState(t *testing.T) {
	fs, _ := regression(12, false)
	for name, make := range carriers(fs) {
		const n = 40
		want := walk(t, make().Oracle(), 0, n)
		for stop := range n {
			c := make()
			walk(t, c.Oracle(), 0, stop)
			data, err := c.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			for again := range 2 {
				r := make()
				walk(t, r.Oracle(), 0, 3*again) // what it has known before does not matter
				if err := r.UnmarshalBinary(data); err != nil {
					t.Fatal(err)
				}
				from := max(0, stop-again)
				if got := walk(t, r.Oracle(), from, n); !slices.Equal(got, want[6*from:]) {
					t.Errorf("%s: stopped after %d draws, going on from %d: other bits", name, stop, from)
				}
				if twice, err := r.MarshalBinary(); err != nil || len(twice) < 40 {
					t.Errorf("%s: %v", name, err)
				}
			}
			// Damage is an error and leaves the value as it was.
			before, _ := c.MarshalBinary()
			for cut := range len(data) {
				if err := c.UnmarshalBinary(data[:cut]); err == nil {
					t.Fatalf("%s: %d of %d bytes are taken for a state", name, cut, len(data))
				}
				if cut > 200 {
					break
				}
			}
			if after, _ := c.MarshalBinary(); !slices.Equal(before, after) {
				t.Errorf("%s: changed by a failure", name)
			}
		}
		c := make()
		walk(t, c.Oracle(), 0, 3)
		c.Reset()
		data, err := c.MarshalBinary()
		if err == nil {
			err = make().UnmarshalBinary(data)
		}
		if err != nil {
			t.Errorf("%s: after Reset: %v", name, err)
		}
	}
	for name, make := range reduced { // of another sum
		c := make(fs, 3)
		walk(t, c.Oracle(), 0, 9)
		data, _ := c.MarshalBinary()
		other, _ := regression(13, false)
		if err := make(other, 3).UnmarshalBinary(data); err == nil {
			t.Errorf("%s: the state of another sum is taken", name)
		}
	}
}

// TestCarriersResume: a run of Minimize, stopped with its method and its Oracle and resumed, equals one that was not.
func TestCarriersResume(t *testing.T) {
	fs, bound := regression(30, false)
	for name, make := range carriers(fs) {
		run := func(c carrier, first, n int, x []float64, m optimize.Method) []float64 {
			p := stochopt.Problem{Oracle: c.Oracle(), FirstStep: first}
			r, err := stochopt.Minimize(context.Background(), p, x, &optimize.Settings{Converger: never(), MajorIterations: n}, m)
			if err != nil {
				t.Fatal(err)
			}
			return r.X
		}
		x0 := []float64{1, 1, 1, 1, 1}
		want := run(make(), 0, 100, x0, &method.SGD{StepSize: 0.05 / bound, Momentum: 0.5})
		c, m := make(), &method.SGD{StepSize: 0.05 / bound, Momentum: 0.5}
		x := run(c, 0, 61, x0, m)
		oracle, _ := c.MarshalBinary()
		rule, _ := m.MarshalBinary()
		c, m = make(), &method.SGD{StepSize: 0.05 / bound, Momentum: 0.5}
		if err := c.UnmarshalBinary(oracle); err != nil {
			t.Fatal(err)
		}
		m.Reset(5)
		if err := m.UnmarshalBinary(rule); err != nil {
			t.Fatal(err)
		}
		if got := run(c, 60, 40, x, &stochopt.Sequential{Rule: m, Warm: true}); !slices.Equal(got, want) {
			t.Errorf("%s: resumed %v, at a stretch %v", name, got, want)
		}
	}
}

// TestCarriersSequence: a Sample out of turn is an error that says why; one that repeats the last is not.
func TestCarriersSequence(t *testing.T) {
	fs, _ := regression(12, false)
	for name, make := range carriers(fs) {
		c := make()
		o := c.Oracle()
		want := walk(t, make().Oracle(), 0, 30)
		seed := uint64(1 << 63)
		for k := range 30 {
			s := stochopt.Sample{Seed: seed, Step: k}
			f, err := o(nil, place(k), s) // first the value alone, and at other points, some of them a fault of the caller
			if err != nil || f != want[6*k] {
				t.Fatalf("%s: value alone of draw %d: %v %v, want %v", name, k, f, err, want[6*k])
			}
			evaluate(t, o, place(k+1), s)
			for text, bad := range map[string]stochopt.Sample{
				"must follow one another": {Seed: seed, Step: k + 2},
				"Steps of a run":          {Seed: seed + 1, Step: k + 1},
				"one draw a Step":         {Seed: seed, Step: k, Replicate: 1},
				"PerPoint":                {Seed: seed, Step: k, Probe: -1},
				"negative":                {Seed: seed, Step: -1},
			} {
				if f, err := o(nil, place(k), bad); err == nil || !strings.Contains(err.Error(), text) || f == f {
					t.Fatalf("%s: %+v after %+v: %v %v", name, bad, s, f, err)
				}
			}
			if k > 1 {
				if _, err := o(nil, place(k), stochopt.Sample{Seed: seed, Step: k - 1}); err == nil {
					t.Fatalf("%s: back from Step %d", name, k)
				}
			}
			if k > 0 { // Step 0 would begin a run with four variables
				if _, err := o(nil, place(k)[:4], s); err == nil || !strings.Contains(err.Error(), "5 variables") {
					t.Fatalf("%s: four variables in Step %d: %v", name, k, err)
				}
			}
			if _, err := o(make4(), place(k), s); err == nil || !strings.Contains(err.Error(), "len(grad) = 4") {
				t.Fatalf("%s: %v", name, err)
			}
			f, g := evaluate(t, o, place(k), s)
			if got := append([]float64{f}, g...); !slices.Equal(got, want[6*k:6*k+6]) {
				t.Fatalf("%s: draw %d after repetitions: %v, want %v", name, k, got, want[6*k:6*k+6])
			}
		}
		// Afresh: by Step 0, and by Reset at any Step.
		if got := walk(t, o, 0, 10); !slices.Equal(got, want[:60]) {
			t.Errorf("%s: a second run differs", name)
		}
		c.Reset()
		late := walk(t, o, 5, 10)
		if got := walk(t, make().Oracle(), 5, 10); !slices.Equal(got, late) {
			t.Errorf("%s: a run after Reset differs", name)
		}
		if got := walk(t, o, 9, 10); !slices.Equal(got, late[24:]) {
			t.Errorf("%s: the last draw again differs", name)
		}
		// Averages and points of their own are for Oracles without a state.
		for _, p := range []stochopt.Problem{{Samples: 2}, {Samples: 2, Concurrent: 2}, {PerPoint: true}} {
			p.Oracle = make().Oracle()
			r, err := stochopt.Minimize(context.Background(), p, place(0), nil, &method.SGD{})
			if err == nil || r.Status != optimize.Failure {
				t.Errorf("%s: %+v: %v %v", name, p, r, err)
			}
		}
	}
}

func make4() []float64 { return make([]float64, 4) }

// TestCarriersUnderChoosers: rules that evaluate a draw twice have the gain of reduced variance, and one whose draws are the
// terms of a sum is told that they do not go together.
func TestCarriersUnderChoosers(t *testing.T) {
	fs, bound := regression(50, false)
	x0 := place(0)
	run := func(o stochopt.Oracle, m optimize.Method) (*optimize.Result, error) {
		s := &optimize.Settings{MajorIterations: 20_000, Converger: never()}
		return stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: o, Seed: 1}, x0, s, m)
	}
	floor := func(name string, o stochopt.Oracle, m optimize.Method) float64 {
		r, err := run(o, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return 0
		}
		return gradientNorm(t, fs, r.X)
	}
	sam := func() optimize.Method {
		return &method.SAM{Rule: &method.SGD{StepSize: 0.1 / bound}, Radius: 1e-9}
	}
	lbfgs := func() optimize.Method { return &method.OLBFGS{StepSize: 0.1} }
	plainSAM, plainLBFGS := floor("minibatches", fs.Shuffled(3), sam()), floor("minibatches", fs.Shuffled(3), lbfgs())
	for name, make := range reduced {
		if got := floor(name+" under SAM", make(fs, 3).Oracle(), sam()); got > 1e-7 {
			t.Errorf("%s under SAM: gradient %v", name, got)
		}
		if name != "SAG" { // biased, which differences of gradients do not forgive
			if got := floor(name+" under OLBFGS", make(fs, 3).Oracle(), lbfgs()); got > 1e-12 {
				t.Errorf("%s under OLBFGS: gradient %v", name, got)
			}
		}
	}
	if plainSAM < 1e-4 || plainLBFGS < 1e-4 {
		t.Errorf("minibatches reach gradients %v and %v: the test cannot fail", plainSAM, plainLBFGS)
	}
	for name, make := range carriers(fs) {
		if _, err := run(make().Oracle(), &method.SFO{Terms: 50}); err == nil || !strings.Contains(err.Error(), "no terms of a sum") {
			t.Errorf("%s under SFO: %v", name, err)
		}
	}
}

// TestCarriersAtOnce: two draws at a time are an error, not a race, and whatever else touches the state is misuse.
func TestCarriersAtOnce(t *testing.T) {
	for name := range reduced {
		var c carrier
		var inner error
		fs, _ := regression(12, false)
		term := fs.Term
		fs.Term = func(grad, x []float64, i int) float64 {
			if inner == nil {
				_, inner = c.Oracle()(nil, x, stochopt.Sample{})
				wantPanic(t, "during a draw", c.Reset)
				wantPanic(t, "during a draw", func() { c.MarshalBinary() })
				wantPanic(t, "during a draw", func() { c.UnmarshalBinary(nil) })
			}
			return term(grad, x, i)
		}
		c = reduced[name](fs, 2)
		evaluate(t, c.Oracle(), place(0), stochopt.Sample{})
		if inner == nil || !strings.Contains(inner.Error(), "twice at once") {
			t.Errorf("%s: %v", name, inner)
		}
	}
}

// TestCarriersBadDraws: a draw that is not finite or panics leaves no trace in the state: neither in a repetition nor in
// what follows.
func TestCarriersBadDraws(t *testing.T) {
	for name, make := range reduced {
		for _, panics := range []bool{false, true} {
			fs, _ := regression(12, false)
			term, bad := fs.Term, 0 // after how many terms a draw is bad, if > 0
			fs.Term = func(grad, x []float64, i int) float64 {
				f := term(grad, x, i)
				if bad > 0 {
					if bad--; bad == 0 {
						if panics {
							panic("bad")
						}
						grad[2] = math.NaN()
					}
				}
				return f
			}
			spoil := func(o stochopt.Oracle, k, after int) (err any) {
				bad = after
				defer func() {
					if v := recover(); v != nil {
						err = v
					}
					bad = 0
				}()
				g := []float64{0, 0, 0, 0, 0}
				o(g, place(k), stochopt.Sample{Seed: 1 << 63, Step: k})
				if g[2] != g[2] {
					return "bad"
				}
				return nil
			}
			want := walk(t, make(fs, 3).Oracle(), 0, 40)
			for k := range 40 {
				for after := 1; after <= 3; after++ {
					c := make(fs, 3)
					o := c.Oracle()
					walk(t, o, 0, k)
					if spoil(o, k, after) == nil && name != "SVRG" && !strings.HasPrefix(name, "SARAH") {
						t.Fatalf("%s: draw %d is not bad", name, k)
					}
					data, err := c.MarshalBinary()
					if err != nil {
						t.Fatal(err)
					}
					if err := c.UnmarshalBinary(data); err != nil {
						t.Fatalf("%s: the state after a bad draw: %v", name, err)
					}
					if got := walk(t, o, k, 40); !slices.Equal(got, want[6*k:]) {
						t.Fatalf("%s: draw %d repeated after a bad one: other bits", name, k)
					}
					// Left out, it must not spread.
					o = make(fs, 3).Oracle()
					walk(t, o, 0, k)
					spoil(o, k, after)
					for i, v := range walk(t, o, k+1, 45) {
						if v-v != 0 {
							t.Fatalf("%s: after a bad draw %d, number %d of what follows is %v", name, k, i, v)
						}
					}
				}
			}
		}
	}
}

// TestCarriersBadStart: after a first draw whose repetition at another point has panicked half way, the next begins
// afresh.
func TestCarriersBadStart(t *testing.T) {
	for name, make := range reduced {
		fs, _ := regression(12, false)
		full, term, left := fs.Full(), fs.Term, math.MaxInt
		fs.Term = func(grad, x []float64, i int) float64 {
			if left--; left == 0 {
				panic("bad")
			}
			return term(grad, x, i)
		}
		o := make(fs, 3).Oracle()
		s := stochopt.Sample{Seed: 1}
		evaluate(t, o, place(0), s)
		left = 7
		wantPanic(t, "bad", func() { o(nil, place(9), s) })
		s.Step = 1
		f, g := evaluate(t, o, place(1), s)
		if want, grad := evaluate(t, full, place(1), s); math.Abs(f-want) > 1e-14 || !floats.EqualApprox(g, grad, 1e-14) {
			t.Errorf("%s: %v %v, want %v %v", name, f, g, want, grad)
		}
	}
}

// TestCarriersOtherDimension: a run may have other variables than the one before, even if that was a single draw.
func TestCarriersOtherDimension(t *testing.T) {
	bowl := gradient.FiniteSum{N: 6, Term: func(grad, x []float64, i int) float64 {
		if grad != nil {
			floats.AddScaled(grad, float64(i), x)
		}
		return float64(i) * floats.Dot(x, x) / 2
	}}
	for name, make := range carriers(bowl) {
		o := make().Oracle()
		for _, n := range []int{5, 2, 3} {
			for k := range 2 {
				f, g := evaluate(t, o, place(k)[:n], stochopt.Sample{Step: k})
				want, grad := evaluate(t, make().Oracle(), place(k)[:n], stochopt.Sample{Step: k})
				if k == 0 && (f != want || !slices.Equal(g, grad)) {
					t.Errorf("%s, %d variables: %v %v, want %v %v", name, n, f, g, want, grad)
				}
			}
			evaluate(t, o, place(0)[:n], stochopt.Sample{})
		}
	}
}

// TestGradientOfValue: the gradient is that of the value, given the state; that of SAG is not.
func TestGradientOfValue(t *testing.T) {
	fs, _ := regression(12, true)
	for name, make := range reduced {
		o := make(fs, 3).Oracle()
		walk(t, o, 0, 7)
		r, err := gradient.Check(o, place(7), stochopt.Sample{Seed: 1 << 63, Step: 7})
		if err != nil || r.OK != (name != "SAG") {
			t.Errorf("%s: %v %v", name, r, err)
		}
	}
}

func TestReducedPanics(t *testing.T) {
	fs := line(4)
	for want, c := range map[string]carrier{
		"gradient: FiniteSum.N = 0":       &gradient.SVRG{},
		"gradient: FiniteSum.Term is nil": &gradient.SAG{Sum: gradient.FiniteSum{N: 4}},
		"gradient: SVRG.Batch = 5":        &gradient.SVRG{Sum: fs, Batch: 5},
		"gradient: SVRG.Period = -1":      &gradient.SVRG{Sum: fs, Period: -1},
		"gradient: SARAH.Batch = -1":      &gradient.SARAH{Sum: fs, Batch: -1},
		"gradient: SARAH.Period = -2":     &gradient.SARAH{Sum: fs, Period: -2},
		"gradient: SARAH.Gamma = 1":       &gradient.SARAH{Sum: fs, Gamma: 1},
		"gradient: SARAH.Gamma = NaN":     &gradient.SARAH{Sum: fs, Gamma: math.NaN()},
		"gradient: SAGA.Batch = 5":        &gradient.SAGA{Sum: fs, Batch: 5},
		"gradient: SAG.Batch = 5":         &gradient.SAG{Sum: fs, Batch: 5},
	} {
		wantPanic(t, want, func() { c.Oracle() })
	}
}

func TestReducedAllocations(t *testing.T) {
	fs := line(1000)
	x, grad := []float64{1, 2}, make([]float64, 2)
	for name, make := range reduced {
		o, k := make(fs, 10).Oracle(), 0
		draw := func() {
			for range 400 { // with snapshots and fresh sums
				o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		}
		if got := testing.AllocsPerRun(5, draw); got != 0 {
			t.Errorf("%s: %v allocations in 400 draws", name, got)
		}
	}
}

// weighted is a misfit to four data of unequal weights. Its minimum is at their weighted mean, 6, with the value 5.
var weighted = gradient.FiniteSum{N: 4, Term: func(grad, x []float64, i int) float64 {
	d := x[0] - []float64{2, 4, 6, 8}[i]
	if grad != nil {
		grad[0] += d * float64(i+1)
	}
	return d * d / 2 * float64(i+1)
}}

func ExampleSVRG() {
	sgd, s := &method.SGD{StepSize: 0.025}, &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 2000}
	for _, o := range []stochopt.Oracle{(&gradient.SVRG{Sum: weighted}).Oracle(), weighted.Sampled(1)} {
		r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Oracle: o, Seed: 1}, []float64{0}, s, sgd)
		fmt.Printf("%.4f %.4f %v\n", r.X, r.F, err)
	}
	// Output:
	// [6.0000] 5.0000 <nil>
	// [5.9512] 8.3955 <nil>
}

func ExampleSARAH() {
	p := stochopt.Problem{Oracle: (&gradient.SARAH{Sum: weighted, Gamma: 0.125}).Oracle(), Seed: 1}
	s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 2000}
	r, err := stochopt.Minimize(context.Background(), p, []float64{0}, s, &method.SGD{StepSize: 0.025})
	fmt.Printf("%.4f %.4f %v\n", r.X, r.F, err)
	// Output: [6.0000] 5.0000 <nil>
}

func ExampleSAGA() {
	p := stochopt.Problem{Oracle: (&gradient.SAGA{Sum: weighted, Batch: 2}).Oracle(), Seed: 1}
	s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 2000}
	r, err := stochopt.Minimize(context.Background(), p, []float64{0}, s, &method.SGD{StepSize: 0.025})
	fmt.Printf("%.4f %.4f %v\n", r.X, r.F, err)
	// Output: [6.0000] 5.0000 <nil>
}

func ExampleSAG() {
	p := stochopt.Problem{Oracle: (&gradient.SAG{Sum: weighted}).Oracle(), Seed: 1}
	s := &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 2000}
	r, err := stochopt.Minimize(context.Background(), p, []float64{0}, s, &method.SGD{StepSize: 0.025})
	fmt.Printf("%.4f %.4f %v\n", r.X, r.F, err)
	// Output: [6.0000] 5.0000 <nil>
}

func BenchmarkReduced(b *testing.B) {
	fs, _ := regression(10_000, false)
	x, grad := []float64{1, 2, 3, 4, 5}, make([]float64, 5)
	for name, make := range reduced {
		b.Run(name, func(b *testing.B) {
			o := make(fs, 32).Oracle()
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}

// TestTwelveDigits: GradientThreshold without a Converger gets twelve digits of a logistic regression, where the default stop of
// stochopt.Minimize can end the run long before, as it does those of SVRG and SAGA here.
func TestTwelveDigits(t *testing.T) {
	const n, dim = 500, 5
	r := rand.New(rand.NewPCG(1, 2))
	a, y := make([][]float64, n), make([]float64, n)
	for i := range a {
		a[i] = make([]float64, dim)
		for j := range a[i] {
			a[i][j] = r.NormFloat64()
		}
		if r.Float64() < 1/(1+math.Exp(-a[i][0]-2*a[i][1])) {
			y[i] = 1
		}
	}
	fs := gradient.FiniteSum{N: n, Term: func(grad, x []float64, i int) float64 {
		z := floats.Dot(a[i], x)
		if grad != nil {
			floats.AddScaled(grad, 1/(1+math.Exp(-z))-y[i], a[i])
			floats.AddScaled(grad, 1e-3, x)
		}
		return math.Log1p(math.Exp(z)) - float64(y[i]*z) + 5e-4*floats.Dot(x, x)
	}}
	for name, of := range reduced {
		length := func(settings *optimize.Settings) float64 {
			p := stochopt.Problem{Oracle: of(fs, 1).Oracle(), Seed: 1}
			r, err := stochopt.Minimize(context.Background(), p, make([]float64, dim), settings, &method.SGD{StepSize: 0.1})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			g := make([]float64, dim)
			fs.Full()(g, r.X, stochopt.Sample{})
			return floats.Norm(g, 2)
		}
		if l := length(&optimize.Settings{GradientThreshold: 1e-13, Converger: optimize.NeverTerminate{}}); l > 5e-12 {
			t.Errorf("%s: gradient of length %.2g with the threshold", name, l)
		}
		if l := length(nil); l < 1e-7 && (name == "SVRG" || name == "SAGA") {
			t.Errorf("%s: gradient of length %.2g with the default stop", name, l)
		}
	}
}
