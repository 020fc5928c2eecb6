// Package method holds the relatives of stochopt.Adam. Each is a stochopt.Rule and an optimize.Method, written and used
// like Adam:
//
//	optimize.Minimize(p, x0, settings, &method.SGD{StepSize: 0.01, Momentum: 0.9})
package method

import "github.com/stochopt/stochopt"

type sequential = stochopt.Sequential
