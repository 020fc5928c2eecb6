package regret_test

import (
	"math"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/regret"
)

// TestCertificateOfExtremes: iterates that hardly are those of a method, given by hand, have certificates that hold:
// some that stay where they are, and some that jump from bound to bound after a steep start. The first are lost on a
// certificate that adds nothing for what does not move, the second on one that keeps the h of the start.
func TestCertificateOfExtremes(t *testing.T) {
	const rounds = 100
	for name, play := range map[string]func(k int) (x, grad float64){
		"never moves":  func(int) (x, grad float64) { return 0, 1 },
		"moves little": func(k int) (x, grad float64) { return -1e-9 * float64(k/10), 1 },
		"jumps": func(k int) (x, grad float64) {
			sign := float64(1 - 2*(k%2))
			if k == 0 {
				return 1, 10
			}
			return sign, sign
		},
		"jumps, and stays": func(k int) (x, grad float64) {
			if k < 50 {
				sign := float64(1 - 2*(k%2))
				return sign, sign
			}
			return -1, 1
		},
	} {
		rec := &regret.Recorder{Lower: []float64{-1}, Upper: []float64{1}, Beta1: stochopt.Zero}
		most := 0.0
		for k := range rounds {
			x, g := play(k)
			if err := rec.Add(g*x, []float64{x}, []float64{g}); err != nil {
				t.Fatal(err)
			}
			r, c := rec.Regret()[k], rec.Certificate()[k]
			if !(r <= c*(1+1e-12)) || c > 1e12 {
				t.Fatalf("%s: regret %v after %d rounds, certificate %v", name, r, k+1, c)
			}
			most = max(most, r/c)
		}
		if most < 0.4 {
			t.Errorf("%s: the regret is at most %.2f of the certificate", name, most)
		}
	}
}

// TestCertificateWithoutBox: without a box or a comparator nothing bounds the distance of the best point.
func TestCertificateWithoutBox(t *testing.T) {
	for _, star := range [][]float64{nil, {0.5}} {
		rec := &regret.Recorder{Mu: 1, Comparator: star, Beta1: stochopt.Zero}
		for _, x := range []float64{1, 0.5, 0.25} {
			if err := rec.Add(x*x/2, []float64{x}, []float64{x}); err != nil {
				t.Fatal(err)
			}
			if c := rec.Certificate()[len(rec.Certificate())-1]; math.IsInf(c, 1) != (star == nil) || math.IsNaN(c) {
				t.Errorf("comparator %v: certificate %v", star, c)
			}
		}
	}
}

// TestRecorderAllocations: a round allocates for the history only, which grows by doubling.
func TestRecorderAllocations(t *testing.T) {
	rec := &regret.Recorder{Lower: []float64{-1, -1}, Upper: []float64{1, 1}, Bounds: []regret.Bound{&regret.AMSGrad{}, &regret.RMSProp{}}}
	x, g := []float64{0.5, 0.5}, []float64{1, -1}
	for range 1100 {
		rec.Add(0, x, g)
	}
	if n := testing.AllocsPerRun(100, func() { rec.Add(0, x, g) }); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}
