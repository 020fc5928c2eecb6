package stochopt_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// TestSparseFieldsChange: fields may be changed between steps, as in a plain loop of Steps.
func TestSparseFieldsChange(t *testing.T) {
	for name, c := range map[string]struct {
		make   func() sparser
		change func(r sparser, v float64)
	}{
		"Adam.StepSize":    {func() sparser { return &stochopt.Adam{} }, func(r sparser, v float64) { r.(*stochopt.Adam).StepSize = v }},
		"Adam.Beta1":       {func() sparser { return &stochopt.Adam{} }, func(r sparser, v float64) { r.(*stochopt.Adam).Beta1 = v }},
		"Adam.Beta2":       {func() sparser { return &stochopt.Adam{} }, func(r sparser, v float64) { r.(*stochopt.Adam).Beta2 = v }},
		"Adam.Epsilon":     {func() sparser { return &stochopt.Adam{} }, func(r sparser, v float64) { r.(*stochopt.Adam).Epsilon = v }},
		"SGD.Momentum":     {func() sparser { return &method.SGD{} }, func(r sparser, v float64) { r.(*method.SGD).Momentum = math.Round(v) * 0.9 * v }},
		"SGD.Nesterov":     {func() sparser { return &method.SGD{Momentum: 0.9} }, func(r sparser, v float64) { r.(*method.SGD).Nesterov = v < 0.5 }},
		"RMSProp.Momentum": {func() sparser { return &method.RMSProp{} }, func(r sparser, v float64) { r.(*method.RMSProp).Momentum = math.Round(v) * 0.9 * v }},
		"RMSProp.Rho":      {func() sparser { return &method.RMSProp{Momentum: 0.5} }, func(r sparser, v float64) { r.(*method.RMSProp).Rho = v }},
		"RMSProp.Centered": {func() sparser { return &method.RMSProp{Momentum: 0.5} }, func(r sparser, v float64) { r.(*method.RMSProp).Centered = v < 0.5 }},
		"RMSProp.Epsilon":  {func() sparser { return &method.RMSProp{} }, func(r sparser, v float64) { r.(*method.RMSProp).Epsilon = []float64{0, stochopt.Zero}[int(2*v)] }},
		"FTRL.L1":          {func() sparser { return &method.FTRL{} }, func(r sparser, v float64) { r.(*method.FTRL).L1 = v }},
		"FTRL.L2":          {func() sparser { return &method.FTRL{} }, func(r sparser, v float64) { r.(*method.FTRL).L2 = v }},
		"FTRL.Beta":        {func() sparser { return &method.FTRL{} }, func(r sparser, v float64) { r.(*method.FTRL).Beta = v * math.Round(v) }},
		"AdaGrad.StepSize": {func() sparser { return &method.AdaGrad{} }, func(r sparser, v float64) { r.(*method.AdaGrad).StepSize = v }},
	} {
		for seed := range uint64(20) {
			changing := func() sparser { return &changes{sparser: c.make(), change: c.change, seed: seed} }
			if d := sparseDiffers(newSparseCase(seed), changing, 400); d != "" {
				t.Errorf("%s, seed %d: %s", name, seed, d)
				break
			}
		}
	}
}

// changes changes a field of its method every 70 steps.
type changes struct {
	sparser
	change func(r sparser, v float64)
	seed   uint64
	k      int
}

func (c *changes) Step(x, grad []float64) { c.next(); c.sparser.Step(x, grad) }
func (c *changes) StepSparse(x, grad []float64, index []int) {
	c.next()
	c.sparser.StepSparse(x, grad, index)
}

func (c *changes) next() {
	if c.k%70 == 0 {
		c.change(c.sparser, rand.New(rand.NewPCG(c.seed, uint64(c.k))).Float64())
	}
	c.k++
}

// The number of steps is part of the state, for a method that goes on from it to change at the same ones.
func (c *changes) MarshalBinary() ([]byte, error) {
	data, err := c.sparser.MarshalBinary()
	return append(data, byte(c.k>>8), byte(c.k)), err
}

func (c *changes) UnmarshalBinary(data []byte) error {
	n := len(data) - 2
	c.k = int(data[n])<<8 + int(data[n+1])
	c.change(c.sparser, rand.New(rand.NewPCG(c.seed, uint64((c.k-1)/70*70))).Float64())
	return c.sparser.UnmarshalBinary(data[:n])
}

