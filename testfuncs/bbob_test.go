package testfuncs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// TestBBOBGolden compares all functions, sizes and instances of the suite with the values of another program.
func TestBBOBGolden(t *testing.T) {
	var golden struct {
		Points map[string][][]float64
		Values map[string]map[string][][]float64
	}
	readGolden(t, "bbob.json", &golden)
	checked, worst := 0, map[int]float64{}
	for number, dims := range golden.Values {
		function, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		// Roundings of the argument of cos, up to 1e6, are seen in a sum near 1.
		tol := 2e-12
		if function == 125 {
			tol = 2e-9
		}
		for size, rows := range dims {
			dim, err := strconv.Atoi(size)
			if err != nil {
				t.Fatal(err)
			}
			for k, row := range rows {
				o := BBOBNoisy(function, dim, k+1)
				if o.Minimum != row[0] {
					t.Errorf("%s: f* = %v, want %v", o.Name, o.Minimum, row[0])
				}
				for j, x := range golden.Points[size] {
					// F - f* as the program has it, which is not burdened by the rounding of F.
					got, want := bbobExcess(o, function, dim, k+1, x), row[j+1]
					e := math.Abs(got-want) / want
					worst[function] = max(worst[function], e)
					if !(e <= tol) {
						t.Errorf("%s: F - f* = %.16g at point %d, want %.16g", o.Name, got, j, want)
					}
					if f := o.Func(x); !(math.Abs(f-row[0]-want) <= tol*want+1e-12) {
						t.Errorf("%s: F = %.16g at point %d, want %.16g", o.Name, f, j, row[0]+want)
					}
					checked++
				}
			}
		}
	}
	if checked != 8*6*15*3 {
		t.Errorf("%d values, want %d", checked, 8*6*15*3)
	}
	t.Log("worst relative errors", worst)
	// Companion: the next instance is another function.
	x := golden.Points["5"][1]
	if a, b := BBOBNoisy(116, 5, 1).Func(x), BBOBNoisy(116, 5, 2).Func(x); math.Abs(a-b) < 1 {
		t.Errorf("instances 1 and 2 of f116 are alike: %v, %v", a, b)
	}
}

// bbobExcess is F - f* computed without f*.
func bbobExcess(o Objective, function, dim, instance int, x []float64) float64 {
	k := (function - 101) / 3
	if k >= 2 {
		k -= 2
	}
	f, _ := bbobBases[k].make(dim, bbobBases[k].seed+10000*instance)
	sum := f(nil, x, make([]float64, bbobVectors*dim))
	for _, t := range x {
		d := max(0, math.Abs(t)-5)
		sum += 100 * d * d
	}
	return sum
}

// TestBBOBMinimizers: F is f* at the minimizer and larger beside it, and the minimizer is where it should be.
func TestBBOBMinimizers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for function := 101; function <= 130; function++ {
		for _, dim := range []int{2, 10, 40} {
			o := BBOBNoisy(function, dim, 3)
			x := slices.Clone(o.Minimizers[0])
			// The Gallagher peak is 10 up to the rounding of x, T of which is about 0.
			if f := o.Func(x); !(f-o.Minimum >= 0 && f-o.Minimum < 1e-9) {
				t.Errorf("%s: F = %v at the minimizer, want %v", o.Name, f, o.Minimum)
			}
			for i := range x {
				if math.Abs(x[i]) > 5 {
					t.Errorf("%s: x*[%d] = %v is outside [-5, 5]", o.Name, i, x[i])
				}
				x[i] += 0.5 * rng.NormFloat64()
			}
			if f := o.Func(x); !(f > o.Minimum+1e-3) {
				t.Errorf("%s: F = %v beside the minimizer, want more than %v", o.Name, f, o.Minimum)
			}
		}
	}
}

// TestBBOBGradients checks the gradients of F and of draws, inside and outside [-5, 5].
func TestBBOBGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	smooth := 0
	for function := 101; function <= 130; function++ {
		for _, dim := range []int{2, 5, 20} {
			o := BBOBNoisy(function, dim, 2)
			x := make([]float64, dim)
			if o.Grad == nil {
				if _, err := o.Oracle(x, x, stochopt.Sample{}); err == nil {
					t.Errorf("%s has no Grad, and its Oracle returns no error", o.Name)
				}
				continue
			}
			smooth++
			for k := range 3 {
				for i := range x {
					x[i] = (2 + 2*float64(k)) * (2*rng.Float64() - 1)
				}
				for _, oracle := range []stochopt.Oracle{o.exact(), o.Oracle} {
					if r, err := gradient.Check(oracle, x, stochopt.Sample{Step: k}); err != nil || !r.OK {
						t.Errorf("%s at %v: %v %v", o.Name, x, r, err)
					}
				}
			}
		}
	}
	if smooth != 3*(12+3*3) {
		t.Errorf("%d objectives with gradients, want %d", smooth, 3*(12+3*3))
	}
	// Companion: an error of a millionth is found out.
	o := BBOBNoisy(116, 5, 2)
	x := []float64{1, -2, 3, -1, 2}
	wrong := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := o.exact()(grad, x, s)
		for i := range grad {
			grad[i] *= 1 + 1e-6
		}
		return f, err
	}
	if r, err := gradient.Check(wrong, x, stochopt.Sample{}); err != nil || r.OK {
		t.Errorf("an error of 1e-6 passes: %v %v", r, err)
	}
}

