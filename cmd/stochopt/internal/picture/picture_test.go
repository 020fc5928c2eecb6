package picture

import (
	"bytes"
	"image"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
			for _, word := range []string{"hills", "fall", "cost", "walk", "ride", "1e-5"} {
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

// TestTitles: titles stand at one height, whatever the numbers at the axes.
func TestTitles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.svg")
	curve := func(top float64) []Curve { return []Curve{{Name: "walk", X: []float64{0, 1}, Y: []float64{0.1, top}}} }
	if err := Draw(name, [][]Panel{{{Title: "one", Up: "y", LogY: true, Curves: curve(1e6)}, {Title: "two", Curves: curve(1)}, {Title: "three", LogY: true, Curves: curve(7e5)}}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var heights []string
	for _, title := range []string{"one", "two", "three"} {
		m := regexp.MustCompile(`<text x="[-0-9.]+" y="([-0-9.]+)"[^>]*>` + title + `<`).FindSubmatch(b)
		if m == nil {
			t.Fatalf("no title %s", title)
		}
		heights = append(heights, string(m[1]))
	}
	if heights[0] != heights[1] || heights[0] != heights[2] {
		t.Errorf("titles at %v", heights)
	}
}

// TestLogLabel: a long label of a logarithmic axis takes no room above the area, and stands within the height of it.
func TestLogLabel(t *testing.T) {
	panel := func(up string) [][]Panel {
		return [][]Panel{{{Title: "fall", Up: up, LogY: true, Curves: []Curve{{Name: "walk", X: []float64{0, 1}, Y: []float64{1, 1e6}}}}}}
	}
	line := regexp.MustCompile(`(?m)^<path d="M([0-9.]+),([0-9.]+)L([0-9.]+),([0-9.]+)`)
	height := func(up string) float64 {
		name := filepath.Join(t.TempDir(), "a.svg")
		if err := Draw(name, panel(up)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if up != "" && !bytes.Contains(b, []byte(">"+up+"<")) {
			t.Errorf("no label %q", up)
		}
		var longest float64 // vertical line, that is the axis
		for _, m := range line.FindAllSubmatch(b, -1) {
			if x, end := string(m[1]), string(m[3]); x == end {
				from, _ := strconv.ParseFloat(string(m[2]), 64)
				to, _ := strconv.ParseFloat(string(m[4]), 64)
				longest = max(longest, math.Abs(to-from))
			}
		}
		return longest
	}
	if none, long := height(""), height("a label of many letters"); none < 100 || math.Abs(none-long) > 0.5 {
		t.Errorf("the axis is %v long without a label and %v with one", none, long)
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, panels()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if lines[0] != "panel,across,up,curve,x,y,low,high" || lines[1] != "hills,x,y,walk,-1,0,," || lines[7] != "fall,step,cost,walk,100,+Inf,1,NaN" {
		t.Errorf("%q", lines)
	}
}

func TestPowers(t *testing.T) {
	labels := func(low, high float64) (s []string) {
		for _, t := range (Powers{}).Ticks(low, high) {
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
		{1, 1e5, "1 10 100 1000 10000 1e5"},
		{1e-12, 500, "1e-10 1e-7 1e-4 0.1 100"},
		{0.262, 0.48, "0.3 0.4"},
		{1.08, 2.3, "1.25 1.75 2.25"},
		{0.262, 0.28, "0.264 0.272 0.28"},
	} {
		if got := strings.Join(labels(c.low, c.high), " "); got != c.want {
			t.Errorf("from %g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
	var _ plot.Ticker = Powers{}
}
