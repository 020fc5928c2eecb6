// Command peaks takes a spectrum of two overlapping lines on a falling background apart.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"slices"

	"github.com/stochopt/stochopt/examples/internal/picture"
	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
)

// spectrum is background·exp(-decay·x) and two peaks height·exp(-((x-center)/width)²).
var spectrum = fit.Model{
	Parameters: []string{"background", "decay", "height1", "center1", "width1", "height2", "center2", "width2"},
	Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		f := b[0] * e
		if grad != nil {
			grad[0], grad[1] = e, -x[0]*f
		}
		for k := 2; k < len(b); k += 3 {
			z := (x[0] - b[k+1]) / b[k+2]
			g := math.Exp(-z * z)
			f += b[k] * g
			if grad != nil {
				grad[k], grad[k+1], grad[k+2] = g, 2*z/b[k+2]*b[k]*g, 2*z*z/b[k+2]*b[k]*g
			}
		}
		return f
	},
}

func main() {
	sets := testfuncs.NISTSets()
	s := sets[slices.IndexFunc(sets, func(s testfuncs.NISTSet) bool { return s.Name == "Gauss3" })]
	start := []fit.Parameter{
		{Name: "background", Start: 100}, {Name: "decay", Start: 0.01},
		{Name: "height1", Start: 100}, {Name: "center1", Start: 105}, {Name: "width1", Start: 20},
		{Name: "height2", Start: 70}, {Name: "center2", Start: 155}, {Name: "width2", Start: 20},
	}
	// The area of a peak is one more parameter, which the others determine: √π height width.
	for k := 2; k <= 5; k += 3 {
		start = append(start, fit.Parameter{Name: fmt.Sprintf("area%d", k/3+1), Tied: func(grad, b []float64) float64 {
			if grad != nil {
				clear(grad)
				grad[k], grad[k+2] = math.Sqrt(math.Pi)*b[k+2], math.Sqrt(math.Pi)*b[k]
			}
			return math.Sqrt(math.Pi) * b[k] * b[k+2]
		}})
	}
	r, err := fit.Curve(context.Background(), spectrum, fit.Data{X: s.X, Y: s.Y}, start, nil)
	if err != nil {
		log.Fatal(err)
	}
	for i, name := range r.Parameters {
		fmt.Printf("%-10s %9.6g ± %.2g", name, r.Estimate[i], r.StdErr[i])
		if i < len(s.Certified) {
			fmt.Printf(", certified %.6g ± %.2g", s.Certified[i], s.StdDev[i])
		}
		fmt.Println()
	}

	var x []float64
	var parts [3][]float64
	for _, v := range s.X {
		x = append(x, v[0])
		b := slices.Clone(r.Estimate[:8])
		parts[0] = append(parts[0], spectrum.Func(nil, b, v))
		b[0] = 0 // without background, and then one peak at a time
		for k, other := range []int{5, 2} {
			one := slices.Clone(b)
			one[other] = 0
			parts[k+1] = append(parts[k+1], spectrum.Func(nil, one, v))
		}
	}
	p := picture.New("channel", "counts")
	p.Points("data", x, s.Y, nil)
	for k, name := range []string{"fit", "peak 1", "peak 2"} {
		p.Line(name, k, x, parts[k])
	}
	p.Save("peaks.png")
}
