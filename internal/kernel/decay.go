package kernel

// DecayLanes is the number of values that Decay multiplies at once.
const DecayLanes = 32

// Decay multiplies each value n times by b.
func Decay(v *[DecayLanes]float64, n int, b float64) {
	if avx2 {
		if n > 0 {
			decayAVX2(&v[0], n, b)
		}
		return
	}
	for j := 0; j < DecayLanes; j += 8 {
		w := (*[8]float64)(v[j:])
		a0, a1, a2, a3, a4, a5, a6, a7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
		for range n {
			a0 *= b
			a1 *= b
			a2 *= b
			a3 *= b
			a4 *= b
			a5 *= b
			a6 *= b
			a7 *= b
		}
		w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7] = a0, a1, a2, a3, a4, a5, a6, a7
	}
}
