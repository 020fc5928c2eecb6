package main

import "math"

// onePassOthers are those of onePass that keep no mean of squares.
var onePassOthers = map[string]func(dim int) stepper{
	"SGD": func(dim int) stepper {
		return func(x, grad []float64) {
			x = x[:len(grad)]
			for i, g := range grad {
				x[i] -= 1e-3 * g
			}
		}
	},
	"SGD momentum": func(dim int) stepper {
		b := make([]float64, dim)
		return func(x, grad []float64) {
			x, b := x[:len(grad)], b[:len(grad)]
			for i, g := range grad {
				b[i] = 0.9*b[i] + g
				x[i] -= 1e-3 * b[i]
			}
		}
	},
	"SGD Nesterov": func(dim int) stepper {
		b := make([]float64, dim)
		return func(x, grad []float64) {
			x, b := x[:len(grad)], b[:len(grad)]
			for i, g := range grad {
				b[i] = 0.9*b[i] + g
				x[i] -= 1e-3 * (g + 0.9*b[i])
			}
		}
	},
	"QHM": func(dim int) stepper {
		m := make([]float64, dim)
		return func(x, grad []float64) {
			x, m := x[:len(grad)], m[:len(grad)]
			for i, g := range grad {
				m[i] = 0.999*m[i] + (1-0.999)*g
				x[i] -= 3e-3 * ((1-0.7)*g + 0.7*m[i])
			}
		}
	},
	"AggMo": func(dim int) stepper {
		a, b, c := make([]float64, dim), make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, a, b, c := x[:len(grad)], a[:len(grad)], b[:len(grad)], c[:len(grad)]
			for i, g := range grad {
				a[i] = 0*a[i] + g
				b[i] = 0.9*b[i] + g
				c[i] = 0.99*c[i] + g
				x[i] -= 3e-4 / 3 * (a[i] + b[i] + c[i])
			}
		}
	},
	"AccSGD": func(dim int) stepper {
		w, k := make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				copy(w, x)
			}
			k++
			const b = 0.7 * 0.7 * 10 / 1000
			const zeta = 0.7 / (0.7 + b)
			x, w := x[:len(grad)], w[:len(grad)]
			for i, g := range grad {
				w[i] += b * (x[i] - 1/0.7*g - w[i])
				x[i] += (1-zeta)*(w[i]-x[i]) - zeta*1e-3*g
			}
		}
	},
	"OptimisticSGD": func(dim int) stepper {
		last, k := make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				copy(last, grad)
			}
			k++
			x, last := x[:len(grad)], last[:len(grad)]
			for i, g := range grad {
				x[i] -= 3e-4 * (2*g - last[i])
				last[i] = g
			}
		}
	},
	"AdaGrad": func(dim int) stepper {
		s := make([]float64, dim)
		return func(x, grad []float64) {
			x, s := x[:len(grad)], s[:len(grad)]
			for i, g := range grad {
				s[i] += g * g
				x[i] -= g / (math.Sqrt(s[i]) + 1e-10)
			}
		}
	},
	"AdaDelta": func(dim int) stepper {
		v, u := make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, v, u := x[:len(grad)], v[:len(grad)], u[:len(grad)]
			for i, g := range grad {
				v[i] = 0.95*v[i] + (1-0.95)*g*g
				d := g * math.Sqrt((u[i]+1e-6)/(v[i]+1e-6))
				u[i] = 0.95*u[i] + (1-0.95)*d*d
				x[i] -= d
			}
		}
	},
	"AdaSqrt": func(dim int) stepper {
		v, k := make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			alpha := math.Sqrt(float64(k))
			x, v := x[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				v[i] += g * g
				x[i] -= alpha * g / (v[i] + 1e-8)
			}
		}
	},
	"RMSProp": func(dim int) stepper {
		v := make([]float64, dim)
		return func(x, grad []float64) {
			x, v := x[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				v[i] = 0.9*v[i] + (1-0.9)*g*g
				x[i] -= 0.01 * g / (math.Sqrt(v[i]) + 1e-8)
			}
		}
	},
	"RMSProp centered, momentum": func(dim int) stepper {
		v, b, c := make([]float64, dim), make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, v, b, c := x[:len(grad)], v[:len(grad)], b[:len(grad)], c[:len(grad)]
			for i, g := range grad {
				d := g - c[i]
				v[i] = 0.9 * (v[i] + (1-0.9)*d*d)
				c[i] += (1 - 0.9) * d
				b[i] = 0.5*b[i] + g/(math.Sqrt(v[i])+1e-8)
				x[i] -= 0.01 * b[i]
			}
		}
	},
	"SM3": func(dim int) stepper {
		s, m := make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, s, m := x[:len(grad)], s[:len(grad)], m[:len(grad)]
			for i, g := range grad {
				s[i] += g * g
				m[i] = 0.9*m[i] + (1-0.9)*g/math.Sqrt(s[i])
				x[i] -= 3 * m[i]
			}
		}
	},
	"signSGD": func(dim int) stepper {
		return func(x, grad []float64) {
			x = x[:len(grad)]
			for i, g := range grad {
				x[i] -= 0.01 * signOf(g)
			}
		}
	},
	"Signum": func(dim int) stepper {
		m := make([]float64, dim)
		return func(x, grad []float64) {
			x, m := x[:len(grad)], m[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				x[i] -= 0.01 * signOf(m[i])
			}
		}
	},
	"Lion": func(dim int) stepper {
		m := make([]float64, dim)
		return func(x, grad []float64) {
			x, m := x[:len(grad)], m[:len(grad)]
			for i, g := range grad {
				x[i] -= 0.01 * signOf(0.9*m[i]+(1-0.9)*g)
				m[i] = 0.99*m[i] + (1-0.99)*g
			}
		}
	},
	"Rprop": func(dim int) stepper {
		d, s, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				for i := range d {
					d[i] = 0.01
				}
			}
			k++
			x, d, s := x[:len(grad)], d[:len(grad)], s[:len(grad)]
			for i, g := range grad {
				if c := g * s[i]; c > 0 {
					d[i] = min(1.2*d[i], 50)
				} else if c < 0 {
					d[i], s[i] = max(0.5*d[i], 1e-6), 0
					continue
				}
				x[i] -= math.Copysign(d[i], g)
				s[i] = g
			}
		}
	},
	"DeltaBarDelta": func(dim int) stepper {
		m, w := make([]float64, dim), make([]float64, dim)
		for i := range w {
			w[i] = 1
		}
		return func(x, grad []float64) {
			x, m, w := x[:len(grad)], m[:len(grad)], w[:len(grad)]
			for i, g := range grad {
				if c := g * m[i]; c > 0 {
					w[i] += 0.2
				} else if c < 0 {
					w[i] = max(0.8*w[i], 0.01)
				}
				x[i] -= 0.001 * w[i] * g
				m[i] = 0.5*m[i] + (1-0.5)*g
			}
		}
	},
	"FTRL": func(dim int) stepper {
		z, n, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				for i, v := range x {
					z[i] = -v
				}
			}
			k++
			x, z, n := x[:len(grad)], z[:len(grad)], n[:len(grad)]
			for i, g := range grad {
				sum := n[i] + g*g
				root := math.Sqrt(sum)
				z[i] += g - (root-math.Sqrt(n[i]))*x[i]
				n[i] = sum
				x[i] = -z[i] / (1 + root)
			}
		}
	},
	"RDA": func(dim int) stepper {
		x0, mean, k := make([]float64, dim), make([]float64, dim), 0.0
		return func(x, grad []float64) {
			if k == 0 {
				copy(x0, x)
			}
			k++
			alpha, part := 3e-3*math.Sqrt(k), 1/k
			x, x0, mean := x[:len(grad)], x0[:len(grad)], mean[:len(grad)]
			for i, g := range grad {
				mean[i] += part * (g - mean[i])
				x[i] = x0[i] - alpha*mean[i]
			}
		}
	},
	"ScheduleFreeSGD": func(dim int) stepper {
		z, mean, k := make([]float64, dim), make([]float64, dim), 0.0
		return func(x, grad []float64) {
			if k == 0 {
				copy(z, x)
				copy(mean, x)
			}
			k++
			part := 1 / k
			x, z, mean := x[:len(grad)], z[:len(grad)], mean[:len(grad)]
			for i, g := range grad {
				z[i] -= 3e-3 * g
				mean[i] += part * (z[i] - mean[i])
				x[i] = (1-0.9)*z[i] + 0.9*mean[i]
			}
		}
	},
	"ScheduleFreeAdam": func(dim int) stepper {
		z, mean, v, k := make([]float64, dim), make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				copy(z, x)
				copy(mean, x)
			}
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps, part := 0.3*root, 1e-8*root, 1/float64(k)
			x, z, mean, v := x[:len(grad)], z[:len(grad)], mean[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				z[i] -= alpha * g / (math.Sqrt(v[i]) + eps)
				mean[i] += part * (z[i] - mean[i])
				x[i] = (1-0.9)*z[i] + 0.9*mean[i]
			}
		}
	},
}

// signOf is the sign of v, or 0. Its one branch is always the same where v is not 0.
func signOf(v float64) float64 {
	if v == 0 {
		return 0
	}
	return math.Copysign(1, v)
}
