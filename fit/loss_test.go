package fit_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

var losses = []fit.Loss{fit.Huber{}, fit.SoftL1{}, fit.Cauchy{}, fit.Tukey{}}

// TestRho: values, slopes and second derivatives belong together, and ρ begins like z.
func TestRho(t *testing.T) {
	for _, l := range []fit.Loss{fit.Huber{}, fit.SoftL1{}, fit.Cauchy{}, fit.Tukey{}, fit.Huber{C: 3}, fit.SoftL1{C: 3}, fit.Cauchy{C: 3}, fit.Tukey{C: 3}} {
		if f, d, _ := l.Rho(0); f != 0 || d != 1 {
			t.Errorf("%T: ρ(0) = %v, ρ'(0) = %v, want 0, 1", l, f, d)
		}
		for _, z := range []float64{1e-12, 0.3, 1, 2.5, 8, 30, 1e4, 1e12} {
			const h = 1e-4
			f, d1, d2 := l.Rho(z)
			up, slopeUp, _ := l.Rho(z * (1 + h))
			down, slopeDown, _ := l.Rho(z * (1 - h))
			if got := (up - down) / (2 * h * z); math.Abs(got-d1) > 1e-6*math.Abs(d1)+1e-10*f/z {
				t.Errorf("%+v: ρ'(%v) = %v, differences say %v", l, z, d1, got)
			}
			if got := (slopeUp - slopeDown) / (2 * h * z); math.Abs(got-d2) > 1e-6*math.Abs(d2)+1e-10*d1/z {
				t.Errorf("%+v: ρ\"(%v) = %v, differences say %v", l, z, d2, got)
			}
		}
	}
}

// TestTuningConstants: the default constants have an asymptotic efficiency (E ψ')²/E ψ² of 95 % at the normal distribution;
// twice the constant has more.
func TestTuningConstants(t *testing.T) {
	efficiency := func(l fit.Loss, kink float64) float64 {
		moment := func(g func(r, d1, d2 float64) float64) float64 {
			f := func(r float64) float64 {
				_, d1, d2 := l.Rho(r * r)
				return g(r, d1, d2) * distuv.UnitNormal.Prob(r)
			}
			return 2 * (quad.Fixed(f, 0, kink, 200, nil, 0) + quad.Fixed(f, kink, 12, 200, nil, 0))
		}
		slope := moment(func(r, d1, d2 float64) float64 { return d1 + 2*r*r*d2 })
		return slope * slope / moment(func(r, d1, d2 float64) float64 { return d1 * r * d1 * r })
	}
	for i, l := range losses {
		kink := []float64{1.345, 1.287, 2.385, 4.685}[i]
		if e := efficiency(l, kink); math.Abs(e-0.95) > 1e-4 {
			t.Errorf("%T: efficiency %.5f, want 0.95", l, e)
		}
		wide := []fit.Loss{fit.Huber{C: 2.69}, fit.SoftL1{C: 2.574}, fit.Cauchy{C: 4.77}, fit.Tukey{C: 9.37}}[i]
		if e := efficiency(wide, 2*kink); e < 0.98 {
			t.Errorf("%+v: efficiency %.5f, want more than 0.98", wide, e)
		}
	}
}

func TestLossMisuse(t *testing.T) {
	for want, l := range map[string]fit.Loss{
		"fit: fit.Huber.C = -1, want > 0, or 0 for the default":    fit.Huber{C: -1},
		"fit: fit.SoftL1.C = NaN, want > 0, or 0 for the default":  fit.SoftL1{C: math.NaN()},
		"fit: fit.Cauchy.C = +Inf, want > 0, or 0 for the default": fit.Cauchy{C: math.Inf(1)},
		"fit: fit.Tukey.C = -2, want > 0, or 0 for the default":    fit.Tukey{C: -2},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			fit.Curve(t.Context(), line, fit.Data{X: column(1, 2, 3), Y: []float64{1, 2, 3}}, starts(line.Parameters, []float64{1, 2}), &fit.Settings{Loss: l})
		}()
	}
}

// contaminated are responses around a decay of which every fifth is an outlier, 8 standard deviations too high on average.
func contaminated(rng *rand.Rand, n int) fit.Data {
	var d fit.Data
	for i := range n {
		v := 6 * float64(i) / float64(n)
		y := 4*math.Exp(-0.8*v) + 0.5 + 0.1*rng.NormFloat64()
		if rng.Float64() < 0.2 {
			y += 0.8 + 0.8*rng.ExpFloat64()
		}
		d.X, d.Y = append(d.X, []float64{v}), append(d.Y, y)
	}
	return d
}

