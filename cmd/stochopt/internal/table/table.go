// Package table reads tables of numbers from text: comma-, tab-, semicolon- and blank-separated values.
//
// The first line names the columns, and every further line holds a cell for each. Spaces around a cell, empty lines and lines
// that begin with # are skipped, cells may be quoted, lines end in LF or CRLF, and a byte order mark is ignored. So are
// columns without a name, as spreadsheets and data frames write them, and empty cells behind the last column. Only the
// columns that are asked for need to hold numbers, and a name of their own. Nothing is guessed or corrected: whatever stands in these and is no
// number is an error that names its place.
//
// The separator is what stands between the names: a tab, or a comma, or a semicolon, or any number of blanks; a tab in
// files whose names end in .tsv or .tab. Numbers are decimal, with a decimal point: 1, -0.5, 2e-3. Where no commas separate, they
// may have decimal commas instead, if all do and it is clear that they are no thousands separators, as it is in 0,25 and not in
// 1,250.
package table

import (
	"fmt"
	"io"
	"slices"
)

// Table is a table of at least one row.
type Table struct {
	// Names are the names of all columns of the file.
	Names []string
	// Lines are the numbers of the lines in which the rows stand, counted from 1.
	Lines []int
	// Columns are the numbers of the columns that were asked for, by name, from top to bottom.
	Columns map[string][]float64
	// Skipped are the lines that were left out for a missing value.
	Skipped []int
}

// Constant reports whether a column holds the same number in every one of several rows.
func (t *Table) Constant(name string) bool {
	c := t.Columns[name]
	return len(c) > 1 && !slices.ContainsFunc(c, func(v float64) bool { return v != c[0] })
}

// Error says what is wrong with a file, and where.
type Error struct {
	File string
	// Line and Character are the place, counted from 1. Character is 0 if the whole line is meant, Line is 0 if the whole
	// file is.
	Line, Character int
	Message         string
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	case e.Character == 0:
		return fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s, line %d, character %d: %s", e.File, e.Line, e.Character, e.Message)
}

// Table reads all rows: the columns with the names given.
func (r *Reader) Table(names ...string) (*Table, error) {
	if err := r.Select(names...); err != nil {
		return nil, err
	}
	t := &Table{Names: r.Names}
	columns, row := make([][]float64, len(names)), make([]float64, len(names))
	for {
		line, err := r.Row(row)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for k, v := range row {
			columns[k] = append(columns[k], v)
		}
		t.Lines = append(t.Lines, line)
	}
	t.Skipped = r.skipped
	if len(t.Lines) == 0 {
		message := "no rows below the header " + list(r.Names)
		if n := len(r.skipped); n > 0 {
			message = fmt.Sprintf("values are missing in all %d rows", n)
		}
		return nil, &Error{File: r.file, Message: message}
	}
	t.Columns = make(map[string][]float64, len(names))
	for k, name := range names {
		t.Columns[name] = columns[k]
	}
	return t, nil
}
