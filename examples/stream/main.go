// Command stream calibrates a sensor from readings that arrive one by one, without keeping any.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/stochopt/stochopt/examples/internal/picture"
	"github.com/stochopt/stochopt/fit"
)

// response is that of the sensor, offset + span (1 - exp(-x/range)).
var response = fit.Model{
	Parameters: []string{"offset", "span", "range"},
	Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-x[0] / b[2])
		if grad != nil {
			grad[0], grad[1], grad[2] = 1, 1-e, -b[1]*e*x[0]/(b[2]*b[2])
		}
		return b[0] + b[1]*(1-e)
	},
}

// readings stands for the wire: a random load between 0 and 50, and the reading, whose error grows with it.
func readings(truth []float64) fit.Next {
	rnd := rand.New(rand.NewPCG(1, 2))
	return func(p *fit.Point) error {
		x := 50 * rnd.Float64()
		p.X = append(p.X[:0], x)
		p.Y = append(p.Y[:0], response.Func(nil, truth, p.X)+(0.02+0.002*x)*rnd.NormFloat64())
		return nil
	}
}

func main() {
	truth := []float64{0.4, 3, 20}
	r, err := fit.Stream(context.Background(), response, readings(truth), []fit.Parameter{
		{Name: "offset", Start: 0},
		{Name: "span", Start: 1, Transform: fit.Log},
		{Name: "range", Start: 10, Transform: fit.Log},
	}, &fit.StreamSettings{
		Points:    4_000_000,                         // at most
		HalfWidth: []float64{0.0004, 0.0008, 0.0008}, // of the 95 % intervals: 0.0004 of the offset, 0.08 % of the others
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v after %d readings, %d of them in the mean\n", r.Status, r.N, r.Effective)
	for i, name := range r.Parameters {
		lo, hi := r.Interval(i, 0.95)
		fmt.Printf("%-6s = %.5g ± %.2g, 95 %% between %.5g and %.5g, true %v\n", name, r.Estimate[i], r.StdErr[i], lo, hi, truth[i])
	}
	fmt.Printf("residual standard deviation %.4f ± %.4f\n", r.ResidualSD, r.ResidualSDErr)

	// The course of one parameter.
	const which = 2
	var n, value, half []float64
	for _, l := range r.Trace {
		if !l.Travelling {
			n = append(n, float64(l.Evaluations)/1000)
			value = append(value, 100*(l.Estimate[which]/truth[which]-1))
			half = append(half, 100*1.96*l.StdErr[which]/truth[which])
		}
	}
	p := picture.New("thousand evaluations of the curve", "range, from its true value / %")
	p.Points("estimate, 95 % interval", n, value, half)
	p.Line("true", 1, []float64{0, n[len(n)-1]}, []float64{0, 0})
	p.Legend.Top = false
	p.Save("stream.png")
}
