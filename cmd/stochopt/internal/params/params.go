// Package params reads what a user says of the parameters of a fit, on the command line and in a file, in the same words:
//
//	start    a number, where the search begins; b1=500 on the command line, b1 = 500 in a file
//	lower    a number, the least value allowed
//	upper    a number, the greatest value allowed
//	fix      leaves the parameter at its start
//	tie      an expression of other parameters that the parameter equals, as 2*b1
//	log      searches in the logarithm of the parameter, which must be positive
//	logit    searches in log((b-lower)/(upper-b))
//	scale    a number, a change of the parameter that matters
package params

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// parameter is what has been said of a parameter. What has not been said is nil or false.
type parameter struct {
	name                       string
	start, lower, upper, scale *float64
	fix, log, logit            bool
	tie                        *string
	said                       map[string]bool // words that the source being read has said
}

// Set is what has been said of parameters, in the order of their first mention. The zero Set is empty.
type Set struct{ all []*parameter }

// Names are the parameters that have been spoken of.
func (s *Set) Names() (names []string) {
	for _, p := range s.all {
		names = append(names, p.name)
	}
	return names
}

// Starts reports whether a parameter has been given a start.
func (s *Set) Starts(name string) bool {
	p := s.find(name)
	return p != nil && p.start != nil
}

func (s *Set) find(name string) *parameter {
	if i := slices.IndexFunc(s.all, func(p *parameter) bool { return p.name == name }); i >= 0 {
		return s.all[i]
	}
	return nil
}

// words are those of a file's table and of flags.
var words = []string{"start", "lower", "upper", "fix", "tie", "log", "logit", "scale"}

// say takes the value of a word: a float64, a bool or a string. A later source overrides an earlier one, but none may
// say a thing twice.
func (s *Set) say(name, word string, value any) error {
	if name == "" {
		return fmt.Errorf("%s of a parameter without name", word)
	}
	p := s.find(name)
	if p == nil {
		p = &parameter{name: name, said: make(map[string]bool)}
		s.all = append(s.all, p)
	}
	if p.said[word] {
		if word == "start" {
			return fmt.Errorf("%s has two start values; flags such as --lower take one NAME=NUMBER each time, and may be repeated", name)
		}
		return fmt.Errorf("%s of %s is given twice", word, name)
	}
	p.said[word] = true
	var ok bool
	switch word {
	case "start", "lower", "upper", "scale":
		var v float64
		if v, ok = value.(float64); !ok {
			return fmt.Errorf("%s of %s must be a number, not %v", word, name, describe(value))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) && (word == "start" || word == "scale") || word == "scale" && v <= 0 {
			return fmt.Errorf("%s of %s is %v, want a finite number%s", word, name, v, map[bool]string{true: " above 0"}[word == "scale"])
		}
		*map[string]**float64{"start": &p.start, "lower": &p.lower, "upper": &p.upper, "scale": &p.scale}[word] = &v
	case "fix", "log", "logit":
		var v bool
		if v, ok = value.(bool); !ok {
			return fmt.Errorf("%s of %s must be true or false, not %v", word, name, describe(value))
		}
		*map[string]*bool{"fix": &p.fix, "log": &p.log, "logit": &p.logit}[word] = v
	case "tie":
		var v string
		if v, ok = value.(string); !ok {
			return fmt.Errorf("tie of %s must be an expression between quotation marks, as \"2*b1\", not %v", name, describe(value))
		}
		p.tie = &v
	default:
		return fmt.Errorf("%q is nothing to say of %s; say %s", word, name, strings.Join(words, ", "))
	}
	return nil
}

// describe writes a value of a file.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case map[string]any:
		return "a table"
	case []any:
		return "a list"
	}
	return fmt.Sprint(v)
}

// next forgets which words the source before has said.
func (s *Set) next() {
	for _, p := range s.all {
		clear(p.said)
	}
}

// Flags are what the command line says.
type Flags struct {
	Start                    []string // NAME=VALUE
	Lower, Upper, Scale, Tie []string // NAME=VALUE
	Fix, Log, Logit          []string // NAME, for Fix also NAME=VALUE
}

// Flags takes what the command line says, which overrides what has been said before.
func (s *Set) Flags(f Flags) error {
	s.next()
	for _, a := range f.Start {
		name, value, found := strings.Cut(a, "=")
		if !found || name == "" {
			return fmt.Errorf("%q is not a start value; write NAME=VALUE without blanks, as in b1=500 (and quote the formula)", a)
		}
		v, err := number(value)
		if err != nil || math.IsInf(v, 0) {
			return fmt.Errorf("start value of %s: %q is not a finite number; write numbers like 1000, 0.5 or 2e-3", name, value)
		}
		if err := s.say(name, "start", v); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		word string
		args []string
	}{{"lower", f.Lower}, {"upper", f.Upper}, {"scale", f.Scale}} {
		for _, a := range n.args {
			name, value, _ := strings.Cut(a, "=")
			v, err := number(value)
			if err != nil || name == "" {
				return fmt.Errorf("--%s %q: write NAME=NUMBER, as in --%s b1=10", n.word, a, n.word)
			}
			if err := s.say(name, n.word, v); err != nil {
				return fmt.Errorf("--%s: %w", n.word, err)
			}
		}
	}
	for _, a := range f.Tie {
		name, expression, _ := strings.Cut(a, "=")
		if name == "" || strings.TrimSpace(expression) == "" {
			return fmt.Errorf("--tie %q: write NAME=EXPRESSION, as in --tie 'b2=2*b1'", a)
		}
		if err := s.say(strings.TrimSpace(name), "tie", expression); err != nil {
			return fmt.Errorf("--tie: %w", err)
		}
	}
	for _, n := range []struct {
		word string
		args []string
	}{{"fix", f.Fix}, {"log", f.Log}, {"logit", f.Logit}} {
		for _, a := range n.args {
			name, value, found := strings.Cut(a, "=")
			if name == "" || found && n.word != "fix" {
				return fmt.Errorf("--%s %q: write the name of a parameter", n.word, a)
			}
			if found {
				v, err := number(value)
				if err != nil || math.IsInf(v, 0) {
					return fmt.Errorf("--fix %q: %q is not a finite number", a, value)
				}
				if p := s.find(name); p != nil && p.said["start"] {
					return fmt.Errorf("--fix %s and the start value %s=%v, both on the command line, say two things of %s: leave out one, or give --fix %s to hold it at its start", a, name, *p.start, name, name)
				}
				if err := s.say(name, "start", v); err != nil {
					return fmt.Errorf("--fix: %w", err)
				}
			}
			if err := s.say(name, n.word, true); err != nil {
				return fmt.Errorf("--%s: %w", n.word, err)
			}
		}
	}
	return nil
}

// number reads a decimal number or an infinity.
func number(text string) (float64, error) {
	if strings.ContainsAny(text, "_xXpP") {
		return 0, strconv.ErrSyntax
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && math.IsNaN(v) {
		err = strconv.ErrSyntax
	}
	return v, err
}
