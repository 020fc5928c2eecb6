//go:build cgo && amd64

package main

// #cgo CFLAGS: -Ofast -mavx2
// #cgo LDFLAGS: -lm
// #include "cloop.h"
import "C"

// cSteps is the fused loop in C. Flags that only let the compiler vectorize the root (-O3 -fno-math-errno) are not allowed
// by cgo; they make a loop of the same speed.
var cSteps = func(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
	p := func(v []float64) *C.double { return (*C.double)(&v[0]) }
	C.adam_steps(C.int(steps), C.long(len(x)), p(x), p(grad), p(m), p(v), C.double(b1), C.double(b2), C.double(alpha), C.double(eps))
}