// TestRobustSimulation is why there are losses: with a fifth of one-sided outliers the rate of a decay has a root mean square
// error several times lower than that of least squares, and intervals of Cauchy and Tukey cover what they say, or nearly.
// Without outliers, errors are 2 to 5 % larger than those of least squares, and intervals cover as well.
func TestRobustSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set, and 4000 robust fits take seconds")
	}
	const sets, n = 400, 60
	start := starts(decay.Parameters, []float64{3, 1, 0.3})
	type count struct{ cover, square float64 }
	run := func(clean bool) map[string]count {
		got := map[string]count{}
		rng := rand.New(rand.NewPCG(3, 5))
		for range sets {
			d := contaminated(rng, n)
			if clean {
				for i, x := range d.X {
					d.Y[i] = 4*math.Exp(-0.8*x[0]) + 0.5 + 0.1*rng.NormFloat64()
				}
			}
			for _, l := range append([]fit.Loss{nil}, losses...) {
				r, err := fit.Curve(t.Context(), decay, d, start, &fit.Settings{Loss: l, AdamSteps: -1})
				if err != nil {
					t.Fatalf("%T: %v", l, err)
				}
				name := fmt.Sprintf("%T", l)
				c := got[name]
				if lo, hi := r.Interval(1, 0.95); lo <= 0.8 && 0.8 <= hi {
					c.cover += 100. / sets
				}
				c.square += (r.Estimate[1] - 0.8) * (r.Estimate[1] - 0.8) / sets
				got[name] = c
			}
		}
		for name, c := range got {
			t.Logf("clean %v, %-10s coverage %.1f %%, root mean square error %.4f", clean, name, c.cover, math.Sqrt(c.square))
		}
		return got
	}
	dirty, clean := run(false), run(true)
	squares, best := dirty["<nil>"], dirty["fit.Tukey"]
	if math.Sqrt(squares.square/best.square) < 3 {
		t.Errorf("with outliers Tukey's error is %v, that of least squares %v, want a third", math.Sqrt(best.square), math.Sqrt(squares.square))
	}
	for name, c := range clean {
		if c.cover < 91 {
			t.Errorf("clean, %s: coverage %.1f %%", name, c.cover)
		}
		if loss := math.Sqrt(c.square / clean["<nil>"].square); loss > 1.08 {
			t.Errorf("clean, %s: errors %.3f times those of least squares", name, loss)
		}
	}
	if c := best.cover; c < 91 || c > 98 {
		t.Errorf("with outliers Tukey's intervals cover %.1f %%", c)
	}
}

// TestBreakdown: an outlier that moves away moves the estimate of Huber by a bounded amount, that of Tukey not at all, and that
// of least squares without end.
func TestBreakdown(t *testing.T) {
	x, y, _ := wavy(21)
	estimate := func(l fit.Loss, far float64) float64 {
		y := slices.Clone(y)
		y[20] += far
		return mustFit(t, line, fit.Data{X: x, Y: y}, starts(line.Parameters, []float64{1, 1}), &fit.Settings{Loss: l}).Estimate[1]
	}
	for _, l := range append([]fit.Loss{nil}, losses...) {
		near, far, farther := estimate(l, 0), estimate(l, 100), estimate(l, 10000)
		moved := math.Abs(farther-far) / math.Abs(far-near)
		switch l.(type) {
		case nil:
			if moved < 90 {
				t.Errorf("least squares moves by %v", moved)
			}
		case fit.Tukey:
			if far != farther && math.Abs(far-farther) > 1e-9 {
				t.Errorf("Tukey: slope %v, then %v", far, farther)
			}
		default:
			if moved > 0.02 || math.Abs(far-near) > 0.1 {
				t.Errorf("%T: slopes %v, %v, %v", l, near, far, farther)
			}
		}
	}
}

