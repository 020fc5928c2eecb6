package catalogue

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// rules returns the types of package method that are Rules and hold none, from its source.
func rules(t *testing.T) []string {
	t.Helper()
	const dir = "../../../../method/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	steps, holds := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), dir+e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			switch name := star.X.(*ast.Ident).Name; fn.Name.Name {
			case "Step":
				steps[name] = true
			case "Unwrap":
				holds[name] = true
			}
		}
	}
	var names []string
	for name := range steps {
		if !holds[name] && ast.IsExported(name) {
			names = append(names, name)
		}
	}
	return names
}

// needy are methods that cannot run on any problem: why they are not listed.
var needy = map[string]string{
	"AdaHessian": "HessVec",
	"SFO":        "the number of terms, and noise that is frozen",
	"Sophia":     "HessVec",
}

// TestComplete: every method of the module that is no wrapper is listed.
func TestComplete(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range Methods {
		listed[strings.TrimPrefix(fmt.Sprintf("%T", m.New(0)), "*method.")] = true
		if !slices.Contains(Families, m.Family) {
			t.Errorf("%s is of the unknown family %q", m.Name, m.Family)
		}
	}
	names := rules(t)
	if len(names) < 30 {
		t.Errorf("found only %v", names)
	}
	for _, name := range names {
		if !listed[name] && needy[name] == "" {
			t.Errorf("method.%s is not listed", name)
		}
		if listed[name] && needy[name] != "" {
			t.Errorf("method.%s is listed, and needs %s", name, needy[name])
		}
	}
}

// TestDefault: the listed default of StepSize is the default, and New passes StepSize on.
func TestDefault(t *testing.T) {
	run := func(m optimize.Method) []float64 {
		p := stochopt.Problem{FuncGrad: func(grad, x []float64) float64 {
			copy(grad, x)
			return floats.Dot(x, x) / 2
		}}
		r, err := stochopt.Minimize(context.Background(), p, []float64{3, -2}, &optimize.Settings{MajorIterations: 20, Converger: optimize.NeverTerminate{}}, m)
		if err != nil {
			t.Fatal(err)
		}
		return r.X
	}
	for _, m := range Methods {
		want := run(m.New(0))
		if m.Default == 0 {
			continue
		}
		if got := run(m.New(m.Default)); !slices.Equal(got, want) {
			t.Errorf("%s: with StepSize 0 %v, with the listed default %v %v", m.Name, want, m.Default, got)
		}
		if got := run(m.New(m.Default / 2)); slices.Equal(got, want) {
			t.Errorf("%s: half the StepSize changes nothing", m.Name)
		}
	}
}

// TestClasses: all problems are sound, and exact where they say so.
func TestClasses(t *testing.T) {
	names := map[string]bool{}
	for _, c := range Classes() {
		for _, o := range c.Problems {
			if key := c.Name + o.Name; names[key] {
				t.Errorf("%s is there twice", key)
			} else {
				names[key] = true
			}
			n := len(o.Start)
			if n == 0 || math.IsNaN(o.Minimum) || !(o.Func(o.Start) > o.Minimum) {
				t.Errorf("%s: %d variables, from %v to %v", o.Name, n, o.Func(o.Start), o.Minimum)
			}
			for _, x := range o.Minimizers {
				if f := o.Func(x); !(f-o.Minimum <= 1e-6*(o.Func(o.Start)-o.Minimum)) {
					t.Errorf("%s: %v at its minimizer, want %v", o.Name, f, o.Minimum)
				}
			}
			a, b := make([]float64, n), make([]float64, n)
			f, err := o.Oracle(a, o.Start, stochopt.Sample{Seed: 1})
			g, err2 := o.Oracle(b, o.Start, stochopt.Sample{Seed: 1, Step: 1})
			if err != nil || err2 != nil {
				t.Fatal(o.Name, err, err2)
			}
			if same := f == g && slices.Equal(a, b); same != c.Exact {
				t.Errorf("%s: two draws %v %v and %v %v, exact %t", o.Name, f, a, g, b, c.Exact)
			}
		}
	}
}
