package method

import (
	"cmp"
	"math"

	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// AccSGD is accelerated stochastic gradient descent: it ties x to a mean of points that longer steps lead to.
//
//	b = c²ξ/κ,  ζ = c/(c+b)
//	w ← w + b (x - (ακ/c) g - w)
//	x ← x - ζ α g + (1-ζ) (w - x)
//
// w starts at x and is kept, one vector of the length of x. It is QHM with the step size αc(1+ξ)/(1+c), which is how
// far a steady gradient moves x in the end, with β = c(1-b)/(c+b), and with ν = (cξ-1)/(c(1+ξ)).
//
// On sums of squares that can all be 0 at once, where noise vanishes at the minimum, it is provably faster than SGD, and
// momentum is not. Prefer it there, with a κ near the condition number. It is not invariant to the scale of the gradient.
//
// Reference: P. Jain, S. M. Kakade, R. Kidambi, P. Netrapalli, A. Sidford, Accelerating stochastic gradient descent
// for least squares regression, COLT 2018, in the form of R. Kidambi, P. Netrapalli, P. Jain, S. M. Kakade, On the
// insufficiency of existing momentum schemes for stochastic optimization, ICLR 2018, Algorithm 3.
type AccSGD struct {
	// StepSize is α, the short step, in units of x²/f. If it is 0, 0.001 is used, the choice of docs/stepsizes.md for a
	// few variables of the order of 1; the papers have none, as none suits all scales of f.
	StepSize float64
	// Kappa is κ >= 1, the ratio of the long step to the short one, up to c. If it is 0, 1000 is used.
	Kappa float64
	// Xi is ξ in [1, √κ], the statistical advantage over SGD that is aimed at. If it is 0, 10 is used.
	Xi float64
	// SmallConst is c in (0, 1]. If it is 0, 0.7 is used.
	SmallConst float64
	// Schedule, if not nil, multiplies StepSize by Schedule(k) in step k = 0, 1, ...
	Schedule func(k int) float64

	sequential           // optimize.Method
	k          int       // steps taken
	w          []float64 // mean of long steps
}

// Init implements optimize.Method.
func (r *AccSGD) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *AccSGD) Reset(dim int) {
	hyper.Dim("method: AccSGD.Reset", dim)
	hyper.NonNegative("method: AccSGD.StepSize", r.StepSize)
	kappa := cmp.Or(r.Kappa, 1000)
	hyper.Between("method: AccSGD.Kappa", kappa, 1, math.MaxFloat64)
	hyper.Between("method: AccSGD.Xi", cmp.Or(r.Xi, 10), 1, math.Sqrt(kappa))
	hyper.Between("method: AccSGD.SmallConst", r.SmallConst, 0, 1)
	r.k, r.w = 0, make([]float64, dim)
}

// Step implements stochopt.Rule.
func (r *AccSGD) Step(x, grad []float64) {
	hyper.Lengths("method: AccSGD.Step", x, grad, len(r.w))
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1e-3), r.Schedule, r.k)
	kappa, xi, c := cmp.Or(r.Kappa, 1000), cmp.Or(r.Xi, 10), cmp.Or(r.SmallConst, 0.7)
	b := c * c * xi / kappa
	zeta := c / (c + b)
	w := r.w[:len(x)]
	if r.k == 0 {
		copy(w, x)
	}
	long, short, pull := alpha*kappa/c, zeta*alpha, 1-zeta
	for i, g := range grad[:len(x)] {
		to := w[i] + float64(b*(x[i]-float64(long*g)-w[i]))
		w[i] = to
		x[i] += float64(pull*(to-x[i])) - float64(short*g)
	}
	r.k++
}

func (r *AccSGD) state() state.State {
	return state.State{Counters: []int{r.k}, Vectors: [][]float64{r.w}}
}

// MarshalBinary returns the state: k and w. The exported fields are not part of it.
func (r *AccSGD) MarshalBinary() ([]byte, error) { return state.Marshal("AccSGD", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *AccSGD) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AccSGD", data, r.state())
	if err == nil {
		r.k, r.w = s.Counters[0], s.Vectors[0]
	}
	return err
}
