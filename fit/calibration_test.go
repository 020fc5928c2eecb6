package fit_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"gonum.org/v1/gonum/stat/distuv"
)

// go test ./fit -run TestCalibration -fit.full -v simulates 20 000 runs with bootstraps of 399 replicates, which takes an
// hour of one processor or less. By default there are 1000 with 99, and under the race detector 100. TestStreamCoverage then
// takes 1000 seeds with 10⁵ points and 200 with 10⁶, some minutes.
var full = flag.Bool("fit.full", false, "TestCalibration: 20 000 runs; TestStreamCoverage: 1000 seeds of 100 000 points, and 200 of 1 000 000")

// simulation is a model with true parameters and the standard deviation of the errors, which may depend on the value.
type simulation struct {
	name  string
	model fit.Model
	x, b  []float64
	sigma func(f float64) float64
	known bool // Sigma are handed over, as relative ones
}

func constantly(s float64) func(float64) float64 { return func(float64) float64 { return s } }

var simulations = []simulation{
	{"decay", fit.Model{Parameters: []string{"a", "k"}, Func: func(grad, b, x []float64) float64 {
		e := math.Exp(-b[1] * x[0])
		if grad != nil {
			grad[0], grad[1] = e, -b[0]*x[0]*e
		}
		return b[0] * e
	}}, []float64{0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4}, []float64{10, 1}, constantly(0.4), false},
	{"Michaelis-Menten", michaelis, []float64{0.25, 0.5, 0.75, 1, 2, 3, 4, 6}, []float64{10, 1}, constantly(0.5), false},
	{"peak", fit.Model{Parameters: []string{"height", "centre", "width"}, Func: func(grad, b, x []float64) float64 {
		u := (x[0] - b[1]) / b[2]
		e := math.Exp(-u * u / 2)
		if grad != nil {
			grad[0], grad[1], grad[2] = e, b[0]*e*u/b[2], b[0]*e*u*u/b[2]
		}
		return b[0] * e
	}}, []float64{-4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4}, []float64{10, 0.3, 1}, constantly(0.5), false},
	{"saturation", saturation, []float64{0.5, 1, 1.5, 2, 2.5, 3, 4, 5}, []float64{10, 0.3}, func(f float64) float64 { return 0.1 + 0.05*f }, true},
}

// data are those of a seed.
func (s *simulation) data(seed int) fit.Data {
	rng := rand.New(rand.NewPCG(uint64(seed), 95))
	var d fit.Data
	for _, x := range column(s.x...) {
		f := s.model.Func(nil, s.b, x)
		sigma := s.sigma(f)
		d.X, d.Y = append(d.X, x), append(d.Y, f+sigma*rng.NormFloat64())
		if s.known {
			d.Sigma = append(d.Sigma, sigma)
		}
	}
	return d
}

// covers counts how often each kind of interval holds the truth.
type covers map[string]float64

func (c covers) add(kind string, lo, hi, truth float64) {
	c[kind] += 0
	if lo <= truth && truth <= hi {
		c[kind]++
	}
}

// simulate runs f for each seed and returns the sums of what it has counted, in percent.
func simulate(seeds int, f func(seed int, c covers)) covers {
	const workers = 4
	parts := make([]covers, workers)
	var wg sync.WaitGroup
	for k := range parts {
		parts[k] = covers{}
		wg.Go(func() {
			for seed := k; seed < seeds; seed += workers {
				f(seed, parts[k])
			}
		})
	}
	wg.Wait()
	sum := covers{}
	for _, p := range parts {
		for kind, v := range p {
			sum[kind] += 100 * v / float64(seeds)
		}
	}
	return sum
}

// TestCalibration simulates four models with normal errors, of which the last has Sigma that grow with the value. Nominal
// 95 % intervals of each parameter must cover 93-97 %, by t, profile and studentized bootstrap, and so must bands for the
// curve and for a new response; the simultaneous band must cover the whole curve at least as often, but for the tails of
// the peak, which are far from linear in the parameters.
//
// The companions must not: with 6 to 10 degrees of freedom, normal quantiles and, for the same reason, percentiles of the
// bootstrap cover less. So does the simultaneous band with the tails of the peak.
func TestCalibration(t *testing.T) {
	seeds, replicates, low, high := 1000/share, 99, 93.0, 97.0
	if *full {
		seeds, replicates = 20000, 399
	}
	if seeds < 1000 {
		// Five standard errors of the count at 95 %.
		low, high = 95-5*100*math.Sqrt(0.95*0.05/float64(seeds)), 100
	}
	normal := distuv.UnitNormal.Quantile(0.975)
	for _, s := range simulations {
		t.Run(s.name, func(t *testing.T) {
			total := simulate(seeds, func(seed int, c covers) {
				d := s.data(seed)
				r, err := fit.Curve(t.Context(), s.model, d, starts(s.model.Parameters, s.b), &fit.Settings{AdamSteps: -1})
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
					return
				}
				b, err := r.Bootstrap(t.Context(), &fit.BootstrapSettings{Seed: uint64(seed), Replicates: replicates})
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
					return
				}
				for i, name := range s.model.Parameters {
					p, err := r.Profile(t.Context(), i, 0.95)
					if err != nil {
						t.Errorf("seed %d: %v", seed, err)
						return
					}
					add := func(kind string, lo, hi float64) { c.add(kind+" "+name, lo, hi, s.b[i]) }
					lo, hi := r.Interval(i, 0.95)
					add("t", lo, hi)
					add("profile", p.Lower, p.Upper)
					lo, hi = b.Interval(i, 0.95)
					add("bootstrap", lo, hi)
					lo, hi = b.Percentile(i, 0.95)
					add("short percentile", lo, hi)
					half := normal * r.StdErr[i]
					add("short normal", r.Estimate[i]-half, r.Estimate[i]+half)
				}
				s.bands(t, seed, r, d.Sigma, c)
			})
			short := map[string]float64{"short normal": 100, "short percentile": 100}
			if len(s.x)-len(s.b) > 10 {
				short = map[string]float64{"short tails": 100}
			}
			for kind, v := range total {
				t.Logf("%-24s %.2f %%", kind, v)
				switch {
				case kind == "whole curve":
					if v < low {
						t.Errorf("the simultaneous band covers %.2f %%, want >= %.2f", v, low)
					}
				case strings.HasPrefix(kind, "short"):
					for k := range short {
						if strings.HasPrefix(kind, k) {
							short[k] = min(short[k], v)
						}
					}
				case v < low || v > high:
					t.Errorf("%s covers %.2f %%, want %.2f to %.2f", kind, v, low, high)
				}
			}
			for kind, v := range short {
				if seeds >= 1000 && v >= low {
					t.Errorf("%s covers %.2f %% or more, want less than %v: the test cannot tell them apart", kind, v, low)
				}
			}
		})
	}
}

