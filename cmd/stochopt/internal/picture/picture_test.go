package picture

import (
	"bytes"
	"image"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func panels() [][]Panel {
	hills := Panel{Title: "hills", Across: "x", Up: "y", Left: -1, Right: 1, Low: -1, High: 1, Height: func(x, y float64) float64 { return x*x + y*y }, Levels: []float64{0.2, 0.5}}
	hills.Curves = []Curve{{Name: "walk", X: []float64{-1, 0, 5}, Y: []float64{0, 0.5, 9}}}
	return [][]Panel{{hills, {Title: "fall", Across: "step", Up: "cost", LogX: true, LogY: true, Curves: []Curve{
		{Name: "walk", X: []float64{0, 1, 10, 100}, Y: []float64{1, 3, 0, math.Inf(1)}, Low: []float64{1, 1, 1, 1}, High: []float64{2, 4, 5, math.NaN()}},
		{Name: "ride", X: []float64{1, 10, 100}, Y: []float64{1, 0.1, 1e-5}},
		{Name: "no point can be drawn", X: []float64{1}, Y: []float64{-1}},
	}}}}
}

// Pictures come in all formats, whatever the numbers, and name what they show.
func TestDraw(t *testing.T) {
	dir := t.TempDir()
	for _, ending := range []string{".png", ".svg", ".pdf"} {
		name := filepath.Join(dir, "a"+ending)
		if err := Draw(name, panels()); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch ending {
		case ".png":
			c, _, err := image.DecodeConfig(bytes.NewReader(b))
			if err != nil || c.Width < 800 {
				t.Errorf("%+v, %v", c, err)
			}
		case ".svg":
			for _, word := range []string{"hills", "fall", "cost", "walk", "ride", "1e-05"} {
				if !bytes.Contains(b, []byte(">"+word+"<")) {
					t.Errorf("the picture lacks %q", word)
				}
			}
			if bytes.Contains(b, []byte("no point can be drawn")) {
				t.Error("the legend has a curve that is not drawn")
			}
		}
	}
	if err := Draw(filepath.Join(dir, "a.gif2"), panels()); err == nil {
		t.Error("no error for a format that is not known")
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, panels()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if lines[0] != "panel,curve,x,y,low,high" || lines[1] != "hills,walk,-1,0,," || lines[7] != "fall,walk,100,+Inf,1,NaN" {
		t.Errorf("%q", lines)
	}
}

func TestPowers(t *testing.T) {
	labels := func(low, high float64) (s []string) {
		for _, t := range (powers{}).Ticks(low, high) {
			if t.Label != "" {
				s = append(s, t.Label)
			}
		}
		return s
	}
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0.05, 200, "0.1 1 10 100"},
		{0.1, 0.9, "0.1 0.2 0.3 0.5"},
		{0.19, 0.9, "0.2 0.3 0.5"},
		{1, 1e5, "1 10 100 1000 10000 100000"},
		{1e-12, 500, "1e-10 1e-07 0.0001 0.1 100"},
	} {
		if got := strings.Join(labels(c.low, c.high), " "); got != c.want {
			t.Errorf("from %g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
	var _ plot.Ticker = powers{}
}
