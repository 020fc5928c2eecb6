package stochopt_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
	"pgregory.net/rapid"
)

// TestMain fixes the seed of the property tests, unless the command line does.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		seed.Value.Set("1")
	}
	os.Exit(m.Run())
}

// vector draws components of mixed scales, with zeros.
func vector(n int) *rapid.Generator[[]float64] {
	component := rapid.Custom(func(t *rapid.T) float64 {
		v := rapid.Float64Range(-10, 10).Draw(t, "mantissa")
		return v * math.Pow(10, float64(rapid.IntRange(-8, 8).Draw(t, "exponent"))) * float64(rapid.IntRange(0, 3).Draw(t, "zero")&1)
	})
	return rapid.SliceOfN(component, n, n)
}

// path runs m by hand over the gradients and returns the last iterate.
func path(m stochopt.Rule, x0 []float64, grads [][]float64) []float64 {
	x := slices.Clone(x0)
	m.Reset(len(x))
	for _, g := range grads {
		step(m, x, g)
	}
	return x
}

// step is m.Step. A Rule that wants the value before is given that of the quadratic with this gradient, |grad|²/2; one that wants to
// know the draws is always offered the same.
func step(m stochopt.Rule, x, grad []float64) {
	if d, ok := m.(chooser); ok {
		d.Draw(stochopt.Sample{})
	}
	if o, ok := m.(interface{ Observe(f float64) }); ok {
		o.Observe(floats.Dot(grad, grad) / 2)
	}
	m.Step(x, grad)
}

// chooser is a Rule that chooses its draws.
type chooser interface {
	Draw(next stochopt.Sample) (stochopt.Sample, error)
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(u, v float64) bool { return math.Float64bits(u) == math.Float64bits(v) })
}

// onAnyGradients checks a property of every method on drawn starts and gradients.
func onAnyGradients(t *testing.T, check func(t *rapid.T, make func() tested, x0 []float64, grads [][]float64)) {
	for _, row := range methods {
		if row.mixes && t.Name() == "TestCoordinates" {
			continue
		}
		t.Run(row.name, rapid.MakeCheck(func(t *rapid.T) {
			n := rapid.IntRange(1, 5).Draw(t, "dim")
			check(t, row.make, vector(n).Draw(t, "x0"), rapid.SliceOfN(vector(n), 1, 20).Draw(t, "grads"))
		}))
	}
}

func TestResetStartsAfresh(t *testing.T) {
	onAnyGradients(t, func(t *rapid.T, make func() tested, x0 []float64, grads [][]float64) {
		m := make()
		want := path(m, x0, grads)
		path(m, []float64{1, 2, 3, 4, 5, 6}, [][]float64{{1, 1, 1, 1, 1, 1}}) // other dimensions in between
		if got := path(m, x0, grads); !same(got, want) {
			t.Fatalf("after Reset %v, at first %v", got, want)
		}
	})
}

func TestMarshalBetweenSteps(t *testing.T) {
	onAnyGradients(t, func(t *rapid.T, make func() tested, x0 []float64, grads [][]float64) {
		want := path(make(), x0, grads)
		m, x := make(), slices.Clone(x0)
		m.Reset(len(x))
		for _, g := range grads {
			step(m, x, g)
			data, err := m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			m = make()
			if err := m.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if again, _ := m.MarshalBinary(); !bytes.Equal(data, again) {
				t.Fatal("the state does not marshal to what it was made from")
			}
		}
		if !same(x, want) {
			t.Fatalf("through bytes %v, without %v", x, want)
		}
	})
}

func TestStepLeavesGradient(t *testing.T) {
	onAnyGradients(t, func(t *rapid.T, make func() tested, x0 []float64, grads [][]float64) {
		want := path(make(), x0, grads)
		m, x := make(), slices.Clone(x0)
		m.Reset(len(x))
		for _, was := range grads {
			g, at := slices.Clone(was), slices.Clone(x)
			step(m, at, g)
			if !same(g, was) {
				t.Fatalf("the gradient %v has become %v", was, g)
			}
			copy(x, at)
			for i := range g { // a rule that has kept a slice would see this
				g[i], at[i] = 1e3, -1e3
			}
		}
		if !same(x, want) {
			t.Fatalf("with slices of its own for every step %v, without %v", x, want)
		}
	})
}

