package stopping_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// gradients draws normal gradients of mean mean and correlated noise: g = mean + L z, L lower triangular.
func gradients(mean []float64, r *rand.Rand) func(grad, x []float64, i int) error {
	z := make([]float64, len(mean))
	return func(grad, _ []float64, _ int) error {
		for i := range z {
			z[i] = r.NormFloat64()
		}
		for i := range grad {
			grad[i] = mean[i] + float64(i+1)*z[i]
			if i > 0 {
				grad[i] += 2 * z[i-1]
			}
		}
		return nil
	}
}

// boundary returns a mean µ of gradients with |Σ^-1/2 µ| = |L⁻¹ µ| = margin.
func boundary(dim int, margin float64) []float64 {
	mean := make([]float64, dim)
	for i := range mean { // L times margin/√dim in all components
		mean[i] = margin / math.Sqrt(float64(dim)) * float64(i+1)
		if i > 0 {
			mean[i] += margin / math.Sqrt(float64(dim)) * 2
		}
	}
	return mean
}

// stopsWithin counts the runs that a Converger stops in its first n iterations, at x = 0 of dimension dim.
func stopsWithin(runs, dim, n int, c func(r *rand.Rand) optimize.Converger) int {
	loc := &optimize.Location{X: make([]float64, dim), Gradient: make([]float64, dim)}
	count := 0
	for run := range runs {
		c := c(rand.New(rand.NewPCG(uint64(run), 7)))
		c.Init(dim)
		for range n {
			if c.Converged(loc) != optimize.NotTerminated {
				count++
				break
			}
		}
	}
	return count
}

// TestEquivalenceLevel: at the boundary of the null hypothesis the first look stops at its level, which is exact for
// normal gradients, and at mean 0 with the power of the formula.
func TestEquivalenceLevel(t *testing.T) {
	const p, n, margin = 5, 60, 0.4
	runs := stopping.Runs(4000)
	rule := func(mean []float64, e stopping.Equivalence) int {
		return stopsWithin(runs, p, 1, func(r *rand.Rand) optimize.Converger {
			e := e
			e.Draw, e.Draws, e.First = gradients(mean, r), n, 1
			return &e
		})
	}
	zero := make([]float64, p)
	// Level 0.1 is 0.05 at the first look. A noncentrality of 60·0.16 = 9.6.
	stopping.Near(t, "F, boundary", rule(boundary(p, margin), stopping.Equivalence{Margin: margin, Level: 0.1}), runs, 0.05)
	// scipy.stats: f.cdf(ncf.ppf(.05, 5, 55, 9.6), 5, 55)
	stopping.Near(t, "F, mean 0", rule(zero, stopping.Equivalence{Margin: margin, Level: 0.1}), runs, 0.5548)
	// The companion: half the margin.
	stopping.AtLeast(t, "F, half the boundary", rule(boundary(p, margin/2), stopping.Equivalence{Margin: margin, Level: 0.1}), runs, 0.3)

	// Blocks: one of them at the boundary, the others at 0, which makes the stop a little rarer than the level.
	one := make([]float64, p)
	copy(one, boundary(2, margin))
	blocks := rule(one, stopping.Equivalence{Margin: margin, Level: 0.1, Block: 2})
	stopping.AtMost(t, "blocks, boundary", blocks, runs, 0.05)
	stopping.AtLeast(t, "blocks, boundary", blocks, runs, 0.015)

	// Threshold: a variable at the boundary, of standard deviation 1. At 1 sd it is seldom near, and exact.
	threshold := stopping.Equivalence{Threshold: 1, Level: 0.1}
	single := func(mean float64) int {
		return stopsWithin(runs, 1, 1, func(r *rand.Rand) optimize.Converger {
			e := threshold
			e.Draw, e.Draws, e.First = gradients([]float64{mean}, r), n, 1
			return &e
		})
	}
	stopping.Near(t, "Threshold, boundary", single(1), runs, 0.05)
	stopping.Near(t, "Threshold, other boundary", single(-1), runs, 0.05)
	stopping.AtLeast(t, "Threshold, 0.6", single(0.6), runs, 0.9)
	// A known σ, and more variables than draws: 30, and 20 of 3 standard deviations; a noncentrality of 20·0.8² = 12.8.
	known := func(mean float64) int {
		return stopsWithin(runs, 30, 1, func(r *rand.Rand) optimize.Converger {
			draw := independent(mean/math.Sqrt(30), r)
			scaled := func(grad, x []float64, i int) error {
				err := draw(grad, x, i)
				floats.Scale(3, grad)
				return err
			}
			return &stopping.Equivalence{Draw: scaled, Sigma: 3, Margin: 0.8, Level: 0.1, Draws: 20, First: 1}
		})
	}
	stopping.Near(t, "Sigma, boundary", known(0.8), runs, 0.05)
	stopping.Near(t, "Sigma, mean 0", known(0), runs, 0.3749) // scipy.stats: chi2.cdf(ncx2.ppf(.05, 30, 12.8), 30)
	// More variables than draws.
	many := stopsWithin(200, 100, 1, func(r *rand.Rand) optimize.Converger {
		return &stopping.Equivalence{Draw: gradients(make([]float64, 100), r), Threshold: 150, Draws: 50, First: 1}
	})
	stopping.AtLeast(t, "Threshold, 100 variables", many, 200, 0.9)
}

