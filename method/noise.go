package method

import (
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// Noise adds normal noise to the gradient, with a variance that falls from step to step.
//
//	g ← g + N(0, η/(1+k)ᵞ)
//
// The draws of step k are a function of Seed and k alone, and other than those of an Oracle with the same Seed; nested ones need different Seeds. It keeps one vector
// of the length of x besides what Rule keeps.
//
// Use it to leave saddle points and poor starts where the gradient is exact, or to try out what noise does to a method.
//
// Reference: A. Neelakantan, L. Vilnis, Q. V. Le, I. Sutskever, L. Kaiser, K. Kurach, J. Martens, Adding gradient noise improves
// learning for very deep networks, arXiv:1511.06807, 2015.
type Noise struct {
	// Rule gets the noisy gradient.
	Rule stochopt.Rule
	// Variance is η, in units of g². If it is 0, 0.01 is used.
	Variance float64
	// Power is γ >= 0; at 0 the variance does not fall. The reference has 0.55.
	Power float64
	// Seed selects the stream of the noise.
	Seed uint64

	sequential            // optimize.Method
	dim        int        // of Reset
	k          int        // steps taken
	rnd        *rand.Rand // around pcg
	pcg        rand.PCG
	g          scratch
}

// Init implements optimize.Method.
func (r *Noise) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Noise) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: Noise.Variance", r.Variance)
	hyper.NonNegative("method: Noise.Power", r.Power)
	r.held().reset(dim)
	r.held().refuseSFO()
	r.dim, r.k = dim, 0
	r.rnd = rand.New(&r.pcg)
	r.g.of(dim)
}

// Observe passes the value on to Rule.
func (r *Noise) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Noise) Step(x, grad []float64) {
	hyper.Lengths("method: Noise.Step", x, grad, r.dim)
	// An Oracle's draws have Probe >= 0: with one of them the noise would repeat that of the objective.
	r.pcg = stochopt.Sample{Seed: r.Seed, Step: r.k, Probe: -1}.PCG()
	sd := math.Sqrt(hyper.Or(r.Variance, 0.01) / math.Pow(1+float64(r.k), r.Power))
	g := r.g.of(r.dim)
	for i, v := range grad {
		g[i] = v + float64(sd*r.rnd.NormFloat64())
	}
	r.Rule.Step(x, g)
	r.k++
}

// Estimate is that of Rule.
func (r *Noise) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Noise) Unwrap() stochopt.Rule { return r.Rule }

func (r *Noise) held() held { return held{"Noise", r.Rule} }

func (r *Noise) state() state.State { return state.State{Counters: []int{r.dim, r.k}} }

// MarshalBinary returns the state: the number of variables, k and the state of Rule. The exported fields, and Seed with
// them, are not part of it.
func (r *Noise) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Noise) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim, r.k = s.Counters[0], s.Counters[1]
		r.rnd = rand.New(&r.pcg)
	}
	return err
}
