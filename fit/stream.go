package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/infer"
	"github.com/stochopt/stochopt/project"
)

// StreamSettings are the choices that Stream leaves to its user.
type StreamSettings struct {
	// Points is how many points are read at most. The data must have as many. If it is 0, 100 000 is used. Fewer than
	// 50 000 are often not enough, and easily kept: see Curve.
	Points int
	// Batch is the number of points in a minibatch, from which a step is computed. If it is 0, a 12 500th of Points is
	// used, but at least 4 and at most 32. In larger ones the gradient has less noise, but there are fewer of them.
	Batch int
	// StepSize is that of Adam on the way, in units of the scales of the parameters: a step changes a parameter by about
	// StepSize times its scale. If it is 0, 0.01 is used.
	StepSize float64
	// HalfWidth asks for half-widths of the intervals, one for each Parameter, in its units or, where it has a Transform,
	// in those of its u, so that 0.01 with Log is one percent. 0, or nil for all, asks for none. When all are reached no
	// more points are read.
	HalfWidth []float64
	// Level is that of the intervals whose half-widths are asked for, in (0, 1). If it is 0, 0.95 is used.
	Level float64
}

// Stream fits m to points of which each is seen once, by minibatches through infer.Estimate. It keeps a few
// minibatches, however many points there are. If s is nil, defaults are used.
//
// It is for data without end, or that cannot be read twice. The points must come in random order: each is taken for an
// independent draw from one population of (x, y), and what is minimized is the mean of ((f(x; b) - y)/σ)² over that
// population. A file that is sorted, or whose first rows were measured under other conditions than its last, is no such
// stream. Passes fits a file exactly, in any order.
//
// As each point is a new observation, the error bars of infer.Estimate are the statistical errors of the parameters,
// and they are the whole error: that of the optimizer is in them. They are those of a fit to StreamResult.Effective
// points, fewer than were read, because the way to the minimum takes its share. The covariance is H⁻¹SH⁻¹, S being that
// of the gradients as they scatter. So it holds for errors of unequal variance too, whatever Sigma says, and where the
// curve is not the true one, for the b of the nearest curve. (Curve and Passes take s²(JᵀJ)⁻¹.)
//
// The search is in the coordinates of the Transforms, each in units of a scale: that of the Parameter or, where it is
// 0, |Start|, or 1 with a Transform, but no more than the change that moves the curve by the length of the residuals of
// the first few hundred points. The objective is half the mean square of the residuals of a minibatch, in units of that
// of these points at the start. So the units of parameters and responses do not matter. Bounds are a projection; where
// the minimum is at one, there are no error bars. A curve that is not finite on the way ends the fit: keep the
// parameters from there by bounds or a Transform. From a poor start, begin with a Curve through the first thousand
// points: Stream searches once, and finds the minimum that lies on Adam's way.
//
// There is an error if names are missing or twice, if next fails, if the data end before they suffice, if the curve is not finite, and if ctx ends;
// the Result then has what is known, without error bars, or is nil if that is nothing. Without an error, Status and
// Diagnosis tell whether there are error bars. Equal data give equal bits.
//
// Stream panics on misuse: a Model or settings that are none.
func Stream(ctx context.Context, m Model, next Next, params []Parameter, s *StreamSettings) (*StreamResult, error) {
	var set StreamSettings
	if s != nil {
		set = *s
	}
	set.check(params)
	if next == nil {
		panic("fit: Stream: next is nil")
	}
	sets := []Set{{Model: m}}
	checkUse(sets, params, Settings{})
	if err := checkNames(sets, params); err != nil {
		return nil, err
	}
	co := newCoordinates(params)
	if err := co.check(); err != nil {
		return nil, err
	}
	c := newCurve(sets, co)
	st := &stream{
		c:        c,
		reader:   reader{next: next, outputs: c.sets[0].outputs},
		settings: set,
		kept:     make([]Data, max(16, lead/set.Batch)),
	}
	x0, err := st.begin()
	if err != nil {
		return nil, err
	}
	o := &infer.Options{
		Rule:       &stochopt.Adam{StepSize: set.StepSize},
		MaxSamples: set.Points / set.Batch,
		Level:      set.Level,
	}
	if slices.ContainsFunc(set.HalfWidth, func(w float64) bool { return w > 0 }) {
		o.HalfWidth = make([]float64, c.n)
		for k, i := range c.free {
			o.HalfWidth[k] = set.HalfWidth[i] / st.scale[k]
		}
	}
	r, err := infer.Estimate(ctx, stochopt.Problem{Oracle: st.oracle, Project: st.projection()}, x0, o)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("fit: the data ended after %d points, before the %d of StreamSettings.Points; ask for no more than there are",
			st.reader.read, set.Points)
	}
	return newStreamResult(st, r), err
}

