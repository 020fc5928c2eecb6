package main

import (
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawFit draws data with error bars, curve and bands in a panel, and the residuals in one below. The name tells the
// format.
func drawFit(w io.Writer, name string, d *candidate, level float64) error {
	top, bottom := plot.New(), plot.New()
	axis := "row"
	if len(d.predictors) > 0 {
		axis = d.predictors[0]
	}
	bottom.X.Label.Text, bottom.Y.Label.Text, top.Y.Label.Text = axis, "residual", d.response
	top.Title.Text = d.text
	for _, p := range []*plot.Plot{top, bottom} {
		p.Add(plotter.NewGrid())
	}
	if err := drawCurve(top, d, level); err != nil {
		return err
	}
	if err := drawPoints(top, d, d.data.Y); err != nil {
		return err
	}
	zero := plotter.NewFunction(func(float64) float64 { return 0 })
	zero.Color, zero.Width = palette[1], vg.Points(1.2)
	bottom.Add(zero)
	if err := drawPoints(bottom, d, d.result.Residuals().Raw); err != nil {
		return err
	}
	bottom.Legend = plot.NewLegend()
	for _, p := range []*plot.Plot{top, bottom} {
		x, y := 0.03*(p.X.Max-p.X.Min), 0.06*(p.Y.Max-p.Y.Min)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = p.X.Min-x, p.X.Max+x, p.Y.Min-y, p.Y.Max+y
	}
	bottom.X.Min, bottom.X.Max = top.X.Min, top.X.Max // which has the data and the curve
	d.placeLegend(top)

	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	const width, height = 16 * vg.Centimeter, 14 * vg.Centimeter
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return err
	}
	stack(draw.New(canvas), top, bottom)
	_, err = canvas.WriteTo(w)
	return err
}

// placeLegend puts the legend into the corner with the fewest points.
func (d *candidate) placeLegend(p *plot.Plot) {
	fewest := len(d.data.Y) + 1
	for _, top := range []bool{true, false} {
		for _, left := range []bool{false, true} {
			n := 0
			for i, y := range d.data.Y {
				x := (d.abscissa(i) - p.X.Min) / (p.X.Max - p.X.Min)
				h := (y - p.Y.Min) / (p.Y.Max - p.Y.Min)
				if (x < 0.4) == left && (left || x > 0.6) && (h > 0.7) == top && (top || h < 0.3) {
					n++
				}
			}
			if n < fewest {
				fewest, p.Legend.Top, p.Legend.Left = n, top, left
			}
		}
	}
	p.Legend.Padding = vg.Points(2)
	if p.Legend.Left {
		p.Legend.XOffs = vg.Points(6)
	}
}

// stack draws one plot above another, on a third of the height, with the areas of their data between the same sides.
func stack(c draw.Canvas, top, bottom *plot.Plot) {
	const margin = 3 * vg.Millimeter
	c = draw.Crop(c, margin, -margin, margin, -margin)
	height := c.Max.Y - c.Min.Y
	upper, lower := draw.Crop(c, 0, 0, height/3, 0), draw.Crop(c, 0, 0, 0, -height*2/3)
	a, b := top.DataCanvas(upper), bottom.DataCanvas(lower)
	left, right := max(a.Min.X, b.Min.X), min(a.Max.X, b.Max.X)
	top.Draw(draw.Crop(upper, left-a.Min.X, right-a.Max.X, 0, 0))
	bottom.Draw(draw.Crop(lower, left-b.Min.X, right-b.Max.X, 0, 0))
}

// abscissa is what point i is drawn over: the first predictor, or without one the row.
func (d *candidate) abscissa(i int) float64 {
	if len(d.predictors) == 0 {
		return float64(i + 1)
	}
	return d.data.X[i][0]
}

// drawPoints draws a value for each point, with error bars if the standard deviations are known.
func drawPoints(p *plot.Plot, d *candidate, y []float64) error {
	points := make(plotter.XYs, len(y))
	for i, v := range y {
		points[i].X, points[i].Y = d.abscissa(i), v
	}
	s, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: palette[0], Radius: vg.Points(2), Shape: draw.CircleGlyph{}}
	p.Add(s)
	p.Legend.Add("data", s)
	if d.data.Sigma == nil {
		return nil
	}
	bars, err := plotter.NewYErrorBars(struct {
		plotter.XYs
		plotter.YErrors
	}{points, errorsOf(d.data.Sigma)})
	if err != nil {
		return err
	}
	bars.LineStyle.Color, bars.CapWidth = palette[0], vg.Points(3)
	p.Add(bars)
	return nil
}

func errorsOf(sigma []float64) plotter.YErrors {
	e := make(plotter.YErrors, len(sigma))
	for i, s := range sigma {
		e[i].Low, e[i].High = s, s
	}
	return e
}

