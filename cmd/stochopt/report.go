package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/mat"
)

// report is what is printed about a fit. Its JSON is described in the help of fitCommand.
type report struct {
	Formula       string      `json:"formula"`
	Data          string      `json:"data"`
	Response      string      `json:"response"`
	Predictors    []string    `json:"predictors"`
	Sigma         *string     `json:"sigma"`
	AbsoluteSigma bool        `json:"absolute_sigma"`
	Loss          string      `json:"loss"`
	Outcome       string      `json:"outcome"`
	Error         *string     `json:"error"` // why this is no fit, or nil
	Warnings      []string    `json:"warnings"`
	Notes         []string    `json:"notes"`
	Points        int         `json:"points"`
	Skipped       []int       `json:"skipped_lines"`
	Level         float64     `json:"level"`
	Intervals     string      `json:"intervals"`
	Seed          *uint64     `json:"seed"` // of the bootstrap
	Parameters    []parameter `json:"parameters"`
	ResidualSD    number      `json:"residual_standard_deviation"`
	DF            int         `json:"degrees_of_freedom"`
	RSS           number      `json:"residual_sum_of_squares"`
	statistics
	Covariance  [][]number  `json:"covariance"`
	Correlation [][]number  `json:"correlation"`
	Rank        int         `json:"rank"`
	Status      string      `json:"status"`
	AfterAdam   bool        `json:"after_adam"`
	Iterations  int         `json:"iterations"`
	Evaluations int         `json:"evaluations"`
	Comparison  []contender `json:"comparison"` // nil if there is nothing to compare with
	Objective   number      `json:"objective"`  // the sum that was minimized
	// DownWeighted are the points that a loss gives less than half of their weight, the least first.
	DownWeighted []downWeighted `json:"down_weighted"`

	residuals []float64 // standardized, in the order of the first predictor
}

// downWeighted is a point that a loss takes for an outlier.
type downWeighted struct {
	Line     int    `json:"line"`
	Residual number `json:"standardized_residual"` // in units of the scale, as in the CSV
	Weight   number `json:"weight"`                // from 0 to 1
}

type statistics struct {
	ChiSquare        number `json:"chi_square"`
	ReducedChiSquare number `json:"reduced_chi_square"`
	RMSE             number `json:"rmse"`
	R2               number `json:"r_squared"`
	AdjustedR2       number `json:"adjusted_r_squared"`
	LogLikelihood    number `json:"log_likelihood"`
	AIC              number `json:"aic"`
	AICc             number `json:"aicc"`
	BIC              number `json:"bic"`
}

