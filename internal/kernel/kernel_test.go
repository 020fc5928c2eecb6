package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// workers is what the kernels of loops are given.
var workers = 1

// portably returns f carried out by the portable loops.
func portably(f func(v [][]float64, s []float64)) func(v [][]float64, s []float64) {
	return func(v [][]float64, s []float64) {
		defer func(was bool) { avx2 = was }(avx2)
		avx2 = false
		f(v, s)
	}
}

// loops lists every kernel. v are vectors of one length, s scalars.
var loops = []struct {
	name    string
	vectors int
	scalars [][]float64 // sets of them
	run     func(v [][]float64, s []float64)
	sizes   []int // vectors whose elements are >= 0
}{
	{"Adam", 4, [][]float64{{0.9, 0.999, 0.1, 1e-8}, {0, 0, 3, 0}, {0.5, 0.25, 1e-310, 0}},
		func(v [][]float64, s []float64) { Adam(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3]) }, nil},
	{"AdamW", 4, [][]float64{{0.9, 0.999, 0.1, 1e-8, 0.01}, {0, 0, 3, 0, 0}},
		func(v [][]float64, s []float64) { AdamW(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4]) }, nil},
	{"AdamWCenter", 5, [][]float64{{0.9, 0.999, 0.1, 1e-8, 0.01}, {0, 0, 3, 0, 0}},
		func(v [][]float64, s []float64) {
			AdamWCenter(workers, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4])
		}, nil},
	{"AMSGrad", 5, [][]float64{{0.9, 0.999, 0.1, 1.7, 1e-8}, {0, 0, 3, 1, 0}},
		func(v [][]float64, s []float64) {
			AMSGrad(workers, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4])
		}, []int{3, 4}},
	{"AdaMax", 4, [][]float64{{0.9, 0.999, 0.1, 0}, {0, 0, 3, 0.5}},
		func(v [][]float64, s []float64) { AdaMax(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3]) }, []int{3}},
	{"NAdam", 4, [][]float64{{0.9, 0.999, 0.8, 0.3, 0.1, 1.7, 1e-8}, {0, 0, 0, 1, 3, 1, 0}},
		func(v [][]float64, s []float64) {
			NAdam(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4], s[5], s[6])
		}, nil},
	{"RMSProp", 4, [][]float64{{0.9, 0.5, 0.1, 1e-8}, {0, 0, 3, 0}},
		func(v [][]float64, s []float64) { RMSProp(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3]) }, nil},
	{"RMSPropCentered", 5, [][]float64{{0.9, 0.5, 0.1, 1e-8}, {0, 0, 3, 0}},
		func(v [][]float64, s []float64) {
			RMSPropCentered(workers, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3])
		}, nil},
	{"ScheduleFreeSGD", 4, [][]float64{{0.9, 0.1, 0.01, 0.2, 0.7}, {0, 3, 0, 1, 0}},
		func(v [][]float64, s []float64) {
			between(v, s[0])
			ScheduleFreeSGD(workers, v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3], s[4])
		}, nil},
	{"ScheduleFreeAdam", 5, [][]float64{{0.9, 0.999, 0.3, 1e-8, 0.1, 0.01, 0.2, 0.7}, {0, 0, 1, 0, 3, 0, 1, 0}},
		func(v [][]float64, s []float64) {
			between(v, s[0])
			ScheduleFreeAdam(workers, v[0], v[1], v[2], v[3], v[4], s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
		}, nil},
	{"AdaGrad", 3, [][]float64{{0.1, 1e-10}, {3, 0}},
		func(v [][]float64, s []float64) { AdaGrad(workers, v[0], v[1], v[2], s[0], s[1]) }, nil},
	{"SGD", 3, [][]float64{{0.9, 0.7, 1e-3}, {0, 1, 3}},
		func(v [][]float64, s []float64) { SGD(workers, v[0], v[1], v[2], s[0], s[1], s[2]) }, nil},
	{"Nesterov", 3, [][]float64{{0.9, 0.7, 1e-3}, {0, 1, 3}},
		func(v [][]float64, s []float64) { Nesterov(workers, v[0], v[1], v[2], s[0], s[1], s[2]) }, nil},
	{"Lion", 3, [][]float64{{0.9, 0.99, 1e-3, 0.1}, {0, 0, 3, 0}},
		func(v [][]float64, s []float64) { Lion(workers, v[0], v[1], v[2], s[0], s[1], s[2], s[3]) }, nil},
	{"Track", 9, [][]float64{nil},
		func(v [][]float64, s []float64) {
			(&Track{v[2], v[3], v[4], v[5], v[6], v[7], v[8]}).Add(v[0], v[1])
		}, nil},
	{"Mix", 3, [][]float64{{0.3}, {1}},
		func(v [][]float64, s []float64) { Mix(workers, v[0], v[1], v[2], s[0]) }, nil},
}

