package main

func notFinite() *kernel {
	return scan("notFinite", "x", "", func(k *kernel) value {
		x := k.load("x")
		return k.compare(notEqual, k.sub(x, x), k.zero())
	})
}

func notSquarable() *kernel {
	return scan("notSquarable", "x", "top", func(k *kernel) value {
		x := k.load("x")
		return k.compare(notLessEqual, k.mul(x, x), k.scalar["top"])
	})
}
