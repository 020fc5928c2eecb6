package main

import (
	"context"
	"math"
	"time"

	"github.com/stochopt/stochopt/testfuncs"
)

// A peer fits all sets from both starts.
type peer struct {
	name, version, setting string
	fit                    func(ctx context.Context, sets []testfuncs.NISTSet) ([]answer, error)
	answers                []answer // set by set, start 1 before start 2
}

// An answer is one fit. Estimate is nil if the peer reports that it failed.
type answer struct {
	estimate []float64
	time     time.Duration
}

// take keeps the estimates and the shortest times.
func (p *peer) take(a []answer) {
	if p.answers == nil {
		p.answers = a
		return
	}
	for i := range a {
		p.answers[i].time = min(p.answers[i].time, a[i].time)
	}
}

// total is the time of all fits.
func (p *peer) total() (sum time.Duration) {
	for _, a := range p.answers {
		sum += a.time
	}
	return sum
}

// digits is the log relative error of the worst parameter of answer i, between 0 and 11.
func (p *peer) digits(sets []testfuncs.NISTSet, i int) float64 {
	s, b := sets[i/2], p.answers[i].estimate
	if len(b) != len(s.Certified) {
		return 0
	}
	worst := 11.0
	for j, v := range relabel(s.Name, b) {
		want := s.Certified[j]
		d := -math.Log10(math.Abs(v-want) / math.Abs(want))
		if math.IsNaN(d) {
			return 0
		}
		worst = min(worst, max(d, 0))
	}
	return worst
}

// count is the number of fits with at least the given digits.
func (p *peer) count(sets []testfuncs.NISTSet, digits float64) (n int) {
	for i := range p.answers {
		if p.digits(sets, i) >= digits {
			n++
		}
	}
	return n
}