// between makes v[0], in every other element, the point between v[2] and v[3] that Schedule-Free methods know again.
func between(v [][]float64, beta float64) {
	for i := 0; i < len(v[0]); i += 2 {
		v[0][i] = float64((1-beta)*v[2][i]) + float64(beta*v[3][i])
	}
}

var special = []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, -5e-324, 0x1p-1022, -0x1.8p-1023,
	1e-310, math.MaxFloat64, -math.MaxFloat64, 1e200, -1e200, 1e-200, 1, -1}

// same reports whether a and b have the same bits. All NaNs are the same.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// fill stores normal numbers in v, and special ones in about part of it.
func fill(r *rand.Rand, v []float64, part float64) {
	for i := range v {
		v[i] = r.NormFloat64()
		if r.Float64() < part {
			v[i] = special[r.IntN(len(special))]
		}
	}
}

// differ runs f and g on equal vectors of length n that begin offset elements into their memory, and returns where the
// results differ, or "".
func differ(f, g func(v [][]float64, s []float64), vectors int, sizes []int, s []float64, n, offset int, part float64, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var all, in [2][][]float64
	for j := range vectors {
		base := make([]float64, n+12)
		fill(r, base, part)
		if slices.Contains(sizes, j) {
			for i, v := range base {
				base[i] = math.Abs(v)
			}
		}
		from := (offset + j*(int(seed)%4)) % 4
		for k := range all {
			all[k] = append(all[k], append([]float64(nil), base...))
			in[k] = append(in[k], all[k][j][from:from+n])
		}
	}
	f(in[0], s)
	g(in[1], s)
	for j := range vectors {
		for i := range all[0][j] {
			if a, b := all[0][j][i], all[1][j][i]; !same(a, b) {
				return fmt.Sprintf("n = %d, offset %d, seed %d, scalars %v: vector %d at %d is %v (%#x) and %v (%#x)",
					n, offset, seed, s, j, i, a, math.Float64bits(a), b, math.Float64bits(b))
			}
		}
	}
	return ""
}

// TestSameBits compares kernels with their portable loops, at all lengths up to several turns of the assembly, all
// alignments, with special values everywhere, and looks for stores beyond the ends.
func TestSameBits(t *testing.T) {
	for _, l := range loops {
		for n := range 68 {
			for offset := range 4 {
				for seed, part := range []float64{0, 0.05, 0.3, 1} {
					for _, s := range l.scalars {
						if d := differ(l.run, portably(l.run), l.vectors, l.sizes, s, n, offset, part, uint64(seed)); d != "" {
							t.Fatalf("%s: %s", l.name, d)
						}
					}
				}
			}
		}
	}
}

