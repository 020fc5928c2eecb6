package stochopt

import (
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
)

// StepSparse is Step for a gradient that is grad[j] in the variable index[j], and 0 in all others. index is strictly increasing, and x
// at index has been brought to the present iterate by CatchUp. The time is that of the variables in index. x, m and v
// become those of Step, to the last bit.
//
// If Lazy is set the other variables stay where they are. Otherwise they go on moving, since m is not 0. They do so when
// they are next needed, by CatchUp or StepSparse: until then x there is of an earlier iterate. A variable that has been
// left alone for n steps costs a few hundred steps of its own, until they are too short to change x, and n
// multiplications by β₂, with which v decays; or all n steps, where Epsilon is stochopt.Zero and n in the hundreds of
// thousands, or x too close to 0 for any step to be too short. What α and ε were in steps that are not taken yet is
// kept, in 32 bytes a step, or none for steps like the one before: with constant hyperparameters none after the first
// 40000, with a Schedule that goes on and on all until CatchUp of all variables or Step. Every variable has a counter.
func (a *Adam) StepSparse(x, grad []float64, index []int) {
	const name = "stochopt: Adam.StepSparse"
	replay.Sparse(name, x, grad, index, len(a.m))
	a.log.AdamStale(name, x, a.m, a.v, index)
	k := a.k
	b1, b2, alpha, eps := a.next()
	form := replay.Form{Mu: b1}
	if !a.log.Empty() && (a.Lazy || a.log.Form() != form) {
		a.log.AdamAll(x, a.m, a.v)
	}
	if !a.log.Empty() {
		fresh := a.log.Buffer(len(index))
		for j, g := range grad {
			fresh[j] = (1 - b1) * g
		}
		a.log.Decay(a.m, index, fresh, b1, true)
		for j, g := range grad {
			fresh[j] = (1 - b2) * g * g
		}
		a.log.Decay(a.v, index, fresh, b2, false)
	}
	for j, i := range index {
		if a.Lazy && grad[j] == 0 {
			continue
		}
		kernel.Adam(1, x[i:i+1], grad[j:j+1], a.m[i:i+1], a.v[i:i+1], b1, b2, alpha, eps)
	}
	if !a.Lazy {
		a.log.Add(form, replay.Step{Alpha: alpha, Eps: eps, B: b2}, k, len(x), index)
	}
}

// CatchUp brings x at the variables index, which are strictly increasing, to the present iterate, or all of x if index is nil. Whoever
// changes x himself does so where it is of the present iterate.
func (a *Adam) CatchUp(x []float64, index []int) {
	replay.Catch("stochopt: Adam.CatchUp", x, index, len(a.m))
	if index == nil {
		a.log.AdamAll(x, a.m, a.v)
	} else {
		a.log.Adam(x, a.m, a.v, index, 0)
	}
}

// CatchUpBefore is CatchUp to the iterate before the last step. Variables that are of the present iterate stay as they are.
func (a *Adam) CatchUpBefore(x []float64, index []int) {
	replay.Catch("stochopt: Adam.CatchUpBefore", x, index, len(a.m))
	a.log.Adam(x, a.m, a.v, index, 1)
}
