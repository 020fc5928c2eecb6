package infer_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/infer"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// Quantiles by adaptive quadrature in another variable, u = c cosh v, and Brent's method (scipy 1.8.1 or later, testdata/
// critical.py); those for 80, 90, 95 and 98 % are in table I of Abadir and Paruolo 1997 to three digits.
func TestCriticalValue(t *testing.T) {
	for _, c := range []struct{ level, want, tol float64 }{
		{0.01, 0.033146255954, 1e-6}, {0.1, 0.332825579082, 1e-10}, {0.5, 1.859605167182, 1e-10}, {0.8, 3.874881280722, 1e-10},
		{0.9, 5.322679900530, 1e-10}, {0.95, 6.747302109173, 1e-10}, {0.98, 8.613187246073, 1e-10}, {0.99, 10.017267063830, 1e-10},
		{0.999, 14.659021932073, 1e-10}, {0.999999, 28.516377850693, 1e-8},
	} {
		if got := infer.CriticalValue(c.level); !(math.Abs(got-c.want) < c.tol*max(1, c.want)) {
			t.Errorf("level %v: %.12f, want %.12f", c.level, got, c.want)
		}
	}
	for _, bad := range []float64{0, 1, -0.1, 1.5, math.NaN()} {
		wantPanic(t, "infer: level = ", func() { infer.CriticalValue(bad) })
	}
}

// V_n by its definition.
func TestRandomScalingV(t *testing.T) {
	const n, dim, start = 40, 3, 7
	r := rand.New(rand.NewPCG(1, 2))
	full, diag := &infer.RandomScaling{Start: start, Full: true}, &infer.RandomScaling{Start: start}
	var xs [][]float64
	for k := range n {
		x := []float64{r.NormFloat64() + 10, r.NormFloat64(), 3}
		x[1] += x[0]
		full.Add(x)
		diag.Add(x)
		if k >= start {
			xs = append(xs, x)
		}
	}
	m := float64(len(xs))
	means := make([][]float64, len(xs)) // x̄_s
	sum := make([]float64, dim)
	for s, x := range xs {
		floats.Add(sum, x)
		means[s] = make([]float64, dim)
		floats.ScaleTo(means[s], 1/float64(s+1), sum)
	}
	last := means[len(xs)-1]
	if full.N() != len(xs) || !floats.EqualApprox(full.Mean(), last, 1e-12) || !floats.EqualApprox(diag.Mean(), last, 1e-12) {
		t.Errorf("mean of %d: %v, %v, want of %d: %v", full.N(), full.Mean(), diag.Mean(), len(xs), last)
	}
	v := full.V()
	for i := range dim {
		for j := range dim {
			var want float64
			for s := range means {
				want += float64((s+1)*(s+1)) * (means[s][i] - last[i]) * (means[s][j] - last[j]) / (m * m)
			}
			if got := v.At(i, j); !(math.Abs(got-want) < 1e-10*max(1, math.Abs(want))) {
				t.Errorf("V[%d, %d] = %v, want %v", i, j, got, want)
			}
		}
		lo, hi := full.Interval(i, 0.95)
		half := 6.747302 * math.Sqrt(v.At(i, i)/m)
		if l, h := diag.Interval(i, 0.95); math.Abs(hi-lo-2*half) > 1e-5 || math.Abs(l-lo) > 1e-9 || math.Abs(h-hi) > 1e-9 {
			t.Errorf("interval %d: [%v, %v], diagonal [%v, %v], half-width %v", i, lo, hi, l, h, half)
		}
		w := make([]float64, dim)
		w[i] = 1
		if l, h := full.Contrast(w, 0.95); math.Abs(l-lo) > 1e-9 || math.Abs(h-hi) > 1e-9 {
			t.Errorf("contrast %d: [%v, %v], want [%v, %v]", i, l, h, lo, hi)
		}
	}
}

// On independent observations the size is 5 %; the companion takes the normal quantile.
func TestRandomScalingSize(t *testing.T) {
	const runs, n = 4000, 200
	r := rand.New(rand.NewPCG(3, 4))
	miss, normal := 0, 0
	x := make([]float64, 1)
	for range runs {
		s := infer.RandomScaling{Full: true}
		for range n {
			x[0] = r.NormFloat64()
			s.Add(x)
		}
		u := math.Abs(s.Mean()[0]) * math.Sqrt(n/s.V().At(0, 0))
		if u > 6.747302 {
			miss++
		}
		if u > 1.96 {
			normal++
		}
	}
	se := math.Sqrt(0.05 * 0.95 / runs)
	if got := float64(miss) / runs; !(math.Abs(got-0.05) < 5*se) {
		t.Errorf("size %.4f, want 0.05 ± %.4f", got, 5*se)
	}
	if got := float64(normal) / runs; got < 0.05+5*se {
		t.Errorf("with the normal quantile: size %.4f; the test cannot fail", got)
	}
}

