package formula

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/stochopt/stochopt/internal/spelling"
)

// compiler makes the tape of one side of a formula.
type compiler struct {
	columns    []string // of the data
	parameters []string
	response   bool // left of the ~, where parameters are not allowed
	tie        bool // an expression of parameters, without columns

	numbers map[int]float64
	used    []string // columns in the order of their first use
	names   []string // that occur
	code    []instruction
	index   map[instruction]int32 // where an instruction stands; equal expressions are evaluated once
}

func (c *compiler) compile(side string) error {
	node, numbers, err := parse(side)
	if err != nil {
		return err
	}
	c.numbers = numbers
	c.index = make(map[instruction]int32)
	_, err = c.node(node) // its value is that of the last instruction, unless it is constant
	return err
}

// node appends the instructions of n and returns where its value stands.
func (c *compiler) node(n ast.Node) (int32, error) {
	at := n.Location().From
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return c.emit(at, instruction{op: number, value: c.numbers[at]})
	case *ast.IdentifierNode:
		return c.name(at, n.Value)
	case *ast.UnaryNode:
		a, err := c.node(n.Node)
		if err != nil || n.Operator == "+" {
			return a, err
		}
		return c.emit(at, instruction{op: negate, a: a})
	case *ast.BinaryNode:
		op, ok := operators[n.Operator]
		if !ok {
			return 0, errorAt(at, "%s is not allowed; %s", n.Operator, allowed)
		}
		return c.pair(at, op, n.Left, n.Right)
	case *ast.BuiltinNode: // expr has some functions of its own, such as abs
		return c.call(at, n.Name, n.Arguments)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			return c.call(at, callee.Value, n.Arguments)
		}
	}
	return 0, errorAt(at, "%s is not allowed; %s", n, allowed)
}

var operators = map[string]operation{
	"+": plus, "-": minus, "*": times, "/": divide, "**": raise, "^": raise,
}

func (c *compiler) pair(at int, op operation, left, right ast.Node) (int32, error) {
	a, err := c.node(left)
	if err != nil {
		return 0, err
	}
	b, err := c.node(right)
	if err != nil {
		return 0, err
	}
	return c.emit(at, instruction{op: op, a: a, b: b})
}

func (c *compiler) call(at int, name string, arguments []ast.Node) (int32, error) {
	f, ok := functions[name]
	if !ok {
		return 0, errorAt(at, "%s is not a function", name)
	}
	want := 1
	if name == "pow" {
		want = 2
	}
	if len(arguments) != want {
		return 0, errorAt(at, "%s needs %d argument(s), not %d", name, want, len(arguments))
	}
	if name == "pow" {
		return c.pair(at, raise, arguments[0], arguments[1])
	}
	a, err := c.node(arguments[0])
	if err != nil {
		return 0, err
	}
	return c.emit(at, instruction{op: call, a: a, f: f})
}

func (c *compiler) name(at int, name string) (int32, error) {
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
	if j := slices.Index(c.parameters, name); j >= 0 {
		if c.response {
			return 0, errorAt(at, "parameter %s stands left of ~, where only columns may; columns: %s", name, list(c.columns))
		}
		return c.emit(at, instruction{op: parameter, a: int32(j)})
	}
	if slices.Contains(c.columns, name) {
		if what := taken(name); what != "" {
			return 0, errorAt(at, "%s is a column of the data and %s; rename the column in the file", name, what)
		}
		i := slices.Index(c.used, name)
		if i < 0 {
			i = len(c.used)
			c.used = append(c.used, name)
		}
		return c.emit(at, instruction{op: column, a: int32(i)})
	}
	if name == "pi" {
		return c.emit(at, instruction{op: number, value: math.Pi})
	}
	if taken(name) != "" {
		return 0, errorAt(at, "%s is a function; write %s(...)", name, name)
	}
	return 0, c.unknown(at, name)
}

func (c *compiler) unknown(at int, name string) error {
	known := slices.Concat(c.columns, c.parameters)
	message := fmt.Sprintf("%s is neither a column nor a parameter", name)
	switch {
	case c.response:
		known = slices.Clone(c.columns)
		message = fmt.Sprintf("%s is not a column of the data", name)
	case c.tie:
		message = fmt.Sprintf("%s is not a parameter", name)
	}
	known = slices.DeleteFunc(known, func(n string) bool { return !writable(n) })
	var hint string
	if column := partOf(name, c.columns); column != "" {
		hint = "; " + fmt.Sprintf(cannotStand, column)
	}
	switch product, meant := productOf(name, known), spelling.Hint(name, known); {
	case product != "":
		hint += "; to multiply, write " + product
	case meant != "":
		hint += meant
	case name == "e":
		hint += "; Euler's number is exp(1)"
	}
	message += hint
	if !c.tie {
		message += "; columns: " + list(c.columns)
	}
	if !c.response {
		message += "; parameters: " + list(c.parameters)
	}
	return &Error{Character: at + 1, Unknown: name, Hint: strings.TrimPrefix(hint, "; "), Message: message}
}

// emit appends an instruction, or its value if that is constant, unless it is there already.
func (c *compiler) emit(at int, in instruction) (int32, error) {
	if in.op > column && c.code[in.a].op == number && (in.op <= call || c.code[in.b].op == number) {
		v := in.apply(c.code[in.a].value, c.code[in.b].value)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, errorAt(at, "the value of this constant is %v", v)
		}
		in = instruction{op: number, value: v}
	}
	if i, ok := c.index[in]; ok {
		return i, nil
	}
	i := int32(len(c.code))
	c.code = append(c.code, in)
	c.index[in] = i
	return i, nil
}

// tape returns what was compiled, for a number of parameters.
func (c *compiler) tape(parameters int) *tape {
	n := len(c.code)
	t := &tape{code: c.code, depends: make([][]int32, parameters), active: make([]bool, n), varies: make([]bool, n),
		place: make([]int32, n), partner: make([]int32, n)}
	for j := range t.depends {
		depends := make([]bool, len(t.code))
		for i, in := range t.code {
			switch {
			case in.op == parameter:
				depends[i] = in.a == int32(j)
			case in.op > column:
				depends[i] = depends[in.a] || in.op > call && depends[in.b]
			}
			if depends[i] {
				t.depends[j] = append(t.depends[j], int32(i))
				t.active[i] = true
			}
		}
	}
	for i, in := range t.code {
		t.varies[i] = in.op == column || in.op > column && (t.varies[in.a] || in.op > call && t.varies[in.b])
		if t.active[i] {
			t.place[i] = int32(t.actives)
			t.actives++
		}
		t.partner[i] = c.partner(in)
	}
	return t
}

// partner returns where the function stands whose value gives the slope of in, a sine or a cosine, or -1.
func (c *compiler) partner(in instruction) int32 {
	switch in.f {
	case sine:
		in.f = cosine
	case cosine:
		in.f = sine
	default:
		return -1
	}
	if i, ok := c.index[in]; ok {
		return i
	}
	return -1
}
