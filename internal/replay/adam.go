package replay

import (
	"math"
	"slices"

	"github.com/stochopt/stochopt/internal/kernel"
)

// Adam brings x at index, or everywhere if that is nil, to the present iterate, or, if back is 1, to the one before it, by the
// steps of kernel.Adam with gradients of 0. m and v are left at a step from which on x does not change.
func (l *Log) Adam(x, m, v []float64, index []int, back int) {
	if l.Empty() {
		return
	}
	if index == nil {
		l.Each(len(x), func(index []int) { l.Adam(x, m, v, index, back) })
		return
	}
	if l.lanes == nil {
		l.lanes = &kernel.AdamLanes{}
	}
	a := adam{Log: l, x: x, m: m, v: v, index: index, to: l.end() - back, b1: l.form.Mu}
	l.old = slices.Grow(l.old[:0], len(index))[:len(index)]
	for j, i := range index { // apart, as in Decay
		l.old[j] = old{l.last[i], x[i] + m[i] + v[i]}
	}
	n := 0
	for n < len(a.lane) && a.load(n) {
		n++
	}
	if n == 0 {
		return
	}
	for k := n; k < len(a.lane); k++ {
		a.rest(k)
	}
	for n > 0 {
		for k := range n {
			a.steps(k)
		}
		kernel.AdamReplay(l.lanes, a.b1)
		for k := 0; k < n; k++ {
			if !a.done(k) || a.load(k) {
				continue
			}
			if n--; k < n {
				a.move(k, n)
				k-- // the lane that has come here is still to be seen
			}
			a.rest(n)
		}
	}
}

// AdamAll brings x, m and v to the present step, and forgets the log.
func (l *Log) AdamAll(x, m, v []float64) {
	l.All(len(x), func(index []int) {
		l.Adam(x, m, v, index, 0)
		l.Decay(m, index, nil, 0, true)
		l.Decay(v, index, nil, 0, false)
	})
}

// AdamStale panics unless x at index is of the present iterate.
func (l *Log) AdamStale(name string, x, m, v []float64, index []int) {
	if l.Empty() {
		return
	}
	a := adam{Log: l, to: l.end(), b1: l.form.Mu}
	for _, i := range index {
		if s := l.before(i); s < a.to && !a.still(a.limit(s), x[i], m[i], v[i]) {
			Stale(name, i)
		}
	}
}

// adam is an Adam at work.
type adam struct {
	*Log
	x, m, v []float64
	index   []int // variables that are not in a lane yet
	to      int   // the step that x is to be before
	b1      float64
	lane    [kernel.ReplayLanes]lane
}

// lane is a variable that is being moved.
type lane struct {
	i, s  int // the variable is before step s
	run   int // of step s
	held  int // the run whose Step stands in all steps of the lane; -1 for none
	limit limit
}

// limit holds for all steps that are left to take.
type limit struct {
	alpha, eps float64 // α at most, ε at least
	v          float64 // v >= this stays in the range of normal numbers, and m/√v shrinks
}

func (a *adam) limit(s int) limit {
	b := a.bounds(s)
	l := limit{alpha: b.alphaMax, eps: b.epsMin, v: math.Inf(1)}
	if a.b1*(1+1e-9) <= math.Sqrt(b.bMin) {
		l.v = 1e-280 * math.Exp(float64(a.to-s)*(1-b.bMin)/b.bMin) // -log b <= (1-b)/b
	}
	return l
}

// still reports whether no step that is left can change x: whether each is shorter than a quarter of its last place. |m| does not
// grow, and |m|/(√v+ε) does not above the limit of v.
func (a *adam) still(l limit, x, m, v float64) bool {
	if m == 0 {
		return v >= 0
	}
	bound := l.alpha * math.Abs(m) * (1 + 1e-6)
	least := math.Abs(x)*0x1p-55 - 1e-160*max(1, l.alpha) // less what products of subnormal numbers may add
	if root := math.Sqrt(v); !(bound < least*(root*(1-1e-6)+l.eps)) {
		return false
	}
	return v >= l.v || bound < least*l.eps
}

// load puts the next variable that has to be moved into lane k, and reports whether there is one.
func (a *adam) load(k int) bool {
	for len(a.index) > 0 {
		i := a.index[0]
		a.index = a.index[1:]
		s := a.before(i)
		if s >= a.to {
			continue
		}
		limit := a.limit(s)
		if a.still(limit, a.x[i], a.m[i], a.v[i]) {
			continue
		}
		if a.to-s < kernel.ReplaySteps {
			a.x[i], a.m[i], a.v[i] = a.plain(s, a.x[i], a.m[i], a.v[i])
			a.last[i] = a.to
			continue
		}
		a.lane[k] = lane{i: i, s: s, run: a.at(s), held: -1, limit: limit}
		a.lanes.X[k], a.lanes.M[k], a.lanes.V[k] = a.x[i], a.m[i], a.v[i]
		return true
	}
	return false
}

// steps sets what lane k will be multiplied by.
func (a *adam) steps(k int) {
	l := &a.lane[k]
	if l.held == l.run && a.runs[l.run].end >= l.s+kernel.ReplaySteps {
		return
	}
	l.held = l.run
	if a.runs[l.run].end < l.s+kernel.ReplaySteps {
		l.held = -1
	}
	run := l.run
	for t := range kernel.ReplaySteps {
		for l.s+t >= a.runs[run].end {
			run++
		}
		r := &a.runs[run]
		a.lanes.Alpha[t][k], a.lanes.Eps[t][k], a.lanes.B2[t][k] = r.Alpha, r.Eps, r.B
	}
}

// done counts the steps of lane k, stores it if it has no more to take, and reports that.
func (a *adam) done(k int) bool {
	l := &a.lane[k]
	l.s += kernel.ReplaySteps
	x, m, v := a.lanes.X[k], a.lanes.M[k], a.lanes.V[k]
	if l.s < a.to {
		for a.runs[l.run].end <= l.s {
			l.run++
		}
		if !a.still(l.limit, x, m, v) {
			if a.to-l.s >= kernel.ReplaySteps {
				return false
			}
			x, m, v = a.plain(l.s, x, m, v)
			l.s = a.to
		}
	}
	a.x[l.i], a.m[l.i], a.v[l.i], a.last[l.i] = x, m, v, l.s
	return true
}

// plain takes the steps from s on, one by one.
func (a *adam) plain(s int, x, m, v float64) (float64, float64, float64) {
	for run := a.at(s); s < a.to; run++ {
		r := &a.runs[run]
		for ; s < min(r.end, a.to); s++ {
			m = float64(a.b1*m) + 0
			v *= r.B
			if d := math.Sqrt(v) + r.Eps; d != 0 {
				x -= float64(r.Alpha*m) / d
			}
		}
	}
	return x, m, v
}

// move moves a variable from lane k to lane to, with its steps.
func (a *adam) move(to, k int) {
	a.lane[to] = a.lane[k]
	a.lane[to].held = -1
	l := a.lanes
	l.X[to], l.M[to], l.V[to] = l.X[k], l.M[k], l.V[k]
}

// rest makes lane k one that is not used, of numbers that take no time.
func (a *adam) rest(k int) {
	l := a.lanes
	l.X[k], l.M[k], l.V[k] = 0, 0, 0
	for t := range kernel.ReplaySteps {
		l.Alpha[t][k], l.Eps[t][k], l.B2[t][k] = 0, 1, 0
	}
}
