package gradient

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// directions is what the estimators along random directions have in common: an objective, of which they ask values, the
// units of its variables, and memory.
type directions struct {
	name  string // of the estimator
	use   purpose
	f     stochopt.Oracle
	scale []float64 // or nil, for 1
	n     int       // directions in a draw
	// repeated tells that f need not be asked again whether it repeats its values: the Width is set, or it has.
	repeated atomic.Bool
	free     freelist.List[*direction]
}

// newDirections returns directions for the estimator name. It panics if an argument is out of range.
func newDirections(name string, use purpose, f stochopt.Oracle, width float64, scale []float64, n, concurrent int) *directions {
	switch {
	case f == nil:
		panic(fmt.Sprintf("gradient: %s.Oracle of nil", name))
	case !(width >= 0) || math.IsInf(width, 1):
		panic(fmt.Sprintf("gradient: %s.Width = %v, want finite and >= 0", name, width))
	case concurrent < 0:
		panic(fmt.Sprintf("gradient: %s.Concurrent = %d, want >= 0", name, concurrent))
	}
	positive(fmt.Sprintf("gradient: %s.Scale", name), scale)
	ds := &directions{name: name, use: use, f: f, scale: slices.Clone(scale), n: n}
	ds.repeated.Store(width > 0)
	return ds
}

// repeats returns an error if the Width is the default and the value of the first draw, f at x and s, is another the second
// time.
func (ds *directions) repeats(f float64, x []float64, s stochopt.Sample) error {
	if ds.repeated.Load() {
		return nil
	}
	again, err := ds.f(nil, x, s)
	if err != nil {
		return err
	}
	if err := same(ds.name, f, again); err != nil {
		return fmt.Errorf("%w, or set Width so large that differences show in the noise", err)
	}
	ds.repeated.Store(true)
	return nil
}

// unit returns the unit of variable i.
func (ds *directions) unit(i int) float64 {
	if ds.scale == nil {
		return 1
	}
	return ds.scale[i]
}

// check panics if grad or Scale does not have the length of x. It returns an error if, for some variable, the sum of x
// and a move by h units has a rounding error of more than about a thousandth of the move.
func (ds *directions) check(grad, x []float64, h float64) error {
	switch {
	case len(grad) != len(x):
		panic(fmt.Sprintf("gradient: %s: len(grad) = %d, len(x) = %d", ds.name, len(grad), len(x)))
	case ds.scale != nil && len(ds.scale) != len(x):
		panic(fmt.Sprintf("gradient: len(%s.Scale) = %d, but len(x) = %d", ds.name, len(ds.scale), len(x)))
	}
	for i, v := range x {
		if m := h * ds.unit(i); m < 0x1p-43*math.Abs(v) {
			return fmt.Errorf("gradient: %s: a move by the width %v is lost in the rounding of x[%d] = %v: set Scale", ds.name, m, i, v)
		}
	}
	return nil
}

// direction is a random direction, with memory for a point.
type direction struct {
	ds  *directions
	rnd *rand.Rand // around pcg
	pcg rand.PCG
	u   []float64 // the direction, in units of Scale
	at  []float64
}

// get returns a direction of n variables at the start of the stream of direction j of s; it must be put back.
func (ds *directions) get(s stochopt.Sample, j, n int) *direction {
	d := ds.free.Take()
	if d == nil {
		d = &direction{ds: ds}
		d.rnd = rand.New(&d.pcg)
	}
	if cap(d.u) < n {
		d.u, d.at = make([]float64, n), make([]float64, n)
	}
	d.u, d.at = d.u[:n], d.at[:n]
	s.Replicate = s.Replicate*ds.n + j
	d.pcg = stream(s, ds.use)
	return d
}

func (ds *directions) put(d *direction) { ds.free.Put(d) }

// normals makes u standard normal.
func (d *direction) normals() {
	for i := range d.u {
		d.u[i] = d.rnd.NormFloat64()
	}
}

// sphere makes u uniform on the unit sphere.
func (d *direction) sphere() {
	var norm float64
	for norm == 0 && len(d.u) > 0 { // in one dimension, 0 is drawn once in 2^32
		d.normals()
		var sum float64
		for _, v := range d.u {
			sum += float64(v * v)
		}
		norm = math.Sqrt(sum)
	}
	for i := range d.u {
		d.u[i] /= norm
	}
}

// value returns f at x + h u.
func (d *direction) value(x []float64, h float64, s stochopt.Sample) (float64, error) {
	for i, v := range x {
		d.at[i] = v + float64(float64(h*d.ds.unit(i))*d.u[i])
	}
	return d.ds.f(nil, d.at, s)
}

// add adds slope u to grad, where slope is a derivative along u.
func (d *direction) add(grad []float64, slope float64) {
	for i, u := range d.u {
		grad[i] += float64(slope*u) / d.ds.unit(i)
	}
}