// The variance of the mean of SGD's iterates at constant step from the minimum: Σ(1-qᵏ)² s²/(λT)², with T = 100, α = 0.1,
// λ = 2, s = 1.5. The companion is its limit s²/(λ²T).
func TestMeanOfSGD(t *testing.T) {
	const runs, steps, alpha, lambda, sd = 4000, 100, 0.1, 2, 1.5
	p := stochopt.Problem{Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		xi := sd * s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = lambda*x[0] + xi
		}
		return lambda*x[0]*x[0]/2 + xi*x[0], nil
	}}
	var sum, square float64
	for k := range runs {
		p.Seed = uint64(k)
		rec := &infer.RandomScaling{Start: 1} // the initial point
		_, err := stochopt.Minimize(context.Background(), p, []float64{0},
			&optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: steps + 2, Recorder: rec}, &method.SGD{StepSize: alpha})
		if err != nil || rec.N() != steps {
			t.Fatal(err, rec.N())
		}
		m := rec.Mean()[0]
		sum += m
		square += m * m
	}
	want := 0.0
	for k := 1; k <= steps; k++ {
		want += math.Pow((1-math.Pow(1-alpha*lambda, float64(k)))*sd/(lambda*steps), 2)
	}
	if math.Abs(want-0.0052750) > 1e-6 {
		t.Errorf("closed form %v", want)
	}
	se := math.Sqrt(2.0 / runs)
	if got := square / runs; !(math.Abs(got/want-1) < 5*se) {
		t.Errorf("variance %v, want %v", got, want)
	}
	if limit := sd * sd / (lambda * lambda * steps); limit/want-1 < 0.06 {
		t.Errorf("the limit %v is not told apart", limit)
	}
	if mean := sum / runs; math.Abs(mean) > 5*math.Sqrt(want/runs) {
		t.Errorf("mean %v", mean)
	}
}

// decaying runs SGD with steps like t^-0.6 on a quadratic with unit curvature and noise, from its minimum 0.
func decaying(t *testing.T, seed uint64, steps int, rec optimize.Recorder) {
	t.Helper()
	p := stochopt.Problem{Seed: seed, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		pcg := s.PCG()
		xi := rand.New(&pcg).NormFloat64()
		if grad != nil {
			grad[0] = x[0] + xi
		}
		return x[0]*x[0]/2 + xi*x[0], nil
	}}
	_, err := stochopt.Minimize(context.Background(), p, []float64{0},
		&optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: steps, Recorder: rec},
		&method.SGD{StepSize: 0.5, Schedule: schedule.Power(0, 0.6)})
	if err != nil {
		t.Fatal(err)
	}
}

// Coverage of the Recorders on runs of SGD, as inequalities: both are only asymptotically right. The companion is batch
// means with batches much shorter than the memory of the iterates.
func TestRecorderCoverage(t *testing.T) {
	const runs, steps = 300, 5000
	var scaling, batch, short int
	var variance float64
	for k := range runs {
		s, b, c := &infer.RandomScaling{Start: 200}, &infer.BatchMeans{}, &infer.BatchMeans{Power: 0.001, Spread: 50}
		decaying(t, uint64(k), steps, both{s, b, c})
		for _, r := range []struct {
			interval func(int, float64) (lo, hi float64)
			count    *int
		}{{s.Interval, &scaling}, {b.Interval, &batch}, {c.Interval, &short}} {
			if lo, hi := r.interval(0, 0.95); lo <= 0 && 0 <= hi {
				*r.count++
			}
		}
		variance += b.StdErr(0) * b.StdErr(0) * float64(b.N()) / runs
	}
	for _, c := range []struct {
		name     string
		count    int
		low, top float64
	}{{"random scaling", scaling, 0.90, 0.97}, {"batch means", batch, 0.85, 0.97}, {"short batches", short, 0, 0.7}} {
		if got := float64(c.count) / runs; got < c.low || got > c.top {
			t.Errorf("%s: coverage %.3f, want in [%v, %v]", c.name, got, c.low, c.top)
		} else {
			t.Logf("%s: coverage %.3f", c.name, got)
		}
	}
	if variance < 0.6 || variance > 1.1 {
		t.Errorf("batch means: variance %v, want somewhat below 1", variance)
	}
}

// both hands everything to several Recorders.
type both []optimize.Recorder

func (b both) Init() error {
	for _, r := range b {
		if err := r.Init(); err != nil {
			return err
		}
	}
	return nil
}

func (b both) Record(l *optimize.Location, op optimize.Operation, s *optimize.Stats) error {
	for _, r := range b {
		if err := r.Record(l, op, s); err != nil {
			return err
		}
	}
	return nil
}

