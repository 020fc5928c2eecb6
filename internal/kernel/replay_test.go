package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// lanesOf makes lanes of numbers, special ones among them.
func lanesOf(seed uint64, part float64) *AdamLanes {
	r := rand.New(rand.NewPCG(seed, 3))
	l := &AdamLanes{}
	for _, v := range [][]float64{l.X[:], l.M[:], l.V[:]} {
		fill(r, v, part)
	}
	for j, v := range l.V {
		l.V[j] = math.Abs(v)
	}
	for t := range l.Alpha {
		for j := range l.Alpha[t] {
			l.Alpha[t][j], l.Eps[t][j], l.B2[t][j] = r.Float64(), 1e-8*float64(r.IntN(2)), r.Float64()
		}
	}
	return l
}

// replayed takes the steps of l by Adam, one by one, along gradients of 0.
func replayed(l AdamLanes, b1 float64) *AdamLanes {
	for t := range l.Alpha {
		for j := range l.X {
			Adam(1, l.X[j:j+1], []float64{0}, l.M[j:j+1], l.V[j:j+1], b1, l.B2[t][j], l.Alpha[t][j], l.Eps[t][j])
		}
	}
	return &l
}

func lanesDiffer(a, b *AdamLanes) bool {
	for j := range a.X {
		if !same(a.X[j], b.X[j]) || !same(a.M[j], b.M[j]) || !same(a.V[j], b.V[j]) {
			return true
		}
	}
	return false
}

// TestReplay: AdamReplay is Adam along gradients of 0, to the last bit, by assembly and without, and one step less is not.
func TestReplay(t *testing.T) {
	defer func(was bool) { avx2 = was }(avx2)
	for _, on := range []bool{avx2, false} {
		avx2 = on
		less := false
		for seed, part := range []float64{0, 0, 0.1, 0.3, 0.5, 1} {
			for _, b1 := range []float64{0.9, 0.5, 0, 1e-310} {
				l := lanesOf(uint64(seed), part)
				want := replayed(*l, b1)
				shorter := *l
				for j := range ReplayLanes {
					shorter.Alpha[ReplaySteps-1][j] = 0
				}
				AdamReplay(l, b1)
				if lanesDiffer(l, want) {
					t.Fatalf("AVX2 %v, seed %d, β₁ = %v: %v, want %v", on, seed, b1, l.X, want.X)
				}
				AdamReplay(&shorter, b1)
				less = less || lanesDiffer(&shorter, want)
			}
		}
		if !less {
			t.Errorf("AVX2 %v: a step less is not found", on)
		}
	}
}

// TestDecay: Decay is so many multiplications, which a power is not.
func TestDecay(t *testing.T) {
	defer func(was bool) { avx2 = was }(avx2)
	for _, on := range []bool{avx2, false} {
		avx2 = on
		powers := 0
		for seed, part := range []float64{0, 0.1, 1} {
			for _, b := range []float64{0.999, 0.9, 0.3, 0, -0.5} {
				for _, n := range []int{0, 1, 2, 7, 100, 5000} {
					var v [DecayLanes]float64
					fill(rand.New(rand.NewPCG(uint64(seed), 4)), v[:], part)
					want, power := v, v
					for j := range want {
						for range n {
							want[j] *= b
						}
						power[j] *= math.Pow(b, float64(n))
					}
					Decay(&v, n, b)
					for j := range v {
						if !same(v[j], want[j]) {
							t.Fatalf("AVX2 %v: %d times %v: %v, want %v", on, n, b, v[j], want[j])
						}
						if !same(power[j], want[j]) {
							powers++
						}
					}
				}
			}
		}
		if powers < 100 {
			t.Errorf("%d powers differ from products", powers)
		}
	}
}
