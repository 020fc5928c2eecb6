package replay

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDecayed: what products become lies between the bounds, which are close; those with a single rounding per product do not
// all hold the products.
func TestDecayed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, b := range []float64{0.999, 0.9, 0.5, 0.3, 0.99999, 1 - 0x1p-53, 1 - 0x1p-50} {
		for range 200 {
			w := r.NormFloat64() * math.Pow(10, float64(r.IntN(300)-200))
			n := r.IntN(20000)
			got := w
			for range n {
				got *= b
			}
			from, to := decayed(w, float64(n), math.Log(b), math.Log(b))
			if !(from <= got && got <= to) {
				t.Fatalf("%v times %v, %d times, is %v, not in [%v, %v]", w, b, n, got, from, to)
			}
			if wide := to - from; wide > 1e-15*float64(2*n+100)*math.Abs(got)+1e-299 && n < 500/int(math.Ceil(-math.Log(b))) {
				t.Fatalf("[%v, %v] is wide", from, to)
			}
		}
	}
	// The companion: products by 1-2⁻⁵³ stay what they are, far above what powers become.
	w, n, b := 1.5, 20000.0, 1-0x1p-53
	if from, to := decayed(w, n, math.Log(b), math.Log(b)); w*math.Exp(n*math.Log(b)) >= w || from > w || to < w {
		t.Errorf("[%v, %v] does not hold %v", from, to, w)
	}
}

// logOf makes a log of random steps, of which some are equal.
func logOf(r *rand.Rand, b1 float64, steps, dim int) *Log {
	l := &Log{}
	s := Step{}
	for k := range steps {
		if r.IntN(3) > 0 || k == 0 {
			s = Step{Alpha: r.Float64() * math.Pow(10, float64(r.IntN(5)-2)), Eps: math.Pow(10, -8*r.Float64()), B: 0.9 + 0.0999*r.Float64()}
		}
		l.Add(Form{Mu: b1}, s, k, dim, nil)
	}
	return l
}

// TestBounds: at finds the run of every step, and bounds hold for all steps from it on.
func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, steps := range []int{1, 2, 3, 50, 5000} {
		l := logOf(r, 0.9, steps, 1)
		if steps == 5000 && len(l.parts) < 3 {
			t.Fatal("one part only")
		}
		for s := range steps {
			if i := l.at(s); s >= l.runs[i].end || i > 0 && s < l.runs[i-1].end {
				t.Fatalf("step %d is not in run %d", s, i)
			}
			if s%97 > 0 && s < steps-2 {
				continue
			}
			b := l.bounds(s)
			for k := s; k < steps; k++ {
				if p := l.runs[l.at(k)]; p.Alpha > b.alphaMax || p.Eps < b.epsMin || p.B < b.bMin || p.B > b.bMax {
					t.Fatalf("step %d is not within the bounds of step %d", k, s)
				}
			}
		}
	}
}

// TestStill: where no step is said to change x, none does, however close x is to where one would; where x is 64 times less, some do.
func TestStill(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	still, moved := 0, 0
	for range 3000 {
		steps := 1 + r.IntN(300)
		l := logOf(r, []float64{0.9, 0.5, 0.99, 0.999}[r.IntN(4)], steps, 1)
		a := adam{Log: l, to: steps, b1: l.form.Mu}
		lim := a.limit(0)
		size := math.Pow(10, float64(r.IntN(300)-150))
		m, v := size*r.NormFloat64(), size*size*r.ExpFloat64()*math.Pow(10, float64(r.IntN(6)))
		x := math.Ldexp(1, -1000)
		for x < 1e300 && !a.still(lim, x, m, v) {
			x *= 1 + r.Float64()
		}
		if !a.still(lim, x, m, v) {
			continue
		}
		still++
		if y, _, _ := a.plain(0, x, m, v); y != x {
			t.Fatalf("x = %v is still at m = %v, v = %v, and moves to %v", x, m, v, y)
		}
		if y, _, _ := a.plain(0, x/64, m, v); y != x/64 {
			moved++
		}
	}
	if still < 2000 || moved < 1000 {
		t.Errorf("%d are still, and %d move that are almost", still, moved)
	}
}
