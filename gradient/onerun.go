package gradient

import (
	"fmt"
	"sync"

	"github.com/stochopt/stochopt"
)

// oneRun follows the Samples of the one run whose state an Oracle carries. It is what SVRG, SARAH, SAG, SAGA, SampleSize
// and AdaptiveSPSA have in common. The state changes from Sample to Sample and not from call to call: each of them keeps what
// the last Sample started from together with what it leaves behind, so that the last Sample can be evaluated again, and
// takes over the latter when the next Sample comes.
type oneRun struct {
	mu   sync.Mutex
	last stochopt.Sample // the latest
	dim  int             // the number of variables, 0 before the first Sample
}

// turn is how a Sample stands to the one before it.
type turn int

const (
	newRun   turn = iota // the first of a run: forget everything
	nextDraw             // the one after the last
	sameDraw             // the last once more
)

// enter tells what to do for a draw at s, and must be followed by leave unless there is an error.
func (q *oneRun) enter(name string, grad, x []float64, s stochopt.Sample) (turn, error) {
	if !q.mu.TryLock() {
		return 0, fmt.Errorf("gradient: %s is evaluated twice at once, and carries the state of one run: set Problem.Concurrent to "+
			"1, and give each run a %[1]s of its own", name)
	}
	what, err := q.compare(name, grad, x, s)
	if err != nil {
		q.mu.Unlock()
		return 0, err
	}
	q.last, q.dim = s, len(x)
	return what, nil
}

func (q *oneRun) leave() { q.mu.Unlock() }

// compare tells how s stands to the last Sample, or why it must not follow it.
func (q *oneRun) compare(name string, grad, x []float64, s stochopt.Sample) (turn, error) {
	follows := q.last
	follows.Step++
	switch {
	case len(x) == 0 || grad != nil && len(grad) != len(x):
		return 0, fmt.Errorf("gradient: %s: len(x) = %d, len(grad) = %d", name, len(x), len(grad))
	case s.Replicate != 0 || s.Probe != 0:
		return 0, fmt.Errorf("gradient: %s at %+v: it carries the state of one run with one draw a Step, so Problem.Samples and "+
			"PerPoint cannot be used; a larger batch has the effect of Samples", name, s)
	case s.Step < 0:
		return 0, fmt.Errorf("gradient: %s at %+v: a negative Step", name, s)
	case q.dim == 0 || s.Step == 0 && (s != q.last || len(x) != q.dim):
		return newRun, nil
	case len(x) != q.dim:
		return 0, fmt.Errorf("gradient: %s: len(x) = %d in a run with %d variables", name, len(x), q.dim)
	case s == q.last:
		return sameDraw, nil
	case s == follows:
		return nextDraw, nil
	}
	return 0, fmt.Errorf("gradient: %s at %+v after %+v: the Steps of a run must follow one another, and are no terms of a sum "+
		"as for method.SFO, which FiniteSum.Blocks is for; call Reset before another run that does not begin with Step 0", name, s, q.last)
}

// forget makes the next Sample the first of a run.
func (q *oneRun) forget() { q.last, q.dim = stochopt.Sample{}, 0 }

// lock is for whatever is not a draw. leave must follow. It panics if there is a draw under way.
func (q *oneRun) lock(name string) {
	if !q.mu.TryLock() {
		panic(fmt.Sprintf("gradient: %s during a draw", name))
	}
}

// counters is the state of q for package state, followed by the counters of the Oracle itself.
func (q *oneRun) counters(own ...int) []int {
	seed := q.last.Seed // in parts, since a counter is an int and not negative
	return append([]int{oneIf(q.dim > 0), q.last.Step, part(seed, 0), part(seed, 1), part(seed, 2), part(seed, 3)}, own...)
}

// ownCounters is where the counters of the Oracle itself begin.
const ownCounters = 6

func part(seed uint64, i int) int { return int(seed >> (16 * i) & 0xffff) }

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// restore sets q to the counters of a run with dim variables.
func (q *oneRun) restore(counters []int, dim int) {
	q.forget()
	if counters[0] == 1 {
		q.last.Step, q.dim = counters[1], dim
		for i, c := range counters[2:ownCounters] {
			q.last.Seed |= uint64(c) << (16 * i)
		}
	}
}

// unsound returns an error unless counters are those of a oneRun with dim variables, and ok.
func unsound(name string, counters []int, dim int, ok bool) error {
	ok = ok && counters[0] == oneIf(dim > 0)
	for _, c := range counters[2:ownCounters] {
		ok = ok && c <= 0xffff
	}
	if !ok {
		return fmt.Errorf("gradient: state of %s: damaged, or of other fields", name)
	}
	return nil
}
