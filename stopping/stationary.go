package stopping

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// Stationary stops a run that has been shown to travel no more, with the status optimize.FunctionConvergence.
//
// It looks at the run after 64, 128, 256, ... major iterations, each time at the latest half (at the first look at all).
// Its null hypothesis is that the run still travels: over these iterations, the window,
//
//   - F falls: its mean over the second half is lower than over the first by at least Drop standard deviations, or
//   - some variable is driven and moves: the mean of its gradient component is at least Margin standard deviations
//     from 0, and its own mean differs between the halves by at least Drop standard deviations.
//
// The standard deviations are those of single iterations. A variable at a bound, under weight decay, or without influence
// may be driven but does not move; the slow wandering at a noise floor moves but is not driven.
//
// The run is stopped when both parts, the second for every variable, are rejected at the level Level/(j(j+1)) of look j,
// each in the form of an equivalence test (an intersection-union test, so the number of variables does not matter).
// The probability of ever stopping in a window that travels is then at most Level. Means of F and of variables are compared
// by the means of 16 blocks in either half and Student's t with 15 degrees of freedom, means of gradients by
// their normal standard error. The level is asymptotic in the length of the window, and assumes that the draws of different iterations
// are independent given the iterates and have a variance. A run is not stopped for lack of significant
// progress: the proof takes about (4.5/Margin)² iterations, 2048 with the defaults, and more where F wanders slowly.
//
// A run in which F varies by no more than Relative |F| over a window is stopped as well; this is for objectives
// without noise, and no statement of probability.
//
// Majors without a gradient are judged by F alone. Stationarity is a property of the run, not of the objective: a method
// with a constant step size arrives at its noise floor and stays there, at a distance from the minimum that is not tested.
//
// It keeps eight vectors of the length of x, and costs one pass over x and the gradient in an iteration.
//
// Reference: R. L. Berger, J. C. Hsu, Bioequivalence trials, intersection-union tests and equivalence confidence sets,
// Statistical Science 11, 1996, for the form of the test.
type Stationary struct {
	// Level is the probability of a false stop over a whole run, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Margin is the mean of a gradient component, in standard deviations of one draw, that counts as driven. If it is 0,
	// 0.1 is used; if it is NaN, only F is tested, at no cost per variable.
	Margin float64
	// Drop is the difference of means, in standard deviations of one iteration, that counts as moving. If it is 0, 0.5 is used.
	Drop float64
	// Relative is the precision of F. If it is 0, 1e-12 is used; NaN switches this stop off.
	Relative float64

	looks  int
	window int // iterations in the present window
	n      int // of them seen
	grads  int // of them with a gradient

	low, top float64 // the range of F
	f        series
	x        []series
	g        []sums
}

const (
	first  = 64 // length of the first window
	blocks = 32 // of a window
	m      = blocks / 2
)

// sums are those of a gradient component and of its square.
type sums struct{ sum, sq float64 }

// series gathers, over a window, a quantity less its first value.
type series struct {
	ref   float64
	block float64    // sum over the present block
	sq    float64    // sum of squares
	half  [2]float64 // sums over the halves
	bsq   float64    // sum of squares of block sums
}

// Init implements optimize.Converger.
func (s *Stationary) Init(dim int) {
	if !(s.Level >= 0 && s.Level < 1) {
		panic(fmt.Sprintf("stopping: Stationary.Level = %v, want in (0, 1), or 0 for 0.05", s.Level))
	}
	if s.Margin < 0 {
		panic(fmt.Sprintf("stopping: Stationary.Margin = %v, want > 0, NaN for none, or 0 for 0.1", s.Margin))
	}
	if !(s.Drop >= 0) {
		panic(fmt.Sprintf("stopping: Stationary.Drop = %v, want > 0, or 0 for 0.5", s.Drop))
	}
	if s.Relative < 0 {
		panic(fmt.Sprintf("stopping: Stationary.Relative = %v, want > 0, NaN for none, or 0 for 1e-12", s.Relative))
	}
	s.x, s.g = nil, nil
	if !math.IsNaN(s.Margin) {
		s.x, s.g = make([]series, dim), make([]sums, dim)
	}
	s.looks = 0
	s.start(first)
}

func (s *Stationary) start(window int) {
	s.window, s.n, s.grads = window, 0, 0
	s.f = series{}
	clear(s.x)
	clear(s.g)
}

// Converged implements optimize.Converger.
func (s *Stationary) Converged(loc *optimize.Location) optimize.Status {
	if s.n == 0 {
		s.low, s.top = loc.F, loc.F
		s.f.ref = loc.F
		for i := range s.x {
			s.x[i].ref = loc.X[i]
		}
	}
	s.low, s.top = min(s.low, loc.F), max(s.top, loc.F)
	s.f.add(loc.F)
	if len(loc.Gradient) == len(s.g) {
		s.grads++
		for i, g := range loc.Gradient {
			s.g[i].sum += g
			s.g[i].sq += g * g
			s.x[i].add(loc.X[i])
		}
	}
	s.n++
	if s.n*blocks%s.window == 0 {
		half := (s.n - 1) * 2 / s.window
		s.f.close(half)
		for i := range s.x {
			s.x[i].close(half)
		}
	}
	if s.n < s.window {
		return optimize.NotTerminated
	}
	s.looks++
	stop := s.constant() || s.arrived(cmp.Or(s.Level, 0.05)/float64(s.looks*(s.looks+1)))
	s.start(first << (s.looks - 1))
	if stop {
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

func (q *series) add(v float64) {
	v -= q.ref
	q.block += v
	q.sq += v * v
}

// close ends a block of the given half.
func (q *series) close(half int) {
	q.half[half] += q.block
	q.bsq += q.block * q.block
	q.block = 0
}

// fall returns by how much the mean over the second half is lower than over the first, the standard error of that, and
// the standard deviation of a single value about the mean of its half, all over a window of n.
func (q *series) fall(n int) (d, se, sd float64) {
	h := float64(n) / 2
	a, b := q.half[0]/h, q.half[1]/h
	size := float64(n) / blocks
	spread := max(0, q.bsq/(size*size)-m*(a*a+b*b)) // of the block means
	return a - b, math.Sqrt(spread / (m * (m - 1))), math.Sqrt(max(0, q.sq/float64(n)-(a*a+b*b)/2))
}

// constant reports whether F varies by no more than its precision.
func (s *Stationary) constant() bool {
	return s.top-s.low <= cmp.Or(s.Relative, 1e-12)*max(math.Abs(s.top), math.Abs(s.low))
}

// arrived reports whether travelling is rejected at the given level.
func (s *Stationary) arrived(level float64) bool {
	drop := cmp.Or(s.Drop, 0.5)
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}
	d, se, sd := s.f.fall(s.n)
	if !(d+student.Quantile(1-level)*se <= drop*sd) {
		return false
	}
	if s.grads < s.n || len(s.g) == 0 {
		return true
	}
	// Two ways to reject for a variable: half the level each.
	n := float64(s.n)
	t := student.Quantile(1 - level/2)
	margin := cmp.Or(s.Margin, 0.1) - distuv.UnitNormal.Quantile(1-level/2)/math.Sqrt(n)
	for i, g := range s.g {
		mean := g.sum / n
		if margin >= 0 && math.Abs(mean) <= margin*math.Sqrt(max(0, g.sq/n-mean*mean)) {
			continue // not driven
		}
		if d, se, sd := s.x[i].fall(s.n); !(math.Abs(d)+t*se <= drop*sd) {
			return false
		}
	}
	return true
}
