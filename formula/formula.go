// Package formula reads formulas such as
//
//	y ~ b1*(1-exp(-b2*x))
//
// and makes of them models and data for package fit, with exact derivatives:
//
//	f, err := formula.Parse("y ~ b1*(1-exp(-b2*x))", []string{"x", "y"}, []string{"b1", "b2"})
//	...
//	data, err := f.Data(map[string][]float64{"x": pressure, "y": volume})
//	...
//	r, err := fit.Curve(ctx, f.Model(), data, []fit.Parameter{{Name: "b1", Start: 500}, {Name: "b2", Start: 0.0001}}, nil)
//
// Left of the ~ stands the response: a column of the data, or an expression of columns, as in log(y). Right of it stands
// the model: an expression of columns and parameters. An expression consists of numbers, names, pi, parentheses,
// + - * /, powers written ** or ^, and the functions that [Functions] lists. A power binds more tightly than a sign, so
// that -x**2 is -(x**2), and associates to the right: a**b**c is a**(b**c). Numbers are decimal; 1/2 is 0.5.
//
// A formula computes and does nothing else: it reads no file, calls no code, has no loop, and its length bounds its time.
// So it may come from anywhere. The text is parsed by github.com/expr-lang/expr. Of that language everything else is
// refused, with its position.
package formula

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stochopt/stochopt/internal/spelling"
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

	model, response *evaluator
}

// Parse reads text, whose names are the columns of the data, the parameters, and pi. Each parameter must occur right of the
// ~; of the columns, those that are needed. Every error is an *Error.
func Parse(text string, columns, parameters []string) (*Formula, error) {
	left, right, err := split(text)
	if err != nil {
		return nil, err
	}
	if err := checkParameters(columns, parameters); err != nil {
		return nil, err
	}
	l := &compiler{columns: columns, parameters: parameters, response: true}
	if err := l.compile(left); err != nil {
		return nil, blame(err, left, columns)
	}
	r := &compiler{columns: columns, parameters: parameters}
	if err := r.compile(right); err != nil {
		return nil, blame(err, right, columns)
	}
	model := r.tape(len(parameters))
	f := &Formula{
		Text:            text,
		Parameters:      slices.Clone(parameters),
		Columns:         r.used,
		ResponseColumns: l.used,
		model:           newEvaluator(model),
		response:        newEvaluator(l.tape(0)),
	}
	if len(f.ResponseColumns) == 0 {
		return nil, errorAt(0, "no column of the data left of ~; columns: %s", list(columns))
	}
	if l.code[len(l.code)-1].op == column && slices.Contains(f.Columns, l.used[0]) {
		return nil, &Error{Message: fmt.Sprintf("column %s is the response and must not stand right of ~ too", l.used[0])}
	}
	for j, p := range parameters {
		if len(model.depends[j]) == 0 {
			return nil, &Error{Message: fmt.Sprintf("parameter %s does not occur right of ~%s", p, spelling.Hint(p, r.names))}
		}
	}
	if len(parameters) == 0 {
		return nil, &Error{Message: "no parameter right of ~"}
	}
	return f, nil
}

// checkParameters refuses names of parameters that mean something else already.
func checkParameters(columns, parameters []string) error {
	for i, p := range parameters {
		if what := taken(p); what != "" {
			return &Error{Message: fmt.Sprintf("parameter %s is %s; give the parameter another name", p, what)}
		}
		if slices.Contains(columns, p) {
			return &Error{Message: fmt.Sprintf("%s is a parameter and a column of the data; rename one of them", p)}
		}
		if slices.Contains(parameters[:i], p) {
			return &Error{Message: fmt.Sprintf("parameter %s is given twice", p)}
		}
	}
	return nil
}

// split returns the two sides of the ~, each blanked where the other stands, so that places are those of text.
func split(text string) (left, right string, err error) {
	if err := checkLength(text); err != nil {
		return "", "", err
	}
	left, right, found := strings.Cut(text, "~")
	if !found {
		if before, after, equals := strings.Cut(text, "="); equals {
			return "", "", errorAt(utf8.RuneCountInString(before), "a formula has ~ in place of =; write %s ~ %s", strings.TrimSpace(before),
				strings.TrimLeft(after, "= "))
		}
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

func checkLength(text string) error {
	if !utf8.ValidString(text) {
		return &Error{Message: "not UTF-8 text"}
	}
	if n := utf8.RuneCountInString(text); n > maxLength {
		return errorAt(maxLength, "the formula has %d characters, at most %d are read", n, maxLength)
	}
	return nil
}
