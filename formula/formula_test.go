package formula

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/num/dual"
	"pgregory.net/rapid"
)

// value returns the value of an expression of the parameters b and c at a point, with column x, and its derivative by b.
func value(t *testing.T, expression string, b, c, x float64) (v, db float64) {
	t.Helper()
	// Every parameter must occur; 0 times it does no harm where it is not looked at.
	f, err := Parse("y ~ "+expression+" + 0*b + 0*c", []string{"x", "y"}, []string{"c", "b"})
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	grad, row := make([]float64, 2), []float64{x}
	v = f.Model().Func(grad, []float64{c, b}, row[:len(f.Columns)])
	return v, grad[1]
}

func same(a, b, tolerance float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*math.Abs(b)
}

// TestMain fixes the seed of the property tests, unless the command line does.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		seed.Value.Set("1")
	}
	os.Exit(m.Run())
}

func TestSyntax(t *testing.T) {
	const b, c, x = 2, 3, 5
	for _, test := range []struct {
		text string
		want float64
	}{
		{"1/2", 0.5},
		{"7/2*2", 7},
		{"2e-3", 0.002},
		{"1E3", 1000},
		{"1e+3", 1000},
		{".5", 0.5},
		{"5.", 5},
		{"1.e2", 100},
		{"007", 7},
		{"99999999999999999999", 1e20},
		{"9007199254740993", 9007199254740992},
		{"1" + strings.Repeat("0", 300), 1e300},
		{"-x**2", -25},
		{"-x^2", -25},
		{"(-x)**2", 25},
		{"-2**2", -4},
		{"2**-1", 0.5},
		{"2**-x", 1. / 32},
		{"2**-b**2", 1. / 16},
		{"b**c**b", 512},
		{"b^c^b", 512},
		{"b^c**b", 512},
		{"(b**c)**b", 64},
		{"b**-c*x", 5. / 8},
		{"2*x**2", 50},
		{"-b*-c", 6},
		{"- -b", 2},
		{"+b - +c", -1},
		{"x-b-c", 0},
		{"x/b/c", 5. / 6},
		{"x-b*c", -1},
		{"(x-b)*c", 9},
		{"pow(b, c)", 8},
		{"pow(b,pow(c,b))", 512},
		{"pi", math.Pi},
		{"log(exp(2))", 2},
		{"ln(exp(2))", 2},
		{"log10(1000)", 3},
		{"log2(8)", 3},
		{"abs(-x)", 5},
		{"\tx\n+ 1", 6},
	} {
		v, _ := value(t, test.text, b, c, x)
		if !same(v, test.want, 4e-16) {
			t.Errorf("%s = %v, want %v", test.text, v, test.want)
		}
	}
}

