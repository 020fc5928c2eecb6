package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/builtin"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/params"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/table"
	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
	"github.com/stochopt/stochopt/internal/spelling"
)

// problem is what the user asks for, checked.
type problem struct {
	file       string // the name of the data in errors
	table      *table.Table
	lines      []int // of the file, where the points stand
	said       *params.Set
	sigma      *deviations  // nil for none
	candidates []*candidate // the first is reported, the others compared with it
}

// candidate is a model of the data, and its fit.
type candidate struct {
	text       string           // as the user has written it
	formula    *formula.Formula // nil for a built-in model
	sum        *builtin.Sum     // nil for a formula
	response   string           // what the curve describes
	predictors []string         // columns, in the order of the model's x
	model      fit.Model
	data       fit.Data
	parameters []fit.Parameter
	guessed    []string // parameters that have their start from the model
	along      int      // the predictor that a picture is drawn over
	logX       bool     // on a logarithmic axis

	result      *fit.Result
	err         error
	interrupted bool // err is that
}

// open reads all that the command line names but the rows of the table, which the reader has. The file is to be closed.
func (c *fitCommand) open(in io.Reader) (p *problem, reader *table.Reader, file io.Closer, err error) {
	if err := c.check(); err != nil {
		return nil, nil, nil, err
	}
	texts, starts, err := c.models()
	if err != nil {
		return nil, nil, nil, err
	}
	said, err := c.readParameters(starts)
	if err != nil {
		return nil, nil, nil, err
	}
	name := "standard input"
	file = io.NopCloser(in)
	if c.Data != "-" {
		opened, err := os.Open(c.Data)
		if err != nil {
			return nil, nil, nil, err
		}
		in, name, file = opened, c.Data, opened
		defer func() {
			if err != nil {
				opened.Close()
			}
		}()
	}
	if reader, err = table.Open(in, name, c.Columns...); err != nil {
		return nil, nil, nil, err
	}
	reader.SkipMissing = c.SkipMissing
	p = &problem{file: name, said: said}
	if p.sigma, err = newDeviations(c.Sigma, reader.Names); err != nil {
		return nil, nil, nil, err
	}
	if err := c.missingStarts(texts, reader.Names, said); err != nil {
		return nil, nil, nil, err
	}
	for _, text := range texts {
		d, err := c.newCandidate(text, reader.Names, said)
		if err != nil {
			return nil, nil, nil, err
		}
		p.candidates = append(p.candidates, d)
	}
	return p, reader, file, p.allUsed()
}

// read reads all that the command line names.
func (c *fitCommand) read(in io.Reader) (*problem, error) {
	p, reader, file, err := c.open(in)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if p.table, err = reader.Table(p.needed()...); err != nil {
		return nil, err
	}
	p.lines = p.table.Lines
	sigma, err := p.readSigma()
	if err != nil {
		return nil, err
	}
	for _, d := range p.candidates {
		if err := p.fill(d, sigma); err != nil {
			return nil, err
		}
	}
	p.table.Columns = nil // the candidates have what they need
	return p, c.chooseAxis(p)
}

// models returns the formula or the built-in model to fit, those to compare it with, and the start values.
func (c *fitCommand) models() (texts, starts []string, err error) {
	starts = c.Args
	switch {
	case c.Model != "" && len(starts) > 0 && strings.Contains(starts[0], "~"):
		return nil, nil, errors.New("a formula and --model: give one of the two, and the other with --compare")
	case c.Model != "":
		texts = []string{c.Model}
	case len(starts) == 0:
		return nil, nil, errors.New("no model: give a formula, as in 'y ~ a+b*x', or --model; see stochopt fit --help")
	case isStart(starts[0]):
		return nil, nil, fmt.Errorf("no model: %s is a start value, and a formula comes before these, as in 'y ~ a+b*x' a=1 b=2", starts[0])
	default:
		texts, starts = starts[:1], starts[1:]
	}
	return append(slices.Clone(texts), c.Compare...), starts, nil
}

// readParameters reads what is said of parameters, first in the file, then on the command line.
func (c *fitCommand) readParameters(starts []string) (*params.Set, error) {
	said := &params.Set{}
	if c.Params != "" {
		text, err := os.ReadFile(c.Params)
		if err != nil {
			return nil, err
		}
		if err := said.File(c.Params, text); err != nil {
			return nil, err
		}
	}
	return said, said.Flags(params.Flags{
		Start: starts, Lower: c.Lower, Upper: c.Upper, Fix: c.Fix, Tie: c.Tie, Log: c.Log, Logit: c.Logit, Scale: c.Scale,
	})
}

// newCandidate finds out what a formula or the name of a built-in model means.
func (c *fitCommand) newCandidate(text string, columns []string, said *params.Set) (*candidate, error) {
	if c.isBuiltin(text) {
		return c.newBuiltin(text, columns)
	}
	f, err := formula.Parse(text, columns, c.parametersOf(text, said))
	if err != nil {
		return nil, err
	}
	left, _, _ := strings.Cut(text, "~")
	return &candidate{text: text, formula: f, response: strings.TrimSpace(left), predictors: f.Columns, model: f.Model()}, nil
}

