package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// lineThrough fits a line to points and returns the candidate.
func lineThrough(t *testing.T, x, y, sigma []float64) *candidate {
	t.Helper()
	d := &candidate{text: "line", response: "y", predictors: []string{"x"}, data: fit.Data{Y: y, Sigma: sigma}}
	for _, v := range x {
		d.data.X = append(d.data.X, []float64{v})
	}
	d.model = fit.Model{Parameters: []string{"a", "b"}, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, x[0]
		}
		return b[0] + b[1]*x[0]
	}}
	d.parameters = []fit.Parameter{{Name: "a", Start: 1}, {Name: "b", Start: 1}}
	if d.result, d.err = fit.Curve(t.Context(), d.model, d.data, d.parameters, nil); d.err != nil {
		t.Fatal(d.err)
	}
	return d
}

// TestFrame: neither a band that is wide or infinite, nor the error bar of a response that hardly counts, nor a pole of the
// curve makes the data small.
func TestFrame(t *testing.T) {
	frameOf := func(d *candidate) *frame {
		f, err := newFrame(d, shown(len(d.data.Y)), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	// One degree of freedom: the quantile of t is 12.7, and the bands are wider than the data.
	d := lineThrough(t, []float64{1, 2, 3}, []float64{2, 5, 5.5}, nil)
	f := frameOf(d)
	widest := slices.Max(f.bands.Prediction.Upper) - slices.Min(f.bands.Prediction.Lower)
	if got := f.y.high - f.y.low; got > 1.61*3.5 || widest < 2*got {
		t.Errorf("the axis is %v long, the data 3.5, the band %v", got, widest)
	}
	d = lineThrough(t, []float64{1, 2, 3, 4}, []float64{1, 2.1, 2.9, 4}, []float64{0.1, 0.1, 1e9, 0.1})
	if f := frameOf(d); f.y.low < 0 || f.y.high > 5 {
		t.Errorf("the axis goes from %v to %v where a sigma is 1e9", f.y.low, f.y.high)
	}
	d = lineThrough(t, []float64{1, 2, 3, 4}, []float64{1, 2.1, 2.9, 4}, nil)
	d.model.Func = func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 0, 0
		}
		if x[0] > 3.5 {
			return math.NaN()
		}
		return 1 / (x[0] - 2.5)
	}
	if f := frameOf(d); f.y.low < -2 || f.y.high > 7 {
		t.Errorf("the axis goes from %v to %v at a pole", f.y.low, f.y.high)
	}
	picture := filepath.Join(t.TempDir(), "pole.svg")
	file, err := os.Create(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := drawFit(file, picture, d, 0.95); err != nil {
		t.Errorf("a curve that is NaN at places is not drawn: %v", err)
	}
	same := span{low: 3, high: 3, some: true}
	if w := same.with(span{2, 5, true}, 0.3); w.low != 2 || w.high != 5 {
		t.Errorf("a span of no length is widened to %+v", w)
	}
}

// TestGridSigma: the standard deviations behind a prediction band are smooth where those of the data jump, and follow where
// they rise.
func TestGridSigma(t *testing.T) {
	var x, y, sigma []float64
	for i := range 200 {
		v := float64(i) / 20
		x, y, sigma = append(x, v), append(y, v+math.Sin(float64(i*i))), append(sigma, (1+v)*(1+0.5*float64(i%2)))
	}
	g := lineThrough(t, x, y, sigma).grid(400)
	for i, s := range g.Sigma {
		// The mean of the variances of 1 and 1.5 is that of 1.275.
		if want := 1.275 * (1 + g.X[i][0]); math.Abs(s-want) > 0.05*want+0.3 {
			t.Errorf("%v at %v, want about %v", s, g.X[i][0], want)
		}
		if i > 0 && math.Abs(s-g.Sigma[i-1]) > 0.1 {
			t.Errorf("a step from %v to %v at %v", g.Sigma[i-1], s, g.X[i][0])
		}
	}
}

// TestManyPoints: of many points a sample is drawn, which the legend says, and the same one each time.
func TestManyPoints(t *testing.T) {
	if all := shown(mostShown); len(all) != mostShown || all[7] != 7 {
		t.Errorf("%d of %d points", len(all), mostShown)
	}
	some := shown(100_000)
	if len(some) != mostShown || !slices.IsSorted(some) || some[0] < 0 || some[mostShown-1] >= 100_000 || !slices.Equal(some, shown(100_000)) ||
		len(slices.Compact(slices.Clone(some))) != mostShown {
		t.Errorf("%d points, from %d to %d", len(some), some[0], some[len(some)-1])
	}
	var data strings.Builder
	data.WriteString("x,y\n")
	for i := range 20_000 {
		fmt.Fprintf(&data, "%d,%.4g\n", i, 3+float64(i)+1000*math.Sin(float64(i*i)))
	}
	picture := filepath.Join(t.TempDir(), "many.svg")
	fitJSON(t, data.String(), "--model=line", "--plot="+picture)
	text, err := os.ReadFile(picture)
	if err != nil || !strings.Contains(string(text), ">data, 4000 of 20000<") || len(text) > 5_000_000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// TestLegendBeside: the legend stands to the right of the panels, and a long title is made to fit.
func TestLegendBeside(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "a.svg")
	formula := "y ~ a+b*x" + strings.Repeat("+0*x", 80)
	fitJSON(t, parabolaData(), formula, "a=1", "b=1", "--plot="+picture)
	text, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), formula) || !strings.Contains(string(text), "...<") {
		t.Error("a title of 300 letters is drawn whole")
	}
	at := func(label string) float64 {
		m := regexp.MustCompile(`<text x="([-0-9.]+)"[^>]*>` + regexp.QuoteMeta(label) + `<`).FindSubmatch(text)
		if m == nil {
			t.Fatalf("no %s", label)
		}
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if right := 16 / 2.54 * 72; at("data") < right || at("95 % prediction") < right || at("x") > right {
		t.Errorf("the legend stands at %v and %v", at("data"), at("95 % prediction"))
	}
}

