package gradient

import (
	"math/rand/v2"

	"github.com/stochopt/stochopt"
)

// purpose is what an estimator draws random numbers of its own for. Each has its own stream of every Sample, other than that
// of the Sample itself, which belongs to the objective: so an estimator never repeats the numbers that the objective
// takes, nor those of another estimator that it is made of.
type purpose uint64

const (
	spsaDirections purpose = iota + 1
	adaptiveDirections
	smoothingDirections
	evolutionPoints
	hutchinson  // signs
	tunedLine   // the direction along which Differences.Tuned measures the noise
	batches     // the terms of minibatches and orders of epochs
	expectation // the z of an Expectation
)

// stream returns the generator of s for p: that of a Sample whose Seed is scrambled by a multiple of 2⁶⁴ over the golden
// ratio, so that no purpose is near the Seeds of a user's runs, or near another purpose.
func stream(s stochopt.Sample, p purpose) rand.PCG {
	s.Seed ^= uint64(p) * 0x9e3779b97f4a7c15
	return s.PCG()
}

// signs stores random signs in u, one bit of the stream each.
func signs(u []float64, pcg *rand.PCG) {
	var word uint64
	for i := range u {
		if i%64 == 0 {
			word = pcg.Uint64()
		}
		u[i] = 1 - 2*float64(word&1)
		word >>= 1
	}
}
