package stopping

import (
	"encoding"
	"fmt"
	"slices"

	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/optimize"
)

// memory points at what a Converger carries from iteration to iteration.
type memory struct {
	counters []*int
	scalars  []*float64
	vectors  []*[]float64
	inner    []optimize.Converger
}

// marshal returns the binary form of m under name. It has one vector, of all vectors one after the other, whose lengths follow
// the counters, as do those of the states of the inner Convergers.
func (m memory) marshal(name string) ([]byte, error) {
	var s state.State
	for _, p := range m.counters {
		s.Counters = append(s.Counters, *p)
	}
	for _, p := range m.scalars {
		s.Scalars = append(s.Scalars, *p)
	}
	var all []float64
	for _, p := range m.vectors {
		s.Counters = append(s.Counters, len(*p))
		all = append(all, *p...)
	}
	s.Vectors = [][]float64{all}
	for _, c := range m.inner {
		b, ok := c.(encoding.BinaryMarshaler)
		if !ok {
			return nil, fmt.Errorf("stochopt: state of %s: its %T has no MarshalBinary", name, c)
		}
		data, err := b.MarshalBinary()
		if err != nil {
			return nil, err
		}
		s.Counters = append(s.Counters, len(data))
		s.Inner = append(s.Inner, data...)
	}
	return state.Marshal(name, s), nil
}

// unmarshal stores in c what marshal has written. memory returns that of a Converger, and sound whether it can be gone on
// from; nil is always. On an error c and the Convergers in it are unchanged.
func unmarshal[T any](name string, c *T, memory func(c *T) memory, sound func(c *T) bool, data []byte) error {
	next := *c
	m := memory(&next)
	want := state.State{Counters: make([]int, len(m.counters)+len(m.vectors)+len(m.inner)), Scalars: make([]float64, len(m.scalars)),
		Vectors: make([][]float64, 1)}
	if len(m.inner) > 0 {
		want.Inner = []byte{}
	}
	s, err := state.Unmarshal(name, data, want)
	if err != nil {
		return err
	}
	for i, p := range m.counters {
		*p = s.Counters[i]
	}
	for i, p := range m.scalars {
		*p = s.Scalars[i]
	}
	damaged := fmt.Errorf("stochopt: state of %s: damaged, or of other fields", name)
	all, lengths := s.Vectors[0], s.Counters[len(m.counters):]
	for i, p := range m.vectors {
		n := lengths[i]
		if n > len(all) {
			return damaged
		}
		*p, all = slices.Clone(all[:n]), all[n:]
	}
	if len(all) > 0 || sound != nil && !sound(&next) {
		return damaged
	}
	inner, lengths := s.Inner, lengths[len(m.vectors):]
	for i, c := range m.inner {
		b, ok := c.(interface {
			encoding.BinaryMarshaler
			encoding.BinaryUnmarshaler
		})
		var before []byte
		switch {
		case !ok:
			err = fmt.Errorf("stochopt: state of %s: its %T has no MarshalBinary and UnmarshalBinary", name, c)
		case lengths[i] > len(inner):
			err = damaged
		default:
			if before, err = b.MarshalBinary(); err == nil {
				err = b.UnmarshalBinary(inner[:lengths[i]])
			}
		}
		if err != nil {
			return err
		}
		inner = inner[lengths[i]:]
		defer func() {
			if err != nil { // of a later one
				b.UnmarshalBinary(before)
			}
		}()
	}
	if len(inner) > 0 {
		err = damaged
		return err
	}
	*c = next
	return nil
}

// zeros returns n zeros, in v if it has that length: a Converger that is begun afresh in a run need not allocate.
func zeros[T any](v []T, n int) []T {
	if len(v) != n {
		return make([]T, n)
	}
	clear(v)
	return v
}
