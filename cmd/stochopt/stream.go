package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/table"
	"github.com/stochopt/stochopt/fit"
)

// checkStream returns an error if something is asked for that needs all rows in memory.
func (c *fitCommand) checkStream() error {
	for _, f := range []struct {
		flag  string
		given bool
	}{
		{"--compare", len(c.Compare) > 0},
		{"--loss " + c.Loss, c.Loss != "linear"},
		{"--conf " + c.Conf, c.Conf != "t"},
		{"--csv", c.CSV != ""},
		{"--plot", c.Plot != ""},
	} {
		if f.given {
			return fmt.Errorf("%s needs all rows in memory, where --stream does not keep them; leave out one of the two", f.flag)
		}
	}
	return nil
}

// fitStream fits the rows of a table that go through a temporary file and not into memory. What guesses and explanations
// look at is a sample of them.
func (c *fitCommand) fitStream(ctx context.Context, s streams) (*problem, error) {
	if err := c.checkStream(); err != nil {
		return nil, inputError{err}
	}
	settings, err := c.settings()
	if err != nil {
		return nil, inputError{err}
	}
	p, reader, file, err := c.open(s.in)
	if err != nil {
		return nil, inputError{err}
	}
	defer file.Close()
	rows, err := newRowFile(s.err)
	if err != nil {
		return nil, err
	}
	defer rows.remove()
	if err := p.spool(ctx, reader, rows); err != nil {
		return nil, err
	}
	d := p.candidates[0]
	if d.data, err = rows.sample(10_000); err != nil {
		return nil, err
	}
	if err := p.setParameters(d, rows.n); err != nil {
		return nil, inputError{err}
	}
	d.result, d.err = fit.Passes(ctx, d.model, rows, d.parameters, settings)
	rows.progress.finish()
	d.interrupted = d.err != nil && ctx.Err() != nil
	var at *fit.PointError
	if errors.As(d.err, &at) {
		if p.lines, err = rows.lines(at.Point + 1); err != nil {
			return nil, err
		}
	}
	switch {
	case d.result == nil && d.interrupted:
		return nil, outcomeError{d.err, outcomeInterrupted}
	case d.result == nil:
		return nil, inputError{p.explain(d, d.err)}
	}
	return p, nil
}

// spool reads all rows into a file.
func (p *problem) spool(ctx context.Context, reader *table.Reader, rows *rowFile) error {
	const block = 4096 // rows
	d := p.candidates[0]
	names := p.needed()
	if err := reader.Select(names...); err != nil {
		return inputError{err}
	}
	row, lines := make([]float64, len(names)), make([]int, 0, block)
	columns := make(map[string][]float64, len(names))
	for end := false; !end; {
		if ctx.Err() != nil {
			return outcomeError{fmt.Errorf("interrupted after %d rows", rows.n), outcomeInterrupted}
		}
		lines = lines[:0]
		for _, name := range names {
			columns[name] = columns[name][:0]
		}
		for len(lines) < block && !end {
			line, err := reader.Row(row)
			switch {
			case err == io.EOF:
				end = true
				continue
			case err != nil:
				return inputError{err}
			}
			for k, name := range names {
				columns[name] = append(columns[name], row[k])
			}
			lines = append(lines, line)
		}
		if len(lines) == 0 {
			break
		}
		if err := p.fillPoints(d, columns, lines); err != nil {
			return inputError{err}
		}
		for i, x := range d.data.X {
			sigma := 0.0 // none
			if p.sigma != nil {
				var err error
				if sigma, err = p.sigma.at(columns, i); err != nil {
					return inputError{fmt.Errorf("%s, line %d: %w", p.file, lines[i], err)}
				}
			}
			if err := rows.add(lines[i], x, d.data.Y[i], sigma); err != nil {
				return err
			}
		}
	}
	rows.progress.finish()
	p.table = &table.Table{Names: reader.Names, Skipped: reader.Skipped()}
	x, y := rows.differs()
	switch {
	case rows.n == 0:
		return inputError{fmt.Errorf("%s: no rows with values below the names of the columns", p.file)}
	case rows.n > 1 && !y:
		return inputError{fmt.Errorf("%s: the response %s is the same in every row; a fit learns nothing from it", p.file, d.response)}
	case rows.n > 1 && !x && len(d.predictors) > 0:
		return inputError{fmt.Errorf("%s: %s is the same in every row; a fit learns nothing from it", p.file, strings.Join(d.predictors, " and "))}
	}
	return nil
}