// TestLogX: powers of ten stand at equal distances, and the points of the curve with them; values without logarithm are told
// with their lines.
func TestLogX(t *testing.T) {
	data := "x,y\n"
	for i := range 13 {
		x := math.Pow(10, float64(i)/4)
		data += fmt.Sprintf("%.6g,%.4g\n", x, 2*x/(x+30)+0.01*math.Sin(float64(i*i)))
	}
	picture := filepath.Join(t.TempDir(), "a.svg")
	args := []string{"y ~ a*x/(x+k)", "a=1", "k=10", "--logx", "--plot=" + picture}
	fitJSON(t, data, args...)
	text, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	var at []float64
	for _, label := range []string{"10", "100", "1000"} {
		all := regexp.MustCompile(`<text x="([-0-9.]+)"[^>]*>`+label+`<`).FindAllSubmatch(text, -1)
		if len(all) != 2 { // above and below
			t.Fatalf("%s stands in %d places", label, len(all))
		}
		v, err := strconv.ParseFloat(string(all[1][1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, v)
	}
	for i := 2; i < len(at); i++ { // labels are centred, and have widths
		if got, want := at[i]-at[i-1], at[1]-at[0]; math.Abs(got-want) > 5 {
			t.Errorf("distances %v and %v", want, got)
		}
	}
	d := &candidate{predictors: []string{"x"}, logX: true, data: fit.Data{X: [][]float64{{1}, {1000}}, Y: []float64{1, 2}}}
	if g := d.grid(4); math.Abs(g.X[1][0]-10) > 1e-9 || math.Abs(g.X[2][0]-100) > 1e-9 {
		t.Errorf("grid %v", g.X)
	}
	for want, c := range map[string]struct {
		data string
		args []string
	}{
		"standard input, line 15: x is 0; a logarithmic axis, --logx, needs values above 0": {data + "0,1\n", args},
		"--logx is for the picture: give --plot too":                                        {data, args[:4]},
		"--logx: the model has no predictor to draw it over":                                {data, []string{"y ~ a", "a=1", "--logx", "--plot=" + picture}},
	} {
		code, stdout, stderr := runCommand(t.Context(), c.data, append([]string{"fit", "-"}, c.args...)...)
		if code != badInput || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, want %q\n%s%s", code, want, stdout, stderr)
		}
	}
}
