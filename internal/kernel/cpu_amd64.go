//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// wide is the number of leading elements, of n, that are left to the assembly.
func wide(n int) int {
	if cpu.X86.HasAVX2 {
		return n &^ 3
	}
	return 0
}
