package gradient

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/state"
)

// SVRG is a minibatch whose noise vanishes at the minimum: the batch at x less the same batch at a snapshot w plus the
// whole sum there (stochastic variance reduced gradient).
//
//	g = g_B(x) - g_B(w) + G                       G = ∇F(w)
//	f = f_B(x) - f_B(w) + F(w) + (G - g_B(w))·(x-w)
//
// B are b terms drawn without replacement, f_B and g_B their mean. Every m-th draw, beginning with the first of a run,
// takes its x as the new w and evaluates the whole sum, so that it is F and ∇F without noise. Both are unbiased, and g
// is the gradient of f. With S² the variance, divisor N-1, of a component of ∇f_i(x) - ∇f_i(w) over the terms, that of
// a component of g is (S²/b)(1-b/N): it falls with the square of |x-w|, and is 0 if all terms have the same curvature.
// The variance of f falls with the fourth power.
//
// With it method.SGD at a constant step converges linearly on a strongly convex sum, where minibatches alone end in
// noise. Step sizes up to about 0.1/L are safe for b = 1 and L a bound of the curvature of every term; the cost of a
// draw is 2b gradients of terms, and N/m for the snapshots. Prefer SAGA where N gradients can be kept: it takes b and
// no pauses.
//
// The default stop of stochopt.Minimize ends a run that seems to travel no more, which can be long before twelve digits;
// for those set Settings.GradientThreshold, and Converger: optimize.NeverTerminate{}.
//
// An SVRG carries the state of a run: w, G and F(w). It keeps three vectors and N indices. Unlike other Oracles it is a
// function of x and the Sample only together with that state; a run is a sequence of Samples whose Steps follow one
// another.
//
//   - A Sample with Step 0 begins a run afresh, and so does the first Sample after Reset, whatever its Step.
//   - The last Sample may be evaluated again, at any point, with the state that it had; the run goes on from the last
//     of these.
//   - Every Sample counts as a draw, whether or not the gradient is asked for. So both Minimize functions give the same
//     bits.
//   - Any other Sample is an error, and so are two evaluations at once, another Probe or Replicate (Problem.Samples,
//     PerPoint), or another number of variables. Evaluate F at the Result by Sum.Full.
//
// Reference: R. Johnson, T. Zhang, Accelerating stochastic gradient descent using predictive variance reduction,
// NeurIPS 2013, option I. There the value is not estimated.
type SVRG struct {
	// Sum is the objective. It must not change during a run, nor must the other fields.
	Sum FiniteSum
	// Batch is b, in [1, Sum.N]. If it is 0, 1 is used.
	Batch int
	// Period is m >= 1. If it is 0, 2N/b rounded up is used, the recommendation of the reference for convex sums.
	Period int

	oneRun
	batch
	age   int  // draws since the snapshot, which is 0
	whole bool // w, full and value are a finite snapshot
	w     []float64
	full  []float64 // G
	value float64   // F(w)
	atW   []float64 // scratch: g_B(w)
}

func (v *SVRG) period() int {
	b := v.Sum.batchSize("SVRG", v.Batch)
	if v.Period < 0 {
		panic(fmt.Sprintf("gradient: SVRG.Period = %d, want >= 0", v.Period))
	}
	if v.Period == 0 {
		return passes(2, v.Sum.N, b)
	}
	return v.Period
}

// passes returns how many batches of b the n terms make k times, rounded up.
func passes(k, n, b int) int { return (k*n + b - 1) / b }

// Oracle returns v as an Oracle. All Oracles of v are one and the same. It panics if a field is out of range.
func (v *SVRG) Oracle() stochopt.Oracle {
	v.period()
	return v.draw
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (v *SVRG) Reset() {
	v.lock("SVRG.Reset")
	defer v.leave()
	v.forget()
	v.age, v.whole = 0, false
}

func (v *SVRG) draw(grad, x []float64, s stochopt.Sample) (float64, error) {
	what, err := v.enter("SVRG", grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	defer v.leave()
	switch m := v.period(); {
	case what == newRun:
		n := len(x)
		v.w, v.full, v.atW = resized(v.w, n), resized(v.full, n), resized(v.atW, n)
		v.age, v.whole = 0, false
	case what == nextDraw && !v.whole:
		v.age = 0
	case what == nextDraw:
		v.age = (v.age + 1) % m
	}
	if v.age == 0 {
		if !v.whole || what == nextDraw || !slices.Equal(x, v.w) {
			v.whole = false // should a term panic
			copy(v.w, x)
			v.value = v.Sum.full(v.full, x, v.Sum.all(), s)
			v.whole = finiteDraw(v.value, v.full)
		}
		copy(grad, v.full)
		return v.value, nil
	}
	b := max(1, v.Batch)
	clear(grad)
	clear(v.atW)
	index := v.choose(s, v.Sum.N, b)
	at, atW := v.Sum.sum(grad, x, index, s), v.Sum.sum(v.atW, v.w, index, s)
	f := (at-atW)/float64(b) + v.value
	for i, g := range v.atW {
		f += float64((v.full[i] - g/float64(b)) * (x[i] - v.w[i]))
	}
	for i := range grad {
		grad[i] = (grad[i]-v.atW[i])/float64(b) + v.full[i]
	}
	return f, nil
}

// finiteDraw reports whether f and all of g are.
func finiteDraw(f float64, g []float64) bool {
	for _, v := range g {
		f += v - v
	}
	return f-f == 0
}

// resized returns a vector of length n, v if that has it.
func resized(v []float64, n int) []float64 {
	if len(v) == n {
		return v
	}
	return make([]float64, n)
}

func (v *SVRG) state() state.State {
	s := state.State{
		Counters: v.counters(v.Sum.N, v.age, oneIf(v.whole)),
		Scalars:  []float64{v.value},
		Vectors:  [][]float64{v.w, v.full},
	}
	if !v.whole { // they may not be finite
		s.Scalars[0], s.Vectors = 0, [][]float64{make([]float64, v.dim), make([]float64, v.dim)}
	}
	return s
}

// MarshalBinary returns the state: the last Sample and the snapshot. The exported fields are not part of it. It panics
// during a draw.
func (v *SVRG) MarshalBinary() ([]byte, error) {
	v.lock("SVRG.MarshalBinary")
	defer v.leave()
	return state.Marshal("SVRG", v.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned, into an SVRG with the same fields. On an error v is
// unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (v *SVRG) UnmarshalBinary(data []byte) error {
	v.lock("SVRG.UnmarshalBinary")
	defer v.leave()
	s, err := state.Unmarshal("SVRG", data, v.state())
	if err != nil {
		return err
	}
	c, dim := s.Counters[ownCounters:], len(s.Vectors[0])
	ok := c[0] == v.Sum.N && c[1] < v.period() && c[2] <= 1 && (c[1] == 0 || c[2] == 1)
	if err := unsound("SVRG", s.Counters, dim, ok); err != nil {
		return err
	}
	v.restore(s.Counters, dim)
	v.age, v.whole = c[1], c[2] == 1
	v.value, v.w, v.full, v.atW = s.Scalars[0], s.Vectors[0], s.Vectors[1], make([]float64, dim)
	return nil
}
