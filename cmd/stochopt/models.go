package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/builtin"
)

type modelsCommand struct {
	Name string `arg:"" optional:"" help:"The model to explain; all are listed if none is named."`
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
		m, err := builtin.Find(c.Name)
		if err != nil {
			return inputError{err}
		}
		fmt.Fprintf(&b, "%s\n\n    %s\n\n%s\nParameters: %s\n\n    stochopt fit data.csv --model %s\n    stochopt fit data.csv --model %s+line\n",
			m.Name, m.Formula, m.About, strings.Join(m.New().Parameters, ", "), m.Name, m.Name)
	} else {
		width := 0
		for _, m := range builtin.Models {
			width = max(width, len(m.Name))
		}
		for _, m := range builtin.Models {
			fmt.Fprintf(&b, "%-*s  %s\n%-*s  %s\n", width, m.Name, m.Formula, width, "", m.About)
		}
		b.WriteString("\nA sum is written with +, as in gaussian+gaussian+line. Start values are guessed; stochopt models gaussian explains one.\n")
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}
