// Package method holds the relatives of stochopt.Adam. Each is a stochopt.Rule and an optimize.Method, written and used
// like Adam:
//
//	optimize.Minimize(p, x0, settings, &method.SGD{StepSize: 0.01, Momentum: 0.9})
//
// By what they do:
//
//	momentum               SGD, QHM, AggMo, AccSGD
//	sums of squares        AdaGrad, AdaGradNorm, AdaGradFull, AdaDelta
//	means of squares       RMSProp, AdamW, AdaMax, NAdam, AMSGrad, RAdam, AdaBelief, AdaBound, Yogi, Padam, QHAdam, Adan,
//	                       FTML, OptimisticAdam
//	signs and ratios       Signum, Lion, Rprop, LARS, LAMB
//	no step size           DoG, DoWG, DAdaptSGD, DAdaptAdam, Prodigy, COCOB, PolyakStep, SPS; Mechanic around another Rule
//	no horizon             ScheduleFreeSGD, ScheduleFreeAdam
//	dual averaging         FTRL, RDA
//
// Some are Rules that hold a Rule, and can be nested:
//
//	the gradient           Clip, Noise, Accumulate
//	the variables          Freeze, Scale
//	the answer             Average, TailAverage, Lookahead
//
// In noise take Adam to start with; where one step size suits all variables and the end matters, SGD with a Schedule
// that decays; Average or TailAverage around either for an answer with less noise; and DoG where there is no time to
// choose a step size. The default step sizes are those of docs/stepsizes.md, for a few variables of the order of 1,
// and for a method that it does not list those of its primary source, unless its comment says otherwise.
//
// Methods that say they rebuild x from their own state must not be given a projection.
package method

import "github.com/stochopt/stochopt"

type sequential = stochopt.Sequential
