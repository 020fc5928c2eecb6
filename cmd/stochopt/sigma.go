package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/formula"
)

// deviations are the standard deviations that --sigma names: a number, a column, or an expression of columns.
type deviations struct {
	text    string
	columns []string            // that are needed
	value   *formula.Expression // of the columns, nil for a column
	row     []float64
}

// newDeviations reads a --sigma for a table with the given columns. It is nil if there is none.
func newDeviations(text string, columns []string) (*deviations, error) {
	if text == "" {
		return nil, nil
	}
	d := &deviations{text: text}
	if v, err := strconv.ParseFloat(text, 64); err == nil && (!(v > 0) || math.IsInf(v, 0)) {
		return nil, fmt.Errorf("--sigma is %v, want a number above 0", v)
	} else if err != nil && slices.Contains(columns, text) {
		d.columns = []string{text}
		return d, nil
	}
	if !strings.ContainsAny(text, "+-*/^(.0123456789") {
		return nil, noColumn("--sigma", text, columns)
	}
	var err error
	if d.columns, err = formula.Names(text); err != nil {
		return nil, fmt.Errorf("--sigma %s: %w", text, err)
	}
	for _, name := range d.columns {
		if !slices.Contains(columns, name) {
			flag := "--sigma"
			if name != text {
				flag += " " + text
			}
			return nil, noColumn(flag, name, columns)
		}
	}
	if d.value, err = formula.ParseExpression(text, d.columns); err != nil {
		return nil, fmt.Errorf("--sigma %s: %w", text, err)
	}
	d.row = make([]float64, len(d.columns))
	return d, nil
}

// at is the standard deviation in row i of the columns, which must be above 0.
func (d *deviations) at(columns map[string][]float64, i int) (float64, error) {
	what, v := d.text, 0.0
	if d.value == nil {
		what, v = "column "+d.text, columns[d.text][i]
	} else {
		for k, name := range d.columns {
			d.row[k] = columns[name][i]
		}
		v = d.value.Eval(nil, d.row)
	}
	if !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s is %v; standard deviations must be above 0", what, v)
	}
	return v, nil
}
