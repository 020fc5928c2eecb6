package formula

import "math"

// power is a**b. Small whole exponents are frequent in formulas, and math.Pow is slow.
func power(a, b float64) float64 {
	switch b {
	case 0:
		return 1
	case 1:
		return a
	case 2:
		return a * a
	case 3:
		return a * a * a
	case 4:
		return a * a * (a * a)
	case -1:
		return 1 / a
	case -2:
		return 1 / (a * a)
	}
	e := newExponent(b)
	return e.power(a)
}

// powers stores a**b in dst, as power has it.
func powers(dst, a []float64, b float64) {
	a = a[:len(dst)]
	switch b {
	case 0:
		fill(dst, 1)
	case 1:
		copy(dst, a)
	case 2:
		for j := range dst {
			dst[j] = a[j] * a[j]
		}
	case 3:
		for j := range dst {
			dst[j] = a[j] * a[j] * a[j]
		}
	case 4:
		for j := range dst {
			dst[j] = a[j] * a[j] * (a[j] * a[j])
		}
	case -1:
		for j := range dst {
			dst[j] = 1 / a[j]
		}
	case -2:
		for j := range dst {
			dst[j] = 1 / (a[j] * a[j])
		}
	default:
		e := newExponent(b)
		for j := range dst {
			dst[j] = e.power(a[j])
		}
	}
}

// exponent is made ready for many powers: |b| = whole + part, where part is between -0.5 and 0.5.
type exponent struct {
	b, part float64
	whole   int // -1 if math.Pow is to find the power
}

func newExponent(b float64) exponent {
	whole := math.Round(math.Abs(b))
	if e := (exponent{b, math.Abs(b) - whole, int(whole)}); whole <= 15 && e.part != 0.5 && e.part != -0.5 {
		return e
	}
	return exponent{b: b, whole: -1}
}

// power is a**b as math.Pow finds it, exp(part log(a)) times whole factors a, without its provisions for numbers that
// overflow.
func (e *exponent) power(a float64) float64 {
	if !(a >= 0x1p-60 && a <= 0x1p60) || e.whole < 0 {
		return math.Pow(a, e.b)
	}
	v := 1.0
	if e.part != 0 {
		v = math.Exp(e.part * math.Log(a))
	}
	for i := e.whole; i != 0; i >>= 1 {
		if i&1 == 1 {
			v *= a
		}
		a *= a
	}
	if e.b < 0 {
		return 1 / v
	}
	return v
}

// baseSlope is the derivative of v = a**b with respect to a. It needs no logarithm, so a may be negative where b is whole.
// Where that takes a logarithm once more and v has all its digits, it is found from v.
func baseSlope(a, b, v float64) float64 {
	if size := math.Abs(v); !quick(b-1) && size > 0x1p-1000 && size <= math.MaxFloat64 {
		return b * (v / a)
	}
	return b * power(a, b-1)
}

// quick reports whether power(a, b) takes multiplications only.
func quick(b float64) bool {
	switch b {
	case -2, -1, 0, 1, 2, 3, 4:
		return true
	}
	return false
}

// exponentSlope is the derivative of v = a**b with respect to b.
func exponentSlope(a, b, v float64) float64 {
	switch {
	case a > 0:
		return v * math.Log(a)
	case a == 0 && b > 0:
		return 0 // the limit of a**b log(a)
	}
	return math.NaN() // a**b jumps or does not exist beside b
}
