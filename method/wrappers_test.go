package method_test

import (
	"bytes"
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// wrapper is what every Rule that holds a Rule is.
type wrapper interface {
	stochopt.Rule
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
	Observe(f float64)
	Estimate(dst, x []float64)
}

// wrappers make each wrapper around a Rule, with settings that do not change what the Rule gets in one variable.
var wrappers = map[string]func(r stochopt.Rule) wrapper{
	"Accumulate":         func(r stochopt.Rule) wrapper { return &method.Accumulate{Rule: r, Count: 1} },
	"Average":            func(r stochopt.Rule) wrapper { return &method.Average{Rule: r, Start: 100} },
	"Cautious":           func(r stochopt.Rule) wrapper { return &method.Cautious{Rule: r} },
	"Clip":               func(r stochopt.Rule) wrapper { return &method.Clip{Rule: r, Value: 1e6} },
	"Decay":              func(r stochopt.Rule) wrapper { return &method.Decay{Rule: r, Rate: stochopt.Zero} },
	"DropWhenStationary": func(r stochopt.Rule) wrapper { return &method.DropWhenStationary{Rule: r} },
	"Freeze":             func(r stochopt.Rule) wrapper { return &method.Freeze{Rule: r} },
	"Lookahead":          func(r stochopt.Rule) wrapper { return &method.Lookahead{Rule: r, SyncPeriod: 100} },
	"Noise":              func(r stochopt.Rule) wrapper { return &method.Noise{Rule: r, Variance: stochopt.Zero} },
	"Scale":              func(r stochopt.Rule) wrapper { return &method.Scale{Rule: r, Unit: func(int) float64 { return 1 }} },
	"TailAverage":        func(r stochopt.Rule) wrapper { return &method.TailAverage{Rule: r} },
}

// spy is a Rule with the optional interfaces and no state. Its answer is twice the iterate.
type spy struct {
	dim, steps int
	f          []float64
	x, g       []float64
}

func (r *spy) Reset(dim int)             { *r = spy{dim: dim} }
func (r *spy) Observe(f float64)         { r.f = append(r.f, f) }
func (r *spy) Estimate(dst, x []float64) { floats.ScaleTo(dst, 2, x) }
func (r *spy) Step(x, grad []float64) {
	r.steps++
	r.x, r.g = slices.Clone(x), slices.Clone(grad)
	floats.AddScaled(x, -1, grad)
}

// TestWrappersForward: Reset, Observe, Step and Estimate come through one wrapper and through two.
func TestWrappersForward(t *testing.T) {
	for outerName, outer := range wrappers {
		for innerName, inner := range wrappers {
			if innerName == "Lookahead" && (outerName == "Cautious" || outerName == "DropWhenStationary") {
				continue // they refuse it: TestNestings
			}
			name := outerName + " of " + innerName
			s := &spy{steps: 7}
			w := outer(inner(s))
			w.Reset(1)
			if s.dim != 1 || s.steps != 0 {
				t.Errorf("%s: the Rule is not reset", name)
			}
			x := []float64{8}
			for _, f := range []float64{3, 5} {
				w.Observe(f)
				w.Step(x, []float64{1})
			}
			if !slices.Equal(s.f, []float64{3, 5}) || x[0] != 6 || s.x[0] != 7 || s.g[0] != 1 || s.steps != 2 {
				t.Errorf("%s: x = %v, the Rule has seen %+v", name, x, s)
			}
			dst, want := []float64{0}, 12.0
			if strings.Contains(name, "Tail") {
				want = 6.5 // the mean of both iterates
			}
			if w.Estimate(dst, x); dst[0] != want && !(innerName == "TailAverage" && outerName == "TailAverage") {
				t.Errorf("%s: Estimate %v, want %v", name, dst[0], want)
			}
			if x[0] != 6 {
				t.Errorf("%s: Estimate changes x to %v", name, x[0])
			}
		}
	}
}

// TestWrappersState: what cannot be marshalled says so, and what is of another Rule is refused and changes nothing.
func TestWrappersState(t *testing.T) {
	for name, wrap := range wrappers {
		w := wrap(&spy{})
		w.Reset(1)
		_, err := w.MarshalBinary()
		if want := "stochopt: state of " + name + ": its Rule, *method_test.spy, has no MarshalBinary"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if err := w.UnmarshalBinary(nil); err == nil || !strings.HasSuffix(err.Error(), "has no UnmarshalBinary") {
			t.Errorf("%s: error %v", name, err)
		}

		inner := &method.SGD{Momentum: 0.9}
		w = wrap(inner)
		w.Reset(1)
		x := []float64{8}
		w.Observe(0)
		w.Step(x, []float64{1})
		good, err := w.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		alien := wrap(&stochopt.Adam{})
		alien.Reset(1)
		other, _ := alien.MarshalBinary()
		if err := w.UnmarshalBinary(other); err == nil || !strings.Contains(err.Error(), `state of SGD: the data is the state of "Adam"`) {
			t.Errorf("%s: error %v", name, err)
		}
		if now, _ := w.MarshalBinary(); !bytes.Equal(now, good) {
			t.Errorf("%s: a bad state has changed it", name)
		}
	}
}

// steps runs r on x over the gradients f(x) and returns x.
func steps(r stochopt.Rule, n int, x []float64, f func(g, x []float64)) []float64 {
	r.Reset(len(x))
	g := make([]float64, len(x))
	for range n {
		f(g, x)
		r.Step(x, g)
	}
	return x
}

// TestClipNorm: clipping by norm keeps the direction, that by value does not.
func TestClipNorm(t *testing.T) {
	for _, c := range []struct {
		rule *method.Clip
		want []float64
	}{
		{&method.Clip{Norm: 1}, []float64{-0.6, -0.8}},
		{&method.Clip{Value: 1}, []float64{-1, -1}},
		{&method.Clip{Value: 1, Norm: 1}, []float64{-math.Sqrt(0.5), -math.Sqrt(0.5)}},
		{&method.Clip{Norm: 6e150}, []float64{-3, -4}},
	} {
		c.rule.Rule = &method.SGD{StepSize: 1}
		x := steps(c.rule, 1, []float64{0, 0}, func(g, x []float64) { g[0], g[1] = 3, 4 })
		if !floats.EqualApprox(x, c.want, 1e-15) {
			t.Errorf("Value %v, Norm %v: %v, want %v", c.rule.Value, c.rule.Norm, x, c.want)
		}
	}
	x := steps(&method.Clip{Rule: &method.SGD{StepSize: 1}, Norm: 1}, 1, []float64{0, 0}, func(g, x []float64) { g[0], g[1] = 3e153, 4e153 })
	if !floats.EqualApprox(x, []float64{-0.6, -0.8}, 1e-15) {
		t.Errorf("large gradient: %v", x)
	}
}

// TestClipBias: on x²/2 with noise of 3 in one draw of four and of -1 else, a bound of 1 moves the point of rest to where
// (x-1)·3/4 + 1/4 = 0, x = 2/3. Without a bound it is 0.
func TestClipBias(t *testing.T) {
	const paths, n = 2000, 2000
	for _, c := range []struct{ bound, want float64 }{{1, 2. / 3}, {1e9, 0}} {
		rnd := rand.New(rand.NewPCG(1, 2))
		x := steps(&method.Clip{Rule: &method.SGD{StepSize: 0.01}, Value: c.bound}, n, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = v - 1
				if rnd.IntN(4) == 0 {
					g[i] = v + 3
				}
			}
		})
		// Without a bound, the variance is ασ²/(2-α) = 0.015 at σ² = 3; with one it is less.
		if mean := stat.Mean(x, nil); !(math.Abs(mean-c.want) <= 5*math.Sqrt(0.015/paths)) {
			t.Errorf("bound %v: mean %v, want %v", c.bound, mean, c.want)
		}
	}
}

