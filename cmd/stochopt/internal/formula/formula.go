// Package formula reads formulas such as
//
//	y ~ b1*(1-exp(-b2*x))
//
// and evaluates them together with their exact gradient.
//
// Left of the ~ stands the response: a column of the data, or an expression of columns, as in log(y). Right of it stands
// the model: an expression of columns and parameters. An expression consists of numbers, names, pi, parentheses,
// + - * /, powers written ** or ^, and the functions that [Functions] lists. A power binds more tightly than a sign, so
// that -x**2 is -(x**2), and associates to the right: a**b**c is a**(b**c). Numbers are decimal; 1/2 is 0.5.
//
// The text is parsed by github.com/expr-lang/expr. Of that language everything else is refused, with its position.
package formula

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Formula is a formula of which every name is known. It is immutable.
type Formula struct {
	// Text is the formula as it was written.
	Text string
	// Parameters are the names of the parameters, in the order given to Parse.
	Parameters []string
	// Columns are the columns of the model, right of the ~, in the order of their first use.
	Columns []string
	// ResponseColumns are the columns of the response, left of the ~, in the order of their first use.
	ResponseColumns []string

	model, response *tape
}

// Error says what is wrong with a formula, and where.
type Error struct {
	// Character is the place in the text, counted from 1. It is 0 if the error has no single place.
	Character int
	Message   string
}

func (e *Error) Error() string {
	if e.Character == 0 {
		return "formula: " + e.Message
	}
	return fmt.Sprintf("formula, character %d: %s", e.Character, e.Message)
}

// errorAt returns an Error at the rune with index i of the text.
func errorAt(i int, format string, args ...any) *Error {
	return &Error{Character: i + 1, Message: fmt.Sprintf(format, args...)}
}

// Parse reads text, whose names are the columns of the data, the parameters, and pi.
// Parameters are what has a start value; each must occur right of the ~. Every error is an *Error.
func Parse(text string, columns, parameters []string) (*Formula, error) {
	left, right, err := split(text)
	if err != nil {
		return nil, err
	}
	for i, p := range parameters {
		if what := taken(p); what != "" {
			return nil, &Error{Message: fmt.Sprintf("%s has a start value but is %s; give the parameter another name", p, what)}
		}
		if slices.Contains(columns, p) {
			return nil, &Error{Message: fmt.Sprintf("%s has a start value and is a column of the data; rename one of them", p)}
		}
		if slices.Contains(parameters[:i], p) {
			return nil, &Error{Message: fmt.Sprintf("%s has two start values", p)}
		}
	}
	l := &compiler{columns: columns, parameters: parameters, response: true}
	if err := l.compile(left); err != nil {
		return nil, blame(err, left, columns)
	}
	r := &compiler{columns: columns, parameters: parameters}
	if err := r.compile(right); err != nil {
		return nil, blame(err, right, columns)
	}
	f := &Formula{
		Text:            text,
		Parameters:      slices.Clone(parameters),
		Columns:         r.used,
		ResponseColumns: l.used,
		model:           r.tape(len(parameters)),
		response:        l.tape(0),
	}
	if len(f.ResponseColumns) == 0 {
		return nil, errorAt(0, "no column of the data left of ~; columns: %s", list(columns))
	}
	if l.code[len(l.code)-1].op == column && slices.Contains(f.Columns, l.used[0]) {
		return nil, &Error{Message: fmt.Sprintf("column %s is the response and must not stand right of ~ too", l.used[0])}
	}
	for j, p := range parameters {
		if len(f.model.depends[j]) == 0 {
			message := fmt.Sprintf("%s has a start value but does not occur right of ~", p)
			if n := nearest(p, r.names); n != "" {
				message += fmt.Sprintf("; did you mean %s?", n)
			}
			return nil, &Error{Message: message}
		}
	}
	if len(parameters) == 0 {
		return nil, &Error{Message: "no parameter: give a start value for each, as in b1=500"}
	}
	return f, nil
}

// split returns the two sides of the ~, each blanked where the other stands, so that places are those of text.
func split(text string) (left, right string, err error) {
	if !utf8.ValidString(text) {
		return "", "", &Error{Message: "not UTF-8 text"}
	}
	if n := utf8.RuneCountInString(text); n > maxLength {
		return "", "", errorAt(maxLength, "the formula has %d characters, at most %d are read", n, maxLength)
	}
	left, right, found := strings.Cut(text, "~")
	if !found {
		return "", "", &Error{Message: "no ~; write RESPONSE ~ MODEL, as in y ~ b1*x"}
	}
	at := utf8.RuneCountInString(left)
	if i := strings.Index(right, "~"); i >= 0 {
		return "", "", errorAt(at+1+utf8.RuneCountInString(right[:i]), "a second ~")
	}
	if strings.TrimSpace(left) == "" {
		return "", "", errorAt(at, "nothing left of ~; write RESPONSE ~ MODEL, as in y ~ b1*x")
	}
	if strings.TrimSpace(right) == "" {
		return "", "", errorAt(at, "nothing right of ~; write RESPONSE ~ MODEL, as in y ~ b1*x")
	}
	return left, strings.Repeat(" ", at+1) + right, nil
}

// Model returns the right side as a function of the parameters b and of one row x of the Columns. It returns the value
// and, if grad is not nil, stores the derivatives with respect to b in it. The function has memory of its own and
// allocates none; it serves one goroutine at a time, so let each call Model.
func (f *Formula) Model() func(grad, b, x []float64) float64 {
	return newSweep(f.model).eval
}

// Response returns the left side as a function of one row x of the ResponseColumns. Like that of Model, the function
// serves one goroutine at a time.
func (f *Formula) Response() func(x []float64) float64 {
	s := newSweep(f.response)
	return func(x []float64) float64 { return s.eval(nil, nil, x) }
}
