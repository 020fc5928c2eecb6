package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/regret"
	"gonum.org/v1/gonum/floats"
)

// Sequence is a sequence of convex losses f_1, f_2, ... on the box [-1, 1]ⁿ, as in online optimization: a learner
// chooses x_t before f_t is revealed, and its regret after T rounds is
//
//	R(T) = Σ f_t(x_t) - min_x Σ f_t(x),  t = 1, ..., T,  x in the box
//
// The losses are f_t(x) = f_t(0) + g_t'x + Mu |x|²/2, so the second sum has its minimum in closed form.
type Sequence struct {
	// Name tells it apart from the others, with its number of variables.
	Name string
	// Dim is the number n of variables.
	Dim int
	// Mu is the curvature of each loss: 0 if they are linear.
	Mu float64
	// Loss returns f_t(x) and its gradient for t = Sample.Step + 1, without noise. It may be the Oracle of a
	// stochopt.Problem; the draws of a run are then the rounds.
	Loss stochopt.Oracle
}

// Project is the Euclidean projection onto the box.
func (q Sequence) Project(x []float64) {
	for i, v := range x {
		x[i] = min(max(v, -1), 1)
	}
}

// Regret lets step learn on the losses of a seed from the point x on, which it moves, and returns R(1), ...,
// R(rounds). In round t it charges f_t(x), calls step with the gradient of f_t at x, and projects x onto the box. The
// Step of a stochopt.Rule that has been Reset may be step. The error is that of Loss.
func (q Sequence) Regret(seed uint64, rounds int, x []float64, step func(x, grad []float64)) ([]float64, error) {
	length("Sequence.Regret", x, q.Dim)
	regret := make([]float64, rounds)
	grad, origin, g, sum := make([]float64, q.Dim), make([]float64, q.Dim), make([]float64, q.Dim), make([]float64, q.Dim)
	var paid, constant float64
	for k := range regret {
		s := stochopt.Sample{Seed: seed, Step: k}
		f, err := q.Loss(grad, x, s)
		if err != nil {
			return nil, err
		}
		f0, err := q.Loss(g, origin, s)
		if err != nil {
			return nil, err
		}
		paid += f
		constant += f0
		floats.Add(sum, g)
		least := constant
		for _, v := range sum { // minimum of v x + c x²/2 in [-1, 1]
			c := q.Mu * float64(k+1)
			if v = math.Abs(v); v >= c {
				least += float64(c/2) - v
			} else {
				least -= v * v / (2 * c)
			}
		}
		regret[k] = paid - least
		step(x, grad)
		q.Project(x)
	}
	return regret, nil
}

// Recorder returns a Recorder of the regret of a run whose Oracle is Loss, with the box to which the run must be projected. Its
// field Beta1 is to be set to that of the method, if not 0.9.
func (q Sequence) Recorder() *regret.Recorder {
	lower, upper := make([]float64, q.Dim), make([]float64, q.Dim)
	for i := range lower {
		lower[i], upper[i] = -1, 1
	}
	return &regret.Recorder{Mu: q.Mu, Lower: lower, Upper: upper}
}

// LinearLosses returns sequences of linear losses f_t(x) = g_t'x in n >= 1 variables, on which bounds of regret are
// tested.
//
//	normal       g_t of independent standard normal components
//	scaled       the same times 10^U, U uniform in [-2, 2), one a round
//	sparse       each component 5 N with probability 0.05, else 0
//	periodic     3, -1, -1, 3, -1, -1, ... in all components
//	Rademacher   -1 or 1, each component with probability 1/2
//	walk         g_t = g_(t-1) + N, g_0 = 0
//
// On Rademacher losses the mean regret of every learner that does not know the future is n T C(T, T/2)/2^T for even
// T: on average it pays nothing. A loss costs time proportional to n; one of walk is as fast only if rounds are asked
// for in order.
func LinearLosses(n int) []Sequence {
	var w walk
	return []Sequence{
		linear("normal", n, func(g []float64, _ int, r *rand.Rand) {
			for i := range g {
				g[i] = r.NormFloat64()
			}
		}),
		linear("scaled", n, func(g []float64, _ int, r *rand.Rand) {
			c := math.Pow(10, 4*r.Float64()-2)
			for i := range g {
				g[i] = c * r.NormFloat64()
			}
		}),
		linear("sparse", n, func(g []float64, _ int, r *rand.Rand) {
			for i := range g {
				g[i] = 0
				if r.Float64() < 0.05 {
					g[i] = 5 * r.NormFloat64()
				}
			}
		}),
		linear("periodic", n, periodic(3)),
		linear("Rademacher", n, func(g []float64, _ int, r *rand.Rand) {
			for i := range g {
				g[i] = float64(2*int(r.Uint64()>>63) - 1)
			}
		}),
		sequence("walk", n, 0, func(g []float64, s stochopt.Sample, _ *rand.Rand) float64 {
			w.position(g, s)
			return 0
		}),
	}
}

