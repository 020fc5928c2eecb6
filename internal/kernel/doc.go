// Package kernel holds the loops over variables that methods spend their time in, each one pass over memory.
//
// For each loop, x.go has the portable form and the formula, and x_amd64.s the same for AVX2, written by the program in
// _asm. All forms round every operation once and in the same order: no fused multiply-add, hence float64(a*b) + c. So
// results are the same to the last bit on every machine and with the build tag purego, except for which NaN a NaN is.
package kernel