func TestDerivative(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		text    string
		b, c, x float64
		v, db   float64
	}{
		// Powers at 0 and with negative bases.
		{"b**2", 0, 0, 0, 0, 0},
		{"b**2", -3, 0, 0, 9, -6},
		{"b**3", -3, 0, 0, -27, 27},
		{"b**7", -1, 0, 0, -1, 7},
		{"b**-2", -2, 0, 0, 0.25, 0.25},
		{"b**1", 0, 0, 0, 0, 1},
		{"b**0", 0, 0, 0, 1, 0},
		{"b**0", -2, 0, 0, 1, 0},
		{"b**x", -3, 0, 2, 9, -6},
		{"b**0.5", 0, 0, 0, 0, inf},
		{"b**1.5", 0, 0, 0, 0, 0},
		{"b**-1", 0, 0, 0, inf, -inf},
		{"b**0.5", -1, 0, 0, nan, nan},
		{"x**b", 2, 0, 0, 0, 0},
		{"x**b", 0.3, 0, 0, 0, 0},
		{"0**b", 2, 0, 0, 0, 0},
		{"0**b", 0, 0, 0, 1, nan},
		{"0**b", -1, 0, 0, inf, nan},
		{"1**b", 7, 0, 0, 1, 0},
		{"x**b", 3, 0, 2, 8, 8 * math.Ln2},
		{"x**b", 2, 0, -3, 9, nan}, // not defined beside the whole exponent
		{"b**b", 1, 0, 0, 1, 1},
		{"b**c", 2, 3, 0, 8, 12},
		{"c**b", 3, 2, 0, 8, 8 * math.Ln2},
		{"(b-2)**b", 2, 0, 0, 0, 0},
		{"pow(b, 2)", -3, 0, 0, 9, -6},
		// Infinite slopes, and what does not change although its operands have them.
		{"sqrt(b)", 0, 0, 0, 0, inf},
		{"sqrt(b)", 4, 0, 0, 2, 0.25},
		{"sqrt(b)", -1, 0, 0, nan, nan},
		{"sqrt(b*x)", 2, 0, 0, 0, 0},
		{"c*sqrt(b)", 0, 0, 0, 0, 0},
		{"sqrt(b**2)", 0, 0, 0, 0, nan},
		{"(b*x)**c", 2, 0.5, 0, 0, 0},
		{"c*(b*x)**0.5", 2, 3, 0, 0, 0},
		{"sqrt(x/b)", 2, 0, 0, 0, 0},
		{"sqrt(c*b)", 2, 0, 0, 0, 0},
		{"sqrt(x**b-1)", 2, 0, 1, 0, 0},
		{"sqrt(x**b)", 2, 0, 0, 0, 0},
		{"sqrt(b**x-1)", 2, 0, 0, 0, 0},
		{"x/sqrt(b)", 0, 0, 1, inf, -inf},
		{"x/b", 2, 0, 0, 0, 0},
		{"sqrt(x**2-1) + b", 0, 0, 0, nan, nan},
		// Corners and ends of domains.
		{"abs(b)", -2, 0, 0, 2, -1},
		{"abs(b)", 0, 0, 0, 0, nan},
		{"abs(b*x)", 1, 0, 0, 0, 0},
		{"log(b)", 0, 0, 0, -inf, inf},
		{"log(b)", -1, 0, 0, nan, nan},
		{"asin(b)", 1, 0, 0, math.Pi / 2, inf},
		{"acosh(b)", -2, 0, 0, nan, nan},
		{"acosh(b)", 1, 0, 0, 0, inf},
		{"atanh(b)", 2, 0, 0, nan, nan},
		{"tanh(b)", 400, 0, 0, 1, 4 * math.Exp(-800)},
		{"tanh(b)", 1000, 0, 0, 1, 0},
		// Several occurrences, constants, and values that are zero without being flat.
		{"b - b", 3, 0, 0, 0, 0},
		{"b*b*b", 2, 0, 0, 8, 12},
		{"b*c", 0, 5, 0, 0, 5},
		{"b*c", 5, 0, 0, 0, 0},
		{"c/b", 2, 3, 0, 1.5, -0.75},
		{"b/c", 2, 4, 0, 0.5, 0.25},
		{"b/b", 3, 0, 0, 1, 0},
		{"-b", 3, 0, 0, -3, -1},
		{"exp(b)", 0, 0, 0, 1, 1},
		{"c*(1-exp(-b*x))", 0.5, 4, 2, 4 * (1 - math.Exp(-1)), 8 * math.Exp(-1)},
		{"exp(b*x)/(1+exp(b*x))", 0, 0, 4, 0.5, 1},
	} {
		v, db := value(t, test.text, test.b, test.c, test.x)
		if !same(v, test.v, 1e-15) || !same(db, test.db, 1e-15) {
			t.Errorf("%s at b = %v, c = %v, x = %v: value %v, derivative %v, want %v, %v",
				test.text, test.b, test.c, test.x, v, db, test.v, test.db)
		}
	}
}

// TestFunctions compares the derivative of each function with a central difference.
func TestFunctions(t *testing.T) {
	for _, name := range Functions() {
		if name == "pow" {
			continue
		}
		points := []float64{-0.7, -0.1, 0.2, 0.9}
		switch name {
		case "acosh":
			points = []float64{1.1, 2, 10}
		case "log", "ln", "log10", "log2", "log1p", "sqrt":
			points = []float64{0.1, 1, 7}
		}
		for _, b := range points {
			const h = 1e-5
			_, got := value(t, name+"(b)", b, 0, 0)
			above, _ := value(t, name+"(b)", b+h, 0, 0)
			below, _ := value(t, name+"(b)", b-h, 0, 0)
			if want := (above - below) / (2 * h); !same(got, want, 1e-7) {
				t.Errorf("%s'(%v) = %v, central difference %v", name, b, got, want)
			}
		}
	}
}

// expression is a random expression of b, c and x: its text, and its value by gonum's dual numbers.
type expression struct {
	text string
	dual func(b, c dual.Number, x float64) dual.Number
}

