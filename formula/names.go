package formula

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
	"github.com/stochopt/stochopt/internal/spelling"
)

// inName reports whether names in formulas may contain r.
func inName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// writable reports whether a column's name can stand in a formula, as "time (s)" cannot.
func writable(name string) bool {
	for i, r := range name {
		if !inName(r) || i == 0 && unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// cannotStand says what to do with a column that is not writable.
const cannotStand = "column %q cannot stand in a formula; rename it in the file to letters, digits and _, a letter first"

// blame returns an error about the column that stands in the text, spaces aside, where err was found, if its name is not
// writable. Otherwise it returns err.
func blame(err error, text string, columns []string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	at := e.Character - 1
	dense, places := withoutSpaces(text)
	for _, column := range columns {
		name, _ := withoutSpaces(column)
		if writable(column) || len(name) == 0 {
			continue
		}
		for i := 0; i+len(name) <= len(dense); i++ {
			end := i + len(name)
			partOfName := i > 0 && inName(dense[i-1]) && inName(dense[i]) || end < len(dense) && inName(dense[end-1]) && inName(dense[end])
			if slices.Equal(dense[i:end], name) && places[i] <= at && at <= places[end-1] && !partOfName {
				return errorAt(places[i], cannotStand, column)
			}
		}
	}
	return err
}

// withoutSpaces returns the characters of a text that are not spaces, and their places in it.
func withoutSpaces(text string) (dense []rune, places []int) {
	for i, r := range []rune(text) {
		if !unicode.IsSpace(r) {
			dense, places = append(dense, r), append(places, i)
		}
	}
	return dense, places
}

// partOf returns the first column that is not writable and of which name is a word or nearly all, or "".
func partOf(name string, columns []string) string {
	for _, column := range columns {
		if writable(column) {
			continue
		}
		words := strings.FieldsFunc(column, func(r rune) bool { return !inName(r) })
		for _, word := range append(words, strings.Join(words, "_")) {
			if strings.EqualFold(word, name) || spelling.Nearest(name, []string{word}) != "" {
				return column
			}
		}
	}
	return ""
}

// productOf is the product of two different known names that stand beside each other in an unknown one, as b*x for bx, or "".
func productOf(unknown string, known []string) string {
	for i := range unknown {
		if unknown[:i] != unknown[i:] && slices.Contains(known, unknown[:i]) && slices.Contains(known, unknown[i:]) {
			return unknown[:i] + "*" + unknown[i:]
		}
	}
	return ""
}

// list writes names for an error, the first twenty at most.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// Names returns the names that stand in a formula or an expression, in the order of their first use: its columns and
// parameters, without the functions and pi. Its error is an *Error, and one that Parse or ParseExpression have as well.
func Names(text string) ([]string, error) {
	if err := checkLength(text); err != nil {
		return nil, err
	}
	text = strings.ReplaceAll(text, "~", "+") // between two expressions, and keeps all places
	if err := checkCharacters([]rune(text)); err != nil {
		return nil, err
	}
	tokens, err := lexer.Lex(file.NewSource(text))
	if err != nil {
		return nil, translate(err, []rune(text))
	}
	var names []string
	for i, t := range tokens {
		if t.Is(lexer.Identifier) && !reserved[t.Value] && t.Value != "pi" && !tokens[i+1].Is(lexer.Bracket, "(") && !slices.Contains(names, t.Value) {
			names = append(names, t.Value)
		}
	}
	return names, nil
}
