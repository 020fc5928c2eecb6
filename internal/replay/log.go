// Package replay makes steps along sparse gradients cheap and exact: a variable whose gradient is 0 does not take its steps
// when they are due, but when it is next looked at, from a log of what the steps were, and to the bits that it would have had.
// Steps of which the bits do not depend are left out.
package replay

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
)

// Step is what a method multiplies by in one step, for all variables.
type Step struct {
	Alpha, Eps float64 // step size and ε, with all corrections
	B          float64 // memory of squares
}

// Form is what does not change during a log.
type Form struct {
	Mu                float64 // memory of the gradient, β₁ or μ
	Nesterov          bool
	Centered, General bool // of RMSProp
}

// Log is what the steps were that some variables have not taken. The zero value is that of a method whose variables have
// taken all. It needs a number for each variable, and for each Step that differs from the one before four.
type Log struct {
	form  Form
	first int   // the step that every variable is before, or has taken
	last  []int // for each variable the step that it is before, if that is above first; nil before the first Add
	runs  []run
	parts []part // of perPart runs each
	later []part // of each part and all after it, but the last one

	lanes *kernel.AdamLanes
	chain chain
	buf   []float64
	old   []old
	some  []int
}

// run is equal Steps, from the end of the run before to its own.
type run struct {
	Step
	end int
}

// part bounds what runs hold.
type part struct{ alphaMax, epsMin, bMin, bMax float64 }

const perPart = 1024

func (p *part) add(q part) {
	p.alphaMax, p.epsMin = max(p.alphaMax, q.alphaMax), min(p.epsMin, q.epsMin)
	p.bMin, p.bMax = min(p.bMin, q.bMin), max(p.bMax, q.bMax)
}

// Empty reports whether all variables have taken all steps.
func (l *Log) Empty() bool { return len(l.runs) == 0 }

// Form is that of the steps in a Log that is not empty.
func (l *Log) Form() Form { return l.form }

// Differs reports whether there is a step in the log that is not s of this form.
func (l *Log) Differs(form Form, s Step) bool {
	return !l.Empty() && (l.form != form || len(l.runs) > 1 || l.runs[0].Step != s)
}

// end is the step that comes next.
func (l *Log) end() int { return l.runs[len(l.runs)-1].end }

// before is the step that variable i is before.
func (l *Log) before(i int) int { return max(l.first, l.last[i]) }

// Add adds step k of dim variables, which those in index have taken.
func (l *Log) Add(form Form, s Step, k, dim int, index []int) {
	if len(l.last) != dim {
		l.last = make([]int, dim)
	}
	if len(l.runs) == 0 {
		l.form, l.first = form, k
	}
	if n := len(l.runs); n > 0 && l.runs[n-1].Step == s {
		l.runs[n-1].end = k + 1
	} else {
		if n%perPart == 0 {
			l.later = append(l.later[:0], l.parts...)
			for i := len(l.later) - 2; i >= 0; i-- {
				l.later[i].add(l.later[i+1])
			}
			l.parts = append(l.parts, part{0, math.Inf(1), math.Inf(1), 0})
		}
		l.parts[len(l.parts)-1].add(part{s.Alpha, s.Eps, s.B, s.B})
		l.runs = append(l.runs, run{s, k + 1})
	}
	for _, i := range index {
		l.last[i] = k + 1
	}
}

// Skip counts the steps of variable i as taken, but for the last back ones of the log. It returns the first in the log, and whether
// any has been counted.
func (l *Log) Skip(i, back int) (Step, bool) {
	if l.Empty() || l.before(i) >= l.end()-back {
		return Step{}, false
	}
	l.last[i] = l.end() - back
	return l.runs[0].Step, true
}

// at returns the run of step s, which must be in the log.
func (l *Log) at(s int) int {
	n := len(l.runs)
	if n == 1 || s >= l.runs[n-2].end {
		return n - 1
	}
	if i := s - l.first; i < n && l.runs[i].end == s+1 { // all runs before have one step
		return i
	}
	return sort.Search(n, func(i int) bool { return l.runs[i].end > s })
}

// bounds holds for all steps from s on.
func (l *Log) bounds(s int) part {
	b := l.parts[len(l.parts)-1]
	if from := l.at(s) / perPart; from < len(l.later) {
		b.add(l.later[from])
	}
	return b
}

// Index panics unless index is strictly increasing and of dim variables.
func Index(name string, index []int, dim int) {
	last := -1
	for j, i := range index {
		if i <= last || i >= dim {
			panic(fmt.Sprintf("%s: index[%d] = %d after %d, want strictly increasing variables below the %d of Reset", name, j, i, last, dim))
		}
		last = i
	}
}

