package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/stochopt/stochopt/fit"
)

// explain says for the user of a formula, who has written no derivatives and knows lines of a file rather than points, what
// an error of fit.Curve says to the author of a program. The result is nil if nothing was tried.
func (p *problem) explain(err error, result *fit.Result) error {
	var invalid *fit.PointError
	switch {
	case errors.As(err, &invalid):
		what := "the curve"
		if invalid.Parameter != "" {
			what = "the derivative of the curve by " + invalid.Parameter
		}
		place := fmt.Sprintf("%s, line %d", p.file, p.lines[invalid.Point])
		if len(invalid.X) > 0 {
			place += ", " + assignments(p.formula.Columns, invalid.X)
		}
		return fmt.Errorf("%s: %s is %v at the start, %s", place, what, invalid.Value, assignments(p.formula.Parameters, p.start))
	case errors.Is(err, fit.ErrNoDecrease):
		return fmt.Errorf("the search is stuck at %s: %s; try other start values",
			assignments(result.Parameters, result.Estimate), p.idle(result))
	case errors.Is(err, fit.ErrNotConverged):
		return fmt.Errorf("the search has found no end in %d iterations and stands at %s: %s; try other start values",
			result.Iterations, assignments(result.Parameters, result.Estimate), p.idle(result))
	}
	return err
}

// idle says with which parameters the curve hardly changes where the search has stopped: those of which a change by their
// own size, at the start or now, has less than a millionth of the effect of another.
func (p *problem) idle(r *fit.Result) string {
	model, grad, effect := p.formula.Model(), make([]float64, len(r.Estimate)), make([]float64, len(r.Estimate))
	for _, x := range p.x {
		model(grad, r.Estimate, x)
		for j, d := range grad {
			effect[j] = math.Hypot(effect[j], d*max(math.Abs(r.Estimate[j]), math.Abs(p.start[j])))
		}
	}
	var most float64
	for _, e := range effect {
		most = max(most, e)
	}
	var names []string
	for j, name := range r.Parameters {
		if effect[j] < 1e-6*most {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "parameters may do the same as others, or run away to infinity"
	}
	return "the curve hardly changes with " + strings.Join(names, ", ") + " here"
}

// assignments is A = 2, k = 0.5.
func assignments(names []string, values []float64) string {
	var s []string
	for i, name := range names {
		s = append(s, fmt.Sprintf("%s = %.6g", name, values[i]))
	}
	return strings.Join(s, ", ")
}
