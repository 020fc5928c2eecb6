package stopping

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/stochopt/stochopt/internal/kernel"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// Stationary stops a run that has been shown to travel no more.
//
// It looks at the run after 64, 128, 256, ... major iterations, each time at the latest half (at the first look at all).
// Its null hypothesis is that the run still travels: over these iterations, the window,
//
//   - F moves: its means over the first and the second half differ by at least Drop standard deviations, or
//   - some variable is driven and moves: the mean of its gradient component is at least Margin standard deviations
//     from 0, and its own means over the halves differ by at least Drop standard deviations.
//
// The standard deviations are those of single iterations. The run is stopped when both parts, the second for every
// variable, are rejected at the level Level/(j(j+1)) of look j, each in the form of an equivalence test (an
// intersection-union test, so the number of variables does not matter). The probability of ever stopping in a window
// that travels is then at most Level. Means of F and of variables are compared by the means of 16 blocks in either half
// and Student's t with 15 degrees of freedom, means of gradients by their normal standard error. The level is asymptotic
// in the length of the window, and assumes that draws are independent given the iterates and have a variance. A run is
// not stopped for lack of significant progress: the proof takes about (4.5/Margin)² iterations, 2048 with the defaults,
// and more where F wanders slowly. Beyond the level, a mean gradient of more than four standard errors always counts as
// driven. So what can be overlooked is a slope below Margin standard deviations of a draw that is not significant
// either, or one that the noise of another direction hides in all components: take more Samples, or a smaller Margin, where
// such slopes matter.
//
// The slow wandering at a noise floor moves but is not driven: the run ends with optimize.FunctionConvergence. A variable
// at a bound, under weight decay, or whose step size has decayed too early may be driven but does not move: if there is
// one the status is optimize.StepConvergence, and the gradient of the Result tells which of these it is.
//
// Without noise, the run is stopped, with FunctionConvergence, when over a window F varies by no more than Relative of its
// range in the whole run, or a rounding error, and each variable by no more than a hundredth of its own; if all gradients
// are exactly 0 the window must have 1024 iterations, in which an event that one draw in 200 shows is not missed. That is
// no statement of probability. Where F varies although every component of the gradient is exactly 0 throughout a
// window, the gradient is not that of F, as a difference of a function with jumps may be; the status is optimize.Failure.
//
// Major iterations without a gradient are judged by F alone, which takes a slow way down, hidden in the noise, for none. Those of methods that answer
// with a mean of iterates have none; the default of stochopt.Minimize looks at the iterates as well. Methods that report their best value so far, such as
// gonum's NelderMead, do not show the noise of F, and are stopped when they find no lower draw.
//
// Stationarity is a property of the run, not of the objective: a method with a constant step size arrives at its noise floor
// and stays there, at a distance from the minimum that is not tested. An objective without a minimum may keep a run
// travelling for ever: set a limit in optimize.Settings.
//
// It keeps twelve vectors of the length of x, and costs one pass over x, the gradient and seven of them in an iteration.
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
	// Relative is the part of the range of F over the run below which F counts as constant. If it is 0, 1e-12 is used; NaN
	// switches the stop without noise off.
	Relative float64

	looks  int
	window int // iterations in the present window
	n      int // of them seen
	grads  int // of them with a gradient

	f     series
	fPast past
	x     kernel.Track // of no variables if only F is tested
	xPast []past
}

const (
	first  = 64 // length of the first window
	blocks = 32 // of a window
	m      = blocks / 2
)

// series gathers, over a window, a quantity less its first value: what changes in every iteration.
type series struct {
	ref      float64
	low, top float64 // range over the window
	block    float64 // sum over the present block
	sq       float64 // sum of squares
}

// past is the part of a series that changes with blocks and windows.
type past struct {
	min, max float64    // range over the run
	half     [2]float64 // sums over the halves
	bsq      float64    // sum of squares of block sums
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
	if math.IsNaN(s.Margin) {
		dim = 0
	}
	s.x.Reset(dim)
	s.xPast = zeros(s.xPast, dim)
	s.f, s.fPast = series{}, past{}
	s.looks = 0
	s.start(first)
}

func (s *Stationary) start(window int) {
	s.window, s.n, s.grads = window, 0, 0
	clear(s.x.Grad)
	clear(s.x.GradSq)
}

// Converged implements optimize.Converger.
func (s *Stationary) Converged(loc *optimize.Location) optimize.Status {
	if s.n == 0 {
		s.f.begin(&s.fPast, loc.F, s.looks == 0)
		copy(s.x.Ref, loc.X)
		copy(s.x.Low, loc.X)
		copy(s.x.Top, loc.X)
		clear(s.x.Block)
		clear(s.x.Sq)
		for i := range s.xPast {
			s.xPast[i].begin(loc.X[i], s.looks == 0)
		}
	}
	s.f.add(loc.F)
	if len(loc.Gradient) == len(s.xPast) {
		s.grads++
		s.x.Add(loc.X, loc.Gradient)
	}
	s.n++
	if s.n*blocks%s.window == 0 {
		half := (s.n - 1) * 2 / s.window
		s.fPast.close(s.f.block, half)
		s.f.block = 0
		for i := range s.xPast {
			s.xPast[i].close(s.x.Block[i], half)
		}
		clear(s.x.Block)
	}
	if s.n < s.window {
		return optimize.NotTerminated
	}
	s.looks++
	status := s.look(cmp.Or(s.Level, 0.05) / float64(s.looks*(s.looks+1)))
	s.start(first << (s.looks - 1))
	return status
}

// of returns the series of variable i.
func (s *Stationary) of(i int) series {
	return series{ref: s.x.Ref[i], low: s.x.Low[i], top: s.x.Top[i], block: s.x.Block[i], sq: s.x.Sq[i]}
}

