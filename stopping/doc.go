// Package stopping decides when a run has arrived, where every evaluation is a draw from a distribution.
//
// Its types are optimize.Convergers, for Settings.Converger of any gonum method:
//
//	settings := &optimize.Settings{Converger: &stopping.Stationary{}}
//
// Each states its null hypothesis and its level: the probability that it stops a run which it should have let go on.
package stopping
