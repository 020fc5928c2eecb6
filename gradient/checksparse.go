package gradient

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
)

// CheckSparse checks draw s of o at x: its gradient, as Check does, by the variables that Support gives for s, however many
// others there are; and that it keeps to what stochopt.Sparse asks for. It is an error if
//
//   - Support is not the same in a second call, or not of variables in strictly increasing order,
//   - Draw is not the same in a second call, to the last bit, or its value is another where grad is nil,
//   - Draw changes x or index,
//   - Draw is another, to the last bit, where all other components of x are NaN, +Inf, or -Inf: it reads more than Support gives,
//   - Support or Draw returns one.
//
// Report.Component is a variable, or -1 if the draw depends on none. As draws depend
// on different variables, check several of them. CheckSparse panics if o or a function of it is nil, or x is empty. (Check itself,
// on Problem.Evaluator, looks at all variables, and says nothing about Support.)
func CheckSparse(o *stochopt.Sparse, x []float64, s stochopt.Sample) (Report, error) {
	if o == nil || o.Support == nil || o.Draw == nil {
		panic("gradient: CheckSparse of a Sparse without Support and Draw")
	}
	if len(x) == 0 {
		panic("gradient: CheckSparse at an x without variables")
	}
	index, err := o.Support(nil, s)
	if err != nil {
		return Report{}, err
	}
	last := -1
	for k, j := range index {
		if j <= last || j >= len(x) {
			return Report{}, fmt.Errorf("gradient: CheckSparse: Support gives %d at place %d, after %d, want strictly increasing variables from 0 to %d",
				j, k, last, len(x)-1)
		}
		last = j
	}
	const prefix = 2 // which dst may have
	if again, err := o.Support(make([]int, prefix), s); err != nil || len(again) < prefix || !slices.Equal(again[prefix:], index) {
		return Report{}, fmt.Errorf("gradient: CheckSparse: Support does not append the same %d variables to dst in a second call", len(index))
	}
	c := sparseCheck{o: o, index: index, s: s}
	x = slices.Clone(x)
	f, grad, err := c.draw(x)
	if err != nil {
		return Report{}, err
	}
	if err := c.same(f, grad, x, "in a second call"); err != nil {
		return Report{}, err
	}
	if v, err := o.Draw(nil, index, x, s); err != nil || !equal(v, f) {
		return Report{}, fmt.Errorf("gradient: CheckSparse: Draw without a gradient gives %v, %v, and with it %v", v, err, f)
	}
	others := slices.Clone(x)
	for _, poison := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		for j := range others {
			others[j] = poison
		}
		for _, j := range index {
			others[j] = x[j]
		}
		where := fmt.Sprintf("where all variables that Support does not give are %v, so it reads one of them", poison)
		if err := c.same(f, grad, others, where); err != nil {
			return Report{}, err
		}
	}
	return check(func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad == nil {
			return o.Draw(nil, index, x, s)
		}
		f, g, err := c.draw(x)
		for k, j := range index {
			grad[j] = g[k]
		}
		return f, err
	}, others, index, s)
}

// sparseCheck is a draw that is checked.
type sparseCheck struct {
	o     *stochopt.Sparse
	index []int
	s     stochopt.Sample
}

// draw returns the draw at x. An element of the gradient that Draw does not store is NaN.
func (c sparseCheck) draw(x []float64) (float64, []float64, error) {
	grad := slices.Repeat([]float64{math.NaN()}, len(c.index))
	index, before := slices.Clone(c.index), slices.Clone(x)
	f, err := c.o.Draw(grad, index, x, c.s)
	if err == nil && (!slices.Equal(index, c.index) || !slices.EqualFunc(x, before, equal)) {
		err = fmt.Errorf("gradient: CheckSparse: Draw changes x or index")
	}
	return f, grad, err
}

// same returns an error unless the draw at x is f and grad.
func (c sparseCheck) same(f float64, grad, x []float64, where string) error {
	v, g, err := c.draw(x)
	switch {
	case err != nil:
		return fmt.Errorf("gradient: CheckSparse: Draw gives an error %s: %w", where, err)
	case !equal(v, f):
		return fmt.Errorf("gradient: CheckSparse: Draw gives %v, and %v %s", f, v, where)
	}
	for k := range grad {
		if !equal(g[k], grad[k]) {
			return fmt.Errorf("gradient: CheckSparse: Draw gives the derivative %v by variable %d, and %v %s", grad[k], c.index[k], g[k], where)
		}
	}
	return nil
}

// equal reports whether a and b are the same number, or both NaN.
func equal(a, b float64) bool { return a == b || a != a && b != b }
