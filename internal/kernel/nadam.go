package kernel

import "math"

// NAdam takes the step of method.NAdam, with the weights wm of m and wg of g:
//
//	m ← b1 m + (1-b1) g
//	v ← b2 v + (1-b2) g²
//	x ← x - alpha (wm m + wg g) / (correct √v + eps), or x where the divisor is not above 0
func NAdam(workers int, x, grad, m, v []float64, b1, b2, wm, wg, alpha, correct, eps float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			NAdam(1, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4], s[5], s[6])
			return false
		}, scalars{b1, b2, wm, wg, alpha, correct, eps}, x, grad, m, v)
		return
	}
	n1, n2 := 1-b1, 1-b2
	if n := wide(len(x)); n > 0 {
		nadamAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], &v[:len(x)][0], n, b1, n1, b2, n2, wm, wg, alpha, correct, eps)
		x, grad, m, v = x[n:], grad[n:], m[n:], v[n:]
	}
	grad, m, v = grad[:len(x)], m[:len(x)], v[:len(x)]
	for i, g := range grad {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		n := float64(wm*m[i]) + float64(wg*g)
		if d := float64(math.Sqrt(v[i])*correct) + eps; d > 0 {
			x[i] -= float64(alpha*n) / d
		}
	}
}
