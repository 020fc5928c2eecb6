package fit

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// Check compares the derivatives of the Model at b with differences of its values, at each of the predictors x, and returns
// an error that names the first parameter and point where they disagree, or where f is not smooth enough to tell. Points is
// compared with Func, and must agree to eight digits. Check takes
// 20 to 60 values for each parameter, point and output; how it judges is written at gradient.Check. Choose a b of no
// special values: at 0 wrong derivatives may be right.
func (m Model) Check(b []float64, x [][]float64) error {
	checkModel(m)
	if len(b) != len(m.Parameters) {
		panic(fmt.Sprintf("fit: Check: len(b) = %d, want %d, the length of Model.Parameters", len(b), len(m.Parameters)))
	}
	outputs := max(m.Outputs, 1)
	dst, jac := make([]float64, outputs), make([]float64, outputs*len(b))
	for i, xi := range x {
		for k := range outputs {
			o := func(grad, b []float64, _ stochopt.Sample) (float64, error) {
				if m.Func != nil {
					return m.Func(grad, b, xi), nil
				}
				if grad == nil {
					m.Vector(dst, nil, b, xi)
					return dst[k], nil
				}
				copy(jac[k*len(b):], grad) // to notice what is not stored
				m.Vector(dst, jac, b, xi)
				copy(grad, jac[k*len(b):])
				return dst[k], nil
			}
			r, err := gradient.Check(o, b, stochopt.Sample{})
			if err != nil {
				return fmt.Errorf("fit: x[%d] = %v: %w", i, xi, err)
			}
			if !r.OK {
				of := ""
				if outputs > 1 {
					of = fmt.Sprintf(" of output %d", k)
				}
				return fmt.Errorf("fit: the derivative%s by %s at x[%d] = %v is %v, differences say %v ± %.2g",
					of, m.Parameters[r.Component], i, xi, r.Supplied, r.Estimate, r.Expected)
			}
		}
	}
	if m.Points != nil {
		return m.checkPoints(b, x)
	}
	return nil
}

// checkPoints compares Points with Func.
func (m Model) checkPoints(b []float64, x [][]float64) error {
	n := len(b)
	values, alone, jac, grad := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x)*n), make([]float64, n)
	for i := range jac {
		jac[i] = math.NaN() // to notice what is not stored
	}
	for i := range x {
		values[i], alone[i] = math.NaN(), math.NaN()
	}
	m.Points(values, jac, b, x)
	m.Points(alone, nil, b, x)
	for i, xi := range x {
		want, got := m.Func(grad, b, xi), jac[i*n:(i+1)*n]
		size := math.Abs(want) // rounding errors are relative to the terms of a sum
		for j, d := range grad {
			size = max(size, math.Abs(b[j]*d))
		}
		for _, v := range []float64{values[i], alone[i]} {
			if !(math.Abs(v-want) <= 1e-8*size) {
				return fmt.Errorf("fit: Model.Points has the value %v at x[%d] = %v, Func has %v", v, i, xi, want)
			}
		}
		for j, d := range grad {
			if !(math.Abs(got[j]-d) <= 1e-8*math.Abs(d) || b[j] != 0 && math.Abs(b[j]*(got[j]-d)) <= 1e-8*size) {
				return fmt.Errorf("fit: the derivative by %s at x[%d] = %v is %v with Model.Points, %v with Func", m.Parameters[j], i, xi, got[j], d)
			}
		}
	}
	return nil
}

// checkTies compares the derivatives of the tied parameters by the free ones with differences at p.
func (c *curve) checkTies(p *point) error {
	x := make([]float64, c.n)
	for k, j := range c.free {
		x[k] = p.b[j]
	}
	b, all := slices.Clone(p.b), make([]float64, len(p.b))
	for _, i := range c.tied {
		r, err := gradient.Check(func(grad, x []float64, _ stochopt.Sample) (float64, error) {
			for k, j := range c.free {
				b[j] = x[k]
			}
			if grad == nil {
				return c.params[i].Tied(nil, b), nil
			}
			f := c.params[i].Tied(all, b)
			for k, j := range c.free {
				grad[k] = all[j]
			}
			return f, nil
		}, x, stochopt.Sample{})
		if err != nil {
			return fmt.Errorf("fit: the tied %s at the start (%s): %w", c.params[i].Name, c.assignments(p.b), err)
		}
		if !r.OK {
			return fmt.Errorf("fit: the derivative of the tied %s by %s is %v at the start (%s), differences say %v ± %.2g",
				c.params[i].Name, c.params[c.free[r.Component]].Name, r.Supplied, c.assignments(p.b), r.Estimate, r.Expected)
		}
	}
	return nil
}