// TestSameBitsCanFail shows that the comparison finds a fused multiply-add, a missing guard, another order of operations,
// and a store beyond the end.
func TestSameBitsCanFail(t *testing.T) {
	adamWith := func(step func(x, g, m, v []float64, s []float64)) func(v [][]float64, s []float64) {
		return func(v [][]float64, s []float64) { step(v[0], v[1], v[2], v[3], s) }
	}
	for name, broken := range map[string]func(v [][]float64, s []float64){
		"fused": adamWith(func(x, g, m, v []float64, s []float64) {
			for i, g := range g {
				m[i] = math.FMA(s[0], m[i], float64((1-s[0])*g))
				v[i] = float64(s[1]*v[i]) + float64((1-s[1])*g*g)
				if d := math.Sqrt(v[i]) + s[3]; d != 0 {
					x[i] -= float64(s[2]*m[i]) / d
				}
			}
		}),
		"no guard": adamWith(func(x, g, m, v []float64, s []float64) {
			for i, g := range g {
				m[i] = float64(s[0]*m[i]) + float64((1-s[0])*g)
				v[i] = float64(s[1]*v[i]) + float64((1-s[1])*g*g)
				x[i] -= float64(s[2]*m[i]) / (math.Sqrt(v[i]) + s[3])
			}
		}),
		"other order": adamWith(func(x, g, m, v []float64, s []float64) {
			for i, g := range g {
				m[i] = float64(s[0]*m[i]) + float64((1-s[0])*g)
				v[i] = float64(s[1]*v[i]) + float64((1-s[1])*float64(g*g))
				if d := math.Sqrt(v[i]) + s[3]; d != 0 {
					x[i] -= float64(s[2]*m[i]) / d
				}
			}
		}),
		"beyond the end": adamWith(func(x, g, m, v []float64, s []float64) {
			Adam(1, x, g, m, v, s[0], s[1], s[2], s[3])
			m[:len(m)+1][len(m)] = 0.5
		}),
	} {
		found := false
		for n := range 68 {
			for seed, part := range []float64{0, 0.3} {
				for _, s := range loops[0].scalars {
					found = found || differ(broken, portably(loops[0].run), 4, nil, s, n, 0, part, uint64(seed)) != ""
				}
			}
		}
		if !found {
			t.Errorf("%s: not found", name)
		}
	}
}

// TestScans compares scans with what they are meant to find, with the special value at every place.
func TestScans(t *testing.T) {
	for name, scan := range map[string][2]func(x []float64) int{
		"NotFinite": {func(x []float64) int { return NotFinite(1, x) }, func(x []float64) int {
			return slices.IndexFunc(x, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
		}},
		"NotSquarable": {func(x []float64) int { return NotSquarable(1, x) }, func(x []float64) int {
			return slices.IndexFunc(x, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v*v, 0) })
		}},
	} {
		found := 0
		for n := range 68 {
			for offset := range 4 {
				x := make([]float64, n+8)
				for i := range x {
					x[i] = math.NaN() // also beyond the ends
				}
				x = x[offset : offset+n]
				for i := range x {
					x[i] = 1
				}
				if got := scan[0](x); got != -1 {
					t.Fatalf("%s of %d ones is %d", name, n, got)
				}
				for i := range x {
					for _, v := range special {
						x[i], x[n/2] = v, math.Inf(1)
						got, want := scan[0](x), scan[1](x)
						x[n/2] = 1
						if a, b := scan[0](x), scan[1](x); got != want || a != b {
							t.Fatalf("%s, n = %d, offset %d, %v at %d: %d and %d, want %d and %d", name, n, offset, v, i, got, a, want, b)
						}
						if want == i {
							found++
						}
					}
					x[i] = 1
				}
			}
		}
		if found == 0 {
			t.Errorf("%s finds nothing", name)
		}
	}
}

