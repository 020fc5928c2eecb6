package stochopt

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/internal/kernel"
)

// EvaluationError reports a draw of the objective that cannot be used. A run that meets one ends with the status
// optimize.Failure; the method has not taken the step, and the Result holds the last point that was evaluated well.
type EvaluationError struct {
	// Sample is the draw. For an optimize.Problem that was not made by Problem.Optimize, its Step is the number of the
	// evaluation in its run, and the other fields are 0.
	Sample Sample
	// Component is the index of the gradient component, or -1 for the value or an error.
	Component int
	// Value is the value or component, if it is NaN, infinite, or so large that its square overflows.
	Value float64
	// X is where the draw was taken.
	X []float64
	// Err is the error of the objective, a *PanicError if it panicked, or nil.
	Err error

	empty bool // no component of the gradient is a number
}

// Error implements error.
func (e *EvaluationError) Error() string {
	at := fmt.Sprintf("stochopt: step %d", e.Sample.Step)
	if e.Sample.Probe != 0 || e.Sample.Replicate != 0 || e.Sample.Seed != 0 {
		at += fmt.Sprintf(" (seed %d, probe %d, replicate %d)", e.Sample.Seed, e.Sample.Probe, e.Sample.Replicate)
	}
	if n := len(e.X); n > 4 {
		at += fmt.Sprintf(", x = %v and %d more", e.X[:4], n-4)
	} else {
		at += fmt.Sprintf(", x = %v", e.X)
	}
	if e.Err != nil {
		return at + ": " + e.Err.Error()
	}
	what := "the value"
	if e.Component >= 0 {
		what = fmt.Sprintf("gradient component %d", e.Component)
	}
	if e.empty {
		return at + ": no component of the gradient is a number; if the objective has values only, make a gradient by package " +
			"stochopt/gradient, and return an error where there is none"
	}
	if math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
		return fmt.Sprintf("%s: %s is %v", at, what, e.Value)
	}
	return fmt.Sprintf("%s: %s is %v and its square overflows; rescale the objective", at, what, e.Value)
}

// Unwrap returns e.Err.
func (e *EvaluationError) Unwrap() error { return e.Err }

// PanicError is a panic of user code, caught and turned into an error.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // as of runtime/debug.Stack
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// goodDraw reports whether a draw is finite, and no component of its gradient too large for methods that square it.
// It looks on the given number of goroutines.
func goodDraw(f float64, grad []float64, workers int) bool {
	return f-f == 0 && kernel.NotSquarable(workers, grad) < 0
}

// checkDraw returns the error of a draw at x that is not good, or nil.
func checkDraw(f float64, grad, x []float64, s Sample) error {
	if goodDraw(f, grad, 1) {
		return nil
	}
	return badDraw(f, grad, x, s)
}

// badDraw is the error of a draw that is not good.
func badDraw(f float64, grad, x []float64, s Sample) error {
	if f-f != 0 { // NaN or infinite
		return &EvaluationError{Sample: s, Component: -1, Value: f, X: slices.Clone(x)}
	}
	i := kernel.NotSquarable(1, grad)
	empty := !slices.ContainsFunc(grad, func(g float64) bool { return !math.IsNaN(g) })
	return &EvaluationError{Sample: s, Component: i, Value: grad[i], X: slices.Clone(x), empty: empty}
}

// nans fills a new gradient with NaN, so that a component which an objective does not store is found.
func nans(grad []float64) []float64 {
	for i := range grad {
		grad[i] = math.NaN()
	}
	return grad
}
