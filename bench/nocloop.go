//go:build !cgo || !amd64

package main

// cSteps would be the fused loop in C.
var cSteps func(steps int, x, grad, m, v []float64, b1, b2, alpha, eps float64)
