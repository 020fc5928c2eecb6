// Package testfuncs holds objectives on which methods of stochastic optimization are tested and compared. Each comes with its formula,
// its source, its minimum where that is known, and draws all randomness from the Sample it is given.
//
//	functions         Classical, Rosenbrock, Sphere, Ellipsoid, Quadratic
//	laws of noise     Additive, Multiplicative, HeavyTailed, BBOBNoise, put on any of them by Objective.With; RandomCurvature
//	finite sums       LeastSquares, Logistic, Robust, CounterexampleC, with the minimizers of their sums
//	online losses     LinearLosses, StronglyConvexLosses, CounterexampleA and B, with the regret of a method
//	simulations       SimOpt: NoisySphere, Newsvendor, MM1Queue, GammaEstimation, ActivityNetwork, with their exact means
//	published sets    BenDFO (53 problems in ten forms), BBOBNoisy (f101 to f130), NIST (27 nonlinear regressions)
//
// Package testfuncs/profile compares methods on them.
package testfuncs
