package fit

// evaluate stores the values of the curve at the predictors x in dst and, if jac is not nil, their derivatives by b in jac,
// a row for each value. Func and Vector, which may take long, are not called any more after a value that is not finite.
// It returns the number of points that have been evaluated.
func (m *Model) evaluate(dst, jac, b []float64, x [][]float64) int {
	if m.Points != nil {
		m.Points(dst, jac, b, x)
		return len(x)
	}
	outputs := max(m.Outputs, 1)
	var rows []float64 // of one point
	for i, xi := range x {
		values := dst[i*outputs : (i+1)*outputs : (i+1)*outputs]
		if jac != nil {
			size := len(values) * len(b)
			rows = jac[i*size : (i+1)*size : (i+1)*size]
		}
		if m.Func != nil {
			values[0] = m.Func(rows, b, xi)
		} else {
			m.Vector(values, rows, b, xi)
		}
		for _, v := range values {
			if !finite(v) {
				return i + 1
			}
		}
	}
	return len(x)
}
