package fit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBox compares random problems with all 3^n choices of held variables: the least feasible one is the solution.
func TestBox(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	const m, n = 6, 3
	corner, inner := 0, 0
	for range 300 {
		lin := newLinearized(m, n)
		jac, res := make([]float64, m*n), make([]float64, m)
		for i := range jac {
			jac[i] = rng.NormFloat64()
		}
		for i := range res {
			res[i] = rng.NormFloat64()
		}
		b := newBox(n)
		for j := range n {
			lin.cols, lin.scale[j] = append(lin.cols, j), 1
			b.lo[j], b.hi[j] = -0.3*rng.Float64(), 0.3*rng.Float64()
		}
		lambda := []float64{0, 5}[rng.IntN(2)]
		value := func(d []float64) float64 {
			var sum float64
			for i := range m {
				v := res[i]
				for j := range n {
					v += jac[i*n+j] * d[j]
				}
				sum += v * v
			}
			for _, v := range d {
				sum += lambda * v * v
			}
			return sum
		}
		least := math.Inf(1)
		for choice := range 27 {
			// The others by coordinate descent, which converges on a positive definite problem.
			d := make([]float64, n)
			held := [n]int{choice % 3, choice / 3 % 3, choice / 9}
			for j, h := range held {
				switch h {
				case 1:
					d[j] = b.lo[j]
				case 2:
					d[j] = b.hi[j]
				}
			}
			for range 2000 {
				for j, h := range held {
					if h != 0 {
						continue
					}
					at := func(v float64) float64 { d[j] = v; return value(d) }
					mid, up, down := at(0), at(1), at(-1)
					d[j] = (down - up) / (2 * (up + down - 2*mid)) // the vertex of a parabola
				}
			}
			feasible := true
			for j, v := range d {
				feasible = feasible && v >= b.lo[j] && v <= b.hi[j]
			}
			if feasible {
				least = min(least, value(d))
			}
		}
		if !lin.factor(jac, res) {
			t.Fatal("no factors")
		}
		length, decrease, slope, ok := b.solve(lin, lambda)
		if got := value(b.d); !ok || math.Abs(got-least) > 1e-9*least {
			t.Errorf("value %v at %v, least %v", got, b.d, least)
		}
		zero := make([]float64, n)
		var sum, along float64
		for j, v := range b.d {
			sum += v * v
			for i := range m {
				along += jac[i*n+j] * v * res[i]
			}
			if b.held[j] != 0 {
				corner++
			} else {
				inner++
			}
		}
		if want := value(zero) - value(b.d) + lambda*sum; math.Abs(decrease-want) > 1e-9*value(zero) || math.Abs(length-math.Sqrt(sum)) > 1e-12 || math.Abs(slope-along) > 1e-9 {
			t.Errorf("length %v, decrease %v, slope %v, want %v, %v, %v", length, decrease, slope, math.Sqrt(sum), want, along)
		}
	}
	if corner < 100 || inner < 100 {
		t.Errorf("%d variables are held, %d are not: the test tests too little", corner, inner)
	}
}

// TestSVD: A V = U S with orthonormal U and V and descending S, for matrices whose singular values differ by 12 orders.
func TestSVD(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	for n := 1; n <= 9; n++ {
		a := make([]float64, n*n)
		for i := range a {
			a[i] = rng.NormFloat64() * math.Pow(10, -12*float64(i/n)/9)
		}
		f := newSVD(n)
		if !f.factor(a, n) {
			t.Fatal("no convergence")
		}
		for p := range n {
			if p > 0 && f.s[p] > f.s[p-1] {
				t.Errorf("order %v", f.s)
			}
			for i := range n {
				var av float64
				for l, v := range f.right(p) {
					av += a[l*n+i] * v
				}
				if w := f.w[p*n+i]; math.Abs(av-w) > 1e-14*f.s[0] {
					t.Errorf("A v = %v, s u = %v", av, w)
				}
			}
			for q := range p {
				var uu, vv float64
				for i := range n {
					uu += f.w[p*n+i] / f.s[p] * f.w[q*n+i] / f.s[q]
					vv += f.right(p)[i] * f.right(q)[i]
				}
				if math.Abs(uu) > 1e-13 || math.Abs(vv) > 1e-13 {
					t.Errorf("n = %d: products %v of left, %v of right vectors", n, uu, vv)
				}
			}
		}
	}
}
