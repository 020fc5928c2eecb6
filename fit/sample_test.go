package fit_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stochopt/stochopt/fit"
)

// peaks are n points of the curve of NIST's Gauss1, two peaks on an exponential, with errors of standard deviation 2.5.
func peaks(t *testing.T, n int) (m fit.Model, d fit.Data, truth []float64) {
	s := nistSet(t, "Gauss1")
	m = nistModel(s)
	rng := rand.New(rand.NewPCG(1, 0))
	for range n {
		x := []float64{250 * rng.Float64()}
		d.X, d.Y = append(d.X, x), append(d.Y, m.Func(nil, s.Certified, x)+2.5*rng.NormFloat64())
	}
	return m, d, s.Certified
}

var (
	// from here Levenberg-Marquardt alone misses the minimum
	needsTravel = []float64{134.343, 0.01, 97.44, 44.628, 24.057, 80.675, 137.082, 26.094}
	// and from here that from the end of Adam's way, too
	needsStarts = []float64{95.027, 0.013, 82.029, 56.254, 24.874, 60.491, 242.128, 16.518}
)

// TestManyPoints: where a sample of the points is searched, bad starts are rescued as they are with few points, in few
// evaluations of the curve at all points, and the minimum is that of all points.
func TestManyPoints(t *testing.T) {
	const n = 50_000
	m, d, truth := peaks(t, n)
	good := mustFit(t, m, d, starts(m.Parameters, truth), &fit.Settings{AdamSteps: -1})
	found := func(r *fit.Result) bool {
		return lre(r.Estimate, good.Estimate) >= 8 && lre(r.StdErr, good.StdErr) >= 8 && lre([]float64{r.RSS}, []float64{good.RSS}) >= 9
	}
	if s := math.Sqrt(good.RSS / n); math.Abs(s-2.5) > 0.03 {
		t.Fatalf("from the truth the search finds residuals of %v", s)
	}

	p := starts(m.Parameters, needsTravel)
	direct := mustFit(t, m, d, p, &fit.Settings{AdamSteps: -1})
	r := mustFit(t, m, d, p, nil)
	t.Logf("%d and %d evaluations", direct.Evaluations, r.Evaluations)
	if direct.RSS < 10*good.RSS {
		t.Error("the search from the start finds the minimum: the test tests nothing")
	}
	if !found(r) || !r.AfterAdam || r.FromStart != 0 {
		t.Errorf("after Adam %v, %v, want %v", r.AfterAdam, r.Estimate, good.Estimate)
	}
	if more := r.Evaluations - direct.Evaluations; more > 12 {
		t.Errorf("%d more evaluations at all points than from the start alone, want at most 12", more)
	}
	if q := mustFit(t, m, d, p, nil); !sameBits(q, r) {
		t.Error("a second fit has other bits")
	}

	p = starts(m.Parameters, needsStarts)
	if r := mustFit(t, m, d, p, nil); r.RSS < 10*good.RSS {
		t.Error("the search without further starts finds the minimum: the test tests nothing")
	}
	r = mustFit(t, m, d, p, &fit.Settings{Starts: 5, AdamSteps: -1})
	if r.FromStart < 1 || r.FromStart > 5 || r.AfterAdam || lre([]float64{r.RSS}, []float64{good.RSS}) < 9 {
		t.Errorf("from start %d: RSS %v, want %v", r.FromStart, r.RSS, good.RSS)
	}
}

// TestManyPointsWithLoss: so it is with a Loss and outliers.
func TestManyPointsWithLoss(t *testing.T) {
	m, d, truth := peaks(t, 25_000)
	for i := range d.Y {
		if i%20 == 0 {
			d.Y[i] += 40
		}
	}
	p := starts(m.Parameters, []float64{118.956, 0.015, 118.545, 138.272, 21.128, 99.435, 101.41, 12.185})
	good := mustFit(t, m, d, starts(m.Parameters, truth), &fit.Settings{AdamSteps: -1, Loss: fit.Tukey{}})
	direct := mustFit(t, m, d, p, &fit.Settings{AdamSteps: -1, Loss: fit.Tukey{}})
	r := mustFit(t, m, d, p, &fit.Settings{Loss: fit.Tukey{}})
	t.Log(direct.Objective, good.Objective, direct.Evaluations, r.Evaluations)
	if direct.Objective < 1.1*good.Objective {
		t.Error("the search from the start finds the minimum: the test tests nothing")
	}
	index, _ := relabel("Gauss1", r.Estimate) // the peaks have changed places
	for j, k := range index {
		b, se := r.Estimate[k], r.StdErr[k]
		if lre([]float64{b, se}, []float64{good.Estimate[j], good.StdErr[j]}) < 7 || math.Abs(b-truth[j]) > 4.5*se {
			t.Errorf("after Adam %v, %s = %v ± %v, want %v ± %v", r.AfterAdam, m.Parameters[j], b, se, good.Estimate[j], good.StdErr[j])
		}
	}
	if !r.AfterAdam {
		t.Error("not after Adam")
	}
}

// TestManyPointsInOneSet: a parameter that rests on a few points of another set, with standard deviations and two
// outputs, is fitted with the others.
func TestManyPointsInOneSet(t *testing.T) {
	m, d, truth := peaks(t, 25_000)
	few := fit.Model{Parameters: []string{"z", "b1"}, Outputs: 2, Vector: func(dst, jac, b, x []float64) {
		dst[0], dst[1] = b[0]*x[0], b[1]+x[0]
		if jac != nil {
			copy(jac, []float64{x[0], 0, 0, 1})
		}
	}}
	sets := []fit.Set{{Model: m, Data: d}, {Model: few, Data: fit.Data{X: column(1, 2), Y: []float64{3, truth[0] + 1, 6.1, truth[0] + 2}, Sigma: []float64{0.1, 5, 0.1, 5}}}}
	sets[0].Sigma = slices.Repeat([]float64{2.5}, len(d.Y))
	fitted := func(start []float64, s *fit.Settings) *fit.Result {
		r, err := fit.Curves(t.Context(), sets, append(starts(m.Parameters, start), fit.Parameter{Name: "z", Start: 1}), s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	good, direct, r := fitted(truth, &fit.Settings{AdamSteps: -1}), fitted(needsTravel, &fit.Settings{AdamSteps: -1}), fitted(needsTravel, nil)
	if direct.RSS < 10*good.RSS {
		t.Error("the search from the start finds the minimum: the test tests nothing")
	}
	if lre(r.Estimate, good.Estimate) < 8 || lre(r.StdErr, good.StdErr) < 8 || !r.AfterAdam || r.Rank != 9 {
		t.Errorf("after Adam %v, rank %d, %v, want %v", r.AfterAdam, r.Rank, r.Estimate, good.Estimate)
	}
	if z := r.Estimate[8]; lre([]float64{z}, []float64{3.04}) < 9 {
		t.Errorf("z = %v, want 3.04", z)
	}
}
