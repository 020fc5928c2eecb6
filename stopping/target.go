package stopping

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Target stops a run at a point where the mean of F has been shown to be at most Value.
//
// A lucky draw of F below a target shows nothing. At looks whose gaps double, Target freezes x and draws values there, apart
// from those of the run, until a confidence sequence for their mean (StudentMixture, or NormalMixture if Sigma is set) lies
// on one side of Value, or Draws are used up. The null hypothesis is E F(x) > Value; the run is stopped, with
// optimize.FunctionThreshold, if the sequence at level Level/(k(k+1)) of look k lies at or below Value. So the probability of
// ever stopping at a point of the null hypothesis is at most Level, for any number of looks and draws. It is exact for normal
// values, or for sub-Gaussian ones with a known Sigma.
//
// A look stops with near certainty where F is below Value by more than the final radius, about 3.5 standard deviations
// divided by √Draws. It costs few draws where that is plain either way: about 15 far from Value (2 with Sigma), and about
// 13/d² at d standard deviations, d < 1. It keeps a copy of x. Prefer it where good enough is known beforehand; it says
// nothing about whether the run could go on to lower values.
//
// Reference: see StudentMixture.
type Target struct {
	// Value is what E F should be at most, in units of F. 0 is 0.
	Value float64
	// Draw returns draw i of F at x. i = 0, 1, ... counts all draws of a run; draws must be independent of each other and of
	// those the method has seen. In a plain gonum program it may call Problem.Func. For a stochopt.Problem p it is, with
	// eval := p.Evaluator(),
	//
	//	func(x []float64, i int) (float64, error) {
	//		return eval(nil, x, stochopt.Sample{Seed: p.Seed + 1, Step: i}) // a Seed the run does not use
	//	}
	//
	// It must not modify or keep x. An error, or a value that is not finite, ends the run with optimize.Failure; see Err.
	Draw func(x []float64, i int) (float64, error)
	// Sigma, if not 0, is a standard deviation for which the noise of F is known to be sub-Gaussian, in units of F.
	Sigma float64
	// Level is the probability of ever stopping where the null hypothesis holds, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Draws is the largest number of draws in a look. If it is 0, 10000 is used.
	Draws int
	// First is the major iteration of the first look. If it is 0, 64 is used.
	First int

	x            []float64
	k, next, gap int // major iterations so far, at the next look, and between it and the one before
	looks, drawn int
	mean, radius float64
	err          error
}

// Init implements optimize.Converger.
func (t *Target) Init(dim int) {
	if t.Draw == nil {
		panic("stopping: Target.Draw is nil")
	}
	if t.Value-t.Value != 0 {
		panic(fmt.Sprintf("stopping: Target.Value = %v, want finite", t.Value))
	}
	checkSize("Target.Sigma", t.Sigma, "unknown")
	checkLevel("Target.Level", t.Level)
	checkCount("Target.Draws", t.Draws, 1, "10000")
	checkCount("Target.First", t.First, 1, "64")
	t.x = make([]float64, dim)
	t.k, t.gap = 0, cmp.Or(t.First, 64)
	t.next = t.gap
	t.looks, t.drawn = 0, 0
	t.mean, t.radius, t.err = 0, math.Inf(1), nil
}

// Err returns the error of Draw that has ended the run, or nil.
func (t *Target) Err() error { return t.err }

// Mean returns the confidence interval for E F at the point of the latest look, mean ± radius.
func (t *Target) Mean() (mean, radius float64) { return t.mean, t.radius }

// Converged implements optimize.Converger.
func (t *Target) Converged(loc *optimize.Location) optimize.Status {
	if t.k++; t.k < t.next {
		return optimize.NotTerminated
	}
	copy(t.x, loc.X)
	t.looks++
	var s interface {
		Init()
		Add(v float64)
		Mean() (mean, radius float64)
	}
	level := spend(cmp.Or(t.Level, 0.05), t.looks)
	if t.Sigma != 0 {
		s = &NormalMixture{Sigma: t.Sigma, Level: level}
	} else {
		s = &StudentMixture{Level: level}
	}
	s.Init()
	for range cmp.Or(t.Draws, 10000) {
		f, err := t.Draw(t.x, t.drawn)
		if err == nil && f-f != 0 {
			err = errors.New("the value is not finite")
		}
		if err != nil {
			t.err = fmt.Errorf("stopping: Target: draw %d: %w", t.drawn, err)
			return optimize.Failure
		}
		t.drawn++
		s.Add(f)
		t.mean, t.radius = s.Mean()
		if t.mean+t.radius <= t.Value {
			return optimize.FunctionThreshold
		}
		if t.mean-t.radius > t.Value {
			break
		}
	}
	t.gap *= 2
	t.next += t.gap
	return optimize.NotTerminated
}

func (t *Target) memory() memory {
	return memory{
		counters: []*int{&t.k, &t.next, &t.gap, &t.looks, &t.drawn},
		scalars:  []*float64{&t.mean, &t.radius},
		vectors:  []*[]float64{&t.x},
	}
}

// MarshalBinary returns the state: the draws and looks so far, and the interval of the latest. The exported fields are not part of it.
func (t *Target) MarshalBinary() ([]byte, error) { return t.memory().marshal("Target") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error t is unchanged.
func (t *Target) UnmarshalBinary(data []byte) error {
	err := unmarshal("Target", t, (*Target).memory, nil, data)
	if err == nil {
		t.err = nil
	}
	return err
}
