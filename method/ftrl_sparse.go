package method

import (
	"math"

	"github.com/stochopt/stochopt/internal/replay"
)

// StepSparse is Step for a gradient that is grad[j] in the variable index[j], and 0 in all others. index is strictly increasing, and x
// at index has been brought to the present iterate by CatchUp. The time is that of the variables in index, but for the
// first step, which begins z. x, z and N become those of Step, to the last bit.
//
// A gradient of 0 changes neither z nor N. x is made anew from them in the first step, and in one with another StepSize, Beta, L1 or L2:
// for the other variables when CatchUp next comes to them. Every variable has a counter.
func (r *FTRL) StepSparse(x, grad []float64, index []int) {
	const name = "method: FTRL.StepSparse"
	replay.Sparse(name, x, grad, index, len(r.z))
	for _, i := range index {
		was := x[i]
		if r.catchUp(x, i, 0); math.Float64bits(x[i]) != math.Float64bits(was) {
			replay.Stale(name, i)
		}
	}
	alpha, beta := r.begin(x)
	form, step := replay.Form{Mu: r.L2}, replay.Step{Alpha: alpha, Eps: beta, B: r.L1}
	if r.log.Differs(form, step) {
		r.CatchUp(x, nil)
	}
	for j, i := range index {
		ftrl(x[i:i+1], grad[j:j+1], r.z[i:i+1], r.n[i:i+1], alpha, beta, r.L1, r.L2)
	}
	r.log.Add(form, step, r.k, len(x), index)
	r.k++
}

// catchUp takes the steps of variable i, all but the last ones of the number back. They are all the same, and one is as good as many.
func (r *FTRL) catchUp(x []float64, i, back int) {
	if s, ok := r.log.Skip(i, back); ok {
		ftrl(x[i:i+1], zero[:], r.z[i:i+1], r.n[i:i+1], s.Alpha, s.Eps, s.B, r.log.Form().Mu)
	}
}

var zero [1]float64

// CatchUp brings x at the variables index, which are strictly increasing, to the present iterate, or all of x if index is nil. Whoever
// changes x himself does so where it is of the present iterate.
func (r *FTRL) CatchUp(x []float64, index []int) {
	replay.Catch("method: FTRL.CatchUp", x, index, len(r.z))
	if index == nil {
		r.log.All(len(x), func(index []int) { r.CatchUp(x, index) })
		return
	}
	for _, i := range index {
		r.catchUp(x, i, 0)
	}
}

// CatchUpBefore is CatchUp to the iterate before the last step. Variables that are of the present iterate stay as they are.
func (r *FTRL) CatchUpBefore(x []float64, index []int) {
	replay.Catch("method: FTRL.CatchUpBefore", x, index, len(r.z))
	if index == nil {
		r.log.Each(len(x), func(index []int) { r.CatchUpBefore(x, index) })
		return
	}
	for _, i := range index {
		r.catchUp(x, i, 1)
	}
}