// begin starts a window, or the run, at its first value.
func (q *series) begin(p *past, v float64, run bool) {
	p.begin(v, run)
	*q = series{ref: v, low: v, top: v}
}

// begin is begin of the series that p belongs to.
func (p *past) begin(v float64, run bool) {
	if run {
		p.min, p.max = v, v
	}
	*p = past{min: p.min, max: p.max}
}

// add is what kernel.Track.Add does for each variable.
func (q *series) add(v float64) {
	if v < q.low {
		q.low = v
	}
	if v > q.top {
		q.top = v
	}
	v -= q.ref
	q.block += v
	q.sq += float64(v * v)
}

// constant reports whether the range over the window is no more than part of that over the run, or than rounding. It is not
// where a value is NaN, which shows in the sum of squares.
func (q *series) constant(p *past, part float64) bool {
	p.min, p.max = min(p.min, q.low), max(p.max, q.top)
	return q.sq == q.sq && q.top-q.low <= max(part*(p.max-p.min), 4*0x1p-52*max(math.Abs(q.low), math.Abs(q.top)))
}

// close ends a block of the given half, whose sum is block.
func (p *past) close(block float64, half int) {
	p.half[half] += block
	p.bsq += float64(block * block)
}

// still reports whether the difference of the means over the halves is shown to be below drop standard deviations of a
// single value about the mean of its half, over a window of n, with the quantile t for the level.
func (q *series) still(p *past, n int, drop, t float64) bool {
	h := float64(n) / 2
	a, b := p.half[0]/h, p.half[1]/h
	square := float64(a*a) + float64(b*b)
	size := float64(n) / blocks
	spread := max(0, p.bsq/(size*size)-float64(m*square)) // of the block means
	sd := math.Sqrt(max(0, q.sq/float64(n)-square/2))
	return math.Abs(a-b)+float64(t*math.Sqrt(spread/(m*(m-1)))) <= float64(drop*sd)
}

// look decides about the window that has ended.
func (s *Stationary) look(level float64) optimize.Status {
	gradient := s.grads == s.n && len(s.xPast) > 0
	noGradient := gradient && !slices.ContainsFunc(s.x.GradSq, func(sq float64) bool { return sq != 0 })
	constant := s.f.constant(&s.fPast, cmp.Or(s.Relative, 1e-12))
	for i := range s.xPast {
		if x := s.of(i); !x.constant(&s.xPast[i], 1e-2) && gradient {
			constant = false
		}
	}
	switch {
	case constant && !math.IsNaN(s.Relative) && (!noGradient || s.n >= 1024):
		return optimize.FunctionConvergence
	case noGradient && s.f.low == s.f.top:
		return optimize.NotTerminated // too short to tell
	case noGradient:
		return optimize.Failure
	}

	drop := cmp.Or(s.Drop, 0.5)
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}
	if !s.f.still(&s.fPast, s.n, drop, student.Quantile(1-level)) {
		return optimize.NotTerminated
	}
	status := optimize.FunctionConvergence
	if !gradient {
		return status
	}
	// Two ways to reject for a variable: half the level each.
	n := float64(s.n)
	t := student.Quantile(1 - level/2)
	margin := min(cmp.Or(s.Margin, 0.1)-distuv.UnitNormal.Quantile(1-level/2)/math.Sqrt(n), 4/math.Sqrt(n))
	for i, sum := range s.x.Grad {
		mean := sum / n
		if margin >= 0 && math.Abs(mean) <= float64(margin*math.Sqrt(max(0, s.x.GradSq[i]/n-float64(mean*mean)))) {
			continue // not driven
		}
		if x := s.of(i); !x.still(&s.xPast[i], s.n, drop, t) {
			return optimize.NotTerminated
		}
		status = optimize.StepConvergence
	}
	return status
}

// numbers are those of p.
func (p *past) numbers() []*float64 {
	return []*float64{&p.min, &p.max, &p.half[0], &p.half[1], &p.bsq}
}

// memory has the numbers of the variables in flat.
func (s *Stationary) memory(flat *[]float64) memory {
	return memory{
		counters: []*int{&s.looks, &s.window, &s.n, &s.grads},
		scalars:  append([]*float64{&s.f.ref, &s.f.low, &s.f.top, &s.f.block, &s.f.sq}, s.fPast.numbers()...),
		vectors:  []*[]float64{flat},
	}
}

// variable are the numbers of a variable.
func (s *Stationary) variable(i int) []*float64 {
	x := &s.x
	all := append([]*float64{&x.Ref[i], &x.Low[i], &x.Top[i], &x.Block[i], &x.Sq[i]}, s.xPast[i].numbers()...)
	return append(all, &x.Grad[i], &x.GradSq[i])
}

// MarshalBinary returns the state: the sums over the present window, and the range of F over the run. The exported fields are
// not part of it.
func (s *Stationary) MarshalBinary() ([]byte, error) {
	var flat []float64
	for i := range s.xPast {
		for _, p := range s.variable(i) {
			flat = append(flat, *p)
		}
	}
	return s.memory(&flat).marshal("Stationary")
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error s is unchanged.
func (s *Stationary) UnmarshalBinary(data []byte) error {
	var flat []float64
	const each = 12
	err := unmarshal("Stationary", s, func(s *Stationary) memory { return s.memory(&flat) },
		func(s *Stationary) bool { return len(flat)%each == 0 && s.n < max(1, s.window) }, data)
	if err != nil {
		return err
	}
	dim := len(flat) / each
	s.x = kernel.Track{} // not in the memory of the value that this one may be a copy of
	s.x.Reset(dim)
	s.xPast = make([]past, dim)
	for i := range dim {
		for j, p := range s.variable(i) {
			*p = flat[each*i+j]
		}
	}
	return nil
}
