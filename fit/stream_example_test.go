package fit_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/stochopt/stochopt/fit"
)

// Readings arrive in random order and are not kept. The fit ends when the slope is known to ± 0.001.
func ExampleStream() {
	rnd := rand.New(rand.NewPCG(1, 7)) // stands for the wire
	next := func(p *fit.Point) error {
		x := rnd.Float64()
		p.X = append(p.X[:0], x)
		p.Y = append(p.Y[:0], 1+2*x+0.1*rnd.NormFloat64())
		return nil
	}
	m := fit.Model{
		Parameters: []string{"intercept", "slope"},
		Func: func(grad, b, x []float64) float64 {
			if grad != nil {
				grad[0], grad[1] = 1, x[0]
			}
			return b[0] + b[1]*x[0]
		},
	}
	start := []fit.Parameter{{Name: "intercept"}, {Name: "slope", Start: 1}}
	r, err := fit.Stream(context.Background(), m, next, start, &fit.StreamSettings{
		Points:    1_000_000,
		HalfWidth: []float64{0, 0.001},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	lo, hi := r.Interval(1, 0.95)
	fmt.Printf("%v: slope %.3f ± %.4f, between %.3f and %.3f\n", r.Status, r.Estimate[1], r.StdErr[1], lo, hi)
	// Output:
	// Estimated: slope 2.000 ± 0.0005, between 1.999 and 2.001
}

// file is a Source of lines that hold x and y.
type file struct {
	*os.File
	*bufio.Reader
}

func (f *file) Rewind() error {
	_, err := f.Seek(0, io.SeekStart)
	f.Reset(f.File)
	return err
}

func (f *file) Next(p *fit.Point) error {
	var x, y float64
	if _, err := fmt.Fscanln(f.Reader, &x, &y); err != nil {
		return err // io.EOF at the end
	}
	p.X, p.Y = append(p.X[:0], x), append(p.Y[:0], y)
	return nil
}

// A file is read in passes, whatever its length.
func ExamplePasses() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "data")
	if err := os.WriteFile(name, []byte("1 2.1\n2 3.9\n3 6.2\n4 7.8\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	opened, err := os.Open(name)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer opened.Close()
	m := fit.Model{
		Parameters: []string{"slope"},
		Func: func(grad, b, x []float64) float64 {
			if grad != nil {
				grad[0] = x[0]
			}
			return b[0] * x[0]
		},
	}
	r, err := fit.Passes(context.Background(), m, &file{opened, bufio.NewReader(opened)}, []fit.Parameter{{Name: "slope", Start: 1}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("slope %.4f ± %.4f from %d points\n", r.Estimate[0], r.StdErr[0], r.N)
	// Output:
	// slope 1.9900 ± 0.0328 from 4 points
}
