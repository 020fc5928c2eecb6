package formula

// The sums below do nothing where dst is nil, and round each product before it is added, on all processors.

// fill sets all of dst to v.
func fill(dst []float64, v float64) {
	for j := range dst {
		dst[j] = v
	}
}

// add is dst += a.
func add(dst, a []float64) {
	if dst == nil {
		return
	}
	dst = dst[:len(a)]
	for j, v := range a {
		dst[j] += v
	}
}

// subtract is dst -= a.
func subtract(dst, a []float64) {
	if dst == nil {
		return
	}
	dst = dst[:len(a)]
	for j, v := range a {
		dst[j] -= v
	}
}

// addProduct is dst += a b.
func addProduct(dst, a, b []float64) {
	if dst == nil {
		return
	}
	dst, b = dst[:len(a)], b[:len(a)]
	for j, v := range a {
		dst[j] += float64(v * b[j])
	}
}

// subtractProduct is dst -= a b.
func subtractProduct(dst, a, b []float64) {
	if dst == nil {
		return
	}
	dst, b = dst[:len(a)], b[:len(a)]
	for j, v := range a {
		dst[j] -= float64(v * b[j])
	}
}