// TestEquivalencePlan: the planned number of draws gives the power of the comment, and no less would.
func TestEquivalencePlan(t *testing.T) {
	for _, p := range []int{1, 3, 20} {
		runs := stopping.Seeds(200)
		drawn := 0
		count := stopsWithin(runs, p, 1, func(r *rand.Rand) optimize.Converger {
			draw := gradients(make([]float64, p), r)
			return &stopping.Equivalence{Margin: 0.4, First: 1, Draw: func(grad, x []float64, i int) error {
				drawn++
				return draw(grad, x, i)
			}}
		})
		t.Logf("p = %d: %d draws", p, drawn/runs)
		if p <= 16 {
			stopping.Near(t, fmt.Sprintf("p = %d", p), count, runs, 0.8)
		} else {
			stopping.AtLeast(t, fmt.Sprintf("p = %d", p), count, runs, 0.8)
		}
	}
}

// TestEquivalencePeeking: over eight looks at the boundary the stops stay at or under the level, and the same tests without
// spending exceed it.
func TestEquivalencePeeking(t *testing.T) {
	const n, margin, looks = 30, 0.5, 8
	runs := stopping.Runs(3000)
	spent := stopsWithin(runs, 2, 1<<looks-1, func(r *rand.Rand) optimize.Converger {
		return &stopping.Equivalence{Draw: gradients(boundary(2, margin), r), Margin: margin, Draws: n, First: 1}
	})
	stopping.AtMost(t, "spent", spent, runs, 0.05)
	naive := stopsWithin(runs, 2, looks, func(r *rand.Rand) optimize.Converger {
		again := &again{}
		again.look = func() optimize.Converger {
			return &stopping.Equivalence{Draw: gradients(boundary(2, margin), r), Margin: margin, Draws: n, First: 1, Level: 0.1}
		}
		return again
	})
	stopping.AtLeast(t, "5 % at every look", naive, runs, 1-math.Pow(0.95, looks))
}

// again makes the first look of a new Converger in every iteration.
type again struct{ look func() optimize.Converger }

func (a *again) Init(int) {}
func (a *again) Converged(loc *optimize.Location) optimize.Status {
	c := a.look()
	c.Init(len(loc.X))
	return c.Converged(loc)
}

// TestHotelling: the quantile of χ² in place of that of F, and absence of significance in place of proof, fail badly.
func TestHotelling(t *testing.T) {
	const p, n = 5, 20
	runs := stopping.Runs(3000)
	f, chi := 0, 0
	fq := distuv.F{D1: p, D2: n - p}.Quantile(0.95)
	cq := distuv.ChiSquared{K: p}.Quantile(0.95)
	x := mat.NewDense(n, p, nil)
	var c mat.SymDense
	var chol mat.Cholesky
	for run := range runs {
		draw := gradients(make([]float64, p), rand.New(rand.NewPCG(uint64(run), 8)))
		mean := mat.NewVecDense(p, nil)
		for i := range n {
			if err := draw(x.RawRowView(i), nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		for j := range p {
			mean.SetVec(j, stat.Mean(mat.Col(nil, j, x), nil))
		}
		c.Reset()
		stat.CovarianceMatrix(&c, x, nil)
		if !chol.Factorize(&c) {
			t.Fatal("singular")
		}
		d := stat.Mahalanobis(mean, mat.NewVecDense(p, nil), &chol)
		t2 := n * d * d
		if t2*(n-p)/(p*(n-1)) > fq {
			f++
		}
		if t2 > cq {
			chi++
		}
	}
	stopping.Near(t, "Hotelling by F", f, runs, 0.05)
	stopping.AtLeast(t, "Hotelling by χ²", chi, runs, 0.17)
	// Absence of significance: at a gradient of 0.4 standard deviations, noncentrality 9.6 of F(5, 55), it "stops" as often
	// as a test of 5 % does not see it; scipy.stats: ncf.cdf(f.ppf(.95, 5, 55), 5, 55, 9.6) = 0.394.
	power := distuv.F{D1: 5, D2: 55}.Quantile(0.95)
	missed := 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 9))
		var u, v float64
		for i := range 5 {
			z := r.NormFloat64()
			if i == 0 {
				z += math.Sqrt(9.6)
			}
			u += z * z
		}
		for range 55 {
			z := r.NormFloat64()
			v += z * z
		}
		if u/5/(v/55) <= power {
			missed++
		}
	}
	stopping.AtLeast(t, "not significant at the margin", missed, runs, 0.39)
}