// TestWorkers compares kernels on several goroutines with one, at lengths around multiples of a part.
func TestWorkers(t *testing.T) {
	on := func(n int, f func(v [][]float64, s []float64)) func(v [][]float64, s []float64) {
		return func(v [][]float64, s []float64) {
			defer func() { workers = 1 }()
			workers = n
			f(v, s)
		}
	}
	for _, l := range loops {
		for _, n := range []int{large - 1, large, large + 1, large + part + 5} {
			for _, w := range []int{2, 3, 100} {
				if d := differ(on(w, l.run), l.run, l.vectors, l.sizes, l.scalars[0], n, w%4, 0.01, uint64(w)); d != "" {
					t.Fatalf("%s on %d: %s", l.name, w, d)
				}
			}
		}
	}
	x := make([]float64, large+part+5)
	for _, i := range []int{0, part - 1, part, large + part + 4} {
		x[i], x[len(x)-1] = math.Inf(1), math.NaN()
		if a, b := NotFinite(3, x), NotSquarable(3, x); a != i || b != i {
			t.Errorf("not finite at %d: found at %d and %d", i, a, b)
		}
		x[i], x[len(x)-1] = float64(i), 1e200
		if a, b := NotFinite(3, x), NotSquarable(3, x); a != -1 || b != len(x)-1 {
			t.Errorf("square infinite at %d: found at %d and %d", len(x)-1, a, b)
		}
		y := make([]float64, len(x))
		if Copy(3, y, x); !slices.Equal(x, y) {
			t.Error("the copy differs")
		}
		x[len(x)-1] = 0
	}
	if NotFinite(3, x) != -1 || NotSquarable(3, x) != -1 {
		t.Error("something is found that is not there")
	}
}

// TestWorkersAllocate shows that a loop in parts allocates nothing after the first.
func TestWorkersAllocate(t *testing.T) {
	x, y := make([]float64, large), make([]float64, large)
	if n := testing.AllocsPerRun(50, func() { Mix(2, x, x, y, 0.5) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestNorm compares Norm and SumSquares with their portable forms, bit by bit, and Norm with math/big, also where squares vanish or overflow.
func TestNorm(t *testing.T) {
	for n := range 68 {
		for offset := range 4 {
			for seed, part := range []float64{0, 0.05, 0.3, 1} {
				r := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
				base := make([]float64, n+12)
				fill(r, base, part)
				x := base[offset : offset+n]
				a, sum := Norm(x), SumSquares(x)
				b, portable := func() (float64, float64) {
					defer func(was bool) { avx2 = was }(avx2)
					avx2 = false
					return Norm(x), SumSquares(x)
				}()
				if !same(a, b) || !same(sum, portable) {
					t.Fatalf("n = %d, offset %d, seed %d: %v and %v, squares %v and %v", n, offset, seed, a, b, sum, portable)
				}
				for _, scale := range []float64{1, 1e-160, 1e-300, 1e160, 1e300} {
					y := make([]float64, n)
					for i := range y {
						y[i] = scale * x[i]
					}
					got, want := Norm(y), exactNorm(y)
					if !same(got, want) && !(math.Abs(got-want) <= 1e-15*want) {
						t.Fatalf("n = %d, scale %v: %v, want %v", n, scale, got, want)
					}
				}
			}
		}
	}
}

// exactNorm is the rounded norm, or NaN where x is not finite.
func exactNorm(x []float64) float64 {
	sum := new(big.Float).SetPrec(5000)
	for _, v := range x {
		if v-v != 0 {
			return math.NaN()
		}
		b := new(big.Float).SetPrec(200).SetFloat64(v)
		sum.Add(sum, new(big.Float).SetPrec(200).Mul(b, b))
	}
	norm, _ := sum.Sqrt(sum).Float64()
	return norm
}

// TestSign compares Sign, bit by bit, with its definition by cases, and finds math.Copysign another at 0 and NaN.
func TestSign(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	values := []float64{0, math.Copysign(0, -1), math.NaN(), math.Copysign(math.NaN(), -1), math.Inf(1), math.Inf(-1), 1, -1,
		5e-324, -5e-324, 0x1p-1022, -0x1p-1022, math.MaxFloat64, -math.MaxFloat64, math.Float64frombits(0x7ff0000000000001)}
	for range 10000 {
		values = append(values, math.Float64frombits(r.Uint64()))
	}
	other := 0
	for _, v := range values {
		want := v
		if v > 0 {
			want = 1
		} else if v < 0 {
			want = -1
		}
		if got := Sign(v); math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("Sign(%v) = %v, want %v", v, got, want)
		}
		if math.Float64bits(math.Copysign(1, v)) != math.Float64bits(want) {
			other++
		}
	}
	if other < 4 {
		t.Errorf("math.Copysign differs %d times only", other)
	}
}
