package fit

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/stochopt/stochopt/infer"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// StreamResult is a curve fitted to a stream of points.
type StreamResult struct {
	Parameters []string  // the names, in the order of those handed to Stream
	Estimate   []float64 // b
	// StdErr are the standard errors of Estimate, statistical errors of the parameters that hold the error of the
	// optimizer as well. That of a fixed parameter is 0; all others are NaN where Status is infer.Unsure or infer.Failed.
	StdErr []float64
	Cov    *mat.SymDense // covariance of Estimate, nil without error bars

	N         int // points read
	Effective int // points in the mean that Estimate is, whose error StdErr is
	// ResidualSD is the root of the mean of ((f - y)/σ)² at Estimate, over points that it is not made of, and
	// ResidualSDErr the standard error of ResidualSD. They are NaN if there were none.
	ResidualSD, ResidualSDErr float64

	// Status tells what became of the fit, Diagnosis what was noticed, in words. Draws and evaluations are minibatches
	// there, and lengths in units of the scales of the parameters.
	Status    infer.Status
	Diagnosis []string
	// Trace is the course of the fit.
	Trace []StreamLook
	// Search is the result in the coordinates u of the search, divided by their scales: of the free parameters, in their
	// order. Its draws are minibatches.
	Search *infer.Result

	c      *coordinates
	scale  []float64
	slopes *mat.Dense // ∂b/∂X of Search
}

// StreamLook is the state of a Stream at one time.
type StreamLook struct {
	// Travelling tells that the fit was on its way to the minimum. Estimate then is a mean of the latest iterates.
	Travelling bool
	// Evaluations is the number of evaluations of the curve so far, in both phases. A few points are used more than once,
	// so it is somewhat above the number of points read.
	Evaluations int
	Estimate    []float64
	StdErr      []float64 // NaN where it is not known
}

var variable = regexp.MustCompile(`x\[(\d+)\]`)

func newStreamResult(s *stream, search *infer.Result) *StreamResult {
	c, p := s.c, s.p
	n := len(c.params)
	slopes := mat.NewDense(n, c.n, nil)
	at := func(x []float64) { // sets p and slopes
		for k, v := range x {
			p.u[k] = v * s.scale[k]
		}
		c.coordinates.set(p)
		for i := range n {
			row := slopes.RawRowView(i)
			c.slopes(row, p, i)
			for k := range row {
				row[k] *= s.scale[k]
			}
		}
	}
	var trace []StreamLook
	for _, l := range search.Trace {
		at(l.X)
		trace = append(trace, StreamLook{
			Travelling:  l.Travelling,
			Evaluations: l.Samples * s.settings.Batch,
			Estimate:    append([]float64(nil), p.b...),
			StdErr:      singly(c.coordinates, slopes, l.StdErr),
		})
	}
	at(search.X)
	r := &StreamResult{
		Estimate:   append([]float64(nil), p.b...),
		StdErr:     singly(c.coordinates, slopes, search.StdErr),
		N:          s.reader.read,
		Effective:  search.EffectiveSamples * s.settings.Batch,
		ResidualSD: math.Sqrt(2 * s.unit * search.F),
		Status:     search.Status,
		Trace:      trace,
		Search:     search,
		c:          c.coordinates,
		scale:      s.scale,
		slopes:     slopes,
	}
	r.ResidualSDErr = s.unit * search.FStdErr / r.ResidualSD
	names := c.names()
	for _, d := range search.Diagnosis {
		r.Diagnosis = append(r.Diagnosis, variable.ReplaceAllStringFunc(d, func(v string) string {
			k, err := strconv.Atoi(v[2 : len(v)-1])
			if err != nil || k >= len(names) {
				return v
			}
			return names[k]
		}))
	}
	for _, q := range c.params {
		r.Parameters = append(r.Parameters, q.Name)
	}
	if search.Cov != nil {
		var half, cov mat.Dense
		half.Mul(r.slopes, search.Cov)
		cov.Mul(&half, r.slopes.T())
		r.Cov = mat.NewSymDense(n, nil)
		for i := range n {
			for j := range i + 1 {
				r.Cov.SetSym(i, j, (cov.At(i, j)+cov.At(j, i))/2)
			}
			r.StdErr[i] = math.Sqrt(r.Cov.At(i, i))
		}
	}
	return r
}

// singly returns standard errors by those of the free parameters alone, which is not enough for tied ones. They may be
// nil.
func singly(c *coordinates, slopes *mat.Dense, free []float64) []float64 {
	se := make([]float64, len(c.params))
	for i := range se {
		switch k := c.place[i]; {
		case k >= 0 && free != nil:
			se[i] = math.Abs(slopes.At(i, k)) * free[k]
		case k != fixedPlace:
			se[i] = math.NaN()
		}
	}
	return se
}

// Interval is the confidence interval of parameter i at a level such as 0.95: symmetric around Estimate in the
// coordinate of the parameter's Transform, by Student's t with the degrees of freedom of Search. It is NaN where StdErr
// is, and of length 0 for a fixed parameter. Interval panics if level is not in (0, 1).
func (r *StreamResult) Interval(i int, level float64) (lo, hi float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("fit: level = %v, want a number in (0, 1)", level))
	}
	if k := r.c.place[i]; k >= 0 {
		lo, hi = r.Search.Interval(k, level)
		lo, _ = r.c.params[i].value(lo * r.scale[k])
		hi, _ = r.c.params[i].value(hi * r.scale[k])
		return lo, hi
	}
	half := r.StdErr[i]
	if half > 0 { // tied: the fewest degrees of freedom of those it depends on
		df := math.Inf(1)
		for k, d := range r.slopes.RawRowView(i) {
			if d != 0 {
				df = min(df, r.Search.DF[k])
			}
		}
		half *= distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile((1 + level) / 2)
	}
	return r.Estimate[i] - half, r.Estimate[i] + half
}
