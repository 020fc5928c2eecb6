package kernel

import "math"

// Sign returns 1, -1 or, of 0 and NaN, these themselves. It has no branch: of random signs no processor guesses the next.
func Sign(v float64) float64 {
	const sign, one, inf = 1 << 63, 0x3ff << 52, 0x7ff << 52
	b := math.Float64bits(v)
	s := b&sign | one
	if b<<1-1 >= inf<<1 { // |v| is 0, whose bits less 1 wrap around, or NaN
		s = b
	}
	return math.Float64frombits(s)
}
