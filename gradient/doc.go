// Package gradient makes stochopt.Oracles: of a function that has values only, by differences; of a sum of many terms,
// by minibatches; and of another Oracle, by averaging. Check tests a gradient that was written by hand.
//
//	values:          Differences{}.Oracle(Func(f))
//	a sum of terms:  FiniteSum{N: n, Term: term}.Shuffled(32)
//	less noise:      Average(o, 16, 4)
//
// An Oracle of this package is a function of x and the Sample alone if the functions it is made of are: all evaluations
// that one draw needs are given the same Sample (common random numbers), and the bits of the result depend neither on
// the order of the calls nor on how many evaluations run at once. It may be called concurrently if its parts may be.
package gradient
