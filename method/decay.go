package method

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Decay moves x toward a center before each step of Rule, by a fraction of the way that the gradient does not change.
//
//	x ← x - ρ (x - c)
//	x ← step of Rule from x, with the gradient from before
//
// It keeps no vector. Around Adam it is AdamW with ρ = αλ, around NAdam and AdaMax what others call NAdamW and AdaMaxW;
// around SGD it is, without momentum, a penalty (ρ/α)|x-c|²/2 in the objective. Give it the Schedule that Rule has if
// the two are to stay in proportion. Rule must not be or hold one that rebuilds x from its state (FTRL, RDA, COCOB,
// DAdaptSGD, Mechanic), on which the decay has no lasting effect, nor a Schedule-Free one, whose mean would start
// afresh in every step, nor SFO.
//
// Prefer it where a prior value of the parameters is known, or to keep those bounded that the data do not determine. It
// biases the answer.
//
// Reference: I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.
type Decay struct {
	// Rule takes the steps.
	Rule stochopt.Rule
	// Rate is ρ in [0, 1], without unit. If it is 0, 1e-5 is used.
	Rate float64
	// Center is c, of the length of x. If it is nil, 0 is used.
	Center []float64
	// Schedule, if not nil, multiplies Rate by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential     // optimize.Method
	k, dim     int // steps taken; of Reset
}

// Init implements optimize.Method.
func (r *Decay) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well, and panics if Rule must not be in it.
func (r *Decay) Reset(dim int) {
	r.held().check(dim)
	hyper.Between("method: Decay.Rate", r.Rate, 0, 1)
	r.checkCenter(dim)
	for i, c := range r.Center {
		hyper.Finite(fmt.Sprintf("method: Decay.Center[%d]", i), c)
	}
	r.held().reset(dim)
	r.held().refuseRebuilding()
	r.held().refuseMeans()
	r.held().refuseSFO()
	r.k, r.dim = 0, dim
}

func (r *Decay) checkCenter(dim int) {
	if r.Center != nil && len(r.Center) != dim {
		panic(fmt.Sprintf("method: Decay.Center has length %d, want %d", len(r.Center), dim))
	}
}

// Observe passes the value on to Rule.
func (r *Decay) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Decay) Step(x, grad []float64) {
	hyper.Lengths("method: Decay.Step", x, grad, r.dim)
	r.checkCenter(len(x))
	rho := hyper.StepSize(hyper.Or(r.Rate, 1e-5), r.Schedule, r.k)
	for i, from := range x {
		if r.Center != nil {
			from -= r.Center[i]
		}
		x[i] -= float64(rho * from)
	}
	r.Rule.Step(x, grad)
	r.k++
}

// Estimate is that of Rule.
func (r *Decay) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Decay) Unwrap() stochopt.Rule { return r.Rule }

func (r *Decay) held() held { return held{"Decay", r.Rule} }

func (r *Decay) state() state.State { return state.State{Counters: []int{r.k, r.dim}} }

// MarshalBinary returns the state: k, the number of variables and the state of Rule. The exported fields are not part
// of it.
func (r *Decay) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Decay) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.k, r.dim = s.Counters[0], s.Counters[1]
	}
	return err
}
