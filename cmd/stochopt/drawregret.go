package main

import (
	"image/color"
	"math"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// drawRegret draws the courses of each sequence in a panel under its title, on logarithmic axes: regret, certificate and
// bound of a method in one colour.
func drawRegret(name string, titles []string, courses [][]course) error {
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.TextStyle.Font.Size = vg.Points(11)
	legend.ThumbnailWidth = vg.Points(28)
	legend.Padding = vg.Points(3)
	// The kinds of curves, by how they are drawn.
	kinds := []struct {
		name   string
		of     func(c course) []float64
		width  vg.Length
		dashes []vg.Length
	}{
		{"regret", func(c course) []float64 { return c.regret }, vg.Points(2), dashes[0]},
		{"certificate, an upper bound", func(c course) []float64 { return c.certificate }, vg.Points(1), dashes[2]},
		{"closed bound", func(c course) []float64 { return c.bound }, vg.Points(1), dashes[1]},
	}
	panels := make([]*plot.Plot, len(titles))
	for i, title := range titles {
		p := plot.New()
		p.Title.Text = title
		p.X.Label.Text, p.Y.Label.Text = "rounds T", "regret R(T) and its bounds"
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.Add(plotter.NewGrid())
		for m, c := range courses[i] {
			for k, kind := range kinds {
				for part, xy := range positive(kind.of(c)) {
					l, err := plotter.NewLine(xy)
					if err != nil {
						return err
					}
					l.Color, l.Width, l.Dashes = palette[m%len(palette)], kind.width, kind.dashes
					p.Add(l)
					if i == len(titles)-1 && k == 0 && part == 0 {
						legend.Add(c.learner, l)
					}
				}
			}
		}
		panels[i] = p
	}
	for _, kind := range kinds {
		l, err := plotter.NewLine(plotter.XYs{{}, {X: 1}})
		if err != nil {
			return err
		}
		l.Color, l.Width, l.Dashes = color.NRGBA{90, 90, 90, 255}, kind.width, kind.dashes
		legend.Add(kind.name, l)
	}
	return picture.Paint(name, [][]*plot.Plot{panels}, 12*vg.Centimeter, 10*vg.Centimeter, legend)
}

// positive returns the points of a curve to draw on logarithmic axes, some hundred, in parts between which it is not
// positive and finite.
func positive(y []float64) (parts []plotter.XYs) {
	open := false
	last := 0.0
	for k, v := range y {
		if x := math.Log(float64(k + 1)); k > 0 && k < len(y)-1 && x < last+0.02 {
			continue
		} else {
			last = x
		}
		if !(v > 0) || math.IsInf(v, 1) {
			open = false
			continue
		}
		if !open {
			parts, open = append(parts, nil), true
		}
		i := len(parts) - 1
		parts[i] = append(parts[i], plotter.XY{X: float64(k + 1), Y: v})
	}
	return parts
}
