package formula_test

import (
	"context"
	"fmt"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
)

// The volume that a material has adsorbed approaches saturation as the pressure rises. Data: NIST StRD, Misra1a.
func ExampleParse() {
	columns := map[string][]float64{
		"pressure": {77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0},
		"volume":   {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78},
	}
	f, err := formula.Parse("volume ~ saturation*(1-exp(-rate*pressure))", []string{"pressure", "volume"}, []string{"saturation", "rate"})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := f.Data(columns)
	if err != nil {
		fmt.Println(err)
		return
	}
	start := []fit.Parameter{{Name: "saturation", Start: 500}, {Name: "rate", Start: 0.0001}}
	r, err := fit.Curve(context.Background(), f.Model(), data, start, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		fmt.Printf("%-10s  %.4g ± %.4g\n", name, r.Estimate[i], r.StdErr[i])
	}
	// Output:
	// saturation  238.9 ± 2.707
	// rate        0.0005502 ± 7.267e-06
}

// A parameter tied to others is an expression of them.
func ExampleParseExpression() {
	e, err := formula.ParseExpression("2*sqrt(2*log(2))*sigma", []string{"sigma", "height"})
	if err != nil {
		fmt.Println(err)
		return
	}
	width := fit.Parameter{Name: "width", Tied: e.Eval}
	grad := make([]float64, 2)
	fmt.Printf("%.4f", width.Tied(grad, []float64{3, 10}))
	fmt.Printf(" %.4f\n", grad)
	// Output: 7.0645 [2.3548 0.0000]
}
