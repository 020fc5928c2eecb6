// Package testfuncs holds objectives on which methods of stochastic optimization are tested and compared: functions with
// known minima, and noise to put on them. Each comes with its formula and its source, and draws all randomness from the Sample it is
// given.
package testfuncs
