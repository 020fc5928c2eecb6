// Package infer turns the iterates of a run into estimates with error bars.
//
// Estimate is the whole way in one call: it travels until it has arrived, estimates until the error bars are as narrow
// as asked for, and verifies the result on fresh draws:
//
//	r, err := infer.Estimate(ctx, p, x0, &infer.Options{HalfWidth: []float64{0.01, 0.01}})
//	lo, hi := r.Interval(0, 0.95)
//
// RandomScaling and BatchMeans are Recorders, for optimize.Settings.Recorder, that add inference to a run of any method
// whose iterates settle. Compare tells which of two points is better, with an answer that is valid whenever it comes.
//
// What the error bars of a stochastic optimization are errors of is told at Estimate: the draws, which are the data
// only where every draw is a new observation. For curves through a given set of data use package fit.
package infer
