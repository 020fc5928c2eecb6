package replay

import (
	"math"
	"slices"

	"github.com/stochopt/stochopt/internal/kernel"
)

// chain multiplies many values, each a number of times of its own, rounding every time.
type chain struct {
	jobs  []job
	lanes [kernel.DecayLanes]float64
	of    [kernel.DecayLanes]job
}

// old is a value of v that a variable has before step s.
type old struct {
	s int
	v float64
}

// job is a value to be multiplied n times.
type job struct{ i, n int }

const (
	short = 64   // fewer multiplications are done at once
	most  = 4096 // multiplications until the next look for values that do not change any more
)

// run multiplies v[j.i] by b for all jobs, and forgets these.
func (c *chain) run(v []float64, b float64) {
	slices.SortFunc(c.jobs, func(p, q job) int { return q.n - p.n }) // for all lanes to end at about the same time
	next, active := 0, 0
	for active < len(c.lanes) && next < len(c.jobs) {
		c.of[active], c.lanes[active] = c.jobs[next], v[c.jobs[next].i]
		active, next = active+1, next+1
	}
	for active > 0 {
		n := most
		for _, j := range c.of[:active] {
			n = min(n, j.n)
		}
		kernel.Decay(&c.lanes, n, b)
		for k := 0; k < active; k++ {
			j, w := &c.of[k], c.lanes[k]
			if j.n -= n; j.n > 0 && float64(b*w) != w {
				continue
			}
			v[j.i] = w + 0 // 0 for -0: the gradient's 0 is added
			if next < len(c.jobs) {
				*j, c.lanes[k] = c.jobs[next], v[c.jobs[next].i]
				next++
				continue
			}
			active--
			c.of[k], c.lanes[k] = c.of[active], c.lanes[active]
			c.lanes[active] = 0
			k-- // the lane that has come here is still to be seen
		}
	}
	c.jobs = c.jobs[:0]
}

// Decay brings v at index to the end of the log, where a step is v ← b v + 0 with the Mu of the Form for b if mu, otherwise the
// B of the Step. If fresh is not nil, the next step is v[index[j]] ← next v[index[j]] + fresh[j]; where its outcome is the same for all that
// v can have become, v becomes one of that.
func (l *Log) Decay(v []float64, index []int, fresh []float64, next float64, mu bool) {
	if l.Empty() {
		return
	}
	b := l.runs[0].B
	constant := !slices.ContainsFunc(l.parts, func(p part) bool { return p.bMin != b || p.bMax != b })
	if mu {
		b, constant = l.form.Mu, true
	}
	rate := math.Log(b)
	end := l.end()
	l.old = slices.Grow(l.old[:0], len(index))[:len(index)]
	for j, i := range index { // apart, for many reads to be under way at once: rare variables are far from the processor
		l.old[j] = old{l.last[i], v[i]}
	}
	for j, i := range index {
		s, w := max(l.first, l.old[j].s), l.old[j].v
		n := end - s
		if n == 0 {
			continue
		}
		if w == 0 {
			v[i] = 0 // not -0
			continue
		}
		if fresh != nil {
			if g := math.Abs(fresh[j]); constant && float64(n)*rate < faded && g > least && math.Abs(w) < g*0x1p60 {
				v[i] = 0
				continue
			}
			low, high := rate, rate
			if !constant {
				p := l.bounds(s)
				low, high = math.Log(p.bMin), math.Log(p.bMax)
			}
			low, high = decayed(w, float64(n), low, high)
			if float64(next*low)+fresh[j] == float64(next*high)+fresh[j] {
				v[i] = low
				continue
			}
		}
		switch {
		case !constant:
			v[i] = l.decay(w, s)
		case b == 0:
			v[i] = float64(b*w) + 0
		case n < short:
			for range n {
				w *= b
			}
			v[i] = w + 0
		default:
			l.chain.jobs = append(l.chain.jobs, job{i, n})
		}
	}
	l.chain.run(v, b)
}

// A v of at most 2⁶⁰ fresh, multiplied by e^faded, is too small to change fresh if that is above least, where the range of
// normal numbers is far.
const (
	faded = -90
	least = 1e-280
)

// decay multiplies w by the B of all steps from s on.
func (l *Log) decay(w float64, s int) float64 {
	for _, r := range l.runs[l.at(s):] {
		for ; s < r.end; s++ {
			was := w
			if w *= r.B; w == was {
				s = r.end
				break
			}
		}
	}
	return w
}

// decayed returns between what w can be after n multiplications by numbers whose logarithms are from low to high, each of which
// rounds.
func decayed(w, n, low, high float64) (from, to float64) {
	const (
		u     = 0x1p-53 // the relative error of a rounding, and about that of an exponent
		floor = 1e-300  // far above the absolute error of products that are subnormal
	)
	low, high = n*low, n*high
	p := math.Exp(low / 2) // halves are in the range of normal numbers when |w| p p is above floor
	q := p
	if high != low {
		q = math.Exp(high / 2)
	}
	from = max(0, math.Abs(w)*p*p*(1-u*(1.01*n-4*low+16))-floor)
	to = math.Abs(w)*q*q*(1+u*(1.01*n-4*high+16)) + floor
	if w < 0 {
		return -to, -from
	}
	return from, to
}
