package method

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Cautious takes only those components of Rule's step that go down the present gradient, and makes up for the others.
//
//	p = step of Rule from x - x
//	x ← x + p n/n₋ where p g < 0
//
// n is the number of variables, n₋ that of the components with p g < 0; if there is none x stays. Rule's state goes its
// own way. It keeps one vector of the length of x besides what Rule keeps.
//
// Without noise a sufficiently small step then never goes up, and momentum does not overshoot. In noise about half of the
// components are masked at random near a minimum, and the others are twice as long. Rule must not be or hold one that rebuilds x
// from its state (FTRL, RDA, COCOB, DAdaptSGD, Mechanic) or remembers x (AccSGD, Lookahead, the Schedule-Free ones, SAM).
//
// Reference: K. Liang, L. Chen, B. Liu, Q. Liu, Cautious optimizers: improving training with one line of code,
// arXiv:2411.16085, 2024, Algorithm 1. Programs bound n/n₋ in various ways, or add 1 to numerator and denominator.
type Cautious struct {
	// Rule takes the steps.
	Rule stochopt.Rule

	sequential     // optimize.Method
	dim        int // of Reset
	from       scratch
}

// Init implements optimize.Method.
func (r *Cautious) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well, and panics if Rule must not be in it.
func (r *Cautious) Reset(dim int) {
	r.held().check(dim)
	r.held().reset(dim)
	r.held().refuseRebuilding()
	r.held().refuseRemembering()
	r.dim = dim
	r.from.of(dim)
}

// Observe passes the value on to Rule.
func (r *Cautious) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Cautious) Step(x, grad []float64) {
	hyper.Lengths("method: Cautious.Step", x, grad, r.dim)
	from := r.from.of(r.dim)
	copy(from, x)
	r.Rule.Step(x, grad)
	down := 0
	x, from = x[:len(grad)], from[:len(grad)]
	for i, g := range grad {
		if signed(x[i]-from[i], g) < 0 {
			down++
		}
	}
	scale := float64(r.dim) / float64(down)
	for i, g := range grad {
		p := x[i] - from[i]
		chosen := math.Float64bits(from[i])
		if next := math.Float64bits(from[i] + float64(scale*p)); signed(p, g) < 0 { // without a branch, as in DeltaBarDelta
			chosen = next
		}
		x[i] = math.Float64frombits(chosen)
	}
}

// Estimate is that of Rule.
func (r *Cautious) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Cautious) Unwrap() stochopt.Rule { return r.Rule }

func (r *Cautious) held() held { return held{"Cautious", r.Rule} }

func (r *Cautious) state() state.State { return state.State{Counters: []int{r.dim}} }

// MarshalBinary returns the state: the number of variables and the state of Rule. The exported fields are not part of it.
func (r *Cautious) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Cautious) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim = s.Counters[0]
	}
	return err
}
