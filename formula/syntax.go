package formula

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"
	"github.com/stochopt/stochopt/internal/spelling"
)

// The parser, the compiler and the sweeps recurse or loop over the formula; these limits keep all of them cheap. The
// parser itself stops at 10 000 nodes.
const (
	maxLength = 20_000 // characters
	maxTokens = 4_000  // numbers, names, operators, parentheses
)

// allowed ends the errors about what expr knows and formulas do not.
const allowed = "a formula holds numbers, names, + - * / ** ^ ( ) and functions such as exp(x)"

// reserved words are operators or values in expr.
var reserved = map[string]bool{
	"and": true, "contains": true, "else": true, "endsWith": true, "false": true, "if": true, "in": true, "let": true,
	"matches": true, "nil": true, "not": true, "or": true, "startsWith": true, "true": true,
}

// parse returns the syntax tree of one side of a formula, and the value of each number by its place in the text.
func parse(side string) (ast.Node, map[int]float64, error) {
	text := []rune(side)
	if err := checkCharacters(text); err != nil {
		return nil, nil, err
	}
	tokens, err := lexer.Lex(file.NewSource(side))
	if err != nil {
		return nil, nil, translate(err, text)
	}
	if len(tokens) > maxTokens {
		return nil, nil, errorAt(tokens[maxTokens].From, "the formula has more than %d numbers, names and signs", maxTokens)
	}
	if err := checkTokens(tokens); err != nil {
		return nil, nil, err
	}
	numbers, err := readNumbers(tokens, text)
	if err != nil {
		return nil, nil, err
	}
	tree, err := parser.Parse(string(text))
	if err != nil {
		return nil, nil, translate(err, text)
	}
	return tree.Node, numbers, nil
}

// checkCharacters refuses what no formula contains, above all most of expr's operators, its strings and its comments.
func checkCharacters(text []rune) error {
	for i, r := range text {
		switch {
		case r == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			return errorAt(i, "%q is not allowed; %s", string(text[i:i+2]), allowed)
		case inName(r), unicode.IsSpace(r), strings.ContainsRune("+-*/^().,", r):
		case instead[r] != "":
			return errorAt(i, "%q is not allowed; write %s", string(r), instead[r])
		default:
			return errorAt(i, "%q is not allowed; %s", string(r), allowed)
		}
	}
	return nil
}

// instead says what stands in formulas for characters that mean something in print.
var instead = map[rune]string{'·': "*", '×': "*", '÷': "/", '−': "the minus sign -", '–': "the minus sign -", '²': "**2", '³': "**3", '√': "sqrt(...)", '|': "abs(...)"}

// checkTokens refuses reserved words, stray points, calls of what is not a function, and parentheses without partner.
func checkTokens(tokens []lexer.Token) error {
	var open []int // places of the parentheses not yet closed
	for i, t := range tokens[:len(tokens)-1] {
		next := tokens[i+1]
		switch {
		case reserved[t.Value]:
			return errorAt(t.From, "%s is a reserved word and cannot be a name; %s", t.Value, allowed)
		case t.Is(lexer.Operator, ".") && i > 0 && tokens[i-1].Is(lexer.Identifier) && next.Is(lexer.Identifier) && library[tokens[i-1].Value]:
			return errorAt(tokens[i-1].From, "%s.%s is not known; write %s", tokens[i-1].Value, next.Value, bare(next.Value))
		case t.Is(lexer.Operator, ".", ".."):
			return errorAt(t.From, "%q is not allowed here; names consist of letters, digits and _", t.Value)
		case t.Is(lexer.Operator, ",") && next.Is(lexer.Bracket, ")"):
			return errorAt(next.From, "unexpected \")\" after \",\"")
		case t.Is(lexer.Operator, ",") && len(open) == 0:
			return errorAt(t.From, "unexpected \",\"; numbers are written with a decimal point")
		case t.Is(lexer.Identifier) && next.Is(lexer.Bracket, "("):
			if _, ok := functions[t.Value]; !ok {
				return errorAt(t.From, "%s is not a function%s; to multiply, write %s*(...); functions: %s", t.Value,
					spelling.Hint(t.Value, Functions()), t.Value, strings.Join(Functions(), ", "))
			}
		case t.Is(lexer.Bracket, "("):
			open = append(open, t.From)
		case t.Is(lexer.Bracket, ")"):
			if len(open) == 0 {
				return errorAt(t.From, "\")\" without \"(\"")
			}
			open = open[:len(open)-1]
		}
	}
	if n := len(open); n > 0 {
		return errorAt(open[n-1], "\"(\" is not closed; add a \")\"")
	}
	return nil
}

// library are the modules of other languages in front of whose functions a point may stand.
var library = map[string]bool{"np": true, "numpy": true, "math": true, "Math": true, "scipy": true, "special": true, "sp": true}

// bare says how a function or number of another language is written here.
func bare(name string) string {
	switch n := strings.ToLower(name); {
	case n == "pi":
		return "pi"
	case n == "e":
		return "exp(1)"
	case n == "power":
		return "x**y"
	case taken(n) != "":
		return n + "(...)"
	default:
		if meant := spelling.Nearest(n, Functions()); meant != "" {
			return meant + "(...)"
		}
	}
	return "one of the functions " + strings.Join(Functions(), ", ")
}

// readNumbers returns the values of the numbers by place. The parser knows integers up to 2⁶³ only, so integers become
// zeros of the same length in the text that it gets.
func readNumbers(tokens []lexer.Token, text []rune) (map[int]float64, error) {
	numbers := make(map[int]float64)
	for _, t := range tokens {
		if !t.Is(lexer.Number) {
			continue
		}
		if strings.Trim(t.Value, "0123456789.eE+-") != "" || strings.Contains(t.Value, "_") {
			return nil, errorAt(t.From, "%s is not a decimal number; write numbers like 1000, 0.5 or 2e-3", t.Value)
		}
		v, err := strconv.ParseFloat(t.Value, 64)
		if errors.Is(err, strconv.ErrRange) {
			return nil, errorAt(t.From, "%s is too large for a number", t.Value)
		}
		if err != nil {
			return nil, errorAt(t.From, "%s is not a number; write numbers like 1000, 0.5 or 2e-3", t.Value)
		}
		numbers[t.From] = v
		if !strings.ContainsAny(t.Value, ".eE") {
			for i := t.From; i < t.To; i++ {
				text[i] = '0'
			}
		}
	}
	return numbers, nil
}

// translate says in the words of formulas what the lexer or the parser found at a place of the text.
func translate(err error, text []rune) error {
	var e *file.Error
	if !errors.As(err, &e) || e.From >= len(text) {
		return &Error{Message: err.Error()}
	}
	if e.Message == "unexpected token EOF" {
		return errorAt(len(text), "a number, a name or \"(\" is missing at the end")
	}
	word := string(text[e.From:min(e.To, len(text))])
	if r := []rune(word)[0]; r == '(' || r == '.' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return errorAt(e.From, "an operator such as * is missing before %q", word)
	}
	return errorAt(e.From, "unexpected %q", word)
}
