package infer

import (
	"fmt"
	"math"
	"strings"
)

// String is a short report for people: the variables with their 95 % intervals, the value, how many draws were taken, and
// Diagnosis. Its form may change.
func (r *Result) String() string {
	var b strings.Builder
	for i, x := range r.X {
		lo, hi := r.Interval(i, 0.95)
		if math.IsNaN(lo) {
			fmt.Fprintf(&b, "x[%d] = %.6g without error bar\n", i, x)
			continue
		}
		n := places(r.StdErr[i])
		fmt.Fprintf(&b, "x[%d] = %.*f ± %.*f, 95 %% interval %.*f to %.*f\n", i, n, x, n, r.StdErr[i], n, lo, n, hi)
	}
	if !math.IsNaN(r.F) {
		n := places(r.FStdErr)
		fmt.Fprintf(&b, "F = %.*f ± %.*f\n", n, r.F, n, r.FStdErr)
	}
	fmt.Fprintf(&b, "%v after %d draws\n", r.Status, r.Counts.Total())
	for _, s := range r.Diagnosis {
		fmt.Fprintf(&b, "%s\n", s)
	}
	return b.String()
}

// places is how many decimal places show two digits of a standard error, or 6 if there is none.
func places(stdErr float64) int {
	if !(stdErr > 0) || math.IsInf(stdErr, 1) {
		return 6
	}
	return min(max(1-int(math.Floor(math.Log10(stdErr))), 0), 15)
}
