package method

import (
	"cmp"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Lookahead goes part of the way that k steps of Rule have gone.
//
//	φ ← x                    before the first of every k steps
//	x ← step of Rule from x
//	x ← φ + a (x - φ)        after the last of them
//
// It keeps φ, one vector of the length of x, besides what Rule keeps; Rule goes on with its state. So Rule must not be or
// hold one that rebuilds x from its state (FTRL, RDA, COCOB, DAdaptSGD, Mechanic), on which the way back has no lasting effect, nor a
// Schedule-Free one, whose mean would start afresh in every round, nor SAM, which may be around it.
//
// In noise, if k steps are enough to forget the point before them, the points after every k-th step keep a/(2-a) times the
// variance of Rule's own. The points between them are Rule's, so let a run end after a whole number of rounds: with
// Settings.MajorIterations the Result is a point after MajorIterations-1 steps. Prefer it where Rule oscillates; for an answer
// with the least noise Average is better.
//
// Reference: M. R. Zhang, J. Lucas, G. Hinton, J. Ba, Lookahead optimizer: k steps forward, 1 step back, NeurIPS 2019,
// Algorithm 1, with inner momentum maintained; the
// paper also tries to reset and to interpolate it.
type Lookahead struct {
	// Rule takes the steps.
	Rule stochopt.Rule
	// SyncPeriod is k. If it is 0, 5 is used.
	SyncPeriod int
	// SlowStepSize is a in (0, 1]. If it is 0, 0.5 is used.
	SlowStepSize float64

	sequential           // optimize.Method
	j          int       // steps since φ ← x
	phi        []float64 // φ
}

// Init implements optimize.Method.
func (r *Lookahead) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well, and panics if Rule must not be in it.
func (r *Lookahead) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: Lookahead.SyncPeriod", float64(r.SyncPeriod))
	hyper.Between("method: Lookahead.SlowStepSize", r.SlowStepSize, 0, 1)
	r.held().reset(dim)
	r.held().refuseRebuilding()
	r.held().refuseMeans()
	r.held().refuseSAM()
	r.j, r.phi = 0, make([]float64, dim)
}

// Observe passes the value on to Rule.
func (r *Lookahead) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Lookahead) Step(x, grad []float64) {
	hyper.Lengths("method: Lookahead.Step", x, grad, len(r.phi))
	if r.j == 0 {
		copy(r.phi, x)
	}
	r.Rule.Step(x, grad)
	r.j++
	if r.j < cmp.Or(r.SyncPeriod, 5) {
		return
	}
	r.j = 0
	a := hyper.Or(r.SlowStepSize, 0.5)
	for i, phi := range r.phi {
		x[i] = phi + float64(a*(x[i]-phi))
	}
}

// Estimate is that of Rule.
func (r *Lookahead) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Lookahead) Unwrap() stochopt.Rule { return r.Rule }

func (r *Lookahead) held() held { return held{"Lookahead", r.Rule} }

func (r *Lookahead) state() state.State {
	return state.State{Counters: []int{r.j}, Vectors: [][]float64{r.phi}}
}

// MarshalBinary returns the state: the steps of the present round, φ and the state of Rule. The exported fields are not
// part of it.
func (r *Lookahead) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Lookahead) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.j, r.phi = s.Counters[0], s.Vectors[0]
	}
	return err
}
