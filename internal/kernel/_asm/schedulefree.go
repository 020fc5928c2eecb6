package main

func scheduleFreeSGD() *kernel {
	return loop("scheduleFreeSGD", "y grad z x", "alpha lambda c nc | beta nb b0 n0", func(k *kernel) {
		y, z, x := k.between()
		d := k.add(k.load("grad"), k.mul(k.scalar["lambda"], y))
		k.average(z, x, d)
	})
}

func scheduleFreeAdam() *kernel {
	return loop("scheduleFreeAdam", "y grad z x v", "b2 n2 c2 eps alpha c nc | lambda beta nb b0 n0", func(k *kernel) {
		g := k.load("grad")
		v := k.decaySquare("b2", k.load("v"), "n2", g)
		k.store("v", v)
		s := k.add(k.sqrt(k.div(v, k.scalar["c2"])), k.scalar["eps"])
		y, z, x := k.between()
		d := k.mul(k.again("lambda"), y)
		d = k.choose(k.positive(s), d, k.add(d, k.div(g, s)))
		k.average(z, x, d)
	})
}

// between returns y, and z and x, which are y where y is not between them as the last step has left it.
func (k *kernel) between() (y, z, x value) {
	y, z, x = k.load("y"), k.load("z"), k.load("x")
	moved := k.compare(notEqual, y, k.add(k.mul(k.again("n0"), z), k.mul(k.again("b0"), x)))
	return y, k.choose(moved, z, y), k.choose(moved, x, y)
}

// average steps from z along -d, takes z into x, and stores both and the new y.
func (k *kernel) average(z, x, d value) {
	z = k.sub(z, k.mul(k.scalar["alpha"], d))
	k.store("z", z)
	x = k.add(k.mul(k.scalar["nc"], x), k.mul(k.scalar["c"], z))
	k.store("x", x)
	k.store("y", k.add(k.mul(k.again("nb"), z), k.mul(k.again("beta"), x)))
}