// StronglyConvexLosses returns sequences f_t(x) = (mu/2) |x-a_t|², mu > 0, in n >= 1 variables: with a_t uniform in
// the box, and with a_t = (1, ..., 1), (-1, ..., -1), and so on in turns.
func StronglyConvexLosses(n int, mu float64) []Sequence {
	if !(mu > 0) || math.IsInf(mu, 1) {
		panic(fmt.Sprintf("testfuncs: StronglyConvexLosses: mu = %v, want finite and > 0", mu))
	}
	at := func(g []float64, i int, a float64) float64 {
		g[i] = -mu * a
		return mu * a * a / 2
	}
	return []Sequence{
		sequence("strongly convex, uniform", n, mu, func(g []float64, _ stochopt.Sample, r *rand.Rand) (f float64) {
			for i := range g {
				f += at(g, i, 2*r.Float64()-1)
			}
			return f
		}),
		sequence("strongly convex, alternating", n, mu, func(g []float64, s stochopt.Sample, _ *rand.Rand) (f float64) {
			for i := range g {
				f += at(g, i, float64(1-2*(s.Step%2)))
			}
			return f
		}),
	}
}

// CounterexampleA returns the losses on which Adam does not converge: f_t(x) = c x for t = 1, 4, 7, ..., else -x,
// with c > 2, in one variable. The best point is -1. From 1, Adam with β₁ = 0, β₂ = 1/(1+c²) and a step α/√t, α <
// √(1-β₂), is back at 1 every third round, and its regret is at least (2c-4)⌊T/3⌋. AMSGrad goes to -1, and so does
// Adam with its usual β₂.
//
// Reference: S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, theorem 1.
func CounterexampleA(c float64) Sequence {
	if !(c > 2) || math.IsInf(c, 1) {
		panic(fmt.Sprintf("testfuncs: CounterexampleA: c = %v, want finite and > 2", c))
	}
	return linear(fmt.Sprintf("counterexample A, c = %v", c), 1, periodic(c))
}

// CounterexampleB is random: f_t(x) = c x with probability p, else -x, in one variable. The mean loss is ((c+1)p - 1)
// x, so for p > 1/(c+1) the best point is -1. With c = 20, p = 0.06, Adam with β₁ = 0, β₂ = 0.9 and a step 0.5/√t
// goes to 1, AMSGrad to -1.
//
// Reference: S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, theorem 3.
func CounterexampleB(c, p float64) Sequence {
	if !(c > 0) || math.IsInf(c, 1) {
		panic(fmt.Sprintf("testfuncs: CounterexampleB: c = %v, want finite and > 0", c))
	}
	if !(p > 0 && p < 1) {
		panic(fmt.Sprintf("testfuncs: CounterexampleB: p = %v, want in (0, 1)", p))
	}
	return linear(fmt.Sprintf("counterexample B, c = %v, p = %v", c, p), 1, func(g []float64, _ int, r *rand.Rand) {
		g[0] = -1
		if r.Float64() < p {
			g[0] = c
		}
	})
}

