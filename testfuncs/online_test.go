package testfuncs_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/testfuncs"
)

func root(k int) float64 { return 1 / math.Sqrt(float64(k+1)) }

// named returns the sequence of LinearLosses whose name begins so.
func named(name string, n int) testfuncs.Sequence {
	for _, q := range testfuncs.LinearLosses(n) {
		if strings.HasPrefix(q.Name, name) {
			return q
		}
	}
	panic(name)
}

func regret(t *testing.T, q testfuncs.Sequence, seed uint64, rounds int, x []float64, step func(x, grad []float64)) []float64 {
	t.Helper()
	r, err := q.Regret(seed, rounds, x, step)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// On Rademacher losses every learner that does not look ahead has the mean regret T C(T, T/2)/2^T.
func TestRademacherRegret(t *testing.T) {
	const rounds = 100
	const want = 7.95892373871788
	// Standard errors of 4000 runs, from the standard deviations of 20 000 other runs: 3.87 and 4.98.
	const seSGD, seAdam = 0.0612, 0.0788
	q := named("Rademacher", 1)
	mean := func(runs int, learner func(seed uint64) func(x, grad []float64)) (sum float64) {
		for seed := range uint64(runs) {
			r := regret(t, q, seed, rounds, []float64{0}, learner(seed))
			sum += r[rounds-1] / float64(runs)
		}
		return sum
	}
	rule := func(r stochopt.Rule) func(uint64) func(x, grad []float64) {
		return func(uint64) func(x, grad []float64) {
			r.Reset(1)
			return r.Step
		}
	}
	near(t, "regret of gradient descent", mean(4000, rule(&method.SGD{StepSize: 1, Schedule: root})), want, seSGD)
	near(t, "regret of Adam", mean(4000, rule(&stochopt.Adam{Schedule: root})), want, seAdam)
	// The same learner, but stepping by the loss to come.
	peek := mean(300, func(seed uint64) func(x, grad []float64) {
		ogd := &method.SGD{StepSize: 1, Schedule: root}
		ogd.Reset(1)
		k := 0
		return func(x, grad []float64) {
			k++
			q.Loss(grad, x, stochopt.Sample{Seed: seed, Step: k})
			ogd.Step(x, grad)
		}
	})
	if !(peek < 0) {
		t.Errorf("regret of a learner that looks ahead: %v, want far less than %v", peek, want)
	}
}

// Follow the leader on (mu/2)(x-a_t)² has the regret Σ |g_t|²/(2 mu t) exactly; gradient descent with 1/(mu t) is
// that. Of another step it is not.
func TestStronglyConvexRegret(t *testing.T) {
	const mu, rounds = 3, 200
	for _, q := range testfuncs.StronglyConvexLosses(2, mu) {
		for _, c := range []float64{1, 0.5} {
			k := 0
			var want []float64
			sum := 0.0
			got := regret(t, q, 5, rounds, []float64{0.3, -0.8}, func(x, grad []float64) {
				k++
				for i, g := range grad {
					sum += g * g / (2 * mu * float64(k))
					x[i] -= c * g / (mu * float64(k))
				}
				want = append(want, sum)
			})
			worst := 0.0
			for k := range got {
				worst = max(worst, math.Abs(got[k]/want[k]-1))
			}
			if c == 1 && worst > 1e-12 || c != 1 && worst < 0.1 {
				t.Errorf("%s: factor %v of the step: regret differs from the identity by %v", q.Name, c, worst)
			}
		}
	}
}

// The regret of linear losses against its definition.
func TestLinearRegret(t *testing.T) {
	const rounds = 50
	for _, q := range testfuncs.LinearLosses(3) {
		sum := make([]float64, 3)
		var paid float64
		var want []float64
		got := regret(t, q, 9, rounds, []float64{0.1, 0.2, -0.3}, func(x, grad []float64) {
			best := 0.0
			for i, g := range grad {
				paid += g * x[i]
				sum[i] += g
				best += math.Abs(sum[i])
				x[i] -= 0.3 * g
			}
			want = append(want, paid+best)
		})
		for k := range got {
			if math.Abs(got[k]-want[k]) > 1e-12*(1+math.Abs(want[k])) {
				t.Fatalf("%s: R(%d) = %v, want %v", q.Name, k+1, got[k], want[k])
			}
		}
	}
}

func TestLossLaws(t *testing.T) {
	const n = 20_000
	gradients := func(name string) []float64 {
		q := named(name, 2)
		g := make([]float64, n)
		for k := range g {
			_, c := evaluate(t, q.Loss, []float64{0, 0}, stochopt.Sample{Seed: 1, Step: k})
			g[k] = c[1]
		}
		return g
	}
	moments := func(g []float64) (mean, square float64) {
		for _, v := range g {
			mean += v / n
			square += v * v / n
		}
		return mean, square
	}
	root := math.Sqrt(n)
	mean, square := moments(gradients("normal"))
	near(t, "normal mean", mean, 0, 1/root)
	near(t, "normal mean square", square, 1, math.Sqrt2/root)
	mean, square = moments(gradients("Rademacher"))
	near(t, "Rademacher mean", mean, 0, 1/root)
	if math.Abs(square-1) > 1e-12 {
		t.Errorf("Rademacher mean square %v", square)
	}
	g := gradients("sparse")
	mean, square = moments(g)
	near(t, "sparse mean", mean, 0, math.Sqrt(1.25)/root)
	near(t, "sparse mean square", square, 1.25, math.Sqrt(0.05*625*3-1.25*1.25)/root)
	zeros := 0.0
	for _, v := range g {
		if v == 0 {
			zeros += 1. / n
		}
	}
	near(t, "sparse zeros", zeros, 0.95, math.Sqrt(0.05*0.95)/root)
	// ln|g| of scaled losses is that of a normal number, variance π²/8, plus one uniform in 4 ln 10.
	g = gradients("scaled")
	for k, v := range g {
		g[k] = math.Log(math.Abs(v))
	}
	mean, square = moments(g)
	variance := math.Pi*math.Pi/8 + 16*math.Ln10*math.Ln10/12
	near(t, "scaled, mean logarithm", mean, -(math.Ln2+0.5772156649015329)/2, math.Sqrt(variance)/root)
	near(t, "scaled, variance of the logarithm", square-mean*mean, variance, variance*math.Sqrt2/root)
	if p := gradients("periodic")[:6]; !slices.Equal(p, []float64{3, -1, -1, 3, -1, -1}) {
		t.Errorf("periodic: %v", p)
	}
	g = gradients("walk")
	last := 0.0
	for k, v := range g {
		g[k], last = v-last, v
	}
	mean, square = moments(g)
	near(t, "step of the walk", mean, 0, 1/root)
	near(t, "squared step of the walk", square, 1, math.Sqrt2/root)
}

// A walk does not depend on the order in which its rounds are asked for, nor on who else asks.
func TestWalkIsAFunctionOfTheSample(t *testing.T) {
	loss := func(q testfuncs.Sequence, s stochopt.Sample) float64 {
		f, err := q.Loss(nil, []float64{1, 10}, s)
		if err != nil {
			t.Error(err)
		}
		return f
	}
	var samples []stochopt.Sample
	want := map[stochopt.Sample]float64{}
	for k := range 40 {
		for seed := range uint64(3) {
			s := stochopt.Sample{Seed: seed, Step: (k * 23) % 40, Probe: int(seed) - 1}
			samples = append(samples, s)
			want[s] = loss(named("walk", 2), s)
		}
	}
	q := named("walk", 2)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, s := range samples {
				if f := loss(q, s); f != want[s] {
					t.Errorf("%+v: %v, want %v", s, f, want[s])
				}
			}
		})
	}
	wg.Wait()
	if want[samples[0]] == want[samples[1]] {
		t.Error("two seeds have the same walk")
	}
	if _, err := q.Loss(nil, []float64{1, 1}, stochopt.Sample{Step: -1}); err == nil {
		t.Error("no error of round -1")
	}
	if _, err := q.Regret(0, 3, []float64{1, 1}, func(x, _ []float64) { x[0] = math.NaN() }); err != nil {
		t.Errorf("losses at NaN: %v", err)
	}
}

