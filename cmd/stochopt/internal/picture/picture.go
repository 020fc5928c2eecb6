// Package picture draws panels of curves, with the range over repetitions as bands, into a file.
package picture

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Curve is a line with a band around it.
type Curve struct {
	// Name stands in the legend. Curves of one name have one colour in all panels; the empty name is that of no entry.
	Name string
	// X and Y are its points. Low and High are the edges of the band, or nil.
	X, Y, Low, High []float64
}

// Panel is a diagram.
type Panel struct {
	// Title, Across and Up are what is written above and at the axes.
	Title, Across, Up string
	// LogX and LogY choose logarithmic scales. Points that have no logarithm are left out.
	LogX, LogY bool
	// Left, Right, Low and High are the ends of the axes. Both of an axis 0 are those of the points.
	Left, Right, Low, High float64
	// Height, if not nil, is drawn as the contours of a function of both axes, at the Levels.
	Height func(x, y float64) float64
	// Levels are those of Height.
	Levels []float64
	Curves []Curve
}

// Palette is that of M. Okabe and K. Ito, which colour-blind readers can tell apart.
var Palette = []color.NRGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
	{230, 159, 0, 255}, {86, 180, 233, 255}, {0, 0, 0, 255}, {160, 140, 20, 255},
}

// Dashes tell lines apart in print.
var Dashes = [][]vg.Length{nil, {vg.Points(5), vg.Points(2)}, {vg.Points(1.5), vg.Points(1.5)}, {vg.Points(7), vg.Points(2), vg.Points(1.5), vg.Points(2)}}

// Draw draws rows of panels, with the legend to their right, into a file whose name ends in .png, .svg or .pdf.
func Draw(file string, panels [][]Panel) error {
	k := key{legend: plot.NewLegend()}
	k.legend.Top, k.legend.Left = true, true
	k.legend.TextStyle.Font.Size = vg.Points(11)
	k.legend.ThumbnailWidth = vg.Points(28)
	k.legend.Padding = vg.Points(3)
	rows := make([][]*plot.Plot, len(panels))
	for i, row := range panels {
		rows[i] = make([]*plot.Plot, len(panels[0]))
		for j, panel := range row {
			p, err := panel.plot(&k)
			if err != nil {
				return fmt.Errorf("the panel %q: %w", panel.Title, err)
			}
			rows[i][j] = p
		}
	}
	return Paint(file, rows, 9*vg.Centimeter, 7*vg.Centimeter, k.legend)
}

// key is the legend with the names in it.
type key struct {
	names  []string
	legend plot.Legend
}

// style returns the colour and the dashes of a name.
func (k *key) style(name string) (color.NRGBA, []vg.Length, bool) {
	if name == "" {
		return color.NRGBA{120, 120, 120, 255}, nil, false
	}
	i, fresh := slices.Index(k.names, name), false
	if i < 0 {
		i, fresh = len(k.names), true
		k.names = append(k.names, name)
	}
	return Palette[i%len(Palette)], Dashes[i/2%len(Dashes)], fresh
}

