package testfuncs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/testfuncs"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// sfo is the usual problem for methods with a model of each term.
var sfo = testfuncs.Data{Terms: 30, Block: 40, Dim: 12, Scale: 1.3, Seed: 1}

func sums() []testfuncs.Sum {
	small := testfuncs.Data{Terms: 50, Dim: 4, Seed: 2}
	return []testfuncs.Sum{
		testfuncs.LeastSquares(small), testfuncs.LeastSquares(sfo),
		testfuncs.Logistic(small, 0.01), testfuncs.Logistic(sfo, 1e-3),
		testfuncs.Robust(small, 0.5), testfuncs.Robust(sfo, 0.5),
		testfuncs.CounterexampleC(10),
	}
}

// The minimizers are such to rounding, and what descent finds.
func TestSumMinimizers(t *testing.T) {
	for _, s := range sums() {
		x := s.Minimizers[0]
		g, g0 := make([]float64, len(x)), make([]float64, len(x))
		s.Grad(g, x)
		s.Grad(g0, s.Start)
		if got, scale := floats.Norm(g, math.Inf(1)), floats.Norm(g0, math.Inf(1)); !(got <= 1e-14*max(1, scale)) {
			t.Errorf("%s: gradient %v at the minimizer, %v at the start", s.Name, got, scale)
		}
		set := &optimize.Settings{GradientThreshold: 1e-7, Converger: optimize.NeverTerminate{}, MajorIterations: 2000}
		r, err := optimize.Minimize(optimize.Problem{Func: s.Func, Grad: s.Grad}, s.Start, set, &optimize.BFGS{})
		if err != nil || !floats.EqualApprox(r.X, x, 1e-6) || !(math.Abs(r.F-s.Minimum) < 1e-12) {
			t.Errorf("%s: BFGS ends at %v, %v, %v, want %v, %v", s.Name, r.F, r.X, err, s.Minimum, x)
		}
	}
}

// The full sum is the mean of the terms, and so is an epoch; each term has its own gradient.
func TestSumTerms(t *testing.T) {
	for _, s := range sums() {
		n := len(s.Start)
		x := make([]float64, n)
		for i := range x {
			x[i] = 0.1 * float64(i+1)
		}
		want, wantGrad := s.Func(x), make([]float64, n)
		s.Grad(wantGrad, x)
		batch := s.Terms.Shuffled(1)
		var sum float64
		mean := make([]float64, n)
		differ := false
		for i := range s.Terms.N {
			f, g := evaluate(t, batch, x, stochopt.Sample{Step: i})
			sum += f / float64(s.Terms.N)
			floats.AddScaled(mean, 1/float64(s.Terms.N), g)
			differ = differ || math.Abs(f-want) > 1e-3
			term := func(grad, x []float64, _ stochopt.Sample) (float64, error) {
				clear(grad)
				return s.Terms.Term(grad, x, i), nil
			}
			if report, err := gradient.Check(term, x, stochopt.Sample{}); err != nil || !report.OK {
				t.Errorf("%s: term %d: %v %v", s.Name, i, report, err)
			}
		}
		if !differ {
			t.Errorf("%s: the terms are all the same", s.Name)
		}
		if math.Abs(sum-want) > 1e-12*math.Abs(want) || !floats.EqualApprox(mean, wantGrad, 1e-12) {
			t.Errorf("%s: an epoch has the mean %v %v, the sum %v %v", s.Name, sum, mean, want, wantGrad)
		}
	}
}

