package method

import (
	"math/bits"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// TailAverage leaves the steps to Rule and answers with the uniform mean of late iterates, however long the run is: it takes
// a new mean over each of the windows
//
//	[1] [2, 3] [4, ..., 7] [8, ..., 15] ...
//
// of iterates 1, 2, ..., the initial point not among them, and answers with the mean of the present window, as far as it has come,
// and the one before. That holds a half to three quarters of all iterates. It keeps two vectors of the length of x besides
// what Rule keeps.
//
// It forgets the start of the run without being told where it ends, at the price of up to twice the variance of the
// mean of all. Otherwise it is used like Average; an Estimate of Rule is not asked for.
//
// Reference: A. Rakhlin, O. Shamir, K. Sridharan, Making gradient descent optimal for strongly convex stochastic
// optimization, ICML 2012, on means of the last part; windows are the usual way to do without the number of steps. Often the last
// complete one alone is the answer, which then stands still for long times and looks as if the run had arrived.
type TailAverage struct {
	// Rule takes the steps.
	Rule stochopt.Rule

	sequential           // optimize.Method
	k          int       // steps taken
	mean       []float64 // of the iterates of the present window, all but the present iterate
	last       []float64 // mean of the window before
}

// Init implements optimize.Method.
func (r *TailAverage) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *TailAverage) Reset(dim int) {
	r.held().check(dim)
	r.held().reset(dim)
	r.k, r.mean, r.last = 0, make([]float64, dim), make([]float64, dim)
}

// Observe passes the value on to Rule.
func (r *TailAverage) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule. It takes x into the mean before it moves it, since only then is x projected.
func (r *TailAverage) Step(x, grad []float64) {
	hyper.Lengths("method: TailAverage.Step", x, grad, len(r.mean))
	switch {
	case r.k == 0:
	case opens(r.k):
		copy(r.last, r.mean)
		copy(r.mean, x)
	default:
		kernel.Mix(r.Concurrent, r.mean, r.mean, x, r.weight())
	}
	r.Rule.Step(x, grad)
	r.k++
}

// Estimate stores the mean of the iterates of the present window and the one before; x is the last of them.
func (r *TailAverage) Estimate(dst, x []float64) {
	if r.k <= 1 {
		copy(dst, x)
		return
	}
	first := 1 << (bits.Len(uint(r.k)) - 1)
	n := r.k - first + 1 // iterates of the present window
	before := r.last
	if n == 1 {
		copy(dst, x)
		before = r.mean // Step moves it on
	} else {
		kernel.Mix(r.Concurrent, dst, r.mean, x, 1/float64(n))
	}
	kernel.Mix(r.Concurrent, dst, before, dst, float64(n)/float64(first/2+n))
}

// opens reports whether iterate j > 0 is the first of a window: a power of 2.
func opens(j int) bool { return j&(j-1) == 0 }

// weight is 1/j of iterate k as the j-th of its window.
func (r *TailAverage) weight() float64 {
	first := 1 << (bits.Len(uint(r.k)) - 1)
	return 1 / float64(r.k-first+1)
}

// Unwrap returns Rule.
func (r *TailAverage) Unwrap() stochopt.Rule { return r.Rule }

func (r *TailAverage) held() held { return held{"TailAverage", r.Rule} }

func (r *TailAverage) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.mean, r.last}}
}

// MarshalBinary returns the state: k, the mean of all iterates of the present window but the present one, that of the
// window before, and the state of Rule. To go on, take the iterate along, not the Result of a run, which is the mean.
func (r *TailAverage) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *TailAverage) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.k, r.mean, r.last = s.Counters[0], s.Vectors[0], s.Vectors[1]
	}
	return err
}
