package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/stochopt/stochopt/fit"
)

// report is what is printed about a fit. Its JSON is described in the help of fitCommand.
type report struct {
	Formula     string      `json:"formula"`
	Data        string      `json:"data"`
	Error       *string     `json:"error"` // why this is no fit, or nil
	Warnings    []string    `json:"warnings"`
	Points      int         `json:"points"`
	Level       float64     `json:"level"`
	Parameters  []parameter `json:"parameters"`
	ResidualSD  number      `json:"residual_standard_deviation"`
	DF          int         `json:"degrees_of_freedom"`
	RSS         number      `json:"residual_sum_of_squares"`
	Covariance  [][]number  `json:"covariance"`
	Iterations  int         `json:"iterations"`
	Evaluations int         `json:"evaluations"`
}

type parameter struct {
	Name     string `json:"name"`
	Start    number `json:"start"`
	Estimate number `json:"estimate"`
	StdErr   number `json:"standard_error"`
	Lower    number `json:"lower"`
	Upper    number `json:"upper"`
}

// number is a float64 that JSON writes as null if it is not finite.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func newReport(c *fitCommand, p *problem, f *fit.Result, failure error) *report {
	r := &report{
		Formula:     c.Formula,
		Data:        c.Data,
		Warnings:    []string{}, // not null
		Points:      f.N,
		Level:       c.Level,
		ResidualSD:  number(f.ResidualSD),
		DF:          f.DF,
		RSS:         number(f.RSS),
		Iterations:  f.Iterations,
		Evaluations: f.Evaluations,
	}
	if failure != nil {
		message := failure.Error()
		r.Error = &message
	}
	if f.RanAway != nil {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the data hardly determine %s: the fit may have run away to infinity or to where the curve no longer changes; try other start values",
			strings.Join(f.RanAway, ", ")))
	}
	for i, name := range f.Parameters {
		lower, upper := f.Interval(i, c.Level)
		r.Parameters = append(r.Parameters, parameter{
			Name:     name,
			Start:    number(p.start[i]),
			Estimate: number(f.Estimate[i]),
			StdErr:   number(f.StdErr[i]),
			Lower:    number(lower),
			Upper:    number(upper),
		})
		var row []number
		for j := range f.Parameters {
			row = append(row, number(f.Cov.At(i, j)))
		}
		r.Covariance = append(r.Covariance, row)
	}
	return r
}

func (r *report) json(w io.Writer) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (r *report) text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Formula  %s\n", r.Formula)
	fmt.Fprintf(&b, "Data     %s, %d points\n", r.Data, r.Points)
	if r.Error != nil {
		fmt.Fprintf(&b, "Not a fit: values where the search stopped\n") // why stands in stderr
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "WARNING  %s\n", w)
	}
	width := len("Parameter")
	for _, p := range r.Parameters {
		width = max(width, len([]rune(p.Name)))
	}
	fmt.Fprintf(&b, "\n%-*s %17s %17s %17s %17s\n", width, "Parameter", "Estimate", "Standard error",
		fmt.Sprintf("%.4g %% from", 100*r.Level), "to")
	for _, p := range r.Parameters {
		fmt.Fprintf(&b, "%-*s %#17.10g %#17.10g %#17.10g %#17.10g\n", width, p.Name, p.Estimate, p.StdErr, p.Lower, p.Upper)
	}
	if r.DF == 0 {
		fmt.Fprintf(&b, "\nNo degrees of freedom are left: errors are unknown.\n")
	}
	fmt.Fprintf(&b, "\nResidual standard deviation %#17.10g\n", r.ResidualSD)
	fmt.Fprintf(&b, "Residual sum of squares     %#17.10g\n", r.RSS)
	fmt.Fprintf(&b, "Degrees of freedom          %17d\n", r.DF)
	fmt.Fprintf(&b, "Iterations                  %17d\n", r.Iterations)
	fmt.Fprintf(&b, "Evaluations of the curve    %17d\n", r.Evaluations)
	_, err := io.WriteString(w, b.String())
	return err
}
