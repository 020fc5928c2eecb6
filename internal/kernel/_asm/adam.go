package main

func adam() *kernel {
	return loop("adam", "x grad m v", "b1 n1 b2 n2 alpha eps", func(k *kernel) {
		s, g := k.scalar, k.load("grad")
		m := k.add(k.mul(s["b1"], k.load("m")), k.mul(s["n1"], g))
		k.store("m", m)
		v := k.add(k.mul(s["b2"], k.load("v")), k.mul(k.mul(s["n2"], g), g))
		k.store("v", v)
		d := k.add(k.sqrt(v), s["eps"])
		step := k.div(k.mul(s["alpha"], m), d)
		k.store("x", k.sub(k.load("x"), k.unlessZero(d, step)))
	})
}
