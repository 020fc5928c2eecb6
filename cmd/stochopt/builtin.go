package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/builtin"
	"github.com/stochopt/stochopt/internal/spelling"
)

// newBuiltin makes a candidate of the names of built-in models and finds its columns.
func (c *fitCommand) newBuiltin(text string, columns []string) (*candidate, error) {
	sum, err := builtin.Parse(text)
	if err != nil {
		return nil, err
	}
	x, y, err := c.axes(columns)
	if err != nil {
		return nil, err
	}
	return &candidate{text: text, sum: sum, response: y, predictors: []string{x}, model: sum.Model}, nil
}

// axes are the columns of the predictor and of the response of built-in models.
func (c *fitCommand) axes(columns []string) (x, y string, err error) {
	var left []string // that could be either
	for _, name := range columns {
		if name != c.Sigma && name != c.X && name != c.Y {
			left = append(left, name)
		}
	}
	for _, flag := range []struct{ name, column string }{{"x", c.X}, {"y", c.Y}} {
		if flag.column != "" && !slices.Contains(columns, flag.column) {
			return "", "", noColumn("--"+flag.name, flag.column, columns)
		}
	}
	x, y = c.X, c.Y
	wanted := 0
	for _, axis := range []*string{&x, &y} {
		if *axis != "" {
			continue
		}
		if wanted < len(left) {
			*axis = left[wanted]
		}
		wanted++
	}
	switch {
	case wanted != len(left) && wanted > 0:
		return "", "", fmt.Errorf("which columns are predictor and response? Say --x COLUMN and --y COLUMN; columns: %s", listed(columns))
	case x == y:
		return "", "", fmt.Errorf("--x and --y are the same column %s", x)
	}
	return x, y, nil
}

// listed writes the names of columns, the first twenty at most.
func listed(columns []string) string {
	const most = 20
	if len(columns) > most {
		return fmt.Sprintf("%s, ... and %d more", strings.Join(columns[:most], ", "), len(columns)-most)
	}
	return strings.Join(columns, ", ")
}

// noColumn is the error of a flag that names a column which does not exist.
func noColumn(flag, column string, columns []string) error {
	for _, c := range columns { // with a unit behind it
		if rest, found := strings.CutPrefix(strings.ToLower(c), strings.ToLower(column)); found && strings.ContainsAny(cmp.Or(rest, " ")[:1], " ([/_,") {
			return fmt.Errorf("%s: there is no column %q; columns: %s; did you mean %q?", flag, column, listed(columns), c)
		}
	}
	hint := ""
	if n := spelling.Nearest(column, columns); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return fmt.Errorf("%s: there is no column %q; columns: %s%s", flag, column, listed(columns), hint)
}