// TestLazy: a lazy step along all variables is Step; the others keep x and state to the bit, which the exact form does not; and the
// bias corrections count all steps.
func TestLazy(t *testing.T) {
	for name, c := range map[string][2]func() sparser{
		"Adam":    {func() sparser { return &stochopt.Adam{Lazy: true} }, func() sparser { return &stochopt.Adam{} }},
		"RMSProp": {func() sparser { return &method.RMSProp{Momentum: 0.9, Lazy: true} }, func() sparser { return &method.RMSProp{Momentum: 0.9} }},
		"RMSProp, centered": {func() sparser { return &method.RMSProp{Centered: true, Momentum: 0.5, Lazy: true} },
			func() sparser { return &method.RMSProp{Centered: true, Momentum: 0.5} }},
	} {
		lazy, exact := c[0](), c[1]()
		x, y := []float64{1, 2, 3}, []float64{1, 2, 3}
		lazy.Reset(3)
		exact.Reset(3)
		for k := range 10 {
			g := []float64{1 + float64(k), -1, 0}
			lazy.StepSparse(x, g, []int{0, 1, 2})
			exact.Step(y, g)
		}
		if !same(x, y) {
			t.Errorf("%s: along all variables %v, Step %v", name, x, y)
		}
		for range 10 {
			lazy.StepSparse(x, []float64{1}, []int{1})
			lazy.CatchUp(x, nil)
			exact.StepSparse(y, []float64{1}, []int{1})
			exact.CatchUp(y, nil)
		}
		if x[1] != y[1] {
			t.Errorf("%s: the variable of the gradients is at %v, want %v", name, x[1], y[1])
		}
		if z := y[0]; x[0] == z {
			t.Errorf("%s: exact, the other one stays at %v", name, z)
		}
		data, _ := lazy.MarshalBinary()
		was := slices.Clone(x)
		lazy.StepSparse(x, nil, nil)
		if again, _ := lazy.MarshalBinary(); !same(x, was) || bytes.Equal(data, again) {
			t.Errorf("%s: a step along nothing moves x or is not counted", name)
		}
	}
	// A variable that comes in step 100 only: its first step is α (0.1/c₁)/√(0.001/c₂).
	a := &stochopt.Adam{StepSize: 1, Lazy: true}
	a.Reset(2)
	x := []float64{0, 0}
	for range 99 {
		a.StepSparse(x, []float64{1}, []int{0})
	}
	a.StepSparse(x, []float64{5}, []int{1})
	want := -0.1 / (1 - math.Pow(0.9, 100)) / math.Sqrt(0.001/(1-math.Pow(0.999, 100)))
	if !(math.Abs(x[1]/want-1) < 1e-7) {
		t.Errorf("the first step of a variable is %v in step 100, want %v", x[1], want)
	}
}

// TestLazyMidway: a method that becomes lazy first takes the steps that are left, and one that is not any more goes on from there.
func TestLazyMidway(t *testing.T) {
	a, b := &stochopt.Adam{}, &stochopt.Adam{}
	x, y := []float64{1, 2}, []float64{1, 2}
	a.Reset(2)
	b.Reset(2)
	for range 5 {
		a.StepSparse(x, []float64{3}, []int{0})
		b.Step(y, []float64{3, 0})
	}
	a.StepSparse(x, []float64{3}, []int{0})
	b.Step(y, []float64{3, 0})
	a.CatchUp(x, []int{1})
	a.StepSparse(x, []float64{1}, []int{1})
	b.Step(y, []float64{0, 1})
	a.Lazy = true
	a.CatchUp(x, []int{1})
	a.StepSparse(x, []float64{1}, []int{1}) // takes the step of variable 0 before
	if x[0] != y[0] {
		t.Errorf("the steps before Lazy lead to %v, want %v", x[0], y[0])
	}
}