// S. J. Reddi et al.: Adam with a short memory is drawn to the worst point, AMSGrad and Adam with a long one are not.
func TestCounterexampleA(t *testing.T) {
	const rounds = 3000
	for _, c := range []float64{3, 10} {
		q := testfuncs.CounterexampleA(c)
		b2 := 1 / (1 + c*c)
		x := []float64{1}
		adam := &stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: b2, Schedule: root}
		adam.Reset(1)
		k := 0
		r := regret(t, q, 0, rounds, x, func(x, grad []float64) {
			if k%3 == 0 && x[0] != 1 {
				t.Fatalf("c = %v: Adam is at %v in round %d, want 1", c, x[0], k+1)
			}
			k++
			adam.Step(x, grad)
		})
		for k, v := range r {
			if v < (2*c-4)*float64((k+1)/3)-1e-9 {
				t.Fatalf("c = %v: regret %v of Adam after %d rounds", c, v, k+1)
			}
		}
		if want := map[float64]float64{3: 0.6748, 10: 5.341}[c]; math.Abs(r[rounds-1]/rounds-want) > 1e-3 {
			t.Errorf("c = %v: mean regret %v of Adam, want %v", c, r[rounds-1]/rounds, want)
		}
		for name, m := range map[string]struct {
			rule  stochopt.Rule
			bound float64
		}{
			"AMSGrad":       {&method.AMSGrad{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: b2, Schedule: root}, 0.05},
			"Adam .9, .999": {&stochopt.Adam{StepSize: 0.5, Schedule: root}, 0.02},
		} {
			x[0] = 1
			m.rule.Reset(1)
			if r := regret(t, q, 0, rounds, x, m.rule.Step)[rounds-1] / rounds; !(r <= m.bound) {
				t.Errorf("c = %v: mean regret %v of %s", c, r, name)
			}
			if x[0] > -0.9 {
				t.Errorf("c = %v: %s ends at %v", c, name, x[0])
			}
		}
	}
}

