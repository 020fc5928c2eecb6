package main

import "github.com/stochopt/stochopt/internal/kernel"

// adamBytes are moved per variable in a step of Adam: x, m and v are read and written, the gradient is read.
const adamBytes = 7 * 8

// memoryLimit are loops that do next to nothing but move memory, over as much of it as Adam at dim variables has (four vectors),
// with their times scaled to the bytes that Adam moves. The shorter one is the limit.
func memoryLimit(dim int) []side {
	a, b := make([]float64, 2*dim), make([]float64, 2*dim)
	for i := range a {
		a[i], b[i] = 1, 1+float64(i%7)
	}
	moving := func(bytes float64, f func()) side {
		s := timed(func(steps int) {
			for range steps {
				f()
			}
		})
		return func(steps int) float64 { return s(steps) * adamBytes / bytes }
	}
	return []side{
		moving(2*3*8, func() { kernel.Mix(1, a, a, b, 0.5) }), // a ← a + (b-a)/2: two vectors read, one written
		moving(2*2*8, func() { copy(a, b) }),
	}
}
