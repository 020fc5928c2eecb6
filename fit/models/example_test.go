package models_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/fit/models"
)

// Two peaks on a sloping background, without start values from the user.
func ExampleSum() {
	var d fit.Data
	for i := range 81 {
		x := 0.1 * float64(i)
		y := 2*math.Exp(-(x-3)*(x-3)/0.5) + math.Exp(-(x-5)*(x-5)/0.72) + 1 + 0.1*x + 0.02*math.Sin(37*float64(i))
		d.X, d.Y = append(d.X, []float64{x}), append(d.Y, y)
	}
	m := models.Sum(models.Prefix("g1_", models.Gaussian()), models.Prefix("g2_", models.Gaussian()), models.Line())
	p, err := m.Guess(d)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := fit.Curve(context.Background(), m, d, p, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range r.Parameters {
		fmt.Printf("%-9s  %.3f ± %.3f\n", name, r.Estimate[i], r.StdErr[i])
	}
	// Output:
	// g1_area    2.510 ± 0.011
	// g1_center  3.000 ± 0.002
	// g1_sigma   0.501 ± 0.002
	// g2_area    1.500 ± 0.012
	// g2_center  5.000 ± 0.004
	// g2_sigma   0.598 ± 0.005
	// intercept  0.997 ± 0.004
	// slope      0.101 ± 0.001
}

// The starts that a Guess finds for an oscillation.
func ExampleDampedOscillation() {
	m := models.DampedOscillation()
	var d fit.Data
	for i := range 60 {
		x := []float64{0.05 * float64(i)}
		d.X, d.Y = append(d.X, x), append(d.Y, m.Func(nil, []float64{2, 0.8, 1.5, 0.4}, x))
	}
	p, err := m.Guess(d)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, q := range p {
		fmt.Printf("%s = %.3f\n", q.Name, q.Start)
	}
	// Output:
	// amplitude = 2.001
	// rate = 0.801
	// frequency = 1.500
	// phase = 0.400
}
