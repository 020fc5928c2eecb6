// Command stochopt fits formulas to tables of numbers and looks at noisy objectives. See stochopt --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	fitted       = 0
	failed       = 1 // the search found no minimum, or a file cannot be written
	badInput     = 2
	undetermined = 3 // a minimum, but the data do not determine all parameters there
	noEnd        = 4 // the search did not end in the iterations allowed
	interrupted  = 130
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// inputError is an error that the user's input causes.
type inputError struct{ error }

// Unwrap returns the error itself.
func (e inputError) Unwrap() error { return e.error }

// run runs the command with its arguments and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	var commands struct {
		Fit       fitCommand       `cmd:"" help:"Fit a formula or a built-in model to the columns of a table."`
		Models    modelsCommand    `cmd:"" help:"List the built-in models, or explain one."`
		Check     checkCommand     `cmd:"" help:"Tell what kind of objective a program is: its randomness, noise, cost and gradient."`
		Profile   profileCommand   `cmd:"" help:"Compare all methods on classes of test problems: a table, and a picture of their data profiles."`
		Regret    regretCommand    `cmd:"" help:"Show the regret of methods on sequences of losses, beside its bounds."`
		Sweep     sweepCommand     `cmd:"" help:"Try step sizes of every method on test functions, and print the table behind the defaults."`
		Reproduce reproduceCommand `cmd:"" help:"Repeat a published experiment on Adam: a picture, the numbers behind it, and a few lines."`
	}
	helped, code := false, fitted
	help := s.out
	if len(args) == 0 { // a usage error that the list of commands answers
		args, help, code = []string{"--help"}, s.err, badInput
	}
	parser, err := kong.New(&commands,
		kong.Name("stochopt"),
		kong.Description("Fits curves to data and looks at noisy objectives. For examples: stochopt fit --help, stochopt check --help"),
		kong.Writers(help, s.err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
	)
	if err != nil {
		panic(err) // the tags above or in fitCommand are wrong
	}
	var command *kong.Context
	ordered, err := flagsFirst(parser.Model, args)
	if err == nil {
		command, err = parser.Parse(ordered)
	}
	switch {
	case helped:
		return code
	case err != nil:
		about := "stochopt"
		if len(args) > 0 && slices.ContainsFunc(parser.Model.Children, func(n *kong.Node) bool { return n.Name == args[0] }) {
			about += " " + args[0]
		}
		err = inputError{fmt.Errorf("%w; see %s --help", err, about)}
	default:
		err = command.Run()
	}
	if err == nil {
		return fitted
	}
	fmt.Fprintf(s.err, "stochopt: %v\n", err)
	if errors.As(err, &inputError{}) {
		if commands.Fit.JSON || commands.Check.JSON || slices.Contains(args, "--json") { // the first is not set where args do not parse
			if err := writeJSON(s.out, map[string]string{"error": err.Error()}); err != nil {
				fmt.Fprintf(s.err, "stochopt: %v\n", err)
			}
		}
		return badInput
	}
	var o outcomeError
	if errors.As(err, &o) {
		return o.outcome.code
	}
	return failed
}
