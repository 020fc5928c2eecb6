package testfuncs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/testfuncs"
)

func repeat(v float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// The means against testdata/simulation.py, which computes them in other ways.
func TestSimulationGolden(t *testing.T) {
	slope := make([]float64, 13)
	for i := range slope {
		slope[i] = 1 + 0.1*float64(i)
	}
	for _, c := range []struct {
		o    testfuncs.Objective
		x    []float64
		want float64
		tol  float64
	}{
		{testfuncs.Newsvendor(), []float64{0.05}, -0.1934369735569797, 1e-13},
		{testfuncs.Newsvendor(), []float64{0.2}, -0.4618012802095101, 1e-13},
		{testfuncs.Newsvendor(), []float64{1}, 2.3841495876379653, 1e-13},
		{testfuncs.MM1Queue(), []float64{2}, 2.383380981863643, 1e-11},
		{testfuncs.MM1Queue(), []float64{5}, 2.7857142857132517, 1e-11},
		{testfuncs.GammaEstimation(), []float64{1, 1}, 9.11111131474828, 1e-9},
		{testfuncs.GammaEstimation(), []float64{2, 5}, 4.628713739461936, 1e-9},
		{testfuncs.GammaEstimation(), []float64{0.3, 9}, 12.256475467651727, 1e-9},
		{testfuncs.ActivityNetwork(), repeat(8, 13), 54.153153858024695, 1e-12},
		{testfuncs.ActivityNetwork(), slope, 19.28241631643148, 1e-12},
	} {
		if f := c.o.Func(c.x); !(math.Abs(f/c.want-1) < c.tol) {
			t.Errorf("%s at %v: %v, want %v", c.o.Name, c.x, f, c.want)
		}
	}
	for _, c := range []struct {
		o    testfuncs.Objective
		x    []float64
		want float64
	}{
		{testfuncs.Newsvendor(), []float64{0.18778957330314583}, -0.4639430729022736},
		{testfuncs.MM1Queue(), []float64{2.829296494014506}, 1.5527620450475774},
		{testfuncs.GammaEstimation(), []float64{2, 5}, 4.628713739461936},
		{testfuncs.ActivityNetwork(), []float64{1.035, 1.9218, 1.733, 1.1432, 2.0601, 1.5468, 1.3196, 1.5084, 1.5813, 1.5684, 1.2237, 1.5084, 1.2762}, 18.049270569080484},
	} {
		if !(math.Abs(c.o.Minimum-c.want) < 1e-9) {
			t.Errorf("%s: minimum %v, want %v", c.o.Name, c.o.Minimum, c.want)
		}
		for i, v := range c.x {
			if math.Abs(c.o.Minimizers[0][i]-v) > 6e-5 {
				t.Errorf("%s: minimizer %v, want %v", c.o.Name, c.o.Minimizers[0], c.x)
				break
			}
		}
	}
}

// Draws have the means Func and Grad, at the start and at the minimum. The standard errors are those of other draws.
func TestSimulationMeans(t *testing.T) {
	const pilot = 1000
	for _, o := range testfuncs.SimOpt() {
		const n = 6000
		n0 := len(o.Start)
		for _, x := range [][]float64{o.Start, o.Minimizers[0]} {
			draws := func(seed uint64, n int) (mean, sd []float64) { // of the gradient, and of the value last
				grad := make([]float64, n0)
				mean, sd = make([]float64, n0+1), make([]float64, n0+1)
				for k := range n {
					f, err := o.Oracle(grad, x, stochopt.Sample{Seed: seed, Step: k})
					if err != nil {
						t.Fatal(err)
					}
					for i, v := range append(grad[:n0:n0], f) {
						mean[i] += v / float64(n)
						sd[i] += v * v / float64(n)
					}
				}
				for i, m := range mean {
					sd[i] = math.Sqrt(max(0, sd[i]-m*m))
				}
				return mean, sd
			}
			_, sd := draws(1, pilot)
			mean, _ := draws(2, n)
			want := make([]float64, n0+1)
			o.Grad(want[:n0], x)
			want[n0] = o.Func(x)
			for i := range want {
				near(t, fmt.Sprintf("%s at %.4v: mean %d of %d", o.Name, x, i, n0), mean[i], want[i], sd[i]/math.Sqrt(float64(n))+1e-9)
			}
			if o.Func(x) != 0 {
				far(t, o.Name, mean[n0], 1.2*want[n0], sd[n0]/math.Sqrt(float64(n)))
			}
		}
	}
}

// The draw of the gradient is the gradient of the draw of the value, with the same random numbers.
func TestSimulationPathwise(t *testing.T) {
	for _, o := range testfuncs.SimOpt()[1:] {
		for k := range 200 {
			s := stochopt.Sample{Seed: 3, Step: k}
			x := append([]float64(nil), o.Minimizers[0]...)
			_, grad := evaluate(t, o.Oracle, x, s)
			for i, v := range x {
				const h = 1e-7
				value := func(v float64) float64 {
					x[i] = v
					f, err := o.Oracle(nil, x, s)
					if err != nil {
						t.Fatal(err)
					}
					return f
				}
				up, down := value(v+h), value(v-h)
				x[i] = v
				if d := (up - down) / (2 * h); math.Abs(d-grad[i]) > 1e-5*(1+math.Abs(d)) {
					t.Errorf("%s, draw %d: component %d is %v, differences %v", o.Name, k, i, grad[i], d)
				}
			}
		}
	}
}

// Outside there is no value, and the projection leads back.
func TestSimulationFeasible(t *testing.T) {
	for _, o := range testfuncs.SimOpt()[1:] {
		x := repeat(-1, len(o.Start))
		f, err := o.Oracle(nil, x, stochopt.Sample{})
		if o.Name == "SimOpt CNTNEWS-1, newsvendor" {
			if f != 4 || err != nil || o.Func(x) != 4 { // an order of -1 at 5, sold at 9
				t.Errorf("%s: %v %v %v", o.Name, f, err, o.Func(x))
			}
		} else if err == nil || !math.IsInf(o.Func(x), 1) {
			t.Errorf("%s at %v: %v %v, Func %v", o.Name, x, f, err, o.Func(x))
		}
		o.Project(x)
		if _, err := o.Oracle(nil, x, stochopt.Sample{}); err != nil {
			t.Errorf("%s at %v: %v", o.Name, x, err)
		}
		if f := o.Func(x); math.IsNaN(f) || math.IsInf(f, 0) || f < o.Minimum {
			t.Errorf("%s at %v: %v", o.Name, x, f)
		}
	}
	// A server that is faster than any queue, and one that is slower.
	q := testfuncs.MM1Queue()
	if f := q.Func([]float64{1000}); math.Abs(f-100_000.001) > 1e-4 {
		t.Errorf("fast server: %v", f)
	}
	if f := q.Func([]float64{0.001}); math.Abs(f/(150.5*1000-149.5/1.5)-1) > 1e-5 { // never idle
		t.Errorf("slow server: %v", f)
	}
}

func ExampleSimOpt() {
	for _, o := range testfuncs.SimOpt() {
		fmt.Printf("%s: %d variables, %.4f at the start, minimum %.4f\n", o.Name, len(o.Start), o.Func(o.Start), o.Minimum)
	}
	// Output:
	// SimOpt EXAMPLE-1, noisy sphere: 2 variables, 8.0000 at the start, minimum 0.0000
	// SimOpt CNTNEWS-1, newsvendor: 1 variables, 0.0000 at the start, minimum -0.4639
	// SimOpt MM1-1, queue: 1 variables, 2.7857 at the start, minimum 1.5528
	// SimOpt PARAMESTI-1, gamma distributions: 2 variables, 9.1111 at the start, minimum 4.6287
	// SimOpt SAN-1, activity network: 13 variables, 54.1532 at the start, minimum 18.0493
}

func ExampleNoisySphere() {
	o := testfuncs.NoisySphere()
	grad := make([]float64, 2)
	_, err := o.Oracle(grad, o.Start, stochopt.Sample{})
	fmt.Println(grad, err)
	// Output: [4 4] <nil>
}

func ExampleNewsvendor() {
	o := testfuncs.Newsvendor()
	fmt.Printf("%.4f %.4f\n", o.Minimizers[0], o.Func([]float64{0.3}))
	// Output: [0.1878] -0.3052
}

func ExampleMM1Queue() {
	o := testfuncs.MM1Queue()
	x := []float64{4}
	stationary := 1/(x[0]-1.5) + 0.1*x[0]*x[0]
	fmt.Printf("%.6f %.6f\n", o.Func(x), stationary)
	// Output: 2.000000 2.000000
}

func ExampleGammaEstimation() {
	o := testfuncs.GammaEstimation()
	x := []float64{20, -3}
	o.Project(x)
	fmt.Printf("%v %.4f\n", x, o.Func([]float64{2, 5}))
	// Output: [10 0.1] 4.6287
}

func ExampleActivityNetwork() {
	o := testfuncs.ActivityNetwork()
	grad := make([]float64, 13)
	var mean float64
	for k := range 10_000 {
		f, err := o.Oracle(grad, o.Start, stochopt.Sample{Step: k})
		if err != nil {
			fmt.Println(err)
		}
		mean += f / 10_000
	}
	fmt.Printf("%.0f %.0f\n", mean, o.Func(o.Start))
	// Output: 54 54
}
