package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/method"
)

// TestOnePass: the loops by hand take the steps of the methods, so that both do the same work.
func TestOnePass(t *testing.T) {
	const dim = 50
	g := gradients(dim)
	found := 0
	for _, m := range timedMethods {
		loop := onePass[m.name]
		if loop == nil {
			loop = onePassOthers[m.name]
		}
		if loop == nil {
			continue
		}
		found++
		for _, steps := range []int{1, 3, 40} {
			a, x := walk(driven(m.new(), dim), g)
			b, y := walk(loop(dim), g)
			for i := range x {
				x[i], y[i] = 1+float64(i), 1+float64(i)
			}
			a(steps)
			b(steps)
			if d := furthest(x, y); !(d < 1e-9) {
				t.Errorf("%s after %d steps: the loop is %v away", m.name, steps, d)
			}
		}
	}
	if want := len(onePass) + len(onePassOthers); found != want {
		t.Errorf("%d loops are those of methods, want all %d", found, want)
	}
	// The comparison finds another default.
	a, x := walk(driven(&method.Yogi{Epsilon: 1.1e-3}, dim), g)
	b, y := walk(onePass["Yogi"](dim), g)
	a(3)
	b(3)
	if d := furthest(x, y); d < 1e-6 {
		t.Errorf("another Epsilon makes a difference of %v only", d)
	}
}

func furthest(x, y []float64) (d float64) {
	for i := range x {
		d = max(d, math.Abs(x[i]-y[i])/max(1, math.Abs(y[i])))
	}
	return d
}

// TestTimedMethods: all types of package method with a Step are timed.
func TestTimedMethods(t *testing.T) {
	timed, names := map[string]bool{}, map[string]bool{}
	for _, m := range timedMethods {
		timed[reflect.TypeOf(m.new()).Elem().Name()] = true
		if names[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		names[m.name] = true
	}
	files, err := filepath.Glob("../method/*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			step, ok := d.(*ast.FuncDecl)
			if !ok || step.Recv == nil || step.Name.Name != "Step" {
				continue
			}
			n++
			if of := step.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name; !timed[of] {
				t.Errorf("method.%s is not timed", of)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d types of package method have a Step", n)
	}
}

// TestMethodTime: every method can be timed, and no step allocates.
func TestMethodTime(t *testing.T) {
	for _, m := range timedMethods {
		m.dim = 20
		got, err := m.time(0)
		if err != nil || !(got.ns > 0) || got.allocs != 0 {
			t.Errorf("%s: %+v, error %v", m.name, got, err)
		}
		if got.hasOnePass != (onePass[m.name] != nil || onePassOthers[m.name] != nil) {
			t.Errorf("%s: has a loop by hand: %v", m.name, got.hasOnePass)
		}
	}
}
