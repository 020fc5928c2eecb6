package stochopt_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
)

// sparser is a method with steps along sparse gradients.
type sparser interface {
	tested
	StepSparse(x, grad []float64, index []int)
	CatchUp(x []float64, index []int)
	CatchUpBefore(x []float64, index []int)
}

// steady is a course of the step size in which many steps are equal, and some 0.
func steady(k int) float64 { return float64(3-k/50%4) / 2 }

func inverseRoot(k int) float64 { return 1 / math.Sqrt(float64(k+1)) }

// exactSparse are methods whose StepSparse is Step to the last bit.
var exactSparse = map[string]func() sparser{
	"Adam":             func() sparser { return &stochopt.Adam{} },
	"Adam, one moment": func() sparser { return &stochopt.Adam{Beta1: stochopt.Zero} },
	"Adam, no memory": func() sparser {
		return &stochopt.Adam{Beta1: stochopt.Zero, Beta2: stochopt.Zero, Epsilon: stochopt.Zero}
	},
	"Adam, v forgets soon": func() sparser { return &stochopt.Adam{Beta1: 0.5, Beta2: 0.3} },
	"Adam, m outlives v":   func() sparser { return &stochopt.Adam{Beta1: 0.95, Beta2: 0.7, Epsilon: stochopt.Zero} },
	"Adam, equal memories": func() sparser { return &stochopt.Adam{Beta1: 0.9, Beta2: 0.81, Epsilon: 1e-3} },
	"Adam, long memories":  func() sparser { return &stochopt.Adam{Beta1: 0.999, Beta2: 0.99999, StepSize: 1e-3} },
	"Adam, decaying": func() sparser {
		return &stochopt.Adam{Schedule: inverseRoot}
	},
	"Adam, growing": func() sparser {
		return &stochopt.Adam{Schedule: func(k int) float64 { return math.Exp(float64(k) / 50) }}
	},
	"Adam, in stages": func() sparser { return &stochopt.Adam{Beta2: 0.9, Schedule: steady} },
	"AdamNC": func() sparser {
		return &stochopt.Adam{Beta2Schedule: growing(1), Schedule: inverseRoot}
	},
	"SGD":                   func() sparser { return &method.SGD{} },
	"SGD, decaying":         func() sparser { return &method.SGD{StepSize: 0.1, Schedule: inverseRoot} },
	"SGD, momentum":         func() sparser { return &method.SGD{StepSize: 0.1, Momentum: 0.9, Dampening: 0.5} },
	"SGD, momentum, stages": func() sparser { return &method.SGD{StepSize: 0.1, Momentum: 0.7, Schedule: steady} },
	"SGD, Nesterov": func() sparser {
		return &method.SGD{StepSize: 0.1, Momentum: 0.95, Nesterov: true, Schedule: inverseRoot}
	},
	"AdaGrad":              func() sparser { return &method.AdaGrad{} },
	"AdaGrad, no ε":        func() sparser { return &method.AdaGrad{Epsilon: stochopt.Zero, Schedule: steady} },
	"RMSProp":              func() sparser { return &method.RMSProp{} },
	"RMSProp, long memory": func() sparser { return &method.RMSProp{Rho: 0.999, Schedule: inverseRoot} },
	"RMSProp, no memory":   func() sparser { return &method.RMSProp{Rho: stochopt.Zero, Epsilon: stochopt.Zero} },
	"RMSProp, no ε":        func() sparser { return &method.RMSProp{Momentum: 0.8, Epsilon: stochopt.Zero, Schedule: steady} },
	"RMSProp, momentum":    func() sparser { return &method.RMSProp{Rho: 0.99, Momentum: 0.9} },
	"RMSProp, growing": func() sparser {
		return &method.RMSProp{RhoSchedule: growing(0.5), Momentum: 0.5, Schedule: inverseRoot}
	},
	"RMSProp, centered": func() sparser { return &method.RMSProp{Centered: true} },
	"RMSProp, all":      func() sparser { return &method.RMSProp{Centered: true, Momentum: 0.9, Schedule: steady} },
	"FTRL":              func() sparser { return &method.FTRL{} },
	"FTRL, penalties":   func() sparser { return &method.FTRL{StepSize: 0.1, L1: 0.5, L2: 0.1} },
	"FTRL, no β":        func() sparser { return &method.FTRL{Beta: stochopt.Zero} },
	"Adam, lazy":        func() sparser { return &stochopt.Adam{Lazy: true, Schedule: inverseRoot} },
	"RMSProp, lazy":     func() sparser { return &method.RMSProp{Momentum: 0.9, Lazy: true} },
	"RMSProp, centered, lazy": func() sparser {
		return &method.RMSProp{Centered: true, Momentum: 0.5, Epsilon: stochopt.Zero, Lazy: true}
	},
	"Adam, memory that comes and goes": func() sparser {
		return &stochopt.Adam{Beta2Schedule: func(k int) float64 { return []float64{0.9, 0.99, 0}[k/40%3] }}
	},
}

