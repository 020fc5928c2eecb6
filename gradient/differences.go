package gradient

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
	"gonum.org/v1/gonum/diff/fd"
)

// Differences estimates gradients from values, by finite differences along one coordinate at a time.
//
//	∂f/∂x_i ≈ (1/h_i) Σ_j c_j f(x + l_j h_i e_i)
//
// The c_j and l_j are those of Formula, whose order of accuracy is p: the truncation error is C h^p ∂^(p+1)f/∂x_i^(p+1)
// with C = |Σ c_j l_j^(p+1)| / (p+1)!. The steps balance it against the error of the values:
//
//	h_i = ε^(1/(p+1)) max(|x_i|, Scale_i)             rounding only, ε = 2^-52
//	h_i = (A σ²/(p C² M_i²))^(1/(2(p+1))),  A = Σ c_j²   σ = Noise, M_i = Bound_i
//
// The second minimizes the mean squared error (C h^p M)² + A σ²/h². It is
//
//	             h                  mean squared error
//	fd.Forward   1.6818 √(σ/M)      1.4142 σ M           p = 1, M bounds |∂²f/∂x_i²|
//	fd.Central   1.4422 ∛(σ/M)      0.36056 ∛(σ⁴ M²)     p = 2, M bounds |∂³f/∂x_i³|
//
// A step is adjusted in its last digits so that x_i + h_i - x_i = h_i in floating point; it is at least 8 units in the
// last place of x_i. A draw costs one value of f at x and two (Central) or one (Forward) for each variable. Central errs
// less by orders of magnitude, 1e-10 against 1e-8 where rounding is the only error; take Forward where values are dear.
//
// Reference: J. J. Moré, S. M. Wild, Estimating derivatives of noisy simulations, ACM Transactions on Mathematical
// Software 38(3):19, 2012, for the step of the forward difference in noise.
type Differences struct {
	// Formula is a stencil for the first derivative, such as fd.Forward, fd.Backward or fd.Central. Its Step is not used.
	// If it is the zero value, fd.Central is used.
	Formula fd.Formula
	// Scale is the typical size of each variable, > 0, in units of x: f bends over distances of Scale_i when x_i is near 0,
	// and of |x_i| when that is larger. If it is nil, it is 1 for all, and a variable at 0 is moved by ε^(1/(p+1)), 6e-6 for
	// fd.Central: too much for a variable that is naturally much smaller than 1.
	Scale []float64
	// Noise is σ, the standard deviation of one value of f, in units of f, where equal Samples do not give equal values (a
	// physical experiment, a simulation with a generator of its own), or where f is not smooth in x for a fixed Sample: a
	// simulation that counts, compares or accepts and rejects has jumps, and its difference over a small step is 0 or huge.
	// Noise that is a smooth function of x and the Sample cancels in the difference, because all values of a draw are given
	// the same Sample, and does not count. If Noise is 0, there is rounding only; a first draw that finds two values at the
	// same x and Sample is then an error.
	Noise float64
	// Bound is M, for each variable a bound or typical size of the derivative of order p+1 along it, > 0, in units of
	// f/x^(p+1). It is needed if Noise is not 0 and not used otherwise. There is no default, since the best step and the
	// error depend on it: a hundredfold error in it multiplies the mean squared error of fd.Forward by 50. Tuned measures
	// both.
	Bound []float64
	// Concurrent is how many variables are worked on at once; f must then be safe for concurrent use. The result does not
	// depend on it. If it is 0, it is 1.
	Concurrent int
}

// Oracle returns the Oracle whose value is f and whose gradient is that of differences of f. f is asked for values only.
// All values of a draw are given the same Sample, so the differences see common random numbers. An error of f is
// returned, and a panic passed on in the goroutine of the caller; of several, that of the variable of least index. f is
// evaluated at up to max|l_j| h_i beside x, so beside the feasible set when x is at its edge.
//
// Oracle panics if f is nil, Formula is no stencil for the first derivative, or another field is out of range; the Oracle
// panics if Scale or Bound does not have the length of x.
func (d Differences) Oracle(f stochopt.Oracle) stochopt.Oracle {
	return d.quotients(f).oracle
}

