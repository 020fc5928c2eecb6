package fit_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
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