// TestBBOBNoise compares draws with what the formulas say of their distribution, to 5 standard errors.
func TestBBOBNoise(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		function    int
		noise       string
		alpha, beta float64
		probability float64
	}{
		{function: 101, noise: "G", beta: 0.01},
		{function: 107, noise: "G", beta: 1},
		{function: 102, noise: "U", alpha: 0.01 * (0.49 + 0.2), beta: 0.01},
		{function: 108, noise: "U", alpha: 0.49 + 0.2, beta: 1},
		{function: 103, noise: "C", alpha: 0.01, probability: 0.05},
		{function: 109, noise: "C", alpha: 1, probability: 0.2},
		{function: 128, noise: "G", beta: 1},
		{function: 126, noise: "U", alpha: 0.49 + 0.2, beta: 1},
		{function: 115, noise: "C", alpha: 1, probability: 0.2},
	} {
		o := BBOBNoisy(c.function, 5, 1)
		x := []float64{1, 2, -3, 4, 5.5}
		add := o.Minimum + 100*0.5*0.5
		f := o.Func(x) - add
		var mean, square float64 // of ln(draw/f)
		var seldom, above int
		for k := range n {
			v, err := o.Oracle(nil, x, stochopt.Sample{Seed: 7, Step: k})
			if err != nil {
				t.Fatal(err)
			}
			y := v - add - 1.01e-8
			if c.noise == "C" {
				if d := (y-f)/c.alpha - 1000; math.Abs(d) > 1e-6 {
					seldom++
					if d > 1 {
						above++
					}
				}
				continue
			}
			l := math.Log(y / f)
			mean += l / n
			square += l * l / n
		}
		check := func(what string, got, want, se float64) {
			if !(math.Abs(got-want) <= 5*se) {
				t.Errorf("%s: %s is %v, want %v ± %v", o.Name, what, got, want, se)
			}
			if wrong := 1.6 * want; want != 0 && math.Abs(got-wrong) <= 5*se { // companion
				t.Errorf("%s: %s could as well be %v: %v ± %v", o.Name, what, wrong, got, se)
			}
		}
		// The logarithms are b N, b ln U₁ + a L U₂ with L = ln(1e9/f).
		switch c.noise {
		case "G":
			check("mean logarithm", mean, 0, c.beta/math.Sqrt(n))
			check("mean squared logarithm", square, c.beta*c.beta, c.beta*c.beta*math.Sqrt(2./n))
		case "U":
			al := c.alpha * math.Log(1e9/f)
			variance := c.beta*c.beta + al*al/12
			check("mean logarithm", mean, al/2-c.beta, math.Sqrt(variance/n))
			// Fourth central moments: 9 b⁴ of the exponential, (a L)⁴/80 of the uniform.
			fourth := 9*math.Pow(c.beta, 4) + math.Pow(al, 4)/80 + 6*c.beta*c.beta*al*al/12
			check("variance of the logarithm", square-mean*mean, variance, math.Sqrt((fourth-variance*variance)/n))
		case "C":
			p := c.probability
			check("share of Cauchy draws", float64(seldom)/n, p, math.Sqrt(p*(1-p)/n))
			// P(N₁/|N₂| > 1) = 1/4.
			check("share above 1", float64(above)/n, p/4, math.Sqrt(p/4*(1-p/4)/n))
		}
	}
}

// TestBBOBPrecise: there is no noise where f < 1e-8.
func TestBBOBPrecise(t *testing.T) {
	for function := 101; function <= 130; function++ {
		o := BBOBNoisy(function, 3, 1)
		v, err := o.Oracle(nil, o.Minimizers[0], stochopt.Sample{})
		if want := o.Func(o.Minimizers[0]); err != nil || v != want {
			t.Errorf("%s: %v, %v at the minimizer, want %v", o.Name, v, err, want)
		}
	}
}

func TestBBOBDraws(t *testing.T) {
	for function := 101; function <= 130; function++ {
		o := BBOBNoisy(function, 4, 1)
		testDraws(t, o, (function-101)%3 != 2) // the Cauchy noise is seldom
	}
}

func TestBBOBPanics(t *testing.T) {
	for _, c := range [][3]int{{100, 2, 1}, {131, 2, 1}, {101, 1, 1}, {101, 41, 1}, {101, 2, 0}, {101, 2, 10001}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic with %v", c)
				}
			}()
			BBOBNoisy(c[0], c[1], c[2])
		}()
	}
}

func ExampleBBOBNoisy() {
	o := BBOBNoisy(104, 5, 1) // Rosenbrock, moderate Gaussian noise
	draw, err := o.Oracle(nil, o.Start, stochopt.Sample{Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(o.Name)
	fmt.Printf("F = %.2f at the start, a draw of it %.2f, least %.2f\n", o.Func(o.Start), draw, o.Minimum)
	// Output:
	// bbob-noisy f104 (Rosenbrock), dim = 5, instance 1
	// F = 1476.21 at the start, a draw of it 1476.53, least 149.15
}
