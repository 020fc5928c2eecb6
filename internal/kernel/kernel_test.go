package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// loops lists every kernel with the portable loop that it must equal. v are vectors of one length, s scalars.
var loops = []struct {
	name             string
	vectors          int
	scalars          [][]float64 // sets of them
	kernel, portable func(v [][]float64, s []float64)
}{
	{"Adam", 4, [][]float64{{0.9, 0.999, 0.1, 1e-8}, {0, 0, 3, 0}, {0.5, 0.25, 1e-310, 0}},
		func(v [][]float64, s []float64) { Adam(v[0], v[1], v[2], v[3], s[0], s[1], s[2], s[3]) },
		func(v [][]float64, s []float64) {
			adam(v[0], v[1], v[2], v[3], s[0], 1-s[0], s[1], 1-s[1], s[2], s[3])
		}},
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
func differ(f, g func(v [][]float64, s []float64), vectors int, s []float64, n, offset int, part float64, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var all, in [2][][]float64
	for j := range vectors {
		base := make([]float64, n+12)
		fill(r, base, part)
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
						if d := differ(l.kernel, l.portable, l.vectors, s, n, offset, part, uint64(seed)); d != "" {
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
			Adam(x, g, m, v, s[0], s[1], s[2], s[3])
			m[:len(m)+1][len(m)] = 0.5
		}),
	} {
		found := false
		for n := range 68 {
			for seed, part := range []float64{0, 0.3} {
				for _, s := range loops[0].scalars {
					found = found || differ(broken, loops[0].portable, 4, s, n, 0, part, uint64(seed)) != ""
				}
			}
		}
		if !found {
			t.Errorf("%s: not found", name)
		}
	}
}
