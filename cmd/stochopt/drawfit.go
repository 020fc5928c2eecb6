package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawFit draws data with error bars, curve and bands in a panel, the residuals in one below, and the legend beside them.
// The name tells the format.
func drawFit(w io.Writer, name string, d *candidate, level float64) error {
	top, bottom := plot.New(), plot.New()
	axis := "row"
	if len(d.predictors) > 0 {
		axis = d.predictors[d.along]
	}
	bottom.X.Label.Text, bottom.Y.Label.Text, top.Y.Label.Text = axis, "residual", d.response
	top.Title.Text = d.text
	for _, p := range []*plot.Plot{top, bottom} {
		p.Add(plotter.NewGrid())
	}
	show := shown(len(d.data.Y))
	f, err := newFrame(d, show, level)
	if err != nil {
		return err
	}
	if err := f.drawBands(top); err != nil {
		return err
	}
	if err := d.drawPoints(top, show, d.data.Y); err != nil {
		return err
	}
	if err := f.drawCurve(top); err != nil {
		return err
	}
	residuals := d.result.Residuals().Raw
	if err := d.drawPoints(bottom, show, residuals); err != nil {
		return err
	}
	zero := plotter.NewFunction(func(float64) float64 { return 0 })
	zero.Color, zero.Width = palette[1], vg.Points(1.2)
	bottom.Add(zero)

	var left, right span
	for i := range d.data.X {
		left.add(d.abscissa(i))
	}
	for _, i := range show {
		if v := residuals[i]; finite(v) {
			right.add(v)
		}
	}
	right.add(0)
	right = right.with(bars(d, show, residuals), 0.5)
	f.y.apply(&top.Y)
	right.apply(&bottom.Y)
	for _, a := range []*plot.Axis{&top.X, &bottom.X} {
		if d.logX {
			left.applyLog(a)
		} else {
			left.apply(a)
		}
	}
	legend := top.Legend
	top.Legend, bottom.Legend = plot.NewLegend(), plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.Padding = vg.Points(2)

	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	const width, height, margin = 16 * vg.Centimeter, 14 * vg.Centimeter, 3 * vg.Millimeter
	size := legend.Rectangle(draw.New(mustCanvas(width, height))).Size()
	canvas, err := draw.NewFormattedCanvas(width+size.X+2*margin, height, format)
	if err != nil {
		return err
	}
	c := draw.New(canvas)
	shrinkTitle(top, width-2*margin)
	stack(draw.Crop(c, margin, -size.X-3*margin, margin, -margin), top, bottom)
	legend.Draw(draw.Crop(c, width, -margin, 0, -4*margin))
	_, err = canvas.WriteTo(w)
	return err
}

// mustCanvas is a canvas to measure texts on.
func mustCanvas(width, height vg.Length) vg.CanvasSizer {
	c, err := draw.NewFormattedCanvas(width, height, "svg")
	if err != nil {
		panic(err) // there is an SVG canvas
	}
	return c
}

// shrinkTitle makes a long title fit into a width: in smaller letters, and if need be without its end.
func shrinkTitle(p *plot.Plot, width vg.Length) {
	style := &p.Title.TextStyle
	for style.Font.Size > vg.Points(7) && style.Width(p.Title.Text) > width {
		style.Font.Size -= vg.Points(1)
	}
	for text := []rune(p.Title.Text); style.Width(p.Title.Text) > width && len(text) > 1; {
		text = text[:len(text)-1]
		p.Title.Text = string(text) + "..."
	}
}

// stack draws one plot above another, on a third of the height, with the areas of their data between the same sides.
func stack(c draw.Canvas, top, bottom *plot.Plot) {
	height := c.Max.Y - c.Min.Y
	upper, lower := draw.Crop(c, 0, 0, height/3, 0), draw.Crop(c, 0, 0, 0, -height*2/3)
	a, b := top.DataCanvas(upper), bottom.DataCanvas(lower)
	left, right := max(a.Min.X, b.Min.X), min(a.Max.X, b.Max.X)
	top.Draw(draw.Crop(upper, left-a.Min.X, right-a.Max.X, 0, 0))
	bottom.Draw(draw.Crop(lower, left-b.Min.X, right-b.Max.X, 0, 0))
}

// chooseAxis finds the predictor that the picture is drawn over: the first that varies.
func (c *fitCommand) chooseAxis(p *problem) error {
	d := p.candidates[0]
	d.along, d.logX = max(0, slices.IndexFunc(d.predictors, d.varies)), c.LogX
	switch {
	case !c.LogX:
		return nil
	case len(d.predictors) == 0:
		return errors.New("--logx: the model has no predictor to draw it over")
	}
	for i, line := range p.lines {
		if x := d.abscissa(i); !(x > 0) {
			return fmt.Errorf("%s, line %d: %s is %v; a logarithmic axis, --logx, needs values above 0", p.file, line, d.predictors[d.along], x)
		}
	}
	return nil
}

// abscissa is what point i is drawn over: the first predictor that varies, or without one the row.
func (d *candidate) abscissa(i int) float64 {
	if len(d.predictors) == 0 {
		return float64(i + 1)
	}
	return d.data.X[i][d.along]
}

// varies reports whether a predictor is not the same at all points.
func (d *candidate) varies(predictor string) bool {
	k := slices.Index(d.predictors, predictor)
	return slices.ContainsFunc(d.data.X, func(row []float64) bool { return row[k] != d.data.X[0][k] })
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
