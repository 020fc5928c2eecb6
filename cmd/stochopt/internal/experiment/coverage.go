package experiment

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/infer"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// truth are the parameters of the logistic regression of coverage.
var truth = []float64{0.5, 1, -1}

// stream is logistic regression on a stream of observations, each drawn anew: regressors 1 and two correlated normal
// ones, and a response that is 1 with probability 1/(1+exp(-a·truth)).
func stream(grad, x []float64, s stochopt.Sample) (float64, error) {
	rnd := s.Rand()
	z1, z2 := rnd.NormFloat64(), rnd.NormFloat64()
	a := [...]float64{1, z1, 0.5*z1 + math.Sqrt(0.75)*z2}
	var t, z float64
	for i, v := range a {
		t += v * truth[i]
		z += v * x[i]
	}
	sign := -1.
	if rnd.Float64()*(1+math.Exp(-t)) < 1 {
		sign = 1
	}
	z *= sign
	if grad != nil {
		d := -sign / (1 + math.Exp(z))
		for i, v := range a {
			grad[i] = d * v
		}
	}
	return max(-z, 0) + math.Log1p(math.Exp(-math.Abs(z))), nil
}

// intervals are those of the parameters at 95 %, false if there are none.
type intervals func(i int) (lo, hi float64, ok bool)

// coverage counts how often the intervals of several ways hold the truth.
func coverage(ctx context.Context, o Options) (*Outcome, error) {
	budgets := []int{5000, 10_000, 20_000, 50_000, 100_000, 200_000}
	seeds := max(o.Seeds, 200)
	if o.Quick {
		budgets, seeds = budgets[:3], max(o.Seeds, 20)
	}
	problem := func(seed int) stochopt.Problem { return stochopt.Problem{Oracle: stream, Seed: uint64(seed) + 1} }
	start := make([]float64, len(truth))
	ways := []struct {
		name string
		run  func(seed, draws int) (intervals, error)
	}{
		{"infer.Estimate", func(seed, draws int) (intervals, error) {
			r, err := infer.Estimate(ctx, problem(seed), start, &infer.Options{MaxSamples: draws})
			if err != nil {
				return nil, err
			}
			return func(i int) (lo, hi float64, ok bool) {
				lo, hi = r.Interval(i, 0.95)
				return lo, hi, r.Status == infer.Estimated
			}, nil
		}},
		{"infer.Estimate, random scaling", func(seed, draws int) (intervals, error) {
			r, err := infer.Estimate(ctx, problem(seed), start, &infer.Options{MaxSamples: draws, RandomScaling: true})
			if err != nil {
				return nil, err
			}
			return func(i int) (lo, hi float64, ok bool) {
				lo, hi = r.Interval(i, 0.95)
				return lo, hi, r.Status == infer.Estimated
			}, nil
		}},
		{"mean of Adam's iterates", func(seed, draws int) (intervals, error) {
			r := &infer.RandomScaling{Start: draws / 5}
			_, err := stochopt.Minimize(ctx, problem(seed), start, &optimize.Settings{MajorIterations: draws, Converger: optimize.NeverTerminate{}, Recorder: r}, &stochopt.Adam{})
			return func(i int) (lo, hi float64, ok bool) {
				lo, hi = r.Interval(i, 0.95)
				return lo, hi, true
			}, err
		}},
	}
	p := picture.Panel{Title: "95 % intervals, streaming logistic regression", Across: "draws", Up: "share that holds the truth", LogX: true, Low: 0, High: 1}
	var text strings.Builder
	fmt.Fprintf(&text, "Logistic regression on a stream, three parameters, %d seeds: share of the nominal 95 %% intervals that hold the truth,\namong the runs that have any (their share in parentheses). Bands are two standard errors to both sides.\n\n%-32s", seeds, "draws")
	for _, n := range budgets {
		fmt.Fprintf(&text, " %12d", n)
	}
	text.WriteString("\n")
	total := len(ways) * len(budgets) * seeds
	hold := make([][]int, total) // by parameter; nil if the run has no intervals
	err := race{}.parallel(ctx, total, func(i int) error {
		w, n, seed := ways[i/seeds/len(budgets)], budgets[i/seeds%len(budgets)], i%seeds
		in, err := w.run(seed, n)
		if err != nil {
			return err
		}
		for j, v := range truth {
			lo, hi, ok := in(j)
			if ok && hold[i] == nil {
				hold[i] = make([]int, len(truth))
			}
			if ok && lo <= v && v <= hi {
				hold[i][j] = 1
			}
		}
		return nil
	}, func(done int) { o.Tick("coverage", done, total) })
	if err != nil {
		return nil, err
	}
	for w, way := range ways {
		c := picture.Curve{Name: way.name}
		fmt.Fprintf(&text, "%-32s", way.name)
		for b, n := range budgets {
			var shares []float64 // of the parameters held in a run
			for _, h := range hold[(w*len(budgets)+b)*seeds:][:seeds] {
				if h != nil {
					var held float64
					for _, v := range h {
						held += float64(v)
					}
					shares = append(shares, held/float64(len(truth)))
				}
			}
			if len(shares) == 0 {
				fmt.Fprintf(&text, " %6s (0.00)", "-")
				continue
			}
			share, sd := stat.PopMeanStdDev(shares, nil)
			fmt.Fprintf(&text, " %6.3f (%.2f)", share, float64(len(shares))/float64(seeds))
			// The intervals of a run hold or miss together, so the scatter is that of runs.
			se := sd / math.Sqrt(float64(len(shares)))
			c.X, c.Y = append(c.X, float64(n)), append(c.Y, share)
			c.Low, c.High = append(c.Low, max(share-2*se, 0)), append(c.High, min(share+2*se, 1))
		}
		text.WriteString("\n")
		p.Curves = append(p.Curves, c)
	}
	last := budgets[len(budgets)-1]
	p.Curves = append(p.Curves, picture.Curve{Name: "nominal", X: []float64{float64(budgets[0]), float64(last)}, Y: []float64{0.95, 0.95}})
	return &Outcome{Text: text.String(), Panels: [][]picture.Panel{{p}}}, nil
}