// expressions draws expressions whose functions stay inside their domains. Scale is raised to the largest value or
// derivative on the way, to which rounding errors are proportional.
func expressions(t *rapid.T, depth int, scale *float64) expression {
	inner := draw(t, depth, scale)
	return expression{inner.text, func(b, c dual.Number, x float64) dual.Number {
		n := inner.dual(b, c, x)
		*scale = max(*scale, math.Abs(n.Real), math.Abs(n.Emag))
		return n
	}}
}

func draw(t *rapid.T, depth int, scale *float64) expression {
	type number = dual.Number
	if depth == 0 {
		switch rapid.IntRange(0, 3).Draw(t, "leaf") {
		case 0:
			return expression{"b", func(b, _ number, _ float64) number { return b }}
		case 1:
			return expression{"c", func(_, c number, _ float64) number { return c }}
		case 2:
			return expression{"x", func(_, _ number, x float64) number { return number{Real: x} }}
		}
		v := float64(rapid.IntRange(1, 40).Draw(t, "number")) / 8
		return expression{strconv.FormatFloat(v, 'g', -1, 64), func(_, _ number, _ float64) number { return number{Real: v} }}
	}
	u := expressions(t, depth-1, scale)
	unary := func(format string, f func(u number) number) expression {
		return expression{fmt.Sprintf(format, u.text), func(b, c number, x float64) number { return f(u.dual(b, c, x)) }}
	}
	binary := func(format string, f func(u, w number) number) expression {
		w := expressions(t, depth-1, scale)
		return expression{fmt.Sprintf(format, u.text, w.text), func(b, c number, x float64) number {
			return f(u.dual(b, c, x), w.dual(b, c, x))
		}}
	}
	plus := func(u number, v float64) number { u.Real += v; return u }
	switch rapid.IntRange(0, 22).Draw(t, "operation") {
	case 0, 1:
		return binary("(%s + %s)", dual.Add)
	case 2, 3:
		return binary("(%s - %s)", dual.Sub)
	case 4, 5:
		return binary("(%s)*(%s)", dual.Mul)
	case 6:
		return binary("(%s)/(2+sin(%s))", func(u, w number) number { return dual.Mul(u, dual.Inv(plus(dual.Sin(w), 2))) })
	case 7:
		return binary("(2+cos(%s))**sin(%s)", func(u, w number) number { return dual.Pow(plus(dual.Cos(u), 2), dual.Sin(w)) })
	case 8:
		return unary("(%s)**2", func(u number) number { return dual.Mul(u, u) })
	case 9:
		return unary("(%s)^3", func(u number) number { return dual.Mul(u, dual.Mul(u, u)) })
	case 10:
		return unary("-(%s)", func(u number) number { return dual.Scale(-1, u) })
	case 11:
		return unary("exp(sin(%s))", func(u number) number { return dual.Exp(dual.Sin(u)) })
	case 12:
		return unary("log(2+cos(%s))", func(u number) number { return dual.Log(plus(dual.Cos(u), 2)) })
	case 13:
		return unary("sqrt(1+(%s)**2)", func(u number) number { return dual.Sqrt(plus(dual.Mul(u, u), 1)) })
	case 14:
		return unary("tan(sin(%s))", func(u number) number { return dual.Tan(dual.Sin(u)) })
	case 15:
		return unary("asin(sin(%s)/2)", func(u number) number { return dual.Asin(dual.Scale(0.5, dual.Sin(u))) })
	case 16:
		return unary("acos(sin(%s)/2)", func(u number) number { return dual.Acos(dual.Scale(0.5, dual.Sin(u))) })
	case 17:
		return unary("atan(%s)", dual.Atan)
	case 18:
		return unary("sinh(sin(%s))", func(u number) number { return dual.Sinh(dual.Sin(u)) })
	case 19:
		return unary("cosh(sin(%s))", func(u number) number { return dual.Cosh(dual.Sin(u)) })
	case 20:
		return unary("tanh(sin(%s))", func(u number) number { return dual.Tanh(dual.Sin(u)) })
	case 21:
		return unary("asinh(%s)", dual.Asinh)
	}
	return unary("atanh(sin(%s)/2)", func(u number) number { return dual.Atanh(dual.Scale(0.5, dual.Sin(u))) })
}

