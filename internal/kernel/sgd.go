package kernel

// SGD takes the step of method.SGD:
//
//	b ← mu b + damp g
//	x ← x - alpha b
func SGD(workers int, x, grad, b []float64, mu, damp, alpha float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			SGD(1, v[0], v[1], v[2], s[0], s[1], s[2])
			return false
		}, scalars{mu, damp, alpha}, x, grad, b)
		return
	}
	if n := wide(len(x)); n > 0 {
		sgdAVX2(&x[0], &grad[:len(x)][0], &b[:len(x)][0], n, mu, damp, alpha)
		x, grad, b = x[n:], grad[n:], b[n:]
	}
	grad, b = grad[:len(x)], b[:len(x)]
	for i, g := range grad {
		now := float64(mu*b[i]) + float64(damp*g)
		b[i] = now
		x[i] -= float64(alpha * now)
	}
}

// Nesterov is SGD with
//
//	x ← x - alpha (g + mu b)
func Nesterov(workers int, x, grad, b []float64, mu, damp, alpha float64) {
	if workers > 1 && len(x) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			Nesterov(1, v[0], v[1], v[2], s[0], s[1], s[2])
			return false
		}, scalars{mu, damp, alpha}, x, grad, b)
		return
	}
	if n := wide(len(x)); n > 0 {
		nesterovAVX2(&x[0], &grad[:len(x)][0], &b[:len(x)][0], n, mu, damp, alpha)
		x, grad, b = x[n:], grad[n:], b[n:]
	}
	grad, b = grad[:len(x)], b[:len(x)]
	for i, g := range grad {
		now := float64(mu*b[i]) + float64(damp*g)
		b[i] = now
		x[i] -= float64(alpha * (g + float64(mu*now)))
	}
}
