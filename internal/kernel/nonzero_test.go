package kernel

import (
	"math"
	"slices"
	"testing"
)

// TestNonZero: the parts between zeros are found, one after the other, and end with an empty one.
func TestNonZero(t *testing.T) {
	zero := math.Copysign(0, -1)
	for _, c := range []struct {
		v    []float64
		want []int
	}{
		{nil, []int{0, 0}},
		{[]float64{0, zero}, []int{2, 2}},
		{[]float64{1}, []int{0, 1, 1, 1}},
		{[]float64{1, 2, 0, zero, math.NaN(), 5e-324, 0}, []int{0, 2, 4, 6, 7, 7}},
		{[]float64{0, 1, 0, -1}, []int{1, 2, 3, 4, 4, 4}},
	} {
		var got []int
		for to := 0; ; {
			var from int
			from, to = NonZero(c.v, to)
			if got = append(got, from, to); from == to {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.v, got, c.want)
		}
	}
}