// TestDualNumbers compares random expressions and their derivatives with gonum's dual numbers.
func TestDualNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := 1.0
		e := expressions(t, rapid.IntRange(1, 4).Draw(t, "depth"), &scale)
		coordinate := rapid.Map(rapid.IntRange(-24, 24), func(i int) float64 { return float64(i)/8 + 1./64 })
		b, c, x := coordinate.Draw(t, "b"), coordinate.Draw(t, "c"), coordinate.Draw(t, "x")
		f, err := Parse("y ~ "+e.text+" + 0*b*c*x", []string{"y", "x"}, []string{"b", "c"})
		if err != nil {
			t.Fatalf("%s: %v", e.text, err)
		}
		grad := make([]float64, 2)
		v := f.Model().Func(grad, []float64{b, c}, []float64{x})
		byB := e.dual(dual.Number{Real: b, Emag: 1}, dual.Number{Real: c}, x)
		byC := e.dual(dual.Number{Real: b}, dual.Number{Real: c, Emag: 1}, x)
		tolerance := 1e-11 * scale * scale
		if !(math.Abs(v-byB.Real) <= tolerance && math.Abs(grad[0]-byB.Emag) <= tolerance && math.Abs(grad[1]-byC.Emag) <= tolerance) {
			t.Errorf("%s at b = %v, c = %v, x = %v: %v %v, want %v %v %v", e.text, b, c, x, v, grad, byB.Real, byB.Emag, byC.Emag)
		}
		if again := f.Model().Func(nil, []float64{b, c}, []float64{x}); again != v {
			t.Errorf("%s: value %v without gradient, %v with", e.text, again, v)
		}
	})
}

