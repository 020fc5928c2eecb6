package main

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// look is how a contender is drawn: by its name, so that it looks the same whoever else takes part. The colours are those of
// M. Okabe and K. Ito, which colour-blind readers can tell apart; marks and dashes tell them apart in print.
type look struct {
	name  string
	color color.NRGBA
	mark  draw.GlyphDrawer
	dash  []vg.Length
}

var looks = []look{
	{"torch Adam", color.NRGBA{213, 94, 0, 255}, draw.PyramidGlyph{}, nil},
	{"optimize.Minimize", color.NRGBA{204, 121, 167, 255}, draw.BoxGlyph{}, nil},
	{"Minimize", color.NRGBA{0, 158, 115, 255}, draw.SquareGlyph{}, []vg.Length{vg.Points(7), vg.Points(2)}},
	{"Go loop", color.NRGBA{230, 159, 0, 255}, draw.TriangleGlyph{}, []vg.Length{vg.Points(4), vg.Points(2)}},
	{"Adam.Step", color.NRGBA{0, 114, 178, 255}, draw.CircleGlyph{}, nil},
	{"C loop", color.NRGBA{0, 0, 0, 255}, draw.CrossGlyph{}, []vg.Length{vg.Points(2), vg.Points(2)}},
}

const limitName = "memory limit"

// drawCurves draws the time of a step per variable against the number of variables into files, whose names end in .png or .svg.
func drawCurves(c curves, dims []int, files ...string) error {
	p := plot.New()
	p.Title.Text = "A step of Adam in float64, one thread"
	p.X.Label.Text, p.Y.Label.Text = "variables", "ns per variable"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	for _, size := range []*vg.Length{&p.Title.TextStyle.Font.Size, &p.X.Label.TextStyle.Font.Size, &p.Y.Label.TextStyle.Font.Size,
		&p.X.Tick.Label.Font.Size, &p.Y.Tick.Label.Font.Size} {
		*size = vg.Points(14)
	}
	p.X.Tick.Label.XAlign = text.XCenter
	p.Add(plotter.NewGrid())
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.TextStyle.Font.Size = vg.Points(13)
	legend.ThumbnailWidth, legend.Padding = vg.Points(34), vg.Points(4)

	// Below a thousand variables the loops of the limit take the time of their calls.
	moved := slices.DeleteFunc(perVariable(dims, func(k int) float64 { return c.limit[k] }), func(p plotter.XY) bool { return p.X < 1000 })
	limit, err := plotter.NewLine(moved)
	if err != nil {
		return err
	}
	limit.Color, limit.Width = color.NRGBA{130, 130, 130, 255}, vg.Points(5)
	p.Add(limit)
	for _, look := range looks {
		for i, name := range c.names {
			if name != look.name {
				continue
			}
			line, marks, err := plotter.NewLinePoints(perVariable(dims, func(k int) float64 { return c.laps[k].time(i) }))
			if err != nil {
				return err
			}
			line.Color, line.Width, line.Dashes = look.color, vg.Points(2), look.dash
			marks.Color, marks.Shape, marks.Radius = look.color, look.mark, vg.Points(4)
			p.Add(line, marks)
			legend.Add(name, line, marks)
		}
	}
	legend.Add(limitName, limit)
	for _, f := range files {
		if err := paint(f, p, legend); err != nil {
			return err
		}
	}
	return nil
}

func perVariable(dims []int, time func(k int) float64) plotter.XYs {
	xy := make(plotter.XYs, len(dims))
	for k, dim := range dims {
		xy[k].X, xy[k].Y = float64(dim), time(k)/float64(dim)
	}
	return xy
}

// paint draws p, and the legend to its right, into a file.
func paint(file string, p *plot.Plot, legend plot.Legend) error {
	const width, height, side = 24 * vg.Centimeter, 13 * vg.Centimeter, 6 * vg.Centimeter
	format := strings.TrimPrefix(filepath.Ext(file), ".")
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return err
	}
	if format == "png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(130))}
	}
	dc := draw.New(canvas)
	p.Draw(draw.Crop(dc, 2*vg.Millimeter, -side, 2*vg.Millimeter, -2*vg.Millimeter))
	legend.Draw(draw.Crop(dc, width-side+3*vg.Millimeter, 0, 0, -12*vg.Millimeter))
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}

// decades marks the powers of ten and writes them as such.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 {
				t.Label = label(e)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// label writes a power of ten.
func label(e float64) string {
	if e >= -2 && e <= 3 {
		return fmt.Sprint(math.Pow(10, e))
	}
	digits := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	return "10" + digits.Replace(fmt.Sprint(e))
}