// Batch means by their definition.
func TestBatchMeansDefinition(t *testing.T) {
	const n = 1000
	r := rand.New(rand.NewPCG(5, 6))
	b := &infer.BatchMeans{Power: 0.5, Spread: 2}
	var xs []float64
	for range n {
		xs = append(xs, 5+r.NormFloat64())
		b.Add(xs[len(xs)-1:])
	}
	end := func(k int) int { return 4 * (k + 1) * (k + 1) } // ((k+1) 2)^(1/0.5)
	var sizes, means []float64
	for k := 1; end(k) <= n; k++ {
		part := xs[end(k-1):end(k)]
		sizes = append(sizes, float64(len(part)))
		means = append(means, floats.Sum(part)/float64(len(part)))
	}
	grand := floats.Dot(sizes, means) / floats.Sum(sizes)
	var sigma float64
	for k, m := range means {
		sigma += sizes[k] * (m - grand) * (m - grand) / float64(len(means)-1)
	}
	all := xs[end(0):]
	if got, want := b.StdErr(0), math.Sqrt(sigma/float64(len(all))); !(math.Abs(got/want-1) < 1e-10) {
		t.Errorf("standard error %v, want %v", got, want)
	}
	if b.Batches() != len(means) || b.N() != len(all) || math.Abs(b.Mean()[0]-floats.Sum(all)/float64(len(all))) > 1e-12 {
		t.Errorf("%d batches, mean %v of %d", b.Batches(), b.Mean(), b.N())
	}
}

func TestRecordersDoNotAllocate(t *testing.T) {
	x := []float64{1, 2, 3}
	for name, add := range map[string]func([]float64){
		"RandomScaling": (&infer.RandomScaling{}).Add,
		"full":          (&infer.RandomScaling{Full: true}).Add,
		"BatchMeans":    (&infer.BatchMeans{}).Add,
	} {
		add(x)
		if n := testing.AllocsPerRun(100, func() { add(x) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestRecordersPanic(t *testing.T) {
	var s infer.RandomScaling
	wantPanic(t, "RandomScaling.Interval of 0 iterates", func() { s.Interval(0, 0.9) })
	s.Add([]float64{1})
	s.Add([]float64{2})
	wantPanic(t, "RandomScaling.Interval: component 1 of 1", func() { s.Interval(1, 0.9) })
	wantPanic(t, "level = 95", func() { s.Interval(0, 95) })
	wantPanic(t, "RandomScaling.V without RandomScaling.Full", func() { s.V() })
	wantPanic(t, "RandomScaling.Add: length 2, want 1", func() { s.Add([]float64{1, 2}) })
	wantPanic(t, "RandomScaling.Start = -1", func() { (&infer.RandomScaling{Start: -1}).Init() })
	var b infer.BatchMeans
	wantPanic(t, "BatchMeans.StdErr of 0 complete batches", func() { b.StdErr(0) })
	wantPanic(t, "BatchMeans.Power = 1", func() { (&infer.BatchMeans{Power: 1}).Init() })
	wantPanic(t, "BatchMeans.Spread = -2", func() { (&infer.BatchMeans{Spread: -2}).Init() })
	if s.Init(); s.N() != 0 || s.Mean() != nil {
		t.Error("Init has not forgotten")
	}
}

func wantPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); !strings.Contains(fmt.Sprint(v), text) {
			t.Errorf("panic %v, want %q", v, text)
		}
	}()
	f()
}

func ExampleRandomScaling() {
	// The mean of the iterates of a run of SGD, with an interval.
	p := stochopt.Problem{Seed: 1, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		xi := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 2 + xi
		}
		return (x[0]-2)*(x[0]-2)/2 + xi*x[0], nil
	}}
	rec := &infer.RandomScaling{Start: 1000}
	stochopt.Minimize(context.Background(), p, []float64{0},
		&optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 20_000, Recorder: rec},
		&method.SGD{StepSize: 0.5, Schedule: schedule.Power(0, 0.6)})
	lo, hi := rec.Interval(0, 0.95)
	fmt.Printf("%.3f, 95%% interval %.3f to %.3f\n", rec.Mean(), lo, hi)
	// Output: [2.007], 95% interval 1.999 to 2.016
}

func ExampleBatchMeans() {
	p := stochopt.Problem{Seed: 1, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		xi := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 2 + xi
		}
		return (x[0]-2)*(x[0]-2)/2 + xi*x[0], nil
	}}
	rec := &infer.BatchMeans{}
	stochopt.Minimize(context.Background(), p, []float64{0},
		&optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 20_000, Recorder: rec},
		&method.SGD{StepSize: 0.5, Schedule: schedule.Power(0, 0.6)})
	fmt.Printf("%.3f ± %.3f by %d batches\n", rec.Mean(), rec.StdErr(0), rec.Batches())
	// Output: [2.008] ± 0.005 by 12 batches
}

func ExampleCriticalValue() {
	fmt.Printf("%.4f\n", infer.CriticalValue(0.95))
	// Output: 6.7473
}
