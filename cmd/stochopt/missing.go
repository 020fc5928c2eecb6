package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stochopt/stochopt/cmd/stochopt/internal/params"
	"github.com/stochopt/stochopt/formula"
)

// isStart reports whether an argument is a start value, NAME=NUMBER.
func isStart(argument string) bool {
	_, value, found := strings.Cut(argument, "=")
	_, err := strconv.ParseFloat(value, 64)
	return found && err == nil
}

// missingStarts returns an error that lists all names in formulas which are no columns and have no start value. A formula
// that is wrong for another reason is not its concern.
func (c *fitCommand) missingStarts(texts, columns []string, said *params.Set) error {
	var missing, hints []string
	var only error // what package formula says of a single one
	for _, text := range texts {
		if c.isBuiltin(text) {
			continue
		}
		parameters := c.parametersOf(text, said)
		unknown := unknownIn(text, columns, parameters)
		if _, err := formula.Parse(text, columns, slices.Concat(parameters, unknown)); err != nil {
			continue
		}
		for i, name := range unknown {
			if slices.Contains(missing, name) {
				continue
			}
			missing = append(missing, name)
			var e *formula.Error
			_, only = formula.Parse(text, columns, slices.Concat(parameters, unknown[:i], unknown[i+1:]))
			if errors.As(only, &e) && e.Hint != "" {
				hints = append(hints, fmt.Sprintf("; for %s: %s", name, e.Hint))
			}
			if len(texts) > 1 && only != nil {
				only = fmt.Errorf("%s: %w", text, only)
			}
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w; give it a start value, %s=VALUE, if it is a parameter", only, missing[0])
	}
	starts := ""
	for _, name := range missing {
		starts += " " + name + "=VALUE"
	}
	return fmt.Errorf("no start values for %s: if they are parameters, add%s with a number for each VALUE; columns: %s%s",
		strings.Join(missing, ", "), starts, listed(columns), strings.Join(hints, ""))
}

// unknownIn are the names right of the ~ that are neither columns nor parameters.
func unknownIn(text string, columns, parameters []string) (unknown []string) {
	left, right, _ := strings.Cut(text, "~")
	response, err := formula.Names(left)
	if err != nil {
		return nil
	}
	names, err := formula.Names(right)
	if err != nil {
		return nil
	}
	for _, name := range names {
		if !slices.Contains(columns, name) && !slices.Contains(parameters, name) && !slices.Contains(response, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}
