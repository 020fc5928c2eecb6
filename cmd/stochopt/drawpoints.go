package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	mostShown = 4000 // points in a picture
	fewShown  = 500  // points that stand apart
)

// shown are the points of n that are drawn: all, or a random sample.
func shown(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if n <= mostShown {
		return all
	}
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	for k := range mostShown {
		j := k + rnd.IntN(n-k)
		all[k], all[j] = all[j], all[k]
	}
	slices.Sort(all[:mostShown])
	return all[:mostShown]
}

// drawPoints draws the values of the points to show, with error bars if the standard deviations are known; many of them
// small and light.
func (d *candidate) drawPoints(p *plot.Plot, show []int, y []float64) error {
	var points plotter.XYs
	var errors plotter.YErrors
	for _, i := range show {
		if x, v := d.abscissa(i), y[i]; finite(v) {
			points = append(points, plotter.XY{X: x, Y: v})
			if d.data.Sigma != nil {
				errors = append(errors, struct{ Low, High float64 }{d.data.Sigma[i], d.data.Sigma[i]})
			}
		}
	}
	if len(points) == 0 {
		return nil
	}
	s, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	tint, size, wide := palette[0], vg.Points(2), vg.Points(0.5)
	if len(points) > fewShown {
		tint.A, size, wide = 90, vg.Points(1.2), vg.Points(0.25)
	}
	s.GlyphStyle = draw.GlyphStyle{Color: tint, Radius: size, Shape: draw.CircleGlyph{}}
	name := "data"
	if n := len(d.data.Y); len(show) < n {
		name = fmt.Sprintf("data, %d of %d", len(show), n)
	}
	if errors != nil {
		bars, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{points, errors})
		if err != nil {
			return err
		}
		bars.LineStyle.Color, bars.LineStyle.Width, bars.CapWidth = tint, wide, vg.Points(3)
		if len(points) > fewShown {
			bars.CapWidth = 0
		}
		p.Add(bars)
	}
	p.Add(s)
	p.Legend.Add(name, s)
	return nil
}

// bars is the span of the ends of the error bars of values y, if there are any.
func bars(d *candidate, show []int, y []float64) (s span) {
	if d.data.Sigma == nil {
		return s
	}
	for _, i := range show {
		if finite(y[i]) {
			s.add(y[i] - d.data.Sigma[i])
			s.add(y[i] + d.data.Sigma[i])
		}
	}
	return s
}
