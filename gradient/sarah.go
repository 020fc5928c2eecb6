package gradient

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/state"
)

// SARAH is a minibatch that adds up differences: the gradient at the last point, corrected by what a batch says has
// changed since (stochastic recursive gradient algorithm).
//
//	v ← g_B(x) - g_B(x') + v                       v_0 = ∇F(x_0)
//	f ← f_B(x) - f_B(x') + f + (v - g_B(x'))·(x-x')    f_0 = F(x_0)      v on the right is that of x'
//
// x' is the point of the draw before, B are b terms drawn without replacement. v is the gradient of f. A loop of m
// draws begins with the whole sum, and so does a new one, early if Gamma asks for it. Unlike SVRG's, the estimate is
// biased inside a loop: given the past, its mean is wrong by the error of v at x'. But v itself goes to 0 within the
// loop, not only its error, so the steps settle; and the difference is one step long, not the way from the snapshot.
//
// With it method.SGD at a constant step converges linearly on a strongly convex sum; step sizes up to about 1/(2L) are
// safe for b = 1, with L a bound of the curvature of every term. The cost of a draw is 2b gradients of terms, and N/m
// for the loops. It keeps five vectors and N indices. A loop that is too long goes on with a direction that has
// drifted.
//
// For twelve digits set Settings.GradientThreshold, and Converger: optimize.NeverTerminate{}: the default stop of
// stochopt.Minimize ends a run that seems to travel no more, which can be long before.
//
// A SARAH carries the state of a run, by the same rules as SVRG; the point of every Sample, also of one whose gradient
// is not asked for, is the x' of the next. A draw that is not finite is left out of the recursion.
//
// Reference: L. M. Nguyen, J. Liu, K. Scheinberg, M. Takáč, SARAH: a novel method for machine learning problems using
// stochastic recursive gradient, ICML 2017, algorithms 1 (going on from the last iterate of a loop) and 2 (SARAH+).
// There the value is not estimated.
type SARAH struct {
	// Sum is the objective. It must not change during a run, nor must the other fields.
	Sum FiniteSum
	// Batch is b, in [1, Sum.N]. If it is 0, 1 is used.
	Batch int
	// Period is m >= 1, the draws of a loop with the one of the whole sum. If it is 0, N/b rounded up is used: as long
	// as a snapshot costs.
	Period int
	// Gamma is γ in [0, 1): a loop ends once |v|² <= γ |v_0|². 0 is never; 1/8 is the recommendation of the reference
	// for its SARAH+.
	Gamma float64

	oneRun
	batch
	age       int     // draws since the whole sum, which is 0
	square    float64 // |v_0|² of the loop
	now, past recursion
	at        []float64 // scratch: g_B(x')
}

// recursion is what a draw leaves behind.
type recursion struct {
	whole bool // it is there and finite
	x, v  []float64
	f     float64
}

func (r *SARAH) period() int {
	b := r.Sum.batchSize("SARAH", r.Batch)
	if r.Period < 0 {
		panic(fmt.Sprintf("gradient: SARAH.Period = %d, want >= 0", r.Period))
	}
	if !(r.Gamma >= 0 && r.Gamma < 1) {
		panic(fmt.Sprintf("gradient: SARAH.Gamma = %v, want in [0, 1)", r.Gamma))
	}
	if r.Period == 0 {
		return passes(1, r.Sum.N, b)
	}
	return r.Period
}

