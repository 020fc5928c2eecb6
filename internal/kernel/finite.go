package kernel

import "math"

// NotFinite returns the index of the first element that is NaN or infinite, or -1.
func NotFinite(workers int, x []float64) int {
	if workers > 1 && len(x) >= large && !inParts(workers, func(v vectors, _ *scalars) bool { return NotFinite(1, v[0]) >= 0 }, scalars{}, x) {
		return -1
	}
	from := 0
	if n := wide(len(x)); n > 0 && notFiniteAVX2(&x[0], n) == 0 {
		from = n
	}
	for i, v := range x[from:] {
		if v-v != 0 {
			return from + i
		}
	}
	return -1
}

// NotSquarable returns the index of the first element whose square is NaN or infinite, or -1.
func NotSquarable(workers int, x []float64) int {
	if workers > 1 && len(x) >= large && !inParts(workers, func(v vectors, _ *scalars) bool { return NotSquarable(1, v[0]) >= 0 }, scalars{}, x) {
		return -1
	}
	from := 0
	if n := wide(len(x)); n > 0 && notSquarableAVX2(&x[0], n, math.MaxFloat64) == 0 {
		from = n
	}
	for i, v := range x[from:] {
		if !(v*v <= math.MaxFloat64) {
			return from + i
		}
	}
	return -1
}

// Few elements are looked at faster one by one, by FewFinite and FewSquarable, which need no call.
const Few = 16

// FewFinite reports whether x is finite.
func FewFinite(x []float64) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// FewSquarable reports whether the squares of x are finite.
func FewSquarable(x []float64) bool {
	for _, v := range x {
		if !(v*v <= math.MaxFloat64) {
			return false
		}
	}
	return true
}
