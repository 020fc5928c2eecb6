package experiment

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/dataset"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"gonum.org/v1/gonum/optimize"
)

// data makes small files in the formats and under the names of MNIST and IMDB: digits are bright bars at places of their
// class, good reviews have words of their own.
func data(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	put := func(name string, b []byte) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".gz"), z.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, n := range map[string]int{"train": 200, "t10k": 100} {
		images, labels := []byte{0, 0, 8, 3}, []byte{0, 0, 8, 1}
		for _, size := range []int{n, 16, 16} {
			images = binary.BigEndian.AppendUint32(images, uint32(size))
		}
		labels = binary.BigEndian.AppendUint32(labels, uint32(n))
		for i := range n {
			c := i % 10
			for row := range 16 {
				for column := range 16 {
					p := 0
					if row == c || column == c+3 {
						p = 100 + r.IntN(100)
					}
					images = append(images, byte(p+r.IntN(2)*r.IntN(50)))
				}
			}
			labels = append(labels, byte(c))
		}
		put(prefix+"-images-idx3-ubyte", images)
		put(prefix+"-labels-idx1-ubyte", labels)
	}
	for _, name := range []string{"train.svm", "test.svm"} {
		var b strings.Builder
		for i := range 1500 {
			rating := 10 - 9*(i/750)
			fmt.Fprint(&b, rating)
			for j := 1; j <= 60; j++ {
				p := 0.2
				if j <= 10 && (j <= 5) == (rating == 10) {
					p = 0.6
				}
				if r.Float64() < p {
					fmt.Fprintf(&b, " %d:%d", j, 1+r.IntN(3))
				}
			}
			fmt.Fprintln(&b)
		}
		put(name, []byte(b.String()))
	}
	return dir
}

// Every experiment runs in its small version, has panels with finite numbers, and repeats them.
func TestAll(t *testing.T) {
	dir := data(t)
	for _, e := range All {
		t.Run(e.Name, func(t *testing.T) {
			parts := 0
			o := Options{Data: dir, Quick: true, Seeds: 1, Units: 8, Tick: func(_ string, done, total int) {
				if done > total || total == 0 {
					t.Errorf("part %d of %d", done, total)
				}
				parts++
			}}
			out, err := e.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if parts == 0 && e.Name != "convergence" {
				t.Error("no progress")
			}
			if strings.Contains(out.Text, "NaN") || len(strings.Split(out.Text, "\n")) < 5 {
				t.Errorf("text %q", out.Text)
			}
			for _, row := range out.Panels {
				for _, p := range row {
					if p.Title == "" || p.Across == "" || p.Up == "" {
						t.Errorf("a panel without words: %+v", p)
					}
					for _, c := range p.Curves {
						if len(c.X) < 2 || len(c.X) != len(c.Y) || c.Low != nil && (len(c.Low) != len(c.X) || len(c.High) != len(c.X)) {
							t.Errorf("%s, %s: %d points across, %d up", p.Title, c.Name, len(c.X), len(c.Y))
						}
						for i := range c.X {
							if math.IsNaN(c.Y[i]) || c.Low != nil && !(c.Low[i] <= c.Y[i] && c.Y[i] <= c.High[i]) {
								t.Fatalf("%s, %s, point %d: %v", p.Title, c.Name, i, c.Y[i])
							}
						}
					}
				}
			}
			if e.Name == "mlp" || e.Name == "cnn" || e.Name == "bias" {
				return // one time is long enough
			}
			again, err := e.Run(t.Context(), Options{Data: dir, Quick: true, Seeds: 1, Units: 8})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := withoutTimes(out.Text), withoutTimes(again.Text); a != b {
				t.Errorf("the second time\n%s\nthe first time\n%s", b, a)
			}
		})
	}
}

// withoutTimes leaves out the lines that tell how long something took.
func withoutTimes(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.Contains(l, " took ") })
	return strings.Join(lines, "\n")
}

