package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/replay"
)

// StepSparse is Step for a gradient that is grad[j] in the variable index[j], and 0 in all others. index is strictly increasing, and x
// at index has been brought to the present iterate by CatchUp. The time is that of the variables in index. x and b
// become those of Step, to the last bit.
//
// Without momentum the other variables stay where they are, nothing is kept, and CatchUp has nothing to do. With it they go on
// moving, and do so when they are next needed: until then x there is of an earlier iterate. A variable that has been left
// alone costs as many steps of its own as have been, or as are long enough to change x, some 350 at μ = 0.9. Step sizes that
// are not like the one before are kept, in 32 bytes a step, until CatchUp of all variables or Step. Every variable has a counter.
func (r *SGD) StepSparse(x, grad []float64, index []int) {
	const name = "method: SGD.StepSparse"
	replay.Sparse(name, x, grad, index, len(r.b))
	r.log.MomentumStale(name, x, r.b, index)
	alpha := hyper.StepSize(hyper.Or(r.StepSize, 1e-3), r.Schedule, r.k)
	mu, damp := r.Momentum, 1-r.Dampening
	form := replay.Form{Mu: mu, Nesterov: r.Nesterov}
	if !r.log.Empty() && r.log.Form() != form {
		r.log.MomentumAll(x, nil, r.b)
	}
	if mu == 0 {
		r.rest(index)
	} else if !r.log.Empty() {
		fresh := r.log.Buffer(len(index))
		for j, g := range grad {
			fresh[j] = damp * g
		}
		r.log.Decay(r.b, index, fresh, mu, true)
	}
	step := kernel.SGD
	if r.Nesterov {
		step = kernel.Nesterov
	}
	for j, i := range index {
		step(1, x[i:i+1], grad[j:j+1], r.b[i:i+1], mu, damp, alpha)
	}
	if r.sparse = mu == 0; !r.sparse {
		r.log.Add(form, replay.Step{Alpha: alpha}, r.k, len(x), index)
	}
	r.k++
}

// rest does what a step without momentum does where the gradient is 0, which is not at index: x stays, and b becomes 0.
func (r *SGD) rest(index []int) {
	next := 0
	clear := func(i int) {
		for next < len(index) && index[next] < i {
			next++
		}
		if next == len(index) || index[next] != i {
			r.b[i] = 0
		}
	}
	if r.sparse {
		for _, i := range r.moved {
			clear(i)
		}
	} else {
		for i := range r.b {
			clear(i)
		}
	}
	r.moved = append(r.moved[:0], index...)
}

// CatchUp brings x at the variables index, which are strictly increasing, to the present iterate, or all of x if index is nil. Whoever
// changes x himself does so where it is of the present iterate.
func (r *SGD) CatchUp(x []float64, index []int) {
	replay.Catch("method: SGD.CatchUp", x, index, len(r.b))
	if index == nil {
		r.log.MomentumAll(x, nil, r.b)
	} else {
		r.log.Momentum(x, nil, r.b, index, 0)
	}
}

// CatchUpBefore is CatchUp to the iterate before the last step. Variables that are of the present iterate stay as they are.
func (r *SGD) CatchUpBefore(x []float64, index []int) {
	replay.Catch("method: SGD.CatchUpBefore", x, index, len(r.b))
	r.log.Momentum(x, nil, r.b, index, 1)
}
