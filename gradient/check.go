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
// The step is chosen for each component: from far too small it is raised by factors of 4 as long as the expected error
//
//	|D(4h) - D(h)|/4 + |D(h) - D(h/4)|/4 + 2 η/h + 4 ε |D(h)|
//
// falls. D(h) is the central difference, η the larger of ε|f|, ε = 2^-52, and of the scatter of the value in three calls
// at x, which is 0 if o obeys its Sample. So the scale of x need not be known, and values away from x are asked for only
// where the smaller steps are not good enough, up to a distance of max(|x_i|, 1)/256. Values there that are NaN, infinite or
// an error count as an unusable step. A draw takes 30 to 60 values for each component. Where f has a kink or is rough,
// the expected error is large, and Check says little: look at Expected.
//
// Components that the Oracle does not store are reported as NaN. The error is that of o at x, or tells that there is no
// usable step for a component; o is not compared then. Check panics if o is nil or x is empty.
//
// The steps and their test are those of C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F"(x), Advances in
// Engineering Software 4(2), 1982, upside down and without extrapolation.
func Check(o stochopt.Oracle, x []float64, s stochopt.Sample) (Report, error) {
	if o == nil {
		panic("gradient: Check of a nil Oracle")
	}
	if len(x) == 0 {
		panic("gradient: Check at an x without variables")
	}
	x = slices.Clone(x)
	grad := slices.Repeat([]float64{math.NaN()}, len(x))
	f, err := o(grad, x, s)
	if err != nil {
		return Report{}, err
	}
	lo, hi := f, f
	for range 2 {
		v, err := o(nil, x, s)
		if err != nil {
			return Report{}, err
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	worst := Report{Component: -1}
	for i, g := range grad {
		estimate, expected := ladder(o, x, i, s, hi-lo)
		if math.IsInf(expected, 1) {
			return Report{}, fmt.Errorf("gradient: Check: no finite values of the objective beside x[%d] = %v", i, x[i])
		}
		r := Report{Component: i, Supplied: g, Estimate: estimate, Difference: math.Abs(g - estimate), Expected: expected}
		r.OK = r.Difference <= 10*expected
		// Of two that are not comparable, the first NaN is the worst.
		if worst.Component < 0 || !math.IsNaN(worst.Difference) && !(r.Difference*worst.Expected <= worst.Difference*expected) {
			worst = r
		}
	}
	return worst, nil
}

// ladder returns the derivative along variable i at the step with the least expected error, and that error, which is
// +Inf if there is none.
func ladder(o stochopt.Oracle, x []float64, i int, s stochopt.Sample, scatter float64) (estimate, expected float64) {
	v := x[i]
	defer func() { x[i] = v }()
	var size float64 // of the values
	value := func(t float64) float64 {
		x[i] = t
		f, err := o(nil, x, s)
		if err != nil {
			return math.NaN()
		}
		size = max(size, math.Abs(f))
		return f
	}
	const eps = 0x1p-52
	expected = math.Inf(1)
	settings := fd.Settings{Formula: fd.Central}
	var before, last, lastH, lastNoise float64 // D(h/4), D(h), h, η
	known := 0                                 // how many of the first two
	for h, top := max(0x1p-48*math.Abs(v), 0x1p-70), 0x1p-8*max(math.Abs(v), 1); h <= top; h *= 4 {
		size = 0
		settings.Step = math.Abs((v + math.Copysign(h, v)) - v)
		d := fd.Derivative(value, v, &settings)
		noise := max(eps*size, scatter)
		if math.IsNaN(d) || math.IsInf(d, 0) {
			if !math.IsInf(expected, 1) {
				break // the smaller steps were good
			}
			known = 0
			continue
		}
		if known == 2 {
			e := math.Abs(d-last)/4 + math.Abs(last-before)/4 + 2*lastNoise/lastH + 4*eps*math.Abs(last)
			if e < expected {
				estimate, expected = last, e
			}
			if e > 100*expected {
				break // truncation has taken over
			}
		}
		known = min(2, known+1)
		before, last, lastH, lastNoise = last, d, settings.Step, noise
	}
	return estimate, expected
}