// TestSparseMisuse panics in the caller's goroutine, with the method and what was wrong.
func TestSparseMisuse(t *testing.T) {
	for _, c := range []struct {
		name string
		make func() sparser
	}{
		{"stochopt: Adam", func() sparser { return &stochopt.Adam{} }},
		{"method: SGD", func() sparser { return &method.SGD{Momentum: 0.9} }},
		{"method: AdaGrad", func() sparser { return &method.AdaGrad{} }},
		{"method: RMSProp", func() sparser { return &method.RMSProp{Momentum: 0.9} }},
		{"method: RMSProp", func() sparser { return &method.RMSProp{Centered: true} }},
		{"method: FTRL", func() sparser { return &method.FTRL{L2: 1} }},
	} {
		r := c.make()
		r.Reset(3)
		x := []float64{1, 2, 3}
		for want, f := range map[string]func(){
			".StepSparse: len(x) = 2, len(grad) = 1, len(index) = 1, want the 3 of Reset": func() { r.StepSparse(x[:2], []float64{1}, []int{0}) },
			".StepSparse: len(x) = 3, len(grad) = 2, len(index) = 1, want the 3 of Reset": func() { r.StepSparse(x, []float64{1, 2}, []int{0}) },
			".StepSparse: index[1] = 0 after 0, want strictly increasing":                 func() { r.StepSparse(x, []float64{1, 1}, []int{0, 0}) },
			".StepSparse: index[1] = 3 after 0, want strictly increasing":                 func() { r.StepSparse(x, []float64{1, 1}, []int{0, 3}) },
			".StepSparse: index[0] = -1 after -1":                                         func() { r.StepSparse(x, []float64{1}, []int{-1}) },
			".CatchUp: index[1] = 1 after 2":                                              func() { r.CatchUp(x, []int{2, 1}) },
			".CatchUp: len(x) = 4, want the 3 of Reset":                                   func() { r.CatchUp(make([]float64, 4), nil) },
			".CatchUpBefore: index[0] = 5 after -1":                                       func() { r.CatchUpBefore(x, []int{5}) },
		} {
			if got := panicOf(f); !strings.HasPrefix(got, c.name+want) {
				t.Errorf("%q, want %q", got, c.name+want)
			}
		}
		if _, always := r.(*method.AdaGrad); always {
			continue
		}
		r.StepSparse(x, []float64{1, 1}, []int{0, 1})
		r.StepSparse(x, nil, nil)
		if ftrl, ok := r.(*method.FTRL); ok {
			ftrl.L2 = 2 // moves all of x
			r.StepSparse(x, nil, nil)
		}
		want := c.name + ".StepSparse: x[0] is not of the present iterate"
		if got := panicOf(func() { r.StepSparse(x, []float64{1}, []int{0}) }); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSparseBadState: states with steps that are left to take, cut off or damaged, are refused, and change nothing.
func TestSparseBadState(t *testing.T) {
	for name, make := range exactSparse {
		m, x := make(), []float64{1, 2, 3}
		m.Reset(3)
		m.StepSparse(x, []float64{1, 2}, []int{0, 2})
		m.CatchUp(x, []int{1})
		m.StepSparse(x, []float64{1}, []int{1})
		good, _ := m.MarshalBinary()
		refused := 0
		for n := range good {
			cut := slices.Clone(good[:n])
			if m.UnmarshalBinary(cut) == nil {
				t.Errorf("%s: %d of %d bytes are taken for a state", name, n, len(good))
			}
			damaged := slices.Clone(good)
			damaged[n] ^= 0x80
			if other := make(); other.UnmarshalBinary(damaged) != nil {
				refused++
			} else if err := panicOf(func() {
				other.CatchUp(slices.Clone(x), nil)
				other.Step(slices.Clone(x), []float64{1, 1, 1})
			}); err != "" {
				t.Errorf("%s: damaged at %d of %d, it panics: %s", name, n, len(good), err)
			}
		}
		if again, _ := m.MarshalBinary(); !bytes.Equal(again, good) || refused < len(good)/4 {
			t.Errorf("%s: a bad state has changed it, or %d of %d are refused only", name, refused, len(good))
		}
	}
}

// TestSparseAllocates: neither CatchUp nor StepSparse allocates once it has done so for as many variables and steps, which at constant
// step sizes is soon.
func TestSparseAllocates(t *testing.T) {
	const dim = 500
	for name, make := range exactSparse {
		m, x, k := make(), vectorOf(dim), 0
		m.Reset(dim)
		index, grad := []int{0, 0, 0}, []float64{1, -1, 2}
		step := func() {
			k++
			index[0], index[1], index[2] = k%100, 100+k%150, 300+k*7%200
			m.CatchUp(x, index)
			m.StepSparse(x, grad, index)
		}
		for range 3000 {
			step()
		}
		// The log of step sizes that change grows: by doubling.
		if n := testing.AllocsPerRun(500, step); n > 0 {
			t.Errorf("%s: allocates %v times a step", name, n)
		}
	}
}

func vectorOf(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i%13) - 6
	}
	return v
}

// TestSparseKeepsNothing: without momentum the state of SGD after steps along sparse gradients is that after Step, in its length too,
// whatever the Schedule; with momentum it holds the steps that are left to take.
func TestSparseKeepsNothing(t *testing.T) {
	for _, mu := range []float64{0, 0.9} {
		sparse, dense := &method.SGD{Momentum: mu, Schedule: inverseRoot}, &method.SGD{Momentum: mu, Schedule: inverseRoot}
		x, y := []float64{1, 2, 3}, []float64{1, 2, 3}
		sparse.Reset(3)
		dense.Reset(3)
		for range 50 {
			sparse.CatchUp(x, []int{1})
			sparse.StepSparse(x, []float64{-1}, []int{1})
			dense.Step(y, []float64{0, -1, 0})
		}
		got, _ := sparse.MarshalBinary()
		if want, _ := dense.MarshalBinary(); bytes.Equal(got, want) != (mu == 0) || !same(x, y) {
			t.Errorf("μ = %v: states of %d and %d bytes", mu, len(got), len(want))
		}
	}
}
