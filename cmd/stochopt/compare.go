package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/nested"
	"github.com/stochopt/stochopt/fit"
)

// contender is a model in a comparison.
type contender struct {
	Model      string      `json:"model"`
	Parameters int         `json:"parameters"`
	RSS        number      `json:"residual_sum_of_squares"`
	AICc       number      `json:"aicc"`
	Delta      number      `json:"delta_aicc"`
	Weight     number      `json:"weight"`
	Error      *string     `json:"error"` // why the fit has failed, or nil
	Tests      []nestedFit `json:"f_tests"`
	Untested   []string    `json:"untested"` // why there is no F-test against a special case
}

// nestedFit is the F-test of a model that is a special case of the contender.
type nestedFit struct {
	Against   string `json:"against"`
	Statistic number `json:"statistic"`
	DF1       int    `json:"df1"`
	DF2       int    `json:"df2"`
	P         number `json:"p"`
}

// compareFits compares the fits of all candidates, the best by AICc first, those without a fit last. It is nil if there is
// only one. A single fit has its AICc, but no weight, which is a share among several.
func (p *problem) compareFits() (table []contender, warning string) {
	all := p.candidates
	if len(all) < 2 {
		return nil, ""
	}
	var results []*fit.Result
	for _, d := range all {
		t := contender{Model: d.text, Parameters: d.result.N - d.result.DF, RSS: number(d.result.RSS),
			AICc: number(math.NaN()), Delta: number(math.NaN()), Weight: number(math.NaN()), Tests: []nestedFit{}, Untested: []string{}}
		if d.err != nil {
			message := p.explain(d, d.err).Error()
			t.Error = &message
		} else {
			results = append(results, d.result)
			t.AICc = number(d.result.Statistics().AICc)
		}
		table = append(table, t)
	}
	defer func() {
		slices.SortStableFunc(table, func(a, b contender) int { return cmp.Compare(order(a), order(b)) })
	}()
	if len(results) < 2 {
		return table, ""
	}
	scores, err := fit.Compare(results...)
	if err != nil {
		return table, fmt.Sprintf("no comparison: %v", err)
	}
	k := 0
	for i, d := range all {
		if d.err != nil {
			continue
		}
		table[i].Delta, table[i].Weight = number(scores[k].Delta), number(scores[k].Weight)
		k++
		for _, small := range all {
			if small == d || small.err != nil {
				continue
			}
			in, idle := nested.In(small.curve(small.namesIn(d)), d.curve(d.model.Parameters))
			if !in {
				continue
			}
			if len(idle) > 0 {
				table[i].Untested = append(table[i].Untested, fmt.Sprintf("No F-test of %s against its special case %s, where %s would mean nothing",
					d.text, small.text, strings.Join(idle, ", ")))
				continue
			}
			if t, err := fit.CompareNested(small.result, d.result); err == nil {
				table[i].Tests = append(table[i].Tests, nestedFit{small.text, number(t.Statistic), t.DF1, t.DF2, number(t.P)})
			}
		}
	}
	return table, ""
}

// order puts models without AICc last, and among them those without a fit.
func order(c contender) float64 {
	switch {
	case c.Error != nil:
		return math.Inf(1)
	case !finite(float64(c.AICc)):
		return math.MaxFloat64
	}
	return float64(c.AICc)
}

// curve is what nestedness is about, with the parameters under other names.
func (d *candidate) curve(names []string) nested.Curve {
	return nested.Curve{Names: names, Func: d.model.Func, At: d.own(d.result.Estimate), X: d.data.X}
}

// namesIn are the names that the parameters have in a larger candidate: the same, or in a sum of built-in models those of
// equal terms.
func (d *candidate) namesIn(large *candidate) []string {
	if d.sum != nil && large.sum != nil {
		if names := d.sum.NamesIn(large.sum); names != nil {
			return names
		}
	}
	return d.model.Parameters
}

// writeComparison writes the table of a comparison, if there is one.
func writeComparison(b *strings.Builder, table []contender) {
	if len(table) == 0 {
		return
	}
	width := len("Model")
	for _, c := range table {
		width = max(width, len([]rune(c.Model)))
	}
	fmt.Fprintf(b, "\n%-*s %10s %14s %10s %10s %7s\n", width, "Model", "Parameters", "RSS", "AICc", "Difference", "Weight")
	for _, c := range table {
		fmt.Fprintf(b, "%-*s %10d %#14.6g ", width, c.Model, c.Parameters, c.RSS)
		switch {
		case c.Error != nil:
			b.WriteString("not compared\n")
		case math.IsNaN(float64(c.Weight)):
			fmt.Fprintf(b, "%10.2f\n", c.AICc)
		default:
			fmt.Fprintf(b, "%10.2f %10.2f %7.3f\n", c.AICc, c.Delta, c.Weight)
		}
	}
	var sound []string
	for _, c := range table {
		if c.Error == nil {
			sound = append(sound, c.Model)
			continue
		}
		fmt.Fprintf(b, "%s could not be compared: %s.\n", c.Model, strings.TrimPrefix(*c.Error, "fit: "))
	}
	switch len(sound) {
	case 0:
		b.WriteString("None of these models has a fit.\n")
	case 1:
		fmt.Fprintf(b, "Of these models only %s has a fit: nothing here speaks for another.\n", sound[0])
	}
	for _, c := range table {
		for _, u := range c.Untested {
			fmt.Fprintf(b, "%s\n", u)
		}
		for _, t := range c.Tests {
			fmt.Fprintf(b, "F-test of %s against its special case %s: F(%d, %d) = %.4g, p = %.2g\n", c.Model, t.Against, t.DF1, t.DF2, t.Statistic, t.P)
		}
	}
}