// quotients is d and f, checked.
func (d Differences) quotients(f stochopt.Oracle) *quotients {
	switch {
	case f == nil:
		panic("gradient: Differences.Oracle of nil")
	case !(d.Noise >= 0) || math.IsInf(d.Noise, 1):
		panic(fmt.Sprintf("gradient: Differences.Noise = %v, want finite and >= 0", d.Noise))
	case d.Noise > 0 && d.Bound == nil:
		panic("gradient: Differences.Noise is set without Differences.Bound: the step depends on the size of a higher derivative")
	case d.Concurrent < 0:
		panic(fmt.Sprintf("gradient: Differences.Concurrent = %d, want >= 0", d.Concurrent))
	}
	positive("gradient: Differences.Scale", d.Scale)
	positive("gradient: Differences.Bound", d.Bound)
	if d.Formula.Stencil == nil {
		d.Formula = fd.Central
	}
	d.Formula.Stencil = slices.Clone(d.Formula.Stencil)
	d.Formula.Step = 1 // unused, but fd wants it positive
	d.Scale = slices.Clone(d.Scale)
	p, c := accuracy(d.Formula)
	q := &quotients{Differences: d, f: f, order: p, relative: math.Pow(0x1p-52, 1/float64(p+1))}
	if d.Noise > 0 {
		var a float64
		for _, pt := range d.Formula.Stencil {
			a += float64(pt.Coeff * pt.Coeff)
		}
		for _, m := range d.Bound {
			// ^(1/(2(p+1))) of the ratio of squares is ^(1/(p+1)) of that of the roots, which does not overflow.
			q.steps = append(q.steps, math.Pow(math.Sqrt(a/float64(p))/c*(d.Noise/m), 1/float64(p+1)))
		}
	}
	return q
}

func positive(name string, v []float64) {
	for i, s := range v {
		if !(s > 0) || math.IsInf(s, 1) {
			panic(fmt.Sprintf("%s[%d] = %v, want finite and > 0", name, i, s))
		}
	}
}

// accuracy returns the order of accuracy p of a formula for the first derivative and the constant C of its truncation
// error. It panics if the formula is not one.
func accuracy(formula fd.Formula) (p int, c float64) {
	if formula.Derivative != 1 {
		panic(fmt.Sprintf("gradient: Differences.Formula is for the derivative of order %d, want 1", formula.Derivative))
	}
	factorial := 1.0
	for k := 0; k <= len(formula.Stencil)+1; k++ {
		var sum, size float64 // of c_j l_j^k
		for _, pt := range formula.Stencil {
			t := pt.Coeff * math.Pow(pt.Loc, float64(k))
			sum, size = sum+t, size+math.Abs(t)
		}
		if k > 0 {
			factorial *= float64(k)
		}
		want := 0.0
		if k == 1 {
			want = 1
		}
		switch wrong := !(math.Abs(sum-want) <= 1e-12*size); {
		case wrong && k >= 2 && !math.IsNaN(sum):
			return k - 1, math.Abs(sum) / factorial
		case wrong:
			panic(fmt.Sprintf("gradient: Differences.Formula: the sum of Coeff*Loc^%d is %v, want %v for a first derivative", k, sum, want))
		}
	}
	// n points, and 0 if it is not one of them, cannot give the derivative at 0 of all polynomials of degree n+1.
	panic("gradient: Differences.Formula has an unknown order of accuracy")
}

// quotients is an Oracle made by Differences.
type quotients struct {
	Differences
	f        stochopt.Oracle
	order    int         // p, the order of accuracy
	relative float64     // h / max(|x|, Scale) where rounding is the only error
	steps    []float64   // h in noise, or nil
	repeats  atomic.Bool // f has been seen to give equal values for equal Samples
	free     freelist.List[*gradientJob]
}

func (q *quotients) oracle(grad, x []float64, s stochopt.Sample) (float64, error) {
	f, err := q.f(nil, x, s)
	if grad == nil || err != nil {
		return f, err
	}
	if q.Noise == 0 && !q.repeats.Load() {
		again, err := q.f(nil, x, s)
		if err != nil {
			return f, err
		}
		if again != f && f-f == 0 {
			return f, fmt.Errorf("gradient: Differences: two values at the same x and Sample are %v and %v: take all randomness from "+
				"Sample.Rand, or set Noise and Bound", f, again)
		}
		q.repeats.Store(true)
	}
	switch {
	case len(grad) != len(x):
		panic(fmt.Sprintf("gradient: Differences: len(grad) = %d, len(x) = %d", len(grad), len(x)))
	case q.steps != nil && len(q.steps) != len(x):
		panic(fmt.Sprintf("gradient: len(Differences.Bound) = %d, but len(x) = %d", len(q.steps), len(x)))
	}
	q.scaled(x)
	j := q.job()
	err = j.run(grad, x, s, f, (*line).derivative)
	q.free.Put(j)
	return f, err
}

