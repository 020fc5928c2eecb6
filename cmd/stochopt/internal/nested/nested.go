// Package nested tells whether a model is a special case of another, which an F-test needs.
package nested

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Curve is a model over the rows of a table.
type Curve struct {
	Names []string // of the parameters; equal names mean the same in two curves
	Func  func(grad, b, x []float64) float64
	At    []float64 // parameters near which curves are compared
	X     [][]float64
}

// most is the number of parameters that a model may have more than its special case, as all zeros and ones are tried for them.
const most = 8

// In reports whether small is large with values of 0 or 1 for the parameters that only large has, by comparing values of
// both at random parameters: y ~ a*exp(-k*x) is y ~ a*exp(-k*x)+c with c = 0, and y ~ a*exp(-(k*x)**p) with p = 1.
// Idle are those of these parameters that change nothing there, as the place of a peak of height 0 does. Where there are any, F
// does not follow Fisher's distribution.
func In(small, large Curve) (in bool, idle []string) {
	if len(small.Names) >= len(large.Names) {
		return false, nil
	}
	var shared, extra []int // indices in large, the first in the order of small
	for _, name := range small.Names {
		j := slices.Index(large.Names, name)
		if j < 0 {
			return false, nil
		}
		shared = append(shared, j)
	}
	for j, name := range large.Names {
		if !slices.Contains(small.Names, name) {
			extra = append(extra, j)
		}
	}
	if len(extra) > most {
		return false, nil
	}
	for ones := range 1 << len(extra) {
		b := make([]float64, len(large.Names))
		for k, j := range extra {
			b[j] = float64(ones >> k & 1)
		}
		if equal(small, large, shared, b) {
			return true, large.idle(extra, b)
		}
	}
	return false, nil
}

// equal compares the curves at random values of the shared parameters, which it stores in b.
func equal(small, large Curve, shared []int, b []float64) bool {
	rng := rand.New(rand.NewPCG(1, 2))
	at := make([]float64, len(shared))
	seen := false
	for range 3 {
		for k, j := range shared {
			at[k] = small.At[k] * (1 + 0.1*rng.Float64())
			if small.At[k] == 0 {
				at[k] = rng.Float64()
			}
			b[j] = at[k]
		}
		for i := range small.X {
			v, w := small.Func(nil, at, small.X[i]), large.Func(nil, b, large.X[i])
			if math.IsNaN(v) && math.IsNaN(w) {
				continue
			}
			if !(math.Abs(v-w) <= 1e-9*math.Max(math.Abs(v), math.Abs(w))) {
				return false
			}
			seen = true
		}
	}
	return seen
}

// idle are those of some parameters by which the derivative of the curve is 0 at all points.
func (c Curve) idle(some []int, b []float64) (names []string) {
	grad, moves := make([]float64, len(b)), make([]bool, len(b))
	for _, x := range c.X {
		c.Func(grad, b, x)
		for j, g := range grad {
			moves[j] = moves[j] || g != 0
		}
	}
	for _, j := range some {
		if !moves[j] {
			names = append(names, c.Names[j])
		}
	}
	return names
}