// Oracle returns r as an Oracle. All Oracles of r are one and the same. It panics if a field is out of range.
func (r *SARAH) Oracle() stochopt.Oracle {
	r.period()
	return r.draw
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (r *SARAH) Reset() {
	r.lock("SARAH.Reset")
	defer r.leave()
	r.forget()
	r.age, r.now.whole, r.past.whole = 0, false, false
}

func (r *SARAH) draw(grad, x []float64, s stochopt.Sample) (float64, error) {
	what, err := r.enter("SARAH", grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	defer r.leave()
	switch m := r.period(); {
	case what == newRun:
		r.age = 0
		for _, c := range [...]*recursion{&r.now, &r.past} {
			c.whole, c.x, c.v = false, resized(c.x, len(x)), resized(c.v, len(x))
		}
		r.at = resized(r.at, len(x))
	case what == nextDraw && r.now.whole:
		r.advance(m)
	}
	now := &r.now
	if what == sameDraw && now.whole && slices.Equal(x, now.x) {
		copy(grad, now.v)
		return now.f, nil
	}
	now.whole = false // should a term panic
	copy(now.x, x)
	if r.age == 0 {
		now.f = r.Sum.full(now.v, x, r.Sum.all(), s)
	} else {
		r.recur(x, s)
	}
	now.whole = finiteDraw(now.f, now.v)
	copy(grad, now.v)
	return now.f, nil
}

// advance goes on to the draw after a good one.
func (r *SARAH) advance(m int) {
	var square float64
	for _, v := range r.now.v {
		square += float64(v * v)
	}
	if r.age == 0 {
		r.square = square
	}
	r.now, r.past = r.past, r.now
	r.age = (r.age + 1) % m
	if square <= r.Gamma*r.square {
		r.age = 0
	}
}

// recur computes now at x from past.
func (r *SARAH) recur(x []float64, s stochopt.Sample) {
	now, past := &r.now, &r.past
	b := max(1, r.Batch)
	clear(now.v)
	clear(r.at)
	index := r.choose(s, r.Sum.N, b)
	f, at := r.Sum.sum(now.v, x, index, s), r.Sum.sum(r.at, past.x, index, s)
	now.f = (f-at)/float64(b) + past.f
	for i, g := range r.at {
		now.f += float64((past.v[i] - g/float64(b)) * (x[i] - past.x[i]))
		now.v[i] = (now.v[i]-g)/float64(b) + past.v[i]
	}
}

func (r *SARAH) state() state.State {
	s := state.State{
		Counters: r.counters(r.Sum.N, r.age, oneIf(r.now.whole), oneIf(r.past.whole)),
		Scalars:  []float64{r.square},
	}
	for _, c := range [...]recursion{r.now, r.past} {
		if !c.whole { // it may not be finite
			c = recursion{x: make([]float64, r.dim), v: make([]float64, r.dim)}
		}
		s.Scalars = append(s.Scalars, c.f)
		s.Vectors = append(s.Vectors, c.x, c.v)
	}
	return s
}

// MarshalBinary returns the state: the last Sample, and x, v and f of the last draw and of the one before. The exported
// fields are not part of it. It panics during a draw.
func (r *SARAH) MarshalBinary() ([]byte, error) {
	r.lock("SARAH.MarshalBinary")
	defer r.leave()
	return state.Marshal("SARAH", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned, into a SARAH with the same fields. On an error r is
// unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (r *SARAH) UnmarshalBinary(data []byte) error {
	r.lock("SARAH.UnmarshalBinary")
	defer r.leave()
	s, err := state.Unmarshal("SARAH", data, r.state())
	if err != nil {
		return err
	}
	c, dim := s.Counters[ownCounters:], len(s.Vectors[0])
	ok := c[0] == r.Sum.N && c[1] < r.period() && c[2] <= 1 && c[3] <= 1 && (c[1] == 0 || c[3] == 1)
	if err := unsound("SARAH", s.Counters, dim, ok); err != nil {
		return err
	}
	r.restore(s.Counters, dim)
	r.age, r.square = c[1], s.Scalars[0]
	r.now = recursion{c[2] == 1, s.Vectors[0], s.Vectors[1], s.Scalars[1]}
	r.past = recursion{c[3] == 1, s.Vectors[2], s.Vectors[3], s.Scalars[2]}
	r.at = make([]float64, dim)
	return nil
}
