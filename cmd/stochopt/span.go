package main

import (
	"math"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"gonum.org/v1/plot"
)

// span is the part of an axis from the least to the greatest of the numbers that were added. The zero span has none.
type span struct {
	low, high float64
	some      bool
}

func (s *span) add(v float64) {
	if !s.some {
		s.low, s.high, s.some = v, v, true
	}
	s.low, s.high = min(s.low, v), max(s.high, v)
}

// with is the span widened to another, but at each end by no more than a share of its own length.
func (s span) with(other span, share float64) span {
	if !other.some {
		return s
	}
	more := share * (s.high - s.low)
	if more == 0 { // nothing to compare with
		more = max(s.low-other.low, other.high-s.high)
	}
	return span{min(s.low, max(other.low, s.low-more)), max(s.high, min(other.high, s.high+more)), true}
}

// clip is the point of the span next to v.
func (s span) clip(v float64) float64 { return min(max(v, s.low), s.high) }

// apply makes the span the range of an axis, with some room at the ends.
func (s span) apply(a *plot.Axis) {
	room := 0.04 * (s.high - s.low)
	if room == 0 {
		room = 1
		if s.low != 0 {
			room = 0.1 * max(s.low, -s.low)
		}
	}
	a.Min, a.Max = s.low-room, s.high+room
}

// applyLog makes a span above 0 the range of a logarithmic axis.
func (s span) applyLog(a *plot.Axis) {
	room := math.Pow(s.high/s.low, 0.04)
	if room == 1 {
		room = 1.1
	}
	a.Min, a.Max = s.low/room, s.high*room
	a.Scale, a.Tick.Marker = plot.LogScale{}, picture.Powers{}
}
