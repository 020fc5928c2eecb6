package kernel

import "math"

// ScheduleFreeSGD takes the step of method.ScheduleFreeSGD:
//
//	z, x ← y, y, where y is not (1-b0) z + b0 x
//	z ← z - alpha (g + lambda y)
//	x ← (1-c) x + c z
//	y ← (1-beta) z + beta x
func ScheduleFreeSGD(workers int, y, grad, z, x []float64, b0, alpha, lambda, c, beta float64) {
	if workers > 1 && len(y) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			ScheduleFreeSGD(1, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4])
			return false
		}, scalars{b0, alpha, lambda, c, beta}, y, grad, z, x)
		return
	}
	n0, nc, nb := 1-b0, 1-c, 1-beta
	if n := wide(len(y)); n > 0 {
		scheduleFreeSGDAVX2(&y[0], &grad[:len(y)][0], &z[:len(y)][0], &x[:len(y)][0], n, alpha, lambda, c, nc, beta, nb, b0, n0)
		y, grad, z, x = y[n:], grad[n:], z[n:], x[n:]
	}
	y, z, x = y[:len(grad)], z[:len(grad)], x[:len(grad)]
	for i, g := range grad {
		p, at, mean := y[i], z[i], x[i]
		if p != float64(n0*at)+float64(b0*mean) {
			at, mean = p, p
		}
		d := g + float64(lambda*p)
		at -= float64(alpha * d)
		mean = float64(nc*mean) + float64(c*at)
		z[i], x[i] = at, mean
		y[i] = float64(nb*at) + float64(beta*mean)
	}
}

// ScheduleFreeAdam takes the step of method.ScheduleFreeAdam, which is that of ScheduleFreeSGD with
//
//	v ← b2 v + (1-b2) g²
//	z ← z - alpha (g/(√(v/c2) + eps) + lambda y), without the first term where √(v/c2) + eps is not above 0
func ScheduleFreeAdam(workers int, y, grad, z, x, v []float64, b0, b2, c2, eps, alpha, lambda, c, beta float64) {
	if workers > 1 && len(y) >= large {
		inParts(workers, func(v vectors, s *scalars) bool {
			ScheduleFreeAdam(1, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
			return false
		}, scalars{b0, b2, c2, eps, alpha, lambda, c, beta}, y, grad, z, x, v)
		return
	}
	n0, n2, nc, nb := 1-b0, 1-b2, 1-c, 1-beta
	if n := wide(len(y)); n > 0 {
		scheduleFreeAdamAVX2(&y[0], &grad[:len(y)][0], &z[:len(y)][0], &x[:len(y)][0], &v[:len(y)][0], n,
			b2, n2, c2, eps, alpha, c, nc, lambda, beta, nb, b0, n0)
		y, grad, z, x, v = y[n:], grad[n:], z[n:], x[n:], v[n:]
	}
	y, z, x, v = y[:len(grad)], z[:len(grad)], x[:len(grad)], v[:len(grad)]
	for i, g := range grad {
		p, at, mean := y[i], z[i], x[i]
		if p != float64(n0*at)+float64(b0*mean) {
			at, mean = p, p
		}
		v[i] = float64(b2*v[i]) + float64(n2*g*g)
		d := float64(lambda * p)
		if s := math.Sqrt(v[i]/c2) + eps; s > 0 {
			d += g / s
		}
		at -= float64(alpha * d)
		mean = float64(nc*mean) + float64(c*at)
		z[i], x[i] = at, mean
		y[i] = float64(nb*at) + float64(beta*mean)
	}
}