// tail returns the mean of x over the last half of the rounds.
func tail(t *testing.T, q testfuncs.Sequence, seed uint64, rounds int, r stochopt.Rule) float64 {
	t.Helper()
	r.Reset(1)
	var sum float64
	k := 0
	regret(t, q, seed, rounds, []float64{0}, func(x, grad []float64) {
		if k++; k > rounds/2 {
			sum += x[0]
		}
		r.Step(x, grad)
	})
	return sum / float64(rounds-rounds/2)
}

func TestCounterexampleB(t *testing.T) {
	q := testfuncs.CounterexampleB(20, 0.06)
	for seed := range uint64(40) {
		const rounds = 20_000
		if x := tail(t, q, seed, rounds, &stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 0.9, Schedule: root}); !(x > 0.9) {
			t.Errorf("seed %d: Adam %v, want near 1", seed, x)
		}
		if x := tail(t, q, seed, rounds, &method.AMSGrad{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 0.9, Schedule: root}); !(x < -0.5) {
			t.Errorf("seed %d: AMSGrad %v, want near -1", seed, x)
		}
	}
}

func TestCounterexampleC(t *testing.T) {
	const seeds, epochs, n = 20, 2000, 10
	s := testfuncs.CounterexampleC(n)
	batch := s.Terms.Shuffled(1)
	end := func(b1, b2 float64) (mean float64) {
		grad := make([]float64, 1)
		for seed := range uint64(seeds) {
			adam := &stochopt.Adam{StepSize: 0.5, Beta1: b1, Beta2: b2, Schedule: root}
			adam.Reset(1)
			x := []float64{0}
			for k := range epochs * n {
				if _, err := batch(grad, x, stochopt.Sample{Seed: seed, Step: k}); err != nil {
					t.Fatal(err)
				}
				adam.Step(x, grad)
			}
			mean += x[0] / seeds
		}
		return mean
	}
	if x := end(stochopt.Zero, 0.9); !(x > 5) {
		t.Errorf("Adam with 0, 0.9 ends at %v, want > 5", x)
	}
	if x := end(0.9, 0.999); !(x > -2.1 && x < -1.7) {
		t.Errorf("Adam with 0.9, 0.999 ends at %v, want about -2", x)
	}
}

