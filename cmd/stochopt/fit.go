package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/formula"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/table"
	"github.com/stochopt/stochopt/fit"
)

type fitCommand struct {
	Data    string   `arg:"" help:"The table, a CSV file whose first line names the columns; - is standard input."`
	Formula string   `arg:"" help:"RESPONSE ~ MODEL, as in 'y ~ b1*(1-exp(-b2*x))'."`
	Start   []string `arg:"" name:"name=value" help:"The start value of each parameter, as in b1=500."`

	Level float64 `default:"0.95" help:"Probability that a confidence interval covers the parameter, between 0 and 1."`
	JSON  bool    `name:"json" help:"Print one JSON object instead of the report."`
}

// Help is the long text of stochopt fit --help.
func (*fitCommand) Help() string {
	return `Example:

    stochopt fit misra1a.csv 'y ~ b1*(1-exp(-b2*x))' b1=500 b2=0.0001

finds the b1 and b2 for which the sum of the squares of y - b1*(1-exp(-b2*x)) over the rows of misra1a.csv is least, and prints them with standard errors and confidence intervals. The file begins

    # lines with # are comments
    x,y
    77.6,10.07
    114.9,14.73

The names in a formula are columns of the file or parameters; parameters are the names with a start value. A start should have the right sign and order of magnitude. Formulas know + - * /, powers (** or ^, so that -x**2 is -(x**2) and a**b**c is a**(b**c)), parentheses, pi, and ` +
		strings.Join(formula.Functions(), ", ") + `; log is the natural logarithm. The left side may be an expression of columns, as in log(y). A column that is the same in every row is welcome beside others that are not. Put the formula between quotation marks, to keep the shell from reading it.

All rows weigh the same, as is right if their errors are equal. If they are not, and a column sigma holds their standard deviations, divide both sides by it:

    'y/sigma ~ (A*exp(-k*t))/sigma'

The residual standard deviation is then about 1 if sigma is right, and the standard errors are scaled by it.

--json prints formula, data, error (null, or why the fit failed), warnings (a list, mostly empty), points, level, parameters (a list of name, start, estimate, standard_error, lower, upper), residual_standard_deviation, degrees_of_freedom, residual_sum_of_squares, covariance (a list of rows), iterations and evaluations. A number that is not finite or not known is null. If the input is wrong, the object holds error only.

Exit code: 0 if the fit succeeded, 1 if it failed or did not converge, 2 if the input is wrong. A fit that fails prints the values at which it stopped. A line WARNING in the report, or an entry of warnings, says that the fit has found no minimum to be trusted; the exit code is 0 then. Under go run the exit code of every failure is 1: in scripts use the command that this installs:

    go install ./cmd/stochopt`
}

// Run reads the input, fits, and prints the report.
func (c *fitCommand) Run(ctx context.Context, s streams) error {
	problem, err := c.read(s.in)
	if err != nil {
		return inputError{err}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	f := problem.formula
	m := fit.Model{Parameters: f.Parameters, Func: f.Model()}
	result, err := fit.Curve(ctx, m, problem.x, problem.y, problem.start, nil)
	err = problem.explain(err, result)
	if result == nil {
		return inputError{err} // nothing was tried
	}
	r := newReport(c, problem, result, err)
	write := r.text
	if c.JSON {
		write = r.json
	}
	return errors.Join(err, write(s.out))
}

// problem is what the user asks for, checked.
type problem struct {
	file    string // the name of the data in errors
	formula *formula.Formula
	start   []float64 // in the order of formula.Parameters
	lines   []int     // of the file, where the points stand
	x       [][]float64
	y       []float64
}

func (c *fitCommand) read(in io.Reader) (*problem, error) {
	if !(c.Level > 0 && c.Level < 1) {
		return nil, fmt.Errorf("--level is %v and must lie between 0 and 1, as 0.95 does", c.Level)
	}
	names, start, err := startValues(c.Start)
	if err != nil {
		return nil, err
	}
	file := "standard input"
	if c.Data != "-" {
		opened, err := os.Open(c.Data)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in, file = opened, c.Data
	}
	data, err := table.Read(in, file)
	if err != nil {
		return nil, err
	}
	f, err := formula.Parse(c.Formula, data.Names, names)
	if err != nil {
		return nil, err
	}
	for _, side := range [][]string{f.ResponseColumns, f.Columns} {
		if same := constant(data, side); len(same) > 0 && len(same) == len(side) {
			return nil, fmt.Errorf("%s: %s in every row; a fit learns nothing from it", file, strings.Join(same, " and "))
		}
	}
	if n := len(data.Lines); n < len(start) {
		return nil, fmt.Errorf("%s: too few points, %d for %d parameters", file, n, len(start))
	}
	p := &problem{file: file, formula: f, start: start, lines: data.Lines, x: rows(data, f.Columns)}
	response := f.Response()
	for i, row := range rows(data, f.ResponseColumns) {
		y := response(row)
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return nil, fmt.Errorf("%s, line %d: the response left of ~ is %v", file, data.Lines[i], y)
		}
		p.y = append(p.y, y)
	}
	if y := p.y[0]; len(p.y) > 1 && !slices.ContainsFunc(p.y, func(v float64) bool { return v != y }) {
		return nil, fmt.Errorf("%s: the response left of ~ is %v in every row; a fit learns nothing from it", file, y)
	}
	return p, nil
}

// constant returns "column c is 7" for each of some columns that holds the same value in all of several rows.
func constant(data *table.Table, names []string) (same []string) {
	for _, name := range names {
		if data.Constant(name) {
			same = append(same, fmt.Sprintf("column %s is %v", name, data.Column(name)[0]))
		}
	}
	return same
}

// startValues reads arguments such as b1=500.
func startValues(args []string) (names []string, values []float64, err error) {
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found || name == "" {
			return nil, nil, fmt.Errorf("%q is not a start value; write NAME=VALUE, as in b1=500 (and quote the formula)", arg)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, fmt.Errorf("start value of %s: %q is not a finite number; write numbers like 1000, 0.5 or 2e-3", name, value)
		}
		names, values = append(names, name), append(values, v)
	}
	return names, values, nil
}

// rows returns some columns of a table, row by row.
func rows(t *table.Table, names []string) [][]float64 {
	rows := make([][]float64, len(t.Lines))
	for _, name := range names {
		for i, v := range t.Column(name) {
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}
