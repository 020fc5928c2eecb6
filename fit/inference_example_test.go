package fit_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
)

// puromycin are the rates of an enzymatic reaction at concentrations of the substrate, treated with puromycin. Data: D. M.
// Bates, D. G. Watts, Nonlinear Regression Analysis and Its Applications, 1988.
func puromycin() (fit.Model, fit.Data, []fit.Parameter) {
	m := fit.Model{
		Parameters: []string{"vmax", "km"},
		Func: func(grad, b, x []float64) float64 {
			d := b[1] + x[0]
			if grad != nil {
				grad[0], grad[1] = x[0]/d, -b[0]*x[0]/(d*d)
			}
			return b[0] * x[0] / d
		},
	}
	var d fit.Data
	for _, c := range []float64{0.02, 0.06, 0.11, 0.22, 0.56, 1.1} {
		d.X = append(d.X, []float64{c}, []float64{c})
	}
	d.Y = []float64{76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200}
	return m, d, []fit.Parameter{{Name: "vmax", Start: 200}, {Name: "km", Start: 0.1}}
}

// The interval of the Michaelis constant follows the curvature of the sum of squares: it reaches further up than down.
func ExampleResult_Profile() {
	m, d, params := puromycin()
	r, err := fit.Curve(context.Background(), m, d, params, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		p, err := r.Profile(context.Background(), i, 0.95)
		if err != nil {
			fmt.Println(err)
			return
		}
		lo, hi := r.Interval(i, 0.95)
		fmt.Printf("%-4s = %.4g, 95%% between %.4g and %.4g; by t between %.4g and %.4g\n", name, r.Estimate[i], p.Lower, p.Upper, lo, hi)
	}
	// Output:
	// vmax = 212.7, 95% between 197.3 and 229.3; by t between 197.2 and 228.2
	// km   = 0.06412, 95% between 0.04692 and 0.08616; by t between 0.04567 and 0.08257
}

// Intervals from 1000 sets of data made of the curve and resampled residuals.
func ExampleResult_Bootstrap() {
	m, d, params := puromycin()
	r, err := fit.Curve(context.Background(), m, d, params, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := r.Bootstrap(context.Background(), &fit.BootstrapSettings{Seed: 1, Concurrent: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		lo, hi := b.Interval(i, 0.95)
		fmt.Printf("%-4s 95%% between %.3g and %.3g, standard error %.2g\n", name, lo, hi, b.StdErr(i))
	}
	fmt.Println("failed:", b.Failed)
	// Output:
	// vmax 95% between 198 and 230, standard error 6.9
	// km   95% between 0.0462 and 0.0846, standard error 0.0081
	// failed: 0
}

// The rate at a new concentration, with the error of the curve and with that of another measurement; and the initial slope
// vmax/km, with its error.
func ExampleResult_Predict() {
	m, d, params := puromycin()
	r, err := fit.Curve(context.Background(), m, d, params, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := r.Predict(m, fit.Data{X: [][]float64{{0.4}}}, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("rate %.1f ± %.1f, 95%% of the curve between %.1f and %.1f, of a measurement between %.1f and %.1f\n", b.Value[0], b.StdErr[0],
		b.Confidence.Lower[0], b.Confidence.Upper[0], b.Prediction.Lower[0], b.Prediction.Upper[0])

	slope := fit.Model{Parameters: m.Parameters, Func: func(grad, b, x []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1/b[1], -b[0]/(b[1]*b[1])
		}
		return b[0] / b[1]
	}}
	if b, err = r.Predict(slope, fit.Data{X: make([][]float64, 1)}, 0.95); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("initial slope %.0f ± %.0f\n", b.Value[0], b.StdErr[0])
	// Output:
	// rate 183.3 ± 4.1, 95% of the curve between 174.2 and 192.4, of a measurement between 157.3 and 209.3
	// initial slope 3317 ± 352
}

// Does the reaction need Hill's exponent, and would an exponential do as well?
func ExampleCompare() {
	ctx := context.Background()
	m, d, params := puromycin()
	simple, err := fit.Curve(ctx, m, d, params, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	hill := fit.Model{Parameters: []string{"vmax", "km", "n"}, Func: func(grad, b, x []float64) float64 {
		u := math.Pow(x[0]/b[1], b[2])
		f := u / (1 + u)
		if grad != nil {
			slope := b[0] * f / (1 + u) // by log u
			grad[0], grad[1], grad[2] = f, -slope*b[2]/b[1], slope*math.Log(x[0]/b[1])
		}
		return b[0] * f
	}}
	full, err := fit.Curve(ctx, hill, d, append(params, fit.Parameter{Name: "n", Start: 1}), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	exponential := fit.Model{Parameters: []string{"a", "k"}, Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1] = 1-e, b[0]*x[0]*e
		}
		return b[0] * (1 - e)
	}}
	other, err := fit.Curve(ctx, exponential, d, []fit.Parameter{{Name: "a", Start: 200}, {Name: "k", Start: 10}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	test, err := fit.CompareNested(simple, full)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("n = %.2f: F = %.2f with %d and %d degrees of freedom, p = %.2f\n", full.Estimate[2], test.Statistic, test.DF1, test.DF2, test.P)
	c, err := fit.Compare(simple, full, other)
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, name := range []string{"Michaelis-Menten", "Hill", "exponential"} {
		fmt.Printf("%-16s  AICc %.1f, %.1f above the least, weight %.4f\n", name, c[k].AICc, c[k].Delta, c[k].Weight)
	}
	// Output:
	// n = 0.74: F = 4.29 with 1 and 9 degrees of freedom, p = 0.07
	// Michaelis-Menten  AICc 98.3, 0.0 above the least, weight 0.5042
	// Hill              AICc 98.3, 0.0 above the least, weight 0.4939
	// exponential       AICc 109.5, 11.2 above the least, weight 0.0019
}