func TestOnlineAllocations(t *testing.T) {
	for _, q := range append(testfuncs.LinearLosses(3), testfuncs.StronglyConvexLosses(3, 1)...) {
		grad, x := make([]float64, 3), make([]float64, 3)
		k := 0
		if n := testing.AllocsPerRun(50, func() { q.Loss(grad, x, stochopt.Sample{Step: k}); k++ }); n != 0 {
			t.Errorf("%s: %v allocations", q.Name, n)
		}
	}
}

func TestOnlinePanics(t *testing.T) {
	for want, f := range map[string]func(){
		"testfuncs: losses of n = 0 variables, want >= 1":              func() { testfuncs.LinearLosses(0) },
		"testfuncs: StronglyConvexLosses: mu = 0, want finite and > 0": func() { testfuncs.StronglyConvexLosses(1, 0) },
		"testfuncs: CounterexampleA: c = 2, want finite and > 2":       func() { testfuncs.CounterexampleA(2) },
		"testfuncs: CounterexampleB: c = -1, want finite and > 0":      func() { testfuncs.CounterexampleB(-1, 0.5) },
		"testfuncs: CounterexampleB: p = 1, want in (0, 1)":            func() { testfuncs.CounterexampleB(1, 1) },
		"testfuncs: CounterexampleC of n = 1 terms, want >= 2":         func() { testfuncs.CounterexampleC(1) },
		"testfuncs: Sequence.Regret: len(x) = 2, want 1":               func() { testfuncs.CounterexampleA(3).Regret(0, 1, make([]float64, 2), nil) },
	} {
		wantPanic(t, want, f)
	}
}

func ExampleLinearLosses() {
	for _, q := range testfuncs.LinearLosses(2) {
		x := make([]float64, 2)
		ogd := &method.SGD{StepSize: 1, Schedule: root}
		ogd.Reset(2)
		regret, err := q.Regret(1, 300, x, ogd.Step)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(q.Name, len(regret))
	}
	// Output:
	// normal 2 300
	// scaled 2 300
	// sparse 2 300
	// periodic 2 300
	// Rademacher 2 300
	// walk 2 300
}

func ExampleStronglyConvexLosses() {
	q := testfuncs.StronglyConvexLosses(1, 2)[1]
	sgd := &method.SGD{StepSize: 0.5, Schedule: func(k int) float64 { return 1 / float64(k+1) }} // 1/(mu t)
	sgd.Reset(1)
	regret, err := q.Regret(1, 1000, []float64{0}, sgd.Step)
	fmt.Printf("%.4f %v\n", regret[999], err)
	// Output: 9.4113 <nil>
}

func ExampleCounterexampleA() {
	q := testfuncs.CounterexampleA(3)
	adam := &stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: 0.1, Schedule: root}
	adam.Reset(1)
	regret, err := q.Regret(0, 3000, []float64{1}, adam.Step)
	fmt.Printf("%.3f %v\n", regret[2999]/3000, err)
	// Output: 0.675 <nil>
}

func ExampleCounterexampleB() {
	q := testfuncs.CounterexampleB(20, 0.06)
	grad := make([]float64, 1)
	var mean float64
	for k := range 100_000 {
		if _, err := q.Loss(grad, []float64{0}, stochopt.Sample{Step: k}); err != nil {
			fmt.Println(err)
		}
		mean += grad[0] / 100_000
	}
	fmt.Printf("%.1f\n", mean) // 21·0.06 - 1
	// Output: 0.3
}

func ExampleCounterexampleC() {
	s := testfuncs.CounterexampleC(10)
	fmt.Println(s.Minimum, s.Func([]float64{-2}), s.Func([]float64{0}))
	// Output: -0.15 -0.15 0
}
