package method

import (
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

// grow activates one more term if the gradients of those that are active tell too little of the sum.
func (r *SFO) grow(failed bool) {
	active := r.active()
	n := float64(active)
	late := r.growth > active
	r.growth++
	if active == r.Terms {
		return
	}
	for i := range r.terms {
		if t := &r.terms[i]; t.active && t.visits < 2 {
			return
		}
	}
	if failed || late {
		r.activate()
		return
	}
	k := r.space.k
	mean, d := r.work.v1[:k], r.work.v2[:k]
	clear(mean)
	for i := range r.terms {
		if t := &r.terms[i]; t.active {
			floats.AddScaled(mean, 1/n, t.last.d[:k])
		}
	}
	noise := 0.0
	for i := range r.terms {
		if t := &r.terms[i]; t.active {
			floats.SubTo(d, t.last.d[:k], mean)
			noise += r.work.inverse(d)
		}
	}
	if noise/(n*(n-1)) >= r.work.inverse(mean) {
		r.activate()
	}
}

// choose sets the term that is wanted next, at r.at.p.
func (r *SFO) choose() {
	fresh := 0
	for i := range r.terms {
		switch t := &r.terms[i]; {
		case t.active && t.visits == 1:
			r.term = i
			return
		case t.active && t.visits == 0:
			fresh++
		}
	}
	if fresh > 0 {
		r.term = r.pick(fresh, func(t *sfoTerm) bool { return t.active && t.visits == 0 })
		return
	}
	k := r.space.k
	whole := r.random().Uint64()&1 == 0
	apart := r.work.v1[:k]
	farthest := -1.0
	for i := range r.terms {
		t := &r.terms[i]
		if !t.active {
			continue
		}
		floats.SubTo(apart, r.at.p[:k], t.last.p[:k])
		d := 0.0
		if whole {
			d = r.curvature(apart)
		} else {
			d = t.curvature(apart)
		}
		// In a tie the first is chosen, as more than one term may be known at the point before a rejected step; but where x is
		// that of all they take turns.
		if d > farthest*(1+1e-9) || d == 0 && farthest == 0 && t.visits < r.terms[r.term].visits {
			r.term, farthest = i, d
		}
	}
	if whole && farthest < sfoEps && r.active() < r.Terms {
		r.term = r.activate()
	}
}

// activate activates an inactive term, which it returns.
func (r *SFO) activate() int {
	i := r.pick(r.Terms-r.active(), func(t *sfoTerm) bool { return !t.active })
	r.terms[i].active = true
	r.growth = 0
	return i
}

func (r *SFO) active() (n int) {
	for i := range r.terms {
		if r.terms[i].active {
			n++
		}
	}
	return n
}

// pick returns one of the n terms that are candidates.
func (r *SFO) pick(n int, candidate func(t *sfoTerm) bool) int {
	which := r.random().IntN(n)
	for i := range r.terms {
		if candidate(&r.terms[i]) {
			if which == 0 {
				return i
			}
			which--
		}
	}
	panic("method: SFO.pick: fewer candidates than it was told")
}

// random returns a generator for the next choice. Its stream is a function of Seed and the number of the choice, and not one of
// an Oracle, whose draws have Probe >= 0.
func (r *SFO) random() *rand.Rand {
	r.pcg = stochopt.Sample{Seed: r.Seed, Step: r.draws, Probe: -2}.PCG()
	r.draws++
	return r.rnd
}