// drawCurve draws the curve with its bands over a fine grid, or where several columns vary its values at the points.
func drawCurve(p *plot.Plot, d *candidate, level float64) error {
	if varying(d.data.X) > 1 {
		bands, err := d.result.Predict(d.model, d.data, level)
		if err != nil {
			return err
		}
		fitted := make(plotter.XYs, len(bands.Value))
		for i, v := range bands.Value {
			fitted[i].X, fitted[i].Y = d.abscissa(i), v
		}
		s, err := plotter.NewScatter(fitted)
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: palette[1], Radius: vg.Points(3), Shape: draw.CrossGlyph{}}
		p.Add(s)
		p.Legend.Add("fit", s)
		return nil
	}
	grid := d.grid(400)
	bands, err := d.result.Predict(d.model, grid, level)
	if err != nil {
		return err
	}
	x := make([]float64, len(grid.X))
	for i := range x {
		x[i] = float64(i)*float64(len(d.data.Y)-1)/float64(len(x)-1) + 1
		if len(d.predictors) > 0 {
			x[i] = grid.X[i][0]
		}
	}
	prediction, confidence := palette[4], palette[1]
	prediction.A, confidence.A = 70, 90
	percentage := percent(level)
	for _, b := range []struct {
		name string
		band fit.Band
		tint color.NRGBA
	}{{percentage + " prediction", bands.Prediction, prediction}, {percentage + " confidence", bands.Confidence, confidence}} {
		if polygon := bandOf(x, b.band); polygon != nil {
			polygon.Color, polygon.LineStyle.Width = b.tint, 0
			p.Add(polygon)
			p.Legend.Add(b.name, polygon)
		}
	}
	if err := drawTerms(p, d, x, grid.X); err != nil {
		return err
	}
	l, err := plotter.NewLine(curve(x, bands.Value))
	if err != nil {
		return err
	}
	l.Color, l.Width = palette[1], vg.Points(1.5)
	p.Add(l)
	p.Legend.Add("fit", l)
	return nil
}

// drawTerms draws each term of a sum of built-in models.
func drawTerms(p *plot.Plot, d *candidate, x []float64, rows [][]float64) error {
	if d.sum == nil || len(d.sum.Parts) == 1 {
		return nil
	}
	own, first := d.own(d.result.Estimate), 0
	for k, part := range d.sum.Parts {
		b := own[first : first+len(part.Parameters)]
		first += len(b)
		y := make([]float64, len(rows))
		for i, row := range rows {
			y[i] = part.Func(nil, b, row)
		}
		l, err := plotter.NewLine(curve(x, y))
		if err != nil {
			return err
		}
		l.Color, l.Dashes = color.NRGBA{90, 90, 90, 255}, dashes[1+k%(len(dashes)-1)]
		p.Add(l)
		p.Legend.Add(d.sum.Label(k), l)
	}
	return nil
}

// bandOf is the area between the ends of a band, or nil if they are not known.
func bandOf(x []float64, b fit.Band) *plotter.Polygon {
	for i := range x {
		if v := b.Upper[i] - b.Lower[i]; math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	ring, low := curve(x, b.Upper), curve(x, b.Lower)
	slices.Reverse(low)
	polygon, err := plotter.NewPolygon(append(ring, low...))
	if err != nil {
		return nil
	}
	return polygon
}

// grid is n points from the least to the greatest value of the predictor that varies, the others as they are. Where the
// data have standard deviations, so has the grid, those of the nearest points.
func (d *candidate) grid(n int) fit.Data {
	x := d.data.X
	g := fit.Data{X: make([][]float64, n), Y: make([]float64, n)}
	for i := range g.X {
		g.X[i] = slices.Clone(x[0])
	}
	for k := range x[0] {
		low, high := x[0][k], x[0][k]
		for _, row := range x {
			low, high = min(low, row[k]), max(high, row[k])
		}
		for i := range g.X {
			g.X[i][k] = low + (high-low)*float64(i)/float64(n-1)
		}
	}
	if d.data.Sigma == nil {
		return g
	}
	for _, at := range g.X {
		nearest := 0
		for i, row := range x {
			if distance(row, at) < distance(x[nearest], at) {
				nearest = i
			}
		}
		g.Sigma = append(g.Sigma, d.data.Sigma[nearest])
	}
	return g
}

func distance(a, b []float64) (sum float64) {
	for k := range a {
		sum += math.Abs(a[k] - b[k])
	}
	return sum
}

// varying counts the predictors that are not the same at all points.
func varying(x [][]float64) (n int) {
	for k := range x[0] {
		if slices.ContainsFunc(x, func(row []float64) bool { return row[k] != x[0][k] }) {
			n++
		}
	}
	return n
}
