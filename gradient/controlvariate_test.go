package gradient_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// Normal g and c with mean 1 + j and 10 (j + 1), variance 4 and 9, and the correlation of correlations, where j is the
// index of a component of the gradient, or the last for the value.
var correlations = []float64{0.9, -0.5, 0, 0.8}

func normalPart(isControl bool) stochopt.Oracle {
	return func(grad, _ []float64, s stochopt.Sample) (f float64, err error) {
		r := s.Rand()
		for j, rho := range correlations {
			u, v := r.NormFloat64(), r.NormFloat64()
			y := 1 + float64(j) + 2*(rho*u+math.Sqrt(1-rho*rho)*v)
			if isControl {
				y = 10*float64(j+1) + 3*u
			}
			if j < 3 && grad != nil {
				grad[j] = y
			} else if j == 3 {
				f = y
			}
		}
		return f, nil
	}
}

func controlMean(grad, _ []float64) float64 {
	if grad != nil {
		copy(grad, []float64{10, 20, 30})
	}
	return 40
}

// The variance with a given β is that of the formula, with β* (1 - corr²) of what it was; with an estimated β a little
// more. The mean does not change.
func TestControlVariate(t *testing.T) {
	const n, draws = 10_000, 20
	g, c := normalPart(false), normalPart(true)
	const m = draws / 2.
	for name, q := range map[string]struct {
		o    stochopt.Oracle
		want func(rho float64) float64
	}{
		"best β": {gradient.ControlVariate{Control: c, Mean: controlMean, Beta: func(beta, _ []float64) float64 {
			for j := range beta {
				beta[j] = correlations[j] * 2 / 3
			}
			return correlations[3] * 2 / 3
		}}.Oracle(g), func(rho float64) float64 { return 4 * (1 - rho*rho) }},
		"β = 1": {gradient.ControlVariate{Control: c, Mean: controlMean, Beta: ones}.Oracle(g),
			func(rho float64) float64 { return 4 + 9 - 2*rho*2*3 }},
		"estimated β": {gradient.ControlVariate{Control: c, Mean: controlMean, Draws: draws}.Oracle(g),
			func(rho float64) float64 { return 4 * (1 - rho*rho) / draws * (1 + 1/(m-3)) }},
	} {
		y := make([][]float64, len(correlations))
		for k := range n {
			f, grad := evaluate(t, q.o, make([]float64, 3), stochopt.Sample{Step: k})
			for j, v := range append(grad, f) {
				y[j] = append(y[j], v)
			}
		}
		for j, rho := range correlations {
			what := fmt.Sprintf("%s, component %d: ", name, j)
			mean, v, _, seV := moments(n, func(k int) float64 { return y[j][k] })
			want := q.want(rho)
			near(t, what+"mean", mean, 1+float64(j), math.Sqrt(want/n))
			near(t, what+"variance", v, want, seV)
			if rho != 0 || name == "estimated β" {
				without := 4.0
				if name == "estimated β" {
					without = 4. / draws // also where c is of no use and costs (1 + 1/(m-3))
				}
				far(t, what+"variance", v, without, seV)
			}
		}
	}
}

func ones(beta, _ []float64) float64 {
	for i := range beta {
		beta[i] = 1
	}
	return 1
}

