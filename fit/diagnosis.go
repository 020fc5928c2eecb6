package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Diagnosis says in plain words what is remarkable about the fit, one sentence for each thing: why the search has ended
// before a minimum, which parameters are at a bound, at their start or running away, along which combination of parameters
// the curve does not change, where it was not finite, why error bars are missing, and which responses the curve follows
// whatever they are. It is nil where there is nothing to say.
func (r *Result) Diagnosis() []string {
	var all []string
	say := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	switch {
	case errors.Is(r.failure, ErrNotConverged):
		say("The search has not converged within its limit of iterations: the estimate is only the best point so far.")
	case errors.Is(r.failure, ErrNoDecrease):
		say("No step lowers the sum of squares although the derivatives promise it: a derivative is wrong (Model.Check finds which), or the curve is not smooth.")
	case errors.Is(r.failure, ErrScale):
		say("The scale of the residuals is 0 or does not settle: half of the points or more lie on the curve.")
	case errors.Is(r.failure, errCancelled), errors.Is(r.failure, errRecorder):
		say("The search has been ended from outside: the estimate is only the best point so far.")
	case r.failure != nil:
		say("The search has failed: %s.", strings.TrimPrefix(r.failure.Error(), "fit: "))
	}
	for i, p := range r.parameters {
		if slices.Contains(r.AtBound, p.Name) {
			side := "lower"
			if r.Estimate[i] == p.Upper {
				side = "upper"
			}
			say("%s is at its %s bound, %v: error bars of the others hold with %s fixed there.", p.Name, side, r.Estimate[i], p.Name)
		} else if !p.Fixed && p.Tied == nil && math.Abs(r.Estimate[i]-p.Start) <= 1e-10*math.Abs(p.Start) {
			say("%s is still at its start, %v: either this was right, or the search did not feel it.", p.Name, p.Start)
		}
	}
	if r.RanAway != nil {
		say("%s may be on the way to infinity, or to where the curve no longer changes: do not trust the estimate or its error bars; start elsewhere, or choose a simpler curve.",
			strings.Join(r.RanAway, ", "))
	}
	if r.weak != nil {
		say("The data do not determine %s: within the errors of the responses, by the derivatives, they could change by more than %d times their size, and the curve is not linear so far. Leave out the term that they belong to, fix them, or start elsewhere.",
			strings.Join(r.weak, ", "), weakness)
	}
	for _, d := range r.null {
		say("The data do not determine %s.", r.combination(d))
	}
	if r.rejected > 0 {
		times := "once"
		if r.rejected > 1 {
			times = fmt.Sprintf("%d times", r.rejected)
		}
		if e := r.last; e != nil {
			set := ""
			if len(r.sets) > 1 {
				set = fmt.Sprintf("set %d, ", e.Set)
			}
			say("The search met parameters where the curve or a derivative is not finite %s, and turned back; the last time at %sx[%d] = %v, with %s.", times, set, e.Point, e.X, e.Start)
		} else {
			say("The search met parameters where a tied parameter is not finite %s, and turned back.", times)
		}
	}
	all = append(all, r.missing()...)
	all = append(all, r.downweighted()...)
	return append(all, r.followed()...)
}

// combination is a direction of the parameters in words.
func (r *Result) combination(d []float64) string {
	// As changes in percent of the estimates, the largest of which is 1; of parameters that are 0 by value.
	relative := make([]float64, len(d))
	var most float64
	for i, v := range d {
		relative[i] = v / sizeOr1(r.Estimate[i])
		if math.Abs(relative[i]) > math.Abs(most) {
			most = relative[i]
		}
	}
	var parts []string
	for i, v := range relative {
		if v /= most; math.Abs(v) < 1e-6 {
			continue
		}
		switch {
		case r.Estimate[i] == 0:
			parts = append(parts, fmt.Sprintf("%s by %+.3g", r.Parameters[i], v/100))
		default:
			parts = append(parts, fmt.Sprintf("%s by %+.3g %%", r.Parameters[i], v))
		}
	}
	if len(parts) == 1 {
		name, _, _ := strings.Cut(parts[0], " by ")
		return name + ": the curve does not change with it"
	}
	last := len(parts) - 1
	return fmt.Sprintf("one combination of parameters: the curve stays the same if %s changes and %s with it", strings.Join(parts[:last], ", "), parts[last])
}

func sizeOr1(v float64) float64 {
	if v == 0 {
		return 1
	}
	return math.Abs(v)
}

// missing says why there are no error bars.
func (r *Result) missing() []string {
	var none []string
	for i, p := range r.parameters {
		if math.IsNaN(r.StdErr[i]) && !slices.Contains(r.AtBound, p.Name) {
			none = append(none, p.Name)
		}
	}
	if len(none) == 0 {
		return nil
	}
	why := ""
	tied := func(name string) bool {
		return slices.ContainsFunc(r.parameters, func(p Parameter) bool { return p.Name == name && p.Tied != nil })
	}
	switch {
	case r.failure != nil:
		why = "the estimate is no minimum"
	case r.DF <= 0 && !(r.settings.AbsoluteSigma && r.settings.Loss == nil):
		why = "there are as many free parameters as responses, so that nothing is left to tell the errors from"
	case len(r.AtBound) > 0 && !slices.ContainsFunc(none, func(name string) bool { return !tied(name) }):
		why = "they are tied to parameters at a bound"
	case r.settings.Loss != nil:
		why = "the objective of the Loss has no proper minimum here, only a saddle or a flat place"
	default:
		why = "the derivatives at the estimate cannot be factored"
	}
	return []string{fmt.Sprintf("There are no error bars of %s: %s.", strings.Join(none, ", "), why)}
}

// downweighted names responses that the Loss takes for outliers, ten at most.
func (r *Result) downweighted() []string {
	if r.settings.Loss == nil || r.failure != nil {
		return nil
	}
	var names []string
	first, k := 0, 0
	all := r.Residuals().Downweighted
	for _, i := range all[:min(len(all), 10)] {
		for i-first >= len(r.sets[k].Y) {
			first, k = first+len(r.sets[k].Y), k+1
		}
		name := fmt.Sprintf("y[%d]", i-first)
		if len(r.sets) > 1 {
			name += fmt.Sprintf(" of set %d", k)
		}
		names = append(names, name)
	}
	if names == nil {
		return nil
	}
	more := ""
	if n := len(all) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return []string{fmt.Sprintf("The Loss gives less than half their weight to %s%s.", strings.Join(names, ", "), more)}
}
