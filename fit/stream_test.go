package fit_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/infer"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// offsetDecay is a exp(-k x) + c.
var offsetDecay = fit.Model{
	Parameters: []string{"a", "k", "c"},
	Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1], grad[2] = e, -b[0]*x[0]*e, 1
		}
		return b[0]*e + b[2]
	},
}

// bump is a Gaussian peak on a constant.
var bump = fit.Model{
	Parameters: []string{"height", "center", "width", "base"},
	Func: func(grad, b, x []float64) float64 {
		z := (x[0] - b[1]) / b[2]
		e := math.Exp(-z * z / 2)
		if grad != nil {
			grad[0], grad[1], grad[2], grad[3] = e, b[0]*e*z/b[2], b[0]*e*z*z/b[2], 1
		}
		return b[0]*e + b[3]
	},
}

// population is where the points of a stream come from: x is uniform over [lo, hi], y = f(x; b) + sd(x) times a normal.
type population struct {
	m         fit.Model
	b, start  []float64
	lo, hi    float64
	sd        func(x float64) float64
	different bool // errors of unequal variance
}

func decays() population {
	return population{m: offsetDecay, b: []float64{5, 0.7, 1}, start: []float64{2, 2, 0}, hi: 5, sd: func(float64) float64 { return 0.5 }}
}

// bumps has errors that grow with the signal.
func bumps() population {
	return population{m: bump, b: []float64{5, 500, 2, 1}, start: []float64{3, 503, 3, 0}, lo: 480, hi: 520,
		sd: func(x float64) float64 { return 0.1 + math.Exp(-(x-500)*(x-500)/8) }, different: true}
}

func (q population) next(seed uint64) fit.Next {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func(p *fit.Point) error {
		x := q.lo + (q.hi-q.lo)*rng.Float64()
		p.X = append(p.X[:0], x)
		p.Y = append(p.Y[:0], q.m.Func(nil, q.b, p.X)+q.sd(x)*rng.NormFloat64())
		return nil
	}
}

// of limits a stream to n points.
func of(n int, next fit.Next) fit.Next {
	return func(p *fit.Point) error {
		if n--; n < 0 {
			return io.EOF
		}
		return next(p)
	}
}

// keep reads all points of a stream.
func keep(t *testing.T, next fit.Next) (d fit.Data) {
	t.Helper()
	for {
		var p fit.Point
		err := next(&p)
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatal(err)
		}
		d.X = append(d.X, p.X)
		d.Y = append(d.Y, p.Y...)
	}
}

// The intervals of Stream cover what they say. The bounds are 0.93 to 0.97 plus five standard errors of the experiment.
// The companion, the standard errors of Curve on Effective points, s²(JᵀJ)⁻¹, must miss where the errors have unequal
// variance.
func TestStreamCoverage(t *testing.T) {
	type size struct{ points, runs int }
	sizes := []size{{100_000, 100}}
	if *full {
		sizes = []size{{100_000, 1000}, {1_000_000, 200}}
	}
	for _, q := range []population{decays(), bumps()} {
		for _, s := range sizes {
			cover, simple := make([]float64, len(q.b)), make([]float64, len(q.b))
			var ok, used float64
			for seed := range uint64(s.runs) {
				r, err := fit.Stream(t.Context(), q.m, q.next(seed), starts(q.m.Parameters, q.start), &fit.StreamSettings{Points: s.points})
				if err != nil {
					t.Fatal(err)
				}
				if r.Status != infer.Estimated {
					t.Logf("seed %d: %v %v", seed, r.Status, r.Diagnosis)
					continue
				}
				ok++
				used += float64(r.Effective) / float64(s.points)
				other := ordinary(q, r)
				for j, b := range q.b {
					if lo, hi := r.Interval(j, 0.95); lo <= b && b <= hi {
						cover[j]++
					}
					if math.Abs(r.Estimate[j]-b) <= 1.96*other[j] {
						simple[j]++
					}
				}
			}
			if ok < 0.98*float64(s.runs) {
				t.Errorf("%v: error bars in %v of %d runs", q.m.Parameters, ok, s.runs)
			}
			low, top := 0.93-5*math.Sqrt(0.93*0.07/ok), 0.97+5*math.Sqrt(0.97*0.03/ok)
			for j := range cover {
				cover[j] /= ok
				simple[j] /= ok
				if !(cover[j] >= low && cover[j] <= top) {
					t.Errorf("%s is covered in %.3f, want in [%.3f, %.3f]", q.m.Parameters[j], cover[j], low, top)
				}
			}
			if q.different && floats.Min(simple) >= low {
				t.Errorf("s²(JᵀJ)⁻¹ covers in %.3f: the test cannot fail", simple)
			}
			t.Logf("%d points: coverage of %v %.3f, with s²(JᵀJ)⁻¹ %.3f; %.2f of the points in the mean", s.points, q.m.Parameters, cover, simple, used/ok)
		}
	}
}