func TestMissingData(t *testing.T) {
	for _, e := range All {
		if e.Data == "" {
			continue
		}
		_, err := e.Run(t.Context(), Options{Data: t.TempDir(), Seeds: 1})
		var missing *dataset.MissingError
		if !errors.As(err, &missing) || missing.Set != e.Data {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// parabola is a race down x²/2 without noise, by plain steps.
func parabola() race {
	step := func(a float64) optimize.Method { return &stochopt.Sequential{Rule: plain(a)} }
	return race{
		contenders: []contender{{name: "one", make: step}, {name: "half", make: func(a float64) optimize.Method { return step(a / 2) }}},
		grid:       []float64{0.1, 0.5, 0.99, 1.5, 4}, seeds: 2, steps: 12, every: 3, search: 6,
		oracle: func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			if grad != nil {
				grad[0] = x[0]
			}
			return x[0] * x[0] / 2, nil
		},
		start: func(seed uint64) []float64 { return []float64{float64(seed)} },
		cost:  func(x []float64) float64 { return math.Abs(x[0]) },
	}
}

// plain is x ← x - α g.
type plain float64

func (plain) Reset(int) {}

func (a plain) Step(x, grad []float64) { x[0] -= float64(a) * grad[0] }

// A race finds the best steps of its grid, and measures where it should.
func TestRace(t *testing.T) {
	r := parabola()
	lanes, err := r.run(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.99, 1.5} {
		l := lanes[i]
		if l.step != want || l.edge {
			t.Errorf("%s: step size %v at the edge %v, want %v", l.name, l.step, l.edge, want)
		}
		left := math.Abs(1 - want/float64(i+1))
		for seed, run := range l.runs {
			for k, v := range run {
				if w := float64(seed+1) * math.Pow(left, float64(3*k)); math.Abs(v-w) > 1e-12*w {
					t.Errorf("%s, seed %d, measurement %d: %v, want %v", l.name, seed, k, v, w)
				}
			}
			if len(run) != 5 {
				t.Errorf("%s: %d measurements, want 5", l.name, len(run))
			}
		}
	}
	r.cost = nil // the mean of the values: of the start, and then of three
	lanes, err = r.run(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	q := math.Pow(1-0.99, 2)
	if run := lanes[0].runs[1]; run[0] != 2 || math.Abs(run[1]-2*(q+q*q+q*q*q)/3) > 1e-12 {
		t.Errorf("means %v", run)
	}
	if c := lanes[0].curve(2, 1); c.X[0] != 2 || len(c.X) != 4 || c.Low[0] != lanes[0].runs[0][1] || c.High[0] != lanes[0].runs[1][1] {
		t.Errorf("curve %+v", c)
	}
	r.grid = []float64{0.1, 0.2}
	lanes, err = r.run(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if !lanes[0].edge || !strings.Contains(table(lanes, "cost", nil), "an end of the grid") {
		t.Error("the best step size is at the end of the grid, and not said to be")
	}
}

// A run that ends badly counts as infinitely bad from there on, an interrupted one is an error.
func TestRaceFailures(t *testing.T) {
	r := parabola()
	r.contenders = r.contenders[:1]
	r.grid = []float64{1e200}
	lanes, err := r.run(t.Context(), func(string, int, int) {})
	if err != nil || !math.IsInf(lanes[0].runs[0][4], 1) {
		t.Errorf("%v %v", lanes, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r = parabola()
	_, err = r.run(ctx, func(string, int, int) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

// An error or a panic of the objective is a fault of ours, and ends the race; that a value is not finite is one of the step size.
func TestRaceErrors(t *testing.T) {
	broken := errors.New("broken")
	for name, fault := range map[string]func() error{"error": func() error { return broken }, "panic": func() error { panic(broken) }} {
		r := parabola()
		good := r.oracle
		r.oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
			if s.Step == 4 {
				return 0, fault()
			}
			return good(grad, x, s)
		}
		if _, err := r.run(t.Context(), func(string, int, int) {}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMedian(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		v    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{1, 2}, 1.5}, {[]float64{1, 2, 9}, 2}, {[]float64{1, 2, 4, inf}, 3}, {[]float64{1, inf, inf, inf}, inf}} {
		if m := median(c.v); m != c.want {
			t.Errorf("median of %v is %v, want %v", c.v, m, c.want)
		}
	}
}

// The columns of a table stand one below the other, whatever the length of names and numbers.
func TestTable(t *testing.T) {
	lanes := []lane{
		{name: "a", step: 10, edge: true, runs: [][]float64{{5, 0.274}, {5, 0.27}, {5, 0.2646}}, last: [][]float64{{1}, {2}, {3}}},
		{name: "a name of β, some length", step: 0.0001, runs: [][]float64{{5, 1e-5}, {5, 7.243e-05}, {5, 1.7e-05}}, last: [][]float64{{1}, {1}, {1}}},
	}
	want := `                          step size   cost (lowest and highest)          test accuracy
a                                10*  0.27 (0.2646, 0.274)                     20.00 %
a name of β, some length     0.0001   1.7e-05 (1e-05, 7.243e-05)               10.00 %
* an end of the grid: another might be better
`
	if got := table(lanes, "cost", func(x []float64) float64 { return x[0] / 10 }); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// Too few images for a minibatch, or too small ones for windows, are an error and not a panic.
func TestSmallData(t *testing.T) {
	for want, size := range map[string][3]int{
		"100 images to train on, want at least the 128": {100, 16, 16},
		"images of 16 x 15 pixels":                      {200, 16, 15},
	} {
		dir := t.TempDir()
		for _, name := range []string{"train", "t10k"} {
			images, labels := []byte{0, 0, 8, 3}, []byte{0, 0, 8, 1}
			for _, n := range size {
				images = binary.BigEndian.AppendUint32(images, uint32(n))
			}
			images = append(images, make([]byte, size[0]*size[1]*size[2])...)
			labels = append(binary.BigEndian.AppendUint32(labels, uint32(size[0])), make([]byte, size[0])...)
			for file, b := range map[string][]byte{"-images-idx3-ubyte": images, "-labels-idx1-ubyte": labels} {
				if err := os.WriteFile(filepath.Join(dir, name+file), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, e := range All {
			if e.Data != "MNIST" {
				continue
			}
			if _, err := e.Run(t.Context(), Options{Data: dir, Seeds: 1}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", e.Name, err, want)
			}
		}
	}
}

func TestGrid(t *testing.T) {
	if g := grid(-3, 0); !slices.Equal(g, []float64{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1}) {
		t.Errorf("%v", g)
	}
}

func TestField(t *testing.T) {
	f, err := field(nil, "adam", "Lion")
	if err != nil || len(f) != 2 || f[0].name != "Adam" || f[1].name != "Lion" {
		t.Errorf("%v %v", f, err)
	}
	if _, err := field(nil, "Adan"); err == nil || !strings.Contains(err.Error(), `no method "Adan" here; there are Adam, `) {
		t.Errorf("%v", err)
	}
}

// TestAccelerationAxes: the axis of the values ends within a decade of the least of them, and not below 1e-12.
func TestAccelerationAxes(t *testing.T) {
	out, err := acceleration(t.Context(), Options{Quick: true, Tick: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range out.Panels {
		least := math.Inf(1)
		for _, c := range row[1].Curves {
			least = min(least, slices.Min(c.Y))
		}
		if low := row[1].Low; !(low >= 1e-12 && low <= least && 10*low > least) {
			t.Errorf("%s: from %v, the least value is %v", row[1].Title, low, least)
		}
	}
	if low := lowEnd([]picture.Curve{{Y: []float64{3, math.NaN(), 1e-20}}}, 1e-12); low != 1e-12 {
		t.Errorf("down to %v", low)
	}
}