// scaled panics if Scale has not the length of x.
func (q *quotients) scaled(x []float64) {
	if q.Scale != nil && len(q.Scale) != len(x) {
		panic(fmt.Sprintf("gradient: len(Differences.Scale) = %d, but len(x) = %d", len(q.Scale), len(x)))
	}
}

// step returns h for variable i at v.
func (q *quotients) step(i int, v float64) float64 {
	var h float64
	if q.steps != nil {
		h = q.steps[i]
	} else {
		h = float64(q.relative * q.size(i, v))
	}
	return exact(v, h)
}

// exact returns a step near h, and not too small, by which the floating-point numbers v + h and v - h differ from v.
func exact(v, h float64) float64 {
	h = max(h, float64(0x1p-49*math.Abs(v)), 0x1p-1000)
	// Twenty bits are enough, and do not depend on the last digit of math.Pow, which differs between machines.
	h = math.Float64frombits(math.Float64bits(h) &^ (1<<32 - 1))
	// The sum away from 0 is the one that may round. Once it is exact, so is the other.
	if v < 0 {
		return v - (v - h)
	}
	return (v + h) - v
}

// size returns the size of variable i at v.
func (q *quotients) size(i int, v float64) float64 {
	if q.Scale == nil {
		return max(math.Abs(v), 1)
	}
	return max(math.Abs(v), q.Scale[i])
}

func (q *quotients) job() *gradientJob {
	if j := q.free.Take(); j != nil {
		return j
	}
	j := &gradientJob{workers: make([]*line, max(1, q.Concurrent))}
	for i := range j.workers {
		w := &line{q: q, settings: fd.Settings{Formula: q.Formula, OriginKnown: true}}
		w.fun = w.value
		j.workers[i] = w
	}
	return j
}

// gradientJob is one gradient, or one number of another kind for each variable. Variables are handed out in order.
type gradientJob struct {
	workers []*line
	number  func(w *line, i int) float64 // for variable i; it sets w.err if there is none

	mu       sync.Mutex
	next     int // variable
	failed   int // variable of err or panicked, or len(grad)
	err      error
	panicked any
}

func (j *gradientJob) run(grad, x []float64, s stochopt.Sample, f float64, number func(w *line, i int) float64) error {
	j.number = number
	workers := j.workers[:max(1, min(len(j.workers), len(x)))]
	for _, w := range workers {
		w.x, w.s, w.err = append(w.x[:0], x...), s, nil
		w.settings.OriginValue = f
	}
	if len(workers) == 1 {
		w := workers[0]
		for i := range grad {
			if grad[i] = j.number(w, i); w.err != nil {
				return w.err
			}
		}
		return nil
	}
	j.next, j.failed, j.err, j.panicked = 0, len(grad), nil, nil
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() { j.work(w, grad) })
	}
	wg.Wait()
	err, panicked := j.err, j.panicked
	j.err, j.panicked = nil, nil
	if panicked != nil {
		panic(panicked)
	}
	return err
}

var errGoexit = errors.New("the objective ended its goroutine (runtime.Goexit; in a test, t.FailNow)")

func (j *gradientJob) work(w *line, grad []float64) {
	i, done := 0, false
	defer func() {
		if !done {
			if v := recover(); v != nil {
				j.fail(i, nil, v)
			} else {
				j.fail(i, errGoexit, nil)
			}
		}
	}()
	for i = j.take(); i < len(grad); i = j.take() {
		grad[i] = j.number(w, i)
		if w.err != nil {
			j.fail(i, w.err, nil)
			break
		}
	}
	done = true
}

// take returns the next variable, or one that does not exist if there is none left or one has failed: those before it
// are all under way.
func (j *gradientJob) take() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil || j.panicked != nil {
		return math.MaxInt
	}
	j.next++
	return j.next - 1
}

func (j *gradientJob) fail(i int, err error, panicked any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i < j.failed {
		j.failed, j.err, j.panicked = i, err, panicked
	}
}

// line is f as a function of one variable at a time.
type line struct {
	q        *quotients
	fun      func(v float64) float64 // value; allocated once
	settings fd.Settings
	x        []float64 // a copy of the point
	s        stochopt.Sample
	i        int
	err      error
}

func (w *line) derivative(i int) float64 {
	v := w.x[i]
	w.i, w.settings.Step = i, w.q.step(i, v)
	g := fd.Derivative(w.fun, v, &w.settings)
	w.x[i] = v
	return g
}

func (w *line) value(v float64) float64 {
	if w.err != nil {
		return math.NaN()
	}
	w.x[w.i] = v
	f, err := w.q.f(nil, w.x, w.s)
	w.err = err
	return f
}
