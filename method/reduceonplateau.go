package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// ReduceOnPlateau shortens the steps of Rule when the values have stopped falling.
//
//	x ← x + w (step of Rule from x - x)        w = 1 at first
//	w ← max(w F, W)                            after P windows in a row without an improvement
//
// A window is ten batches of B values of the objective, one a step. It is an improvement if its mean is below that of
// the best window so far by more than r |best| + a and 2.55 standard errors of the difference besides. Those are taken
// from the spread of the batches' means, and 1 % of windows exceed them without any change. The best window is replaced
// by improvements alone, so that slow progress adds up. The first C windows after a reduction do not count. It keeps
// one vector of the length of x besides what Rule keeps.
//
// A batch should be longer than the values remember one another, some 1/αh steps of SGD where h is the least curvature
// that matters; otherwise noise takes part in improvements and delays reductions. With independent values of standard
// deviation σ and P = 10, the 10 windows after the best are taken for a plateau with probability 0.93 if the values do
// not change, 0.42 if they fall by 3σ/√(10B) in that time, 0.013 if by 6σ/√(10B). Objectives may have any sign: the
// margin is r |best| because (1-r) best, which other programs compare with, is above best if that is negative.
//
// The effect is that of the factor w in Rule's Schedule, if Rule's step is proportional to its StepSize, and its state
// does not depend on the step. That holds for SGD, Adam and most others. It does not hold for Rules that rebuild x from
// their state (FTRL, RDA, COCOB, DAdaptSGD, Mechanic), for those with a memory of x (AccSGD, Lookahead, the
// Schedule-Free ones, SAM), and where the answer is another than x: put Average, Lookahead or SAM around it and not
// inside.
//
// Prefer a Schedule where the length of the run is known. Reference: none; the rule without noise is that of the
// schedulers of the same name in programs for neural networks.
type ReduceOnPlateau struct {
	// Rule takes the steps.
	Rule stochopt.Rule
	// Factor is F in (0, 1). If it is 0, 0.1 is used.
	Factor float64
	// Patience is P. If it is 0, 10 is used.
	Patience int
	// Cooldown is C.
	Cooldown int
	// Minimum is W in [0, 1], the least w.
	Minimum float64
	// Relative is r, without unit. If it is 0, 1e-4 is used; for none set stochopt.Zero.
	Relative float64
	// Absolute is a, in units of f; 0 is none.
	Absolute float64
	// Batch is B. If it is 0, 10 is used.
	Batch int

	sequential         // optimize.Method
	dim        int     // of Reset
	from       scratch // x before the step
	plateau
}

// plateau is what ReduceOnPlateau knows of the values.
type plateau struct {
	w            float64 // the factor
	n, bad, calm int     // values in the window; windows without an improvement; windows that will not count
	known, seen  int     // 1 if there is a best window; 1 if a value has been observed since the last step
	sum          float64 // of the values of the batch, over B
	now, best    spread  // of the means of the batches in the window; in the best window
}

// spread is the mean of some numbers and the sum of the squares of their deviations from it (B. P. Welford,
// Technometrics 4, 1962).
type spread struct{ mean, squares float64 }

// add takes in v as number n = 1, 2, ...
func (s *spread) add(v float64, n int) {
	d := v - s.mean
	s.mean += d / float64(n)
	s.squares += float64(d * (v - s.mean))
}

// batches is how many there are in a window.
const batches = 10

// Init implements optimize.Method.
func (r *ReduceOnPlateau) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *ReduceOnPlateau) Reset(dim int) {
	r.held().check(dim)
	hyper.Unit("method: ReduceOnPlateau.Factor", r.Factor)
	hyper.NonNegative("method: ReduceOnPlateau.Patience", float64(r.Patience))
	hyper.NonNegative("method: ReduceOnPlateau.Cooldown", float64(r.Cooldown))
	hyper.Between("method: ReduceOnPlateau.Minimum", r.Minimum, 0, 1)
	hyper.NonNegative("method: ReduceOnPlateau.Relative", r.Relative)
	hyper.NonNegative("method: ReduceOnPlateau.Absolute", r.Absolute)
	hyper.NonNegative("method: ReduceOnPlateau.Batch", float64(r.Batch))
	r.held().reset(dim)
	r.dim, r.plateau = dim, plateau{w: 1}
	r.from.of(dim)
}

// Observe takes in the value at the x of the next Step, and passes it on to Rule.
func (r *ReduceOnPlateau) Observe(f float64) {
	r.held().observe(f)
	r.seen = 1
	batch := cmp.Or(r.Batch, 10)
	r.sum += f / float64(batch)
	if r.n++; r.n%batch != 0 {
		return
	}
	r.now.add(r.sum, r.n/batch)
	r.sum = 0
	if r.n >= batch*batches { // more if Batch has been made smaller
		r.judge()
		r.n, r.now = 0, spread{}
	}
}

// judge is the end of a window.
func (r *ReduceOnPlateau) judge() {
	// Student's distribution with 18 degrees of freedom exceeds it with probability 1 %.
	const t = 2.552
	noise := t * math.Sqrt((r.now.squares+r.best.squares)/(batches*(batches-1)))
	margin := float64(hyper.Or(r.Relative, 1e-4)*math.Abs(r.best.mean)) + r.Absolute
	switch {
	case r.known == 0 || r.best.mean-r.now.mean > margin+noise:
		r.known, r.best, r.bad = 1, r.now, 0
	case r.calm == 0:
		r.bad++
	}
	r.calm = max(0, r.calm-1)
	if r.bad >= cmp.Or(r.Patience, 10) {
		r.w = max(r.w*cmp.Or(r.Factor, 0.1), min(r.w, r.Minimum))
		r.bad, r.calm = 0, r.Cooldown
	}
}

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step.
func (r *ReduceOnPlateau) Step(x, grad []float64) {
	hyper.Lengths("method: ReduceOnPlateau.Step", x, grad, r.dim)
	needValue("ReduceOnPlateau", r.seen)
	r.seen = 0
	from := r.from.of(r.dim)
	copy(from, x)
	r.Rule.Step(x, grad)
	if r.w == 1 {
		return
	}
	for i, v := range from {
		x[i] = v + float64(r.w*(x[i]-v))
	}
}

// Estimate is that of Rule.
func (r *ReduceOnPlateau) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *ReduceOnPlateau) Unwrap() stochopt.Rule { return r.Rule }

func (r *ReduceOnPlateau) held() held { return held{"ReduceOnPlateau", r.Rule} }

func (r *ReduceOnPlateau) state() state.State {
	return state.State{
		Counters: []int{r.dim, r.n, r.bad, r.calm, r.known, r.seen},
		Scalars:  []float64{r.w, r.sum, r.now.mean, r.now.squares, r.best.mean, r.best.squares},
	}
}

// MarshalBinary returns the state: w, the window, the best, what they count, and the state of Rule. The exported fields
// are not part of it.
func (r *ReduceOnPlateau) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *ReduceOnPlateau) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		c, v := s.Counters, s.Scalars
		r.dim = c[0]
		r.plateau = plateau{
			n: c[1], bad: c[2], calm: c[3], known: c[4], seen: c[5],
			w: v[0], sum: v[1], now: spread{v[2], v[3]}, best: spread{v[4], v[5]},
		}
	}
	return err
}