// check panics on misuse, and sets the defaults.
func (s *StreamSettings) check(params []Parameter) {
	switch {
	case s.Points < 0:
		panic(fmt.Sprintf("fit: StreamSettings.Points = %d, want > 0, or 0 for 100 000", s.Points))
	case s.Batch < 0:
		panic(fmt.Sprintf("fit: StreamSettings.Batch = %d, want >= 0", s.Batch))
	case !(s.StepSize >= 0) || math.IsInf(s.StepSize, 0):
		panic(fmt.Sprintf("fit: StreamSettings.StepSize = %v, want >= 0", s.StepSize))
	case s.HalfWidth != nil && len(s.HalfWidth) != len(params):
		panic(fmt.Sprintf("fit: len(StreamSettings.HalfWidth) = %d, want %d, one for each Parameter", len(s.HalfWidth), len(params)))
	case !(s.Level >= 0 && s.Level < 1):
		panic(fmt.Sprintf("fit: StreamSettings.Level = %v, want in (0, 1), or 0 for 0.95", s.Level))
	}
	for j, w := range s.HalfWidth {
		if !(w >= 0) {
			panic(fmt.Sprintf("fit: StreamSettings.HalfWidth[%d] = %v, want >= 0", j, w))
		}
	}
	s.Points = cmp.Or(s.Points, 100_000)
	s.Batch = cmp.Or(s.Batch, min(max(4, s.Points/12_500), 32, s.Points))
	s.StepSize = cmp.Or(s.StepSize, 0.01)
	if s.Batch > s.Points {
		panic(fmt.Sprintf("fit: StreamSettings.Batch = %d, want at most Points = %d", s.Batch, s.Points))
	}
}

// lead is how many points the scales are from.
const lead = 512

// stream is a fit under way.
type stream struct {
	c        *curve
	reader   reader
	settings StreamSettings
	// kept are the last minibatches, number k at k modulo its length. infer.Estimate comes back to one after 8 others, and
	// uses those for the Hessian several times in a row.
	kept    []Data
	batches int // read
	p       *point
	scale   []float64 // of each u
	unit    float64   // of the objective
}

// batch returns minibatch k.
func (s *stream) batch(k int) (*Data, error) {
	for s.batches <= k {
		if err := s.reader.block(&s.kept[s.batches%len(s.kept)], s.settings.Batch); err != nil {
			return nil, err
		}
		s.batches++
	}
	if k < s.batches-len(s.kept) {
		return nil, fmt.Errorf("fit: minibatch %d is not kept any more, %d have been read", k, s.batches)
	}
	return &s.kept[k%len(s.kept)], nil
}

// begin reads the first minibatches, sets the scales and the unit, and returns the start in these scales.
func (s *stream) begin() ([]float64, error) {
	c := s.c
	var all Data
	for k := range min(len(s.kept), s.settings.Points/s.settings.Batch) {
		d, err := s.batch(k)
		if err == io.EOF {
			return nil, fmt.Errorf("fit: too few points, %d", s.reader.read)
		}
		if err != nil {
			return nil, err
		}
		all.X, all.Y, all.Sigma = append(all.X, d.X...), append(all.Y, d.Y...), append(all.Sigma, d.Sigma...)
	}
	var most float64
	for i, y := range all.Y {
		if len(all.Sigma) > 0 {
			y /= all.Sigma[i]
		}
		most = max(most, math.Abs(y))
	}
	if err := checkSize(most); err != nil {
		return nil, err
	}
	u, scale := c.start()
	c.use(&all)
	c.m = len(all.Y)
	p, err := c.first(u)
	if err != nil {
		return nil, fmt.Errorf("%w (looked at the first %d points)", err, len(all.X))
	}
	for k, i := range c.free {
		natural := math.Sqrt(p.f) / c.columnNorm(p, k)
		switch {
		case c.params[i].Scale > 0 || natural == 0:
		case scale[k] == 0:
			scale[k] = natural
		default:
			scale[k] = min(scale[k], natural)
		}
		if scale[k] == 0 {
			scale[k] = 1 // a perfect start of 0
		}
		u[k] /= scale[k]
	}
	s.scale, s.unit = scale, p.f/float64(c.m)
	if s.unit == 0 {
		s.unit = 1
	}
	c.m = s.settings.Batch * s.reader.outputs
	s.p = newPoint(c, p.u)
	return u, nil
}

// oracle is a stochopt.Oracle: half the mean square of the residuals of the minibatch that Step names.
func (s *stream) oracle(grad, x []float64, sample stochopt.Sample) (float64, error) {
	d, err := s.batch(sample.Step)
	if err != nil {
		return math.NaN(), err
	}
	c, p := s.c, s.p
	for k, v := range x {
		p.u[k] = v * s.scale[k]
	}
	c.use(d)
	if !c.eval(p) {
		return math.NaN(), fmt.Errorf("fit: the curve or a derivative is not finite on the way, at %s; keep the parameters from there by bounds or a Transform",
			c.assignments(p.b))
	}
	weight := 1 / (s.unit * float64(c.m))
	if grad != nil {
		clear(grad)
		for i, r := range p.r {
			for k, v := range p.row(i) {
				grad[k] += float64(r * v)
			}
		}
		for k := range grad {
			grad[k] *= weight * s.scale[k]
		}
	}
	return weight * p.f / 2, nil
}

// projection is that onto the bounds, or nil if there are none.
func (s *stream) projection() func(x []float64) {
	lo, hi := make([]float64, s.c.n), make([]float64, s.c.n)
	none := true
	for k, v := range s.scale {
		lo[k], hi[k] = s.c.lower[k]/v, s.c.upper[k]/v
		none = none && math.IsInf(lo[k], -1) && math.IsInf(hi[k], 1)
	}
	if none {
		return nil
	}
	return project.Box(lo, hi)
}