// ordinary returns the standard errors s²(JᵀJ)⁻¹ for r.Effective points.
func ordinary(q population, r *fit.StreamResult) []float64 {
	const m = 400
	n := len(q.b)
	gram, grad := mat.NewSymDense(n, nil), make([]float64, n)
	for i := range m {
		q.m.Func(grad, r.Estimate, []float64{q.lo + (q.hi-q.lo)*(float64(i)+0.5)/m})
		gram.SymRankOne(gram, 1./m, mat.NewVecDense(n, grad))
	}
	var inv mat.Dense
	if err := inv.Inverse(gram); err != nil {
		panic(err)
	}
	se := make([]float64, n)
	for j := range se {
		se[j] = r.ResidualSD * math.Sqrt(inv.At(j, j)/float64(r.Effective))
	}
	return se
}

// On data that fit into memory, Stream agrees with Curve: the estimates differ by what Stream's Effective points miss
// of all, with the variance of one point times 1/Effective - 1/n, and the variances of one point agree within the error
// that the degrees of freedom tell.
func TestStreamAgainstCurve(t *testing.T) {
	const n = 100_000
	q := decays()
	for seed := range uint64(4) {
		want, err := fit.Curve(t.Context(), q.m, keep(t, of(n, q.next(seed))), starts(q.m.Parameters, q.b), &fit.Settings{AdamSteps: -1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := fit.Stream(t.Context(), q.m, of(n, q.next(seed)), starts(q.m.Parameters, q.start), &fit.StreamSettings{Points: n})
		if err != nil || r.Status != infer.Estimated || r.N > n || r.N < 9*n/10 {
			t.Fatal(err, r.Status, r.Diagnosis, r.N)
		}
		for j, name := range q.m.Parameters {
			one := want.StdErr[j] * math.Sqrt(n)
			sd := one * math.Sqrt(1/float64(r.Effective)-1./n)
			if z := (r.Estimate[j] - want.Estimate[j]) / sd; math.Abs(z) > 4 {
				t.Errorf("seed %d: %s = %v, Curve has %v: %.1f standard deviations", seed, name, r.Estimate[j], want.Estimate[j], z)
			}
			// The error bars of the parameters are those of the search.
			lo, hi := r.Interval(j, 0.95)
			student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: r.Search.DF[j]}.Quantile(0.975)
			if d := lre([]float64{r.StdErr[j]}, []float64{(hi - lo) / 2 / student}); d < 9 {
				t.Errorf("seed %d: %s has the standard error %v, but the interval %v to %v", seed, name, r.StdErr[j], lo, hi)
			}
			ratio := r.StdErr[j] * math.Sqrt(float64(r.Effective)) / one
			if z := math.Log(ratio) * math.Sqrt(2*r.Search.DF[j]); math.Abs(z) > 4 {
				t.Errorf("seed %d: the standard error of %s is %.3f of Curve's, with %.0f degrees of freedom", seed, name, ratio, r.Search.DF[j])
			}
		}
		for i := range q.b {
			for j := range i {
				got, corr := r.Cov.At(i, j)/(r.StdErr[i]*r.StdErr[j]), want.Correlation().At(i, j)
				if math.Abs(got-corr) > 0.25 {
					t.Errorf("seed %d: correlation %d, %d is %.3f, Curve has %.3f", seed, i, j, got, corr)
				}
			}
		}
		if math.Abs(r.ResidualSD-want.ResidualSD) > 4*r.ResidualSDErr {
			t.Errorf("seed %d: residual standard deviation %v ± %v, Curve has %v", seed, r.ResidualSD, r.ResidualSDErr, want.ResidualSD)
		}
	}
}

// A sorted file is no stream: either no error bars are given, or they do not hold. (Passes fits it:
// TestPassesAgainstCurve.)
func TestStreamSorted(t *testing.T) {
	const n = 100_000
	q := decays()
	d := keep(t, of(n, q.next(1)))
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(d.X[a][0], d.X[b][0]) })
	for _, sorted := range []bool{true, false} {
		i := 0
		r, err := fit.Stream(t.Context(), q.m, func(p *fit.Point) error {
			k := i
			if sorted {
				k = order[i]
			}
			i++
			p.X, p.Y = append(p.X[:0], d.X[k]...), append(p.Y[:0], d.Y[k])
			return nil
		}, starts(q.m.Parameters, q.start), &fit.StreamSettings{Points: n})
		if err != nil {
			t.Fatal(err)
		}
		right := r.Status == infer.Estimated
		for j, b := range q.b {
			right = right && math.Abs(r.Estimate[j]-b) < 4.5*r.StdErr[j]
		}
		if right == sorted {
			t.Errorf("sorted %v: %v ± %v, %v %v", sorted, r.Estimate, r.StdErr, r.Status, r.Diagnosis)
		}
		t.Logf("sorted %v: %.4v ± %.2g, %v %v", sorted, r.Estimate, r.StdErr, r.Status, r.Diagnosis)
	}
}

