package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/builtin"
)

type modelsCommand struct {
	Name string `arg:"" optional:"" help:"The model, or a sum as gaussian+line, to explain; all are listed if none is named."`
}

// Help is the long text of stochopt models --help.
func (*modelsCommand) Help() string {
	return `The models need no start values, which they guess from the data:

    stochopt fit data.csv --model gaussian+line --plot fit.png

A sum is written with +. In it each parameter has the name of its term in front, as gaussian_center; of equal terms with a number, as gaussian2_center.`
}

// Run lists the models, or explains one.
func (c *modelsCommand) Run(_ context.Context, s streams) error {
	var b strings.Builder
	if c.Name != "" {
		sum, err := builtin.Parse(c.Name)
		if err != nil {
			return inputError{err}
		}
		explainModel(&b, sum)
	} else {
		width := 0
		for _, m := range builtin.Models {
			width = max(width, len(m.Name))
		}
		for _, m := range builtin.Models {
			fmt.Fprintf(&b, "%-*s  %s\n%-*s  %s\n", width, m.Name, m.Formula, width, "", m.About)
		}
		b.WriteString("\nA sum is written with +, as in gaussian+gaussian+line. Start values are guessed; stochopt models gaussian explains one, and stochopt models gaussian+line a sum.\n")
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// explainModel tells what a model or a sum computes, and its parameters.
func explainModel(b *strings.Builder, sum *builtin.Sum) {
	name, parameters := strings.Join(sum.Terms, "+"), strings.Join(sum.Model.Parameters, ", ")
	if len(sum.Terms) == 1 {
		m, _ := builtin.Find(name) // Parse has found it
		fmt.Fprintf(b, "%s\n\n    %s\n\n%s\nParameters: %s\n\n    stochopt fit data.csv --model %s\n    stochopt fit data.csv --model %s+line\n",
			m.Name, m.Formula, m.About, parameters, m.Name, m.Name)
		return
	}
	fmt.Fprintf(b, "%s, the sum of\n\n", name)
	for k, term := range sum.Terms {
		m, _ := builtin.Find(term)
		fmt.Fprintf(b, "    %s\n        %s\n        %s\n        Parameters: %s\n", sum.Label(k), m.Formula, m.About, strings.Join(sum.Parts[k].Parameters, ", "))
	}
	fmt.Fprintf(b, "\n    stochopt fit data.csv --model %s\n", name)
}
