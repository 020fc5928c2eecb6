package testfuncs

import (
	"fmt"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// Objective is a test objective: how it is drawn, and what is known of it without its noise.
//
//	p := stochopt.Problem{Oracle: o.Oracle, Project: o.Project, Seed: 1}
//	result, err := stochopt.Minimize(ctx, p, o.Start, nil, &stochopt.Adam{})
//	gap := o.Func(result.X) - o.Minimum
//
// The functions may be called concurrently, and do not allocate in a draw once they have run.
type Objective struct {
	// Name tells it apart from the others, with its number of variables where that is free.
	Name string
	// Start is where runs begin by convention; its length is the number of variables.
	Start []float64
	// Func is the objective without noise, by which a run is judged.
	Func func(x []float64) float64
	// Grad stores the gradient of Func at x in grad. It is nil where none is at hand.
	Grad func(grad, x []float64)
	// Oracle returns a draw of the value and of the gradient. Their means are Func and Grad, or have the same
	// minimizer, as the Noise says. For an Objective without noise they are Func and Grad.
	Oracle stochopt.Oracle
	// Project replaces x by the nearest point of the feasible set. It is nil if that is the whole space.
	Project func(x []float64)
	// Minimum is the least value of Func in the feasible set, or NaN if it is not known.
	Minimum float64
	// Minimizers are points where Func is Minimum, to the digits known; there may be others. It is empty if none is
	// known.
	Minimizers [][]float64
}

// Noise is a law of noise: how a draw of an objective follows from its exact value f and gradient. It returns the value
// drawn and changes grad, which may be nil, to the gradient drawn; the value must not depend on whether grad is nil.
type Noise interface {
	Draw(f float64, grad []float64, r *rand.Rand) float64
}

// With returns o with the noise n on its values and gradients, under a name that tells so. The noise is put on Func and
// Grad: it takes the place of what noise o had. With panics if n is nil or one of this package with a parameter out of
// its range.
func (o Objective) With(n Noise) Objective {
	if n == nil {
		panic("testfuncs: Objective.With of a nil Noise")
	}
	if c, ok := n.(interface{ check() }); ok {
		c.check()
	}
	exact := o.exact()
	var g generators
	o.Name = fmt.Sprintf("%s, %v", o.Name, n)
	o.Oracle = func(grad, x []float64, s stochopt.Sample) (float64, error) {
		f, err := exact(grad, x, s)
		if err != nil {
			return f, err
		}
		r := g.get(s, 0)
		defer g.put(r)
		return n.Draw(f, grad, r.Rand), nil
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

// generators lends generators of random numbers, and memory, to draws that may run at once.
type generators struct{ free freelist.List[*generator] }

type generator struct {
	*rand.Rand // of pcg
	pcg        rand.PCG
	work       []float64
}

// get returns a generator at the start of the stream of s, with n numbers of any value in work. It must be put back.
func (g *generators) get(s stochopt.Sample, n int) *generator {
	r := g.free.Take()
	if r == nil {
		r = new(generator)
		r.Rand = rand.New(&r.pcg)
	}
	if len(r.work) < n {
		r.work = make([]float64, n)
	}
	r.pcg = s.PCG()
	return r
}

func (g *generators) put(r *generator) { g.free.Put(r) }