func TestNames(t *testing.T) {
	f, err := Parse("log(y)/z ~ b2*u + b1*pi*x + u", []string{"x", "y", "z", "u", "v"}, []string{"b1", "b2"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(f.Columns, f.ResponseColumns, f.Parameters); got != "[u x] [y z] [b1 b2]" {
		t.Errorf("names %s", got)
	}
	if got, want := f.response.eval(nil, nil, []float64{math.E, 2}), 0.5; got != want {
		t.Errorf("response %v, want %v", got, want)
	}
	grad := make([]float64, 2)
	if got, want := f.Model().Func(grad, []float64{1, 10}, []float64{3, 2}), 30+2*math.Pi+3; got != want {
		t.Errorf("model %v, want %v", got, want)
	}
	if grad[0] != 2*math.Pi || grad[1] != 3 {
		t.Errorf("gradient %v", grad)
	}
	// A column called e is just that, and one called log does no harm where log is the function.
	f, err = Parse("y ~ log(b)*e", []string{"e", "y", "log"}, []string{"b"})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Model().Func(nil, []float64{math.E}, []float64{5}); got != 5 {
		t.Errorf("log(b)*e = %v, want 5", got)
	}
	if _, err = Parse("größe ~ µ*länge", []string{"größe", "länge"}, []string{"µ"}); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		text      string
		character int
		want      string // in the message
	}{
		// Shape.
		{"b1*x", 0, "no ~"},
		{"", 0, "no ~"},
		{" ~ b1*x", 2, "nothing left of ~"},
		{"y ~ ", 3, "nothing right of ~"},
		{"y ~ b1 ~ x", 8, "a second ~"},
		{"y ~ \xff", 0, "not UTF-8"},
		{"y ~ b1*x" + strings.Repeat("+1", 10_000), 20_001, "at most 20000"},
		{"y ~ b1*x" + strings.Repeat("+1", 3_000), 4006, "more than 4000"},
		{"y ~ " + strings.Repeat("(", 5000) + "b1" + strings.Repeat(")", 5000), 4005, "more than 4000"},
		// Operators and punctuation.
		{"y ~ b1 +", 9, "missing at the end"},
		{"y ~ b1 * / x", 10, `unexpected "/"`},
		{"y ~ *b1", 5, `unexpected "*"`},
		{"y ~ b1 *** x", 10, `unexpected "*"`},
		{"y + ~ b1", 5, "missing at the end"},
		{"y ~ b1 x", 8, `operator such as * is missing before "x"`},
		{"y ~ 2x", 6, `operator such as * is missing before "x"`},
		{"y ~ 2(x)", 6, `operator such as * is missing before "("`},
		{"y ~ exp(x)(b1)", 11, `operator such as * is missing before "("`},
		{"y ~ exp(x b1)", 11, "is missing before"},
		{"y ~ 1.5.2", 8, "is missing before"},
		{"y ~ (b1*x", 5, `"(" is not closed; add a ")"`},
		{"y ~ b1*x)", 9, `")" without "("`},
		{"y ~ ()", 6, `unexpected ")"`},
		{"y ~ 1,5*x", 6, "decimal point"},
		{"y ~ (b1,x)", 8, `unexpected ","`},
		// Calls.
		{"y ~ exp(b1,x)", 5, "exp needs 1 argument(s), not 2"},
		{"y ~ exp()", 5, "exp needs 1 argument(s), not 0"},
		{"y ~ abs(b1,x)", 5, "abs needs 1 argument(s), not 2"},
		{"y ~ pow(b1)", 5, "pow needs 2 argument(s), not 1"},
		{"y ~ exp(b1,)", 12, `unexpected ")" after ","`},
		{"y ~ b1(x)", 5, "b1 is not a function; to multiply, write b1*(...); functions: " + strings.Join(Functions(), ", ")},
		{"y ~ exq(x)", 5, "did you mean exp?"},
		{"y ~ EXP(x)", 5, "did you mean exp?"},
		{"y ~ map(x, b1)", 5, "map is not a function"},
		{"y ~ len(x)", 5, "len is not a function"},
		{"y ~ filter(x, {b1})", 15, `"{" is not allowed`},
		{"y ~ max(x, b1)", 5, "max is not a function"},
		{"y ~ exp*x", 5, "exp is a function; write exp(...)"},
		// The rest of expr.
		{"y ~ b1 < x", 8, `"<" is not allowed; a formula holds`},
		{"y ~ b1 == x", 8, `"=" is not allowed`},
		{"y ~ b1 != x", 8, `"!" is not allowed`},
		{"y ~ x > 1 ? b1 : 2", 7, `">" is not allowed`},
		{"y ~ x ? b1 : 2", 7, `"?" is not allowed`},
		{"y ~ x ?? b1", 7, `"?" is not allowed`},
		{"y ~ x.b1", 6, `"." is not allowed here`},
		{"y ~ x?.b1", 6, `"?" is not allowed`},
		{"y ~ 1..2", 6, `".." is not allowed here`},
		{"y ~ x[b1]", 6, `"[" is not allowed`},
		{"y ~ [b1]", 5, `"[" is not allowed`},
		{"y ~ {b1: x}", 5, `"{" is not allowed`},
		{`y ~ "b1"`, 5, `not allowed`},
		{"y ~ 'b1'", 5, `"'" is not allowed`},
		{"y ~ `b1`", 5, "\"`\" is not allowed"},
		{"y ~ let b1 = x; b1", 12, `"=" is not allowed`},
		{"y ~ let b1", 5, "let is a reserved word"},
		{"y ~ x | exp()", 7, `"|" is not allowed`},
		{"y ~ x || b1", 7, `"|" is not allowed`},
		{"y ~ x && b1", 7, `"&" is not allowed`},
		{"y ~ b1*x;", 9, `";" is not allowed`},
		{"y ~ x in b1", 7, "in is a reserved word"},
		{"y ~ x not in b1", 7, "not is a reserved word"},
		{"y ~ x and b1", 7, "and is a reserved word"},
		{"y ~ x or b1", 7, "or is a reserved word"},
		{"y ~ not x", 5, "not is a reserved word"},
		{"y ~ x matches b1", 7, "matches is a reserved word"},
		{"y ~ x contains b1", 7, "contains is a reserved word"},
		{"y ~ x startsWith b1", 7, "startsWith is a reserved word"},
		{"y ~ x endsWith b1", 7, "endsWith is a reserved word"},
		{"y ~ if x", 5, "if is a reserved word"},
		{"y ~ b1 else x", 8, "else is a reserved word"},
		{"y ~ true*b1", 5, "true is a reserved word"},
		{"y ~ b1*false", 8, "false is a reserved word"},
		{"y ~ b1*nil", 8, "nil is a reserved word"},
		{"y ~ !x", 5, `"!" is not allowed`},
		{"y ~ b1 % x", 8, `"%" is not allowed`},
		{"y ~ # + b1", 5, `"#" is not allowed`},
		{"y ~ ::exp(b1)", 5, `":" is not allowed`},
		{"y ~ $env", 5, `"$" is not allowed`},
		{"y ~ b1*x // half", 10, `"//" is not allowed`},
		{"y ~ b1/*half*/*x", 7, `"/*" is not allowed`},
		{"y ~ b1*x²", 9, `"²" is not allowed`},
		{"y ~ b1·x", 7, `"·" is not allowed`},
		{"y ~ b1\x00", 7, `not allowed`},
		// Numbers.
		{"y ~ 1_000*b1", 5, "1_000 is not a decimal number"},
		{"y ~ 0x1F*b1", 5, "0x1F is not a decimal number"},
		{"y ~ 0b11*b1", 5, "0b11 is not a decimal number"},
		{"y ~ 0o17*b1", 5, "0o17 is not a decimal number"},
		{"y ~ 2e*b1", 5, "2e is not a number"},
		{"y ~ 1e999*b1", 5, "1e999 is too large"},
		{"y ~ b1*(1/0)", 10, "the value of this constant is +Inf"},
		{"y ~ b1*log(-1)", 8, "the value of this constant is NaN"},
		// Names.
		{"y ~ b1x", 5, "b1x is neither a column nor a parameter; to multiply, write b1*x"},
		{"y ~ b1·x", 7, "\"·\" is not allowed; write *"},
		{"y ~ b1*x²", 9, "\"²\" is not allowed; write **2"},
		{"y ~ b1*|x|", 8, "\"|\" is not allowed; write abs(...)"},
		{"y ~ −b1*x", 5, "\"−\" is not allowed; write the minus sign -"},
		{"y = b1*x", 3, "a formula has ~ in place of =; write y ~ b1*x"},
		{"y == b1*x", 3, "a formula has ~ in place of =; write y ~ b1*x"},
		{"y ~ b1*np.exp(x)", 8, "np.exp is not known; write exp(...)"},
		{"y ~ b1*x + math.pi", 12, "math.pi is not known; write pi"},
		{"y ~ b1*numpy.arctan(x)", 8, "numpy.arctan is not known; write atan(...)"},
		{"y ~ b1*np.power(x, 2)", 8, "np.power is not known; write x**y"},
		{"y ~ b1*np.where(x)", 8, "np.where is not known; write one of the functions abs, "},
		{"y ~ b1*b.exp(x)", 9, "\".\" is not allowed here"},
		{"y ~ b1*x + b2", 12, "b2 is neither a column nor a parameter"},
		{"y ~ b1*x + b2", 12, "columns: x, y, temperature; parameters: b1"},
		{"y ~ b1*tempreature", 8, "did you mean temperature?"},
		{"y ~ b1*X", 8, "did you mean x?"},
		{"µ*y ~ b1*x", 1, "µ is not a column of the data"},
		{"Y ~ b1*x", 1, "Y is not a column of the data; did you mean y?; columns: x, y, temperature"},
		{"y ~ b1*x*µ*Ω", 10, "µ"},
		{"y ~ e**b1", 5, "Euler's number is exp(1)"},
		{"b1*y ~ b1*x", 1, "parameter b1 stands left of ~"},
		{"2 ~ b1*x", 1, "no column of the data left of ~"},
		{"y ~ b1*y", 0, "column y is the response"},
		{"y ~ x", 0, "parameter b1 does not occur right of ~"},
		{"y ~ x + 0*1", 0, "parameter b1 does not occur"},
	} {
		_, err := Parse(test.text, []string{"x", "y", "temperature"}, []string{"b1"})
		checkError(t, test.text, err, test.character, test.want)
	}

	_, err := Parse("y ~ x*x", []string{"x", "y"}, []string{"x"})
	checkError(t, "two meanings", err, 0, "x is a parameter and a column of the data")
	_, err = Parse("y ~ b*x", []string{"x", "y"}, []string{"b", "b"})
	checkError(t, "two starts", err, 0, "parameter b is given twice")
	_, err = Parse("y ~ 2*x", []string{"x", "y"}, nil)
	checkError(t, "no parameter", err, 0, "no parameter right of ~")
	_, err = Parse("y ~ x+b", []string{"x", "y", "z"}, []string{"b", "offset"})
	checkError(t, "unused start", err, 0, "parameter offset does not occur")
}

// TestUnwritable: columns whose names cannot stand in a formula.
func TestUnwritable(t *testing.T) {
	columns := []string{"time (s)", "x-pos", "T [K]", "2theta", "peak width", "y", "x", " "}
	const rename = " cannot stand in a formula; rename it in the file to letters, digits and _, a letter first"
	for _, test := range []struct {
		text      string
		character int
		want, not string
	}{
		{"y ~ b*time (s)", 7, `"time (s)"` + rename, "function"},
		{"y ~ b*time(s)", 7, `"time (s)"` + rename, "function"},
		{"y ~ b*time", 7, `"time (s)"` + rename, "mean"},
		{"y ~ b*times", 7, `"time (s)"` + rename, "mean"},
		{"y ~ b*x-pos", 7, `"x-pos"` + rename, "mean"},
		{"y ~ b*x_pos", 7, `"x-pos"` + rename, "mean"},
		{"y ~ b*xpos", 7, "xpos is neither a column nor a parameter", "mean"},
		{"y ~ b*T [K]", 7, `"T [K]"` + rename, "allowed"},
		{"T [K] ~ b*x", 1, `"T [K]"` + rename, "allowed"},
		{"y ~ b*2theta", 7, `"2theta"` + rename, "operator"},
		{"y ~ b*peak width", 7, `"peak width"` + rename, "operator"},
		{"y ~ b*peakwidth", 7, `"peak width"` + rename, "mean"},
		{"y ~ b*x-position", 9, "position is neither", "cannot"},
		{"y ~ b*x + c", 11, "c is neither", "cannot"},
		{"y ~ b*x )", 9, `")" without "("`, "cannot"},
	} {
		_, err := Parse(test.text, columns, []string{"b"})
		checkError(t, test.text, err, test.character, test.want)
		if err != nil && strings.Contains(err.Error(), test.not) {
			t.Errorf("%q: %q contains %q", test.text, err, test.not)
		}
	}
}

// TestTaken: what every formula knows is no name of a parameter or column.
func TestTaken(t *testing.T) {
	for _, test := range []struct {
		text, column, parameter string
		character               int
		want                    string
	}{
		{"y ~ pi*x", "x", "pi", 0, "parameter pi is the number 3.14159...; give the parameter another name"},
		{"y ~ log*x", "x", "log", 0, "parameter log is a function; give the parameter another name"},
		{"y ~ b*pi", "pi", "b", 7, "pi is a column of the data and the number 3.14159...; rename the column in the file"},
		{"y ~ b*exp", "exp", "b", 7, "exp is a column of the data and a function; rename the column in the file"},
		{"exp ~ b*y", "exp", "b", 1, "exp is a column of the data and a function"},
	} {
		_, err := Parse(test.text, []string{"y", test.column}, []string{test.parameter})
		checkError(t, test.text, err, test.character, test.want)
	}
}

// TestEvaluatedOnce checks that equal expressions are computed once.
func TestEvaluatedOnce(t *testing.T) {
	f, err := Parse("y ~ exp(b*x)/(1+exp(b*x))", []string{"x", "y"}, []string{"b"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.model.tape.code); n != 7 { // b, x, b*x, exp, 1, 1+exp, the quotient
		t.Errorf("%d instructions, want 7", n)
	}
}

func checkError(t *testing.T, text string, err error, character int, want string) {
	t.Helper()
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%q: error %v, want a *formula.Error", text, err)
		return
	}
	if e.Character != character || !strings.Contains(e.Message, want) {
		t.Errorf("%q: character %d, %q, want character %d, %q", text, e.Character, e.Message, character, want)
	}
}

// TestDeep reads formulas as deep and as long as the limits allow.
func TestDeep(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 1900) + "b" + strings.Repeat(")", 1900),
		strings.Repeat("-", 1900) + "b",
		strings.Repeat("exp(-", 900) + "b" + strings.Repeat(")", 900),
		"b" + strings.Repeat("**b", 1900),
		"b" + strings.Repeat("+b", 1900),
	} {
		f, err := Parse("y ~ "+text, []string{"y"}, []string{"b"})
		if err != nil {
			t.Fatalf("%.20s: %v", text, err)
		}
		if v := f.Model().Func(make([]float64, 1), []float64{1}, nil); math.IsNaN(v) {
			t.Errorf("%.20s is NaN", text)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	f, err := Parse("y ~ b1*(1-exp(-b2*x))**b1", []string{"x", "y"}, []string{"b1", "b2"})
	if err != nil {
		t.Fatal(err)
	}
	model, grad, b, x := f.Model().Func, make([]float64, 2), []float64{2, 0.5}, []float64{3}
	if n := testing.AllocsPerRun(100, func() { model(grad, b, x) }); n > allocations {
		t.Errorf("%v allocations per evaluation, want at most %v", n, allocations)
	}
	points, dst, jac, many := f.Model().Points, make([]float64, 100), make([]float64, 200), slices.Repeat([][]float64{x}, 100)
	many[70] = []float64{0} // where a derivative is asked for once more
	if n := testing.AllocsPerRun(100, func() { points(dst, jac, b, many) }); n > allocations {
		t.Errorf("%v allocations per evaluation of many points, want at most %v", n, allocations)
	}
}

func FuzzFormula(f *testing.F) {
	for _, text := range []string{
		"y ~ b1*(1-exp(-b2*x))", "log(y) ~ b1**x^-b2", "y ~ pow(b1,.5e-3)", "y~((b1))-abs(+x)", "y ~ 0**b1**0", "~", "y ~ 1_0",
		"y ~ b1*x // c", "y ~ not x", "y ~ sum(b1)", "y ~ a.b[1]?.c | d()", "µ ~ 99999999999999999999*b1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, errNames := Names(text)
		if e, err := ParseExpression(text, []string{"b1", "x"}); err != nil {
			checkPlace(t, err, text)
		} else {
			arithmetic(t, e.value)
			e.Eval(make([]float64, 2), []float64{1, 2})
		}
		p, err := Parse(text, []string{"x", "y"}, []string{"b1"})
		if err != nil {
			checkPlace(t, err, text)
			return
		}
		arithmetic(t, p.model)
		arithmetic(t, p.response)
		if p.Text != text || len(p.ResponseColumns) == 0 || errNames != nil {
			t.Fatalf("formula %+v, names %v", p, errNames)
		}
		for _, name := range slices.Concat(p.Columns, p.ResponseColumns, p.Parameters) {
			if !slices.Contains(names, name) {
				t.Fatalf("%s is not among the names %q", name, names)
			}
		}
		p.response.eval(nil, nil, make([]float64, len(p.ResponseColumns)))
		grad := []float64{0}
		x := make([]float64, len(p.Columns))
		v := p.Model().Func(grad, []float64{1}, x)
		if again := p.Model().Func(nil, []float64{1}, x); again != v && !(math.IsNaN(again) && math.IsNaN(v)) {
			t.Fatalf("values %v and %v", v, again)
		}
	})
}

