package models

import (
	"fmt"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// Prefix returns m with the names of its parameters behind prefix, as in g1_center.
func Prefix(prefix string, m fit.Model) fit.Model {
	names := make([]string, len(m.Parameters))
	for j, name := range m.Parameters {
		names[j] = prefix + name
	}
	from := m.Guess
	m.Parameters = names
	if from != nil {
		m.Guess = func(d fit.Data) ([]fit.Parameter, error) {
			p, err := from(d)
			for j := range p {
				p[j].Name = prefix + p[j].Name
			}
			return p, err
		}
	}
	return m
}

// Sum is the sum of the terms, with all their parameters, term after term. No two terms may have parameters of the same
// name: Prefix makes them different. A parameter that two terms are to share is a Tied one of one of them.
//
// Guess first finds those terms that are linear in all their parameters, such as Line, as a background: by least
// squares, by least absolute deviations, and as a line below and above most of the points. From what is left it guesses
// the other terms one after another, improving all so far by a short fit after each; so terms of the same kind come in
// the order of their size. Terms that look wide on a background, such as an exponential under peaks, should be first.
// Then each is guessed anew from what all others leave, and of all these starts that with the least squares is
// returned.
//
// Sum panics if there is no term, a term has no Func, or two have a parameter of the same name.
func Sum(terms ...fit.Model) fit.Model {
	if len(terms) == 0 {
		panic("models: Sum of no terms")
	}
	var names []string
	for k, t := range terms {
		if t.Func == nil {
			panic(fmt.Sprintf("models: Sum: term %d has no Func", k+1))
		}
		for _, name := range t.Parameters {
			if slices.Contains(names, name) {
				panic(fmt.Sprintf("models: Sum: two terms have a parameter %s; use Prefix", name))
			}
			names = append(names, name)
		}
	}
	s := sum(slices.Clone(terms))
	return fit.Model{Parameters: names, Func: s.value, Guess: func(d fit.Data) ([]fit.Parameter, error) { return s.guess(names, d) }}
}

type sum []fit.Model

func (s sum) value(grad, b, x []float64) (f float64) {
	for _, t := range s {
		n := len(t.Parameters)
		var g []float64
		if grad != nil {
			g, grad = grad[:n:n], grad[n:]
		}
		f += t.Func(g, b[:n:n], x)
		b = b[n:]
	}
	return f
}
