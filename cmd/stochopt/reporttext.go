package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// text writes the report for a person.
func (r *report) text(w io.Writer) error {
	var b strings.Builder
	what := "Formula "
	if !strings.Contains(r.Formula, "~") {
		what = "Model   "
	}
	fmt.Fprintf(&b, "%s %s\n", what, r.Formula)
	data := r.Data
	if data == "-" {
		data = "standard input"
	}
	fmt.Fprintf(&b, "Data     %s, %d points%s\n", data, r.Points, r.describeSigma())
	if n := len(r.Skipped); n > 0 {
		fmt.Fprintf(&b, "Skipped  %d row(s) without a value: %s\n", n, lineList(r.Skipped))
	}
	if r.Error != nil {
		fmt.Fprintf(&b, "WARNING  not a fit but values where the search stopped: %s\n", strings.TrimPrefix(*r.Error, "fit: "))
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "WARNING  %s\n", w)
	}
	r.writeParameters(&b)
	r.writeCorrelations(&b)
	r.writeStatistics(&b)
	r.writeDownWeighted(&b)
	if line := sparkline(r.residuals, 60); line != "" && r.Error == nil {
		order := "rows"
		if len(r.Predictors) > 0 {
			order = r.Predictors[0]
		}
		fmt.Fprintf(&b, "\nResiduals in the order of %s, from %.3g to %.3g standard deviations\n%s\n", order,
			slices.Min(r.residuals), slices.Max(r.residuals), line)
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "%s\n", n)
	}
	writeComparison(&b, r.Comparison)
	_, err := io.WriteString(w, b.String())
	return err
}

// describeSigma says how the rows weigh.
func (r *report) describeSigma() string {
	switch {
	case r.Sigma == nil:
		return ""
	case r.AbsoluteSigma:
		return ", standard deviations " + *r.Sigma
	}
	return ", standard deviations proportional to " + *r.Sigma
}

// lineList writes the first line numbers.
func lineList(lines []int) string {
	var s []string
	for i, l := range lines {
		if i == 10 {
			s = append(s, "...")
			break
		}
		s = append(s, fmt.Sprint(l))
	}
	return "line " + strings.Join(s, ", ")
}

func (r *report) writeParameters(b *strings.Builder) {
	width := len("Parameter")
	for _, p := range r.Parameters {
		width = max(width, len([]rune(p.Name)))
	}
	fmt.Fprintf(b, "\n%-*s %17s %17s %8s %17s %17s\n", width, "Parameter", "Estimate", "Standard error", "Relative",
		fmt.Sprintf("%.4g %% from", 100*r.Level), "to")
	for _, p := range r.Parameters {
		fmt.Fprintf(b, "%-*s %#17.10g ", width, p.Name, p.Estimate)
		switch p.Kind {
		case "fixed":
			b.WriteString("            fixed\n")
			continue
		case "at bound":
			b.WriteString("         at bound\n")
			continue
		}
		fmt.Fprintf(b, "%#17.10g %8s %#17.10g %#17.10g", p.StdErr, percent(float64(p.Relative)), p.Lower, p.Upper)
		if p.Kind == "tied" {
			b.WriteString("  tied")
		}
		b.WriteString("\n")
	}
	if r.Intervals != "t" {
		fmt.Fprintf(b, "\nIntervals by %s.\n", map[string]string{"profile": "profile likelihood", "bootstrap": "bootstrap"}[r.Intervals])
	}
}

// writeCorrelations writes the correlations above 0.1, the strongest first, ten at most.
func (r *report) writeCorrelations(b *strings.Builder) {
	type pair struct {
		names string
		value float64
	}
	var pairs []pair
	for i := range r.Parameters {
		for j := range i {
			if v := float64(r.Correlation[i][j]); math.Abs(v) >= 0.1 {
				pairs = append(pairs, pair{r.Parameters[j].Name + ", " + r.Parameters[i].Name, v})
			}
		}
	}
	if len(pairs) == 0 {
		return
	}
	slices.SortStableFunc(pairs, func(p, q pair) int { return cmp.Compare(math.Abs(q.value), math.Abs(p.value)) })
	const most = 10
	width := 0
	for _, p := range pairs[:min(most, len(pairs))] {
		width = max(width, len([]rune(p.names)))
	}
	b.WriteString("\nCorrelations above 0.1\n")
	for i, p := range pairs {
		if i == most {
			fmt.Fprintf(b, "and %d smaller ones\n", len(pairs)-most)
			break
		}
		fmt.Fprintf(b, "%-*s %8.4f\n", width, p.names, p.value)
	}
}

func (r *report) writeStatistics(b *strings.Builder) {
	b.WriteString("\n")
	value := func(name string, v number) {
		if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
			fmt.Fprintf(b, "%-28s%#17.10g\n", name, v)
		}
	}
	count := func(name string, n int) { fmt.Fprintf(b, "%-28s%17d\n", name, n) }
	if r.Loss != "linear" { // R² and the like are of least squares, and outliers would rule them
		value("Scale of the residuals", r.ResidualSD)
		value("Sum of the loss", r.Objective)
	} else {
		value("Residual standard deviation", r.ResidualSD)
		value("Residual sum of squares", r.RSS)
		if r.Sigma != nil {
			value("Reduced chi-square", r.ReducedChiSquare)
		}
		value("R²", r.R2)
		value("AICc", r.AICc)
		value("BIC", r.BIC)
	}
	count("Degrees of freedom", r.DF)
	count("Iterations", r.Iterations)
	count("Evaluations of the curve", r.Evaluations)
}

// writeDownWeighted writes the rows that a loss takes for outliers, ten at most.
func (r *report) writeDownWeighted(b *strings.Builder) {
	if r.Loss == "linear" || r.Error != nil {
		return
	}
	if len(r.DownWeighted) == 0 {
		b.WriteString("\nNo point has less than half of its weight: there are no outliers.\n")
		return
	}
	fmt.Fprintf(b, "\nPoints with less than half of their weight: %d of %d\n", len(r.DownWeighted), r.Points)
	const most = 10
	for i, w := range r.DownWeighted {
		if i == most {
			fmt.Fprintf(b, "and %d more\n", len(r.DownWeighted)-most)
			break
		}
		fmt.Fprintf(b, "line %-8d weight %-8.3g residual %.3g, in units of the scale\n", w.Line, float64(w.Weight), float64(w.Residual))
	}
}

// sparkline draws numbers as blocks between their least and greatest value, the means of neighbours if there are more than
// width. It is empty if there is nothing to see.
func sparkline(v []float64, width int) string {
	if len(v) < 2 {
		return ""
	}
	n := min(width, len(v))
	means := make([]float64, n)
	for k := range means {
		part := v[k*len(v)/n : (k+1)*len(v)/n]
		for _, x := range part {
			means[k] += x / float64(len(part))
		}
	}
	low, high := slices.Min(means), slices.Max(means)
	if !(high > low) || math.IsInf(high-low, 0) {
		return ""
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	line := make([]rune, n)
	for k, m := range means {
		line[k] = blocks[min(int(float64(len(blocks))*(m-low)/(high-low)), len(blocks)-1)]
	}
	return string(line)
}
