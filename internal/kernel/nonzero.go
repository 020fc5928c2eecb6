package kernel

// NonZero returns the next elements of v from i on that are not 0, v[from:to], or len(v) twice if there are none.
func NonZero(v []float64, i int) (from, to int) {
	for i < len(v) && v[i] == 0 {
		i++
	}
	from = i
	for i < len(v) && v[i] != 0 {
		i++
	}
	return from, i
}