// TestClipHeavyTails: in Cauchy noise gradient descent with steps like 1/k has a mean with the spread of one draw, and clipped
// one that vanishes.
func TestClipHeavyTails(t *testing.T) {
	const paths, n = 1000, 1000
	spread := func(r stochopt.Rule) float64 {
		rnd := rand.New(rand.NewPCG(3, 4))
		x := steps(r, n, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = v + math.Tan(math.Pi*(rnd.Float64()-0.5))
			}
		})
		for i, v := range x {
			x[i] = math.Abs(v)
		}
		slices.Sort(x)
		return x[paths/2]
	}
	sgd := func() *method.SGD {
		return &method.SGD{StepSize: 1, Schedule: func(k int) float64 { return 1 / float64(k+1) }}
	}
	// The median of |Cauchy| is 1, with the standard error π/2√n.
	if m := spread(sgd()); math.Abs(m-1) > 5*math.Pi/2/math.Sqrt(paths) {
		t.Errorf("not clipped: median %v, want 1", m)
	}
	if m := spread(&method.Clip{Rule: sgd(), Value: 3}); m > 0.1 {
		t.Errorf("clipped: median %v", m)
	}
}

// TestAverageVariance: the mean of the iterates 1, ..., T of gradient descent from 0 on λx²/2 has the variance
// (s/λT)² Σ(1-qᵏ)², which at T = 100 is not yet that of the limit, s²/λ²T.
func TestAverageVariance(t *testing.T) {
	const alpha, lambda, s, paths, n = 0.1, 2, 1.5, 20000, 100
	const q = 1 - alpha*lambda
	var want float64
	for k := 1; k <= n; k++ {
		want += math.Pow(s/lambda/n*(1-math.Pow(q, float64(k))), 2)
	}
	if math.Abs(want/0.0052750-1) > 1e-4 {
		t.Fatalf("the formula gives %v, want 0.0052750", want)
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	r := &method.Average{Rule: &method.SGD{StepSize: alpha}}
	x := steps(r, n, make([]float64, paths), func(g, x []float64) {
		for i, v := range x {
			g[i] = lambda*v + s*rnd.NormFloat64()
		}
	})
	mean := make([]float64, paths)
	r.Estimate(mean, x)
	v, se := stat.PopVariance(mean, nil), math.Sqrt(2./paths)
	if !(math.Abs(v/want-1) <= 5*se) {
		t.Errorf("variance %v, want %v", v, want)
	}
	if math.Abs(v/0.005625-1) <= 5*se {
		t.Errorf("variance %v is that of the limit", v)
	}
}

// TestAverageWeights: the means of a known path, against sums over all of it.
func TestAverageWeights(t *testing.T) {
	const n = 40
	for name, c := range map[string]struct {
		rule   wrapper
		weight func(j, k int) float64 // of iterate j at iterate k
	}{
		"uniform":     {&method.Average{}, func(j, k int) float64 { return 1 }},
		"linear":      {&method.Average{Power: 1}, func(j, k int) float64 { return float64(j) }},
		"power 3":     {&method.Average{Power: 3}, func(j, k int) float64 { return float64(j * (j + 1) * (j + 2)) }},
		"exponential": {&method.Average{Decay: 0.8}, func(j, k int) float64 { return math.Pow(0.8, float64(k-j)) }},
		"start": {&method.Average{Start: 5}, func(j, k int) float64 {
			if j <= 5 && k > 5 || k <= 5 && j < k {
				return 0
			}
			return 1
		}},
		"tail": {&method.TailAverage{}, func(j, k int) float64 {
			first := 1 // of the window before the present one
			for 4*first <= k {
				first *= 2
			}
			if j >= first {
				return 1
			}
			return 0
		}},
	} {
		base := &method.SGD{StepSize: 1}
		switch r := c.rule.(type) {
		case *method.Average:
			r.Rule = base
		case *method.TailAverage:
			r.Rule = base
		}
		c.rule.Reset(1)
		rnd := rand.New(rand.NewPCG(7, 8))
		x, dst, past := []float64{50}, []float64{0}, []float64{}
		if c.rule.Estimate(dst, x); dst[0] != 50 {
			t.Errorf("%s: at the start %v", name, dst[0])
		}
		for k := 1; k <= n; k++ {
			c.rule.Step(x, []float64{rnd.NormFloat64()})
			x[0] = max(x[0], 48) // a projection: the mean is of projected points
			past = append(past, x[0])
			var sum, weights float64
			for j, v := range past {
				w := c.weight(j+1, k)
				sum += w * v
				weights += w
			}
			if c.rule.Estimate(dst, x); !(math.Abs(dst[0]-sum/weights) <= 1e-12) {
				t.Errorf("%s: after %d steps %v, want %v", name, k, dst[0], sum/weights)
			}
			if c.rule.Estimate(dst, x); !(math.Abs(dst[0]-sum/weights) <= 1e-12) {
				t.Errorf("%s: a second Estimate differs", name)
			}
		}
	}
}

// TestLookaheadVariance: the points after every k-th step keep the variance a²(1-q²ᵏ)/(1-(1-a+aqᵏ)²) times that of gradient
// descent, which tends to a/(2-a) for large k.
func TestLookaheadVariance(t *testing.T) {
	const alpha, s, paths = 0.1, 1.5, 20000
	const q, base = 1 - alpha, alpha * s * s / (2 - alpha)
	for _, c := range []struct {
		k     int
		a     float64
		limit bool
	}{{5, 0.5, false}, {5, 0.8, false}, {60, 0.5, true}, {60, 0.8, true}, {60, 1, true}} {
		qk := math.Pow(q, float64(c.k))
		want := base * c.a * c.a * (1 - qk*qk) / (1 - math.Pow(1-c.a+c.a*qk, 2))
		rnd := rand.New(rand.NewPCG(9, 10))
		r := &method.Lookahead{Rule: &method.SGD{StepSize: alpha}, SyncPeriod: c.k, SlowStepSize: c.a}
		x := steps(r, 300, make([]float64, paths), func(g, x []float64) {
			for i, v := range x {
				g[i] = v + s*rnd.NormFloat64()
			}
		})
		v := stat.PopVariance(x, nil)
		if !(math.Abs(v/want-1) <= 5*math.Sqrt(2./paths)) {
			t.Errorf("k = %d, a = %v: variance %v, want %v", c.k, c.a, v, want)
		}
		if limit := math.Abs(v/(base*c.a/(2-c.a))-1) < 0.06; limit != c.limit {
			t.Errorf("k = %d, a = %v: variance %v, in the limit %v", c.k, c.a, v, base*c.a/(2-c.a))
		}
	}
}

// TestFreezeNorm: a frozen variable stays, to the last bit, and does not count in the norm of the others.
func TestFreezeNorm(t *testing.T) {
	s := &spy{}
	r := &method.Freeze{Rule: &method.Clip{Rule: s, Norm: 5}, Frozen: func(i int) bool { return i == 1 }}
	x := steps(r, 1, []float64{1, 0.1, 3}, func(g, x []float64) { copy(g, []float64{3, 1e9, 4}) })
	if !slices.Equal(x, []float64{-2, 0.1, -1}) || s.dim != 2 || !slices.Equal(s.g, []float64{3, 4}) {
		t.Errorf("x = %v, the Rule has seen %+v", x, s)
	}
	dst := make([]float64, 3)
	if r.Estimate(dst, x); !slices.Equal(dst, []float64{-4, 0.1, -2}) {
		t.Errorf("Estimate %v", dst)
	}
}

// TestScaleUnits: the step size becomes s α with Adam and s²α with gradient descent; what does not move keeps its bits.
func TestScaleUnits(t *testing.T) {
	unit := func(i int) float64 { return []float64{1e-3, 1, 7}[i] }
	for _, c := range []struct {
		name string
		rule stochopt.Rule
		want []float64
	}{
		{"Adam", &stochopt.Adam{StepSize: 0.1, Epsilon: stochopt.Zero}, []float64{-1e-4, -0.1, -0.7}},
		{"SGD", &method.SGD{StepSize: 0.1}, []float64{-2e-7, -0.2, -9.8}},
	} {
		x := steps(&method.Scale{Rule: c.rule, Unit: unit}, 1, make([]float64, 3), func(g, x []float64) { copy(g, []float64{2, 2, 2}) })
		for i, w := range c.want {
			if !(math.Abs(x[i]/w-1) <= 1e-14) {
				t.Errorf("%s: x[%d] = %v, want %v", c.name, i, x[i], w)
			}
		}
		at := []float64{0.1, 0.3, 1e17 / 3}
		if x := steps(&method.Scale{Rule: c.rule, Unit: unit}, 50, slices.Clone(at), func(g, x []float64) { clear(g) }); !slices.Equal(x, at) {
			t.Errorf("%s: without a gradient %v becomes %v", c.name, at, x)
		}
	}
}

// TestAccumulate: Rule sees every third step only, with means of gradients and values, and its own count.
func TestAccumulate(t *testing.T) {
	s := &spy{}
	r := &method.Accumulate{Rule: s, Count: 3}
	r.Reset(1)
	x := []float64{0}
	for k := range 7 {
		if want := k / 3; s.steps != want || k%3 > 0 && k < 3 && x[0] != 0 {
			t.Errorf("after %d gradients %d steps, x = %v", k, s.steps, x)
		}
		r.Observe(float64(10 * k))
		r.Step(x, []float64{float64(k)})
	}
	if x[0] != -1-4 || !slices.Equal(s.f, []float64{10, 40}) {
		t.Errorf("x = %v, values %v", x, s.f)
	}
	// Unlike a Rule that steps with each gradient: of the schedule 1, 2, 3, ... two steps use 1 and 2.
	sgd := &method.SGD{StepSize: 1, Schedule: func(k int) float64 { return float64(k + 1) }}
	if x := steps(&method.Accumulate{Rule: sgd, Count: 3}, 6, []float64{0}, func(g, x []float64) { g[0] = 1 }); x[0] != -3 {
		t.Errorf("x = %v, want -3", x[0])
	}
}

// TestNoiseLaw: the noise of step k is normal with the variance η/(1+k)ᵞ, other in every step, by Seed, and not that of the
// Oracle with the same Seed.
func TestNoiseLaw(t *testing.T) {
	const n = 20000
	draws := func(seed uint64, variance, power float64, k int) []float64 {
		s := &spy{}
		steps(&method.Noise{Rule: s, Variance: variance, Power: power, Seed: seed}, k+1, make([]float64, n), func(g, x []float64) { clear(g) })
		return s.g
	}
	for _, c := range []struct {
		variance, power float64
		k               int
		want            float64
	}{{0, 0, 0, 0.01}, {0, 0, 5, 0.01}, {4, 0.55, 0, 4}, {4, 0.55, 9, 4 / math.Pow(10, 0.55)}, {4, 2, 3, 0.25}} {
		g := draws(1, c.variance, c.power, c.k)
		mean, v := stat.PopMeanVariance(g, nil)
		if !(math.Abs(v/c.want-1) <= 5*math.Sqrt(2./n)) || !(math.Abs(mean) <= 5*math.Sqrt(c.want/n)) {
			t.Errorf("%+v: mean %v, variance %v", c, mean, v)
		}
	}
	oracle := make([]float64, n)
	rnd := stochopt.Sample{Seed: 1}.Rand()
	for i := range oracle {
		oracle[i] = rnd.NormFloat64()
	}
	first := draws(1, 1, 0, 0)
	for name, other := range map[string][]float64{"the next step": draws(1, 1, 0, 1), "another Seed": draws(2, 1, 0, 0), "the Oracle": oracle} {
		if c := stat.Correlation(first, other, nil); math.Abs(c) > 5/math.Sqrt(n) {
			t.Errorf("%s: correlation %v", name, c)
		}
	}
	if !slices.Equal(first, draws(1, 1, 0, 0)) {
		t.Error("equal Seeds, other noise")
	}
}

// TestNilRule: every wrapper names itself and the field.
func TestNilRule(t *testing.T) {
	for name, wrap := range wrappers {
		func() {
			defer func() {
				if got, want := fmt.Sprint(recover()), "method: "+name+".Rule is nil"; got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}()
			wrap(nil).Reset(1)
		}()
	}
}
