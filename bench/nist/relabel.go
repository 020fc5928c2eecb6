package main

import (
	"math"
	"slices"
	"strings"
)

// relabel returns b with equal fits under other labels brought to the certified one: exponentials, peaks and cycles in
// another order, signs that cancel.
func relabel(name string, b []float64) []float64 {
	b = slices.Clone(b)
	swap := func(i, j, n int) {
		for k := range n {
			b[i+k], b[j+k] = b[j+k], b[i+k]
		}
	}
	switch {
	case strings.HasPrefix(name, "Lanczos"): // rates increase
		for range 2 {
			for k := 0; k < 4; k += 2 {
				if b[k+1] > b[k+3] {
					swap(k, k+2, 2)
				}
			}
		}
	case name == "MGH17": // the slower exponential first
		if b[3] > b[4] {
			swap(1, 2, 1)
			swap(3, 4, 1)
		}
	case strings.HasPrefix(name, "Gauss"): // the peaks from left to right, widths positive
		if b[3] > b[6] {
			swap(2, 5, 3)
		}
		b[4], b[7] = math.Abs(b[4]), math.Abs(b[7])
	case name == "ENSO": // the longer period first; a negative period turns the sign of its sine
		if math.Abs(b[3]) < math.Abs(b[6]) {
			swap(3, 6, 3)
		}
		for _, k := range []int{3, 6} {
			if b[k] < 0 {
				b[k], b[k+2] = -b[k], -b[k+2]
			}
		}
	case name == "Eckerle4":
		if b[1] < 0 {
			b[0], b[1] = -b[0], -b[1]
		}
	}
	return b
}
