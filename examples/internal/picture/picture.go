// Package picture draws the pictures of the examples.
package picture

import (
	"image/color"
	"log"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colors are those of M. Okabe and K. Ito, which colour-blind readers can tell apart.
var colors = []color.NRGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}}

// Picture is a plot with a legend.
type Picture struct{ *plot.Plot }

// New returns an empty picture.
func New(x, y string) Picture {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Top, p.Legend.Padding = true, vg.Points(2)
	p.Add(plotter.NewGrid())
	return Picture{p}
}

// Points draws points, with error bars of half the length err if that is not nil. No name, no entry in the legend.
func (p Picture) Points(name string, x, y, err []float64) {
	s, e := plotter.NewScatter(xys(x, y))
	check(e)
	s.Color, s.Radius = color.NRGBA{60, 60, 60, 255}, vg.Points(1.8)
	s.Shape = draw.CircleGlyph{}
	if err != nil {
		bars := make(plotter.YErrors, len(err))
		for i, v := range err {
			bars[i].Low, bars[i].High = v, v
		}
		b, e := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{xys(x, y), bars})
		check(e)
		b.Color = s.Color
		p.Add(b)
	}
	p.Add(s)
	if name != "" {
		p.Legend.Add(name, s)
	}
}

// Line draws a line in color k.
func (p Picture) Line(name string, k int, x, y []float64) {
	l, err := plotter.NewLine(xys(x, y))
	check(err)
	l.Color, l.Width = colors[k], vg.Points(1.5)
	if k > 1 {
		l.Dashes = []vg.Length{vg.Points(4), vg.Points(2)}
	}
	p.Add(l)
	if name != "" {
		p.Legend.Add(name, l)
	}
}

// Band fills what is between two lines in a tint of color k.
func (p Picture) Band(k int, x, low, high []float64) {
	ring := xys(x, high)
	back := xys(x, low)
	slices.Reverse(back)
	b, err := plotter.NewPolygon(append(ring, back...))
	check(err)
	tint := colors[k]
	tint.A = 60
	b.Color, b.LineStyle.Width = tint, 0
	p.Add(b)
}

// Save writes the picture into a file in the current folder.
func (p Picture) Save(name string) {
	p.X.Max += 0.04 * (p.X.Max - p.X.Min) // a margin
	p.Y.Max += 0.04 * (p.Y.Max - p.Y.Min)
	check(p.Plot.Save(15*vg.Centimeter, 9*vg.Centimeter, name))
}

func xys(x, y []float64) plotter.XYs {
	xy := make(plotter.XYs, len(x))
	for i := range x {
		xy[i].X, xy[i].Y = x[i], y[i]
	}
	return xy
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
