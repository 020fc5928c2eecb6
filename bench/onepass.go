package main

import "math"

// A stepper moves x to the next iterate.
type stepper func(x, grad []float64)

// onePass are methods as one would write them by hand, with their default settings: one loop over the variables, all that does
// not depend on the variable taken out of it. They are what the methods of the module are compared with.
var onePass = map[string]func(dim int) stepper{
	"Adam": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			goSteps(1, x, grad, m, v, 0.9, 0.999, 0.1*root/power(0.9, k), 1e-8*root)
		}
	},
	"AdamW": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.1*root/power(0.9, k), 1e-8*root
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				w := x[i] - 0.1*0.01*x[i]
				x[i] = w - alpha*m[i]/(math.Sqrt(v[i])+eps)
			}
		}
	},
	"AMSGrad": func(dim int) stepper {
		m, v, w := make([]float64, dim), make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, m, v, w := x[:len(grad)], m[:len(grad)], v[:len(grad)], w[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				w[i] = max(w[i], v[i])
				x[i] -= 0.1 * m[i] / (math.Sqrt(w[i]) + 1e-8)
			}
		}
	},
	"AdaMax": func(dim int) stepper {
		m, u, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			alpha := 0.1 / power(0.9, k)
			x, m, u := x[:len(grad)], m[:len(grad)], u[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				u[i] = max(0.999*u[i], math.Abs(g))
				x[i] -= alpha * m[i] / u[i]
			}
		}
	},
	"NadaMax": func(dim int) stepper {
		m, u, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			wm, wg := 0.1*0.9/power(0.9, k+1), 0.1*(1-0.9)/power(0.9, k)
			x, m, u := x[:len(grad)], m[:len(grad)], u[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				u[i] = max(0.999*u[i], math.Abs(g))
				x[i] -= (wm*m[i] + wg*g) / u[i]
			}
		}
	},
	"NAdam": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			wm, wg, eps := 0.03*root*0.9/power(0.9, k+1), 0.03*root*(1-0.9)/power(0.9, k), 1e-8*root
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= (wm*m[i] + wg*g) / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"RAdam": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			c1, c2, inf := power(0.9, k), power(0.999, k), 2/(1-0.999)-1
			rho := inf - 2*float64(k)*(1-c2)/c2
			alpha := 0.0
			if rho > 4 {
				alpha = 0.1 * math.Sqrt(c2*(rho-4)*(rho-2)*inf/((inf-4)*(inf-2)*rho)) / c1
			}
			eps := 1e-8 * math.Sqrt(c2)
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= alpha * m[i] / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"AdaBelief": func(dim int) stepper {
		m, s, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.03*root/power(0.9, k), 1e-16*root
			x, m, s := x[:len(grad)], m[:len(grad)], s[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				s[i] = 0.999*s[i] + (1-0.999)*(g-m[i])*(g-m[i]) + 1e-16
				x[i] -= alpha * m[i] / (math.Sqrt(s[i]) + eps)
			}
		}
	},
	"AdaBound": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root, t := math.Sqrt(power(0.999, k)), 1e-3*float64(k)
			alpha, eps, low, high := 0.1*root/power(0.9, k), 1e-8*root, 0.1*t/(t+1), 0.1*(t+1)/t
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= min(max(alpha/(math.Sqrt(v[i])+eps), low), high) * m[i]
			}
		}
	},
	"Yogi": func(dim int) stepper {
		m, v := make([]float64, dim), make([]float64, dim)
		return func(x, grad []float64) {
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				if sq := g * g; v[i] < sq {
					v[i] += (1 - 0.999) * sq
				} else if v[i] > sq {
					v[i] -= (1 - 0.999) * sq
				}
				x[i] -= 0.1 * m[i] / (math.Sqrt(v[i]) + 1e-3)
			}
		}
	},
	"Padam": func(dim int) stepper {
		m, v, w, k := make([]float64, dim), make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.01/power(0.9, k)*math.Pow(root, 0.25), 1e-8*root
			x, m, v, w := x[:len(grad)], m[:len(grad)], v[:len(grad)], w[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				w[i] = max(w[i], v[i])
				x[i] -= alpha * m[i] / math.Pow(math.Sqrt(w[i])+eps, 0.25)
			}
		}
	},
	"QHAdam": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			wg, wm, eps := 0.03*root*(1-0.7), 0.03*root*0.7/power(0.995, k), 1e-8*root
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.995*m[i] + (1-0.995)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= (wg*g + wm*m[i]) / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"OptimisticAdam": func(dim int) stepper {
		m, v, u, k := make([]float64, dim), make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.03*root/power(0.9, k), 1e-8*root
			x, m, v, u := x[:len(grad)], m[:len(grad)], v[:len(grad)], u[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				d := alpha * m[i] / (math.Sqrt(v[i]) + eps)
				x[i] -= 2*d - u[i]
				u[i] = d
			}
		}
	},
	"FTML": func(dim int) stepper {
		v, k := make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.03*root*(1-0.6)/power(0.6, k), 1e-8*root
			x, v := x[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= alpha * g / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"AdEMAMix": func(dim int) stepper {
		m, l, v, k := make([]float64, dim), make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.999, k))
			wm, wl, eps := 0.3*root/power(0.9, k), 0.3*root*5, 1e-8*root
			x, m, l, v := x[:len(grad)], m[:len(grad)], l[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.9*m[i] + (1-0.9)*g
				l[i] = 0.9999*l[i] + (1-0.9999)*g
				v[i] = 0.999*v[i] + (1-0.999)*g*g
				x[i] -= (wm*m[i] + wl*l[i]) / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"SimplifiedAdEMAMix": func(dim int) stepper {
		m, v, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			k++
			root := math.Sqrt(power(0.95, k))
			alpha, eps := 3e-4*root, 1e-8*root
			x, m, v := x[:len(grad)], m[:len(grad)], v[:len(grad)]
			for i, g := range grad {
				m[i] = 0.99*m[i] + g
				v[i] = 0.95*v[i] + (1-0.95)*g*g
				x[i] -= alpha * m[i] / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"Adan": func(dim int) stepper {
		m, d, v, last, k := make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			if k == 0 {
				copy(last, grad)
			}
			k++
			root := math.Sqrt(power(0.99, k))
			wm, wd, eps := 0.03*root/power(0.98, k), 0.03*root*0.92/power(0.92, k), 1e-8*root
			x, m, d, v, last := x[:len(grad)], m[:len(grad)], d[:len(grad)], v[:len(grad)], last[:len(grad)]
			for i, g := range grad {
				delta := g - last[i]
				last[i] = g
				m[i] = 0.98*m[i] + (1-0.98)*g
				d[i] = 0.92*d[i] + (1-0.92)*delta
				ahead := g + 0.92*delta
				v[i] = 0.99*v[i] + (1-0.99)*ahead*ahead
				x[i] -= (wm*m[i] + wd*d[i]) / (math.Sqrt(v[i]) + eps)
			}
		}
	},
	"ACProp": func(dim int) stepper {
		m, s, k := make([]float64, dim), make([]float64, dim), 0
		return func(x, grad []float64) {
			root := math.Sqrt(power(0.999, k))
			alpha, eps := 0.01*root, 1e-16*root
			x, m, s := x[:len(grad)], m[:len(grad)], s[:len(grad)]
			if k == 0 {
				alpha, eps = 0, 1
			}
			for i, g := range grad {
				x[i] -= alpha * g / (math.Sqrt(s[i]) + eps)
				m[i] = 0.9*m[i] + (1-0.9)*g
				s[i] = 0.999*s[i] + (1-0.999)*(g-m[i])*(g-m[i]) + 1e-16
			}
			k++
		}
	},
	"SMORMS3": func(dim int) stepper {
		m, v, n := make([]float64, dim), make([]float64, dim), make([]float64, dim)
		for i := range n {
			n[i] = 1
		}
		return func(x, grad []float64) {
			x, m, v, n := x[:len(grad)], m[:len(grad)], v[:len(grad)], n[:len(grad)]
			for i, g := range grad {
				w := 1 / (n[i] + 1)
				m[i] = (1-w)*m[i] + w*g
				v[i] = (1-w)*v[i] + w*g*g
				q := m[i] * m[i] / (v[i] + 1e-16)
				x[i] -= g * min(0.3, q) / (math.Sqrt(v[i]) + 1e-16)
				n[i] = 1 + n[i]*(1-q)
			}
		}
	},
}

// power is 1 - bᵏ, a correction of bias.
func power(b float64, k int) float64 { return 1 - math.Pow(b, float64(k)) }
