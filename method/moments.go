package method

import (
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// moments are what Adam and its relatives carry from step to step.
type moments struct {
	k      int       // steps taken
	c1, c2 float64   // running means of 1
	m, v   []float64 // running means of g and g², or of what stands for it
}

// reset checks the hyperparameters that Adam's relatives share, and forgets everything.
func (s *moments) reset(name string, dim int, stepSize, beta1, beta2, epsilon float64) {
	hyper.Dim(name+".Reset", dim)
	hyper.NonNegative(name+".StepSize", stepSize)
	hyper.Unit(name+".Beta1", beta1)
	hyper.Unit(name+".Beta2", beta2)
	hyper.NonNegative(name+".Epsilon", epsilon)
	*s = moments{m: make([]float64, dim), v: make([]float64, dim)}
}

// count takes 1 into c1 = 1-b1ᵏ and c2 = 1-b2ᵏ, the bias corrections of step k = 1, 2, ...
func (s *moments) count(b1, b2 float64) {
	s.k++
	s.c1 = float64(b1*s.c1) + (1 - b1)
	s.c2 = float64(b2*s.c2) + (1 - b2)
}

func (s *moments) state() state.State {
	return state.State{Counters: []int{s.k}, Scalars: []float64{s.c1, s.c2}, Vectors: [][]float64{s.m, s.v}}
}

func (s *moments) marshal(tag string) ([]byte, error) { return state.Marshal(tag, s.state()), nil }

func (s *moments) unmarshal(tag string, data []byte) error {
	t, err := state.Unmarshal(tag, data, s.state())
	if err == nil {
		s.set(t)
	}
	return err
}

// set takes over a state with what state returns in the first places.
func (s *moments) set(t state.State) {
	*s = moments{k: t.Counters[0], c1: t.Scalars[0], c2: t.Scalars[1], m: t.Vectors[0], v: t.Vectors[1]}
}
