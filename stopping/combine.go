package stopping

import (
	"fmt"

	"gonum.org/v1/gonum/optimize"
)

// All returns the Converger that stops a run when each of the given ones has said that it would. One that has is not
// asked again: its verdict is about the iteration in which it gave it. The status is that of the last to agree,
// or, if one of them gave up rather than agreed (Status.Early, as of a Budget), the first such status; optimize.Failure
// of any ends the run at once. If each has its own null hypothesis at its own level, a run for which one
// of them holds is stopped with at most the greatest of the levels, with no price for their number (an intersection-union
// test). A run is stopped no earlier than by any of them. A Converger must not be given twice. All panics if there is
// none or one is nil.
func All(c ...optimize.Converger) optimize.Converger {
	checkConvergers("All", c)
	return &all{of: c}
}

type all struct {
	of   []optimize.Converger
	done []bool
	left int
	gave optimize.Status // up
}

// memory has done and gave as numbers.
func (a *all) memory(done *[]float64, gave *int) memory {
	return memory{counters: []*int{&a.left, gave}, vectors: []*[]float64{done}, inner: a.of}
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (a *all) MarshalBinary() ([]byte, error) {
	gave, done := int(a.gave), make([]float64, len(a.done))
	for i, d := range a.done {
		if d {
			done[i] = 1
		}
	}
	return a.memory(&done, &gave).marshal("All")
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (a *all) UnmarshalBinary(data []byte) error {
	var done []float64
	var gave int
	err := unmarshal("All", a, func(a *all) memory { return a.memory(&done, &gave) },
		func(*all) bool { return len(done) == 0 || len(done) == len(a.of) }, data)
	if err != nil {
		return err
	}
	a.gave, a.done = optimize.Status(gave), make([]bool, len(done))
	for i, d := range done {
		a.done[i] = d == 1
	}
	return nil
}

// Init implements optimize.Converger.
func (a *all) Init(dim int) {
	a.done, a.left, a.gave = zeros(a.done, len(a.of)), len(a.of), optimize.NotTerminated
	for _, c := range a.of {
		c.Init(dim)
	}
}

// Converged implements optimize.Converger.
func (a *all) Converged(loc *optimize.Location) optimize.Status {
	last := optimize.NotTerminated
	for i, c := range a.of {
		if a.done[i] {
			continue
		}
		switch s := c.Converged(loc); s {
		case optimize.NotTerminated:
		case optimize.Failure:
			return s
		default:
			a.done[i] = true
			a.left--
			last = s
			if s.Early() && a.gave == optimize.NotTerminated {
				a.gave = s
			}
		}
	}
	switch {
	case a.left > 0:
		return optimize.NotTerminated
	case a.gave != optimize.NotTerminated:
		return a.gave
	}
	return last
}

// Any returns the Converger that stops a run as soon as one of the given ones does, with its status, and that of the
// first in the list if there are several. All of them see every iteration. The levels add up: a run that none should stop
// is stopped with at most the sum of them, so give each a part of the level that is wanted. A Converger must not be given
// twice. Any panics if there is none or one is nil.
func Any(c ...optimize.Converger) optimize.Converger {
	checkConvergers("Any", c)
	return &anyOf{of: c}
}

type anyOf struct{ of []optimize.Converger }

func (a *anyOf) memory() memory { return memory{inner: a.of} }

// MarshalBinary implements encoding.BinaryMarshaler.
func (a *anyOf) MarshalBinary() ([]byte, error) { return a.memory().marshal("Any") }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (a *anyOf) UnmarshalBinary(data []byte) error {
	return unmarshal("Any", a, (*anyOf).memory, nil, data)
}

// Init implements optimize.Converger.
func (a *anyOf) Init(dim int) {
	for _, c := range a.of {
		c.Init(dim)
	}
}

// Converged implements optimize.Converger.
func (a *anyOf) Converged(loc *optimize.Location) optimize.Status {
	status := optimize.NotTerminated
	for _, c := range a.of {
		if s := c.Converged(loc); status == optimize.NotTerminated {
			status = s
		}
	}
	return status
}

// After returns the Converger that leaves out the first n major iterations, a transient or a warm-up, and then is c,
// which does not see them. Its level is that of c, if n does not depend on what happens in the run. After panics if n < 0
// or c is nil.
func After(n int, c optimize.Converger) optimize.Converger {
	if n < 0 {
		panic(fmt.Sprintf("stopping: After n = %d, want >= 0", n))
	}
	checkConvergers("After", []optimize.Converger{c})
	return &after{n: n, c: c}
}

type after struct {
	n, k int
	c    optimize.Converger
}

func (a *after) memory() memory {
	return memory{counters: []*int{&a.k}, inner: []optimize.Converger{a.c}}
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (a *after) MarshalBinary() ([]byte, error) { return a.memory().marshal("After") }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (a *after) UnmarshalBinary(data []byte) error {
	return unmarshal("After", a, (*after).memory, nil, data)
}

// Init implements optimize.Converger.
func (a *after) Init(dim int) {
	a.k = 0
	a.c.Init(dim)
}

// Converged implements optimize.Converger.
func (a *after) Converged(loc *optimize.Location) optimize.Status {
	if a.k < a.n {
		a.k++
		return optimize.NotTerminated
	}
	return a.c.Converged(loc)
}

// Budget returns the Converger that is c for n major iterations, and stops in the nth with optimize.IterationLimit if c
// does not. Alone it does what Settings.MajorIterations does; inside of All it keeps one Converger that never agrees from
// holding up the others, at the price of that status. It has no level: running out of a budget is no statement about the
// run. Budget panics if n < 1 or c is nil.
func Budget(n int, c optimize.Converger) optimize.Converger {
	if n < 1 {
		panic(fmt.Sprintf("stopping: Budget n = %d, want >= 1", n))
	}
	checkConvergers("Budget", []optimize.Converger{c})
	return &budget{n: n, c: c}
}

type budget struct {
	n, k int
	c    optimize.Converger
}

func (b *budget) memory() memory {
	return memory{counters: []*int{&b.k}, inner: []optimize.Converger{b.c}}
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (b *budget) MarshalBinary() ([]byte, error) { return b.memory().marshal("Budget") }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (b *budget) UnmarshalBinary(data []byte) error {
	return unmarshal("Budget", b, (*budget).memory, nil, data)
}

// Init implements optimize.Converger.
func (b *budget) Init(dim int) {
	b.k = 0
	b.c.Init(dim)
}

// Converged implements optimize.Converger.
func (b *budget) Converged(loc *optimize.Location) optimize.Status {
	b.k++
	if s := b.c.Converged(loc); s != optimize.NotTerminated || b.k < b.n {
		return s
	}
	return optimize.IterationLimit
}

func checkConvergers(name string, c []optimize.Converger) {
	if len(c) == 0 {
		panic(fmt.Sprintf("stopping: %s of no Converger", name))
	}
	for i, c := range c {
		if c == nil {
			panic(fmt.Sprintf("stopping: %s: Converger %d is nil", name, i))
		}
	}
}
