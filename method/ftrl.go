package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/replay"
	"github.com/stochopt/stochopt/internal/state"
)

// FTRL follows the regularized leader: x minimizes the sum of all gradients seen, as linear functions, plus penalties that
// keep it close to where it has been, to 0 if wanted, and make small components exactly 0.
//
//	s = (√(N + g²) - √N)/α
//	z ← z + g - s x
//	N ← N + g²
//	x = 0                                      where |z| <= λ₁
//	x = -(z - λ₁ sign(z))/((β + √N)/α + λ₂)    elsewhere
//
// All operations are component by component; N starts at 0 and z, at the first Step after Reset, at -xβ/α, so that β holds x
// to its start (with β = 0 the first step decides) and not to 0. It keeps z and N, two vectors. x is a function of both: a projection from outside has no lasting effect, other
// than through s x. Where N, λ₂ and β are 0, x stays.
//
// Without λ₁, λ₂ and β it is AdaGrad, x ← x - α g/√N: the first step has the length α. λ₁|x| and λ₂x²/2 are
// penalties beside the sum of all f seen, not their mean. Prefer it for models with many parameters of which few matter, where λ₁
// gives exact zeros in noise, which no penalty in the gradient does. The step size belongs to the state: keep it during a run.
//
// Reference: H. B. McMahan and others, Ad click prediction: a view from the trenches, KDD 2013, Algorithm 1, which starts at x = 0
// with a free choice of α; a start elsewhere is held by β but not by λ₂, which draws to 0 from the first step on.
type FTRL struct {
	// StepSize is α, in units of x. If it is 0, 1 is used, the choice of docs/stepsizes.md for a few variables of the
	// order of 1; the paper has none.
	StepSize float64
	// Beta is β, in units of the gradient, which shortens the first steps. If it is 0, 1 is used; for none set stochopt.Zero.
	Beta float64
	// L1 is λ₁, in units of the gradient; 0 is none.
	L1 float64
	// L2 is λ₂, in units of f/x²; 0 is none.
	L2 float64

	sequential            // optimize.Method
	k          int        // steps taken
	z, n       []float64  // the leader's linear function, sum of g²
	log        replay.Log // steps that some variables have not taken
}

// Init implements optimize.Method.
func (r *FTRL) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *FTRL) Reset(dim int) {
	hyper.Dim("method: FTRL.Reset", dim)
	hyper.NonNegative("method: FTRL.StepSize", r.StepSize)
	if hyper.Or(r.StepSize, 1) == 0 {
		panic("method: FTRL.StepSize = stochopt.Zero, want > 0: x is divided by it")
	}
	hyper.NonNegative("method: FTRL.Beta", r.Beta)
	hyper.NonNegative("method: FTRL.L1", r.L1)
	hyper.NonNegative("method: FTRL.L2", r.L2)
	r.k, r.z, r.n = 0, make([]float64, dim), make([]float64, dim)
	r.log = replay.Log{}
}

// Step implements stochopt.Rule.
func (r *FTRL) Step(x, grad []float64) {
	hyper.Lengths("method: FTRL.Step", x, grad, len(r.z))
	if !r.log.Empty() {
		r.CatchUp(x, nil)
	}
	alpha, beta := r.begin(x)
	ftrl(x, grad, r.z, r.n, alpha, beta, r.L1, r.L2)
	r.k++
}

// begin returns α and β, and before the first step makes z.
func (r *FTRL) begin(x []float64) (alpha, beta float64) {
	alpha, beta = hyper.Or(r.StepSize, 1), hyper.Or(r.Beta, 1)
	if r.k == 0 {
		z := r.z[:len(x)]
		for i, v := range x {
			z[i] = -v * (beta / alpha)
		}
	}
	return alpha, beta
}

func ftrl(x, grad, z, n []float64, alpha, beta, l1, l2 float64) {
	rate, base := 1/alpha, beta/alpha+l2
	z, n = z[:len(x)], n[:len(x)]
	for i, g := range grad[:len(x)] {
		sum := n[i] + float64(g*g)
		root := math.Sqrt(sum)
		s := (root - math.Sqrt(n[i])) * rate
		next := z[i] + (g - float64(s*x[i]))
		z[i], n[i] = next, sum
		hold := base + float64(root*rate)
		switch {
		case math.Abs(next) <= l1 && (hold > 0 || l1 > 0):
			x[i] = 0
		case hold > 0:
			x[i] = (math.Copysign(l1, next) - next) / hold
		}
	}
}

func (r *FTRL) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.z, r.n}, Inner: r.log.MarshalBinary()}
}

// MarshalBinary returns the state: k, z and N, and the steps that some variables have not taken. The exported fields are not part of it.
func (r *FTRL) MarshalBinary() ([]byte, error) { return state.Marshal("FTRL", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *FTRL) UnmarshalBinary(data []byte) error {
	s, log, err := replay.State("FTRL", data, r.state())
	if err == nil {
		r.k, r.z, r.n, r.log = s.Counters[0], s.Vectors[0], s.Vectors[1], log
	}
	return err
}
