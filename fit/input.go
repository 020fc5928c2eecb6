package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// checkUse panics on misuse.
func checkUse(sets []Set, params []Parameter, s Settings) {
	switch {
	case len(sets) == 0:
		panic("fit: no Set")
	case s.Starts < 0:
		panic(fmt.Sprintf("fit: Settings.Starts = %d, want >= 0", s.Starts))
	case s.Iterations < 0:
		panic(fmt.Sprintf("fit: Settings.Iterations = %d, want >= 0", s.Iterations))
	case !(s.StepSize >= 0) || math.IsInf(s.StepSize, 0):
		panic(fmt.Sprintf("fit: Settings.StepSize = %v, want >= 0", s.StepSize))
	}
	checkLoss(s.Loss)
	for i, p := range params {
		switch {
		case p.Transform < Identity || p.Transform > Logit:
			panic(fmt.Sprintf("fit: the Transform of Parameter %d, %q, is %d", i, p.Name, p.Transform))
		case p.Tied != nil && p.Fixed:
			panic(fmt.Sprintf("fit: Parameter %q is Tied and Fixed", p.Name))
		}
	}
	for _, set := range sets {
		checkModel(set.Model)
	}
}

// checkNames returns the first thing wrong with the names, which may have been written by the user of a program.
func checkNames(sets []Set, params []Parameter) error {
	names := map[string]bool{}
	for _, p := range params {
		if names[p.Name] {
			return fmt.Errorf("fit: two Parameters are named %q", p.Name)
		}
		names[p.Name] = true
	}
	for _, set := range sets {
		for j, name := range set.Model.Parameters {
			if !names[name] {
				return fmt.Errorf("fit: no Parameter is named %q, which is in Model.Parameters", name)
			}
			if slices.Contains(set.Model.Parameters[:j], name) {
				return fmt.Errorf("fit: %q is twice in Model.Parameters", name)
			}
		}
	}
	return nil
}

// checkModel panics on misuse of a Model alone.
func checkModel(m Model) {
	switch {
	case m.Func == nil && m.Vector == nil:
		panic("fit: Model.Func and Model.Vector are nil")
	case m.Func != nil && m.Vector != nil:
		panic("fit: Model.Func and Model.Vector are both set")
	case m.Func == nil && m.Points != nil:
		panic("fit: Model.Points is set without Func")
	case m.Vector != nil && m.Outputs < 1:
		panic(fmt.Sprintf("fit: Model.Outputs = %d, want > 0", m.Outputs))
	case m.Func != nil && m.Outputs != 0:
		panic(fmt.Sprintf("fit: Model.Outputs = %d, want 0 with Func", m.Outputs))
	case len(m.Parameters) == 0:
		panic("fit: Model.Parameters is empty")
	}
}

// checkInput returns the first thing wrong with the data or the parameters.
func checkInput(sets []Set, c *coordinates) error {
	total := 0
	for k := range sets {
		if len(sets) > 1 && len(sets[k].Y) == 0 {
			return fmt.Errorf("fit: set %d has no points", k)
		}
		if err := checkData(&sets[k]); err != nil {
			if len(sets) > 1 {
				return fmt.Errorf("fit: set %d: %w", k, err)
			}
			return fmt.Errorf("fit: %w", err)
		}
		total += len(sets[k].Y)
	}
	if err := c.check(); err != nil {
		return err
	}
	if total < len(c.free) {
		return fmt.Errorf("fit: too few points, %d for %d parameters", total, len(c.free))
	}
	return nil
}

// checkSize returns an error if the squares of responses over Sigma, of which size is the length as a vector or the largest,
// are too near to the ends of the range of numbers.
func checkSize(size float64) error {
	if size > 1e140 || size > 0 && size < 1e-140 {
		return fmt.Errorf("fit: the responses over their Sigma are of the size %.2g, want between 1e-140 and 1e140, so that squares do not leave the range of numbers; choose other units", size)
	}
	return nil
}

// checkData returns the first thing wrong with a set.
func checkData(s *Set) error {
	outputs := max(s.Outputs, 1)
	switch {
	case len(s.X)*outputs != len(s.Y) && outputs == 1:
		return fmt.Errorf("x has %d points, y has %d", len(s.X), len(s.Y))
	case len(s.X)*outputs != len(s.Y):
		return fmt.Errorf("x has %d points of %d outputs, y has %d values", len(s.X), outputs, len(s.Y))
	case s.Sigma != nil && len(s.Sigma) != len(s.Y):
		return fmt.Errorf("y has %d values, sigma has %d", len(s.Y), len(s.Sigma))
	}
	for i, x := range s.X {
		if len(x) != len(s.X[0]) {
			return fmt.Errorf("x[%d] has length %d, x[0] has %d", i, len(x), len(s.X[0]))
		}
		for k, v := range x {
			if !finite(v) {
				return fmt.Errorf("x[%d][%d] is %v", i, k, v)
			}
		}
		for k := i * outputs; k < (i+1)*outputs; k++ {
			if !finite(s.Y[k]) {
				return fmt.Errorf("y[%d] is %v", k, s.Y[k])
			}
			if v := s.sigma(k); !(v > 0) || !finite(v) {
				return fmt.Errorf("sigma[%d] is %v, want a number > 0", k, v)
			}
		}
	}
	return nil
}

