package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Index is the index of the parameter of that name in Parameters, and so in Estimate, StdErr and Cov, or -1 if there is
// none.
func (r *Result) Index(name string) int { return slices.Index(r.Parameters, name) }

// String is a short report for people: the parameters with their standard errors, what is left of the responses, and
// Diagnosis. Its form may change.
func (r *Result) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	for i, name := range r.Parameters {
		value := fmt.Sprintf("%.*g", r.digits(i), r.Estimate[i])
		switch se := r.StdErr[i]; {
		case r.parameters[i].Fixed:
			value += "\tfixed"
		case slices.Contains(r.AtBound, name):
			value += "\tat its bound"
		case math.IsNaN(se):
			value += "\t± unknown"
		case math.IsInf(se, 1):
			value += "\tnot determined by the data"
		default:
			value += fmt.Sprintf("\t± %.2g", se)
			if r.parameters[i].Tied != nil {
				value += " tied"
			}
		}
		fmt.Fprintf(w, "%s\t= %s\n", name, value)
	}
	w.Flush() // to a Builder, which has no errors
	fmt.Fprintf(&b, "%d responses, %d degrees of freedom, residual standard deviation %.4g\n", r.N, r.DF, r.ResidualSD)
	for _, s := range r.Diagnosis() {
		fmt.Fprintf(&b, "%s\n", s)
	}
	return b.String()
}

// digits is how many digits of an estimate are worth printing: to the second of its standard error, between 3 and 15, or 6.
func (r *Result) digits(i int) int {
	e, se := math.Abs(r.Estimate[i]), r.StdErr[i]
	if !(se > 0) || math.IsInf(se, 1) {
		return 6
	}
	if e == 0 {
		return 3
	}
	return min(max(int(math.Floor(math.Log10(e))-math.Floor(math.Log10(se)))+2, 3), 15)
}
