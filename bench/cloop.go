//go:build cgo

package main

// #cgo CFLAGS: -Ofast
// #cgo amd64 CFLAGS: -mavx2
// #cgo LDFLAGS: -lm
// #include "cloop.h"
import "C"

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// inC is the fused loop in C, or nil where it is not there. Flags that only let the compiler vectorize the root (-O3
// -fno-math-errno) are not allowed by cgo; they make a loop of the same speed.
func inC() adamSteps {
	if runtime.GOARCH == "amd64" && !cpu.X86.HasAVX2 {
		return nil
	}
	return cSteps
}

func cSteps(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64) {
	p := func(v []float64) *C.double { return (*C.double)(&v[0]) }
	C.adam_steps(C.int(steps), C.long(len(x)), p(x), p(grad), p(m), p(v), C.double(b1), C.double(b2), C.double(alpha), C.double(eps))
}