// checkPlace: an error is an Error at a place in the text.
func checkPlace(t *testing.T, err error, text string) {
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error of type %T", err)
	}
	if n := len([]rune(text)); e.Character < 0 || e.Character > n+1 {
		t.Fatalf("character %d of %d", e.Character, n)
	}
}

// arithmetic: what is evaluated are numbers, parameters, columns, signs and operators, and the functions of Functions, each
// from values that stand before it.
func arithmetic(t *testing.T, e *evaluator) {
	if len(e.code) > 2*maxTokens {
		t.Fatalf("%d instructions", len(e.code))
	}
	for i, in := range e.code {
		switch {
		case in.op > raise, in.op == call && !slices.Contains(slices.Collect(maps.Values(functions)), in.f),
			in.op > column && (int(in.a) >= i || in.a < 0), in.op > call && (int(in.b) >= i || in.b < 0):
			t.Fatalf("instruction %d is %+v", i, in)
		}
	}
}

// BenchmarkModel is the time of 200 points, one by one and together.
func BenchmarkModel(b *testing.B) {
	for name, text := range map[string]string{
		"Misra1a": "y ~ b1*(1-exp(-b2*x))",
		"Thurber": "y ~ (b1+b2*x+b3*x**2+b4*x**3)/(1+b5*x+b6*x**2+b7*x**3)",
	} {
		parameters := []string{"b1", "b2", "b3", "b4", "b5", "b6", "b7"}
		if name == "Misra1a" {
			parameters = parameters[:2]
		}
		f, err := Parse(text, []string{"x", "y"}, parameters)
		if err != nil {
			b.Fatal(err)
		}
		model, at := f.Model(), []float64{5, 0.1, 1, 2, 3, 4, 5}[:len(parameters)]
		x := make([][]float64, 200)
		for i := range x {
			x[i] = []float64{float64(i) / 50}
		}
		dst, jac := make([]float64, len(x)), make([]float64, len(x)*len(at))
		b.Run(name+"/one by one", func(b *testing.B) {
			for b.Loop() {
				for i := range x {
					dst[i] = model.Func(jac[i*len(at):(i+1)*len(at)], at, x[i])
				}
			}
		})
		b.Run(name+"/together", func(b *testing.B) {
			for b.Loop() {
				model.Points(dst, jac, at, x)
			}
		})
	}
}
