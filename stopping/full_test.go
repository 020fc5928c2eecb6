package stopping

import (
	"flag"
	"math"
	"testing"
)

// go test ./stopping -full simulates 20 000 runs of every rule, which takes minutes. By default there are fewer, and
// under the race detector fewer still; the tolerances, of five standard errors, follow.
var full = flag.Bool("full", false, "simulate 20000 runs in the tests of levels")

// Runs returns n, or 20000 with -full, or a tenth of n under the race detector.
func Runs(n int) int {
	if *full {
		return 20000
	}
	return Seeds(n)
}

// Seeds returns n, or a tenth of it under the race detector, for tests that need no more.
func Seeds(n int) int { return max(2, n/share) }

// Near fails unless the share of count in n is within five standard errors of p, by the standard error at p.
func Near(t *testing.T, what string, count, n int, p float64) {
	t.Helper()
	got, slack := float64(count)/float64(n), 5*math.Sqrt(p*(1-p)/float64(n))
	t.Logf("%s: %.4f of %d, want %.4f ± %.4f", what, got, n, p, slack)
	if math.Abs(got-p) > slack {
		t.Errorf("%s: %.4f of %d, want %.4f ± %.4f", what, got, n, p, slack)
	}
}

// AtMost fails if the share of count in n is more than five standard errors above p.
func AtMost(t *testing.T, what string, count, n int, p float64) {
	t.Helper()
	got, slack := float64(count)/float64(n), 5*math.Sqrt(p*(1-p)/float64(n))
	t.Logf("%s: %.4f of %d, want <= %.4f + %.4f", what, got, n, p, slack)
	if got > p+slack {
		t.Errorf("%s: %.4f of %d, want <= %.4f + %.4f", what, got, n, p, slack)
	}
}

// AtLeast fails if the share of count in n is more than five standard errors below p.
func AtLeast(t *testing.T, what string, count, n int, p float64) {
	t.Helper()
	got, slack := float64(count)/float64(n), 5*math.Sqrt(p*(1-p)/float64(n))
	t.Logf("%s: %.4f of %d, want >= %.4f - %.4f", what, got, n, p, slack)
	if got < p-slack {
		t.Errorf("%s: %.4f of %d, want >= %.4f - %.4f", what, got, n, p, slack)
	}
}
