package stopping

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// TestDistanceSlope: the slopes are those of E |Ω_n|² = (1-q^n)² V_0 + V(1-q^2n), for SGD on 20000 independent quadratics of
// curvature 1 as one run, in noise of variance 1. V is the variance of the floor, α/(2-α), V_0 that of the start.
func TestDistanceSlope(t *testing.T) {
	const dim, alpha = 20000, 0.05
	q := 1 - alpha
	v := alpha / (2 - alpha)
	for name, v0 := range map[string]float64{"after halving": 2 * alpha / (2 - 2*alpha), "from afar": 100} {
		r := rand.New(rand.NewPCG(1, 51))
		d := &Distance{}
		d.Init(dim)
		loc := &optimize.Location{X: make([]float64, dim)}
		for i := range loc.X {
			loc.X[i] = math.Sqrt(v0) * r.NormFloat64()
		}
		square := func(n int) float64 {
			return math.Pow(1-math.Pow(q, float64(n)), 2)*v0 + v*(1-math.Pow(q, float64(2*n)))
		}
		before, stopped := 0, 0
		for n := 0; n <= 100; n++ {
			s := d.Converged(loc)
			if d.n == n && n > 0 { // a look
				if math.Abs(d.square/dim/square(n)-1) > 0.05 { // 5 standard errors of a variance of 20000 values
					t.Errorf("%s, n = %d: |Ω|² = %v, want %v", name, n, d.square/dim, square(n))
				}
				if before > 0 {
					want := math.Log(square(n)/square(before)) / math.Log(float64(n)/float64(before))
					t.Logf("%s, n = %d: slope %.3f, want %.3f", name, n, d.slope, want)
					if math.Abs(d.slope-want) > 0.1 {
						t.Errorf("%s, n = %d: slope %.3f, want %.3f", name, n, d.slope, want)
					}
					if (s == optimize.StepConvergence) != (d.slope < 0.6) {
						t.Errorf("%s, n = %d: slope %v and %v", name, n, d.slope, s)
					}
					if s != 0 && stopped == 0 {
						stopped = n
					}
				}
				before = n
			}
			for i, x := range loc.X {
				loc.X[i] = x - alpha*(x+r.NormFloat64())
			}
		}
		if stopped < 20 || stopped > 70 {
			t.Errorf("%s: stopped at %d, want about 2.5/α at most", name, stopped)
		}
	}
	// A steady drift has slope 2, and a run that does not move 0.
	for speed, want := range map[float64]float64{3: 2, 0: 0} {
		d := &Distance{}
		d.Init(1)
		for k := range 100 {
			d.Converged(&optimize.Location{X: []float64{speed * float64(k)}})
		}
		if math.Abs(d.slope-want) > 1e-12 {
			t.Errorf("speed %v: slope %v, want %v", speed, d.slope, want)
		}
	}
}

// TestPflugAfterHalving documents why Pflug's statistic fails: a run that begins at the floor of twice its step, and so has
// farther to go, is stopped within 10 products in four cases of five.
func TestPflugAfterHalving(t *testing.T) {
	runs := Runs(4000)
	for _, old := range []float64{0.1, 0.01} {
		alpha := old / 2
		count := 0
		var first, firstSquare float64
		for run := range runs {
			r := rand.New(rand.NewPCG(uint64(run), 52))
			x := math.Sqrt(old/(2-old)) * r.NormFloat64()
			p := &Pflug{}
			p.Init(1)
			for k := range 11 { // 10 products
				g := x + r.NormFloat64()
				s := p.Converged(&optimize.Location{Gradient: []float64{g}})
				if k == 1 {
					first += p.sum
					firstSquare += p.sum * p.sum
				}
				if s != 0 {
					count++
					break
				}
				x -= alpha * g
			}
		}
		AtLeast(t, fmt.Sprintf("step halved from %v", old), count, runs, 0.80)
		n := float64(runs)
		if mean := first / n; math.Abs(mean) > 5*math.Sqrt(firstSquare)/n {
			t.Errorf("step halved from %v: the first product has the mean %v, want 0", old, mean)
		}
	}
	// A run that travels goes on, and BurnIn leaves out what it says.
	p := &Pflug{BurnIn: 2}
	p.Init(1)
	for k, g := range []float64{1, -1, 1, 2, 3, -9} {
		want := optimize.NotTerminated
		if k == 5 {
			want = optimize.StepConvergence // 2 + 6 - 27
		}
		if got := p.Converged(&optimize.Location{Gradient: []float64{g}}); k >= 3 && got != want {
			t.Errorf("product %d: %v, sum %v", k, got, p.sum)
		}
	}
}