// With the β of the draws that it corrects, the mean of squares is biased by the order of 1/n; with the other half's not.
func TestControlVariateBias(t *testing.T) {
	const n, draws = 20_000, 8
	var u []float64
	square := func(_, _ []float64, s stochopt.Sample) (float64, error) {
		v := s.Rand().NormFloat64()
		u = append(u, v)
		return v*v + v, nil
	}
	control := func(_, _ []float64, s stochopt.Sample) (float64, error) { return s.Rand().NormFloat64(), nil }
	zero := func(_, _ []float64) float64 { return 0 }
	o := gradient.ControlVariate{Control: control, Mean: zero, Draws: draws}.Oracle(square)
	same := make([]float64, n)
	mean, _, se, _ := moments(n, func(k int) float64 {
		u = u[:0]
		f, err := o(nil, nil, stochopt.Sample{Step: k})
		if err != nil || len(u) != draws {
			t.Fatal(err, len(u))
		}
		var g, c, gc, cc float64
		for _, v := range u {
			g, c = g+(v*v+v)/draws, c+v/draws
		}
		for _, v := range u {
			gc, cc = gc+(v*v+v)*(v-c), cc+(v-c)*(v-c)
		}
		same[k] = g - gc/cc*c
		return f
	})
	near(t, "mean", mean, 1, se)
	// E g - E[β c̄] for normal u: β = 1 + Σ u² (u-ū)/Σ (u-ū)², whose covariance with ū is 2/n.
	biased, _, seBiased, _ := moments(n, func(k int) float64 { return same[k] })
	near(t, "mean with one β for all", biased, 1-2./draws, seBiased)
	far(t, "mean with one β for all", biased, 1, seBiased)
}

// A constant control changes nothing, a perfect one leaves no noise.
func TestControlVariateExtremes(t *testing.T) {
	x := make([]float64, 3)
	g := normalPart(false)
	constant := func(grad, _ []float64, _ stochopt.Sample) (float64, error) { return controlMean(grad, nil), nil }
	mean := func(grad, _ []float64) float64 {
		for j := range grad {
			grad[j] = 1 + float64(j)
		}
		return 4
	}
	for k := range 20 {
		s := stochopt.Sample{Step: k}
		f, grad := evaluate(t, gradient.ControlVariate{Control: constant, Mean: controlMean, Draws: 9}.Oracle(g), x, s)
		want, wantGrad := evaluate(t, gradient.Average(g, 9, 1), x, s)
		for j, v := range append(grad, f) {
			if !(math.Abs(v-append(wantGrad, want)[j]) <= 1e-13) {
				t.Errorf("constant control: %v, the mean is %v", v, append(wantGrad, want)[j])
			}
		}
		f, grad = evaluate(t, gradient.ControlVariate{Control: g, Mean: mean, Draws: 9}.Oracle(g), x, s)
		for j, v := range append(grad, f) {
			if !(math.Abs(v-1-float64(j)) <= 1e-13) {
				t.Errorf("perfect control: component %d is %v", j, v)
			}
		}
	}
}

