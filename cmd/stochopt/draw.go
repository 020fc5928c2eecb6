package main

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/catalogue"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/testfuncs/profile"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// palette and dashes tell curves apart.
var palette, dashes = picture.Palette, picture.Dashes

// knownFormat returns an error unless a picture can be drawn into a file of this name. The empty name is none.
func knownFormat(name string) error {
	if ext := strings.ToLower(filepath.Ext(name)); name != "" && !slices.Contains([]string{".png", ".svg", ".pdf"}, ext) {
		return fmt.Errorf("cannot draw %s: the name must end in .png, .svg or .pdf", name)
	}
	return nil
}

// drawProfiles draws the data profiles of the classes, a panel each: the methods to show in colour, the others in grey.
func drawProfiles(name string, tau float64, show []string, classes []catalogue.Class, results []*profile.Results) error {
	columns := min(3, len(classes))
	rows := (len(classes) + columns - 1) / columns
	panels := make([][]*plot.Plot, rows)
	for i := range panels {
		panels[i] = make([]*plot.Plot, columns)
	}
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.TextStyle.Font.Size = vg.Points(11)
	legend.ThumbnailWidth = vg.Points(28)
	legend.Padding = vg.Points(3)
	for i, class := range classes {
		p := plot.New()
		p.Title.Text = class.Name
		p.X.Label.Text, p.Y.Label.Text = "draws / (variables + 1)", fmt.Sprintf("share solved to %g", tau)
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.Y.Min, p.Y.Max = 0, 1
		p.X.Min = 1
		p.Add(plotter.NewGrid())
		bands := results[i].Data(tau)
		p.X.Max = bands[0].X[len(bands[0].X)-1]
		for m, b := range bands {
			if slices.Contains(show, results[i].Methods[m]) {
				continue
			}
			l, err := plotter.NewLine(curve(b.X, b.Median))
			if err != nil {
				return err
			}
			l.Color, l.Width = color.NRGBA{190, 190, 190, 255}, vg.Points(0.5)
			p.Add(l)
		}
		for k, what := range show {
			m := slices.Index(results[i].Methods, what)
			if m < 0 {
				continue
			}
			b := bands[m]
			ring := curve(b.X, b.High)
			low := curve(b.X, b.Low)
			slices.Reverse(low)
			band, err := plotter.NewPolygon(append(ring, low...))
			if err != nil {
				return err
			}
			tint := palette[k%len(palette)]
			tint.A = 50
			band.Color, band.LineStyle.Width = tint, 0
			l, err := plotter.NewLine(curve(b.X, b.Median))
			if err != nil {
				return err
			}
			l.Color, l.Width, l.Dashes = palette[k%len(palette)], vg.Points(1.8), dashes[k/2%len(dashes)]
			p.Add(band, l)
			if i == 0 {
				legend.Add(what, l)
			}
		}
		panels[i/columns][i%columns] = p
	}
	grey, err := plotter.NewLine(plotter.XYs{{}, {X: 1}})
	if err != nil {
		return err
	}
	grey.Color = color.NRGBA{190, 190, 190, 255}
	legend.Add("the others", grey)
	return picture.Paint(name, panels, 9*vg.Centimeter, 7*vg.Centimeter, legend)
}

func curve(x, y []float64) plotter.XYs {
	xy := make(plotter.XYs, len(x))
	for i := range x {
		xy[i].X, xy[i].Y = x[i], y[i]
	}
	return xy
}