// TestSASATelescopes: whatever the objective and the momentum, the sum of Δ is (|x_0|² - |x_N|²)/(2α).
func TestSASATelescopes(t *testing.T) {
	const alpha, beta, n = 0.01, 0.9, 900
	r := rand.New(rand.NewPCG(1, 53))
	x, d := []float64{2, -1}, []float64{0, 0}
	start := x[0]*x[0] + x[1]*x[1]
	s := &SASA{Part: 1}
	s.Init(2)
	var sum, scale float64
	for range n {
		s.Converged(&optimize.Location{X: x})
		g := []float64{x[0]*x[0]*x[0] + r.NormFloat64(), math.Sinh(x[1]) + x[0] + r.NormFloat64()}
		var term float64
		for i := range x {
			d[i] = beta*d[i] + (1-beta)*g[i]
			term += x[i]*d[i] - alpha/2*d[i]*d[i]
			x[i] -= alpha * d[i]
		}
		sum += term
		scale += math.Abs(term)
	}
	s.Converged(&optimize.Location{X: x})
	want := (start - x[0]*x[0] - x[1]*x[1]) / (2 * alpha)
	if math.Abs(sum-want) > 1e-9*scale {
		t.Errorf("sum of Δ %v, telescoped %v", sum, want)
	}
	var kept float64
	for _, v := range s.delta {
		kept += v / (2 * alpha)
	}
	if len(s.delta) != n || math.Abs(kept-want) > 1e-9*scale {
		t.Errorf("%d Δ with the sum %v, want %v", len(s.delta), kept, want)
	}
}

// TestSASALevel documents that the level of SASA is none: at the noise floor t has a variance of about 1/20, not 1.
func TestSASALevel(t *testing.T) {
	const alpha, n, runs = 0.5, 400, 1000 // 20 batches, of many correlation times
	var ts []float64
	rejected := 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 54))
		x := math.Sqrt(alpha/(2-alpha)) * r.NormFloat64()
		delta := make([]float64, n)
		for k := range delta {
			next := x - alpha*(x+r.NormFloat64())
			delta[k] = x*x - next*next
			x = next
		}
		v := stat.Mean(delta, nil) / batchError(delta)
		ts = append(ts, v)
		if math.Abs(v) > 2.093 { // Student, 19 degrees of freedom
			rejected++
		}
	}
	if v := stat.Variance(ts, nil); v < 0.03 || v > 0.1 {
		t.Errorf("variance of t: %v, want about 1/20", v)
	}
	AtMost(t, "rejected at a nominal 5 %", rejected, runs, 0.001)
}

// TestSASA: it stops a run at its floor, keeps no more than it needs, and lets one travel that moves fast.
func TestSASA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 55))
	s := &SASA{}
	s.Init(1)
	x, k := 30.0, 0
	for ; k < 100000; k++ {
		if s.Converged(&optimize.Location{X: []float64{x}}) == optimize.StepConvergence {
			break
		}
		x -= 0.01 * (x + r.NormFloat64())
	}
	if k < 8000 || k > 20000 || math.Abs(x) > 1 {
		t.Errorf("stopped in iteration %d at %v", k, x)
	}
	if len(s.delta) > k/4+1001 {
		t.Errorf("%d Δ are kept of %d", len(s.delta), k)
	}
	s.Init(1)
	for k := range 20000 {
		if s.Converged(&optimize.Location{X: []float64{1e4 - 0.1*float64(k) + r.NormFloat64()}}) != optimize.NotTerminated {
			t.Fatalf("a run that travels is stopped in iteration %d", k)
		}
	}
}
