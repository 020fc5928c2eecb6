package stopping

import "fmt"

// checkLevel panics unless v is a level: in (0, 1), or 0 for the default.
func checkLevel(name string, v float64) {
	if !(v >= 0 && v < 1) {
		panic(fmt.Sprintf("stopping: %s = %v, want in (0, 1), or 0 for 0.05", name, v))
	}
}

// checkSize panics unless v is finite and > 0, or 0, which means what zero says.
func checkSize(name string, v float64, zero string) {
	if !(v >= 0) || v-v != 0 {
		panic(fmt.Sprintf("stopping: %s = %v, want finite and > 0, or 0 for %s", name, v, zero))
	}
}

// checkCount panics unless n is at least low, or 0, which means what zero says.
func checkCount(name string, n, low int, zero string) {
	if n != 0 && n < low {
		panic(fmt.Sprintf("stopping: %s = %d, want >= %d, or 0 for %s", name, n, low, zero))
	}
}

// spend returns the part of level for look k = 1, 2, ...: level/(k(k+1)), which over all k sums to level.
func spend(level float64, k int) float64 { return level / (float64(k) * float64(k+1)) }

// checkMultiple panics unless n is a positive multiple of m, or 0 for the default.
func checkMultiple(name string, n, m int) {
	if n < 0 || n%m != 0 {
		panic(fmt.Sprintf("stopping: %s = %d, want a multiple of %d, or 0 for the default", name, n, m))
	}
}

// checkRatio panics unless v is finite and > 1, or 0 for 1.5.
func checkRatio(name string, v float64) {
	if v != 0 && !(v > 1) || v-v != 0 {
		panic(fmt.Sprintf("stopping: %s = %v, want finite and > 1, or 0 for 1.5", name, v))
	}
}