func TestControlVariateIsAFunctionOfTheSample(t *testing.T) {
	const samples = 20
	for name, cv := range map[string]gradient.ControlVariate{
		"estimated": {Control: normalPart(true), Mean: controlMean, Draws: 8},
		"given":     {Control: normalPart(true), Mean: controlMean, Beta: ones},
	} {
		x := make([]float64, 3)
		var want []float64
		for k := range samples {
			f, g := evaluate(t, cv.Oracle(normalPart(false)), x, stochopt.Sample{Step: k})
			want = append(want, append(g, f)...)
		}
		o := cv.Oracle(normalPart(false))
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 0))
				g := make([]float64, 3)
				for range 2 * samples {
					k := r.IntN(samples)
					f, err := o(g, x, stochopt.Sample{Step: k})
					alone, _ := o(nil, x, stochopt.Sample{Step: k})
					if err != nil || alone != f || !slices.Equal(append(slices.Clone(g), f), want[4*k:4*k+4]) {
						t.Errorf("%s, Sample %d: %v %v %v, want %v", name, k, g, f, alone, want[4*k:4*k+4])
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestControlVariateFailures(t *testing.T) {
	bad := errors.New("bad")
	fails := func(_, _ []float64, s stochopt.Sample) (float64, error) {
		if s.Replicate%8 == 5 || s.Step == 1 {
			return 0, bad
		}
		return 0, nil
	}
	works := func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 0, nil }
	zero := func(_, _ []float64) float64 { return 0 }
	x := []float64{1}
	for _, c := range []struct{ g, c stochopt.Oracle }{{fails, works}, {works, fails}} {
		for _, o := range []stochopt.Oracle{
			gradient.ControlVariate{Control: c.c, Mean: zero, Draws: 8}.Oracle(c.g),
			gradient.ControlVariate{Control: c.c, Mean: zero, Beta: ones}.Oracle(c.g),
		} {
			if _, err := o(make([]float64, 1), x, stochopt.Sample{Step: 1}); err != bad {
				t.Errorf("error %v", err)
			}
		}
	}
	for want, f := range map[string]func(){
		"gradient: ControlVariate.Oracle of nil":      func() { gradient.ControlVariate{Control: works, Mean: zero, Draws: 8}.Oracle(nil) },
		"gradient: ControlVariate.Control is nil":     func() { gradient.ControlVariate{Mean: zero, Draws: 8}.Oracle(works) },
		"gradient: ControlVariate.Mean is nil":        func() { gradient.ControlVariate{Control: works, Draws: 8}.Oracle(works) },
		"gradient: ControlVariate.Draws = 0, want >=": func() { gradient.ControlVariate{Control: works, Mean: zero}.Oracle(works) },
		"gradient: ControlVariate.Draws = 7, want >=": func() { gradient.ControlVariate{Control: works, Mean: zero, Draws: 7}.Oracle(works) },
		"gradient: ControlVariate.Draws = 8, want 0": func() {
			gradient.ControlVariate{Control: works, Mean: zero, Draws: 8, Beta: ones}.Oracle(works)
		},
	} {
		wantPanic(t, want, f)
	}
}

func TestControlVariateAllocations(t *testing.T) {
	fs := line(100)
	x, grad := []float64{1, 2}, make([]float64, 2)
	for name, cv := range map[string]gradient.ControlVariate{
		"estimated": {Control: fs.Sampled(3), Mean: func(_, _ []float64) float64 { return 1 }, Draws: 8},
		"given":     {Control: fs.Sampled(3), Mean: func(_, _ []float64) float64 { return 1 }, Beta: ones},
	} {
		o := cv.Oracle(fs.Sampled(2))
		k := 0
		if got := testing.AllocsPerRun(200, func() { o(grad, x, stochopt.Sample{Step: k}); k++ }); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

func ExampleControlVariate() {
	// F = E cos(x ξ) for normal ξ. The control is the Taylor polynomial 1 - x²ξ²/2, whose mean is 1 - x²/2.
	cosine := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		xi := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = -xi * math.Sin(x[0]*xi)
		}
		return math.Cos(x[0] * xi), nil
	}
	cv := gradient.ControlVariate{
		Control: func(grad, x []float64, s stochopt.Sample) (float64, error) {
			xi := s.Rand().NormFloat64()
			if grad != nil {
				grad[0] = -x[0] * xi * xi
			}
			return 1 - x[0]*x[0]*xi*xi/2, nil
		},
		Mean: func(grad, x []float64) float64 {
			if grad != nil {
				grad[0] = -x[0]
			}
			return 1 - x[0]*x[0]/2
		},
		Draws: 100,
	}
	x, grad := []float64{0.5}, make([]float64, 1)
	for _, o := range []stochopt.Oracle{gradient.Average(cosine, 100, 1), cv.Oracle(cosine)} {
		f, err := o(grad, x, stochopt.Sample{Seed: 1})
		fmt.Printf("%+.4f %+.4f %v\n", f-math.Exp(-0.125), grad[0]+0.5*math.Exp(-0.125), err)
	}
	// Output:
	// +0.0075 +0.0236 <nil>
	// -0.0010 -0.0078 <nil>
}

func BenchmarkControlVariate(b *testing.B) {
	fs := line(10_000)
	x, grad := []float64{1, 2}, make([]float64, 2)
	zero := func(_, _ []float64) float64 { return 0 }
	for name, o := range map[string]stochopt.Oracle{
		"alone":     fs.Sampled(32),
		"given":     gradient.ControlVariate{Control: fs.Sampled(32), Mean: zero, Beta: ones}.Oracle(fs.Sampled(32)),
		"estimated": gradient.ControlVariate{Control: fs.Sampled(32), Mean: zero, Draws: 8}.Oracle(fs.Sampled(32)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o(grad, x, stochopt.Sample{})
			}
		})
	}
}
