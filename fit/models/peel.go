package models

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/fit"
)

// guess peels the terms off the data one after another, in several ways, and returns the best.
func (s sum) guess(names []string, d fit.Data) ([]fit.Parameter, error) {
	for k, t := range s {
		if t.Guess == nil {
			return nil, fmt.Errorf("models: Sum: term %d has no Guess; set the starts yourself", k+1)
		}
	}
	sorted, err := look("Sum", d, len(names))
	if err != nil {
		return nil, err
	}
	var background, others []int
	for k, t := range s {
		if isLinear(t, d.X) {
			background = append(background, k)
		} else {
			others = append(others, k)
		}
	}
	var best *peeling
	enough := 1.3 * sorted.noise() * float64(len(d.Y)-len(names))
	for _, ways := range ways(len(background) > 0, others) {
		for _, w := range ways {
			p := &peeling{s: s, d: d, parameters: make([][]fit.Parameter, len(s)), enough: enough}
			e := p.run(background, w)
			if e != nil && err == nil {
				err = e
			}
			if e == nil && (best == nil || p.rss < best.rss) {
				best = p
			}
		}
		if best != nil && best.rss <= enough {
			break
		}
	}
	if best == nil {
		return nil, err
	}
	return slices.Concat(best.parameters...), nil
}

// A peeling has the parameters of the terms found so far, nil for those to come.
type peeling struct {
	s          sum
	d          fit.Data
	parameters [][]fit.Parameter
	rss        float64
	enough     float64 // no lower rss is looked for
}

func (p *peeling) run(background []int, w way) error {
	if err := p.fitBackground(background, w.bias); err != nil {
		return err
	}
	p.rss = p.squares()
	for i, k := range w.order {
		guess, err := p.first(k, w, i, len(background) == 0)
		if err != nil {
			return err
		}
		p.parameters[k] = guess
		if w.local == len(w.order) || i == len(w.order)-1 {
			p.improve() // a window needs no better rest, and a background would follow the terms to come
		}
	}
	for range 2 {
		for _, k := range w.order {
			if p.rss <= p.enough {
				return nil
			}
			guess, err := p.s[k].Guess(p.left(k))
			if err != nil {
				return err
			}
			trial := &peeling{s: p.s, d: p.d, parameters: slices.Clone(p.parameters), enough: p.enough}
			trial.parameters[k] = guess
			trial.improve()
			if trial.rss < p.rss {
				*p = *trial
			}
		}
	}
	if math.IsInf(p.rss, 0) {
		return fmt.Errorf("models: Sum: the curve is not finite at the guess; set the starts yourself")
	}
	return nil
}

// first guesses term k, the i-th in order.
func (p *peeling) first(k int, w way, i int, background bool) ([]fit.Parameter, error) {
	d := p.left(k)
	switch {
	case i >= w.local:
		if guess, err := p.s[k].Guess(around(d, len(d.Y)/(len(w.order)-i))); err == nil {
			return guess, nil
		} // the window was too short
	case i == 0 && background && w.bias != 0.5 && len(w.order) > 1:
		guess, err := p.s[k].Guess(d)
		weighted := d
		for range 6 {
			if err != nil {
				break
			}
			weighted.Sigma = make([]float64, len(d.Y))
			b := starts(guess)
			for i, y := range d.Y {
				v := 1 - w.bias
				if y > p.s[k].Func(nil, b, d.X[i]) {
					v = w.bias
				}
				weighted.Sigma[i] = p.sigma(i) / math.Sqrt(v)
			}
			guess, err = p.s[k].Guess(weighted)
		}
		return guess, err
	}
	return p.s[k].Guess(d)
}

// around returns n neighbouring points, in the middle of which the mean of three y is farthest from 0.
func around(d fit.Data, n int) fit.Data {
	order := make([]int, len(d.Y))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(d.X[i][0], d.X[j][0]) })
	middle, largest := 0, 0.0
	for i := 1; i+1 < len(order); i++ {
		if y := math.Abs(d.Y[order[i-1]] + d.Y[order[i]] + d.Y[order[i+1]]); y > largest {
			middle, largest = i, y
		}
	}
	from := min(max(middle-n/2, 0), len(order)-n)
	var near fit.Data
	for _, i := range order[from : from+n] {
		near.X, near.Y = append(near.X, d.X[i]), append(near.Y, d.Y[i])
		if d.Sigma != nil {
			near.Sigma = append(near.Sigma, d.Sigma[i])
		}
	}
	return near
}

func (p *peeling) sigma(i int) float64 {
	if p.d.Sigma == nil {
		return 1
	}
	return p.d.Sigma[i]
}

// left is what all terms but the k-th leave of the data.
func (p *peeling) left(k int) fit.Data {
	d := p.d
	d.Y = slices.Clone(d.Y)
	for j, t := range p.s {
		if j == k || p.parameters[j] == nil {
			continue
		}
		b := starts(p.parameters[j])
		for i, x := range d.X {
			d.Y[i] -= t.Func(nil, b, x)
		}
	}
	return d
}

func starts(p []fit.Parameter) []float64 {
	b := make([]float64, len(p))
	for j := range p {
		b[j] = p[j].Start
	}
	return b
}

// squares is the sum of squares of what the terms leave.
func (p *peeling) squares() float64 {
	var rss float64
	for i, r := range p.left(-1).Y {
		r /= p.sigma(i)
		rss += float64(r * r)
	}
	if math.IsNaN(rss) {
		return math.Inf(1)
	}
	return rss
}

// improve takes some steps of a fit of the terms found so far, unless they lead out of bounds.
func (p *peeling) improve() {
	p.rss = p.squares()
	var terms sum
	var all []fit.Parameter
	for k, t := range p.s {
		if p.parameters[k] != nil {
			terms, all = append(terms, t), append(all, p.parameters[k]...)
		}
	}
	r, _ := fit.Curve(context.Background(), Sum(terms...), p.d, all, &fit.Settings{Iterations: 20, AdamSteps: -1})
	if r == nil {
		return
	}
	better := &peeling{s: p.s, d: p.d, parameters: make([][]fit.Parameter, len(p.s)), enough: p.enough}
	b := r.Estimate
	for k := range p.s {
		better.parameters[k] = slices.Clone(p.parameters[k])
		for j := range better.parameters[k] {
			q := &better.parameters[k][j]
			q.Start = b[j]
			if bounded := q.Lower != 0 || q.Upper != 0; bounded && !(q.Lower <= b[j] && b[j] <= q.Upper) {
				return
			}
		}
		b = b[len(p.parameters[k]):]
	}
	if better.rss = better.squares(); better.rss < p.rss {
		*p = *better
	}
}