// Values where they are known.
func TestSumValues(t *testing.T) {
	s := testfuncs.Logistic(sfo, 0.25)
	if f := s.Func(s.Start); math.Abs(f-math.Ln2) > 1e-14 {
		t.Errorf("logistic regression at 0: %v, want ln 2", f)
	}
	x := make([]float64, 12)
	x[0] = 1e6 // exp(x) overflows
	f := s.Func(x)
	if want := 0.125e12; !(math.Abs(f/want-1) < 1e-4) {
		t.Errorf("logistic regression far away: %v, want about %v", f, want)
	}
	// Least squares is quadratic, and its Hessian has the mean squares of the columns, 1.69^j, on its diagonal.
	s = testfuncs.LeastSquares(sfo)
	f0 := s.Func(s.Start)
	for j := range 12 {
		e := make([]float64, 12)
		e[j] = 1
		up := s.Func(e)
		e[j] = -1
		want := math.Pow(1.69, float64(j))
		near(t, fmt.Sprintf("mean square of column %d", j), up+s.Func(e)-2*f0, want, want*math.Sqrt(2./1200))
	}
	near(t, "half the variance of the residuals", s.Minimum, 0.25/2*(1-12./1200), 0.125*math.Sqrt(2./1200))
	// The minimum of robust regression that passes through all points is 0.
	exact := testfuncs.Robust(testfuncs.Data{Terms: 3, Dim: 3}, 1)
	if !(exact.Minimum < 1e-25 && exact.Func(exact.Start) > 0.1) {
		t.Errorf("minimum %v through 3 points in 3 dimensions", exact.Minimum)
	}
	d := sfo
	d.Scale = 1
	// For large δ robust regression is least squares: moving along an axis, f(e) + f(-e) - 2 f(0) is the mean square of the
	// column. For small δ it is the sum of absolute values, whose gradient is that of a median, and grows with δ only.
	wide, narrow := testfuncs.Robust(d, 1e6), testfuncs.Robust(d, 1e-6)
	e := make([]float64, 12)
	e[3] = 1
	up := wide.Func(e)
	e[3] = -1
	near(t, "mean square of a column", up+wide.Func(e)-2*wide.Func(wide.Start), 1, math.Sqrt(2./1200))
	g, far := make([]float64, 12), repeat(1e3, 12)
	narrow.Grad(g, far)
	for j, v := range g { // E (a sign a·1)  = √(2/π/n) for n columns
		near(t, fmt.Sprintf("component %d far away", j), v/1e-6, math.Sqrt(2/(math.Pi*12)), 1/math.Sqrt(1200))
	}
	narrow.Grad(g, narrow.Minimizers[0])
	if v := floats.Norm(g, 2); !(v < 1e-15) {
		t.Errorf("gradient %v at the minimizer for a small δ", v)
	}
	// Outliers move the minimizer of robust regression less than that of least squares.
	if a, b := testfuncs.Robust(d, 0.5), testfuncs.Robust(d, 1e6); distance(a, d) > 0.5*distance(b, d) {
		t.Errorf("distance from the truth %v with δ = 0.5, %v with 1e6", distance(a, d), distance(b, d))
	}
}

// distance returns how far the minimizer is from that of the regression with ten times as many points, which has the
// same truth.
func distance(s testfuncs.Sum, d testfuncs.Data) float64 {
	d.Terms *= 10
	return floats.Distance(s.Minimizers[0], testfuncs.Robust(d, 0.5).Minimizers[0], 2)
}

func TestSumPanics(t *testing.T) {
	ok := testfuncs.Data{Terms: 5, Dim: 2}
	for want, f := range map[string]func(){
		"testfuncs: LeastSquares: Data.Terms = 0, want > 0":               func() { testfuncs.LeastSquares(testfuncs.Data{Dim: 1}) },
		"testfuncs: Logistic: Data.Block = -1, want >= 0":                 func() { testfuncs.Logistic(testfuncs.Data{Terms: 1, Block: -1, Dim: 1}, 1) },
		"testfuncs: Robust: Data.Dim = 0, want > 0":                       func() { testfuncs.Robust(testfuncs.Data{Terms: 1}, 1) },
		"testfuncs: LeastSquares: Data.Scale = -2, want finite and >= 0":  func() { testfuncs.LeastSquares(testfuncs.Data{Terms: 1, Dim: 1, Scale: -2}) },
		"testfuncs: LeastSquares of 2 points, want at least Data.Dim = 3": func() { testfuncs.LeastSquares(testfuncs.Data{Terms: 2, Dim: 3}) },
		"testfuncs: Robust of 2 points, want at least Data.Dim = 3":       func() { testfuncs.Robust(testfuncs.Data{Terms: 2, Dim: 3}, 1) },
		"testfuncs: Logistic: l2 = 0, want finite and > 0":                func() { testfuncs.Logistic(ok, 0) },
		"testfuncs: Robust: delta = 0, want finite and > 0":               func() { testfuncs.Robust(ok, 0) },
		"testfuncs: Sum: len(x) = 1, want 2":                              func() { testfuncs.Logistic(ok, 1).Func([]float64{1}) },
	} {
		wantPanic(t, want, f)
	}
}

func ExampleLeastSquares() {
	s := testfuncs.LeastSquares(testfuncs.Data{Terms: 100, Dim: 2, Seed: 1})
	batch := s.Terms.Shuffled(10)
	grad := make([]float64, 2)
	x := s.Start
	for k := range 1000 {
		if _, err := batch(grad, x, stochopt.Sample{Step: k}); err != nil {
			fmt.Println(err)
		}
		for i, g := range grad {
			x[i] -= 0.5 / float64(10+k) * g
		}
	}
	fmt.Println(s.Func(x)-s.Minimum < 0.01)
	// Output: true
}

func ExampleLogistic() {
	s := testfuncs.Logistic(testfuncs.Data{Terms: 30, Block: 40, Dim: 12, Scale: 1.3}, 0.01)
	fmt.Println(s.Terms.N, len(s.Start))
	fmt.Printf("%.4f\n", s.Func(s.Start))
	// Output:
	// 30 12
	// 0.6931
}

func ExampleRobust() {
	s := testfuncs.Robust(testfuncs.Data{Terms: 200, Dim: 3}, 0.5)
	grad := make([]float64, 3)
	s.Grad(grad, s.Minimizers[0])
	fmt.Println(floats.Norm(grad, 2) < 1e-12)
	// Output: true
}
