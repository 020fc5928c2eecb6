package table

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// parse returns the value of a cell, or what is wrong with it.
func (r *Reader) parse(l *line, c cell) (v float64, problem string) {
	text := c.text
	if r.separator != ',' && strings.Count(text, ",") == 1 && !strings.Contains(text, ".") {
		r.commas.comma(l, c)
		text = strings.Replace(text, ",", ".", 1)
	} else if r.separator != ',' && strings.Contains(text, ".") {
		r.commas.point(l, c)
	}
	if text == "" {
		return 0, "empty cell"
	}
	if strings.Trim(text, "0123456789+-.eE") == "" {
		v, err := strconv.ParseFloat(text, 64)
		if err == nil {
			return v, ""
		}
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Sprintf("%q is too large for a number", c.text)
		}
	}
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case "inf", "infinity", "∞":
		return 0, fmt.Sprintf("%q is not a finite number", c.text)
	}
	if noValue(text) {
		return 0, fmt.Sprintf("%q is not a finite number", c.text)
	}
	const separators = ",'’_ \u00A0\u2009\u202F"
	if strings.ContainsAny(c.text, separators) && strings.Trim(c.text, "0123456789+-.eE"+separators) == "" {
		return 0, fmt.Sprintf("%q is not a number; write a decimal point and no thousands separators", c.text)
	}
	switch {
	case dated.MatchString(text):
		return 0, fmt.Sprintf("%q is not a number; write dates and times as numbers, such as days or seconds from the first", c.text)
	case fortran.MatchString(text):
		return 0, fmt.Sprintf("%q is not a number; write exponents with E", c.text)
	}
	return 0, fmt.Sprintf("%q is not a number", c.text)
}

var (
	dated   = regexp.MustCompile(`^\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}|^\d{1,2}:\d{2}$`)
	fortran = regexp.MustCompile(`^[-+]?[0-9.]+[dDqQ][-+]?\d+$`)
)

// noValue reports whether a cell says that it has no value.
func noValue(text string) bool {
	switch strings.ToLower(text) {
	case "", "na", "n/a", "nan", "null", "nil", "none", "#n/a":
		return true
	}
	return false
}

// commas decides whether the commas in the numbers of a file are decimal.
type commas struct {
	first, firstPoint *Error // places of the first of each
	clear             bool   // a comma that separates no thousands has been seen
}

func (d *commas) comma(l *line, c cell) {
	if d.first == nil {
		d.first = l.errorAt(c.at, "%s", c.text)
	}
	digits := strings.TrimLeft(c.text, "+-")
	whole, fraction, _ := strings.Cut(digits, ",")
	// 1,250 and 999,999 may be thousands; 0,250 and 1,25 and 1234,567 may not.
	d.clear = d.clear || len(fraction) != 3 || strings.Trim(fraction, "0123456789") != "" || len(whole) > 3 || whole == "" || whole[0] == '0'
}

func (d *commas) point(l *line, c cell) {
	if d.firstPoint == nil {
		d.firstPoint = l.errorAt(c.at, "%s", c.text)
	}
}

// check returns an error if the numbers of a file have points as well as commas, or commas that may separate thousands.
func (d *commas) check(file string) error {
	switch {
	case d.first == nil:
	case d.firstPoint != nil:
		return &Error{File: file, Line: d.first.Line, Character: d.first.Character, Message: fmt.Sprintf("%q has a comma and %q in line %d a point; write decimal points in all numbers and no thousands separators",
			d.first.Message, d.firstPoint.Message, d.firstPoint.Line)}
	case !d.clear:
		return &Error{File: file, Line: d.first.Line, Character: d.first.Character, Message: fmt.Sprintf("the comma in %q may be decimal or separate thousands, as in all numbers of the file; write decimal points", d.first.Message)}
	}
	return nil
}
