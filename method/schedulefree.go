package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// ScheduleFreeSGD is gradient descent whose answer is a running mean of its iterates, with the gradient taken between
// both.
//
//	y = (1-β) z + β x
//	z ← z - α (g + λ y)
//	x ← (1-c) x + c z,  c = w/Σw,  w = kʳ α²
//
// g is the gradient at y, k = 1, 2, ... counts the steps, and α in w is the greatest so far. So x is the mean of all z
// with the weights w: the plain mean if α is constant and r = 0. β = 0 is gradient descent with the mean of its
// iterates as the answer; β near 1 takes the gradient at the mean.
//
// The iterate that Step moves is y. The answer is x: Estimate returns it, and it is the X of a Result. It keeps z and x, two
// vectors, starts both from the iterate of the first Step after Reset, and starts both afresh in every component in
// which the iterate has been moved from outside; under a projection on a box so the answer stays in the box. To go on
// from a stored state give it the last iterate, not the answer.
//
// With a constant α it comes as close in k steps as gradient descent with the best schedule for k steps would, for every
// k: on a convex function f(x) - f* <= D G/√k for gradients of length G, a start at the distance D, and α = D/(G√k).
// Prefer it to SGD with a Schedule when the length of the run is not known. A short warm-up by Schedule helps. For α the
// stable range is that of SGD times about 1/(1-β).
//
// Reference: A. Defazio, X. A. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, The road less scheduled, NeurIPS
// 2024, with the weights of the authors' program.
type ScheduleFreeSGD struct {
	// StepSize is α, in units of x²/f. If it is 0, 0.003 is used, the choice of docs/stepsizes.md for a few variables of
	// the order of 1; the authors' program has 1, for the weights of neural networks.
	StepSize float64
	// Beta is β in [0, 1), the part of x in y. If it is 0, 0.9 is used; for none set stochopt.Zero.
	Beta float64
	// Power is r >= 0: later iterates weigh more, by their number to this power. 0 is none.
	Power float64
	// WeightDecay is λ, in units of f/x²; 0 is none.
	WeightDecay float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential // optimize.Method
	free       scheduleFree
}

// Init implements optimize.Method.
func (r *ScheduleFreeSGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *ScheduleFreeSGD) Reset(dim int) {
	hyper.Dim("method: ScheduleFreeSGD.Reset", dim)
	hyper.NonNegative("method: ScheduleFreeSGD.StepSize", r.StepSize)
	hyper.Unit("method: ScheduleFreeSGD.Beta", r.Beta)
	hyper.NonNegative("method: ScheduleFreeSGD.Power", r.Power)
	hyper.NonNegative("method: ScheduleFreeSGD.WeightDecay", r.WeightDecay)
	r.free.reset(dim)
}

// Step implements stochopt.Rule.
func (r *ScheduleFreeSGD) Step(y, grad []float64) {
	hyper.Lengths("method: ScheduleFreeSGD.Step", y, grad, len(r.free.x))
	alpha, beta := hyper.StepSize(hyper.Or(r.StepSize, 3e-3), r.Schedule, r.free.k), hyper.Or(r.Beta, 0.9)
	before, c := r.free.next(y, alpha, beta, r.Power)
	kernel.ScheduleFreeSGD(r.Concurrent, y, grad, r.free.z, r.free.x, before, alpha, r.WeightDecay, c, beta)
}

// Estimate stores x, the answer that belongs to the iterate y.
func (r *ScheduleFreeSGD) Estimate(dst, y []float64) { r.free.estimate(dst, y) }

func (r *ScheduleFreeSGD) state() state.State { return r.free.state() }

// MarshalBinary returns the state: k, β, the greatest α, Σw, z and x. The exported fields are not part of it.
func (r *ScheduleFreeSGD) MarshalBinary() ([]byte, error) {
	return state.Marshal("ScheduleFreeSGD", r.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *ScheduleFreeSGD) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("ScheduleFreeSGD", data, r.state())
	if err == nil {
		r.free.restore(s)
	}
	return err
}

// scheduleFree is what the Schedule-Free methods have in common: z, its mean x, and the point y between them.
type scheduleFree struct {
	k        int     // steps taken
	beta     float64 // the part of x in the present y
	top, sum float64 // greatest α, Σw
	z, x     []float64
}

func (f *scheduleFree) reset(dim int) {
	*f = scheduleFree{z: make([]float64, dim), x: make([]float64, dim)}
}

// y is the component i of the iterate that the last step has returned.
func (f *scheduleFree) y(i int) float64 { return float64((1-f.beta)*f.z[i]) + float64(f.beta*f.x[i]) }

// next begins a step from y and returns β of the step before and c.
func (f *scheduleFree) next(y []float64, alpha, beta, power float64) (before, c float64) {
	if f.k == 0 {
		copy(f.z, y)
		copy(f.x, y)
	}
	f.k++
	before, f.beta, f.top = f.beta, beta, max(f.top, alpha)
	w := math.Pow(float64(f.k), power) * f.top * f.top
	f.sum += w
	if f.sum == 0 {
		return before, 0 // there has been no step yet
	}
	return before, w / f.sum
}

func (f *scheduleFree) estimate(dst, y []float64) {
	for i, v := range y {
		dst[i] = v
		if f.k > 0 && v == f.y(i) {
			dst[i] = f.x[i]
		}
	}
}

func (f *scheduleFree) state() state.State {
	return state.State{Counters: []int{f.k}, Scalars: []float64{f.beta, f.top, f.sum}, Vectors: [][]float64{f.z, f.x}}
}

func (f *scheduleFree) restore(s state.State) {
	f.k, f.beta, f.top, f.sum = s.Counters[0], s.Scalars[0], s.Scalars[1], s.Scalars[2]
	f.z, f.x = s.Vectors[0], s.Vectors[1]
}
