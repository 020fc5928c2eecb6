// Command after is the program before with another method: a logistic regression of which each evaluation sees 64 random rows.
package main

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/examples/dropin/clinic"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/optimize"
)

func main() {
	data := clinic.Patients(100_000)
	p := optimize.Problem{
		Func: func(x []float64) float64 { return clinic.Loss(nil, x, data.Batch(64)) },
		Grad: func(grad, x []float64) { clinic.Loss(grad, x, data.Batch(64)) },
	}
	method := &stochopt.Adam{Schedule: schedule.Cosine(5000, 0)}
	settings := &optimize.Settings{MajorIterations: 5000, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(p, []float64{0, 0}, settings, method)
	if err != nil {
		fmt.Println("error:", err)
	}
	fmt.Printf("x = %.3f after %d iterations, loss over all rows %.5f\n", result.X, result.MajorIterations, clinic.Loss(nil, result.X, data))
	clinic.Draw("dropin.png", data, result.X)
}
