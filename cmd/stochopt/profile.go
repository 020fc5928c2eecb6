package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/catalogue"
	"github.com/stochopt/stochopt/internal/spelling"
	"github.com/stochopt/stochopt/testfuncs/profile"
	"gonum.org/v1/gonum/optimize"
)

type profileCommand struct {
	Methods []string `arg:"" optional:"" name:"method" help:"The methods, by name; all if none is named."`
	Class   []string `help:"Only these classes of problems: smooth, stiff, units, noisy, heavy, sums."`
	Budget  int      `default:"3000" help:"How many draws a run may take."`
	Seeds   int      `default:"5" help:"How many runs to make of each method on each problem with randomness."`
	Tau     float64  `default:"0.001" help:"A problem is solved when this part of the fall from its start to its minimum is left."`
	Show    []string `sep:";" default:"Adam;Adam, cosine;SGD momentum, cosine;AdaGradNorm;DoG;SMORMS3;ScheduleFreeAdam;gonum LBFGS" help:"The methods that the picture shows in colour, at most 8, with semicolons between them."`
	Plot    string   `placeholder:"FILE" help:"Draw the data profiles into this file, .png, .svg or .pdf."`
	Out     string   `placeholder:"FILE" help:"Write the table, in Markdown, to this file instead of standard output."`
}

// Help is the long text of stochopt profile --help.
func (*profileCommand) Help() string {
	return `Runs the methods at their default settings on test problems and prints, for each method and class of problems, how many digits it gains,

    -log10 (f(x) - f*)/(f(x0) - f*), between 0 and 6, in the mean over the problems

for the last point of the budget, and in parentheses the share of the problems it solves. The values without noise count, which the methods do not see. --plot draws data profiles: the share of problems solved over the cost, in draws for each variable and one more, with the range from the 10 % to the 90 % quantile over the seeds as a band.`
}

// Run compares and prints the table.
func (c *profileCommand) Run(ctx context.Context, s streams) error {
	methods, err := c.choose()
	if err != nil {
		return inputError{err}
	}
	if err := errors.Join(atLeastOne("budget", c.Budget), atLeastOne("seeds", c.Seeds), knownFormat(c.Plot)); err != nil {
		return inputError{err}
	}
	if !(c.Tau > 0 && c.Tau < 1) {
		return inputError{fmt.Errorf("--tau is %v, want between 0 and 1", c.Tau)}
	}
	if c.Plot != "" {
		for _, name := range c.Show {
			if len(c.Methods) == 0 && !slices.ContainsFunc(methods, func(m profile.Method) bool { return m.Name == name }) {
				return inputError{unknown("--show: there is no method", name, methods, func(m profile.Method) string { return m.Name })}
			}
		}
	}
	var classes []catalogue.Class
	for _, class := range catalogue.Classes() {
		if len(c.Class) == 0 || slices.Contains(c.Class, class.Name) {
			classes = append(classes, class)
		}
	}
	if len(classes) == 0 || len(c.Class) > len(classes) {
		return inputError{fmt.Errorf("--class is %s; the classes are smooth, stiff, units, noisy, heavy, sums", strings.Join(c.Class, ","))}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	results := make([]*profile.Results, len(classes))
	for i, class := range classes {
		seeds := c.Seeds
		if class.Exact {
			seeds = 1
		}
		results[i], err = compare(ctx, s.err, class.Name, profile.Comparison{Methods: methods, Problems: class.Problems, Seeds: seeds, Budget: c.Budget})
		if err != nil {
			return err
		}
	}
	if c.Plot != "" {
		if err := drawProfiles(c.Plot, c.Tau, c.Show, classes, results); err != nil {
			return err
		}
	}
	if err := write(s.out, c.Out, func(w io.Writer) error { return c.table(w, classes, results) }); err != nil {
		return err
	}
	if c.Plot != "" {
		_, err = fmt.Fprintf(s.out, "\nPicture  %s\n", c.Plot)
	}
	return err
}

// choose returns the methods to compare: those of the module and some of gonum.
func (c *profileCommand) choose() ([]profile.Method, error) {
	var all []profile.Method
	for _, m := range catalogue.Methods {
		all = append(all, profile.Method{Name: m.Name, New: func() optimize.Method { return m.New(0) }})
	}
	all = append(all, catalogue.Settled(c.Budget)...)
	all = append(all, catalogue.Gonum...)
	if len(c.Methods) == 0 {
		return all, nil
	}
	var chosen []profile.Method
	for _, n := range c.Methods {
		i := slices.IndexFunc(all, func(m profile.Method) bool { return m.Name == n })
		if i < 0 {
			return nil, unknown("there is no method", n, all, func(m profile.Method) string { return m.Name })
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// unknown is the error of a name that is none of those of all.
func unknown[M any](what, name string, all []M, nameOf func(M) string) error {
	var names []string
	for _, m := range all {
		names = append(names, nameOf(m))
	}
	if n := spelling.Nearest(name, names); n != "" {
		return fmt.Errorf("%s %q; did you mean %q?", what, name, n)
	}
	return fmt.Errorf("%s %q; there are %s", what, name, strings.Join(names, "; "))
}

// atLeastOne returns an error unless the value of a flag is.
func atLeastOne(flag string, v int) error {
	if v < 1 {
		return fmt.Errorf("--%s is %d, want at least 1", flag, v)
	}
	return nil
}

func (c *profileCommand) table(w io.Writer, classes []catalogue.Class, results []*profile.Results) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Digits gained in %d draws, mean over the problems of a class, and share of them solved to %g:\n\n| method |", c.Budget, c.Tau)
	for _, class := range classes {
		fmt.Fprintf(&b, " %s |", class.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(classes)) + "\n")
	solved := make([][]profile.Band, len(results))
	best := make([]float64, len(results))
	for i, r := range results {
		solved[i] = r.Data(c.Tau)
		for m := range r.Methods {
			best[i] = max(best[i], gained(r, m))
		}
	}
	for m, name := range results[0].Methods {
		fmt.Fprintf(&b, "| %s |", name)
		for i, r := range results {
			d := fmt.Sprintf("%.1f", gained(r, m))
			if gained(r, m) > best[i]-0.05 {
				d = "**" + d + "**"
			}
			curve := solved[i][m].Median
			fmt.Fprintf(&b, " %s (%.0f %%) |", d, 100*curve[len(curve)-1])
		}
		b.WriteString("\n")
	}
	for _, class := range classes {
		fmt.Fprintf(&b, "\n- %s: %s (%d problems).", class.Name, class.About, len(class.Problems))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}
