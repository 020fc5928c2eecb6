package gradient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/floats/scalar"
)

func TestECNoiseGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/ecnoise.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name, Verdict string
			Values        []float64
			Sigma         float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	status := map[string]gradient.NoiseStatus{
		"found": gradient.NoiseFound, "too small": gradient.SpacingTooSmall, "too large": gradient.SpacingTooLarge,
	}
	verdicts := map[string]int{}
	for _, c := range golden.Cases {
		keep := slices.Clone(c.Values)
		sigma, got := gradient.ECNoise(c.Values)
		if got != status[c.Verdict] || !scalar.EqualWithinRel(sigma, c.Sigma, 1e-12) {
			t.Errorf("%s, %d values: %v, %v, want %v, %v", c.Name, len(c.Values), sigma, got, c.Sigma, c.Verdict)
		}
		if !slices.Equal(c.Values, keep) {
			t.Errorf("%s: the values are changed", c.Name)
		}
		verdicts[c.Verdict]++
	}
	if len(verdicts) != 3 || verdicts["found"] < 20 {
		t.Errorf("%v: not all verdicts are tested", verdicts)
	}
}

// rates returns how often noise of standard deviation 1 is found in n values, and of these how often the level is
// within a factor 2 and 4, and its rms.
func rates(n int, noise func() float64) (found, two, four, rms float64) {
	const runs = 20_000
	values := make([]float64, n)
	for range runs {
		for i := range values {
			s, c := math.Sincos(0.01 * float64(i-n/2))
			values[i] = s + c + 1e-3*noise()
		}
		sigma, status := gradient.ECNoise(values)
		if status != gradient.NoiseFound {
			continue
		}
		found++
		ratio := sigma / 1e-3
		off := math.Abs(math.Log2(ratio))
		if off <= 1 {
			two++
		}
		if off <= 2 {
			four++
		}
		rms += ratio * ratio
	}
	return found / runs, two / found, four / found, math.Sqrt(rms / found)
}

// The rates that are published for cos t + sin t.
func TestECNoiseRates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	uniform := func() float64 { return math.Sqrt(12) * (r.Float64() - 0.5) }
	for _, c := range []struct {
		n                     int
		name                  string
		noise                 func() float64
		found, two, four, rms float64
	}{
		{7, "normal", r.NormFloat64, 0.9986, 0.87, 0.989, 1.003},
		{9, "normal", r.NormFloat64, 1, 0.92, 0.997, 1.003},
		{7, "uniform", uniform, 0.9986, 0.91, 0.993, 1},
	} {
		found, two, four, rms := rates(c.n, c.noise)
		t.Logf("%d values, %s noise: found %.4f, within a factor 2 %.4f, 4 %.4f, rms %.4f", c.n, c.name, found, two, four, rms)
		for _, p := range [][2]float64{{found, c.found}, {two, c.two}, {four, c.four}, {rms, c.rms}} {
			if math.Abs(p[0]-p[1]) > 0.01 {
				t.Errorf("%d values, %s noise: %.4f, want %.4f within 0.01", c.n, c.name, p[0], p[1])
			}
		}
	}
	// The companions: five values do not do as well, nor does the standard deviation of the values, which has the trend
	// in it.
	if found, two, _, _ := rates(5, r.NormFloat64); found > 0.98 && two > 0.86 {
		t.Errorf("5 values: found %v, within a factor 2 %v: the test cannot fail", found, two)
	}
	var square float64
	for i := range 7 {
		s, c := math.Sincos(0.01 * float64(i-3))
		square += (s + c - 1) * (s + c - 1) / 7
	}
	if math.Sqrt(square) < 4*1e-3 {
		t.Errorf("the trend is only %v: the test cannot fail", math.Sqrt(square))
	}
}

