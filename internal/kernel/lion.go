package kernel

import "math"

// Lion takes the step of method.Lion:
//
//	c ← b1 m + (1-b1) g
//	x ← x - alpha (sign(c) + lambda x)
//	m ← b2 m + (1-b2) g
func Lion(workers int, x, grad, m []float64, b1, b2, alpha, lambda float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			Lion(1, v[0], v[1], v[2], s[0], s[1], s[2], s[3])
			return false
		}, scalars{b1, b2, alpha, lambda}, x, grad, m)
		return
	}
	n1, n2 := 1-b1, 1-b2
	if n := wide(len(x)); n > 0 {
		lionAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], n, b1, n1, b2, n2, alpha, lambda, 1, math.Copysign(0, -1))
		x, grad, m = x[n:], grad[n:], m[n:]
	}
	grad, m = grad[:len(x)], m[:len(x)]
	for i, g := range grad {
		mean := m[i]
		c := float64(b1*mean) + float64(n1*g)
		m[i] = float64(b2*mean) + float64(n2*g)
		x[i] -= float64(alpha * (Sign(c) + float64(lambda*x[i])))
	}
}
