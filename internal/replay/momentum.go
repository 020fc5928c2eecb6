package replay

import "math"

// Momentum brings x at index, or everywhere if that is nil, to the present iterate, or, if back is 1, to the one before it, by steps
// with gradients of 0:
//
//	v ← B v
//	b ← μ b + 0
//	x ← x - α b, or x - α (0 + μ b) if Nesterov
//
// v may be nil. v and b are left at a step from which on x does not change, where they are if μ is 0.
func (l *Log) Momentum(x, v, b []float64, index []int, back int) {
	if l.Empty() || l.form.Mu == 0 {
		return
	}
	if index == nil {
		l.Each(len(x), func(index []int) { l.Momentum(x, v, b, index, back) })
		return
	}
	to, mu, nesterov := l.end()-back, l.form.Mu, l.form.Nesterov
	for _, i := range index {
		s := l.before(i)
		if s >= to {
			continue
		}
		y, w, u := x[i], b[i], 0.0
		if v != nil {
			u = v[i]
		}
		alpha := l.bounds(s).alphaMax
		for run := l.at(s); s < to && !still(alpha, y, w); run++ {
			r := &l.runs[run]
			for end := min(r.end, to); s < end && !still(alpha, y, w); s++ {
				u *= r.B
				w = float64(mu*w) + 0
				if nesterov {
					y -= float64(r.Alpha * (0 + float64(mu*w)))
				} else {
					y -= float64(r.Alpha * w)
				}
			}
		}
		x[i], b[i], l.last[i] = y, w, s
		if v != nil {
			v[i] = u
		}
	}
}

// MomentumAll brings x, v and b to the present step, and forgets the log.
func (l *Log) MomentumAll(x, v, b []float64) {
	l.All(len(x), func(index []int) {
		l.Momentum(x, v, b, index, 0)
		if v != nil {
			l.Decay(v, index, nil, 0, false)
		}
		l.Decay(b, index, nil, 0, true)
	})
}

// MomentumStale panics unless x at index is of the present iterate.
func (l *Log) MomentumStale(name string, x, b []float64, index []int) {
	if l.Empty() || l.form.Mu == 0 {
		return
	}
	for _, i := range index {
		if s := l.before(i); s < l.end() && !still(l.bounds(s).alphaMax, x[i], b[i]) {
			Stale(name, i)
		}
	}
}

// still reports whether no step of at most alpha can change x: whether each is shorter than a quarter of its last place. |b| does not grow.
func still(alpha, x, b float64) bool { return alpha*math.Abs(b) < math.Abs(x)*0x1p-55 || b == 0 }

// General is Momentum for method.RMSProp in its general form, and leaves nothing behind:
//
//	v ← B v, or if Centered v ← B (v + (1-B) c²), c ← c - (1-B) c
//	b ← μ b, and + 0 if √v + ε > 0
//	x ← x - α b
func (l *Log) General(x, v, b, c []float64, index []int, back int) {
	if l.Empty() {
		return
	}
	if index == nil {
		l.Each(len(x), func(index []int) { l.General(x, v, b, c, index, back) })
		return
	}
	to, mu, centered := l.end()-back, l.form.Mu, l.form.Centered
	for _, i := range index {
		s := l.before(i)
		if s >= to {
			continue
		}
		at := [4]float64{x[i], v[i], b[i], c[i]}
		for run := l.at(s); s < to; run++ {
			r := &l.runs[run]
			for end := min(r.end, to); s < end; s++ {
				was := at
				y, u, w, z := at[0], at[1], at[2], at[3]
				if centered {
					d := 0 - z
					u = r.B * (u + float64((1-r.B)*d*d))
					z += float64((1 - r.B) * d)
				} else {
					u *= r.B
				}
				w *= mu
				if u+r.Eps > 0 {
					w += 0
				}
				y -= float64(r.Alpha * w)
				if at = [4]float64{y, u, w, z}; unchanged(at, was) {
					s = end // all steps of the run are this one
					break
				}
			}
		}
		x[i], v[i], b[i], c[i], l.last[i] = at[0], at[1], at[2], at[3], s
	}
}

func unchanged(a, b [4]float64) bool {
	for j, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[j]) {
			return false
		}
	}
	return true
}

// GeneralAll brings all to the present step, and forgets the log.
func (l *Log) GeneralAll(x, v, b, c []float64) {
	l.All(len(x), func(index []int) { l.General(x, v, b, c, index, 0) })
}

// GeneralStale panics unless the variables index have taken all steps.
func (l *Log) GeneralStale(name string, index []int) {
	if l.Empty() {
		return
	}
	for _, i := range index {
		if l.before(i) < l.end() {
			Stale(name, i)
		}
	}
}