// The estimates of order 3 and above do not see a polynomial of degree 2.
func TestECNoisePolynomial(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	agree := 0
	for range 1000 {
		noise, values := make([]float64, 9), make([]float64, 9)
		for i := range noise {
			noise[i] = r.NormFloat64()
			values[i] = 1e5 + 30*float64(i) + 20*float64(i*i) + noise[i]
		}
		// σ_3 and σ_4 of the noise alone
		level := func(k int, gamma float64) float64 {
			d := slices.Clone(noise)
			for range k {
				for i := range len(d) - 1 {
					d[i] = d[i+1] - d[i]
				}
				d = d[:len(d)-1]
			}
			return math.Sqrt(gamma * floats.Dot(d, d) / float64(len(d)))
		}
		sigma, status := gradient.ECNoise(values)
		if status != gradient.NoiseFound {
			continue
		}
		if scalar.EqualWithinRel(sigma, level(3, 1./20), 1e-9) || scalar.EqualWithinRel(sigma, level(4, 1./70), 1e-9) ||
			scalar.EqualWithinRel(sigma, level(5, 1./252), 1e-9) || scalar.EqualWithinRel(sigma, level(6, 1./924), 1e-9) {
			agree++
		} else {
			t.Errorf("noise %v, of order 3 %v: the polynomial is in it", sigma, level(3, 1./20))
		}
	}
	if agree < 950 {
		t.Errorf("found in %d of 1000", agree)
	}
}

func TestECNoiseMisc(t *testing.T) {
	// A constant changes the verdict.
	values := []float64{0.3, -0.2, 0.1, -0.7, 0.5, 0.2, -0.4}
	if _, status := gradient.ECNoise(values); status != gradient.SpacingTooLarge {
		t.Errorf("around 0: %v", status)
	}
	floats.AddConst(100, values)
	if _, status := gradient.ECNoise(values); status != gradient.NoiseFound {
		t.Errorf("around 100: %v", status)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		values[2] = bad
		if sigma, status := gradient.ECNoise(values); status != gradient.SpacingTooLarge || sigma != 0 {
			t.Errorf("with %v: %v, %v", bad, sigma, status)
		}
	}
	wantPanic(t, "gradient: ECNoise of 3 values", func() { gradient.ECNoise(values[:3]) })
	for s := range gradient.NoiseFree + 2 {
		if s.String() == "" {
			t.Errorf("NoiseStatus(%d) has no text", int(s))
		}
	}
}

// wave has noise of standard deviation 1e-3, which its Sample names, and jumps of 1e-8 between multiples of 1e-5.
func wave(_, x []float64, s stochopt.Sample) (float64, error) {
	var jumps float64
	for _, v := range x {
		pcg := rand.NewPCG(uint64(int64(math.Floor(v/1e-5))), 1)
		jumps += 1e-8 * rand.New(pcg).NormFloat64()
	}
	return 2 + math.Sin(x[0]+x[1]) + jumps + 1e-3*s.Rand().NormFloat64(), nil
}

func TestNoiseMeter(t *testing.T) {
	x, p := []float64{0.4, 0.3}, []float64{1, -0.5}
	var fresh, one, within float64
	const runs = 300
	for k := range runs {
		s := stochopt.Sample{Seed: 1, Step: k}
		// The whole noise.
		r, err := gradient.NoiseMeter{}.FreshSamples(wave, x, p, s)
		if err != nil || r.Status != gradient.NoiseFound || r.Evaluations%7 != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		fresh += r.Sigma * r.Sigma
		if math.Abs(math.Log2(r.Sigma/1e-3)) <= 2 {
			within++
		}
		// That of one Sample: jumps, √2 1e-8 for the two variables, once the spacing is large enough to see them.
		at := []float64{x[0] + 1e-4*float64(k), x[1]}
		r, err = gradient.NoiseMeter{Spacing: 3e-5}.OneSample(wave, at, []float64{1, -1}, s)
		if err != nil || r.Status != gradient.NoiseFound {
			t.Fatalf("%+v, %v", r, err)
		}
		one += r.Sigma * r.Sigma
	}
	if within /= runs; math.Abs(within-0.989) > 5*math.Sqrt(0.989*0.011/runs) {
		t.Errorf("within a factor 4: %v, want 0.989", within)
	}
	fresh, one = math.Sqrt(fresh/runs), math.Sqrt(one/runs)
	if math.Abs(fresh/1e-3-1) > 0.1 || math.Abs(one/(math.Sqrt2*1e-8)-1) > 0.1 {
		t.Errorf("noise %v and %v, want 1e-3 and 1.4e-8", fresh, one)
	}
}