// parametersOf are the names that something is said of and that are, or should be, parameters of a formula.
func (c *fitCommand) parametersOf(text string, said *params.Set) (parameters []string) {
	names, err := formula.Names(text)
	for _, name := range said.Names() {
		if err != nil || slices.Contains(names, name) || !slices.Contains(said.InTies(), name) && len(c.Compare) == 0 {
			parameters = append(parameters, name)
		}
	}
	return parameters
}

// isBuiltin reports whether a text names built-in models and is no formula.
func (c *fitCommand) isBuiltin(text string) bool {
	return !strings.Contains(text, "~") && (c.Model != "" || !strings.ContainsAny(text, "=()*/^.,"))
}

// allUsed returns an error if something is said of a name that is no parameter.
func (p *problem) allUsed() error {
	used := p.said.InTies()
	for _, d := range p.candidates {
		used = append(used, d.model.Parameters...)
	}
	for _, name := range p.said.Names() {
		if !slices.Contains(used, name) {
			all := p.candidates[0].model.Parameters
			hint := spelling.Hint(name, all)
			if i := slices.IndexFunc(all, func(s string) bool { return strings.HasSuffix(s, "_"+name) }); i >= 0 {
				hint = fmt.Sprintf("; did you mean %s?", all[i])
			}
			return fmt.Errorf("%s is no parameter of the model; parameters: %s%s", name, strings.Join(all, ", "), hint)
		}
	}
	return nil
}

// needed are the columns that the candidates and sigma need.
func (p *problem) needed() (names []string) {
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, d := range p.candidates {
		for _, name := range d.predictors {
			add(name)
		}
		if d.formula == nil {
			add(d.response)
			continue
		}
		for _, name := range d.formula.ResponseColumns {
			add(name)
		}
	}
	if p.sigma != nil {
		for _, name := range p.sigma.columns {
			add(name)
		}
	}
	return names
}

// readSigma returns the standard deviations of the responses, or nil.
func (p *problem) readSigma() ([]float64, error) {
	if p.sigma == nil {
		return nil, nil
	}
	sigma := make([]float64, len(p.lines))
	for i := range sigma {
		var err error
		if sigma[i], err = p.sigma.at(p.table.Columns, i); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", p.file, p.lines[i], err)
		}
	}
	return sigma, nil
}

// fill gives a candidate its data and its parameters.
func (p *problem) fill(d *candidate, sigma []float64) error {
	if f := d.formula; f != nil {
		for _, side := range [][]string{f.ResponseColumns, f.Columns} {
			if same := constant(p.table, side); len(same) > 0 && len(same) == len(side) {
				return fmt.Errorf("%s: %s in every row; a fit learns nothing from it", p.file, strings.Join(same, " and "))
			}
		}
	}
	if err := p.fillPoints(d, p.table.Columns, p.lines); err != nil {
		return err
	}
	d.data.Sigma = sigma
	if y := d.data.Y[0]; len(d.data.Y) > 1 && !slices.ContainsFunc(d.data.Y, func(v float64) bool { return v != y }) {
		return fmt.Errorf("%s: the response %s is %v in every row; a fit learns nothing from it", p.file, d.response, y)
	}
	return p.setParameters(d, len(p.lines))
}

// fillPoints gives a candidate predictors and responses, from columns whose rows stand in the lines given.
func (p *problem) fillPoints(d *candidate, columns map[string][]float64, lines []int) error {
	if d.formula == nil {
		d.data = fit.Data{Y: columns[d.response]}
		x := columns[d.predictors[0]]
		d.data.X = make([][]float64, len(x))
		for i := range x {
			d.data.X[i] = x[i : i+1 : i+1]
		}
		return nil
	}
	var err error
	d.data, err = d.formula.Data(columns)
	var row *formula.RowError
	if errors.As(err, &row) {
		return fmt.Errorf("%s, line %d: the response left of ~ is %v", p.file, lines[row.Row], row.Value)
	}
	return err
}

// setParameters gives a candidate its parameters, with guesses from its data. There are n points.
func (p *problem) setParameters(d *candidate, n int) error {
	var guesses []fit.Parameter
	if d.model.Guess != nil {
		var err error
		if guesses, err = d.model.Guess(d.data); err != nil {
			return fmt.Errorf("%s: no start values found: %w", p.file, err)
		}
	}
	var err error
	if d.parameters, err = p.said.Resolve(d.model.Parameters, guesses); err != nil {
		return err
	}
	for _, g := range guesses {
		if !p.said.Starts(g.Name) {
			d.guessed = append(d.guessed, g.Name)
		}
	}
	free := 0
	for _, q := range d.parameters {
		if !q.Fixed && q.Tied == nil {
			free++
		}
	}
	if n < free {
		return fmt.Errorf("%s: too few points, %d for %d parameters", p.file, n, free)
	}
	return nil
}

// constant returns "column c is 7" for each of some columns that holds the same value in all of several rows.
func constant(t *table.Table, names []string) (same []string) {
	for _, name := range names {
		if t.Constant(name) {
			same = append(same, fmt.Sprintf("column %s is %v", name, t.Columns[name][0]))
		}
	}
	return same
}
