// Package average computes the mean of several evaluations of an objective, on one or more goroutines, with the same
// bits for any number of them.
package average

import (
	"errors"
	"math"
	"sync"

	"github.com/stochopt/stochopt/internal/freelist"
)

// Func evaluates draw i of a sample s at x: it returns the value and, if grad is not nil, stores the gradient.
type Func[S any] func(grad, x []float64, s S, i int) (float64, error)

// Mean averages N draws of Eval, at most Workers of them at once. Its methods may be called concurrently.
type Mean[S any] struct {
	eval    Func[S]
	n       int
	workers int
	free    freelist.List[*job[S]] // finished
}

// New returns the Mean of n >= 1 draws of eval, at most workers >= 1 of them at once.
func New[S any](n, workers int, eval Func[S]) *Mean[S] {
	return &Mean[S]{eval: eval, n: n, workers: min(n, workers)}
}

// Eval returns the mean value at x and, if grad is not nil, stores the mean gradient. Sums are taken in the order of
// the draws. The error is that of the first draw, in this order, that has one; a panic is passed on likewise.
func (m *Mean[S]) Eval(grad, x []float64, s S) (float64, error) {
	j := m.job(len(grad))
	j.grad, j.x, j.s = grad, x, s
	j.next, j.reduced, j.sum, j.err, j.panicked, j.stop = 0, 0, 0, nil, nil, false
	clear(grad)
	j.wg.Add(m.workers - 1)
	for range m.workers - 1 {
		go j.run()
	}
	j.work()
	j.wg.Wait()
	j.reduce() // what a worker left that ended in its draw
	f, err, panicked := j.sum/float64(m.n), j.err, j.panicked
	j.grad, j.x, j.err, j.panicked = nil, nil, nil, nil
	m.free.Put(j)
	if panicked != nil {
		panic(panicked)
	}
	for i := range grad {
		grad[i] /= float64(m.n)
	}
	return f, err
}

// job is one call of Eval. Draws are handed out in order and added up in order: draw i may start when draw i-len(slots)
// has been added.
type job[S any] struct {
	mean    *Mean[S]
	run     func() // a worker of its own; allocated once
	wg      sync.WaitGroup
	grad, x []float64
	s       S

	mu       sync.Mutex
	turn     sync.Cond // on mu: reduced or stop has changed
	slots    []slot
	next     int // the next draw to hand out
	reduced  int // draws added up
	sum      float64
	err      error
	panicked any
	stop     bool
}

// slot holds a draw that is under way or waits to be added.
type slot struct {
	f        float64
	grad     []float64
	err      error
	panicked any
	done     bool
}

func (m *Mean[S]) job(dim int) *job[S] {
	j := m.free.Take()
	if j == nil {
		n := 1
		if m.workers > 1 {
			n = min(m.n, 2*m.workers)
		}
		j = &job[S]{mean: m, slots: make([]slot, n)}
		j.turn.L = &j.mu
		j.run = func() {
			defer j.wg.Done()
			j.work()
		}
	}
	for i := range j.slots {
		t := &j.slots[i]
		if cap(t.grad) < dim {
			t.grad = make([]float64, dim)
			for k := range t.grad {
				t.grad[k] = math.NaN() // to show if eval does not store it
			}
		}
		t.grad, t.done = t.grad[:dim], false
	}
	return j
}

// work evaluates draws until there is none left.
func (j *job[S]) work() {
	for i := j.take(); i >= 0; i = j.take() {
		j.draw(i)
		j.mu.Lock()
		j.reduce()
		j.mu.Unlock()
	}
}

// take returns the next draw to evaluate, or -1. It waits for a free slot.
func (j *job[S]) take() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.next < j.mean.n && j.next-j.reduced >= len(j.slots) && !j.stop {
		j.turn.Wait()
	}
	if j.next >= j.mean.n || j.stop {
		return -1
	}
	j.next++
	return j.next - 1
}

var errGoexit = errors.New("the objective ended its goroutine (runtime.Goexit; in a test, t.FailNow)")

// draw evaluates draw i into its slot.
func (j *job[S]) draw(i int) {
	t := &j.slots[i%len(j.slots)]
	t.err, t.panicked = errGoexit, nil
	defer func() {
		if t.err == errGoexit {
			t.panicked = recover()
		}
		j.mu.Lock()
		t.done = true
		if t.err != nil || t.panicked != nil {
			j.stop = true // hand out no more; the draws before this one are all under way
			j.turn.Broadcast()
		}
		j.mu.Unlock()
	}()
	grad := t.grad
	if j.grad == nil {
		grad = nil
	}
	t.f, t.err = j.mean.eval(grad, j.x, j.s, i)
}

// reduce adds the draws whose turn has come. The caller holds mu or is the only one left.
func (j *job[S]) reduce() {
	for j.reduced < j.mean.n {
		t := &j.slots[j.reduced%len(j.slots)]
		if !t.done {
			return
		}
		t.done = false
		j.reduced++
		if j.err == nil && j.panicked == nil {
			j.err, j.panicked = t.err, t.panicked
			j.sum += t.f
			for k, g := range t.grad[:len(j.grad)] {
				j.grad[k] += g
			}
		}
		j.turn.Broadcast()
	}
}
