package testfuncs

import (
	"fmt"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
)

// Objective is a test objective: how it is drawn, and what is known of it without its noise.
//
//	p := stochopt.Problem{Oracle: o.Oracle, Seed: 1}
//	result, err := stochopt.Minimize(ctx, p, o.Start, nil, &stochopt.Adam{})
//	gap := o.Func(result.X) - o.Minimum
type Objective struct {
	// Name tells it apart from the others, with its number of variables where that is free.
	Name string
	// Start is where runs begin by convention; its length is the number of variables.
	Start []float64
	// Func is the objective without noise, by which a run is judged.
	Func func(x []float64) float64
	// Grad stores the gradient of Func at x in grad. It is nil where none is at hand.
	Grad func(grad, x []float64)
	// Oracle returns a draw of the value and of the gradient. Their means are Func and Grad, or have the same minimizer,
	// as the Noise says. For an Objective without noise they are Func and Grad.
	Oracle stochopt.Oracle
	// Minimum is the least value of Func, or NaN if it is not known.
	Minimum float64
	// Minimizers are points where Func is Minimum, to the digits known; there may be others. It is empty if none is known.
	Minimizers [][]float64
}

// Noise is a law of noise: how a draw of an objective follows from its exact value f and gradient. It returns the value
// drawn and changes grad, which may be nil, to the gradient drawn; the value must not depend on whether grad is nil.
type Noise interface {
	Draw(f float64, grad []float64, r *rand.Rand) float64
}

// With returns o with the noise n on its values and gradients, under a name that tells so.
func (o Objective) With(n Noise) Objective {
	exact := o.exact()
	o.Name = fmt.Sprintf("%s, %v", o.Name, n)
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := exact(grad, x, s)
		if err != nil {
			return f, err
		}
		return n.Draw(f, grad, s.Rand()), nil
	}
	return o
}

// exact returns the Oracle of Func and Grad.
func (o Objective) exact() stochopt.Oracle {
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) {
		if grad != nil {
			if o.Grad == nil {
				return 0, fmt.Errorf("testfuncs: %s has no gradient; put it into gradient.Differences", o.Name)
			}
			o.Grad(grad, x)
		}
		return o.Func(x), nil
	}
}
