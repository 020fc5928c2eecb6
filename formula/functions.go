package formula

import (
	"maps"
	"math"
	"slices"
)

// function is a function of one variable. Slope gets x and f(x), and is called only where f(x) is a number. It is
// infinite where the graph is vertical and NaN where it has a corner. Abs keeps the sign of -0 out of it.
type function struct {
	value func(x float64) float64
	slope func(x, fx float64) float64
}

// values stores f(x) in dst.
func (f *function) values(dst, x []float64) {
	x = x[:len(dst)]
	if f == exponential {
		for j := range dst {
			dst[j] = math.Exp(x[j])
		}
		return
	}
	for j := range dst {
		dst[j] = f.value(x[j])
	}
}

// These are known to blocks: the slope of each is at hand where its own value is, or that of the other.
var exponential, sine, cosine = functions["exp"], functions["sin"], functions["cos"]

// functions are the functions of one variable, and pow.
var functions = map[string]*function{
	"exp":   {math.Exp, func(_, fx float64) float64 { return fx }},
	"expm1": {math.Expm1, func(x, _ float64) float64 { return math.Exp(x) }},
	"log":   {math.Log, func(x, _ float64) float64 { return 1 / math.Abs(x) }},
	"ln":    {math.Log, func(x, _ float64) float64 { return 1 / math.Abs(x) }},
	"log10": {math.Log10, func(x, _ float64) float64 { return 1 / (math.Abs(x) * math.Ln10) }},
	"log2":  {math.Log2, func(x, _ float64) float64 { return 1 / (math.Abs(x) * math.Ln2) }},
	"log1p": {math.Log1p, func(x, _ float64) float64 { return 1 / math.Abs(1+x) }},
	"sqrt":  {math.Sqrt, func(_, fx float64) float64 { return 0.5 / math.Abs(fx) }},
	"abs":   {math.Abs, func(x, fx float64) float64 { return x / fx }},
	"sin":   {math.Sin, func(x, _ float64) float64 { return math.Cos(x) }},
	"cos":   {math.Cos, func(x, _ float64) float64 { return -math.Sin(x) }},
	"tan":   {math.Tan, func(_, fx float64) float64 { return 1 + fx*fx }},
	"asin":  {math.Asin, func(x, _ float64) float64 { return 1 / math.Sqrt((1-x)*(1+x)) }},
	"acos":  {math.Acos, func(x, _ float64) float64 { return -1 / math.Sqrt((1-x)*(1+x)) }},
	"atan":  {math.Atan, func(x, _ float64) float64 { return 1 / (1 + x*x) }},
	"sinh":  {math.Sinh, func(x, _ float64) float64 { return math.Cosh(x) }},
	"cosh":  {math.Cosh, func(x, _ float64) float64 { return math.Sinh(x) }},
	"tanh":  {math.Tanh, func(x, _ float64) float64 { c := math.Cosh(x); return 1 / (c * c) }},
	"asinh": {math.Asinh, func(x, _ float64) float64 { return 1 / math.Hypot(1, x) }},
	"acosh": {math.Acosh, func(x, _ float64) float64 { return 1 / (math.Sqrt(x-1) * math.Sqrt(x+1)) }},
	"atanh": {math.Atanh, func(x, _ float64) float64 { return 1 / ((1 - x) * (1 + x)) }},
	"erf":   {math.Erf, func(x, _ float64) float64 { return 2 / math.SqrtPi * math.Exp(-x*x) }},
	"erfc":  {math.Erfc, func(x, _ float64) float64 { return -2 / math.SqrtPi * math.Exp(-x*x) }},
	"pow":   nil, // the operator **
}

// Functions returns the names of the functions that formulas may call. All take one argument, except for pow(x, y),
// which is x**y. Log is the natural logarithm, as is ln. Expm1(x) is exp(x)-1 and log1p(x) is log(1+x), both exact for small x.
func Functions() []string {
	return slices.Sorted(maps.Keys(functions))
}

// taken says what a name means in every formula, or "" if it is free.
func taken(name string) string {
	if name == "pi" {
		return "the number 3.14159..."
	}
	if _, ok := functions[name]; ok {
		return "a function"
	}
	return ""
}
