package kernel

import "math"

// AdaMax takes the step of method.AdaMax, with the weights wm of m and wg of g:
//
//	m ← b1 m + (1-b1) g
//	u ← max(b2 u, |g|)
//	x ← x - (wm m + wg g) / u, or x where u is not above 0
func AdaMax(workers int, x, grad, m, u []float64, b1, b2, wm, wg float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			AdaMax(1, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3])
			return false
		}, scalars{b1, b2, wm, wg}, x, grad, m, u)
		return
	}
	n1 := 1 - b1
	if n := wide(len(x)); n > 0 {
		adamaxAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], &u[:len(x)][0], n, b1, n1, b2, wm, wg)
		x, grad, m, u = x[n:], grad[n:], m[n:], u[n:]
	}
	grad, m, u = grad[:len(x)], m[:len(x)], u[:len(x)]
	for i, g := range grad {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		u[i] = max(float64(b2*u[i]), math.Abs(g))
		if u[i] > 0 {
			x[i] -= (float64(wm*m[i]) + float64(wg*g)) / u[i]
		}
	}
}