// Sparse panics unless x has the length dim of the state, grad that of index, and index is strictly increasing.
func Sparse(name string, x, grad []float64, index []int, dim int) {
	if len(x) != dim || len(grad) != len(index) {
		panic(fmt.Sprintf("%s: len(x) = %d, len(grad) = %d, len(index) = %d, want the %d of Reset and equal lengths of the others",
			name, len(x), len(grad), len(index), dim))
	}
	Index(name, index, dim)
}

// Catch panics unless x has the length dim of the state and index is strictly increasing.
func Catch(name string, x []float64, index []int, dim int) {
	if len(x) != dim {
		panic(fmt.Sprintf("%s: len(x) = %d, want the %d of Reset", name, len(x), dim))
	}
	Index(name, index, dim)
}

// Each calls f with all of dim variables, some at a time.
func (l *Log) Each(dim int, f func(index []int)) {
	for from := 0; from < dim; from += perCall {
		l.some = l.some[:0]
		for i := from; i < min(from+perCall, dim); i++ {
			l.some = append(l.some, i)
		}
		f(l.some)
	}
}

// All does what f does for all of dim variables, which is to take all steps.
func (l *Log) All(dim int, f func(index []int)) {
	if !l.Empty() {
		l.Each(dim, f)
		l.first = l.end()
		l.runs, l.parts, l.later = l.runs[:0], l.parts[:0], l.later[:0]
	}
}

const perCall = 4096

// Stale panics for a variable that a step finds behind.
func Stale(name string, i int) {
	panic(fmt.Sprintf("%s: x[%d] is not of the present iterate: CatchUp comes before the gradient", name, i))
}

// MarshalBinary returns the log, nothing if it is empty.
func (l *Log) MarshalBinary() []byte {
	if l.Empty() {
		return nil
	}
	flags := 0
	for bit, set := range [...]bool{l.form.Nesterov, l.form.Centered, l.form.General} {
		if set {
			flags |= 1 << bit
		}
	}
	last := make([]float64, len(l.last))
	for i := range last {
		last[i] = float64(l.before(i))
	}
	steps := make([][]float64, 4)
	for _, r := range l.runs {
		for j, v := range [...]float64{r.Alpha, r.Eps, r.B, float64(r.end)} {
			steps[j] = append(steps[j], v)
		}
	}
	return state.Marshal("log", state.State{
		Counters: []int{l.first, flags},
		Scalars:  []float64{l.form.Mu},
		Vectors:  [][]float64{last},
		Inner:    state.Marshal("steps", state.State{Vectors: steps}),
	})
}

// unmarshal returns the Log of dim variables before step k that MarshalBinary has returned data of.
func unmarshal(data []byte, k, dim int) (Log, error) {
	var l Log
	if len(data) == 0 {
		return l, nil
	}
	s, err := state.Unmarshal("log", data, state.State{Counters: make([]int, 2), Scalars: make([]float64, 1), Vectors: make([][]float64, 1), Inner: []byte{}})
	if err != nil {
		return l, err
	}
	steps, err := state.Unmarshal("steps", s.Inner, state.State{Vectors: make([][]float64, 4)})
	if err != nil {
		return l, err
	}
	bad := errors.New("the steps that are left to take are damaged")
	first, flags := s.Counters[0], s.Counters[1]
	if len(s.Vectors[0]) != dim || flags > 7 || first >= k || len(steps.Vectors[0]) == 0 {
		return l, bad
	}
	at := first
	form := Form{Mu: s.Scalars[0], Nesterov: flags&1 != 0, Centered: flags&2 != 0, General: flags&4 != 0}
	for j, end := range steps.Vectors[3] {
		if !(end > float64(at) && end <= float64(k)) || end != math.Trunc(end) {
			return Log{}, bad
		}
		step := Step{Alpha: steps.Vectors[0][j], Eps: steps.Vectors[1][j], B: steps.Vectors[2][j]}
		l.Add(form, step, at, dim, nil)
		at = int(end)
		l.runs[len(l.runs)-1].end = at
	}
	if at != k {
		return Log{}, bad
	}
	for i, v := range s.Vectors[0] {
		if !(v >= float64(first) && v <= float64(k)) || v != math.Trunc(v) {
			return Log{}, bad
		}
		l.last[i] = int(v)
	}
	return l, nil
}

// State unmarshals a state whose Inner is a log, empty or not. The first counter is the number of steps.
func State(tag string, data []byte, want state.State) (state.State, Log, error) {
	want.Inner = []byte{}
	s, err := state.Unmarshal(tag, data, want)
	if err != nil {
		return s, Log{}, err
	}
	log, err := unmarshal(s.Inner, s.Counters[0], len(s.Vectors[0]))
	if err != nil {
		err = fmt.Errorf("stochopt: state of %s: %w", tag, err)
	}
	return s, log, err
}

// Buffer returns n numbers to use.
func (l *Log) Buffer(n int) []float64 {
	l.buf = slices.Grow(l.buf[:0], n)[:n]
	return l.buf
}
