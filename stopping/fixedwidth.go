package stopping

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// FixedWidth stops a run when the mean of F over its major iterations is known to within ±HalfWidth.
//
//	stop at the first n >= First with t² s²/n <= HalfWidth²
//
// where s² is the variance of the n means of Block values so far and t the quantile of Student's law for n-1 degrees of
// freedom. The status is optimize.FunctionConvergence; Mean has the result.
//
// It tests no hypothesis: it ends a measurement, of a run that has arrived or of a method that does not move x. Let it
// begin when the transient is over, by After. The level is asymptotic, for HalfWidth to 0, and includes that n is chosen
// by looking at the values: peeking at an estimate of the variance costs little (normal values, level 0.05: a coverage of
// 94.7 % was measured at a HalfWidth of 0.3 standard deviations, 95.2 % at 0.15). It takes about (z s/HalfWidth)² blocks.
// If values depend on each other over τ iterations, Block must be several times τ: with single values, F along the
// iterates of SGD looks far more certain than it is. It keeps four numbers.
//
// Reference: Y. S. Chow, H. Robbins, On the asymptotic theory of fixed-width sequential confidence intervals for the mean,
// Annals of Mathematical Statistics 36, 1965, whose rule has the normal quantile and s² + 1/n, which depends on the unit of
// F, in place of t and First.
type FixedWidth struct {
	// HalfWidth is that of the interval, > 0, in units of F. There is no default.
	HalfWidth float64
	// Level is the probability that the interval misses the mean, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Block is the number of values in a block mean. If it is 0, 1 is used.
	Block int
	// First is the least number of blocks. If it is 0, 30 is used.
	First int

	blocks running
	sum    float64 // of the present block
	n      int     // values in it
	normal float64 // quantile of the normal law
}

// Init implements optimize.Converger.
func (f *FixedWidth) Init(int) {
	if !(f.HalfWidth > 0) || math.IsInf(f.HalfWidth, 1) {
		panic(fmt.Sprintf("stopping: FixedWidth.HalfWidth = %v, want finite and > 0", f.HalfWidth))
	}
	checkLevel("FixedWidth.Level", f.Level)
	checkCount("FixedWidth.Block", f.Block, 1, "1")
	checkCount("FixedWidth.First", f.First, 2, "30")
	f.blocks, f.sum, f.n = running{}, 0, 0
	f.normal = distuv.UnitNormal.Quantile(1 - cmp.Or(f.Level, 0.05)/2)
}

// Converged implements optimize.Converger.
func (f *FixedWidth) Converged(loc *optimize.Location) optimize.Status {
	f.sum += loc.F
	if f.n++; f.n < cmp.Or(f.Block, 1) {
		return optimize.NotTerminated
	}
	f.blocks.add(f.sum / float64(f.n))
	f.sum, f.n = 0, 0
	// Student's quantile takes many microseconds, and is above the normal one.
	if f.blocks.n < cmp.Or(f.First, 30) || !(f.normal*math.Sqrt(f.blocks.variance()/float64(f.blocks.n)) <= f.HalfWidth) {
		return optimize.NotTerminated
	}
	if _, half := f.Mean(); !(half <= f.HalfWidth) {
		return optimize.NotTerminated
	}
	return optimize.FunctionConvergence
}

// Mean returns the mean of F over the blocks so far and half the width of its interval, +Inf for fewer than two blocks.
func (f *FixedWidth) Mean() (mean, half float64) {
	n := float64(f.blocks.n)
	if n < 2 {
		return f.blocks.mean, math.Inf(1)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - cmp.Or(f.Level, 0.05)/2)
	return f.blocks.mean, t * math.Sqrt(f.blocks.variance()/n)
}

func (f *FixedWidth) memory() memory {
	return memory{
		counters: []*int{&f.blocks.n, &f.n},
		scalars:  []*float64{&f.blocks.mean, &f.blocks.ss, &f.sum, &f.normal},
	}
}

// MarshalBinary returns the state: the mean so far, its spread, and the present block. The exported fields are not part of it.
func (f *FixedWidth) MarshalBinary() ([]byte, error) { return f.memory().marshal("FixedWidth") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error f is unchanged.
func (f *FixedWidth) UnmarshalBinary(data []byte) error {
	return unmarshal("FixedWidth", f, (*FixedWidth).memory, nil, data)
}
