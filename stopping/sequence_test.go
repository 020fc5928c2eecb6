package stopping_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt/stopping"
)

// TestSequences: over 2000 values, looked at after each, the mean is missed no more often than the level says, while an
// interval for a fixed n misses it in most runs; and a mean of half a standard deviation is told from 0.
func TestSequences(t *testing.T) {
	const length = 2000
	runs := stopping.Runs(1500)
	normal, student, fixed, e := 0, 0, 0, 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 3))
		var n stopping.NormalMixture
		var s stopping.StudentMixture
		n.Init()
		s.Init()
		var missN, missS, missF, large bool
		for k := 1; k <= length; k++ {
			v := 5 + r.NormFloat64()
			n.Add(v)
			s.Add(v)
			m, radius := n.Mean()
			missN = missN || math.Abs(m-5) > radius
			missF = missF || math.Abs(m-5) > 1.96/math.Sqrt(float64(k))
			m, radius = s.Mean()
			missS = missS || math.Abs(m-5) > radius
			if g := s.E(5); g > 20 != (math.Abs(m-5) > radius) {
				t.Fatalf("n = %d: the e-process is %v, the interval %v ± %v", k, g, m, radius)
			}
			large = large || s.E(5) > 20
		}
		for miss, count := range map[*bool]*int{&missN: &normal, &missS: &student, &missF: &fixed, &large: &e} {
			if *miss {
				*count++
			}
		}
	}
	stopping.AtMost(t, "NormalMixture", normal, runs, 0.05)
	stopping.AtMost(t, "StudentMixture", student, runs, 0.05)
	stopping.AtLeast(t, "an interval for one n", fixed, runs, 0.5)
	// Ville's inequality is no equality, but nearly: the tests are not idle.
	stopping.AtLeast(t, "NormalMixture", normal, runs, 0.02)
	stopping.AtLeast(t, "StudentMixture", student, runs, 0.02)

	for name, s := range map[string]interface {
		Init()
		Add(float64)
		Mean() (float64, float64)
	}{"NormalMixture": &stopping.NormalMixture{}, "StudentMixture": &stopping.StudentMixture{}} {
		detected := 0
		for run := range 1000 {
			r := rand.New(rand.NewPCG(uint64(run), 4))
			s.Init()
			for range 200 {
				s.Add(0.5 + r.NormFloat64())
				if m, radius := s.Mean(); m-radius > 0 {
					detected++
					break
				}
			}
		}
		if detected < 998 { // all of 4000 runs, when it was measured by another program
			t.Errorf("%s: a mean of half a standard deviation is seen in %d of 1000 runs", name, detected)
		}
	}
}

// TestStudentMixtureMean: E G_n = 1 at every n, and units do not matter.
func TestStudentMixtureMean(t *testing.T) {
	const runs = 20000
	for _, n := range []int{2, 3} {
		var sum, sq float64
		for run := range runs {
			r := rand.New(rand.NewPCG(uint64(run), 5))
			s := stopping.StudentMixture{C: 30} // of which the variance is finite
			s.Init()
			for range n {
				s.Add(7 + 1e-3*r.NormFloat64())
			}
			g := s.E(7)
			sum += g
			sq += g * g
		}
		mean := sum / runs
		if se := math.Sqrt((sq/runs - mean*mean) / runs); math.Abs(mean-1) > 5*se || se > 0.01 {
			t.Errorf("n = %d: E G = %v ± %v", n, mean, se)
		}
	}
	var s stopping.StudentMixture
	s.Init()
	for range 10 {
		s.Add(3)
	}
	if m, radius := s.Mean(); m != 3 || radius != 0 || s.E(3.1) < 20 || s.E(3) > 1 {
		t.Errorf("constant: %v ± %v, evidence against 3.1 %v, against 3 %v", m, radius, s.E(3.1), s.E(3))
	}
}

func ExampleStudentMixture() {
	r := rand.New(rand.NewPCG(1, 2))
	var s stopping.StudentMixture
	s.Init()
	for n := 1; ; n++ { // looks after every value, at no cost in level
		s.Add(2 + r.NormFloat64())
		m, radius := s.Mean()
		if n%400 == 0 {
			fmt.Printf("n = %d: %.2f ± %.2f\n", n, m, radius)
		}
		if radius <= 0.1 {
			fmt.Printf("n = %d: %.3f ± %.3f\n", n, m, radius)
			break
		}
	}
	// Output:
	// n = 400: 2.02 ± 0.16
	// n = 800: 2.01 ± 0.12
	// n = 1074: 2.018 ± 0.100
}

func ExampleNormalMixture() {
	r := rand.New(rand.NewPCG(1, 2))
	s := stopping.NormalMixture{Sigma: 0.5} // values in an interval of length 1
	s.Init()
	for range 1000 {
		s.Add(r.Float64())
	}
	m, radius := s.Mean()
	fmt.Printf("%.3f ± %.3f\n", m, radius)
	// Output:
	// 0.499 ± 0.052
}

func TestSequenceFirst(t *testing.T) {
	var s stopping.StudentMixture
	s.Init()
	for n := range 10 {
		if _, radius := s.Mean(); !math.IsInf(radius, 1) {
			t.Errorf("n = %d: radius %v", n, radius)
		}
		s.Add(float64(n % 3))
	}
	if _, radius := s.Mean(); math.IsInf(radius, 1) {
		t.Errorf("n = 10: radius %v", radius)
	}
}
