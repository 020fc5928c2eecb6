//go:build !purego

package main

import "golang.org/x/sys/cpu"

// avx2 reports whether the kernels are assembly here.
var avx2 = cpu.X86.HasAVX2