func TestEquivalenceVariables(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	look := func(draw func(grad []float64)) (optimize.Status, error) {
		e := &stopping.Equivalence{First: 1, Draws: 400, Margin: 0.5, Draw: func(grad, _ []float64, _ int) error { draw(grad); return nil }}
		e.Init(3)
		s := e.Converged(&optimize.Location{X: make([]float64, 3)})
		return s, e.Err()
	}
	noise := func(grad []float64) {
		for i := range grad {
			grad[i] = r.NormFloat64()
		}
	}
	for name, c := range map[string]struct {
		change   func(grad []float64)
		want     optimize.Status
		singular bool
	}{
		"noise":           {func([]float64) {}, optimize.GradientThreshold, false},
		"idle":            {func(g []float64) { g[1] = 0 }, optimize.GradientThreshold, false},
		"all idle":        {func(g []float64) { clear(g) }, optimize.GradientThreshold, false},
		"exact, not 0":    {func(g []float64) { g[2] = 1e-9 }, optimize.NotTerminated, false},
		"bound":           {func(g []float64) { g[2] = -3 * g[0] }, optimize.NotTerminated, true},
		"units":           {func(g []float64) { g[0], g[1] = 1e150*g[0], 1e-150*g[1] }, optimize.GradientThreshold, false},
		"far from 0":      {func(g []float64) { g[0] += 1e9 }, optimize.NotTerminated, false},
		"nearly the same": {func(g []float64) { g[1] = 0.99*g[0] + 0.1*g[1] }, optimize.GradientThreshold, false},
	} {
		s, err := look(func(grad []float64) { noise(grad); c.change(grad) })
		if s != c.want || (err != nil) != c.singular {
			t.Errorf("%s: %v, error %v, want %v", name, s, err, c.want)
		}
	}
	broken := errors.New("broken")
	for name, e := range map[string]*stopping.Equivalence{
		"error": {First: 1, Draws: 50, Draw: func(_, _ []float64, i int) error {
			if i == 7 {
				return broken
			}
			return nil
		}},
		"not finite": {First: 1, Draws: 50, Draw: func(grad, _ []float64, _ int) error { grad[1] = math.NaN(); return nil }},
	} {
		e.Init(2)
		if s := e.Converged(&optimize.Location{X: make([]float64, 2)}); s != optimize.Failure || e.Err() == nil {
			t.Errorf("%s: %v, error %v", name, s, e.Err())
		}
		if name == "error" && !errors.Is(e.Err(), broken) {
			t.Errorf("error: %v", e.Err())
		}
	}
}

// TestEquivalenceLooks: the looks are where the comment says, and draws are counted on over the run.
func TestEquivalenceLooks(t *testing.T) {
	var at, indices []int
	k := 0
	e := &stopping.Equivalence{First: 4, Draws: 5, Draw: func(grad, _ []float64, i int) error {
		indices = append(indices, i)
		if len(at) == 0 || at[len(at)-1] != k {
			at = append(at, k)
		}
		grad[0] = 10 + float64(i%3)
		return nil
	}}
	e.Init(1)
	for k = 1; k <= 60; k++ {
		e.Converged(&optimize.Location{X: []float64{0}})
	}
	if want := []int{4, 12, 28, 60}; fmt.Sprint(at) != fmt.Sprint(want) {
		t.Errorf("looks at %v, want %v", at, want)
	}
	for i, v := range indices {
		if i != v {
			t.Fatalf("draw %d has the index %d", i, v)
		}
	}
}

// SGD with a decaying step ends where the mean gradient is shown to be below a fifth of its noise.
func ExampleEquivalence() {
	oracle := func(grad, x []float64, s stochopt.Sample) (float64, error) {
		z := s.Rand().NormFloat64()
		if grad != nil {
			grad[0] = x[0] - 3 + z
		}
		return (x[0]-3)*(x[0]-3)/2 + x[0]*z, nil
	}
	p := stochopt.Problem{Oracle: oracle, Seed: 1}
	eval := p.Evaluator()
	c := &stopping.Equivalence{Margin: 0.2, Draw: func(grad, x []float64, i int) error {
		_, err := eval(grad, x, stochopt.Sample{Seed: p.Seed + 1, Step: i})
		return err
	}}
	m := &method.SGD{StepSize: 0.1, Schedule: schedule.InverseTime(0.01)}
	r, err := stochopt.Minimize(context.Background(), p, []float64{20}, &optimize.Settings{Converger: c}, m)
	fmt.Printf("%v after %d iterations, x = %.1f, error %v\n", r.Status, r.MajorIterations, r.X[0], err)
	// Output:
	// GradientThreshold after 792 iterations, x = 3.0, error <nil>
}
