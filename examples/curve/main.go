// Command curve fits the Michaelis-Menten law to the velocity of an enzymatic reaction, and draws it with its error.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/stochopt/stochopt/examples/internal/picture"
	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/floats"
)

// An enzyme treated with Puromycin: counts per minute² of a radioactive product at concentrations in ppm of the
// substrate. Data: M. A. Treloar, 1974; in D. M. Bates, D. G. Watts, Nonlinear Regression Analysis and Its
// Applications, 1988, A1.3.
var (
	concentration = []float64{0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1}
	velocity      = []float64{76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200}
)

// michaelisMenten is V x/(K + x).
var michaelisMenten = fit.Model{
	Parameters: []string{"V", "K"},
	Func: func(grad, b, x []float64) float64 {
		part := x[0] / (b[1] + x[0])
		if grad != nil {
			grad[0], grad[1] = part, -b[0]*part/(b[1]+x[0])
		}
		return b[0] * part
	},
}

func main() {
	data := fit.Data{Y: velocity}
	for _, c := range concentration {
		data.X = append(data.X, []float64{c})
	}
	start := []fit.Parameter{{Name: "V", Start: 200}, {Name: "K", Start: 0.1}}
	r, err := fit.Curve(context.Background(), michaelisMenten, data, start, nil)
	if err != nil {
		log.Fatal(err)
	}
	for i, name := range r.Parameters {
		lo, hi := r.Interval(i, 0.95)
		fmt.Printf("%s = %.5g ± %.2g, 95 %% between %.4g and %.4g\n", name, r.Estimate[i], r.StdErr[i], lo, hi)
	}
	fmt.Printf("residual standard deviation %.3f with %d degrees of freedom\n", r.ResidualSD, r.DF)

	x := floats.Span(make([]float64, 100), 0, 1.2)
	var at [][]float64
	for i := range x {
		at = append(at, x[i:i+1])
	}
	curve, err := r.Predict(michaelisMenten, fit.Data{X: at}, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	p := picture.New("concentration / ppm", "velocity / (counts/min²)")
	p.Band(0, x, curve.Confidence.Lower, curve.Confidence.Upper)
	p.Line("V x/(K+x), 95 % band", 0, x, curve.Value)
	p.Points("data", concentration, velocity, nil)
	p.Legend.Top = false
	p.Save("curve.png")
}
