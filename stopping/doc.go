// Package stopping decides when a run has arrived, where every evaluation is a draw from a distribution.
//
// Its types are optimize.Convergers, for Settings.Converger of any gonum method:
//
//	settings := &optimize.Settings{Converger: &stopping.Stationary{}}
//
// Each states its null hypothesis and its level: the probability that it stops a run which it should have let go on.
// There are two kinds of statement that a run may end by. Tests of the run look at what the method shows:
//
//	Stationary   F and the variables stand still, or the gradient does not drive them; the default of stochopt.Minimize
//	Window       one quantity, F or another, has the same mean in two adjacent windows, within a tolerance
//	Trend        F has no more than a small slope
//	FixedWidth   the mean of F is known well enough: the end of a measurement
//
// Tests of a point draw anew, at an x that is frozen for it. They cost draws, and are the stronger statements:
//
//	Equivalence  the mean gradient is small
//	Target       the mean of F is at most a given value
//
// "No significant progress" is not among them: with few or noisy values there is never any. All but FixedWidth are in the
// form of tests of equivalence, whose null hypothesis is that the run is not there yet, and stop by proof; and they account for
// being asked again and again, by spending Level/(k(k+1)) on look k or by a confidence sequence (NormalMixture,
// StudentMixture). For a number of looks that is fixed beforehand there are the boundaries Pocock, OBrienFleming and
// Spending.
//
// Others are in use, and are here with their errors stated:
//
//	Patience     no better F for a while: with the law of its error
//	Plateau      no better window of F for a while
//	CUSUM        no fall of F seen by a chart in its run length
//	Evidence, Distance, Pflug, SASA   heuristics; the comment of each has the fact that makes it one
//
// All, Any, After and Budget combine Convergers. The state of each can be marshalled, but for functions that it is given, so that
// a run goes on where it was. method.DropWhenStationary lets any of them shorten steps, and gradient.SampleSize take more draws,
// in place of ending a run.
//
// A Converger that sees F sees what the method announces. gonum's NelderMead, and CmaEsChol unless ForgetBest is set,
// announce the best draw so far, which does not move for long times and is biased: for them take a test of a point. A
// value is used by one run at a time.
package stopping
