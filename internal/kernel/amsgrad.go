package kernel

import "math"

// AMSGrad takes the step of method.AMSGrad, with a bias correction in alpha:
//
//	m ← b1 m + (1-b1) g
//	v ← b2 v + (1-b2) g²
//	w ← max(w, v)
//	x ← x - alpha m / (correct √w + eps), or x where that is not above 0
//
// w must be >= 0 or NaN, and so must v.
func AMSGrad(workers int, x, grad, m, v, w []float64, b1, b2, alpha, correct, eps float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			AMSGrad(1, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4])
			return false
		}, scalars{b1, b2, alpha, correct, eps}, x, grad, m, v, w)
		return
	}
	n1, n2 := 1-b1, 1-b2
	if n := wide(len(x)); n > 0 {
		amsgradAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], &v[:len(x)][0], &w[:len(x)][0], n, b1, n1, b2, n2, alpha, correct, eps)
		x, grad, m, v, w = x[n:], grad[n:], m[n:], v[n:], w[n:]
	}
	grad, m, v, w = grad[:len(x)], m[:len(x)], v[:len(x)], w[:len(x)]
	for i, g := range grad {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		w[i] = max(w[i], v[i])
		if d := float64(math.Sqrt(w[i])*correct) + eps; d > 0 {
			x[i] -= float64(alpha*m[i]) / d
		}
	}
}
