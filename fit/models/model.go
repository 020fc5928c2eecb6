package models

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt/fit"
)

// A curve is f(x; b) of one predictor. It stores the derivatives by b in g, which is never nil.
type curve func(g, b []float64, x float64) float64

// A guess returns values of the parameters from a look at the data.
type guess func(p points) []float64

// model makes a fit.Model. limits are the parameters with bounds.
func model(name string, parameters []string, f curve, g guess, limits ...fit.Parameter) fit.Model {
	n := len(parameters)
	return fit.Model{
		Parameters: parameters,
		Func: func(grad, b, x []float64) float64 {
			var room [8]float64
			if grad == nil {
				grad = room[:min(n, len(room))]
				if n > len(room) {
					grad = make([]float64, n)
				}
			}
			return f(grad, b, x[0])
		},
		Guess: func(d fit.Data) ([]fit.Parameter, error) {
			p, err := look(name, d, n)
			if err != nil {
				return nil, err
			}
			return named(name, parameters, g(p), limits)
		},
	}
}

// named makes parameters of start values.
func named(name string, parameters []string, start []float64, limits []fit.Parameter) ([]fit.Parameter, error) {
	p := make([]fit.Parameter, len(parameters))
	for j, v := range start {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("models: %s: %s has no finite start; if x is far from 0 subtract its first value, else set the starts yourself",
				name, parameters[j])
		}
		p[j] = fit.Parameter{Name: parameters[j], Start: v}
		for _, l := range limits {
			if l.Name == p[j].Name {
				p[j].Lower, p[j].Upper = l.Lower, l.Upper
			}
		}
	}
	return p, nil
}

// positive is the limit of a parameter that must not be negative.
func positive(name string) fit.Parameter { return fit.Parameter{Name: name, Upper: math.Inf(1)} }