// bands counts for the bands at one point, and for the simultaneous one at all.
func (s *simulation) bands(t *testing.T, seed int, r *fit.Result, sigma []float64, c covers) {
	b, err := r.Predict(s.model, fit.Data{X: column(s.x...), Sigma: sigma}, 0.95)
	if err != nil {
		t.Errorf("seed %d: %v", seed, err)
		return
	}
	const at = 3
	whole, tails := 1.0, 1.0
	for i := range s.x {
		truth := s.model.Func(nil, s.b, s.x[i:i+1])
		if !(b.Simultaneous.Lower[i] <= truth && truth <= b.Simultaneous.Upper[i]) {
			tails = 0
			if truth > 0.01*s.b[0] {
				whole = 0
			}
		}
		if i == at {
			c.add("curve", b.Confidence.Lower[i], b.Confidence.Upper[i], truth)
			next := truth + s.sigma(truth)*rand.New(rand.NewPCG(uint64(seed), 96)).NormFloat64()
			c.add("new response", b.Prediction.Lower[i], b.Prediction.Upper[i], next)
		}
	}
	c["whole curve"] += whole
	c["short tails"] += tails
}

// TestCalibrationCurved has a strongly nonlinear problem with known standard deviations: concentrations that end before
// the Michaelis constant. Profiles hold their level, or more where they have no upper end; t-intervals do not.
func TestCalibrationCurved(t *testing.T) {
	s := simulation{"", michaelis, []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, []float64{10, 1}, constantly(0.15), true}
	seeds := 1000 / share
	if *full {
		seeds = 20000
	}
	total := simulate(seeds, func(seed int, c covers) {
		r, err := fit.Curve(t.Context(), s.model, s.data(seed), starts(s.model.Parameters, s.b), &fit.Settings{AdamSteps: -1, AbsoluteSigma: true})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		p, err := r.Profile(t.Context(), 1, 0.95)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		lo, hi := r.Interval(1, 0.95)
		c.add("t", lo, hi, s.b[1])
		c.add("profile", p.Lower, p.Upper, s.b[1])
	})
	t.Logf("the profile covers %.2f %%, the t-interval %.2f %%", total["profile"], total["t"])
	slack := 5 * 100 * math.Sqrt(0.95*0.05/float64(seeds))
	if v := total["profile"]; seeds >= 1000 && (v < 93 || v > 97) || math.Abs(v-95) > 2+slack {
		t.Errorf("the profile covers %.2f %%, want 93 to 97", v)
	}
	if v := total["t"]; seeds >= 1000 && v >= 93 {
		t.Errorf("the t-interval covers %.2f %%, want less than 93: the problem is too linear", v)
	}
}

// TestCalibrationNested tests a decay to 0 against one to a constant: where 0 is true, P is uniform, and below 0.05 in
// 5 % of the runs. Where the constant is 2, of four standard errors, most runs find it.
func TestCalibrationNested(t *testing.T) {
	seeds := 1000 / share
	if *full {
		seeds = 20000
	}
	for _, truth := range []float64{0, 2} {
		s := simulation{"", relaxation, simulations[0].x, []float64{10, 1, truth}, constantly(0.4), false}
		total := simulate(seeds, func(seed int, c covers) {
			d := s.data(seed)
			params := starts(s.model.Parameters, s.b)
			settings := &fit.Settings{AdamSteps: -1}
			larger, err := fit.Curve(t.Context(), s.model, d, params, settings)
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return
			}
			params[2].Fixed, params[2].Start = true, 0
			simple, err := fit.Curve(t.Context(), s.model, d, params, settings)
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return
			}
			test, err := fit.CompareNested(simple, larger)
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return
			}
			c.add("rejected", 0, 0.05, test.P)
		})
		got := total["rejected"]
		t.Logf("with a constant of %v the test at 5 %% rejects in %.2f %%", truth, got)
		if slack := 5 * 100 * math.Sqrt(0.95*0.05/float64(seeds)); truth == 0 && math.Abs(got-5) > slack {
			t.Errorf("a true model is rejected in %.2f %%, want 5 ± %.2f", got, slack)
		}
		if truth > 0 && got < 80 {
			t.Errorf("a wrong model is rejected in %.2f %%, want 80 or more", got)
		}
	}
}
