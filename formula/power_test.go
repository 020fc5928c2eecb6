package formula

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPower compares with math.Pow, to the last bit or the one before it, and everywhere in range and precision alike.
func TestPower(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	close := func(v, w float64) bool {
		return v == w || v != v && w != w || math.Abs(v-w) <= 0x1p-52*math.Abs(w)
	}
	check := func(a, b float64) {
		var dst [1]float64
		powers(dst[:], []float64{a}, b)
		v, w := power(a, b), math.Pow(a, b)
		if math.Float64bits(v) != math.Float64bits(dst[0]) && v == v || !close(v, w) {
			t.Fatalf("%v**%v = %v and %v, want %v", a, b, v, dst[0], w)
		}
		slope, want := baseSlope(a, b, v), b*math.Pow(a, b-1)
		// Rounding b-1 costs digits where log(a) is large, which the slope from v does not lose.
		if tolerance := 0x1p-50 + 0x1p-52*math.Abs((b-1)*math.Log(math.Abs(a))); slope != want && (slope == slope || want == want) && !(math.Abs(slope-want) <= tolerance*math.Abs(want)) {
			t.Fatalf("the slope of %v**%v is %v, want %v", a, b, slope, want)
		}
	}
	exponents := []float64{-20, -16, -15, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7, 15, 15.4, 15.6, 16, 100, 1.0 / 3}
	for range 100_000 {
		a := math.Exp(20 * rng.NormFloat64())
		if rng.IntN(4) == 0 {
			a = -a
		}
		check(a, exponents[rng.IntN(len(exponents))])
		check(a, 5*rng.NormFloat64())
		check(1+rng.NormFloat64()/10, 20*rng.NormFloat64())
	}
	special := []float64{0, math.Copysign(0, -1), 1, -1, 2, math.Inf(1), math.Inf(-1), math.NaN(), 0x1p60, 0x1p-60, 0x1p-61, 1e300}
	for _, a := range special {
		for _, b := range exponents {
			if v, w := power(a, b), math.Pow(a, b); !close(v, w) || math.Signbit(v) != math.Signbit(w) && v == v {
				t.Errorf("%v**%v = %v, want %v", a, b, v, w)
			}
		}
	}
}