// first returns the point at the start, or an error if nothing can begin there.
func (c *curve) first(u []float64) (*point, error) {
	p := newPoint(c, u)
	// NaN, to notice a Func that stores nothing.
	for i := range p.jac {
		p.jac[i] = math.NaN()
	}
	for k := range c.sets {
		for i := range c.sets[k].jac {
			c.sets[k].jac[i] = math.NaN()
		}
	}
	if !c.eval(p) {
		return nil, c.notFinite(p)
	}
	if err := c.checkTies(p); err != nil {
		return nil, err
	}
	return p, c.idle(p)
}

// idle returns an error if a parameter has no influence at p, the start.
func (c *curve) idle(p *point) error {
	names := c.names()
	for j, name := range names {
		if c.columnNorm(p, j) == 0 {
			advice := ""
			if slices.Contains(p.b, 0) {
				advice = "; start from values other than 0"
			}
			return fmt.Errorf("fit: %s has no influence at the start (%s): the derivative of the curve by it is 0 at all points%s",
				name, c.assignments(p.b), advice)
		}
	}
	return nil
}

// PointError says that the curve or a derivative of it is not finite at the start, and at which point.
type PointError struct {
	Set       int       // the index of the set
	Point     int       // the index in it of the first such point
	Output    int       // the index of the output at this point
	X         []float64 // its predictors
	Parameter string    // the one by which the derivative is not finite, or "" if the curve itself is not
	Value     float64   // of the curve or of the derivative, NaN or infinite
	Start     string    // the start, as in b1 = 2, b2 = 3

	sets, outputs int // how many there are
}

// Error implements error.
func (e *PointError) Error() string {
	what := "the curve"
	if e.outputs > 1 {
		what = fmt.Sprintf("output %d of the curve", e.Output)
	}
	switch {
	case e.Parameter != "" && math.IsNaN(e.Value):
		what = fmt.Sprintf("the derivative by %s was not stored or is NaN", e.Parameter)
	case e.Parameter != "":
		what = fmt.Sprintf("the derivative by %s is %v", e.Parameter, e.Value)
	default:
		what = fmt.Sprintf("%s is %v", what, e.Value)
	}
	where := ""
	if e.sets > 1 {
		where = fmt.Sprintf(" set %d,", e.Set)
	}
	return fmt.Sprintf("fit: %s at the start (%s),%s x[%d] = %v", what, e.Start, where, e.Point, e.X)
}

// notFinite says what is not finite at p, the start, where eval has given up.
func (c *curve) notFinite(p *point) error {
	at := c.assignments(p.b)
	if c.bad.set < 0 {
		for t, i := range c.tied {
			n := len(c.free)
			for k, d := range append(p.tiedSlope[t*n:(t+1)*n:(t+1)*n], p.ties[t]) {
				switch {
				case finite(d):
				case k < n:
					return fmt.Errorf("fit: the derivative of the tied %s by %s was not stored or is %v at the start (%s)",
						c.params[i].Name, c.params[c.free[k]].Name, d, at)
				default:
					return fmt.Errorf("fit: the tied %s is %v at the start (%s); it must not depend on other tied parameters", c.params[i].Name, d, at)
				}
			}
		}
	}
	s, i := &c.sets[c.bad.set], c.bad.point
	e := &PointError{Set: c.bad.set, Point: i, X: s.X[i], Start: at, sets: len(c.sets), outputs: s.outputs}
	first := 0
	for k := range c.bad.set {
		first += len(c.sets[k].Y)
	}
	n := len(s.index)
	for k := range s.outputs {
		residual := first + i*s.outputs + k
		e.Output, e.Value = k, p.r[residual]*s.sigma(i*s.outputs+k)
		if !finite(e.Value) {
			return e
		}
		grad := p.row(residual)
		if !s.direct {
			at := (i-s.from)*s.outputs + k
			grad = s.jac[at*n : (at+1)*n]
		}
		for j, d := range grad {
			if !finite(d) && c.place[s.index[j]] != fixedPlace {
				e.Parameter, e.Value = s.Parameters[j], d
				return e
			}
		}
	}
	return fmt.Errorf("fit: the sum of squares overflows at the start (%s); start elsewhere (is a sign wrong?), or rescale the data", at)
}

// assignments is b1 = 2, b2 = 3, to six digits.
func (c *coordinates) assignments(b []float64) string {
	var s []string
	for j, p := range c.params {
		s = append(s, fmt.Sprintf("%s = %.6g", p.Name, b[j]))
	}
	return strings.Join(s, ", ")
}

func finite(v float64) bool { return v-v == 0 } // Inf-Inf is NaN
