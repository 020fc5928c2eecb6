package kernel

// SGD takes the step of method.SGD:
//
//	b ← mu b + damp g
//	x ← x - alpha b
func SGD(x, grad, b []float64, mu, damp, alpha float64) {
	if n := wide(len(x)); n > 0 {
		sgdAVX2(&x[0], &grad[:len(x)][0], &b[:len(x)][0], n, mu, damp, alpha)
		x, grad, b = x[n:], grad[n:], b[n:]
	}
	grad, b = grad[:len(x)], b[:len(x)]
	for i, g := range grad {
		b[i] = float64(mu*b[i]) + float64(damp*g)
		x[i] -= float64(alpha * b[i])
	}
}

// Nesterov is SGD with
//
//	x ← x - alpha (g + mu b)
func Nesterov(x, grad, b []float64, mu, damp, alpha float64) {
	if n := wide(len(x)); n > 0 {
		nesterovAVX2(&x[0], &grad[:len(x)][0], &b[:len(x)][0], n, mu, damp, alpha)
		x, grad, b = x[n:], grad[n:], b[n:]
	}
	grad, b = grad[:len(x)], b[:len(x)]
	for i, g := range grad {
		b[i] = float64(mu*b[i]) + float64(damp*g)
		x[i] -= float64(alpha * (g + float64(mu*b[i])))
	}
}
