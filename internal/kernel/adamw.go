package kernel

import "math"

// AdamW takes the step of method.AdamW without a center, with alpha and eps multiplied by the bias corrections:
//
//	m ← b1 m + (1-b1) g
//	v ← b2 v + (1-b2) g²
//	x ← x - decay x
//	x ← x - alpha m / (√v + eps), or x where √v + eps is 0
func AdamW(workers int, x, grad, m, v []float64, b1, b2, alpha, eps, decay float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			AdamW(1, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4])
			return false
		}, scalars{b1, b2, alpha, eps, decay}, x, grad, m, v)
		return
	}
	n1, n2 := 1-b1, 1-b2
	if n := wide(len(x)); n > 0 {
		adamwAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], &v[:len(x)][0], n, b1, n1, b2, n2, alpha, eps, decay)
		x, grad, m, v = x[n:], grad[n:], m[n:], v[n:]
	}
	grad, m, v = grad[:len(x)], m[:len(x)], v[:len(x)]
	for i, g := range grad {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		x[i] -= float64(decay * x[i])
		if d := math.Sqrt(v[i]) + eps; d != 0 {
			x[i] -= float64(alpha*m[i]) / d
		}
	}
}

// AdamWCenter is AdamW with
//
//	x ← x - decay (x - center)
func AdamWCenter(workers int, x, grad, m, v, center []float64, b1, b2, alpha, eps, decay float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			AdamWCenter(1, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4])
			return false
		}, scalars{b1, b2, alpha, eps, decay}, x, grad, m, v, center)
		return
	}
	n1, n2 := 1-b1, 1-b2
	if n := wide(len(x)); n > 0 {
		adamwCenterAVX2(&x[0], &grad[:len(x)][0], &m[:len(x)][0], &v[:len(x)][0], &center[:len(x)][0], n, b1, n1, b2, n2, alpha, eps, decay)
		x, grad, m, v, center = x[n:], grad[n:], m[n:], v[n:], center[n:]
	}
	grad, m, v, center = grad[:len(x)], m[:len(x)], v[:len(x)], center[:len(x)]
	for i, g := range grad {
		m[i] = float64(b1*m[i]) + float64(n1*g)
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		x[i] -= float64(decay * (x[i] - center[i]))
		if d := math.Sqrt(v[i]) + eps; d != 0 {
			x[i] -= float64(alpha*m[i]) / d
		}
	}
}
