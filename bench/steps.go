package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stochopt/stochopt"
)

// methodDim is the number of variables that methods are timed with.
const methodDim = 10000

// methodTime is what a method costs.
type methodTime struct {
	name       string
	dim        int
	ns         float64 // of a step, per variable
	adam       outcome // beside Adam
	onePass    outcome // beside its loop by hand
	hasOnePass bool
	allocs     float64 // in a step
}

// stepLimit is how many times that of its loop by hand a step may take.
const stepLimit = 1.3

// gradients returns four vectors of normal numbers whose sum is 0, to be used in turn: no component has one sign always.
func gradients(dim int) (g [4][]float64) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for k := range g {
		g[k] = make([]float64, dim)
	}
	for i := range dim {
		for k := range 3 {
			g[k][i] = rnd.NormFloat64()
			g[3][i] -= g[k][i]
		}
	}
	return g
}

// driven makes a Rule a stepper, by the calls of Minimize: Draw, Observe and Step.
func driven(r stochopt.Rule, dim int) stepper {
	r.Reset(dim)
	observer, _ := r.(interface{ Observe(f float64) })
	drawer, _ := r.(interface {
		Draw(next stochopt.Sample) (stochopt.Sample, error)
	})
	k := 0
	return func(x, grad []float64) {
		if drawer != nil {
			if _, err := drawer.Draw(stochopt.Sample{Step: k}); err != nil {
				panic(err)
			}
			k++
		}
		if observer != nil {
			observer.Observe(1)
		}
		r.Step(x, grad)
	}
}

// walk is a stepper from the origin along the given gradients.
func walk(s stepper, g [4][]float64) (f func(steps int), x []float64) {
	x = make([]float64, len(g[0]))
	k := 0
	return func(steps int) {
		for range steps {
			s(x, g[k%len(g)])
			k++
		}
	}, x
}

// consistent is a Rule at the terms (1+j)|x - j|²/2, j = Sample.Step, for those that look at differences of gradients. Only the
// calls of the Rule are timed.
func consistent(r stochopt.Rule, dim int) side {
	r.Reset(dim)
	observer, _ := r.(interface{ Observe(f float64) })
	drawer := r.(interface {
		Draw(next stochopt.Sample) (stochopt.Sample, error)
	})
	x, grad, k := make([]float64, dim), make([]float64, dim), 0
	return func(steps int) float64 {
		var sum time.Duration
		for range steps {
			start := time.Now()
			s, err := drawer.Draw(stochopt.Sample{Step: k})
			sum += time.Since(start)
			if err != nil {
				panic(err)
			}
			if s.Step == k {
				k++
			}
			h, f := float64(1+s.Step%30), 0.0
			for i, v := range x {
				d := v - h/float64(1+i%7)
				grad[i] = h * d
				f += h * d * d / 2
			}
			start = time.Now()
			if observer != nil {
				observer.Observe(f)
			}
			r.Step(x, grad)
			sum += time.Since(start)
		}
		return float64(sum.Nanoseconds()) / float64(steps)
	}
}

// time times a method.
func (m timedMethod) time(length time.Duration) (methodTime, error) {
	dim := m.dim
	if dim == 0 {
		dim = methodDim
	}
	g := gradients(dim)
	adam, _ := walk(driven(&stochopt.Adam{}, dim), g)
	own, x := walk(driven(m.new(), dim), g)
	r := race{timed(own), timed(adam)}
	if m.looks {
		r[0] = consistent(m.new(), dim)
	}
	loop := onePass[m.name]
	if loop == nil {
		loop = onePassOthers[m.name]
	}
	if loop != nil {
		byHand, _ := walk(loop(dim), g)
		r = append(r, timed(byHand))
	}
	l := r.run(length)
	t := methodTime{name: m.name, dim: dim, ns: l.time(0) / float64(dim), adam: l.outcome(0, 1), hasOnePass: loop != nil}
	if loop != nil {
		t.onePass = l.outcome(0, 2)
	}
	for i, v := range x {
		if v-v != 0 {
			return t, fmt.Errorf("%s: x[%d] is %v", m.name, i, v)
		}
	}
	r[0](100) // all that it ever allocates
	t.allocs = testing.AllocsPerRun(100, func() { r[0](1) })
	return t, nil
}
