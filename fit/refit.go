package fit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// refit fits sets from the parameters b, by Levenberg-Marquardt alone, with those of the indices fixed at their
// values in b. There may be a Result besides an error, as Curve has it.
//
// Parameters that change nothing at b, such as the rate of a curve whose amplitude is fixed at 0, are fixed too.
func (r *Result) refit(ctx context.Context, sets []Set, b []float64, fixed ...int) (*Result, error) {
	r.needData()
	s := r.settings
	s.AdamSteps, s.Starts = -1, 0
	s.Recorder = nil
	params := slices.Clone(r.parameters)
	free := 0
	for j := range params {
		p := &params[j]
		p.Start = b[j]
		p.Fixed = p.Fixed || slices.Contains(fixed, j)
		if !p.Fixed && p.Tied == nil {
			free++
		}
	}
	if free == 0 {
		rss := r.respond(sets, b, false).rss()
		if !finite(rss) {
			return nil, errors.New("fit: the curve is not finite")
		}
		return &Result{Parameters: r.Parameters, Estimate: slices.Clone(b), RSS: rss}, nil
	}
	q, err := Curves(ctx, sets, params, &s)
	if q == nil && err != nil {
		if idle := r.idle(sets, params, b); len(idle) > 0 {
			return r.refit(ctx, sets, b, append(idle, fixed...)...)
		}
	}
	return q, err
}

// constrained is the fit of the data with some parameters fixed, from b, or nil where the curve is not finite. Where
// the others go to infinity there is no minimum but a least RSS all the same: a search that does not converge is
// continued, and counts if RSS falls by less than a millionth of s². RankError is no error, for the minimum is found. A
// lower minimum than that of r is a LowerError.
func (r *Result) constrained(ctx context.Context, b []float64, fixed ...int) (*Result, error) {
	q, err := r.refit(ctx, r.sets, b, fixed...)
	if q != nil && errors.Is(err, ErrNotConverged) {
		rss := q.RSS
		q, err = r.refit(ctx, r.sets, q.Estimate, fixed...)
		if q != nil && errors.Is(err, ErrNotConverged) && rss-q.RSS < 1e-6*r.scale()*r.scale() {
			err = nil
		}
	}
	var rank *RankError
	switch {
	case q == nil:
		return nil, nil
	case err != nil && !errors.As(err, &rank):
		at := make([]string, len(fixed))
		for k, j := range fixed {
			at[k] = fmt.Sprintf("%s = %v", r.Parameters[j], b[j])
		}
		return nil, fmt.Errorf("fit: with %s fixed: %w", strings.Join(at, ", "), err)
	case r.RSS-q.RSS > 1e-4*r.scale()*r.scale():
		return nil, &LowerError{q.Estimate, q.RSS, r.RSS, newCoordinates(r.parameters).assignments(q.Estimate)}
	}
	return q, nil
}

// rise is how far rss lies above that of the estimate, in units of s². Rounding may take it a little below.
func (r *Result) rise(rss float64) float64 {
	return max(0, rss-r.RSS) / r.scale() / r.scale()
}

// idle are the indices of the free parameters by which all responses have the derivative 0 at b.
func (r *Result) idle(sets []Set, params []Parameter, b []float64) []int {
	n := len(b)
	moves := make([]bool, n)
	mark := func(row []float64) {
		for j, d := range row {
			moves[j] = moves[j] || d != 0
		}
	}
	v := r.respond(sets, b, true)
	for i := range v.f {
		mark(v.jac[i*n : (i+1)*n])
	}
	for j, p := range params {
		if p.Tied != nil && moves[j] {
			grad := make([]float64, n)
			p.Tied(grad, b)
			mark(grad)
		}
	}
	var idle []int
	for j, p := range params {
		if !moves[j] && !p.Fixed && p.Tied == nil {
			idle = append(idle, j)
		}
	}
	return idle
}

// edge is where the parameter ends in the direction of dir, 1 or -1, and whether it can be there.
func (p *Parameter) edge(dir float64) (edge float64, closed bool) {
	lo, hi := p.bounds()
	switch {
	case dir > 0:
		return hi, p.Transform != Logit
	case p.Transform == Log && lo <= 0:
		return 0, false
	}
	return lo, p.Transform != Logit
}

// inside reports whether a search may start from v.
func (p *Parameter) inside(v float64) bool {
	lower, closedBelow := p.edge(-1)
	upper, closedAbove := p.edge(1)
	return (v > lower || closedBelow && v == lower) && (v < upper || closedAbove && v == upper)
}