// TestJointScale: the estimate is that of the loss at the fixed scale that it reports, and the scale that of its residuals.
func TestJointScale(t *testing.T) {
	d := contaminated(rand.New(rand.NewPCG(8, 1)), 41)
	start := starts(decay.Parameters, []float64{3, 1, 0.3})
	for _, l := range losses {
		r := mustFit(t, decay, d, start, &fit.Settings{Loss: l})
		var a []float64
		for i, x := range d.X {
			a = append(a, math.Abs(decay.Func(nil, r.Estimate, x)-d.Y[i]))
		}
		slices.Sort(a)
		if s := a[20] / distuv.UnitNormal.Quantile(0.75); lre([]float64{r.ResidualSD}, []float64{s}) < 9 {
			t.Errorf("%T: scale %v, that of the residuals is %v", l, r.ResidualSD, s)
		}
		d.Sigma = slices.Repeat([]float64{r.ResidualSD}, len(d.Y))
		q := mustFit(t, decay, d, start, &fit.Settings{Loss: l, AbsoluteSigma: true})
		d.Sigma = nil
		if lre(q.Estimate, r.Estimate) < 8 || lre(q.StdErr, r.StdErr) < 7 {
			t.Errorf("%T: %v ± %v, at the fixed scale %v ± %v", l, r.Estimate, r.StdErr, q.Estimate, q.StdErr)
		}
		if p := mustFit(t, decay, d, start, &fit.Settings{Loss: l, AbsoluteSigma: true}); lre(p.Estimate, r.Estimate) > 4 {
			t.Errorf("%T: the scale makes no difference: the test tests nothing", l)
		}
	}
	if _, err := fit.Curve(t.Context(), line, fit.Data{X: column(1, 2, 3, 4, 5), Y: []float64{1, 2, 3, 4, 9}}, starts(line.Parameters, []float64{0.1, 0.9}), &fit.Settings{Loss: fit.Huber{}}); !errors.Is(err, fit.ErrScale) {
		t.Errorf("four of five on the line: %v, want ErrScale", err)
	}
}

// TestRobustBounds: a robust fit that ends at a bound is that in which the parameter is fixed there.
func TestRobustBounds(t *testing.T) {
	d := contaminated(rand.New(rand.NewPCG(8, 1)), 41)
	params := starts(decay.Parameters, []float64{3, 1, 0.8})
	for _, l := range losses {
		free := mustFit(t, decay, d, params, &fit.Settings{Loss: l})
		params[2] = fit.Parameter{Name: "c", Start: 0.8, Lower: 0.7, Upper: 2}
		bound := mustFit(t, decay, d, params, &fit.Settings{Loss: l})
		params[2] = fit.Parameter{Name: "c", Start: 0.7, Fixed: true}
		fixed := mustFit(t, decay, d, params, &fit.Settings{Loss: l})
		params[2] = fit.Parameter{Name: "c", Start: 0.8}
		if free.Estimate[2] >= 0.7 || bound.Estimate[2] != 0.7 || !math.IsNaN(bound.StdErr[2]) || len(bound.AtBound) != 1 {
			t.Errorf("%T: c is %v, at the bound %v ± %v", l, free.Estimate[2], bound.Estimate[2], bound.StdErr[2])
		}
		if lre(bound.Estimate, fixed.Estimate) < 8 || lre(bound.StdErr[:2], fixed.StdErr[:2]) < 7 || bound.DF != fixed.DF {
			t.Errorf("%T: %v ± %v, fixed %v ± %v", l, bound.Estimate, bound.StdErr, fixed.Estimate, fixed.StdErr)
		}
	}
}

// TestWeights: outliers have little weight and are named, and figures that would count them in full are withheld.
func TestWeights(t *testing.T) {
	x, y, _ := wavy(21)
	y[7] += 30
	y[20] -= 30
	d := fit.Data{X: x, Y: y}
	for _, l := range losses {
		r := mustFit(t, line, d, starts(line.Parameters, []float64{1, 1}), &fit.Settings{Loss: l})
		e := r.Residuals()
		for i, raw := range e.Raw {
			z := raw / r.ResidualSD
			if _, w, _ := l.Rho(z * z); e.Weight[i] != w || (w < 0.5) != slices.Contains(e.Downweighted, i) {
				t.Errorf("%T: response %d has the weight %v, want %v", l, i, e.Weight[i], w)
			}
		}
		if e.Weight[7] > 0.3 || e.Weight[20] > 0.3 || len(e.Downweighted) > 4 {
			t.Errorf("%T: weights %v, below one half %v", l, e.Weight, e.Downweighted)
		}
		if text := strings.Join(r.Diagnosis(), " "); !strings.Contains(text, "less than half their weight to ") || !strings.Contains(text, "y[7]") || !strings.Contains(text, "y[20]") {
			t.Errorf("%T: %s", l, text)
		}
		s := r.Statistics()
		for k, v := range []float64{s.ReducedChiSquare, s.R2, s.AdjustedR2, s.LogLikelihood, s.AIC, s.AICc, s.BIC} {
			if !math.IsNaN(v) {
				t.Errorf("%T: figure %d is %v", l, k, v)
			}
		}
		if s.ChiSquare != r.RSS || !(s.RMSE > r.ResidualSD) {
			t.Errorf("%T: χ² %v, RMSE %v", l, s.ChiSquare, s.RMSE)
		}
	}
	r := mustFit(t, line, d, starts(line.Parameters, []float64{1, 1}), nil)
	if e := r.Residuals(); slices.Min(e.Weight) != 1 || e.Downweighted != nil || !(r.Statistics().R2 < 1) {
		t.Errorf("least squares: weights %v", e.Weight)
	}
}