// peak returns the largest heap that is in use while f reads points, above what is in use before. f is to call look now
// and then.
func peak(f func(look func())) (bytes int) {
	var m runtime.MemStats
	use := func() int {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := use()
	f(func() { bytes = max(bytes, use()-before) })
	return bytes
}

// Memory does not grow with the number of points. The companion keeps them.
func TestStreamMemory(t *testing.T) {
	heap := func(n int, kept *[]fit.Point) int {
		q := decays()
		next := q.next(3)
		return peak(func(look func()) {
			i := 0
			_, err := fit.Stream(t.Context(), q.m, func(p *fit.Point) error {
				if i++; i%(n/20) == 0 {
					look()
				}
				err := next(p)
				if kept != nil {
					*kept = append(*kept, fit.Point{X: slices.Clone(p.X), Y: slices.Clone(p.Y)})
				}
				return err
			}, starts(q.m.Parameters, q.start), &fit.StreamSettings{Points: n, Batch: 8})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := heap(100_000, nil), heap(1_000_000, nil)
	t.Logf("heap: %d bytes for 100 000 points, %d for 1 000 000", small, large)
	if large > 4<<20 || large-small > 2<<20 {
		t.Errorf("the heap grows from %d bytes for 100 000 points to %d for 1 000 000", small, large)
	}
	var kept []fit.Point
	if grown := heap(100_000, &kept); grown < 6<<20 {
		t.Errorf("points that are kept take %d bytes only: the test cannot fail", grown)
	}
}

// Units do not matter, to the last bit where they are powers of 2.
func TestStreamUnits(t *testing.T) {
	q := decays()
	settings := &fit.StreamSettings{Points: 30_000}
	want, err := fit.Stream(t.Context(), q.m, q.next(4), starts(q.m.Parameters, q.start), settings)
	if err != nil {
		t.Fatal(err)
	}
	const ux, uy = 0x1p10, 0x1p20
	next := q.next(4)
	units := []float64{uy, 1 / ux, uy}
	start := slices.Clone(q.start)
	floats.Mul(start, units)
	r, err := fit.Stream(t.Context(), q.m, func(p *fit.Point) error {
		next(p)
		p.X[0] *= ux
		p.Y[0] *= uy
		return nil
	}, starts(q.m.Parameters, start), settings)
	if err != nil {
		t.Fatal(err)
	}
	for j, u := range units {
		if r.Estimate[j] != u*want.Estimate[j] || r.StdErr[j] != u*want.StdErr[j] {
			t.Errorf("%s = %v ± %v, want %v times %v ± %v", q.m.Parameters[j], r.Estimate[j], r.StdErr[j], u, want.Estimate[j], want.StdErr[j])
		}
	}
	if r.ResidualSD != uy*want.ResidualSD {
		t.Errorf("residual standard deviation %v, want %v", r.ResidualSD, uy*want.ResidualSD)
	}
}

// Parameters may be fixed, tied, bounded and transformed, the model a vector, and points have standard deviations.
func TestStreamParameters(t *testing.T) {
	q := decays()
	settings := &fit.StreamSettings{Points: 60_000}
	run := func(m fit.Model, next fit.Next, p []fit.Parameter) *fit.StreamResult {
		t.Helper()
		r, err := fit.Stream(t.Context(), m, next, p, settings)
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != infer.Estimated {
			t.Fatal(r.Status, r.Diagnosis)
		}
		return r
	}
	near := func(r *fit.StreamResult, j int, want float64) {
		t.Helper()
		if !(math.Abs(r.Estimate[j]-want) <= 4.5*r.StdErr[j]) {
			t.Errorf("%s = %v ± %v, want %v", r.Parameters[j], r.Estimate[j], r.StdErr[j], want)
		}
	}

	p := starts(q.m.Parameters, q.start)
	p[0].Transform, p[1].Transform = fit.Log, fit.Logit
	p[1].Lower, p[1].Upper = 0.1, 10
	p[2].Lower, p[2].Upper = -5, 5
	r := run(q.m, q.next(5), p)
	for j, b := range q.b {
		near(r, j, b)
	}
	last := r.Trace[len(r.Trace)-1]
	if last.Travelling || !r.Trace[0].Travelling || !math.IsNaN(r.Trace[0].StdErr[0]) || last.Evaluations > settings.Points ||
		!slices.Equal(last.Estimate, r.Estimate) || math.Abs(last.StdErr[1]/r.StdErr[1]-1) > 1e-12 {
		t.Errorf("trace from %+v to %+v, result %v ± %v", r.Trace[0], last, r.Estimate, r.StdErr)
	}
	plain := run(q.m, q.next(5), starts(q.m.Parameters, q.start))
	for j := range q.b {
		if ratio := r.StdErr[j] / plain.StdErr[j]; ratio < 0.8 || ratio > 1.25 {
			t.Errorf("the standard error of %s is %v, without transforms %v", r.Parameters[j], r.StdErr[j], plain.StdErr[j])
		}
	}
	lo, hi := r.Interval(0, 0.95)
	if math.Abs(math.Log(hi/r.Estimate[0])+math.Log(lo/r.Estimate[0])) > 1e-12 {
		t.Errorf("the interval %v to %v around %v is not symmetric in the logarithm", lo, hi, r.Estimate[0])
	}

	p = starts(q.m.Parameters, q.start)
	p[2] = fit.Parameter{Name: "c", Fixed: true, Start: 1}
	r = run(q.m, q.next(5), p)
	near(r, 0, 5)
	near(r, 1, 0.7)
	if lo, hi := r.Interval(2, 0.95); r.Estimate[2] != 1 || r.StdErr[2] != 0 || lo != 1 || hi != 1 || r.Cov.At(2, 0) != 0 {
		t.Errorf("the fixed c is %v ± %v, %v to %v", r.Estimate[2], r.StdErr[2], lo, hi)
	}
	if !(r.StdErr[1] < plain.StdErr[1]) {
		t.Errorf("with c known k has the error %v, without %v", r.StdErr[1], plain.StdErr[1])
	}

	// a = 5 c, and c is half of a parameter that is in no model.
	p = []fit.Parameter{
		{Name: "a", Tied: func(grad, b []float64) float64 {
			if grad != nil {
				grad[0], grad[1], grad[2], grad[3] = 0, 0, 0, 2.5
			}
			return 2.5 * b[3]
		}},
		{Name: "k", Start: 2},
		{Name: "c", Tied: func(grad, b []float64) float64 {
			if grad != nil {
				grad[0], grad[1], grad[2], grad[3] = 0, 0, 0, 0.5
			}
			return b[3] / 2
		}},
		{Name: "twice", Start: 1},
	}
	r = run(q.m, q.next(5), p)
	for j, b := range []float64{5, 0.7, 1, 2} {
		near(r, j, b)
	}
	if math.Abs(r.StdErr[0]/r.StdErr[3]-2.5) > 1e-12 || math.Abs(r.Cov.At(0, 2)-2.5*0.5*r.Cov.At(3, 3)) > 1e-12*r.Cov.At(3, 3) {
		t.Errorf("covariance %v of tied parameters", r.Cov)
	}
	lo0, hi0 := r.Interval(0, 0.95)
	lo3, hi3 := r.Interval(3, 0.95)
	if math.Abs((hi0-lo0)/(hi3-lo3)-2.5) > 1e-9 {
		t.Errorf("intervals of tied parameters: %v to %v, and %v to %v", lo0, hi0, lo3, hi3)
	}

	// The second response is three times the first, with three times its error, which Sigma tells.
	double := fit.Model{Parameters: q.m.Parameters, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		var g [3]float64
		f := q.m.Func(g[:], b, x)
		dst[0], dst[1] = f, 3*f
		for j, v := range g {
			if jac != nil {
				jac[j], jac[3+j] = v, 3*v
			}
		}
	}}
	first, second := q.next(5), q.next(6)
	r = run(double, func(p *fit.Point) error {
		first(p)
		f := q.m.Func(nil, q.b, p.X)
		var other fit.Point
		second(&other)
		p.Y = append(p.Y[:1], 3*(f+other.Y[0]-q.m.Func(nil, q.b, other.X)))
		p.Sigma = append(p.Sigma[:0], 0.5, 1.5)
		return nil
	}, starts(q.m.Parameters, q.start))
	for j, b := range q.b {
		near(r, j, b)
		if ratio := r.StdErr[j] / plain.StdErr[j] * math.Sqrt2; ratio < 0.75 || ratio > 1.3 {
			t.Errorf("two responses: the standard error of %s is %v, of one %v", r.Parameters[j], r.StdErr[j], plain.StdErr[j])
		}
	}
	if math.Abs(r.ResidualSD-1) > 5*r.ResidualSDErr {
		t.Errorf("residual standard deviation %v ± %v, want 1", r.ResidualSD, r.ResidualSDErr)
	}
}

// Equal points give equal bits, and what is asked for ends the reading.
func TestStreamHalfWidth(t *testing.T) {
	q := decays()
	var first *fit.StreamResult
	for range 2 {
		read := 0
		next := q.next(7)
		r, err := fit.Stream(t.Context(), q.m, func(p *fit.Point) error { read++; return next(p) }, starts(q.m.Parameters, q.start),
			&fit.StreamSettings{Points: 2_000_000, Batch: 8, HalfWidth: []float64{0, 0.01, 0}})
		if err != nil || r.Status != infer.Estimated {
			t.Fatal(err, r.Status, r.Diagnosis)
		}
		if first == nil {
			first = r
		}
		if !slices.Equal(first.Estimate, r.Estimate) || !slices.Equal(first.StdErr, r.StdErr) {
			t.Errorf("%v and %v", first.Estimate, r.Estimate)
		}
		lo, hi := r.Interval(1, 0.95)
		if half := (hi - lo) / 2; half > 0.0101 || half < 0.005 || r.N > 300_000 || r.N != read {
			t.Errorf("k from %v to %v after %d points (%d read), want ± 0.01", lo, hi, r.N, read)
		}
	}
	// Half-widths of 0 ask for nothing.
	r, err := fit.Stream(t.Context(), q.m, q.next(7), starts(q.m.Parameters, q.start), &fit.StreamSettings{HalfWidth: make([]float64, 3)})
	if err != nil || r.Effective < 50_000 {
		t.Errorf("%v: %d points in the mean", err, r.Effective)
	}
}

// What is wrong is told.
func TestStreamErrors(t *testing.T) {
	q := decays()
	broken := errors.New("broken wire")
	for name, c := range map[string]struct {
		next  fit.Next
		p     func(p []fit.Parameter)
		m     *fit.Model
		want  string
		cause error
	}{
		"end":       {next: of(20_000, q.next(1)), want: "ended after 20000 points, before the 30000"},
		"few":       {next: of(3, q.next(1)), want: "too few points, 3"},
		"broken":    {next: failing(9000, q, broken), want: "reading point 8999: broken wire", cause: broken},
		"NaN":       {next: poisoned(5, q), want: "response 0 of point 5 is NaN"},
		"late NaN":  {next: poisoned(7000, q), want: "response 0 of point 7000 is NaN"},
		"start":     {p: func(p []fit.Parameter) { p[1].Start = math.Inf(1) }, want: "the start of k is +Inf"},
		"bounds":    {p: func(p []fit.Parameter) { p[1].Lower, p[1].Upper = 3, 4 }, want: "the start of k is 2, outside its bounds"},
		"log":       {p: func(p []fit.Parameter) { p[2].Transform = fit.Log }, want: "the start of c is 0"},
		"none free": {p: func(p []fit.Parameter) { p[0].Fixed, p[1].Fixed, p[2].Fixed = true, true, true }, want: "no parameter is free"},
		"idle":      {p: func(p []fit.Parameter) { p[0].Start = 0 }, want: "k has no influence at the start (a = 0, k = 2, c = 0)"},
		"overflow":  {p: func(p []fit.Parameter) { p[1].Start = -1000 }, want: "the curve is +Inf at the start"},
		"no grad": {m: &fit.Model{Parameters: q.m.Parameters, Func: func(_, b, x []float64) float64 { return q.m.Func(nil, b, x) }},
			want: "the derivative by a was not stored or is NaN at the start"},
		"on the way": {m: &fit.Model{Parameters: q.m.Parameters, Func: func(g, b, x []float64) float64 {
			if b[1] < 1 {
				return math.NaN()
			}
			return q.m.Func(g, b, x)
		}}, want: "by bounds or a Transform"},
	} {
		next, p, m := q.next(1), starts(q.m.Parameters, q.start), q.m
		if c.next != nil {
			next = c.next
		}
		if c.p != nil {
			c.p(p)
		}
		if c.m != nil {
			m = *c.m
		}
		r, err := fit.Stream(t.Context(), m, next, p, &fit.StreamSettings{Points: 30_000})
		if err == nil || !strings.Contains(err.Error(), c.want) || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if r != nil && (r.Status != infer.Failed || !math.IsNaN(r.StdErr[0])) {
			t.Errorf("%s: %v, standard error %v", name, r.Status, r.StdErr[0])
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	next, n := q.next(1), 0
	_, err := fit.Stream(ctx, q.m, func(p *fit.Point) error {
		if n++; n == 10_000 {
			cancel()
		}
		return next(p)
	}, starts(q.m.Parameters, q.start), nil)
	if !errors.Is(err, context.Canceled) || n > 10_100 {
		t.Errorf("cancelled: %v after %d points", err, n)
	}
}

func failing(n int, q population, err error) fit.Next {
	next := q.next(1)
	return func(p *fit.Point) error {
		if n--; n == 0 {
			return err
		}
		return next(p)
	}
}

func poisoned(n int, q population) fit.Next {
	next := q.next(1)
	return func(p *fit.Point) error {
		next(p)
		if n--; n == -1 {
			p.Y[0] = math.NaN()
		}
		return nil
	}
}

// Misuse panics.
func TestStreamMisuse(t *testing.T) {
	q := decays()
	p := starts(q.m.Parameters, q.start)
	for want, f := range map[string]func(){
		"next is nil":                         func() { fit.Stream(t.Context(), q.m, nil, p, nil) },
		"StreamSettings.Points = -1":          func() { fit.Stream(t.Context(), q.m, q.next(1), p, &fit.StreamSettings{Points: -1}) },
		"StreamSettings.Batch = -1":           func() { fit.Stream(t.Context(), q.m, q.next(1), p, &fit.StreamSettings{Batch: -1}) },
		"StreamSettings.Level = 1":            func() { fit.Stream(t.Context(), q.m, q.next(1), p, &fit.StreamSettings{Level: 1}) },
		"len(StreamSettings.HalfWidth)":       func() { fit.Stream(t.Context(), q.m, q.next(1), p, &fit.StreamSettings{HalfWidth: []float64{1}}) },
		"StreamSettings.StepSize = NaN":       func() { fit.Stream(t.Context(), q.m, q.next(1), p, &fit.StreamSettings{StepSize: math.NaN()}) },
		"Model.Func and Model.Vector are nil": func() { fit.Stream(t.Context(), fit.Model{Parameters: q.m.Parameters}, q.next(1), p, nil) },
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, want) {
					t.Errorf("%q, want %s", v, want)
				}
			}()
			f()
		}()
	}
}