func (panel Panel) plot(k *key) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = panel.Title, panel.Across, panel.Up
	for _, size := range []*vg.Length{&p.Title.TextStyle.Font.Size, &p.X.Label.TextStyle.Font.Size, &p.Y.Label.TextStyle.Font.Size,
		&p.X.Tick.Label.Font.Size, &p.Y.Tick.Label.Font.Size} {
		*size = vg.Points(11)
	}
	if panel.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, Powers{}
	}
	if panel.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, Powers{}
	}
	p.Add(plotter.NewGrid())
	if panel.Height != nil {
		c := plotter.NewContour(heights{panel}, panel.Levels, nil)
		c.LineStyles = []draw.LineStyle{{Color: color.NRGBA{170, 170, 170, 255}, Width: vg.Points(0.5)}}
		p.Add(c)
	}
	for _, c := range panel.Curves {
		points := panel.points(c.X, c.Y)
		if len(points) == 0 {
			continue
		}
		tint, dash, fresh := k.style(c.Name)
		if c.Low != nil {
			ring, low := panel.points(c.X, c.High), panel.points(c.X, c.Low)
			slices.Reverse(low)
			if ring = append(ring, low...); len(ring) > 2 {
				band, err := plotter.NewPolygon(ring)
				if err != nil {
					return nil, err
				}
				light := tint
				light.A = 50
				band.Color, band.LineStyle.Width = light, 0
				p.Add(band)
			}
		}
		l, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		l.Color, l.Width, l.Dashes = tint, vg.Points(1.8), dash
		p.Add(l)
		if fresh {
			k.legend.Add(c.Name, l)
		}
	}
	if panel.Left != 0 || panel.Right != 0 {
		p.X.Min, p.X.Max = panel.Left, panel.Right
	}
	if panel.Low != 0 || panel.High != 0 {
		p.Y.Min, p.Y.Max = panel.Low, panel.High
	}
	return p, nil
}

// points returns the points that can be drawn, those beyond the lower and upper ends moved to them.
func (panel Panel) points(x, y []float64) (xy plotter.XYs) {
	for i := range x {
		v := y[i]
		if panel.Low != 0 || panel.High != 0 {
			v = min(max(v, panel.Low), panel.High)
		}
		if math.IsNaN(v) || math.IsInf(v, 0) || panel.LogX && x[i] <= 0 || panel.LogY && v <= 0 {
			continue
		}
		xy = append(xy, plotter.XY{X: x[i], Y: v})
	}
	return xy
}

// Powers marks the powers of ten, and writes at no more than six of them; where there are less than two, at 2, 3 and 5 times them too,
// and where that makes less than two numbers, at all multiples, or, if there is but one, as on a linear scale.
type Powers struct{}

// Ticks implements plot.Ticker.
func (Powers) Ticks(low, high float64) []plot.Tick {
	ticks, labels := multiples(low, high)
	switch {
	case labels >= 2:
		return ticks
	case len(ticks) < 2:
		return plot.DefaultTicks{}.Ticks(low, high)
	}
	for i, t := range ticks {
		ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 3, 64)
	}
	return ticks
}

// multiples are the marks at the powers of ten and their multiples, some of them with numbers.
func multiples(low, high float64) (ticks []plot.Tick, labels int) {
	first, last := int(math.Ceil(math.Log10(low)-1e-9)), int(math.Floor(math.Log10(high)+1e-9))
	apart := (last - first + 6) / 6
	for e := first - 1; e <= last; e++ {
		at, err := strconv.ParseFloat(fmt.Sprintf("1e%d", e), 64)
		if err != nil {
			continue
		}
		if e >= first {
			t := plot.Tick{Value: at}
			if (e-last)%max(apart, 1) == 0 {
				t.Label = strconv.FormatFloat(at, 'g', -1, 64)
				if e < -3 || e > 4 {
					t.Label = fmt.Sprintf("1e%d", e)
				}
				labels++
			}
			ticks = append(ticks, t)
		}
		for m := 2.; m < 10 && apart < 2; m++ {
			if v := m * at; v > low && v < high {
				t := plot.Tick{Value: v}
				if last-first < 1 && (m == 2 || m == 3 || m == 5) {
					t.Label = strconv.FormatFloat(v, 'g', 3, 64)
					labels++
				}
				ticks = append(ticks, t)
			}
		}
	}
	return ticks, labels
}

// heights is the Height of a panel on a grid of its area.
type heights struct{ Panel }

const gridSide = 300

// Dims implements plotter.GridXYZ.
func (h heights) Dims() (c, r int) { return gridSide, gridSide }

// Z implements plotter.GridXYZ.
func (h heights) Z(c, r int) float64 { return h.Height(h.X(c), h.Y(r)) }

// X implements plotter.GridXYZ.
func (h heights) X(c int) float64 {
	return h.Left + (h.Right-h.Left)*float64(c)/(gridSide-1)
}

