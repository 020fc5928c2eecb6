package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/optimize"
)

// explain says for the user of a formula, who has written no derivatives and knows lines of a file rather than points, what
// the error of a fit says to the author of a program. The result is nil if nothing was tried.
func (p *problem) explain(d *candidate, err error) error {
	result := d.result
	var invalid *fit.PointError
	switch {
	case errors.As(err, &invalid):
		what := "the curve"
		if invalid.Parameter != "" {
			what = "the derivative of the curve by " + invalid.Parameter
		}
		place := fmt.Sprintf("%s, line %d", p.file, p.lines[invalid.Point])
		if len(invalid.X) > 0 {
			place += ", " + assignments(d.predictors, invalid.X)
		}
		return fmt.Errorf("%s: %s is %v at the start, %s", place, what, invalid.Value, invalid.Start)
	case errors.Is(err, fit.ErrNoDecrease):
		return fmt.Errorf("the search is stuck at %s: %s; try other start values",
			assignments(result.Parameters, result.Estimate), d.idle())
	case errors.Is(err, fit.ErrNotConverged):
		return fmt.Errorf("the search has found no end in %d iterations and stands at %s: %s; try other start values",
			result.Iterations, assignments(result.Parameters, result.Estimate), d.idle())
	}
	return err
}

// idle says with which parameters the curve hardly changes where the search has stopped: those of which a change by their
// own size, at the start or now, has less than a millionth of the effect of another.
func (d *candidate) idle() string {
	r := d.result
	b, effect := d.own(r.Estimate), make([]float64, len(d.model.Parameters))
	grad := make([]float64, len(b))
	for _, x := range d.data.X {
		d.model.Func(grad, b, x)
		for j, g := range grad {
			size := math.Abs(b[j])
			if start := d.start(slices.Index(r.Parameters, d.model.Parameters[j])); !math.IsNaN(start) {
				size = max(size, math.Abs(start))
			}
			effect[j] = math.Hypot(effect[j], g*size)
		}
	}
	var most float64
	for _, e := range effect {
		most = max(most, e)
	}
	var names []string
	for j, name := range d.model.Parameters {
		if effect[j] < 1e-6*most {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "parameters may do the same as others, or run away to infinity"
	}
	return "the curve hardly changes with " + strings.Join(names, ", ") + " here"
}

// own returns the parameters of the model, in its order, of those of the fit.
func (d *candidate) own(all []float64) []float64 {
	b := make([]float64, len(d.model.Parameters))
	for j, name := range d.model.Parameters {
		b[j] = all[slices.IndexFunc(d.parameters, func(p fit.Parameter) bool { return p.Name == name })]
	}
	return b
}

// warnings are what makes the numbers of a fit that has ended well doubtful.
func (p *problem) warnings(d *candidate) (w []string) {
	if d.result.RanAway != nil {
		w = append(w, fmt.Sprintf("the data hardly determine %s: the fit may have run away to infinity or to where the curve no longer changes; try other start values",
			strings.Join(d.result.RanAway, ", ")))
	}
	if names := d.withoutErrors(); d.err == nil && len(names) > 0 {
		for _, sentence := range d.result.Diagnosis() {
			if why, found := strings.CutPrefix(sentence, noErrorBars); found {
				w = append(w, "there are no error bars of"+strings.TrimSuffix(why, "."))
			}
		}
	}
	return w
}

// noErrorBars is how the sentence of a diagnosis begins that says why there are none.
const noErrorBars = "There are no error bars of"

// notes say what was done, and what else there is to know.
func (c *fitCommand) notes(p *problem, d *candidate) (n []string) {
	r := d.result
	what := map[string]string{"linear": "Least squares", "softl1": "Soft-L1 loss", "huber": "Huber's loss", "cauchy": "Cauchy's loss", "tukey": "Tukey's loss"}[c.Loss]
	from := "the start"
	if d.model.Guess != nil {
		from = "a guess"
	}
	if r.AfterAdam {
		from = "the end of Adam's way from " + from
	}
	n = append(n, fmt.Sprintf("%s by Levenberg-Marquardt from %s: %s.", what, from, ends[r.Status]))
	again := d.startedThere()
	if again && len(d.guessed) == 0 {
		n = append(n, "The search began at the minimum: the parameters are where they started.")
	}
	for _, sentence := range r.Diagnosis() {
		if !d.known(sentence) && !(again && strings.Contains(sentence, stillThere)) {
			n = append(n, p.inLines(sentence))
		}
	}
	return n
}

// stillThere is what a diagnosis says of a parameter that has not moved.
const stillThere = " is still at its start"

// startedThere reports whether a fit has ended well where it began, as one from the estimates of another does. A curve that
// did not feel a parameter would not end well: the data would not determine it.
func (d *candidate) startedThere() bool {
	if d.err != nil || d.result.RanAway != nil {
		return false
	}
	moved, free := false, 0
	for i, p := range d.parameters {
		if role(p, d.result) == "free" {
			free++
			moved = moved || math.Abs(d.result.Estimate[i]-p.Start) > 1e-6*d.result.StdErr[i]
		}
	}
	return free > 0 && !moved
}

// turnedBack is how the sentence of a diagnosis begins that tells of places where the curve is not finite: a clue to why a
// search has failed, and none of the reader's business where it has not.
const turnedBack = "The search met parameters where"

// known reports whether a sentence of a diagnosis is told elsewhere in the report, says that a guess was right, or does not
// matter to a fit that has ended well.
func (d *candidate) known(sentence string) bool {
	if d.result.RanAway != nil && strings.HasPrefix(sentence, strings.Join(d.result.RanAway, ", ")+" may be on the way") {
		return true
	}
	if d.err == nil && strings.HasPrefix(sentence, noErrorBars) && len(d.withoutErrors()) > 0 {
		return true
	}
	if strings.HasPrefix(sentence, "The Loss gives less than half") {
		return true
	}
	if strings.HasPrefix(sentence, turnedBack) && outcomeOf(d) == outcomeFitted {
		return true
	}
	return slices.ContainsFunc(d.guessed, func(name string) bool { return strings.HasPrefix(sentence, name+stillThere) })
}

// place is how package fit speaks of a point.
var place = regexp.MustCompile(`\b[xy]\[(\d+)\]`)

// inLines tells the line of the file where package fit tells the number of a point.
func (p *problem) inLines(sentence string) string {
	return place.ReplaceAllStringFunc(sentence, func(s string) string {
		i, err := strconv.Atoi(s[2 : len(s)-1])
		if err != nil || i >= len(p.lines) {
			return s
		}
		return fmt.Sprintf("%s (line %d)", s[:1], p.lines[i])
	})
}

// ends say why a search has ended.
var ends = map[optimize.Status]string{
	optimize.FunctionConvergence: "no step lowers the sum beyond its rounding error",
	optimize.StepConvergence:     "the next step is below the rounding error of the parameters",
	optimize.IterationLimit:      "the limit of iterations was reached",
	optimize.Failure:             "the search could not go on",
}

// assignments is A = 2, k = 0.5.
func assignments(names []string, values []float64) string {
	var s []string
	for i, name := range names {
		s = append(s, fmt.Sprintf("%s = %.6g", name, values[i]))
	}
	return strings.Join(s, ", ")
}
