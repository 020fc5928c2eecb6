//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// avx2 is false where the processor has no AVX2, and in tests for the portable loops.
var avx2 = cpu.X86.HasAVX2

// wide is the number of leading elements, of n, that are left to the assembly.
func wide(n int) int {
	if avx2 {
		return n &^ 3
	}
	return 0
}
