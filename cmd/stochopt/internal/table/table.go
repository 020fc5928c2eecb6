// Package table reads tables of numbers from text with commas.
//
// The first line names the columns; every further line holds one number for each. Spaces around a cell, empty lines and
// lines that begin with # are skipped, cells may be quoted, lines end in LF or CRLF, and a byte order mark is ignored.
// Numbers are decimal, with a decimal point: 1, -0.5, 2e-3. Nothing is guessed or corrected: whatever else stands in the
// file is an error that names its place.
package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Table is a table of at least one column and one row.
type Table struct {
	// Names are the names of the columns.
	Names []string
	// Lines are the numbers of the lines in which the rows stand, counted from 1.
	Lines []int

	columns [][]float64
}

// Column returns the numbers of a column from top to bottom, or nil if no column has the name.
func (t *Table) Column(name string) []float64 {
	if i := slices.Index(t.Names, name); i >= 0 {
		return t.columns[i]
	}
	return nil
}

// Constant reports whether a column holds the same number in every one of several rows.
func (t *Table) Constant(name string) bool {
	c := t.Column(name)
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

func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	case e.Character == 0:
		return fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s, line %d, character %d: %s", e.File, e.Line, e.Character, e.Message)
}

// maxLine is the length in bytes at which a line is taken for a file of another kind.
const maxLine = 1 << 24

// Read reads a table. File is its name in errors, which are *Error.
func Read(r io.Reader, file string) (*Table, error) {
	var t *Table
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	number := 0
	for scanner.Scan() {
		number++
		l := line{file: file, number: number, text: scanner.Text()}
		if number == 1 {
			l.text = strings.TrimPrefix(l.text, "\uFEFF")
		}
		if s := strings.TrimSpace(l.text); s == "" || s[0] == '#' {
			continue
		}
		cells, err := l.split()
		if err != nil {
			return nil, err
		}
		if t == nil {
			t, err = l.header(cells)
		} else {
			err = l.row(t, cells)
		}
		if err != nil {
			return nil, err
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &Error{File: file, Line: number + 1, Message: fmt.Sprintf("the line is longer than %d bytes", maxLine)}
	case err != nil:
		return nil, &Error{File: file, Message: err.Error()}
	case t == nil:
		return nil, &Error{File: file, Message: "empty; the first line must name the columns, as in x,y"}
	case len(t.Lines) == 0:
		return nil, &Error{File: file, Message: "no rows below the header " + strings.Join(t.Names, ",")}
	}
	return t, nil
}

// header makes the table of the first line.
func (l *line) header(cells []cell) (*Table, error) {
	if err := l.separator(cells); err != nil {
		return nil, err
	}
	t := &Table{columns: make([][]float64, len(cells))}
	for _, c := range cells {
		if c.text == "" {
			return nil, l.errorAt(c.at, "empty column name")
		}
		if _, err := strconv.ParseFloat(c.text, 64); err == nil || strings.Trim(c.text, "0123456789") == "" {
			return nil, l.errorAt(c.at, "%q is a number; the first line must name the columns, as in x,y", c.text)
		}
		if slices.Contains(t.Names, c.text) {
			return nil, l.errorAt(c.at, "a second column %q", c.text)
		}
		t.Names = append(t.Names, c.text)
	}
	if fields := strings.Fields(t.Names[0]); len(cells) == 1 && !cells[0].quoted && len(fields) > 1 {
		return nil, l.errorAt(cells[0].at, "%q looks separated by spaces; separate cells by commas", t.Names[0])
	}
	return t, nil
}

// row appends a line to the table.
func (l *line) row(t *Table, cells []cell) error {
	if len(cells) != len(t.Names) {
		if err := l.separator(cells); err != nil {
			return err
		}
	}
	if want := len(t.Names); len(cells) > want {
		return l.errorAt(cells[want].at, "cell %d, %q, but the header names %d column(s); numbers are written with a decimal point",
			want+1, cells[want].text, want)
	}
	for i, name := range t.Names {
		if i >= len(cells) {
			return l.errorAt(len(l.text), "the cell of column %s is missing", name)
		}
		v, problem := parse(cells[i].text)
		if problem != "" {
			return l.errorAt(cells[i].at, "column %s: %s", name, problem)
		}
		t.columns[i] = append(t.columns[i], v)
	}
	t.Lines = append(t.Lines, l.number)
	return nil
}

// parse returns the value of a cell, or what is wrong with it.
func parse(text string) (v float64, problem string) {
	if text == "" {
		return 0, "empty cell"
	}
	if strings.Trim(text, "0123456789+-.eE") == "" {
		v, err := strconv.ParseFloat(text, 64)
		if err == nil {
			return v, ""
		}
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Sprintf("%q is too large for a number", text)
		}
	}
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case "na", "n/a", "nan", "null", "nil", "none", "inf", "infinity", "∞":
		return 0, fmt.Sprintf("%q is not a finite number; leave out rows without a value", text)
	}
	const separators = ",'’_ \u00A0\u2009\u202F"
	if strings.ContainsAny(text, separators) && strings.Trim(text, "0123456789+-.eE"+separators) == "" {
		return 0, fmt.Sprintf("%q is not a number; write a decimal point and no thousands separators", text)
	}
	return 0, fmt.Sprintf("%q is not a number", text)
}
