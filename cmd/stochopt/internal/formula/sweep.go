package formula

import "math"

// operation is what an instruction does. The order matters: leaves, then operations on a, then operations on a and b.
type operation uint8

const (
	number    operation = iota // value
	parameter                  // the parameter with index a
	column                     // the column with index a
	negate
	call // f(a)
	plus
	minus
	times
	divide
	raise
)

// instruction computes one value from values that stand before it on the tape, at a and b.
type instruction struct {
	op    operation
	a, b  int32
	value float64
	f     *function
}

// apply returns the value of an operation on x and, if it has two operands, y.
func (in *instruction) apply(x, y float64) float64 {
	switch in.op {
	case negate:
		return -x
	case call:
		return in.f.value(x)
	case plus:
		return x + y
	case minus:
		return x - y
	case times:
		return x * y
	case divide:
		return x / y
	case raise:
		return power(x, y)
	}
	return in.value
}

// tape is a compiled expression. The last instruction is its value.
type tape struct {
	code    []instruction
	depends [][]int32 // for each parameter the instructions in which it enters, in order
}

// sweep evaluates a tape: once forward for the values, then for each parameter along the instructions that depend on it
// for the derivative, which is exact up to rounding.
//
// A value is flat if, by its form, it does not change with the parameter: b*x is flat where x is 0. What is flat has
// derivative 0 after any function, also one of infinite slope, so the derivative of sqrt(b*x) by b is 0 where x is 0.
// Any other 0*Inf, as in sqrt(b**2) where b is 0, is NaN, and so is every derivative of a value that is NaN.
type sweep struct {
	*tape
	v       []float64 // values
	d       []float64 // derivatives by the present parameter; 0 where flat
	changes []bool    // not flat; between derivatives, everything is flat
}

func newSweep(t *tape) *sweep {
	n := len(t.code)
	s := &sweep{tape: t, v: make([]float64, n), d: make([]float64, n), changes: make([]bool, n)}
	for i, in := range t.code {
		s.v[i] = in.value
	}
	return s
}

// eval returns the value at the parameters b and the columns x, and stores the gradient by b if grad is not nil.
func (s *sweep) eval(grad, b, x []float64) float64 {
	for i := range s.code {
		in := &s.code[i]
		switch in.op {
		case number:
		case parameter:
			s.v[i] = b[in.a]
		case column:
			s.v[i] = x[in.a]
		default:
			s.v[i] = in.apply(s.v[in.a], s.v[in.b])
		}
	}
	last := len(s.code) - 1
	if grad != nil {
		for j, path := range s.depends {
			for _, i := range path {
				s.d[i], s.changes[i] = s.derivative(i)
			}
			grad[j] = s.d[last]
			for _, i := range path {
				s.d[i], s.changes[i] = 0, false
			}
		}
	}
	return s.v[last]
}

// derivative returns the derivative of instruction i from those of its operands, and whether its value changes.
func (s *sweep) derivative(i int32) (d float64, changes bool) {
	in := &s.code[i]
	if in.op == parameter {
		return 1, true
	}
	v := s.v[i]
	if math.IsNaN(v) {
		return v, true
	}
	va, da, ca := s.v[in.a], s.d[in.a], s.changes[in.a]
	vb, db, cb := s.v[in.b], s.d[in.b], s.changes[in.b] // without meaning for one operand
	switch in.op {
	case negate:
		return -da, ca
	case call:
		if !ca {
			return 0, false
		}
		return in.f.slope(va, v) * da, true
	case plus:
		return da + db, ca || cb
	case minus:
		return da - db, ca || cb
	case times:
		if !ca && va == 0 || !cb && vb == 0 {
			return 0, false
		}
		if ca {
			d += da * vb
		}
		if cb {
			d += va * db
		}
		return d, ca || cb
	case divide:
		if !ca && va == 0 {
			return 0, false
		}
		if ca {
			d += da / vb
		}
		if cb {
			d -= v * (db / vb)
		}
		return d, ca || cb
	}
	// What remains is raise; 0**b for positive b, 1**b and a**0 are flat.
	if !ca && va == 0 && vb > 0 || !ca && va == 1 || !cb && vb == 0 {
		return 0, false
	}
	if ca {
		d += baseSlope(va, vb) * da
	}
	if cb {
		d += exponentSlope(va, vb, v) * db
	}
	return d, ca || cb
}