func TestNoiseMeterSpacing(t *testing.T) {
	one := []float64{1}
	for _, c := range []struct {
		name      string
		m         gradient.NoiseMeter
		f         func(x float64) float64
		x         float64
		status    gradient.NoiseStatus
		low, high float64 // of Sigma
		most      int     // evaluations
	}{
		{"exp", gradient.NoiseMeter{}, math.Exp, 1, gradient.NoiseFound, 2e-17, 4e-16, 7},
		{"9 points", gradient.NoiseMeter{Points: 9}, math.Exp, 1, gradient.NoiseFound, 2e-17, 4e-16, 9},
		{"too large at first", gradient.NoiseMeter{Spacing: 1}, math.Exp, 1, gradient.NoiseFound, 2e-17, 4e-16, 28},
		{"too small at first", gradient.NoiseMeter{Spacing: 1e-17}, math.Exp, 1, gradient.NoiseFound, 2e-17, 4e-16, 21},
		{"without retries", gradient.NoiseMeter{Spacing: 0.5, Retries: -1}, math.Exp, 1, gradient.SpacingTooLarge, 0, 0, 7},
		{"one retry", gradient.NoiseMeter{Spacing: 1e-20, Retries: 1}, func(x float64) float64 { return math.Floor(1e9 * x) }, 1 + 1e-12, gradient.NoiseFree, 0, 0, 14},
		{"at a zero", gradient.NoiseMeter{}, math.Sin, 0, gradient.NoiseFound, 1e-25, 1e-20, 14},
		{"jumps around 0", gradient.NoiseMeter{Spacing: 1e-3}, func(x float64) float64 { return math.Sin(1e9 * x * x) }, 1.1, gradient.NoiseFound, 0.1, 3, 14},
		{"constant", gradient.NoiseMeter{}, func(float64) float64 { return 3 }, 1, gradient.NoiseFree, 0, 0, 28},
		{"zero", gradient.NoiseMeter{}, func(float64) float64 { return 0 }, 1, gradient.NoiseFree, 0, 0, 28},
		{"line", gradient.NoiseMeter{Spacing: 0x1p-20}, func(x float64) float64 { return 3*x + 1 }, 1, gradient.NoiseFree, 0, 0, 7},
		{"parabola", gradient.NoiseMeter{Spacing: 0x1p-20}, func(x float64) float64 { return x*x + 1 }, 1, gradient.NoiseFree, 0, 0, 7},
		{"domain", gradient.NoiseMeter{Spacing: 1}, func(x float64) float64 { return 3 + math.Sqrt(x) }, 0.11, gradient.NoiseFound, 2e-17, 4e-16, 28},
	} {
		calls := 0
		f := gradient.Func(func(x []float64) float64 { calls++; return c.f(x[0]) })
		r, err := c.m.OneSample(f, []float64{c.x}, one, stochopt.Sample{})
		if err != nil || r.Status != c.status || r.Sigma < c.low || r.Sigma > c.high || r.Evaluations > c.most || r.Evaluations != calls {
			t.Errorf("%s: %+v, %v after %d calls, want %v within [%v, %v] after at most %d", c.name, r, err, calls, c.status, c.low, c.high, c.most)
		}
	}
	// The companion: ECNoise alone does not find noise at a zero of f at any spacing.
	for h := 1e-6; h > 1e-13; h /= 100 {
		values := make([]float64, 7)
		for i := range values {
			values[i] = math.Sin(h * float64(i-3))
		}
		if _, status := gradient.ECNoise(values); status != gradient.SpacingTooLarge {
			t.Errorf("spacing %v at a zero: %v: the test cannot fail", h, status)
		}
	}
}

func TestNoiseMeterSamples(t *testing.T) {
	x := []float64{1, 2}
	s := stochopt.Sample{Seed: 1, Step: 2, Probe: 3, Replicate: 4}
	var seen []stochopt.Sample
	var points [][]float64
	o := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if grad != nil {
			t.Error("a gradient is asked for")
		}
		seen, points = append(seen, s), append(points, slices.Clone(x))
		return 5, nil // too small a spacing for ever
	}
	m := gradient.NoiseMeter{Points: 5, Retries: 2, Spacing: 0.01}
	if r, err := m.FreshSamples(o, x, []float64{0, 2}, s); err != nil || r.Status != gradient.NoiseFree || r.Evaluations != 15 || r.Spacing != 100 {
		t.Errorf("%+v, %v", r, err)
	}
	for k, got := range seen {
		want := s
		want.Replicate = 4*15 + k
		if got != want {
			t.Errorf("evaluation %d: %+v, want %+v", k, got, want)
		}
		h := 0.01 * math.Pow(100, float64(k/5))
		if p := points[k]; p[0] != 1 || !scalar.EqualWithinRel(p[1], 2+2*h*float64(k%5-2), 1e-12) {
			t.Errorf("evaluation %d at %v", k, p)
		}
	}
	seen = seen[:0]
	m.OneSample(o, x, []float64{0, 2}, s)
	for k, got := range seen {
		if got != s {
			t.Errorf("evaluation %d: %+v, want %+v", k, got, s)
		}
	}
	if !slices.Equal(x, []float64{1, 2}) {
		t.Error("x is changed")
	}
}