// sparseCase draws gradients of dim variables, of which some are frequent and some rare.
type sparseCase struct {
	*rand.Rand
	x0     []float64
	often  []float64 // probabilities to be in a gradient
	scales []float64 // of gradients, in decades
}

func newSparseCase(seed uint64) *sparseCase {
	r := rand.New(rand.NewPCG(seed, 7))
	c := &sparseCase{Rand: r}
	size := []float64{0, 0, 0, -150, -160, -308, 100, 150}[r.IntN(8)]
	for range 1 + r.IntN(24) {
		c.x0 = append(c.x0, []float64{0, math.Copysign(0, -1), r.NormFloat64(), 1e10 * r.NormFloat64(), 1e-12 * r.NormFloat64(), 1, 5e-324}[r.IntN(7)])
		c.often = append(c.often, []float64{1, 0.3, 0.03, 0.004, 0}[r.IntN(5)])
		c.scales = append(c.scales, min(size+[]float64{0, -8, 3}[r.IntN(3)], 150)) // FTRL has the difference of two sums of squares
	}
	return c
}

// draw returns a gradient, and the same with zeros.
func (c *sparseCase) draw() (index []int, grad, full []float64) {
	full = make([]float64, len(c.x0))
	index = []int{}
	for i, p := range c.often {
		if c.Float64() < p {
			g := c.NormFloat64() * math.Pow(10, c.scales[i])
			switch c.IntN(20) {
			case 0:
				g = 0
			case 1:
				g = math.Copysign(0, -1)
			case 2:
				g *= 1e-6
			}
			index, grad = append(index, i), append(grad, g)
			full[i] = g
		}
	}
	return index, grad, full
}

// at returns x at index.
func at(x []float64, index []int) []float64 {
	y := make([]float64, len(index))
	for j, i := range index {
		y[j] = x[i]
	}
	return y
}

// all returns all of n variables.
func all(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

// sparseDiffers runs a method by sparse steps, changing now and then to Step, to another value through its bytes, and
// looking at all of x, and returns where it differs from the same by Step alone, "" if nowhere.
func sparseDiffers(c *sparseCase, make func() sparser, steps int) string {
	dense, m := make(), make()
	want, x := slices.Clone(c.x0), slices.Clone(c.x0)
	before := slices.Clone(c.x0) // want before the last step
	var moved []int              // by the last step, with x of the present iterate
	dense.Reset(len(x))
	m.Reset(len(x))
	for k := range steps {
		index, grad, full := c.draw()
		if c.IntN(3) == 0 { // looking before is not needed
			m.CatchUpBefore(x, index)
			for _, i := range index {
				ref := before
				if slices.Contains(moved, i) {
					ref = want
				}
				if !same(x[i:i+1], ref[i:i+1]) {
					return fmt.Sprintf("step %d: before the last step x[%d] = %v, want %v", k, i, x[i], ref[i])
				}
			}
		}
		m.CatchUp(x, index)
		if !same(at(x, index), at(want, index)) {
			return fmt.Sprintf("step %d: %v before it at %d, want %v", k, at(x, index), index, at(want, index))
		}
		copy(before, want)
		moved = append(moved[:0], index...)
		dense.Step(want, full)
		if c.IntN(200) == 0 {
			m.Step(x, full)
			moved = all(len(x))
			if !same(x, want) {
				return fmt.Sprintf("step %d, dense: %v, want %v", k, x, want)
			}
		} else {
			m.StepSparse(x, grad, index)
			if !same(at(x, index), at(want, index)) {
				return fmt.Sprintf("step %d: %v after it at %d, want %v", k, at(x, index), index, at(want, index))
			}
		}
		if c.IntN(300) == 0 {
			data, _ := m.MarshalBinary()
			m = make()
			if err := m.UnmarshalBinary(data); err != nil {
				return err.Error()
			}
			if again, _ := m.MarshalBinary(); !bytes.Equal(again, data) {
				return "the state does not marshal to what it was made from"
			}
		}
		if c.IntN(500) == 0 || k == steps-1 {
			m.CatchUp(x, nil)
			moved = all(len(x))
			if !same(x, want) {
				return fmt.Sprintf("step %d, all: %v, want %v", k, x, want)
			}
			got, _ := m.MarshalBinary()
			if all, _ := dense.MarshalBinary(); !bytes.Equal(got, all) {
				return fmt.Sprintf("step %d: another state", k)
			}
		}
	}
	return ""
}

// TestSparseIsDense: steps along sparse gradients are those along gradients filled up with zeros, to the last bit of x and of the state.
func TestSparseIsDense(t *testing.T) {
	for name, make := range exactSparse {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				c := newSparseCase(seed)
				if d := sparseDiffers(c, make, 50<<(seed%6)); d != "" {
					t.Fatalf("seed %d: %s", seed, d)
				}
			}
		})
	}
}
