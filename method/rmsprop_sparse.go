package method

import (
	"github.com/stochopt/stochopt/internal/replay"
)

// StepSparse is Step for a gradient that is grad[j] in the variable index[j], and 0 in all others. index is strictly increasing, and x
// at index has been brought to the present iterate by CatchUp. The time is that of the variables in index. x, v, b and
// c become those of Step, to the last bit. If Lazy is set the other variables stay as they are.
//
// What v, b and c have forgotten of the other variables meanwhile they forget when these are next needed, in as many
// multiplications as steps have been left out, or fewer: what would not be seen beside the next gradient is forgotten at once. Without
// momentum x stays where it is, and CatchUp has nothing to do. With it, x goes on moving when it is next needed: until
// then it is of an earlier iterate. With Centered, or with an Epsilon of stochopt.Zero, every step that has been
// left out is taken, until it changes nothing any more. Step sizes and memories that are not like those before are kept, in
// 32 bytes a step, until CatchUp of all variables or Step. Every variable has a counter.
func (r *RMSProp) StepSparse(x, grad []float64, index []int) {
	const name = "method: RMSProp.StepSparse"
	replay.Sparse(name, x, grad, index, len(r.v))
	if r.log.Form().General {
		r.log.GeneralStale(name, index)
	} else {
		r.log.MomentumStale(name, x, r.b, index)
	}
	k := r.k
	rho, mu, alpha, eps := r.next()
	form := replay.Form{Mu: mu, Centered: r.Centered, General: r.Centered || eps == 0}
	if r.Lazy || r.log.Form() != form {
		r.catchAll(x)
	}
	if !r.log.Empty() && !form.General {
		fresh := r.log.Buffer(len(index))
		for j, g := range grad {
			fresh[j] = (1 - rho) * g * g
		}
		r.log.Decay(r.v, index, fresh, rho, false)
		r.log.Decay(r.b, index, nil, 0, true)
	}
	for j, i := range index {
		if !r.Lazy || grad[j] != 0 {
			r.move(1, i, i+1, x, grad[j:j+1], rho, mu, alpha, eps)
		}
	}
	if r.Lazy {
		return
	}
	if mu == 0 {
		alpha = 0 // b is 0 in the steps that are left out, whose sizes then do not matter
	}
	r.log.Add(form, replay.Step{Alpha: alpha, Eps: eps, B: rho}, k, len(x), index)
}

// catchAll takes all steps of all variables.
func (r *RMSProp) catchAll(x []float64) {
	switch {
	case r.log.Empty():
	case r.log.Form().General:
		r.log.GeneralAll(x, r.v, r.b, r.c)
	default:
		r.log.MomentumAll(x, r.v, r.b)
	}
}

// catchUp takes the steps of index, or of all variables if it is nil, all but the last ones of the number back.
func (r *RMSProp) catchUp(x []float64, index []int, back int) {
	if r.log.Form().General {
		r.log.General(x, r.v, r.b, r.c, index, back)
	} else {
		r.log.Momentum(x, r.v, r.b, index, back)
	}
}

// CatchUp brings x at the variables index, which are strictly increasing, to the present iterate, or all of x if index is nil. Whoever
// changes x himself does so where it is of the present iterate.
func (r *RMSProp) CatchUp(x []float64, index []int) {
	replay.Catch("method: RMSProp.CatchUp", x, index, len(r.v))
	if index == nil {
		r.catchAll(x)
	} else {
		r.catchUp(x, index, 0)
	}
}

// CatchUpBefore is CatchUp to the iterate before the last step. Variables that are of the present iterate stay as they are.
func (r *RMSProp) CatchUpBefore(x []float64, index []int) {
	replay.Catch("method: RMSProp.CatchUpBefore", x, index, len(r.v))
	r.catchUp(x, index, 1)
}
