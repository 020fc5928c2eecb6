package main

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// frame is the curve of a candidate with its bands: over a fine grid, or where several columns vary at the points.
type frame struct {
	d       *candidate
	level   float64
	x       []float64
	rows    [][]float64
	bands   *fit.Bands
	scatter bool // at the points
	data, y span // of the responses shown, and of the vertical axis
}

// newFrame evaluates the curve, and finds the vertical axis: it has the data, and the curve, the error bars and the bands as
// far as they do not make the data small.
func newFrame(d *candidate, show []int, level float64) (*frame, error) {
	f := &frame{d: d, level: level}
	f.scatter = slices.ContainsFunc(d.predictors[min(d.along+1, len(d.predictors)):], d.varies)
	g := d.grid(400)
	if f.scatter {
		g = fit.Data{}
		for _, i := range show {
			g.X, g.Y = append(g.X, d.data.X[i]), append(g.Y, d.data.Y[i])
			if d.data.Sigma != nil {
				g.Sigma = append(g.Sigma, d.data.Sigma[i])
			}
		}
	}
	f.rows = g.X
	f.x = make([]float64, len(g.X))
	for i, row := range g.X {
		switch {
		case len(d.predictors) > 0:
			f.x[i] = row[d.along]
		case f.scatter:
			f.x[i] = float64(show[i] + 1)
		default:
			f.x[i] = 1 + float64(i)*float64(len(d.data.Y)-1)/float64(len(g.X)-1)
		}
	}
	var err error
	if f.bands, err = d.result.Predict(d.model, g, level); err != nil {
		return nil, err
	}
	for _, i := range show {
		f.data.add(d.data.Y[i])
	}
	f.y = f.data
	for _, part := range []struct {
		values []float64
		share  float64
	}{{f.bands.Value, 1}, {f.bands.Confidence.Lower, 0.3}, {f.bands.Confidence.Upper, 0.3}, {f.bands.Prediction.Lower, 0.3}, {f.bands.Prediction.Upper, 0.3}} {
		f.widen(spanOf(part.values), part.share)
	}
	f.widen(bars(d, show, d.data.Y), 0.3)
	return f, nil
}

// widen widens the vertical axis to a span, at each end by no more than a share of that of the data.
func (f *frame) widen(s span, share float64) {
	w := f.data.with(s, share)
	f.y.add(w.low)
	f.y.add(w.high)
}

// drawBands draws the bands, cut off at the ends of the axis.
func (f *frame) drawBands(p *plot.Plot) error {
	if f.scatter {
		return nil
	}
	prediction, confidence := palette[4], palette[1]
	prediction.A, confidence.A = 70, 90
	for _, b := range []struct {
		name string
		band fit.Band
		tint color.NRGBA
	}{{percent(f.level) + " prediction", f.bands.Prediction, prediction}, {percent(f.level) + " confidence", f.bands.Confidence, confidence}} {
		named := false
		for _, part := range parts(len(f.x), func(i int) bool { return !math.IsNaN(b.band.Lower[i]) && !math.IsNaN(b.band.Upper[i]) }) {
			if part.to-part.from < 2 {
				continue
			}
			var ring, low plotter.XYs
			for i := part.from; i < part.to; i++ {
				ring = append(ring, plotter.XY{X: f.x[i], Y: f.wide().clip(b.band.Upper[i])})
				low = append(low, plotter.XY{X: f.x[i], Y: f.wide().clip(b.band.Lower[i])})
			}
			slices.Reverse(low)
			polygon, err := plotter.NewPolygon(append(ring, low...))
			if err != nil {
				return err
			}
			polygon.Color, polygon.LineStyle.Width = b.tint, 0
			p.Add(polygon)
			if !named {
				p.Legend.Add(b.name, polygon)
				named = true
			}
		}
	}
	return nil
}

// wide is the vertical axis with a length more at each end: what is drawn beyond it cannot be seen.
func (f *frame) wide() span {
	more := max(f.y.high-f.y.low, math.SmallestNonzeroFloat64)
	return span{f.y.low - more, f.y.high + more, true}
}

// drawCurve draws the curve and its terms.
func (f *frame) drawCurve(p *plot.Plot) error {
	if f.scatter {
		var fitted plotter.XYs
		for i, v := range f.bands.Value {
			if finite(v) {
				fitted = append(fitted, plotter.XY{X: f.x[i], Y: v})
			}
		}
		s, err := plotter.NewScatter(fitted)
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: palette[1], Radius: vg.Points(3), Shape: draw.CrossGlyph{}}
		if len(fitted) > fewShown {
			s.GlyphStyle.Radius = vg.Points(1.5)
		}
		p.Add(s)
		p.Legend.Add("fit", s)
		return nil
	}
	if err := f.drawTerms(p); err != nil {
		return err
	}
	return f.line(p, "fit", f.bands.Value, draw.LineStyle{Color: palette[1], Width: vg.Points(1.5)})
}

