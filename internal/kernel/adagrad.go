package kernel

import "math"

// AdaGrad takes the step of method.AdaGrad:
//
//	s ← s + g²
//	x ← x - alpha g / (√s + eps), or x where √s + eps is not above 0
func AdaGrad(workers int, x, grad, s []float64, alpha, eps float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			AdaGrad(1, v[0], v[1], v[2], s[0], s[1])
			return false
		}, scalars{alpha, eps}, x, grad, s)
		return
	}
	if n := wide(len(x)); n > 0 {
		adagradAVX2(&x[0], &grad[:len(x)][0], &s[:len(x)][0], n, alpha, eps)
		x, grad, s = x[n:], grad[n:], s[n:]
	}
	grad, s = grad[:len(x)], s[:len(x)]
	for i, g := range grad {
		s[i] += float64(g * g)
		if d := math.Sqrt(s[i]) + eps; d > 0 {
			x[i] -= float64(alpha*g) / d
		}
	}
}
