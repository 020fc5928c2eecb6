package formula

import (
	"math"
	"sync"
)

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
	active  []bool    // for each instruction whether any parameter enters in it
	varies  []bool    // and whether any column does
	place   []int32   // of an active instruction among the active ones
	actives int       // how many there are
	partner []int32   // for a sine the cosine of the same, and the other way round; -1 if there is none
}

// sweep evaluates a tape: once forward for the values, then backward for the derivatives by all parameters, which are exact
// up to rounding. Where the value is NaN or a derivative is not finite, the derivatives are found once more, forward for each parameter along
// the instructions that depend on it, which tells apart what does not change from 0*Inf:
//
// A value is flat if, by its form, it does not change with the parameter: b*x is flat where x is 0. What is flat has
// derivative 0 after any function, also one of infinite slope, so the derivative of sqrt(b*x) by b is 0 where x is 0.
// Any other 0*Inf, as in sqrt(b**2) where b is 0, is NaN, and so is every derivative of a value that is NaN.
type sweep struct {
	*tape
	v       []float64 // values
	d       []float64 // derivatives by the present parameter; 0 where flat
	changes []bool    // not flat; between derivatives, everything is flat
	adjoint []float64 // derivatives of the last value by each value
}

func newSweep(t *tape) *sweep {
	n := len(t.code)
	s := &sweep{tape: t, v: make([]float64, n), d: make([]float64, n), changes: make([]bool, n), adjoint: make([]float64, n)}
	for i, in := range t.code {
		s.v[i] = in.value
	}
	return s
}

// eval returns the value at the parameters b and the columns x, and stores the gradient by b if grad is not nil.
func (s *sweep) eval(grad, b, x []float64) float64 {
	v := s.v
	for i := range s.code {
		in := &s.code[i]
		switch in.op {
		case number:
		case parameter:
			v[i] = b[in.a]
		case column:
			v[i] = x[in.a]
		case plus:
			v[i] = v[in.a] + v[in.b]
		case minus:
			v[i] = v[in.a] - v[in.b]
		case times:
			v[i] = v[in.a] * v[in.b]
		case divide:
			v[i] = v[in.a] / v[in.b]
		default:
			v[i] = in.apply(v[in.a], v[in.b])
		}
	}
	last := len(v) - 1
	if grad != nil && (math.IsNaN(v[last]) || !s.backward(grad)) {
		s.forward(grad)
	}
	return v[last]
}

// backward stores the gradient and reports whether it is finite.
func (s *sweep) backward(grad []float64) bool {
	v, adjoint := s.v, s.adjoint
	clear(adjoint)
	clear(grad)
	adjoint[len(v)-1] = 1
	for i := len(v) - 1; i >= 0; i-- {
		if !s.active[i] {
			continue
		}
		in, d := &s.code[i], adjoint[i]
		switch in.op {
		case parameter:
			grad[in.a] = d
		case negate:
			adjoint[in.a] -= d
		case call:
			adjoint[in.a] += float64(d * in.f.slope(v[in.a], v[i]))
		case plus:
			adjoint[in.a] += d
			adjoint[in.b] += d
		case minus:
			adjoint[in.a] += d
			adjoint[in.b] -= d
		case times:
			adjoint[in.a] += float64(d * v[in.b])
			adjoint[in.b] += float64(d * v[in.a])
		case divide:
			q := d / v[in.b]
			adjoint[in.a] += q
			adjoint[in.b] -= float64(q * v[i])
		case raise:
			if s.active[in.a] {
				adjoint[in.a] += float64(d * baseSlope(v[in.a], v[in.b], v[i]))
			}
			if s.active[in.b] {
				adjoint[in.b] += float64(d * exponentSlope(v[in.a], v[in.b], v[i]))
			}
		}
	}
	return allFinite(grad)
}

func allFinite(grad []float64) bool {
	for _, g := range grad {
		if g-g != 0 { // infinite or NaN
			return false
		}
	}
	return true
}

// forward stores the gradient, parameter by parameter.
func (s *sweep) forward(grad []float64) {
	last := len(s.code) - 1
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
		d += baseSlope(va, vb, v) * da
	}
	if cb {
		d += exponentSlope(va, vb, v) * db
	}
	return d, ca || cb
}

// evaluator evaluates a tape for any number of goroutines.
type evaluator struct {
	*tape
	sweeps sync.Pool // of *sweep
	blocks sync.Pool // of *block
}

func newEvaluator(t *tape) *evaluator {
	e := &evaluator{tape: t}
	e.sweeps.New = func() any { return newSweep(t) }
	e.blocks.New = func() any { return newBlock(t) }
	return e
}

func (e *evaluator) eval(grad, b, x []float64) float64 {
	s := e.sweeps.Get().(*sweep)
	v := s.eval(grad, b, x)
	e.sweeps.Put(s)
	return v
}

// points is eval at many points.
func (e *evaluator) points(dst, jac, b []float64, x [][]float64) {
	s := e.blocks.Get().(*block)
	s.eval(dst, jac, b, x)
	e.blocks.Put(s)
}