// drawTerms draws each term of a sum of built-in models.
func (f *frame) drawTerms(p *plot.Plot) error {
	sum := f.d.sum
	if sum == nil || len(sum.Parts) == 1 {
		return nil
	}
	own, first := f.d.own(f.d.result.Estimate), 0
	for k, part := range sum.Parts {
		b := own[first : first+len(part.Parameters)]
		first += len(b)
		y := make([]float64, len(f.rows))
		for i, row := range f.rows {
			y[i] = part.Func(nil, b, row)
		}
		style := draw.LineStyle{Color: color.NRGBA{90, 90, 90, 255}, Width: vg.Points(1), Dashes: dashes[1+k%(len(dashes)-1)]}
		if err := f.line(p, sum.Label(k), y, style); err != nil {
			return err
		}
		f.widen(spanOf(y), 0.5)
	}
	return nil
}

// spanOf is the span of those numbers that are finite.
func spanOf(values []float64) (s span) {
	for _, v := range values {
		if finite(v) {
			s.add(v)
		}
	}
	return s
}

// line draws a line over the grid, in parts between which it is not finite.
func (f *frame) line(p *plot.Plot, name string, y []float64, style draw.LineStyle) error {
	named := false
	for _, part := range parts(len(y), func(i int) bool { return finite(y[i]) }) {
		l, err := plotter.NewLine(curve(f.x[part.from:part.to], y[part.from:part.to]))
		if err != nil {
			return err
		}
		l.LineStyle = style
		p.Add(l)
		if !named {
			p.Legend.Add(name, l)
			named = true
		}
	}
	return nil
}

// part is a range of indices.
type part struct{ from, to int }

// parts are the longest ranges of 0, ..., n-1 in which all are good.
func parts(n int, good func(i int) bool) (all []part) {
	open := false
	for i := range n {
		switch {
		case !good(i):
			open = false
			continue
		case !open:
			all, open = append(all, part{i, i}), true
		}
		all[len(all)-1].to = i + 1
	}
	return all
}

// grid is n points from the least to the greatest value of the predictor that varies, at equal distances on the axis, the others
// as they are. Where the
// data have standard deviations, so has the grid: the root of the mean of the variances of near points, without which a
// prediction band would be as ragged as they are.
func (d *candidate) grid(n int) fit.Data {
	x := d.data.X
	g := fit.Data{X: make([][]float64, n), Y: make([]float64, n)}
	for i := range g.X {
		g.X[i] = slices.Clone(x[0])
	}
	along := d.along
	for k := range x[0] {
		var s span
		for _, row := range x {
			s.add(row[k])
		}
		for i := range g.X {
			t := float64(i) / float64(n-1)
			if g.X[i][k] = s.low + (s.high-s.low)*t; d.logX && k == along {
				g.X[i][k] = s.low * math.Pow(s.high/s.low, t)
			}
		}
	}
	if d.data.Sigma == nil {
		return g
	}
	g.Sigma = make([]float64, n)
	if len(x[0]) == 0 {
		var sum float64
		for _, s := range d.data.Sigma {
			sum += s * s / float64(len(x))
		}
		for i := range g.Sigma {
			g.Sigma[i] = math.Sqrt(sum)
		}
		return g
	}
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a][along], x[b][along]) })
	near := min(max(5, len(x)/15), 1000)
	for i, row := range g.X {
		at := row[along]
		k, _ := slices.BinarySearchFunc(order, at, func(j int, v float64) int { return cmp.Compare(x[j][along], v) })
		from, to := max(0, k-near), min(len(order), k+near)
		// Weights fall linearly from 1 at the place to 0 at the farthest of the near points.
		var reach, sum, weights float64
		for _, j := range order[from:to] {
			reach = max(reach, math.Abs(x[j][along]-at))
		}
		for _, j := range order[from:to] {
			w := 1.0
			if reach > 0 {
				w = 1 + 1e-9 - math.Abs(x[j][along]-at)/reach
			}
			sum += w * d.data.Sigma[j] * d.data.Sigma[j]
			weights += w
		}
		g.Sigma[i] = math.Sqrt(sum / weights)
	}
	return g
}
