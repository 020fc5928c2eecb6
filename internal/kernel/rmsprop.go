package kernel

import "math"

// RMSProp takes the step of method.RMSProp that is not centered:
//
//	v ← rho v + (1-rho) g²
//	b ← mu b + g / (√v + eps), or mu b where √v + eps is not above 0
//	x ← x - alpha b
func RMSProp(workers int, x, grad, v, b []float64, rho, mu, alpha, eps float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			RMSProp(1, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3])
			return false
		}, scalars{rho, mu, alpha, eps}, x, grad, v, b)
		return
	}
	n1 := 1 - rho
	if n := wide(len(x)); n > 0 {
		rmspropAVX2(&x[0], &grad[:len(x)][0], &v[:len(x)][0], &b[:len(x)][0], n, rho, n1, mu, alpha, eps)
		x, grad, v, b = x[n:], grad[n:], v[n:], b[n:]
	}
	grad, v, b = grad[:len(x)], v[:len(x)], b[:len(x)]
	for i, g := range grad {
		v[i] = float64(rho*v[i]) + float64(n1*g*g)
		b[i] *= mu
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			b[i] += g / d
		}
		x[i] -= float64(alpha * b[i])
	}
}

// RMSPropCentered takes the step of method.RMSProp that is centered:
//
//	v ← rho (v + (1-rho) (g - c)²)
//	c ← c + (1-rho) (g - c)
//	b ← mu b + g / (√v + eps), or mu b where √v + eps is not above 0
//	x ← x - alpha b
func RMSPropCentered(workers int, x, grad, v, b, c []float64, rho, mu, alpha, eps float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			RMSPropCentered(1, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3])
			return false
		}, scalars{rho, mu, alpha, eps}, x, grad, v, b, c)
		return
	}
	n1 := 1 - rho
	if n := wide(len(x)); n > 0 {
		rmspropCenteredAVX2(&x[0], &grad[:len(x)][0], &v[:len(x)][0], &b[:len(x)][0], &c[:len(x)][0], n, rho, n1, mu, alpha, eps)
		x, grad, v, b, c = x[n:], grad[n:], v[n:], b[n:], c[n:]
	}
	grad, v, b, c = grad[:len(x)], v[:len(x)], b[:len(x)], c[:len(x)]
	for i, g := range grad {
		d := g - c[i]
		v[i] = rho * (v[i] + float64(n1*d*d))
		c[i] += float64(n1 * d)
		b[i] *= mu
		if d := math.Sqrt(v[i]) + eps; d > 0 {
			b[i] += g / d
		}
		x[i] -= float64(alpha * b[i])
	}
}