// CounterexampleC is a sum of n >= 2 terms in one variable, without bounds, on which Adam with a small β₂ diverges.
//
//	f_0(x) = n x                      for x >= -1,  (n/2)(x+2)² - 3n/2  for x < -1
//	f_i(x) = -x,  i = 1, ..., n-1,    for x >= -1,  -(x+2)²/2 + 3/2     for x < -1
//
// The start is 0; the mean of the terms has its minimum -3/(2n) at -2. In random order, with a step of 0.5/√t and n =
// 10, Adam goes up for β₁ = 0, β₂ = 0.9, and to -2 for β₁ = 0.9, β₂ = 0.999.
//
// Reference: Y. Zhang, C. Chen, N. Shi, R. Sun, Z.-Q. Luo, Adam can converge without any modification on update
// rules, NeurIPS 2022.
func CounterexampleC(n int) Sum {
	if n < 2 {
		panic(fmt.Sprintf("testfuncs: CounterexampleC of n = %d terms, want >= 2", n))
	}
	term := func(grad, x []float64, i int) float64 {
		length("CounterexampleC", x, 1)
		c := -1.0
		if i == 0 {
			c = float64(n)
		}
		f, g := c*x[0], c
		if y := x[0] + 2; y < 1 {
			f, g = c*(float64(y*y)-3)/2, c*y
		}
		if grad != nil {
			grad[0] += g
		}
		return f
	}
	s := Sum{Terms: gradient.FiniteSum{N: n, Term: term}}
	s.Name = fmt.Sprintf("counterexample C, %d terms", n)
	s = s.of([]float64{0}, []float64{-2})
	s.Minimum = -1.5 / float64(n)
	return s
}

// linear returns the sequence whose g_t is stored by law, for k = t-1.
func linear(name string, n int, law func(g []float64, k int, r *rand.Rand)) Sequence {
	return sequence(name, n, 0, func(g []float64, s stochopt.Sample, r *rand.Rand) float64 {
		law(g, s.Step, r)
		return 0
	})
}

// sequence returns the sequence whose g_t is stored by law, which returns f_t(0).
func sequence(name string, n int, mu float64, law func(g []float64, s stochopt.Sample, r *rand.Rand) float64) Sequence {
	if n < 1 {
		panic(fmt.Sprintf("testfuncs: losses of n = %d variables, want >= 1", n))
	}
	var free generators
	q := Sequence{Name: fmt.Sprintf("%s %d", name, n), Dim: n, Mu: mu}
	q.Loss = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		length("Sequence.Loss", x, n)
		if s.Step < 0 {
			return 0, fmt.Errorf("testfuncs: Sequence.Loss: Sample.Step = %d, want >= 0", s.Step)
		}
		r := free.get(s, n)
		defer free.put(r)
		g := r.work[:n]
		f := law(g, s, r.Rand)
		for i, v := range x {
			f += float64(g[i]*v) + float64(mu*v*v)/2
			if grad != nil {
				grad[i] = g[i] + float64(mu*v)
			}
		}
		return f, nil
	}
	return q
}

func periodic(c float64) func(g []float64, k int, _ *rand.Rand) {
	return func(g []float64, k int, _ *rand.Rand) {
		v := -1.0
		if k%3 == 0 {
			v = c
		}
		for i := range g {
			g[i] = v
		}
	}
}

// walk is a random walk, which remembers where it is.
type walk struct {
	mu  sync.Mutex
	run stochopt.Sample // of the walk, with Step 0
	k   int             // steps taken
	at  []float64
	r   *rand.Rand // of pcg
	pcg rand.PCG
}

// position stores the place after s.Step + 1 steps.
func (w *walk) position(g []float64, s stochopt.Sample) {
	w.mu.Lock()
	defer w.mu.Unlock()
	run := s
	run.Step = 0
	if w.r == nil {
		w.r, w.at, w.k = rand.New(&w.pcg), make([]float64, len(g)), math.MaxInt
	}
	if run != w.run || s.Step+1 < w.k {
		w.run, w.k, w.pcg = run, 0, run.PCG()
		clear(w.at)
	}
	for ; w.k < s.Step+1; w.k++ {
		for i := range w.at {
			w.at[i] += w.r.NormFloat64()
		}
	}
	copy(g, w.at)
}
