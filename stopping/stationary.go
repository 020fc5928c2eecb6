package stopping

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// Stationary stops a run that has been shown to have no more way to go, with the status optimize.FunctionConvergence.
//
// It looks at the run after 64, 128, 256, ... major iterations, each time at the latest half (at the first look at all).
// Its null hypothesis is that the run still travels: over these iterations
//
//   - the mean of some component of the gradient is at least Margin standard deviations of one draw of it, or
//   - the mean of F falls from the first to the second half of them by at least Drop standard deviations of one draw.
//
// It stops when each of these is rejected at the level Level/(j(j+1)) of look j; so the probability of ever stopping
// during a window that still travels is at most Level, whatever the number of variables or looks (each statement is tested
// in the form of an equivalence test, and all must be rejected: an intersection-union test). The mean of F is
// compared by the means of 16 blocks in either half and Student's t with 15 degrees of freedom, the gradient component by
// component with the normal standard error. The level is asymptotic in the length of the window; what is assumed is
// that draws are independent given the iterates and have a variance. A run that merely shows no significant progress is not
// stopped: the proof of stationarity takes about (4.5/Margin)² iterations, 2000 with the defaults.
//
// A run in which F varies by no more than Relative |F| over a window is stopped as well; this is for objectives
// without noise, and no statement of probability.
//
// Majors without a gradient are judged by F alone. Stationarity is a property of the run, not of the objective: a method
// with a constant step size arrives at its noise floor and stays there, at a distance from the minimum that is not tested.
//
// It keeps two vectors of the length of x, and costs one pass over the gradient in an iteration.
//
// Reference: R. L. Berger, J. C. Hsu, Bioequivalence trials, intersection-union tests and equivalence confidence sets,
// Statistical Science 11, 1996, for the form of the test.
type Stationary struct {
	// Level is the probability of a false stop over a whole run, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Margin is the mean of a gradient component, in standard deviations of one draw, that counts as travelling. If it is 0,
	// 0.1 is used; if it is NaN, the gradient is not tested.
	Margin float64
	// Drop is the fall of the mean of F, in standard deviations of one draw, that counts as travelling. If it is 0, 0.5 is used;
	// if it is NaN, F is tested only where there is no gradient, with 0.5.
	Drop float64
	// Relative is the precision of F. If it is 0, 1e-12 is used; NaN switches this stop off.
	Relative float64

	looks  int
	window int // majors in the present window
	n      int // of them seen

	f0       float64         // the first F of the window; sums are of F - f0
	low, top float64         // the range of F
	half     [2]moments      // of F - f0
	block    [blocks]float64 // sums of F - f0

	grads   int       // majors of the window that had a gradient
	sum, sq []float64 // of the gradient and of its square
}

const (
	blocks = 32 // a window's
	first  = 64 // length of the first window
)

type moments struct{ sum, sq float64 }

// Init implements optimize.Converger.
func (s *Stationary) Init(dim int) {
	if !(s.Level >= 0 && s.Level < 1) {
		panic(fmt.Sprintf("stopping: Stationary.Level = %v, want in (0, 1), or 0 for 0.05", s.Level))
	}
	if s.Margin < 0 {
		panic(fmt.Sprintf("stopping: Stationary.Margin = %v, want >= 0 or NaN", s.Margin))
	}
	if s.Drop < 0 {
		panic(fmt.Sprintf("stopping: Stationary.Drop = %v, want >= 0 or NaN", s.Drop))
	}
	if s.Relative < 0 {
		panic(fmt.Sprintf("stopping: Stationary.Relative = %v, want >= 0 or NaN", s.Relative))
	}
	s.sum, s.sq = make([]float64, dim), make([]float64, dim)
	s.looks = 0
	s.start(first)
}

func (s *Stationary) start(window int) {
	s.window, s.n, s.grads = window, 0, 0
	s.half, s.block = [2]moments{}, [blocks]float64{}
	clear(s.sum)
	clear(s.sq)
}

// Converged implements optimize.Converger.
func (s *Stationary) Converged(loc *optimize.Location) optimize.Status {
	if s.n == 0 {
		s.f0, s.low, s.top = loc.F, loc.F, loc.F
	}
	s.low, s.top = min(s.low, loc.F), max(s.top, loc.F)
	f := loc.F - s.f0
	h := &s.half[2*s.n/s.window]
	h.sum += f
	h.sq += f * f
	s.block[blocks*s.n/s.window] += f
	if len(loc.Gradient) == len(s.sum) {
		s.grads++
		sq := s.sq[:len(s.sum)]
		for i, g := range loc.Gradient[:len(s.sum)] {
			s.sum[i] += g
			sq[i] += g * g
		}
	}
	if s.n++; s.n < s.window {
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

// constant reports whether F varies by no more than its precision.
func (s *Stationary) constant() bool {
	return s.top-s.low <= cmp.Or(s.Relative, 1e-12)*max(math.Abs(s.top), math.Abs(s.low))
}

// arrived reports whether travelling is rejected at the given level.
func (s *Stationary) arrived(level float64) bool {
	byGradient := s.grads == s.n && !math.IsNaN(s.Margin)
	if byGradient && !s.gradientVanishes(level) {
		return false
	}
	drop := cmp.Or(s.Drop, 0.5)
	if math.IsNaN(drop) {
		if byGradient {
			return true
		}
		drop = 0.5
	}
	return s.levelled(level, drop)
}

// gradientVanishes reports whether every component of the mean gradient is shown to be below Margin deviations.
func (s *Stationary) gradientVanishes(level float64) bool {
	n := float64(s.n)
	margin := cmp.Or(s.Margin, 0.1) - distuv.UnitNormal.Quantile(1-level)/math.Sqrt(n)
	if margin < 0 {
		return false
	}
	for i, sum := range s.sum {
		mean := sum / n
		sd := math.Sqrt(max(0, s.sq[i]/n-mean*mean))
		if !(math.Abs(mean) <= margin*sd) {
			return false
		}
	}
	return true
}

// levelled reports whether the fall of F between the halves is shown to be below drop deviations.
func (s *Stationary) levelled(level, drop float64) bool {
	n := float64(s.n) / 2
	var variance [2]float64
	for i, h := range s.half {
		mean := h.sum / n
		variance[i] = max(0, h.sq/n-mean*mean)
	}
	sd := math.Sqrt((variance[0] + variance[1]) / 2)
	fall := (s.half[0].sum - s.half[1].sum) / n

	const m = blocks / 2
	var spread float64 // of the block means, both halves
	size := float64(s.n) / blocks
	for i, h := range s.half {
		for _, sum := range s.block[i*m : (i+1)*m] {
			d := (sum/size - h.sum/n)
			spread += d * d
		}
	}
	se := math.Sqrt(spread / (m * (m - 1)))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}.Quantile(1 - level)
	return fall+t*se <= drop*sd
}
