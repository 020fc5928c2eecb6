package main

// squares adds the squares of elements i, i+8, i+16, ... to sums[i], i = 0, ..., 7.
func squares() *kernel {
	return sums("squares", "x", func(k *kernel) value {
		x := k.load("x")
		return k.mul(x, x)
	})
}
