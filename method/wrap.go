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
	for r := h.rule; r != nil; {
		if is(r) {
			panic(fmt.Sprintf("method: %s.Rule is or holds a %T, which %s", h.name, r, why))
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
	h.refuse(func(r stochopt.Rule) bool {
		switch r.(type) {
		case *AdaHessian, *Sophia:
			return true
		}
		return false
	}, "has a HessVec of other variables")
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
func (h held) marshal(s state.State) ([]byte, error) {
	m, ok := h.rule.(encoding.BinaryMarshaler)
	if !ok {
		return nil, fmt.Errorf("stochopt: state of %s: its Rule, %T, has no MarshalBinary", h.name, h.rule)
	}
	var err error
	if s.Inner, err = m.MarshalBinary(); err != nil {
		return nil, err
	}
	return state.Marshal(h.name, s), nil
}

// unmarshal restores the Rule and returns the rest, with as many counters, scalars and vectors as want has. On an error
// nothing is changed.
func (h held) unmarshal(data []byte, want state.State) (state.State, error) {
	u, ok := h.rule.(encoding.BinaryUnmarshaler)
	if !ok {
		return state.State{}, fmt.Errorf("stochopt: state of %s: its Rule, %T, has no UnmarshalBinary", h.name, h.rule)
	}
	want.Inner = []byte{}
	s, err := state.Unmarshal(h.name, data, want)
	if err == nil {
		err = u.UnmarshalBinary(s.Inner)
	}
	return s, err
}

// scratch is a vector that is no part of the state. Reset makes it, or the first Step after UnmarshalBinary.
type scratch []float64

func (s *scratch) of(dim int) []float64 {
	if len(*s) != dim {
		*s = make([]float64, dim)
	}
	return *s
}