// Y implements plotter.GridXYZ.
func (h heights) Y(r int) float64 {
	return h.Low + (h.High-h.Low)*float64(r)/(gridSide-1)
}

// Paint draws plots of a size, and the legend to their right, into a file.
func Paint(name string, panels [][]*plot.Plot, wide, high vg.Length, legend plot.Legend) error {
	const margin = 4 * vg.Millimeter
	width, height := vg.Length(len(panels[0]))*wide, vg.Length(len(panels))*high
	side := legend.Rectangle(draw.New(vgimg.New(width, height))).Size().X + 2*margin
	width += side
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return err
	}
	if format == "png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(130))}
	}
	dc := draw.New(canvas)
	tiles := draw.Tiles{Rows: len(panels), Cols: len(panels[0]), PadX: vg.Millimeter * 3, PadY: vg.Millimeter * 3, PadTop: vg.Millimeter * 2,
		PadBottom: vg.Millimeter * 2, PadLeft: vg.Millimeter * 2, PadRight: side}
	drawAligned(panels, tiles, dc)
	legend.Draw(draw.Crop(dc, width-side+margin, 0, 0, -8*vg.Millimeter))
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}

// drawAligned draws plots in tiles, with the areas of their data aligned. It draws the titles and the labels of the vertical
// axes itself: a plot puts its title as high as its numbers ask for, and on a logarithmic axis leaves room above for a
// label that stands lower.
func drawAligned(plots [][]*plot.Plot, tiles draw.Tiles, dc draw.Canvas) {
	const gap = 2 * vg.Millimeter
	titles, labels := make([][]string, len(plots)), make([][]string, len(plots))
	var above, left vg.Length // room for them
	for i, row := range plots {
		titles[i], labels[i] = make([]string, len(row)), make([]string, len(row))
		for j, p := range row {
			if p == nil {
				continue
			}
			titles[i][j], labels[i][j] = p.Title.Text, p.Y.Label.Text
			p.Title.Text, p.Y.Label.Text = "", ""
			if titles[i][j] != "" {
				above = max(above, p.Title.TextStyle.FontExtents().Height+gap)
			}
			if labels[i][j] != "" {
				left = max(left, p.Y.Label.TextStyle.FontExtents().Height+gap)
			}
		}
	}
	tiles.PadLeft, tiles.PadX = tiles.PadLeft+left, tiles.PadX+left
	tiles.PadTop, tiles.PadY = tiles.PadTop+above, tiles.PadY+above
	for i, row := range plot.Align(plots, tiles, dc) {
		for j, c := range row {
			p := plots[i][j]
			if p == nil {
				continue
			}
			p.Draw(c)
			area := p.DataCanvas(c)
			title, label := p.Title.TextStyle, p.Y.Label.TextStyle
			title.YAlign = draw.YBottom
			label.Rotation += math.Pi / 2
			c.FillText(title, vg.Point{X: area.Center().X, Y: area.Max.Y + gap}, titles[i][j])
			c.FillText(label, vg.Point{X: c.Min.X - left + label.FontExtents().Ascent, Y: area.Center().Y}, labels[i][j])
			p.Title.Text, p.Y.Label.Text = titles[i][j], labels[i][j]
		}
	}
}

// Write writes the numbers of the curves as CSV: the title of the panel, what is written at its axes, the curve, x, y, and the edges
// of the band.
func Write(w io.Writer, panels [][]Panel) error {
	c := csv.NewWriter(w)
	c.Write([]string{"panel", "across", "up", "curve", "x", "y", "low", "high"})
	number := func(v []float64, i int) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(v[i], 'g', 8, 64)
	}
	for _, row := range panels {
		for _, panel := range row {
			for _, curve := range panel.Curves {
				for i := range curve.X {
					c.Write([]string{panel.Title, panel.Across, panel.Up, curve.Name, number(curve.X, i), number(curve.Y, i), number(curve.Low, i), number(curve.High, i)})
				}
			}
		}
	}
	c.Flush()
	return c.Error()
}
