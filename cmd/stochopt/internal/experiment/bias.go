package experiment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/learn"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"gonum.org/v1/gonum/optimize"
)

// uncorrected is Adam without the correction of its bias, which is RMSProp with a running mean of the gradient. It shows
// what a method of one's own needs: a Rule.
type uncorrected struct {
	stepSize, beta1, beta2 float64
	m, v                   []float64
}

// Reset implements stochopt.Rule.
func (u *uncorrected) Reset(dim int) { u.m, u.v = make([]float64, dim), make([]float64, dim) }

// Step implements stochopt.Rule.
func (u *uncorrected) Step(x, grad []float64) {
	for i, g := range grad {
		u.m[i] = float64(u.beta1*u.m[i]) + float64((1-u.beta1)*g)
		u.v[i] = float64(u.beta2*u.v[i]) + float64((1-u.beta2)*g*g)
		x[i] -= u.stepSize * u.m[i] / (math.Sqrt(u.v[i]) + 1e-8)
	}
}

// bias trains a small network with and without the correction, over step sizes and memories.
func bias(ctx context.Context, o Options) (*Outcome, error) {
	train, test, err := digits(o.Data, o.pick(300, 3000))
	if err != nil {
		return nil, err
	}
	m := learn.NewPerceptron(train, test, 10, []int{32}, false)
	const small = 20 // images in a minibatch
	epoch := train.Len() / small
	early, late := 1, o.pick(3, 10)
	steps := []float64{1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1}
	beta1s, beta2s := []float64{0, 0.9}, []float64{0.99, 0.999, 0.9999}
	type kind struct {
		name      string
		beta1     float64
		corrected bool
	}
	kinds := []kind{{"β₁ = 0, corrected", beta1s[0], true}, {"β₁ = 0.9, corrected", beta1s[1], true}, {"β₁ = 0, not corrected", beta1s[0], false}, {"β₁ = 0.9, not corrected", beta1s[1], false}}
	type job struct {
		beta2, kind, step, seed int
	}
	var jobs []job
	for b := range beta2s {
		for k := range kinds {
			for s := range steps {
				for seed := range o.Seeds {
					jobs = append(jobs, job{b, k, s, seed})
				}
			}
		}
	}
	r := race{oracle: m.Sum().Shuffled(small), start: m.Start, every: epoch}
	costs := make([][]float64, len(jobs))
	err = r.parallel(ctx, len(jobs), func(i int) (err error) {
		j := jobs[i]
		k := kinds[j.kind]
		c := contender{make: func(a float64) optimize.Method {
			if k.corrected {
				return &stochopt.Adam{StepSize: a, Beta1: max(k.beta1, stochopt.Zero), Beta2: beta2s[j.beta2]}
			}
			return &stochopt.Sequential{Rule: &uncorrected{stepSize: a, beta1: k.beta1, beta2: beta2s[j.beta2]}}
		}}
		costs[i], _, _, err = r.one(ctx, c, steps[j.step], uint64(j.seed)+1, late*epoch)
		return err
	}, func(done int) { o.Tick("bias", done, len(jobs)) })
	if err != nil {
		return nil, err
	}
	var out Outcome
	var text strings.Builder
	fmt.Fprintf(&text, "Adam on a network of 32 hidden units, %d digits, minibatches of %d, %d seeds: lowest training cost over the step sizes\n%v, and over how many powers of ten of them it stays within twice that. The cost is that of the minibatches, mean over the last epoch.\n%s", train.Len(), small, o.Seeds, steps, bands)
	for _, epochs := range []int{early, late} {
		var row []picture.Panel
		after := fmt.Sprintf("after %d epochs", epochs)
		if epochs == 1 {
			after = "after an epoch"
		}
		fmt.Fprintf(&text, "\n%-24s ", after)
		for _, b := range beta2s {
			fmt.Fprintf(&text, " %14s", fmt.Sprintf("β₂ = %g", b))
		}
		text.WriteString("\n")
		for b := range beta2s {
			row = append(row, picture.Panel{Title: fmt.Sprintf("β₂ = %g, %s", beta2s[b], after), Across: "step size α", Up: "training cost", LogX: true, LogY: true, Low: 0.02, High: 20})
		}
		for k, kind := range kinds {
			fmt.Fprintf(&text, "%-24s ", kind.name)
			for b := range beta2s {
				c := picture.Curve{Name: kind.name}
				for s, step := range steps {
					var v []float64
					for i, j := range jobs {
						if j.beta2 == b && j.kind == k && j.step == s {
							v = append(v, costs[i][epochs])
						}
					}
					slices.Sort(v)
					c.X, c.Low, c.Y, c.High = append(c.X, step), append(c.Low, v[0]), append(c.Y, median(v)), append(c.High, v[len(v)-1])
				}
				best, width := slices.Min(c.Y), 0.
				for i, v := range c.Y[1:] {
					if max(v, c.Y[i]) <= 2*best {
						width += math.Log10(steps[i+1] / steps[i])
					}
				}
				fmt.Fprintf(&text, " %8.2g (%.1f)", best, width)
				row[b].Curves = append(row[b].Curves, c)
			}
			text.WriteString("\n")
		}
		out.Panels = append(out.Panels, row)
	}
	out.Text = text.String()
	return &out, nil
}