type parameter struct {
	Name     string `json:"name"`
	Start    number `json:"start"`
	Estimate number `json:"estimate"`
	StdErr   number `json:"standard_error"`
	Relative number `json:"relative_error"` // StdErr over |Estimate|
	Lower    number `json:"lower"`
	Upper    number `json:"upper"`
	Kind     string `json:"kind"` // free, fixed, tied or at bound
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

func newReport(c *fitCommand, p *problem, intervals []interval, failure error) *report {
	d := p.candidates[0]
	f := d.result
	r := &report{
		Formula:       d.text,
		Data:          c.Data,
		Response:      d.response,
		Predictors:    append([]string{}, d.predictors...), // not null
		AbsoluteSigma: c.AbsoluteSigma,
		Loss:          c.Loss,
		Outcome:       outcomeOf(d).name,
		Warnings:      append([]string{}, p.warnings(d)...),
		Notes:         append([]string{}, c.notes(p, d)...),
		Points:        f.N,
		Skipped:       append([]int{}, p.table.Skipped...),
		Level:         c.Level,
		Intervals:     c.Conf,
		ResidualSD:    number(f.ResidualSD),
		DF:            f.DF,
		RSS:           number(f.RSS),
		Covariance:    matrix(f.Cov),
		Rank:          f.Rank,
		Status:        f.Status.String(),
		AfterAdam:     f.AfterAdam,
		Iterations:    f.Iterations,
		Evaluations:   f.Evaluations,
		Objective:     number(f.Objective),
		DownWeighted:  []downWeighted{}, // not null
	}
	if c.Sigma != "" {
		r.Sigma = &c.Sigma
	}
	if c.Conf == "bootstrap" {
		r.Seed = &c.Seed
	}
	if failure != nil {
		message := failure.Error()
		r.Error = &message
	}
	s := f.Statistics()
	r.statistics = statistics{
		ChiSquare: number(s.ChiSquare), ReducedChiSquare: number(s.ReducedChiSquare), RMSE: number(s.RMSE),
		R2: number(s.R2), AdjustedR2: number(s.AdjustedR2),
		LogLikelihood: number(s.LogLikelihood), AIC: number(s.AIC), AICc: number(s.AICc), BIC: number(s.BIC),
	}
	r.Correlation = matrix(f.Correlation())
	for i, name := range f.Parameters {
		r.Parameters = append(r.Parameters, parameter{
			Name:     name,
			Start:    number(d.start(i)),
			Estimate: number(f.Estimate[i]),
			StdErr:   number(f.StdErr[i]),
			Relative: number(f.StdErr[i] / math.Abs(f.Estimate[i])),
			Lower:    number(intervals[i].lower),
			Upper:    number(intervals[i].upper),
			Kind:     role(d.parameters[i], f),
		})
	}
	if !c.Stream {
		residuals := f.Residuals()
		r.residuals = ordered(residuals.Standardized, d.data.X)
		r.DownWeighted = outliers(residuals, p.lines)
		if c.Loss == "linear" && outcomeOf(d) == outcomeFitted {
			if note := suspectNote(f, c.AbsoluteSigma, p.lines); note != "" {
				r.Notes = append(r.Notes, note)
			}
		}
	}
	return r
}

// outliers are the points to which a loss gives less than half of their weight, the least first.
func outliers(r *fit.Residuals, lines []int) []downWeighted {
	all := []downWeighted{} // not null
	for _, i := range r.Downweighted {
		all = append(all, downWeighted{lines[i], number(r.Standardized[i]), number(r.Weight[i])})
	}
	slices.SortStableFunc(all, func(a, b downWeighted) int { return cmp.Compare(a.Weight, b.Weight) })
	return all
}

// start is where parameter i has started, NaN for a tied one.
func (d *candidate) start(i int) float64 {
	if d.parameters[i].Tied != nil {
		return math.NaN()
	}
	return d.parameters[i].Start
}

// role says what the search could do with a parameter.
func role(p fit.Parameter, r *fit.Result) string {
	switch {
	case p.Fixed:
		return "fixed"
	case p.Tied != nil:
		return "tied"
	case slices.Contains(r.AtBound, p.Name):
		return "at bound"
	}
	return "free"
}

// matrix returns the rows of a matrix.
func matrix(m *mat.SymDense) (rows [][]number) {
	n := m.SymmetricDim()
	for i := range n {
		row := make([]number, n)
		for j := range row {
			row[j] = number(m.At(i, j))
		}
		rows = append(rows, row)
	}
	return rows
}

// ordered returns residuals in the order of the first predictor.
func ordered(v []float64, x [][]float64) []float64 {
	index := make([]int, len(v))
	for i := range index {
		index[i] = i
	}
	if len(x[0]) > 0 {
		slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(x[a][0], x[b][0]) })
	}
	sorted := make([]float64, len(v))
	for k, i := range index {
		sorted[k] = v[i]
	}
	return sorted
}

func (r *report) json(w io.Writer) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// percent writes a share with two digits, as 1.2 %.
func percent(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v >= 10:
		return "> 1000 %"
	case v >= 0.1:
		return fmt.Sprintf("%.0f %%", 100*v)
	}
	return fmt.Sprintf("%.2g %%", 100*v)
}
