package stochopt

import (
	"math"
	"math/rand/v2"
)

// Sample names one draw of a stochastic objective. Equal Samples are equal randomness: an Oracle that takes all its
// random numbers from s.Rand returns the same bits whenever it is called with the same x and s, whatever was called
// before it and on however many goroutines. Two points evaluated with one Sample see common random numbers.
type Sample struct {
	// Seed is the Seed of the Problem.
	Seed uint64
	// Step counts the draws of a run: 0, 1, 2, ...
	Step int
	// Probe tells apart the draws that one Step needs beyond its first.
	Probe int
	// Replicate counts the draws that are averaged in one Step.
	Replicate int
}

// Rand returns a new generator at the start of the stream of s. The stream is a function of the four fields alone and
// does not change between versions of this package.
func (s Sample) Rand() *rand.Rand {
	pcg := s.PCG()
	return rand.New(&pcg)
}

// PCG returns the generator behind Rand by value, for code that must not allocate: keep a rand.PCG with a rand.Rand
// around it, and assign to the former.
func (s Sample) PCG() rand.PCG {
	hi, lo := uint64(0x243f6a8885a308d3), uint64(0x13198a2e03707344) // digits of π
	for _, w := range [...]uint64{s.Seed, uint64(int64(s.Step)), uint64(int64(s.Probe)), uint64(int64(s.Replicate))} {
		hi, lo = absorb(hi, w), absorb(lo, w)
	}
	return *rand.NewPCG(hi, lo)
}

// absorb mixes w into the hash h: a step of SplitMix64's Weyl sequence and its finalizer (G. Steele, D. Lea, C. Flood,
// Fast splittable pseudorandom number generators, OOPSLA 2014; constants of variant 13 by D. Stafford).
func absorb(h, w uint64) uint64 {
	h = (h ^ w) + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// hashPoint returns a non-negative hash of the bits of x.
func hashPoint(x []float64) int {
	h := uint64(len(x))
	for _, v := range x {
		h = absorb(h, math.Float64bits(v))
	}
	return int(h & math.MaxInt)
}
