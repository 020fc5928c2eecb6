package formula

import (
	"fmt"
	"slices"
	"strings"
)

// Expression is an expression of parameters alone, such as 2*b1 or sqrt(1-a**2). It is immutable.
type Expression struct {
	// Text is the expression as it was written.
	Text string
	// Names are the parameters that occur in it, in the order of their first use.
	Names []string

	value *evaluator
}

// ParseExpression reads text, whose names are parameters and pi. Every error is an *Error.
func ParseExpression(text string, parameters []string) (*Expression, error) {
	if err := checkLength(text); err != nil {
		return nil, err
	}
	if err := checkParameters(nil, parameters); err != nil {
		return nil, err
	}
	if i := slices.Index([]rune(text), '~'); i >= 0 {
		return nil, errorAt(i, "~ is not allowed; %s", allowed)
	}
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Message: "the expression is empty"}
	}
	c := &compiler{parameters: parameters, tie: true}
	if err := c.compile(text); err != nil {
		return nil, err
	}
	t := c.tape(len(parameters))
	e := &Expression{Text: text, value: newEvaluator(t)}
	for _, name := range c.names {
		if slices.Contains(parameters, name) {
			e.Names = append(e.Names, name)
		}
	}
	return e, nil
}

// Eval returns the value at the parameters b, in the order given to ParseExpression, and stores its derivatives by them in
// grad, unless that is nil: it is a Tied of fit.Parameter. It panics if b has another length. Several goroutines may call
// it at once.
func (e *Expression) Eval(grad, b []float64) float64 {
	if n := len(e.value.depends); len(b) != n {
		panic(fmt.Sprintf("formula: len(b) = %d, want %d, the number of parameters", len(b), n))
	}
	return e.value.eval(grad, b, nil)
}
