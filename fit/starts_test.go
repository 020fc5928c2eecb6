package fit_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/fit"
	"github.com/stochopt/stochopt/testfuncs"
)

// TestStarts: where the default finds another minimum, further starts find the right one; the same seed gives the same bits.
func TestStarts(t *testing.T) {
	s := nistSet(t, "Gauss1")
	m, d := nistModel(s), fit.Data{X: s.X, Y: s.Y}
	rng := rand.New(rand.NewPCG(1, 0))
	start := slices.Clone(s.Starts[0])
	params := func() []fit.Parameter { return starts(m.Parameters, start) }
	for tries := 0; ; tries++ {
		for i, v := range s.Starts[0] {
			start[i] = v * math.Exp(0.2*rng.NormFloat64())
		}
		if r := mustFit(t, m, d, params(), nil); r.RSS > 10*s.RSS {
			break
		}
		if tries == 50 {
			t.Fatal("the default finds the minimum from all starts: the test tests nothing")
		}
	}
	var all []*fit.Result
	for _, seed := range []uint64{1, 1, 2} {
		r := mustFit(t, m, d, params(), &fit.Settings{Starts: 20, Seed: seed})
		if lre([]float64{r.RSS}, []float64{s.RSS}) < wantDigits || r.FromStart < 1 || r.FromStart > 20 || r.AfterAdam {
			t.Errorf("seed %d: RSS %v from start %d, want %v", seed, r.RSS, r.FromStart, s.RSS)
		}
		all = append(all, r)
	}
	if !sameBits(all[0], all[1]) || sameBits(all[0], all[2]) {
		t.Errorf("seeds 1, 1, 2 take %d, %d, %d evaluations", all[0].Evaluations, all[1].Evaluations, all[2].Evaluations)
	}
	// A bounded fit stays between its bounds, and starts that do no better change nothing but the counts.
	bounded := params()
	for j := range bounded {
		bounded[j].Lower, bounded[j].Upper = s.Certified[j]*0.7, s.Certified[j]*1.3
		bounded[j].Start = bounded[j].Lower
	}
	r := mustFit(t, m, d, bounded, nil)
	q := mustFit(t, m, d, bounded, &fit.Settings{Starts: 5})
	if q.FromStart != 0 || !slices.Equal(q.Estimate, r.Estimate) || q.Evaluations <= r.Evaluations {
		t.Errorf("%+v, without further starts %+v", q, r)
	}
}

// TestMoreStarts counts for the comment of Settings.Starts.
func TestMoreStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set, and 400 fits take seconds")
	}
	var plain, more, total int
	for _, s := range testfuncs.NISTSets() {
		m := nistModel(s)
		for k, from := range s.Starts {
			rng := rand.New(rand.NewPCG(2, uint64(k)))
			for range 3 {
				start := slices.Clone(from)
				for i := range start {
					start[i] *= math.Exp(0.6 * rng.NormFloat64())
				}
				found := func(set *fit.Settings) bool {
					r, err := fit.Curve(t.Context(), m, fit.Data{X: s.X, Y: s.Y}, starts(m.Parameters, start), set)
					return err == nil && (math.Abs(r.RSS-s.RSS) <= 1e-8*s.RSS || s.Name == "Lanczos1" && r.RSS < 2*s.RSS)
				}
				total++
				if found(&fit.Settings{Iterations: 300}) {
					plain++
					more++
				} else if found(&fit.Settings{Iterations: 300, Starts: 10}) {
					more++
				}
			}
		}
	}
	t.Logf("of %d starts, the default finds %d, ten starts more %d", total, plain, more)
	if more < plain+15 || plain > total-15 {
		t.Errorf("of %d starts, the default finds %d, ten starts more %d, want 15 more", total, plain, more)
	}
}
