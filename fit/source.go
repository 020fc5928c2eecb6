package fit

import (
	"errors"
	"fmt"
	"io"
)

// Point is one point of data that are read one after the other.
type Point struct {
	X []float64 // its predictors
	Y []float64 // its response, or Outputs of them for a Model with Vector
	// Sigma are the standard deviations of Y, > 0. If it is empty they are 1; it is so for all points or for none.
	Sigma []float64
}

// Next stores the next point in p and returns nil, or io.EOF if there is none. The slices of p are those of the call
// before, of which the memory may be used again: p.X = append(p.X[:0], ...). What is stored is not kept beyond the next
// call.
type Next func(p *Point) error

// Source is data that can be read again and again, such as those of a file.
type Source interface {
	// Rewind makes the first point the next one.
	Rewind() error
	// Next is a function Next.
	Next(p *Point) error
}

// reader reads points, checks them, and counts them.
type reader struct {
	next    Next
	outputs int
	width   int  // of X
	sigma   bool // points have Sigma
	read    int  // points
	point   Point
}

// one reads a point. The end of the data is io.EOF itself.
func (r *reader) one() error {
	p, i := &r.point, r.read
	if err := r.next(p); errors.Is(err, io.EOF) {
		return io.EOF
	} else if err != nil {
		return fmt.Errorf("fit: reading point %d: %w", i, err)
	}
	if i == 0 {
		r.width, r.sigma = len(p.X), len(p.Sigma) > 0
	}
	r.read++
	switch {
	case len(p.X) != r.width:
		return fmt.Errorf("fit: point %d has %d predictors, point 0 has %d", i, len(p.X), r.width)
	case len(p.Y) != r.outputs:
		return fmt.Errorf("fit: point %d has %d responses, want %d", i, len(p.Y), r.outputs)
	case r.sigma && len(p.Sigma) != r.outputs, !r.sigma && len(p.Sigma) > 0:
		return fmt.Errorf("fit: point %d has %d standard deviations, want %d for all points or for none", i, len(p.Sigma), r.outputs)
	}
	for k, v := range p.X {
		if !finite(v) {
			return fmt.Errorf("fit: predictor %d of point %d is %v", k, i, v)
		}
	}
	for k, v := range p.Y {
		if !finite(v) {
			return fmt.Errorf("fit: response %d of point %d is %v", k, i, v)
		}
	}
	for k, v := range p.Sigma {
		if !(v > 0) || !finite(v) {
			return fmt.Errorf("fit: standard deviation %d of point %d is %v, want a number > 0", k, i, v)
		}
	}
	return nil
}

// block makes d the next n points, or those that are left.
func (r *reader) block(d *Data, n int) error {
	d.X, d.Y, d.Sigma = d.X[:0], d.Y[:0], d.Sigma[:0]
	for range n {
		if err := r.one(); err != nil {
			return err
		}
		d.add(&r.point)
	}
	return nil
}

// add appends a copy of p, in memory that d has had, if there is some.
func (d *Data) add(p *Point) {
	if k := len(d.X); k < cap(d.X) {
		d.X = d.X[:k+1]
		d.X[k] = append(d.X[k][:0], p.X...)
	} else {
		d.X = append(d.X, append([]float64(nil), p.X...))
	}
	d.Y, d.Sigma = append(d.Y, p.Y...), append(d.Sigma, p.Sigma...)
}

// use makes d the data of c, which has one set.
func (c *curve) use(d *Data) {
	s := &c.sets[0]
	s.Data = *d
	if len(d.Sigma) == 0 {
		s.Sigma = nil
	}
}
