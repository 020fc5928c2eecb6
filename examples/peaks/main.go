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
	"github.com/stochopt/stochopt/fit/models"
	"github.com/stochopt/stochopt/testfuncs"
)

func main() {
	background := models.Exponential()
	first, second := models.Prefix("first_", models.Gaussian()), models.Prefix("second_", models.Gaussian())
	spectrum := models.Sum(background, first, second)

	sets := testfuncs.NISTSets()
	s := sets[slices.IndexFunc(sets, func(s testfuncs.NISTSet) bool { return s.Name == "Gauss3" })]
	r, err := fit.Curve(context.Background(), spectrum, fit.Data{X: s.X, Y: s.Y}, []fit.Parameter{
		{Name: "amplitude", Start: 100}, {Name: "rate", Start: 0.01},
		{Name: "first_area", Start: 4000}, {Name: "first_center", Start: 105}, {Name: "first_sigma", Start: 15},
		{Name: "second_area", Start: 3000}, {Name: "second_center", Start: 155}, {Name: "second_sigma", Start: 15},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	// What NIST certifies: heights in place of areas, and √2 sigma.
	certified := map[string]int{"amplitude": 0, "rate": 1, "first_center": 3, "first_sigma": 4, "second_center": 6, "second_sigma": 7}
	for i, name := range r.Parameters {
		fmt.Printf("%-13s %9.6g ± %.2g", name, r.Estimate[i], r.StdErr[i])
		if k, ok := certified[name]; ok {
			unit := 1.
			if k == 4 || k == 7 {
				unit = math.Sqrt2
			}
			fmt.Printf(", certified %.6g ± %.2g", s.Certified[k]/unit, s.StdDev[k]/unit)
		}
		fmt.Println()
	}

	p := picture.New("channel", "counts")
	x := make([]float64, len(s.X))
	for i, v := range s.X {
		x[i] = v[0]
	}
	p.Points("data", x, s.Y, nil)
	for k, part := range []struct {
		name string
		m    fit.Model
	}{{"fit", spectrum}, {"first", first}, {"second", second}} {
		curve, err := r.Predict(part.m, fit.Data{X: s.X}, 0.95)
		if err != nil {
			log.Fatal(err)
		}
		p.Band(k, x, curve.Confidence.Lower, curve.Confidence.Upper)
		p.Line(part.name, k, x, curve.Value)
	}
	p.Save("peaks.png")
}
