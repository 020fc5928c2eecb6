package experiment

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/cmd/stochopt/internal/picture"
	"github.com/stochopt/stochopt/method"
	"github.com/stochopt/stochopt/schedule"
	"github.com/stochopt/stochopt/testfuncs"
)

// convergence plays the losses 3x, -x, -x, 3x, ... on [-1, 1], whose best point is -1.
func convergence(_ context.Context, o Options) (*Outcome, error) {
	const c = 3
	rounds := o.pick(3000, 100_000)
	root := schedule.Power(0, 0.5)
	small := 1. / (1 + c*c)
	players := []struct {
		name string
		rule stochopt.Rule
	}{
		{"Adam, β₁ = 0, β₂ = 0.1", &stochopt.Adam{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: small, Schedule: root}},
		{"Adam, β₁ = 0.9, β₂ = 0.999", &stochopt.Adam{StepSize: 0.5, Schedule: root}},
		{"AMSGrad, β₁ = 0, β₂ = 0.1", &method.AMSGrad{StepSize: 0.5, Beta1: stochopt.Zero, Beta2: small, Schedule: root}},
		{"AdaGrad", &method.AdaGrad{StepSize: math.Sqrt2}},
	}
	q := testfuncs.CounterexampleA(c)
	place := picture.Panel{Title: "where it plays", Across: "round", Up: "x", LogX: true, Left: 1, Right: float64(rounds), Low: -1.1, High: 1.1}
	regret := picture.Panel{Title: "what it pays", Across: "round T", Up: "mean regret R(T)/T", LogX: true, LogY: true, Left: 1, Right: float64(rounds), Low: 1e-4, High: 5}
	var text strings.Builder
	fmt.Fprintf(&text, "Losses %d x, -x, -x, %d x, ... on [-1, 1]; the best point is -1. After %d rounds:\n\n%-28s %8s %14s\n", c, c, rounds, "", "x", "R(T)/T")
	for _, p := range players {
		x := []float64{1}
		p.rule.Reset(1)
		place.Curves = append(place.Curves, picture.Curve{Name: p.name})
		where := &place.Curves[len(place.Curves)-1]
		paid := picture.Curve{Name: p.name}
		k := 0
		r, err := q.Regret(1, rounds, x, func(x, grad []float64) {
			p.rule.Step(x, grad)
			q.Project(x)
			k++
			if sparse(k) {
				where.X, where.Y = append(where.X, float64(k)), append(where.Y, x[0])
			}
		})
		if err != nil {
			return nil, err
		}
		for t, v := range r {
			if sparse(t + 1) {
				paid.X, paid.Y = append(paid.X, float64(t+1)), append(paid.Y, v/float64(t+1))
			}
		}
		regret.Curves = append(regret.Curves, paid)
		fmt.Fprintf(&text, "%-28s %8.3f %14.4f\n", p.name, x[0], r[len(r)-1]/float64(rounds))
	}
	// AdaGrad with η = D/√2, D = 2 the width: R(T) <= √2 D √(Σ g²) with Σ g² = 11 T/3.
	bound, floor := picture.Curve{Name: "bound of AdaGrad"}, picture.Curve{Name: "lower bound, proved for the first"}
	for t := 1; t <= rounds; t++ {
		if sparse(t) {
			n := float64(t)
			squares := float64((t+2)/3)*c*c + float64(t-(t+2)/3)
			bound.X, bound.Y = append(bound.X, n), append(bound.Y, math.Sqrt2*2*math.Sqrt(squares)/n)
			floor.X, floor.Y = append(floor.X, n), append(floor.Y, (2*c-4)*math.Floor(n/3)/n)
		}
	}
	regret.Curves = append(regret.Curves, bound, floor)
	return &Outcome{Text: text.String(), Panels: [][]picture.Panel{{place, regret}}}, nil
}

// sparse chooses rounds that are about evenly spread on a logarithmic scale, of all thirds of a period.
func sparse(k int) bool { return k < 100 || k%(k/50) == 0 }
