// Package stochopt is stochastic optimization for gonum: it minimizes objectives that can only be sampled, or whose
// gradients are noisy, by Adam and its relatives, which are methods of gonum.org/v1/gonum/optimize.
//
// In an existing gonum program Adam is one more method:
//
//	result, err := optimize.Minimize(p, x0, settings, &stochopt.Adam{})
//
// gonum's own default stop takes noise for convergence (a run ends after 100 iterations without a better F), and its
// Problem draws value and gradient apart. A Problem of this package is an objective with its noise, and Minimize runs
// it with a stop that is valid under noise:
//
//	p := stochopt.Problem{
//		Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
//			rnd := s.Rand() // all randomness of this draw
//			...
//		},
//		Seed: 1,
//	}
//	result, err := stochopt.Minimize(ctx, p, x0, nil, &stochopt.Adam{})
//
// Where each draw depends on few of very many variables, Problem.Sparse takes the place of the Oracle, and a step takes the time of
// the few. Package infer goes on to an estimate with error bars.
//
// Equal seeds give equal bits, for any number of concurrent evaluations. Faults of the objective never panic: NaN, an
// error or a panic ends the run with optimize.Failure, an *EvaluationError that says where, and the last good point.
// Misuse, such as a negative StepSize, panics in the caller's goroutine.
//
// The other packages:
//
//	method     the relatives of Adam
//	schedule   courses of the step size
//	gradient   Oracles: gradients by dual numbers, differences, sampling, minibatches, sparse sums; checks of objectives
//	stopping   stops that stand noise, for gonum's methods too
//	project    projections onto feasible sets
//	infer      estimates with error bars
//	regret     what a method loses while it learns, and its bounds
//	fit        curve fitting with standard errors, intervals and bands; fit/models has curves
//	testfuncs  objectives with known minima, noise, and profiles of methods on them
package stochopt
