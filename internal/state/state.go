// Package state is the binary form of the state of a method: a tag that names the method, counters, scalars, vectors of
// one length and the state of a wrapped method, little-endian, with lengths before what they count.
package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// State is what a method carries from step to step.
type State struct {
	Counters []int
	Scalars  []float64
	Vectors  [][]float64 // of equal length, at least 1 once the method has been reset
	Inner    []byte      // the state of the method that this one wraps
}

// Marshal returns the binary form of s under tag.
func Marshal(tag string, s State) []byte {
	dim := 0
	if len(s.Vectors) > 0 {
		dim = len(s.Vectors[0])
	}
	b := make([]byte, 0, 8*(6+len(tag)/8+len(s.Counters)+len(s.Scalars)+len(s.Vectors)*dim)+8+len(s.Inner))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(tag)))
	b = append(b, tag...)
	for _, n := range [...]int{len(s.Counters), len(s.Scalars), len(s.Vectors), dim, len(s.Inner)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	for _, c := range s.Counters {
		b = binary.LittleEndian.AppendUint64(b, uint64(int64(c)))
	}
	for _, v := range s.Scalars {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	for _, vec := range s.Vectors {
		for _, v := range vec {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return append(b, s.Inner...)
}

// Unmarshal decodes data, which must have been marshalled under tag with as many counters, scalars and vectors as want
// has, and an Inner state only if want's is not nil; their values and lengths do not matter.
func Unmarshal(tag string, data []byte, want State) (State, error) {
	bad := func(format string, args ...any) (State, error) {
		return State{}, fmt.Errorf("stochopt: state of %s: %s", tag, fmt.Sprintf(format, args...))
	}
	if len(data) < 4 {
		return bad("%d bytes, too short", len(data))
	}
	n := uint64(binary.LittleEndian.Uint32(data))
	data = data[4:]
	if uint64(len(data)) < n {
		return bad("cut off in its name")
	}
	if got := string(data[:n]); got != tag {
		return bad("the data is the state of %q", got)
	}
	data = data[n:]
	word := func() uint64 {
		w := binary.LittleEndian.Uint64(data)
		data = data[8:]
		return w
	}
	if len(data) < 40 {
		return bad("cut off or damaged")
	}
	counters, scalars, vectors, dim, inner := word(), word(), word(), word(), word()
	if inner > uint64(len(data)) || (uint64(len(data))-inner)%8 != 0 || inner > 0 && want.Inner == nil {
		return bad("cut off or damaged")
	}
	if counters != uint64(len(want.Counters)) || scalars != uint64(len(want.Scalars)) || vectors != uint64(len(want.Vectors)) {
		return bad("%d counters, %d scalars, %d vectors, want %d, %d, %d: the data is of another version", counters, scalars, vectors,
			len(want.Counters), len(want.Scalars), len(want.Vectors))
	}
	words := (uint64(len(data)) - inner) / 8
	if fixed := counters + scalars; words < fixed || vectors == 0 && words != fixed || vectors > 0 && (dim > words || words-fixed != vectors*dim) {
		return bad("%d bytes of numbers do not hold %d vectors of length %d", len(data), vectors, dim)
	}
	s := State{Inner: bytes.Clone(data[len(data)-int(inner):])}
	for range counters {
		s.Counters = append(s.Counters, int(int64(word())))
	}
	nan := false
	number := func() float64 {
		v := math.Float64frombits(word())
		nan = nan || math.IsNaN(v)
		return v
	}
	for range scalars {
		s.Scalars = append(s.Scalars, number())
	}
	for range vectors {
		vec := make([]float64, dim)
		for i := range vec {
			vec[i] = number()
		}
		s.Vectors = append(s.Vectors, vec)
	}
	if nan {
		return bad("it holds a NaN")
	}
	if i := slices.IndexFunc(s.Counters, func(c int) bool { return c < 0 }); i >= 0 {
		return bad("it has counted to %d", s.Counters[i])
	}
	return s, nil
}
