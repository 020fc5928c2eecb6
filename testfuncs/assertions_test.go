package testfuncs_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
)

// wantPanic fails unless f panics with a text that contains want.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		text, ok := v.(string)
		if !ok || !strings.Contains(text, want) {
			t.Errorf("panic %v, want one with %q", v, want)
		}
	}()
	f()
}

// near fails unless got is within 5 standard errors of want.
func near(t *testing.T, what string, got, want, se float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 5*se) {
		t.Errorf("%s = %v, want %v, standard error %v", what, got, want, se)
	}
}

// far fails unless got is more than 5 standard errors from wrong: the companion of near.
func far(t *testing.T, what string, got, wrong, se float64) {
	t.Helper()
	if math.Abs(got-wrong) <= 5*se {
		t.Errorf("%s = %v agrees with %v, standard error %v: the test cannot fail", what, got, wrong, se)
	}
}

// evaluate returns a draw of value and gradient, whose components are NaN if they are not stored.
func evaluate(t *testing.T, o stochopt.Oracle, x []float64, s stochopt.Sample) (f float64, grad []float64) {
	t.Helper()
	grad = make([]float64, len(x))
	for i := range grad {
		grad[i] = math.NaN()
	}
	f, err := o(grad, x, s)
	if err != nil {
		t.Fatal(err)
	}
	return f, grad
}
