// Package project holds Euclidean projections onto the usual feasible sets. Each replaces x by the nearest point of its set,
// and is for the field Project of a Problem or a Sequential, which call it at the start and after every step:
//
//	stochopt.Problem{Oracle: f, Project: project.Box(lo, hi)}
//
// Any func(x []float64) of your own that does the same is a projection as well. Those of this package keep nothing between
// calls, allocate nothing and may be called from several goroutines. Arguments that make no sense panic when the
// projection is made, and a call panics if x has another length than they.
//
// A method with momentum does not know of the projection: while a bound is active it goes on adding up gradients that push
// outwards, and stays at the bound for a while after the gradient has turned. With momentum μ and a gradient that turns
// from -cg to g that is ln(1+c)/ln(1/μ) steps: 7 for c = 1 and μ = 0.9. It delays, but moves no limit. Gradient descent
// without momentum leaves at once. Methods that divide by the scale of the gradient move every variable in units
// of its own; the nearest point in those units is the Euclidean one for a box, but not for a ball or a simplex, where their limit
// under a projection need not be the minimum. Use gradient descent there, or a change of variables.
package project

import (
	"fmt"
	"math"
	"slices"
)

// Box is the set of all x with lo ≤ x ≤ hi in every component. If lo or hi is nil, or a component of it infinite, there is no such
// bound.
func Box(lo, hi []float64) func(x []float64) {
	if lo != nil && hi != nil && len(lo) != len(hi) {
		panic(fmt.Sprintf("project: Box: len(lo) = %d, len(hi) = %d, want the same", len(lo), len(hi)))
	}
	for i := range max(len(lo), len(hi)) {
		a, b := math.Inf(-1), math.Inf(1)
		if lo != nil {
			a = lo[i]
		}
		if hi != nil {
			b = hi[i]
		}
		if !(a <= b) || math.IsInf(a, 1) || math.IsInf(b, -1) {
			panic(fmt.Sprintf("project: Box: lo[%d] = %v, hi[%d] = %v, want lo <= hi and a point between", i, a, i, b))
		}
	}
	lo, hi = slices.Clone(lo), slices.Clone(hi)
	return func(x []float64) {
		if lo != nil {
			lengths("Box", x, lo)
			for i, a := range lo {
				x[i] = max(x[i], a)
			}
		}
		if hi != nil {
			lengths("Box", x, hi)
			for i, b := range hi {
				x[i] = min(x[i], b)
			}
		}
	}
}

// Ball is the set of all x no farther than radius from center; nil is the origin. Distance and radius may be of any finite
// size, and so may their ratio.
func Ball(center []float64, radius float64) func(x []float64) {
	if !(radius > 0) || math.IsInf(radius, 1) {
		panic(fmt.Sprintf("project: Ball: radius = %v, want finite and > 0", radius))
	}
	for i, c := range center {
		if c-c != 0 {
			panic(fmt.Sprintf("project: Ball: center[%d] = %v, want finite", i, c))
		}
	}
	center = slices.Clone(center)
	at := func(i int) float64 {
		if center == nil {
			return 0
		}
		return center[i]
	}
	return func(x []float64) {
		if center != nil {
			lengths("Ball", x, center)
		}
		// The distance is top √sum in units of the radius's, so that nothing overflows or vanishes on the way. The
		// difference of two numbers can overflow itself; that of their halves cannot.
		unit, top := 1.0, 0.0
		for i, v := range x {
			top = max(top, math.Abs(v-at(i)))
		}
		if math.IsInf(top, 1) {
			unit, top = 0.5, 0
			for i, v := range x {
				top = max(top, math.Abs(unit*v-unit*at(i)))
			}
		}
		most := unit * radius / top
		if most >= math.Sqrt(float64(len(x))) {
			return
		}
		sum := 0.0
		for i, v := range x {
			d := (unit*v - unit*at(i)) / top
			sum += float64(d * d)
		}
		if d := math.Sqrt(sum); d > most {
			for i, v := range x {
				x[i] = at(i) + float64(radius*((unit*v-unit*at(i))/top/d))
			}
		}
	}
}

// Simplex is the set of all x without negative components that add up to total; with total 1 these are the
// probabilities.
//
// The projection is max(x-τ, 0), with the τ that gives the sum. τ is found by leaving out what lies below the τ
// of all that has not been left out yet, until nothing does: n rounds at most, a few as a rule. Reference: C. Michelot, A finite
// algorithm for finding the projection of a point onto the canonical simplex of Rⁿ, Journal of Optimization Theory and
// Applications 50, 1986.
func Simplex(total float64) func(x []float64) {
	if !(total > 0) || math.IsInf(total, 1) {
		panic(fmt.Sprintf("project: Simplex: total = %v, want finite and > 0", total))
	}
	return func(x []float64) {
		if len(x) == 0 {
			return
		}
		top := slices.Max(x)          // subtracted first, so that large components do not cancel
		tau, kept := -total, len(x)+1 // a lower bound of τ, as the greatest component alone has no more than total
		for {
			n, sum := 0, 0.0
			for _, v := range x {
				if v-top > tau {
					sum += v - top
					n++
				}
			}
			if n == 0 || n >= kept {
				break
			}
			tau, kept = (sum-total)/float64(n), n
		}
		for i, v := range x {
			x[i] = max(v-top-tau, 0)
		}
	}
}

func lengths(name string, x, set []float64) {
	if len(x) != len(set) {
		panic(fmt.Sprintf("project: %s: len(x) = %d, want %d", name, len(x), len(set)))
	}
}
