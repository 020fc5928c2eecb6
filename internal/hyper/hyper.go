// Package hyper checks hyperparameters. The names it is given, such as "method: SGD.StepSize", begin its panics.
package hyper

import (
	"fmt"
	"math"
)

// Zero stands for 0 where 0 selects the default.
const Zero = 1e-200

// Or returns v, or the default if v is 0, or 0 if v is Zero.
func Or(v, def float64) float64 {
	switch v {
	case 0:
		return def
	case Zero:
		return 0
	}
	return v
}

// NonNegative panics unless v is finite and >= 0.
func NonNegative(name string, v float64) {
	if !(v >= 0) || v-v != 0 {
		panic(fmt.Sprintf("%s = %v, want finite and >= 0", name, v))
	}
}

// Finite panics unless v is finite.
func Finite(name string, v float64) {
	if v-v != 0 {
		panic(fmt.Sprintf("%s = %v, want finite", name, v))
	}
}

// Unit panics unless v is in [0, 1).
func Unit(name string, v float64) {
	if !(v >= 0 && v < 1) {
		panic(fmt.Sprintf("%s = %v, want in [0, 1)", name, v))
	}
}

// Between panics unless v is in [low, high].
func Between(name string, v, low, high float64) {
	if !(v >= low && v <= high) {
		panic(fmt.Sprintf("%s = %v, want in [%v, %v]", name, v, low, high))
	}
}

// Dim panics unless dim, the number of variables, is positive.
func Dim(name string, dim int) {
	if dim <= 0 {
		panic(fmt.Sprintf("%s(%d): want at least one variable", name, dim))
	}
}

// Lengths panics unless x and grad have the length dim of the state.
func Lengths(name string, x, grad []float64, dim int) {
	if len(x) != dim || len(grad) != dim {
		lengths(name, x, grad, dim)
	}
}

// lengths is apart for Lengths to be inlined.
//
//go:noinline
func lengths(name string, x, grad []float64, dim int) {
	panic(fmt.Sprintf("%s: len(x) = %d, len(grad) = %d, want both to be the %d of Reset", name, len(x), len(grad), dim))
}

// StepSize returns alpha times schedule(k), or alpha if schedule is nil. It panics unless both are finite and >= 0: fields
// may have changed since Reset.
func StepSize(alpha float64, schedule func(k int) float64, k int) float64 {
	if schedule == nil && alpha >= 0 && alpha <= math.MaxFloat64 {
		return alpha
	}
	return scheduled(alpha, schedule, k)
}

// scheduled is apart for StepSize to be inlined.
func scheduled(alpha float64, schedule func(k int) float64, k int) float64 {
	NonNegative("stochopt: StepSize", alpha)
	f := schedule(k)
	if !(f >= 0) || f-f != 0 {
		panic(fmt.Sprintf("stochopt: Schedule(%d) = %v, want finite and >= 0", k, f))
	}
	NonNegative("stochopt: StepSize times Schedule", alpha*f)
	return alpha * f
}

// Memory returns the memory of a running mean in step k: schedule(k), or b if schedule is nil. It panics unless schedule(k) is
// in [0, 1).
func Memory(name string, b float64, schedule func(k int) float64, k int) float64 {
	if schedule == nil {
		return b
	}
	return remembered(name, schedule, k)
}

// remembered is apart for Memory to be inlined.
func remembered(name string, schedule func(k int) float64, k int) float64 {
	b := schedule(k)
	if !(b >= 0 && b < 1) {
		panic(fmt.Sprintf("%sSchedule(%d) = %v, want in [0, 1)", name, k, b))
	}
	return b
}
