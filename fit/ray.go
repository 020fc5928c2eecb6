package fit

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// ray is a half-line from the estimate along which one parameter, or two, are fixed at
//
//	θ̂ + d direction,   d >= 0
//
// and the others fitted. The direction is such that d is the root of the rise of RSS, in units of s, if the model is
// linear.
type ray struct {
	r         *Result
	ctx       context.Context
	fixed     []int
	direction []float64
	q         float64 // the root of the rise that is looked for
	steps     float64 // number of steps to it in a linear model
	trace     []rayPoint
}

// rayPoint is a fit on a ray.
type rayPoint struct {
	d        float64
	rise     float64 // its root, +Inf where the curve is not finite
	estimate []float64
}

// far is how many times further than in a linear model, and how many times further from 0 than the estimate, a region is
// followed before it counts as open.
const far = 1e8

// end returns the first d where the rise is q, or where a parameter ends or the curve is not finite at all beyond, or
// +Inf. The first fit starts at near.
func (y *ray) end(near rayPoint) (float64, error) {
	limit, closed := y.limit()
	distant := y.distant()
	last := rayPoint{0, 0, y.r.Estimate}
	before := near
	for step := y.q / y.steps; ; {
		next := last.d + step
		if beyond := next >= limit; beyond && closed {
			next = limit
		} else if beyond {
			next = last.d + 0.75*(limit-last.d)
		}
		switch {
		case last.d == limit, !math.IsInf(limit, 1) && limit-last.d <= limit/far:
			return limit, nil
		case last.d > distant || next == last.d:
			return math.Inf(1), nil
		}
		p, err := y.at(next, before, last)
		if err != nil {
			return math.NaN(), err
		}
		if p.rise >= y.q {
			return y.cross(last, p)
		}
		// On a straight line the steps stay; where the rise flattens they grow.
		slope := (p.rise - last.rise) / (p.d - last.d)
		step = min(max(y.q/y.steps/max(slope, 0), step/4), 4*step)
		before, last = last, p
	}
}

// cross returns the d between in and out where the rise is q, by the false position in which an end that stays twice
// counts half (M. Dowell, P. Jarratt, A modified regula falsi method, BIT 11, 1971), and by bisection where the curve is
// not finite. If it is finite nowhere beyond, that is the last d where it is.
func (y *ray) cross(in, out rayPoint) (float64, error) {
	left, right := in.rise-y.q, out.rise-y.q
	for stays := 0; ; {
		mid := in.d + (out.d-in.d)*(left/(left-right))
		narrow := out.d-in.d <= 1e-10*out.d
		if math.IsInf(right, 1) {
			mid = in.d + (out.d-in.d)/2
			if narrow {
				return in.d, nil
			}
		}
		if narrow || mid <= in.d || mid >= out.d {
			return min(max(mid, in.d), out.d), nil
		}
		p, err := y.at(mid, in, out)
		if err != nil {
			return math.NaN(), err
		}
		switch g := p.rise - y.q; {
		case math.Abs(g) <= 1e-10*y.q:
			return mid, nil
		case g < 0:
			in, left = p, g
			if stays = max(1, stays+1); stays > 1 {
				right /= 2
			}
		default:
			out, right = p, g
			if stays = min(-1, stays-1); stays < -1 {
				left /= 2
			}
		}
	}
}

// at fits at d. The other parameters start on the line through those of a and b, which are near.
func (y *ray) at(d float64, a, b rayPoint) (rayPoint, error) {
	r := y.r
	near := b
	if math.Abs(d-a.d) < math.Abs(d-b.d) || math.IsInf(b.rise, 1) {
		near = a
	}
	start := slices.Clone(near.estimate)
	if a.d != b.d && !math.IsInf(a.rise, 1) && !math.IsInf(b.rise, 1) {
		w := (d - a.d) / (b.d - a.d)
		for j := range start {
			if v := a.estimate[j] + w*(b.estimate[j]-a.estimate[j]); finite(v) && r.parameters[j].inside(v) {
				start[j] = v
			}
		}
	}
	y.place(start, d)
	q, err := r.constrained(y.ctx, start, y.fixed...)
	if q == nil && err == nil {
		copy(start, near.estimate)
		y.place(start, d)
		q, err = r.constrained(y.ctx, start, y.fixed...)
	}
	if q == nil {
		return rayPoint{d: d, rise: math.Inf(1)}, err
	}
	p := rayPoint{d, math.Sqrt(r.rise(q.RSS)), q.Estimate}
	y.trace = append(y.trace, p)
	return p, nil
}

// value is that of fixed parameter k at d.
func (y *ray) value(k int, d float64) float64 {
	j, dir := y.fixed[k], y.direction[k]
	if dir == 0 {
		return y.r.Estimate[j]
	}
	v := y.r.Estimate[j] + float64(d*dir)
	edge, _ := y.r.parameters[j].edge(dir)
	if (v-edge)*dir > 0 || d == (edge-y.r.Estimate[j])/dir {
		return edge // whatever rounding says
	}
	return v
}

// place stores the fixed parameters at d in b.
func (y *ray) place(b []float64, d float64) {
	for k, j := range y.fixed {
		b[j] = y.value(k, d)
	}
}

// nearest are the parameters of the fit that is nearest to d.
func (y *ray) nearest(d float64) []float64 {
	best := y.r.Estimate
	least := math.Inf(1)
	for _, p := range y.trace {
		if away := math.Abs(p.d - d); away < least {
			best, least = p.estimate, away
		}
	}
	return best
}

// limit is the d where the first of the fixed parameters ends, and whether it can be there.
func (y *ray) limit() (limit float64, closed bool) {
	limit = math.Inf(1)
	for k, j := range y.fixed {
		if dir := y.direction[k]; dir != 0 {
			edge, c := y.r.parameters[j].edge(dir)
			if d := (edge - y.r.Estimate[j]) / dir; d < limit {
				limit, closed = d, c
			}
		}
	}
	return limit, closed
}

// distant is the d beyond which the region counts as open.
func (y *ray) distant() float64 {
	d := math.Inf(1)
	for k, j := range y.fixed {
		if dir := y.direction[k]; dir != 0 {
			d = min(d, far*max(y.q, math.Abs(y.r.Estimate[j]/dir)))
		}
	}
	return d
}

// stride is a change of parameter j for the first step: the standard error or, where that is not known, the Scale, a
// tenth of the value, or 1.
func (r *Result) stride(j int) float64 {
	if se := r.StdErr[j]; se > 0 && finite(se) {
		return se
	}
	return cmp.Or(r.parameters[j].Scale, math.Abs(r.Estimate[j])/10, 1)
}
