package fit

import (
	"context"
	"math/rand/v2"
	"slices"
)

// sampleSize is the number of points in a sample of many more.
const sampleSize = 10_000

// reservoir draws a sample of points that come one after the other, in which each subset of its size has the same
// probability. (J. S. Vitter, Random sampling with a reservoir, ACM Transactions on Mathematical Software 11, 1985,
// algorithm R.)
type reservoir struct {
	rnd  *rand.Rand
	seen int // points
}

func newReservoir() *reservoir { return &reservoir{rnd: rand.New(rand.NewPCG(1, 2))} }

// place is that of the next point in the sample, in place of the one that is there, or -1 if it does not get into it.
func (v *reservoir) place() int {
	v.seen++
	if v.seen <= sampleSize {
		return v.seen - 1
	}
	if k := v.rnd.IntN(v.seen); k < sampleSize {
		return k
	}
	return -1
}

// sampleOf returns the sets with a sample of the points in place of those of each set that has more than twice as many,
// or nil if there is none. Sets of fewer points are whole: a parameter may rest on them alone.
func sampleOf(sets []Set) []Set {
	many := func(s Set) bool { return len(s.X) > 2*sampleSize }
	if !slices.ContainsFunc(sets, many) {
		return nil
	}
	sets = slices.Clone(sets)
	for k := range sets {
		if s := &sets[k]; many(*s) {
			s.Data = s.sample(max(s.Outputs, 1))
		}
	}
	return sets
}

// sample returns a sample of the points, in their order.
func (d *Data) sample(outputs int) Data {
	points := make([]int, sampleSize)
	v := newReservoir()
	for i := range d.X {
		if k := v.place(); k >= 0 {
			points[k] = i
		}
	}
	slices.Sort(points)
	s := Data{X: make([][]float64, 0, sampleSize), Y: make([]float64, 0, sampleSize*outputs)}
	for _, i := range points {
		s.X = append(s.X, d.X[i])
		s.Y = append(s.Y, d.Y[i*outputs:(i+1)*outputs]...)
		if d.Sigma != nil {
			s.Sigma = append(s.Sigma, d.Sigma[i*outputs:(i+1)*outputs]...)
		}
	}
	return s
}

// sampled fits a sample of the data of c and returns the point of c where that search has ended, with its Result, or nil
// if there is none or the curve is not finite there. What is wrong with all data is found with all data.
func (c *curve) sampled(ctx context.Context, p *point, sample []Set, s Settings) (*point, *Result) {
	s.Loss, s.Recorder = nil, nil
	r, _ := Curves(ctx, sample, c.params, &s)
	if r == nil {
		return nil, nil
	}
	for k, i := range c.free {
		p.u[k], _ = c.params[i].coordinate(r.Estimate[i])
		if !finite(p.u[k]) {
			return nil, nil
		}
	}
	if !c.eval(p) {
		return nil, nil
	}
	return p, r
}