// TestCoordinates: for methods that work coordinate by coordinate, permuting or reflecting the coordinates of start and
// gradients does the same to the iterates.
func TestCoordinates(t *testing.T) {
	turn := func(v []float64) []float64 { // reverse, and reflect every other
		w := slices.Clone(v)
		slices.Reverse(w)
		for i := range w {
			if i%2 == 0 {
				w[i] = -w[i]
			}
		}
		return w
	}
	onAnyGradients(t, func(t *rapid.T, make func() tested, x0 []float64, grads [][]float64) {
		want := turn(path(make(), x0, grads))
		var turned [][]float64
		for _, g := range grads {
			turned = append(turned, turn(g))
		}
		if got := path(make(), turn(x0), turned); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestDefaults(t *testing.T) {
	for _, row := range methods {
		rapid.Check(t, func(t *rapid.T) {
			x0 := vector(3).Draw(t, "x0")
			grads := rapid.SliceOfN(vector(3), 1, 20).Draw(t, "grads")
			if got, want := path(row.make(), x0, grads), path(row.defaults(), x0, grads); !same(got, want) {
				t.Fatalf("%s: %v, with the documented defaults %v", row.name, got, want)
			}
		})
	}
}

func TestZeroActsAsNone(t *testing.T) {
	// With neither memory nor ε, Adam is the sign of the gradient; with ε alone, it is g/(|g|+ε).
	grads := [][]float64{{1, -2e-9, 3e9, 0}, {-5, 1e-8, 1e-160, 0}, {0, 7, -7, 0}}
	x0 := []float64{1, 1, 1, 1}
	a := &stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: stochopt.Zero, Epsilon: stochopt.Zero}
	want := []float64{1 - 0.5 + 0.5, 1 + 0.5 - 0.5 - 0.5, 1 - 0.5 - 0.5 + 0.5, 1}
	for i, v := range path(a, x0, grads) {
		if abs(v-want[i]) > 1e-2 { // the square of 1e-160 is subnormal: its root is good to 1 %
			t.Errorf("component %d ends at %v, want %v", i, v, want[i])
		}
	}
	// The companion: at their defaults it does something else.
	for i, v := range path(&stochopt.Adam{StepSize: 0.5}, x0, grads)[:3] {
		if abs(v-want[i]) < 1e-2 {
			t.Errorf("component %d: the defaults act like Zero", i)
		}
	}
}

func TestFirstStep(t *testing.T) {
	for _, row := range methods {
		for _, g := range []float64{1e-9, -1e-3, 1, -1e6} {
			x := path(row.make(), []float64{0}, [][]float64{{g}})
			if want := math.Copysign(1, -g) * row.firstStep(g); abs(x[0]-want) > 1e-13*abs(want) {
				t.Errorf("%s: the first step from the gradient %v is %v, want %v", row.name, g, x[0], want)
			}
		}
		// Scale-free or not: the ratio of first steps.
		ratio := row.firstStep(1e6) / row.firstStep(1)
		if row.scaleFree != (abs(ratio-1) < 1e-6) {
			t.Errorf("%s: a million times the gradient gives %v times the step", row.name, ratio)
		}
	}
}

// TestScheduleCounts: a method asks its Schedule for the factors of steps 0, 1, 2, ..., and a factor of 0 leaves x where it is, where
// one of 1 does not.
func TestScheduleCounts(t *testing.T) {
	seen := 0
	for _, row := range methods {
		for _, factor := range []float64{0, 1} {
			m := row.make()
			field := reflect.ValueOf(m).Elem().FieldByName("Schedule")
			if !field.IsValid() {
				continue
			}
			seen++
			asked := []int{}
			field.Set(reflect.ValueOf(func(k int) float64 {
				asked = append(asked, k)
				return factor
			}))
			grads := [][]float64{{1}, {-2}, {0.5}, {1}, {3}, {-1}, {1}, {2}}
			x := path(m, []float64{0.25}, grads)[0]
			// A method that takes a step with every other evaluation asks for four.
			asked, steps := slices.Compact(asked), []int{0, 1, 2, 3, 4, 5, 6, 7}
			if !slices.Equal(asked, steps) && !slices.Equal(asked, steps[:4]) {
				t.Errorf("%s: asks for the factors of the steps %v", row.name, asked)
			}
			_, holds := m.(interface{ Unwrap() stochopt.Rule }) // and the factor is of something else than its steps
			if moved := abs(x-0.25) > 1e-15; moved != (factor > 0) && !holds {
				t.Errorf("%s: a factor of %v leads from 0.25 to %v", row.name, factor, x)
			}
		}
	}
	if seen < 60 {
		t.Errorf("%d methods have a Schedule", seen/2)
	}
}

// TestBadHyperparameters: Reset refuses them, and Init, in the caller's goroutine, names package and field.
func TestBadHyperparameters(t *testing.T) {
	for _, row := range methods {
		for want, make := range row.bad {
			if got := panicOf(func() { make().Reset(2) }); !strings.HasPrefix(got, want) {
				t.Errorf("Reset: %q, want %q", got, want)
			}
			if got := panicOf(func() { make().Init(2, 1) }); !strings.HasPrefix(got, want) {
				t.Errorf("Init: %q, want %q", got, want)
			}
		}
		for _, dim := range []int{0, -1} {
			if got := panicOf(func() { row.make().Reset(dim) }); !strings.Contains(got, fmt.Sprintf(".Reset(%d): want at least one variable", dim)) {
				t.Errorf("%s: Reset(%d): %q", row.name, dim, got)
			}
		}
		m := row.make()
		m.Reset(2)
		for _, l := range [][2]int{{1, 2}, {2, 3}, {3, 3}, {0, 0}} {
			got := panicOf(func() { m.Step(make([]float64, l[0]), make([]float64, l[1])) })
			if want := fmt.Sprintf("Step: len(x) = %d, len(grad) = %d, want both to be the 2 of Reset", l[0], l[1]); !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q", row.name, got, want)
			}
		}
	}
}

// panicOf returns what f panics with, as text, or "" if it does not.
func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// TestBadState: a decoder returns an error and leaves the method as it is.
func TestBadState(t *testing.T) {
	for _, row := range methods {
		m := row.make()
		path(m, []float64{1, 2}, [][]float64{{3, 4}, {5, 6}})
		good, _ := m.MarshalBinary()
		other := methods[0].make()
		if reflect.TypeOf(other) == reflect.TypeOf(m) {
			other = methods[1].make()
		}
		other.Reset(2)
		alien, _ := other.MarshalBinary()
		bad := [][]byte{nil, {1}, alien, append(slices.Clone(good), 0), append(slices.Clone(good), make([]byte, 8)...)}
		for n := range good {
			bad = append(bad, good[:n])
		}
		for _, data := range bad {
			if err := m.UnmarshalBinary(data); err == nil || !strings.HasPrefix(err.Error(), "stochopt: state of ") {
				t.Errorf("%s: %d bytes: error %v", row.name, len(data), err)
			}
			if now, _ := m.MarshalBinary(); !bytes.Equal(now, good) {
				t.Fatalf("%s: a bad state has changed it", row.name)
			}
		}
	}
}

// TestNoAllocation: neither Step nor an iteration of Minimize allocates.
func TestNoAllocation(t *testing.T) {
	for _, row := range methods {
		m, x, g := row.make(), []float64{1, 2, 3}, []float64{1, -1, 2}
		m.Reset(3)
		if n := testing.AllocsPerRun(100, func() { step(m, x, g) }); n != 0 {
			t.Errorf("%s: Step allocates %v times", row.name, n)
		}
		for _, c := range []struct {
			p         stochopt.Problem
			converger optimize.Converger
		}{
			{stochopt.Problem{FuncGrad: bowl}, optimize.NeverTerminate{}},
			{stochopt.Problem{FuncGrad: bowl, Samples: 4}, optimize.NeverTerminate{}},
			{stochopt.Problem{FuncGrad: bowl, Project: func(x []float64) { x[0] = max(x[0], 0) }}, nil},
		} {
			allocs := func(iterations int) float64 {
				s := &optimize.Settings{MajorIterations: iterations, Converger: c.converger}
				return testing.AllocsPerRun(5, func() {
					if _, err := stochopt.Minimize(context.Background(), c.p, x, s, m); err != nil {
						t.Fatal(err)
					}
				})
			}
			if few, many := allocs(10), allocs(60); many > few {
				t.Errorf("%s, %d samples: 10 iterations allocate %v times, 60 %v times", row.name, c.p.Samples, few, many)
			}
		}
	}
}
