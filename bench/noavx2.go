//go:build purego || !amd64

package main

// avx2 reports whether the kernels are assembly here.
const avx2 = false
