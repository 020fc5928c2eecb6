package formula

import "math"

// blockSize is the number of points that a block evaluates together: enough to hide what an instruction costs beside its
// arithmetic, few enough that the values of a formula stay in the nearest cache.
const blockSize = 64

// block evaluates a tape as sweep does, at many points: instruction by instruction, each at a block of points. What no
// column enters is evaluated once for all points, and no derivatives are found but those that lead to a parameter. Values
// and derivatives have the bits of sweep, which is asked for those points where backward does not suffice.
type block struct {
	*tape
	alone   *sweep      // at one point
	v       [][]float64 // values, a row for each instruction
	adjoint []float64   // derivatives of the last value by the active values, rows of the length of the block
	slope   []float64   // of the present instruction
}

func newBlock(t *tape) *block {
	n := len(t.code)
	s := &block{tape: t, alone: newSweep(t), v: make([][]float64, n), slope: make([]float64, blockSize)}
	memory := make([]float64, n*blockSize)
	for i, in := range t.code {
		s.v[i], memory = memory[:blockSize:blockSize], memory[blockSize:]
		if in.op == number {
			fill(s.v[i], in.value)
		}
	}
	s.adjoint = make([]float64, t.actives*blockSize)
	return s
}

// row is that of the derivatives by value i at k points, nil if that is not active.
func (s *block) row(i int32, k int) []float64 {
	if !s.active[i] {
		return nil
	}
	at := int(s.place[i]) * k
	return s.adjoint[at : at+k]
}

// eval stores the values at the parameters b and the columns x of each point in dst, and the gradients by b in jac, a row
// for each point, if that is not nil.
func (s *block) eval(dst, jac, b []float64, x [][]float64) {
	s.once(b, min(len(x), blockSize))
	last := s.v[len(s.code)-1]
	for len(x) > 0 {
		k := min(len(x), blockSize)
		s.forward(x[:k])
		copy(dst, last[:k])
		if jac != nil {
			s.backward(k)
			if !s.transpose(jac, k) {
				s.repair(jac, b, x[:k])
			}
			jac = jac[k*len(b):]
		}
		dst, x = dst[k:], x[k:]
	}
}

// once evaluates what is the same at all points, in rows of length k.
func (s *block) once(b []float64, k int) {
	v := s.alone.v
	for i := range s.code {
		in := &s.code[i]
		switch {
		case s.varies[i] || in.op == number:
			continue
		case in.op == parameter:
			v[i] = b[in.a]
		default:
			v[i] = in.apply(v[in.a], v[in.b])
		}
		fill(s.v[i][:k], v[i])
	}
}

// forward evaluates what varies with the points x.
func (s *block) forward(x [][]float64) {
	k := len(x)
	for i := range s.code {
		if !s.varies[i] {
			continue
		}
		in := &s.code[i]
		v, a, b := s.v[i][:k], s.v[in.a][:k], s.v[in.b][:k]
		switch in.op {
		case column:
			for j := range v {
				v[j] = x[j][in.a]
			}
		case negate:
			for j := range v {
				v[j] = -a[j]
			}
		case call:
			in.f.values(v, a)
		case plus:
			for j := range v {
				v[j] = a[j] + b[j]
			}
		case minus:
			for j := range v {
				v[j] = a[j] - b[j]
			}
		case times:
			for j := range v {
				v[j] = a[j] * b[j]
			}
		case divide:
			for j := range v {
				v[j] = a[j] / b[j]
			}
		case raise:
			if s.varies[in.b] {
				for j := range v {
					v[j] = power(a[j], b[j])
				}
			} else {
				powers(v, a, b[0])
			}
		}
	}
}

// backward finds the derivatives at k points.
func (s *block) backward(k int) {
	clear(s.adjoint[:s.actives*k])
	last := int32(len(s.code) - 1)
	fill(s.row(last, k), 1)
	for i := last; i >= 0; i-- {
		in := &s.code[i]
		if !s.active[i] || in.op == parameter {
			continue
		}
		v, a, b, d := s.v[i][:k], s.v[in.a][:k], s.v[in.b][:k], s.row(i, k)[:k]
		toA, toB := s.row(in.a, k), s.row(in.b, k) // nil where nothing leads to a parameter
		switch in.op {
		case negate:
			subtract(toA, d)
		case call:
			s.call(i, toA, v, a, d)
		case plus:
			add(toA, d)
			add(toB, d)
		case minus:
			add(toA, d)
			subtract(toB, d)
		case times:
			addProduct(toA, d, b)
			addProduct(toB, d, a)
		case divide:
			q := s.slope[:k]
			for j := range q {
				q[j] = d[j] / b[j]
			}
			add(toA, q)
			subtractProduct(toB, q, v)
		case raise:
			s.raise(in, toA, toB, v, a, b, d)
		}
	}
}

// call adds to the derivative by the argument a of a function with values v.
func (s *block) call(i int32, toA, v, a, d []float64) {
	f, slope := s.code[i].f, s.slope[:len(v)]
	switch other := s.partner[i]; {
	case f == exponential:
		addProduct(toA, d, v)
	case f == sine && other >= 0:
		addProduct(toA, d, s.v[other])
	case f == cosine && other >= 0:
		subtractProduct(toA, d, s.v[other])
	case !s.varies[i]:
		fill(slope, f.slope(a[0], v[0]))
		addProduct(toA, d, slope)
	default:
		for j := range slope {
			slope[j] = f.slope(a[j], v[j])
		}
		addProduct(toA, d, slope)
	}
}

// raise adds to the derivatives by base a and exponent b of a power v.
func (s *block) raise(in *instruction, toA, toB, v, a, b, d []float64) {
	slope := s.slope[:len(v)]
	if toA != nil {
		switch {
		case !s.varies[in.a] && !s.varies[in.b]:
			fill(slope, baseSlope(a[0], b[0], v[0]))
		case !s.varies[in.b] && quick(b[0]-1):
			powers(slope, a, b[0]-1)
			for j := range slope {
				slope[j] = b[j] * slope[j]
			}
		default:
			for j := range slope {
				slope[j] = baseSlope(a[j], b[j], v[j])
			}
		}
		addProduct(toA, d, slope)
	}
	if toB != nil {
		if s.varies[in.a] || s.varies[in.b] {
			for j := range slope {
				slope[j] = exponentSlope(a[j], b[j], v[j])
			}
		} else {
			fill(slope, exponentSlope(a[0], b[0], v[0]))
		}
		addProduct(toB, d, slope)
	}
}

// transpose stores the derivatives by the parameters at k points in jac, and reports whether all of them and the values
// suffice.
func (s *block) transpose(jac []float64, k int) bool {
	n, ok := len(s.depends), true
	for i := range s.code {
		if s.code[i].op != parameter {
			continue
		}
		at := int(s.code[i].a)
		for _, d := range s.row(int32(i), k) {
			jac[at] = d
			at += n
			if d-d != 0 {
				ok = false
			}
		}
	}
	for _, v := range s.v[len(s.code)-1][:k] {
		ok = ok && v == v
	}
	return ok
}

// repair does those of the points x again, one by one, where a derivative is not finite or a value is NaN.
func (s *block) repair(jac, b []float64, x [][]float64) {
	n := len(b)
	values := s.v[len(s.code)-1]
	for j, row := range x {
		grad := jac[j*n : (j+1)*n]
		if math.IsNaN(values[j]) || !allFinite(grad) {
			s.alone.eval(grad, b, row)
		}
	}
}
