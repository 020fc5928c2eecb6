package gradient

import (
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/diff/fd"
)

// Report is what Check has found: the component of the gradient that is worst in proportion to its Expected.
type Report struct {
	Component  int     // its index
	Supplied   float64 // by the Oracle
	Estimate   float64 // by central differences of the value
	Difference float64 // |Supplied - Estimate|
	Expected   float64 // the error that Estimate is expected to have, from truncation and rounding
	OK         bool    // Difference <= 10 Expected, and so for all other components
}

// String returns the report as a line of text.
func (r Report) String() string {
	verdict := "gradient agrees with differences"
	if !r.OK {
		verdict = "gradient disagrees with differences"
	}
	return fmt.Sprintf("%s: worst component %d: supplied %.8g, estimate %.8g, difference %.2g, expected error %.2g",
		verdict, r.Component, r.Supplied, r.Estimate, r.Difference, r.Expected)
}

// Check compares the gradient of o at x with central differences of its value, for all components and with one and the
// same Sample s.
//
// The step is chosen for each component: from far too small it is raised by factors of about 4 as long as the expected
// error falls,
//
//	|D(4h) - D(h)|/4 + (ρ + 2η)/h + 4ε|D(h)|,  ρ = max |D(4h') - D(h')| h' for h' < h
//
// where D(h) is the central difference. The first term is for the truncation; ρ is for the rounding inside f, or the
// noise of an Oracle that does not obey its Sample, as the smaller steps show it; η = ε (|f| + |x_i f'| + |x_i f"| h/2),
// ε = 2^-52, is for the rounding of f and of x_i. So the scale of x need not be known. Values away from x are asked for
// only where the smaller steps are not good enough, up to a distance of max(|x_i|, 1)/256; those that are NaN, infinite
// or an error count as an unusable step. Check takes 20 to 60 values for each component. Where f has a kink or is rough,
// the expected error is large and Check says little: look at Expected.
//
// A component that the Oracle does not store is reported as NaN. The error is that of o at x, or tells that there is no
// usable step for a component. Check panics if o is nil or x is empty.
func Check(o stochopt.Oracle, x []float64, s stochopt.Sample) (Report, error) {
	if o == nil {
		panic("gradient: Check of a nil Oracle")
	}
	if len(x) == 0 {
		panic("gradient: Check at an x without variables")
	}
	return check(o, x, indices(len(x)), s)
}

// check returns the worst of the components that index lists.
func check(o stochopt.Oracle, x []float64, index []int, s stochopt.Sample) (Report, error) {
	worst := Report{Component: -1}
	err := components(o, x, index, s, func(r Report) {
		if worst.Component < 0 || r.worse(worst) {
			worst = r
		}
	})
	if err != nil {
		return Report{}, err
	}
	return worst, nil
}

// components reports on each of the components of the gradient that index lists in turn.
func components(o stochopt.Oracle, x []float64, index []int, s stochopt.Sample, report func(Report)) error {
	x = slices.Clone(x)
	grad := slices.Repeat([]float64{math.NaN()}, len(x))
	f, err := o(grad, x, s)
	if err != nil {
		return err
	}
	for _, i := range index {
		g := grad[i]
		estimate, expected := ladder(o, x, i, s, f)
		if math.IsInf(expected, 1) {
			return fmt.Errorf("gradient: Check: no finite values of the objective beside x[%d] = %v", i, x[i])
		}
		r := Report{Component: i, Supplied: g, Estimate: estimate, Difference: math.Abs(g - estimate), Expected: expected}
		r.OK = r.Difference <= withinExpected*expected
		report(r)
	}
	return nil
}

// withinExpected is how many times its Expected a component of Check may be off.
const withinExpected = 10

// worse reports whether r is worse than q: one that is not OK than one that is; else NaN than a number; else by ratio.
func (r Report) worse(q Report) bool {
	if r.OK != q.OK {
		return q.OK
	}
	return !math.IsNaN(q.Difference) && !(r.Difference*q.Expected <= q.Difference*r.Expected)
}

// ladder returns the derivative along variable i at the step with the least expected error, and that error, which is
// +Inf if there is none.
func ladder(o stochopt.Oracle, x []float64, i int, s stochopt.Sample, f float64) (estimate, expected float64) {
	v := x[i]
	defer func() { x[i] = v }()
	var size, bend float64 // the larger |value| of a pair, and its sum less 2f
	value := func(t float64) float64 {
		x[i] = t
		y, err := o(nil, x, s)
		if err != nil {
			return math.NaN()
		}
		size = max(size, math.Abs(y))
		bend += y - f
		return y
	}
	const eps = 0x1p-52
	const growth = 4.236068 // not a power of two: with few digits in h, rounding errors repeat from step to step
	settings := fd.Settings{Formula: fd.Central}
	expected = math.Inf(1)
	var last, lastH, lastNoise float64 // D(h), h, η of the step before
	var rough float64                  // the largest |D(4h) - D(h)| h
	known, moved := 0, false           // usable steps so far, at most 2; one of them had D != 0
	for h, top := max(0x1p-48*math.Abs(v), 0x1p-70), 0x1p-8*max(math.Abs(v), 1); h <= top; h *= growth {
		size, bend = 0, 0
		settings.Step = math.Abs((v + math.Copysign(h, v)) - v)
		d := fd.Derivative(value, v, &settings)
		noise := eps * (size + math.Abs(v*d) + math.Abs(v*bend/settings.Step)/2)
		if math.IsNaN(d) || math.IsInf(d, 0) {
			if !math.IsInf(expected, 1) {
				break // the smaller steps were good
			}
			known = 0
			continue
		}
		if d != 0 && !moved {
			// The smaller steps did not change the value at all: they were lost in its rounding, however small it is.
			rough = math.Abs(d) * lastH
			moved, known, expected = true, 0, math.Inf(1)
		}
		if known == 2 {
			e := math.Abs(d-last)/4 + (rough+2*lastNoise)/lastH + 4*eps*math.Abs(last)
			if e < expected {
				estimate, expected = last, e
			}
			if e > 100*expected {
				break // truncation has taken over
			}
		}
		if known > 0 {
			rough = max(rough, math.Abs(d-last)*lastH)
		}
		known = min(2, known+1)
		last, lastH, lastNoise = d, settings.Step, noise
	}
	if math.IsInf(expected, 1) && known > 0 { // only the largest step does anything
		return last, math.Abs(last) + (rough+2*lastNoise)/lastH
	}
	return estimate, expected
}
