package main

func adam() *kernel {
	return loop("adam", "x grad m v", "b1 n1 b2 n2 alpha eps", func(k *kernel) {
		m, v := k.moments(k.load("grad"))
		d := k.add(k.sqrt(v), k.scalar["eps"])
		k.descend(k.load("x"), k.div(k.mul(k.scalar["alpha"], m), d), k.notZero(d))
	})
}

func adamw() *kernel {
	return loop("adamw", "x grad m v", "b1 n1 b2 n2 alpha eps decay", func(k *kernel) {
		m, v := k.moments(k.load("grad"))
		d := k.add(k.sqrt(v), k.scalar["eps"])
		x := k.load("x")
		x = k.sub(x, k.mul(k.scalar["decay"], x))
		k.descend(x, k.div(k.mul(k.scalar["alpha"], m), d), k.notZero(d))
	})
}

func adamwCenter() *kernel {
	return loop("adamwCenter", "x grad m v center", "b1 n1 b2 n2 alpha eps decay", func(k *kernel) {
		m, v := k.moments(k.load("grad"))
		d := k.add(k.sqrt(v), k.scalar["eps"])
		x := k.load("x")
		x = k.sub(x, k.mul(k.scalar["decay"], k.sub(x, k.load("center"))))
		k.descend(x, k.div(k.mul(k.scalar["alpha"], m), d), k.notZero(d))
	})
}

func amsgrad() *kernel {
	return loop("amsgrad", "x grad m v w", "b1 n1 b2 n2 alpha correct eps", func(k *kernel) {
		m, v := k.moments(k.load("grad"))
		w := k.max(k.load("w"), v)
		k.store("w", w)
		d := k.add(k.mul(k.sqrt(w), k.scalar["correct"]), k.scalar["eps"])
		k.descend(k.load("x"), k.div(k.mul(k.scalar["alpha"], m), d), k.positive(d))
	})
}

func adamax() *kernel {
	return loop("adamax", "x grad m u", "b1 n1 b2 wm wg", func(k *kernel) {
		s, g := k.scalar, k.load("grad")
		m := k.decay("b1", k.load("m"), "n1", g)
		k.store("m", m)
		u := k.max(k.mul(s["b2"], k.load("u")), k.abs(g))
		k.store("u", u)
		k.descend(k.load("x"), k.div(k.add(k.mul(s["wm"], m), k.mul(s["wg"], g)), u), k.positive(u))
	})
}

func nadam() *kernel {
	return loop("nadam", "x grad m v", "b1 n1 b2 n2 wm wg alpha correct eps", func(k *kernel) {
		s, g := k.scalar, k.load("grad")
		m, v := k.moments(g)
		n := k.add(k.mul(s["wm"], m), k.mul(s["wg"], g))
		d := k.add(k.mul(k.sqrt(v), s["correct"]), s["eps"])
		k.descend(k.load("x"), k.div(k.mul(s["alpha"], n), d), k.positive(d))
	})
}
