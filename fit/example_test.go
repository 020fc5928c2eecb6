package fit_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/num/dual"
)

// The volume that a material has adsorbed approaches saturation as the pressure rises. Data: NIST StRD, Misra1a.
func ExampleCurve() {
	pressure := []float64{77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0}
	volume := []float64{10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78}
	x := make([][]float64, len(pressure))
	for i, p := range pressure {
		x[i] = []float64{p}
	}

	m := fit.Model{
		Parameters: []string{"saturation", "rate"},
		Func: func(grad, b, x []float64) float64 {
			e := math.Exp(-b[1] * x[0])
			if grad != nil {
				grad[0] = 1 - e
				grad[1] = b[0] * x[0] * e
			}
			return b[0] * (1 - e)
		},
	}
	r, err := fit.Curve(context.Background(), m, fit.Data{X: x, Y: volume},
		[]fit.Parameter{{Name: "saturation", Start: 500}, {Name: "rate", Start: 0.0001}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		lo, hi := r.Interval(i, 0.95)
		fmt.Printf("%-10s  %.4g ± %.4g, 95%% between %.4g and %.4g\n", name, r.Estimate[i], r.StdErr[i], lo, hi)
	}
	fmt.Printf("residual standard deviation %.4g, %d degrees of freedom\n", r.ResidualSD, r.DF)
	// Output:
	// saturation  238.9 ± 2.707, 95% between 233 and 244.8
	// rate        0.0005502 ± 7.267e-06, 95% between 0.0005343 and 0.000566
	// residual standard deviation 0.1019, 12 degrees of freedom
}

// A straight line with an offset that cannot be negative and one response that has gone wrong.
func ExampleCurve_outlier() {
	line := fit.Model{
		Parameters: []string{"offset", "slope"},
		Func: fit.Dual(func(b []dual.Number, x []float64) dual.Number {
			return dual.Add(b[0], dual.Scale(x[0], b[1]))
		}),
	}
	var d fit.Data
	for i, y := range []float64{-0.1, 2.1, 3.8, 6.1, 7.9, 30, 11.9, 13.9, 16.2, 18.1} {
		d.X, d.Y = append(d.X, []float64{float64(i)}), append(d.Y, y)
	}
	params := []fit.Parameter{{Name: "offset", Start: 1, Lower: 0, Upper: math.Inf(1)}, {Name: "slope", Start: 1}}
	r, err := fit.Curve(context.Background(), line, d, params, &fit.Settings{Loss: fit.Tukey{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("slope %.3f ± %.3f\n", r.Estimate[1], r.StdErr[1])
	for _, sentence := range r.Diagnosis() {
		fmt.Println(sentence)
	}
	// Output:
	// slope 2.003 ± 0.009
	// offset is at its lower bound, 0: error bars of the others hold with offset fixed there.
	// The Loss gives less than half their weight to y[5].
}

// Counts of directions in twelve sectors follow a von Mises distribution around one of them,
//
//	a exp(κ cos(x-μ)) / (2π I₀(κ))
//
// The Bessel function I₀ depends on κ alone and is summed once for all points.
func ExampleModel_points() {
	points := func(dst, jac, b []float64, x [][]float64) {
		term, i0, i1 := 1.0, 1.0, 0.0 // I₀ = Σ (κ/2)²ᵏ/k!², and I₁ is its derivative
		for k := 1.0; k < 60; k++ {
			i1 += term * b[2] / 2 / k
			term *= b[2] * b[2] / 4 / (k * k)
			i0 += term
		}
		for i := range x {
			sin, cos := math.Sincos(x[i][0] - b[1])
			density := math.Exp(b[2]*cos) / (2 * math.Pi * i0)
			dst[i] = b[0] * density
			if jac != nil {
				jac[3*i], jac[3*i+1], jac[3*i+2] = density, dst[i]*b[2]*sin, dst[i]*(cos-i1/i0)
			}
		}
	}
	m := fit.Model{
		Parameters: []string{"a", "μ", "κ"},
		Points:     points,
		Func: func(grad, b, x []float64) float64 { // Points at one point
			var dst [1]float64
			points(dst[:], grad, b, [][]float64{x})
			return dst[0]
		},
	}
	var d fit.Data
	for i, count := range []float64{12, 34, 71, 88, 70, 29, 13, 5, 2, 3, 2, 6} {
		d.X, d.Y = append(d.X, []float64{float64(i) * math.Pi / 6}), append(d.Y, count)
	}
	if err := m.Check([]float64{150, 1, 2}, d.X); err != nil {
		fmt.Println(err)
		return
	}
	r, err := fit.Curve(context.Background(), m, d,
		[]fit.Parameter{{Name: "a", Start: 150}, {Name: "μ", Start: 1}, {Name: "κ", Start: 1}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		fmt.Printf("%s  %.3g ± %.2g\n", name, r.Estimate[i], r.StdErr[i])
	}
	// Output:
	// a  174 ± 2.7
	// μ  1.55 ± 0.013
	// κ  1.99 ± 0.061
}