// TestRobustReplicates: bootstrap replicates, whose outliers are at other places than those of the data, can be fitted, as the
// minimum near the start is found where least squares is led away. With -fit.full it tells how often 95 % intervals of the
// rate hold it, for 20 responses of which every fifth is an outlier to one side.
func TestRobustReplicates(t *testing.T) {
	sets, replicates := 12/min(share, 4), 99
	if *full {
		sets, replicates = 60, 199
	}
	failed, all := 0, 0
	for _, l := range []fit.Loss{fit.Huber{}, fit.Cauchy{}, fit.Tukey{}} {
		rng := rand.New(rand.NewPCG(3, 5))
		c := covers{}
		for range sets {
			r, err := fit.Curve(t.Context(), decay, contaminated(rng, 20), starts(decay.Parameters, []float64{3, 1, 0.3}), &fit.Settings{Loss: l})
			if err != nil {
				t.Logf("%T: %v", l, err) // as with outliers at all points of the decay
				continue
			}
			lo, hi := r.Interval(1, 0.95)
			c.add("t", lo, hi, 0.8)
			for name, k := range map[string]fit.Resampling{"residuals": fit.ResampleResiduals, "cases": fit.ResampleCases, "signs": fit.ResampleSigns} {
				if k != fit.ResampleResiduals && !*full {
					continue
				}
				b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: replicates, Resampling: k})
				if err != nil {
					t.Fatalf("%T: %v", l, err)
				}
				lo, hi = b.Interval(1, 0.95)
				c.add(name, lo, hi, 0.8)
				if k == fit.ResampleResiduals {
					failed, all = failed+b.Failed, all+replicates
				}
			}
		}
		t.Logf("%T: %v of %d intervals hold the rate", l, c, sets)
	}
	t.Logf("%d of %d replicates failed", failed, all)
	if failed > all/200 {
		t.Errorf("%d of %d replicates failed", failed, all)
	}
}

// TestRobustStart: the better of the minima from the start and from that of least squares is taken, whichever it is.
func TestRobustStart(t *testing.T) {
	var d fit.Data
	for i := range 20 {
		v := 0.3 * float64(i)
		d.X, d.Y = append(d.X, []float64{v}), append(d.Y, 4*math.Exp(-0.8*v)+0.5+0.1*math.Sin(float64(i*i)))
	}
	d.Y[0] += 30
	for _, l := range []fit.Loss{fit.Cauchy{}, fit.Tukey{}} {
		for _, start := range [][]float64{{4, 0.8, 0.5}, {3, 1, 0.3}} {
			r := mustFit(t, decay, d, starts(decay.Parameters, start), &fit.Settings{Loss: l})
			if math.Abs(r.Estimate[1]-0.8) > 0.1 {
				t.Errorf("%T from %v: rate %v ± %v, want 0.8", l, start, r.Estimate[1], r.StdErr[1])
			}
		}
	}
}

// TestRobustMiddle: an outlier to one side does not shift the residuals that are resampled with a Loss, which it would if
// their mean were taken away: intervals hold the level of a line as often as t-intervals do, and always the estimate.
func TestRobustMiddle(t *testing.T) {
	const sets = 50
	for _, l := range []fit.Loss{fit.Huber{}, fit.SoftL1{}, fit.Cauchy{}, fit.Tukey{}} {
		rng := rand.New(rand.NewPCG(3, 9))
		c := covers{}
		own := 0
		for range sets {
			var d fit.Data
			for i := range 25 {
				d.X, d.Y = append(d.X, []float64{float64(i)}), append(d.Y, 10+2*float64(i)+rng.NormFloat64())
			}
			d.Y[12] -= 30
			r := mustFit(t, line, d, starts(line.Parameters, []float64{8, 3}), &fit.Settings{Loss: l})
			b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Replicates: 99})
			if err != nil {
				t.Fatalf("%T: %v", l, err)
			}
			lo, hi := r.Interval(0, 0.95)
			c.add("t", lo, hi, 10)
			lo, hi = b.Interval(0, 0.95)
			c.add("bootstrap", lo, hi, 10)
			if lo < r.Estimate[0] && r.Estimate[0] < hi {
				own++
			}
		}
		t.Logf("%T: %v of %d intervals hold the level", l, c, sets)
		// Binomial, five standard deviations below 0.93: 37.
		if own < sets || c["bootstrap"] < 37 {
			t.Errorf("%T: %v of %d intervals hold the level, %d the estimate", l, c, sets, own)
		}
	}
}
