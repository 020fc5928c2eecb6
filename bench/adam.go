package main

import (
	"math"

	"github.com/stochopt/stochopt/internal/kernel"
)

// goSteps is the loop a Go programmer writes.
func goSteps(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
	m, v, x = m[:len(grad)], v[:len(grad)], x[:len(grad)]
	for range steps {
		for i, g := range grad {
			m[i] = b1*m[i] + (1-b1)*g
			v[i] = b2*v[i] + (1-b2)*g*g
			x[i] -= alpha * m[i] / (math.Sqrt(v[i]) + eps)
		}
	}
}

func kernelSteps(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
	for range steps {
		kernel.Adam(1, x, grad, m, v, b1, b2, alpha, eps)
	}
}

// twoGoroutines is kernelSteps on two goroutines.
func twoGoroutines(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
	for range steps {
		kernel.Adam(2, x, grad, m, v, b1, b2, alpha, eps)
	}
}

type adamSteps func(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64)

// loopsOnSame returns what takes steps on the same vectors, since where these lie in memory makes a difference.
func loopsOnSame(dim int, loops ...adamSteps) (all []func(steps int)) {
	x, grad, m, v := make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
	for i := range grad {
		x[i], grad[i] = 1, 1+float64(i%7)
	}
	for _, f := range loops {
		all = append(all, func(steps int) { f(steps, x, grad, m, v, 0.9, 0.999, 1e-3, 1e-8) })
	}
	return all
}

// onSame is the race of a and b on the same vectors.
func onSame(dim int, a, b adamSteps) race {
	f := loopsOnSame(dim, a, b)
	return between(f[0], f[1])
}
