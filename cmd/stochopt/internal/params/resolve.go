package params

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/formula"
)

// Resolve returns the parameters for a fit: those of the model, in the order of names, and behind them those that stand in
// ties only. Guesses, which may be nil, are what is taken for a parameter where nothing else has been said.
func (s *Set) Resolve(names []string, guesses []fit.Parameter) ([]fit.Parameter, error) {
	all := slices.Clone(names)
	for _, name := range s.InTies() {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	guess := func(name string) int {
		return slices.IndexFunc(guesses, func(p fit.Parameter) bool { return p.Name == name })
	}
	if err := s.missing(all, func(name string) bool { return guess(name) >= 0 }); err != nil {
		return nil, err
	}
	parameters := make([]fit.Parameter, len(all))
	for i, name := range all {
		parameters[i].Name = name
		if k := guess(name); k >= 0 {
			parameters[i] = guesses[k]
		}
		said := s.find(name)
		if said == nil {
			said = &parameter{name: name}
		}
		if err := said.apply(&parameters[i]); err != nil {
			return nil, err
		}
		if said.tie == nil {
			continue
		}
		e, err := formula.ParseExpression(*said.tie, all)
		if err != nil {
			return nil, tieError(name, err)
		}
		for _, other := range e.Names {
			if p := s.find(other); p != nil && p.tie != nil {
				return nil, fmt.Errorf("tie of %s: %s is tied itself; write the expression of %s instead", name, other, other)
			}
		}
		parameters[i].Tied = e.Eval
	}
	return parameters, nil
}

// missing returns an error that lists all parameters without a start.
func (s *Set) missing(names []string, guessed func(name string) bool) error {
	var list []string
	starts := ""
	for _, name := range names {
		if p := s.find(name); (p == nil || p.start == nil && p.tie == nil) && !guessed(name) {
			list, starts = append(list, name), starts+" "+name+"=VALUE"
		}
	}
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("start value missing for %s: write%s", strings.Join(list, ", "), starts)
}

// InTies are the parameters that ties are expressions of.
func (s *Set) InTies() (names []string) {
	for _, p := range s.all {
		if p.tie == nil {
			continue
		}
		e, err := formula.ParseExpression(*p.tie, s.Names())
		if err != nil {
			continue // Resolve tells
		}
		for _, name := range e.Names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func tieError(name string, err error) error {
	var e *formula.Error
	if errors.As(err, &e) {
		place := ""
		if e.Character > 0 {
			place = fmt.Sprintf(", character %d", e.Character)
		}
		return fmt.Errorf("tie of %s%s: %s", name, place, e.Message)
	}
	return fmt.Errorf("tie of %s: %w", name, err)
}

// apply changes p to what has been said.
func (s *parameter) apply(p *fit.Parameter) error {
	if s.tie != nil {
		for _, word := range words {
			if word != "tie" && s.has(word) {
				return fmt.Errorf("%s is tied: its %s has no effect; remove one of the two", s.name, word)
			}
		}
		*p = fit.Parameter{Name: s.name}
		return nil
	}
	if s.start != nil {
		p.Start = *s.start
	}
	p.Fixed = p.Fixed || s.fix
	if s.scale != nil {
		p.Scale = *s.scale
	}
	lower, upper := p.Lower, p.Upper
	if lower == 0 && upper == 0 {
		lower, upper = math.Inf(-1), math.Inf(1)
	}
	if s.lower != nil {
		lower = *s.lower
	}
	if s.upper != nil {
		upper = *s.upper
	}
	switch {
	case !(lower < upper):
		return fmt.Errorf("%s: lower is %v and upper %v, want lower < upper; to hold a parameter at a value, fix it", s.name, lower, upper)
	case s.log && s.logit:
		return fmt.Errorf("%s: log and logit exclude each other", s.name)
	case s.log && upper <= 0:
		return fmt.Errorf("%s: log needs positive values, but upper is %v", s.name, upper)
	case s.logit && (math.IsInf(lower, 0) || math.IsInf(upper, 0)):
		return fmt.Errorf("%s: logit needs lower and upper", s.name)
	}
	if s.log {
		lower, p.Transform = max(lower, 0), fit.Log
	}
	if s.logit {
		p.Transform = fit.Logit
	}
	outside := p.Start < lower || p.Start > upper
	edge := p.Transform != fit.Identity && (p.Start <= lower || p.Transform == fit.Logit && p.Start >= upper)
	if outside || edge {
		if s.start == nil { // a guess gives way
			p.Start = inside(p.Start, lower, upper, p.Transform)
		} else {
			return fmt.Errorf("%s starts at %v, want %s", s.name, p.Start, between(lower, upper, edge && !outside))
		}
	}
	p.Lower, p.Upper = lower, upper
	return nil
}

// inside is the point of an interval next to v, or for a transform a point between its ends.
func inside(v, lower, upper float64, t fit.Transform) float64 {
	switch {
	case t == fit.Identity:
		return min(max(v, lower), upper)
	case !math.IsInf(upper, 1):
		return lower + (upper-lower)/2
	}
	return lower + 1
}

// between says where a start must lie.
func between(lower, upper float64, strictly bool) string {
	text := fmt.Sprintf("a value from %v to %v", lower, upper)
	switch {
	case math.IsInf(lower, -1):
		text = fmt.Sprintf("at most %v, its upper bound", upper)
	case math.IsInf(upper, 1):
		text = fmt.Sprintf("at least %v, its lower bound", lower)
	}
	if strictly {
		text = strings.Replace(strings.Replace(text, "at least", "more than", 1), "at most", "less than", 1) + ", the ends excluded"
	}
	return text
}

// has reports whether a word has been said.
func (s *parameter) has(word string) bool {
	switch word {
	case "start":
		return s.start != nil
	case "lower":
		return s.lower != nil
	case "upper":
		return s.upper != nil
	case "scale":
		return s.scale != nil
	case "fix":
		return s.fix
	case "log":
		return s.log
	case "logit":
		return s.logit
	}
	return s.tie != nil
}