func TestNoiseMeterFailures(t *testing.T) {
	x, bad := []float64{1}, errors.New("bad")
	f := gradient.Func(func(x []float64) float64 { return x[0] })
	broken := func(_, _ []float64, _ stochopt.Sample) (float64, error) { return 0, bad }
	if r, err := (gradient.NoiseMeter{}).OneSample(broken, x, x, stochopt.Sample{}); err != bad || r.Evaluations != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	nan := gradient.Func(func([]float64) float64 { return math.NaN() })
	if _, err := (gradient.NoiseMeter{}).OneSample(nan, x, x, stochopt.Sample{}); err == nil {
		t.Error("NaN at x is no error")
	}
	meter := func(m gradient.NoiseMeter, f stochopt.Oracle, x, p []float64) func() {
		return func() { m.OneSample(f, x, p, stochopt.Sample{}) }
	}
	wantPanic(t, "gradient: NoiseMeter with a nil Oracle", meter(gradient.NoiseMeter{}, nil, x, x))
	wantPanic(t, "NoiseMeter.Points = 3", meter(gradient.NoiseMeter{Points: 3}, f, x, x))
	wantPanic(t, "NoiseMeter.Retries = -2", meter(gradient.NoiseMeter{Retries: -2}, f, x, x))
	wantPanic(t, "NoiseMeter.Spacing = NaN", meter(gradient.NoiseMeter{Spacing: math.NaN()}, f, x, x))
	wantPanic(t, "NoiseMeter.Spacing = -1", meter(gradient.NoiseMeter{Spacing: -1}, f, x, x))
	wantPanic(t, "len(p) = 0, len(x) = 1", meter(gradient.NoiseMeter{}, f, x, nil))
	wantPanic(t, "x without variables", meter(gradient.NoiseMeter{}, f, nil, nil))
	for _, p := range []float64{0, math.NaN(), math.Inf(1)} {
		wantPanic(t, "is not a direction", meter(gradient.NoiseMeter{}, f, x, []float64{p}))
	}
}

func ExampleECNoise() {
	// A thermometer read at equal intervals: the trend is no noise.
	values := []float64{20.04, 20.11, 20.32, 20.38, 20.51, 20.72, 20.79}
	sigma, status := gradient.ECNoise(values)
	fmt.Printf("%.3f %v\n", sigma, status)
	// Output: 0.049 noise found
}

func ExampleNoiseMeter() {
	// The mean of 100 exponential waiting times of mean x², counted in hundredths.
	f := func(_, x []float64, s stochopt.Sample) (sum float64, err error) {
		r := s.Rand()
		for range 100 {
			sum += x[0] * x[0] * r.ExpFloat64() / 100
		}
		return math.Floor(100*sum) / 100, nil
	}
	x := []float64{3}
	whole, err := gradient.NoiseMeter{}.FreshSamples(f, x, []float64{1}, stochopt.Sample{Seed: 1})
	fmt.Printf("%v, between 0.9/4 and 0.9*4: %v, %v\n", whole.Status, whole.Sigma > 0.9/4 && whole.Sigma < 0.9*4, err)
	one, err := gradient.NoiseMeter{}.OneSample(f, x, []float64{1}, stochopt.Sample{Seed: 1})
	fmt.Printf("%v, less than 0.01: %v, %v\n", one.Status, one.Sigma < 0.01, err)
	// Output:
	// noise found, between 0.9/4 and 0.9*4: true, <nil>
	// noise found, less than 0.01: true, <nil>
}
