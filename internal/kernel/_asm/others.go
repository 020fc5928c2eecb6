package main

func rmsprop() *kernel {
	return loop("rmsprop", "x grad v b", "rho n1 mu alpha eps", func(k *kernel) {
		g := k.load("grad")
		v := k.decaySquare("rho", k.load("v"), "n1", g)
		k.store("v", v)
		b := k.mul(k.load("b"), k.scalar["mu"])
		d := k.add(k.sqrt(v), k.scalar["eps"])
		b = k.choose(k.positive(d), b, k.add(b, k.div(g, d)))
		k.store("b", b)
		k.store("x", k.sub(k.load("x"), k.mul(k.scalar["alpha"], b)))
	})
}

func rmspropCentered() *kernel {
	return loop("rmspropCentered", "x grad v b c", "rho n1 mu alpha eps", func(k *kernel) {
		g, c := k.load("grad"), k.load("c")
		d := k.sub(g, c)
		n := k.mul(k.scalar["n1"], d)
		v := k.mul(k.scalar["rho"], k.add(k.load("v"), k.mul(n, d)))
		k.store("v", v)
		k.store("c", k.add(c, n))
		b := k.mul(k.load("b"), k.scalar["mu"])
		d = k.add(k.sqrt(v), k.scalar["eps"])
		b = k.choose(k.positive(d), b, k.add(b, k.div(g, d)))
		k.store("b", b)
		k.store("x", k.sub(k.load("x"), k.mul(k.scalar["alpha"], b)))
	})
}

func adagrad() *kernel {
	return loop("adagrad", "x grad s", "alpha eps", func(k *kernel) {
		g := k.load("grad")
		s := k.add(k.load("s"), k.mul(g, g))
		k.store("s", s)
		d := k.add(k.sqrt(s), k.scalar["eps"])
		k.descend(k.load("x"), k.div(k.mul(k.scalar["alpha"], g), d), k.positive(d))
	})
}

func sgd() *kernel {
	return loop("sgd", "x grad b", "mu damp alpha", func(k *kernel) {
		b := k.decay("mu", k.load("b"), "damp", k.load("grad"))
		k.store("b", b)
		k.store("x", k.sub(k.load("x"), k.mul(k.scalar["alpha"], b)))
	})
}

func nesterov() *kernel {
	return loop("nesterov", "x grad b", "mu damp alpha", func(k *kernel) {
		g := k.load("grad")
		b := k.decay("mu", k.load("b"), "damp", g)
		k.store("b", b)
		d := k.add(g, k.mul(k.scalar["mu"], b))
		k.store("x", k.sub(k.load("x"), k.mul(k.scalar["alpha"], d)))
	})
}

func lion() *kernel {
	return loop("lion", "x grad m", "b1 n1 b2 n2 alpha lambda one signs", func(k *kernel) {
		s, g, m, x := k.scalar, k.load("grad"), k.load("m"), k.load("x")
		c := k.decay("b1", m, "n1", g)
		sign := k.choose(k.compare(lessGreater, c, k.zero()), c, k.or(s["one"], k.and(s["signs"], c))) // 0 and NaN stay
		k.store("x", k.sub(x, k.mul(s["alpha"], k.add(sign, k.mul(s["lambda"], x)))))
		k.store("m", k.decay("b2", m, "n2", g))
	})
}

func mix() *kernel {
	return loop("mix", "dst mean x", "w", func(k *kernel) {
		mean := k.load("mean")
		k.store("dst", k.add(mean, k.mul(k.scalar["w"], k.sub(k.load("x"), mean))))
	})
}

func track() *kernel {
	return loop("track", "x grad ref low top block sq sum sumSq", "", func(k *kernel) {
		x := k.load("x")
		k.store("low", k.op(k.VMINPD, x, k.load("low"))) // the second where they do not compare
		k.store("top", k.op(k.VMAXPD, x, k.load("top")))
		v, g := k.sub(x, k.load("ref")), k.load("grad")
		k.store("block", k.add(k.load("block"), v))
		k.store("sq", k.add(k.load("sq"), k.mul(v, v)))
		k.store("sum", k.add(k.load("sum"), g))
		k.store("sumSq", k.add(k.load("sumSq"), k.mul(g, g)))
	})
}
