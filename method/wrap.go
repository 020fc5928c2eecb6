package method

import (
	"encoding"
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// held is the Rule in a wrapper called name, and what every wrapper does with it. The wrapper's field Rule shadows that of
// the embedded sequential, which is the wrapper itself.
type held struct {
	name string
	rule stochopt.Rule
}

func (h held) reset(dim int) {
	if h.rule == nil {
		panic(fmt.Sprintf("method: %s.Rule is nil", h.name))
	}
	h.rule.Reset(dim)
}

// refuse panics if the Rule, or one inside it, is one that the wrapper would mislead.
func (h held) refuse(is func(r stochopt.Rule) bool, why string) {
	verb := "is"
	for r := h.rule; r != nil; verb = "holds" {
		if is(r) {
			panic(fmt.Sprintf("method: %s.Rule %s a %T, which %s", h.name, verb, r, why))
		}
		u, ok := r.(interface{ Unwrap() stochopt.Rule })
		if !ok {
			return
		}
		r = u.Unwrap()
	}
}

// refuseDraw is for wrappers that do not pass on every gradient, or another point than that of the gradient.
func (h held) refuseDraw() {
	h.refuse(func(r stochopt.Rule) bool {
		_, ok := r.(interface {
			Draw(next stochopt.Sample) (stochopt.Sample, error)
		})
		return ok
	}, "chooses its draws")
}

// refuseHessVec is for wrappers whose Rule has other variables.
func (h held) refuseHessVec() {
	h.refuse(func(r stochopt.Rule) bool { return isA[*AdaHessian](r) || isA[*Sophia](r) }, "has a HessVec of other variables")
}

// refuseRebuilding is for wrappers that move x beside the steps of the Rule, or change these.
func (h held) refuseRebuilding() {
	h.refuse(func(r stochopt.Rule) bool {
		return isA[*FTRL](r) || isA[*RDA](r) || isA[*COCOB](r) || isA[*DAdaptSGD](r) || isA[*Mechanic](r)
	}, "makes x anew from its own state in every step: what is done to x has no lasting effect on it")
}

// refuseRemembering is for wrappers that change every step of the Rule.
func (h held) refuseRemembering() {
	h.refuse(func(r stochopt.Rule) bool { return isA[*AccSGD](r) || isA[*Lookahead](r) },
		"remembers points that it has been at: a changed step away from them changes the method")
	h.refuseMeans()
	h.refuseSAM()
}

// refuseMeans is for wrappers that go back, or change the steps of the Rule.
func (h held) refuseMeans() {
	h.refuse(func(r stochopt.Rule) bool { return isA[*ScheduleFreeSGD](r) || isA[*ScheduleFreeAdam](r) },
		"keeps its iterate between a mean and a point of its own: another move of x begins the mean afresh")
}

// refuseSAM is likewise.
func (h held) refuseSAM() { h.refuse(isA[*SAM], "goes away and comes back in turns: put it around") }

// refuseSFO is for wrappers that change the gradient, or move x before the step.
func (h held) refuseSFO() {
	h.refuse(isA[*SFO], "must get the gradients of its terms as they are, at the x that it is shown")
}

func isA[T stochopt.Rule](r stochopt.Rule) bool {
	_, ok := r.(T)
	return ok
}

// check is the part of Reset that comes before the wrapper's own.
func (h held) check(dim int) { hyper.Dim("method: "+h.name+".Reset", dim) }

// observe passes the value on to a Rule that wants it.
func (h held) observe(f float64) {
	if o, ok := h.rule.(interface{ Observe(f float64) }); ok {
		o.Observe(f)
	}
}

// estimate asks a Rule that has an answer of its own; that of any other is x.
func (h held) estimate(dst, x []float64) {
	if e, ok := h.rule.(interface{ Estimate(dst, x []float64) }); ok {
		e.Estimate(dst, x)
	} else {
		copy(dst, x)
	}
}

// marshal returns s and the state of the Rule.
func (h held) marshal(s state.State) (_ []byte, err error) {
	if s.Inner, err = h.inner(); err != nil {
		return nil, err
	}
	return state.Marshal(h.name, s), nil
}

// inner returns the state of the Rule.
func (h held) inner() ([]byte, error) {
	m, ok := h.rule.(encoding.BinaryMarshaler)
	if !ok {
		return nil, fmt.Errorf("stochopt: state of %s: its Rule, %T, has no MarshalBinary", h.name, h.rule)
	}
	return m.MarshalBinary()
}

// unmarshal restores the Rule and returns the rest, with as many counters, scalars and vectors as want has. On an error
// nothing is changed.
func (h held) unmarshal(data []byte, want state.State) (state.State, error) {
	s, err := h.decode(data, want)
	if err == nil {
		err = h.restore(s.Inner)
	}
	return s, err
}

// decode is unmarshal without restoring the Rule.
func (h held) decode(data []byte, want state.State) (state.State, error) {
	if _, ok := h.rule.(encoding.BinaryUnmarshaler); !ok {
		return state.State{}, fmt.Errorf("stochopt: state of %s: its Rule, %T, has no UnmarshalBinary", h.name, h.rule)
	}
	want.Inner = []byte{}
	return state.Unmarshal(h.name, data, want)
}

// restore restores the Rule, which decode has found to be able to.
func (h held) restore(inner []byte) error {
	return h.rule.(encoding.BinaryUnmarshaler).UnmarshalBinary(inner)
}

// scratch is a vector that is no part of the state. Reset makes it, or the first Step after UnmarshalBinary.
type scratch []float64

func (s *scratch) of(dim int) []float64 {
	if len(*s) != dim {
		*s = make([]float64, dim)
	}
	return *s
}
