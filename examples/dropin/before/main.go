// Command before is a program that uses gonum alone: a logistic regression of which each evaluation sees 64 random rows.
package main

import (
	"fmt"

	"github.com/stochopt/stochopt/examples/dropin/clinic"
	"gonum.org/v1/gonum/optimize"
)

func main() {
	data := clinic.Patients(100_000)
	p := optimize.Problem{
		Func: func(x []float64) float64 { return clinic.Loss(nil, x, data.Batch(64)) },
		Grad: func(grad, x []float64) { clinic.Loss(grad, x, data.Batch(64)) },
	}
	method := &optimize.LBFGS{}
	settings := &optimize.Settings{}
	result, err := optimize.Minimize(p, []float64{0, 0}, settings, method)
	if err != nil {
		fmt.Println("error:", err)
	}
	fmt.Printf("x = %.3f after %d iterations, loss over all rows %.5f\n", result.X, result.MajorIterations, clinic.Loss(nil, result.X, data))
	clinic.Draw("dropin.png", data, result.X)
}
